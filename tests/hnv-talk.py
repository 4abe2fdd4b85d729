#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A machine of a tenant that talks to another one, and listens to everybody.

usage: hnv-talk.py TENANT DEVICE LOCAL PEER FILE

Sends a numbered UDP datagram with the name of TENANT from LOCAL to PEER every
5 ms, and reads all frames that arrive at DEVICE, whomever they are for.  Ten
times a second, replaces FILE by one line:

    NUMBER LOST FOREIGN

the highest number received from PEER, how many smaller ones are missing, and
how many frames carried the name of another tenant.  Ends on SIGTERM, or when
nobody has ended it for five minutes.
"""

import os
import select
import signal
import socket
import struct
import sys
import time

INTERVAL = 0.005
MARK = b"hnv-talk:"


def parse(frame):
    """Returns (tenant, sender, number) of a frame of ours, or None."""
    start = frame.find(MARK)
    if start < 0:
        return None
    tenant, sender, number = frame[start + len(MARK):].split(b":")[:3]
    return tenant, sender, int(number)


class Listener:
    def __init__(self, tenant, peer, path):
        self.tenant = tenant
        self.peer = peer
        self.path = path
        self.first = None
        self.last = 0
        self.n = 0
        self.foreign = 0

    def hear(self, frame):
        said = parse(frame)
        if not said:
            return
        tenant, sender, number = said
        if tenant != self.tenant:
            self.foreign += 1
        elif sender == self.peer:
            if self.first is None:
                self.first = number
            self.last = max(self.last, number)
            self.n += 1

    def write(self):
        lost = 0 if self.first is None else self.last - self.first + 1 - self.n
        with open(self.path + ".new", "w") as f:
            f.write(f"{self.last} {lost} {self.foreign}\n")
        os.rename(self.path + ".new", self.path)


def main():
    tenant, device, local, peer, path = sys.argv[1:]
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    raw.bind((device, 0))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    udp.bind((local, 7777))
    # What nobody waits for any more must not be sent late.
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO,
                   struct.pack("ll", 0, 1000))
    listener = Listener(tenant.encode(), peer.encode(), path)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    number = 0
    end = time.monotonic() + 300
    send_at = write_at = time.monotonic()
    while time.monotonic() < end:
        now = time.monotonic()
        if now >= send_at:
            send_at = max(send_at + INTERVAL, now - 10 * INTERVAL)
            number += 1
            try:
                udp.sendto(MARK + f"{tenant}:{local}:{number}:".encode(),
                           (peer, 7777))
            except OSError:
                pass
        if now >= write_at:
            write_at = now + 0.1
            listener.write()
        timeout = max(0, min(send_at, write_at) - time.monotonic())
        if select.select([raw], [], [], timeout)[0]:
            frame, address = raw.recvfrom(65535)
            if address[2] != socket.PACKET_OUTGOING:
                listener.hear(frame)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A device in the underlay that does harm to NVGRE packets.

Passes frames from one interface to the other and back.  What it does to those
that carry NVGRE is what devices have been seen to do: offload engines that
get inner checksums wrong, or drop inner UDP, and links that are narrower than
they should be.
"""

import argparse
import os
import select
import socket
import sys
import time

from nvgrepeer import live, parse, wire

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17}


def inner_of(raw):
    """Returns (fields, offset) of the inner frame, or (None, 0)."""
    info, inner = parse.nvgre(raw, "rfc7637")
    if inner is None or info.get("ipproto") != wire.PROTO_GRE:
        return None, 0
    return parse.frame(inner), len(raw) - len(inner)


def checksum_offset(raw, start):
    """Returns where the transport checksum of the inner frame is, or None."""
    at = start + 14
    if raw[start + 12:start + 14] != b"\x08\x00":
        return None
    fragment = int.from_bytes(raw[at + 6:at + 8], "big") & 0x3fff
    place = {1: 2, 6: 16, 17: 6}.get(raw[at + 9])
    return None if fragment or place is None else at + 20 + place


class Harm:
    """What is done to a frame in one direction."""

    def __init__(self, args):
        self.args = args

    @staticmethod
    def protocol(raw):
        """The protocol of the inner IPv4 packet, or None."""
        info, start = inner_of(raw)
        if info is None or raw[start + 12:start + 14] != b"\x08\x00":
            return None
        return raw[start + 23]

    def apply(self, raw):
        """Returns the frame to pass on, or None."""
        args = self.args
        proto = self.protocol(raw)
        if args.max_outer and len(raw) - 14 > args.max_outer:
            return None
        if proto is None:
            return raw
        info, start = inner_of(raw)
        if proto in args.drop or args.drop_fragments and info.get("frag"):
            return None
        if proto in args.corrupt + args.zero:
            return self.corrupt(raw, proto in args.zero)
        if args.corrupt_ip:
            return self.spoil(raw, start + 14 + 10)
        if args.corrupt_data:
            return self.spoil(raw, len(raw) - 2)
        return raw

    @staticmethod
    def spoil(raw, at):
        """Inverts two bytes."""
        return (raw[:at] + bytes(b ^ 0xff for b in raw[at:at + 2])
                + raw[at + 2:])

    def corrupt(self, raw, zero):
        """Makes the inner transport checksum wrong, or zero."""
        at = checksum_offset(raw, inner_of(raw)[1])
        if at is None:
            return raw
        if zero:
            return raw[:at] + b"\0\0" + raw[at + 2:]
        return self.spoil(raw, at)


def main():
    """Passes frames until the time is up."""
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("interfaces", nargs=2)
    args.add_argument("--time", type=float, default=60)
    args.add_argument("--pidfile", help="file to write our process ID to")
    args.add_argument("--one-way", action="store_true",
                      help="harm only what comes from the first interface")
    for name in ("drop", "corrupt", "zero"):
        args.add_argument(f"--{name}", action="append", default=[],
                          type=PROTOCOLS.get, metavar="PROTOCOL",
                          help=f"that to inner {', '.join(PROTOCOLS)}")
    args.add_argument("--drop-fragments", action="store_true")
    args.add_argument("--corrupt-ip", action="store_true")
    args.add_argument("--corrupt-data", action="store_true")
    args.add_argument("--max-outer", type=int, metavar="BYTES",
                      help="drop bigger outer IP packets, without a word")
    args = args.parse_args()
    if args.pidfile:
        with open(args.pidfile, "w", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
    harm = Harm(args)
    ends = [live.Wire(name, args.time) for name in args.interfaces]
    print("ready", file=sys.stderr, flush=True)
    deadline = time.monotonic() + args.time
    while (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([end.sock for end in ends], [], [], left)
        for i in (0, 1):
            if ends[i].sock not in ready:
                continue
            raw, _, _, address = ends[i].sock.recvmsg(65536)
            if address[2] == socket.PACKET_OUTGOING:
                continue
            if not (args.one_way and i == 1):
                raw = harm.apply(raw)
            if raw is not None:
                ends[1 - i].send(raw)


if __name__ == "__main__":
    main()

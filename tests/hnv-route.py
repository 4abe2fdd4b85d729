#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What routers say to a machine, as its own kernel understands it.

trace udp|icmp|tcp ADDRESS    prints a line for each hop to ADDRESS
flood ADDRESS SECONDS KIND    sends as many packets with TTL 1 as it can, and
                              prints how many were answered: "InTimeExcds"
                              or "InDestUnreachs"

A line is the hop's number, its address, and what it said.  Only an answer that
the kernel accepts counts: one whose checksums are right, and which quotes a
packet of the socket that gets it.
"""

import errno
import select
import socket
import struct
import sys
import time

SECONDS = 3         # How long to wait for a hop's answer.
MAX_HOPS = 4
PORT = 33434        # Nobody listens here.
DATA = bytes(range(56))
IP_RECVERR, IPV6_RECVERR = 11, 25
EXTENDED_ERROR = struct.Struct("=IBBBBII")  # struct sock_extended_err
SAYS = {
    (2, 3, 0): "net unreachable",
    (2, 3, 1): "host unreachable",
    (2, 3, 2): "protocol unreachable",
    (2, 3, 3): "port unreachable",
    (2, 11, 0): "time exceeded",
    (3, 1, 0): "no route",
    (3, 1, 3): "address unreachable",
    (3, 1, 4): "port unreachable",
    (3, 3, 0): "time exceeded",
}


class Probe:
    """A socket whose packets live for 'ttl' hops."""
    def __init__(self, kind, address, ttl):
        self.v6 = ":" in address
        self.address = address
        family = socket.AF_INET6 if self.v6 else socket.AF_INET
        protocol = {"udp": socket.IPPROTO_UDP, "tcp": socket.IPPROTO_TCP,
                    "icmp": (socket.IPPROTO_ICMPV6 if self.v6
                             else socket.IPPROTO_ICMP)}[kind]
        self.kind = kind
        self.sock = socket.socket(
            family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM,
            protocol)
        if self.v6:
            self.sock.setsockopt(socket.IPPROTO_IPV6,
                                 socket.IPV6_UNICAST_HOPS, ttl)
            self.sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
        else:
            self.sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
            self.sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        self.sock.setblocking(False)

    def send(self):
        """Connects, and sends what is to be answered."""
        try:
            self.sock.connect((self.address, PORT))
            echo = struct.pack("!BBHHH", 128 if self.v6 else 8, 0, 0, 0, 1)
            self.sock.send((echo if self.kind == "icmp" else b"") + DATA)
        except BlockingIOError:
            pass        # TCP, which sends by connecting.

    def answer(self):
        """Returns (address, what it said), or None."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN | select.POLLERR)
        if not poll.poll(SECONDS * 1000):
            return None
        if self.kind == "tcp":
            error = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            return "?", errno.errorcode.get(error, "connected")
        try:
            return self.error()
        except BlockingIOError:
            data, sender = self.sock.recvfrom(4096)
            is_reply = data[0] == (129 if self.v6 else 0)
            return sender[0], ("echo reply" if is_reply and data[8:] == DATA
                               else f"nonsense {data.hex()}")

    def error(self):
        """Returns what the kernel made of an ICMP error."""
        _, control, _, _ = self.sock.recvmsg(4096, 4096, socket.MSG_ERRQUEUE)
        data = control[0][2]
        _, origin, kind, code, _, _, _ = EXTENDED_ERROR.unpack_from(data)
        offender = data[EXTENDED_ERROR.size:]
        address = socket.inet_ntop(self.sock.family,
                                   offender[8:24] if self.v6
                                   else offender[4:8])
        return address, SAYS.get((origin, kind, code),
                                 f"type {kind} code {code}")


def trace(kind, address):
    """Shows the way to an address."""
    for ttl in range(1, MAX_HOPS + 1):
        probe = Probe(kind, address, ttl)
        probe.send()
        hop, said = probe.answer() or ("*", "nothing")
        print(ttl, hop, said)
        if said != "time exceeded" and said != "EHOSTUNREACH":
            break


def answers(kind):
    """Returns how many the kernel got."""
    with open("/proc/net/snmp", encoding="ascii") as file:
        names, values = [line.split() for line in file
                         if line.startswith("Icmp:")]
    return int(values[names.index(kind)])


def flood(address, seconds, kind):
    """Uses up what its tenant may ask."""
    before = answers(kind)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
    print("ready", flush=True)
    end = time.monotonic() + float(seconds)
    n = 0
    while time.monotonic() < end:
        sock.sendto(DATA, (address, PORT))
        n += 1
    print(n, answers(kind) - before, flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["trace"] and len(sys.argv) == 4:
        trace(*sys.argv[2:])
    elif sys.argv[1:2] == ["flood"] and len(sys.argv) == 5:
        flood(*sys.argv[2:])
    else:
        sys.exit(__doc__)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Questions and answers over UDP, each with and without a checksum, and the
ICMP errors that come of them.

answer  ADDRESS PORT      answers questions, without end
ask     ADDRESS PORT      asks twice, prints the answers; fails if one is
                          missing
provoke ADDRESS PORT TTL  asks until an error comes, and prints that
"""

import os
import socket
import struct
import sys
import time

# Not in Python; the first has an effect on IPv4 only.
SO_NO_CHECK = 11
IP_RECVERR = 11
IPV6_RECVERR = 25
SECONDS = 10


def make_socket(address, no_check):
    """Returns a socket of the family of 'address'."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    result = socket.socket(family, socket.SOCK_DGRAM)
    result.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, no_check)
    return result


def answer(address, port):
    """Answers."""
    server = make_socket(address, 0)
    server.bind((address, port))
    print("ready", flush=True)
    while True:
        data, sender = server.recvfrom(100)
        server.sendto(b"answer to " + data, sender)


def ask(address, port):
    """Asks with a checksum, then without."""
    for no_check in (0, 1):
        with make_socket(address, no_check) as asker:
            asker.settimeout(SECONDS)
            asker.sendto(b"question %d" % no_check, (address, port))
            print(asker.recv(100).decode())


def error_text(data):
    """Returns what "struct sock_extended_err" and an address say."""
    errno, _, icmp_type, code, _, info, _ = struct.unpack_from("=IBBBBII",
                                                               data)
    family, = struct.unpack_from("=H", data, 16)
    if family == socket.AF_INET6:
        sender = socket.inet_ntop(family, data[24:40])
    else:
        sender = socket.inet_ntop(family, data[20:24])
    return "%s: type %d, code %d%s: %s" % (
        sender, icmp_type, code, f", MTU {info}" if info else "",
        os.strerror(errno))


def provoke(address, port, ttl):
    """Asks, again now and then, until there is an error."""
    with make_socket(address, 0) as asker:
        if ":" in address:
            asker.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
            asker.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS,
                             ttl)
        else:
            asker.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
            asker.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        asker.setblocking(False)
        end = time.monotonic() + SECONDS
        asked = 0
        while time.monotonic() < end:
            if time.monotonic() - asked > 1:
                asker.sendto(b"question", (address, port))
                asked = time.monotonic()
            try:
                ancillary = asker.recvmsg(100, 1000, socket.MSG_ERRQUEUE)[1]
            except BlockingIOError:
                time.sleep(.01)
                continue
            print(error_text(ancillary[0][2]))
            return
    sys.exit("no error")


if __name__ == "__main__":
    COMMANDS = {"answer": answer, "ask": ask, "provoke": provoke}
    if len(sys.argv) < 4 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[sys.argv[1]](sys.argv[2], *(int(arg) for arg in sys.argv[3:]))

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Questions and answers over UDP, each with and without a checksum.

answer ADDRESS PORT    answers questions, without end
ask    ADDRESS PORT    asks twice, prints the answers; fails if one is missing
"""

import socket
import sys

SO_NO_CHECK = 11    # Not in Python; has an effect on IPv4 only.
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


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("answer", "ask"):
        sys.exit(__doc__)
    {"answer": answer, "ask": ask}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))

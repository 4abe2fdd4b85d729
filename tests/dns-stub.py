#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A DNS server for tests: dns-stub.py FILE [PORT], on 127.0.0.1.

FILE has lines "NAME ADDRESS".  It is read anew for each query, so that a test
can change an address, and the TTL of an answer is one second, so that the
change is noticed.
"""

import ipaddress
import socket
import struct
import sys

A, AAAA = 1, 28
SECONDS = 120       # The server ends itself after this long without a query.


def question(query):
    """Returns (name, type, the bytes of the question)."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind = struct.unpack("!H", query[at + 1:at + 3])[0]
    return ".".join(labels).lower(), kind, query[12:at + 5]


def lookup(path, name, kind):
    """Returns (whether 'name' exists, its addresses of type 'kind')."""
    with open(path, encoding="ascii") as file:
        found = [ipaddress.ip_address(words[1])
                 for words in map(str.split, file)
                 if len(words) == 2 and words[0].lower() == name]
    version = {A: 4, AAAA: 6}.get(kind)
    return bool(found), [a.packed for a in found if a.version == version]


def answer(path, query):
    """Returns the reply to 'query'."""
    name, kind, asked = question(query)
    exists, addresses = lookup(path, name, kind)
    # Response, authoritative, recursion available; NXDOMAIN is code 3.
    flags = 0x8480 | struct.unpack("!H", query[2:4])[0] & 0x0100
    reply = struct.pack("!2sHHHHH", query[:2], flags | (0 if exists else 3), 1,
                        len(addresses), 0, 0) + asked
    for address in addresses:
        reply += struct.pack("!HHHIH", 0xc00c, kind, 1, 1,
                             len(address)) + address
    return reply


def main(path, port="53"):
    """Answers until nobody asks any more."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", int(port)))
        sock.settimeout(SECONDS)
        print("ready", file=sys.stderr, flush=True)
        while True:
            try:
                query, asker = sock.recvfrom(4096)
            except socket.timeout:
                return 0
            if len(query) > 16:
                sock.sendto(answer(path, query), asker)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints a UDP datagram from one machine to another as frames, one per line.

    hnv-fragments.py VERSION HOST PORT ORDER

The sender is .11 of the test's virtual subnet, the receiver is HOST.  ORDER is
"whole", for one frame, or the order in which the three fragments come.
"""

import sys

from nvgrepeer import wire

PREFIX = {4: "10.0.1.", 6: "fd01::"}
MAC = "00:15:5d:00:01:"
PIECE = 1400


def packets(version, host, port, order):
    src, dst = (wire.ip_bytes(PREFIX[version] + n) for n in ("11", host))
    whole = order == "whole"
    datagram = wire.udp(src, dst, (40000, port),
                        bytes(100 if whole else 2 * PIECE + 100))
    if whole:
        yield wire.ip(src, dst, wire.PROTO_UDP, datagram)
        return
    # All datagrams of the test differ in this.
    ident = (port * 7 + int(host)) * 8 + int(order, 4) % 8
    for n in map(int, order):
        piece = datagram[n * PIECE:(n + 1) * PIECE]
        yield (wire.ipv4(src, dst, wire.PROTO_UDP, piece, df=False, mf=n < 2,
                         offset=n * PIECE, ident=ident & 0xffff)
               if version == 4 else
               wire.ipv6(src, dst, wire.PROTO_UDP, piece,
                         fragment=(ident, n * PIECE, n < 2)))


def main():
    version, host, port, order = sys.argv[1:]
    ends = [wire.mac_bytes(MAC + n) for n in (host, "11")]
    for packet in packets(int(version), host, int(port), order):
        print(wire.ip_frame(ends, packet).hex())


if __name__ == "__main__":
    main()

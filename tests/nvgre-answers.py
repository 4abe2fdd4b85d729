#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a self-test asks a machine behind a foreign host, and its answers.

"compose" prints lines "WORDS => FRAME ..." for hnvtest nvgre-foreign-compose,
and "parse" lines "FRAME [made-up] => ..." for nvgre-foreign-parse.  10.0.0.5
asks 10.0.0.7.
"""

import struct
import sys

from nvgrepeer import wire

OUR_MAC = wire.mac_bytes("06:06:00:00:00:05")
THEIR_MAC = wire.mac_bytes("06:06:00:00:00:07")
OUR, THEIR = wire.ip_bytes("10.0.0.5"), wire.ip_bytes("10.0.0.7")
OTHER = wire.ip_bytes("10.0.0.9")
ID = 0xc120
ARP, ICMP, UDP, TCP, LARGEST, FRAGMENTS = range(6)
SYN, RST, ACK = 2, 4, 16


def tcp(src, dst, ports, **opt):
    """A TCP segment without data; 'ports' is (source, destination)."""
    head = struct.pack("!HHIIBBHHH", *ports, opt.get("seq", 0),
                       opt.get("ack", 0), 0x50, opt["flags"],
                       opt.get("window", 1024), 0, 0)
    csum = wire.checksum(wire.pseudo(src, dst, 6, len(head)) + head)
    return head[:16] + struct.pack("!H", csum) + head[18:]


def to_us(proto, body, **opt):
    """The frame of an answer."""
    return wire.ip_frame((opt.pop("mac", OUR_MAC), THEIR_MAC),
                         wire.ip(opt.pop("src", THEIR), opt.pop("dst", OUR),
                                 proto, body, **opt))


def from_us(proto, body, **opt):
    """The frame of a question."""
    return wire.ip_frame((THEIR_MAC, OUR_MAC),
                         wire.ip(OUR, THEIR, proto, body, **opt))


def partial(body, proto, at):
    """'body' with the sum of its pseudo-header as checksum, not inverted."""
    left = 0xffff ^ wire.checksum(wire.pseudo(OUR, THEIR, proto, len(body)))
    return body[:at] + struct.pack("!H", left) + body[at + 2:]


def compose():
    """Prints what our end has to send."""
    def line(words, raw, left=0):
        print(words, "=>", raw.hex(), f"partial={left}")

    line("arp", wire.arp_request(OUR_MAC, OUR, THEIR))
    line("reply", wire.ethernet(THEIR_MAC, OUR_MAC, wire.ETH_ARP, wire.arp(
        2, (OUR_MAC, OUR), (THEIR_MAC, THEIR))))
    for kind, size in ((ICMP, 100), (LARGEST, 1458), (LARGEST, 8958)):
        for round_ in (0, 2):
            seq = kind << 8 | round_
            body = wire.icmp(OUR, THEIR, 8, struct.pack("!HH", ID, seq)
                             + bytes(size - 28))
            line(f"{kind} {round_} 0 {size if kind == LARGEST else 1458}",
                 from_us(1, body, ident=seq))
    seq = FRAGMENTS << 8 | 1
    body = wire.icmp(OUR, THEIR, 8, struct.pack("!HH", ID, seq) + bytes(952))
    for piece in (0, 1):
        line(f"{FRAGMENTS} 1 {piece} 1458", from_us(
            1, body[480 * piece:480 * (piece + 1)], df=False, mf=not piece,
            offset=480 * piece, ident=ID + seq))
    body = wire.udp(OUR, THEIR, (ID + 1, 7), bytes(72))
    line(f"{UDP} 1 0 1458", from_us(17, partial(body, 17, 6), ident=ID + 1), 1)
    body = tcp(OUR, THEIR, (ID + 2, 7), flags=SYN)
    line(f"{TCP} 2 0 1458", from_us(6, partial(body, 6, 16), ident=ID + 2), 1)
    body = tcp(OUR, THEIR, (0xc121, 7), flags=RST, seq=77)
    line("reset", from_us(6, partial(body, 6, 16), ident=0xc121), 1)


def flip(raw, at):
    """Returns 'raw' with one byte inverted."""
    return raw[:at] + bytes([raw[at] ^ 0xff]) + raw[at + 1:]


def echo(kind, **opt):
    """An echo reply."""
    body = struct.pack("!HH", opt.pop("id", ID), kind << 8 | 1) + bytes(72)
    return to_us(1, wire.icmp(THEIR, OUR, opt.pop("type", 0), body), **opt)


def unreachable(src=OUR, dst=THEIR, ports=(ID + 1, 7), proto=17):
    """The error that quotes our UDP packet."""
    quoted = wire.ip(src, dst, proto, wire.udp(src, dst, ports, bytes(72)))
    return to_us(1, wire.icmp(THEIR, OUR, 3, bytes(4) + quoted), df=False)


def answers():
    """Yields (frame, what it is)."""
    for kind in (ICMP, LARGEST, FRAGMENTS):
        yield echo(kind), f"kind={kind}"
        yield flip(echo(kind), 36), f"kind={kind} bad"
        yield flip(echo(kind), 24), f"kind={kind} bad"
    for kind in (ARP, UDP, TCP, 6, 255):
        yield echo(kind), None
    yield echo(ICMP, id=ID + 1), None
    yield echo(ICMP, type=8), None
    yield echo(ICMP, mac=THEIR_MAC), None
    yield echo(ICMP, src=OTHER), None
    yield echo(ICMP, dst=OTHER), None
    yield echo(ICMP, df=False, mf=True), None
    yield unreachable(), f"kind={UDP}"
    yield flip(unreachable(), 36), f"kind={UDP} bad"
    yield unreachable(src=OTHER), None
    yield unreachable(dst=OTHER), None
    yield unreachable(ports=(ID + 16, 7)), None
    yield unreachable(ports=(ID, 9)), None
    yield unreachable(proto=6), None
    yield unreachable()[:60], None
    body = wire.udp(THEIR, OUR, (7, ID + 15), b"hello")
    yield to_us(17, body), f"kind={UDP}"
    yield flip(to_us(17, body), 46), f"kind={UDP} bad"
    yield to_us(17, body[:6] + b"\0\0" + body[8:]), f"kind={UDP} bad"
    yield to_us(17, wire.udp(THEIR, OUR, (7, ID + 16), b"")), None
    yield to_us(17, wire.udp(THEIR, OUR, (9, ID), b"")), None
    yield to_us(17, body[:7]), None
    body = tcp(THEIR, OUR, (7, ID + 1), flags=RST | ACK, ack=1)
    yield to_us(6, body), f"kind={TCP}"
    yield flip(to_us(6, body), 48), f"kind={TCP} bad"
    body = tcp(THEIR, OUR, (7, ID + 1), flags=SYN | ACK, ack=1)
    yield to_us(6, body), f"kind={TCP} syn-ack port={ID + 1} ack=1"
    yield to_us(6, body[:19]), None
    yield to_us(6, tcp(THEIR, OUR, (80, ID + 1), flags=SYN | ACK)), None
    yield to_us(47, body), None
    for size in (1, 13, 14, 33, 34, 41):
        yield echo(ICMP)[:size], None


def arps():
    """Yields (frame, made up, what it is)."""
    reply = wire.ethernet(OUR_MAC, THEIR_MAC, wire.ETH_ARP, wire.arp(
        2, (THEIR_MAC, THEIR), (OUR_MAC, OUR)))
    yield reply, False, "kind=0 for-others"
    yield reply, True, "kind=0"
    yield wire.arp_request(THEIR_MAC, THEIR, OUR), True, (
        "kind=0 asks for-others")
    yield wire.arp_request(THEIR_MAC, OTHER, OUR), True, None
    yield wire.arp_request(THEIR_MAC, THEIR, OTHER), True, None
    yield reply[:41], True, None
    yield flip(reply, 15), True, None
    yield flip(reply, 17), True, None


def parse():
    """Prints what can come back."""
    for raw, what in answers():
        print(raw.hex(), "=>", what or "no answer")
    for raw, made_up, what in arps():
        print(raw.hex(), "made-up" if made_up else "", "=>",
              what or "no answer")


if __name__ == "__main__":
    {"compose": compose, "parse": parse}[sys.argv[1]]()

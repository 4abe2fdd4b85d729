#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The frames of self-tests, made from their description in ovs-nvgre(7).

"compose" prints lines "KIND ROLE SEQ PIECE PIECES SIZE VSID STATE => FRAME
..." for hnvtest nvgre-probe-compose; "parse" prints lines "FRAME => ..." for
nvgre-probe-parse, with frames as they would be after a perfect offload, and
spoilt ones; "hello" prints a hello for VSID 5001, "icmp" an ICMP probe.
"""

import struct
import sys

from nvgrepeer import wire

NONCE = 0x0123456789abcdef
SRC_MAC = wire.mac_bytes("02:48:4e:56:00:01")
DST_MAC = wire.mac_bytes("02:48:4e:56:00:02")
SRC, DST = wire.ip_bytes("198.18.0.1"), wire.ip_bytes("198.18.0.2")
HELLO, ICMP, UDP, TCP, SEGMENTS, LARGEST, FRAGMENTS = range(7)
ACK_ME, ECHO_ME, ACK, ECHO = range(4)
FINE, IP_CSUM, L4_CSUM, NO_CSUM, DATA, VSID = range(6)
PROTO = {ICMP: 1, UDP: 17, TCP: 6, SEGMENTS: 6, LARGEST: 1, FRAGMENTS: 17}


def payload(length, kind, role, **opt):
    """What follows the transport header."""
    head = b"ovs-hnv\x01" + struct.pack(
        "!QBBBBBBHI", NONCE, kind, role, opt.get("seq", 0),
        opt.get("piece", 0), opt.get("pieces", 1), opt.get("state", 0),
        opt.get("size", 100), opt.get("vsid", 5001))
    return head + bytes((NONCE + i * 31) & 0xff
                        for i in range(len(head), length))


def transport(kind, role, first, partial, **opt):
    """The transport packet; 'first' is the index of the first piece."""
    size = opt.get("size", 100)
    seq = opt.get("seq", 0)
    room = size - 20 - {1: 8, 17: 8, 6: 20}[PROTO[kind]]
    pieces = opt.get("pieces", 1)
    if kind == FRAGMENTS:
        data = b"".join(payload(size - 20 - (0 if i else 8), kind, role,
                                **{**opt, "piece": i})
                        for i in range(pieces))
    elif kind == SEGMENTS:
        data = b"".join(payload(room, kind, role, **{**opt, "piece": i})
                        for i in range(first, pieces if partial
                                       else first + 1))
    else:
        data = payload(room, kind, role, **opt)
    if PROTO[kind] == 1:
        return wire.icmp(SRC, DST, 8, struct.pack(
            "!HH", NONCE >> 16 & 0xffff, seq) + data)
    if PROTO[kind] == 17:
        raw = wire.udp(SRC, DST, (49152 + seq, 7), data)
    else:
        head = struct.pack("!HHIIHHHH", 49152 + seq, 7, NONCE & 0xffffffff,
                           1, 0x5018, 1024, 0, 0)
        csum = wire.checksum(wire.pseudo(SRC, DST, 6, 20 + len(data)) + head
                             + data)
        raw = head[:16] + struct.pack("!H", csum) + head[18:] + data
    if partial and kind != FRAGMENTS:
        # The pseudo-header's sum, not inverted, is what machines leave.
        at = 6 if PROTO[kind] == 17 else 16
        left = 0xffff ^ wire.checksum(wire.pseudo(SRC, DST, PROTO[kind],
                                                  len(raw)))
        raw = raw[:at] + struct.pack("!H", left) + raw[at + 2:]
    return raw


def frame(kind, role, partial=False, **opt):
    """The inner frame of a probe or of a piece of it."""
    if kind == HELLO or role == ACK:
        return wire.ethernet(DST_MAC, SRC_MAC, 0x88b5,
                             payload(46, kind, role, **opt))
    piece = opt.get("piece", 0)
    body = transport(kind, role, 0 if partial else piece, partial, **opt)
    options = {"ident": (NONCE + opt.get("seq", 0)) & 0xffff}
    if kind == FRAGMENTS:
        step = opt["size"] - 20
        body = body[piece * step:(piece + 1) * step]
        options.update(df=False, offset=piece * step,
                       mf=piece + 1 < opt["pieces"])
    return wire.ip_frame((DST_MAC, SRC_MAC),
                         wire.ip(SRC, DST, PROTO[kind], body, **options))


def probes():
    """Yields (kind, role, changes)."""
    for role in (ACK_ME, ECHO_ME, ECHO):
        state = L4_CSUM if role == ECHO else FINE
        for kind in (ICMP, UDP, TCP):
            yield kind, role, {"size": 100, "seq": 3, "state": state}
        for size in (72, 1457, 1458, 8958):
            yield LARGEST, role, {"size": size, "seq": 255}
        for piece in (0, 1):
            yield FRAGMENTS, role, {"size": 500, "piece": piece, "pieces": 2,
                                    "seq": 1}
    for kind in range(7):
        yield kind, ACK, {"size": 1458, "state": NO_CSUM, "vsid": 0xffffffff}
    yield HELLO, ACK_ME, {"size": 100}


def compose():
    """Prints what our end has to send."""
    for kind, role, opt in list(probes()) + [
            (SEGMENTS, ACK_ME, {"size": 1458, "pieces": 4}),
            (SEGMENTS, ECHO, {"size": 101, "pieces": 3, "seq": 4})]:
        raw = frame(kind, role, True, **opt)
        segsz = opt["size"] - 40 if kind == SEGMENTS and role != ACK else 0
        partial = int(role != ACK and kind in (UDP, TCP, SEGMENTS))
        words = (kind, role, opt.get("seq", 0), opt.get("piece", 0),
                 opt.get("pieces", 1), opt["size"], opt.get("vsid", 5001),
                 opt.get("state", 0))
        print(*words, "=>", raw.hex(), f"segsz={segsz}", f"partial={partial}")


def said(kind, role, seen, **opt):
    """What there is to say of a frame."""
    return (f"kind={kind} role={role} nonce={NONCE:016x} "
            f"seq={opt.get('seq', 0)} "
            f"piece={opt.get('piece', 0)}/{opt.get('pieces', 1)} "
            f"size={opt['size']} vsid={opt.get('vsid', 5001)} "
            f"state={opt.get('state', 0)} seen={seen}")


def flip(raw, at, bits=0xff):
    """Returns 'raw' with bits of one byte inverted."""
    return raw[:at] + bytes([raw[at] ^ bits]) + raw[at + 1:]


def spoilt():
    """Yields (frame, kind, role, opt, seen), or None for no probe."""
    small = {"size": 100}
    for kind, at in ((ICMP, 36), (UDP, 40), (TCP, 50)):
        raw = frame(kind, ACK_ME, **small)
        yield flip(raw, at), kind, ACK_ME, small, L4_CSUM
        yield flip(raw, 24), kind, ACK_ME, small, IP_CSUM
        yield flip(raw, len(raw) - 1), kind, ACK_ME, small, DATA
        yield raw + b"\0" * 5, kind, ACK_ME, small, FINE
        yield flip(raw, 23), None, 0, {}, 0             # IP protocol.
        yield raw[:-1], None, 0, {}, 0                  # Total length.
        yield flip(raw, 14, 1), None, 0, {}, 0          # Header length.
        yield flip(raw, 20, 0x1f), None, 0, {}, 0       # Fragment offset.
    raw = frame(UDP, ECHO_ME, **small)
    yield raw[:40] + b"\0\0" + raw[42:], UDP, ECHO_ME, small, NO_CSUM
    raw = frame(LARGEST, ACK_ME, size=1458)
    # The payload says more than there is.
    short = raw[:14] + struct.pack("!BBH", 0x45, 0, 1000) + raw[18:1014]
    yield short, LARGEST, ACK_ME, {"size": 1458}, DATA
    two = {"size": 500, "pieces": 2}
    raw = frame(FRAGMENTS, ACK_ME, piece=0, **two)
    yield flip(raw, 40), FRAGMENTS, ACK_ME, two, L4_CSUM
    raw = frame(FRAGMENTS, ACK_ME, piece=1, **two)
    yield flip(raw, 24), FRAGMENTS, ACK_ME, {"piece": 1, **two}, IP_CSUM
    yield flip(raw, 500), FRAGMENTS, ACK_ME, {"piece": 1, **two}, DATA
    raw = frame(TCP, ACK_ME, **small)
    for offset, value in ((0, b"x"), (16, b"\7"), (17, b"\4"), (19, b"\1"),
                          (20, b"\0"), (20, b"\2"), (21, b"\6"),
                          (16, bytes([UDP]))):
        at = 54 + offset
        yield raw[:at] + value + raw[at + 1:], None, 0, {}, 0
    for size in (0, 13, 14, 33, 34, 53, 54, 81):
        yield raw[:size], None, 0, {}, 0
    hello = frame(HELLO, ACK_ME, **small)
    yield hello[:59], None, 0, {}, 0
    yield flip(hello, 13), None, 0, {}, 0
    # A probe that is no acknowledgment is an IP packet.
    yield hello[:30] + bytes([UDP]) + hello[31:], None, 0, {}, 0


def parse():
    """Prints what our end can receive."""
    for kind, role, opt in probes():
        raw = frame(kind, role, **opt)
        print(raw.hex(), "=>", said(kind, role, FINE, **opt))
    for piece in range(4):
        opt = {"size": 1458, "pieces": 4, "piece": piece}
        print(frame(SEGMENTS, ACK_ME, **opt).hex(), "=>",
              said(SEGMENTS, ACK_ME, FINE, **opt))
    for raw, kind, role, opt, seen in spoilt():
        print(raw.hex() or "00", "=>",
              "no probe" if kind is None else said(kind, role, seen, **opt))


if __name__ == "__main__":
    {"compose": compose, "parse": parse,
     "hello": lambda: print(frame(HELLO, ACK_ME, size=100).hex()),
     "icmp": lambda: print(frame(ICMP, ACK_ME, size=100).hex())
     }[sys.argv[1]]()

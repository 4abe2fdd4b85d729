#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Judges how "hnvtest nvgre-gro" joins TCP segments, and its checksums.

usage: nvgre-gro.py random SEED BATCHES | cases | checksums | unfinished SIZE

Makes the frames itself, from the standards alone.  Of random batches it checks
what must hold for all: cut up again, the joined packets are the frames that
went in, byte for byte, and for each connection in the same order.  The cases
say what is joined and what is not.  "unfinished" prints TCP with SIZE bytes on
IPv4 and IPv6, then UDP likewise, whose checksums are left to a device.
"""

import random
import struct
import subprocess
import sys

from nvgrepeer import wire

MACS = bytes.fromhex("060600000007060600000005")
ACK, PSH, FIN, CWR = 0x10, 8, 1, 0x80
DEFAULTS = {"v6": False, "sport": 1000, "seq": 1, "ack": 7, "flags": ACK,
            "window": 500, "options": b"", "ident": 1, "ttl": 64, "tos": 0,
            "df": True, "data": b"a" * 100, "bad": False, "urgent": 0}


def segment(**given):
    """Returns a frame with one TCP segment."""
    opt = {**DEFAULTS, **given}
    src, dst = ((wire.ip_bytes("fd00::5"), wire.ip_bytes("fd00::7"))
                if opt["v6"] else
                (wire.ip_bytes("10.0.0.5"), wire.ip_bytes("10.0.0.7")))
    size = 20 + len(opt["options"]) + len(opt["data"])
    tcp = bytearray(struct.pack(
        "!HHIIBBHHH", opt["sport"], 80, opt["seq"] & 0xffffffff, opt["ack"],
        (5 + len(opt["options"]) // 4) << 4, opt["flags"], opt["window"], 0,
        opt["urgent"]))
    tcp += opt["options"] + opt["data"]
    csum = wire.checksum(wire.pseudo(src, dst, 6, size) + bytes(tcp))
    tcp[16:18] = struct.pack("!H", csum ^ (1 if opt["bad"] else 0))
    if opt["v6"]:
        head = struct.pack("!IHBB", 6 << 28 | opt["tos"] << 20, size, 6,
                           opt["ttl"]) + src + dst
        return MACS + b"\x86\xdd" + head + bytes(tcp)
    head = bytearray(struct.pack(
        "!BBHHHBBH", 0x45, opt["tos"], 20 + size, opt["ident"],
        0x4000 if opt["df"] else 0, opt["ttl"], 6, 0) + src + dst)
    head[10:12] = struct.pack("!H", wire.checksum(bytes(head)))
    return MACS + b"\x08\x00" + bytes(head) + bytes(tcp)


def train(n, first=None, **given):
    """Returns 'n' segments in a row, with 100 bytes each."""
    start = first or 0
    return [segment(**{**given, "seq": 1 + 100 * (start + i),
                       "ident": 1 + start + i}) for i in range(n)]


def run(batches, *args):
    """Returns, for each batch, what it was joined to, as (segment size,
    frame), and what that was cut to.  Frames may have words after them."""
    text = "".join("".join(
        (frame.hex() if isinstance(frame, bytes)
         else frame[0].hex() + " " + frame[1]) + "\n"
        for frame in batch) + "join\n" for batch in batches)
    out = subprocess.run(["hnvtest", "nvgre-gro", *args], input=text,
                         stdout=subprocess.PIPE, text=True, check=True)
    results = []
    for line in out.stdout.splitlines():
        if line == "joined":
            results.append(([], []))
            which = 0
        elif line == "cut":
            which = 1
        else:
            words = line.split()
            size = int(words[1][6:]) if "=" in words[1] else 0
            results[-1][which].append((size, bytes.fromhex(words[-1])))
    return results


def connection(frame):
    """Returns what tells connections apart, None if it is not TCP."""
    if frame[12:14] == b"\x86\xdd":
        return frame[22:58] if frame[20] == 6 else None
    return frame[26:38] if frame[23] == 6 else None


def random_batch(rng):
    """Returns frames of a few connections, with all sorts of oddities."""
    state = {}
    batch = []
    for _ in range(rng.randrange(1, 33)):
        key = rng.random() < .3, rng.choice((1000, 1000, 1000, 1001, 1002))
        seq, ident, size = state.get(key, (rng.choice((1, 0xffffff00)),
                                           rng.choice((1, 0xfffe)), 100))
        opt = {"v6": key[0], "sport": key[1], "seq": seq,
               "ident": ident & 0xffff,
               "data": rng.randbytes(rng.choice((size,) * 12 + (1, 50, 101)))}
        odd = {"flags": rng.choice((ACK | PSH, ACK | FIN, ACK | CWR, ACK)),
               "ack": 8, "window": 501, "options": b"\1\1\1\1", "ttl": 63,
               "tos": 2, "df": False, "bad": True, "urgent": 1, "data": b"",
               "seq": seq + 1, "ident": 77}
        if rng.random() < .25:
            name = rng.choice(list(odd))
            opt[name] = odd[name]
        batch.append(segment(**opt))
        state[key] = seq + len(opt["data"]), ident + 1, size
        if rng.random() < .05:
            batch.append(MACS + b"\x08\x06" + rng.randbytes(28))
    return batch


def check_random(seed, n):
    """Joins and cuts up 'n' random batches."""
    rng = random.Random(seed)
    batches = [random_batch(rng) for _ in range(n)]
    joined = 0
    for batch, (whole, cut) in zip(batches, run(batches)):
        frames = [frame for _, frame in cut]
        assert sorted(frames) == sorted(batch)
        for key in set(map(connection, batch)):
            assert ([f for f in frames if connection(f) == key]
                    == [f for f in batch if connection(f) == key])
        joined += len(batch) - len(whole)
    assert joined > n, joined
    print("ok")


def cases():
    """Yields (name, frames, payloads of what they become)."""
    for v6 in False, True:
        family = "IPv6" if v6 else "IPv4"
        yield f"{family}: all", train(5, v6=v6), [500]
        yield f"{family}: traffic class", [*train(2, v6=v6), *train(
            2, 2, v6=v6, tos=2)], [200, 200]
        yield f"{family}: TTL", [*train(2, v6=v6), *train(
            2, 2, v6=v6, ttl=9)], [200, 200]
    two = train(2)
    yield "PSH ends", [*two[:1], segment(seq=101, ident=2, flags=ACK | PSH),
                       *train(2, 2)], [200, 200]
    yield "short one ends", [*two[:1], segment(seq=101, ident=2, data=b"x"),
                             segment(seq=102, ident=3)], [101, 100]
    yield "longer one", [*two[:1], segment(seq=101, ident=2,
                                           data=b"x" * 101)], [100, 101]
    yield "gap", [*two, *train(2, 3)], [200, 200]
    yield "repeated", [*two, *two], [200, 200]
    for name, odd in {"FIN": {"flags": ACK | FIN}, "CWR": {"flags": ACK | CWR},
                      "window": {"window": 1}, "ack": {"ack": 8},
                      "options": {"options": b"\1\1\1\1"},
                      "IPv4 ID": {"ident": 9}, "DF": {"df": False},
                      "bad checksum": {"bad": True},
                      "urgent": {"urgent": 1}}.items():
        opt = {"seq": 201, "ident": 3, **odd}
        yield name, [*two, segment(**opt), *train(2, 3)], [200, 100, 200]
    yield "connections", [f for pair in zip(train(3), train(3, sport=9))
                          for f in pair], [300, 300]
    yield "other VSID", [*two, (segment(seq=201, ident=3), "vsid=5002")], [
        200, 100]
    yield "other outer TTL", [*two, (segment(seq=201, ident=3), "ttl=9")], [
        200, 100]
    yield "UDP between", [*two, MACS + b"\x08\x00" + wire.ipv4(
        b"\1\1\1\1", b"\2\2\2\2", 17, bytes(20)), *train(2, 2)], [400, 20]
    yield "fragment between", [*two, MACS + b"\x08\x00" + wire.ipv4(
        b"\1\1\1\1", b"\2\2\2\2", 6, bytes(20), df=False, mf=True),
        *train(2, 2)], [200, 20, 200]
    big = [segment(seq=1 + 8000 * i, ident=1 + i, data=bytes(8000))
           for i in range(10)]
    yield "64 kB", big, [64000, 16000]


def payload(frame):
    """Returns the number of bytes behind the TCP header, or the IP header of
    what is not TCP or a fragment."""
    if frame[12:14] == b"\x86\xdd":
        return len(frame) - 54 - (frame[66] >> 4) * 4
    if frame[23] != 6 or frame[20] & 0x20:
        return len(frame) - 34
    return len(frame) - 34 - (frame[46] >> 4) * 4


def check_cases():
    """Compares what becomes of the cases."""
    names, batches, expected = zip(*cases())
    failed = False
    for name, want, (whole, _) in zip(names, expected, run(batches)):
        got = [payload(frame) for _, frame in whole]
        if got != want:
            failed = True
            print(f"{name}: {got}, should be {want}")
    (whole, _), = run([train(5)], "off")
    assert len(whole) == 5
    print("failed" if failed else "ok")


def checksum_lines():
    """Yields (frame, whose checksum is bad)."""
    for v6 in False, True:
        src, dst = ((wire.ip_bytes("fd00::5"), wire.ip_bytes("fd00::7"))
                    if v6 else (b"\x0a\0\0\5", b"\x0a\0\0\7"))
        kind = b"\x86\xdd" if v6 else b"\x08\x00"
        for size in (0, 1, 2, 31, 32, 33, 1399):
            data = random.Random(size).randbytes(size)
            udp = wire.udp(src, dst, (1, 2), data)
            icmp = wire.icmp(src, dst, 128 if v6 else 8, b"\0\1\0\1" + data)
            for name, proto, body, at in (
                    ("UDP", 17, udp, 7),
                    ("ICMP", 58 if v6 else 1, icmp, 3),
                    ("TCP", 6, segment(v6=v6, data=data)[54 if v6 else 34:],
                     17)):
                for bad in False, True:
                    spoiled = bytearray(body)
                    spoiled[at] ^= bad
                    frame = MACS + kind + wire.ip(src, dst, proto,
                                                  bytes(spoiled))
                    yield frame, name if bad else "good"
                    yield frame + b"pad", name if bad else "good"
        none = bytearray(wire.udp(src, dst, (1, 2), b"x"))
        none[6:8] = b"\0\0"
        yield (MACS + kind + wire.ip(src, dst, 17, bytes(none)),
               "UDP" if v6 else "good")
    frame = bytearray(segment())
    frame[24] ^= 1
    yield bytes(frame), "IPv4"
    # An INIT chunk.  The least significant byte of the CRC comes first.
    sctp = bytes.fromhex("03e80050000000008a4c5d8b0100001400000001000010000001"
                         "000100000001")
    sctp = sctp[:8] + struct.pack("<I", crc32c(sctp[:8] + bytes(4)
                                               + sctp[12:])) + sctp[12:]
    for bad in False, True:
        body = bytearray(sctp)
        body[11] ^= bad
        yield (MACS + b"\x08\x00" + wire.ip(b"\x0a\0\0\5", b"\x0a\0\0\7", 132,
                                            bytes(body)),
               "SCTP" if bad else "good")
    for odd in (b"", MACS, MACS + b"\x08\x00", segment()[:30],
                MACS + b"\x08\x06" + bytes(28), segment()[:40]):
        yield odd, "good"


def crc32c(data):
    """Returns the CRC32c of 'data', bit by bit."""
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def check_checksums():
    """Compares verdicts on checksums."""
    frames, expected = zip(*((f, e) for f, e in checksum_lines() if f))
    out = subprocess.run(["hnvtest", "nvgre-csum"], text=True, check=True,
                         input="".join(f.hex() + "\n" for f in frames),
                         stdout=subprocess.PIPE).stdout.splitlines()
    wrong = [(f.hex(), e, o) for f, e, o in zip(frames, expected, out)
             if e != o]
    for line in wrong:
        print(*line)
    print(f"{len(out)} checked" if len(out) == len(frames) and not wrong
          else "failed")


def print_unfinished(size):
    """Prints frames with something in place of the checksum."""
    data = random.Random(size).randbytes(size)
    for v6 in False, True:
        print(segment(v6=v6, data=data, bad=True).hex())
    for v6 in False, True:
        src, dst = wire.ip_bytes("10.0.0.5"), wire.ip_bytes("10.0.0.7")
        if v6:
            src, dst = wire.ip_bytes("fd00::5"), wire.ip_bytes("fd00::7")
        udp = bytearray(wire.udp(src, dst, (1000, 53), data[:100]))
        udp[7] ^= 1
        print(wire.ip_frame((MACS[:6], MACS[6:]),
                            wire.ip(src, dst, 17, bytes(udp))).hex())


def main(args):
    """Does what the arguments say."""
    if args[0] == "unfinished":
        print_unfinished(int(args[1]))
    elif args[0] == "random":
        check_random(int(args[1]), int(args[2]))
    else:
        {"cases": check_cases, "checksums": check_checksums}[args[0]]()


if __name__ == "__main__":
    main(sys.argv[1:])

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Cases for the unit tests of frames that are too big, with what is right.

Knows the standards only, none of the code under test.  Prints lines of the
form "CASE => EXPECTED" (see NVGRE_JUDGE in nvgre-wire.at).
"""

import argparse
import ipaddress
import random
import struct

from nvgrepeer.wire import checksum

MACS = bytes.fromhex("060600000007" "060600000005")
BACK = bytes.fromhex("060600000005" "060600000007")
SRC4, DST4, GW4 = "10.0.0.5", "10.0.0.7", "10.0.0.1"
SRC6, DST6, GW6 = "2001:db8::5", "2001:db8::7", "2001:db8::1"
DF = 0x4000


def addr(text):
    return ipaddress.ip_address(text).packed


def ipv4(payload, proto=17, frag=DF, src=SRC4, dst=DST4, options=b"", tos=0,
         ident=0x1234):
    """An IPv4 packet (RFC 791 section 3.1)."""
    ihl = 5 + len(options) // 4
    header = struct.pack("!BBHHHBBH4s4s", 0x40 | ihl, tos,
                         ihl * 4 + len(payload), ident, frag, 64, proto, 0,
                         addr(src), addr(dst)) + options
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] \
        + payload


def ipv6(payload, proto=17, src=SRC6, dst=DST6):
    """An IPv6 packet (RFC 8200 section 3)."""
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), proto, 64,
                       addr(src), addr(dst)) + payload


def frame(packet, macs=MACS):
    return macs + (b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd") \
        + packet


def icmp(quoted, mtu, src=DST4, dst=SRC4):
    """Fragmentation needed (RFC 1191 section 4), at most 576 bytes."""
    body = struct.pack("!BBHHH", 3, 4, 0, 0, mtu) + quoted[:576 - 28]
    body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0xc0, 20 + len(body), 0, DF,
                         64, 1, 0, addr(src), addr(dst))
    return packet[:10] + struct.pack("!H", checksum(packet)) + packet[12:] \
        + body


def icmp6(quoted, mtu, src=DST6, dst=SRC6):
    """Packet too big (RFC 4443 section 3.2), at most 1280 bytes."""
    body = struct.pack("!BBHI", 2, 0, 0, max(mtu, 1280)) \
        + quoted[:1280 - 48]
    pseudo = addr(src) + addr(dst) + struct.pack("!II", len(body), 58)
    body = body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]
    return ipv6(body, 58, src, dst)


def case(packet, mtu, answer, extra="", macs=MACS):
    """A frame with 'packet', and the packet that answers it, if any."""
    text = frame(packet, macs).hex() + " mtu=%d%s" % (mtu, extra)
    return text, frame(answer, BACK).hex() if answer else "no answer"


def answers():
    """Frames that are answered, of many sizes."""
    rng = random.Random(1458)
    for size in 8, 100, 519, 520, 521, 1231, 1232, 1233, 1450, 1472, 8000:
        data = rng.randbytes(size)
        for mtu in 68, 576, 1279, 1280, 1281, 1438, 1458, 8958:
            yield case(ipv4(data), mtu, icmp(ipv4(data), mtu))
            yield case(ipv6(data), mtu, icmp6(ipv6(data), mtu))
        yield case(ipv4(data), 1458, icmp(ipv4(data), 1458, GW4),
                   " gateway=" + GW4)
        yield case(ipv6(data), 1458, icmp6(ipv6(data), 1458, GW6),
                   " gateway=" + GW6)
    # Padding behind the packet is not quoted.
    packet = ipv4(bytes(range(30)))
    yield frame(packet).hex() + "0000 mtu=576", \
        frame(icmp(packet, 576), BACK).hex()
    packet = ipv6(bytes(range(30)))
    yield frame(packet).hex() + "0000 mtu=576", \
        frame(icmp6(packet, 576), BACK).hex()


def rules4():
    """RFC 1812 section 4.3.2.7, RFC 1122 section 3.2.2."""
    data = bytes(600)
    for option in b"\x01\x01\x01\x00", b"\x94\x04\x00\x00":
        packet = ipv4(data, options=option)
        yield case(packet, 576, icmp(packet, 576))
    # Of ICMP, errors are not answered, nor what nobody knows.
    queries = {0, 8, 9, 10, 13, 14, 15, 16, 17, 18, 42, 43}
    for kind in range(256):
        packet = ipv4(bytes([kind]) + data, 1)
        yield case(packet, 576, icmp(packet, 576) if kind in queries else None)
    # The first fragment is answered, others are not.
    for frag in 0x2000, 0x6000:
        packet = ipv4(data, frag=frag)
        yield case(packet, 576, icmp(packet, 576))
    for frag in 0x0001, 0x2001, 0x4001, 0x1fff, 0x3fff:
        yield case(ipv4(data, frag=frag), 576, None)
    for bad in ("0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1",
                "239.255.255.255", "240.0.0.1", "255.255.255.255"):
        yield case(ipv4(data, src=bad), 576, None)
        yield case(ipv4(data, dst=bad), 576, None)
    for good in "1.0.0.1", "126.1.1.1", "128.0.0.1", "223.255.255.254":
        packet = ipv4(data, src=good)
        yield case(packet, 576, icmp(packet, 576, dst=good))
        packet = ipv4(data, dst=good)
        yield case(packet, 576, icmp(packet, 576, src=good))
    # Damaged ones: header length, total length, checksum; then the version,
    # with a good checksum.
    good = ipv4(data)
    for at, value in (0, 0x44), (0, 0x46), (2, 0), (10, 0):
        yield case(good[:at] + bytes([value]) + good[at + 1:], 576, None)
    bad = b"\x55" + good[1:10] + b"\0\0" + good[12:]
    bad = bad[:10] + struct.pack("!H", checksum(bad[:20])) + bad[12:]
    yield (MACS + b"\x08\x00" + bad).hex() + " mtu=576", "no answer"


def rules6():
    """RFC 4443 section 2.4(e)."""
    data = bytes(1300)
    for kind in range(256):
        packet = ipv6(bytes([kind]) + data, 58)
        answer = kind >= 128 and kind != 137
        yield case(packet, 1280, icmp6(packet, 1280) if answer else None)
    # The same behind extension headers.
    for kind, answer in (1, False), (128, True), (137, False):
        for chain in (bytes([58]) + bytes(7), b"\x00" + bytes(7)
                      + bytes([58, 1]) + bytes(14)):
            packet = ipv6(chain + bytes([kind]) + data, 0)
            yield case(packet, 1280, icmp6(packet, 1280) if answer else None)
    for offset, answer in (0, True), (1, True), (8, False), (9, False):
        packet = ipv6(struct.pack("!BBHI", 17, 0, offset, 1) + data, 44)
        yield case(packet, 1280, icmp6(packet, 1280) if answer else None)
    for bad in "::", "::1", "ff02::1", "ff0e::1234":
        yield case(ipv6(data, src=bad), 1280, None)
        yield case(ipv6(data, dst=bad), 1280, None)
    for good in "fe80::5", "fd00::5":
        packet = ipv6(data, src=good)
        yield case(packet, 1280, icmp6(packet, 1280, dst=good))
    # An extension header that ends nowhere, ICMPv6 without a type, and a
    # version that contradicts the Ethertype.
    yield case(ipv6(bytes([58, 255]) + bytes(30), 0), 1280, None)
    yield case(ipv6(b"", 58), 1280, None)
    yield (MACS + b"\x86\xdd\x50" + ipv6(data)[1:]).hex() + " mtu=1280", \
        "no answer"


def rules():
    """What is not answered, and what is."""
    data = bytes(1400)
    for packet in ipv4(data), ipv6(data):
        for macs in (b"\xff" * 6 + MACS[6:], b"\x01" + MACS[1:],
                     MACS[:6] + b"\x07" + MACS[7:]):
            yield case(packet, 1300, None, "", macs)
        # Cut off.
        for size in 14, 15, 33, 34, 53:
            if not (packet[0] == 0x45 and size > 34):
                yield frame(packet)[:size].hex() + " mtu=1300", "no answer"
    for size in range(14):
        yield frame(ipv4(data))[:size].hex() + " mtu=1300", "no answer"
    for kind in "0806", "8100", "88a8", "0800", "1234":
        yield (MACS + bytes.fromhex(kind) + bytes(1500)).hex() + " mtu=1300", \
            "no answer"
    yield from rules4()
    yield from rules6()


def copied(options):
    """The options that RFC 791 section 3.1 has in all fragments."""
    out = b""
    while options and options[0]:
        size = 1 if options[0] == 1 else options[1]
        if options[0] & 0x80:
            out += options[:size]
        options = options[size:]
    return out + bytes(-len(out) % 4)


def cut(payload, mtu, frag=0, options=b""):
    """The fragments of a packet (RFC 791 section 3.2)."""
    out = []
    offset = 0
    while offset < len(payload):
        here = copied(options) if offset else options
        room = (mtu - 20 - len(here)) // 8 * 8
        piece = payload[offset:offset + room]
        more = 0x2000 if offset + room < len(payload) else frag & 0x2000
        out.append(ipv4(piece, frag=(frag & 0x8000) | more
                        | (frag & 0x1fff) + offset // 8, options=here))
        offset += len(piece)
    return " ".join(frame(p).hex() for p in out)


def fragments():
    """Packets that are cut, and some that cannot be."""
    rng = random.Random(791)
    loose = bytes([0x83, 7, 4]) + addr("192.0.2.9")      # Copied.
    record = bytes([7, 11, 4]) + bytes(8)                # Not copied.
    alert = bytes([0x94, 4, 0, 0])                       # Copied.
    for options in (b"", b"\x01" + loose, record + b"\0", alert,
                    b"\x01\x01" + record + loose + b"\0" * 4,
                    alert * 10):
        for mtu in 68, 576, 1358, 1438, 1458, 1459:
            for size in mtu - 19 - len(options), 1480, 3000, 3016:
                payload = rng.randbytes(size)
                text = frame(ipv4(payload, frag=0, options=options)).hex() \
                    + " mtu=%d" % mtu
                total = 20 + len(options) + size
                expected = cut(payload, mtu, 0, options)
                if total <= mtu or expected.count(" ") >= 64:
                    expected = "refused"
                yield text, expected
    # Fragments are cut again, the last one and others.
    for frag in 0x2000, 0x2001, 0x00b9, 0x9000:
        payload = rng.randbytes(1480)
        yield frame(ipv4(payload, frag=frag)).hex() + " mtu=1458", \
            cut(payload, 1458, frag)
    # 65535 bytes take 46 fragments; what would reach beyond is refused.
    payload = rng.randbytes(65515)
    yield frame(ipv4(payload, frag=0)).hex() + " mtu=1458", \
        cut(payload, 1458)
    yield frame(ipv4(payload, frag=0)).hex() + " mtu=576", "refused"
    yield frame(ipv4(payload, frag=0x1fff)).hex() + " mtu=1458", "refused"
    # Padding does not get into fragments.
    payload = rng.randbytes(1480)
    yield (frame(ipv4(payload, frag=0)) + bytes(9)).hex() + " mtu=1458", \
        cut(payload, 1458)
    for bad in bytes([0x83, 9, 4, 0]), bytes([7, 1, 0, 0]), \
            bytes([1, 1, 1, 7]):
        yield frame(ipv4(payload, frag=0, options=bad)).hex() + " mtu=1458", \
            "refused"
    good = frame(ipv4(payload, frag=0))
    yield (good[:14] + b"\x46" + good[15:]).hex() + " mtu=1458", "refused"
    yield good[:-1].hex() + " mtu=1458", "refused"
    yield (good[:24] + b"\x12" + good[25:]).hex() + " mtu=1458", "refused"
    yield (good[:12] + b"\x86\xdd" + good[14:]).hex() + " mtu=1458", \
        "refused"
    # 64 fragments of 48 bytes, and one byte more.
    most = bytes(64 * 48)
    yield frame(ipv4(most, frag=0)).hex() + " mtu=68", cut(most, 68)
    yield frame(ipv4(most + b"x", frag=0)).hex() + " mtu=68", "refused"
    yield frame(ipv6(payload)).hex() + " mtu=1438", "refused"
    for size in 0, 13, 14, 20, 33:
        yield good[:size].hex() + " mtu=1458", "refused"
    yield good.hex() + " mtu=27", "refused"
    yield good.hex() + " mtu=28", "refused"


def tcp(payload, src, dst, seq=1000, flags=0x10):
    """A TCP segment with its checksum."""
    header = struct.pack("!HHIIHHHH", 1000, 80, seq, 7, 0x5000 | flags, 512,
                         0, 0)
    pseudo = addr(src) + addr(dst) \
        + struct.pack("!II", len(header + payload), 6)
    value = checksum(pseudo + header + payload)
    return header[:16] + struct.pack("!H", value) + header[18:] + payload


def segments():
    """TCP packets of 3000 bytes that are to be cut into segments of 1440, with
    no checksum done, and answers that quote the first segment."""
    payload = random.Random(6).randbytes(3000)
    push_fin = 0x19

    first = ipv4(tcp(payload[:1440], SRC4, DST4), 6)
    whole = ipv4(tcp(payload, SRC4, DST4, flags=push_fin), 6)
    whole = whole[:10] + b"\0\0" + whole[12:36] + b"\0\0" + whole[38:]
    yield case(whole, 1458, icmp(first, 1458))
    first = ipv6(tcp(payload[:1440], SRC6, DST6), 6)
    whole = ipv6(tcp(payload, SRC6, DST6, flags=push_fin), 6)
    whole = whole[:56] + b"\0\0" + whole[58:]
    yield case(whole, 1458, icmp6(first, 1458))


def silent():
    """Packets of 1500 bytes that must not be answered."""
    for kind in 3, 11:
        yield case(ipv4(bytes([kind]) + bytes(1479), 1), 1458, None)
    data = bytes(1480)
    yield case(ipv4(data, frag=DF | 1), 1458, None)
    yield case(ipv4(data, dst="224.0.0.9"), 1458, None)
    yield case(ipv4(data), 1458, None, "", b"\xff" * 6 + MACS[6:])
    data = bytes(1460)
    for kind in 1, 2, 137:
        yield case(ipv6(bytes([kind]) + data[1:], 58), 1458, None)
    yield case(ipv6(struct.pack("!BBHI", 17, 0, 8, 1) + data[8:], 44), 1458,
               None)
    yield case(ipv6(data, dst="ff02::9"), 1458, None)


def main():
    """Prints the cases of one kind."""
    kinds = {"answers": answers, "rules": rules, "fragments": fragments,
             "segments": segments, "silent": silent}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(kinds))
    for text, expected in kinds[parser.parse_args().kind]():
        print("%s => %s" % (text, expected))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Cases for the NVGRE unit tests, with what the standards say of each.

Knows the standards only, none of the code under test.  Prints lines of the
form "CASE => EXPECTED" (see NVGRE_JUDGE in nvgre-wire.at), or, for "spread",
judges lines of its standard input.
"""

import argparse
import collections
import ipaddress
import struct
import sys

from nvgrepeer.wire import checksum

INNER = bytes.fromhex("060600000007" "060600000005" "0800") + bytes(4)
TEB = 0x6558

# RFC 6040 figure 4: what the inner packet leaves with.  Rows: inner header,
# columns: outer header.
NOT_ECT, ECT_1, ECT_0, CE = 0, 1, 2, 3
FIGURE_4 = {
    NOT_ECT: {NOT_ECT: NOT_ECT, ECT_0: NOT_ECT, ECT_1: NOT_ECT, CE: None},
    ECT_0: {NOT_ECT: ECT_0, ECT_0: ECT_0, ECT_1: ECT_1, CE: CE},
    ECT_1: {NOT_ECT: ECT_1, ECT_0: ECT_1, ECT_1: ECT_1, CE: CE},
    CE: {NOT_ECT: CE, ECT_0: CE, ECT_1: CE, CE: CE},
}


def gre(flags, proto, key, inner, good_checksum=True):
    """A GRE packet with the fields that 'flags' announces (RFC 2890)."""
    packet = struct.pack("!HH", flags, proto)
    if flags & 0x8000:
        packet += bytes(4)
    packet += struct.pack("!I", key)
    if flags & 0x1000:
        packet += struct.pack("!I", 1)
    packet += inner
    if flags & 0x8000:
        value = checksum(packet) ^ (0 if good_checksum else 0x5555)
        packet = packet[:4] + struct.pack("!H", value) + packet[6:]
    return packet


def verdict_of_word(flags, proto, lenient):
    """What becomes of a first word, in the documented order of drops."""
    if flags & 0x4c00:
        return "gre-rfc1701"            # RFC 2784 2.3: bits 1, 4, 5.
    if flags & 0x0007:
        return "gre-version"
    if flags & 0x8000 and not lenient:
        return "gre-checksum"
    if flags & 0x1000 and not lenient:
        return "gre-sequence"
    if not flags & 0x2000:
        return "gre-no-key"
    return "ok" if proto == TEB else "gre-proto"


def first_words():
    """All 65536 values of the first half of the first word."""
    for lenient in False, True:
        for flags in range(0x10000):
            packet = gre(flags, TEB, 0x12345678, INNER)
            expected = verdict_of_word(flags, TEB, lenient)
            if expected == "ok":
                length = 8 + (4 if flags & 0x8000 else 0) \
                    + (4 if flags & 0x1000 else 0)
                expected += " vsid=0x123456 flowid=0x78 key=0x12345678 " \
                    "len=%d" % length
            yield packet.hex() + (" lenient" if lenient else ""), expected


def truncations():
    """Packets cut off after each byte."""
    for flags, lenient in (0x2000, False), (0x2000, True), (0x3000, True):
        whole = gre(flags, TEB, 0x12345678, INNER)
        header = len(whole) - len(INNER)
        for size in range(len(whole) + 1):
            if size < header:
                expected = "gre-truncated"
            elif size < header + 14:
                expected = "inner-short"
            else:
                expected = "ok vsid=0x123456 flowid=0x78 key=0x12345678 " \
                    "len=%d" % header
            yield whole[:size].hex() + (" lenient" if lenient
                                        else " rfc7637"), expected


def cut_checksums():
    """Packets with a checksum, cut off, with the checksum of what is left, and
    then with a wrong one."""
    for flags, header in (0xa000, 12), (0xb000, 16):
        for size in range(15):
            good = gre(flags, TEB, 0x12345678, INNER[:size])
            yield good.hex() + " lenient", "inner-short" if size < 14 else \
                "ok vsid=0x123456 flowid=0x78 key=0x12345678 len=%d" % header
            bad = gre(flags, TEB, 0x12345678, INNER[:size], False)
            yield bad.hex() + " lenient", "gre-checksum"
        for size in range(1, header):
            yield good[:size].hex() + " lenient", "gre-truncated"


def ipv4_header(tos, src="10.0.0.5", dst="10.0.0.7", proto=17, frag=0,
                payload=0):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, tos, 20 + payload, 0x1234,
                         frag, 64, proto, 0, ipaddress.ip_address(src).packed,
                         ipaddress.ip_address(dst).packed)
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:]


def ipv6_header(tos, src="2001:db8::5", dst="2001:db8::7", proto=17,
                payload=0):
    return struct.pack("!IHBB16s16s", 6 << 28 | tos << 20 | 0xabcde, payload,
                       proto, 64, ipaddress.ip_address(src).packed,
                       ipaddress.ip_address(dst).packed)


def ethernet(ethertype, payload):
    return INNER[:12] + struct.pack("!H", ethertype) + payload


def ecn():
    """All combinations of ECN bits, with several DSCPs on either side."""
    makers = (0x0800, ipv4_header), (0x86dd, ipv6_header)
    for ethertype, header in makers:
        for dscp in 0x00, 0x04, 0xb8, 0xfc:
            for inner, row in FIGURE_4.items():
                frame = ethernet(ethertype, header(dscp | inner))
                for outer, leaves in row.items():
                    expected = "ecn-ce-not-ect" if leaves is None else \
                        ethernet(ethertype, header(dscp | leaves)).hex()
                    for outer_dscp in 0x00, 0x48, 0xfc:
                        yield "%s tos=%d" % (frame.hex(),
                                             outer_dscp | outer), expected


def ecn_cut():
    """CE on frames whose inner IP header is cut off has nothing to change."""
    for ethertype, header in (0x0800, ipv4_header), (0x86dd, ipv6_header):
        whole = ethernet(ethertype, header(CE & ECT_0))
        for size in range(14, len(whole)):
            yield whole[:size].hex() + " tos=3", whole[:size].hex()


def flows():
    """Frames of many flows that differ in ports only, or addresses only."""
    for i in range(2048):
        ports = struct.pack("!HHHH", 1024 + i, 53, 8, 0)
        yield ethernet(0x0800, ipv4_header(0, payload=8) + ports).hex()
        source = "2001:db8::%x" % (0x1000 + i)
        yield ethernet(0x86dd, ipv6_header(0, source, payload=8)
                       + ports).hex()


def fragments():
    """Each group of lines is the fragments of one datagram."""
    for i in range(64):
        src = "10.1.%d.9" % i
        for frag in 0x2000, 0x2001, 0x0002:
            yield ethernet(0x0800, ipv4_header(0, src, frag=frag, payload=8)
                           + struct.pack("!Q", i * 7919 + frag)).hex()
    for i in range(64):
        src = "2001:db8::%x:9" % i
        for offset in 0x0001, 0x0009, 0x0010:
            fragment = struct.pack("!BBHI", 17, 0, offset, 0x1234 + i)
            hop = bytes.fromhex("2c00010400000000") if i % 2 else b""
            yield ethernet(0x86dd, ipv6_header(
                0, src, proto=0 if hop else 44, payload=16 + len(hop))
                + hop + fragment + struct.pack("!Q", i * 7919 + offset)).hex()


def spread():
    """Judges FlowIDs, the first word of each input line.  For random values
    in 256 bins chi-square has mean 255 and standard deviation 23."""
    count = collections.Counter(line.split()[0] for line in sys.stdin)
    expected = sum(count.values()) / 256
    chi = sum((count["0x%02x" % i] - expected) ** 2 / expected
              for i in range(256))
    print("%d FlowIDs, %s" % (
        len(count), "even" if chi < 255 + 8 * 23 else "chi-square %d" % chi))


def same():
    """Checks that all three lines of each group begin alike, and that groups
    differ."""
    words = [line.split()[:2] for line in sys.stdin]
    groups = [words[i:i + 3] for i in range(0, len(words), 3)]
    uneven = sum(group.count(group[0]) != 3 for group in groups)
    values = len({group[0][1] for group in groups})
    print("%d datagrams, %d with unequal fragments, %s" % (
        len(groups), uneven, "various" if values > len(groups) * 3 / 4
        else "only %d values" % values))


CASES = {"first-words": first_words, "truncations": truncations,
         "cut-checksums": cut_checksums, "ecn": ecn, "ecn-cut": ecn_cut}
FRAMES = {"flows": flows, "fragments": fragments}
JUDGES = {"spread": spread, "same": same}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=[*CASES, *FRAMES, *JUDGES])
    what = parser.parse_args().what
    if what in CASES:
        for case, expected in CASES[what]():
            print(case, "=>", expected)
    elif what in FRAMES:
        print("\n".join(FRAMES[what]()))
    else:
        JUDGES[what]()


if __name__ == "__main__":
    main()

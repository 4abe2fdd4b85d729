#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads NVGRE frames in hex, one per line, and checks all their checksums.

Knows the standards only and shares no code with what makes the frames.  Prints
one line for each frame:

    VERSION vsid VSID flowid FLOWID outer LENGTH inner LENGTH seq SEQ: VERDICT

where VERSION is that of the outer and the inner IP header, and VERDICT is "ok"
or what is wrong.
"""

import struct
import sys

from nvgrepeer.wire import checksum


def parse_ip(packet, errors, name):
    """Returns (version, protocol, pseudo header sans length, payload)."""
    version = packet[0] >> 4
    if version == 4:
        length = struct.unpack("!H", packet[2:4])[0]
        if checksum(packet[:20]):
            errors.append("%s IP checksum" % name)
        addresses, proto, header = packet[12:20], packet[9], 20
    else:
        length = 40 + struct.unpack("!H", packet[4:6])[0]
        addresses, proto, header = packet[8:40], packet[6], 40
    if length != len(packet):
        errors.append("%s length %d of %d" % (name, length, len(packet)))
    return version, proto, addresses, packet[header:length]


def check(frame):
    """Returns what to print of 'frame'."""
    errors = []
    outer = frame[14:]
    version, proto, _, gre = parse_ip(outer, errors, "outer")
    if proto != 47 or gre[:4] != bytes.fromhex("20006558"):
        errors.append("GRE header")
    if version == 4 and outer[6:8] != bytes.fromhex("4000"):
        errors.append("DF")
    key = struct.unpack("!I", gre[4:8])[0]
    inner = gre[22:]
    inner_version, proto, addresses, tcp = parse_ip(inner, errors, "inner")
    pseudo = addresses + struct.pack("!II", len(tcp), proto)
    if checksum(pseudo + tcp):
        errors.append("L4 checksum")
    seq = struct.unpack("!I", tcp[4:8])[0] if proto == 6 else 0
    return "%d/%d vsid %d flowid %#x outer %d inner %d seq %d: %s" % (
        version, inner_version, key >> 8, key & 255, len(outer), len(inner),
        seq, ", ".join(errors) or "ok")


def main():
    """Checks standard input; fails if a frame is bad."""
    bad = False
    for line in sys.stdin:
        text = check(bytes.fromhex(line.strip()))
        bad |= not text.endswith(" ok")
        print(text)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

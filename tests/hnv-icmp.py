#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ICMP errors in the name of a gateway, field by field as the RFCs have them.

Prints lines "WORDS FRAME => ANSWER" for hnvtest hnv-icmp.
"""

import struct

from nvgrepeer import wire

VM_MAC = wire.mac_bytes("02:00:00:00:00:11")
GATEWAY_MAC = wire.mac_bytes("00:15:5d:ff:ff:01")
VM4, VM6 = wire.ip_bytes("172.16.1.11"), wire.ip_bytes("fd01::11")
FAR4, FAR6 = wire.ip_bytes("172.16.2.13"), wire.ip_bytes("fd02::13")
GATEWAY4, GATEWAY6 = wire.ip_bytes("172.16.1.1"), wire.ip_bytes("fd01::1")
TTL, TOO_BIG, PORT, NET, HOST = range(5)
# Type and code of each kind: RFC 792, and RFC 4443 sections 3.1 to 3.3.
CODES = {4: {TTL: (11, 0), TOO_BIG: (3, 4), PORT: (3, 3), NET: (3, 0),
             HOST: (3, 1)},
         6: {TTL: (3, 0), TOO_BIG: (2, 0), PORT: (1, 4), NET: (1, 0),
             HOST: (1, 3)}}
# RFC 1812 section 4.3.2.3, and the minimum MTU of IPv6.
LARGEST = {4: 576, 6: 1280}


def frame(packet, dst=GATEWAY_MAC, src=VM_MAC):
    """The frame in which a packet comes from the VM."""
    return wire.ip_frame((dst, src), packet)


def error(kind, packet, mtu=0, source=None, tos=0):
    """The frame of the error about 'packet'."""
    version = packet[0] >> 4
    gateway, vm = ((GATEWAY4, VM4) if version == 4 else (GATEWAY6, VM6))
    source = source or gateway
    # The 32 bits after the checksum: unused, but for the MTU, which is in the
    # lower half with IPv4 (RFC 1191) and all of them with IPv6.
    quoted = packet[:LARGEST[version] - (28 if version == 4 else 48)]
    message = (struct.pack("!BBHI", *CODES[version][kind], 0, mtu) + quoted)
    covered = message
    if version == 6:
        covered = wire.pseudo(source, vm, 58, len(message)) + message
    message = (message[:2] + struct.pack("!H", wire.checksum(covered))
               + message[4:])
    answer = (wire.ipv4(source, vm, 1, message, df=False, tos=tos)
              if version == 4 else wire.ipv6(source, vm, 58, message))
    return wire.ip_frame((VM_MAC, GATEWAY_MAC), answer)


def line(kind, raw, answer=None, mtu=0, note=""):
    """One line."""
    print(f"kind={kind} mtu={mtu} gateway=172.16.1.1 gateway=fd01::1",
          raw.hex(), "=>", (answer.hex() + note) if answer else "no answer")


def small(version, size=64, **opt):
    """A UDP packet of 'size' bytes of data, or another protocol's."""
    src, dst = (VM4, FAR4) if version == 4 else (VM6, FAR6)
    src, dst = opt.pop("src", src), opt.pop("dst", dst)
    proto = opt.pop("proto", 17)
    body = opt.pop("body", wire.udp(src, dst, (40000, 53), bytes(size)))
    return wire.ip(src, dst, proto, body, **opt)


def said():
    """Errors that are due."""
    for version in (4, 6):
        for kind, mtu in ((TTL, 0), (PORT, 0), (TOO_BIG, 1458),
                          (NET, 0), (HOST, 0)):
            packet = small(version, ttl=1)
            # Who is asked for a port answers in the name that was asked.
            source = ((FAR4 if version == 4 else FAR6) if kind == PORT
                      else None)
            line(kind, frame(packet), error(kind, packet, mtu, source), mtu)
        # The quote is as long as it may be, and has no padding of the frame.
        for size in (519, 520, 521, 1183, 1184, 1185, 1400):
            packet = small(version, size)
            line(TTL, frame(packet), error(TTL, packet))
        packet = small(version, 1)
        line(TTL, frame(packet) + bytes(17), error(TTL, packet))
        # A question is answered, though it is ICMP.
        for kind in ((8, 0, 13, 40) if version == 4 else (128, 129, 200)):
            packet = small(version, proto=1 if version == 4 else 58,
                           body=struct.pack("!BBHI", kind, 0, 0, 0))
            line(TTL, frame(packet), error(TTL, packet))
    # The precedence and DSCP of what it is about, without ECN.
    packet = small(4, tos=0xb9)
    line(TTL, frame(packet), error(TTL, packet, tos=0xb8))
    packet = small(4, df=False)
    line(TTL, frame(packet), error(TTL, packet), note=" fragmentable")
    packet = small(4, df=False, mf=True)
    line(TTL, frame(packet), error(TTL, packet), note=" fragmentable")
    packet = small(6, fragment=(7, 0, True))
    line(TTL, frame(packet), error(TTL, packet))


def silent():
    """RFC 1122 section 3.2.2 and RFC 4443 section 2.4(e): no error about an
    error, nor about what is not for one machine or from one."""
    for kind in (3, 4, 5, 11, 12):
        line(TTL, frame(small(4, proto=1, body=struct.pack(
            "!BBHI", kind, 0, 0, 0))))
    for kind in (0, 1, 3, 4, 127, 137):
        body = struct.pack("!BBHI", kind, 0, 0, 0)
        line(TTL, frame(small(6, proto=58, body=body)))
        # Behind a fragment header, and behind destination options.
        line(TTL, frame(small(6, proto=58, body=body,
                              fragment=(7, 0, True))))
        options = bytes([58, 0, 1, 4, 0, 0, 0, 0])
        line(TTL, frame(small(6, proto=60, body=options + body)))
    # All but the first fragment of IPv4.
    line(TTL, frame(small(4, df=False, offset=1480)))
    for src in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "240.0.0.1",
                "255.255.255.255"):
        line(TTL, frame(small(4, src=wire.ip_bytes(src))))
    for dst in ("224.0.0.1", "255.255.255.255"):
        line(TTL, frame(small(4, dst=wire.ip_bytes(dst))))
    for src in ("::", "ff02::1"):
        line(TTL, frame(small(6, src=wire.ip_bytes(src))))
    line(TTL, frame(small(6, dst=wire.ip_bytes("ff02::1"))))
    for version in (4, 6):
        good = small(version)
        line(TTL, frame(good, dst=wire.BROADCAST))
        line(TTL, frame(good, src=wire.BROADCAST))
        # Cut short.
        for size in (1, 13, 14, 33, 53 if version == 6 else 33):
            line(TTL, frame(good)[:size])
    line(TTL, frame(small(4, proto=1, body=b"")))
    line(TTL, frame(small(6, proto=58, body=b"\x80")))
    # A header that claims to be shorter, or longer, than it can be.
    good = small(4)
    line(TTL, wire.ethernet(GATEWAY_MAC, VM_MAC, 0x800, b"\x44" + good[1:]))
    line(TTL, wire.ethernet(GATEWAY_MAC, VM_MAC, 0x800, b"\x65" + good[1:]))
    line(TTL, wire.ethernet(GATEWAY_MAC, VM_MAC, 0x800,
                            b"\x4f" + good[1:2] + b"\0\x20" + good[4:]))
    line(TTL, wire.arp_request(VM_MAC, VM4, FAR4))
    # Without a gateway address of that kind.
    print("kind=0 gateway=fd01::1", frame(good).hex(), "=> no answer")
    print("kind=0 gateway=172.16.1.1", frame(small(6)).hex(), "=> no answer")


if __name__ == "__main__":
    said()
    silent()

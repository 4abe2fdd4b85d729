# SPDX-License-Identifier: Apache-2.0
"""Building the bytes of Ethernet, ARP, IP, ICMP, UDP and NVGRE.

What: pure functions from fields to bytes.  Addresses are bytes as on the wire
unless a name ends in "_text".

What not: parsing is in parse.py, and sockets are in live.py.  Nothing here
checks that a frame makes sense, because broken frames are what it is for.
"""

import ipaddress
import struct

ETH_IPV4 = 0x0800
ETH_ARP = 0x0806
ETH_VLAN = 0x8100
ETH_IPV6 = 0x86dd
ETH_TEB = 0x6558        # Transparent Ethernet Bridging, what NVGRE carries.

PROTO_ICMP = 1
PROTO_TCP = 6
PROTO_UDP = 17
PROTO_GRE = 47
PROTO_FRAGMENT = 44
PROTO_ICMPV6 = 58

GRE_CHECKSUM = 0x8000
GRE_KEY = 0x2000
GRE_SEQUENCE = 0x1000

BROADCAST = b"\xff" * 6


def mac_bytes(text):
    """Returns the six bytes of a MAC address written with colons."""
    raw = bytes.fromhex(text.replace(":", "").replace("-", ""))
    if len(raw) != 6:
        raise ValueError(f"'{text}' is not a MAC address")
    return raw


def mac_text(raw):
    """Returns a MAC address as people write it."""
    return raw.hex(":")


def ip_bytes(text):
    """Returns the 4 or 16 bytes of an IP address."""
    return ipaddress.ip_address(text).packed


def ip_text(raw):
    """Returns an IP address as people write it."""
    return str(ipaddress.ip_address(raw))


def checksum(data):
    """Returns the Internet checksum (RFC 1071) of 'data'."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def ethernet(dst, src, ethertype, payload, tag=None):
    """An Ethernet frame, with an 802.1Q 'tag' (TPID, TCI) if there is one."""
    tag = struct.pack("!HH", *tag) if tag else b""
    return dst + src + tag + struct.pack("!H", ethertype) + payload


def ipv4(src, dst, proto, payload, **opt):
    """An IPv4 packet.

    'opt' may set tos, ttl, ident, df, mf, offset (in bytes), and checksum_xor,
    which spoils the header checksum."""
    flags = (0x4000 if opt.get("df", True) else 0)
    flags |= (0x2000 if opt.get("mf") else 0) | opt.get("offset", 0) // 8
    head = struct.pack("!BBHHHBBH4s4s", 0x45, opt.get("tos", 0),
                       20 + len(payload), opt.get("ident", 0), flags,
                       opt.get("ttl", 64), proto, 0, src, dst)
    csum = checksum(head) ^ opt.get("checksum_xor", 0)
    return head[:10] + struct.pack("!H", csum) + head[12:] + payload


def ipv6(src, dst, proto, payload, **opt):
    """An IPv6 packet.

    'opt' may set tos, ttl, label, extra_length, which makes the payload length
    a lie, and fragment (ident, offset in bytes, more), which inserts a
    Fragment header."""
    if opt.get("fragment"):
        ident, offset, more = opt["fragment"]
        payload = struct.pack("!BBHI", proto, 0, offset | bool(more),
                              ident) + payload
        proto = PROTO_FRAGMENT
    first = 6 << 28 | opt.get("tos", 0) << 20 | opt.get("label", 0)
    return struct.pack("!IHBB", first,
                       len(payload) + opt.get("extra_length", 0), proto,
                       opt.get("ttl", 64)) + src + dst + payload


def ip(src, dst, proto, payload, **opt):
    """An IP packet of the family of its addresses."""
    build = ipv4 if len(src) == 4 else ipv6
    return build(src, dst, proto, payload, **opt)


def ip_frame(ends, packet, tag=None):
    """An Ethernet frame around an IP packet; 'ends' is (dst, src) MACs."""
    kind = ETH_IPV4 if packet[0] >> 4 == 4 else ETH_IPV6
    return ethernet(ends[0], ends[1], kind, packet, tag)


def pseudo(src, dst, proto, length):
    """What a transport checksum covers besides the transport."""
    if len(src) == 4:
        return src + dst + struct.pack("!BBH", 0, proto, length)
    return src + dst + struct.pack("!II", length, proto)


def udp(src, dst, ports, data):
    """A UDP datagram with its checksum; 'ports' is (source, destination)."""
    head = struct.pack("!HHH", ports[0], ports[1], 8 + len(data))
    covered = pseudo(src, dst, PROTO_UDP, 8 + len(data)) + head + b"\0\0"
    return head + struct.pack("!H", checksum(covered + data) or 0xffff) + data


def icmp(src, dst, kind, body):
    """An ICMP or ICMPv6 message, from its type and what follows byte 4."""
    raw = struct.pack("!BBH", kind, 0, 0) + body
    cover = raw
    if len(src) == 16:
        cover = pseudo(src, dst, PROTO_ICMPV6, len(raw)) + raw
    return raw[:2] + struct.pack("!H", checksum(cover)) + raw[4:]


def arp(operation, sender, target):
    """An ARP packet; 'sender' and 'target' are (MAC, IPv4)."""
    return struct.pack("!HHBBH6s4s6s4s", 1, ETH_IPV4, 6, 4, operation,
                       *sender, *target)


def arp_request(mac, address, target):
    """A broadcast frame that asks who has 'target'."""
    return ethernet(BROADCAST, mac, ETH_ARP,
                    arp(1, (mac, address), (b"\0" * 6, target)))


def neighbor_solicitation(mac, address, target):
    """A multicast frame that asks who has the IPv6 address 'target'."""
    group = ip_bytes("ff02::1:ff00:0")[:13] + target[13:]
    body = b"\0" * 4 + target + b"\x01\x01" + mac
    packet = ipv6(address, group, PROTO_ICMPV6,
                  icmp(address, group, 135, body), ttl=255)
    return ip_frame((b"\x33\x33" + group[12:], mac), packet)


def neighbor_advertisement(mac, address, asker_mac, asker):
    """The frame that tells 'asker' that 'mac' has 'address'."""
    body = struct.pack("!I", 0x60000000) + address + b"\x02\x01" + mac
    packet = ipv6(address, asker, PROTO_ICMPV6,
                  icmp(address, asker, 136, body), ttl=255)
    return ip_frame((asker_mac, mac), packet)


def make_key(layout, vsid, flowid):
    """The 32 bits of the GRE key in key layout 'layout'."""
    if layout == "draft00":
        return vsid
    return vsid << 8 | flowid


def gre(key, payload, flags=GRE_KEY, proto=ETH_TEB):
    """A GRE header with the fields that 'flags' says are there, and payload.

    RFC 2784 and RFC 2890 put checksum, key and sequence number in this
    order."""
    parts = [b"\0\0\0\0"] if flags & GRE_CHECKSUM else []
    if flags & GRE_KEY:
        parts.append(struct.pack("!I", key))
    if flags & GRE_SEQUENCE:
        parts.append(struct.pack("!I", 1))
    raw = struct.pack("!HH", flags, proto) + b"".join(parts) + payload
    if flags & GRE_CHECKSUM:
        raw = raw[:4] + struct.pack("!H", checksum(raw)) + raw[6:]
    return raw

# SPDX-License-Identifier: Apache-2.0
"""Taking frames apart.

What: frame() turns an Ethernet frame into a flat dictionary, and nvgre() does
so for a frame of the underlay and for what it carries, whose fields begin with
"i" for inner.  Flat, because "--where vsid=5001" and sed are to find them.

What not: no verdict is given here.  "errors" lists what a strict reader would
complain of, and the test that asked decides what to think of it.
"""

import struct

from . import wire


def _ipv6_upper(packet, info):
    """Skips extension headers; returns (protocol, offset of the payload)."""
    proto, at = packet[6], 40
    while proto in (0, 43, 60, wire.PROTO_FRAGMENT) and len(packet) >= at + 8:
        if proto == wire.PROTO_FRAGMENT:
            field, ident = struct.unpack("!HI", packet[at + 2:at + 8])
            info.update(frag=1, offset=field & 0xfff8, mf=field & 1,
                        ident=ident)
            size = 8
        else:
            size = 8 + 8 * packet[at + 1]
        proto, at = packet[at], at + size
    return proto, at


def _ip_header(packet, info):
    """Stores the IP header's fields; returns (protocol, payload) or None."""
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) >= 20:
        size = (packet[0] & 15) * 4
        tos, total, ident, field, ttl, proto = struct.unpack(
            "!xBHHHBB", packet[:10])
        src, dst, data = packet[12:16], packet[16:20], packet[size:total]
        info.update(df=field >> 14 & 1, mf=field >> 13 & 1, ident=ident,
                    offset=(field & 0x1fff) * 8,
                    frag=int(bool(field & 0x3fff)))
        if wire.checksum(packet[:size]):
            info["errors"].append("ip-checksum")
    elif version == 6 and len(packet) >= 40:
        first, total, ttl = struct.unpack("!IHxB", packet[:8])
        tos, total = first >> 20 & 0xff, 40 + total
        info["label"] = first & 0xfffff
        src, dst = packet[8:24], packet[24:40]
        proto, at = _ipv6_upper(packet, info)
        data = packet[at:total]
    else:
        info["errors"].append("ip-short")
        return None
    if total > len(packet):
        info["errors"].append("ip-length")
    info.update(family=version, src=wire.ip_text(src), dst=wire.ip_text(dst),
                tos=tos, ecn=tos & 3, ttl=ttl, ipproto=proto, iplen=total)
    info["raw_src"], info["raw_dst"] = src, dst
    return proto, data


def _transport(proto, data, info):
    """Stores ports and ICMP type, and checks the transport's checksum."""
    if info.get("offset") or len(data) < 8:
        return
    if proto in (wire.PROTO_TCP, wire.PROTO_UDP):
        info["sport"], info["dport"] = struct.unpack("!HH", data[:4])
    elif proto in (wire.PROTO_ICMP, wire.PROTO_ICMPV6):
        info["icmp"] = data[0]
    else:
        return
    if info.get("frag"):
        return
    cover = data
    if proto != wire.PROTO_ICMP:
        cover = wire.pseudo(info["raw_src"], info["raw_dst"], proto,
                            len(data)) + data
    if proto == wire.PROTO_UDP and data[6:8] == b"\0\0":
        return
    if wire.checksum(cover):
        info["errors"].append("l4-checksum")


def _arp(packet, info):
    if len(packet) >= 28:
        info["arp"] = struct.unpack("!H", packet[6:8])[0]
        info["raw_src"], info["raw_dst"] = packet[14:18], packet[24:28]
        info["src"] = wire.ip_text(info["raw_src"])
        info["dst"] = wire.ip_text(info["raw_dst"])


def frame(raw):
    """Returns the fields of the Ethernet frame 'raw'.

    "data" holds what follows the innermost header understood, and names that
    begin with "raw_" hold bytes; public() removes both."""
    info = {"errors": [], "len": len(raw)}
    if len(raw) < 14:
        info["errors"].append("short")
        return info
    info.update(dmac=wire.mac_text(raw[:6]), smac=wire.mac_text(raw[6:12]))
    at, tags = 12, []
    kind = struct.unpack("!H", raw[at:at + 2])[0]
    while kind in (wire.ETH_VLAN, 0x88a8, 0x9100) and len(raw) >= at + 6:
        tci, following = struct.unpack("!HH", raw[at + 2:at + 6])
        tags.append(f"{kind:04x}:{tci & 0xfff}:{tci >> 13}")
        kind, at = following, at + 4
    info.update(tag=",".join(tags), type=f"0x{kind:04x}")
    info["data"] = raw[at + 2:]
    if kind == wire.ETH_ARP:
        _arp(info["data"], info)
    elif kind in (wire.ETH_IPV4, wire.ETH_IPV6):
        found = _ip_header(info["data"], info)
        if found:
            info["data"] = found[1]
            _transport(*found, info)
    return info


def _gre(data, layout, info):
    """Stores the GRE header's fields; returns the inner frame or None."""
    if len(data) < 4:
        info["errors"].append("gre-short")
        return None
    flags, proto = struct.unpack("!HH", data[:4])
    info.update(flags=f"0x{flags:04x}", proto=f"0x{proto:04x}")
    if flags != wire.GRE_KEY or proto != wire.ETH_TEB:
        info["errors"].append("gre-not-nvgre")
    at = 4 + (4 if flags & wire.GRE_CHECKSUM else 0)
    if flags & wire.GRE_CHECKSUM and wire.checksum(data):
        info["errors"].append("gre-bad-checksum")
    if flags & wire.GRE_KEY and len(data) >= at + 4:
        key = struct.unpack("!I", data[at:at + 4])[0]
        info["key"] = f"0x{key:08x}"
        if layout == "draft00":
            info.update(vsid=key & 0xffffff, flowid=0, high=key >> 24)
        else:
            info.update(vsid=key >> 8, flowid=key & 0xff)
        at += 4
    at += 4 if flags & wire.GRE_SEQUENCE else 0
    return data[at:]


def nvgre(raw, layout="rfc7637"):
    """Returns (fields of the underlay's frame, the inner frame or None).

    The inner frame's fields are in the dictionary too, behind an "i"."""
    info = frame(raw)
    if info.get("ipproto") != wire.PROTO_GRE or info.get("frag"):
        return info, None
    inner = _gre(info["data"], layout, info)
    if inner is None or info["proto"] != f"0x{wire.ETH_TEB:04x}":
        return info, None
    for name, value in frame(inner).items():
        if name == "errors":
            info["errors"] += [f"inner-{error}" for error in value]
        else:
            info[f"i{name}"] = value
    return info, inner


def public(info):
    """What of 'info' can be printed as JSON."""
    return {name: value for name, value in info.items()
            if not isinstance(value, bytes)}

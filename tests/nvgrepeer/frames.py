# SPDX-License-Identifier: Apache-2.0
"""Frames by name: one good one, and one or more for each reason to drop.

What: a Recipe says how to build a frame, and CATALOGUE says which parts of the
recipe to spoil so that exactly one thing is wrong.  The names begin with the
reason that "ovs-appctl nvgre/drops" should give, then "/" and a variant.
"""

import dataclasses

from . import wire

CE = 3      # Congestion Experienced, in the ECN field.


@dataclasses.dataclass
class Inner:
    """The tenant's frame."""
    smac: bytes = wire.mac_bytes("02:00:00:00:00:02")
    src: bytes = wire.ip_bytes("172.16.0.2")
    dmac: bytes = wire.mac_bytes("02:00:00:00:00:01")
    dst: bytes = wire.ip_bytes("172.16.0.1")
    kind: str = "udp"
    sport: int = 4000
    dport: int = 4000
    tos: int = 0
    data: bytes = b"nvgre-peer"
    size: int = 0               # Bytes of the IP packet, 0 for what it takes.
    tag: tuple = None           # (TPID, TCI)
    fragment: int = 0           # Bytes of IP payload per fragment, 0 for none.
    ident: int = 1

    def frames(self):
        """Returns the Ethernet frames: one, or as many as fragments."""
        if self.kind == "arp":
            return [wire.arp_request(self.smac, self.src, self.dst)]
        if self.kind == "other":
            # A local experimental EtherType: neither IPv4, IPv6 nor ARP.
            return [wire.ethernet(self.dmac, self.smac, 0x88b5, self.data,
                                  self.tag)]
        proto, body = self._transport()
        ends = self.dmac, self.smac
        return [wire.ip_frame(ends, packet, self.tag)
                for packet in self._packets(proto, body)]

    def _transport(self):
        v4 = len(self.src) == 4
        room = (self.size or 10 ** 6) - (20 if v4 else 40) - 8
        data = self.data
        if self.size:
            data = (data + b"." * max(0, room))[:max(0, room)]
        if self.kind == "udp":
            return wire.PROTO_UDP, wire.udp(self.src, self.dst,
                                            (self.sport, self.dport), data)
        body = self.sport.to_bytes(2, "big") + b"\0\1" + data
        kind, proto = (8, wire.PROTO_ICMP) if v4 else (128, wire.PROTO_ICMPV6)
        return proto, wire.icmp(self.src, self.dst, kind, body)

    def _packets(self, proto, body):
        if not self.fragment:
            return [wire.ip(self.src, self.dst, proto, body, tos=self.tos)]
        step = self.fragment // 8 * 8
        packets = []
        for at in range(0, len(body), step):
            more = at + step < len(body)
            packets.append(wire.ip(
                self.src, self.dst, proto, body[at:at + step], tos=self.tos,
                df=False, mf=more, offset=at, ident=self.ident,
                fragment=(self.ident, at, more)))
        return packets


@dataclasses.dataclass
class Outer:
    """What is around the tenant's frame."""
    src: bytes = b""
    dst: bytes = b""
    vsid: int = 5001
    layout: str = "rfc7637"
    flags: int = wire.GRE_KEY
    proto: int = wire.ETH_TEB
    key: int = None             # The whole key, instead of VSID and FlowID.
    tos: int = None             # None: the inner ECN, as a correct sender.
    ttl: int = 64
    cut: int = None             # Bytes to keep of GRE header and inner frame.
    inner_cut: int = None       # Bytes to keep of the inner frame.
    spoil: bool = False         # Spoil the outer IP header.
    fragment: tuple = None      # (offset, more)

    def packet(self, inner, flowid):
        """The underlay's IP packet around the Ethernet frame 'inner'."""
        key = self.key
        if key is None:
            key = wire.make_key(self.layout, self.vsid, flowid)
        body = wire.gre(key, inner[:self.inner_cut], self.flags, self.proto)
        opt = {"tos": self.tos, "ttl": self.ttl}
        if self.spoil:
            opt.update(checksum_xor=0x5555, extra_length=100)
        if self.fragment:
            offset, more = self.fragment
            opt.update(df=False, offset=offset, mf=more, ident=0x1234,
                       fragment=(0x1234, offset, more))
        return wire.ip(self.src, self.dst, wire.PROTO_GRE, body[:self.cut],
                       **opt)


# Name: (what it is, changes to Outer, changes to Inner).
CATALOGUE = {
    "good": ("a valid frame", {}, {}),
    "good/reserved0": ("flags bits 6-12, ignored on receipt (RFC 2784 2.3)",
                       {"flags": 0x23f8}, {}),
    "good/arp": ("an inner ARP request", {}, {"kind": "arp"}),
    "good/other": ("an inner frame that is no IP", {}, {"kind": "other"}),
    "outer-ip-invalid": ("outer IPv4 checksum or IPv6 length is wrong",
                         {"spoil": True}, {}),
    "outer-fragment": ("first fragment of an outer packet",
                       {"fragment": (0, True)}, {}),
    "outer-fragment/later": ("later fragment of an outer packet",
                             {"fragment": (64, False)}, {}),
    "gre-truncated": ("GRE header cut inside the key", {"cut": 6}, {}),
    "gre-rfc1701": ("R bit", {"flags": 0x6000}, {}),
    "gre-rfc1701/strict-route": ("s bit", {"flags": 0x2800}, {}),
    "gre-rfc1701/recur": ("recursion count", {"flags": 0x2400}, {}),
    "gre-version": ("version 1", {"flags": 0x2001}, {}),
    "gre-version/7": ("version 7", {"flags": 0x2007}, {}),
    "gre-checksum": ("C bit and a correct checksum", {"flags": 0xa000}, {}),
    "gre-sequence": ("S bit and a sequence number", {"flags": 0x3000}, {}),
    "gre-no-key": ("no key", {"flags": 0x0000}, {}),
    "gre-proto": ("protocol type IPv4", {"proto": wire.ETH_IPV4}, {}),
    "vsid-reserved": ("VSID 0", {"vsid": 0}, {}),
    "vsid-reserved/fff": ("VSID 0xfff", {"vsid": 0xfff}, {}),
    "vsid-vendor": ("VSID 0xffffff", {"vsid": 0xffffff}, {}),
    "inner-short": ("10 bytes of inner frame", {"inner_cut": 10}, {}),
    "inner-vlan": ("inner C-TAG", {}, {"tag": (0x8100, 10)}),
    "inner-vlan/priority": ("inner priority tag, VID 0", {},
                            {"tag": (0x8100, 5 << 13)}),
    "inner-vlan/88a8": ("inner S-TAG", {}, {"tag": (0x88a8, 10)}),
    "inner-src-mac": ("inner source MAC is multicast", {},
                      {"smac": wire.mac_bytes("01:00:5e:00:00:05")}),
    "inner-src-mac/zero": ("inner source MAC is zero", {},
                           {"smac": b"\0" * 6}),
    "ecn-ce-not-ect": ("outer CE, inner Not-ECT", {"tos": CE}, {}),
    "key-layout": ("draft-00 key with bits above the VSID",
                   {"key": 0x01001389}, {}),
}


def listing():
    """The catalogue as text."""
    return "\n".join(f"{name:26} {what}"
                     for name, (what, _, _) in CATALOGUE.items())


def spoil(name, outer, inner):
    """Returns copies of 'outer' and 'inner', spoilt as 'name' says."""
    if name not in CATALOGUE:
        raise ValueError(f"no frame is called '{name}'; see --list")
    _, outer_changes, inner_changes = CATALOGUE[name]
    return (dataclasses.replace(outer, **outer_changes),
            dataclasses.replace(inner, **inner_changes))

# SPDX-License-Identifier: Apache-2.0
"""A station that answers, bare or behind NVGRE.

What: answer() is the whole IP stack: ARP, neighbor discovery, echo, UDP echo.
An Endpoint uses it once for its provider address and once for each customer
machine, which lives in one VSID and can be reached from no other.

What not: there is no learning, no routing and no state.  A reply goes to
where the request came from.
"""

import collections
import struct
import zlib

from . import parse, wire

# A machine: its VSID (None for a bare one), its MAC and its addresses.
Station = collections.namedtuple("Station", "vsid mac addresses")


def parse_station(text):
    """Reads VSID,MAC,IP[,IP]..."""
    vsid, mac, *addresses = text.split(",")
    if not addresses:
        raise ValueError("expected VSID,MAC,IP[,IP]...")
    return Station(int(vsid, 0), wire.mac_bytes(mac),
                   [wire.ip_bytes(a) for a in addresses])


def answer(raw, station):
    """Returns the frame with which 'station' answers 'raw', or None."""
    info = parse.frame(raw)
    if info.get("tag") or "raw_src" not in info or info["errors"]:
        return None
    asker_mac = wire.mac_bytes(info["smac"])
    src, dst, data = info["raw_src"], info["raw_dst"], info["data"]
    if info.get("arp") == 1 and dst in station.addresses:
        reply = wire.arp(2, (station.mac, dst), (asker_mac, src))
        return wire.ethernet(asker_mac, station.mac, wire.ETH_ARP, reply)
    if info.get("icmp") == 135 and data[8:24] in station.addresses:
        return wire.neighbor_advertisement(station.mac, data[8:24],
                                           asker_mac, src)
    if dst not in station.addresses or info.get("frag"):
        return None
    if info.get("icmp") in (8, 128):
        kind = 0 if info["icmp"] == 8 else 129
        body = wire.icmp(dst, src, kind, data[4:])
    elif info["ipproto"] == wire.PROTO_UDP and "sport" in info:
        body = wire.udp(dst, src, (info["dport"], info["sport"]), data[8:])
    else:
        return None
    return wire.ip_frame((asker_mac, station.mac),
                         wire.ip(dst, src, info["ipproto"], body))


class FlowId:
    """Chooses the FlowID of each frame sent.

    'rule' is a number, "hash" (of addresses and ports), or "count" (0, 1, 2,
    ... 255, 0, ..., which no real sender does, to show that it is ignored)."""

    def __init__(self, rule):
        self.rule = rule
        self.next = 0
        if rule not in ("hash", "count") and not 0 <= int(rule, 0) <= 255:
            raise ValueError("a FlowID is hash, count or 0 to 255")

    def of(self, inner):
        """Returns the FlowID for the Ethernet frame 'inner'."""
        if self.rule == "hash":
            info = parse.frame(inner)
            names = ("dmac", "smac", "type", "src", "dst", "ipproto")
            if not info.get("frag"):
                names += ("sport", "dport")
            text = " ".join(str(info.get(name)) for name in names)
            return zlib.crc32(text.encode()) & 0xff
        if self.rule == "count":
            self.next += 1
            return self.next - 1 & 0xff
        return int(self.rule, 0)


class Endpoint:
    """Answers for provider addresses and for the stations behind them."""

    def __init__(self, mac, addresses, stations=(), layout="rfc7637",
                 flowid="hash"):
        self.outer = Station(None, mac, addresses)
        self.stations = stations
        self.layout = layout
        self.flowid = FlowId(flowid)

    def receive(self, raw):
        """Takes a frame; returns (its fields, the frames to send back).

        The fields are None if it is no NVGRE frame for us."""
        info, inner = parse.nvgre(raw, self.layout)
        if info.get("ipproto") != wire.PROTO_GRE:
            reply = answer(raw, self.outer)
            return None, [reply] if reply else []
        if info["raw_dst"] not in self.outer.addresses:
            return None, []
        if inner is None or info["errors"]:
            return info, []
        back = [self._encapsulate(info, reply) for station in self.stations
                if station.vsid == info.get("vsid")
                and (reply := answer(inner, station))]
        return info, back

    def _encapsulate(self, info, inner):
        """Sends 'inner' to where the frame of 'info' came from."""
        key = wire.make_key(self.layout, info["vsid"], self.flowid.of(inner))
        ends = wire.mac_bytes(info["smac"]), self.outer.mac
        return wire.ip_frame(ends, wire.ip(
            info["raw_dst"], info["raw_src"], wire.PROTO_GRE,
            wire.gre(key, inner), tos=ecn_of(inner)))


def ecn_of(inner):
    """The ECN field to copy outside (RFC 6040 normal mode)."""
    kind = struct.unpack("!H", inner[12:14])[0]
    if kind == wire.ETH_IPV4:
        return inner[15] & 3
    if kind == wire.ETH_IPV6:
        return inner[15] >> 4 & 3
    return 0

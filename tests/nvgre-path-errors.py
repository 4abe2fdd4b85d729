#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ICMP errors about outer packets, each with what should be thought of it.

Prints lines of the form "HEX => VERDICT ..." (see NVGRE_JUDGE in
nvgre-wire.at), or, with the name of a case and maybe another MTU, one HEX for
ovs-nvgre(7)'s "nvgre/path-mtu-receive" or for a socket.
"""

import argparse
import struct

from nvgrepeer import wire

V4 = {"local": "192.0.2.1", "remote": "192.0.2.2", "router": "192.0.2.254",
      "other": "192.0.2.9", "overhead": 20, "mtu": 1400}
V6 = {"local": "2001:db8::1", "remote": "2001:db8::2",
      "router": "2001:db8::fe", "other": "2001:db8::9", "overhead": 40,
      "mtu": 1400}
KEY = 0x00138942


def quoted(net, **opt):
    """The outer packet as its sender sent it, 1500 bytes."""
    size = opt.get("size", 1500) - net["overhead"]
    gre = wire.gre(opt.get("key", KEY), b"", opt.get("flags", 0x2000),
                   opt.get("proto", wire.ETH_TEB))
    return wire.ip(wire.ip_bytes(opt.get("src", net["local"])),
                   wire.ip_bytes(opt.get("dst", net["remote"])),
                   opt.get("ipproto", wire.PROTO_GRE),
                   gre + bytes(size - len(gre)), df=opt.get("df", True),
                   mf=opt.get("mf", False))


def error(net, **opt):
    """The whole IP packet with which the router reports."""
    mtu = opt.get("mtu", net["mtu"])
    src = wire.ip_bytes(net["router"])
    dst = wire.ip_bytes(opt.get("to", net["local"]))
    quote = quoted(net, **opt)[:opt.get("quote", 548)]
    if net is V4:
        kind, code, proto = opt.get("kind", 3), opt.get("code", 4), 1
    else:
        kind, code, proto = opt.get("kind", 2), opt.get("code", 0), 58
    body = struct.pack("!I", mtu) + quote
    message = struct.pack("!BBH", kind, code, 0) + body
    cover = message
    if net is V6:
        cover = wire.pseudo(src, dst, proto, len(message)) + message
    check = wire.checksum(cover) ^ opt.get("spoil", 0)
    message = message[:2] + struct.pack("!H", check) + message[4:]
    packet = wire.ip(src, dst, opt.get("outer", proto), message, df=False)
    return packet[:opt.get("cut", len(packet))]


def known(net, mtu):
    """What is found in a message that is believed."""
    return (f"believed {net['router']} {net['local']} {net['remote']} "
            f"0x{KEY:08x} {mtu}")


def common(net):
    """Yields (name, changes, expected) that both IP versions have."""
    least = 576 if net is V4 else 1280
    # IP header, ICMP header, quoted IP header, GRE.
    needed = net["overhead"] + 8 + net["overhead"] + 8
    yield "good", {}, known(net, net["mtu"])
    yield "quotes-least", {"quote": net["overhead"] + 8}, known(net, 1400)
    yield "least", {"mtu": least}, known(net, least)
    yield "almost", {"mtu": 1499}, known(net, 1499)
    yield "below-least", {"mtu": least - 1}, "mtu-too-low"
    yield "one", {"mtu": 1}, "mtu-too-low"
    yield "fits", {"mtu": 1500}, "mtu-too-high"
    yield "jumbo", {"mtu": 65535}, "mtu-too-high"
    yield "checksum", {"spoil": 0x100}, "checksum"
    yield "udp", {"ipproto": 17}, "not-nvgre"
    yield "gre-no-key", {"flags": 0}, "not-nvgre"
    yield "gre-sequence", {"flags": 0x3000}, "not-nvgre"
    yield "gre-ip", {"proto": 0x0800}, "not-nvgre"
    yield "not-ours", {"src": net["other"]}, "not-ours"
    yield "misdelivered", {"to": net["other"]}, "not-ours"
    yield "other-kind", {"kind": 11 if net is V4 else 1}, "other"
    yield "tcp", {"outer": 6}, "other"
    yield "no-key", {"quote": net["overhead"] + 7}, "truncated"
    yield "no-quote", {"quote": net["overhead"] - 1}, "truncated"
    yield "cut-icmp", {"cut": net["overhead"] + 7}, "truncated"
    yield "cut-ip", {"cut": net["overhead"] - 1}, "truncated"
    yield "key-cut", {"cut": needed - 1}, "checksum"


def only_v4():
    """Yields the cases that only IPv4 has."""
    yield "host-unreachable", {"code": 1}, "other"
    yield "may-fragment", {"df": False}, "not-nvgre"
    yield "fragment", {"mf": True}, "not-nvgre"
    # RFC 1191 section 7: the next plateau below.
    yield "old-router", {"mtu": 0}, known(V4, 1492)
    yield "old-router-9000", {"mtu": 0, "size": 9000}, known(V4, 8166)
    yield "old-router-1492", {"mtu": 0, "size": 1492}, known(V4, 1006)
    yield "old-router-1006", {"mtu": 0, "size": 1006}, known(V4, 576)
    yield "old-router-576", {"mtu": 0, "size": 576}, "mtu-too-high"


def only_v6():
    """Yields the cases that only IPv6 has."""
    yield "zero", {"mtu": 0}, "mtu-too-low"
    yield "huge", {"mtu": 0xffffffff}, "mtu-too-high"


def cases():
    """Yields (name, network, changes, expected)."""
    for net, name, more in ((V4, "v4", only_v4), (V6, "v6", only_v6)):
        for generator in (common(net), more()):
            for case, changes, expected in generator:
                yield f"{name}/{case}", net, changes, expected


def main():
    """Prints what the arguments ask for."""
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("case", nargs="?", help="print only this case")
    args.add_argument("--mtu", type=int, help="MTU that the router says")
    args.add_argument("--key", type=lambda s: int(s, 0), help="quoted key")
    for name in ("local", "remote", "router"):
        args.add_argument(f"--{name}", help=f"address of {name}")
    args = args.parse_args()
    for name, net, changes, expected in cases():
        for field in ("local", "remote", "router"):
            net[field] = getattr(args, field) or net[field]
        for field in ("mtu", "key"):
            if getattr(args, field) is not None:
                changes[field] = getattr(args, field)
        if not args.case:
            print(f"{error(net, **changes).hex()} => {expected}")
        elif args.case == name:
            print(error(net, **changes).hex())


if __name__ == "__main__":
    main()

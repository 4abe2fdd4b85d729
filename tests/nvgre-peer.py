#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An NVGRE endpoint to test another one with, on a raw Ethernet socket.

serve   answer for provider addresses and for machines behind them
expect  wait for frames with given fields, print them; exit 1 if they stay out
send    send good or broken frames, by name, by field or from hex

Give it an interface whose kernel is silent: no address, IPv6 disabled.
"serve" and "expect" print a line of JSON per frame on stdout, and "ready" on
stderr when they listen.
"""

import argparse
import dataclasses
import json
import signal
import sys
import time

from nvgrepeer import endpoint, frames, live, parse, wire

UNRESOLVED = 2


def add_common(cmd):
    """Options that each mode has."""
    cmd.add_argument("-i", "--interface", required=True,
                     help="the interface to use")
    cmd.add_argument("--pa", action="append", default=[], metavar="IP",
                     help="our provider address (may be repeated)")
    cmd.add_argument("--mac", help="our MAC, instead of the interface's")
    cmd.add_argument("--layout", choices=("rfc7637", "draft00"),
                     default="rfc7637", help="where in the key the VSID is")
    cmd.add_argument("--flow-id", default="hash", metavar="RULE",
                     help="FlowID to send: hash, count, or 0 to 255")
    cmd.add_argument("--time", type=float, default=30, metavar="SECONDS",
                     help="give up after this time (%(default)s)")


def add_expect(cmd):
    """Options of "expect" and "serve"."""
    cmd.add_argument("--where", action="append", default=[],
                     metavar="FIELD=VALUE", help="count and print only such "
                     "frames; FIELD!=VALUE inverts (may be repeated)")
    cmd.add_argument("--until", action="append", default=[],
                     metavar="FIELD=VALUE",
                     help="end at such a frame, with success")
    cmd.add_argument("--count", type=int, metavar="N",
                     help="end after N frames, with success")
    cmd.add_argument("--fields", metavar="A,B,...",
                     help="print these fields instead of JSON")
    cmd.add_argument("--bare", action="store_true",
                     help="there is no NVGRE on this wire, take frames as "
                     "they are")


def add_send(cmd):
    """Options of "send"."""
    cmd.add_argument("--to", metavar="IP", help="provider address to send to")
    cmd.add_argument("--to-mac", metavar="MAC",
                     help="next hop; by default asked for by ARP or ND")
    cmd.add_argument("--name", action="append", metavar="NAME",
                     help="frame to send (may be repeated; default: good)")
    cmd.add_argument("--hex", action="append", default=[],
                     help="a whole Ethernet frame to send instead")
    cmd.add_argument("--count", type=int, default=1, metavar="N",
                     help="send each N times")
    cmd.add_argument("--gap", type=float, default=0.5, metavar="MS",
                     help="time between two frames, so that no queue "
                     "overflows (%(default)s)")
    cmd.add_argument("--bare", action="store_true",
                     help="send the inner frames without NVGRE")
    for name in ("vsid", "flags", "proto", "key", "ttl"):
        cmd.add_argument(f"--{name}", type=number, help=f"outer {name}")
    cmd.add_argument("--outer-tos", type=number, help="by default, the inner "
                     "frame's ECN field")
    cmd.add_argument("--inner", metavar="MAC,IP,MAC,IP",
                     help="inner source and destination")
    cmd.add_argument("--kind", choices=("udp", "icmp", "arp", "other"),
                     help="what the inner frame is")
    for name in ("dport", "size", "fragment"):
        cmd.add_argument(f"--{name}", type=number, help=f"inner {name}")
    cmd.add_argument("--sport", default="4000", metavar="N[-M]",
                     help="inner source port, or one frame for each of them")
    cmd.add_argument("--inner-tos", type=number, help="inner TOS byte")
    cmd.add_argument("--tag", metavar="TPID:TCI", help="inner VLAN tag")
    cmd.add_argument("--data", help="inner payload")


def number(text):
    """A number in any base."""
    return int(text, 0)


def parser():
    """Returns the command line's parser."""
    top = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--list", action="version", version=frames.listing(),
                     help="list the frames that can be sent by name")
    modes = top.add_subparsers(dest="mode", required=True)
    serve = modes.add_parser("serve", help="be an endpoint")
    serve.add_argument("--vm", action="append", default=[],
                       metavar="VSID,MAC,IP[,IP]", help="a machine to answer "
                       "for (may be repeated)")
    expect = modes.add_parser("expect", help="wait for frames")
    expect.set_defaults(vm=[])
    send = modes.add_parser("send", help="send frames")
    for cmd in serve, expect, send:
        add_common(cmd)
    for cmd in serve, expect:
        add_expect(cmd)
    add_send(send)
    return top


def conditions(texts):
    """Reads FIELD=VALUE and FIELD!=VALUE; returns a function of a frame."""
    wanted = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"'{text}' is not FIELD=VALUE")
        wanted.append((name.rstrip("!"), value, not name.endswith("!")))
    return lambda info: all((str(info.get(name, "")) == value) == same
                            for name, value, same in wanted)


def show(info, fields):
    """Prints a frame."""
    info = parse.public(info)
    if fields:
        values = (info.get(name) for name in fields.split(","))
        print(*("-" if value in (None, "", []) else
                ",".join(value) if isinstance(value, list) else value
                for value in values))
    else:
        print(json.dumps(info))
    sys.stdout.flush()


def listen(opt, link):
    """Runs "serve" and "expect"; returns the exit status."""
    mac = wire.mac_bytes(opt.mac) if opt.mac else link.mac
    peer = endpoint.Endpoint(mac, [wire.ip_bytes(pa) for pa in opt.pa],
                             [endpoint.parse_station(vm) for vm in opt.vm],
                             opt.layout, opt.flow_id)
    where, until = conditions(opt.where), conditions(opt.until)
    seen = 0
    print("ready", file=sys.stderr, flush=True)
    for raw in link.frames():
        info, back = (parse.frame(raw), []) if opt.bare else peer.receive(raw)
        for reply in back:
            link.send(reply)
        if info is None:
            continue
        if where(info):
            show(info, opt.fields)
            seen += 1
        if (opt.until and until(info)) or seen == opt.count:
            return 0
    if opt.mode == "serve" and not opt.until and opt.count is None:
        return 0
    print(f"nvgre-peer: {opt.time:g} s are over, saw {seen} frames",
          file=sys.stderr)
    return 1


def recipes(opt):
    """Returns the (Outer, Inner) that the options describe, unspoilt."""
    outer = {name: getattr(opt, name)
             for name in ("vsid", "flags", "proto", "key", "ttl")
             if getattr(opt, name) is not None}
    outer.update(layout=opt.layout, tos=opt.outer_tos)
    if opt.to:
        outer["dst"] = wire.ip_bytes(opt.to)
        # The last of the family, so that a script can add an exception.
        outer["src"] = next((wire.ip_bytes(pa) for pa in reversed(opt.pa)
                             if len(wire.ip_bytes(pa)) == len(outer["dst"])),
                            b"")
    inner = {name: getattr(opt, name)
             for name in ("kind", "dport", "size", "fragment")
             if getattr(opt, name) is not None}
    if opt.inner_tos is not None:
        inner["tos"] = opt.inner_tos
    if opt.data is not None:
        inner["data"] = opt.data.encode()
    if opt.tag:
        inner["tag"] = tuple(int(part, 16) for part in opt.tag.split(":"))
    if opt.inner:
        smac, src, dmac, dst = opt.inner.split(",")
        inner.update(smac=wire.mac_bytes(smac), src=wire.ip_bytes(src),
                     dmac=wire.mac_bytes(dmac), dst=wire.ip_bytes(dst))
    return frames.Outer(**outer), frames.Inner(**inner)


def inner_frames(opt, inner):
    """Yields the tenant's frames: one per source port, or its fragments."""
    first, _, last = opt.sport.partition("-")
    for port in range(int(first), int(last or first) + 1):
        yield from dataclasses.replace(inner, sport=port,
                                       ident=port & 0xffff).frames()


def encapsulated(opt, link):
    """Yields the underlay's frames that "send" is to send."""
    outer, inner = recipes(opt)
    if not outer.src:
        raise ValueError("--to needs a --pa of its own family to send from")
    mac = wire.mac_bytes(opt.mac) if opt.mac else link.mac
    there = (wire.mac_bytes(opt.to_mac) if opt.to_mac
             else live.resolve(link, mac, outer.src, outer.dst))
    if there is None:
        print(f"nvgre-peer: nobody says that he has {opt.to}",
              file=sys.stderr)
        sys.exit(UNRESOLVED)
    flowid = endpoint.FlowId(opt.flow_id)
    for name in opt.name or ["good"]:
        outside, inside = frames.spoil(name, outer, inner)
        for _ in range(opt.count):
            for raw in inner_frames(opt, inside):
                tos = outside.tos
                if tos is None:
                    tos = endpoint.ecn_of(raw)
                yield wire.ip_frame((there, mac), dataclasses.replace(
                    outside, tos=tos).packet(raw, flowid.of(raw)))


def send(opt, link):
    """Runs "send"; returns the exit status."""
    if opt.hex:
        out = [bytes.fromhex(text) for text in opt.hex] * opt.count
    elif opt.bare:
        inner = recipes(opt)[1]
        out = [raw for name in opt.name or ["good"]
               for raw in inner_frames(
                   opt, frames.spoil(name, frames.Outer(), inner)[1])
               ] * opt.count
    elif opt.to:
        out = encapsulated(opt, link)
    else:
        raise ValueError("send needs --to, --bare or --hex")
    sent = 0
    for raw in out:
        link.send(raw)
        sent += 1
        time.sleep(opt.gap / 1000)
    print(f"nvgre-peer: sent {sent} frames", file=sys.stderr)
    return 0


def main():
    """Runs the mode that the command line names."""
    opt = parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        link = live.Wire(opt.interface, opt.time)
        return send(opt, link) if opt.mode == "send" else listen(opt, link)
    except (ValueError, OSError) as error:
        print(f"nvgre-peer: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""What the datapath's actions in the output of ofproto/trace make of a packet:
one copy for each port or tunnel that gets it, with the headers that it has
there."""

import collections
import importlib.util
import os
import re

from hnv_reference import sent

FIELDS = {"eth": {"src": "dl_src", "dst": "dl_dst"},
          "ipv4": {"src": "src", "dst": "dst", "ttl": "ttl"},
          "ipv6": {"src": "src", "dst": "dst", "hlimit": "ttl"},
          "arp": {"sip": "src", "tip": "dst", "op": "op"},
          "icmpv6": {"type": "op"}}

Outcome = collections.namedtuple("Outcome", "copies reason commits")


def load(script):
    """Imports another script of this directory."""
    path = os.path.join(os.path.dirname(__file__), script)
    spec = importlib.util.spec_from_file_location(script[:-3], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verdict = load("hnv-verdict.py")


def split(text):
    """Splits at the commas that are outside of all brackets."""
    parts = [""]
    depth = 0
    for c in text:
        depth += (c in "([") - (c in ")]")
        if c == "," and not depth:
            parts.append("")
        else:
            parts[-1] += c
    return [part for part in parts if part]


def set_fields(packet, header, values):
    for value in split(values):
        name, value = value.split("=", 1)
        field = FIELDS.get(header, {}).get(name)
        if field:
            packet[field] = int(value) if value.isdigit() else value


class Actions:
    """Follows a packet through the actions, those after it was recirculated
    included."""

    def __init__(self, names, ports):
        self.names = names
        self.ports = ports
        self.again = []
        self.copies = []
        self.commits = 0

    def follow(self, text, packet):
        """Follows 'packet' through actions 'text', and changes it."""
        for action in split(text):
            self.act(action, packet)

    def act(self, action, packet):
        name, args = re.fullmatch(r"([\w-]+)(?:[(\[](.*)[)\]])?",
                                  action).groups()
        if name == "set":
            set_fields(packet, *re.fullmatch(r"(\w+)\((.*)\)", args).groups())
        elif name == "clone":
            self.follow(args, dict(packet))
        elif name == "recirc":
            self.again.append(dict(packet))
        elif name == "ct":
            self.commits += args.startswith("commit")
        elif name == "push_vlan":
            packet["vlan"] = int(re.search(r"vid=(\d+)", args).group(1))
        elif name == "pop_vlan":
            packet["vlan"] = 0
        elif name == "nvgre":
            self.copies.append(("nvgre " + args, dict(packet)))
        elif name != "drop":
            if name != "ask" and name not in self.ports.values():
                raise ValueError("unknown action %s" % action)
            self.copies.append((name, dict(packet)))

    def outcome(self, trace, packet):
        """Returns what becomes of 'packet': the copies, each with where it
        goes; if there are none, the reason; and how many connections are
        committed."""
        found = re.findall(r"^Datapath actions: (.*?) ?$", trace, re.M)
        if not found:
            raise ValueError(trace)
        self.again = [dict(packet)]
        self.copies = []
        self.commits = 0
        for actions in found:
            self.follow(verdict.shorten(actions, self.ports),
                        self.again.pop(0))
        reason = re.search(r"drop [a-z-]+$",
                           verdict.verdict(trace, self.names, self.ports))
        return Outcome(self.copies, reason and reason.group(), self.commits)


def describe(where, packet, trace):
    """Says as the router does that 'packet' gets to 'where'."""
    if where == "ask":
        ops = re.findall(r"userdata=01\.(\w\w)\.", trace)
        return "ask %d" % int(ops[-1], 16)
    if packet.get("op") in (2, 136):    # ARP reply, advertisement.
        return "%s hears %s of %s" % (where, packet["src"], packet["dl_src"])
    if packet.get("vlan"):
        where += " vlan %d" % packet["vlan"]
    return sent(where, packet)

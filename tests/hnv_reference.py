# SPDX-License-Identifier: Apache-2.0
"""A host of HNV that anybody can check by reading it.

What
----

Router decides what one host must do with a packet, by linear search over the
rows of the policy and as hnv(5) and hnv-pipeline(7) say.  It shares no code
with the compiler.

A policy is what "hnvtest hnv-compile" reads.  A machine is a dict that joins
what several rows say about one virtual machine: "vsid", "domain", "mac"; the
"addresses" of its lookup records and their "pas", "standby", and "disabled";
if it has a port on this host, "port", "acls", and "forwarder"; if packets to
it are rewritten, "rewrite", its addresses' own PAs.  "own" are the addresses
of one that has no lookup records.

A packet is a dict as well: "dl_src", "dl_dst", "src", "dst", "ttl", "proto",
"tp_src", "tp_dst", and "states", what connection tracking will say about it on
its way from a machine and to one.  Decisions change the addresses and "ttl",
and leave in "asked" which of the states they asked for and in "commits" how
many connections they began.

What not
--------

No MTU, no lazy domains, no controllers: those have cases of their own.
"""

import ipaddress

ROUTER = "00:15:5d:ff:ff:01"
UNREACHABLE = {"drop no-route": "ask 8", "drop no-record": "ask 9"}


def ip(text):
    return ipaddress.ip_address(text)


def net(text):
    return ipaddress.ip_network(text)


def inside(address, prefix):
    return ip(address).version == net(prefix).version \
        and ip(address) in net(prefix)


def in_ports(number, rule, side):
    return any(int(ports.split("-")[0]) <= number <= int(ports.split("-")[-1])
               for ports in rule.get(side + "_ports", ["0-65535"]))


def sent(where, packet):
    """A packet that leaves for 'where'."""
    return "%s %s>%s %s>%s ttl %d" % (
        where, packet["dl_src"], packet["dl_dst"], packet["src"],
        packet["dst"], packet["ttl"])


class Router:
    def __init__(self, policy, machines, pas):
        self.policy = policy
        self.machines = machines
        self.pas = pas
        self.live = {m["domain"]["key"] for m in machines if "port" in m}

    def subnets(self, domain):
        return [s for s in self.policy["subnets"]
                if s["domain"] == domain["name"]]

    def subnet(self, machine):
        return [s for s in self.policy["subnets"]
                if s["vsid"] == machine["vsid"]][0]

    def machine(self, domain, address):
        found = [m for m in self.machines if m["domain"] is domain
                 and address in m["addresses"]]
        return found[0] if found else None

    def is_here(self, machine):
        """Whether its record says that it is on this host."""
        return machine["pas"][0] in self.pas or (
            "rewrite" in machine and "port" in machine)

    def source_pa(self, sender):
        """The PA that packets of 'sender', a machine of this host, are
        from."""
        return ([pa for pa in sender["pas"] if pa in self.pas] + self.pas)[0]

    def wildcards(self, domain):
        """The wildcard gateways of the domain."""
        vsids = [s["vsid"] for s in self.subnets(domain)]
        return [r for r in self.policy["l2"]
                if r["vsid"] in vsids and r.get("gateway")]

    def is_gateway(self, domain, address):
        return not domain["external_router"] and any(
            ip(address) == net(p)[1] for s in self.subnets(domain)
            for p in s["prefixes"] if net(p).version == ip(address).version)

    @staticmethod
    def only(sender):
        """The only virtual subnet on link for 'sender', if not all are."""
        return sender["vsid"] if sender["domain"]["external_router"] else None

    def route(self, domain, address, vsid=None):
        """The next hop, 'address' itself if on link, or None.  With 'vsid',
        only that subnet is on link."""
        found = [(net(p).prefixlen, 0, 0, address)
                 for s in self.subnets(domain) for p in s["prefixes"]
                 if inside(address, p) and vsid in (None, s["vsid"])]
        found += [(net(r["prefix"]).prefixlen, -r["metric"],
                   -int(ip(r["next_hop"])), r["next_hop"])
                  for r in self.policy["routes"]
                  if r["domain"] == domain["name"]
                  and inside(address, r["prefix"])]
        return max(found, default=(None,))[-1]

    @staticmethod
    def denies(machine, packet, inbound):
        """Returns why an ACL of 'machine' drops the packet, or None.  ARP and
        neighbor discovery are not subject to them."""
        state = None
        if not packet["proto"]:
            return None
        if any(r.get("stateful") for r in machine["acls"]):
            state = packet["states"][inbound]
            packet["asked"].append(state)
        if state in ("est", "reply", "related"):
            return None
        local, remote = ("dst", "src") if inbound else ("src", "dst")
        rules = [r for r in machine["acls"] if r["inbound"] == inbound]
        for rule in sorted(rules, key=lambda r: (-r["weight"], r["allow"])):
            if rule.get("protocol", packet["proto"]) == packet["proto"] \
                    and all(inside(packet[remote], p)
                            for p in rule.get("remote", [])) \
                    and in_ports(packet["tp_" + local], rule, "local") \
                    and in_ports(packet["tp_" + remote], rule, "remote"):
                if not rule["allow"]:
                    return "drop acl"
                if rule.get("stateful") and state == "invalid":
                    return "drop ct-invalid"
                packet["commits"] += rule.get("stateful", False)
                return None
        return None

    def deliver(self, machine, packet):
        why = self.denies(machine, packet, True)
        if why:
            return why
        return sent(machine["port"], packet)

    def forwards(self, sender, address):
        """Whether packets from 'address' come by way of 'sender'."""
        hop = self.route(sender["domain"], address, self.only(sender))
        if not sender["forwarder"] or sender["disabled"]:
            return False
        return hop in sender["addresses"] or (
            not self.machine(sender["domain"], hop)
            and not (hop and self.is_gateway(sender["domain"], hop)) and any(
                r["mac"] == sender["mac"] and r["vsid"] == sender["vsid"]
                for r in self.wildcards(sender["domain"])))

    def to_wildcard(self, sender, packet, why):
        """What no lookup record is for goes to the machine of the virtual
        subnet that has the MAC, or to its wildcard gateway."""
        routed = packet["dl_dst"] == ROUTER \
            and not sender["domain"]["external_router"]
        records = [r for r in self.policy["l2"]
                   if r["vsid"] == sender["vsid"]]
        for record in sorted(records, key=lambda r: (
                r["mac"] != packet["dl_dst"])):
            if record["mac"] != packet["dl_dst"] \
                    and not record.get("gateway"):
                continue
            if sender["mac"] == record["mac"]:
                return "drop to-self"
            if packet["dl_dst"] == ROUTER:
                packet["dl_dst"] = record["mac"]
            here = [m for m in self.machines if "port" in m
                    and m["mac"] == record["mac"]]
            if here:
                return self.deliver(here[0], packet)
            if record["pas"][0] not in self.pas:
                return self.encapsulate(sender, record, packet)
        # A router says that it knows no way, to those who asked it.
        return UNREACHABLE[why] if routed else why

    def ask(self, sender, packet):
        """A broadcast ARP request, or a solicitation, for 'dst'."""
        domain = sender["domain"]
        if packet["src"] not in sender.get("own", sender["addresses"]):
            return "drop spoof-arp" if ip(packet["src"]).version == 4 \
                else "drop spoof-nd"
        subnets = [s for s in self.subnets(domain) if any(
            packet["dst"] == str(net(p)[1]) for p in s["prefixes"])]
        machine = self.machine(domain, packet["dst"])
        if self.is_gateway(domain, packet["dst"]):
            mac, vsid = ROUTER, subnets[0]["vsid"]
        elif machine is None:
            if not any(r["vsid"] == sender["vsid"] and not r.get("gateway")
                       for r in self.policy["l2"]):
                return "drop no-record"
            return self.flood(sender)
        elif machine is sender:
            return "drop arp-self"
        else:
            mac, vsid = machine["mac"], machine["vsid"]
        if vsid != sender["vsid"]:
            return "drop arp-other"
        return "%s hears %s of %s" % (sender["port"], packet["dst"], mac)

    def flood(self, sender):
        """To all of the virtual subnet, which the caller knows."""
        return "drop no-flood" if self.subnet(sender)["flood"] == "none" \
            else "flood"

    def from_machine(self, sender, packet):
        domain = sender["domain"]
        if packet["dl_src"] != sender["mac"]:
            return "drop spoof-mac"
        if packet["src"] not in sender.get("own", sender["addresses"]) \
                and not self.forwards(sender, packet["src"]):
            return "drop spoof-ip"
        why = self.denies(sender, packet, False)
        if why:
            return why
        if int(packet["dl_dst"][:2], 16) & 1:
            return self.flood(sender)
        hop = self.route(domain, packet["dst"], self.only(sender))
        if hop is None:
            return self.to_wildcard(sender, packet, "drop no-route")
        if self.is_gateway(domain, hop):
            return "ask 4"
        machine = self.machine(domain, hop)
        if machine is None:
            return self.to_wildcard(sender, packet, "drop no-record")
        if machine["disabled"] or (self.is_here(machine)
                                   and "port" not in machine):
            return "drop record-unusable"
        if "rewrite" in machine and "port" not in machine \
                and packet["dst"] not in machine["rewrite"]:
            return "drop unknown-rewrite"
        if machine["vsid"] != sender["vsid"]:
            if not domain["keep_ttl"]:
                if packet["ttl"] <= 1:
                    return "ask 2"
                packet["ttl"] -= 1
            if not domain["keep_mac"]:
                packet["dl_src"] = ROUTER
            packet["dl_dst"] = machine["mac"]
        elif packet["dl_dst"] == ROUTER:
            packet["dl_dst"] = machine["mac"]
        if machine is sender:
            return "drop to-self"
        if "port" in machine:
            return self.deliver(machine, packet)
        if "rewrite" in machine:
            return self.rewrite(sender, machine, packet)
        return self.encapsulate(sender, machine, packet)

    def encapsulate(self, sender, record, packet):
        """What goes to the PA of 'record'."""
        if packet["src"] in sender.get("rewrite", {}) \
                and not sender["disabled"]:
            return "drop rewrite-to-encap"
        return sent("nvgre %d %s>%s" % (
            record["vsid"], self.source_pa(sender), record["pas"][0]), packet)

    @staticmethod
    def rewrite(sender, machine, packet):
        """Both addresses become PAs, if the sender has one."""
        if sender["disabled"] \
                or packet["src"] not in sender.get("rewrite", {}):
            return "drop unknown-rewrite"
        packet["src"] = sender["rewrite"][packet["src"]]
        packet["dst"] = machine["rewrite"][packet["dst"]]
        return "rewritten"

    def by_pa(self, pa, machines):
        """The machine whose own PA it is, and its address."""
        found = [(m, ca) for m in machines
                 for ca, own in m.get("rewrite", {}).items() if own == pa]
        return found[0] if found else (None, None)

    def has_pa(self, pa):
        """Whether it is the PA of a machine of this host."""
        return self.by_pa(pa, [m for m in self.machines if "port" in m
                               and not m["disabled"]])[0]

    def from_provider(self, packet):
        """What was rewritten: both addresses become CAs."""
        receiver, dst = self.by_pa(packet["dst"], self.machines)
        sender, src = self.by_pa(packet["src"], self.machines)
        if not sender or sender["disabled"] or "port" in sender \
                or sender["domain"] is not receiver["domain"]:
            return "drop unknown-rewrite"
        packet.update(src=src, dst=dst, dl_dst=receiver["mac"], dl_src=(
            sender["mac"] if sender["vsid"] == receiver["vsid"] else ROUTER))
        return self.deliver(receiver, packet)

    def verify(self, domain, packet):
        """Returns the machine that the source address leads to, or why the
        source is not believed."""
        hop = self.route(domain, packet["src"], packet["vsid"]
                         if domain["external_router"] else None)
        machine = hop and self.machine(domain, hop)
        if machine and not machine["disabled"] \
                and not self.is_here(machine) \
                and packet["pa"] in machine["pas"] + machine["standby"]:
            return machine, None
        if not machine and any(packet["pa"] in r["pas"]
                               for r in self.wildcards(domain)):
            return None, None
        if not machine and not (hop and self.is_gateway(domain, hop)) \
                and self.is_l2_only(packet):
            return None, None
        if any(m["pas"] == [packet["pa"]] and not m.get("standby")
               for m in self.machines + self.policy["l2"]):
            return None, "drop source-unverified"
        return None, "drop unknown-pa"

    def is_l2_only(self, packet):
        """Whether the MAC is that of an L2Only machine at that PA."""
        return any(not r.get("gateway") and r["vsid"] == packet["vsid"]
                   and r["mac"] == packet["dl_src"]
                   and packet["pa"] in r["pas"]
                   and not set(r["pas"]) & set(self.pas)
                   for r in self.policy["l2"])

    def from_tunnel(self, packet):
        vsid = packet["vsid"]
        domains = [d for d in self.policy["domains"] if d["key"] in self.live
                   and vsid in [s["vsid"] for s in self.subnets(d)]]
        ports = [m for m in self.machines if "port" in m]
        if not domains or (domains[0]["strict_vsid"]
                           and vsid not in [m["vsid"] for m in ports]):
            return "drop unknown-vsid"
        domain = domains[0]
        owners = [m for m in self.machines if m["mac"] == packet["dl_dst"]]
        owner = owners[0] if owners else None
        redirected = owner in ports and owner["vsid"] == vsid \
            and not owner["disabled"] \
            and packet["dst"] in owner["addresses"] \
            and packet["pa"] in set(owner["standby"]) - set(self.pas)
        was_here = [pa for pa in (owner["standby"] if owner else [])
                    if pa in self.pas]
        sender, why = self.verify(domain, packet)
        if not redirected and why:
            return why
        if owner and owner["vsid"] == vsid and not self.is_here(owner) \
                and not owner["disabled"] and was_here \
                and packet["dst"] in owner["addresses"]:
            return sent("nvgre %d %s>%s" % (vsid, was_here[0],
                                            owner["pas"][0]), packet)
        if owner in ports and (owner["vsid"] == vsid or (
                not redirected and owner["domain"] is domain
                and sender and sender["vsid"] == vsid
                and not domain["strict_vsid"])):
            return self.deliver(owner, packet)
        return "drop mac-not-here"

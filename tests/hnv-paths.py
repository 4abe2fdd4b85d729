#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Follows packets from the machine that sends them to all that get them.

Makes a random policy for three hosts, some of which know late of machines that
moved, and random packets; what else there is depends on the seed.  What must
become of each is found out by linear search over the rows of the policy, host
by host (hnv_reference.py).  What does is found out by ofproto/trace in the
switch of each host that the packet comes to.

    hnv-paths.py make SEED HOST   prints the policy of a host, as JSON
    hnv-paths.py check SEED       compares with the switches of all hosts
"""

import json
import os
import random
import sys

import hnv_actions
from hnv_reference import ROUTER, Router, ip, sent

router = hnv_actions.load("hnv-router.py")

# Policies from this seed on have IP rewrite in some virtual subnets.
REWRITE = 100
# From this one on, they have machines without lookup records.
L2_ONLY = 200
# And from this one on, ports without a VSID.
PLAIN = 300
HOSTS = {"h1": ["172.16.1.1", "172.16.1.4"], "h2": ["172.16.1.2"],
         "h3": ["172.16.1.3", "172.16.1.5"]}
PACKETS = 150
PLAIN_PORTS = ["mgmt", "vm7", "vm8", "v10a", "v10b"]
BROADCASTS = {
    4: [("255.255.255.255", "ff:ff:ff:ff:ff:ff"),
        ("10.0.1.255", "ff:ff:ff:ff:ff:ff"),
        ("224.0.0.251", "01:00:5e:00:00:fb")],
    6: [("ff02::1", "33:33:00:00:00:01"), ("ff02::fb", "33:33:00:00:00:fb")]}
OUTSIDE = {4: ["172.20.5.9", "172.20.9.9", "8.8.8.8", "192.168.1.1",
               "10.0.1.1", "10.0.2.1", "10.0.3.253"],
           6: ["2001:db8:ff00::1", "2001:4860::1", "2001:db8:1::1",
               "2001:db8:2::1", "2001:db8:3::fd"]}


# ---------------------------------------------------------------------------
# A random policy.
# ---------------------------------------------------------------------------

def place(rng, machine):
    """Puts 'machine' on a host, and maybe it was on another before."""
    host, old = rng.sample(sorted(HOSTS), 2)
    if machine.get("rewrite"):
        machine.update(host=host, standby=[], disabled=rng.random() < .04,
                       pas=list(machine["rewrite"].values()))
        return
    machine.update(host=host, standby=[], disabled=rng.random() < .04,
                   pas=rng.sample(HOSTS[host],
                                  rng.randrange(1, len(HOSTS[host]) + 1)))
    if machine["addresses"] and rng.random() < .15:
        machine["standby"] = [rng.choice(HOSTS[old])]
        machine["before"] = {
            "pas": machine["standby"], "disabled": False,
            "standby": machine["pas"][:1] if rng.random() < .5 else []}
        machine["late"] = [h for h in HOSTS
                           if h != host and rng.random() < .4]


def rewrite(rng, policy, machines):
    """Gives the customer addresses of some virtual subnets PAs of their
    own."""
    vsids = [s["vsid"] for s in policy["subnets"] if rng.random() < .6]
    for i, machine in enumerate(machines, 10):
        if machine["vsid"] in vsids:
            machine["rewrite"] = dict(zip(
                machine["addresses"],
                ["172.16.2.%d" % i, "2001:db8:ffff::%d" % i]))


def make_l2(policy):
    """The machines of L2 records."""
    domains = {s["vsid"]: d for s in policy["subnets"]
               for d in policy["domains"] if d["name"] == s["domain"]}
    return [{"vsid": r["vsid"], "domain": domains[r["vsid"]],
             "mac": r["mac"], "addresses": [], "l2": r,
             "own": [] if r.get("gateway") else r["own"]}
            for r in policy["l2"]]


def make_l2_only(rng, policy):
    """The records of machines whose addresses no record has."""
    for subnet in policy["subnets"]:
        if rng.random() < .6:
            last = rng.randrange(250, 254)
            policy["l2"].append(
                {"vsid": subnet["vsid"],
                 "mac": "00:15:5d:fd:%02x:%02x" % divmod(subnet["vsid"], 256),
                 "own": [str(router.net(prefix)[last])
                         for prefix in subnet["prefixes"]]})


def make_plain(rng, policy):
    """Ports without a VSID, of three networks.  The MAC of some is unknown."""
    ports = []
    for host in sorted(HOSTS):
        for name in rng.sample(PLAIN_PORTS, rng.randrange(5)):
            ports.append({
                "host": host, "port": name, "acls": [],
                "vlan": rng.choice([None, 10, 20]),
                "mac": "02:00:00:00:%02x:%02x" % (
                    int(host[1:]), router.PORTS.index(name)),
                "known": rng.random() < .7})
            row = {"name": host + name}
            if ports[-1]["known"]:
                row["mac"] = ports[-1]["mac"]
            if ports[-1]["vlan"]:
                row["vlan"] = ports[-1]["vlan"]
            policy["ports"].append(row)
    return ports


def bind(rng, policy, machines, names):
    """Gives machines ports."""
    names = {host: list(names) for host in HOSTS}
    for machine in rng.sample(machines, len(machines)):
        free = names[machine["host"]]
        if not free or rng.random() < .05:
            continue
        machine["port"] = free.pop(0)
        machine["acls"] = [router.make_acl(rng)
                           for _ in range(max(rng.randrange(-3, 4), 0))]
        machine["forwarder"] = machine.get("l2", {}).get("gateway") \
            or rng.random() < .3
        policy["ports"].append(
            {"name": machine["host"] + machine["port"], "mac": machine["mac"],
             "vsid": machine["vsid"],
             "addresses": machine.get("own", machine["addresses"]),
             "acls": machine["acls"], "forwarder": machine["forwarder"]})


def make(seed):
    """Returns a policy, and its machines."""
    rng = random.Random(seed)
    policy, machines = router.make_network(rng)
    policy["hosts"] = [{"name": h, "pas": HOSTS[h]} for h in sorted(HOSTS)]
    for subnet in policy["subnets"]:
        subnet["flood"] = rng.choice(["head_end", "head_end", "multicast",
                                      "none"])
        subnet["multicast_pa"] = "239.1.1.%d" % (subnet["vsid"] % 200)
    if REWRITE <= seed < L2_ONLY:
        rewrite(rng, policy, machines)
    elif seed >= L2_ONLY:
        make_l2_only(rng, policy)
    machines += make_l2(policy)
    for machine in machines:
        place(rng, machine)
        if "l2" in machine:
            machine["disabled"] = False
            machine["l2"]["pas"] = machine["pas"]
    bind(rng, policy, machines, router.PORTS if seed < PLAIN else [
        name for name in router.PORTS if name not in PLAIN_PORTS])
    plain = make_plain(rng, policy) if seed >= PLAIN else []
    return policy, machines, plain, rng


def view(machines, host):
    """The machines as 'host' knows them: those that are there have ports, and
    it may not know yet that some have moved."""
    seen = []
    for machine in machines:
        known = dict(machine)
        if host in machine.get("late", []):
            known.update(machine["before"])
        if machine["host"] != host:
            known.pop("port", None)
        seen.append(known)
    return seen


def policy_of(policy, machines, plain, host):
    """The policy that 'host' has, as hnvtest wants it."""
    seen = view(machines, host)
    bound = [m for m in seen + plain if m["host"] == host and "port" in m]
    return dict(
        policy, records=[r for m in seen for r in router.records(m)],
        host={"name": host, "pas": HOSTS[host], "tunnel": 100,
              "rewrite": 101, "pa_mac": "02:00:00:00:00:0" + host[1],
              "interfaces": [
                  {"name": m["port"], "port": host + m["port"],
                   "ofport": router.PORTS.index(m["port"]) + 1}
                  for m in bound] + [
                      {"name": "up", "uplink": True, "ofport": 102}]})


# ---------------------------------------------------------------------------
# What must become of a packet.
# ---------------------------------------------------------------------------

class Fabric:
    """All hosts."""

    def __init__(self, policy, machines, plain):
        self.policy = policy
        self.machines = machines
        self.plain = plain
        self.routers = {host: Router(policy, view(machines, host), pas)
                        for host, pas in HOSTS.items()}

    def known(self, machine, host):
        """'machine', as 'host' knows it."""
        return self.routers[host].machines[self.machines.index(machine)]

    def judge(self, sender, packet, decide):
        """Returns where the packet ends.  'decide' is what the sender's host
        does."""
        host = sender["host"]
        if "vsid" not in sender:
            return self.network(sender, packet)
        verdict = decide(self.routers[host], self.known(sender, host))
        if verdict == "flood":
            return self.flood(sender, packet)
        while verdict.startswith("nvgre "):
            vsid, pas = verdict.split()[1:3]
            packet["pa"], to = pas.split(">")
            host = owner(to)
            packet["vsid"] = int(vsid)
            verdict = self.routers[host].from_tunnel(packet)
        if verdict == "rewritten":
            host = rewriter(self.machines, packet["dst"])
            if not self.routers[host].has_pa(packet["dst"]):
                return []
            verdict = self.routers[host].from_provider(packet)
        return ["%s %s" % (host, verdict)]

    def network(self, sender, packet):
        """What a port without a VSID sends gets to the port that has the MAC,
        if a host knows it, else to all others of the network."""
        got = []
        for host in [sender["host"]] + sorted(set(HOSTS) - {sender["host"]}):
            ports = [p for p in self.plain if p["host"] == host
                     and p["vlan"] == sender["vlan"]]
            there = [p for p in ports if p["known"]
                     and p["mac"] == packet["dl_dst"]]
            got += ["%s %s" % (host, sent(p["port"], packet))
                    for p in there or ports if p is not sender]
            if there and host == sender["host"]:
                break
        return sorted(got)

    def is_late(self, sender, packet):
        """Whether 'packet' is for all of a virtual subnet of which some host
        does not know yet who is where.  It may send copies to PAs of hosts
        that have no such machine any more, or wait for a copy at another of
        its own: then copies are missing or double, but nobody else gets
        one."""
        return int(packet["dl_dst"][:2], 16) & 1 and any(
            m.get("late") for m in self.machines
            if m["vsid"] == sender.get("vsid"))

    def gets_copy(self, sender, host):
        """Whether the sender's host sends 'host' a copy of what is for all of
        its virtual subnet."""
        subnet = [s for s in self.policy["subnets"]
                  if s["vsid"] == sender["vsid"]][0]
        return subnet["flood"] == "multicast" or any(
            m["vsid"] == sender["vsid"] and set(m["pas"]) & set(HOSTS[host])
            for m in self.routers[sender["host"]].machines)

    def flood(self, sender, packet):
        """To all ports of the virtual subnet but the sender's."""
        source = self.routers[sender["host"]].source_pa(
            self.known(sender, sender["host"]))
        got = []
        for machine in self.machines:
            host = machine["host"]
            if "port" not in machine or machine is sender \
                    or machine["vsid"] != sender["vsid"]:
                continue
            if host != sender["host"] and (
                    "rewrite" in sender
                    or not self.gets_copy(sender, host)
                    or self.routers[host].verify(
                        sender["domain"], dict(
                            packet, pa=source, vsid=sender["vsid"]))[1]):
                continue
            verdict = self.routers[host].deliver(machine, packet)
            if not verdict.startswith("drop"):
                got.append("%s %s" % (host, verdict))
        return sorted(got)


def rewriter(machines, pa):
    """The host of the machine whose own PA it is."""
    return [m["host"] for m in machines
            if pa in m.get("rewrite", {}).values()][0]


def owner(pa):
    return [host for host, pas in HOSTS.items() if pa in pas][0]


# ---------------------------------------------------------------------------
# What does.
# ---------------------------------------------------------------------------

class Walk:
    """The switches of all hosts."""

    def __init__(self, machines):
        verdict = hnv_actions.verdict
        self.machines = machines
        self.switches = {host: verdict.Switch(host) for host in HOSTS}
        names = verdict.read_names("hnvtest")
        self.actions = {host: hnv_actions.Actions(
            names, verdict.read_ports(switch))
            for host, switch in self.switches.items()}

    def receivers(self, host, vsid, to):
        """The hosts that get what 'host' sends to PA 'to'."""
        if not ip(to).is_multicast:
            return [owner(to)]
        return sorted({m["host"] for m in self.machines if "port" in m
                       and m["vsid"] == vsid} - {host})

    def on_wire(self, host, port, packet):
        """Returns where 'packet', which left 'host', arrives."""
        if port == "p0":
            receiver = rewriter(self.machines, packet["dst"])
            packet["dl_dst"] = self.resolve(receiver, packet["dst"])
            return [(receiver, "in_port=101")] if packet["dl_dst"] else []
        if port == "up":
            tag = ",dl_vlan=%d" % packet["vlan"] if packet.get("vlan") else ""
            return [(other, "in_port=102" + tag)
                    for other in sorted(set(HOSTS) - {host})]
        vsid, pas = port.split()[1:]
        source, to = pas.split(">")
        where = "in_port=100,tun_id=%s,tun_src=%s,tun_dst=%s" % (
            vsid, source, to)
        return [(receiver, where)
                for receiver in self.receivers(host, int(vsid), to)]

    def resolve(self, host, pa):
        """Returns the MAC that 'host' says it has, to a router of the provider
        network that asks for 'pa'."""
        version = ip(pa).version
        packet = {"dl_src": "aa:55:aa:55:00:99", "dst": pa, "proto": 0,
                  "src": {4: "172.16.2.1", 6: "2001:db8:ffff::1"}[version],
                  "dl_dst": router.ASK_ALL[version]}
        trace = self.switches[host].call(
            "ofproto/trace", "br1", router.to_flow("in_port=101", packet),
            "-generate")
        outcome = self.actions[host].outcome(trace, packet)
        if [port for port, _ in outcome.copies] != ["p0"]:
            return None
        return outcome.copies[0][1]["dl_src"]

    def walk(self, host, where, packet, states, hops=0):
        """Returns where all copies of 'packet', which is at 'where' on 'host',
        end, and how many connections are committed on the way, and puts what
        the switches said in self.traces."""
        trace = self.switches[host].call(
            "ofproto/trace", "br1", router.to_flow(where, packet),
            *[w for state in states for w in ("--ct-next", state)],
            "-generate")
        self.traces = ([] if not hops else self.traces) + [trace]
        outcome = self.actions[host].outcome(trace, packet)
        ends = []
        commits = outcome.commits
        for port, copy in outcome.copies:
            if port in ("p0", "up") or port.startswith("nvgre "):
                for receiver, where in self.on_wire(host, port, copy):
                    more = self.walk(receiver, where, copy, states[-8:],
                                     hops + 1) if hops < 4 else (["loop"], 0)
                    ends += more[0]
                    commits += more[1]
            else:
                ends.append("%s %s" % (host, hnv_actions.describe(
                    port, copy, trace)))
        if not outcome.copies:
            ends = ["%s %s" % (host, outcome.reason)]
        return ends, commits


# ---------------------------------------------------------------------------
# Random packets.
# ---------------------------------------------------------------------------

def address(rng, machine, version):
    """An address from which 'machine' may send."""
    own = [a for a in machine.get("own", machine["addresses"])
           if ip(a).version == version]
    outside = machine["forwarder"] and rng.random() < .3
    return rng.choice(OUTSIDE[version]) if outside or not own else own[0]


def random_packet(rng, machines):
    """Returns who sends it, and a packet to one machine."""
    sender = rng.choice([m for m in machines if "port" in m])
    peer = rng.choice([m for m in machines if (
        m["addresses"] or m["own"]) and (
            m["domain"] is sender["domain"] or rng.random() < .02)])
    version = rng.choice([4, 6])
    dst = peer.get("own", peer["addresses"])[version == 6]
    if rng.random() < .25:
        dst = rng.choice(OUTSIDE[version])
    return sender, {
        "dl_src": sender["mac"], "src": address(rng, sender, version),
        "dl_dst": rng.choice([ROUTER, peer["mac"]]), "dst": dst,
        "proto": rng.choice([6, 17]), "ttl": rng.choice([1, 2, 64, 64]),
        "tp_src": rng.randrange(1, 3000), "tp_dst": rng.randrange(1, 3000),
        "states": rng.choices(list(router.STATES), k=2), "asked": [],
        "commits": 0}


def plain_case(rng, machines, plain):
    """Between ports without a VSID, or to the MAC of a machine."""
    sender = rng.choice(plain)
    _, packet = random_packet(rng, machines)
    packet.update(dl_src=sender["mac"], dl_dst=rng.choice(
        [p["mac"] for p in plain if p is not sender] * 3
        + [m["mac"] for m in machines] + ["ff:ff:ff:ff:ff:ff"] * 9))
    return sender, packet, None


def unicast_case(rng, machines):
    sender, packet = random_packet(rng, machines)
    return sender, packet, lambda host, known: host.from_machine(known, packet)


def provider_case(rng, machines):
    """From the provider network, with IP rewrite, to a machine from any other,
    of its tenant or not."""
    own = [m for m in machines if "rewrite" in m]
    receivers = [m for m in own if "port" in m and not m["disabled"]]
    if not receivers:
        return unicast_case(rng, machines)
    _, packet = random_packet(rng, machines)
    receiver = rng.choice(receivers)
    sender = rng.choice(own)
    version6 = rng.random() < .5
    packet.update(dl_src="aa:55:aa:55:00:99", where="in_port=101",
                  src=list(sender["rewrite"].values())[version6],
                  dst=list(receiver["rewrite"].values())[version6])
    return receiver, packet, lambda host, _: host.from_provider(packet)


def flood_case(rng, machines):
    sender, packet = random_packet(rng, machines)
    version = ip(packet["src"]).version
    packet["dst"], packet["dl_dst"] = rng.choice(BROADCASTS[version])
    packet["proto"] = 17
    return sender, packet, lambda host, known: host.from_machine(known, packet)


def ask_case(rng, machines):
    """Who has that address?"""
    sender, packet = random_packet(rng, machines)
    version = ip(packet["src"]).version
    packet["dl_dst"] = router.ASK_ALL[version]
    packet["proto"] = 0
    return sender, packet, lambda host, known: host.ask(known, packet)


CASES = [unicast_case] * 6 + [flood_case] * 3 + [ask_case]


def class_of(ends):
    """In which way a packet ended, to count them."""
    if len(ends) != 1:
        return "%d copies" % len(ends)
    words = ends[0].split()
    return " ".join(words[1:3]) if words[1] in ("drop", "ask") else "arrives"


def compare(walk, fabric, case):
    """Returns how a packet ends, or None if that is not as it must be."""
    sender, packet, decide = case
    where = packet.get("where", "in_port=%d" % (
        router.PORTS.index(sender["port"]) + 1))
    if "where" in packet:
        packet["dl_dst"] = walk.resolve(sender["host"], packet["dst"])
    out, into = (router.STATES[state] for state in packet["states"])
    stateful = "where" not in packet and any(
        acl.get("stateful") for acl in sender["acls"])
    flow = "%s %s" % (sender["host"], router.to_flow(where, packet))
    got, commits = walk.walk(sender["host"], where, dict(packet),
                             [out] * stateful + [into] * 8)
    want = fabric.judge(sender, packet, decide)
    want, got = ([end.replace("unknown-pa", "source-unverified")
                  for end in ends] for ends in (want, got))
    ends = sorted(got)
    if ("vsid" not in sender or int(packet["dl_dst"][:2], 16) & 1) and not (
            want and want[0].split()[1] == "drop"):
        ends = [end for end in ends if end.split()[1] != "drop"]
    if fabric.is_late(sender, packet) and set(ends) <= set(want):
        return "some copies"
    if (ends, commits) == (want, packet["commits"]):
        return class_of(want)
    print("%s %s\nwant: %s, %d commits\ngot:  %s, %d commits\n" % (
        flow, packet["states"], want, packet["commits"], got, commits))
    print("\n".join(walk.traces))
    return None


def check(seed):
    policy, machines, plain, rng = make(seed)
    fabric = Fabric(policy, machines, plain)
    walk = Walk(machines)
    seen = {}
    for _ in range(PACKETS):
        if plain and rng.random() < .4:
            case = plain_case(rng, machines, plain)
        elif REWRITE <= seed < L2_ONLY and rng.random() < .2:
            case = provider_case(rng, machines)
        else:
            case = rng.choice(CASES)(rng, machines)
        kind = compare(walk, fabric, case)
        if not kind:
            return 1
        seen[kind] = seen.get(kind, 0) + 1
    print(" ".join("%s: %d," % kind for kind in sorted(seen.items())))
    return 0


def main():
    seed = int(sys.argv[2])
    if sys.argv[1] == "make":
        policy, machines, plain, _ = make(seed)
        json.dump(policy_of(policy, machines, plain, sys.argv[3]), sys.stdout)
    else:
        os.chdir(os.environ.get("ovs_base", "."))
        sys.exit(check(seed))


if __name__ == "__main__":
    main()

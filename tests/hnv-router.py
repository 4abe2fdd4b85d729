#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A router for HNV that anybody can check by reading it.

It makes a random policy, and random packets, and finds out by linear search
over the rows of the policy what must become of each packet (hnv_reference.py).

    hnv-router.py make SEED          prints the policy, as JSON
    hnv-router.py check SEED BRIDGE  compares with ofproto/trace
"""

import json
import os
import random
import sys

import hnv_actions
from hnv_reference import ROUTER, Router, ip, net

HERE = "172.16.1.1"
PAS = [HERE, "172.16.1.2", "172.16.1.3"]
TARGETS = ["172.20.0.0/16", "172.20.5.0/24", "0.0.0.0/0", "192.168.0.0/17",
           "2001:db8:ff00::/40", "::/0"]
PORTS = ["vm1", "vm2", "vm3", "fw", "vm5", "mgmt", "vm7", "vm8", "v10a",
         "v10b"]
PACKETS = 400

# To whom machines ask who has an address.
ASK_ALL = {4: "ff:ff:ff:ff:ff:ff", 6: "33:33:ff:00:00:01"}

# What connection tracking may know about a packet.
STATES = {"new": "trk,new", "est": "trk,est", "reply": "trk,est,rpl",
          "related": "trk,rel", "invalid": "trk,inv"}


# ---------------------------------------------------------------------------
# A random policy.
# ---------------------------------------------------------------------------

def make_machine(rng, number, subnet, domain):
    last = 2 + number % 16 * 15 + rng.randrange(15)
    addresses = [str(net(prefix)[last]) for prefix in subnet["prefixes"]]
    pas = [rng.choice(PAS)]
    return {"number": number, "vsid": subnet["vsid"], "domain": domain,
            "mac": "00:15:5d:%02x:%02x:%02x" % (domain["key"], number, last),
            "addresses": addresses, "pas": pas,
            "standby": rng.sample(PAS, 1) if rng.random() < .2 else [],
            "disabled": rng.random() < .07}


def make_acl(rng):
    acl = {"inbound": rng.random() < .5, "allow": rng.random() < .5,
           "weight": rng.randrange(1, 6)}
    if rng.random() < .6:
        acl["protocol"] = rng.choice([6, 17])
    if rng.random() < .5:
        acl["remote"] = [rng.choice(["10.0.0.0/16", "10.0.1.0/24",
                                     "172.20.0.0/16", "2001:db8::/32"])]
    if rng.random() < .5:
        first = rng.randrange(1, 2000)
        acl["local_ports"] = ["%d-%d" % (first, first + rng.randrange(1500))]
    if acl["allow"] and rng.random() < .4:
        acl["stateful"] = True
    return acl


def make_domain(rng, policy, key):
    domain = {"name": "domain%d" % key, "key": key,
              "keep_ttl": rng.random() < .2, "keep_mac": rng.random() < .2,
              "strict_vsid": rng.random() < .3,
              "external_router": rng.random() < .15}
    policy["domains"].append(domain)
    machines = []
    for i in rng.sample(range(6), rng.randrange(2, 5)):
        subnet = {"vsid": 4096 * key + i, "domain": domain["name"],
                  "prefixes": ["10.0.%d.0/24" % i, "2001:db8:%x::/64" % i]}
        policy["subnets"].append(subnet)
        if rng.random() < .3:
            policy["l2"].append({"vsid": subnet["vsid"], "gateway": True,
                                 "mac": "00:15:5d:fe:%02x:%02x" % (key, i),
                                 "pas": [rng.choice(PAS[1:])]})
        machines += [make_machine(rng, 16 * i + j, subnet, domain)
                     for j in range(rng.randrange(1, 6))]
    for prefix in rng.sample(TARGETS, rng.randrange(len(TARGETS))):
        for metric in rng.sample(range(9), rng.randrange(1, 3)):
            via = rng.choice(machines)
            hop = [a for a in via["addresses"]
                   if ip(a).version == net(prefix).version][0]
            policy["routes"].append(
                {"domain": domain["name"], "vsid": via["vsid"],
                 "prefix": prefix, "next_hop": hop, "metric": metric})
    return machines


def make_network(rng):
    """Returns a policy without ports, and its machines."""
    policy = {"domains": [], "subnets": [], "routes": [], "ports": [],
              "records": [], "l2": []}
    return policy, [m for key in (1, 2, 3)
                    for m in make_domain(rng, policy, key)]


def records(machine):
    """The lookup records of 'machine'."""
    own = machine.get("rewrite", {})
    return [{"domain": machine["domain"]["key"], "vsid": machine["vsid"],
             "ca": address, "mac": machine["mac"],
             "pas": [own[address]] if own else machine["pas"],
             "rule": "rewrite" if own else "encap",
             "standby": machine["standby"], "disabled": machine["disabled"]}
            for address in machine["addresses"]]


def make(seed):
    """Returns a policy, and its machines as the router wants them."""
    rng = random.Random(seed)
    policy, machines = make_network(rng)
    local = [m for m in machines if m["pas"] == [HERE]]
    rng.shuffle(local)
    interfaces = []
    for machine, name in zip(local, PORTS):
        machine["port"] = name
        machine["acls"] = [make_acl(rng) for _ in range(rng.randrange(4))]
        machine["forwarder"] = rng.random() < .4
        policy["ports"].append(
            {"name": name, "mac": machine["mac"], "vsid": machine["vsid"],
             "addresses": machine["addresses"], "acls": machine["acls"],
             "forwarder": machine["forwarder"]})
        interfaces.append({"name": name, "port": name,
                           "ofport": PORTS.index(name) + 1})
    policy["records"] = [r for m in machines for r in records(m)]
    policy["host"] = {"name": "h1", "pas": [HERE], "tunnel": 100,
                      "interfaces": interfaces}
    return policy, machines, rng


# ---------------------------------------------------------------------------
# Random packets, and what the switch says.
# ---------------------------------------------------------------------------

def random_packet(rng, router, sender):
    same = [m for m in router.machines if m["domain"] is sender["domain"]]
    peer = rng.choice(same if rng.random() < .8 else router.machines)
    version = rng.choice([4, 6])

    def pick(addresses):
        return [a for a in addresses if ip(a).version == version][0]
    dst = pick(peer["addresses"])
    if rng.random() < .25:
        dst = rng.choice(["172.20.5.9", "172.20.9.9", "8.8.8.8",
                          "192.168.1.1", "10.0.1.1", "10.0.2.1", "10.0.3.77"]
                         if version == 4 else
                         ["2001:db8:ff00::1", "2001:4860::1", "2001:db8:1::1",
                          "2001:db8:2::1", "2001:db8:3::4d4d"])
    return {"dl_src": sender["mac"], "src": pick(sender["addresses"]),
            "dl_dst": rng.choice([ROUTER, peer["mac"]]), "dst": dst,
            "proto": rng.choice([6, 17]), "ttl": rng.choice([1, 2, 64]),
            "tp_src": rng.randrange(1, 3000), "tp_dst": rng.randrange(1, 3000),
            "states": rng.choices(list(STATES), k=2), "asked": [],
            "commits": 0}


def local_case(rng, router):
    sender = rng.choice([m for m in router.machines if "port" in m])
    packet = random_packet(rng, router, sender)
    if rng.random() < .05:
        packet["dl_src"] = "00:15:5d:66:66:66"
    if rng.random() < .05:
        packet["src"] = "10.9.9.9" if ip(packet["src"]).version == 4 \
            else "2001:db8:9::9"
    text = "in_port=%d" % (PORTS.index(sender["port"]) + 1)
    return text, packet, lambda: router.from_machine(sender, packet)


def ask_case(rng, router):
    """Who has that address?"""
    text, packet, _ = local_case(rng, router)
    sender = [m for m in router.machines if "port" in m
              and text == "in_port=%d" % (PORTS.index(m["port"]) + 1)][0]
    version = ip(packet["dst"]).version
    own = [a for a in sender["addresses"] if ip(a).version == version][0]
    packet.update(dl_src=sender["mac"], src=own, proto=0,
                  dl_dst=ASK_ALL[version])
    if rng.random() < .1:
        packet["dst"] = own
    return text, packet, lambda: router.ask(sender, packet)


def tunnel_case(rng, router):
    sender = rng.choice(router.machines)
    packet = random_packet(rng, router, sender)
    target = rng.choice(router.machines)
    packet["dl_dst"] = target["mac"]
    packet["vsid"] = rng.choice([target["vsid"], sender["vsid"], 9999]
                                if rng.random() < .5 else [target["vsid"]])
    packet["pa"] = rng.choice(PAS + ["172.16.1.9"]) \
        if rng.random() < .3 else sender["pas"][0]
    if rng.random() < .15:
        packet["src"] = "172.20.5.9" if ip(packet["src"]).version == 4 \
            else "2001:db8:ff00::1"
    text = "in_port=100,tun_id=%d,tun_src=%s,tun_dst=%s" % (
        packet["vsid"], packet["pa"], HERE)
    return text, packet, lambda: router.from_tunnel(packet)


def to_ask(where, packet):
    """The flow of an ARP request or a solicitation."""
    values = (where, packet["dl_src"], packet["dl_dst"], packet["src"],
              packet["dst"], packet["dl_src"])
    if ip(packet["dst"]).version == 4:
        return "arp,%s,dl_src=%s,dl_dst=%s,arp_op=1," \
            "arp_spa=%s,arp_tpa=%s,arp_sha=%s" % values
    return "icmp6,%s,dl_src=%s,dl_dst=%s,nw_ttl=255," \
        "icmpv6_type=135,icmpv6_code=0,ipv6_src=%s,nd_target=%s," \
        "ipv6_dst=ff02::1:ff00:1,nd_sll=%s" % values


def to_flow(where, packet):
    if not packet["proto"]:
        return to_ask(where, packet)
    v4 = ip(packet["src"]).version == 4
    names = ("nw_src", "nw_dst") if v4 else ("ipv6_src", "ipv6_dst")
    proto = {6: "tcp", 17: "udp"}[packet["proto"]]
    return ",".join([
        proto + ("" if v4 else "6"), where,
        "dl_src=" + packet["dl_src"], "dl_dst=" + packet["dl_dst"],
        names[0] + "=" + packet["src"], names[1] + "=" + packet["dst"],
        "nw_ttl=%d" % packet["ttl"], "%s_src=%d" % (proto, packet["tp_src"]),
        "%s_dst=%d" % (proto, packet["tp_dst"])])


CASES = [local_case, local_case, tunnel_case, tunnel_case, ask_case]


def random_cases(seed):
    policy, machines, rng = make(seed)
    router = Router(policy, machines, [HERE])
    return [rng.choice(CASES)(rng, router) for _ in range(PACKETS)]


def check(cases, bridge):
    verdict = hnv_actions.verdict
    switch = verdict.Switch(os.environ.get("OVS_RUNDIR", "."))
    actions = hnv_actions.Actions(verdict.read_names("hnvtest"),
                                  verdict.read_ports(switch))
    seen = {}
    for where, packet, judge in cases:
        flow = to_flow(where, packet)
        copy = dict(packet)
        want = judge()
        states = [w for state in packet["asked"]
                  for w in ("--ct-next", STATES[state])]
        trace = switch.call("ofproto/trace", bridge, flow, *states,
                            "-generate")
        outcome = actions.outcome(trace, copy)
        got = " ".join(hnv_actions.describe(*copy, trace)
                       for copy in outcome.copies) or outcome.reason
        want += " commits %d" % packet["commits"]
        got += " commits %d" % outcome.commits
        if got != want:
            print("%s %s\nwant: %s\ngot:  %s" % (flow, states, want, got))
            print(trace)
            return 1
        kind = " ".join(want.split()[:2 if want.startswith("drop") else 1])
        seen[kind] = seen.get(kind, 0) + 1
    print(" ".join("%s: %d," % kind for kind in sorted(seen.items())))
    return 0


def main():
    if sys.argv[1] == "make":
        json.dump(make(int(sys.argv[2]))[0], sys.stdout)
    else:
        sys.exit(check(random_cases(int(sys.argv[2])), sys.argv[3]))


if __name__ == "__main__":
    main()

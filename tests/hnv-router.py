#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A router for HNV that anybody can check by reading it.

It makes a random policy, and random packets, and finds out by linear search
over the rows of the policy what must become of each packet.  It shares no code
with the compiler.

    hnv-router.py make SEED          prints the policy, as JSON
    hnv-router.py check SEED BRIDGE  compares with ofproto/trace
"""

import importlib.util
import ipaddress
import json
import os
import random
import re
import sys

ROUTER = "00:15:5d:ff:ff:01"
HERE = "172.16.1.1"
PAS = [HERE, "172.16.1.2", "172.16.1.3"]
TARGETS = ["172.20.0.0/16", "172.20.5.0/24", "0.0.0.0/0", "192.168.0.0/17",
           "2001:db8:ff00::/40", "::/0"]
PORTS = ["vm1", "vm2", "vm3", "fw", "vm5", "mgmt", "vm7", "vm8", "v10a",
         "v10b"]
PACKETS = 400

# What connection tracking may know about a packet.
STATES = {"new": "trk,new", "est": "trk,est", "reply": "trk,est,rpl",
          "related": "trk,rel", "invalid": "trk,inv"}


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


def make(seed):
    """Returns a policy, and its machines as the router wants them."""
    rng = random.Random(seed)
    policy = {"domains": [], "subnets": [], "routes": [], "ports": [],
              "records": [], "l2": []}
    machines = [m for key in (1, 2, 3) for m in make_domain(rng, policy, key)]
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
    for m in machines:
        policy["records"] += [
            {"domain": m["domain"]["key"], "vsid": m["vsid"], "ca": address,
             "mac": m["mac"], "pas": m["pas"], "standby": m["standby"],
             "disabled": m["disabled"]} for address in m["addresses"]]
    policy["host"] = {"name": "h1", "pas": [HERE], "tunnel": 100,
                      "interfaces": interfaces}
    return policy, machines, rng


# ---------------------------------------------------------------------------
# The router.
# ---------------------------------------------------------------------------

class Router:
    def __init__(self, policy, machines):
        self.policy = policy
        self.machines = machines
        self.live = {m["domain"]["key"] for m in machines if "port" in m}

    def subnets(self, domain):
        return [s for s in self.policy["subnets"]
                if s["domain"] == domain["name"]]

    def machine(self, domain, address):
        found = [m for m in self.machines if m["domain"] is domain
                 and address in m["addresses"]]
        return found[0] if found else None

    def wildcards(self, domain):
        """The wildcard gateways of the domain."""
        vsids = [s["vsid"] for s in self.subnets(domain)]
        return [r for r in self.policy["l2"] if r["vsid"] in vsids]

    def is_gateway(self, domain, address):
        return not domain["external_router"] and any(
            ip(address) == net(p)[1] for s in self.subnets(domain)
            for p in s["prefixes"] if net(p).version == ip(address).version)

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
        """Returns why an ACL of 'machine' drops the packet, or None."""
        state = None
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
        return self.sent(machine["port"], packet)

    @staticmethod
    def sent(where, packet):
        return "%s %s>%s ttl %d" % (where, packet["dl_src"],
                                    packet["dl_dst"], packet["ttl"])

    def forwards(self, sender, address):
        """Whether packets from 'address' come by way of 'sender'."""
        hop = self.route(sender["domain"], address)
        return sender["forwarder"] and not sender["disabled"] \
            and hop in sender["addresses"]

    def to_wildcard(self, sender, packet, why):
        """What no record is for goes to the subnet's gateway, if it has
        one."""
        for record in self.policy["l2"]:
            if record["vsid"] == sender["vsid"]:
                if packet["dl_dst"] == ROUTER:
                    packet["dl_dst"] = record["mac"]
                return self.sent("nvgre %d %s" % (record["vsid"],
                                                  record["pas"][0]), packet)
        return why

    def ask(self, sender, packet):
        """A broadcast ARP request, or a solicitation, for 'dst'."""
        domain = sender["domain"]
        subnets = [s for s in self.subnets(domain) if any(
            packet["dst"] == str(net(p)[1]) for p in s["prefixes"])]
        machine = self.machine(domain, packet["dst"])
        if self.is_gateway(domain, packet["dst"]):
            mac, vsid = ROUTER, subnets[0]["vsid"]
        elif machine is None:
            return "drop no-record"
        elif machine is sender:
            return "drop arp-self"
        else:
            mac, vsid = machine["mac"], machine["vsid"]
        if vsid != sender["vsid"]:
            return "drop arp-other"
        return "%s hears %s of %s" % (sender["port"], packet["dst"], mac)

    def from_machine(self, sender, packet):
        domain = sender["domain"]
        if packet["dl_src"] != sender["mac"]:
            return "drop spoof-mac"
        if packet["src"] not in sender["addresses"] \
                and not self.forwards(sender, packet["src"]):
            return "drop spoof-ip"
        why = self.denies(sender, packet, False)
        if why:
            return why
        hop = self.route(domain, packet["dst"], sender["vsid"]
                         if domain["external_router"] else None)
        if hop is None:
            return self.to_wildcard(sender, packet, "drop no-route")
        if self.is_gateway(domain, hop):
            return "ask 4"
        machine = self.machine(domain, hop)
        if machine is None:
            return self.to_wildcard(sender, packet, "drop no-record")
        if machine["disabled"] or (machine["pas"] == [HERE]
                                   and "port" not in machine):
            return "drop record-unusable"
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
        return self.sent("nvgre %d %s" % (machine["vsid"],
                                          machine["pas"][0]), packet)

    def verify(self, domain, packet):
        """Returns the machine that the source address leads to, or why the
        source is not believed."""
        hop = self.route(domain, packet["src"])
        machine = hop and self.machine(domain, hop)
        if machine and not machine["disabled"] and machine["pas"] != [HERE] \
                and packet["pa"] in machine["pas"] + machine["standby"]:
            return machine, None
        if not machine and any(packet["pa"] in r["pas"]
                               for r in self.wildcards(domain)):
            return None, None
        if any(m["pas"] == [packet["pa"]] and not m.get("standby")
               for m in self.machines + self.policy["l2"]):
            return None, "drop source-unverified"
        return None, "drop unknown-pa"

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
            and packet["pa"] in set(owner["standby"]) - {HERE}
        sender, why = self.verify(domain, packet)
        if not redirected and why:
            return why
        if owner and owner["vsid"] == vsid and owner["pas"] != [HERE] \
                and not owner["disabled"] and HERE in owner["standby"] \
                and packet["dst"] in owner["addresses"]:
            return self.sent("nvgre %d %s" % (vsid, owner["pas"][0]), packet)
        if owner in ports and (owner["vsid"] == vsid or (
                not redirected and owner["domain"] is domain
                and sender and sender["vsid"] == vsid
                and not domain["strict_vsid"])):
            return self.deliver(owner, packet)
        return "drop mac-not-here"


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
    packet.update(dl_src=sender["mac"], src=own, proto=0)
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
    values = (where, packet["dl_src"], packet["src"], packet["dst"])
    if ip(packet["dst"]).version == 4:
        return "arp,%s,dl_src=%s,dl_dst=ff:ff:ff:ff:ff:ff,arp_op=1," \
            "arp_spa=%s,arp_tpa=%s,arp_sha=%s" % (values + values[1:2])
    return "icmp6,%s,dl_src=%s,dl_dst=33:33:ff:00:00:01,nw_ttl=255," \
        "icmpv6_type=135,icmpv6_code=0,ipv6_src=%s,nd_target=%s," \
        "ipv6_dst=ff02::1:ff00:1,nd_sll=%s" % (values + values[1:2])


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


def simplify(text, packet):
    """What hnv-verdict.py says, as the router says it."""
    dropped = re.search(r"(?:^|; )(drop [a-z-]+)$", text)
    if dropped and not re.search(r"\bask\b", text):
        return dropped.group(1)
    hears = re.search(r"(?:sip|ipv6\(src)=([0-9a-f.:]+)", text)
    if not packet["proto"] and hears:
        return "%s hears %s of %s" % (
            text.split(",")[-1], hears.group(1),
            re.search(r"eth\(src=([0-9a-f:]+)", text).group(1))
    ask = re.search(r"\bask; op (\d)", text)
    if ask:
        return "ask " + ask.group(1)
    eth = re.search(r"set\(eth\((.*?)\)\)", text)
    for name, mac in re.findall(r"(src|dst)=([0-9a-f:]+)",
                                eth.group(1) if eth else ""):
        packet["dl_" + name] = mac
    ttl = re.search(r"(?:ttl|hlimit)=(\d+)", text)
    if ttl:
        packet["ttl"] = int(ttl.group(1))
    where = re.sub(r"(?:set|ct)\((?:[^()]|\([^()]*\))*\),?", "", text)
    where = re.sub(r"recirc(?:; |$)", "", where)
    where = re.sub(r"nvgre\[(\d+) [^>]*>(.*)\]", r"nvgre \1 \2", where)
    return Router.sent(where, packet)


def load_verdict():
    path = os.path.join(os.path.dirname(__file__), "hnv-verdict.py")
    spec = importlib.util.spec_from_file_location("hnv_verdict", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CASES = [local_case, local_case, tunnel_case, tunnel_case, ask_case]


def random_cases(seed):
    policy, machines, rng = make(seed)
    router = Router(policy, machines)
    return [rng.choice(CASES)(rng, router) for _ in range(PACKETS)]


def check(cases, bridge):
    verdict = load_verdict()
    switch = verdict.Switch(os.environ.get("OVS_RUNDIR", "."))
    names = verdict.read_names("hnvtest")
    ports = verdict.read_ports(switch)
    seen = {}
    for where, packet, judge in cases:
        flow = to_flow(where, packet)
        copy = dict(packet)
        want = judge()
        states = [w for state in packet["asked"]
                  for w in ("--ct-next", STATES[state])]
        trace = switch.call("ofproto/trace", bridge, flow, *states,
                            "-generate")
        got = simplify(verdict.verdict(trace, names, ports), copy)
        want += " commits %d" % packet["commits"]
        actions = "".join(re.findall("^Datapath actions: .*", trace, re.M))
        got += " commits %d" % actions.count("ct(commit")
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

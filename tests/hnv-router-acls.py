#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every kind of port ACL, for the router of hnv-router.py.

The policy has all of them on the sender, and on receivers in its subnet and in
another one, on this host and elsewhere; the packets are all for which that
could make a difference.

    hnv-router-acls.py make          prints the policy, as JSON
    hnv-router-acls.py check BRIDGE  compares with ofproto/trace
"""

import json
import sys

import hnv_actions

router = hnv_actions.load("hnv-router.py")

# What decides about one port: (allow, stateful, weight) of each rule.
RULES = [
    [],
    [(True, False, 5)],
    [(True, True, 5)],
    [(False, False, 5)],
    [(True, False, 6), (False, False, 5)],
    [(True, True, 6), (False, False, 5)],
    [(False, False, 6), (True, True, 5)],
    [(False, False, 5), (True, True, 5)],
    [(False, False, 5), (True, False, 5)],
    [(True, True, 6), (True, False, 5)],
    [(True, False, 6), (True, True, 5)],
]


def acls_of_all_kinds(inbound):
    """The rules of RULES[i] for the receiver's port 1000 + i."""
    side = "local_ports" if inbound else "remote_ports"
    return [{"inbound": inbound, "allow": allow, "stateful": stateful,
             "weight": weight, side: [str(1000 + i)]}
            for i, rules in enumerate(RULES)
            for allow, stateful, weight in rules]


def make_acls():
    """Returns a policy and its machines, named by where they are."""
    domain = {"name": "domain1", "key": 1, "keep_ttl": False,
              "keep_mac": False, "strict_vsid": False,
              "external_router": False}
    subnets = [{"vsid": 5000 + i, "domain": "domain1",
                "prefixes": ["10.0.%d.0/24" % i, "2001:db8:%d::/64" % i]}
               for i in (1, 2)]
    policy = {"domains": [domain], "subnets": subnets, "routes": [],
              "ports": [], "records": [], "l2": []}
    machines = []
    interfaces = []
    for i, (port, net_number, pa, acls) in enumerate([
            ("vm1", 1, router.HERE, acls_of_all_kinds(False)),
            ("vm2", 1, router.HERE, acls_of_all_kinds(True)),
            ("vm3", 2, router.HERE, acls_of_all_kinds(True)),
            ("fw", 1, router.HERE, []), ("vm5", 2, router.HERE, []),
            (None, 1, router.PAS[1], []), (None, 2, router.PAS[1], [])]):
        machine = {"vsid": 5000 + net_number, "domain": domain, "acls": acls,
                   "mac": "00:15:5d:01:00:%02x" % i, "pas": [pa],
                   "standby": [], "disabled": False, "forwarder": False,
                   "addresses": ["10.0.%d.%d" % (net_number, 10 + i),
                                 "2001:db8:%d::%d" % (net_number, 10 + i)]}
        machines.append(machine)
        policy["records"] += [
            {"domain": 1, "vsid": machine["vsid"], "ca": address,
             "mac": machine["mac"], "pas": [pa]}
            for address in machine["addresses"]]
        if port:
            machine["port"] = port
            policy["ports"].append(
                {"name": port, "mac": machine["mac"],
                 "vsid": machine["vsid"], "acls": acls,
                 "addresses": machine["addresses"]})
            interfaces.append({"name": port, "port": port,
                               "ofport": router.PORTS.index(port) + 1})
    policy["host"] = {"name": "h1", "pas": [router.HERE], "tunnel": 100,
                      "interfaces": interfaces}
    return policy, machines


def acl_packet(sender, receiver, version, port, states):
    routed = sender["vsid"] != receiver["vsid"]
    to_router = routed and "port" in sender
    from_router = routed and "port" not in sender
    return {"dl_src": router.ROUTER if from_router else sender["mac"],
            "dl_dst": router.ROUTER if to_router else receiver["mac"],
            "src": sender["addresses"][version == 6],
            "dst": receiver["addresses"][version == 6], "ttl": 64,
            "proto": 6, "tp_src": 40000, "tp_dst": port, "states": states,
            "asked": [], "commits": 0}


def acl_cases():
    """All that ACLs of the sender, the receiver, or both may decide, for
    sender and receiver in one subnet and in two, here and elsewhere."""
    policy, machines = make_acls()
    oracle = router.Router(policy, machines, [router.HERE])
    here = [m for m in machines if "port" in m]
    cases = []
    for sender in machines:
        for receiver in machines:
            if sender is receiver or not (sender["acls"] or receiver["acls"]) \
                    or not (sender in here or receiver in here):
                continue
            for version in (4, 6):
                for i in range(len(RULES)):
                    for out in router.STATES if sender["acls"] else ["new"]:
                        for into in router.STATES if receiver["acls"] \
                                and receiver in here and out in (
                                    "new", "est") else ["new"]:
                            cases.append(acl_case(
                                oracle, acl_packet(sender, receiver, version,
                                                   1000 + i, [out, into]),
                                sender, receiver))
    return cases


def acl_case(oracle, packet, sender, receiver):
    if "port" in sender:
        number = router.PORTS.index(sender["port"]) + 1
        return ("in_port=%d" % number, packet,
                lambda: oracle.from_machine(sender, packet))
    packet["vsid"] = receiver["vsid"]
    packet["pa"] = sender["pas"][0]
    return ("in_port=100,tun_id=%d,tun_src=%s,tun_dst=%s" % (
        packet["vsid"], packet["pa"], router.HERE), packet,
            lambda: oracle.from_tunnel(packet))


def main():
    if sys.argv[1] == "make":
        json.dump(make_acls()[0], sys.stdout)
    else:
        sys.exit(router.check(acl_cases(), sys.argv[2]))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Changes a policy at random, and checks hnv-agent after each change.

usage: hnv-churn.py DIR SEED STEPS HOST...

DIR is where the sockets are: DIR/hnv.sock is the HNV database's, and DIR/HOST
the directory of each host.  Each step changes a few rows of any table that
hosts read, whatever sense that makes, waits until the policy is in force on
all hosts, and makes each hnv-agent compile everything anew and compare it with
what its switch has: there must be no difference.

Prints what it did in the step that failed, if one did.
"""

import json
import os
import random
import socket
import subprocess
import sys

KINDS = ["Routing_Domain", "Virtual_Subnet", "Lookup_Record", "L2_Record",
         "Customer_Route", "Port", "Port_ACL", "ACL_Group", "Address_Set",
         "Host", "Logical_Network", "HNV_Global"]
PAS = ["172.16.0.1", "172.16.0.2", "172.16.0.3", "172.16.0.101",
       "172.16.0.102", "fd16::1", "fd16::2", "fd16::3"]
VSIDS = [5001, 5002, 5003, 5004, 6001]
PREFIXES = ["10.0.1.0/24", "10.0.2.0/24", "fd01::/64", "fd02::/64",
            "10.0.0.0/16"]
CAS = ["10.0.%d.%d" % (n, m) for n in (1, 2) for m in (11, 12, 13, 14)] + \
      ["fd01::11", "fd01::12", "fd02::13", "0.0.0.0", "239.1.1.1"]
MACS = ["00:15:5d:00:01:%d" % n for n in (11, 12, 13, 14)]
PORTS = ["vm%d" % n for n in range(1, 7)]


def strings(rng, values, most):
    return ["set", rng.sample(values, rng.randint(0, most))]


def maybe(rng, value, chance=.5):
    return value if rng.random() < chance else ["set", []]


class Database:
    """The HNV database, over a socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.buffer = ""

    def receive(self):
        decoder = json.JSONDecoder()
        while True:
            try:
                message, end = decoder.raw_decode(self.buffer)
                self.buffer = self.buffer[end:].lstrip()
                return message
            except ValueError:
                data = self.socket.recv(65536)
                if not data:
                    sys.exit("the database closed the connection")
                self.buffer += data.decode()

    def transact(self, operations):
        request = {"method": "transact", "id": 0,
                   "params": ["HNV"] + operations}
        self.socket.sendall(json.dumps(request).encode())
        while True:
            reply = self.receive()
            if reply.get("method") == "echo":
                self.socket.sendall(json.dumps(
                    {"result": [], "error": None, "id": "echo"}).encode())
            else:
                return reply["result"]

    def rows(self):
        result = self.transact([{"op": "select", "table": kind, "where": [],
                                 "columns": ["_uuid"]} for kind in KINDS])
        return {kind: [row["_uuid"] for row in r["rows"]]
                for kind, r in zip(KINDS, result)}


class Maker:
    """Makes the rows' contents."""

    def __init__(self, rng, rows):
        self.rng = rng
        self.rows = rows

    def ref(self, kind):
        return self.rng.choice(self.rows[kind])

    def refs(self, kind, most=2):
        have = self.rows[kind]
        n = self.rng.randint(0, min(most, len(have)))
        return ["set", self.rng.sample(have, n)]

    def routing_domain(self):
        rng = self.rng
        options = {"ttl_decrement": "false", "source_mac": "keep",
                   "receive_vsid": "strict", "lookup_requests": "true"}
        names = rng.sample(sorted(options), rng.randint(0, 2))
        return {"name": rng.choice(["red", "blue", "green"]),
                "rdid": "%08x-0000-4000-8000-000000000000"
                        % rng.getrandbits(32),
                "datapath_key": rng.randint(1, 5),
                "lookup_mode": maybe(rng, rng.choice(["full", "lazy"])),
                "use_external_router": maybe(rng, rng.random() < .2),
                "hosts": strings(rng, ["h1", "h2"], 2),
                "options": ["map", [[n, options[n]] for n in names]]}

    def virtual_subnet(self):
        rng = self.rng
        return {"vsid": rng.choice(VSIDS),
                "name": rng.choice(["", "a", "b"]),
                "routing_domain": self.ref("Routing_Domain"),
                "prefixes": strings(rng, PREFIXES, 2),
                "gateways": strings(rng, ["10.0.1.1", "10.0.2.254", "fd01::1",
                                          "10.0.1.11"], 2),
                "rule": maybe(rng, rng.choice(["encap", "rewrite"])),
                "flood": maybe(rng, rng.choice(["none", "head_end",
                                                "multicast"])),
                "multicast_pa": maybe(rng, rng.choice(
                    ["239.1.0.1", "239.1.0.2", "ff05::1", "10.0.0.1"])),
                "mtu": maybe(rng, rng.choice([576, 1400, 9000]))}

    def located(self):
        rng = self.rng
        return {"provider_addresses": strings(rng, PAS, 2),
                "standby_addresses": maybe(rng, strings(rng, PAS, 2), .3),
                "rule": maybe(rng, rng.choice(["encap", "rewrite", "none"])),
                "state": maybe(rng, rng.choice(["active", "migrating",
                                                "disabled", "unbound"])),
                "routing_domain": self.ref("Routing_Domain"),
                "vsid": rng.choice(VSIDS),
                "mac": rng.choice(MACS)}

    def lookup_record(self):
        return dict(self.located(),
                    customer_address=self.rng.choice(CAS),
                    type=maybe(self.rng, "dynamic"))

    def l2_record(self):
        return dict(self.located(), type=maybe(self.rng, self.rng.choice(
            ["l2_only", "gateway_wildcard"])))

    def customer_route(self):
        rng = self.rng
        return {"routing_domain": self.ref("Routing_Domain"),
                "vsid": rng.choice(VSIDS),
                "destination_prefix": rng.choice(
                    ["0.0.0.0/0", "::/0", "192.168.0.0/16", "10.0.1.128/25",
                     "fd01::/48"]),
                "next_hop": rng.choice(CAS + ["0.0.0.0"]),
                "metric": rng.choice([0, 256, 65535])}

    def port(self):
        rng = self.rng
        return {"name": rng.choice(PORTS),
                "mac": maybe(rng, rng.choice(MACS), .9),
                "vsid": maybe(rng, rng.choice(VSIDS), .8),
                "vlan": maybe(rng, rng.choice([0, 7, 4094]), .2),
                "logical_network": maybe(
                    rng, self.ref("Logical_Network"), .2)
                if self.rows["Logical_Network"] else ["set", []],
                "addresses": strings(rng, CAS, 3),
                "mac_spoofing": rng.random() < .2,
                "forwarder": rng.random() < .3,
                "dhcp_guard": rng.random() < .3,
                "router_guard": rng.random() < .3,
                "acl_groups": self.refs("ACL_Group"),
                "owner": maybe(rng, ["map", [[rng.choice(
                    ["active", "target"]), rng.choice(["h1", "h2"])]]], .3)}

    def port_acl(self):
        rng = self.rng
        addresses = ["10.0.1.0/24", "10.0.2.13", "$set", "fd01::/64", "$none",
                     "nonsense"]
        return {"direction": rng.choice(["inbound", "outbound"]),
                "action": rng.choice(["allow", "deny"]),
                "weight": rng.choice([1, 10, 10, 65535]),
                "protocol": maybe(rng, rng.choice([1, 6, 17, 58, 132, 255])),
                "local_addresses": strings(rng, addresses, 2),
                "remote_addresses": strings(rng, addresses, 2),
                "local_ports": strings(rng, ["80", "0-65535", "1000-1023",
                                             "9-8", "x"], 1),
                "remote_ports": strings(rng, ["443", "1-2"], 1),
                "vsid": maybe(rng, rng.choice(VSIDS), .2),
                "stateful": rng.random() < .5,
                "idle_timeout": maybe(rng, rng.choice([0, 30, 86400]), .3),
                "log": rng.random() < .5}

    def acl_group(self):
        return {"name": self.rng.choice(["g1", "g2"])}

    def address_set(self):
        return {"name": self.rng.choice(["set", "other"]),
                "addresses": strings(self.rng, CAS + PREFIXES, 4)}

    def logical_network(self):
        return {"name": self.rng.choice(["n1", "n2"]),
                "network_virtualization": self.rng.random() < .5}

    def hnv_global(self):
        return {"router_mac": maybe(self.rng, "02:aa:bb:cc:dd:0%d"
                                    % self.rng.randint(1, 3)),
                "use_external_router": self.rng.random() < .2}


def match(uuid):
    return [["_uuid", "==", uuid]]


class Churn:
    def __init__(self, directory, seed, hosts):
        self.directory = directory
        self.hosts = hosts
        self.rng = random.Random(seed)
        self.database = Database(os.path.join(directory, "hnv.sock"))

    def insert(self, maker, kind):
        row = getattr(maker, kind.lower())()
        return [{"op": "insert", "table": kind, "row": row}]

    def update(self, maker, kind):
        row = getattr(maker, kind.lower())()
        n = self.rng.choice([1, 1, 2, len(row)])
        some = self.rng.sample(sorted(row), min(n, len(row)))
        return [{"op": "update", "table": kind,
                 "where": match(maker.ref(kind)),
                 "row": {column: row[column] for column in some}}]

    def change_acl(self, maker, kind):
        rng = self.rng
        owner = rng.choice([k for k in ("Port", "ACL_Group")
                            if maker.rows[k]])
        where = match(maker.ref(owner))
        if maker.rows[kind] and rng.random() < .3:
            return [{"op": "mutate", "table": owner, "where": where,
                     "mutations": [["acls", "delete", maker.refs(kind)]]}]
        return [{"op": "insert", "table": kind, "uuid-name": "acl",
                 "row": maker.port_acl()},
                {"op": "mutate", "table": owner, "where": where,
                 "mutations": [["acls", "insert", ["named-uuid", "acl"]]]}]

    def change_host(self, maker, kind):
        """Gives a host other provider addresses, or none."""
        rng = self.rng
        operations, refs = [], []
        for i, pa in enumerate(rng.sample(PAS, rng.choice([0, 1, 2, 3]))):
            name = "pa%d" % i
            refs.append(["named-uuid", name])
            operations.append(
                {"op": "insert", "table": "Provider_Address",
                 "uuid-name": name,
                 "row": {"address": pa, "prefix_length": 24,
                         "skip_as_source": rng.random() < .1}})
        return operations + [
            {"op": "update", "table": kind, "where": match(maker.ref(kind)),
             "row": {"provider_addresses": ["set", refs]}}]

    def operations(self, maker):
        rng = self.rng
        kind = rng.choice(KINDS + ["Lookup_Record", "Port", "Port_ACL"] * 3)
        some = maker.rows[kind]
        if kind == "Host":
            return self.change_host(maker, kind)
        if kind == "HNV_Global":
            return self.update(maker, kind)
        if kind == "Port_ACL" and (not some or rng.random() < .5):
            if not maker.rows["Port"]:
                return self.insert(maker, "Port")
            return self.change_acl(maker, kind)
        if not some or (kind != "Port_ACL" and rng.random() < .4):
            return self.insert(maker, kind)
        if kind != "Port_ACL" and rng.random() < .3:
            return [{"op": "delete", "table": kind,
                     "where": match(maker.ref(kind))}]
        return self.update(maker, kind)

    def bind(self):
        """Makes an interface that of another port, or of a subnet."""
        rng = self.rng
        ids = rng.choice(["external_ids:hnv-port-id=%s" % rng.choice(PORTS),
                          "external_ids:hnv-vsid=%d" % rng.choice(VSIDS),
                          "external_ids:hnv-uplink=true",
                          "external_ids:hnv-port-id=''"])
        command = ["ovs-vsctl", "--no-wait", "set", "Interface",
                   rng.choice(["vm1", "vm2", "vm3", "vm4"])]
        if rng.random() < .5:
            command = command[:2] + ["remove", "Interface", command[-1],
                                     "external_ids", "hnv-vsid",
                                     "hnv-uplink", "--"] + command[2:]
        return rng.choice(self.hosts), command + [ids]

    def run_on(self, host, command):
        path = os.path.join(self.directory, host)
        return subprocess.run(
            command, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=60,
            env=dict(os.environ, OVS_RUNDIR=path, OVS_DBDIR=path,
                     OVS_SYSCONFDIR=path)).stdout

    def step(self):
        """Returns what was done."""
        if self.rng.random() < .1:
            host, command = self.bind()
            self.run_on(host, command)
            return [host] + command
        for _ in range(100):
            maker = Maker(self.rng, self.database.rows())
            if not maker.rows["Routing_Domain"]:
                operations = self.insert(maker, "Routing_Domain")
            else:
                operations = self.operations(maker)
            result = self.database.transact(operations)
            if all(r and "error" not in r for r in result):
                return operations
        sys.exit("the database refuses everything: %s" % result)

    def check(self):
        """Returns what is wrong, or an empty string."""
        sync = subprocess.run(["hnv-ctl", "--timeout=60", "--wait=hosts",
                               "sync"], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if sync.returncode:
            return "sync: %s" % sync.stdout
        for host in self.hosts:
            said = self.run_on(host, ["ovs-appctl", "-t", "hnv-agent",
                                      "hnv/recompute"])
            if said != "0 changes\n":
                return "%s: %s" % (host, said)
        return ""


def main():
    directory, seed, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    churn = Churn(directory, seed, sys.argv[4:])
    for i in range(steps):
        done = churn.step()
        wrong = churn.check()
        if wrong:
            sys.exit("step %d: %s\n%s" % (i, json.dumps(done), wrong))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Says in a few words what becomes of packets in the HNV pipeline.

Each line of standard input is a case, "NAME | FLOW | CT-STATE...".  For each,
ofproto/trace is asked, and the line is printed, and below it, indented, either
"drop REASON" or the actions of the datapath, with names instead of what
differs from run to run.  Lines that are empty or begin with # are kept, those
that are indented are dropped, so that the output can be the next input.
"""

import argparse
import glob
import json
import os
import re
import socket
import subprocess
import sys


class Switch:
    """A running ovs-vswitchd, asked through its control socket."""

    def __init__(self, rundir):
        paths = glob.glob(os.path.join(rundir, "ovs-vswitchd.*.ctl"))
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(paths[0])
        self.decoder = json.JSONDecoder()
        self.text = ""

    def call(self, method, *params):
        request = {"method": method, "params": list(params), "id": 0}
        self.socket.sendall(json.dumps(request).encode())
        while True:
            try:
                reply, end = self.decoder.raw_decode(self.text)
                self.text = self.text[end:].lstrip()
                return reply["error"] or reply["result"]
            except ValueError:
                data = self.socket.recv(1 << 20)
                if not data:
                    sys.exit("ovs-vswitchd is gone")
                self.text += data.decode()


def read_names(hnvtest):
    """Returns the reasons to drop, by number, as the program names them."""
    lines = subprocess.run([hnvtest, "hnv-names"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    words = [line.split() for line in lines]
    return {int(w[1]): w[2] for w in words if w[0] == "drop"}


def read_ports(switch):
    """Returns the datapath's ports, by number, as "dpif/show" names them."""
    found = re.findall(r"^ +(\S+) \d+/(\d+):", switch.call("dpif/show"), re.M)
    return {number: name for name, number in found}


def name_ports(actions, ports):
    def name(match):
        return match.group(1) + ports.get(match.group(2), match.group(2))
    return re.sub(r"(^|,|le\(|gt\()(\d+)(?=[,)]|$)", name, actions)


PUSH = re.compile(
    r"tnl_push\(tnl_port\(\w+\),header\(size=\d+,type=\w+,eth\("
    r"dst=[0-9a-f:]+,src=[0-9a-f:]+,dl_type=0x\w+\),"
    r"ipv[46]\(src=([0-9a-f.:]+),dst=([0-9a-f.:]+),.*?"
    r"(?:gre|nvgre)\(\(?flags=0x2000,proto=0x6558\)?,key=(0x[0-9a-f]+)\).*?\),"
    r"out_port\(\w+\)\),\w+")


def shorten(actions, ports):
    def push(match):
        return "nvgre[%d %s>%s]" % (int(match.group(3), 16) >> 8,
                                    match.group(1), match.group(2))
    actions = PUSH.sub(push, actions)
    actions = re.sub(r"userspace\([^()]*(?:\([^()]*\))*[^()]*\)", "ask",
                     actions)
    actions = re.sub(r"sample\(sample=100.0%,actions\(meter\(\d+\),ask\)\)",
                     "ask", actions)
    actions = re.sub(r"recirc\(\w+\)", "recirc", actions)
    actions = re.sub(r"hash\(\w+\(\d+\)\)", "hash", actions)
    return name_ports(actions, ports)


def verdict(trace, names, ports):
    actions = re.findall(r"^Datapath actions: (.*?) ?$", trace, re.M)
    if not actions:
        return "error: " + trace
    cookies = [int(c, 16) for c in re.findall(r"cookie (0x48\w{14})", trace)]
    reasons = [names[c >> 40 & 0xff] for c in cookies if c >> 40 & 0xff]
    reason = "drop " + (reasons[-1] if reasons else "unnamed")
    text = "; ".join(shorten(part, ports) for part in actions
                     if part != "drop")
    if "too-big" in reasons:
        text = text.replace("gt(drop)", "gt(drop too-big)")
    asks = re.findall(r"userdata=01\.(\w\w)\.00\.00\.([0-9a-f.]+)", trace)
    leaves = r"nvgre\[|ask|\b(%s)\b" % "|".join(ports.values())
    if not re.search(leaves, text):
        return "; ".join(filter(None, [text, reason]))
    if asks and "ask" in text:
        op, arg = (int(word.replace(".", ""), 16) for word in asks[-1])
        text += "; op %d" % op + (" %d" % arg if arg else "")
        text += "; " + reason if reasons and op != 3 else ""
    if "controller-output" in reasons:
        text += "; drop controller-output"
    return text


def megaflow(trace):
    found = re.findall(r"^Megaflow: (.*)$", trace, re.M)
    return found[0] if found else "none"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rundir", default=os.environ.get("OVS_RUNDIR", "."))
    parser.add_argument("--hnvtest", default="hnvtest")
    parser.add_argument("--megaflow", action="store_true",
                        help="print what the first megaflow matches instead")
    parser.add_argument("bridge")
    args = parser.parse_args()

    switch = Switch(args.rundir)
    names = read_names(args.hnvtest)
    ports = read_ports(switch)
    for line in map(str.rstrip, sys.stdin):
        if line.startswith(" "):
            continue
        print(line)
        if not line or line.startswith("#"):
            continue
        flow, *states = [part.strip() for part in line.split("|")][1:]
        next_states = [w for state in states if state
                       for w in ("--ct-next", state)]
        trace = switch.call("ofproto/trace", args.bridge, flow,
                            *next_states, "-generate")
        print("    " + (megaflow(trace) if args.megaflow
                        else verdict(trace, names, ports)))


if __name__ == "__main__":
    main()

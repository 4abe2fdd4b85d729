#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares all that the compiler makes of a policy with what it made before.

The policy is golden/policy.json.  What each of its hosts has, every flow,
group and meter, is in golden/HOST.txt, table by table, so that a change of the
compiler shows as a difference that people can read and judge.

    hnv-golden.py           says what is different, as "diff -u" does
    hnv-golden.py --renew   writes the files again
"""

import argparse
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile

DIR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")


def run(*args):
    return subprocess.run(["hnvtest", *args], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.splitlines()


def tables():
    """Returns the names of tables, by number."""
    words = [line.split() for line in run("hnv-names")]
    return {int(w[1]): w[2] for w in words if w[0] == "table"}


def wrap(flow):
    """Returns the lines of a flow: its match, and below it what it does."""
    match, actions = re.match(r"table=\d+,(.*?)(?:,|^)?actions=(.*)",
                              flow).groups()
    cookie = re.search(r"cookie=0x48(\w{14})", match).group(1)
    match = re.sub(r",?cookie=\w+", "", match)
    return ["%s  [%s]" % (match, cookie), "    " + actions]


def listing(policy):
    """Returns the lines for one host."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(policy, file)
        file.flush()
        errors, meters, groups, flows = (
            run("hnv-compile", file.name, what)
            for what in ("errors", "meters", "groups", "flows"))
    if errors:
        sys.exit("the policy has errors: " + "; ".join(errors))
    names = tables()
    lines = ["# SPDX-License-Identifier: Apache-2.0", "",
             "Flows: priority and match [cookie without its first byte], "
             "actions."]
    by_table = {}
    for flow in flows:
        table = int(re.match(r"table=(\d+)", flow).group(1))
        by_table.setdefault(table, []).append(wrap(flow))
    for table in sorted(by_table):
        lines += ["", "Table %d: %s" % (table, names[table])]
        for flow in sorted(by_table[table], key=sort_key):
            lines += flow
    lines += ["", "Groups"]
    for group in sorted(groups, key=lambda g: int(re.findall(r"\d+", g)[0])):
        head, *buckets = group.split(",bucket=actions=")
        lines += [head] + ["    " + b for b in buckets]
    return lines + ["", "Meters"] + sorted(meters)


def sort_key(flow):
    priority = re.search(r"priority=(\d+)", flow[0])
    return -int(priority.group(1)) if priority else 0, flow[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--renew", action="store_true",
                        help="write the files again")
    args = parser.parse_args()

    with open(os.path.join(DIR, "policy.json"), encoding="utf-8") as file:
        policy = json.load(file)
    different = False
    for host in policy.pop("each"):
        path = os.path.join(DIR, host["name"] + ".txt")
        new = [line + "\n" for line in listing(dict(policy, host=host))]
        if args.renew:
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(new)
            continue
        with open(path, encoding="utf-8") as file:
            old = file.readlines()
        diff = list(difflib.unified_diff(
            old, new, "golden/%s.txt" % host["name"], "compiler"))
        sys.stdout.writelines(diff)
        different = different or bool(diff)
    if different:
        print("If these changes are meant, \"make golden\" and commit them.")
    return different


if __name__ == "__main__":
    sys.exit(main())

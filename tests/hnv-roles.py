#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tries all that a host might do to the HNV database.

usage: hnv-roles.py PORT HOST KEY CERTIFICATE CA

Connects to 127.0.0.1:PORT as HOST, and tries to insert into and delete from
each table, and to update and mutate each column, of rows that have to do with
HOST ("own") and of all others.  Prints what the database allows.  Nothing
changes, since each transaction ends with an abort.
"""

import json
import socket
import ssl
import sys


class Database:
    def __init__(self, port, key, certificate, ca):
        context = ssl.create_default_context(cafile=ca)
        context.check_hostname = False
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(
            socket.create_connection(("127.0.0.1", int(port)), timeout=30))
        self.buffer = ""

    def ask(self, method, *params):
        request = {"method": method, "params": params, "id": 1}
        self.socket.sendall(json.dumps(request).encode())
        while True:
            try:
                reply, end = json.JSONDecoder().raw_decode(self.buffer)
            except ValueError:
                self.buffer += self.socket.recv(65536).decode()
                continue
            self.buffer = self.buffer[end:].lstrip()
            if reply.get("id") == 1:
                return reply["result"]

    def try_out(self, operation):
        """Is 'operation' allowed, whatever else is wrong with it?"""
        results = self.ask("transact", "HNV", operation, {"op": "abort"})
        return results[0].get("error") != "permission error"


def is_own(row, host):
    """Does a row name 'host'?  The schema has three ways to say so."""
    owners = [name for _, name in row.get("owner", ["map", []])[1]]
    return host in [row.get("name"), row.get("host_name")] + owners


def a_value(column):
    """Any value for 'column', to insert."""
    kind = column["type"]
    if isinstance(kind, dict):
        if kind.get("min", 1) == 0:
            return ["map" if "value" in kind else "set", []]
        kind = kind["key"]
    if isinstance(kind, dict) and "enum" in kind:
        return kind["enum"][1][0]
    if isinstance(kind, dict):
        low = kind.get("minInteger", kind.get("minLength", 0))
        kind = kind["type"]
    else:
        low = 0
    return {"integer": low, "boolean": False, "string": "x" * low,
            "uuid": ["uuid", "00000000-0000-0000-0000-000000000000"]}[kind]


def is_several(column):
    """Does 'column' have a set or a map, which can be mutated?"""
    kind = column["type"]
    return isinstance(kind, dict) and (kind.get("max") == "unlimited"
                                       or kind.get("max", 1) > 1)


def try_rows(db, table, columns, where):
    """Returns what is allowed with the rows that 'where' selects."""
    allowed = []
    rows = {"table": table, "where": where}
    if db.try_out({"op": "delete", **rows}):
        allowed.append("delete")
    for name, column in sorted(columns.items()):
        tries = [{"op": "update", "row": {name: a_value(column)}, **rows}]
        if is_several(column):
            tries.append({"op": "mutate", **rows,
                          "mutations": [[name, "delete", ["set", []]]]})
        if any(db.try_out(operation) for operation in tries):
            allowed.append(name)
    return allowed


def try_insert(db, table, columns, host):
    """May 'host' insert a row of its own, and one of somebody else's?"""
    row = {name: a_value(column) for name, column in columns.items()}
    for name in "name", "host_name":
        if name in columns:
            row[name] = host
    own = db.try_out({"op": "insert", "table": table, "row": row})
    for name in "name", "host_name":
        if name in columns:
            row[name] = "somebody else"
    return own, db.try_out({"op": "insert", "table": table, "row": row})


def main():
    port, host, *tls = sys.argv[1:]
    db = Database(port, *tls)
    tables = db.ask("get_schema", "HNV")["tables"]
    for table, content in sorted(tables.items()):
        columns = content["columns"]
        allowed = {True: set(), False: set()}
        for own, yes in zip((True, False),
                            try_insert(db, table, columns, host)):
            allowed[own].update({"insert"} if yes else {})
        rows = db.ask("transact", "HNV",
                      {"op": "select", "table": table, "where": []})[0]["rows"]
        for row in rows:
            where = [["_uuid", "==", row["_uuid"]]]
            allowed[is_own(row, host)].update(
                try_rows(db, table, columns, where))
        if len(rows) != 1 or not is_own(rows[0], host):
            allowed[False].update(try_rows(db, table, columns, []))
        for own in True, False:
            if allowed[own]:
                print(table, "own:" if own else "OTHERS':",
                      *sorted(allowed[own]))


if __name__ == "__main__":
    main()

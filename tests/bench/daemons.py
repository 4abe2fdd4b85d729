# SPDX-License-Identifier: Apache-2.0
"""Daemons that run in a directory of their own for as long as a benchmark
lasts, and the databases that they talk through."""

import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

SECONDS = 120       # How long anything may take.


class World:
    """A temporary directory with daemons in it.  Use it with "with"."""

    def __init__(self, path):
        """'path' is a list of directories that programs are looked for in,
        before the usual ones."""
        self.directory = tempfile.mkdtemp(prefix="hnv-bench.")
        self.pids = {}
        self.env = dict(os.environ)
        self.env["PATH"] = os.pathsep.join([*path, self.env["PATH"]])
        for name in ("RUNDIR", "LOGDIR", "DBDIR", "SYSCONFDIR"):
            self.env[f"OVS_{name}"] = self.env[f"OVN_{name}"] = self.directory

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for pid in reversed(self.pids.values()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 15)
        deadline = time.monotonic() + 10
        while (any(os.path.exists(f"/proc/{pid}")
                   for pid in self.pids.values())
               and time.monotonic() < deadline):
            time.sleep(0.05)
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        """Returns the path of file 'name' in the directory."""
        return os.path.join(self.directory, name)

    def has(self, *programs):
        """Returns true if all 'programs' can be found."""
        return all(shutil.which(p, path=self.env["PATH"]) for p in programs)

    def run(self, *command):
        """Runs 'command' and returns what it prints."""
        done = subprocess.run(command, env=self.env, cwd=self.directory,
                              stdout=subprocess.PIPE, text=True, check=True,
                              timeout=SECONDS)
        return done.stdout

    def start(self, name, *command):
        """Starts a daemon, which is called 'name' here."""
        pidfile = self.path(f"{name}.pid")
        self.run(*command, "-vconsole:off", "--detach", "--no-chdir",
                 f"--pidfile={pidfile}", f"--log-file={self.path(name)}.log")
        with open(pidfile, encoding="ascii") as file:
            self.pids[name] = int(file.read())

    def start_database(self, name, schema, contents=()):
        """Starts an ovsdb-server with a new database and returns where to
        connect to.  'contents' is what transactions put into it, each
        {table: {uuid: row}}."""
        with open(schema, encoding="utf-8") as file:
            first = json.load(file)
        with open(self.path(f"{name}.db"), "wb") as file:
            for content in (first, *contents):
                file.write(log_record(content))
        self.start(name, "ovsdb-server", f"{name}.db",
                   f"--remote=punix:{self.path(name)}.sock",
                   f"--unixctl={self.path(name)}.ctl")
        return f"unix:{self.path(name)}.sock"

    def start_switch(self, vswitchd_schema):
        """Starts ovs-vswitchd, with simulated devices, and its database."""
        self.start_database("db", vswitchd_schema)
        self.run("ovs-vsctl", "--no-wait", "init")
        self.start("ovs-vswitchd", "ovs-vswitchd", "--enable-dummy",
                   "--disable-system", "--disable-system-route")

    def cpu_seconds(self, name):
        """Returns how long a daemon has used a processor."""
        with open(f"/proc/{self.pids[name]}/stat", encoding="ascii") as file:
            words = file.read().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self, name):
        """Returns the resident set size of a daemon in bytes."""
        with open(f"/proc/{self.pids[name]}/status",
                  encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError(f"{name} has no resident set size")

    def count_flows(self, bridge):
        """Returns the number of flows of 'bridge'."""
        words = self.run("ovs-ofctl", "dump-aggregate", bridge).split()
        return int(next(w for w in words if w.startswith("flow_count="))
                   .split("=")[1])


class Database:
    """A connection to an ovsdb-server, for transactions too large for a
    command line and too many for a process each."""

    def __init__(self, target, name):
        """Connects to database 'name' at 'target', "unix:PATH"."""
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(SECONDS)
        self.socket.connect(target.removeprefix("unix:"))
        self.decoder = json.JSONDecoder()
        self.pending = ""

    def receive(self):
        """Returns the next message."""
        while True:
            with contextlib.suppress(json.JSONDecodeError):
                message, end = self.decoder.raw_decode(self.pending)
                self.pending = self.pending[end:]
                return message
            data = self.socket.recv(1 << 20)
            if not data:
                raise RuntimeError(f"{self.name}: the server hung up")
            self.pending += data.decode()

    def transact(self, *operations):
        """Executes 'operations' (RFC 7047 section 5.2), all or none, and
        returns their results."""
        self.socket.sendall(json.dumps({
            "id": 0, "method": "transact",
            "params": [self.name, *operations]}).encode())
        while True:
            message = self.receive()
            if message.get("method") == "echo":
                self.socket.sendall(json.dumps({
                    "id": message["id"], "error": None,
                    "result": message["params"]}).encode())
                continue
            results = message["result"]
            for result in results:
                if result and result.get("error"):
                    raise RuntimeError(f"{self.name}: {result}")
            return results

    def select(self, table, where, *columns):
        """Returns the rows of 'table' that meet 'where'."""
        return self.transact({"op": "select", "table": table, "where": where,
                              "columns": list(columns)})[0]["rows"]


def log_record(content):
    """Returns a record of a standalone database's file (see ovsdb(5))."""
    text = json.dumps(content, separators=(",", ":")).encode() + b"\n"
    return (f"OVSDB JSON {len(text)} {hashlib.sha1(text).hexdigest()}\n"
            .encode() + text)


class Wire:
    """What a simulated device of type "dummy" is connected to, with
    "options:pstream=punix:PATH"."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(path)

    def send(self, frame):
        """Makes the device receive 'frame'."""
        self.socket.sendall(len(frame).to_bytes(2, "big") + frame)

    def receive(self):
        """Returns the next frame that the device sends."""
        header = self.socket.recv(2, socket.MSG_WAITALL)
        return self.socket.recv(int.from_bytes(header, "big"),
                                socket.MSG_WAITALL)


def timed(function, *args):
    """Calls 'function' and returns how many seconds it took."""
    start = time.monotonic()
    function(*args)
    return time.monotonic() - start

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sends bytes over TCP, and proves that they arrive.

listen ADDRESS PORT           takes one connection, answers with a digest, and
                              prints for how long nothing came at most
send   ADDRESS PORT MEGABYTES sends random bytes, prints throughput; fails if
                              the digest that comes back is not the right one
stream ADDRESS PORT SECONDS   likewise, but sends a little every millisecond
"""

import hashlib
import os
import socket
import sys
import time

BLOCK = 1 << 16
SECONDS = 30        # Nothing here waits longer than this for anything.


def listen(address, port):
    """Serves one connection."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, port), family=family) as server:
        server.settimeout(SECONDS)
        print("ready", file=sys.stderr, flush=True)
        connection = server.accept()[0]
    with connection:
        connection.settimeout(SECONDS)
        digest = hashlib.sha256()
        last, longest = time.monotonic(), 0
        while data := connection.recv(BLOCK):
            digest.update(data)
            now = time.monotonic()
            last, longest = now, max(longest, now - last)
        connection.sendall(digest.digest())
    print(f"longest pause {longest * 1000:.0f} ms", file=sys.stderr)
    return 0


def send(address, port, megabytes):
    """Sends, and prints how fast."""
    data = os.urandom(megabytes << 20)
    with socket.create_connection((address, port), SECONDS) as connection:
        start = time.monotonic()
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        echo = b""
        while more := connection.recv(BLOCK):
            echo += more
    seconds = time.monotonic() - start
    print(f"{megabytes} MB, {len(data) * 8 / 1e6 / seconds:.0f} Mbit/s")
    return check(echo, hashlib.sha256(data))


def stream(address, port, seconds):
    """Sends slowly, so that a pause shows where it ends."""
    digest, n = hashlib.sha256(), 0
    with socket.create_connection((address, port), SECONDS) as connection:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            data = os.urandom(1000)
            digest.update(data)
            connection.sendall(data)
            n += len(data)
            time.sleep(0.001)
        connection.shutdown(socket.SHUT_WR)
        echo = connection.recv(BLOCK)
    print(f"{n / 1e6:.1f} MB in {seconds} s, all of it arrived")
    return check(echo, digest)


def check(echo, digest):
    """Compares what the other side got with what was sent."""
    if echo != digest.digest():
        print("what arrived is not what was sent", file=sys.stderr)
        return 1
    return 0


def main(args):
    """Runs the mode that 'args' name."""
    try:
        if args[0] == "listen" and len(args) == 3:
            return listen(args[1], int(args[2]))
        if args[0] == "send" and len(args) == 4:
            return send(args[1], int(args[2]), int(args[3]))
        if args[0] == "stream" and len(args) == 4:
            return stream(args[1], int(args[2]), int(args[3]))
    except OSError as error:
        print(f"tcp-transfer: {error}", file=sys.stderr)
        return 1
    except IndexError:
        pass
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

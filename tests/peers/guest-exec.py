#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""guest-exec.py SOCKET SECONDS [COMMAND]

Runs a shell command in the guest whose serial port is SOCKET, prints what it
prints, and exits with its status.  Without COMMAND, waits until the guest is
ready to run one.
"""

import base64
import re
import socket
import sys
import time

READY = re.compile(rb"@@READY@@\r?\n()")
STATUS = re.compile(rb"@@STATUS=(\d+)@@\r?\n")
TIMED_OUT = 124     # As timeout(1) says it.


def main(path, seconds, command=None):
    """Returns the exit status."""
    deadline = time.monotonic() + float(seconds)
    end = STATUS if command else READY
    received = b""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        if command:
            sock.sendall(base64.b64encode(command.encode()) + b"\n")
        while not (found := end.search(received)):
            sock.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                more = sock.recv(1 << 16)
            except socket.timeout:
                print(f"no answer after {seconds} s", file=sys.stderr)
                return TIMED_OUT
            if not more:
                print("the guest is gone", file=sys.stderr)
                return TIMED_OUT
            received += more
    if command:
        output = received[:found.start()].replace(b"\r", b"")
        sys.stdout.write(output.decode("utf-8", "replace"))
    return int(found.group(1) or 0)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))

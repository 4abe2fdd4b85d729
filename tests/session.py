#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A session that lasts, over TCP or UDP.

    session.py serve tcp|udp ADDRESS PORT READY
    session.py talk tcp|udp ADDRESS PORT WAIT

The server answers what it gets with the same, after as many seconds as that
says; it writes its process ID to the file READY when it can.  The client sends
each line of its standard input, and prints the answer, or "nothing" if there
is none within WAIT seconds more.
"""

import os
import signal
import socket
import sys
import time

TYPES = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def make_socket(protocol, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, TYPES[protocol])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return sock


def answer_streams(sock):
    sock.listen(16)
    yield
    while True:
        connection, _ = sock.accept()
        if os.fork() == 0:
            while True:
                data = connection.recv(4096)
                if not data:
                    os._exit(0)
                time.sleep(float(data))
                connection.sendall(data)
        connection.close()


def answer_datagrams(sock):
    yield
    while True:
        data, peer = sock.recvfrom(4096)
        if os.fork() == 0:
            time.sleep(float(data))
            sock.sendto(data, peer)
            os._exit(0)


def serve(protocol, address, port, ready):
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sock = make_socket(protocol, address)
    sock.bind((address, int(port)))
    answers = {"tcp": answer_streams, "udp": answer_datagrams}[protocol](sock)
    next(answers)
    with open(ready + ".part", "w") as file:
        file.write(str(os.getpid()))
    os.rename(ready + ".part", ready)
    next(answers)


def talk(protocol, address, port, wait):
    sock = make_socket(protocol, address)
    sock.settimeout(float(wait))
    try:
        sock.connect((address, int(port)))
    except OSError:
        print("nothing", flush=True)
        return
    for line in sys.stdin:
        sock.settimeout(float(wait) + float(line))
        try:
            sock.send(line.strip().encode())
            print(sock.recv(1 << 16).decode(), flush=True)
        except OSError:
            print("nothing", flush=True)


if __name__ == "__main__":
    {"serve": serve, "talk": talk}[sys.argv[1]](*sys.argv[2:])

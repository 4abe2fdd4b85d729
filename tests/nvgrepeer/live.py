# SPDX-License-Identifier: Apache-2.0
"""A raw Ethernet socket, with a clock that always runs out.

What: AF_PACKET on one interface.  VLAN tags that the kernel took off are put
back, and frames that this host sent are left out.

What not: the kernel must not answer for us, so the interface has no address.
"""

import select
import socket
import struct
import time

from . import parse, wire

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_ADD_MEMBERSHIP = 1
PACKET_AUXDATA = 8
PACKET_MR_PROMISC = 1
PACKET_OUTGOING = 4
TP_STATUS_VLAN_VALID = 1 << 4
TP_STATUS_VLAN_TPID_VALID = 1 << 6


class Wire:
    """One interface, for at most 'seconds'."""

    def __init__(self, interface, seconds):
        self.deadline = time.monotonic() + seconds
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                  socket.htons(ETH_P_ALL))
        self.sock.bind((interface, ETH_P_ALL))
        self.sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        index = socket.if_nametoindex(interface)
        self.sock.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, struct.pack(
            "IHH8s", index, PACKET_MR_PROMISC, 0, b""))
        # 256 FlowIDs in a burst must not overrun us while we print.
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.mac = self.sock.getsockname()[4]

    def left(self):
        """Seconds until the time is up, 0 if it is."""
        return max(0.0, self.deadline - time.monotonic())

    def send(self, raw):
        """Sends a frame."""
        self.sock.send(raw)

    def frames(self, seconds=None):
        """Yields frames as they come until 'seconds' or the time is up."""
        end = self.deadline
        if seconds is not None:
            end = min(end, time.monotonic() + seconds)
        while True:
            wait = end - time.monotonic()
            if wait <= 0 or not select.select([self.sock], [], [], wait)[0]:
                return
            raw, ancillary, _, address = self.sock.recvmsg(65536, 256)
            if address[2] != PACKET_OUTGOING:
                yield _retag(raw, ancillary)


def _retag(raw, ancillary):
    """Puts a VLAN tag that the kernel moved to 'ancillary' back into 'raw'."""
    for level, kind, data in ancillary:
        if level == SOL_PACKET and kind == PACKET_AUXDATA and len(data) >= 20:
            status, tci, tpid = struct.unpack("=I12xHH", data[:20])
            if status & TP_STATUS_VLAN_VALID:
                if not status & TP_STATUS_VLAN_TPID_VALID:
                    tpid = wire.ETH_VLAN
                return raw[:12] + struct.pack("!HH", tpid, tci) + raw[12:]
    return raw


def resolve(link, mac, source, target):
    """Asks for the MAC of 'target'; returns it, or None if nobody says.

    'source' and 'target' are address bytes.  Asks again each half second,
    since the other end may still be coming up."""
    ask = (wire.arp_request if len(target) == 4
           else wire.neighbor_solicitation)
    while link.left():
        link.send(ask(mac, source, target))
        for raw in link.frames(0.5):
            info = parse.frame(raw)
            if info.get("raw_src") == target and (
                    info.get("arp") == 2 or info.get("icmp") == 136):
                return wire.mac_bytes(info["smac"])
    return None

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Receives IPFIX and sFlow, and prints what they say about tunnels.

Knows RFC 7011 and sFlow version 5 only and shares no code with what sends.
Prints the number of its UDP port on 127.0.0.1 and then one line for each IPFIX
data record and each structure about tunnels in an sFlow flow sample.
"""

import ipaddress
import socket
import struct
import sys

VARIABLE = 0xFFFF
VMWARE = 6876
IPFIX_FIELDS = {
    (VMWARE, 891): "tunnelType", (VMWARE, 892): "tunnelKey",
    (VMWARE, 893): "source", (VMWARE, 894): "destination",
    (VMWARE, 895): "protocol",
}
SFLOW_IPV4 = {1023: "egress", 1024: "ingress"}
SFLOW_VNI = {1029: "egress", 1030: "ingress"}


class Ipfix:
    """Decodes messages, and remembers templates from one to the next."""

    def __init__(self):
        self.templates = {}

    def decode(self, message):
        """Yields the data records of a message, as dictionaries.  Those whose
        template is unknown are not reported: Open vSwitch sends statistics
        about itself before it says what they are.
        """
        _, length = struct.unpack("!HH", message[:4])
        if length != len(message):
            raise ValueError("IPFIX length %d of %d" % (length, len(message)))
        offset = 16
        while offset < length:
            set_id, size = struct.unpack("!HH", message[offset:offset + 4])
            body = message[offset + 4:offset + size]
            if set_id == 2:
                self.learn(body)
            elif set_id in self.templates:
                yield from self.records(self.templates[set_id], body)
            offset += size

    def learn(self, body):
        """Takes in the templates of a template set."""
        while len(body) >= 4:
            template, count = struct.unpack("!HH", body[:4])
            body = body[4:]
            fields = []
            for _ in range(count):
                number, length = struct.unpack("!HH", body[:4])
                body = body[4:]
                enterprise = 0
                if number & 0x8000:
                    enterprise, = struct.unpack("!I", body[:4])
                    body = body[4:]
                fields.append(((enterprise, number & 0x7FFF), length))
            self.templates[template] = fields

    @staticmethod
    def records(fields, body):
        while len(body) >= len(fields):
            record = {}
            for name, length in fields:
                if length == VARIABLE:
                    length, body = body[0], body[1:]
                    if length == 255:
                        length, = struct.unpack("!H", body[:2])
                        body = body[2:]
                record[name], body = body[:length], body[length:]
            yield record


def show_ipfix(record):
    """Returns a line about an IPFIX data record."""
    words = []
    for number, name in IPFIX_FIELDS.items():
        value = record.get(number)
        if value is None:
            continue
        if name in ("source", "destination"):
            value = str(ipaddress.ip_address(value))
        else:
            value = "0x" + value.hex()
        words.append("%s=%s" % (name, value))
    return "ipfix " + (" ".join(words) or "no tunnel")


def structures(data, count):
    """Yields the (format, body) of 'count' sFlow structures."""
    for _ in range(count):
        number, length = struct.unpack("!II", data[:8])
        yield number, data[8:8 + length]
        data = data[8 + length:]


def show_sflow(datagram):
    """Yields lines about the flow samples of an sFlow datagram."""
    address_type, = struct.unpack("!I", datagram[4:8])
    header = datagram[12 if address_type == 1 else 24:]
    count, = struct.unpack("!I", header[12:16])
    for number, sample in structures(header[16:], count):
        if number != 1:
            continue
        words = []
        n_records, = struct.unpack("!I", sample[28:32])
        for kind, body in structures(sample[32:], n_records):
            if kind in SFLOW_IPV4:
                _, proto, src, dst = struct.unpack("!II4s4s", body[:16])
                words.append("%s protocol=%d source=%s destination=%s"
                             % (SFLOW_IPV4[kind], proto,
                                ipaddress.ip_address(src),
                                ipaddress.ip_address(dst)))
            elif kind in SFLOW_VNI:
                words.append("%s vni=%#x" % (SFLOW_VNI[kind],
                                             *struct.unpack("!I", body)))
        yield "sflow " + ("; ".join(sorted(words)) or "no tunnel")


def main():
    ipfix = Ipfix()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        print(sock.getsockname()[1], flush=True)
        while True:
            message = sock.recv(65536)
            if message[:2] == b"\0\x0a":
                lines = map(show_ipfix, ipfix.decode(message))
            else:
                lines = show_sflow(message)
            for line in lines:
                print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())

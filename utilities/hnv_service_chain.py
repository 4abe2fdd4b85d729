# SPDX-License-Identifier: Apache-2.0
"""An SDN controller beside hnv-agent, as an example to start from.

It counts, mirrors, or drops some of a tenant's traffic before it is routed, or
sends it by way of a service such as a firewall.  It is an application for
os-ken, Debian's package python3-os-ken, that keeps to the tables that
hnv-pipeline(7) leaves to controllers, and knows of the policy only what its
rules say.  Start it with

    osken-manager --config-file FILE utilities/hnv_service_chain.py

where FILE says what os-ken needs, here for TLS, and the rules:

    [DEFAULT]
    ofp_listen_host = 192.0.2.10
    ofp_ssl_listen_port = 6653
    ctl_privkey = ctl-privkey.pem
    ctl_cert = ctl-cert.pem
    ca_certs = switchca/cacert.pem

    [hnv]
    every = 10
    rule = web tenant=1 tcp=80 via=10.0.99.250 port=fw
    rule = dns tenant=1 udp=53 drop
    rule = ssh tenant=1 tcp=22 mirror=tap0
    rule = all tenant=1 count

and let each host's bridge, which hnv-agent already runs, connect to it, too:

    ovs-vsctl set-controller br-hnv ssl:192.0.2.10:6653

"tenant" is the datapath_key of a routing domain.  Of the rules that match a
packet, the first applies.  "via" is the customer address of the service, which
may be on any host; "port" is the name of its port, on the host that has it, so
that what comes back from the service is not sent there again.  The service's
Port must be a forwarder (hnv-ctl port-set fw forwarder=true), or it may not
send what others have sent.  Every 10 seconds the packets of each rule are
printed.

How a packet gets to the service: a flow before routing notes the number of the
rule where only controllers write; one after routing looks for that number, and
has the agent's own table find out where the service is.
"""

import ipaddress

from os_ken import cfg
from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import (CONFIG_DISPATCHER, HANDSHAKE_DISPATCHER,
                                       MAIN_DISPATCHER, set_ev_cls)
from os_ken.lib import hub
from os_ken.ofproto import ofproto_v1_3

# Marks our flows, so that those of other controllers are left alone.
COOKIE = 0x7365727669636500

# From hnv-pipeline(7).
BEFORE_ROUTING, AFTER_ROUTING = 128, 144
RECORD = {4: 30, 6: 31}         # By IP version: where is that address?
KEY = {4: "reg4", 6: "xxreg1"}  # By IP version: where that table looks.
VETO_BIT = 31                   # In reg2.
NOTE_FIRST_BIT, NOTE_BITS = 16, 15

ETHERTYPE = {4: 0x0800, 6: 0x86DD}
PROTOCOLS = {"tcp": 6, "udp": 17}


# Configuration.

OPTIONS = [
    cfg.MultiStrOpt("rule", default=[],
                    help="NAME tenant=KEY [tcp=PORT|udp=PORT] "
                         "count|drop|mirror=PORT|via=ADDRESS [port=PORT]"),
    cfg.IntOpt("every", default=10, min=1,
               help="seconds between reports of the counters"),
]


def parse_number(text, limit):
    if not text.isdecimal() or not 1 <= int(text) <= limit:
        raise ValueError("%s is not a number from 1 to %d" % (text, limit))
    return int(text)


class Rule:
    """What to do with some of a tenant's packets, made from the text of a
    "rule" option."""

    def __init__(self, number, text):
        self.number = number    # From 1; also its rank.
        self.name, *words = text.split()
        values = dict(word.partition("=")[::2] for word in words)
        self.tenant = parse_number(values.pop("tenant"), 0xFFFFFF)
        self.protocol = [p for p in PROTOCOLS if p in values]
        if len(self.protocol) > 1:
            raise ValueError("choose one of tcp= and udp=")
        self.tp_dst = [parse_number(values.pop(p), 0xFFFF)
                       for p in self.protocol]
        self.via = values.pop("via", None)
        self.via = self.via and ipaddress.ip_address(self.via)
        self.port = values.pop("port", None)
        self.mirror = values.pop("mirror", None)
        self.drop = values.pop("drop", None) is not None
        count = values.pop("count", None) is not None
        if values:
            raise ValueError("unknown %s" % ", ".join(values))
        if [bool(self.via), bool(self.mirror), self.drop, count].count(
                True) != 1:
            raise ValueError("choose one of count, drop, mirror= and via=")

    def versions(self):
        """Which packets it is about, by IP version."""
        return [self.via.version] if self.via else [4, 6]

    def match(self, parser, version, **more):
        fields = dict(metadata=self.tenant, eth_type=ETHERTYPE[version],
                      **more)
        for protocol, port in zip(self.protocol, self.tp_dst):
            fields["ip_proto"] = PROTOCOLS[protocol]
            fields[protocol + "_dst"] = port
        return parser.OFPMatch(**fields)


def parse_rules(texts):
    if len(texts) >= 1 << NOTE_BITS:
        raise SystemExit("too many rules")
    rules = []
    for number, text in enumerate(texts, 1):
        try:
            rules.append(Rule(number, text))
        except KeyError as error:
            raise SystemExit("rule = %s: missing %s=" % (text, error.args[0]))
        except ValueError as error:
            raise SystemExit("rule = %s: %s" % (text, error))
    return rules


# Flows: tuples of table, priority, match, and actions.

FIRST_PRIORITY = 0x7FFF         # The number of a rule is subtracted from it.


def load(parser, register, value, first_bit=0, n_bits=32):
    return parser.NXActionRegLoad(ofs_nbits=first_bit << 6 | n_bits - 1,
                                  dst=register, value=value)


def before_routing(parser, rule, ports):
    """The actions of 'rule' in the first hook.  If there are none, the packet
    goes on unchanged, and the flow only counts."""
    if rule.drop:
        return [load(parser, "reg2", 1, VETO_BIT, 1)]
    if rule.mirror:
        return [parser.OFPActionOutput(ports[rule.mirror])]
    if rule.via:
        return [load(parser, "reg2", rule.number, NOTE_FIRST_BIT, NOTE_BITS)]
    return []


def to_service(parser, via):
    """The actions in the second hook: the packet's next step becomes 'via'.
    Where that is, and which MAC it has, the agent's table knows, which leaves
    the MAC in the low 48 bits of xreg6, that is, of reg12 and reg13."""
    return [load(parser, "reg1", 0),
            parser.NXActionRegLoad2(dst=KEY[via.version], value=int(via)),
            parser.NXActionResubmitTable(table_id=RECORD[via.version]),
            parser.NXActionRegMove("reg13", "eth_dst", 32),
            parser.NXActionRegMove("reg12", "eth_dst", 16, 0, 32)]


def make_flows(parser, rules, ports):
    """Returns the flows for a switch whose ports are 'ports', which maps
    names to numbers.  It need not have all ports that rules name."""
    flows = []
    for rule in rules:
        if rule.mirror and rule.mirror not in ports:
            continue
        priority = FIRST_PRIORITY - rule.number
        for version in rule.versions():
            flows.append((BEFORE_ROUTING, priority,
                          rule.match(parser, version),
                          before_routing(parser, rule, ports)))
        if rule.via:
            note = rule.number << NOTE_FIRST_BIT
            mask = (1 << NOTE_BITS) - 1 << NOTE_FIRST_BIT
            flows.append((AFTER_ROUTING, priority,
                          rule.match(parser, rule.via.version,
                                     reg2=(note, mask)),
                          to_service(parser, rule.via)))
        if rule.port in ports:
            flows.append((BEFORE_ROUTING, FIRST_PRIORITY,
                          parser.OFPMatch(metadata=rule.tenant,
                                          in_port=ports[rule.port]), []))
    return flows


# The application.


class ServiceChain(app_manager.OSKenApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.CONF.register_opts(OPTIONS, "hnv")
        self.rules = parse_rules(self.CONF.hnv.rule)
        self.switches = {}
        self.counters = {}      # By switch: the part of a report we have.
        hub.spawn(self.report)

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def switch_connected(self, event):
        """A switch is there: ask it for its ports."""
        switch = event.msg.datapath
        switch.send_msg(switch.ofproto_parser.OFPPortDescStatsRequest(switch,
                                                                      0))

    @set_ev_cls(ofp_event.EventOFPPortDescStatsReply, MAIN_DISPATCHER)
    def ports_known(self, event):
        """Replaces our flows: those are ours that have our cookie."""
        switch = event.msg.datapath
        ofproto, parser = switch.ofproto, switch.ofproto_parser
        ports = {port.name.decode(): port.port_no for port in event.msg.body}
        switch.send_msg(parser.OFPFlowMod(
            switch, command=ofproto.OFPFC_DELETE, table_id=ofproto.OFPTT_ALL,
            cookie=COOKIE, cookie_mask=2**64 - 1,
            out_port=ofproto.OFPP_ANY, out_group=ofproto.OFPG_ANY))
        for table, priority, match, actions in make_flows(parser, self.rules,
                                                          ports):
            switch.send_msg(parser.OFPFlowMod(
                switch, cookie=COOKIE, table_id=table, priority=priority,
                match=match, instructions=[parser.OFPInstructionActions(
                    ofproto.OFPIT_APPLY_ACTIONS, actions)]))
        switch.send_msg(parser.OFPBarrierRequest(switch))

    @set_ev_cls(ofp_event.EventOFPBarrierReply, MAIN_DISPATCHER)
    def flows_in_force(self, event):
        switch = event.msg.datapath
        self.switches[switch.id] = switch
        self.logger.info("switch %016x: rules in force", switch.id)

    @set_ev_cls(ofp_event.EventOFPPortStatus, MAIN_DISPATCHER)
    def ports_changed(self, event):
        """A port that a rule names may have come: begin again."""
        switch = event.msg.datapath
        switch.send_msg(switch.ofproto_parser.OFPPortDescStatsRequest(switch,
                                                                      0))

    def report(self):
        """Asks all switches for the counters, again and again."""
        while True:
            hub.sleep(self.CONF.hnv.every)
            for switch in self.switches.values():
                ofproto, parser = switch.ofproto, switch.ofproto_parser
                self.counters[switch.id] = {}
                switch.send_msg(parser.OFPFlowStatsRequest(
                    switch, table_id=BEFORE_ROUTING,
                    out_port=ofproto.OFPP_ANY, out_group=ofproto.OFPG_ANY,
                    cookie=COOKIE, cookie_mask=2**64 - 1))

    @set_ev_cls(ofp_event.EventOFPFlowStatsReply, MAIN_DISPATCHER)
    def counters_read(self, event):
        """Adds up the flows of each rule, one for each version of IP."""
        switch = event.msg.datapath
        counters = self.counters[switch.id]
        for flow in event.msg.body:
            number = FIRST_PRIORITY - flow.priority
            packets, size = counters.get(number, (0, 0))
            counters[number] = (packets + flow.packet_count,
                                size + flow.byte_count)
        if event.msg.flags & switch.ofproto.OFPMPF_REPLY_MORE:
            return
        for rule in self.rules:
            if rule.number in counters:
                self.logger.info("switch %016x: %s: %d packets, %d bytes",
                                 switch.id, rule.name,
                                 *counters[rule.number])

    @set_ev_cls(ofp_event.EventOFPErrorMsg,
                [HANDSHAKE_DISPATCHER, CONFIG_DISPATCHER, MAIN_DISPATCHER])
    def error(self, event):
        self.logger.error("the switch refuses a message: type %d, code %d",
                          event.msg.type, event.msg.code)

# SPDX-License-Identifier: Apache-2.0
"""An OpenFlow controller for NVGRE, as an example to start from.

It is an application for os-ken, Debian's package python3-os-ken, and runs one
bridge that has virtual machines and an nvgre port with these options:

    remote_ip=flow key=flow flow_id=flow

Start it with

    osken-manager --config-file FILE utilities/nvgre_controller.py

where FILE says what os-ken needs, here for TLS, and what is where:

    [DEFAULT]
    ofp_listen_host = 192.0.2.10
    ofp_ssl_listen_port = 6653
    ctl_privkey = ctl-privkey.pem
    ctl_cert = ctl-cert.pem
    ca_certs = switchca/cacert.pem

    [nvgre]
    tunnel = nv0
    vm = vm1 vsid=5001 peer=192.0.2.2
    vm = vm2 vsid=5002 peer=2001:db8::2 flowid=7
    watch = 0x80/0xf0

A "vm" is a port of the bridge, its virtual subnet, the host that has the
other end of the subnet, and, optionally, the FlowID of what it sends, which
otherwise is 0.  A "watch" is a FlowID, perhaps with a mask: received packets
that have it are shown to the controller, besides being delivered.

What it does, in the order in which you will want to read it: it teaches os-ken
the field nvgre_flowid, which no controller knows by itself; adds flows that
match and set the field and the VSID; reads them back, and says whether the
switch has them as they were sent; and prints the VSID and the FlowID of each
packet that the switch sends.
"""

import ipaddress

from os_ken import cfg
from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import (CONFIG_DISPATCHER, HANDSHAKE_DISPATCHER,
                                       MAIN_DISPATCHER, set_ev_cls)
from os_ken.lib import type_desc
from os_ken.ofproto import (ofproto_v1_3, ofproto_v1_4, ofproto_v1_5,
                            oxm_fields)

VERSIONS = (ofproto_v1_3, ofproto_v1_4, ofproto_v1_5)

# Marks our flows, so that others' are left alone.
COOKIE = 0x6E76677265

# Flows that match the FlowID are in a table that only packets from the tunnel
# visit, because datapath flows depend on it for all packets that do.
CLASSIFY, WATCH = 0, 1


# The field.


class HnvExperimenter(oxm_fields._Experimenter):
    """The class of OXMs to which nvgre_flowid belongs.

    On the wire, a field of it is the class 0xffff, the number of the field
    and whether there is a mask, the length, this number, and the value.
    """
    experimenter_id = 0x00027637


def add_nvgre_flowid(ofproto):
    """Teaches one version of OpenFlow the field, for matches and actions."""
    field = HnvExperimenter("nvgre_flowid", 1, type_desc.Int1)
    ofproto.oxm_types.append(field)
    oxm_fields.generate(ofproto.__name__)


for version in VERSIONS:
    add_nvgre_flowid(version)


# Configuration.

OPTIONS = [
    cfg.StrOpt("tunnel", default="nv0", help="name of the nvgre port"),
    cfg.MultiStrOpt("vm", default=[],
                    help="PORT vsid=N peer=ADDRESS [flowid=N]"),
    cfg.MultiStrOpt("watch", default=[], help="FLOWID[/MASK]"),
]


def parse_number(text, limit):
    try:
        number = int(text, 0)
    except ValueError:
        number = -1
    if not 0 <= number <= limit:
        raise ValueError("%s is not a number from 0 to %d" % (text, limit))
    return number


def parse_values(words):
    """Returns a dictionary from words like vsid=5001."""
    values = {}
    for word in words:
        name, equals, values[name] = word.partition("=")
        if not equals:
            raise ValueError("%s is not like NAME=VALUE" % word)
    return values


class Vm:
    """A virtual machine, made from the text of a "vm" option."""

    def __init__(self, text):
        self.port, *words = text.split()
        values = parse_values(words)
        self.vsid = parse_number(values.pop("vsid"), 0xFFFFFF)
        self.peer = ipaddress.ip_address(values.pop("peer"))
        self.flowid = parse_number(values.pop("flowid", "0"), 0xFF)
        if values:
            raise ValueError("unknown %s" % ", ".join(values))


def parse_watch(text):
    """Returns what to match nvgre_flowid with: a value, or one and its mask,
    in the form in which it will be read back."""
    value, _, mask = text.partition("/")
    value = parse_number(value, 0xFF)
    mask = parse_number(mask or "0xff", 0xFF)
    if value & ~mask:
        raise ValueError("%#x has bits that %#x has not" % (value, mask))
    return value if mask == 0xFF else (value, mask)


def parse_all(parse, name, texts):
    """Parses each of the texts of option 'name', saying which one is bad."""
    result = []
    for text in texts:
        try:
            result.append(parse(text))
        except KeyError as error:
            raise SystemExit("%s = %s: missing %s=" % (name, text,
                                                       error.args[0]))
        except ValueError as error:
            raise SystemExit("%s = %s: %s" % (name, text, error))
    return result


# Flows.


class Flow:
    """A flow to add, or one that was read back."""

    def __init__(self, table, priority, match, instructions):
        self.table = table
        self.priority = priority
        self.match = match
        self.instructions = instructions

    def __str__(self):
        match = ["table=%d" % self.table, "priority=%d" % self.priority]
        match += sorted(format_field(*item) for item in self.match.items())
        actions = []
        for instruction in self.instructions:
            if hasattr(instruction, "table_id"):
                actions.append("goto_table:%d" % instruction.table_id)
            for action in getattr(instruction, "actions", []):
                actions.append(format_action(action))
        return "%s actions=%s" % (",".join(match), ",".join(sorted(actions)))


def format_field(name, value):
    if isinstance(value, tuple):
        return "%s=%#x/%#x" % (name, *value)
    return "%s=%s" % (name, value)


def format_action(action):
    if hasattr(action, "key"):
        return "set_" + format_field(action.key, action.value)
    return "output:%d" % action.port


def from_vm(parser, vm, vm_port, tunnel_port):
    """The VM's packets are sent to its peer, with its VSID and FlowID."""
    dst = "tun_ipv4_dst" if vm.peer.version == 4 else "tun_ipv6_dst"
    actions = [parser.OFPActionSetField(tunnel_id=vm.vsid),
               parser.OFPActionSetField(nvgre_flowid=vm.flowid),
               parser.OFPActionSetField(**{dst: str(vm.peer)}),
               parser.OFPActionOutput(tunnel_port)]
    return Flow(CLASSIFY, 100, parser.OFPMatch(in_port=vm_port),
                [apply_actions(parser, actions)])


def to_vm(parser, vm, vm_port, watches):
    """What is received with the VM's VSID is delivered to it."""
    def match(**fields):
        return parser.OFPMatch(tunnel_id=vm.vsid, **fields)

    deliver = parser.OFPActionOutput(vm_port)
    show = parser.OFPActionOutput(parser.ofproto.OFPP_CONTROLLER,
                                  parser.ofproto.OFPCML_NO_BUFFER)
    flows = [Flow(WATCH, 0, match(), [apply_actions(parser, [deliver])])]
    for number, watch in enumerate(watches):
        # Those that are given first win.
        flows.append(Flow(WATCH, 1000 - number, match(nvgre_flowid=watch),
                          [apply_actions(parser, [deliver, show])]))
    return flows


def apply_actions(parser, actions):
    return parser.OFPInstructionActions(
        parser.ofproto.OFPIT_APPLY_ACTIONS, actions)


def make_flows(parser, vms, watches, ports, tunnel):
    """Returns the flows for those of 'vms' whose port is in 'ports', which
    maps names to numbers."""
    flows = [Flow(CLASSIFY, 100, parser.OFPMatch(in_port=ports[tunnel]),
                  [parser.OFPInstructionGotoTable(WATCH)])]
    for vm in vms:
        if vm.port in ports:
            flows.append(from_vm(parser, vm, ports[vm.port], ports[tunnel]))
            flows += to_vm(parser, vm, ports[vm.port], watches)
    return flows


# The application.


class NvgreController(app_manager.OSKenApp):
    OFP_VERSIONS = [version.OFP_VERSION for version in VERSIONS]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.CONF.register_opts(OPTIONS, "nvgre")
        conf = self.CONF.nvgre
        self.tunnel = conf.tunnel
        self.vms = parse_all(Vm, "vm", conf.vm)
        self.watches = parse_all(parse_watch, "watch", conf.watch)
        if len({vm.vsid for vm in self.vms}) < len(self.vms):
            raise SystemExit("vm: two have the same vsid=, but packets find "
                             "their VM by VSID alone")
        self.flows = {}         # By switch: the texts of what was sent.
        self.parts = {}         # By switch: the texts of what was read so far.

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def switch_connected(self, event):
        """A switch is there: ask it for its ports."""
        switch = event.msg.datapath
        self.logger.info("switch %016x: OpenFlow 1.%d", switch.id,
                         switch.ofproto.OFP_VERSION - 1)
        switch.send_msg(switch.ofproto_parser.OFPPortDescStatsRequest(switch,
                                                                      0))

    @set_ev_cls(ofp_event.EventOFPPortDescStatsReply, MAIN_DISPATCHER)
    def ports_known(self, event):
        """Replaces our flows, and asks for them as the switch has them."""
        switch = event.msg.datapath
        ofproto, parser = switch.ofproto, switch.ofproto_parser
        ports = {port.name.decode(): port.port_no for port in event.msg.body}
        for name in [self.tunnel] + [vm.port for vm in self.vms]:
            if name not in ports:
                self.logger.error("switch %016x has no port %s", switch.id,
                                  name)
        if self.tunnel not in ports:
            return
        switch.send_msg(parser.OFPFlowMod(
            switch, command=ofproto.OFPFC_DELETE, table_id=ofproto.OFPTT_ALL,
            cookie=COOKIE, cookie_mask=2**64 - 1,
            out_port=ofproto.OFPP_ANY, out_group=ofproto.OFPG_ANY))
        flows = make_flows(parser, self.vms, self.watches, ports, self.tunnel)
        for flow in flows:
            switch.send_msg(parser.OFPFlowMod(
                switch, cookie=COOKIE, table_id=flow.table,
                priority=flow.priority, match=flow.match,
                instructions=flow.instructions))
        self.flows[switch.id] = sorted(map(str, flows))
        self.parts[switch.id] = []
        switch.send_msg(parser.OFPBarrierRequest(switch))
        # What earlier versions call flow stats is split in two in 1.5.
        request = getattr(parser, "OFPFlowDescStatsRequest",
                          parser.OFPFlowStatsRequest)
        switch.send_msg(request(switch, cookie=COOKIE,
                                cookie_mask=2**64 - 1))

    @set_ev_cls([ofp_event.EventOFPFlowStatsReply,
                 ofp_event.EventOFPFlowDescStatsReply], MAIN_DISPATCHER)
    def flows_read(self, event):
        """Compares the flows that the switch has with those that it should
        have."""
        switch = event.msg.datapath
        read = self.parts[switch.id]
        for s in event.msg.body:
            read.append(str(Flow(s.table_id, s.priority, s.match,
                                 s.instructions)))
        if event.msg.flags & switch.ofproto.OFPMPF_REPLY_MORE:
            return
        sent = self.flows[switch.id]
        for text in sorted(read):
            self.logger.info("flow %s", text)
        for text in sorted(set(sent) - set(read)):
            self.logger.error("missing flow %s", text)
        for text in sorted(set(read) - set(sent)):
            self.logger.error("unexpected flow %s", text)
        if sent == sorted(read):
            self.logger.info("switch %016x: %d flows, all as sent", switch.id,
                             len(read))

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event):
        """Prints what the fields say about a packet.  Those that are 0 are
        not in the message."""
        match = event.msg.match
        source = match.get("tun_ipv4_src") or match.get("tun_ipv6_src")
        self.logger.info("packet from %s: vsid=%d flowid=%#04x, %d bytes",
                         source, match.get("tunnel_id", 0),
                         match.get("nvgre_flowid", 0), event.msg.total_len)

    @set_ev_cls(ofp_event.EventOFPErrorMsg,
                [HANDSHAKE_DISPATCHER, CONFIG_DISPATCHER, MAIN_DISPATCHER])
    def error(self, event):
        self.logger.error("the switch refuses a message: type %d, code %d",
                          event.msg.type, event.msg.code)

# SPDX-License-Identifier: Apache-2.0
"""A learning switch for os-ken, such as tutorials have, for a test.

It knows nothing of hnv-pipeline(7) but the number of the table that shows it
packets, and takes the bridge to be its own: it floods what it does not know,
and gives what it knows to the port where it saw that MAC address, by flows in
that table and in table 0.
"""

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import (CONFIG_DISPATCHER, HANDSHAKE_DISPATCHER,
                                       MAIN_DISPATCHER, set_ev_cls)
from os_ken.lib.packet import ethernet, packet
from os_ken.ofproto import ofproto_v1_3

TABLES = 0, 128


class LearningSwitch(app_manager.OSKenApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.ports = {}         # By switch and MAC address.

    def add_flow(self, switch, table, priority, match, port):
        ofproto, parser = switch.ofproto, switch.ofproto_parser
        actions = [parser.OFPActionOutput(port, 0xffff)]
        switch.send_msg(parser.OFPFlowMod(
            switch, table_id=table, priority=priority, match=match,
            instructions=[parser.OFPInstructionActions(
                ofproto.OFPIT_APPLY_ACTIONS, actions)]))

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def connected(self, event):
        switch = event.msg.datapath
        self.add_flow(switch, 128, 0, switch.ofproto_parser.OFPMatch(),
                      switch.ofproto.OFPP_CONTROLLER)
        self.logger.info("connected")

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def received(self, event):
        message = event.msg
        switch, in_port = message.datapath, message.match["in_port"]
        ofproto, parser = switch.ofproto, switch.ofproto_parser
        frame = packet.Packet(message.data).get_protocol(ethernet.ethernet)

        self.ports[switch.id, frame.src] = in_port
        port = self.ports.get((switch.id, frame.dst), ofproto.OFPP_FLOOD)
        if port != ofproto.OFPP_FLOOD:
            match = parser.OFPMatch(in_port=in_port, eth_dst=frame.dst)
            for table in TABLES:
                self.add_flow(switch, table, 1000, match, port)
        switch.send_msg(parser.OFPPacketOut(
            switch, buffer_id=ofproto.OFP_NO_BUFFER, in_port=in_port,
            actions=[parser.OFPActionOutput(port)], data=message.data))
        self.logger.info("%s to port %x", frame.dst, port)

    @set_ev_cls(ofp_event.EventOFPErrorMsg,
                [HANDSHAKE_DISPATCHER, CONFIG_DISPATCHER, MAIN_DISPATCHER])
    def refused(self, event):
        self.logger.error("refused: type %d, code %d", event.msg.type,
                          event.msg.code)

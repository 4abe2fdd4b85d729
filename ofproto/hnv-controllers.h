/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_CONTROLLERS_H
#define HNV_CONTROLLERS_H 1

#include <stdint.h>

/* SDN controllers beside hnv-agent
 * ================================
 *
 * What
 * ----
 *
 * The contract between the pipeline (hnv-pipeline.h) and the flows of SDN
 * controllers on the same bridge.  hnv-pipeline(7) has it, too.
 *
 *
 * Who owns what
 * -------------
 *
 * hnv-agent owns tables 0 through 127 with all their flows, cookies whose
 * first byte is 0x48, all groups but those with numbers below 4096, meters
 * with the number of a routing domain, and connection tracking zones with the
 * number of a vport.  What somebody else has put there goes when the agent
 * next compares the switch with the policy.
 *
 * SDN controllers own tables 128 through 191.  The agent never looks at flows
 * there, whatever their cookies, nor changes them, and neither its restart nor
 * a new connection to the switch disturbs them.
 *
 * The pipeline calls table 128 before routing and table 144 after it, with
 * each packet from a machine in a virtual subnet.  Table 128 sees what port
 * security and the sender's port ACLs let pass.  Table 144 sees what is about
 * to be delivered or encapsulated; it does not see ARP and ND, which hosts
 * answer, nor broadcast and multicast.  What the tunnel brings, which its
 * sender's host has shown to its controllers, passes neither.
 *
 *
 * What a controller's flow may do
 * -------------------------------
 *
 * It may match everything.  It may
 *
 *    - do nothing, so that its counters count;
 *
 *    - set bit 31 of reg2, its veto: the packet is dropped as "hook-veto";
 *
 *    - write header fields, such as DSCP, and in table 128 the destination,
 *      which routing then goes by;
 *
 *    - write bits 16 to 30 of reg2, which nobody else does, so that table 128
 *      can tell table 144 something;
 *
 *    - use the registers below as scratch that name its hook;
 *
 *    - change the next step: load a customer address of the same routing
 *      domain into reg4 (or xxreg1, for IPv6), 0 into reg1, "resubmit" to
 *      RECORD4 (or RECORD6), and move xreg6[0..47] to eth_dst.  In table 144
 *      the packet then goes to that machine, wherever it is.  If there is no
 *      such record, it is dropped;
 *
 *    - use goto_table and resubmit among tables 128 through 191, groups with
 *      numbers below 4096, meters with numbers above 0xffffff, and "learn"
 *      for its own tables;
 *
 *    - output a copy to a port that is nobody's, such as one that mirrors.
 *      Machines, the tunnel, and uplinks are reached by the pipeline only.
 *
 * If it sends the packet through connection tracking, whose zones above the
 * number of ports are free, it vetoes the packet after that action, because
 * what the action recirculates is a copy.  That copy continues as the packet
 * would have with resubmit(,15),resubmit(,16) from before routing, and with
 * resubmit(,15),resubmit(,60) from after it.
 *
 *
 * What is checked
 * ---------------
 *
 * While a controller's flows see a packet, it does not have the flag that it
 * is checked (bit 3 of reg2), and all tables of the agent from which a packet
 * can get out drop what does not.  So a flow that resubmits to one of them, or
 * that does so with a copy, gets nothing out.
 *
 * When the controller's table returns, the agent's flags (bits 0 to 15 of
 * reg2) are cleared, and SENDER sets the flag again only if input port,
 * routing domain, VSID, and vport of the sender still agree with each other.
 * Routing finds out everything about the destination after table 128, whatever
 * that wrote.  After table 144, OUTPUT lets only pass what goes to a VSID of
 * the sender's routing domain, and to a local port only if it is in that VSID.
 * PEER writes the tunnel's VSID and addresses itself.  Whatever else is wrong
 * is dropped as "wrong-domain" rather than delivered to another tenant, and a
 * receiving host checks the sender by its own policy in any case.
 *
 * A flow that loops among tables exceeds Open vSwitch's limit of resubmits,
 * and the packet is dropped.
 *
 *
 * What a controller outputs itself
 * --------------------------------
 *
 * What is output is gone before any table of the agent could look at it, so
 * ovs-vswitchd looks at the port.  Nothing of a controller's gets out to a
 * port that has hnv-port-id or hnv-vsid in external_ids of its Interface, to
 * an nvgre port, whatever is in tun_id, to the port for IP rewrite, or to an
 * uplink, nor to all ports at once by "normal", "flood", and "all".  This is
 * so for actions of all kinds, in tables 128 and above, in groups, including
 * the agent's, and in the action set, and for packet-outs.  A flow in table 0,
 * where a controller writes that knows of one table only, gets nothing out to
 * those ports either; except to an uplink, or to "normal", "flood", and "all",
 * if it came from none of them.
 *
 * Only the copy is lost.  The packet goes on to the next action, and through
 * the pipeline.  The copy is counted by the table REFUSED, as
 * "controller-output"; ovs-vswitchd's log says which port it was for, and
 * ofproto/trace shows it.
 *
 * A flow in tables 128 and above that outputs to "normal", "flood", "all", or
 * "in_port", or that learns flows into tables below 128, which is the default
 * of "learn", is refused with an OpenFlow error when it is added.
 *
 * The ports are guarded on the bridge of hnv-agent, by what is in the host's
 * database, whether the agent runs or not.
 *
 * Thus a bridge may reach its controller in-band, through LOCAL and uplinks.
 * The flows that Open vSwitch has for that precede the agent's, so machines
 * have nothing of what matches them, even if it is an address of their own
 * network.  Where the bridge does not lead to its controller, turn them off,
 * with other_config:disable-in-band=true of the Bridge.
 *
 * To send a packet into the pipeline as if a machine had sent it, a controller
 * uses packet-out with the machine's port as the input port and the action
 * "output:TABLE".
 *
 *
 * What is not checked
 * -------------------
 *
 * A port that is bound to nothing is as free as the host's own port, LOCAL,
 * and as a patch port to another bridge: what else may come to such a port,
 * and who listens there, is up to who made it.
 *
 * A flow that sets the flag that a packet is checked does not do so by
 * accident.  Neither does a controller write into the agent's tables by
 * accident, which OpenFlow does not prevent. */

enum {
    HNV_AGENT_TABLES = 128,       /* The agent owns tables below this one. */
    HNV_HOOK_TABLE_PRE = 128,     /* Controllers' flows before routing. */
    HNV_HOOK_TABLE_POST = 144,    /* Controllers' flows after routing. */
    HNV_CONTROLLER_TABLES_END = 192, /* Controllers own [128,192). */
};

/* Bits of reg2. */
#define HNV_FLAGS_AGENT UINT32_C(0xffff) /* The rest is the controllers'. */
#define HNV_FLAG_VETO UINT32_C(0x80000000) /* Set by a controller to drop. */

#endif /* hnv-controllers.h */

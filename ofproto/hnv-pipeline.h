/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_PIPELINE_H
#define HNV_PIPELINE_H 1

/* The OpenFlow pipeline of a virtualization host
 * ==============================================
 *
 * What
 * ----
 *
 * The one owner of table numbers, registers, priorities, and cookies.  The
 * manual page hnv-pipeline(7) is made from this file, so that the lists below
 * are written for both the compiler and the reader.
 *
 * A packet from a virtual machine goes down this list:
 *
 *     CLASSIFY        which machine, hence which routing domain and VSID
 *     PORT_SECURITY   is it who it says it is?
 *     ACL_OUT         the sender's port ACLs
 *     HOOK_PRE        what an SDN controller wants to do before routing
 *     DISPATCH        ARP, ND, broadcast, or to be forwarded
 *     ROUTE4, ROUTE6  which customer address is the next hop
 *     RECORD4, 6      where is that address: VSID, MAC, port or peer
 *     FINISH          same VSID: bridge; other VSID: route
 *     HOOK_POST       what an SDN controller wants to do after routing
 *     OUTPUT          to a local port (DELIVER's tables), a peer, or rewritten
 *
 * A packet from the tunnel is routed already, because only the sender routes:
 *
 *     TUN_CLASSIFY    which routing domain
 *     SOURCE          where is its sender, by our own policy?
 *     VERIFY          did it come from there?
 *     DELIVER         which local port has this VSID and MAC
 *     ACL_IN          the receiver's port ACLs
 *     LOCAL_OUT       the port
 *
 * RECORD4, RECORD6, L2_SOURCE, SENDER, MISS, and QUOTE are functions: other
 * tables "resubmit" to them and go on when they return.  They write registers
 * only, but that QUOTE has the agent rewrite what an ICMP error quotes.
 * This is why one lookup record needs only one flow, whoever asks.
 *
 * DROP is where flows that all routing domains share drop a packet, with the
 * reason in reg1, so that it is counted for the domain whose packet it was.  A
 * machine that sent it to the router's MAC, for a destination without a route
 * or a record, is told by the agent that there is none, as routers do.
 *
 *
 * What not
 * --------
 *
 * Nothing here knows about policy (hnv-policy.h) or makes flows
 * (hnv-compile.h), what SDN controllers may do with their tables is in
 * hnv-controllers.h, and what flows ask of hnv-agent in hnv-ask.h. */

#include <stdbool.h>
#include <stdint.h>

#include "hnv-ask.h"
#include "hnv-controllers.h"
#include "openvswitch/compiler.h"
#include "openvswitch/types.h"

struct uuid;

/* Tables: identifier, number, and what they do. */
#define HNV_TABLES                                                            \
    HNV_TABLE(CLASSIFY, 0, "which port, hence which routing domain and VSID") \
    HNV_TABLE(PORT_SECURITY, 1, "does the sender use its own addresses")      \
    HNV_TABLE(TUN_CLASSIFY, 2, "which routing domain has the frame's VSID")   \
    HNV_TABLE(SOURCE, 3, "which record tells where the sender must be")       \
    HNV_TABLE(VERIFY, 4, "is the frame from a PA of that record")          \
    HNV_TABLE(REWRITE_IN_DST, 5, "IP rewrite: destination PA to CA")          \
    HNV_TABLE(REWRITE_IN_SRC, 6, "IP rewrite: source PA to CA")               \
    HNV_TABLE(FORWARDER, 7, "may this forwarder send for that source")        \
    HNV_TABLE(SOURCE_VSID, 8, "function: is the tunnel's VSID the sender's")  \
    HNV_TABLE(ACL_OUT, 10, "does the sender have port ACLs with state")       \
    HNV_TABLE(ACL_OUT_RULES, 11, "the sender's outbound port ACLs")           \
    HNV_TABLE(HOOK_PRE, 14, "calls the controllers' table before routing")    \
    HNV_TABLE(SENDER, 15, "function: are port, domain and VSID consistent")   \
    HNV_TABLE(DISPATCH, 16, "ARP, ND, broadcast, or to be forwarded")         \
    HNV_TABLE(ROUTE4, 20, "customer routes of IPv4, longest prefix")          \
    HNV_TABLE(ROUTE6, 21, "customer routes of IPv6, longest prefix")          \
    HNV_TABLE(RECORD4, 30, "function: where is an IPv4 customer address")     \
    HNV_TABLE(RECORD6, 31, "function: where is an IPv6 customer address")     \
    HNV_TABLE(MISS, 32, "function: ask the agent, in lazy routing domains")   \
    HNV_TABLE(L2_SOURCE, 33, "function: where is a source MAC without CA")    \
    HNV_TABLE(L2_RECORD, 34, "no such CA: L2Only or gateway, or dropped")     \
    HNV_TABLE(FINISH, 36, "bridge within a VSID, route between VSIDs")        \
    HNV_TABLE(ARP_REPLY, 37, "turns an ARP request into its reply")           \
    HNV_TABLE(ND_REPLY, 38, "turns a solicitation into an advertisement")     \
    HNV_TABLE(ND_FINISH, 39, "writes the option of the advertisement")        \
    HNV_TABLE(GATEWAY, 40, "what is sent to a gateway address")               \
    HNV_TABLE(HOOK_POST, 45, "calls the controllers' table after routing")    \
    HNV_TABLE(DELIVER, 50, "which local port has this VSID and MAC")          \
    HNV_TABLE(ACL_IN, 51, "does the receiver have port ACLs with state")      \
    HNV_TABLE(ACL_IN_RULES, 52, "the receiver's inbound port ACLs")           \
    HNV_TABLE(LOCAL_OUT, 53, "output to a local port")                        \
    HNV_TABLE(FLOOD, 55, "broadcast and multicast within a VSID")             \
    HNV_TABLE(OUTPUT, 60, "local port, peer, or rewritten")                   \
    HNV_TABLE(PEER, 61, "which provider addresses a peer has")                \
    HNV_TABLE(ENCAP, 62, "too big, or out through the nvgre port")            \
    HNV_TABLE(REWRITE_OUT, 63, "IP rewrite: CA to PA, both addresses")        \
    HNV_TABLE(PA_NEIGHBOR, 64, "IP rewrite: MAC of the next provider hop")    \
    HNV_TABLE(SOURCE_PA, 65, "function: from which of the host's PAs")        \
    HNV_TABLE(QUOTE, 66, "function: IP rewrite inside an ICMP error")         \
    HNV_TABLE(DROP, 70, "counts by routing domain what is dropped")           \
    HNV_TABLE(REFUSED, 71, "counts what controllers may not output")          \
    HNV_TABLE(PASS, 80, "ports that are not virtualized")

enum hnv_table {
#define HNV_TABLE(ID, NUMBER, TEXT) HNV_TABLE_##ID = NUMBER,
    HNV_TABLES
#undef HNV_TABLE
};

/* Returns the name of table 'number', or NULL if the agent has no such
 * table. */
const char *hnv_table_name(uint8_t number);

/* Registers: name in OpenFlow, bits, meaning, and which hook's flows may use
 * them as scratch. */
#define HNV_REGISTERS                                                         \
    HNV_REGISTER("metadata", "0..23", "routing domain, by its datapath_key",  \
                 "")                                                          \
    HNV_REGISTER("reg0", "0..23", "VSID of the sender, or of the tunnel", "") \
    HNV_REGISTER("reg1", "0..23", "VSID of the destination", "pre")           \
    HNV_REGISTER("reg1", "24..31", "kind of the destination", "pre")          \
    HNV_REGISTER("reg1", "0..31", "in table DROP, why it is dropped", "")     \
    HNV_REGISTER("reg2", "0..15", "flags of the agent", "")                   \
    HNV_REGISTER("reg2", "16..30", "nobody's but the controllers'",           \
                 "pre, and then post")                                        \
    HNV_REGISTER("reg2", "31", "a controller's veto", "pre, post")            \
    HNV_REGISTER("reg3", "0..31", "peer of the destination", "pre")           \
    HNV_REGISTER("reg4", "0..31", "IPv4 customer address to look up",         \
                 "pre, post")                                                 \
    HNV_REGISTER("xxreg1", "0..127", "IPv6 customer address to look up",      \
                 "pre, post")                                                 \
    HNV_REGISTER("xxreg2", "0..127",                                          \
                 "destination's own PA (IP rewrite); IPv4 is in reg8", "pre") \
    HNV_REGISTER("xreg6", "0..47", "MAC of the destination", "pre, post")     \
    HNV_REGISTER("reg14", "0..15", "vport of the sender, its conntrack zone", \
                 "")                                                          \
    HNV_REGISTER("reg15", "0..15",                                            \
                 "vport of the receiver, its conntrack zone", "pre")

/* What RECORD4 and RECORD6 say about the address in their key, in the top
 * byte of reg1. */
enum hnv_kind {
    HNV_KIND_NONE = 0,          /* No record here. */
    HNV_KIND_LOCAL = 1,         /* On the local port in reg15. */
    HNV_KIND_ENCAP = 2,         /* Behind the peer in reg3. */
    HNV_KIND_REWRITE = 3,       /* IP rewrite, with the PA in xxreg2. */
    HNV_KIND_GATEWAY = 4,       /* A gateway address: we are it. */
    HNV_KIND_ABSENT = 5,        /* The database says that there is none. */
    HNV_KIND_UNUSABLE = 6,      /* Disabled, or its port is not here yet. */
};

enum {
    HNV_KIND_SHIFT = 24,
    HNV_VSID_BITS = 0xffffff,
};

static inline uint32_t
hnv_kind_and_vsid(enum hnv_kind kind, uint32_t vsid)
{
    return ((uint32_t) kind << HNV_KIND_SHIFT) | vsid;
}

/* Flags in reg2. */
enum hnv_flag {
    HNV_FLAG_TUNNEL = 1u << 0,      /* Came from the nvgre port. */
    HNV_FLAG_ROUTE = 1u << 1,       /* Next hop is not the destination. */
    HNV_FLAG_SOURCE_VSID = 1u << 2, /* Tunnel carries the sender's VSID. */
    HNV_FLAG_CHECKED = 1u << 3,     /* It is known whose it is. */
    HNV_FLAG_TOO_BIG = 1u << 4,     /* Larger than the peer's MTU. */
    HNV_FLAG_NO_ROUTE = 1u << 5,    /* No customer route. */
    HNV_FLAG_NO_SOURCE = 1u << 6,   /* Frame does not say who sent it. */
    HNV_FLAG_PA6 = 1u << 7,         /* Peer's PA is IPv6. */
    HNV_FLAG_ARP = 1u << 8,         /* An ARP request to be answered. */
    HNV_FLAG_ND = 1u << 9,          /* A solicitation to be answered. */
    HNV_FLAG_TOO_BIG_SUBNET = 1u << 10, /* Larger than the subnet's MTU. */
    HNV_FLAG_ERROR = 1u << 11,      /* ICMP error, to be rewritten inside. */
    HNV_FLAG_QUOTE = 1u << 12,      /* The agent did that. */
};

/* Priorities: table, identifier, value, and what flows of that priority match
 * and do.  A table's priorities are in falling order. */
#define HNV_PRIORITIES                                                        \
    HNV_PRIORITY(CLASSIFY, TUNNEL, 1000,                                      \
                 "from the nvgre port: go to TUN_CLASSIFY")                   \
    HNV_PRIORITY(CLASSIFY, REWRITE, 990,                                      \
                 "for IP rewrite, from the provider network")                 \
    HNV_PRIORITY(CLASSIFY, REWRITE_VM, 987,                                   \
                 "likewise, to a machine that shows its own MAC there")       \
    HNV_PRIORITY(CLASSIFY, REWRITE_NOT, 985,                                  \
                 "anything else from the provider network: drop")             \
    HNV_PRIORITY(CLASSIFY, UPLINK, 980,                                       \
                 "from an uplink of ports that are not virtualized: PASS")    \
    HNV_PRIORITY(CLASSIFY, TAGGED, 900,                                       \
                 "VLAN tag from a virtual machine in a VSID: drop")           \
    HNV_PRIORITY(CLASSIFY, PORT, 100,                                         \
                 "one flow per local port: load domain, VSID and vport")      \
    HNV_PRIORITY(CLASSIFY, NONE, 0, "from any other port: drop")              \
    HNV_PRIORITY(PORT_SECURITY, GUARD, 300,                                   \
                 "DHCP guard, router guard: drop")                            \
    HNV_PRIORITY(PORT_SECURITY, DAD, 215,                                     \
                 "may get dynamic addresses, probes for one: tell the agent") \
    HNV_PRIORITY(PORT_SECURITY, ND, 210,                                      \
                 "ND with the port's own addresses inside and out: accept")   \
    HNV_PRIORITY(PORT_SECURITY, ND_DYNAMIC, 207,                              \
                 "may get dynamic addresses, says one: to the agent only")    \
    HNV_PRIORITY(PORT_SECURITY, ND_BAD, 205, "other ND: drop")                \
    HNV_PRIORITY(PORT_SECURITY, ADDRESS, 200,                                 \
                 "ARP and IP with the port's own addresses: accept")          \
    HNV_PRIORITY(PORT_SECURITY, FORWARD, 180,                                 \
                 "forwarder: what is IP goes to SOURCE to be judged")         \
    HNV_PRIORITY(PORT_SECURITY, DYNAMIC, 160,                                 \
                 "may get dynamic addresses, ARP with one: to the agent only")\
    HNV_PRIORITY(PORT_SECURITY, ADDRESS_BAD, 150,                             \
                 "right MAC but wrong ARP or IP address: drop")               \
    HNV_PRIORITY(PORT_SECURITY, OTHER, 100,                                   \
                 "right MAC, neither IP nor ARP: accept")                     \
    HNV_PRIORITY(PORT_SECURITY, NONE, 0, "wrong MAC: drop")                   \
    HNV_PRIORITY(TUN_CLASSIFY, VSID, 100,                                     \
                 "one flow per VSID whose domain lives here: load domain")    \
    HNV_PRIORITY(TUN_CLASSIFY, NONE, 0, "other VSIDs: drop")                  \
    HNV_PRIORITY(SOURCE, NA_LINK_LOCAL, 1020,                                 \
                 "advertises a link-local address: look up the MAC")          \
    HNV_PRIORITY(SOURCE, NA, 1010,                                            \
                 "advertises another address: look that up")                  \
    HNV_PRIORITY(SOURCE, L2, 1000,                                            \
                 "no or link-local source address: look up the MAC")          \
    HNV_PRIORITY(SOURCE, ARP, 900, "ARP: look up the sender's address")       \
    HNV_PRIORITY(SOURCE, ROUTE, 100,                                          \
                 "plus prefix length: look up the source, or the next hop "   \
                 "of the route to it")                                        \
    HNV_PRIORITY(SOURCE, NO_ROUTE, 10, "no route to it: go on without one")   \
    HNV_PRIORITY(SOURCE, NONE, 0, "neither IP nor ARP: look up the MAC")      \
    HNV_PRIORITY(VERIFY, FORWARDER, 1000,                                     \
                 "not from the tunnel but from a forwarder: FORWARDER")       \
    HNV_PRIORITY(VERIFY, MOVED, 300,                                          \
                 "redirected by the former host of a local record: deliver")  \
    HNV_PRIORITY(VERIFY, PEER, 200,                                           \
                 "from a PA of the sender's peer: deliver")                   \
    HNV_PRIORITY(VERIFY, GATEWAY, 100,                                        \
                 "no record, but from a wildcard gateway's PA: deliver")      \
    HNV_PRIORITY(VERIFY, L2, 95,                                              \
                 "no record, but MAC and PA are an L2Only machine's: deliver")\
    HNV_PRIORITY(VERIFY, MEMBER, 90,                                          \
                 "says not who sent it, from a member of the VSID: deliver")  \
    HNV_PRIORITY(VERIFY, KNOWN_PA, 50,                                        \
                 "from the PA of another record than the sender's: drop")     \
    HNV_PRIORITY(VERIFY, NONE, 0, "from a PA that no record has: drop")       \
    HNV_PRIORITY(REWRITE_IN_DST, ARP, 200,                                    \
                 "ARP request for a PA that is a local machine's: answer")    \
    HNV_PRIORITY(REWRITE_IN_DST, ARP_NOT, 150, "other such requests: drop")   \
    HNV_PRIORITY(REWRITE_IN_DST, RECORD, 100,                                 \
                 "to the PA of a local record: destination becomes its CA")   \
    HNV_PRIORITY(REWRITE_IN_DST, NONE, 0, "to any other PA: drop")            \
    HNV_PRIORITY(REWRITE_IN_SRC, QUOTE_NOT, 210,                              \
                 "ICMP error, not rewritten inside: drop")                    \
    HNV_PRIORITY(REWRITE_IN_SRC, QUOTE, 200,                                  \
                 "ICMP error: have it rewritten inside, and again")           \
    HNV_PRIORITY(REWRITE_IN_SRC, BRIDGE, 110,                                 \
                 "likewise, within the VSID: source MAC is the record's")     \
    HNV_PRIORITY(REWRITE_IN_SRC, ROUTE, 100,                                  \
                 "from the PA of a record in that domain: source becomes CA") \
    HNV_PRIORITY(REWRITE_IN_SRC, ROUTER, 50,                                  \
                 "ICMP error of any other PA: source is what the agent says") \
    HNV_PRIORITY(REWRITE_IN_SRC, NONE, 0, "from any other PA: drop")          \
    HNV_PRIORITY(FORWARDER, OWN, 100,                                         \
                 "the source, or the route to it, is this port: accept")      \
    HNV_PRIORITY(FORWARDER, GATEWAY, 90,                                      \
                 "no record, port is a wildcard gateway: accept")             \
    HNV_PRIORITY(FORWARDER, NONE, 0, "the source is somewhere else: drop")    \
    HNV_PRIORITY(SOURCE_VSID, EQUAL, 100, "one flow per VSID: set the flag")  \
    HNV_PRIORITY(ACL_OUT, STATE, 100, "stateful ACLs or fragments: track")    \
    HNV_PRIORITY(ACL_OUT, RULES, 90, "port has ACLs without state: rules")    \
    HNV_PRIORITY(ACL_OUT, NONE, 0, "port has no ACLs: go on")                 \
    HNV_PRIORITY(ACL_OUT_RULES, KNOWN, 65000,                                 \
                 "connection that a stateful rule accepted: go on")           \
    HNV_PRIORITY(ACL_OUT_RULES, RULE, 10,                                     \
                 "plus rank: the port's rules, by weight")                    \
    HNV_PRIORITY(ACL_OUT_RULES, NONE, 0, "no rule matches: go on")            \
    HNV_PRIORITY(HOOK_PRE, ALL, 0, "call 128, then SENDER, then DISPATCH")    \
    HNV_PRIORITY(SENDER, PORT, 100,                                           \
                 "one flow per local port: set the flag that all is well")    \
    HNV_PRIORITY(DISPATCH, VETO, 1000, "a controller's veto: drop")           \
    HNV_PRIORITY(DISPATCH, UNCHECKED, 990,                                    \
                 "nobody checked whose it is: drop")                          \
    HNV_PRIORITY(DISPATCH, ASK, 300,                                          \
                 "broadcast ARP request, multicast NS: look up, to answer")   \
    HNV_PRIORITY(DISPATCH, ARP, 290,                                          \
                 "unicast ARP: look up the target, to deliver")               \
    HNV_PRIORITY(DISPATCH, ARP_OTHER, 280, "other ARP: drop")                 \
    HNV_PRIORITY(DISPATCH, GROUP, 150,                                        \
                 "multicast IP: look up the group, then FLOOD")               \
    HNV_PRIORITY(DISPATCH, FLOOD, 140, "other broadcast: FLOOD")              \
    HNV_PRIORITY(DISPATCH, IP, 100, "IP: ROUTE4, ROUTE6")                     \
    HNV_PRIORITY(DISPATCH, OTHER, 0, "anything else: L2_RECORD")              \
    HNV_PRIORITY(ROUTE4, PREFIX, 100,                                         \
                 "plus prefix length: key is the destination or next hop")    \
    HNV_PRIORITY(ROUTE4, NONE, 0, "no route: L2_RECORD")                      \
    HNV_PRIORITY(ROUTE6, PREFIX, 100,                                         \
                 "plus prefix length: key is the destination or next hop")    \
    HNV_PRIORITY(ROUTE6, NONE, 0, "no route: L2_RECORD")                      \
    HNV_PRIORITY(RECORD4, RECORD, 100, "one flow per lookup record")          \
    HNV_PRIORITY(RECORD4, GATEWAY, 90, "gateway address of a subnet")         \
    HNV_PRIORITY(RECORD4, ABSENT, 80, "the database has no such record")      \
    HNV_PRIORITY(RECORD4, DYNAMIC, 70, "dynamic address of an L2 record")     \
    HNV_PRIORITY(RECORD6, RECORD, 100, "one flow per lookup record")          \
    HNV_PRIORITY(RECORD6, GATEWAY, 90, "gateway address of a subnet")         \
    HNV_PRIORITY(RECORD6, ABSENT, 80, "the database has no such record")      \
    HNV_PRIORITY(RECORD6, DYNAMIC, 70, "dynamic address of an L2 record")     \
    HNV_PRIORITY(MISS, LAZY, 100,                                             \
                 "nothing found in a lazy domain: ask, then look up again")   \
    HNV_PRIORITY(L2_SOURCE, RECORD, 100, "one flow per L2 record")            \
    HNV_PRIORITY(L2_RECORD, FLOOD, 120,                                       \
                 "broadcast ARP or NS, and the VSID has L2 records: FLOOD")   \
    HNV_PRIORITY(L2_RECORD, RECORD, 110,                                      \
                 "to the MAC of an L2 record: HOOK_POST")                     \
    HNV_PRIORITY(L2_RECORD, GATEWAY, 100,                                     \
                 "IP, and the VSID has a wildcard gateway: FINISH")           \
    HNV_PRIORITY(L2_RECORD, NO_ROUTE, 20, "there was no route: drop")         \
    HNV_PRIORITY(L2_RECORD, NO_RECORD, 10, "there was no record: drop")       \
    HNV_PRIORITY(L2_RECORD, NONE, 0, "neither IP nor ARP: drop")              \
    HNV_PRIORITY(FINISH, UNCHECKED, 65535,                                    \
                 "nobody checked whose it is: drop")                          \
    HNV_PRIORITY(FINISH, MISS, 400, "no record: L2_RECORD")                   \
    HNV_PRIORITY(FINISH, SELF, 310,                                           \
                 "asks for its own address: drop, nobody else has it")        \
    HNV_PRIORITY(FINISH, ANSWER, 300,                                         \
                 "ARP request or NS within the VSID: answer")                 \
    HNV_PRIORITY(FINISH, ANSWER_NOT, 290, "asked from another VSID: drop")    \
    HNV_PRIORITY(FINISH, UNUSABLE, 285, "record is not usable: drop")         \
    HNV_PRIORITY(FINISH, REWRITE, 282, "by rewrite to a next hop: drop")      \
    HNV_PRIORITY(FINISH, GATEWAY, 280, "to a gateway address: GATEWAY")       \
    HNV_PRIORITY(FINISH, BRIDGE_DYNAMIC, 220,                                 \
                 "within the VSID, to where a dynamic address is by now")     \
    HNV_PRIORITY(FINISH, BRIDGE_ROUTER, 210,                                  \
                 "within the VSID but to the router's MAC: correct that")     \
    HNV_PRIORITY(FINISH, BRIDGE, 200, "within the VSID: unchanged")           \
    HNV_PRIORITY(FINISH, ARP, 190, "ARP from another VSID: drop")             \
    HNV_PRIORITY(FINISH, NO_TTL, 160,                                         \
                 "routed, in domains that do not count hops")                 \
    HNV_PRIORITY(FINISH, TTL, 150, "routed with TTL 0 or 1: time exceeded")   \
    HNV_PRIORITY(FINISH, ROUTE, 100, "routed: TTL - 1, new MAC addresses")    \
    HNV_PRIORITY(FINISH, NONE, 0, "drop")                                     \
    HNV_PRIORITY(ARP_REPLY, UNCHECKED, 65535,                                 \
                 "nobody checked whose it is: drop")                          \
    HNV_PRIORITY(ARP_REPLY, ALL, 0, "answer")                                 \
    HNV_PRIORITY(ND_REPLY, UNCHECKED, 65535,                                  \
                 "nobody checked whose it is: drop")                          \
    HNV_PRIORITY(ND_REPLY, DAD_ROUTER, 111, "likewise, as a router")          \
    HNV_PRIORITY(ND_REPLY, DAD, 110, "asked from ::, answer to all nodes")    \
    HNV_PRIORITY(ND_REPLY, ALL_ROUTER, 101, "likewise, as a router")          \
    HNV_PRIORITY(ND_REPLY, ALL, 100, "answer to the one who asked")           \
    HNV_PRIORITY(ND_FINISH, UNCHECKED, 65535,                                 \
                 "nobody checked whose it is: drop")                          \
    HNV_PRIORITY(ND_FINISH, ALL, 100, "write the option, answer")             \
    HNV_PRIORITY(GATEWAY, UNCHECKED, 65535,                                   \
                 "nobody checked whose it is: drop")                          \
    HNV_PRIORITY(GATEWAY, ECHO, 100, "echo request: answer")                  \
    HNV_PRIORITY(GATEWAY, FRAGMENT, 97, "rest of an echo request: answer")    \
    HNV_PRIORITY(GATEWAY, ND, 95, "unicast ARP or NS: answer")                \
    HNV_PRIORITY(GATEWAY, PORT, 90, "UDP or TCP: port unreachable")           \
    HNV_PRIORITY(GATEWAY, NONE, 0, "anything else: drop")                     \
    HNV_PRIORITY(HOOK_POST, ALL, 0, "call 144, then SENDER, then OUTPUT")     \
    HNV_PRIORITY(DELIVER, AGAIN, 160,                                         \
                 "broadcast to another PA of this host: drop")                \
    HNV_PRIORITY(DELIVER, GROUP, 150, "broadcast: the VSID's local ports")    \
    HNV_PRIORITY(DELIVER, MOVED, 120,                                         \
                 "to a record that left this host: back to its new peer")     \
    HNV_PRIORITY(DELIVER, PORT, 100, "one flow per local port: ACL_IN")       \
    HNV_PRIORITY(DELIVER, DOMAIN, 90,                                         \
                 "to a local port of the domain, with the sender's VSID")     \
    HNV_PRIORITY(DELIVER, NONE, 0, "no such MAC in that VSID here: drop")     \
    HNV_PRIORITY(ACL_IN, UNCHECKED, 65535,                                    \
                 "nobody checked whose it is: drop")                          \
    HNV_PRIORITY(ACL_IN, SELF, 210, "the sender's own broadcast: ends")       \
    HNV_PRIORITY(ACL_IN, ND, 200, "neighbor discovery: LOCAL_OUT")            \
    HNV_PRIORITY(ACL_IN, STATE, 100, "stateful ACLs or fragments: track")     \
    HNV_PRIORITY(ACL_IN, RULES, 90, "port has ACLs without state: rules")     \
    HNV_PRIORITY(ACL_IN, NONE, 0, "port has no ACLs: LOCAL_OUT")              \
    HNV_PRIORITY(ACL_IN_RULES, UNCHECKED, 65535,                              \
                 "nobody checked whose it is: drop")                          \
    HNV_PRIORITY(ACL_IN_RULES, KNOWN, 65000,                                  \
                 "connection that a stateful rule accepted: LOCAL_OUT")       \
    HNV_PRIORITY(ACL_IN_RULES, RULE, 10,                                      \
                 "plus rank: the port's rules, by weight")                    \
    HNV_PRIORITY(ACL_IN_RULES, NONE, 0, "no rule matches: LOCAL_OUT")         \
    HNV_PRIORITY(LOCAL_OUT, UNCHECKED, 65535,                                 \
                 "nobody checked whose it is: drop")                          \
    HNV_PRIORITY(LOCAL_OUT, PORT, 100, "one flow per local port: output")     \
    HNV_PRIORITY(LOCAL_OUT, NONE, 0, "no such vport in that domain: drop")    \
    HNV_PRIORITY(FLOOD, UNCHECKED, 65535, "nobody checked whose it is: drop") \
    HNV_PRIORITY(FLOOD, RECORD, 110, "a record names the group's PA: OUTPUT") \
    HNV_PRIORITY(FLOOD, VSID, 100, "one flow per VSID: its group, or drop")   \
    HNV_PRIORITY(FLOOD, NONE, 0, "drop")                                      \
    HNV_PRIORITY(OUTPUT, VETO, 1000, "a controller's veto: drop")             \
    HNV_PRIORITY(OUTPUT, UNCHECKED, 990, "nobody checked whose it is: drop")  \
    HNV_PRIORITY(OUTPUT, SELF, 120, "on the sender's own port: drop")         \
    HNV_PRIORITY(OUTPUT, LOCAL, 110, "on a local port: ACL_IN")               \
    HNV_PRIORITY(OUTPUT, ENCAP_NOT, 105,                                      \
                 "behind a peer, from a machine with IP rewrite: drop")       \
    HNV_PRIORITY(OUTPUT, ENCAP, 100, "behind a peer, VSID in domain: PEER")   \
    HNV_PRIORITY(OUTPUT, REWRITE, 100, "VSID in domain: REWRITE_OUT")         \
    HNV_PRIORITY(OUTPUT, NONE, 0, "VSID is not in the domain: drop")          \
    HNV_PRIORITY(PEER, UNCHECKED, 65535, "nobody checked whose it is: drop")  \
    HNV_PRIORITY(PEER, PEER, 100, "one flow per peer: load its PA, ENCAP")    \
    HNV_PRIORITY(PEER, NONE, 0, "no such peer: drop")                         \
    HNV_PRIORITY(ENCAP, UNCHECKED, 65535, "nobody checked whose it is: drop") \
    HNV_PRIORITY(ENCAP, TOO_BIG_SUBNET, 110,                                  \
                 "IP, larger than the subnet's MTU: tell the sender")         \
    HNV_PRIORITY(ENCAP, TOO_BIG, 100, "IP, too big: tell the sender")         \
    HNV_PRIORITY(ENCAP, ARP, 95, "ARP, which is never too big: out")          \
    HNV_PRIORITY(ENCAP, TOO_BIG_OTHER, 90, "not IP, too big: drop")           \
    HNV_PRIORITY(ENCAP, OUT, 0, "out through the nvgre port")                 \
    HNV_PRIORITY(REWRITE_OUT, UNCHECKED, 65535,                               \
                 "nobody checked whose it is: drop")                          \
    HNV_PRIORITY(REWRITE_OUT, QUOTE_NOT, 210,                                 \
                 "ICMP error, not rewritten inside: drop")                    \
    HNV_PRIORITY(REWRITE_OUT, QUOTE, 200,                                     \
                 "ICMP error: have it rewritten inside, and again")           \
    HNV_PRIORITY(REWRITE_OUT, RECORD, 100,                                    \
                 "from the CA of a local record: both addresses become PAs")  \
    HNV_PRIORITY(REWRITE_OUT, NONE, 0, "the sender has no PA: drop")          \
    HNV_PRIORITY(PA_NEIGHBOR, UNCHECKED, 65535,                               \
                 "nobody checked whose it is: drop")                          \
    HNV_PRIORITY(PA_NEIGHBOR, KNOWN, 100, "next hop whose MAC is known")      \
    HNV_PRIORITY(PA_NEIGHBOR, NONE, 0, "through the host's own IP routing")   \
    HNV_PRIORITY(SOURCE_PA, RECORD, 120, "from a local record: its PA")       \
    HNV_PRIORITY(SOURCE_PA, MOVED, 110, "redirected: PA where it was")        \
    HNV_PRIORITY(SOURCE_PA, PORT, 100, "else, the port's first PA")           \
    HNV_PRIORITY(SOURCE_PA, L2, 90, "from a local L2 record: its PA")         \
    HNV_PRIORITY(SOURCE_PA, NONE, 0, "the host's default PA")                 \
    HNV_PRIORITY(QUOTE, DOMAIN, 100, "one flow per domain: ask the agent")    \
    HNV_PRIORITY(DROP, ANSWER, 110,                                           \
                 "to the router, no route or record: tell the sender")        \
    HNV_PRIORITY(DROP, DOMAIN, 100, "of this domain, for this reason: drop")  \
    HNV_PRIORITY(DROP, NONE, 0, "of no domain: drop")                         \
    HNV_PRIORITY(REFUSED, DOMAIN, 100, "of this domain: drop")                \
    HNV_PRIORITY(REFUSED, NONE, 0, "of no domain: drop")                      \
    HNV_PRIORITY(PASS, UNCHECKED, 65535, "nobody checked whose it is: drop")  \
    HNV_PRIORITY(PASS, PORT, 100, "to the MAC of a local port: output")       \
    HNV_PRIORITY(PASS, NETWORK, 90, "any other: all ports of the network")    \
    HNV_PRIORITY(PASS, NONE, 0, "no local port in that VLAN: drop")

enum hnv_priority {
#define HNV_PRIORITY(TABLE, ID, VALUE, TEXT) HNV_PRI_##TABLE##_##ID = VALUE,
    HNV_PRIORITIES
#undef HNV_PRIORITY
};

/* Why a flow drops packets: identifier, name, and explanation.  The number of
 * a reason is in the cookie of each flow that drops for it, so new reasons go
 * to the end. */
#define HNV_DROPS                                                             \
    HNV_DROP(NOT_BOUND, "not-bound", "port is not bound to the policy")       \
    HNV_DROP(VLAN_TAG, "vlan-tag", "machine in a VSID sent a VLAN tag")       \
    HNV_DROP(SPOOF_MAC, "spoof-mac", "source MAC is not the port's")          \
    HNV_DROP(SPOOF_IP, "spoof-ip", "source address is not the port's")        \
    HNV_DROP(SPOOF_ARP, "spoof-arp", "ARP claims another's address")          \
    HNV_DROP(SPOOF_ND, "spoof-nd", "neighbor discovery claims another's "     \
             "address")                                                       \
    HNV_DROP(DHCP_GUARD, "dhcp-guard", "machine may not be a DHCP server")    \
    HNV_DROP(ROUTER_GUARD, "router-guard", "machine may not be a router")     \
    HNV_DROP(UNKNOWN_VSID, "unknown-vsid", "VSID's domain is not here")       \
    HNV_DROP(UNKNOWN_PA, "unknown-pa", "no record has the sender's PA")       \
    HNV_DROP(SOURCE_UNVERIFIED, "source-unverified",                          \
             "sender's record has another PA")                                \
    HNV_DROP(MAC_NOT_HERE, "mac-not-here",                                    \
             "no local port has that MAC in that VSID")                       \
    HNV_DROP(NO_ROUTE, "no-route", "no customer route to the destination")    \
    HNV_DROP(NO_RECORD, "no-record", "no lookup record for the address")      \
    HNV_DROP(RECORD_UNUSABLE, "record-unusable",                              \
             "record is disabled, or its port is not here yet")               \
    HNV_DROP(ACL, "acl", "a port ACL denies it")                              \
    HNV_DROP(CT_INVALID, "ct-invalid", "not part of any valid connection")    \
    HNV_DROP(HOOK_VETO, "hook-veto", "a controller's veto")                   \
    HNV_DROP(WRONG_DOMAIN, "wrong-domain",                                    \
             "a controller changed the sender's or receiver's identity")      \
    HNV_DROP(TOO_BIG, "too-big", "larger than the peer's MTU, and not IP")    \
    HNV_DROP(NOT_IP, "not-ip", "neither IP nor ARP, and no L2 record")        \
    HNV_DROP(ARP_SELF, "arp-self", "asks for its own address")                \
    HNV_DROP(ARP_OTHER, "arp-other", "ARP that is neither request nor "       \
             "unicast, or crosses subnets")                                   \
    HNV_DROP(NO_FLOOD, "no-flood", "subnet does not carry broadcast")         \
    HNV_DROP(NO_PEER, "no-peer", "peer is not known")                         \
    HNV_DROP(NO_LOCAL_PA, "no-local-pa",                                      \
             "host has no PA of the peer's IP version")                       \
    HNV_DROP(UNKNOWN_REWRITE, "unknown-rewrite",                              \
             "IP rewrite: no record has that PA or CA")                       \
    HNV_DROP(GATEWAY, "gateway", "gateway address does not serve that")       \
    HNV_DROP(WRONG_VLAN, "wrong-vlan", "no local port in that VLAN")          \
    HNV_DROP(TTL, "ttl", "TTL exceeded; the sender is told")                  \
    HNV_DROP(NOT_OURS, "not-ours",                                            \
             "frame of the provider network that is for somebody else")       \
    HNV_DROP(TO_SELF, "to-self", "destination or next hop is the sender")     \
    HNV_DROP(FLOOD_AGAIN, "flood-again",                                      \
             "broadcast that came to another PA of this host, too")           \
    HNV_DROP(UNKNOWN_QUOTE, "unknown-quote",                                  \
             "IP rewrite: ICMP error about no packet of that machine")        \
    HNV_DROP(CONTROLLER_OUTPUT, "controller-output",                          \
             "a controller would have output it past the agent's tables")     \
    HNV_DROP(REWRITE_TO_ENCAP, "rewrite-to-encap",                            \
             "sender has rule rewrite, receiver has rule encap")

enum hnv_drop {
    HNV_DROP_NONE,              /* Not a flow that drops. */
#define HNV_DROP(ID, NAME, TEXT) HNV_DROP_##ID,
    HNV_DROPS
#undef HNV_DROP
    HNV_N_DROPS
};
BUILD_ASSERT_DECL(HNV_N_DROPS <= 256);

/* Return the name, and the explanation, of 'reason', or NULL if there is no
 * such reason. */
const char *hnv_drop_name(enum hnv_drop);
const char *hnv_drop_text(enum hnv_drop);

/* Returns the reason that is called 'name', or HNV_DROP_NONE. */
enum hnv_drop hnv_drop_from_name(const char *name);

/* Which kind of row a flow was made from: identifier and the table's name in
 * the HNV database. */
#define HNV_ROWS                                                              \
    HNV_ROW(DOMAIN, "Routing_Domain")                                         \
    HNV_ROW(SUBNET, "Virtual_Subnet")                                         \
    HNV_ROW(RECORD, "Lookup_Record")                                          \
    HNV_ROW(L2_RECORD, "L2_Record")                                           \
    HNV_ROW(ROUTE, "Customer_Route")                                          \
    HNV_ROW(PORT, "Port")                                                     \
    HNV_ROW(ACL, "Port_ACL")                                                  \
    HNV_ROW(HOST, "Host")                                                     \
    HNV_ROW(PEER, "Provider_Address")

enum hnv_row {
    HNV_ROW_NONE,               /* Made from no row. */
#define HNV_ROW(ID, NAME) HNV_ROW_##ID,
    HNV_ROWS
#undef HNV_ROW
    HNV_N_ROWS
};

/* Returns the name of the database's table for 'row', or NULL for
 * HNV_ROW_NONE and for numbers that are no kind of row. */
const char *hnv_row_name(enum hnv_row);

/* Cookies.
 *
 *     63      56 55      48 47      40 39                             0
 *    +----------+----------+----------+--------------------------------+
 *    | MAGIC    | enum     | enum     | first 40 bits of the row's     |
 *    |          | hnv_row  | hnv_drop | UUID, or of a peer its id      |
 *    +----------+----------+----------+--------------------------------+
 *
 * Cookies are in host byte order here. */
#define HNV_COOKIE_MAGIC UINT64_C(0x48)
#define HNV_COOKIE_OURS (HNV_COOKIE_MAGIC << 56)
#define HNV_COOKIE_OURS_MASK (UINT64_C(0xff) << 56)
#define HNV_COOKIE_ROW_MASK ((UINT64_C(1) << 40) - 1)

/* What a cookie says. */
struct hnv_cookie {
    enum hnv_row row;
    enum hnv_drop drop;
    uint64_t bits;              /* 40 bits, see hnv_uuid_bits(). */
};

uint64_t hnv_cookie_encode(enum hnv_row, enum hnv_drop, const struct uuid *);
uint64_t hnv_cookie_encode_bits(enum hnv_row, enum hnv_drop, uint64_t bits);
bool hnv_cookie_decode(uint64_t cookie, struct hnv_cookie *);

/* Returns the first 40 bits of 'uuid', which are its first ten hexadecimal
 * digits without the hyphen. */
uint64_t hnv_uuid_bits(const struct uuid *);

/* Groups.  The first byte of the id says what kind, the rest is the VSID. */
enum {
    HNV_GROUP_FLOOD = 0x00,     /* All members of the VSID. */
    HNV_GROUP_LOCAL = 0x01,     /* Its members on local ports. */
    HNV_GROUP_PASS = 0x02,      /* Not virtualized: rest is the VLAN + 1. */
    HNV_GROUP_LEAF = 0x10,      /* HNV_GROUP_LEAF + i: remote members. */
    HNV_GROUP_MAX_LEAVES = 0xe0,
    HNV_GROUP_MAX_BUCKETS = 256, /* A group_mod is at most 64 kB. */
};

static inline uint32_t
hnv_group_id(uint8_t kind, uint32_t vsid)
{
    return ((uint32_t) kind << 24) | vsid;
}

#endif /* hnv-pipeline.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_ASK_H
#define HNV_ASK_H 1

/* What flows ask of hnv-agent
 * ===========================
 *
 * What
 * ----
 *
 * The codes by which a flow of the pipeline (hnv-pipeline.h) asks hnv-agent,
 * in a packet-in, for what OpenFlow cannot do.  If the flow pauses, the packet
 * waits for the agent to resume it.  And the meters that limit that.
 *
 *
 * What not
 * --------
 *
 * Who does it is hnv-packet-in.h. */

#include <stdint.h>

#include "openvswitch/compiler.h"
#include "openvswitch/types.h"

/* Packet-ins go to the connection with this controller id, so that SDN
 * controllers do not get them. */
enum { HNV_CONTROLLER_ID = 0x484e };

/* What a flow asks of the agent: the "userdata" of a packet-in.  The packet-in
 * carries the registers; 'metadata' is the routing domain, reg0 the sender's
 * VSID, and reg14 its vport. */
enum hnv_op {
    HNV_OP_LOOKUP = 1,          /* Paused.  Find the record of the CA in reg4
                                 * (ARP, IPv4) or xxreg1 (IPv6), add its flows
                                 * or hnv_compile_absent()'s, then resume. */
    HNV_OP_TIME_EXCEEDED = 2,   /* Answer with ICMP time exceeded. */
    HNV_OP_TOO_BIG = 3,         /* Paused.  'arg' is the MTU.  Answer IPv4 with
                                 * DF and IPv6 with ICMP, and do not resume.
                                 * Resume others: the nvgre port fragments. */
    HNV_OP_PORT_UNREACHABLE = 4, /* Answer with ICMP port unreachable. */
    HNV_OP_LOG = 5,             /* Log that the ACL in the flow's cookie
                                 * decided.  'arg' is enum hnv_log. */
    HNV_OP_QUOTE = 6,           /* Paused.  An ICMP error, from the machine at
                                 * reg14 or, if that is 0, to that in reg15,
                                 * whose customer address it has.  Rewrite what
                                 * it quotes, and set HNV_FLAG_QUOTE and, in
                                 * reg4 or xxreg1, its source in case that is a
                                 * router; then, or else at once, resume. */
    HNV_OP_LEARN = 7,           /* The sender in ARP or ND is an address that
                                 * is not the port's, but might become so. */
    HNV_OP_NET_UNREACHABLE = 8, /* Answer with ICMP net unreachable... */
    HNV_OP_HOST_UNREACHABLE = 9, /* ...or host unreachable. */
};

/* What a port ACL that is logged did. */
enum hnv_log {
    HNV_LOG_INBOUND = 1u << 0,  /* To the vport in reg15, else from reg14's. */
    HNV_LOG_ALLOW = 1u << 1,    /* Allowed, else denied... */
    HNV_LOG_INVALID = 1u << 2,  /* ...for its connection state. */
};

struct hnv_userdata {
    uint8_t version;            /* HNV_USERDATA_VERSION. */
    uint8_t op;                 /* One of HNV_OP_*. */
    uint8_t reserved[2];
    ovs_be32 arg;
};
BUILD_ASSERT_DECL(sizeof(struct hnv_userdata) == 8);

#define HNV_USERDATA_VERSION 1

/* Each routing domain has a meter, for what its machines make the agent do.
 * It has the id of the domain. */
static inline uint32_t
hnv_meter_id(uint32_t domain_key)
{
    return domain_key;
}

/* And another one for what its port ACLs log, so that logging leaves the
 * former to what tenants need. */
static inline uint32_t
hnv_log_meter_id(uint32_t domain_key)
{
    return (UINT32_C(1) << 24) | domain_key;
}

#endif /* hnv-ask.h */

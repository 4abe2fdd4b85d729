/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_CTL_TRACE_H
#define HNV_CTL_TRACE_H 1

#include <stdbool.h>
#include <stddef.h>

#include "flow.h"
#include "hnv-ctl-explain.h"
#include "hnv-ctl-oftrace.h"
#include "openvswitch/shash.h"

/* What becomes of a packet, host by host
 * ======================================
 *
 * What
 * ----
 *
 * "hnv-ctl trace" asks the switch of the host that has a port what it would
 * do with a packet, and if that is to send it through a tunnel, or with
 * rewritten addresses, asks the next host what that one would do; see
 * hnv-ctl-follow.h.  The answer is a list of hops and a verdict.
 *
 *
 * What not
 * --------
 *
 * No packet is sent, and no switch remembers anything, so that connections
 * are what --ct-state says and not what they are.  The network between the
 * hosts is not looked at: see "ovs-appctl nvgre/selftest" for that.
 *
 *
 * Thread-safety
 * -------------
 *
 * One thread. */

struct hnv_switch;
struct hnvrec_lookup_record;
struct json;

/* How a packet comes to a host, and how it leaves. */
enum hnv_way {
    HNV_WAY_PORT,               /* By a machine's port, or not at all. */
    HNV_WAY_TUNNEL,             /* In NVGRE. */
    HNV_WAY_REWRITE,            /* With PAs in the place of CAs. */
};

/* In the order in which one outweighs another. */
enum hnv_verdict {
    HNV_DROPPED,
    HNV_ANSWERED,               /* By the gateway, a responder, hnv-agent. */
    HNV_UNDECIDED,              /* Somebody could not be asked. */
    HNV_LEFT,                   /* To a machine that is not in HNV. */
    HNV_DELIVERED,
};

/* What becomes of one copy of the packet at one host. */
struct hnv_outcome {
    enum hnv_verdict verdict;
    char *text;
    const char *port;           /* DELIVERED: its Port, or null. */
    const char *interface;      /* Where it goes out, or null. */
    enum hnv_way way;
    const char *host;           /* Sent on: to that host, or null. */
    const struct hnvrec_lookup_record *record; /* REWRITE: of 'pa_dst'. */
    struct in6_addr pa_src, pa_dst; /* REWRITE: as it leaves. */
    bool sent_on;
    bool for_larger;            /* Only if the packet is too big. */
};

struct hnv_hop {
    const struct hnv_switch *sw;
    enum hnv_way from;
    struct flow flow;           /* As it enters the switch. */
    char *said;                 /* What the switch said. */
    struct hnv_oftrace trace;
    struct hnv_outcome *outcomes; /* One for each of trace's exits. */
    enum hnv_verdict verdict;   /* Of this hop, unless sent on. */
    bool sent_on;
    enum hnv_drop drop;         /* DROPPED: why, if a flow says so. */
    size_t drop_step;
    char *problem;              /* DROPPED without such a flow. */
};

/* All of it. */
struct hnv_trace {
    struct hnv_explain explain;
    const char *port;           /* The sender, or null... */
    const char *pa;             /* ...and its provider address. */
    struct hnv_hop *hops;
    size_t n_hops, allocated_hops;
    enum hnv_verdict verdict;
    const struct hnv_hop *decisive; /* What the verdict comes from. */
};

void hnv_trace_judge(const struct hnv_explain *, struct hnv_hop *);

const char *hnv_verdict_name(enum hnv_verdict);
void hnv_trace_format(const struct hnv_trace *, bool raw, struct ds *);
struct json *hnv_trace_to_json(const struct hnv_trace *);

#endif /* hnv-ctl-trace.h */

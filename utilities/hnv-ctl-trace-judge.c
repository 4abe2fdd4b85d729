/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-trace.h"

#include <stdlib.h>
#include <string.h>

#include "hnv-ctl-switch.h"
#include "hnv-values.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* What becomes of a packet at one host, from what the switch says. */

/* What hnv-agent does with a packet that it gets. */
static void
judge_agent(const struct hnv_oftrace_exit *e, struct hnv_outcome *o)
{
    const struct hnv_userdata *u = ALIGNED_CAST(const struct hnv_userdata *,
                                                e->userdata);
    static const char *const texts[] = {
        [HNV_OP_LOOKUP] = "hnv-agent asks the database for the record, and "
            "sends the packet on when it has one; trace again then",
        [HNV_OP_TIME_EXCEEDED] = "hnv-agent answers: ICMP time exceeded",
        [HNV_OP_TOO_BIG] = "if too big, hnv-agent answers: ICMP packet too "
            "big",
        [HNV_OP_PORT_UNREACHABLE] = "hnv-agent answers: ICMP port "
            "unreachable",
        [HNV_OP_LOG] = "hnv-agent logs it, for a port ACL",
        [HNV_OP_QUOTE] = "hnv-agent rewrites what the ICMP error quotes, and "
            "sends it on if that is about a packet of its receiver",
        [HNV_OP_LEARN] = "hnv-agent learns the sender's address, if it may "
            "have it; trace again then",
        [HNV_OP_NET_UNREACHABLE] = "hnv-agent answers: ICMP net unreachable",
        [HNV_OP_HOST_UNREACHABLE] = "hnv-agent answers: ICMP host "
            "unreachable",
    };
    uint8_t op = e->n_userdata == sizeof *u ? u->op : 0;

    if (op < ARRAY_SIZE(texts) && texts[op]) {
        /* What is logged or learned may be dropped: that decides nothing. */
        o->verdict = (op == HNV_OP_LEARN || hnv_explain_op_drops(op)
                      ? HNV_DROPPED
                      : op == HNV_OP_LOOKUP || op == HNV_OP_QUOTE
                      ? HNV_UNDECIDED : HNV_ANSWERED);
        o->text = xstrdup(texts[op]);
        o->for_larger = op == HNV_OP_TOO_BIG;
    } else {
        o->verdict = HNV_UNDECIDED;
        o->text = xstrdup("an SDN controller gets it");
    }
}

static void
judge_tunnel(const struct hnv_explain *explain,
             const struct hnv_oftrace_exit *e, struct hnv_outcome *o)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    o->verdict = HNV_UNDECIDED;
    o->host = hnv_explain_host(explain, &e->dst);
    ds_put_cstr(&ds, "NVGRE to ");
    hnv_address_format(&e->dst, &ds);
    if (o->host) {
        ds_put_format(&ds, " (%s)", o->host);
    }
    ds_put_format(&ds, ", VSID %"PRIu32, e->vsid);
    if (e->problem) {
        ds_put_format(&ds, ", but the underlay does not know the way yet: %s",
                      e->problem);
    } else if (!o->host) {
        ds_put_cstr(&ds, ", which no host in the policy has: not followed");
    }
    o->way = HNV_WAY_TUNNEL;
    o->sent_on = o->host && !e->problem;
    o->text = ds_steal_cstr(&ds);
}

static void
judge_port(const struct hnv_hop *hop, const struct hnv_oftrace_exit *e,
           struct hnv_outcome *o)
{
    const struct hnv_switch_port *port
        = hnv_switch_port_by_ofport(hop->sw, strtoll(e->port, NULL, 10));
    uint8_t table = (e->step < hop->trace.n_steps
                     ? hop->trace.steps[e->step].table : 0);

    o->interface = port ? port->name : e->port;
    if (table == HNV_TABLE_REWRITE_OUT || table == HNV_TABLE_PA_NEIGHBOR) {
        o->verdict = HNV_UNDECIDED;
        o->way = HNV_WAY_REWRITE;
        o->sent_on = true;
        o->text = xasprintf("IP rewrite, to the provider network through "
                            "interface %s", o->interface);
        return;
    }
    o->verdict = HNV_DELIVERED;
    o->port = port ? port->id : NULL;
    o->text = (o->port
               ? xasprintf("delivered to %s, interface %s", o->port,
                           o->interface)
               : xasprintf("out of interface %s", o->interface));
}

static void
judge_exit(const struct hnv_explain *explain, const struct hnv_hop *hop,
           const struct hnv_oftrace_exit *e, struct hnv_outcome *o)
{
    memset(o, 0, sizeof *o);
    switch (e->type) {
    case HNV_EXIT_PORT:
        judge_port(hop, e, o);
        break;
    case HNV_EXIT_IN_PORT:
        o->verdict = HNV_ANSWERED;
        o->text = xstrdup("answered here, back to the sender");
        break;
    case HNV_EXIT_TUNNEL:
        judge_tunnel(explain, e, o);
        break;
    case HNV_EXIT_CONTROLLER:
        judge_agent(e, o);
        break;
    case HNV_EXIT_FAILED:
        o->verdict = HNV_DROPPED;
        o->text = (strcmp(e->problem, "skipping output to input port")
                   ? xasprintf("Open vSwitch drops it: %s", e->problem)
                   : xstrdup("not back to the sender"));
        break;
    }
}

/* Finds out why a packet that goes nowhere does. */
static void
judge_drop(struct hnv_hop *hop)
{
    const struct hnv_oftrace *trace = &hop->trace;

    for (size_t i = trace->n_steps; i-- > 0;) {
        struct hnv_cookie c;

        if (hnv_cookie_decode(trace->steps[i].cookie, &c) && c.drop) {
            hop->drop = c.drop;
            hop->drop_step = i;
            return;
        }
    }
    if (trace->n_exits) {
        hop->problem = xstrdup(hop->outcomes[trace->n_exits - 1].text);
    } else {
        uint8_t table = (trace->n_steps
                         ? trace->steps[trace->n_steps - 1].table : 0);

        hop->problem = xasprintf("no flow for it in table %"PRIu8" (%s); is "
                                 "hnv-agent running on %s?", table,
                                 hnv_table_name(table)
                                 ? hnv_table_name(table) : "a controller's",
                                 hop->sw->host);
    }
}

/* Says what becomes of the packet at 'hop', whose trace is there. */
void
hnv_trace_judge(const struct hnv_explain *explain, struct hnv_hop *hop)
{
    const struct hnv_oftrace *trace = &hop->trace;

    hop->outcomes = xcalloc(MAX(trace->n_exits, 1), sizeof *hop->outcomes);
    hop->verdict = HNV_DROPPED;
    for (size_t i = 0; i < trace->n_exits; i++) {
        struct hnv_outcome *o = &hop->outcomes[i];

        judge_exit(explain, hop, &trace->exits[i], o);
        if (o->sent_on) {
            hop->sent_on = true;
        } else if (!o->for_larger || trace->n_exits == 1) {
            hop->verdict = MAX(hop->verdict, o->verdict);
        }
    }
    if (hop->verdict == HNV_DROPPED && !hop->sent_on) {
        judge_drop(hop);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-follow.h"

#include <stdlib.h>
#include <string.h>

#include "hnv-ctl-packet.h"
#include "hnv-ctl-switch.h"
#include "hnv-ctl.h"
#include "packets.h"
#include "util.h"

enum {
    MAX_HOPS = 64,              /* Of all copies of a packet together. */
    MAX_CT = 8,                 /* Times that one host tracks a connection. */
};

/* ------------------------------------------------------------------------ */
/* Who has what.                                                            */
/* ------------------------------------------------------------------------ */

/* Returns the switch of 'host', or of whatever host is here if 'host' is
 * empty.  Returns null if it cannot be had, and stores into '*error' why,
 * which the caller frees, if it should be there. */
static const struct hnv_switch *
get_switch(struct hnv_tracer *t, const char *host, char **error)
{
    bool pattern = strstr(t->rundir, "%h") != NULL;
    const char *key = pattern ? host : "";
    struct hnv_switch *sw = shash_find_data(&t->switches, key);

    *error = NULL;
    if (!sw) {
        char *rundir = hnv_switch_rundir(t->rundir, host);

        *error = hnv_switch_open(rundir, &sw);
        free(rundir);
        if (!sw) {
            return NULL;
        }
        shash_add(&t->switches, key, sw);
    }
    return !host[0] || !strcmp(sw->host, host) ? sw : NULL;
}

/* Looks for the Port called 'name' on 'host', and appends to 'asked' what came
 * of it. */
static const struct hnv_switch *
look_for_port(struct hnv_tracer *t, const char *host, const char *name,
              const struct hnv_switch_port **portp, struct ds *asked)
{
    char *error;
    const struct hnv_switch *sw = get_switch(t, host, &error);

    *portp = sw ? hnv_switch_port_by_id(sw, name) : NULL;
    ds_put_format(asked, "%s%s", asked->length ? ", " : "",
                  error ? error : sw ? sw->host : host);
    free(error);
    return sw;
}

char *
hnv_tracer_find_port(struct hnv_tracer *t, const char *name,
                     const struct hnv_switch **swp,
                     const struct hnv_switch_port **portp)
{
    const struct hnvrec_host *host;
    struct ds asked = DS_EMPTY_INITIALIZER;
    char *error = NULL;

    *portp = NULL;
    if (!strstr(t->rundir, "%h")) {
        *swp = look_for_port(t, "", name, portp, &asked);
    } else {
        HNVREC_HOST_FOR_EACH (host, t->ctx->idl) {
            *swp = look_for_port(t, host->name, name, portp, &asked);
            if (*portp) {
                break;
            }
        }
    }
    if (!*portp) {
        *swp = NULL;
        error = xasprintf("no interface has external_ids:hnv-port-id=%s "
                          "(asked: %s); set that on the host that runs the "
                          "machine, or say with --rundir where the sockets of "
                          "hosts are", name,
                          asked.length ? ds_cstr(&asked) : "no host");
    }
    ds_destroy(&asked);
    return error;
}

/* Returns the record, for IP rewrite, that has provider address 'pa'. */
static const struct hnvrec_lookup_record *
find_record(const struct hnv_tracer *t, const struct in6_addr *pa)
{
    const struct hnvrec_lookup_record *record;
    struct ds ds = DS_EMPTY_INITIALIZER;

    hnv_address_format(pa, &ds);
    HNVREC_LOOKUP_RECORD_FOR_EACH (record, t->trace.explain.records) {
        if (record->rule && !strcmp(record->rule, "rewrite")
            && record->n_provider_addresses
            && !strcmp(record->provider_addresses[0], ds_cstr(&ds))) {
            break;
        }
    }
    ds_destroy(&ds);
    return record;
}

static bool
same_mac(const char *a_, const char *b_)
{
    struct eth_addr a, b;
    char *error_a = hnv_mac_parse(a_, &a);
    char *error_b = hnv_mac_parse(b_, &b);
    bool same = !error_a && !error_b && eth_addr_equals(a, b);

    free(error_a);
    free(error_b);
    return same;
}

/* The Port that 'record' is of. */
static const struct hnvrec_port *
port_of_record(const struct hnv_tracer *t,
               const struct hnvrec_lookup_record *record)
{
    const struct hnvrec_port *port;

    HNVREC_PORT_FOR_EACH (port, t->ctx->idl) {
        if (port->n_vsid && port->vsid[0] == record->vsid && port->mac
            && same_mac(port->mac, record->mac)) {
            return port;
        }
    }
    return NULL;
}

/* Makes '*flow', as it is on the provider network, enter 'sw'. */
static char *
enter_rewrite(const struct hnv_switch *sw, struct flow *flow)
{
    const struct hnv_switch_port *port = hnv_switch_rewrite(sw);

    if (!port || port->ofport < 0) {
        return xasprintf("host %s has no port for IP rewrite; set "
                         "external_ids:hnv-rewrite-port there", sw->host);
    } else if (eth_addr_is_zero(sw->pa_mac)) {
        return xasprintf("host %s does not say which MAC it has on the "
                         "provider network; set external_ids:hnv-pa-bridge "
                         "there", sw->host);
    }
    flow->in_port.ofp_port = u16_to_ofp(port->ofport);
    if (eth_addr_is_zero(flow->dl_dst)) {
        flow->dl_dst = hnv_rewrite_mac(sw->pa_mac);
    }
    return NULL;
}

char *
hnv_tracer_find_pa(struct hnv_tracer *t, struct flow *flow,
                   const struct hnv_switch **swp,
                   const struct hnvrec_lookup_record **recordp)
{
    const struct hnv_switch_port *there;
    const struct hnvrec_port *port;
    struct in6_addr pa;
    char *error;

    *swp = NULL;
    *recordp = NULL;
    if (!hnv_packet_destination(flow, &pa)) {
        return xstrdup("it goes to no provider address");
    }
    *recordp = find_record(t, &pa);
    if (!*recordp) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        hnv_address_format(&pa, &ds);
        error = xasprintf("no record with rule \"rewrite\" has provider "
                          "address %s", ds_cstr(&ds));
        ds_destroy(&ds);
        return error;
    }
    port = port_of_record(t, *recordp);
    if (!port) {
        return NULL;
    }
    error = hnv_tracer_find_port(t, port->name, swp, &there);
    return error ? error : enter_rewrite(*swp, flow);
}

/* ------------------------------------------------------------------------ */
/* Hop by hop.                                                              */
/* ------------------------------------------------------------------------ */

/* Asks the switch.  False, with an error set, if it does not answer. */
static bool
ask_switch(struct hnv_tracer *t, struct hnv_hop *hop)
{
    char *flow = hnv_packet_to_trace(&hop->flow);
    char *argv[2 + 2 * MAX_CT] = { hop->sw->bridge, flow };
    int argc = 2;

    for (size_t i = 0; t->ct_state && i < MAX_CT; i++) {
        argv[argc++] = CONST_CAST(char *, "--ct-next");
        argv[argc++] = CONST_CAST(char *, t->ct_state);
    }
    t->ctx->error = hnv_switch_command(hop->sw, "ovs-vswitchd",
                                       "ofproto/trace", argc, argv,
                                       &hop->said);
    free(flow);
    if (!t->ctx->error) {
        hnv_oftrace_parse(hop->said, hop->sw->bridge, &hop->trace);
    }
    return !t->ctx->error;
}

static void
destroy_hop(struct hnv_hop *hop)
{
    for (size_t i = 0; hop->outcomes && i < hop->trace.n_exits; i++) {
        free(hop->outcomes[i].text);
    }
    free(hop->outcomes);
    free(hop->said);
    free(hop->problem);
    hnv_oftrace_destroy(&hop->trace);
}

/* Appends what 'sw' does with 'flow'.  Returns false and sets ctx->error if it
 * cannot be asked. */
static bool
add_hop(struct hnv_tracer *t, const struct hnv_switch *sw,
        const struct flow *flow)
{
    const struct hnv_switch_port *rewrite = hnv_switch_rewrite(sw);
    struct hnv_trace *trace = &t->trace;
    struct hnv_hop *hop;

    if (trace->n_hops >= trace->allocated_hops) {
        trace->hops = x2nrealloc(trace->hops, &trace->allocated_hops,
                                 sizeof *trace->hops);
    }
    hop = &trace->hops[trace->n_hops++];
    memset(hop, 0, sizeof *hop);
    hop->sw = sw;
    hop->flow = *flow;
    hop->from = (flow_tnl_dst_is_set(&flow->tunnel) ? HNV_WAY_TUNNEL
                 : (rewrite && u16_to_ofp(rewrite->ofport)
                               == flow->in_port.ofp_port) ? HNV_WAY_REWRITE
                 : HNV_WAY_PORT);
    if (!ask_switch(t, hop)) {
        return false;
    }
    hnv_trace_judge(&trace->explain, hop);
    return true;
}

/* Appends 'suffix', which it frees, to what is known of a copy. */
static void
add_text(struct hnv_outcome *o, char *suffix)
{
    char *text = xasprintf("%s%s", o->text, suffix);

    free(o->text);
    free(suffix);
    o->text = text;
}

/* Lets 'verdict' be what becomes of a copy of the packet at 'hop', and appends
 * 'suffix', which it frees, to what is known of it. */
static void
end_here(struct hnv_hop *hop, struct hnv_outcome *o, enum hnv_verdict verdict,
         char *suffix)
{
    add_text(o, suffix);
    o->verdict = verdict;
    o->sent_on = false;
    hop->verdict = MAX(hop->verdict, verdict);
}

/* What the host of 'hop' sends through a tunnel, at the other end of it. */
static char *
leave_tunnel(struct hnv_tracer *t, const struct hnv_oftrace_exit *e,
             const struct hnv_outcome *o, struct flow *flow,
             const struct hnv_switch **swp)
{
    const struct hnv_switch_port *tunnel;
    char *error;

    *swp = get_switch(t, o->host, &error);
    if (error) {
        return error;
    } else if (!*swp) {
        return xstrdup("use --rundir to say where its sockets are");
    }
    tunnel = hnv_switch_tunnel(*swp);
    if (!tunnel) {
        return xstrdup("it has no nvgre port for all peers");
    }
    hnv_packet_set_tunnel(flow, e->vsid, &e->src, &e->dst);
    flow->in_port.ofp_port = u16_to_ofp(tunnel->ofport);
    return NULL;
}

/* What the IP stack of the host of 'hop' does with a packet that IP rewrite
 * gives it.  False if it goes no further. */
static bool
route(const struct hnv_hop *hop, struct flow *flow)
{
    if (!eth_addr_equals(flow->dl_dst, hop->sw->pa_mac)) {
        return true;            /* The switch knew the neighbor itself. */
    } else if (flow->nw_ttl <= 1) {
        return false;
    }
    flow->nw_ttl--;
    flow->dl_src = hop->sw->pa_mac;
    flow->dl_dst = eth_addr_zero;
    return true;
}

static void
name_pas(const struct flow *flow, struct hnv_outcome *o)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    hnv_packet_source(flow, &o->pa_src);
    hnv_packet_destination(flow, &o->pa_dst);
    ds_put_cstr(&ds, "IP rewrite: ");
    hnv_address_format(&o->pa_src, &ds);
    ds_put_cstr(&ds, " > ");
    hnv_address_format(&o->pa_dst, &ds);
    free(o->text);
    o->text = ds_steal_cstr(&ds);
}

/* What the host of 'hop' sends to the provider network after IP rewrite, where
 * it arrives there.  '*swp' becomes null if no other switch gets it. */
static char *
leave_rewrite(struct hnv_tracer *t, struct hnv_hop *hop,
              struct hnv_outcome *o, struct flow *flow,
              const struct hnv_switch **swp)
{
    char *error;

    *swp = NULL;
    name_pas(flow, o);
    if (!route(hop, flow)) {
        end_here(hop, o, HNV_ANSWERED,
                 xstrdup("; the host's IP routing answers: ICMP time "
                         "exceeded"));
        return NULL;
    }
    error = hnv_tracer_find_pa(t, flow, swp, &o->record);
    if (*swp) {
        o->host = (*swp)->host;
        add_text(o, xasprintf(" (%s)", o->host));
    } else if (!error) {
        end_here(hop, o, HNV_LEFT,
                 xasprintf(": leaves HNV, goes to PA %s on the provider "
                           "network", o->record->provider_addresses[0]));
    }
    return error;
}

/* Follows one copy of the packet to the next host. */
static void
follow(struct hnv_tracer *t, size_t hop_index, size_t exit_index)
{
    struct hnv_hop *hop = &t->trace.hops[hop_index];
    struct hnv_outcome *o = &hop->outcomes[exit_index];
    const struct hnv_switch *sw = NULL;
    struct flow flow;
    char *error;

    error = (t->trace.n_hops < MAX_HOPS
             ? hnv_packet_from_trace(hop->trace.flow, &flow)
             : xstrdup("too many copies"));
    if (!error) {
        error = (o->way == HNV_WAY_REWRITE
                 ? leave_rewrite(t, hop, o, &flow, &sw)
                 : leave_tunnel(t, &hop->trace.exits[exit_index], o, &flow,
                                &sw));
    }
    if (!error && sw && !add_hop(t, sw, &flow)) {
        /* Its switch does not run, perhaps: what the others say remains. */
        error = t->ctx->error;
        t->ctx->error = NULL;
        destroy_hop(&t->trace.hops[--t->trace.n_hops]);
        hop = &t->trace.hops[hop_index];
        o = &hop->outcomes[exit_index];
    }
    if (error) {
        end_here(hop, o, HNV_UNDECIDED,
                 xasprintf("; not followed: %s", error));
        free(error);
    }
}

static void
follow_all(struct hnv_tracer *t)
{
    struct hnv_trace *trace = &t->trace;

    for (size_t i = 0; i < trace->n_hops && !t->ctx->error; i++) {
        for (size_t j = 0; j < trace->hops[i].trace.n_exits; j++) {
            if (trace->hops[i].outcomes[j].sent_on && !t->ctx->error) {
                follow(t, i, j);
            }
        }
    }
    for (size_t i = 0; i < trace->n_hops; i++) {
        const struct hnv_hop *hop = &trace->hops[i];

        if (hop->verdict > trace->verdict
            || (hop->verdict == HNV_DROPPED && !hop->sent_on
                && !trace->decisive)) {
            trace->decisive = hop;
        }
        trace->verdict = MAX(trace->verdict, hop->verdict);
    }
}

void
hnv_tracer_run(struct hnv_tracer *t, const struct hnv_switch *sw,
               const struct flow *flow)
{
    if (add_hop(t, sw, flow)) {
        follow_all(t);
    }
}

void
hnv_tracer_destroy(struct hnv_tracer *t)
{
    struct hnv_trace *trace = &t->trace;
    struct shash_node *node;

    for (size_t i = 0; i < trace->n_hops; i++) {
        destroy_hop(&trace->hops[i]);
    }
    free(trace->hops);
    ovsdb_idl_destroy(trace->explain.records);
    SHASH_FOR_EACH (node, &t->switches) {
        hnv_switch_close(node->data);
    }
    shash_destroy(&t->switches);
}

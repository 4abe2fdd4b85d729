/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-trace.h"

#include <stdlib.h>
#include <string.h>

#include "dirs.h"
#include "hnv-ctl-packet.h"
#include "hnv-ctl-switch.h"
#include "hnv-ctl.h"
#include "hnv-policy.h"
#include "openvswitch/json.h"
#include "packets.h"
#include "smap.h"
#include "unaligned.h"
#include "util.h"

enum {
    MAX_HOPS = 64,              /* Of all copies of a packet together. */
    MAX_CT = 8,                 /* Times that one host tracks a connection. */
    TIMEOUT_MS = 10000,
};

/* Whom to ask, and what. */
struct tracer {
    struct ctl_context *ctx;
    const char *rundir;         /* Pattern for hnv_switch_rundir(). */
    const char *ct_state;       /* For --ct-next, or null. */
    struct shash switches;      /* "struct hnv_switch *"s by host. */
    const struct hnvrec_port *port;
    const struct hnvrec_virtual_subnet *subnet; /* The port's, or null. */
    struct hnv_trace trace;
};

/* ------------------------------------------------------------------------ */
/* Switches.                                                                */
/* ------------------------------------------------------------------------ */

/* Returns the switch of 'host', or of whatever host is here if 'host' is
 * empty.  Returns null if it cannot be had, and stores into '*error' why,
 * which the caller frees, if it should be there. */
static const struct hnv_switch *
get_switch(struct tracer *t, const char *host, char **error)
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

/* Looks for the port on 'host', and appends to 'asked' what came of it. */
static const struct hnv_switch *
look_for_port(struct tracer *t, const char *host,
              const struct hnv_switch_port **portp, struct ds *asked)
{
    char *error;
    const struct hnv_switch *sw = get_switch(t, host, &error);

    *portp = sw ? hnv_switch_port_by_id(sw, t->port->name) : NULL;
    ds_put_format(asked, "%s%s", asked->length ? ", " : "",
                  error ? error : sw ? sw->host : host);
    free(error);
    return sw;
}

/* Finds the switch that has the port and the port there. */
static const struct hnv_switch *
find_port(struct tracer *t, const struct hnv_switch_port **portp)
{
    const struct hnvrec_host *host;
    struct ds asked = DS_EMPTY_INITIALIZER;
    const struct hnv_switch *sw = NULL;

    *portp = NULL;
    if (!strstr(t->rundir, "%h")) {
        sw = look_for_port(t, "", portp, &asked);
    } else {
        HNVREC_HOST_FOR_EACH (host, t->ctx->idl) {
            sw = look_for_port(t, host->name, portp, &asked);
            if (*portp) {
                break;
            }
        }
    }
    if (!*portp) {
        ctl_error(t->ctx, "no interface has external_ids:hnv-port-id=%s "
                  "(asked: %s); set that on the host that runs the machine, "
                  "or say with --rundir where the sockets of hosts are",
                  t->port->name, asked.length ? ds_cstr(&asked) : "no host");
        sw = NULL;
    }
    ds_destroy(&asked);
    return sw;
}

/* ------------------------------------------------------------------------ */
/* The packet as the machine sends it.                                      */
/* ------------------------------------------------------------------------ */

static void
add_record(struct ovsdb_idl_condition *condition,
           const struct in6_addr *address)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    hnv_address_format(address, &ds);
    hnvrec_lookup_record_add_clause_customer_address(condition, OVSDB_F_EQ,
                                                     ds_cstr(&ds));
    ds_destroy(&ds);
}

/* Fetches the records that a packet between two machines can meet: those of
 * its addresses and of the next hops of its routing domain. */
static void
fetch_records(struct tracer *t, const struct flow *flow)
{
    struct ovsdb_idl_condition condition
        = OVSDB_IDL_CONDITION_INIT(&condition);
    const struct hnvrec_customer_route *route;
    struct ovsdb_idl *idl;
    struct in6_addr address;

    if (hnv_packet_source(flow, &address)) {
        add_record(&condition, &address);
    }
    if (hnv_packet_destination(flow, &address)) {
        add_record(&condition, &address);
    }
    HNVREC_CUSTOMER_ROUTE_FOR_EACH (route, t->ctx->idl) {
        if (t->subnet && route->routing_domain == t->subnet->routing_domain) {
            hnvrec_lookup_record_add_clause_customer_address(
                &condition, OVSDB_F_EQ, route->next_hop);
        }
    }

    idl = ovsdb_idl_create(hnv_ctl_remote, &hnvrec_idl_class, false, true);
    ovsdb_idl_set_leader_only(idl, false);
    ovsdb_idl_add_table(idl, &hnvrec_table_routing_domain);
    ovsdb_idl_add_column(idl, &hnvrec_routing_domain_col_name);
    ovsdb_idl_add_table(idl, &hnvrec_table_lookup_record);
    for (size_t i = 0; i < HNVREC_LOOKUP_RECORD_N_COLUMNS; i++) {
        ovsdb_idl_add_column(idl, &hnvrec_lookup_record_columns[i]);
    }
    ovsdb_idl_set_condition(idl, &hnvrec_table_lookup_record, &condition);
    ovsdb_idl_condition_destroy(&condition);
    if (!hnv_switch_fetch(idl, TIMEOUT_MS)) {
        ctl_error(t->ctx, "%s: no answer", hnv_ctl_remote);
    }
    t->trace.explain.records = idl;
}

static const struct hnvrec_lookup_record *
find_record(const struct tracer *t, const struct in6_addr *address)
{
    const struct hnvrec_lookup_record *record;
    struct ds ds = DS_EMPTY_INITIALIZER;

    hnv_address_format(address, &ds);
    HNVREC_LOOKUP_RECORD_FOR_EACH (record, t->trace.explain.records) {
        if (record->routing_domain && t->subnet
            && uuid_equals(&record->routing_domain->header_.uuid,
                           &t->subnet->routing_domain->header_.uuid)
            && !strcmp(record->customer_address, ds_cstr(&ds))) {
            break;
        }
    }
    ds_destroy(&ds);
    return record;
}

static bool
is_on_link(const struct tracer *t, const struct in6_addr *address)
{
    for (size_t i = 0; t->subnet && i < t->subnet->n_prefixes; i++) {
        struct hnv_prefix prefix;
        char *error = hnv_prefix_parse(t->subnet->prefixes[i], &prefix);

        if (!error && hnv_prefix_contains(&prefix, address)) {
            return true;
        }
        free(error);
    }
    return false;
}

/* Fills in the MAC that the machine would find by ARP or ND. */
static void
set_destination_mac(struct tracer *t, struct flow *flow)
{
    const struct hnvrec_hnv_global *global;
    const struct hnvrec_lookup_record *record = NULL;
    struct in6_addr to;
    const char *mac = HNV_ROUTER_MAC;
    char *error;

    if (!eth_addr_is_zero(flow->dl_dst)
        || !hnv_packet_destination(flow, &to)) {
        return;
    }
    if (flow->dl_type == htons(ETH_TYPE_IP) && ip_is_multicast(flow->nw_dst)) {
        flow->dl_dst = (struct eth_addr) ETH_ADDR_C(01,00,5e,00,00,00);
        put_unaligned_be16((ovs_be16 *) &flow->dl_dst.ea[4],
                           htons(ntohl(flow->nw_dst)));
        flow->dl_dst.ea[3] = (ntohl(flow->nw_dst) >> 16) & 0x7f;
        return;
    } else if (flow->dl_type == htons(ETH_TYPE_IP)
               && flow->nw_dst == htonl(UINT32_MAX)) {
        flow->dl_dst = eth_addr_broadcast;
        return;
    } else if (IN6_IS_ADDR_MULTICAST(&to)) {
        ipv6_multicast_to_ethernet(&flow->dl_dst, &to);
        return;
    }

    global = hnvrec_hnv_global_first(t->ctx->idl);
    if (global && global->router_mac && global->router_mac[0]) {
        mac = global->router_mac;
    }
    if (is_on_link(t, &to)) {
        record = find_record(t, &to);
    }
    error = hnv_mac_parse(record ? record->mac : mac, &flow->dl_dst);
    free(error);
}

static struct hnv_packet_sender
sender_of(const struct hnvrec_port *port)
{
    struct hnv_packet_sender sender = { .ipv4 = 0 };
    char *error = hnv_mac_parse(port->mac, &sender.mac);

    free(error);
    for (size_t i = 0; i < port->n_addresses; i++) {
        struct in6_addr address;

        error = hnv_address_parse(port->addresses[i], &address);
        if (error) {
            free(error);
        } else if (!hnv_address_is_v4(&address)) {
            sender.ipv6 = address;
        } else if (!sender.ipv4) {
            sender.ipv4 = in6_addr_get_mapped_ipv4(&address);
        }
    }
    return sender;
}

static void
make_packet(struct tracer *t, int argc, char *argv[], struct flow *flow)
{
    struct hnv_packet_sender sender = sender_of(t->port);

    t->ctx->error = hnv_packet_parse(argc, argv, flow);
    if (!t->ctx->error) {
        t->ctx->error = hnv_packet_set_sender(flow, &sender);
    }
    if (!t->ctx->error) {
        fetch_records(t, flow);
    }
    if (!t->ctx->error) {
        set_destination_mac(t, flow);
    }
}

/* ------------------------------------------------------------------------ */
/* Hop by hop.                                                              */
/* ------------------------------------------------------------------------ */

/* Asks the switch.  False, with an error set, if it does not answer. */
static bool
ask_switch(struct tracer *t, struct hnv_hop *hop)
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

static bool
add_hop(struct tracer *t, const struct hnv_switch *sw,
        const struct flow *flow)
{
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
    if (!ask_switch(t, hop)) {
        return false;
    }
    hnv_trace_judge(&trace->explain, hop);
    return true;
}

/* Follows one tunnel to the next host. */
static void
follow(struct tracer *t, size_t hop_index, size_t exit_index)
{
    struct hnv_hop *hop = &t->trace.hops[hop_index];
    const struct hnv_oftrace_exit *e = &hop->trace.exits[exit_index];
    struct hnv_outcome *o = &hop->outcomes[exit_index];
    const struct hnv_switch_port *tunnel = NULL;
    const struct hnv_switch *sw;
    struct flow flow;
    char *error;

    sw = get_switch(t, o->host, &error);
    if (sw) {
        tunnel = hnv_switch_tunnel(sw);
    }
    if (!error && tunnel && t->trace.n_hops < MAX_HOPS) {
        error = hnv_packet_from_trace(hop->trace.flow, &flow);
    } else if (!error) {
        error = (!sw ? xstrdup("use --rundir to say where its sockets are")
                 : !tunnel ? xstrdup("it has no nvgre port for all peers")
                 : xstrdup("too many copies"));
    }
    if (error) {
        char *text = xasprintf("%s; not followed: %s", o->text, error);

        free(o->text);
        o->text = text;
        o->sent_on = false;
        hop->verdict = MAX(hop->verdict, HNV_UNDECIDED);
        free(error);
        return;
    }
    hnv_packet_set_tunnel(&flow, e->vsid, &e->src, &e->dst);
    flow.in_port.ofp_port = u16_to_ofp(tunnel->ofport);
    add_hop(t, sw, &flow);
}

static void
follow_all(struct tracer *t)
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

/* ------------------------------------------------------------------------ */
/* The command.                                                             */
/* ------------------------------------------------------------------------ */

void
hnv_ctl_want_explanations(struct ctl_context *ctx)
{
    hnv_ctl_want_policy(ctx);
    hnv_ctl_want(ctx, &hnvrec_table_hnv_global);
    hnv_ctl_want(ctx, &hnvrec_table_customer_route);
    hnv_ctl_want(ctx, &hnvrec_table_l2_record);
    hnv_ctl_want(ctx, &hnvrec_table_port);
    hnv_ctl_want(ctx, &hnvrec_table_port_acl);
    hnv_ctl_want(ctx, &hnvrec_table_acl_group);
    hnv_ctl_want(ctx, &hnvrec_table_host);
    hnv_ctl_want(ctx, &hnvrec_table_provider_address);
}

const char *
hnv_ctl_rundir(const struct ctl_context *ctx)
{
    const char *option = shash_find_data(&ctx->options, "--rundir");
    const char *env = getenv("HNV_RUNDIR");

    return option ? option : env && env[0] ? env : ovs_rundir();
}

static void
destroy_tracer(struct tracer *t)
{
    struct hnv_trace *trace = &t->trace;
    struct shash_node *node;

    for (size_t i = 0; i < trace->n_hops; i++) {
        struct hnv_hop *hop = &trace->hops[i];

        for (size_t j = 0; hop->outcomes && j < hop->trace.n_exits; j++) {
            free(hop->outcomes[j].text);
        }
        free(hop->outcomes);
        free(hop->said);
        free(hop->problem);
        hnv_oftrace_destroy(&hop->trace);
    }
    free(trace->hops);
    ovsdb_idl_destroy(trace->explain.records);
    SHASH_FOR_EACH (node, &t->switches) {
        hnv_switch_close(node->data);
    }
    shash_destroy(&t->switches);
}

static void
print_trace(struct ctl_context *ctx, const struct hnv_trace *trace)
{
    if (hnv_ctl_format_is_json()) {
        struct json *json = hnv_trace_to_json(trace);

        json_to_ds(json, JSSF_PRETTY | JSSF_SORT, &ctx->output);
        ds_put_char(&ctx->output, '\n');
        json_destroy(json);
    } else {
        hnv_trace_format(trace, shash_find(&ctx->options, "--ovs"),
                         &ctx->output);
    }
    hnv_ctl_status = (trace->verdict == HNV_DROPPED ? 2
                      : trace->verdict == HNV_UNDECIDED ? 3 : EXIT_SUCCESS);
}

static void
cmd_trace(struct ctl_context *ctx)
{
    const char *ct = shash_find_data(&ctx->options, "--ct-state");
    char *ct_state = ct ? xasprintf("trk,%s", ct) : NULL;
    struct tracer t = {
        .ctx = ctx,
        .rundir = hnv_ctl_rundir(ctx),
        .ct_state = ct_state,
        .switches = SHASH_INITIALIZER(&t.switches),
        .trace = { .explain.policy = ctx->idl, .port = ctx->argv[1] },
    };
    const struct hnv_switch_port *from;
    const struct hnv_switch *sw;
    struct flow flow;

    t.port = (const struct hnvrec_port *) hnv_ctl_get(
        ctx, &hnv_ctl_nouns[HNV_CTL_PORT], ctx->argv[1]);
    if (t.port) {
        t.subnet = (t.port->n_vsid
                    ? hnv_ctl_subnet(ctx->idl, t.port->vsid[0]) : NULL);
        make_packet(&t, ctx->argc - 2, ctx->argv + 2, &flow);
    }
    sw = ctx->error ? NULL : find_port(&t, &from);
    if (sw) {
        flow.in_port.ofp_port = u16_to_ofp(from->ofport);
        if (add_hop(&t, sw, &flow)) {
            follow_all(&t);
        }
    }
    if (!ctx->error) {
        print_trace(ctx, &t.trace);
    }
    destroy_tracer(&t);
    free(ct_state);
}

const struct ctl_command_syntax hnv_ctl_trace_commands[] = {
    { "trace", 2, INT_MAX, "PORT PACKET...", hnv_ctl_want_explanations,
      cmd_trace, NULL, "--rundir=,--ct-state=,--ovs", RO },
    { NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO },
};

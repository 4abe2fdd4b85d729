/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-follow.h"

#include <stdlib.h>
#include <string.h>

#include "dirs.h"
#include "hnv-ctl-packet.h"
#include "hnv-ctl-switch.h"
#include "hnv-ctl.h"
#include "openvswitch/json.h"
#include "packets.h"
#include "smap.h"
#include "unaligned.h"
#include "util.h"

enum { TIMEOUT_MS = 10000 };

/* Of a machine on the provider network: no flow looks at it. */
#define SOME_MAC ETH_ADDR_C(02,00,00,00,00,01)

/* ------------------------------------------------------------------------ */
/* The packet as the machine sends it.                                      */
/* ------------------------------------------------------------------------ */

/* Fetches the lookup records that 'condition' selects, and destroys it. */
static void
fetch_records(struct hnv_tracer *t, struct ovsdb_idl_condition *condition)
{
    struct ovsdb_idl *idl = ovsdb_idl_create(hnv_ctl_remote,
                                             &hnvrec_idl_class, false, true);

    ovsdb_idl_set_leader_only(idl, false);
    ovsdb_idl_add_table(idl, &hnvrec_table_routing_domain);
    ovsdb_idl_add_column(idl, &hnvrec_routing_domain_col_name);
    ovsdb_idl_add_table(idl, &hnvrec_table_lookup_record);
    for (size_t i = 0; i < HNVREC_LOOKUP_RECORD_N_COLUMNS; i++) {
        ovsdb_idl_add_column(idl, &hnvrec_lookup_record_columns[i]);
    }
    ovsdb_idl_set_condition(idl, &hnvrec_table_lookup_record, condition);
    ovsdb_idl_condition_destroy(condition);
    if (!hnv_switch_fetch(idl, TIMEOUT_MS)) {
        ctl_error(t->ctx, "%s: no answer", hnv_ctl_remote);
    }
    t->trace.explain.records = idl;
}

static void
add_ca(struct ovsdb_idl_condition *condition, const struct in6_addr *ca)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    hnv_address_format(ca, &ds);
    hnvrec_lookup_record_add_clause_customer_address(condition, OVSDB_F_EQ,
                                                     ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
add_pa(struct ovsdb_idl_condition *condition, const struct in6_addr *pa)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    const char *text;

    hnv_address_format(pa, &ds);
    text = ds_cstr(&ds);
    hnvrec_lookup_record_add_clause_provider_addresses(
        condition, OVSDB_F_INCLUDES, &text, 1);
    ds_destroy(&ds);
}

/* Fetches the records that a packet between two machines can meet: those of
 * its addresses and of the next hops of its routing domain. */
static void
fetch_by_ca(struct hnv_tracer *t, const struct hnvrec_virtual_subnet *subnet,
            const struct flow *flow)
{
    struct ovsdb_idl_condition condition
        = OVSDB_IDL_CONDITION_INIT(&condition);
    const struct hnvrec_customer_route *route;
    struct in6_addr address;

    if (hnv_packet_source(flow, &address)) {
        add_ca(&condition, &address);
    }
    if (hnv_packet_destination(flow, &address)) {
        add_ca(&condition, &address);
    }
    HNVREC_CUSTOMER_ROUTE_FOR_EACH (route, t->ctx->idl) {
        if (subnet && route->routing_domain == subnet->routing_domain) {
            hnvrec_lookup_record_add_clause_customer_address(
                &condition, OVSDB_F_EQ, route->next_hop);
        }
    }
    fetch_records(t, &condition);
}

/* Fetches the records of both ends of a packet on the provider network. */
static void
fetch_by_pa(struct hnv_tracer *t, const struct flow *flow)
{
    struct ovsdb_idl_condition condition
        = OVSDB_IDL_CONDITION_INIT(&condition);
    struct in6_addr address;

    if (hnv_packet_destination(flow, &address)) {
        add_pa(&condition, &address);
    }
    if (hnv_packet_source(flow, &address)) {
        add_pa(&condition, &address);
    }
    fetch_records(t, &condition);
}

static const struct hnvrec_lookup_record *
find_record(const struct hnv_tracer *t,
            const struct hnvrec_virtual_subnet *subnet,
            const struct in6_addr *address)
{
    const struct hnvrec_lookup_record *record;
    struct ds ds = DS_EMPTY_INITIALIZER;

    hnv_address_format(address, &ds);
    HNVREC_LOOKUP_RECORD_FOR_EACH (record, t->trace.explain.records) {
        if (record->routing_domain && subnet
            && uuid_equals(&record->routing_domain->header_.uuid,
                           &subnet->routing_domain->header_.uuid)
            && !strcmp(record->customer_address, ds_cstr(&ds))) {
            break;
        }
    }
    ds_destroy(&ds);
    return record;
}

/* Fills in the MAC that the machine would find by ARP or ND. */
static void
set_destination_mac(struct hnv_tracer *t,
                    const struct hnvrec_virtual_subnet *subnet,
                    struct flow *flow)
{
    const struct hnvrec_lookup_record *record = NULL;
    struct hnv_prefix prefix;
    struct in6_addr to;
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

    if (subnet && hnv_ctl_subnet_contains(subnet, &to, &prefix)) {
        record = find_record(t, subnet, &to);
    }
    error = hnv_mac_parse(record ? record->mac
                          : hnv_ctl_router_mac(t->ctx->idl), &flow->dl_dst);
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

/* Makes '*flow' the packet that the user says, sent by 'sender'. */
static bool
parse_packet(struct hnv_tracer *t, const struct hnv_packet_sender *sender,
             struct flow *flow)
{
    struct ctl_context *ctx = t->ctx;

    ctx->error = hnv_packet_parse(ctx->argc - 2, ctx->argv + 2, flow);
    if (!ctx->error) {
        ctx->error = hnv_packet_set_sender(flow, sender);
    }
    return !ctx->error;
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
    hnv_ctl_status = (trace->verdict == HNV_DROPPED ? HNV_CTL_DROPPED
                      : trace->verdict == HNV_UNDECIDED ? HNV_CTL_UNASKED
                      : EXIT_SUCCESS);
}

/* The machine of 'port' sends the packet. */
static void
trace_from_port(struct hnv_tracer *t, const struct hnvrec_port *port)
{
    const struct hnvrec_virtual_subnet *subnet
        = port->n_vsid ? hnv_ctl_subnet(t->ctx->idl, port->vsid[0]) : NULL;
    struct hnv_packet_sender sender = sender_of(port);
    const struct hnv_switch_port *from;
    const struct hnv_switch *sw;
    struct flow flow;

    t->trace.port = port->name;
    if (!parse_packet(t, &sender, &flow)) {
        return;
    }
    fetch_by_ca(t, subnet, &flow);
    if (t->ctx->error) {
        return;
    }
    set_destination_mac(t, subnet, &flow);
    t->ctx->error = hnv_tracer_find_port(t, port->name, &sw, &from);
    if (!t->ctx->error) {
        flow.in_port.ofp_port = u16_to_ofp(from->ofport);
        hnv_tracer_run(t, sw, &flow);
    }
}

/* Somebody on the provider network sends the packet to a machine that has a
 * provider address of its own. */
static void
trace_from_pa(struct hnv_tracer *t, const struct in6_addr *pa)
{
    struct hnv_packet_sender sender = { .mac = SOME_MAC };
    const struct hnvrec_lookup_record *record;
    const struct hnv_switch *sw;
    struct flow flow;

    if (hnv_address_is_v4(pa)) {
        sender.ipv4 = in6_addr_get_mapped_ipv4(pa);
    } else {
        sender.ipv6 = *pa;
    }
    t->trace.pa = t->ctx->argv[1];
    if (!parse_packet(t, &sender, &flow)) {
        return;
    }
    fetch_by_pa(t, &flow);
    if (t->ctx->error) {
        return;
    }
    t->ctx->error = hnv_tracer_find_pa(t, &flow, &sw, &record);
    if (sw && !t->ctx->error) {
        hnv_tracer_run(t, sw, &flow);
    } else if (!t->ctx->error) {
        ctl_error(t->ctx, "the packet goes to %s, which is no machine of "
                  "HNV: no port has VSID %"PRId64" and MAC %s",
                  record->provider_addresses[0], record->vsid, record->mac);
    }
}

/* Whether the first argument is the address of somebody on the provider
 * network, rather than a Port. */
static bool
is_from_pa(struct ctl_context *ctx, struct in6_addr *pa)
{
    char *error = hnv_address_parse(ctx->argv[1], pa);
    bool from_pa = !error && !hnv_ctl_find(ctx, &hnv_ctl_nouns[HNV_CTL_PORT],
                                           ctx->argv[1]);

    free(error);
    return from_pa;
}

static void
cmd_trace(struct ctl_context *ctx)
{
    const char *ct = shash_find_data(&ctx->options, "--ct-state");
    char *ct_state = ct ? xasprintf("trk,%s", ct) : NULL;
    struct hnv_tracer t = {
        .ctx = ctx,
        .rundir = hnv_ctl_rundir(ctx),
        .ct_state = ct_state,
        .switches = SHASH_INITIALIZER(&t.switches),
        .trace.explain.policy = ctx->idl,
    };
    const struct hnvrec_port *port;
    struct in6_addr pa;

    if (is_from_pa(ctx, &pa)) {
        trace_from_pa(&t, &pa);
    } else {
        port = (const struct hnvrec_port *) hnv_ctl_get(
            ctx, &hnv_ctl_nouns[HNV_CTL_PORT], ctx->argv[1]);
        if (port) {
            trace_from_port(&t, port);
        }
    }
    if (!ctx->error) {
        print_trace(ctx, &t.trace);
    }
    hnv_tracer_destroy(&t);
    free(ct_state);
}

const struct ctl_command_syntax hnv_ctl_trace_commands[] = {
    { "trace", 2, INT_MAX, "PORT|PA PACKET...", hnv_ctl_want_explanations,
      cmd_trace, NULL, "--rundir=,--ct-state=,--ovs", RO },
    { NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO },
};

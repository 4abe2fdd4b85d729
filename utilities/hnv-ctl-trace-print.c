/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-trace.h"

#include <stdlib.h>

#include "hnv-ctl-packet.h"
#include "hnv-ctl-switch.h"
#include "hnv-idl.h"
#include "hnv-values.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "packets.h"
#include "util.h"
#include "uuid.h"

/* A trace, for people and for programs. */

const char *
hnv_verdict_name(enum hnv_verdict verdict)
{
    switch (verdict) {
    case HNV_DROPPED:
        return "dropped";
    case HNV_ANSWERED:
        return "answered";
    case HNV_UNDECIDED:
        return "undecided";
    case HNV_LEFT:
        return "left-hnv";
    case HNV_DELIVERED:
        return "delivered";
    }
    OVS_NOT_REACHED();
}

/* ------------------------------------------------------------------------ */
/* For people.                                                              */
/* ------------------------------------------------------------------------ */

/* A domain says less about a flow than what such flows do. */
static bool
is_of_domain(const struct hnv_oftrace_step *step)
{
    struct hnv_cookie c;

    return hnv_cookie_decode(step->cookie, &c) && c.row == HNV_ROW_DOMAIN;
}

/* Whether a step or an exit is only for packets that are larger than this one,
 * of which the switch does not know how large it is. */
static bool
is_for_larger(const struct hnv_hop *hop, size_t step)
{
    for (size_t i = 0; hop->trace.n_exits > 1 && i < hop->trace.n_exits;
         i++) {
        if (hop->trace.exits[i].step == step
            && hop->outcomes[i].for_larger) {
            return true;
        }
    }
    return false;
}

static void
format_step(const struct hnv_trace *trace,
            const struct hnv_oftrace_step *step, struct ds *ds)
{
    const char *name = hnv_table_name(step->table);
    const char *text = hnv_explain_step(step->table, step->priority);
    struct hnv_explain_row row;

    if (!step->matched) {
        return;                 /* A function that found nothing. */
    }
    row = hnv_explain_row(&trace->explain, step->cookie);
    ds_put_format(ds, "  %3"PRIu8" %-14s ", step->table,
                  name ? name : "(controller)");
    if (!name) {
        ds_put_format(ds, "%s priority %d", step->match, step->priority);
    } else if (row.table && (!text || !is_of_domain(step))) {
        ds_put_format(ds, "%s %s", row.table, row.name);
    } else {
        ds_put_cstr(ds, text ? text : step->match);
    }
    ds_put_char(ds, '\n');
    free(row.name);
}

/* Why a packet goes no further, and what to do. */
static void
format_drop(const struct hnv_trace *trace, const struct hnv_hop *hop,
            struct ds *ds)
{
    struct hnv_explain_row row;

    if (!hop->drop) {
        ds_put_format(ds, "dropped on %s: %s\n", hop->sw->host, hop->problem);
        return;
    }
    row = hnv_explain_row(&trace->explain,
                          hop->trace.steps[hop->drop_step].cookie);
    ds_put_format(ds, "dropped on %s: %s, %s\n", hop->sw->host,
                  hnv_drop_name(hop->drop), hnv_drop_text(hop->drop));
    if (row.table) {
        ds_put_format(ds, "  by:  %s %s\n", row.table, row.name);
    }
    ds_put_format(ds, "  do:  %s\n", hnv_explain_advice(hop->drop));
    free(row.name);
}

static void
format_hop(const struct hnv_trace *trace, const struct hnv_hop *hop, bool raw,
           struct ds *ds)
{
    ds_put_format(ds, "\n%s", hop->sw->host);
    if (hop->from == HNV_WAY_REWRITE) {
        ds_put_cstr(ds, ", from the provider network: ");
        hnv_packet_format(&hop->flow, ds);
    } else if (hop->from == HNV_WAY_TUNNEL) {
        struct in6_addr src = flow_tnl_src(&hop->flow.tunnel);

        ds_put_cstr(ds, ", from ");
        hnv_address_format(&src, ds);
        ds_put_format(ds, ", VSID %"PRIu64,
                      ntohll(hop->flow.tunnel.tun_id));
    }
    ds_put_char(ds, '\n');
    for (size_t i = 0; i < hop->trace.n_steps; i++) {
        if (!is_for_larger(hop, i)) {
            format_step(trace, &hop->trace.steps[i], ds);
        }
    }
    for (size_t i = 0; i < hop->trace.n_exits; i++) {
        if (!is_for_larger(hop, hop->trace.exits[i].step)) {
            ds_put_format(ds, "  => %s\n", hop->outcomes[i].text);
        }
    }
    if (hop->drop) {
        ds_put_format(ds, "  => dropped: %s\n", hnv_drop_name(hop->drop));
    }
    if (raw) {
        ds_put_format(ds, "\n%s", hop->said);
    }
}

/* Appends 'trace' to 'ds', with what the switches said if 'raw' is true. */
void
hnv_trace_format(const struct hnv_trace *trace, bool raw, struct ds *ds)
{
    hnv_packet_format(&trace->hops[0].flow, ds);
    if (trace->port) {
        ds_put_format(ds, ", from port %s on %s\n", trace->port,
                      trace->hops[0].sw->host);
    } else {
        ds_put_format(ds, ", from %s on the provider network\n", trace->pa);
    }
    for (size_t i = 0; i < trace->n_hops; i++) {
        format_hop(trace, &trace->hops[i], raw, ds);
    }
    ds_put_char(ds, '\n');
    if (trace->verdict == HNV_DROPPED) {
        format_drop(trace, trace->decisive, ds);
    } else if (trace->verdict == HNV_LEFT) {
        ds_put_cstr(ds, "leaves HNV\n");
    } else {
        ds_put_format(ds, "%s\n", hnv_verdict_name(trace->verdict));
    }
}

/* ------------------------------------------------------------------------ */
/* For programs.                                                            */
/* ------------------------------------------------------------------------ */

static void
put_string(struct json *object, const char *name, const char *value)
{
    if (value) {
        json_object_put_string(object, name, value);
    }
}

static void
put_address(struct json *object, const char *name,
            const struct in6_addr *address)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    hnv_address_format(address, &ds);
    json_object_put_string(object, name, ds_cstr(&ds));
    ds_destroy(&ds);
}

/* Adds what 'cookie' says. */
static void
put_cookie(const struct hnv_trace *trace, struct json *object,
           uint64_t cookie)
{
    struct hnv_explain_row row = hnv_explain_row(&trace->explain, cookie);

    json_object_put_format(object, "cookie", "0x%"PRIx64, cookie);
    if (row.table) {
        struct json *json = json_object_create();

        put_string(json, "table", row.table);
        put_string(json, "name", row.name);
        if (!uuid_is_zero(&row.uuid)) {
            json_object_put_format(json, "uuid", UUID_FMT,
                                   UUID_ARGS(&row.uuid));
        }
        json_object_put(object, "row", json);
    }
    free(row.name);
}

static struct json *
step_to_json(const struct hnv_trace *trace,
             const struct hnv_oftrace_step *step)
{
    struct json *json = json_object_create();

    json_object_put(json, "table", json_integer_create(step->table));
    put_string(json, "name", hnv_table_name(step->table));
    json_object_put(json, "matched", json_boolean_create(step->matched));
    if (step->matched) {
        put_string(json, "match", step->match);
        json_object_put(json, "priority",
                        json_integer_create(step->priority));
        put_string(json, "does",
                   hnv_explain_step(step->table, step->priority));
        put_cookie(trace, json, step->cookie);
    }
    return json;
}

static struct json *
outcome_to_json(const struct hnv_trace *trace,
                const struct hnv_oftrace_exit *e, const struct hnv_outcome *o)
{
    struct json *json = json_object_create();

    put_string(json, "verdict",
               o->sent_on ? "sent-on" : hnv_verdict_name(o->verdict));
    put_string(json, "text", o->text);
    put_string(json, "port", o->port);
    put_string(json, "interface", o->interface);
    put_string(json, "problem", e->problem);
    if (e->type == HNV_EXIT_TUNNEL) {
        put_address(json, "tun_src", &e->src);
        put_address(json, "tun_dst", &e->dst);
        json_object_put(json, "vsid", json_integer_create(e->vsid));
    } else if (ipv6_addr_is_set(&o->pa_dst)) {
        put_address(json, "pa_src", &o->pa_src);
        put_address(json, "pa_dst", &o->pa_dst);
        if (o->record) {
            put_cookie(trace, json, hnv_cookie_encode(
                           HNV_ROW_RECORD, 0, &o->record->header_.uuid));
        }
    }
    put_string(json, "host", o->host);
    return json;
}

static struct json *
drop_to_json(const struct hnv_trace *trace, const struct hnv_hop *hop)
{
    struct json *json = json_object_create();

    put_string(json, "host", hop->sw->host);
    put_string(json, "problem", hop->problem);
    if (hop->drop) {
        put_string(json, "reason", hnv_drop_name(hop->drop));
        put_string(json, "text", hnv_drop_text(hop->drop));
        put_string(json, "advice", hnv_explain_advice(hop->drop));
        put_cookie(trace, json, hop->trace.steps[hop->drop_step].cookie);
    }
    return json;
}

static struct json *
hop_to_json(const struct hnv_trace *trace, const struct hnv_hop *hop)
{
    struct json *json = json_object_create();
    struct json *steps = json_array_create_empty();
    struct json *outcomes = json_array_create_empty();

    for (size_t i = 0; i < hop->trace.n_steps; i++) {
        json_array_add(steps, step_to_json(trace, &hop->trace.steps[i]));
    }
    for (size_t i = 0; i < hop->trace.n_exits; i++) {
        json_array_add(outcomes, outcome_to_json(trace, &hop->trace.exits[i],
                                                 &hop->outcomes[i]));
    }
    put_string(json, "host", hop->sw->host);
    put_string(json, "bridge", hop->sw->bridge);
    put_string(json, "from", hop->from == HNV_WAY_TUNNEL ? "tunnel"
               : hop->from == HNV_WAY_REWRITE ? "provider-network" : "port");
    json_object_put(json, "flow", json_string_create_nocopy(
                        hnv_packet_to_trace(&hop->flow)));
    json_object_put(json, "steps", steps);
    json_object_put(json, "outcomes", outcomes);
    if (hop->verdict == HNV_DROPPED && !hop->sent_on) {
        json_object_put(json, "drop", drop_to_json(trace, hop));
    }
    return json;
}

/* Returns 'trace' as the man page has it, for the caller to free. */
struct json *
hnv_trace_to_json(const struct hnv_trace *trace)
{
    struct json *json = json_object_create();
    struct json *hops = json_array_create_empty();
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < trace->n_hops; i++) {
        json_array_add(hops, hop_to_json(trace, &trace->hops[i]));
    }
    hnv_packet_format(&trace->hops[0].flow, &ds);
    put_string(json, "packet", ds_cstr(&ds));
    put_string(json, "port", trace->port);
    put_string(json, "provider_address", trace->pa);
    put_string(json, "verdict", hnv_verdict_name(trace->verdict));
    json_object_put(json, "hops", hops);
    if (trace->verdict == HNV_DROPPED) {
        json_object_put(json, "drop", drop_to_json(trace, trace->decisive));
    }
    ds_destroy(&ds);
    return json;
}

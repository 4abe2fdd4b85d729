/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-cmdlets.h"

#include <stdlib.h>
#include <string.h>

#include "hnv-values.h"
#include "packets.h"
#include "util.h"

/* Which way the policy would send a packet: longest prefix, then lowest
 * metric, then the record of the next hop.  Computed from the database alone;
 * what a host does can lag behind. */

void
hnv_ctl_pre_next_hop(struct ctl_context *ctx)
{
    hnv_ctl_want_policy(ctx);
    hnv_ctl_want_all_records(ctx);
    hnv_ctl_want(ctx, &hnvrec_table_l2_record);
    hnv_ctl_want(ctx, &hnvrec_table_customer_route);
    hnv_ctl_want(ctx, &hnvrec_table_hnv_global);
}

/* The best way so far. */
struct way {
    char prefix[64];
    int plen;                   /* As in struct hnv_prefix, -1 if none. */
    int64_t metric;
    struct in6_addr next_hop;   /* The destination itself if on-link. */
};

static void
consider(struct way *way, const char *text, const char *next_hop,
         int64_t metric, const struct in6_addr *destination)
{
    struct hnv_prefix prefix;
    struct in6_addr hop = *destination;
    char *error = hnv_prefix_parse(text, &prefix);

    if (!error && next_hop) {
        struct in6_addr address;

        error = hnv_address_parse(next_hop, &address);
        if (!error && !hnv_address_is_any(&address)) {
            hop = address;
        }
    }
    if (!error && hnv_prefix_contains(&prefix, destination)
        && (prefix.plen > way->plen
            || (prefix.plen == way->plen && metric < way->metric))) {
        ovs_strlcpy(way->prefix, text, sizeof way->prefix);
        way->plen = prefix.plen;
        way->metric = metric;
        way->next_hop = hop;
    }
    free(error);
}

static struct way
find_way(const struct ctl_context *ctx,
         const struct hnvrec_virtual_subnet *source,
         const struct in6_addr *destination)
{
    const struct hnvrec_routing_domain *domain = source->routing_domain;
    bool external = hnv_ctl_has_external_router(domain);
    const struct hnvrec_virtual_subnet *subnet;
    const struct hnvrec_customer_route *route;
    struct way way = { .plen = -1 };

    HNVREC_VIRTUAL_SUBNET_FOR_EACH (subnet, ctx->idl) {
        for (size_t i = 0; subnet->routing_domain == domain
             && (subnet == source || !external)
             && i < subnet->n_prefixes; i++) {
            consider(&way, subnet->prefixes[i], NULL, 0, destination);
        }
    }
    HNVREC_CUSTOMER_ROUTE_FOR_EACH (route, ctx->idl) {
        if (route->routing_domain == domain) {
            consider(&way, route->destination_prefix, route->next_hop,
                     route->metric, destination);
        }
    }
    return way;
}

/* Where a packet goes, as text. */
struct answer {
    struct way way;
    char *next_hop;
    const char *mac;
    int64_t vsid;
    char **pas;
    size_t n_pas;
    bool gateway;               /* To the gateway address itself. */
};

static const struct hnvrec_lookup_record *
find_record(const struct ctl_context *ctx,
            const struct hnvrec_routing_domain *domain, const char *ca)
{
    const struct hnvrec_lookup_record *record;

    HNVREC_LOOKUP_RECORD_FOR_EACH (record, ctx->idl) {
        if (record->routing_domain == domain
            && !strcmp(record->customer_address, ca)) {
            return record;
        }
    }
    return NULL;
}

/* The gateway of the subnet, which gets what nobody has. */
static const struct hnvrec_l2_record *
find_wildcard(const struct ctl_context *ctx, int64_t vsid)
{
    const struct hnvrec_l2_record *record;

    HNVREC_L2_RECORD_FOR_EACH (record, ctx->idl) {
        if (record->vsid == vsid && record->type
            && !strcmp(record->type, "gateway_wildcard")) {
            return record;
        }
    }
    return NULL;
}

/* Fills in 'a' from the record of its next hop.  Returns false if there is
 * none. */
static bool
locate(const struct ctl_context *ctx,
       const struct hnvrec_virtual_subnet *source, struct answer *a)
{
    const struct hnvrec_lookup_record *record
        = find_record(ctx, source->routing_domain, a->next_hop);
    const struct hnvrec_virtual_subnet *subnet;

    HNVREC_VIRTUAL_SUBNET_FOR_EACH (subnet, ctx->idl) {
        if (subnet->routing_domain == source->routing_domain
            && hnv_ctl_is_gateway(subnet, &a->way.next_hop)) {
            a->gateway = true;
            a->vsid = subnet->vsid;
            a->mac = hnv_ctl_router_mac(ctx->idl);
            return true;
        }
    }
    if (record && a->way.plen >= 0) {
        a->vsid = record->vsid;
        a->mac = record->mac;
        a->pas = record->provider_addresses;
        a->n_pas = record->n_provider_addresses;
        return true;
    }

    const struct hnvrec_l2_record *l2
        = hnv_ctl_dynamic_find(ctx->idl, source->routing_domain, a->next_hop);
    if (!l2) {
        l2 = find_wildcard(ctx, source->vsid);
    }
    if (l2) {
        a->vsid = l2->vsid;
        a->mac = l2->mac;
        a->pas = l2->provider_addresses;
        a->n_pas = l2->n_provider_addresses;
    }
    return l2 != NULL;
}

/* Answers for a packet from VSID 'vsid_text' to 'ca'.  Sets ctx->error if it
 * would go nowhere. */
static bool
find_answer(struct ctl_context *ctx, const char *vsid_text, const char *ca,
            struct answer *a)
{
    struct in6_addr destination;
    uint32_t vsid;

    memset(a, 0, sizeof *a);
    ctx->error = hnv_vsid_parse(vsid_text, &vsid);
    if (!ctx->error) {
        ctx->error = hnv_address_parse(ca, &destination);
    }
    if (ctx->error) {
        return false;
    }

    const struct hnvrec_virtual_subnet *source
        = hnv_ctl_subnet(ctx->idl, vsid);
    if (!source) {
        ctl_error(ctx, "there is no virtual subnet %s", vsid_text);
        return false;
    }

    a->way = find_way(ctx, source, &destination);
    if (a->way.plen < 0 && find_wildcard(ctx, vsid)) {
        ovs_strlcpy(a->way.prefix, "none", sizeof a->way.prefix);
        a->way.next_hop = destination;
    } else if (a->way.plen < 0) {
        ctl_error(ctx, "no-route: routing domain \"%s\" has no route to %s; "
                  "add one with \"route-add\"",
                  source->routing_domain->name, ca);
        return false;
    }

    struct ds ds = DS_EMPTY_INITIALIZER;
    hnv_address_format(&a->way.next_hop, &ds);
    a->next_hop = ds_steal_cstr(&ds);
    if (!locate(ctx, source, a)) {
        ctl_error(ctx, "no-record: by route %s the next hop is %s, which has "
                  "no lookup record; add it with \"record-add\"",
                  a->way.prefix, a->next_hop);
        free(a->next_hop);
        return false;
    }
    return true;
}

static void
put_answer(struct ds *ds, const struct answer *a)
{
    for (size_t i = 0; i < a->n_pas; i++) {
        ds_put_format(ds, "%s%s", i ? " " : "", a->pas[i]);
    }
    ds_put_char(ds, '\n');
}

/* next-hop VSID CA */
void
hnv_ctl_cmd_next_hop(struct ctl_context *ctx)
{
    struct answer a;

    if (find_answer(ctx, ctx->argv[1], ctx->argv[2], &a)) {
        ds_put_format(&ctx->output, "route %s metric %"PRId64", next hop %s "
                      "at %s in virtual subnet %"PRId64,
                      a.way.prefix, a.way.metric, a.next_hop, a.mac, a.vsid);
        ds_put_cstr(&ctx->output, a.gateway ? ", the gateway on every host"
                    : ", provider address ");
        put_answer(&ctx->output, &a);
        free(a.next_hop);
    }
}

void
hnv_ctl_cmd_select_next_hop(struct ctl_context *ctx)
{
    static const char *const names[] = {
        "SourceCustomerAddress", "DestinationCustomerAddress",
        "SourceVirtualSubnetID",
    };
    const char *values[ARRAY_SIZE(names)];
    struct answer a;

    if (!hnv_cmdlet_parse(ctx, names, ARRAY_SIZE(names), values)) {
        return;
    }
    if (!values[1] || !values[2]) {
        ctl_error(ctx, "%s needs -%s", ctx->argv[0],
                  names[values[1] ? 2 : 1]);
        return;
    }
    if (find_answer(ctx, values[2], values[1], &a)) {
        struct ds *out = &ctx->output;

        ds_put_format(out, "\nNextHop         : %s\n", a.next_hop);
        ds_put_cstr(out, "MACAddress      : ");
        hnv_cmdlet_put_mac(out, a.mac);
        ds_put_format(out, "\nVirtualSubnetID : %"PRId64"\n", a.vsid);
        ds_put_cstr(out, "ProviderAddress : ");
        put_answer(out, &a);
        free(a.next_hop);
    }
}

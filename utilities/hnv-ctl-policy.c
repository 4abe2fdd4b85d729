/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "hnv-policy.h"
#include "hnv-values.h"
#include "random.h"
#include "util.h"
#include "uuid.h"

/* Routing domains, virtual subnets and customer routes. */

static const struct hnv_ctl_noun *const domain_noun
    = &hnv_ctl_nouns[HNV_CTL_DOMAIN];
static const struct hnv_ctl_noun *const subnet_noun
    = &hnv_ctl_nouns[HNV_CTL_SUBNET];
static const struct hnv_ctl_noun *const route_noun
    = &hnv_ctl_nouns[HNV_CTL_ROUTE];

/* Random, so that two who add a domain at the same time do not choose the
 * same. */
int64_t
hnv_ctl_choose_datapath_key(const struct ovsdb_idl *idl)
{
    for (;;) {
        int64_t candidate = 1 + random_range(0xffffff);
        const struct hnvrec_routing_domain *other;
        bool used = false;

        HNVREC_ROUTING_DOMAIN_FOR_EACH (other, idl) {
            used = used || other->datapath_key == candidate;
        }
        if (!used) {
            return candidate;
        }
    }
}

/* Returns the MAC under which hosts answer as a router. */
const char *
hnv_ctl_router_mac(const struct ovsdb_idl *idl)
{
    const struct hnvrec_hnv_global *global = hnvrec_hnv_global_first(idl);

    return (global && global->router_mac && global->router_mac[0]
            ? global->router_mac : HNV_ROUTER_MAC);
}

static void
cmd_domain_add(struct ctl_context *ctx)
{
    const char *name = ctx->argv[1];
    const struct ovsdb_idl_row *row = hnv_ctl_find(ctx, domain_noun, name);

    if (ctx->error || !hnv_ctl_may_add(ctx, domain_noun, row, name)) {
        return;
    }
    if (!row) {
        struct hnvrec_routing_domain *domain
            = hnvrec_routing_domain_insert(ctx->txn);
        struct uuid guid;

        uuid_generate(&guid);
        char *rdid = xasprintf(UUID_FMT, UUID_ARGS(&guid));
        hnvrec_routing_domain_set_rdid(domain, rdid);
        free(rdid);
        hnvrec_routing_domain_set_datapath_key(
            domain, hnv_ctl_choose_datapath_key(ctx->idl));
        row = &domain->header_;
        hnv_ctl_put(ctx, row, domain_noun->id, name);
    }
    if (!ctx->error && hnv_ctl_put_settings(ctx, domain_noun, row, 2)) {
        hnv_ctl_judge(ctx, domain_noun, row);
    }
}

/* Whether two prefixes overlap depends on all prefixes of the domain, and
 * whether records fit on the records. */
static void
want_subnet(struct ctl_context *ctx, const char *vsid)
{
    hnv_ctl_want_policy(ctx);
    hnv_ctl_want_records_in(ctx, vsid);
    hnv_ctl_want(ctx, &hnvrec_table_customer_route);
    hnv_ctl_want(ctx, &hnvrec_table_port);
}

static void
pre_subnet_add(struct ctl_context *ctx)
{
    want_subnet(ctx, ctx->argv[2]);
}

static void
pre_subnet_change(struct ctl_context *ctx)
{
    want_subnet(ctx, ctx->argv[1]);
}

static void
pre_domain_del(struct ctl_context *ctx)
{
    hnv_ctl_want_policy(ctx);
    hnv_ctl_want(ctx, &hnvrec_table_customer_route);
}

/* subnet-add DOMAIN VSID [PREFIX]... [COLUMN=VALUE]... */
static void
cmd_subnet_add(struct ctl_context *ctx)
{
    const struct ovsdb_idl_row *domain
        = hnv_ctl_get(ctx, domain_noun, ctx->argv[1]);
    const char *vsid = ctx->argv[2];
    uint32_t value;

    if (!domain) {
        return;
    }
    ctx->error = hnv_vsid_parse(vsid, &value);
    if (ctx->error) {
        return;
    }

    const struct hnvrec_virtual_subnet *old = hnv_ctl_subnet(ctx->idl, value);
    const struct ovsdb_idl_row *row = old ? &old->header_ : NULL;
    if (old && &old->routing_domain->header_ != domain) {
        ctl_error(ctx, "virtual subnet %s is in routing domain \"%s\" "
                  "already; a VSID belongs to one routing domain, so choose "
                  "another", vsid, old->routing_domain->name);
        return;
    }
    if (!hnv_ctl_may_add(ctx, subnet_noun, row, vsid)) {
        return;
    }
    if (!row) {
        row = hnv_ctl_insert(ctx, subnet_noun);
        hnv_ctl_put(ctx, row, subnet_noun->id, vsid);
        hnvrec_virtual_subnet_set_routing_domain(
            CONTAINER_OF(row, struct hnvrec_virtual_subnet, header_),
            CONTAINER_OF(domain, struct hnvrec_routing_domain, header_));
    }

    struct ds prefixes = DS_EMPTY_INITIALIZER;
    int i;
    for (i = 3; i < ctx->argc && !strchr(ctx->argv[i], '='); i++) {
        ds_put_format(&prefixes, "%s%s", i > 3 ? "," : "", ctx->argv[i]);
    }
    if (i == 3 || hnv_ctl_put(ctx, row,
                              &hnvrec_virtual_subnet_col_prefixes,
                              ds_cstr(&prefixes))) {
        if (hnv_ctl_put_settings(ctx, subnet_noun, row, i)) {
            hnv_ctl_judge(ctx, subnet_noun, row);
        }
    }
    ds_destroy(&prefixes);
}

/* ------------------------------------------------------------------------ */
/* Customer routes.                                                         */
/* ------------------------------------------------------------------------ */

static void
pre_route(struct ctl_context *ctx)
{
    hnv_ctl_want_policy(ctx);
    hnv_ctl_want(ctx, &hnvrec_table_customer_route);
}

/* Returns the route of 'domain' to 'prefix' by 'next_hop'; all next hops if
 * that is null, in which case more than one match is an error. */
static const struct hnvrec_customer_route *
find_route(struct ctl_context *ctx, const struct ovsdb_idl_row *domain,
           const char *prefix, const char *next_hop)
{
    const struct hnvrec_customer_route *route, *found = NULL;
    char *normal_prefix = NULL, *normal_hop = NULL;
    size_t n = 0;

    ctx->error = hnv_ctl_normal(&hnvrec_customer_route_col_destination_prefix,
                                prefix, &normal_prefix);
    if (!ctx->error && next_hop) {
        ctx->error = hnv_ctl_normal(&hnvrec_customer_route_col_next_hop,
                                    next_hop, &normal_hop);
    }
    if (ctx->error) {
        free(normal_prefix);
        return NULL;
    }
    HNVREC_CUSTOMER_ROUTE_FOR_EACH (route, ctx->idl) {
        if (&route->routing_domain->header_ == domain
            && !strcmp(route->destination_prefix, normal_prefix)
            && (!next_hop || !strcmp(route->next_hop, normal_hop))) {
            found = route;
            n++;
        }
    }
    free(normal_prefix);
    free(normal_hop);
    if (n > 1) {
        ctl_error(ctx, "routing domain \"%s\" has %"PRIuSIZE" routes to %s; "
                  "name the next hop", found->routing_domain->name, n,
                  prefix);
    }
    return found;
}

/* route-add DOMAIN VSID PREFIX NEXT_HOP [METRIC] [COLUMN=VALUE]... */
static void
cmd_route_add(struct ctl_context *ctx)
{
    const struct ovsdb_idl_row *domain
        = hnv_ctl_get(ctx, domain_noun, ctx->argv[1]);
    const char *prefix = ctx->argv[3], *next_hop = ctx->argv[4];
    const struct hnvrec_customer_route *route
        = domain ? find_route(ctx, domain, prefix, next_hop) : NULL;

    if (ctx->error
        || !hnv_ctl_may_add(ctx, route_noun, route ? &route->header_ : NULL,
                            prefix)) {
        return;
    }
    if (!route) {
        route = hnvrec_customer_route_insert(ctx->txn);
        hnvrec_customer_route_set_routing_domain(
            route, CONTAINER_OF(domain, struct hnvrec_routing_domain,
                                header_));
    }

    const struct ovsdb_idl_row *row = &route->header_;
    bool has_metric = ctx->argc > 5 && !strchr(ctx->argv[5], '=');
    if (hnv_ctl_put(ctx, row, &hnvrec_customer_route_col_vsid, ctx->argv[2])
        && hnv_ctl_put(ctx, row,
                       &hnvrec_customer_route_col_destination_prefix, prefix)
        && hnv_ctl_put(ctx, row, &hnvrec_customer_route_col_next_hop,
                       next_hop)
        && (!has_metric || hnv_ctl_put(ctx, row,
                                       &hnvrec_customer_route_col_metric,
                                       ctx->argv[5]))
        && hnv_ctl_put_settings(ctx, route_noun, row, 5 + has_metric)) {
        hnv_ctl_judge(ctx, route_noun, row);
    }
}

/* Returns the route that DOMAIN PREFIX [NEXT_HOP] names, and in '*next' the
 * first argument after it. */
static const struct hnvrec_customer_route *
get_route(struct ctl_context *ctx, int *next)
{
    const struct ovsdb_idl_row *domain
        = hnv_ctl_get(ctx, domain_noun, ctx->argv[1]);
    bool has_hop = ctx->argc > 3 && !strchr(ctx->argv[3], '=');
    const char *next_hop = has_hop ? ctx->argv[3] : NULL;

    if (!domain) {
        return NULL;
    }
    *next = 3 + has_hop;

    const struct hnvrec_customer_route *route
        = find_route(ctx, domain, ctx->argv[2], next_hop);
    if (!ctx->error && !route && !shash_find(&ctx->options, "--if-exists")) {
        ctl_error(ctx, "routing domain \"%s\" has no route to %s%s%s; "
                  "\"hnv-ctl route-list\" shows what there is",
                  ctx->argv[1], ctx->argv[2], has_hop ? " by " : "",
                  has_hop ? next_hop : "");
    }
    return ctx->error ? NULL : route;
}

static void
cmd_route_set(struct ctl_context *ctx)
{
    int next;
    const struct hnvrec_customer_route *route = get_route(ctx, &next);

    if (route
        && hnv_ctl_put_settings(ctx, route_noun, &route->header_, next)) {
        hnv_ctl_judge(ctx, route_noun, &route->header_);
    }
}

static void
cmd_route_del(struct ctl_context *ctx)
{
    int next;
    const struct hnvrec_customer_route *route = get_route(ctx, &next);

    if (route) {
        hnv_ctl_delete(ctx, route_noun, &route->header_);
    }
}

const struct ctl_command_syntax hnv_ctl_policy_commands[] = {
    { "domain-add", 1, INT_MAX, "NAME [COLUMN=VALUE]...",
      hnv_ctl_want_noun, cmd_domain_add, NULL, "--may-exist", RW },
    { "domain-set", 2, INT_MAX, "DOMAIN COLUMN=VALUE...",
      hnv_ctl_want_noun, hnv_ctl_cmd_set, NULL, "", RW },
    { "domain-del", 1, INT_MAX, "DOMAIN...",
      pre_domain_del, hnv_ctl_cmd_del, NULL, "--if-exists", RW },
    { "domain-list", 0, 1, "[DOMAIN]",
      hnv_ctl_want_noun, hnv_ctl_cmd_list, NULL, "", RO },

    { "subnet-add", 2, INT_MAX,
      "DOMAIN VSID [PREFIX]... [COLUMN=VALUE]...",
      pre_subnet_add, cmd_subnet_add, NULL, "--may-exist", RW },
    { "subnet-set", 2, INT_MAX, "VSID COLUMN=VALUE...",
      pre_subnet_change, hnv_ctl_cmd_set, NULL, "", RW },
    { "subnet-del", 1, 1, "VSID",
      pre_subnet_change, hnv_ctl_cmd_del, NULL, "--if-exists", RW },
    { "subnet-list", 0, 1, "[DOMAIN|VSID]",
      hnv_ctl_want_noun, hnv_ctl_cmd_list, NULL, "", RO },

    { "route-add", 4, INT_MAX,
      "DOMAIN VSID PREFIX NEXT_HOP [METRIC] [COLUMN=VALUE]...",
      pre_route, cmd_route_add, NULL, "--may-exist", RW },
    { "route-set", 3, INT_MAX, "DOMAIN PREFIX [NEXT_HOP] COLUMN=VALUE...",
      pre_route, cmd_route_set, NULL, "", RW },
    { "route-del", 2, 3, "DOMAIN PREFIX [NEXT_HOP]",
      pre_route, cmd_route_del, NULL, "--if-exists", RW },
    { "route-list", 0, 1, "[DOMAIN|VSID]",
      pre_route, hnv_ctl_cmd_list, NULL, "", RO },

    { NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO },
};

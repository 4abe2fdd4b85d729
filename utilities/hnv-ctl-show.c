/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <stdlib.h>
#include <string.h>

#include "hnv-values.h"
#include "util.h"

/* Overviews: the policy as a tree, all that is wrong with it, and the way
 * that a packet would take. */

static void
pre_everything(struct ctl_context *ctx)
{
    hnv_ctl_want_all_records(ctx);
    for (size_t i = 0; i < HNV_CTL_N_NOUNS; i++) {
        hnv_ctl_want(ctx, hnv_ctl_nouns[i].table);
    }
    hnv_ctl_want(ctx, &hnvrec_table_hnv_global);
    hnv_ctl_want(ctx, &hnvrec_table_host_state);
}

/* ------------------------------------------------------------------------ */
/* show.                                                                    */
/* ------------------------------------------------------------------------ */

static void
put_list(struct ds *ds, const char *prefix, char **texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ds_put_format(ds, "%s%s", i ? ", " : prefix, texts[i]);
    }
}

static void
show_record(const struct hnvrec_lookup_record *r, struct ds *ds)
{
    ds_put_format(ds, "        record %s at %s", r->customer_address, r->mac);
    put_list(ds, " on ", r->provider_addresses, r->n_provider_addresses);
    put_list(ds, ", standby ", r->standby_addresses,
             r->n_standby_addresses);
    if (r->rule) {
        ds_put_format(ds, ", rule %s", r->rule);
    }
    if (r->type) {
        ds_put_format(ds, ", %s", r->type);
    }
    if (r->state) {
        ds_put_format(ds, ", %s", r->state);
    }
    ds_put_char(ds, '\n');
}

static void
show_l2_record(const struct hnvrec_l2_record *r, struct ds *ds)
{
    bool wildcard = r->type && !strcmp(r->type, "gateway_wildcard");

    ds_put_format(ds, "        %s %s",
                  wildcard ? "gateway wildcard" : "layer-2 record", r->mac);
    put_list(ds, " on ", r->provider_addresses, r->n_provider_addresses);
    put_list(ds, ", dynamic ", r->key_dynamic_addresses,
             r->n_dynamic_addresses);
    ds_put_char(ds, '\n');
}

static void
show_port(const struct hnvrec_port *p, struct ds *ds)
{
    ds_put_format(ds, "        port \"%s\"", p->name);
    if (p->mac) {
        ds_put_format(ds, " %s", p->mac);
    }
    put_list(ds, " with ", p->addresses, p->n_addresses);
    if (p->n_acls) {
        ds_put_format(ds, ", %"PRIuSIZE" ACLs", p->n_acls);
    }
    for (size_t i = 0; i < p->n_acl_groups; i++) {
        ds_put_format(ds, ", ACL group \"%s\"", p->acl_groups[i]->name);
    }
    if (p->n_up) {
        ds_put_cstr(ds, *p->up ? ", up" : ", down");
    }
    ds_put_char(ds, '\n');
}

/* All rows of each noun, in order. */
struct sorted {
    const struct ovsdb_idl_row **rows[HNV_CTL_N_NOUNS];
};

static void
show_subnet(const struct sorted *all,
            const struct hnvrec_virtual_subnet *subnet, struct ds *ds)
{
    const struct ovsdb_idl_row **row;

    ds_put_format(ds, "    virtual subnet %"PRId64, subnet->vsid);
    if (subnet->name[0]) {
        ds_put_format(ds, " \"%s\"", subnet->name);
    }
    put_list(ds, ": ", subnet->prefixes, subnet->n_prefixes);
    put_list(ds, ", gateway ", subnet->gateways, subnet->n_gateways);
    ds_put_char(ds, '\n');

    for (row = all->rows[HNV_CTL_RECORD]; *row; row++) {
        const struct hnvrec_lookup_record *r
            = CONTAINER_OF(*row, const struct hnvrec_lookup_record, header_);
        if (r->vsid == subnet->vsid) {
            show_record(r, ds);
        }
    }
    for (row = all->rows[HNV_CTL_L2_RECORD]; *row; row++) {
        const struct hnvrec_l2_record *r
            = CONTAINER_OF(*row, const struct hnvrec_l2_record, header_);
        if (r->vsid == subnet->vsid) {
            show_l2_record(r, ds);
        }
    }
    for (row = all->rows[HNV_CTL_PORT]; *row; row++) {
        const struct hnvrec_port *p
            = CONTAINER_OF(*row, const struct hnvrec_port, header_);
        if (p->n_vsid && *p->vsid == subnet->vsid) {
            show_port(p, ds);
        }
    }
}

static void
show_domain(const struct sorted *all,
            const struct hnvrec_routing_domain *domain, struct ds *ds)
{
    const struct ovsdb_idl_row **row;

    ds_put_format(ds, "routing domain \"%s\" {%s}%s\n", domain->name,
                  domain->rdid,
                  (domain->lookup_mode && !strcmp(domain->lookup_mode, "lazy")
                   ? ", lazy" : ""));
    for (row = all->rows[HNV_CTL_SUBNET]; *row; row++) {
        const struct hnvrec_virtual_subnet *subnet
            = CONTAINER_OF(*row, const struct hnvrec_virtual_subnet,
                           header_);
        if (subnet->routing_domain == domain) {
            show_subnet(all, subnet, ds);
        }
    }
    for (row = all->rows[HNV_CTL_ROUTE]; *row; row++) {
        const struct hnvrec_customer_route *r
            = CONTAINER_OF(*row, const struct hnvrec_customer_route,
                           header_);
        if (r->routing_domain == domain) {
            ds_put_format(ds, "    route %s by %s metric %"PRId64"\n",
                          r->destination_prefix, r->next_hop, r->metric);
        }
    }
}

static void
show_state(const struct ctl_context *ctx, const struct hnvrec_host *host,
           struct ds *ds)
{
    const struct hnvrec_hnv_global *global
        = hnvrec_hnv_global_first(ctx->idl);
    const struct hnvrec_host_state *state;
    const struct smap_node *node;

    HNVREC_HOST_STATE_FOR_EACH (state, ctx->idl) {
        if (strcmp(state->name, host->name)) {
            continue;
        }
        ds_put_format(ds, "    applied configuration %"PRId64" of %"PRId64
                      "\n", state->cfg, global ? global->cfg : 0);

        const struct smap_node **nodes = smap_sort(&state->errors);
        for (size_t i = 0; i < smap_count(&state->errors); i++) {
            ds_put_format(ds, "    error: %s: %s\n", nodes[i]->key,
                          nodes[i]->value);
        }
        free(nodes);
        SMAP_FOR_EACH (node, &state->alarms) {
            ds_put_format(ds, "    alarm: %s: %s\n", node->key, node->value);
        }
        return;
    }
    ds_put_cstr(ds, "    hnv-agent has never connected\n");
}

/* A host that is not in the policy has probably got a wrong name. */
static void
show_strangers(const struct ctl_context *ctx, struct ds *ds)
{
    const struct hnvrec_host_state *state;
    const struct hnvrec_host *host;

    HNVREC_HOST_STATE_FOR_EACH (state, ctx->idl) {
        bool known = false;

        HNVREC_HOST_FOR_EACH (host, ctx->idl) {
            known = known || !strcmp(host->name, state->name);
        }
        if (!known) {
            ds_put_format(ds, "host \"%s\" is not in the policy: correct its "
                          "external_ids:hnv-host-name, or add it with "
                          "\"host-add\"\n", state->name);
        }
    }
}

static void
show_host(const struct ctl_context *ctx, const struct hnvrec_host *host,
          struct ds *ds)
{
    ds_put_format(ds, "host \"%s\"\n", host->name);
    for (size_t i = 0; i < host->n_provider_addresses; i++) {
        const struct hnvrec_provider_address *pa
            = host->provider_addresses[i];

        ds_put_format(ds, "    provider address %s/%"PRId64, pa->address,
                      pa->prefix_length);
        if (pa->interface) {
            ds_put_format(ds, " on %s", pa->interface);
        }
        if (pa->n_vlan) {
            ds_put_format(ds, " vlan %"PRId64, *pa->vlan);
        }
        ds_put_format(ds, "%s%s\n", pa->state ? ", " : "",
                      pa->state ? pa->state : "");
    }
    for (size_t i = 0; i < host->n_provider_routes; i++) {
        ds_put_format(ds, "    provider route %s by %s\n",
                      host->provider_routes[i]->destination_prefix,
                      host->provider_routes[i]->next_hop);
    }
    show_state(ctx, host, ds);
}

static void
cmd_show(struct ctl_context *ctx)
{
    const struct ovsdb_idl_row **row;
    struct sorted sorted, *all = &sorted;

    for (size_t i = 0; i < HNV_CTL_N_NOUNS; i++) {
        all->rows[i] = hnv_ctl_sorted(ctx->idl, &hnv_ctl_nouns[i]);
    }
    for (row = all->rows[HNV_CTL_DOMAIN]; *row; row++) {
        show_domain(all, CONTAINER_OF(*row,
                                      const struct hnvrec_routing_domain,
                                      header_), &ctx->output);
    }
    for (row = all->rows[HNV_CTL_PORT]; *row; row++) {
        const struct hnvrec_port *p
            = CONTAINER_OF(*row, const struct hnvrec_port, header_);
        if (!p->n_vsid) {
            ds_put_format(&ctx->output, "port \"%s\", not virtualized",
                          p->name);
            if (p->n_vlan) {
                ds_put_format(&ctx->output, ", vlan %"PRId64, *p->vlan);
            }
            ds_put_char(&ctx->output, '\n');
        }
    }
    for (row = all->rows[HNV_CTL_HOST]; *row; row++) {
        show_host(ctx, CONTAINER_OF(*row, const struct hnvrec_host, header_),
                  &ctx->output);
    }
    show_strangers(ctx, &ctx->output);
    for (size_t i = 0; i < HNV_CTL_N_NOUNS; i++) {
        free(all->rows[i]);
    }
}

/* ------------------------------------------------------------------------ */
/* check.                                                                   */
/* ------------------------------------------------------------------------ */

/* Customer routes whose next hop is nowhere, which is not an error when they
 * are added, since the record may follow. */
static void
check_next_hops(struct ctl_context *ctx)
{
    const struct hnvrec_customer_route *route;
    const struct hnvrec_lookup_record *record;

    HNVREC_CUSTOMER_ROUTE_FOR_EACH (route, ctx->idl) {
        struct in6_addr next_hop;
        char *error = hnv_address_parse(route->next_hop, &next_hop);
        bool found = error || hnv_address_is_any(&next_hop);

        free(error);
        HNVREC_LOOKUP_RECORD_FOR_EACH (record, ctx->idl) {
            found = found
                    || (record->routing_domain == route->routing_domain
                        && !strcmp(record->customer_address,
                                   route->next_hop));
        }
        if (!found) {
            ds_put_format(&ctx->output, "customer route %s in routing domain "
                          "\"%s\": next hop %s has no lookup record; add it "
                          "with \"record-add\"\n",
                          route->destination_prefix,
                          route->routing_domain->name, route->next_hop);
        }
    }
}

/* Provider addresses in records that no host has. */
static void
check_locations(struct ctl_context *ctx)
{
    const struct hnvrec_provider_address *pa;
    const struct hnvrec_lookup_record *record;
    struct shash known = SHASH_INITIALIZER(&known);

    HNVREC_PROVIDER_ADDRESS_FOR_EACH (pa, ctx->idl) {
        shash_add_once(&known, pa->address, pa);
    }
    HNVREC_LOOKUP_RECORD_FOR_EACH (record, ctx->idl) {
        bool rewrite = record->rule && !strcmp(record->rule, "rewrite");

        for (size_t i = 0; !rewrite && i < record->n_provider_addresses;
             i++) {
            if (!shash_find(&known, record->provider_addresses[i])) {
                ds_put_format(&ctx->output, "lookup record %s in virtual "
                              "subnet %"PRId64": no host has provider "
                              "address %s; add it with \"pa-add\"\n",
                              record->customer_address, record->vsid,
                              record->provider_addresses[i]);
            }
        }
    }
    shash_destroy(&known);
}

static void
cmd_check(struct ctl_context *ctx)
{
    for (size_t i = 0; i < HNV_CTL_N_NOUNS; i++) {
        const struct hnv_ctl_noun *noun = &hnv_ctl_nouns[i];
        const struct ovsdb_idl_row **rows
            = hnv_ctl_sorted(ctx->idl, noun);

        for (size_t j = 0; noun->check && rows[j]; j++) {
            char *error = noun->check(ctx, rows[j]);

            if (error) {
                ds_put_format(&ctx->output, "%s\n", error);
            }
            free(error);
        }
        free(rows);
    }
    check_next_hops(ctx);
    check_locations(ctx);
}

const struct ctl_command_syntax hnv_ctl_show_commands[] = {
    { "show", 0, 0, "", pre_everything, cmd_show, NULL, "", RO },
    { "check", 0, 0, "", pre_everything, cmd_check, NULL, "", RO },

    { NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO },
};

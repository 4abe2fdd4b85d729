/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "hnv-values.h"
#include "openvswitch/poll-loop.h"
#include "sset.h"
#include "timeval.h"
#include "util.h"

/* Hosts, with their provider addresses and routes. */

static const struct hnv_ctl_noun *const host_noun
    = &hnv_ctl_nouns[HNV_CTL_HOST];
static const struct hnv_ctl_noun *const pa_noun = &hnv_ctl_nouns[HNV_CTL_PA];
static const struct hnv_ctl_noun *const pa_route_noun
    = &hnv_ctl_nouns[HNV_CTL_PA_ROUTE];

static void
pre_host(struct ctl_context *ctx)
{
    hnv_ctl_want(ctx, &hnvrec_table_host);
    hnv_ctl_want(ctx, &hnvrec_table_host_state);
    hnv_ctl_want(ctx, &hnvrec_table_lookup_request);
    hnv_ctl_want(ctx, &hnvrec_table_provider_address);
    hnv_ctl_want(ctx, &hnvrec_table_provider_route);
    hnv_ctl_want(ctx, &hnvrec_table_network_site);
}

static void
cmd_host_add(struct ctl_context *ctx)
{
    const char *name = ctx->argv[1];
    const struct ovsdb_idl_row *row = hnv_ctl_find(ctx, host_noun, name);

    if (ctx->error || !hnv_ctl_may_add(ctx, host_noun, row, name)) {
        return;
    }
    if (!row) {
        row = hnv_ctl_insert(ctx, host_noun);
        if (!hnv_ctl_put(ctx, row, host_noun->id, name)) {
            return;
        }
    }
    hnv_ctl_put_settings(ctx, host_noun, row, 2);
}

/* What a host said and asked goes with it. */
static void
cmd_host_del(struct ctl_context *ctx)
{
    const struct hnvrec_lookup_request *request;
    const struct hnvrec_host_state *state;

    hnv_ctl_cmd_del(ctx);
    HNVREC_HOST_STATE_FOR_EACH_SAFE (state, ctx->idl) {
        if (!strcmp(state->name, ctx->argv[1])) {
            hnvrec_host_state_delete(state);
        }
    }
    HNVREC_LOOKUP_REQUEST_FOR_EACH_SAFE (request, ctx->idl) {
        if (!strcmp(request->host_name, ctx->argv[1])) {
            hnvrec_lookup_request_delete(request);
        }
    }
}

static const struct hnvrec_host *
get_host(struct ctl_context *ctx, const char *name)
{
    const struct ovsdb_idl_row *row = hnv_ctl_get(ctx, host_noun, name);

    return row ? CONTAINER_OF(row, struct hnvrec_host, header_) : NULL;
}

/* ------------------------------------------------------------------------ */
/* Provider addresses.                                                      */
/* ------------------------------------------------------------------------ */

/* Splits "192.168.4.11/24" into an address and a length.  Sets ctx->error. */
static bool
split_pa(struct ctl_context *ctx, const char *text, char **address,
         char **plen)
{
    const char *slash = strchr(text, '/');

    if (!slash) {
        ctl_error(ctx, "\"%s\" has no prefix length; write it as in "
                  "192.168.4.11/24", text);
        return false;
    }
    *address = xmemdup0(text, slash - text);
    *plen = xstrdup(slash + 1);
    return true;
}

static const struct hnvrec_provider_address *
find_pa(const struct hnvrec_host *host, const char *address)
{
    char *normal = NULL;
    char *error = hnv_ctl_normal(&hnvrec_provider_address_col_address,
                                 address, &normal);
    const struct hnvrec_provider_address *found = NULL;

    for (size_t i = 0; !error && i < host->n_provider_addresses; i++) {
        if (!strcmp(host->provider_addresses[i]->address, normal)) {
            found = host->provider_addresses[i];
        }
    }
    free(normal);
    free(error);
    return found;
}

/* pa-add HOST PA/LENGTH [COLUMN=VALUE]... */
static void
cmd_pa_add(struct ctl_context *ctx)
{
    const struct hnvrec_host *host = get_host(ctx, ctx->argv[1]);
    char *address, *plen;

    if (!host || !split_pa(ctx, ctx->argv[2], &address, &plen)) {
        return;
    }

    const struct hnvrec_provider_address *pa = find_pa(host, address);
    if (hnv_ctl_may_add(ctx, pa_noun, pa ? &pa->header_ : NULL, address)) {
        if (!pa) {
            pa = hnvrec_provider_address_insert(ctx->txn);
            hnvrec_provider_address_set_host_name(pa, host->name);
            hnv_ctl_add_ref(&host->header_,
                            &hnvrec_host_col_provider_addresses,
                            &pa->header_);
        }

        const struct ovsdb_idl_row *row = &pa->header_;
        if (hnv_ctl_put(ctx, row, &hnvrec_provider_address_col_address,
                        address)
            && hnv_ctl_put(ctx, row,
                           &hnvrec_provider_address_col_prefix_length, plen)
            && hnv_ctl_put_settings(ctx, pa_noun, row, 3)) {
            hnv_ctl_judge(ctx, pa_noun, row);
        }
    }
    free(address);
    free(plen);
}

static void
cmd_pa_del(struct ctl_context *ctx)
{
    const struct hnvrec_host *host = get_host(ctx, ctx->argv[1]);

    if (!host) {
        return;
    }

    const struct hnvrec_provider_address *pa = find_pa(host, ctx->argv[2]);
    if (pa) {
        hnv_ctl_remove_ref(&host->header_,
                           &hnvrec_host_col_provider_addresses,
                           &pa->header_);
    } else if (!shash_find(&ctx->options, "--if-exists")) {
        ctl_error(ctx, "host \"%s\" has no provider address %s; "
                  "\"hnv-ctl pa-list %s\" shows what it has", host->name,
                  ctx->argv[2], host->name);
    }
}

static void
cmd_pa_set(struct ctl_context *ctx)
{
    char *normal;

    ctx->error = hnv_ctl_normal(&hnvrec_provider_address_col_address,
                                ctx->argv[1], &normal);
    if (!ctx->error) {
        const struct ovsdb_idl_row *row = hnv_ctl_get(ctx, pa_noun, normal);

        if (row && hnv_ctl_put_settings(ctx, pa_noun, row, 2)) {
            hnv_ctl_judge(ctx, pa_noun, row);
        }
        free(normal);
    }
}

/* ------------------------------------------------------------------------ */
/* Provider routes.                                                         */
/* ------------------------------------------------------------------------ */

static const struct hnvrec_provider_route *
find_pa_route(struct ctl_context *ctx, const struct hnvrec_host *host,
              const char *prefix)
{
    const struct hnvrec_provider_route *found = NULL;
    char *normal = NULL;

    ctx->error = hnv_ctl_normal(&hnvrec_provider_route_col_destination_prefix,
                                prefix, &normal);
    for (size_t i = 0; !ctx->error && i < host->n_provider_routes; i++) {
        if (!strcmp(host->provider_routes[i]->destination_prefix, normal)) {
            found = host->provider_routes[i];
        }
    }
    free(normal);
    return found;
}

/* pa-route-add HOST PREFIX NEXT_HOP [COLUMN=VALUE]... */
static void
cmd_pa_route_add(struct ctl_context *ctx)
{
    const struct hnvrec_host *host = get_host(ctx, ctx->argv[1]);
    const char *prefix = ctx->argv[2];
    const struct hnvrec_provider_route *route
        = host ? find_pa_route(ctx, host, prefix) : NULL;

    if (ctx->error
        || !hnv_ctl_may_add(ctx, pa_route_noun,
                            route ? &route->header_ : NULL, prefix)) {
        return;
    }
    if (!route) {
        route = hnvrec_provider_route_insert(ctx->txn);
        hnv_ctl_add_ref(&host->header_, &hnvrec_host_col_provider_routes,
                        &route->header_);
    }

    const struct ovsdb_idl_row *row = &route->header_;
    if (hnv_ctl_put(ctx, row,
                    &hnvrec_provider_route_col_destination_prefix, prefix)
        && hnv_ctl_put(ctx, row, &hnvrec_provider_route_col_next_hop,
                       ctx->argv[3])
        && hnv_ctl_put_settings(ctx, pa_route_noun, row, 4)) {
        hnv_ctl_judge(ctx, pa_route_noun, row);
    }
}

/* Returns the route that the first two arguments name, or null if there is
 * none, which is an error unless --if-exists says otherwise. */
static const struct hnvrec_provider_route *
get_pa_route(struct ctl_context *ctx, const struct hnvrec_host **hostp)
{
    const struct hnvrec_host *host = get_host(ctx, ctx->argv[1]);
    const struct hnvrec_provider_route *route
        = host ? find_pa_route(ctx, host, ctx->argv[2]) : NULL;

    if (!route && !ctx->error && !shash_find(&ctx->options, "--if-exists")) {
        ctl_error(ctx, "host \"%s\" has no provider route to %s; \"hnv-ctl "
                  "pa-route-list %s\" shows what it has", ctx->argv[1],
                  ctx->argv[2], ctx->argv[1]);
    }
    *hostp = host;
    return route;
}

/* pa-route-set HOST PREFIX COLUMN=VALUE... */
static void
cmd_pa_route_set(struct ctl_context *ctx)
{
    const struct hnvrec_host *host;
    const struct hnvrec_provider_route *route = get_pa_route(ctx, &host);

    if (route
        && hnv_ctl_put_settings(ctx, pa_route_noun, &route->header_, 3)) {
        hnv_ctl_judge(ctx, pa_route_noun, &route->header_);
    }
}

static void
cmd_pa_route_del(struct ctl_context *ctx)
{
    const struct hnvrec_host *host;
    const struct hnvrec_provider_route *route = get_pa_route(ctx, &host);

    if (route) {
        hnv_ctl_remove_ref(&host->header_, &hnvrec_host_col_provider_routes,
                           &route->header_);
    }
}

static void
cmd_pa_route_list(struct ctl_context *ctx)
{
    const struct hnvrec_host *host = get_host(ctx, ctx->argv[1]);

    if (host) {
        struct table *table = hnv_ctl_table(ctx, pa_route_noun);

        for (size_t i = 0; i < host->n_provider_routes; i++) {
            hnv_ctl_table_add(table, pa_route_noun,
                              &host->provider_routes[i]->header_);
        }
    }
}

/* ------------------------------------------------------------------------ */
/* Waiting for hosts.                                                       */
/* ------------------------------------------------------------------------ */

/* Adds to 'laggards' what to say about each host that has not applied 'cfg'
 * yet. */
static void
find_laggards(const struct ovsdb_idl *idl, int64_t cfg,
              struct sset *laggards)
{
    const struct hnvrec_host_state *state;
    const struct hnvrec_host *host;

    HNVREC_HOST_FOR_EACH (host, idl) {
        bool found = false;

        HNVREC_HOST_STATE_FOR_EACH (state, idl) {
            if (!strcmp(state->name, host->name)) {
                found = true;
                if (state->cfg < cfg) {
                    sset_add_and_free(laggards, xasprintf(
                        "%s (at %"PRId64")", host->name, state->cfg));
                }
            }
        }
        if (!found) {
            sset_add_and_free(laggards, xasprintf(
                "%s (its hnv-agent has never connected)", host->name));
        }
    }
}

/* Returns when every host has applied configuration 'cfg'.  Ends the program,
 * with the names of those that have not, after 'deadline_ms'. */
void
hnv_ctl_wait_for_hosts(struct ovsdb_idl *idl, int64_t cfg,
                       long long int deadline_ms)
{
    for (;;) {
        struct sset laggards = SSET_INITIALIZER(&laggards);

        ovsdb_idl_run(idl);
        find_laggards(idl, cfg, &laggards);
        if (sset_is_empty(&laggards)) {
            sset_destroy(&laggards);
            return;
        }
        if (time_msec() >= deadline_ms) {
            ctl_fatal("the change is in the database, but in time these "
                      "hosts have not applied configuration %"PRId64": %s",
                      cfg, sset_join(&laggards, ", ", ""));
        }
        sset_destroy(&laggards);
        ovsdb_idl_wait(idl);
        if (deadline_ms != LLONG_MAX) {
            poll_timer_wait_until(deadline_ms);
        }
        poll_block();
    }
}

const struct ctl_command_syntax hnv_ctl_host_commands[] = {
    { "host-add", 1, INT_MAX, "HOST [COLUMN=VALUE]...",
      pre_host, cmd_host_add, NULL, "--may-exist", RW },
    { "host-set", 2, INT_MAX, "HOST COLUMN=VALUE...",
      pre_host, hnv_ctl_cmd_set, NULL, "", RW },
    { "host-del", 1, 1, "HOST",
      pre_host, cmd_host_del, NULL, "--if-exists", RW },
    { "host-list", 0, 0, "", pre_host, hnv_ctl_cmd_list, NULL, "", RO },

    { "pa-add", 2, INT_MAX, "HOST PA/LENGTH [COLUMN=VALUE]...",
      pre_host, cmd_pa_add, NULL, "--may-exist", RW },
    { "pa-set", 2, INT_MAX, "PA COLUMN=VALUE...",
      pre_host, cmd_pa_set, NULL, "", RW },
    { "pa-del", 2, 2, "HOST PA",
      pre_host, cmd_pa_del, NULL, "--if-exists", RW },
    { "pa-list", 0, 1, "[HOST]", pre_host, hnv_ctl_cmd_list, NULL, "", RO },

    { "pa-route-add", 3, INT_MAX, "HOST PREFIX NEXT_HOP [COLUMN=VALUE]...",
      pre_host, cmd_pa_route_add, NULL, "--may-exist", RW },
    { "pa-route-set", 3, INT_MAX, "HOST PREFIX COLUMN=VALUE...",
      pre_host, cmd_pa_route_set, NULL, "", RW },
    { "pa-route-del", 2, 2, "HOST PREFIX",
      pre_host, cmd_pa_route_del, NULL, "--if-exists", RW },
    { "pa-route-list", 1, 1, "HOST",
      pre_host, cmd_pa_route_list, NULL, "", RO },

    { NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO },
};

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-rows.h"

#include <stdlib.h>
#include <string.h>

#include "hnv-idl.h"
#include "smap.h"
#include "util.h"
#include "uuid.h"

/* Gives 'block' to 'arena', and returns it. */
void *
hnv_arena_add(struct hnv_arena *arena, void *block)
{
    if (arena->n >= arena->allocated) {
        arena->blocks = x2nrealloc(arena->blocks, &arena->allocated,
                                   sizeof *arena->blocks);
    }
    arena->blocks[arena->n++] = block;
    return block;
}

/* Returns memory of 'arena' for 'n' elements of 'size' bytes, all zeros. */
void *
hnv_arena_alloc(struct hnv_arena *arena, size_t n, size_t size)
{
    return hnv_arena_add(arena, xcalloc(MAX(n, 1), size));
}

/* Frees all that 'arena' has. */
void
hnv_arena_destroy(struct hnv_arena *arena)
{
    for (size_t i = 0; i < arena->n; i++) {
        free(arena->blocks[i]);
    }
    free(arena->blocks);
}

static bool
wants(const struct hnv_rows *rows, const struct uuid *domain)
{
    return !rows->wants || rows->wants(domain, rows->aux);
}

void
hnv_rows_add_domains(const struct hnv_rows *rows, struct hnv_arena *arena,
                     struct hnv_policy_input *in)
{
    const struct hnvrec_hnv_global *global
        = hnvrec_hnv_global_first(rows->idl);
    const struct hnvrec_routing_domain *row;
    struct hnv_domain_row *domains = NULL;
    size_t allocated = 0;

    HNVREC_ROUTING_DOMAIN_FOR_EACH (row, rows->idl) {
        const struct smap *o = &row->options;

        if (!wants(rows, &row->header_.uuid)) {
            continue;
        }
        if (in->n_domains >= allocated) {
            domains = x2nrealloc(domains, &allocated, sizeof *domains);
        }
        domains[in->n_domains++] = (struct hnv_domain_row) {
            .uuid = row->header_.uuid,
            .name = row->name,
            .datapath_key = row->datapath_key,
            .lazy = (row->lookup_mode ? !strcmp(row->lookup_mode, "lazy")
                     : rows->lazy),
            .external_router = (row->n_use_external_router
                                ? row->use_external_router[0]
                                : global && global->use_external_router),
            .keep_ttl = !strcmp(smap_get_def(o, "ttl_decrement", ""),
                                "never"),
            .keep_mac = !strcmp(smap_get_def(o, "source_mac", ""), "keep"),
            .strict_vsid = !strcmp(smap_get_def(o, "receive_vsid", ""),
                                   "destination"),
            .stays = true,
        };
    }
    in->domains = hnv_arena_add(arena, domains);
}

static enum hnv_flood
flood_from_string(const char *s)
{
    return (s && !strcmp(s, "multicast") ? HNV_FLOOD_MULTICAST
            : s && !strcmp(s, "none") ? HNV_FLOOD_NONE
            : HNV_FLOOD_HEAD_END);
}

void
hnv_rows_add_subnets(const struct hnv_rows *rows, struct hnv_arena *arena,
                     struct hnv_policy_input *in)
{
    const struct hnvrec_virtual_subnet *row;
    struct hnv_subnet_row *subnets = NULL;
    size_t allocated = 0;

    HNVREC_VIRTUAL_SUBNET_FOR_EACH (row, rows->idl) {
        if (!row->routing_domain
            || !wants(rows, &row->routing_domain->header_.uuid)) {
            continue;
        }
        if (in->n_subnets >= allocated) {
            subnets = x2nrealloc(subnets, &allocated, sizeof *subnets);
        }
        subnets[in->n_subnets++] = (struct hnv_subnet_row) {
            .uuid = row->header_.uuid,
            .name = row->name,
            .vsid = row->vsid,
            .domain = row->routing_domain->header_.uuid,
            .prefixes = hnv_strings_wrap(row->prefixes, row->n_prefixes),
            .gateways = hnv_strings_wrap(row->gateways, row->n_gateways),
            .flood = flood_from_string(row->flood),
            .multicast_pa = row->multicast_pa,
            .mtu = row->n_mtu ? row->mtu[0] : 0,
        };
    }
    in->subnets = hnv_arena_add(arena, subnets);
}

static bool
is_disabled(const char *state)
{
    return state && (!strcmp(state, "disabled") || !strcmp(state, "unbound"));
}

void
hnv_rows_add_l2_records(const struct hnv_rows *rows, struct hnv_arena *arena,
                        struct hnv_policy_input *in)
{
    const struct hnvrec_l2_record *row;
    struct hnv_l2_row *l2 = NULL;
    size_t allocated = 0;

    HNVREC_L2_RECORD_FOR_EACH (row, rows->idl) {
        if (in->n_l2_records >= allocated) {
            l2 = x2nrealloc(l2, &allocated, sizeof *l2);
        }
        l2[in->n_l2_records++] = (struct hnv_l2_row) {
            .uuid = row->header_.uuid,
            .vsid = row->vsid,
            .mac = row->mac,
            .type = (row->type && !strcmp(row->type, "gateway_wildcard")
                     ? HNV_L2_GATEWAY_WILDCARD : HNV_L2_ONLY),
            .provider_addresses = hnv_strings_wrap(row->provider_addresses,
                                               row->n_provider_addresses),
            .standby_addresses = hnv_strings_wrap(row->standby_addresses,
                                              row->n_standby_addresses),
            .disabled = is_disabled(row->state),
            .dynamic_limit = row->dynamic_limit,
            .dynamic_addresses = hnv_strings_wrap(row->key_dynamic_addresses,
                                              row->n_dynamic_addresses),
            .dynamic_times = row->value_dynamic_addresses,
        };
    }
    in->l2_records = hnv_arena_add(arena, l2);
}

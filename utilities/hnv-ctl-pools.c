/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "hnv-values.h"
#include "packets.h"
#include "sset.h"
#include "util.h"

/* Pools of addresses, and what they have allocated. */

static const struct hnv_ctl_noun *const ip_pool_noun
    = &hnv_ctl_nouns[HNV_CTL_IP_POOL];
static const struct hnv_ctl_noun *const mac_pool_noun
    = &hnv_ctl_nouns[HNV_CTL_MAC_POOL];

/* ip-pool-add POOL PREFIX [COLUMN=VALUE]... */
static void
cmd_ip_pool_add(struct ctl_context *ctx)
{
    const char *name = ctx->argv[1];
    const struct ovsdb_idl_row *row = hnv_ctl_find(ctx, ip_pool_noun, name);

    if (ctx->error || !hnv_ctl_may_add(ctx, ip_pool_noun, row, name)) {
        return;
    }
    if (!row) {
        row = hnv_ctl_insert(ctx, ip_pool_noun);
    }
    if (hnv_ctl_put(ctx, row, ip_pool_noun->id, name)
        && hnv_ctl_put(ctx, row, &hnvrec_ip_pool_col_prefix, ctx->argv[2])
        && hnv_ctl_put_settings(ctx, ip_pool_noun, row, 3)) {
        hnv_ctl_judge(ctx, ip_pool_noun, row);
    }
}

/* mac-pool-add POOL FIRST LAST [COLUMN=VALUE]... */
static void
cmd_mac_pool_add(struct ctl_context *ctx)
{
    const char *name = ctx->argv[1];
    const struct ovsdb_idl_row *row = hnv_ctl_find(ctx, mac_pool_noun, name);

    if (ctx->error || !hnv_ctl_may_add(ctx, mac_pool_noun, row, name)) {
        return;
    }
    if (!row) {
        row = hnv_ctl_insert(ctx, mac_pool_noun);
    }
    if (hnv_ctl_put(ctx, row, mac_pool_noun->id, name)
        && hnv_ctl_put(ctx, row, &hnvrec_mac_pool_col_range_start,
                       ctx->argv[2])
        && hnv_ctl_put(ctx, row, &hnvrec_mac_pool_col_range_end,
                       ctx->argv[3])
        && hnv_ctl_put_settings(ctx, mac_pool_noun, row, 4)) {
        hnv_ctl_judge(ctx, mac_pool_noun, row);
    }
}

/* ------------------------------------------------------------------------ */
/* Allocation.                                                              */
/* ------------------------------------------------------------------------ */

/* Two who allocate at the same time both change 'seq', and have both seen the
 * same value.  The database lets the first one pass; the second one looks
 * again.  The unique index of the allocations would notice as well, but only
 * as an error. */

/* Columns whose forms of addresses those of pools are compared in, since
 * others than hnv-ctl may have written "FD00::5" or "00:15:5D:00:00:01". */
static const struct ovsdb_idl_column *const ip_column
    = &hnvrec_lookup_record_col_customer_address;
static const struct ovsdb_idl_column *const mac_column
    = &hnvrec_lookup_record_col_mac;

/* Returns 'text', which the caller frees, in the form of 'column', or as it is
 * if it is no address. */
static char *
usual_form(const struct ovsdb_idl_column *column, const char *text)
{
    char *normal;
    char *error = hnv_ctl_normal(column, text, &normal);

    if (error) {
        free(error);
        return xstrdup(text);
    }
    return normal;
}

static bool
same_address(const struct ovsdb_idl_column *column, const char *a,
             const char *b)
{
    char *usual_a = usual_form(column, a);
    char *usual_b = usual_form(column, b);
    bool same = !strcmp(usual_a, usual_b);

    free(usual_a);
    free(usual_b);
    return same;
}

static const struct hnvrec_ip_pool *
get_ip_pool(struct ctl_context *ctx, const char *name)
{
    const struct ovsdb_idl_row *row = hnv_ctl_get(ctx, ip_pool_noun, name);

    return row ? CONTAINER_OF(row, struct hnvrec_ip_pool, header_) : NULL;
}

static bool
is_reserved(const struct hnvrec_ip_pool *pool, const char *address)
{
    for (size_t i = 0; i < pool->n_reserved; i++) {
        if (same_address(ip_column, pool->reserved[i], address)) {
            return true;
        }
    }
    return false;
}

/* Stores the first and the last address of 'pool', except that a gateway has
 * the first usable one of the prefix and is not in between. */
static bool
ip_pool_range(const struct hnvrec_ip_pool *pool, struct in6_addr *first,
              struct in6_addr *last)
{
    struct hnv_prefix prefix;
    struct in6_addr gateway;
    char *error = hnv_prefix_parse(pool->prefix, &prefix);

    if (error || !hnv_prefix_usable(&prefix, &gateway, last)) {
        free(error);
        return false;
    }
    *first = gateway;
    if (pool->range_start) {
        error = hnv_address_parse(pool->range_start, first);
    }
    if (!error && pool->range_end) {
        error = hnv_address_parse(pool->range_end, last);
    }
    if (memcmp(first, &gateway, sizeof gateway) <= 0) {
        *first = gateway;
        hnv_address_next(first);
    }

    bool ok = !error;
    free(error);
    return ok;
}

static char *
address_text(const struct in6_addr *address)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    hnv_address_format(address, &ds);
    return ds_steal_cstr(&ds);
}

/* Returns the lowest address of 'pool' that is not in 'used', or null if there
 * is none.  Ends after one more step than 'used' has. */
static char *
lowest_free_address(const struct hnvrec_ip_pool *pool,
                    const struct sset *used)
{
    struct in6_addr address, last;

    if (!ip_pool_range(pool, &address, &last)) {
        return NULL;
    }
    for (; memcmp(&address, &last, sizeof last) <= 0;
         hnv_address_next(&address)) {
        char *text = address_text(&address);

        if (!sset_contains(used, text)) {
            return text;
        }
        free(text);
    }
    return NULL;
}

/* Returns 'text' in its usual form if 'pool' may allocate it.  Otherwise sets
 * ctx->error. */
static char *
wanted_address(struct ctl_context *ctx, const struct hnvrec_ip_pool *pool,
               const char *text, const struct sset *used)
{
    struct in6_addr address, first, last;

    ctx->error = hnv_address_parse(text, &address);
    if (ctx->error) {
        return NULL;
    }

    char *normal = address_text(&address);
    const char *problem
        = (!ip_pool_range(pool, &first, &last)
           || memcmp(&address, &first, sizeof first) < 0
           || memcmp(&address, &last, sizeof last) > 0
           ? "is not one that it allocates; the first usable address is the "
             "gateway's"
           : is_reserved(pool, normal) ? "is reserved"
           : sset_contains(used, normal) ? "is allocated already"
           : NULL);
    if (problem) {
        ctl_error(ctx, "IP pool \"%s\": %s %s", pool->name, normal, problem);
        free(normal);
        return NULL;
    }
    return normal;
}

void
hnv_ctl_want_pools(struct ctl_context *ctx)
{
    hnv_ctl_want(ctx, &hnvrec_table_ip_pool);
    hnv_ctl_want(ctx, &hnvrec_table_ip_allocation);
    hnv_ctl_want(ctx, &hnvrec_table_mac_pool);
    hnv_ctl_want(ctx, &hnvrec_table_mac_allocation);
}

/* Allocates 'wanted', or the lowest free address if that is null, of the pool
 * called 'name'.  Returns it, for the caller to free.  Sets ctx->error, and
 * returns null, if that cannot be. */
char *
hnv_ctl_allocate_ip(struct ctl_context *ctx, const char *name,
                    const char *owner, const char *wanted)
{
    const struct hnvrec_ip_pool *pool = get_ip_pool(ctx, name);
    struct sset used = SSET_INITIALIZER(&used);
    const struct hnvrec_ip_allocation *a;

    if (!pool) {
        return NULL;
    }
    HNVREC_IP_ALLOCATION_FOR_EACH (a, ctx->idl) {
        if (a->pool == pool) {
            sset_add_and_free(&used, usual_form(ip_column, a->address));
        }
    }
    for (size_t i = 0; i < pool->n_reserved; i++) {
        sset_add_and_free(&used, usual_form(ip_column, pool->reserved[i]));
    }

    char *address = (wanted ? wanted_address(ctx, pool, wanted, &used)
                     : lowest_free_address(pool, &used));
    sset_destroy(&used);
    if (!address) {
        if (!ctx->error) {
            ctl_error(ctx, "IP pool \"%s\" has no free address; free some "
                      "with \"ip-free\", or extend the pool", pool->name);
        }
        return NULL;
    }

    hnvrec_ip_pool_verify_seq(pool);
    hnvrec_ip_pool_set_seq(pool, pool->seq + 1);
    a = hnvrec_ip_allocation_insert(ctx->txn);
    hnvrec_ip_allocation_set_pool(a, pool);
    hnvrec_ip_allocation_set_address(a, address);
    hnvrec_ip_allocation_set_owner(a, owner);
    return address;
}

/* ip-alloc POOL OWNER [ADDRESS] */
static void
cmd_ip_alloc(struct ctl_context *ctx)
{
    char *address = hnv_ctl_allocate_ip(ctx, ctx->argv[1], ctx->argv[2],
                                        ctx->argc > 3 ? ctx->argv[3] : NULL);

    if (address) {
        ds_put_format(&ctx->output, "%s\n", address);
        free(address);
    }
}

/* ip-free POOL ADDRESS|OWNER */
static void
cmd_ip_free(struct ctl_context *ctx)
{
    const struct hnvrec_ip_pool *pool = get_ip_pool(ctx, ctx->argv[1]);
    const struct hnvrec_ip_allocation *a;
    bool found = false;

    if (!pool) {
        return;
    }
    HNVREC_IP_ALLOCATION_FOR_EACH_SAFE (a, ctx->idl) {
        if (a->pool == pool
            && (same_address(ip_column, a->address, ctx->argv[2])
                || !strcmp(a->owner, ctx->argv[2]))) {
            hnvrec_ip_allocation_delete(a);
            found = true;
        }
    }
    if (!found && !shash_find(&ctx->options, "--if-exists")) {
        ctl_error(ctx, "IP pool \"%s\" has allocated nothing to or as "
                  "\"%s\"; \"hnv-ctl ip-alloc-list\" shows what it has",
                  pool->name, ctx->argv[2]);
    }
}

static void
cmd_ip_alloc_list(struct ctl_context *ctx)
{
    static const struct hnv_ctl_noun noun = {
        "ip-alloc", "allocation", &hnvrec_table_ip_allocation,
        &hnvrec_ip_allocation_col_address,
        { &hnvrec_ip_allocation_col_pool, &hnvrec_ip_allocation_col_address,
          &hnvrec_ip_allocation_col_owner, },
        NULL, NULL
    };

    hnv_ctl_list(ctx, &noun);
}

/* Stores the first and the last address of 'pool'.  Returns false if they are
 * none. */
bool
hnv_ctl_mac_pool_range(const struct hnvrec_mac_pool *pool,
                       struct eth_addr *first, struct eth_addr *last)
{
    char *error = hnv_mac_parse(pool->range_start, first);

    if (!error) {
        error = hnv_mac_parse(pool->range_end, last);
    }

    bool ok = !error;
    free(error);
    return ok;
}

/* Returns the lowest MAC of 'pool' that is not in 'used', or null if there is
 * none, or if the pool's range is no good. */
static char *
lowest_free_mac(const struct hnvrec_mac_pool *pool, const struct sset *used)
{
    struct eth_addr first, last;

    if (!hnv_ctl_mac_pool_range(pool, &first, &last)) {
        return NULL;
    }
    for (uint64_t i = eth_addr_to_uint64(first);
         i <= eth_addr_to_uint64(last); i++) {
        struct eth_addr ea;

        eth_addr_from_uint64(i, &ea);
        char *mac = xasprintf(ETH_ADDR_FMT, ETH_ADDR_ARGS(ea));
        if (!sset_contains(used, mac)) {
            return mac;
        }
        free(mac);
    }
    return NULL;
}

/* As hnv_ctl_allocate_ip(), for MAC addresses. */
char *
hnv_ctl_allocate_mac(struct ctl_context *ctx, const char *name,
                     const char *owner)
{
    const struct ovsdb_idl_row *row = hnv_ctl_get(ctx, mac_pool_noun, name);
    struct sset used = SSET_INITIALIZER(&used);
    const struct hnvrec_mac_allocation *a;

    if (!row) {
        return NULL;
    }
    HNVREC_MAC_ALLOCATION_FOR_EACH (a, ctx->idl) {
        sset_add_and_free(&used, usual_form(mac_column, a->mac));
    }

    const struct hnvrec_mac_pool *pool
        = CONTAINER_OF(row, struct hnvrec_mac_pool, header_);
    char *mac = lowest_free_mac(pool, &used);
    sset_destroy(&used);
    if (!mac) {
        ctl_error(ctx, "MAC pool \"%s\" has no free address; free some with "
                  "\"mac-free\", or extend the pool", name);
        return NULL;
    }

    hnvrec_mac_pool_verify_seq(pool);
    hnvrec_mac_pool_set_seq(pool, pool->seq + 1);
    a = hnvrec_mac_allocation_insert(ctx->txn);
    hnvrec_mac_allocation_set_pool(a, pool);
    hnvrec_mac_allocation_set_mac(a, mac);
    hnvrec_mac_allocation_set_owner(a, owner);
    return mac;
}

/* mac-alloc POOL OWNER */
static void
cmd_mac_alloc(struct ctl_context *ctx)
{
    char *mac = hnv_ctl_allocate_mac(ctx, ctx->argv[1], ctx->argv[2]);

    if (mac) {
        ds_put_format(&ctx->output, "%s\n", mac);
        free(mac);
    }
}

/* mac-free POOL MAC|OWNER */
static void
cmd_mac_free(struct ctl_context *ctx)
{
    const struct ovsdb_idl_row *pool
        = hnv_ctl_get(ctx, mac_pool_noun, ctx->argv[1]);
    const struct hnvrec_mac_allocation *a;
    bool found = false;

    if (!pool) {
        return;
    }
    HNVREC_MAC_ALLOCATION_FOR_EACH_SAFE (a, ctx->idl) {
        if (&a->pool->header_ == pool
            && (same_address(mac_column, a->mac, ctx->argv[2])
                || !strcmp(a->owner, ctx->argv[2]))) {
            hnvrec_mac_allocation_delete(a);
            found = true;
        }
    }
    if (!found && !shash_find(&ctx->options, "--if-exists")) {
        ctl_error(ctx, "MAC pool \"%s\" has allocated nothing to or as "
                  "\"%s\"; \"hnv-ctl mac-alloc-list\" shows what it has",
                  ctx->argv[1], ctx->argv[2]);
    }
}

static void
cmd_mac_alloc_list(struct ctl_context *ctx)
{
    static const struct hnv_ctl_noun noun = {
        "mac-alloc", "allocation", &hnvrec_table_mac_allocation,
        &hnvrec_mac_allocation_col_mac,
        { &hnvrec_mac_allocation_col_pool, &hnvrec_mac_allocation_col_mac,
          &hnvrec_mac_allocation_col_owner, },
        NULL, NULL
    };

    hnv_ctl_list(ctx, &noun);
}

const struct ctl_command_syntax hnv_ctl_pool_commands[] = {
    { "ip-pool-add", 2, INT_MAX, "POOL PREFIX [COLUMN=VALUE]...",
      hnv_ctl_want_pools, cmd_ip_pool_add, NULL, "--may-exist", RW },
    { "ip-pool-set", 2, INT_MAX, "POOL COLUMN=VALUE...",
      hnv_ctl_want_pools, hnv_ctl_cmd_set, NULL, "", RW },
    { "ip-pool-del", 1, INT_MAX, "POOL...",
      hnv_ctl_want_pools, hnv_ctl_cmd_del, NULL, "--if-exists", RW },
    { "ip-pool-list", 0, 1, "[POOL]",
      hnv_ctl_want_pools, hnv_ctl_cmd_list, NULL, "", RO },
    { "ip-alloc", 2, 3, "POOL OWNER [ADDRESS]",
      hnv_ctl_want_pools, cmd_ip_alloc, NULL, "", RW },
    { "ip-free", 2, 2, "POOL ADDRESS|OWNER",
      hnv_ctl_want_pools, cmd_ip_free, NULL, "--if-exists", RW },
    { "ip-alloc-list", 0, 1, "[POOL]",
      hnv_ctl_want_pools, cmd_ip_alloc_list, NULL, "", RO },

    { "mac-pool-add", 3, INT_MAX, "POOL FIRST LAST [COLUMN=VALUE]...",
      hnv_ctl_want_pools, cmd_mac_pool_add, NULL, "--may-exist", RW },
    { "mac-pool-set", 2, INT_MAX, "POOL COLUMN=VALUE...",
      hnv_ctl_want_pools, hnv_ctl_cmd_set, NULL, "", RW },
    { "mac-pool-del", 1, INT_MAX, "POOL...",
      hnv_ctl_want_pools, hnv_ctl_cmd_del, NULL, "--if-exists", RW },
    { "mac-pool-list", 0, 1, "[POOL]",
      hnv_ctl_want_pools, hnv_ctl_cmd_list, NULL, "", RO },
    { "mac-alloc", 2, 2, "POOL OWNER",
      hnv_ctl_want_pools, cmd_mac_alloc, NULL, "", RW },
    { "mac-free", 2, 2, "POOL MAC|OWNER",
      hnv_ctl_want_pools, cmd_mac_free, NULL, "--if-exists", RW },

    { "mac-alloc-list", 0, 1, "[POOL]",
      hnv_ctl_want_pools, cmd_mac_alloc_list, NULL, "", RO },
    { NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO },
};

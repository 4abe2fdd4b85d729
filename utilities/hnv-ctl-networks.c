/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <limits.h>

/* Logical networks and their sites. */

static const struct hnv_ctl_noun *const network_noun
    = &hnv_ctl_nouns[HNV_CTL_NETWORK];
static const struct hnv_ctl_noun *const site_noun
    = &hnv_ctl_nouns[HNV_CTL_SITE];

static void
pre_site(struct ctl_context *ctx)
{
    hnv_ctl_want(ctx, &hnvrec_table_logical_network);
    hnv_ctl_want(ctx, &hnvrec_table_network_site);
    hnv_ctl_want_pools(ctx);
}

static void
pre_network(struct ctl_context *ctx)
{
    pre_site(ctx);
    hnv_ctl_want(ctx, &hnvrec_table_port);
}

/* network-add NETWORK [COLUMN=VALUE]... */
static void
cmd_network_add(struct ctl_context *ctx)
{
    const char *name = ctx->argv[1];
    const struct ovsdb_idl_row *row = hnv_ctl_find(ctx, network_noun, name);

    if (ctx->error || !hnv_ctl_may_add(ctx, network_noun, row, name)) {
        return;
    }
    if (!row) {
        row = hnv_ctl_insert(ctx, network_noun);
    }
    if (hnv_ctl_put(ctx, row, network_noun->id, name)) {
        hnv_ctl_put_settings(ctx, network_noun, row, 2);
    }
}

/* site-add NETWORK SITE [COLUMN=VALUE]... */
static void
cmd_site_add(struct ctl_context *ctx)
{
    const struct ovsdb_idl_row *network
        = hnv_ctl_get(ctx, network_noun, ctx->argv[1]);
    const char *name = ctx->argv[2];
    const struct ovsdb_idl_row *row
        = network ? hnv_ctl_find(ctx, site_noun, name) : NULL;

    if (ctx->error || !hnv_ctl_may_add(ctx, site_noun, row, name)) {
        return;
    }
    if (!row) {
        row = hnv_ctl_insert(ctx, site_noun);
        hnv_ctl_add_ref(network, &hnvrec_logical_network_col_sites, row);
    }
    if (hnv_ctl_put(ctx, row, site_noun->id, name)
        && hnv_ctl_put_settings(ctx, site_noun, row, 3)) {
        hnv_ctl_judge(ctx, site_noun, row);
    }
}

/* site-del SITE */
static void
cmd_site_del(struct ctl_context *ctx)
{
    bool must_exist = !shash_find(&ctx->options, "--if-exists");
    const struct ovsdb_idl_row *row
        = (must_exist ? hnv_ctl_get : hnv_ctl_find)(ctx, site_noun,
                                                    ctx->argv[1]);
    const struct hnvrec_logical_network *network;

    if (row) {
        HNVREC_LOGICAL_NETWORK_FOR_EACH (network, ctx->idl) {
            hnv_ctl_remove_ref(&network->header_,
                               &hnvrec_logical_network_col_sites, row);
        }
    }
}

const struct ctl_command_syntax hnv_ctl_network_commands[] = {
    { "network-add", 1, INT_MAX, "NETWORK [COLUMN=VALUE]...",
      pre_network, cmd_network_add, NULL, "--may-exist", RW },
    { "network-set", 2, INT_MAX, "NETWORK COLUMN=VALUE...",
      pre_network, hnv_ctl_cmd_set, NULL, "", RW },
    { "network-del", 1, INT_MAX, "NETWORK...",
      pre_network, hnv_ctl_cmd_del, NULL, "--if-exists", RW },
    { "network-list", 0, 1, "[NETWORK]",
      pre_network, hnv_ctl_cmd_list, NULL, "", RO },

    { "site-add", 2, INT_MAX, "NETWORK SITE [COLUMN=VALUE]...",
      pre_site, cmd_site_add, NULL, "--may-exist", RW },
    { "site-set", 2, INT_MAX, "SITE COLUMN=VALUE...",
      pre_site, hnv_ctl_cmd_set, NULL, "", RW },
    { "site-del", 1, 1, "SITE",
      pre_site, cmd_site_del, NULL, "--if-exists", RW },
    { "site-list", 0, 1, "[SITE]",
      pre_site, hnv_ctl_cmd_list, NULL, "", RO },

    { NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO },
};

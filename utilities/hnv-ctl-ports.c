/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* Ports, ACLs, address sets, and controllers' hooks. */

static const struct hnv_ctl_noun *const port_noun
    = &hnv_ctl_nouns[HNV_CTL_PORT];
static const struct hnv_ctl_noun *const acl_noun
    = &hnv_ctl_nouns[HNV_CTL_ACL];
static const struct hnv_ctl_noun *const group_noun
    = &hnv_ctl_nouns[HNV_CTL_ACL_GROUP];

static void
pre_port(struct ctl_context *ctx)
{
    hnv_ctl_want_policy(ctx);
    hnv_ctl_want(ctx, &hnvrec_table_logical_network);
    hnv_ctl_want(ctx, &hnvrec_table_port);
    hnv_ctl_want(ctx, &hnvrec_table_port_acl);
    hnv_ctl_want(ctx, &hnvrec_table_acl_group);
    hnv_ctl_want(ctx, &hnvrec_table_address_set);
}

/* Adds a row that has nothing but a name and settings: NAME
 * [COLUMN=VALUE]... */
static void
cmd_add_named(struct ctl_context *ctx)
{
    const struct hnv_ctl_noun *noun = hnv_ctl_noun_of(ctx);
    const char *name = ctx->argv[1];
    const struct ovsdb_idl_row *row = hnv_ctl_find(ctx, noun, name);

    if (ctx->error || !hnv_ctl_may_add(ctx, noun, row, name)) {
        return;
    }
    if (!row) {
        row = hnv_ctl_insert(ctx, noun);
        if (!hnv_ctl_put(ctx, row, noun->id, name)) {
            return;
        }
    }
    if (hnv_ctl_put_settings(ctx, noun, row, 2)) {
        hnv_ctl_judge(ctx, noun, row);
    }
}

/* port-add PORT [VSID] [COLUMN=VALUE]... */
static void
cmd_port_add(struct ctl_context *ctx)
{
    const char *name = ctx->argv[1];
    const struct ovsdb_idl_row *row = hnv_ctl_find(ctx, port_noun, name);
    bool has_vsid = ctx->argc > 2 && !strchr(ctx->argv[2], '=');

    if (ctx->error || !hnv_ctl_may_add(ctx, port_noun, row, name)) {
        return;
    }
    if (!row) {
        row = hnv_ctl_insert(ctx, port_noun);
    }
    if (hnv_ctl_put(ctx, row, port_noun->id, name)
        && (!has_vsid || hnv_ctl_put(ctx, row, &hnvrec_port_col_vsid,
                                     ctx->argv[2]))
        && hnv_ctl_put_settings(ctx, port_noun, row, 2 + has_vsid)) {
        hnv_ctl_judge(ctx, port_noun, row);
    }
}

/* ------------------------------------------------------------------------ */
/* ACLs.                                                                    */
/* ------------------------------------------------------------------------ */

/* The port or the ACL group whose ACLs a command is about. */
struct acl_owner {
    const struct ovsdb_idl_row *row;
    const struct ovsdb_idl_column *column;
    struct hnvrec_port_acl **acls;
    size_t n_acls;
};

/* Takes "PORT", or "group:NAME".  Sets ctx->error if there is none. */
static bool
get_acl_owner(struct ctl_context *ctx, const char *text,
              struct acl_owner *owner)
{
    bool group = !strncmp(text, "group:", 6);
    const struct ovsdb_idl_row *row
        = hnv_ctl_get(ctx, group ? group_noun : port_noun,
                      group ? text + 6 : text);

    if (!row) {
        return false;
    }
    owner->row = row;
    if (group) {
        const struct hnvrec_acl_group *g
            = CONTAINER_OF(row, const struct hnvrec_acl_group, header_);

        owner->column = &hnvrec_acl_group_col_acls;
        owner->acls = g->acls;
        owner->n_acls = g->n_acls;
    } else {
        const struct hnvrec_port *port
            = CONTAINER_OF(row, const struct hnvrec_port, header_);

        owner->column = &hnvrec_port_col_acls;
        owner->acls = port->acls;
        owner->n_acls = port->n_acls;
    }
    return true;
}

/* Whether 'acl' has 'direction' and 'weight', each of which may be null for
 * any. */
static bool
acl_matches(const struct hnvrec_port_acl *acl, const char *direction,
            const char *weight)
{
    long long int value;

    return (!direction || !strcmp(acl->direction, direction))
           && (!weight || (str_to_llong(weight, 10, &value)
                           && acl->weight == value));
}

static struct hnvrec_port_acl *
find_acl(const struct acl_owner *owner, const char *direction,
         const char *weight)
{
    for (size_t i = 0; i < owner->n_acls; i++) {
        if (acl_matches(owner->acls[i], direction, weight)) {
            return owner->acls[i];
        }
    }
    return NULL;
}

/* acl-add PORT|group:GROUP DIRECTION WEIGHT ACTION [COLUMN=VALUE]... */
static void
cmd_acl_add(struct ctl_context *ctx)
{
    struct acl_owner owner;
    if (!get_acl_owner(ctx, ctx->argv[1], &owner)) {
        return;
    }

    const char *direction = ctx->argv[2], *weight = ctx->argv[3];
    const struct hnvrec_port_acl *acl = find_acl(&owner, direction, weight);
    if (acl && !shash_find(&ctx->options, "--may-exist")) {
        ctl_error(ctx, "\"%s\" has an ACL %s %s already, and of two of the "
                  "same weight nobody could say which one decides; choose "
                  "another weight, or use --may-exist", ctx->argv[1],
                  direction, weight);
        return;
    }

    /* Insert before reading further: the reference may move 'owner'. */
    bool is_new = !acl;
    if (is_new) {
        acl = hnvrec_port_acl_insert(ctx->txn);
    }

    const struct ovsdb_idl_row *row = &acl->header_;
    if (hnv_ctl_put(ctx, row, &hnvrec_port_acl_col_direction, direction)
        && hnv_ctl_put(ctx, row, &hnvrec_port_acl_col_weight, weight)
        && hnv_ctl_put(ctx, row, &hnvrec_port_acl_col_action, ctx->argv[4])
        && hnv_ctl_put_settings(ctx, acl_noun, row, 5)) {
        hnv_ctl_judge(ctx, acl_noun, row);
        if (is_new) {
            hnv_ctl_add_ref(owner.row, owner.column, row);
        }
    }
}

static void
no_such_acl(struct ctl_context *ctx)
{
    ctl_error(ctx, "\"%s\" has no ACL %s %s; \"hnv-ctl acl-list %s\" shows "
              "what it has", ctx->argv[1], ctx->argv[2], ctx->argv[3],
              ctx->argv[1]);
}

/* acl-set PORT|group:GROUP DIRECTION WEIGHT COLUMN=VALUE... */
static void
cmd_acl_set(struct ctl_context *ctx)
{
    struct acl_owner owner;

    if (get_acl_owner(ctx, ctx->argv[1], &owner)) {
        const struct hnvrec_port_acl *acl
            = find_acl(&owner, ctx->argv[2], ctx->argv[3]);

        if (!acl) {
            no_such_acl(ctx);
        } else if (hnv_ctl_put_settings(ctx, acl_noun, &acl->header_, 4)) {
            hnv_ctl_judge(ctx, acl_noun, &acl->header_);
        }
    }
}

/* acl-del PORT|group:GROUP [DIRECTION [WEIGHT]] */
static void
cmd_acl_del(struct ctl_context *ctx)
{
    const char *direction = ctx->argc > 2 ? ctx->argv[2] : NULL;
    const char *weight = ctx->argc > 3 ? ctx->argv[3] : NULL;
    struct acl_owner owner;
    size_t n_deleted = 0;

    if (!get_acl_owner(ctx, ctx->argv[1], &owner)) {
        return;
    }
    if (direction && strcmp(direction, "inbound")
        && strcmp(direction, "outbound")) {
        ctl_error(ctx, "\"%s\" is not a direction, which is inbound or "
                  "outbound", direction);
        return;
    }

    size_t n = owner.n_acls;
    const struct hnvrec_port_acl **acls
        = xmemdup(owner.acls, n * sizeof *owner.acls);
    for (size_t i = 0; i < n; i++) {
        if (acl_matches(acls[i], direction, weight)) {
            hnv_ctl_remove_ref(owner.row, owner.column, &acls[i]->header_);
            n_deleted++;
        }
    }
    free(acls);
    if (!n_deleted && weight && !shash_find(&ctx->options, "--if-exists")) {
        no_such_acl(ctx);
    }
}

/* The ACL that decides first comes first. */
static int
compare_acls(const void *a_, const void *b_)
{
    const struct hnvrec_port_acl *const *a = a_, *const *b = b_;
    int cmp = strcmp((*a)->direction, (*b)->direction);

    return (cmp ? cmp : (*a)->weight > (*b)->weight ? -1
            : (*a)->weight < (*b)->weight);
}

static void
cmd_acl_list(struct ctl_context *ctx)
{
    struct acl_owner owner;

    if (!get_acl_owner(ctx, ctx->argv[1], &owner)) {
        return;
    }

    struct table *table = hnv_ctl_table(ctx, acl_noun);
    struct hnvrec_port_acl **acls
        = xmemdup(owner.acls, owner.n_acls * sizeof *owner.acls);
    if (owner.n_acls) {
        qsort(acls, owner.n_acls, sizeof *acls, compare_acls);
    }
    for (size_t i = 0; i < owner.n_acls; i++) {
        hnv_ctl_table_add(table, acl_noun, &acls[i]->header_);
    }
    free(acls);
}

/* ------------------------------------------------------------------------ */
/* Hooks.                                                                   */
/* ------------------------------------------------------------------------ */

/* hook-add NAME STAGE TABLE [COLUMN=VALUE]... */
static void
cmd_hook_add(struct ctl_context *ctx)
{
    const struct hnv_ctl_noun *noun = &hnv_ctl_nouns[HNV_CTL_HOOK];
    const char *name = ctx->argv[1];
    const struct ovsdb_idl_row *row = hnv_ctl_find(ctx, noun, name);

    if (ctx->error || !hnv_ctl_may_add(ctx, noun, row, name)) {
        return;
    }
    if (!row) {
        row = hnv_ctl_insert(ctx, noun);
    }
    if (hnv_ctl_put(ctx, row, noun->id, name)
        && hnv_ctl_put(ctx, row, &hnvrec_controller_hook_col_stage,
                       ctx->argv[2])
        && hnv_ctl_put(ctx, row, &hnvrec_controller_hook_col_table,
                       ctx->argv[3])) {
        hnv_ctl_put_settings(ctx, noun, row, 4);
    }
}

const struct ctl_command_syntax hnv_ctl_port_commands[] = {
    { "port-add", 1, INT_MAX, "PORT [VSID] [COLUMN=VALUE]...",
      pre_port, cmd_port_add, NULL, "--may-exist", RW },
    { "port-set", 2, INT_MAX, "PORT COLUMN=VALUE...",
      pre_port, hnv_ctl_cmd_set, NULL, "", RW },
    { "port-del", 1, INT_MAX, "PORT...",
      pre_port, hnv_ctl_cmd_del, NULL, "--if-exists", RW },
    { "port-list", 0, 1, "[PORT|VSID]",
      pre_port, hnv_ctl_cmd_list, NULL, "", RO },

    { "acl-add", 4, INT_MAX,
      "PORT|group:GROUP DIRECTION WEIGHT ACTION [COLUMN=VALUE]...",
      pre_port, cmd_acl_add, NULL, "--may-exist", RW },
    { "acl-set", 4, INT_MAX,
      "PORT|group:GROUP DIRECTION WEIGHT COLUMN=VALUE...",
      pre_port, cmd_acl_set, NULL, "", RW },
    { "acl-del", 1, 3, "PORT|group:GROUP [DIRECTION [WEIGHT]]",
      pre_port, cmd_acl_del, NULL, "--if-exists", RW },
    { "acl-list", 1, 1, "PORT|group:GROUP",
      pre_port, cmd_acl_list, NULL, "", RO },
    { "acl-group-add", 1, 1, "GROUP",
      pre_port, cmd_add_named, NULL, "--may-exist", RW },
    { "acl-group-set", 2, INT_MAX, "GROUP COLUMN=VALUE...",
      pre_port, hnv_ctl_cmd_set, NULL, "", RW },
    { "acl-group-del", 1, INT_MAX, "GROUP...",
      pre_port, hnv_ctl_cmd_del, NULL, "--if-exists", RW },
    { "acl-group-list", 0, 1, "[GROUP]",
      pre_port, hnv_ctl_cmd_list, NULL, "", RO },

    { "address-set-add", 1, INT_MAX, "NAME [COLUMN=VALUE]...",
      pre_port, cmd_add_named, NULL, "--may-exist", RW },
    { "address-set-set", 2, INT_MAX, "NAME COLUMN=VALUE...",
      pre_port, hnv_ctl_cmd_set, NULL, "", RW },
    { "address-set-del", 1, INT_MAX, "NAME...",
      pre_port, hnv_ctl_cmd_del, NULL, "--if-exists", RW },
    { "address-set-list", 0, 1, "[NAME]",
      pre_port, hnv_ctl_cmd_list, NULL, "", RO },

    { "hook-add", 3, INT_MAX, "NAME STAGE TABLE [COLUMN=VALUE]...",
      hnv_ctl_want_noun, cmd_hook_add, NULL, "--may-exist", RW },
    { "hook-set", 2, INT_MAX, "NAME COLUMN=VALUE...",
      hnv_ctl_want_noun, hnv_ctl_cmd_set, NULL, "", RW },
    { "hook-del", 1, INT_MAX, "NAME...",
      hnv_ctl_want_noun, hnv_ctl_cmd_del, NULL, "--if-exists", RW },
    { "hook-list", 0, 1, "[NAME]",
      hnv_ctl_want_noun, hnv_ctl_cmd_list, NULL, "", RO },

    { NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO },
};

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"
#include "svec.h"
#include "util.h"

/* The database itself: what it needs before anything else, who may change
 * what, and where it listens. */

const struct hnvrec_hnv_global *
hnv_ctl_global(struct ctl_context *ctx)
{
    const struct hnvrec_hnv_global *global = hnvrec_hnv_global_first(ctx->idl);

    return global ? global : hnvrec_hnv_global_insert(ctx->txn);
}

/* ------------------------------------------------------------------------ */
/* Roles.                                                                   */
/* ------------------------------------------------------------------------ */

enum { MAX_NAMES = 7 };

/* What role "hnv-host" may do.  A host proves who it is by the common name of
 * its certificate.  It may change a row that names it: in 'name' or
 * 'host_name', or, as the one that has the machine or that gets it, in
 * 'owner'. */
static const struct rule {
    const char *table;
    const char *authorization[3];
    bool insert_delete;
    const char *update[MAX_NAMES];
} host_rules[] = {
    { "Host_State", { "name" }, true,
      { "host", "cfg", "cfg_timestamp", "load", "errors", "alarms" } },
    { "L2_Record", { "owner:active", "owner:target" }, false,
      { "state", "seq", "dynamic_addresses" } },
    { "Lookup_Record", { "owner:active", "owner:target" }, false,
      { "state", "seq" } },
    { "Lookup_Request", { "host_name" }, true, { NULL } },
    { "Port", { "owner:active", "owner:target" }, false, { "up" } },
    { "Provider_Address", { "host_name" }, false,
      { "mac", "interface", "state" } },
};

static size_t
count(const char *const *names)
{
    size_t n;

    for (n = 0; n < MAX_NAMES && names[n]; n++) {
        continue;
    }
    return n;
}

static const struct hnvrec_rbac_permission *
init_permission(struct ctl_context *ctx, const struct rule *rule)
{
    const struct hnvrec_rbac_permission *p, *found = NULL;

    HNVREC_RBAC_PERMISSION_FOR_EACH (p, ctx->idl) {
        if (!strcmp(p->table, rule->table)) {
            found = p;
        }
    }
    if (!found) {
        found = hnvrec_rbac_permission_insert(ctx->txn);
        hnvrec_rbac_permission_set_table(found, rule->table);
    }

    size_t n_authorization = rule->authorization[1] ? 2 : 1;
    hnvrec_rbac_permission_set_authorization(
        found, CONST_CAST(const char **, rule->authorization),
        n_authorization);
    hnvrec_rbac_permission_set_insert_delete(found, rule->insert_delete);
    hnvrec_rbac_permission_set_update(
        found, CONST_CAST(const char **, rule->update), count(rule->update));
    return found;
}

static void
init_roles(struct ctl_context *ctx)
{
    struct hnvrec_rbac_permission *values[ARRAY_SIZE(host_rules)];
    const char *keys[ARRAY_SIZE(host_rules)];
    const struct hnvrec_rbac_role *role, *found = NULL;

    HNVREC_RBAC_ROLE_FOR_EACH (role, ctx->idl) {
        if (!strcmp(role->name, "hnv-host")) {
            found = role;
        }
    }
    if (!found) {
        found = hnvrec_rbac_role_insert(ctx->txn);
        hnvrec_rbac_role_set_name(found, "hnv-host");
    }
    for (size_t i = 0; i < ARRAY_SIZE(host_rules); i++) {
        keys[i] = host_rules[i].table;
        values[i] = CONST_CAST(struct hnvrec_rbac_permission *,
                               init_permission(ctx, &host_rules[i]));
    }
    hnvrec_rbac_role_set_permissions(found, keys, values,
                                     ARRAY_SIZE(host_rules));
}

static void
pre_admin(struct ctl_context *ctx)
{
    hnv_ctl_want(ctx, &hnvrec_table_hnv_global);
    hnv_ctl_want(ctx, &hnvrec_table_connection);
    hnv_ctl_want(ctx, &hnvrec_table_ssl);
    hnv_ctl_want(ctx, &hnvrec_table_rbac_role);
    hnv_ctl_want(ctx, &hnvrec_table_rbac_permission);
}

/* Can be repeated, as after an upgrade: it changes what is not as it should
 * be, and nothing else. */
static void
cmd_init(struct ctl_context *ctx)
{
    hnv_ctl_global(ctx);
    init_roles(ctx);
}

/* global-set COLUMN=VALUE... */
static void
cmd_global_set(struct ctl_context *ctx)
{
    static const struct hnv_ctl_noun noun = {
        "global", "global setting", &hnvrec_table_hnv_global, NULL,
        { NULL }, NULL, NULL
    };

    hnv_ctl_put_settings(ctx, &noun, &hnv_ctl_global(ctx)->header_, 1);
}

/* Does nothing: main() waits for the hosts. */
static void
cmd_sync(struct ctl_context *ctx OVS_UNUSED)
{
}

/* ------------------------------------------------------------------------ */
/* Connections.                                                             */
/* ------------------------------------------------------------------------ */

static void
cmd_get_connection(struct ctl_context *ctx)
{
    struct svec lines = SVEC_EMPTY_INITIALIZER;
    const struct hnvrec_connection *row;

    HNVREC_CONNECTION_FOR_EACH (row, ctx->idl) {
        svec_add_nocopy(&lines, xasprintf(
            "%s%s%s%s%s\n", row->read_only ? "read-only " : "",
            row->role[0] ? "role=" : "", row->role,
            row->role[0] ? " " : "", row->target));
    }
    svec_sort(&lines);
    for (size_t i = 0; i < lines.n; i++) {
        ds_put_cstr(&ctx->output, lines.names[i]);
    }
    svec_destroy(&lines);
}

static void
cmd_del_connection(struct ctl_context *ctx)
{
    hnvrec_hnv_global_set_connections(hnv_ctl_global(ctx), NULL, 0);
}

/* set-connection [read-only|read-write|role=ROLE|TARGET]... */
static void
cmd_set_connection(struct ctl_context *ctx)
{
    const char *probe = shash_find_data(&ctx->options, "--inactivity-probe");
    struct hnvrec_connection **rows
        = xmalloc(ctx->argc * sizeof *rows);
    bool read_only = false;
    const char *role = "";
    int last_target = 0;
    size_t n = 0;

    for (int i = 1; i < ctx->argc && !ctx->error; i++) {
        const char *word = ctx->argv[i];

        if (!strcmp(word, "read-only") || !strcmp(word, "read-write")) {
            read_only = !strcmp(word, "read-only");
        } else if (!strncmp(word, "role=", 5)) {
            role = word + 5;
        } else if (stream_verify_name(word) && pstream_verify_name(word)) {
            ctl_error(ctx, "\"%s\" is not a target such as pssl:6640 or "
                      "ptcp:6640:127.0.0.1", word);
        } else {
            struct hnvrec_connection *row
                = hnvrec_connection_insert(ctx->txn);

            hnvrec_connection_set_target(row, word);
            hnvrec_connection_set_read_only(row, read_only);
            hnvrec_connection_set_role(row, role);
            if (probe) {
                hnv_ctl_put(ctx, &row->header_,
                            &hnvrec_connection_col_inactivity_probe, probe);
            }
            rows[n++] = row;
            last_target = i;
        }
    }
    if (!ctx->error && last_target < ctx->argc - 1) {
        ctl_error(ctx, "\"%s\" is for targets after it, and there are none",
                  ctx->argv[ctx->argc - 1]);
    }
    if (!ctx->error) {
        hnvrec_hnv_global_set_connections(hnv_ctl_global(ctx), rows, n);
    }
    free(rows);
}

static void
cmd_get_ssl(struct ctl_context *ctx)
{
    const struct hnvrec_ssl *ssl = hnvrec_ssl_first(ctx->idl);

    if (ssl) {
        ds_put_format(&ctx->output, "Private key: %s\n", ssl->private_key);
        ds_put_format(&ctx->output, "Certificate: %s\n", ssl->certificate);
        ds_put_format(&ctx->output, "CA Certificate: %s\n", ssl->ca_cert);
        ds_put_format(&ctx->output, "Bootstrap: %s\n",
                      ssl->bootstrap_ca_cert ? "true" : "false");
    }
}

static void
cmd_del_ssl(struct ctl_context *ctx)
{
    hnvrec_hnv_global_set_ssl(hnv_ctl_global(ctx), NULL);
}

/* set-ssl PRIVATE-KEY CERTIFICATE CA-CERT [PROTOCOLS [CIPHERS
 * [CIPHERSUITES]]] */
static void
cmd_set_ssl(struct ctl_context *ctx)
{
    struct hnvrec_ssl *ssl = hnvrec_ssl_insert(ctx->txn);

    hnvrec_ssl_set_private_key(ssl, ctx->argv[1]);
    hnvrec_ssl_set_certificate(ssl, ctx->argv[2]);
    hnvrec_ssl_set_ca_cert(ssl, ctx->argv[3]);
    hnvrec_ssl_set_bootstrap_ca_cert(
        ssl, shash_find(&ctx->options, "--bootstrap") != NULL);
    if (ctx->argc > 4) {
        hnvrec_ssl_set_ssl_protocols(ssl, ctx->argv[4]);
    }
    if (ctx->argc > 5) {
        hnvrec_ssl_set_ssl_ciphers(ssl, ctx->argv[5]);
    }
    if (ctx->argc > 6) {
        hnvrec_ssl_set_ssl_ciphersuites(ssl, ctx->argv[6]);
    }
    hnvrec_hnv_global_set_ssl(hnv_ctl_global(ctx), ssl);
}

const struct ctl_command_syntax hnv_ctl_admin_commands[] = {
    { "init", 0, 0, "", pre_admin, cmd_init, NULL, "", RW },
    { "sync", 0, 0, "", pre_admin, cmd_sync, NULL, "", RO },
    { "global-set", 1, INT_MAX, "COLUMN=VALUE...",
      pre_admin, cmd_global_set, NULL, "", RW },

    { "get-connection", 0, 0, "",
      pre_admin, cmd_get_connection, NULL, "", RO },
    { "del-connection", 0, 0, "",
      pre_admin, cmd_del_connection, NULL, "", RW },
    { "set-connection", 1, INT_MAX,
      "[read-only|read-write|role=ROLE|TARGET]...",
      pre_admin, cmd_set_connection, NULL, "--inactivity-probe=", RW },

    { "get-ssl", 0, 0, "", pre_admin, cmd_get_ssl, NULL, "", RO },
    { "del-ssl", 0, 0, "", pre_admin, cmd_del_ssl, NULL, "", RW },
    { "set-ssl", 3, 6,
      "KEY CERTIFICATE CA [PROTOCOLS [CIPHERS [CIPHERSUITES]]]",
      pre_admin, cmd_set_ssl, NULL, "--bootstrap", RW },

    { NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO },
};

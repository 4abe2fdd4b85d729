/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-cmdlets.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "hnv-values.h"
#include "packets.h"
#include "svec.h"
#include "util.h"

/* ------------------------------------------------------------------------ */
/* Parameters.                                                              */
/* ------------------------------------------------------------------------ */

/* Parameters of every cmdlet, after those of its own. */
enum { P_CIM_SESSION, P_PASS_THRU, P_ALL, N_COMMON };
static const char *const common_names[N_COMMON] = {
    "CimSession", "PassThru", "All",
};

static bool
is_switch(const char *name)
{
    return !strcmp(name, "PassThru") || !strcmp(name, "All");
}

/* Returns the index of the one of the 'n' 'names' that starts with 'word', in
 * any case.  Sets ctx->error and returns -1 if there is not exactly one; a
 * full name is never ambiguous. */
static int
find_parameter(struct ctl_context *ctx, const char *const names[], size_t n,
               const char *word, size_t length)
{
    struct svec matches = SVEC_EMPTY_INITIALIZER;
    int found = -1;

    for (size_t i = 0; i < n; i++) {
        if (!strncasecmp(names[i], word, length)) {
            if (!names[i][length]) {
                svec_destroy(&matches);
                return i;
            }
            svec_add(&matches, names[i]);
            found = i;
        }
    }
    if (matches.n != 1) {
        char *all = svec_join(&matches, ", -", "");

        if (matches.n) {
            ctl_error(ctx, "%s: -%.*s is ambiguous: -%s", ctx->argv[0],
                      (int) length, word, all);
        } else {
            ctl_error(ctx, "%s has no parameter -%.*s", ctx->argv[0],
                      (int) length, word);
        }
        free(all);
        found = -1;
    }
    svec_destroy(&matches);
    return found;
}

bool
hnv_cmdlet_is_noise(const char *parameter, bool *has_value)
{
    static const char *const names[] = {
        "-ErrorAction", "-EA", "-ThrottleLimit", "-ErrorVariable",
        "-Verbose", "-AsJob", "-Confirm",
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        size_t length = strlen(names[i]);

        if (!strncasecmp(parameter, names[i], length)
            && (!parameter[length] || parameter[length] == ':')) {
            *has_value = i < 4 && !parameter[length];
            return true;
        }
    }
    return false;
}

/* Parses "-Name value", "-Name:value", and "-Switch" into 'values', which has
 * one element for each of the 'n' 'names'.  The values point into the
 * arguments.  Sets ctx->error, and returns false, if one is no good. */
bool
hnv_cmdlet_parse(struct ctl_context *ctx, const char *const names[],
                 size_t n, const char *values[])
{
    for (size_t i = 0; i < n; i++) {
        values[i] = NULL;
    }
    for (int i = 1; i < ctx->argc; i++) {
        const char *word = ctx->argv[i];
        bool skip;

        if (hnv_cmdlet_is_noise(word, &skip)) {
            i += skip;
            continue;
        }
        if (word[0] != '-' || !word[1]) {
            ctl_error(ctx, "%s: \"%s\" is not a parameter such as -%s",
                      ctx->argv[0], word, names[0]);
            return false;
        }

        size_t length = strcspn(word + 1, ":");
        int j = find_parameter(ctx, names, n, word + 1, length);
        if (j < 0) {
            return false;
        }
        if (values[j]) {
            ctl_error(ctx, "%s: -%s is given twice", ctx->argv[0], names[j]);
            return false;
        }
        if (word[1 + length]) {
            values[j] = word + 1 + length + 1;
        } else if (is_switch(names[j])) {
            values[j] = "true";
        } else if (i + 1 < ctx->argc) {
            values[j] = ctx->argv[++i];
        } else {
            ctl_error(ctx, "%s: -%s needs a value", ctx->argv[0], names[j]);
            return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------------ */
/* Verbs.                                                                   */
/* ------------------------------------------------------------------------ */

/* A cmdlet's object and parameters. */
struct cmdlet {
    const struct hnv_cmdlet_object *object;
    size_t n_properties;
    const char *values[HNV_CMDLET_MAX_PROPERTIES + N_COMMON];
    const char *const *common;  /* Those of 'common_names', in 'values'. */
};

static bool
parse_cmdlet(struct ctl_context *ctx, struct cmdlet *c)
{
    const char *name = strstr(ctx->argv[0], "NetVirtualization")
                       + strlen("NetVirtualization");
    const char *names[HNV_CMDLET_MAX_PROPERTIES + N_COMMON];
    static const struct hnv_cmdlet_object *const objects[] = {
        &hnv_cmdlet_lookup_record, &hnv_cmdlet_customer_route,
        &hnv_cmdlet_provider_address, &hnv_cmdlet_provider_route,
    };
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
        if (!strcmp(objects[i]->name, name)) {
            c->object = objects[i];
        }
    }
    while (c->object->properties[n].name) {
        names[n] = c->object->properties[n].name;
        n++;
    }
    c->n_properties = n;
    c->common = &c->values[n];
    memcpy(&names[n], common_names, sizeof common_names);
    return hnv_cmdlet_parse(ctx, names, n + N_COMMON, c->values);
}

/* Two texts are the same value if they differ in case, in braces around a
 * GUID, or in how a MAC or an address is written. */
static bool
same_value(const char *a, const char *b)
{
    struct in6_addr addresses[2];
    struct eth_addr macs[2];
    char guids[2][37];
    const char *texts[2] = { a, b };
    bool all_macs = true, all_guids = true, all_addresses = true;

    if (!strcasecmp(a, b)) {
        return true;
    }
    for (int i = 0; i < 2; i++) {
        char *errors[] = {
            hnv_mac_parse(texts[i], &macs[i]),
            hnv_guid_parse(texts[i], guids[i]),
            hnv_address_parse(texts[i], &addresses[i]),
        };

        all_macs = all_macs && !errors[0];
        all_guids = all_guids && !errors[1];
        all_addresses = all_addresses && !errors[2];
        for (size_t j = 0; j < ARRAY_SIZE(errors); j++) {
            free(errors[j]);
        }
    }
    return ((all_macs && eth_addr_equals(macs[0], macs[1]))
            || (all_guids && !strcmp(guids[0], guids[1]))
            || (all_addresses
                && ipv6_addr_equals(&addresses[0], &addresses[1])));
}

/* Returns true if 'text', a value of 'p', is one of the values, separated by
 * commas, in 'wanted'. */
static bool
is_wanted(const struct hnv_cmdlet_property *p, const char *text,
          const char *wanted)
{
    char *copy = xstrdup(wanted);
    bool found = false;
    char *save = NULL;

    for (char *word = strtok_r(copy, ",", &save); word && !found;
         word = strtok_r(NULL, ",", &save)) {
        word += *word == '$';   /* $true. */
        found = same_value(text, strcmp(p->name, "Rule") ? word
                                 : hnv_cmdlet_spell_rule(word));
    }
    free(copy);
    return found || (!*text && !*wanted);
}

/* Returns true if 'row' has what the parameters say whose 'use' is in
 * 'mask'. */
static bool
row_matches(const struct ctl_context *ctx, const struct cmdlet *c,
            const struct ovsdb_idl_row *row, unsigned int mask)
{
    const char *host = c->object->host ? c->object->host(ctx, row) : NULL;

    if (c->common[P_CIM_SESSION] && host
        && strcmp(host, c->common[P_CIM_SESSION])) {
        return false;
    }
    for (size_t i = 0; i < c->n_properties; i++) {
        const struct hnv_cmdlet_property *p = &c->object->properties[i];

        if (c->values[i] && p->use & mask) {
            struct ds ds = DS_EMPTY_INITIALIZER;

            p->get(ctx, row, &ds);
            bool same = is_wanted(p, ds_cstr(&ds), c->values[i]);
            ds_destroy(&ds);
            if (!same) {
                return false;
            }
        }
    }
    return true;
}

/* Appends 'row' as PowerShell shows an object. */
static void
show_row(struct ctl_context *ctx, const struct cmdlet *c,
         const struct ovsdb_idl_row *row)
{
    int width = 0;

    for (size_t i = 0; i < c->n_properties; i++) {
        if (!(c->object->properties[i].use & HNV_CMDLET_HIDE)) {
            width = MAX(width, strlen(c->object->properties[i].name));
        }
    }
    ds_put_char(&ctx->output, '\n');
    for (size_t i = 0; i < c->n_properties; i++) {
        const struct hnv_cmdlet_property *p = &c->object->properties[i];

        if (!(p->use & HNV_CMDLET_HIDE)) {
            ds_put_format(&ctx->output, "%-*s : ", width, p->name);
            p->get(ctx, row, &ctx->output);
            ds_put_char(&ctx->output, '\n');
        }
    }
}

/* Returns the rows that the parameters in 'mask' are about, ended by null. */
static const struct ovsdb_idl_row **
select_rows(const struct ctl_context *ctx, const struct cmdlet *c,
            unsigned int mask)
{
    const struct ovsdb_idl_row **rows = NULL;
    size_t n = 0, allocated = 0;

    for (size_t i = 0; i < 2 && c->object->tables[i]; i++) {
        const struct hnv_ctl_noun *noun = hnv_ctl_nouns;

        while (noun->table != c->object->tables[i]) {
            noun++;
        }

        const struct ovsdb_idl_row **all = hnv_ctl_sorted(ctx->idl, noun);
        for (size_t j = 0; all[j]; j++) {
            if (row_matches(ctx, c, all[j], mask)) {
                if (n >= allocated) {
                    rows = x2nrealloc(rows, &allocated, sizeof *rows);
                }
                rows[n++] = all[j];
            }
        }
        free(all);
    }
    rows = xrealloc(rows, (n + 1) * sizeof *rows);
    rows[n] = NULL;
    return rows;
}

/* Makes the command's output a table of 'rows'. */
static void
show_table(struct ctl_context *ctx, const struct cmdlet *c,
           const struct ovsdb_idl_row **rows)
{
    const struct hnv_cmdlet_property *properties = c->object->properties;

    ctx->table = xmalloc(sizeof *ctx->table);
    table_init(ctx->table);
    for (size_t i = 0; i < c->n_properties; i++) {
        if (!(properties[i].use & HNV_CMDLET_HIDE)) {
            table_add_column(ctx->table, "%s", properties[i].name);
        }
    }
    for (; *rows; rows++) {
        table_add_row(ctx->table);
        for (size_t i = 0; i < c->n_properties; i++) {
            if (!(properties[i].use & HNV_CMDLET_HIDE)) {
                struct ds ds = DS_EMPTY_INITIALIZER;

                properties[i].get(ctx, *rows, &ds);
                table_add_cell(ctx->table)->text = ds_steal_cstr(&ds);
            }
        }
    }
}

static void
cmd_get(struct ctl_context *ctx)
{
    struct cmdlet c;

    if (parse_cmdlet(ctx, &c)) {
        const struct ovsdb_idl_row **rows = select_rows(ctx, &c, UINT_MAX);

        if (hnv_ctl_format_is_set()) {
            show_table(ctx, &c, rows);
        } else {
            for (size_t i = 0; rows[i]; i++) {
                show_row(ctx, &c, rows[i]);
            }
        }
        free(rows);
    }
}

static void
cmd_remove(struct ctl_context *ctx)
{
    struct cmdlet c;
    bool any = false;

    if (!parse_cmdlet(ctx, &c)) {
        return;
    }
    for (size_t i = 0; i < c.n_properties; i++) {
        any = any || c.values[i];
    }
    if (!any && !c.common[P_ALL]) {
        ctl_error(ctx, "%s without a parameter would remove all of them; if "
                  "you mean that, say -All", ctx->argv[0]);
        return;
    }

    const struct ovsdb_idl_row **rows = select_rows(ctx, &c, UINT_MAX);
    for (size_t i = 0; rows[i] && !ctx->error; i++) {
        if (c.common[P_PASS_THRU]) {
            show_row(ctx, &c, rows[i]);
        }
        c.object->remove(ctx, rows[i]);
    }
    free(rows);
}

/* Writes those of the parameters whose 'use' is in 'mask'. */
static bool
put_values(struct ctl_context *ctx, const struct cmdlet *c,
           const struct ovsdb_idl_row *row, unsigned int mask)
{
    for (size_t i = 0; i < c->n_properties; i++) {
        const struct hnv_cmdlet_property *p = &c->object->properties[i];

        if (c->values[i] && p->use & mask && !p->put(ctx, row, c->values[i])) {
            return false;
        }
    }
    return true;
}

static void
cmd_new(struct ctl_context *ctx)
{
    struct cmdlet c;

    if (!parse_cmdlet(ctx, &c)) {
        return;
    }
    for (size_t i = 0; i < c.n_properties; i++) {
        const struct hnv_cmdlet_property *p = &c.object->properties[i];

        if (p->use & HNV_CMDLET_MUST && !c.values[i]) {
            ctl_error(ctx, "%s needs -%s", ctx->argv[0], p->name);
            return;
        }
        if (c.values[i] && !(p->use & (HNV_CMDLET_MUST | HNV_CMDLET_NEW))) {
            ctl_error(ctx, "%s has no parameter -%s", ctx->argv[0], p->name);
            return;
        }
    }

    if (shash_find(&ctx->options, "--may-exist")) {
        const struct ovsdb_idl_row **rows = select_rows(ctx, &c, UINT_MAX);
        bool exists = rows[0] != NULL;

        free(rows);
        if (exists) {
            return;
        }
    }

    const struct ovsdb_idl_row *row
        = c.object->add(ctx, c.values, c.common[P_CIM_SESSION]);
    if (row && put_values(ctx, &c, row, HNV_CMDLET_MUST | HNV_CMDLET_NEW)) {
        c.object->judge(ctx, row);
        if (!ctx->error && c.common[P_PASS_THRU]) {
            show_row(ctx, &c, row);
        }
    }
}

static void
cmd_set(struct ctl_context *ctx)
{
    struct cmdlet c;

    if (!parse_cmdlet(ctx, &c)) {
        return;
    }
    for (size_t i = 0; i < c.n_properties; i++) {
        const struct hnv_cmdlet_property *p = &c.object->properties[i];

        if (c.values[i] && !(p->use & (HNV_CMDLET_KEY | HNV_CMDLET_SET))) {
            ctl_error(ctx, "%s cannot change -%s; remove the object and make "
                      "a new one", ctx->argv[0], p->name);
            return;
        }
    }

    const struct ovsdb_idl_row **rows
        = select_rows(ctx, &c, HNV_CMDLET_KEY);
    if (!rows[0]) {
        ctl_error(ctx, "%s: there is no %s with these values", ctx->argv[0],
                  c.object->name);
    }
    for (size_t i = 0; rows[i] && !ctx->error; i++) {
        if (put_values(ctx, &c, rows[i], HNV_CMDLET_SET)) {
            c.object->judge(ctx, rows[i]);
            if (!ctx->error && c.common[P_PASS_THRU]) {
                show_row(ctx, &c, rows[i]);
            }
        }
    }
    free(rows);
}

/* ------------------------------------------------------------------------ */
/* Global.                                                                  */
/* ------------------------------------------------------------------------ */

static void
pre_global(struct ctl_context *ctx)
{
    hnv_ctl_want(ctx, &hnvrec_table_hnv_global);
}

static void
cmd_get_global(struct ctl_context *ctx)
{
    const struct hnvrec_hnv_global *global = hnvrec_hnv_global_first(ctx->idl);

    ds_put_format(&ctx->output, "\nUseExternalRouter : %s\n",
                  global && global->use_external_router ? "True" : "False");
}

static void
cmd_set_global(struct ctl_context *ctx)
{
    static const char *const names[] = { "UseExternalRouter" };
    const char *values[ARRAY_SIZE(names)];

    if (hnv_cmdlet_parse(ctx, names, ARRAY_SIZE(names), values)
        && values[0]) {
        const char *value = values[0] + (values[0][0] == '$');

        hnv_ctl_put(ctx, &hnv_ctl_global(ctx)->header_,
                    &hnvrec_hnv_global_col_use_external_router, value);
    }
}

/* ------------------------------------------------------------------------ */
/* The commands.                                                            */
/* ------------------------------------------------------------------------ */

#define OBJECT(NAME)                                                        \
    { "Get-NetVirtualization" NAME, 0, INT_MAX, "[-PARAMETER VALUE]...",    \
      hnv_cmdlet_want, cmd_get, NULL, "", RO },                             \
    { "New-NetVirtualization" NAME, 0, INT_MAX, "-PARAMETER VALUE...",      \
      hnv_cmdlet_want, cmd_new, NULL, "--may-exist", RW },                  \
    { "Set-NetVirtualization" NAME, 0, INT_MAX, "-PARAMETER VALUE...",      \
      hnv_cmdlet_want, cmd_set, NULL, "", RW },                             \
    { "Remove-NetVirtualization" NAME, 0, INT_MAX,                          \
      "-PARAMETER VALUE...|-All",                                           \
      hnv_cmdlet_want, cmd_remove, NULL, "", RW }

const struct ctl_command_syntax hnv_ctl_cmdlets[] = {
    OBJECT("LookupRecord"),
    OBJECT("CustomerRoute"),
    OBJECT("ProviderAddress"),
    OBJECT("ProviderRoute"),
    { "Get-NetVirtualizationGlobal", 0, 0, "",
      pre_global, cmd_get_global, NULL, "", RO },
    { "Set-NetVirtualizationGlobal", 0, INT_MAX, "-UseExternalRouter BOOLEAN",
      pre_global, cmd_set_global, NULL, "", RW },
    { "Select-NetVirtualizationNextHop", 0, INT_MAX, "-PARAMETER VALUE...",
      hnv_ctl_pre_next_hop, hnv_ctl_cmd_select_next_hop, NULL, "", RO },
    { "next-hop", 2, 2, "VSID CA",
      hnv_ctl_pre_next_hop, hnv_ctl_cmd_next_hop, NULL, "", RO },

    { NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO },
};

/* PowerShell does not care about case. */
void
hnv_ctl_cmdlets_fix_case(char *argv[])
{
    bool first = true;

    for (size_t i = 0; argv[i]; i++) {
        if (first && argv[i][0] != '-') {
            for (const struct ctl_command_syntax *c = hnv_ctl_cmdlets;
                 c->name; c++) {
                if (!strcasecmp(argv[i], c->name)) {
                    argv[i] = CONST_CAST(char *, c->name);
                }
            }
            first = false;
        }
        first = first || !strcmp(argv[i], "--");
    }
}

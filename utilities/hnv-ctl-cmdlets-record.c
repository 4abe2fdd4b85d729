/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-cmdlets.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "hnv-values.h"
#include "packets.h"
#include "util.h"

/* LookupRecord, which is in two tables here: without a customer address, it
 * is a layer-2 record. */

#define ROW(TYPE, ROW_) CONTAINER_OF(ROW_, const struct hnvrec_##TYPE, header_)

void
hnv_cmdlet_want(struct ctl_context *ctx)
{
    hnv_ctl_want_policy(ctx);
    hnv_ctl_want_all_records(ctx);
    hnv_ctl_want(ctx, &hnvrec_table_l2_record);
    hnv_ctl_want(ctx, &hnvrec_table_record_info);
    hnv_ctl_want(ctx, &hnvrec_table_customer_route);
    hnv_ctl_want(ctx, &hnvrec_table_host);
    hnv_ctl_want(ctx, &hnvrec_table_provider_address);
    hnv_ctl_want(ctx, &hnvrec_table_provider_route);
    hnv_ctl_want(ctx, &hnvrec_table_network_site);
    hnv_ctl_want(ctx, &hnvrec_table_port);
}

void
hnv_cmdlet_put_mac(struct ds *ds, const char *mac)
{
    for (; *mac; mac++) {
        if (*mac != ':') {
            ds_put_char(ds, toupper((unsigned char) *mac));
        }
    }
}

/* $true and $false, as far as the shell has left them alone. */
static bool
put_boolean(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
            const struct ovsdb_idl_column *column, const char *value)
{
    const char *word = value + (value[0] == '$');

    return hnv_ctl_put(ctx, row, column, !strcmp(word, "1") ? "true"
                       : !strcmp(word, "0") ? "false" : word);
}

/* Enumerations of the module and ours. */
struct word {
    const char *theirs;
    int number;
    const char *ours;           /* Null if it is the default. */
};

static const struct word rules[] = {
    { "TranslationMethodNat", 0, "rewrite" },
    { "TranslationMethodEncap", 1, "encap" },
    { "TranslationMethodNone", 2, "none" },
    { NULL, 0, NULL }
};

static const struct word record_types[] = {
    { "Static", 0, "static" }, { "Dynamic", -1, "dynamic" },
    { NULL, 0, NULL }
};

static const struct word l2_types[] = {
    { "L2Only", 3, "l2_only" },
    { "GatewayWildcard", -1, "gateway_wildcard" },
    { NULL, 0, NULL }
};

static const char *
theirs(const struct word *words, const char *ours, const char *absent)
{
    for (; ours && words->theirs; words++) {
        if (!strcmp(words->ours, ours)) {
            return words->theirs;
        }
    }
    return absent;
}

/* Returns the one of 'words' that 'value' is, a name in any case or a number,
 * or null. */
static const struct word *
find_word(const struct word *words, const char *value)
{
    for (; words->theirs; words++) {
        char number[16];

        snprintf(number, sizeof number, "%d", words->number);
        if (!strcasecmp(words->theirs, value)
            || (words->number >= 0 && !strcmp(number, value))) {
            return words;
        }
    }
    return NULL;
}

static bool
put_word(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
         const struct ovsdb_idl_column *column, const struct word *words,
         const char *value)
{
    const struct word *word = find_word(words, value);
    struct ds names = DS_EMPTY_INITIALIZER;

    if (word) {
        return hnv_ctl_put(ctx, row, column, word->ours);
    }
    for (const struct word *w = words; w->theirs; w++) {
        ds_put_format(&names, "%s%s", w == words ? "" : ", ", w->theirs);
    }
    ctl_error(ctx, "%s: \"%.64s\" is none of %s", column->name, value,
              ds_cstr(&names));
    ds_destroy(&names);
    return false;
}

static bool
is_l2(const struct ovsdb_idl_row *row)
{
    return row->table->class_ == &hnvrec_table_l2_record;
}

/* A column that both kinds of records have. */
#define RECORD_COLUMN(ROW_, COLUMN)                     \
    (is_l2(ROW_) ? &hnvrec_l2_record_col_##COLUMN       \
     : &hnvrec_lookup_record_col_##COLUMN)

static const struct hnvrec_record_info *
find_info(const struct ovsdb_idl_row *row)
{
    return (is_l2(row) ? ROW(l2_record, row)->info
            : ROW(lookup_record, row)->info);
}

static const struct ovsdb_idl_row *
make_info(struct ctl_context *ctx, const struct ovsdb_idl_row *row)
{
    const struct hnvrec_record_info *info = find_info(row);

    if (!info) {
        info = hnvrec_record_info_insert(ctx->txn);
        hnv_ctl_add_ref(row, RECORD_COLUMN(row, info), &info->header_);
    }
    return &info->header_;
}

static void
get_ca(const struct ctl_context *ctx OVS_UNUSED,
       const struct ovsdb_idl_row *row, struct ds *ds)
{
    ds_put_cstr(ds, is_l2(row) ? "0.0.0.0"
                : ROW(lookup_record, row)->customer_address);
}

bool
hnv_cmdlet_is_any(const char *ca)
{
    struct in6_addr address;
    char *error = hnv_address_parse(ca, &address);
    bool any = !error && hnv_address_is_any(&address);

    free(error);
    return any;
}

static bool
put_ca(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
       const char *value)
{
    return is_l2(row)
           || hnv_ctl_put(ctx, row,
                          &hnvrec_lookup_record_col_customer_address, value);
}

static void
get_record_vsid(const struct ctl_context *ctx OVS_UNUSED,
                const struct ovsdb_idl_row *row, struct ds *ds)
{
    hnv_ctl_cell(row, RECORD_COLUMN(row, vsid), ds);
}

static bool
put_record_vsid(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
                const char *value)
{
    return hnv_ctl_put(ctx, row, RECORD_COLUMN(row, vsid), value);
}

static void
get_record_mac(const struct ctl_context *ctx OVS_UNUSED,
               const struct ovsdb_idl_row *row, struct ds *ds)
{
    hnv_cmdlet_put_mac(ds, is_l2(row) ? ROW(l2_record, row)->mac
                       : ROW(lookup_record, row)->mac);
}

static bool
put_record_mac(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
               const char *value)
{
    return hnv_ctl_put(ctx, row, RECORD_COLUMN(row, mac), value);
}

static void
get_record_pa(const struct ctl_context *ctx OVS_UNUSED,
              const struct ovsdb_idl_row *row, struct ds *ds)
{
    hnv_ctl_cell(row, RECORD_COLUMN(row, provider_addresses), ds);
}

static bool
put_record_pa(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
              const char *value)
{
    return hnv_ctl_put(ctx, row, RECORD_COLUMN(row, provider_addresses),
                       value);
}

static void
get_customer_id(const struct ctl_context *ctx OVS_UNUSED,
                const struct ovsdb_idl_row *row, struct ds *ds)
{
    const struct hnvrec_record_info *info = find_info(row);

    ds_put_format(ds, "{%s}", info && info->customer_id ? info->customer_id
                  : "00000000-0000-0000-0000-000000000000");
}

static bool
put_customer_id(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
                const char *value)
{
    return hnv_ctl_put(ctx, make_info(ctx, row),
                       &hnvrec_record_info_col_customer_id, value);
}

static void
get_context(const struct ctl_context *ctx OVS_UNUSED,
            const struct ovsdb_idl_row *row, struct ds *ds)
{
    const struct hnvrec_record_info *info = find_info(row);

    ds_put_cstr(ds, info ? info->context : "");
}

static bool
put_context(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
            const char *value)
{
    return hnv_ctl_put(ctx, make_info(ctx, row),
                       &hnvrec_record_info_col_context, value);
}

static void
get_vm_name(const struct ctl_context *ctx OVS_UNUSED,
            const struct ovsdb_idl_row *row, struct ds *ds)
{
    const struct hnvrec_record_info *info = find_info(row);

    ds_put_cstr(ds, info ? info->vm_name : "");
}

static bool
put_vm_name(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
            const char *value)
{
    return hnv_ctl_put(ctx, make_info(ctx, row),
                       &hnvrec_record_info_col_vm_name, value);
}

static void
get_rule(const struct ctl_context *ctx OVS_UNUSED,
         const struct ovsdb_idl_row *row, struct ds *ds)
{
    const char *rule = is_l2(row) ? ROW(l2_record, row)->rule
                                  : ROW(lookup_record, row)->rule;

    ds_put_cstr(ds, theirs(rules, rule, "TranslationMethodEncap"));
}

static bool
put_rule(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
         const char *value)
{
    return put_word(ctx, row, RECORD_COLUMN(row, rule), rules, value);
}

const char *
hnv_cmdlet_spell_rule(const char *rule)
{
    const struct word *word = find_word(rules, rule);

    return word ? word->theirs : rule;
}

static void
get_use_vm_mac(const struct ctl_context *ctx OVS_UNUSED,
               const struct ovsdb_idl_row *row, struct ds *ds)
{
    ds_put_cstr(ds, !is_l2(row) && ROW(lookup_record, row)->n_use_vm_mac
                && *ROW(lookup_record, row)->use_vm_mac ? "True" : "False");
}

static bool
put_use_vm_mac(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
               const char *value)
{
    return is_l2(row) || put_boolean(ctx, row,
                                     &hnvrec_lookup_record_col_use_vm_mac,
                                     value);
}

static void
get_type(const struct ctl_context *ctx OVS_UNUSED,
         const struct ovsdb_idl_row *row, struct ds *ds)
{
    ds_put_cstr(ds, is_l2(row)
                ? theirs(l2_types, ROW(l2_record, row)->type, "L2Only")
                : theirs(record_types, ROW(lookup_record, row)->type,
                         "Static"));
}

static bool
put_type(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
         const char *value)
{
    return put_word(ctx, row, RECORD_COLUMN(row, type),
                    is_l2(row) ? l2_types : record_types, value);
}

static char *
check_record(const struct ctl_context *ctx, const struct ovsdb_idl_row *row)
{
    return (is_l2(row) ? hnv_ctl_check_l2_record
            : hnv_ctl_check_record)(ctx, row);
}

static void
get_unusable(const struct ctl_context *ctx, const struct ovsdb_idl_row *row,
             struct ds *ds)
{
    char *error = check_record(ctx, row);

    ds_put_cstr(ds, error ? "True" : "False");
    free(error);
}

/* Indexes into the values of a LookupRecord, as listed below. */
enum { R_CA, R_VSID, R_MAC };

/* Sets ctx->error if the routing domain of 'subnet' has a record of 'ca'. */
static bool
is_new_record(struct ctl_context *ctx,
              const struct hnvrec_virtual_subnet *subnet, const char *ca)
{
    const struct hnvrec_lookup_record *record;
    char *normal = NULL;

    ctx->error = hnv_ctl_normal(&hnvrec_lookup_record_col_customer_address,
                                ca, &normal);
    if (ctx->error) {
        return false;
    }
    HNVREC_LOOKUP_RECORD_FOR_EACH (record, ctx->idl) {
        if (!ctx->error && record->routing_domain == subnet->routing_domain
            && !strcmp(record->customer_address, normal)) {
            ctl_error(ctx, "lookup record %s: virtual subnet %"PRId64" has "
                      "it already", normal, record->vsid);
        }
    }
    free(normal);
    return !ctx->error;
}

static const struct ovsdb_idl_row *
add_record(struct ctl_context *ctx, const char *const values[],
           const char *host OVS_UNUSED)
{
    const struct hnvrec_virtual_subnet *subnet
        = hnv_ctl_get_subnet(ctx, values[R_VSID]);
    if (!subnet) {
        return NULL;
    }
    if (hnv_cmdlet_is_any(values[R_CA])) {
        const struct hnvrec_l2_record *row
            = hnvrec_l2_record_insert(ctx->txn);

        hnvrec_l2_record_set_routing_domain(row, subnet->routing_domain);
        return &row->header_;
    }

    if (!is_new_record(ctx, subnet, values[R_CA])) {
        return NULL;
    }

    const struct hnvrec_lookup_record *record
        = hnvrec_lookup_record_insert(ctx->txn);
    hnvrec_lookup_record_set_routing_domain(record, subnet->routing_domain);
    return &record->header_;
}

static void
remove_record(struct ctl_context *ctx OVS_UNUSED,
              const struct ovsdb_idl_row *row)
{
    ovsdb_idl_txn_delete(row);
}

static void
judge_record(struct ctl_context *ctx, const struct ovsdb_idl_row *row)
{
    ctx->error = check_record(ctx, row);
    if (!ctx->error && !is_l2(row)) {
        const struct hnvrec_lookup_record *r = ROW(lookup_record, row);

        hnvrec_lookup_record_set_seq(r, r->seq + 1);
    }
}

#define MUST (HNV_CMDLET_MUST | HNV_CMDLET_KEY)
const struct hnv_cmdlet_object hnv_cmdlet_lookup_record = {
    "LookupRecord",
    { &hnvrec_table_lookup_record, &hnvrec_table_l2_record },
    {
        [R_CA] = { "CustomerAddress", MUST, get_ca, put_ca },
        [R_VSID] = { "VirtualSubnetID", MUST, get_record_vsid,
                     put_record_vsid },
        [R_MAC] = { "MACAddress", MUST, get_record_mac, put_record_mac },
        { "ProviderAddress", HNV_CMDLET_MUST | HNV_CMDLET_SET,
          get_record_pa, put_record_pa },
        { "CustomerID", HNV_CMDLET_NEW | HNV_CMDLET_SET,
          get_customer_id, put_customer_id },
        { "Context", HNV_CMDLET_NEW | HNV_CMDLET_SET,
          get_context, put_context },
        { "Rule", HNV_CMDLET_MUST | HNV_CMDLET_SET, get_rule, put_rule },
        { "VMName", HNV_CMDLET_NEW | HNV_CMDLET_SET,
          get_vm_name, put_vm_name },
        { "UseVmMACAddress", HNV_CMDLET_NEW | HNV_CMDLET_SET,
          get_use_vm_mac, put_use_vm_mac },
        { "Type", HNV_CMDLET_NEW, get_type, put_type },
        { "Unusable", HNV_CMDLET_STATE, get_unusable, NULL },
    },
    add_record, remove_record, judge_record, NULL
};

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "hnv-values.h"
#include "util.h"

/* Lookup records: where each customer address is. */

static const struct hnv_ctl_noun *const record_noun
    = &hnv_ctl_nouns[HNV_CTL_RECORD];
static const struct hnv_ctl_noun *const l2_noun
    = &hnv_ctl_nouns[HNV_CTL_L2_RECORD];

/* ------------------------------------------------------------------------ */
/* Which records to ask the database for.                                   */
/* ------------------------------------------------------------------------ */

static struct ovsdb_idl_condition record_condition
    = OVSDB_IDL_CONDITION_INIT(&record_condition);
static bool want_all_records;

/* Asks for the records, in any routing domain, of 'customer_address'. */
void
hnv_ctl_want_record(struct ctl_context *ctx, const char *customer_address)
{
    char *normal = NULL;
    char *error
        = hnv_ctl_normal(&hnvrec_lookup_record_col_customer_address,
                         customer_address, &normal);

    hnv_ctl_want(ctx, &hnvrec_table_lookup_record);
    if (!error) {
        hnvrec_lookup_record_add_clause_customer_address(
            &record_condition, OVSDB_F_EQ, normal);
        free(normal);
    }
    /* Otherwise the command will say what is wrong. */
    free(error);
}

void
hnv_ctl_want_records_in(struct ctl_context *ctx, const char *vsid)
{
    uint32_t value;
    char *error = hnv_vsid_parse(vsid, &value);

    hnv_ctl_want(ctx, &hnvrec_table_lookup_record);
    if (!error) {
        hnvrec_lookup_record_add_clause_vsid(&record_condition, OVSDB_F_EQ,
                                             value);
    } else {
        /* The name of a domain, for example. */
        free(error);
        want_all_records = true;
    }
}

void
hnv_ctl_want_all_records(struct ctl_context *ctx)
{
    hnv_ctl_want(ctx, &hnvrec_table_lookup_record);
    want_all_records = true;
}

/* Tells the database what the commands want, after they have all said so.
 * With 'everything', a command that says nothing about it wants all. */
void
hnv_ctl_set_conditions(struct ovsdb_idl *idl, bool everything)
{
    if (!everything && !want_all_records) {
        ovsdb_idl_set_condition(idl, &hnvrec_table_lookup_record,
                                &record_condition);
    }
    ovsdb_idl_condition_destroy(&record_condition);
}

static void
pre_record(struct ctl_context *ctx)
{
    hnv_ctl_want_policy(ctx);
    hnv_ctl_want_record(ctx, ctx->argv[2]);
}

/* The text after "pool:", or null. */
static const char *
pool_name(const char *text)
{
    return strncmp(text, "pool:", 5) ? NULL : text + 5;
}

static void
pre_record_add(struct ctl_context *ctx)
{
    pre_record(ctx);
    hnv_ctl_want(ctx, &hnvrec_table_lookup_request);
    if (pool_name(ctx->argv[2])) {
        hnv_ctl_want_records_in(ctx, ctx->argv[1]);
    }
    if (pool_name(ctx->argv[2]) || pool_name(ctx->argv[3])) {
        hnv_ctl_want_pools(ctx);
    }
    for (int i = 5; i < ctx->argc; i++) {
        if (!strcmp(ctx->argv[i], "rule=rewrite")) {
            /* To see that nobody else has the provider address. */
            hnv_ctl_want_all_records(ctx);
            hnv_ctl_want(ctx, &hnvrec_table_provider_address);
        }
    }
}

static void
pre_record_list(struct ctl_context *ctx)
{
    hnv_ctl_want_policy(ctx);
    if (ctx->argc > 1) {
        hnv_ctl_want_records_in(ctx, ctx->argv[1]);
    } else {
        hnv_ctl_want_all_records(ctx);
    }
    hnv_ctl_want(ctx, &hnvrec_table_l2_record);
}

static void
pre_record_find(struct ctl_context *ctx)
{
    hnv_ctl_want_policy(ctx);
    hnv_ctl_want_all_records(ctx);
    hnv_ctl_want(ctx, &hnvrec_table_l2_record);
}

static void
pre_l2_record(struct ctl_context *ctx)
{
    hnv_ctl_want_policy(ctx);
    hnv_ctl_want(ctx, &hnvrec_table_l2_record);
}

/* ------------------------------------------------------------------------ */
/* Commands.                                                                */
/* ------------------------------------------------------------------------ */

/* Returns the subnet of VSID 'text'.  Sets ctx->error if there is none. */
const struct hnvrec_virtual_subnet *
hnv_ctl_get_subnet(struct ctl_context *ctx, const char *text)
{
    uint32_t vsid;

    ctx->error = hnv_vsid_parse(text, &vsid);
    if (ctx->error) {
        return NULL;
    }

    const struct hnvrec_virtual_subnet *subnet
        = hnv_ctl_subnet(ctx->idl, vsid);
    if (!subnet) {
        ctl_error(ctx, "there is no virtual subnet %s; add it with "
                  "\"subnet-add\" or New-NetVirtualizationCustomerRoute",
                  text);
    }
    return subnet;
}

/* Returns the record of customer address 'ca' in the routing domain of
 * 'subnet', or null. */
static const struct hnvrec_lookup_record *
find_record(struct ctl_context *ctx,
            const struct hnvrec_virtual_subnet *subnet, const char *ca)
{
    const struct hnvrec_lookup_record *record, *found = NULL;
    char *normal = NULL;

    ctx->error = hnv_ctl_normal(&hnvrec_lookup_record_col_customer_address,
                                ca, &normal);
    if (ctx->error) {
        return NULL;
    }
    HNVREC_LOOKUP_RECORD_FOR_EACH (record, ctx->idl) {
        if (record->routing_domain == subnet->routing_domain
            && !strcmp(record->customer_address, normal)) {
            found = record;
            break;
        }
    }
    free(normal);
    return found;
}

/* Counts a change, for those who keep copies of records. */
static void
bump_seq(const struct ovsdb_idl_row *row, bool is_new)
{
    struct hnvrec_lookup_record *record
        = CONTAINER_OF(row, struct hnvrec_lookup_record, header_);

    if (!is_new) {
        hnvrec_lookup_record_set_seq(record, record->seq + 1);
    }
}

/* Deletes the requests of hosts that wait for 'record'. */
static void
answer_requests(struct ctl_context *ctx,
                const struct hnvrec_lookup_record *record)
{
    const struct hnvrec_lookup_request *request;

    HNVREC_LOOKUP_REQUEST_FOR_EACH_SAFE (request, ctx->idl) {
        if (request->routing_domain == record->routing_domain
            && !strcmp(request->customer_address, record->customer_address)) {
            hnvrec_lookup_request_delete(request);
        }
    }
}

static void
record_add(struct ctl_context *ctx, const char *ca, const char *mac)
{
    const struct hnvrec_virtual_subnet *subnet
        = hnv_ctl_get_subnet(ctx, ctx->argv[1]);
    const struct hnvrec_lookup_record *record
        = subnet ? find_record(ctx, subnet, ca) : NULL;

    if (ctx->error) {
        return;
    }
    if (record && record->vsid != subnet->vsid) {
        ctl_error(ctx, "lookup record %s: virtual subnet %"PRId64" of the "
                  "same routing domain has this customer address already; "
                  "choose another, or delete that record", ca,
                  record->vsid);
        return;
    }

    bool is_new = !record;
    if (!hnv_ctl_may_add(ctx, record_noun,
                         is_new ? NULL : &record->header_, ca)) {
        return;
    }
    if (is_new) {
        record = hnvrec_lookup_record_insert(ctx->txn);
        hnvrec_lookup_record_set_routing_domain(record,
                                                subnet->routing_domain);
        hnvrec_lookup_record_set_vsid(record, subnet->vsid);
    }

    const struct ovsdb_idl_row *row = &record->header_;
    if (hnv_ctl_put(ctx, row, &hnvrec_lookup_record_col_customer_address, ca)
        && hnv_ctl_put(ctx, row, &hnvrec_lookup_record_col_mac, mac)
        && hnv_ctl_put(ctx, row,
                       &hnvrec_lookup_record_col_provider_addresses,
                       ctx->argv[4])
        && hnv_ctl_put_settings(ctx, record_noun, row, 5)) {
        bump_seq(row, is_new);
        answer_requests(ctx, record);
        hnv_ctl_judge(ctx, record_noun, row);
    }
}

/* record-add VSID CA|pool:POOL MAC|pool:POOL PA[,PA]... [COLUMN=VALUE]... */
static void
cmd_record_add(struct ctl_context *ctx)
{
    const char *ip_pool = pool_name(ctx->argv[2]);
    const char *mac_pool = pool_name(ctx->argv[3]);
    char *ca = NULL, *mac = NULL;

    if (ip_pool) {
        ca = hnv_ctl_allocate_ip(ctx, ip_pool, ctx->argv[1], NULL);
    }
    if (mac_pool && !ctx->error) {
        mac = hnv_ctl_allocate_mac(ctx, mac_pool, ctx->argv[1]);
    }
    if (!ctx->error) {
        record_add(ctx, ca ? ca : ctx->argv[2], mac ? mac : ctx->argv[3]);
    }
    if (!ctx->error && (ca || mac)) {
        ds_put_format(&ctx->output, "%s %s\n", ca ? ca : ctx->argv[2],
                      mac ? mac : ctx->argv[3]);
    }
    free(ca);
    free(mac);
}

static const struct hnvrec_lookup_record *
get_record(struct ctl_context *ctx)
{
    const struct hnvrec_virtual_subnet *subnet
        = hnv_ctl_get_subnet(ctx, ctx->argv[1]);
    const struct hnvrec_lookup_record *record
        = subnet ? find_record(ctx, subnet, ctx->argv[2]) : NULL;

    if (ctx->error || (record && record->vsid == subnet->vsid)) {
        return record;
    }
    if (!shash_find(&ctx->options, "--if-exists")) {
        ctl_error(ctx, "virtual subnet %s has no lookup record %s; "
                  "\"hnv-ctl record-list %s\" shows what it has",
                  ctx->argv[1], ctx->argv[2], ctx->argv[1]);
    }
    return NULL;
}

static void
cmd_record_set(struct ctl_context *ctx)
{
    const struct hnvrec_lookup_record *record = get_record(ctx);

    if (record
        && hnv_ctl_put_settings(ctx, record_noun, &record->header_, 3)) {
        bump_seq(&record->header_, false);
        hnv_ctl_judge(ctx, record_noun, &record->header_);
    }
}

static void
cmd_record_del(struct ctl_context *ctx)
{
    const struct hnvrec_lookup_record *record = get_record(ctx);

    if (record) {
        hnv_ctl_delete(ctx, record_noun, &record->header_);
    }
}

/* Lists lookup records, and then the dynamic addresses of machines. */
static void
cmd_record_list(struct ctl_context *ctx)
{
    struct hnv_ctl_dynamic *list;
    size_t n;

    hnv_ctl_cmd_list(ctx);
    if (ctx->error) {
        return;
    }
    list = hnv_ctl_dynamic_sorted(ctx->idl, &n);
    for (size_t i = 0; i < n; i++) {
        char *vsid = xasprintf("%"PRId64, list[i].l2->vsid);

        if (ctx->argc < 2 || !strcmp(ctx->argv[1], vsid)
            || !strcmp(ctx->argv[1], list[i].l2->routing_domain->name)
            || !strcmp(ctx->argv[1], list[i].ca)) {
            hnv_ctl_dynamic_add(ctx->table, &list[i]);
        }
        free(vsid);
    }
    free(list);
}

static bool
is_one_of(const char *text, char **texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(texts[i], text)) {
            return true;
        }
    }
    return false;
}

/* Adds to 'table' the dynamic addresses that have to do with 'text'. */
static void
find_dynamic(struct ctl_context *ctx, struct table *table, const char *text)
{
    size_t n;
    struct hnv_ctl_dynamic *list = hnv_ctl_dynamic_sorted(ctx->idl, &n);

    for (size_t i = 0; i < n; i++) {
        const struct hnvrec_l2_record *l2 = list[i].l2;

        if (!strcmp(list[i].ca, text) || !strcmp(l2->mac, text)
            || (l2->port && !strcmp(l2->port, text))
            || is_one_of(text, l2->provider_addresses,
                         l2->n_provider_addresses)
            || is_one_of(text, l2->standby_addresses,
                         l2->n_standby_addresses)) {
            hnv_ctl_dynamic_add(table, &list[i]);
        }
    }
    free(list);
}

/* Lists all records that have to do with an address, a MAC, or a port,
 * whatever their routing domain. */
static void
cmd_record_find(struct ctl_context *ctx)
{
    const struct ovsdb_idl_row **rows
        = hnv_ctl_sorted(ctx->idl, record_noun);
    struct table *table = hnv_ctl_table(ctx, record_noun);
    char *text = NULL;
    char *error = hnv_ctl_normal(&hnvrec_lookup_record_col_customer_address,
                                 ctx->argv[1], &text);

    if (error) {
        free(error);
        error = hnv_ctl_normal(&hnvrec_lookup_record_col_mac, ctx->argv[1],
                               &text);
    }
    if (error) {
        free(error);
        text = xstrdup(ctx->argv[1]);
    }
    for (size_t i = 0; rows[i]; i++) {
        const struct hnvrec_lookup_record *r
            = CONTAINER_OF(rows[i], const struct hnvrec_lookup_record,
                           header_);

        if (!strcmp(r->customer_address, text) || !strcmp(r->mac, text)
            || (r->port && !strcmp(r->port, text))
            || is_one_of(text, r->provider_addresses,
                         r->n_provider_addresses)
            || is_one_of(text, r->standby_addresses,
                         r->n_standby_addresses)) {
            hnv_ctl_table_add(table, record_noun, rows[i]);
        }
    }
    find_dynamic(ctx, table, text);
    free(text);
    free(rows);
}

/* ------------------------------------------------------------------------ */
/* Records of machines whose customer address nobody knows.                 */
/* ------------------------------------------------------------------------ */

static const struct hnvrec_l2_record *
find_l2_record(struct ctl_context *ctx,
               const struct hnvrec_virtual_subnet *subnet, const char *mac)
{
    const struct hnvrec_l2_record *record, *found = NULL;
    char *normal = NULL;

    ctx->error = hnv_ctl_normal(&hnvrec_l2_record_col_mac, mac, &normal);
    if (ctx->error) {
        return NULL;
    }
    HNVREC_L2_RECORD_FOR_EACH (record, ctx->idl) {
        if (record->vsid == subnet->vsid && !strcmp(record->mac, normal)) {
            found = record;
            break;
        }
    }
    free(normal);
    return found;
}

/* l2-record-add VSID MAC PA[,PA]... [COLUMN=VALUE]... */
static void
cmd_l2_record_add(struct ctl_context *ctx)
{
    const struct hnvrec_virtual_subnet *subnet
        = hnv_ctl_get_subnet(ctx, ctx->argv[1]);
    const char *mac = ctx->argv[2];
    const struct hnvrec_l2_record *record
        = subnet ? find_l2_record(ctx, subnet, mac) : NULL;

    if (ctx->error
        || !hnv_ctl_may_add(ctx, l2_noun, record ? &record->header_ : NULL,
                            mac)) {
        return;
    }
    if (!record) {
        record = hnvrec_l2_record_insert(ctx->txn);
        hnvrec_l2_record_set_routing_domain(record, subnet->routing_domain);
        hnvrec_l2_record_set_vsid(record, subnet->vsid);
    } else {
        hnvrec_l2_record_set_seq(record, record->seq + 1);
    }

    const struct ovsdb_idl_row *row = &record->header_;
    if (hnv_ctl_put(ctx, row, &hnvrec_l2_record_col_mac, mac)
        && hnv_ctl_put(ctx, row, &hnvrec_l2_record_col_provider_addresses,
                       ctx->argv[3])
        && hnv_ctl_put_settings(ctx, l2_noun, row, 4)) {
        hnv_ctl_judge(ctx, l2_noun, row);
    }
}

static const struct hnvrec_l2_record *
get_l2_record(struct ctl_context *ctx)
{
    const struct hnvrec_virtual_subnet *subnet
        = hnv_ctl_get_subnet(ctx, ctx->argv[1]);
    const struct hnvrec_l2_record *record
        = subnet ? find_l2_record(ctx, subnet, ctx->argv[2]) : NULL;

    if (!ctx->error && !record && !shash_find(&ctx->options, "--if-exists")) {
        ctl_error(ctx, "virtual subnet %s has no layer-2 record %s; "
                  "\"hnv-ctl l2-record-list %s\" shows what it has",
                  ctx->argv[1], ctx->argv[2], ctx->argv[1]);
    }
    return record;
}

static void
cmd_l2_record_set(struct ctl_context *ctx)
{
    const struct hnvrec_l2_record *record = get_l2_record(ctx);

    if (record && hnv_ctl_put_settings(ctx, l2_noun, &record->header_, 3)) {
        hnvrec_l2_record_set_seq(record, record->seq + 1);
        hnv_ctl_judge(ctx, l2_noun, &record->header_);
    }
}

static void
cmd_l2_record_del(struct ctl_context *ctx)
{
    const struct hnvrec_l2_record *record = get_l2_record(ctx);

    if (record) {
        hnv_ctl_delete(ctx, l2_noun, &record->header_);
    }
}

const struct ctl_command_syntax hnv_ctl_record_commands[] = {
    { "record-add", 4, INT_MAX,
      "VSID CA|pool:POOL MAC|pool:POOL PA[,PA]... [COLUMN=VALUE]...",
      pre_record_add, cmd_record_add, NULL, "--may-exist", RW },
    { "record-set", 3, INT_MAX, "VSID CA COLUMN=VALUE...",
      pre_record, cmd_record_set, NULL, "", RW },
    { "record-del", 2, 2, "VSID CA",
      pre_record, cmd_record_del, NULL, "--if-exists", RW },
    { "record-list", 0, 1, "[DOMAIN|VSID]",
      pre_record_list, cmd_record_list, NULL, "", RO },
    { "record-find", 1, 1, "CA|PA|MAC|PORT",
      pre_record_find, cmd_record_find, NULL, "", RO },

    { "l2-record-add", 3, INT_MAX, "VSID MAC PA[,PA]... [COLUMN=VALUE]...",
      pre_l2_record, cmd_l2_record_add, NULL, "--may-exist", RW },
    { "l2-record-set", 3, INT_MAX, "VSID MAC COLUMN=VALUE...",
      pre_l2_record, cmd_l2_record_set, NULL, "", RW },
    { "l2-record-del", 2, 2, "VSID MAC",
      pre_l2_record, cmd_l2_record_del, NULL, "--if-exists", RW },
    { "l2-record-list", 0, 1, "[DOMAIN|VSID]",
      pre_l2_record, hnv_ctl_cmd_list, NULL, "", RO },

    { NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO },
};

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <stdlib.h>
#include <string.h>

#include "hnv-errors.h"
#include "hnv-peers.h"
#include "hnv-policy.h"
#include "hnv-rows.h"
#include "hnv-values.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "packets.h"
#include "util.h"
#include "uuid.h"

/* Dynamic addresses, which hosts learn and write to the L2_Record of the
 * machine, shown as the lookup records that they are in effect.  Which of them
 * are in force is judged by the policy that hnv-agent uses, too. */

/* The policy as hosts have it, as far as it decides which are in force. */
static struct hnv_policy *
read_policy(const struct ovsdb_idl *idl, struct hnv_peers *peers)
{
    const struct hnv_rows rows = { .idl = idl };
    struct hnv_arena arena = HNV_ARENA_INITIALIZER;
    struct hnv_errors errors = HNV_ERRORS_INITIALIZER;
    struct hnv_policy_input in = { .n_domains = 0 };
    struct hnv_policy *policy;

    hnv_rows_add_domains(&rows, &arena, &in);
    hnv_rows_add_subnets(&rows, &arena, &in);
    hnv_rows_add_l2_records(&rows, &arena, &in);
    policy = hnv_policy_create(&in, peers, &errors);
    hnv_errors_clear(&errors);
    hnv_arena_destroy(&arena);
    return policy;
}

static char *
make_key(const struct hnvrec_routing_domain *domain, const struct in6_addr *ca)
{
    struct ds key = DS_EMPTY_INITIALIZER;

    ds_put_format(&key, UUID_FMT" ", UUID_ARGS(&domain->header_.uuid));
    ipv6_format_addr(ca, &key);
    return ds_steal_cstr(&key);
}

/* Adds what 'l2' has, if anything, to 'all'. */
static void
collect(const struct ovsdb_idl *idl, const struct hnv_l2_record *l2,
        struct shash *all)
{
    const struct hnvrec_l2_record *row
        = hnvrec_l2_record_get_for_uuid(idl, &l2->uuid);

    for (size_t i = 0; row && row->routing_domain
         && i < row->n_dynamic_addresses; i++) {
        const char *text = row->key_dynamic_addresses[i];
        struct in6_addr ca;
        char *error = hnv_address_parse(text, &ca);

        if (!error && hnv_l2_record_dynamic(l2, &ca)) {
            const struct hnv_ctl_dynamic d = { row, text };
            char *key = make_key(row->routing_domain, &ca);

            shash_add_once(all, key, xmemdup(&d, sizeof d));
            free(key);
        }
        free(error);
    }
}

/* Takes away what has a lookup record, which comes first. */
static void
take_records_away(const struct ovsdb_idl *idl, struct shash *all)
{
    const struct hnvrec_lookup_record *record;

    HNVREC_LOOKUP_RECORD_FOR_EACH (record, idl) {
        struct in6_addr ca;
        char *error;

        if (shash_is_empty(all)) {
            break;
        }
        error = hnv_address_parse(record->customer_address, &ca);
        if (!error && record->routing_domain) {
            char *key = make_key(record->routing_domain, &ca);

            free(shash_find_and_delete(all, key));
            free(key);
        }
        free(error);
    }
}

static int
compare_dynamics(const void *a_, const void *b_)
{
    const struct hnv_ctl_dynamic *a = a_, *b = b_;
    int cmp = strcmp(a->l2->routing_domain->name, b->l2->routing_domain->name);

    return (cmp ? cmp
            : a->l2->vsid != b->l2->vsid
            ? (a->l2->vsid < b->l2->vsid ? -1 : 1)
            : strverscmp(a->ca, b->ca));
}

/* Returns the dynamic addresses in force, in order, and stores their number in
 * '*n'.  The caller frees the array. */
struct hnv_ctl_dynamic *
hnv_ctl_dynamic_sorted(const struct ovsdb_idl *idl, size_t *n)
{
    struct shash all = SHASH_INITIALIZER(&all);
    struct hnv_peers *peers = hnv_peers_create();
    struct hnv_policy *policy = read_policy(idl, peers);
    struct hnv_ctl_dynamic *list;
    struct shash_node *node;

    for (size_t i = 0; i < policy->n_l2_records; i++) {
        if (policy->l2_records[i].n_dynamic) {
            collect(idl, &policy->l2_records[i], &all);
        }
    }
    take_records_away(idl, &all);
    hnv_policy_destroy(policy);
    hnv_peers_destroy(peers);
    *n = 0;
    list = xmalloc(MAX(shash_count(&all), 1) * sizeof *list);
    SHASH_FOR_EACH (node, &all) {
        list[(*n)++] = *(const struct hnv_ctl_dynamic *) node->data;
    }
    shash_destroy_free_data(&all);
    if (*n) {
        qsort(list, *n, sizeof *list, compare_dynamics);
    }
    return list;
}

/* Returns the machine that has the dynamic address 'ca' in 'domain', or
 * null. */
const struct hnvrec_l2_record *
hnv_ctl_dynamic_find(const struct ovsdb_idl *idl,
                     const struct hnvrec_routing_domain *domain,
                     const char *ca)
{
    const struct hnvrec_l2_record *found = NULL;
    size_t n;
    struct hnv_ctl_dynamic *list = hnv_ctl_dynamic_sorted(idl, &n);

    for (size_t i = 0; i < n; i++) {
        if (list[i].l2->routing_domain == domain
            && !strcmp(list[i].ca, ca)) {
            found = list[i].l2;
        }
    }
    free(list);
    return found;
}

static const struct ovsdb_idl_column *
find_l2_column(const char *name)
{
    const struct ovsdb_idl_table_class *class = &hnvrec_table_l2_record;

    for (size_t i = 0; i < class->n_columns; i++) {
        if (!strcmp(class->columns[i].name, name)) {
            return &class->columns[i];
        }
    }
    OVS_NOT_REACHED();
}

/* Adds 'd' to 'table', one of lookup records. */
void
hnv_ctl_dynamic_add(struct table *table, const struct hnv_ctl_dynamic *d)
{
    const struct hnv_ctl_noun *noun = &hnv_ctl_nouns[HNV_CTL_RECORD];

    table_add_row(table);
    for (size_t i = 0; noun->columns[i]; i++) {
        const struct ovsdb_idl_column *column = noun->columns[i];
        const char *value
            = (column == &hnvrec_lookup_record_col_customer_address ? d->ca
               : column == &hnvrec_lookup_record_col_type ? "dynamic" : NULL);

        if (value) {
            struct cell *cell = table_add_cell(table);

            cell->json = json_string_create(value);
            cell->type = &column->type;
        } else {
            hnv_ctl_table_cell(table, &d->l2->header_,
                               find_l2_column(column->name));
        }
    }
}

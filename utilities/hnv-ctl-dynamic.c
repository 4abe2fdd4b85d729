/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <stdlib.h>
#include <string.h>

#include "hnv-policy.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "util.h"
#include "uuid.h"

/* Dynamic addresses, which hosts learn and write to the L2_Record of the
 * machine, shown as the lookup records that they are in effect. */

static char *
make_key(const struct hnvrec_routing_domain *domain, const char *ca)
{
    return xasprintf(UUID_FMT" %s", UUID_ARGS(&domain->header_.uuid), ca);
}

static void
collect(const struct ovsdb_idl *idl, struct shash *all)
{
    const struct hnvrec_l2_record *l2;

    HNVREC_L2_RECORD_FOR_EACH (l2, idl) {
        for (size_t i = 0; l2->dynamic_limit && l2->routing_domain
             && i < l2->n_dynamic_addresses; i++) {
            struct hnv_ctl_dynamic d = {
                l2, l2->key_dynamic_addresses[i],
                l2->value_dynamic_addresses[i]
            };
            char *key = make_key(l2->routing_domain, d.ca);
            struct hnv_ctl_dynamic *other = shash_find_data(all, key);

            if (!other) {
                shash_add(all, key, xmemdup(&d, sizeof d));
            } else if (hnv_dynamic_compare(
                           d.time, &l2->header_.uuid,
                           other->time, &other->l2->header_.uuid) < 0) {
                *other = d;
            }
            free(key);
        }
    }
}

/* Takes away what has a lookup record, which comes first. */
static void
take_records_away(const struct ovsdb_idl *idl, struct shash *all)
{
    const struct hnvrec_lookup_record *record;

    HNVREC_LOOKUP_RECORD_FOR_EACH (record, idl) {
        if (shash_is_empty(all)) {
            break;
        }
        if (record->routing_domain) {
            char *key = make_key(record->routing_domain,
                                 record->customer_address);

            free(shash_find_and_delete(all, key));
            free(key);
        }
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
    struct hnv_ctl_dynamic *list;
    struct shash_node *node;

    collect(idl, &all);
    take_records_away(idl, &all);
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

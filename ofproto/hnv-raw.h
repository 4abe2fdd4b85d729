/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_RAW_H
#define HNV_RAW_H 1

#include "hnv-record.h"
#include "openvswitch/uuid.h"
#include "svec.h"

struct ovsdb_cs_row_update;

/* A row of Lookup_Record, as text
 * ===============================
 *
 * What
 * ----
 *
 * What stands between the database's JSON and a struct hnv_record.  The
 * database sends a change of a row as the difference to what the row was, so
 * a record is turned back into its text, the difference is applied, and the
 * text is turned into a record again.
 *
 *
 * What not
 * --------
 *
 * No column is judged here, but a column of an unexpected type is ignored.
 *
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread, with its own arguments. */

struct hnv_raw {
    struct uuid routing_domain;
    int64_t vsid;
    char *customer_address;
    char *mac;
    struct svec pas;            /* provider_addresses, sorted. */
    struct svec standby;        /* standby_addresses, sorted. */
    enum hnv_rule rule;
    bool disabled;              /* Is the state "disabled" or "unbound"? */
    bool use_vm_mac;
};

void hnv_raw_init(struct hnv_raw *);
void hnv_raw_init_from_record(struct hnv_raw *, const struct hnv_record *,
                              const struct uuid *routing_domain);
void hnv_raw_destroy(struct hnv_raw *);

void hnv_raw_apply(struct hnv_raw *, const struct ovsdb_cs_row_update *);
void hnv_raw_to_row(const struct hnv_raw *, const struct uuid *,
                    uint32_t domain_key, struct hnv_record_row *);

#endif /* hnv-raw.h */

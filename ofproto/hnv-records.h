/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_RECORDS_H
#define HNV_RECORDS_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "hnv-record.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"

struct hnv_errors;
struct ovsdb_cs_row_update;
struct hnv_peers;

/* The lookup records that a host holds
 * ====================================
 *
 * What
 * ----
 *
 * A table of all records that came from the database and make sense, with
 * about 130 bytes for each, since there may be a million.  It is indexed by
 * row and by customer address.
 *
 * The module decodes the changes that hnv-feed delivers, and tells its owner
 * about each record that comes, changes or goes, with its value before and
 * after.
 *
 * A row that makes no sense is kept apart, with what is wrong with it.  So is
 * the one with the greater UUID if two rows are about one customer address, or
 * if two rows, of whichever tenants, rewrite one provider address.
 *
 *
 * What not
 * --------
 *
 * Whether a record fits the rest of the policy, and the flows of a record, are
 * the business of the owner.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

/* A record. */
struct hnv_entry {
    struct hmap_node by_uuid;   /* In 'by_uuid' of struct hnv_records. */
    struct hmap_node by_ca;     /* In 'by_ca' of struct hnv_records. */
    struct hnv_record record;

    bool stale : 1;             /* Gone, unless the update mentions it. */

    /* The owner's. */
    struct ovs_list missing;    /* Links those not installed. */
    bool installed : 1;         /* Are its flows in the switch? */
    unsigned int n_seen : 4;    /* If not, how many are. */
};

/* What the owner of a table does.  All get the owner's 'aux'. */
struct hnv_records_handler {
    /* Returns the number that routing domain 'uuid' has in the switch, or 0 if
     * there is no such domain. */
    uint32_t (*get_key)(const struct uuid *uuid, void *aux);

    /* Stores in '*uuid' the routing domain whose number is 'domain_key'.
     * Returns false if there is no such domain. */
    bool (*get_domain)(uint32_t domain_key, struct uuid *uuid, void *aux);

    /* 'entry' is new, and 'old' is NULL, or it had the value 'old' before. */
    void (*put)(struct hnv_entry *entry, const struct hnv_record *old,
                void *aux);

    /* 'entry' is about to go away. */
    void (*removed)(struct hnv_entry *entry, void *aux);
};

struct hnv_records *hnv_records_create(struct hnv_peers *,
                                       const struct hnv_records_handler *,
                                       void *aux);
void hnv_records_destroy(struct hnv_records *);

/* Feeding it: see hnv-feed.h. */
void hnv_records_clear(struct hnv_records *);
void hnv_records_update(struct hnv_records *,
                        const struct ovsdb_cs_row_update *);
void hnv_records_updated(struct hnv_records *);

size_t hnv_records_count(const struct hnv_records *);
struct hnv_entry *hnv_records_find(const struct hnv_records *,
                                   const struct uuid *);
struct hnv_entry *hnv_records_find_ca(const struct hnv_records *,
                                      uint32_t domain_key,
                                      const struct in6_addr *);
struct hnv_entry *hnv_records_find_rewritten(const struct hnv_records *,
                                             const struct in6_addr *pa);
struct hnv_entry *hnv_records_find_bits(const struct hnv_records *,
                                        uint64_t uuid_bits,
                                        const struct hnv_entry *after);

/* All records: start with '*position' zeroed.  Adding records in between is
 * safe, but may make this miss some. */
struct hnv_entry *hnv_records_next(const struct hnv_records *,
                                   struct hmap_position *);

/* Rows that are not in the table. */
void hnv_records_retry(struct hnv_records *);
void hnv_records_get_errors(const struct hnv_records *, struct hnv_errors *);

#endif /* hnv-records.h */

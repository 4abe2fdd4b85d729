/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_FEED_H
#define HNV_FEED_H 1

#include <stdbool.h>
#include <stdint.h>
#include "openvswitch/uuid.h"

struct hnv_wanted;
struct ovsdb_cs_row_update;

/* Lookup records, as they come from the HNV database
 * ==================================================
 *
 * What
 * ----
 *
 * A session with the HNV database that monitors the Lookup_Record table, which
 * has a row for each customer address and thus is the only table that can be
 * very large.  It monitors the records that its owner names with
 * hnv_feed_want(), and hands each change of one to its owner.  Many at once
 * are asked for in stages, see hnv-stages.h, and handed over a few in each
 * run, so that the owner can go on with them meanwhile.
 *
 * The module uses ovsdb_cs and not an ovsdb_idl, because the latter needs more
 * than 3 kB for a row.
 *
 * It also answers, with a query, which record a customer address has, for
 * routing domains whose records are fetched on demand.
 *
 *
 * What not
 * --------
 *
 * The module remembers no record and understands no column.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

/* What the owner of a feed does. */
struct hnv_feed_handler {
    /* All records that there are follow: those that do not are gone. */
    void (*clear)(void *aux);

    /* Row 'update->row_uuid' changed. */
    void (*update)(const struct ovsdb_cs_row_update *update, void *aux);

    /* That was all, for now. */
    void (*updated)(void *aux);

    /* The query for 'customer_address' in 'routing_domain' found the record
     * 'record', or none, if 'record' is NULL. */
    void (*found)(const struct uuid *routing_domain,
                  const char *customer_address, const struct uuid *record,
                  void *aux);
};

struct hnv_feed *hnv_feed_create(const struct hnv_feed_handler *, void *aux);
void hnv_feed_destroy(struct hnv_feed *);
void hnv_feed_set_remote(struct hnv_feed *, const char *remote,
                         int probe_interval_ms);
void hnv_feed_run(struct hnv_feed *);
void hnv_feed_wait(struct hnv_feed *);

/* What to monitor. */
void hnv_feed_want(struct hnv_feed *, const struct hnv_wanted *);
bool hnv_feed_is_synced(const struct hnv_feed *);
bool hnv_feed_is_connected(const struct hnv_feed *);
int64_t hnv_feed_get_cfg(const struct hnv_feed *);
uint64_t hnv_feed_count_rows(const struct hnv_feed *);
void hnv_feed_restart(struct hnv_feed *);

bool hnv_feed_query(struct hnv_feed *, const struct uuid *routing_domain,
                    const char *customer_address);

#endif /* hnv-feed.h */

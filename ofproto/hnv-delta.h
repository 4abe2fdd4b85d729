/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_DELTA_H
#define HNV_DELTA_H 1

#include <stddef.h>
#include <stdint.h>

struct ds;
struct hnv_flows;
struct hnv_ofconn;

/* From what is to what should be
 * ==============================
 *
 * What
 * ----
 *
 * Puts the difference between two sets of flows, groups and meters into an
 * OpenFlow connection, in an order that works at any moment in between:
 * meters and groups come before the flows that use them, flows that are too
 * many go before new ones come, and groups that are too many go last.
 *
 *
 * What not
 * --------
 *
 * The module does not keep either set, and does not commit.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

struct hnv_delta {
    struct hnv_ofconn *ofconn;  /* Where changes go. */
    struct ds *log;             /* Gets a line for each change, or NULL. */
    size_t n;                   /* Number of changes so far. */
};

void hnv_delta_prepare(struct hnv_delta *, const struct hnv_flows *have,
                       const struct hnv_flows *want);
void hnv_delta_delete(struct hnv_delta *, const struct hnv_flows *have,
                      const struct hnv_flows *want);
void hnv_delta_add(struct hnv_delta *, const struct hnv_flows *have,
                   const struct hnv_flows *want);
void hnv_delta_finish(struct hnv_delta *, const struct hnv_flows *have,
                      const struct hnv_flows *want);

#endif /* hnv-delta.h */

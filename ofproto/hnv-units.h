/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_UNITS_H
#define HNV_UNITS_H 1

#include <stdbool.h>
#include <stdint.h>
#include "hnv-flows.h"
#include "openvswitch/hmap.h"

struct hnv_change;
struct hnv_delta;
struct hnv_host;
struct hnv_peers;
struct hnv_policy;

/* Flows that no single record makes
 * =================================
 *
 * What
 * ----
 *
 * The compiled flows, groups and meters of everything but records, in units
 * that can be compiled again alone: the base, each peer, and each virtual
 * subnet's broadcast.  When one is compiled again, the module puts how it
 * differs from before.
 *
 *
 * What not
 * --------
 *
 * Records, and deciding what must be compiled again.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

struct hnv_units {
    struct hmap units;          /* Contains "struct hnv_unit"s. */
    struct hmap updates;        /* Likewise: new versions, until put. */
};

void hnv_units_init(struct hnv_units *);
void hnv_units_destroy(struct hnv_units *);

/* Compiling anew, into new versions. */
void hnv_units_update_all(struct hnv_units *, const struct hnv_policy *,
                          const struct hnv_host *, const struct hnv_peers *);
void hnv_units_update(struct hnv_units *, const struct hnv_policy *,
                      const struct hnv_host *, const struct hnv_peers *,
                      const struct hnv_change *);

/* Putting the differences, in this order, with a commit after the first. */
void hnv_units_prepare(struct hnv_units *, struct hnv_delta *);
void hnv_units_put(struct hnv_units *, struct hnv_delta *);
void hnv_units_finish(struct hnv_units *, struct hnv_delta *);

bool hnv_units_has_updates(const struct hnv_units *);
void hnv_units_clear(struct hnv_units *);
size_t hnv_units_count_flows(const struct hnv_units *);

#endif /* hnv-units.h */

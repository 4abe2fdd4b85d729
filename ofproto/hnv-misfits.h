/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_MISFITS_H
#define HNV_MISFITS_H 1

#include <stdbool.h>
#include "hnv-digest.h"
#include "openvswitch/hmap.h"

struct hnv_errors;
struct hnv_host;
struct hnv_policy;
struct hnv_record;
struct hnv_records;
struct uuid;

/* Lookup records that do not fit the policy
 * =========================================
 *
 * What
 * ----
 *
 * Which records hnv_record_check() objects to, so that they can be reported
 * whenever anything changes without a look at all the others, of which there
 * may be a million.  All are looked at only when what records depend on has
 * changed.
 *
 *
 * What not
 * --------
 *
 * Records that make no sense whatever the policy is are in hnv-records.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

struct hnv_misfits {
    struct hmap misfits;        /* Contains "struct hnv_misfit"s. */
    struct hnv_digests digests; /* Of the policy that they do not fit. */
};

void hnv_misfits_init(struct hnv_misfits *);
void hnv_misfits_destroy(struct hnv_misfits *);

void hnv_misfits_set_policy(struct hnv_misfits *, const struct hnv_policy *,
                            const struct hnv_host *,
                            const struct hnv_records *);
void hnv_misfits_put(struct hnv_misfits *, const struct hnv_policy *,
                     const struct hnv_record *);
void hnv_misfits_remove(struct hnv_misfits *, const struct uuid *);

void hnv_misfits_get_errors(const struct hnv_misfits *,
                            const struct hnv_policy *,
                            const struct hnv_records *, struct hnv_errors *);

#endif /* hnv-misfits.h */

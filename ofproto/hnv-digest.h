/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_DIGEST_H
#define HNV_DIGEST_H 1

#include <stdbool.h>
#include <stdint.h>
#include "openvswitch/hmap.h"

struct hnv_host;
struct hnv_policy;

/* What records depend on
 * ======================
 *
 * What
 * ----
 *
 * A hash, for each routing domain, of all in the policy and the host that the
 * flows of the domain's records depend on.  If it is the same before and after
 * a change, then the flows of these records are the same too, and need not be
 * compiled to find that out.
 *
 *
 * What not
 * --------
 *
 * A hash says nothing about flows that are not of records.
 *
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread, with its own arguments. */

struct hnv_digests {
    struct hmap digests;        /* Contains "struct hnv_digest"s. */
};

void hnv_digests_init(struct hnv_digests *, const struct hnv_policy *,
                      const struct hnv_host *);
void hnv_digests_destroy(struct hnv_digests *);
uint32_t hnv_digests_get(const struct hnv_digests *, uint32_t domain_key);
bool hnv_digests_equal(const struct hnv_digests *,
                       const struct hnv_digests *);

#endif /* hnv-digest.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_SNAPSHOT_H
#define HNV_SNAPSHOT_H 1

struct hnv_db;
struct hnv_errors;
struct hnv_host;
struct hnv_ovs;
struct hnv_peers;
struct hnv_policy;

/* From database rows to the compiler's input
 * ==========================================
 *
 * What
 * ----
 *
 * Copies the rows of the HNV database and of the local Open_vSwitch database
 * into the plain structures that hnv-policy.h and hnv-host.h take, and makes a
 * policy and a host of them.
 *
 * An interface that is bound by hnv-vsid, without a row in the Port table, is
 * given one here, so that nothing else needs to know of the difference.
 *
 *
 * What not
 * --------
 *
 * Nothing is checked here: what is wrong with a row is found, and added to the
 * errors, by those who make use of it.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

struct hnv_policy *hnv_snapshot_policy(const struct hnv_db *,
                                       const struct hnv_ovs *,
                                       struct hnv_peers *,
                                       struct hnv_errors *);
struct hnv_host *hnv_snapshot_host(const struct hnv_ovs *,
                                   const struct hnv_policy *,
                                   struct hnv_errors *);

#endif /* hnv-snapshot.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_SHOW_H
#define HNV_SHOW_H 1

struct hnv_engine;

/* What hnv-agent shows to people
 * ==============================
 *
 * What
 * ----
 *
 * The commands that ovs-appctl can send to hnv-agent, as hnv-agent(8) lists
 * them.
 *
 *
 * What not
 * --------
 *
 * None of them changes what the policy means.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

void hnv_show_init(struct hnv_engine *);
void hnv_show_run(struct hnv_engine *);

#endif /* hnv-show.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_OUTDATED_H
#define NVGRE_OUTDATED_H 1

#include <stdbool.h>
#include <stdint.h>

struct xlate_cache;

/* Datapath flows that a change of OpenFlow flows outdates
 * =======================================================
 *
 * What
 * ----
 *
 * After each change of an OpenFlow flow, Open vSwitch's revalidators translate
 * all datapath flows again, in no particular order.  With 10,000 of them it
 * takes a tenth of a second until it is the turn of the few that the change is
 * about, such as those to a machine that has just moved to another host.
 *
 * The revalidators therefore ask here, before they begin and between one batch
 * and the next, for datapath flows to put first: those whose last translation
 * used an OpenFlow flow or a group that is gone.  A change replaces what it
 * changes, so this finds datapath flows after changes as well as deletions,
 * whoever made them.  Asking costs a tenth of a translation or less.
 *
 *    - nvgre_outdated_begin() and nvgre_outdated_end() say when to ask: after
 *      each change, but not so often that a stream of changes would leave the
 *      revalidators no time for anything else.
 *
 *    - nvgre_outdated_check() is the question.
 *
 *
 * What not
 * --------
 *
 * This only chooses what comes first.  Every datapath flow is still translated
 * again, and must be, since the question does not find all that change:
 *
 *    - A new OpenFlow flow may outrank another, or match what none did.
 *
 *    - Open vSwitch does not remember what a translation used until the
 *      datapath flow has been hit twice, or revalidated, and half a second has
 *      passed.
 *
 *
 * Thread-safety
 * -------------
 *
 * Each revalidator has its own struct nvgre_outdated.  Whoever calls
 * nvgre_outdated_check() holds the mutex that guards the xlate_cache. */

struct nvgre_outdated {
    uint64_t seq;               /* As of the last search. */
    long long int begin_us;     /* When it began. */
    long long int next_us;      /* No other one begins before this. */
};

bool nvgre_outdated_begin(struct nvgre_outdated *, uint64_t seq,
                          long long int now_us);
void nvgre_outdated_end(struct nvgre_outdated *, long long int now_us);
bool nvgre_outdated_check(const struct xlate_cache *);

#endif /* nvgre-outdated.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_MOVES_H
#define HNV_MOVES_H 1

#include "hnv-db.h"

struct hnv_entry;
struct hnv_host;
struct hnv_installer;
struct hnv_peers;
struct hnv_record;
struct hnv_records;

/* Machines that have left this host, or come to it
 * ================================================
 *
 * What
 * ----
 *
 * When a machine moves to another host, the others do not all learn that at
 * the same moment, and the packets of those that have not go on to come here.
 * For HNV_MOVED_MS, such a record is marked as moved, and its flows send what
 * comes for it on to where the machine is.
 *
 * There, it comes from a PA that is not the sender's.  So for the same time,
 * the record of a machine that came here has the PAs where it was, as far as
 * this host knows, as former PAs of its peer, and its flows accept what comes
 * from these for this machine.
 *
 *
 * What not
 * --------
 *
 * What these flows are is in hnv-deliver and hnv-source.  A host that is
 * started again has forgotten what moved before.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

/* How long packets are sent on, as long as a host keeps the policy of a
 * routing domain that has left it. */
#define HNV_MOVED_MS HNV_DB_LINGER_MS

struct hnv_moves *hnv_moves_create(struct hnv_peers *);
void hnv_moves_destroy(struct hnv_moves *);
void hnv_moves_run(struct hnv_moves *, struct hnv_records *,
                   struct hnv_installer *);
void hnv_moves_wait(const struct hnv_moves *);

void hnv_moves_update(struct hnv_moves *, const struct hnv_host *,
                      struct hnv_entry *, const struct hnv_record *old);

#endif /* hnv-moves.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_MOVES_H
#define HNV_MOVES_H 1

#include "hnv-db.h"

struct hnv_entry;
struct hnv_host;
struct hnv_installer;
struct hnv_record;
struct hnv_records;

/* Machines that have left this host
 * =================================
 *
 * What
 * ----
 *
 * When a machine moves to another host, the others do not all learn that at
 * the same moment, and the packets of those that have not go on to come here.
 * For HNV_MOVED_MS, such a record is marked as moved, and its flows send what
 * comes for it on to where the machine is.
 *
 *
 * What not
 * --------
 *
 * What these flows are is in hnv-deliver.  A host that is started again has
 * forgotten what moved away before.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

/* How long packets are sent on, as long as a host keeps the policy of a
 * routing domain that has left it. */
#define HNV_MOVED_MS HNV_DB_LINGER_MS

struct hnv_moves *hnv_moves_create(void);
void hnv_moves_destroy(struct hnv_moves *);
void hnv_moves_run(struct hnv_moves *, struct hnv_records *,
                   struct hnv_installer *);
void hnv_moves_wait(const struct hnv_moves *);

void hnv_moves_update(struct hnv_moves *, const struct hnv_host *,
                      struct hnv_entry *, const struct hnv_record *old);

#endif /* hnv-moves.h */

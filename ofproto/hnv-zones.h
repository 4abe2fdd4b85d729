/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_ZONES_H
#define HNV_ZONES_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hnv_host;
struct hnv_lport;
struct hnv_ofconn;
struct hnv_ovs;

/* Which sessions end
 * ==================
 *
 * What
 * ----
 *
 * What a stateful port ACL has allowed once is a session, which connection
 * tracking remembers in the zone of the port, and which is allowed without
 * asking the ACLs again.  This module has the switch forget sessions:
 *
 *    - All of a zone, when its port goes, when another interface gets the
 *      zone, and when its interface becomes another port.
 *
 *    - Those that an ACL allowed, which have its label, when the ACL goes or
 *      changes, or when an ACL that denies and is asked before it comes or
 *      changes.  What the ACLs still allow then begins a new session with its
 *      next packet.  All others are not disturbed: a TCP connection whose
 *      machine only receives would not recover from that.
 *
 * The switch is told when the flows of the change are in force, because until
 * then the former flows might make new sessions.  A new port's zone is emptied
 * before, too.
 *
 * What happens while hnv-agent is not running is found by a hash of the port
 * and its ACLs that hnv_zones_hash() returns and hnv_ovs keeps in the
 * Interface: if it differs at the start, then all of the zone's sessions end.
 *
 *
 * What not
 * --------
 *
 * Idle sessions end by themselves, see hnv-timeouts.h.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

struct hnv_zones *hnv_zones_create(struct hnv_ofconn *);
void hnv_zones_destroy(struct hnv_zones *);
void hnv_zones_update(struct hnv_zones *, const struct hnv_ovs *,
                      const struct hnv_host *old, const struct hnv_host *new);
void hnv_zones_run(struct hnv_zones *, bool in_force);
bool hnv_zones_is_done(const struct hnv_zones *);

uint32_t hnv_zones_hash(const struct hnv_lport *);

#endif /* hnv-zones.h */

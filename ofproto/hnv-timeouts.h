/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_TIMEOUTS_H
#define HNV_TIMEOUTS_H 1

struct ovsdb_idl_txn;
struct ovsrec_open_vswitch;
struct simap;

/* When idle sessions end
 * ======================
 *
 * What
 * ----
 *
 * Writes to the Open_vSwitch database how long connection tracking remembers a
 * session without packets: for each zone a CT_Zone with a CT_Timeout_Policy,
 * in the Datapath, which is made if there is none.
 *
 * The timeout is that of TCP connections that are established, and of UDP and
 * ICMP in all states.  TCP connections that begin or end keep the timeouts of
 * the switch, which are short.
 *
 *
 * What not
 * --------
 *
 * CT_Zone rows of others, which do not have external_ids:hnv-agent=true, are
 * never touched: who sets timeouts for a zone by hand decides.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

void hnv_timeouts_write(struct ovsdb_idl_txn *,
                        const struct ovsrec_open_vswitch *,
                        const char *datapath_type,
                        const struct simap *timeouts);

#endif /* hnv-timeouts.h */

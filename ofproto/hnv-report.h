/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_REPORT_H
#define HNV_REPORT_H 1

#include <stdbool.h>

struct hnv_engine;

/* What hnv-agent tells the databases
 * ==================================
 *
 * What
 * ----
 *
 * Writes to the host's row in the Host_State table of the HNV database which
 * configuration is in force, which rows cannot be applied and why, and how
 * much the host carries; to the Port rows of its VMs whether they are up; and
 * to the local Open_vSwitch database whether an interface is installed.
 *
 * A configuration counts as in force only when both sessions with the database
 * have got it and the switch has acknowledged all flows.
 *
 *
 * What not
 * --------
 *
 * Under RBAC, one change that is not allowed makes the database refuse the
 * whole transaction, so the module writes ports only if their "owner" names
 * this host, and apart from Host_State.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

struct hnv_report *hnv_report_create(struct hnv_engine *);
void hnv_report_destroy(struct hnv_report *);
void hnv_report_run(struct hnv_report *);
void hnv_report_wait(struct hnv_report *);
bool hnv_report_is_refused(const struct hnv_report *);

#endif /* hnv-report.h */

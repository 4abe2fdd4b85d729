/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_INSTALLER_H
#define HNV_INSTALLER_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hnv_entry;
struct hnv_flows;
struct hnv_host;
struct hnv_ofconn;
struct hnv_peers;
struct hnv_policy;
struct hnv_record;
struct hnv_records;
struct ofpbuf;
struct ofputil_flow_stats;
struct ofputil_group_desc;

/* Keeping the switch equal to the policy
 * ======================================
 *
 * What
 * ----
 *
 * Holds the policy and the host that are in force, and what the compiler made
 * of them.  Whenever the policy, the host, a record, or what records share
 * changes, the module compiles the parts that depend on it, and sends to the
 * switch how they differ from before.
 *
 * The flows of records are not stored: they are compiled, from the record as
 * it was, and as it is, whenever they are needed.  A record that is not in the
 * switch yet is installed when the connection has room, so that memory stays
 * bounded while a million of them load.
 *
 * When the switch connects, or whenever hnv_installer_resync() asks for it,
 * the module compares all that the switch has with all that it should have.
 * What is right stays untouched.
 *
 *
 * What not
 * --------
 *
 * The module does not read a database and does not decide when the policy is
 * complete enough to be put in force.  It never touches a table that belongs
 * to SDN controllers.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

struct hnv_installer *hnv_installer_create(struct hnv_ofconn *,
                                           struct hnv_peers *,
                                           struct hnv_records *);
void hnv_installer_destroy(struct hnv_installer *);

/* What should be. */
void hnv_installer_set_policy(struct hnv_installer *, struct hnv_policy *,
                              struct hnv_host *);
const struct hnv_policy *hnv_installer_get_policy(
    const struct hnv_installer *);
const struct hnv_host *hnv_installer_get_host(const struct hnv_installer *);
void hnv_installer_put_record(struct hnv_installer *, struct hnv_entry *,
                              const struct hnv_record *old);
void hnv_installer_remove_record(struct hnv_installer *, struct hnv_entry *);
void hnv_installer_put_flows(struct hnv_installer *, const struct hnv_flows *);

/* Sending it. */
void hnv_installer_run(struct hnv_installer *);
void hnv_installer_wait(struct hnv_installer *);
bool hnv_installer_is_done(const struct hnv_installer *);

/* What the switch has: called by the owner of the OpenFlow connection. */
void hnv_installer_connected(struct hnv_installer *);
void hnv_installer_has_flow(struct hnv_installer *,
                            const struct ofputil_flow_stats *);
void hnv_installer_has_group(struct hnv_installer *,
                             const struct ofputil_group_desc *);
void hnv_installer_has_meter(struct hnv_installer *, uint32_t id,
                             uint32_t rate, uint32_t burst);
void hnv_installer_has_all(struct hnv_installer *);

/* Comparing anew. */
void hnv_installer_resync(struct hnv_installer *);
bool hnv_installer_get_resync(struct hnv_installer *, size_t *n_changes,
                              const char **log);

size_t hnv_installer_count_flows(const struct hnv_installer *);

#endif /* hnv-installer.h */

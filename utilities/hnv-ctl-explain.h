/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_CTL_EXPLAIN_H
#define HNV_CTL_EXPLAIN_H 1

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "hnv-pipeline.h"
#include "openvswitch/uuid.h"

/* What flows mean
 * ===============
 *
 * What
 * ----
 *
 * From a flow's table and priority to the words that hnv-pipeline.h has for
 * it, from its cookie to the row of policy that it was made from, and from the
 * reason of a drop to what somebody can do about it.
 *
 * A cookie has only 40 bits of a row's UUID.  That is enough to find the row
 * among those of a table, and two rows are confused once in a million million
 * pairs.
 *
 *
 * What not
 * --------
 *
 * Nothing here fetches: the caller has the tables, and those lookup records
 * that can be meant, in its copies of the database.
 *
 *
 * Thread-safety
 * -------------
 *
 * One thread. */

struct ovsdb_idl;

/* Where to look for rows. */
struct hnv_explain {
    struct ovsdb_idl *policy;   /* All tables but the next one. */
    struct ovsdb_idl *records;  /* Some of Lookup_Record, or null. */
};

/* A row that a cookie names. */
struct hnv_explain_row {
    const char *table;          /* Its table, or null for no row. */
    struct uuid uuid;           /* Zero if the row is not there any more. */
    char *name;                 /* As people know it. */
};

struct hnv_explain_row hnv_explain_row(const struct hnv_explain *,
                                       uint64_t cookie);

/* The name of the routing domain of the row, or null if it has none, or is an
 * ACL.  Constant. */
const char *hnv_explain_tenant(const struct hnv_explain *, uint64_t cookie);

/* What flows of 'priority' in 'table' do, or null if that is not known. */
const char *hnv_explain_step(uint8_t table, int priority);

/* Whether a packet about which the agent is asked 'op', enum hnv_op, by a flow
 * that has a reason to drop it, is as good as dropped: it is only logged, or
 * its sender is told that there is no way. */
bool hnv_explain_op_drops(uint8_t op);

/* What to do about packets that are dropped for 'reason'. */
const char *hnv_explain_advice(enum hnv_drop reason);

/* The name of the host that has provider address 'pa', or null. */
const char *hnv_explain_host(const struct hnv_explain *,
                             const struct in6_addr *pa);

#endif /* hnv-ctl-explain.h */

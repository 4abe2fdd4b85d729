/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_DB_H
#define HNV_DB_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "openvswitch/uuid.h"

struct ovsdb_idl;
struct ovsdb_idl_txn;
struct smap;
struct sset;

/* The HNV database, without lookup records
 * ========================================
 *
 * What
 * ----
 *
 * A replica, in an ovsdb_idl, of those rows of the HNV database that this host
 * needs.  A host that holds everything would not scale with the number of
 * hosts, so the module derives from the ports that are here which routing
 * domains are: those of the ports, those of the virtual subnets that the ports
 * are in, and those whose "hosts" column names this host.  Then it monitors
 * only what belongs to one of these.
 *
 * Rows come in steps, since one says which others are needed: the Port rows,
 * then the Virtual_Subnets, then everything in their routing domains.
 * hnv_db_is_synced() returns true only when all steps are done.
 *
 * A routing domain whose last port has left stays for HNV_DB_LINGER_MS, so
 * that packets which others still send here for a VM that moved away can be
 * redirected.
 *
 *
 * What not
 * --------
 *
 * The module does not judge whether rows make sense.  Lookup_Record, which can
 * have a million rows, is the business of hnv-feed.
 *
 * Port_ACL, ACL_Group and Address_Set have no column that says which routing
 * domain they are for, so every host holds all of their rows.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

enum { HNV_DB_LINGER_MS = 60 * 1000 };

/* What is on this host. */
struct hnv_db_interest {
    const char *host_name;      /* Name of this host. */
    const struct sset *port_ids; /* Names of the Port rows of its VMs. */
    const uint32_t *vsids;      /* Virtual subnets of ports without a row. */
    size_t n_vsids;
};

struct hnv_db *hnv_db_create(void);
void hnv_db_destroy(struct hnv_db *);
void hnv_db_set_remote(struct hnv_db *, const char *remote,
                       int probe_interval_ms);
void hnv_db_set_interest(struct hnv_db *, const struct hnv_db_interest *);
void hnv_db_run(struct hnv_db *);
void hnv_db_wait(struct hnv_db *);

bool hnv_db_is_connected(const struct hnv_db *);
int hnv_db_get_error(const struct hnv_db *);
bool hnv_db_is_synced(const struct hnv_db *);
unsigned int hnv_db_get_seqno(const struct hnv_db *);

struct ovsdb_idl *hnv_db_get_idl(const struct hnv_db *);
struct ovsdb_idl_txn *hnv_db_get_txn(const struct hnv_db *);
void hnv_db_commit(struct hnv_db *);
bool hnv_db_has_failed(const struct hnv_db *);

/* Returns whether the host called 'name' is one of those that the column
 * "owner" of a row lets write to it. */
bool hnv_db_is_owner(const struct smap *owner, const char *name);

const struct uuid *hnv_db_get_domains(const struct hnv_db *, size_t *n);

#endif /* hnv-db.h */

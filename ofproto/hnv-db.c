/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-db.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "hnv-idl.h"
#include "openvswitch/hmap.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "smap.h"
#include "sset.h"
#include "timeval.h"
#include "unicode.h"
#include "util.h"
#include "uuid.h"

VLOG_DEFINE_THIS_MODULE(hnv_db);

/* A routing domain that is on this host, or was until recently. */
struct hnv_db_domain {
    struct hmap_node node;      /* In 'domains' of struct hnv_db. */
    struct uuid uuid;           /* Of the Routing_Domain row. */
    bool in_use;                /* Does something here belong to it? */
    long long int left;         /* If not, since when not, in ms. */
};

struct hnv_db {
    struct ovsdb_idl_loop loop;
    char *remote;               /* NULL if not set. */
    struct ovsdb_idl_txn *txn;  /* From hnv_db_run() to hnv_db_commit(). */
    bool failed;                /* Was the last one refused? */

    /* What is on this host, as told. */
    char *host_name;
    struct sset port_ids;
    uint32_t *vsids;
    size_t n_vsids;
    bool interest_changed;

    /* What follows from that and from the database. */
    struct hmap domains;        /* Contains "struct hnv_db_domain"s. */
    struct uuid *uuids;         /* The same, sorted. */
    size_t n_uuids;
    unsigned int idl_seqno;     /* Of the IDL, when we derived that. */
    unsigned int want_seqno;    /* Of the conditions that we set last. */
    unsigned int seqno;         /* For hnv_db_get_seqno(). */
};

/* Tables that this host reads. */
static const struct ovsdb_idl_table_class *tables[] = {
    &hnvrec_table_hnv_global,
    &hnvrec_table_logical_network,
    &hnvrec_table_host,
    &hnvrec_table_host_state,
    &hnvrec_table_provider_address,
    &hnvrec_table_routing_domain,
    &hnvrec_table_virtual_subnet,
    &hnvrec_table_l2_record,
    &hnvrec_table_customer_route,
    &hnvrec_table_port,
    &hnvrec_table_acl_group,
    &hnvrec_table_address_set,
    &hnvrec_table_port_acl,
    &hnvrec_table_controller_hook,
    &hnvrec_table_lookup_request,
};

/* Columns in them that it does not: for people, or for other programs. */
static const struct ovsdb_idl_column *unread[] = {
    &hnvrec_hnv_global_col_connections,
    &hnvrec_hnv_global_col_ssl,
    &hnvrec_hnv_global_col_cfg_timestamp,
    &hnvrec_hnv_global_col_external_ids,
    &hnvrec_logical_network_col_sites,
    &hnvrec_logical_network_col_external_ids,
    &hnvrec_host_col_provider_routes,
    &hnvrec_host_col_external_ids,
    &hnvrec_host_state_col_external_ids,
    &hnvrec_provider_address_col_network_site,
    &hnvrec_provider_address_col_external_ids,
    &hnvrec_routing_domain_col_external_ids,
    &hnvrec_virtual_subnet_col_ip_pools,
    &hnvrec_virtual_subnet_col_external_ids,
    &hnvrec_customer_route_col_external_ids,
    &hnvrec_port_col_external_ids,
    &hnvrec_acl_group_col_external_ids,
    &hnvrec_address_set_col_external_ids,
    &hnvrec_port_acl_col_external_ids,
    &hnvrec_controller_hook_col_external_ids,
    &hnvrec_lookup_request_col_timestamp,
};

/* Columns that we write ourselves: their change is no news. */
static const struct ovsdb_idl_column *written[] = {
    &hnvrec_host_state_col_cfg,
    &hnvrec_host_state_col_cfg_timestamp,
    &hnvrec_host_state_col_load,
    &hnvrec_host_state_col_errors,
    &hnvrec_host_state_col_alarms,
    &hnvrec_host_state_col_host,
    &hnvrec_port_col_up,
    &hnvrec_provider_address_col_state,
};

static void
hnv_db_monitor(struct ovsdb_idl *idl)
{
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        const struct ovsdb_idl_table_class *table = tables[i];

        ovsdb_idl_add_table(idl, table);
        for (size_t j = 0; j < table->n_columns; j++) {
            ovsdb_idl_add_column(idl, &table->columns[j]);
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(unread); i++) {
        ovsdb_idl_omit(idl, unread[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(written); i++) {
        ovsdb_idl_omit_alert(idl, written[i]);
    }
    ovsdb_idl_track_add_column(idl, &hnvrec_routing_domain_col_datapath_key);
}

static void hnv_db_set_conditions(struct hnv_db *);

/* Returns a new replica, not connected.  The caller must free it, with
 * hnv_db_destroy(). */
struct hnv_db *
hnv_db_create(void)
{
    struct hnv_db *db = xzalloc(sizeof *db);
    struct ovsdb_idl *idl;

    idl = ovsdb_idl_create_unconnected(&hnvrec_idl_class, false);
    ovsdb_idl_set_leader_only(idl, false);
    hnv_db_monitor(idl);
    db->loop = (struct ovsdb_idl_loop) OVSDB_IDL_LOOP_INITIALIZER(idl);
    db->host_name = xstrdup("");
    sset_init(&db->port_ids);
    hmap_init(&db->domains);
    hnv_db_set_conditions(db);
    return db;
}

/* Closes and frees 'db'. */
void
hnv_db_destroy(struct hnv_db *db)
{
    if (db) {
        struct hnv_db_domain *domain;

        HMAP_FOR_EACH_POP (domain, node, &db->domains) {
            free(domain);
        }
        hmap_destroy(&db->domains);
        sset_destroy(&db->port_ids);
        ovsdb_idl_loop_destroy(&db->loop);
        free(db->host_name);
        free(db->remote);
        free(db->vsids);
        free(db->uuids);
        free(db);
    }
}

/* Makes 'db' connect to 'remote', or to nothing, if that is NULL. */
void
hnv_db_set_remote(struct hnv_db *db, const char *remote, int probe_interval_ms)
{
    if (!nullable_string_is_equal(remote, db->remote)) {
        free(db->remote);
        db->remote = nullable_xstrdup(remote);
        ovsdb_idl_set_remote(db->loop.idl, remote, true);
        VLOG_INFO("HNV database is %s", remote ? remote : "not configured");
    }
    ovsdb_idl_set_probe_interval(db->loop.idl, probe_interval_ms);
}

/* Tells 'db' what is on this host. */
void
hnv_db_set_interest(struct hnv_db *db, const struct hnv_db_interest *interest)
{
    size_t size = interest->n_vsids * sizeof *interest->vsids;

    if (strcmp(db->host_name, interest->host_name)
        || !sset_equals(&db->port_ids, interest->port_ids)
        || db->n_vsids != interest->n_vsids
        || (size && memcmp(db->vsids, interest->vsids, size))) {
        free(db->host_name);
        db->host_name = xstrdup(interest->host_name);
        sset_destroy(&db->port_ids);
        sset_clone(&db->port_ids, interest->port_ids);
        free(db->vsids);
        db->vsids = size ? xmemdup(interest->vsids, size) : NULL;
        db->n_vsids = interest->n_vsids;
        db->interest_changed = true;
    }
}

/* Which routing domains are here? */

static void
hnv_db_use_domain(struct hnv_db *db, const struct uuid *uuid)
{
    struct hnv_db_domain *domain;

    HMAP_FOR_EACH_WITH_HASH (domain, node, uuid_hash(uuid), &db->domains) {
        if (uuid_equals(&domain->uuid, uuid)) {
            domain->in_use = true;
            return;
        }
    }
    domain = xzalloc(sizeof *domain);
    domain->uuid = *uuid;
    domain->in_use = true;
    hmap_insert(&db->domains, &domain->node, uuid_hash(uuid));
}

static bool
hnv_db_has_vsid(const struct hnv_db *db, int64_t vsid)
{
    const struct hnvrec_port *port;

    HNVREC_PORT_FOR_EACH (port, db->loop.idl) {
        if (port->n_vsid && port->vsid[0] == vsid) {
            return true;
        }
    }
    for (size_t i = 0; i < db->n_vsids; i++) {
        if (db->vsids[i] == vsid) {
            return true;
        }
    }
    return false;
}

static void
hnv_db_find_domains(struct hnv_db *db)
{
    const struct hnvrec_routing_domain *rd;
    const struct hnvrec_virtual_subnet *subnet;

    HNVREC_VIRTUAL_SUBNET_FOR_EACH (subnet, db->loop.idl) {
        if (subnet->routing_domain && hnv_db_has_vsid(db, subnet->vsid)) {
            hnv_db_use_domain(db, &subnet->routing_domain->header_.uuid);
        }
    }
    HNVREC_ROUTING_DOMAIN_FOR_EACH (rd, db->loop.idl) {
        for (size_t i = 0; i < rd->n_hosts; i++) {
            if (!strcmp(rd->hosts[i], db->host_name)) {
                hnv_db_use_domain(db, &rd->header_.uuid);
            }
        }
    }
}

static int
compare_uuids(const void *a, const void *b)
{
    return uuid_compare_3way(a, b);
}

/* Brings 'db->domains' and 'db->uuids' up to date. */
static void
hnv_db_update_domains(struct hnv_db *db)
{
    long long int now = time_msec();
    struct hnv_db_domain *domain;

    HMAP_FOR_EACH (domain, node, &db->domains) {
        if (domain->in_use) {
            domain->in_use = false;
            domain->left = now;
        }
    }
    hnv_db_find_domains(db);

    db->n_uuids = 0;
    db->uuids = xrealloc(db->uuids,
                         hmap_count(&db->domains) * sizeof *db->uuids);
    HMAP_FOR_EACH_SAFE (domain, node, &db->domains) {
        if (domain->in_use || now < domain->left + HNV_DB_LINGER_MS) {
            db->uuids[db->n_uuids++] = domain->uuid;
        } else {
            hmap_remove(&db->domains, &domain->node);
            free(domain);
        }
    }
    qsort(db->uuids, db->n_uuids, sizeof *db->uuids, compare_uuids);
}

/* Has the time of a domain come that nothing here belongs to? */
static bool
hnv_db_has_left(const struct hnv_db *db)
{
    long long int now = time_msec();
    const struct hnv_db_domain *domain;

    HMAP_FOR_EACH (domain, node, &db->domains) {
        if (!domain->in_use && now >= domain->left + HNV_DB_LINGER_MS) {
            return true;
        }
    }
    return false;
}

/* Conditions. */

typedef void domain_clause_func(struct ovsdb_idl_condition *,
                                enum ovsdb_function, const struct uuid *);

/* Makes 'db' monitor the rows in 'table' that match 'cond', which it
 * destroys. */
static void
hnv_db_set_condition(struct hnv_db *db,
                     const struct ovsdb_idl_table_class *table,
                     struct ovsdb_idl_condition *cond)
{
    unsigned int seqno = ovsdb_idl_set_condition(db->loop.idl, table, cond);

    db->want_seqno = MAX(db->want_seqno, seqno);
    ovsdb_idl_condition_destroy(cond);
}

/* The longest name of a Host or a Port, in characters. */
#define HNV_NAME_MAX 255

/* Can a row have this name?  The server refuses a condition that breaks a
 * constraint of the column, and then sends nothing more at all. */
static bool
is_name(const char *name)
{
    size_t n;
    char *error = utf8_validate(name, &n);

    free(error);
    return !error && n >= 1 && n <= HNV_NAME_MAX;
}

static void
hnv_db_set_host_conditions(struct hnv_db *db)
{
    struct ovsdb_idl_condition host = OVSDB_IDL_CONDITION_INIT(&host);
    struct ovsdb_idl_condition state = OVSDB_IDL_CONDITION_INIT(&state);
    struct ovsdb_idl_condition pa = OVSDB_IDL_CONDITION_INIT(&pa);
    struct ovsdb_idl_condition port = OVSDB_IDL_CONDITION_INIT(&port);
    struct ovsdb_idl_condition ask = OVSDB_IDL_CONDITION_INIT(&ask);
    const char *name;

    if (is_name(db->host_name)) {
        hnvrec_host_add_clause_name(&host, OVSDB_F_EQ, db->host_name);
        hnvrec_host_state_add_clause_name(&state, OVSDB_F_EQ, db->host_name);
        hnvrec_provider_address_add_clause_host_name(&pa, OVSDB_F_EQ,
                                                     db->host_name);
        hnvrec_lookup_request_add_clause_host_name(&ask, OVSDB_F_EQ,
                                                   db->host_name);
    }
    hnv_db_set_condition(db, &hnvrec_table_host, &host);
    hnv_db_set_condition(db, &hnvrec_table_host_state, &state);
    hnv_db_set_condition(db, &hnvrec_table_provider_address, &pa);
    hnv_db_set_condition(db, &hnvrec_table_lookup_request, &ask);

    SSET_FOR_EACH (name, &db->port_ids) {
        if (is_name(name)) {
            hnvrec_port_add_clause_name(&port, OVSDB_F_EQ, name);
        }
    }
    hnv_db_set_condition(db, &hnvrec_table_port, &port);
}

/* Adds the virtual subnets of the ports here, whose routing domains we might
 * not know yet. */
static void
hnv_db_add_vsid_clauses(struct hnv_db *db, struct ovsdb_idl_condition *cond)
{
    const struct hnvrec_port *port;

    HNVREC_PORT_FOR_EACH (port, db->loop.idl) {
        if (port->n_vsid) {
            hnvrec_virtual_subnet_add_clause_vsid(cond, OVSDB_F_EQ,
                                                  port->vsid[0]);
        }
    }
    for (size_t i = 0; i < db->n_vsids; i++) {
        hnvrec_virtual_subnet_add_clause_vsid(cond, OVSDB_F_EQ, db->vsids[i]);
    }
}

static void
hnv_db_set_domain_conditions(struct hnv_db *db)
{
    struct ovsdb_idl_condition subnet = OVSDB_IDL_CONDITION_INIT(&subnet);
    struct ovsdb_idl_condition route = OVSDB_IDL_CONDITION_INIT(&route);
    struct ovsdb_idl_condition l2 = OVSDB_IDL_CONDITION_INIT(&l2);

    hnv_db_add_vsid_clauses(db, &subnet);
    for (size_t i = 0; i < db->n_uuids; i++) {
        const struct uuid *rd = &db->uuids[i];

        hnvrec_virtual_subnet_add_clause_routing_domain(&subnet, OVSDB_F_EQ,
                                                        rd);
        hnvrec_customer_route_add_clause_routing_domain(&route, OVSDB_F_EQ,
                                                        rd);
        hnvrec_l2_record_add_clause_routing_domain(&l2, OVSDB_F_EQ, rd);
    }
    hnv_db_set_condition(db, &hnvrec_table_virtual_subnet, &subnet);
    hnv_db_set_condition(db, &hnvrec_table_customer_route, &route);
    hnv_db_set_condition(db, &hnvrec_table_l2_record, &l2);
}

/* The IDL sends a condition to the server only if it differs from the last
 * one, so this may be called often.  It must be called again after the
 * connection came up, because the number that a condition set before that
 * waits for might never come. */
static void
hnv_db_set_conditions(struct hnv_db *db)
{
    db->want_seqno = 0;
    hnv_db_set_host_conditions(db);
    hnv_db_set_domain_conditions(db);
}

/* Does this module's share of work.  The caller must call this often, then
 * hnv_db_commit(), and then hnv_db_wait() before it blocks. */
void
hnv_db_run(struct hnv_db *db)
{
    unsigned int idl_seqno;

    db->txn = ovsdb_idl_loop_run(&db->loop);
    idl_seqno = ovsdb_idl_get_seqno(db->loop.idl);
    if (idl_seqno != db->idl_seqno || db->interest_changed
        || hnv_db_has_left(db)) {
        hnv_db_update_domains(db);
        hnv_db_set_conditions(db);
        db->idl_seqno = idl_seqno;
        db->interest_changed = false;
        db->seqno++;
    } else if (!hnv_db_is_synced(db)) {
        hnv_db_set_conditions(db);
    }
}

/* Has the database just refused a transaction? */
bool
hnv_db_has_failed(const struct hnv_db *db)
{
    return db->failed;
}

bool
hnv_db_is_owner(const struct smap *owner, const char *name)
{
    const char *active = smap_get(owner, "active");
    const char *target = smap_get(owner, "target");

    return ((active && !strcmp(active, name))
            || (target && !strcmp(target, name)));
}

/* Sends what was written to hnv_db_get_txn(). */
void
hnv_db_commit(struct hnv_db *db)
{
    /* The answer to what was sent earlier: a lost connection is none. */
    struct ovsdb_idl_txn *sent = db->loop.committing_txn;

    db->failed = sent && ovsdb_idl_txn_commit(sent) == TXN_ERROR;
    ovsdb_idl_loop_commit_and_wait(&db->loop);
    ovsdb_idl_track_clear(db->loop.idl);
    db->txn = NULL;
}

/* Arranges for poll_block() to wake up when hnv_db_run() has work. */
void
hnv_db_wait(struct hnv_db *db)
{
    struct hnv_db_domain *domain;

    /* hnv_db_commit() has arranged for everything else. */
    HMAP_FOR_EACH (domain, node, &db->domains) {
        if (!domain->in_use) {
            poll_timer_wait_until(domain->left + HNV_DB_LINGER_MS);
        }
    }
}

/* Returns true if there is a connection to a server, also if its rows have not
 * arrived yet. */
bool
hnv_db_is_connected(const struct hnv_db *db)
{
    return ovsdb_idl_is_connected(db->loop.idl);
}

/* Returns why 'db' has no connection, a positive errno or EOF, or 0 if it has
 * one or did not fail to get one yet. */
int
hnv_db_get_error(const struct hnv_db *db)
{
    return (hnv_db_is_connected(db) ? 0
            : ovsdb_idl_get_last_error(db->loop.idl));
}

/* Returns true if 'db' has all rows that the host needs. */
bool
hnv_db_is_synced(const struct hnv_db *db)
{
    return (ovsdb_idl_has_ever_connected(db->loop.idl)
            && !db->interest_changed
            && db->idl_seqno == ovsdb_idl_get_seqno(db->loop.idl)
            && (ovsdb_idl_get_condition_seqno(db->loop.idl)
                >= db->want_seqno));
}

/* Returns a number that changes when the rows or the routing domains do. */
unsigned int
hnv_db_get_seqno(const struct hnv_db *db)
{
    return db->seqno;
}

/* Returns the rows.  The IDL belongs to 'db', and what is read from it may go
 * with the next hnv_db_run(). */
struct ovsdb_idl *
hnv_db_get_idl(const struct hnv_db *db)
{
    return db->loop.idl;
}

/* Between hnv_db_run() and hnv_db_commit(), returns the transaction to write
 * to, or NULL if the last one has not completed or there is no connection. */
struct ovsdb_idl_txn *
hnv_db_get_txn(const struct hnv_db *db)
{
    return db->txn;
}

/* Returns the Routing_Domain rows that are on this host, sorted, and stores
 * their number in '*n'. */
const struct uuid *
hnv_db_get_domains(const struct hnv_db *db, size_t *n)
{
    *n = db->n_uuids;
    return db->uuids;
}

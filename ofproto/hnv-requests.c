/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-requests.h"

#include <stdlib.h>
#include <string.h>

#include "hnv-db.h"
#include "hnv-engine.h"
#include "hnv-idl.h"
#include "hnv-lazy.h"
#include "hnv-ovs.h"
#include "hnv-values.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "smap.h"
#include "timeval.h"
#include "util.h"
#include "uuid.h"

/* How long not to write after the database refused to be written to, in ms. */
#define HNV_REQUESTS_BACKOFF 10000

struct hnv_requests {
    struct hnv_engine *engine;
    unsigned int db_seqno;      /* Of the engine's 'db', when synced. */
    unsigned int lazy_seqno;    /* Of its 'lazy', likewise. */
    long long int backoff;      /* Do not write before, in ms. */
};

/* Returns a new instance.  The caller must free it, with
 * hnv_requests_destroy(). */
struct hnv_requests *
hnv_requests_create(struct hnv_engine *engine)
{
    struct hnv_requests *requests = xzalloc(sizeof *requests);

    requests->engine = engine;
    return requests;
}

void
hnv_requests_destroy(struct hnv_requests *requests)
{
    free(requests);
}

/* Returns true if the records of 'routing_domain' may be requested. */
bool
hnv_requests_may(const struct hnv_requests *requests,
                 const struct uuid *routing_domain)
{
    const struct hnvrec_routing_domain *rd
        = hnvrec_routing_domain_get_for_uuid(
            hnv_db_get_idl(requests->engine->db), routing_domain);

    return (rd && time_msec() >= requests->backoff
            && hnv_db_is_connected(requests->engine->db)
            && smap_get_bool(&rd->options, "lookup_requests", false));
}

/* Requests the record of 'ca' in 'routing_domain'.  To be called by hnv-lazy
 * from within hnv_requests_run(). */
void
hnv_requests_insert(struct hnv_requests *requests,
                    const struct uuid *routing_domain,
                    const struct in6_addr *ca)
{
    const struct hnv_engine *engine = requests->engine;
    const struct hnvrec_routing_domain *rd
        = hnvrec_routing_domain_get_for_uuid(hnv_db_get_idl(engine->db),
                                             routing_domain);
    struct hnvrec_lookup_request *row;
    struct ds s = DS_EMPTY_INITIALIZER;

    if (!rd) {
        return;
    }
    hnv_address_format(ca, &s);
    row = hnvrec_lookup_request_insert(hnv_db_get_txn(engine->db));
    hnvrec_lookup_request_set_host_name(
        row, hnv_ovs_get_config(engine->ovs)->host_name);
    hnvrec_lookup_request_set_routing_domain(row, rd);
    hnvrec_lookup_request_set_customer_address(row, ds_cstr(&s));
    hnvrec_lookup_request_set_timestamp(row, time_wall_msec());
    ds_destroy(&s);
}

/* Is 'row' a request that hnv-lazy still waits for? */
static bool
is_wanted(const struct hnv_engine *engine,
          const struct hnvrec_lookup_request *row)
{
    struct in6_addr ca;
    char *error = hnv_address_parse(row->customer_address, &ca);
    bool wanted = (!error && row->routing_domain
                   && hnv_lazy_sync_row(
                       engine->lazy, &row->routing_domain->header_.uuid,
                       &ca));

    free(error);
    return wanted;
}

/* Brings the requests of this host up to date.  The caller must call this
 * often, between hnv_db_run() and hnv_db_commit(). */
void
hnv_requests_run(struct hnv_requests *requests)
{
    const struct hnv_engine *engine = requests->engine;
    const char *name = hnv_ovs_get_config(engine->ovs)->host_name;
    const struct hnvrec_lookup_request *row;

    if (hnv_db_has_failed(engine->db)) {
        requests->backoff = time_msec() + HNV_REQUESTS_BACKOFF;
    }
    if (!hnv_db_get_txn(engine->db) || !hnv_db_is_synced(engine->db)
        || time_msec() < requests->backoff
        || (requests->db_seqno == hnv_db_get_seqno(engine->db)
            && requests->lazy_seqno
               == hnv_lazy_get_requests_seqno(engine->lazy))) {
        return;
    }
    requests->db_seqno = hnv_db_get_seqno(engine->db);
    requests->lazy_seqno = hnv_lazy_get_requests_seqno(engine->lazy);

    hnv_lazy_sync_start(engine->lazy);
    HNVREC_LOOKUP_REQUEST_FOR_EACH_SAFE (row, hnv_db_get_idl(engine->db)) {
        if (!strcmp(row->host_name, name) && !is_wanted(engine, row)) {
            hnvrec_lookup_request_delete(row);
        }
    }
    hnv_lazy_sync_end(engine->lazy);
}

/* Arranges for poll_block() to wake up when hnv_requests_run() has work that
 * nothing else wakes up for. */
void
hnv_requests_wait(struct hnv_requests *requests)
{
    const struct hnv_engine *engine = requests->engine;

    if (requests->lazy_seqno == hnv_lazy_get_requests_seqno(engine->lazy)) {
        return;
    }
    if (time_msec() < requests->backoff) {
        poll_timer_wait_until(requests->backoff);
    } else if (hnv_db_get_txn(engine->db)) {
        poll_immediate_wake();
    }
}

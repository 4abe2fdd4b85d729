/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-engine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#if HAVE_DECL_MALLOC_TRIM
#include <malloc.h>
#endif

#include "hnv-compile.h"
#include "hnv-db.h"
#include "hnv-feed.h"
#include "hnv-glue.h"
#include "hnv-host.h"
#include "hnv-idl.h"
#include "hnv-installer.h"
#include "hnv-lazy.h"
#include "hnv-learn.h"
#include "hnv-moves.h"
#include "hnv-multicast.h"
#include "hnv-ofconn.h"
#include "hnv-ovs.h"
#include "hnv-packet-in.h"
#include "hnv-peers.h"
#include "hnv-policy.h"
#include "hnv-records.h"
#include "hnv-report.h"
#include "hnv-requests.h"
#include "hnv-show.h"
#include "hnv-snapshot.h"
#include "hnv-stages.h"
#include "hnv-tls.h"
#include "hnv-values.h"
#include "hnv-zones.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "simap.h"
#include "sset.h"
#include "timeval.h"
#include "util.h"
#include "uuid.h"

VLOG_DEFINE_THIS_MODULE(hnv_engine);

/* Shortest time between two policies, in ms. */
#define HNV_POLICY_INTERVAL 5

/* Changes of rows and flows after which it is worth to look for memory that
 * can be given back. */
#define HNV_TRIM_CHANGES 10000

/* Policy errors that we log, each time that they change. */
#define HNV_MAX_LOGGED_ERRORS 20

/* Returns a new engine that uses the Open_vSwitch database at 'ovs_remote'.
 * The caller must free it, with hnv_engine_destroy(). */
struct hnv_engine *
hnv_engine_create(const char *ovs_remote)
{
    struct hnv_engine *engine = xzalloc(sizeof *engine);

    engine->ovs = hnv_ovs_create(ovs_remote);
    engine->db = hnv_db_create();
    engine->feed = hnv_feed_create(&hnv_glue_feed, engine);
    engine->peers = hnv_peers_create();
    engine->records = hnv_records_create(engine->peers, &hnv_glue_records,
                                         engine);
    hnv_misfits_init(&engine->misfits);
    engine->moves = hnv_moves_create(engine->peers);
    engine->ofconn = hnv_ofconn_create(&hnv_glue_ofconn, engine);
    engine->installer = hnv_installer_create(engine->ofconn, engine->peers,
                                             engine->records);
    engine->lazy = hnv_lazy_create(&hnv_glue_lazy, engine);
    engine->packet_ins = hnv_packet_ins_create(engine->ofconn,
                                               &hnv_glue_packet_in, engine);
    engine->report = hnv_report_create(engine);
    engine->zones = hnv_zones_create(engine->ofconn);
    engine->requests = hnv_requests_create(engine);
    engine->learn = hnv_learn_create(engine);
    hnv_show_init(engine);
    return engine;
}

/* Frees 'engine'. */
void
hnv_engine_destroy(struct hnv_engine *engine)
{
    if (engine) {
        hnv_zones_destroy(engine->zones);
        hnv_learn_destroy(engine->learn);
        hnv_requests_destroy(engine->requests);
        hnv_report_destroy(engine->report);
        hnv_packet_ins_destroy(engine->packet_ins);
        hnv_lazy_destroy(engine->lazy);
        hnv_moves_destroy(engine->moves);
        hnv_records_destroy(engine->records);
        hnv_misfits_destroy(&engine->misfits);
        hnv_installer_destroy(engine->installer);
        hnv_ofconn_destroy(engine->ofconn);
        hnv_peers_destroy(engine->peers);
        hnv_feed_destroy(engine->feed);
        hnv_db_destroy(engine->db);
        hnv_ovs_destroy(engine->ovs);
        hnv_errors_clear(&engine->errors);
        hnv_errors_clear(&engine->refused);
        free(engine->fetched);
        free(engine);
    }
}

/* Tells all that depend on it what the local database says. */
static void
hnv_engine_configure(struct hnv_engine *engine)
{
    const struct hnv_ovs_config *config = hnv_ovs_get_config(engine->ovs);
    const struct hmap *ports = hnv_ovs_get_ports(engine->ovs);
    struct sset port_ids = SSET_INITIALIZER(&port_ids);
    uint32_t *vsids = xmalloc(MAX(hmap_count(ports), 1) * sizeof *vsids);
    const struct hnv_ovs_port *port;
    size_t n_vsids = 0;

    HMAP_FOR_EACH (port, node, ports) {
        if (port->port_id) {
            sset_add(&port_ids, port->port_id);
        } else if (port->vsid) {
            vsids[n_vsids++] = port->vsid;
        }
    }
    hnv_db_set_interest(engine->db, &(struct hnv_db_interest) {
        .host_name = config->host_name,
        .port_ids = &port_ids,
        .vsids = vsids,
        .n_vsids = n_vsids,
    });
    sset_destroy(&port_ids);
    free(vsids);

    hnv_db_set_remote(engine->db, config->remote, config->probe_interval_ms);
    hnv_feed_set_remote(engine->feed, config->remote,
                        config->probe_interval_ms);
    hnv_lazy_set_max_records(engine->lazy, config->max_lazy);
}

/* Returns true if the records of 'rd' are fetched on demand. */
static bool
hnv_engine_is_lazy(const struct hnv_engine *engine,
                   const struct hnvrec_routing_domain *rd)
{
    return (rd->lookup_mode ? !strcmp(rd->lookup_mode, "lazy")
            : hnv_ovs_get_config(engine->ovs)->lazy);
}

static int
compare_subnets(const void *a_, const void *b_)
{
    const struct hnv_stage_subnet *a = a_;
    const struct hnv_stage_subnet *b = b_;

    return a->vsid < b->vsid ? -1 : a->vsid > b->vsid;
}

/* Returns the virtual subnets that there are, sorted, and stores their number
 * in '*n'.  The caller must free them. */
static struct hnv_stage_subnet *
hnv_engine_get_subnets(const struct hnv_engine *engine, size_t *n)
{
    const struct hnvrec_virtual_subnet *row;
    struct hnv_stage_subnet *subnets = NULL;
    size_t allocated = 0;

    *n = 0;
    HNVREC_VIRTUAL_SUBNET_FOR_EACH (row, hnv_db_get_idl(engine->db)) {
        if (*n >= allocated) {
            subnets = x2nrealloc(subnets, &allocated, sizeof *subnets);
        }
        if (row->routing_domain) {
            subnets[(*n)++] = (struct hnv_stage_subnet) {
                .routing_domain = row->routing_domain->header_.uuid,
                .vsid = row->vsid,
            };
        }
    }
    if (*n) {
        qsort(subnets, *n, sizeof *subnets, compare_subnets);
    }
    return subnets;
}

/* Tells the feed which records are wanted. */
static void
hnv_engine_want_records(struct hnv_engine *engine)
{
    size_t n, n_full = 0, n_lazy = 0, n_records, n_subnets;
    const struct uuid *domains = hnv_db_get_domains(engine->db, &n);
    struct uuid *full = xmalloc(MAX(n, 1) * sizeof *full);
    struct uuid *lazy = xmalloc(MAX(n, 1) * sizeof *lazy);
    struct hnv_stage_subnet *subnets;
    struct uuid *records;

    for (size_t i = 0; i < n; i++) {
        const struct hnvrec_routing_domain *rd
            = hnvrec_routing_domain_get_for_uuid(hnv_db_get_idl(engine->db),
                                                 &domains[i]);

        if (rd && hnv_engine_is_lazy(engine, rd)) {
            lazy[n_lazy++] = domains[i];
        } else {
            full[n_full++] = domains[i];
        }
    }
    hnv_lazy_retain_domains(engine->lazy, lazy, n_lazy);
    hnv_lazy_get_records(engine->lazy, &records, &n_records);
    subnets = hnv_engine_get_subnets(engine, &n_subnets);
    hnv_feed_want(engine->feed, &(struct hnv_wanted) {
        .domains = full,
        .n_domains = n_full,
        .records = records,
        .n_records = n_records,
        .subnets = subnets,
        .n_subnets = n_subnets,
    });
    free(full);
    free(lazy);
    free(records);
    free(subnets);
}

static void
hnv_engine_log_errors(const struct hnv_errors *errors)
{
    for (size_t i = 0; i < errors->n && i < HNV_MAX_LOGGED_ERRORS; i++) {
        const struct hnv_error *error = &errors->errors[i];

        VLOG_WARN("%s "UUID_FMT" %s: %s", hnv_row_name(error->table),
                  UUID_ARGS(&error->uuid), error->row, error->message);
    }
    if (errors->n > HNV_MAX_LOGGED_ERRORS) {
        VLOG_WARN("%"PRIuSIZE" more rows cannot be applied; \"ovs-appctl -t "
                  "hnv-agent hnv/errors\" prints all",
                  errors->n - HNV_MAX_LOGGED_ERRORS);
    }
}

static bool
errors_equal(const struct hnv_errors *a, const struct hnv_errors *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (!uuid_equals(&a->errors[i].uuid, &b->errors[i].uuid)
            || strcmp(a->errors[i].message, b->errors[i].message)) {
            return false;
        }
    }
    return true;
}

/* Has everything arrived that the first policy needs? */
static bool
hnv_engine_may_start(const struct hnv_engine *engine)
{
    return (hnv_installer_get_policy(engine->installer)
            || hnv_feed_is_synced(engine->feed)
            || hnv_ofconn_is_blank(engine->ofconn));
}

/* Has idle sessions of ports end when their ACLs say so. */
static void
hnv_engine_set_timeouts(struct hnv_engine *engine,
                        const struct hnv_host *host)
{
    struct simap timeouts = SIMAP_INITIALIZER(&timeouts);

    for (size_t i = 0; i < host->n_lports; i++) {
        const struct hnv_lport *lport = &host->lports[i];

        if (lport->port && lport->port->idle_timeout) {
            char zone[8];

            snprintf(zone, sizeof zone, "%"PRIu16, lport->vport);
            simap_put(&timeouts, zone, lport->port->idle_timeout);
        }
    }
    hnv_ovs_set_timeouts(engine->ovs, &timeouts);
    simap_destroy(&timeouts);
}

/* Makes a policy of the rows that there are, and puts it in force. */
static void
hnv_engine_update_policy(struct hnv_engine *engine)
{
    const struct hnvrec_hnv_global *global
        = hnvrec_hnv_global_first(hnv_db_get_idl(engine->db));
    struct hnv_errors errors = HNV_ERRORS_INITIALIZER;
    struct hnv_policy *policy;
    struct hnv_host *host;

    hnv_records_retry(engine->records);
    policy = hnv_snapshot_policy(engine->db, engine->ovs, engine->peers,
                                 &errors);
    host = hnv_snapshot_host(engine->ovs, policy, &errors);
    hnv_zones_update(engine->zones, engine->ovs,
                     hnv_installer_get_host(engine->installer), host);
    hnv_engine_set_timeouts(engine, host);
    hnv_ovs_set_groups(engine->ovs, hnv_multicast_format(host, &errors));
    hnv_misfits_set_policy(&engine->misfits, policy, host, engine->records);
    hnv_installer_set_policy(engine->installer, policy, host);
    engine->cfg = global ? global->cfg : 0;

    if (!errors_equal(&errors, &engine->errors)) {
        hnv_engine_log_errors(&errors);
    }
    hnv_errors_clear(&engine->errors);
    engine->errors = errors;
    engine->errors_seqno++;
}

static bool
hnv_engine_is_policy_old(const struct hnv_engine *engine)
{
    return (hnv_ovs_has_synced(engine->ovs)
            && hnv_db_is_synced(engine->db)
            && hnv_engine_may_start(engine)
            && (engine->policy_ovs_seqno != hnv_ovs_get_seqno(engine->ovs)
                || engine->policy_db_seqno != hnv_db_get_seqno(engine->db)));
}

static void
hnv_engine_run_policy(struct hnv_engine *engine)
{
    if (hnv_engine_is_policy_old(engine)
        && time_msec() >= engine->next_policy) {
        hnv_engine_update_policy(engine);
        engine->policy_ovs_seqno = hnv_ovs_get_seqno(engine->ovs);
        engine->policy_db_seqno = hnv_db_get_seqno(engine->db);
        engine->next_policy = time_msec() + HNV_POLICY_INTERVAL;
    }

    /* A switch without its bridge has no management socket, and connecting to
     * that would only fail. */
    if (hnv_installer_get_policy(engine->installer)) {
        hnv_ofconn_start(engine->ofconn);
    }
    if (hnv_ovs_has_synced(engine->ovs) && hnv_db_is_synced(engine->db)) {
        hnv_ofconn_set_bridge(engine->ofconn,
                              hnv_ovs_get_config(engine->ovs)->bridge);
    }
}

/* If a routing domain has another number in the switch than its records were
 * made for, gets these again. */
static void
hnv_engine_check_keys(struct hnv_engine *engine)
{
    const struct hnvrec_routing_domain *rd;

    HNVREC_ROUTING_DOMAIN_FOR_EACH_TRACKED (rd, hnv_db_get_idl(engine->db)) {
        if (hnvrec_routing_domain_is_updated(
                rd, HNVREC_ROUTING_DOMAIN_COL_DATAPATH_KEY)
            && !hnvrec_routing_domain_is_new(rd)) {
            VLOG_INFO("routing domain %s has another datapath_key, reading "
                      "its records again", rd->name);
            hnv_feed_restart(engine->feed);
            return;
        }
    }
}

/* Logs why there is no connection to the HNV database, each time that this
 * changes. */
static void
hnv_engine_log_connection(struct hnv_engine *engine)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);
    int error = hnv_db_get_error(engine->db);

    if (error && error != engine->db_error) {
        const char *remote = hnv_ovs_get_config(engine->ovs)->remote;
        char *text = hnv_tls_explain(remote, error);

        VLOG_WARN_RL(&rl, "no connection to the HNV database: %s", text);
        free(text);
    }
    engine->db_error = error;
}

/* Gives memory back to the system, which the C library would keep forever,
 * after much has changed: that takes many times what is left of it. */
static void
hnv_engine_trim(struct hnv_engine *engine)
{
    uint64_t n = (hnv_feed_count_rows(engine->feed)
                  + hnv_ofconn_get_stats(engine->ofconn).n_changes);

    if (n - engine->trimmed >= HNV_TRIM_CHANGES
        && hnv_engine_is_settled(engine)) {
        engine->trimmed = n;
#if HAVE_DECL_MALLOC_TRIM
        malloc_trim(0);
#endif
    }
}

/* Does a share of all work.  The caller must call this often, and then
 * hnv_engine_wait() before it blocks. */
void
hnv_engine_run(struct hnv_engine *engine)
{
    hnv_ovs_run(engine->ovs);
    if (engine->ovs_seqno != hnv_ovs_get_seqno(engine->ovs)) {
        engine->ovs_seqno = hnv_ovs_get_seqno(engine->ovs);
        hnv_engine_configure(engine);
    }

    hnv_db_run(engine->db);
    hnv_engine_log_connection(engine);
    hnv_engine_check_keys(engine);
    if ((hnv_db_is_synced(engine->db)
         && engine->want_db_seqno != hnv_db_get_seqno(engine->db))
        || engine->want_lazy_seqno != hnv_lazy_get_seqno(engine->lazy)) {
        engine->want_db_seqno = hnv_db_get_seqno(engine->db);
        engine->want_lazy_seqno = hnv_lazy_get_seqno(engine->lazy);
        hnv_engine_want_records(engine);
    }
    hnv_feed_run(engine->feed);

    hnv_engine_run_policy(engine);
    hnv_ofconn_run(engine->ofconn);
    hnv_moves_run(engine->moves, engine->records, engine->installer);
    hnv_installer_run(engine->installer);
    for (size_t i = 0; i < engine->n_fetched; i++) {
        hnv_lazy_installed(engine->lazy, &engine->fetched[i]);
    }
    engine->n_fetched = 0;
    hnv_lazy_run(engine->lazy);
    hnv_zones_run(engine->zones, hnv_installer_is_done(engine->installer));

    hnv_report_run(engine->report);
    hnv_requests_run(engine->requests);
    hnv_learn_run(engine->learn);
    hnv_show_run(engine);
    hnv_engine_trim(engine);
    hnv_db_commit(engine->db);
}

/* Arranges for poll_block() to wake up when hnv_engine_run() has work. */
void
hnv_engine_wait(struct hnv_engine *engine)
{
    hnv_ovs_wait(engine->ovs);
    hnv_db_wait(engine->db);
    hnv_feed_wait(engine->feed);
    hnv_ofconn_wait(engine->ofconn);
    hnv_moves_wait(engine->moves);
    hnv_installer_wait(engine->installer);
    hnv_lazy_wait(engine->lazy);
    hnv_report_wait(engine->report);
    hnv_requests_wait(engine->requests);
    hnv_learn_wait(engine->learn);
    if (hnv_engine_is_policy_old(engine)) {
        poll_timer_wait_until(engine->next_policy);
    }
    if (engine->want_lazy_seqno != hnv_lazy_get_seqno(engine->lazy)) {
        poll_immediate_wake();
    }
}

/* Adds to 'usage' what takes memory. */
void
hnv_engine_get_memory_usage(const struct hnv_engine *engine,
                            struct simap *usage)
{
    simap_increase(usage, "records", hnv_records_count(engine->records));
    simap_increase(usage, "peers", hnv_peers_count(engine->peers));
    simap_increase(usage, "flows",
                   hnv_installer_count_flows(engine->installer));
}

/* Returns true if all that the databases say, as far as it arrived, is in
 * force in the switch. */
bool
hnv_engine_is_settled(const struct hnv_engine *engine)
{
    return (hnv_installer_is_done(engine->installer)
            && hnv_zones_is_done(engine->zones)
            && hnv_ovs_has_synced(engine->ovs)
            && hnv_db_is_synced(engine->db)
            && hnv_feed_is_synced(engine->feed)
            && engine->policy_ovs_seqno == hnv_ovs_get_seqno(engine->ovs)
            && engine->policy_db_seqno == hnv_db_get_seqno(engine->db));
}

static void
add_errors(struct hnv_errors *to, const struct hnv_errors *from)
{
    for (size_t i = 0; i < from->n; i++) {
        const struct hnv_error *error = &from->errors[i];

        /* The name is quoted already, which hnv_errors_add() would repeat. */
        hnv_errors_add(to, error->table, &error->uuid, "", "%s",
                       error->message);
        free(to->errors[to->n - 1].row);
        to->errors[to->n - 1].row = xstrdup(error->row);
    }
}

/* Adds to 'errors' the subnets whose broadcast does not reach all. */
static void
add_flood_errors(const struct hnv_engine *engine,
                 const struct hnv_policy *policy, struct hnv_errors *errors)
{
    const struct hnv_host *host = hnv_installer_get_host(engine->installer);
    const struct hnv_subnet *subnet;

    HMAP_FOR_EACH (subnet, node, &policy->subnets) {
        size_t rest = hnv_compile_flood_rest(
            host, subnet, hnv_peers_members(engine->peers, subnet->vsid));

        if (rest) {
            hnv_errors_add(errors, HNV_ROW_SUBNET, &subnet->uuid, subnet->name,
                           "flood=head_end: VSID %"PRIu32" has too many "
                           "provider addresses for a copy to each, so "
                           "%"PRIuSIZE" get no broadcast; set flood=multicast "
                           "and multicast_pa", subnet->vsid, rest);
        }
    }
}

/* Adds to 'errors' what is wrong with rows that this host cannot apply. */
void
hnv_engine_get_errors(const struct hnv_engine *engine,
                      struct hnv_errors *errors)
{
    const struct hnv_policy *policy
        = hnv_installer_get_policy(engine->installer);

    add_errors(errors, &engine->errors);
    add_errors(errors, &engine->refused);
    hnv_records_get_errors(engine->records, errors);
    if (policy) {
        add_flood_errors(engine, policy, errors);
        hnv_misfits_get_errors(&engine->misfits, policy, engine->records,
                               errors);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hnv-db.h"
#include "hnv-engine.h"
#include "hnv-feed.h"
#include "hnv-host.h"
#include "hnv-idl.h"
#include "hnv-installer.h"
#include "hnv-ovs.h"
#include "hnv-policy.h"
#include "hnv-records.h"
#include "hnv-zones.h"
#include "openvswitch/hmap.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "smap.h"
#include "timeval.h"
#include "util.h"
#include "uuid.h"

VLOG_DEFINE_THIS_MODULE(hnv_report);

/* Most rows that we name in Host_State. */
#define HNV_MAX_ERRORS 100

/* How long to wait before reporting what nobody waits for, and after the
 * database refused a report, in ms. */
#define HNV_REPORT_INTERVAL 5000
#define HNV_REPORT_BACKOFF 10000

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

struct hnv_report {
    struct hnv_engine *engine;
    long long int backoff;      /* Do not write before, in ms. */
    long long int next_load;    /* Do not write 'load' before, in ms. */
    unsigned int errors_seqno;  /* Of the engine, when written. */
    bool refused;               /* Did the database refuse a report? */
};

struct hnv_report *
hnv_report_create(struct hnv_engine *engine)
{
    struct hnv_report *report = xzalloc(sizeof *report);

    report->engine = engine;
    return report;
}

void
hnv_report_destroy(struct hnv_report *report)
{
    free(report);
}

/* Returns the configuration that is in force, or -1 if some of it is still on
 * its way. */
static int64_t
hnv_report_get_cfg(const struct hnv_engine *engine)
{
    return (hnv_engine_is_settled(engine)
            && hnv_feed_get_cfg(engine->feed) >= engine->cfg
            ? engine->cfg : -1);
}

static const struct hnvrec_host_state *
hnv_report_find_state(const struct ovsdb_idl *idl, const char *name)
{
    const struct hnvrec_host_state *state;

    HNVREC_HOST_STATE_FOR_EACH (state, idl) {
        if (!strcmp(state->name, name)) {
            return state;
        }
    }
    return NULL;
}

static void
hnv_report_write_errors(const struct hnv_engine *engine,
                        const struct hnvrec_host_state *state,
                        size_t *n_errors)
{
    struct hnv_errors errors = HNV_ERRORS_INITIALIZER;
    struct smap map = SMAP_INITIALIZER(&map);

    hnv_engine_get_errors(engine, &errors);
    for (size_t i = 0; i < errors.n && smap_count(&map) < HNV_MAX_ERRORS;
         i++) {
        const struct hnv_error *error = &errors.errors[i];
        const char *table = hnv_row_name(error->table);
        char *row = xasprintf("%s "UUID_FMT"%s%s", table ? table : "flow",
                              UUID_ARGS(&error->uuid),
                              error->row[0] ? " " : "", error->row);

        smap_replace(&map, row, error->message);
        free(row);
    }
    if (!smap_equal(&map, &state->errors)) {
        hnvrec_host_state_set_errors(state, &map);
    }
    *n_errors = errors.n;
    smap_destroy(&map);
    hnv_errors_clear(&errors);
}

static void
hnv_report_write_load(const struct hnv_engine *engine,
                      const struct hnvrec_host_state *state, size_t n_errors)
{
    const struct hnv_host *host = hnv_installer_get_host(engine->installer);
    const char *keys[] = { "errors", "flows", "ports", "records" };
    int64_t values[] = {
        n_errors,
        hnv_installer_count_flows(engine->installer),
        host ? host->n_lports : 0,
        hnv_records_count(engine->records),
    };

    if (state->n_load == ARRAY_SIZE(keys)
        && !memcmp(state->value_load, values, sizeof values)) {
        return;
    }
    hnvrec_host_state_set_load(state, (const char **) keys, values,
                               ARRAY_SIZE(keys));
}

static void
hnv_report_write_alarms(const struct hnv_engine *engine,
                        const struct hnvrec_host_state *state)
{
    const char *error = hnv_ovs_get_bridge_error(engine->ovs);
    struct smap map = SMAP_INITIALIZER(&map);

    if (error) {
        smap_add(&map, "bridge", error);
    }
    if (!smap_equal(&map, &state->alarms)) {
        hnvrec_host_state_set_alarms(state, &map);
    }
    smap_destroy(&map);
}

/* Writes Host_State.  Returns true if there was something to write. */
static bool
hnv_report_write_state(struct hnv_report *report, struct ovsdb_idl_txn *txn)
{
    const struct hnv_engine *engine = report->engine;
    const struct ovsdb_idl *idl = hnv_db_get_idl(engine->db);
    const char *name = hnv_ovs_get_config(engine->ovs)->host_name;
    const struct hnvrec_host_state *state = hnv_report_find_state(idl, name);
    const struct hnvrec_host *host = hnvrec_host_first(idl);
    int64_t cfg = hnv_report_get_cfg(engine);
    bool news = !state || (cfg >= 0 && cfg != state->cfg);
    size_t n_errors;

    if (!news) {
        report->refused = false;
    }
    if (!name[0] || !hnv_installer_get_policy(engine->installer)
        || (!news && (report->errors_seqno == engine->errors_seqno
                      || time_msec() < report->next_load))) {
        return false;
    }

    if (!state) {
        state = hnvrec_host_state_insert(txn);
        hnvrec_host_state_set_name(state, name);
    }
    if (host && state->host != host) {
        hnvrec_host_state_set_host(state, host);
    }
    if (cfg >= 0 && cfg != state->cfg) {
        hnvrec_host_state_set_cfg(state, cfg);
        hnvrec_host_state_set_cfg_timestamp(state, time_wall_msec());
    }
    hnv_report_write_errors(engine, state, &n_errors);
    hnv_report_write_load(engine, state, n_errors);
    hnv_report_write_alarms(engine, state);
    report->errors_seqno = engine->errors_seqno;
    report->next_load = time_msec() + HNV_REPORT_INTERVAL;
    return true;
}

/* Is the port named 'port_id' one of 'host'? */
static bool
is_bound(const struct hnv_host *host, const char *port_id)
{
    for (size_t i = 0; host && i < host->n_lports; i++) {
        const struct hnv_port *port = host->lports[i].port;

        if (port && !strcmp(port->name, port_id)) {
            return true;
        }
    }
    return false;
}

/* Writes Port:up.  Returns true if there was something to write. */
static bool
hnv_report_write_ports(struct hnv_report *report)
{
    const struct hnv_engine *engine = report->engine;
    const struct hnv_host *host = hnv_installer_get_host(engine->installer);
    const char *name = hnv_ovs_get_config(engine->ovs)->host_name;
    const struct hnvrec_port *port;
    bool wrote = false;

    HNVREC_PORT_FOR_EACH (port, hnv_db_get_idl(engine->db)) {
        bool up = is_bound(host, port->name);

        if (hnv_db_is_owner(&port->owner, name)
            && (!port->n_up || port->up[0] != up)) {
            hnvrec_port_set_up(port, &up, 1);
            wrote = true;
        }
    }
    return wrote;
}

/* Returns what is wrong with 'port', or NULL. */
static const char *
find_error(const struct hnv_engine *engine, const struct hnv_ovs_port *port)
{
    const struct hnv_errors *errors = &engine->errors;

    for (size_t i = 0; i < errors->n; i++) {
        if (errors->errors[i].table == HNV_ROW_PORT
            && uuid_equals(&errors->errors[i].uuid, &port->uuid)) {
            return errors->errors[i].message;
        }
    }
    return NULL;
}

/* Tells the local database which interfaces are installed, and what is wrong
 * with the others. */
static void
hnv_report_write_bindings(const struct hnv_engine *engine)
{
    const struct hnv_host *host = hnv_installer_get_host(engine->installer);
    const struct hnv_ovs_port *port;

    HMAP_FOR_EACH (port, node, hnv_ovs_get_ports(engine->ovs)) {
        uint32_t installed = 0;

        for (size_t i = 0; host && i < host->n_lports; i++) {
            if (!strcmp(host->lports[i].name, port->name)) {
                installed = hnv_zones_hash(&host->lports[i]);
            }
        }
        hnv_ovs_set_state(engine->ovs, port, installed,
                          find_error(engine, port));
    }
}

/* Writes what is new.  The caller must call this often, between hnv_db_run()
 * and hnv_db_commit(), and then hnv_report_wait() before it blocks. */
void
hnv_report_run(struct hnv_report *report)
{
    struct hnv_engine *engine = report->engine;
    struct ovsdb_idl_txn *txn = hnv_db_get_txn(engine->db);

    if (hnv_engine_is_settled(engine)) {
        hnv_report_write_bindings(engine);
    }
    if (hnv_db_has_failed(engine->db)) {
        VLOG_WARN_RL(&rl, "HNV database refused a report of this host; is "
                     "external_ids:hnv-host-name the name in its "
                     "certificate?");
        report->backoff = time_msec() + HNV_REPORT_BACKOFF;
        report->refused = true;
    }
    if (!txn || !hnv_db_is_synced(engine->db)
        || time_msec() < report->backoff) {
        return;
    }
    if (!hnv_report_write_state(report, txn)
        && hnv_engine_is_settled(engine)) {
        hnv_report_write_ports(report);
    }
}

/* Arranges for poll_block() to wake up when hnv_report_run() has work that
 * nothing else wakes up for. */
void
hnv_report_wait(struct hnv_report *report)
{
    if (time_msec() < report->backoff) {
        poll_timer_wait_until(report->backoff);
    }
    if (report->errors_seqno != report->engine->errors_seqno
        && time_msec() < report->next_load) {
        poll_timer_wait_until(report->next_load);
    }
}

/* Returns true if the database refused what this host had to report, and has
 * not accepted it since. */
bool
hnv_report_is_refused(const struct hnv_report *report)
{
    return report->refused;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-show.h"

#include <inttypes.h>
#include <stdlib.h>

#include "flow.h"
#include "hnv-compile.h"
#include "hnv-db.h"
#include "hnv-engine.h"
#include "hnv-feed.h"
#include "hnv-flows.h"
#include "hnv-host.h"
#include "hnv-installer.h"
#include "hnv-lazy.h"
#include "hnv-learn.h"
#include "hnv-ofconn.h"
#include "hnv-ovs.h"
#include "hnv-packet-in.h"
#include "hnv-peers.h"
#include "hnv-policy.h"
#include "hnv-records.h"
#include "hnv-report.h"
#include "hnv-tls.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "unixctl.h"
#include "util.h"
#include "uuid.h"

/* A command hnv/recompute that waits for its result. */
struct recompute {
    struct ovs_list node;       /* In 'recomputes'. */
    struct unixctl_conn *conn;
    bool started;
};

static struct ovs_list recomputes = OVS_LIST_INITIALIZER(&recomputes);

static void
show_database(const struct hnv_engine *engine, struct ds *s)
{
    const char *remote = hnv_ovs_get_config(engine->ovs)->remote;
    char *error = hnv_tls_explain(remote, hnv_db_get_error(engine->db));

    ds_put_format(s, "HNV database: %s, %s\n",
                  remote ? remote : "not configured",
                  !hnv_db_is_connected(engine->db) ? "not connected"
                  : !hnv_feed_is_connected(engine->feed) ? "connecting"
                  : hnv_db_is_synced(engine->db)
                  && hnv_feed_is_synced(engine->feed) ? "synchronized"
                  : "reading");
    if (error) {
        ds_put_format(s, "    %s\n", error);
        free(error);
    } else if (remote && !hnv_db_is_connected(engine->db)) {
        ds_put_cstr(s, "    nothing heard of a database HNV there; the log "
                    "says more\n");
    }
    if (hnv_report_is_refused(engine->report)) {
        ds_put_format(s, "    it refuses the reports of this host: "
                      "external_ids:hnv-host-name must be the name in this "
                      "host's certificate\n");
    }
}

static void
show_connections(const struct hnv_engine *engine, struct ds *s)
{
    const struct hnv_ovs_config *config = hnv_ovs_get_config(engine->ovs);
    const struct hnv_policy *policy
        = hnv_installer_get_policy(engine->installer);
    const char *error = hnv_ovs_get_bridge_error(engine->ovs);
    struct hnv_ofconn_stats stats = hnv_ofconn_get_stats(engine->ofconn);

    ds_put_format(s, "host: %s\n", config->host_name[0] ? config->host_name
                  : "none; set external_ids:hnv-host-name in Open_vSwitch");
    if (policy && config->host_name[0]
        && !hnv_policy_host(policy, config->host_name)) {
        ds_put_cstr(s, "    the policy has no such Host; compare "
                    "external_ids:hnv-host-name with \"hnv-ctl host-list\"\n");
    }
    ds_put_format(s, "Open_vSwitch database: %s\n",
                  hnv_ovs_is_connected(engine->ovs) ? "connected"
                  : "not connected");
    show_database(engine, s);
    ds_put_format(s, "bridge: %s, %s\n", config->bridge,
                  hnv_ofconn_get_state(engine->ofconn));
    if (error) {
        ds_put_format(s, "    %s\n", error);
    }
    ds_put_format(s, "    %"PRIu64" connections, %"PRIu64" bundles with %"
                  PRIu64" changes, %"PRIu64" refused, %"PRIu64
                  " packet-ins\n", stats.n_connects, stats.n_bundles,
                  stats.n_changes, stats.n_refused, stats.n_packet_ins);
}

static void
show_policy(const struct hnv_engine *engine, struct ds *s)
{
    const struct hnv_policy *policy
        = hnv_installer_get_policy(engine->installer);
    const struct hnv_host *host = hnv_installer_get_host(engine->installer);

    ds_put_format(s, "policy: %s\n", !policy ? "none yet"
                  : hnv_engine_is_settled(engine) ? "in force" : "changing");
    ds_put_format(s, "    %"PRIuSIZE" records, %"PRIuSIZE" peers, %"PRIuSIZE
                  " flows besides those of records\n",
                  hnv_records_count(engine->records),
                  hnv_peers_count(engine->peers),
                  hnv_installer_count_flows(engine->installer));
    for (size_t i = 0; host && i < host->n_lports; i++) {
        const struct hnv_lport *lport = &host->lports[i];
        const struct hnv_subnet *subnet
            = lport->port ? lport->port->subnet : NULL;

        ds_put_format(s, "port %s: %s", lport->name,
                      lport->port ? lport->port->name : "uplink");
        if (subnet) {
            ds_put_format(s, ", VSID %"PRIu32" of %s", subnet->vsid,
                          subnet->domain->name);
        }
        ds_put_char(s, '\n');
    }
}

static void
show_status(struct unixctl_conn *conn, int argc OVS_UNUSED,
            const char *argv[] OVS_UNUSED, void *engine_)
{
    const struct hnv_engine *engine = engine_;
    struct ds s = DS_EMPTY_INITIALIZER;

    show_connections(engine, &s);
    show_policy(engine, &s);
    hnv_packet_ins_format(engine->packet_ins, &s);
    hnv_lazy_format(engine->lazy, &s);
    hnv_learn_format(engine->learn, &s);
    unixctl_command_reply(conn, ds_cstr(&s));
    ds_destroy(&s);
}

static void
show_errors(struct unixctl_conn *conn, int argc OVS_UNUSED,
            const char *argv[] OVS_UNUSED, void *engine_)
{
    const struct hnv_engine *engine = engine_;
    struct hnv_errors errors = HNV_ERRORS_INITIALIZER;
    struct ds s = DS_EMPTY_INITIALIZER;

    hnv_engine_get_errors(engine, &errors);
    for (size_t i = 0; i < errors.n; i++) {
        const struct hnv_error *error = &errors.errors[i];
        const char *table = hnv_row_name(error->table);

        ds_put_format(&s, "%s "UUID_FMT" %s: %s\n", table ? table : "flow",
                      UUID_ARGS(&error->uuid), error->row, error->message);
    }
    unixctl_command_reply(conn, ds_cstr(&s));
    ds_destroy(&s);
    hnv_errors_clear(&errors);
}

/* Adds to 'flows' all that the switch should have. */
static void
compile_all(const struct hnv_engine *engine, struct hnv_flows *flows)
{
    const struct hnv_policy *policy
        = hnv_installer_get_policy(engine->installer);
    const struct hnv_host *host = hnv_installer_get_host(engine->installer);
    struct hmap_position position = { 0, 0 };
    struct hnv_entry *entry;

    if (!policy) {
        return;
    }
    hnv_compile_shared(policy, host, engine->peers, flows);
    while ((entry = hnv_records_next(engine->records, &position)) != NULL) {
        hnv_compile_record(policy, host, &entry->record, flows);
    }
}

static void
show_flows(struct unixctl_conn *conn, int argc, const char *argv[],
           void *engine)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct hnv_flows flows, some;
    struct hnv_flow *flow;
    int table_id = -1;

    if (argc > 1 && (!str_to_int(argv[1], 10, &table_id) || table_id < 0)) {
        unixctl_command_reply_error(conn, "table must be a number");
        return;
    }

    hnv_flows_init(&flows);
    hnv_flows_init(&some);
    compile_all(engine, &flows);
    if (table_id < 0) {
        hnv_groups_format(&flows, &s);
        hnv_flows_merge(&some, &flows);
    }
    HMAP_FOR_EACH_SAFE (flow, node, &flows.flows) {
        if (flow->table_id == table_id) {
            uint32_t hash = flow->node.hash;

            hmap_remove(&flows.flows, &flow->node);
            hmap_insert(&some.flows, &flow->node, hash);
        }
    }
    hnv_flows_format(&some, &s);
    hnv_flows_destroy(&flows);
    hnv_flows_destroy(&some);
    unixctl_command_reply(conn, ds_cstr(&s));
    ds_destroy(&s);
}

static void
recompute(struct unixctl_conn *conn, int argc OVS_UNUSED,
          const char *argv[] OVS_UNUSED, void *engine OVS_UNUSED)
{
    struct recompute *r = xzalloc(sizeof *r);

    r->conn = conn;
    ovs_list_push_back(&recomputes, &r->node);
    poll_immediate_wake();
}

/* Registers the commands, for 'engine'. */
void
hnv_show_init(struct hnv_engine *engine)
{
    unixctl_command_register("hnv/status", "", 0, 0, show_status, engine);
    unixctl_command_register("hnv/errors", "", 0, 0, show_errors, engine);
    unixctl_command_register("hnv/flows", "[table]", 0, 1, show_flows,
                             engine);
    unixctl_command_register("hnv/recompute", "", 0, 0, recompute, engine);
}

/* Goes on with commands that take time. */
void
hnv_show_run(struct hnv_engine *engine)
{
    struct recompute *r;
    const char *log;
    size_t n;

    if (ovs_list_is_empty(&recomputes)) {
        return;
    }
    r = CONTAINER_OF(ovs_list_front(&recomputes), struct recompute, node);
    if (!r->started) {
        /* What is on its way is not a difference. */
        if (hnv_engine_is_settled(engine)) {
            engine->policy_db_seqno--;
            hnv_installer_resync(engine->installer);
            r->started = true;
        }
    } else if (hnv_installer_get_resync(engine->installer, &n, &log)
               && hnv_engine_is_settled(engine)) {
        struct ds s = DS_EMPTY_INITIALIZER;

        ds_put_format(&s, "%"PRIuSIZE" changes\n%s", n, log);
        unixctl_command_reply(r->conn, ds_cstr(&s));
        ds_destroy(&s);
        ovs_list_remove(&r->node);
        free(r);
    }
}

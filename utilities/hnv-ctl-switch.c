/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-switch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "jsonrpc.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "ovsdb-idl.h"
#include "packets.h"
#include "smap.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"
#include "vswitch-idl.h"

enum { TIMEOUT_MS = 5000 };

char *
hnv_switch_rundir(const char *pattern, const char *host)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (const char *p = pattern; *p; p++) {
        if (p[0] == '%' && p[1] == 'h') {
            ds_put_cstr(&ds, host);
            p++;
        } else {
            ds_put_char(&ds, *p);
        }
    }
    return ds_steal_cstr(&ds);
}

bool
hnv_switch_fetch(struct ovsdb_idl *idl, int timeout_ms)
{
    long long int deadline = time_msec() + timeout_ms;

    for (;;) {
        ovsdb_idl_run(idl);
        if (ovsdb_idl_has_ever_connected(idl)) {
            return true;
        }
        if (!ovsdb_idl_is_alive(idl) || time_msec() >= deadline) {
            return false;
        }
        ovsdb_idl_wait(idl);
        poll_timer_wait_until(deadline);
        poll_block();
    }
}

/* ------------------------------------------------------------------------ */
/* What the database says.                                                  */
/* ------------------------------------------------------------------------ */

static struct ovsdb_idl *
fetch_database(const char *rundir)
{
    char *remote = xasprintf("unix:%s/db.sock", rundir);
    struct ovsdb_idl *idl = ovsdb_idl_create(remote, &ovsrec_idl_class, false,
                                             false);
    static const struct ovsdb_idl_column *columns[] = {
        &ovsrec_open_vswitch_col_external_ids,
        &ovsrec_open_vswitch_col_bridges,
        &ovsrec_bridge_col_name,
        &ovsrec_bridge_col_ports,
        &ovsrec_port_col_interfaces,
        &ovsrec_interface_col_name,
        &ovsrec_interface_col_type,
        &ovsrec_interface_col_ofport,
        &ovsrec_interface_col_options,
        &ovsrec_interface_col_external_ids,
        &ovsrec_interface_col_mac_in_use,
    };

    ovsdb_idl_add_table(idl, &ovsrec_table_open_vswitch);
    ovsdb_idl_add_table(idl, &ovsrec_table_bridge);
    ovsdb_idl_add_table(idl, &ovsrec_table_port);
    ovsdb_idl_add_table(idl, &ovsrec_table_interface);
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        ovsdb_idl_add_column(idl, columns[i]);
    }
    free(remote);
    return idl;
}

static bool
is_for_all_peers(const struct ovsrec_interface *iface)
{
    return !strcmp(iface->type, "nvgre")
           && !strcmp(smap_get_def(&iface->options, "remote_ip", ""), "flow")
           && !strcmp(smap_get_def(&iface->options, "key", ""), "flow");
}

static void
take_port(struct hnv_switch *sw, size_t *allocated, const char *rewrite_port,
          const struct ovsrec_interface *iface)
{
    if (sw->n_ports >= *allocated) {
        sw->ports = x2nrealloc(sw->ports, allocated, sizeof *sw->ports);
    }
    sw->ports[sw->n_ports++] = (struct hnv_switch_port) {
        .name = xstrdup(iface->name),
        .id = nullable_xstrdup(smap_get(&iface->external_ids, "hnv-port-id")),
        .ofport = iface->n_ofport ? iface->ofport[0] : -1,
        .tunnel = is_for_all_peers(iface),
        .rewrite = rewrite_port && !strcmp(iface->name, rewrite_port),
    };
}

static void
take_bridge(struct hnv_switch *sw, const char *rewrite_port,
            const struct ovsrec_bridge *bridge)
{
    size_t allocated = 0;

    for (size_t i = 0; i < bridge->n_ports; i++) {
        const struct ovsrec_port *port = bridge->ports[i];

        for (size_t j = 0; j < port->n_interfaces; j++) {
            take_port(sw, &allocated, rewrite_port, port->interfaces[j]);
        }
    }
}

static void
take_pa_mac(struct hnv_switch *sw, const char *pa_bridge,
            const struct ovsdb_idl *idl)
{
    const struct ovsrec_interface *iface;

    OVSREC_INTERFACE_FOR_EACH (iface, idl) {
        if (pa_bridge && iface->mac_in_use
            && !strcmp(iface->name, pa_bridge)) {
            eth_addr_from_string(iface->mac_in_use, &sw->pa_mac);
        }
    }
}

static char *
take_database(struct hnv_switch *sw, struct ovsdb_idl *idl)
{
    const struct ovsrec_open_vswitch *ovs = ovsrec_open_vswitch_first(idl);
    const struct ovsrec_bridge *bridge;

    if (!ovs) {
        return xasprintf("%s: the Open_vSwitch database is empty; start "
                         "ovs-vswitchd", sw->rundir);
    }
    sw->host = xstrdup(smap_get_def(&ovs->external_ids, "hnv-host-name",
                           smap_get_def(&ovs->external_ids, "system-id",
                                        "localhost")));
    sw->bridge = xstrdup(smap_get_def(&ovs->external_ids, "hnv-bridge",
                                      "br-hnv"));
    take_pa_mac(sw, smap_get(&ovs->external_ids, "hnv-pa-bridge"), idl);
    OVSREC_BRIDGE_FOR_EACH (bridge, idl) {
        if (!strcmp(bridge->name, sw->bridge)) {
            take_bridge(sw, smap_get(&ovs->external_ids, "hnv-rewrite-port"),
                        bridge);
            return NULL;
        }
    }
    return xasprintf("%s: host \"%s\" has no bridge \"%s\", the one that "
                     "external_ids:hnv-bridge names; is hnv-agent running?",
                     sw->rundir, sw->host, sw->bridge);
}

char *
hnv_switch_open(const char *rundir, struct hnv_switch **switchp)
{
    struct ovsdb_idl *idl = fetch_database(rundir);
    struct hnv_switch *sw = xzalloc(sizeof *sw);
    char *error;

    sw->rundir = xstrdup(rundir);
    error = (hnv_switch_fetch(idl, TIMEOUT_MS)
             ? take_database(sw, idl)
             : xasprintf("%s/db.sock: the Open_vSwitch database does not "
                         "answer", rundir));
    ovsdb_idl_destroy(idl);
    if (error) {
        hnv_switch_close(sw);
        sw = NULL;
    }
    *switchp = sw;
    return error;
}

void
hnv_switch_close(struct hnv_switch *sw)
{
    if (sw) {
        for (size_t i = 0; i < sw->n_ports; i++) {
            free(sw->ports[i].name);
            free(sw->ports[i].id);
        }
        free(sw->ports);
        free(sw->rundir);
        free(sw->host);
        free(sw->bridge);
        free(sw);
    }
}

const struct hnv_switch_port *
hnv_switch_port_by_id(const struct hnv_switch *sw, const char *id)
{
    for (size_t i = 0; i < sw->n_ports; i++) {
        if (sw->ports[i].id && !strcmp(sw->ports[i].id, id)) {
            return &sw->ports[i];
        }
    }
    return NULL;
}

const struct hnv_switch_port *
hnv_switch_port_by_ofport(const struct hnv_switch *sw, int64_t ofport)
{
    for (size_t i = 0; i < sw->n_ports; i++) {
        if (sw->ports[i].ofport == ofport) {
            return &sw->ports[i];
        }
    }
    return NULL;
}

const struct hnv_switch_port *
hnv_switch_tunnel(const struct hnv_switch *sw)
{
    for (size_t i = 0; i < sw->n_ports; i++) {
        if (sw->ports[i].tunnel) {
            return &sw->ports[i];
        }
    }
    return NULL;
}

const struct hnv_switch_port *
hnv_switch_rewrite(const struct hnv_switch *sw)
{
    for (size_t i = 0; i < sw->n_ports; i++) {
        if (sw->ports[i].rewrite) {
            return &sw->ports[i];
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------------ */
/* What daemons answer.                                                     */
/* ------------------------------------------------------------------------ */

/* Stores into '*pathp', which the caller frees, where daemon 'name' takes
 * commands.  What was forwarded from another machine has no process here, and
 * so no PID in its name. */
static char *
find_daemon(const char *rundir, const char *name, char **pathp)
{
    char *forwarded = xasprintf("%s/%s.ctl", rundir, name);
    char *pidfile = xasprintf("%s/%s.pid", rundir, name);
    char *error = NULL;

    *pathp = NULL;
    if (!access(forwarded, F_OK)) {
        *pathp = xstrdup(forwarded);
    } else {
        pid_t pid = read_pidfile(pidfile);

        if (pid < 0) {
            error = xasprintf("%s: %s; is %s running?", pidfile,
                              ovs_strerror(-pid), name);
        } else {
            *pathp = xasprintf("%s/%s.%ld.ctl", rundir, name, (long int) pid);
        }
    }
    free(forwarded);
    free(pidfile);
    return error;
}

static char *
connect_daemon(const char *rundir, const char *name, struct jsonrpc **client)
{
    char *path;
    char *error = find_daemon(rundir, name, &path);

    if (!error) {
        int retval = unixctl_client_create(path, client);

        if (retval) {
            error = xasprintf("%s: %s", path, ovs_strerror(retval));
        }
    }
    free(path);
    return error;
}

/* The body of an answer. */
static char *
answer_text(const struct json *json)
{
    return xstrdup(json && json->type == JSON_STRING ? json_string(json) : "");
}

char *
hnv_switch_command(const struct hnv_switch *sw, const char *daemon,
                   const char *command, int argc, char *argv[],
                   char **replyp)
{
    struct json *result = NULL, *fault = NULL;
    struct jsonrpc *client;
    char *error = connect_daemon(sw->rundir, daemon, &client);

    *replyp = NULL;
    if (error) {
        return error;
    }

    int retval = unixctl_client_transact(client, command, argc, argv, &result,
                                         &fault);
    if (retval) {
        error = xasprintf("%s on host %s does not answer %s: %s", daemon,
                          sw->host, command, ovs_strerror(retval));
    } else if (fault) {
        error = answer_text(fault);
    } else {
        *replyp = answer_text(result);
    }
    json_destroy(result);
    json_destroy(fault);
    jsonrpc_close(client);
    return error;
}

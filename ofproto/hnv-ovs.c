/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ovs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "hash.h"
#include "hnv-bindings.h"
#include "hnv-multicast.h"
#include "hnv-timeouts.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "simap.h"
#include "smap.h"
#include "util.h"
#include "vswitch-idl.h"

VLOG_DEFINE_THIS_MODULE(hnv_ovs);

/* Name of the tunnel port that we create if there is none. */
#define HNV_TUNNEL_NAME "hnv-nvgre0"

/* Default names, and default bound on records fetched on demand. */
#define HNV_BRIDGE "br-hnv"
#define HNV_MAX_LAZY 10000

/* An ovsdb-server may need half a minute to compose a million records, and
 * answers nothing meanwhile. */
#define HNV_PROBE_INTERVAL_MS 60000

struct hnv_ovs {
    struct ovsdb_idl_loop loop;
    unsigned int read_seqno;    /* Of the IDL, when we last read from it. */
    unsigned int write_seqno;   /* Of the IDL, when we last wrote to it. */
    unsigned int seqno;         /* For hnv_ovs_get_seqno(). */

    struct hnv_ovs_config config;
    struct hmap ports;          /* Contains "struct hnv_ovs_port"s. */
    struct simap all_ports;     /* From name to ofport, ports of the bridge. */
    ofp_port_t tunnel;          /* OFPP_NONE if there is none. */
    int tunnel_mtu;             /* 0 if not known. */
    char *bridge_error;         /* What is wrong with the bridge, or NULL. */

    /* What is to be written. */
    struct hnv_bindings bindings;
    struct simap timeouts;      /* Of sessions, from zone to seconds. */
    bool timeouts_known;        /* Before, an earlier hnv-agent's stay. */
    bool timeouts_changed;
    char *groups;               /* Multicast groups, or NULL: not known. */
    bool groups_changed;
};

static void
hnv_ovs_monitor_columns(struct ovsdb_idl *idl)
{
    static struct ovsdb_idl_column *columns[] = {
        &ovsrec_open_vswitch_col_bridges,
        &ovsrec_open_vswitch_col_external_ids,
        &ovsrec_open_vswitch_col_datapaths,
        &ovsrec_datapath_col_ct_zones,
        &ovsrec_ct_zone_col_timeout_policy,
        &ovsrec_ct_zone_col_external_ids,
        &ovsrec_ct_timeout_policy_col_timeouts,
        &ovsrec_bridge_col_name,
        &ovsrec_bridge_col_datapath_type,
        &ovsrec_bridge_col_fail_mode,
        &ovsrec_bridge_col_ports,
        &ovsrec_port_col_name,
        &ovsrec_port_col_interfaces,
        &ovsrec_port_col_tag,
        &ovsrec_interface_col_name,
        &ovsrec_interface_col_type,
        &ovsrec_interface_col_options,
        &ovsrec_interface_col_external_ids,
        &ovsrec_interface_col_ofport,
        &ovsrec_interface_col_mtu,
        &ovsrec_interface_col_mac_in_use,
    };

    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        ovsdb_idl_add_column(idl, columns[i]);
    }
}

/* Returns a new connection to the Open_vSwitch database at 'remote', for
 * example "unix:/var/run/openvswitch/db.sock".  The caller must free it, with
 * hnv_ovs_destroy(). */
struct hnv_ovs *
hnv_ovs_create(const char *remote)
{
    struct hnv_ovs *ovs = xzalloc(sizeof *ovs);
    struct ovsdb_idl *idl;

    idl = ovsdb_idl_create_unconnected(&ovsrec_idl_class, false);
    hnv_ovs_monitor_columns(idl);
    ovsdb_idl_set_remote(idl, remote, true);
    ovs->loop = (struct ovsdb_idl_loop) OVSDB_IDL_LOOP_INITIALIZER(idl);
    ovs->config.host_name = xstrdup("");
    ovs->config.bridge = xstrdup(HNV_BRIDGE);
    hmap_init(&ovs->ports);
    simap_init(&ovs->all_ports);
    hnv_bindings_init(&ovs->bindings);
    simap_init(&ovs->timeouts);
    ovs->tunnel = OFPP_NONE;
    return ovs;
}

static void
hnv_ovs_clear_ports(struct hnv_ovs *ovs)
{
    struct hnv_ovs_port *port;

    HMAP_FOR_EACH_POP (port, node, &ovs->ports) {
        free(port->name);
        free(port->port_id);
        free(port->mac);
        free(port->cas);
        free(port->error);
        free(port);
    }
    simap_clear(&ovs->all_ports);
}

static void
hnv_ovs_clear_config(struct hnv_ovs_config *config)
{
    free(config->remote);
    free(config->host_name);
    free(config->bridge);
    free(config->pas);
    free(config->rewrite_port);
    free(config->pa_bridge);
}

/* Closes and frees 'ovs'. */
void
hnv_ovs_destroy(struct hnv_ovs *ovs)
{
    if (ovs) {
        hnv_ovs_clear_ports(ovs);
        hmap_destroy(&ovs->ports);
        simap_destroy(&ovs->all_ports);
        hnv_bindings_destroy(&ovs->bindings);
        simap_destroy(&ovs->timeouts);
        hnv_ovs_clear_config(&ovs->config);
        free(ovs->bridge_error);
        free(ovs->groups);
        ovsdb_idl_loop_destroy(&ovs->loop);
        free(ovs);
    }
}

static char *
smap_get_copy(const struct smap *smap, const char *key, const char *def)
{
    const char *value = smap_get_def(smap, key, def);
    return nullable_xstrdup(value && value[0] ? value : def);
}

static void
hnv_ovs_read_config(struct hnv_ovs *ovs,
                    const struct ovsrec_open_vswitch *cfg)
{
    const struct smap *ids = &cfg->external_ids;
    const char *system_id = smap_get_def(ids, "system-id", "");

    hnv_ovs_clear_config(&ovs->config);
    ovs->config = (struct hnv_ovs_config) {
        .remote = smap_get_copy(ids, "hnv-remote", NULL),
        .host_name = smap_get_copy(ids, "hnv-host-name", system_id),
        .bridge = smap_get_copy(ids, "hnv-bridge", HNV_BRIDGE),
        .pas = smap_get_copy(ids, "hnv-pa", NULL),
        .rewrite_port = smap_get_copy(ids, "hnv-rewrite-port", NULL),
        .pa_bridge = smap_get_copy(ids, "hnv-pa-bridge", NULL),
        .lazy = !strcmp(smap_get_def(ids, "hnv-lookup-mode", "full"), "lazy"),
        .max_lazy = smap_get_uint(ids, "hnv-max-lazy-records", HNV_MAX_LAZY),
        .probe_interval_ms = smap_get_int(ids, "hnv-probe-interval",
                                          HNV_PROBE_INTERVAL_MS),
    };
}

static const struct ovsrec_bridge *
hnv_ovs_find_bridge(const struct hnv_ovs *ovs,
                    const struct ovsrec_open_vswitch *cfg)
{
    for (size_t i = 0; i < cfg->n_bridges; i++) {
        if (!strcmp(cfg->bridges[i]->name, ovs->config.bridge)) {
            return cfg->bridges[i];
        }
    }
    return NULL;
}

/* A tunnel port serves us if OpenFlow chooses all of its addresses and its
 * key: there is one such port for all tenants and hosts. */
static bool
hnv_ovs_is_tunnel(const struct ovsrec_interface *iface)
{
    const struct smap *options = &iface->options;

    return (!strcmp(iface->type, "nvgre")
            && !strcmp(smap_get_def(options, "remote_ip", ""), "flow")
            && !strcmp(smap_get_def(options, "local_ip", ""), "flow")
            && !strcmp(smap_get_def(options, "key", ""), "flow"));
}

/* Returns the tunnel port in 'br', or NULL. */
static const struct ovsrec_interface *
hnv_ovs_find_tunnel(const struct ovsrec_bridge *br)
{
    for (size_t i = 0; br && i < br->n_ports; i++) {
        for (size_t j = 0; j < br->ports[i]->n_interfaces; j++) {
            if (hnv_ovs_is_tunnel(br->ports[i]->interfaces[j])) {
                return br->ports[i]->interfaces[j];
            }
        }
    }
    return NULL;
}

static ofp_port_t
iface_ofport(const struct ovsrec_interface *iface)
{
    return (iface->n_ofport && iface->ofport[0] > 0
            ? u16_to_ofp(iface->ofport[0]) : OFPP_NONE);
}

/* Adds to 'ovs' the VM port or uplink that 'iface' of 'row' is, if it is
 * one. */
static struct hnv_ovs_port *
hnv_ovs_add_port(struct hnv_ovs *ovs, const struct ovsrec_port *row,
                 const struct ovsrec_interface *iface)
{
    const struct smap *ids = &iface->external_ids;
    const char *port_id = smap_get_def(ids, "hnv-port-id", "");
    struct hnv_ovs_port *port;

    if (!hnv_binding_exists(iface) || hnv_ovs_is_tunnel(iface)) {
        return NULL;
    }

    port = xzalloc(sizeof *port);
    port->uuid = iface->header_.uuid;
    port->name = xstrdup(iface->name);
    port->port_id = port_id[0] ? xstrdup(port_id) : NULL;
    port->mac = nullable_xstrdup(smap_get_def(ids, "hnv-mac",
                                              smap_get(ids, "attached-mac")));
    port->cas = nullable_xstrdup(smap_get(ids, "hnv-ca"));
    port->ofport = iface_ofport(iface);
    port->uplink = smap_get(ids, "hnv-uplink") != NULL;
    port->installed = hnv_bindings_read(iface);
    port->vlan = row->n_tag ? row->tag[0] : -1;
    port->error = hnv_binding_check(iface, &port->vsid);
    if (!port->error && iface->n_ofport && iface->ofport[0] == -1) {
        port->error = xstrdup("the switch cannot open it, see the \"error\" "
                              "column of its Interface");
    }
    hmap_insert(&ovs->ports, &port->node, hash_string(port->name, 0));
    return port;
}

/* Adds to 'ovs' the ports of 'br', which is the integration bridge or, if
 * 'stray', one where no port should be meant for us. */
static void
hnv_ovs_add_ports(struct hnv_ovs *ovs, const struct ovsrec_bridge *br,
                  bool stray)
{
    for (size_t i = 0; i < br->n_ports; i++) {
        for (size_t j = 0; j < br->ports[i]->n_interfaces; j++) {
            const struct ovsrec_interface *iface = br->ports[i]->interfaces[j];
            struct hnv_ovs_port *port
                = hnv_ovs_add_port(ovs, br->ports[i], iface);

            if (port && stray) {
                free(port->error);
                port->error = xasprintf("it is on bridge %s, not on the "
                                        "integration bridge %s", br->name,
                                        ovs->config.bridge);
                port->ofport = OFPP_NONE;
            } else if (!stray) {
                simap_put(&ovs->all_ports, iface->name,
                          ofp_to_u16(iface_ofport(iface)));
            }
            if (!stray && hnv_ovs_is_tunnel(iface)) {
                ovs->tunnel = iface_ofport(iface);
                ovs->tunnel_mtu = iface->n_mtu ? iface->mtu[0] : 0;
            }
        }
    }
}

/* Reports a second Interface with the same hnv-port-id, since only one of them
 * can have the VM's addresses.  The one with the lower OpenFlow port keeps
 * them, so that the outcome does not depend on the order of rows. */
static void
hnv_ovs_check_ports(struct hnv_ovs *ovs)
{
    struct hnv_ovs_port *port, *other;

    HMAP_FOR_EACH (port, node, &ovs->ports) {
        HMAP_FOR_EACH (other, node, &ovs->ports) {
            if (port != other && !port->error && port->port_id
                && other->port_id && !strcmp(port->port_id, other->port_id)
                && ofp_to_u16(other->ofport) < ofp_to_u16(port->ofport)) {
                port->error = xasprintf(
                    "external_ids:hnv-port-id is \"%s\", as it is on "
                    "interface %s; remove it from one of them",
                    port->port_id, other->name);
            }
        }
    }
}

static void
hnv_ovs_read_bridge(struct hnv_ovs *ovs, const struct ovsrec_bridge *br)
{
    free(ovs->bridge_error);
    ovs->bridge_error = NULL;
    if (!br) {
        ovs->bridge_error = xasprintf("bridge %s does not exist (yet)",
                                      ovs->config.bridge);
        return;
    }

    if (!br->fail_mode || strcmp(br->fail_mode, "secure")) {
        ovs->bridge_error = xasprintf(
            "bridge %s is not in fail mode \"secure\", so that it forwards "
            "without policy while no flows are installed; run \"ovs-vsctl "
            "set-fail-mode %s secure\"", br->name, br->name);
    } else if (!br->datapath_type[0]
               || !strcmp(br->datapath_type, "system")) {
        ovs->bridge_error = xasprintf(
            "bridge %s is in the kernel, which has no nvgre ports; run "
            "\"ovs-vsctl set bridge %s datapath_type=netdev\"",
            br->name, br->name);
    }

    hnv_ovs_add_ports(ovs, br, false);
    hnv_ovs_check_ports(ovs);
    if (!ovs->bridge_error && ovs->config.rewrite_port
        && !simap_contains(&ovs->all_ports, ovs->config.rewrite_port)) {
        ovs->bridge_error = xasprintf(
            "bridge %s has no port %s, which external_ids:hnv-rewrite-port "
            "names", br->name, ovs->config.rewrite_port);
    }
}

/* Adds a port named 'name' with an Interface of type 'type' to 'br'.  Returns
 * the Interface. */
static struct ovsrec_interface *
hnv_ovs_create_port(struct ovsdb_idl_txn *txn, const struct ovsrec_bridge *br,
                    const char *name, const char *type)
{
    struct ovsrec_interface *iface = ovsrec_interface_insert(txn);
    struct ovsrec_port *port = ovsrec_port_insert(txn);

    ovsrec_interface_set_name(iface, name);
    ovsrec_interface_set_type(iface, type);
    ovsrec_port_set_name(port, name);
    ovsrec_port_set_interfaces(port, &iface, 1);
    ovsrec_bridge_update_ports_addvalue(br, port);
    return iface;
}

/* Creates the integration bridge and the tunnel port, where missing. */
static void
hnv_ovs_create_missing(const struct hnv_ovs *ovs, struct ovsdb_idl_txn *txn,
                       const struct ovsrec_open_vswitch *cfg)
{
    const struct ovsrec_bridge *br = hnv_ovs_find_bridge(ovs, cfg);

    if (!br) {
        struct ovsrec_bridge *new = ovsrec_bridge_insert(txn);

        ovsrec_bridge_set_name(new, ovs->config.bridge);
        ovsrec_bridge_set_datapath_type(new, "netdev");
        ovsrec_bridge_set_fail_mode(new, "secure");
        hnv_ovs_create_port(txn, new, ovs->config.bridge, "internal");
        ovsrec_open_vswitch_update_bridges_addvalue(cfg, new);
        VLOG_INFO("creating integration bridge %s", ovs->config.bridge);
        ovsdb_idl_txn_add_comment(txn, "hnv-agent: create bridge %s",
                                  ovs->config.bridge);
        br = new;
    } else if (hnv_ovs_find_tunnel(br)) {
        return;
    }

    struct ovsrec_interface *iface
        = hnv_ovs_create_port(txn, br, HNV_TUNNEL_NAME, "nvgre");
    struct smap options = SMAP_INITIALIZER(&options);

    smap_add(&options, "remote_ip", "flow");
    smap_add(&options, "local_ip", "flow");
    smap_add(&options, "key", "flow");
    ovsrec_interface_set_options(iface, &options);
    smap_destroy(&options);
    VLOG_INFO("creating tunnel port %s in bridge %s", HNV_TUNNEL_NAME,
              ovs->config.bridge);
}

static void
hnv_ovs_read(struct hnv_ovs *ovs, const struct ovsrec_open_vswitch *cfg)
{
    const struct ovsrec_bridge *br;

    ovs->tunnel = OFPP_NONE;
    ovs->tunnel_mtu = 0;
    hnv_ovs_clear_ports(ovs);
    hnv_ovs_read_config(ovs, cfg);
    br = hnv_ovs_find_bridge(ovs, cfg);
    hnv_ovs_read_bridge(ovs, br);
    for (size_t i = 0; i < cfg->n_bridges; i++) {
        if (cfg->bridges[i] != br) {
            hnv_ovs_add_ports(ovs, cfg->bridges[i], true);
        }
    }
    ovs->seqno++;
}

/* Whether there is something to write that the database does not wait for. */
static bool
hnv_ovs_has_news(const struct hnv_ovs *ovs)
{
    return (ovs->bindings.changed || ovs->timeouts_changed
            || ovs->groups_changed);
}

/* Does this module's share of work.  The caller must call this often, and
 * then hnv_ovs_wait() before it blocks. */
void
hnv_ovs_run(struct hnv_ovs *ovs)
{
    struct ovsdb_idl_txn *txn = ovsdb_idl_loop_run(&ovs->loop);
    unsigned int seqno = ovsdb_idl_get_seqno(ovs->loop.idl);
    const struct ovsrec_open_vswitch *cfg
        = ovsrec_open_vswitch_first(ovs->loop.idl);

    if (cfg && seqno != ovs->read_seqno) {
        hnv_ovs_read(ovs, cfg);
        ovs->read_seqno = seqno;
    }
    if (txn && cfg && (seqno != ovs->write_seqno
                       || hnv_ovs_has_news(ovs))) {
        const struct ovsrec_bridge *br = hnv_ovs_find_bridge(ovs, cfg);

        if (ovs->config.remote) {
            hnv_ovs_create_missing(ovs, txn, cfg);
        }
        if (br && ovs->timeouts_known) {
            hnv_timeouts_write(txn, cfg, br->datapath_type, &ovs->timeouts);
        }
        hnv_multicast_write(hnv_ovs_find_tunnel(br), ovs->groups);
        hnv_bindings_write(&ovs->bindings, ovs->loop.idl);
        ovs->timeouts_changed = ovs->groups_changed = false;
        ovs->write_seqno = seqno;
    }
    ovsdb_idl_loop_commit_and_wait(&ovs->loop);
}

/* Arranges for poll_block() to wake up when hnv_ovs_run() has work. */
void
hnv_ovs_wait(struct hnv_ovs *ovs)
{
    /* ovsdb_idl_loop_commit_and_wait() has arranged for everything else. */
    if (hnv_ovs_has_news(ovs) && !ovs->loop.committing_txn
        && ovsdb_idl_is_connected(ovs->loop.idl)) {
        poll_immediate_wake();
    }
}

bool
hnv_ovs_is_connected(const struct hnv_ovs *ovs)
{
    return ovsdb_idl_is_connected(ovs->loop.idl);
}

/* Returns true once 'ovs' has read the database for the first time. */
bool
hnv_ovs_has_synced(const struct hnv_ovs *ovs)
{
    return ovs->seqno > 0;
}

unsigned int
hnv_ovs_get_seqno(const struct hnv_ovs *ovs)
{
    return ovs->seqno;
}

const struct hnv_ovs_config *
hnv_ovs_get_config(const struct hnv_ovs *ovs)
{
    return &ovs->config;
}

/* Returns a map of "struct hnv_ovs_port"s. */
const struct hmap *
hnv_ovs_get_ports(const struct hnv_ovs *ovs)
{
    return &ovs->ports;
}

/* Returns the OpenFlow port of the tunnel port, or OFPP_NONE, and stores its
 * MTU in '*mtu', or 0 if the MTU is not known. */
ofp_port_t
hnv_ovs_get_tunnel(const struct hnv_ovs *ovs, int *mtu)
{
    *mtu = ovs->tunnel_mtu;
    return ovs->tunnel;
}

/* Returns the OpenFlow port of the Interface 'name' in the integration bridge,
 * or OFPP_NONE. */
ofp_port_t
hnv_ovs_find_port(const struct hnv_ovs *ovs, const char *name)
{
    const struct simap_node *node = simap_find(&ovs->all_ports, name);
    return node ? u16_to_ofp(node->data) : OFPP_NONE;
}

/* Returns what is wrong with the integration bridge, or NULL. */
const char *
hnv_ovs_get_bridge_error(const struct hnv_ovs *ovs)
{
    return ovs->bridge_error;
}

/* Returns the MAC of the provider network's bridge, or zero if there is none
 * or it is not known. */
struct eth_addr
hnv_ovs_get_pa_mac(const struct hnv_ovs *ovs)
{
    const struct ovsrec_interface *iface;
    struct eth_addr mac = eth_addr_zero;

    OVSREC_INTERFACE_FOR_EACH (iface, ovs->loop.idl) {
        if (ovs->config.pa_bridge && iface->mac_in_use
            && !strcmp(iface->name, ovs->config.pa_bridge)) {
            eth_addr_from_string(iface->mac_in_use, &mac);
        }
    }
    return mac;
}

/* Says what the switch has all flows of 'port' for, a number, or 0 if it has
 * not, and what is wrong with 'port', or NULL.  It must be one of
 * hnv_ovs_get_ports().  The database is told about it soon. */
void
hnv_ovs_set_state(struct hnv_ovs *ovs, const struct hnv_ovs_port *port,
                  uint32_t installed, const char *error)
{
    hnv_bindings_set(&ovs->bindings, &port->uuid, port->port_id, installed,
                     error);
}

/* Returns what the switch had all flows of the interface 'name' for when this
 * hnv-agent or an earlier one said so, or 0 if it had not. */
uint32_t
hnv_ovs_get_installed(const struct hnv_ovs *ovs, const char *name)
{
    const struct hnv_ovs_port *port;

    HMAP_FOR_EACH_WITH_HASH (port, node, hash_string(name, 0), &ovs->ports) {
        if (!strcmp(port->name, name)) {
            return port->installed;
        }
    }
    return 0;
}

/* Says after how many seconds without a packet sessions end: 'timeouts', whose
 * content this takes, maps from each zone that is not as usual.  The database
 * is told about it soon. */
void
hnv_ovs_set_timeouts(struct hnv_ovs *ovs, struct simap *timeouts)
{
    if (!ovs->timeouts_known || !simap_equal(&ovs->timeouts, timeouts)) {
        simap_swap(&ovs->timeouts, timeouts);
        ovs->timeouts_known = true;
        ovs->timeouts_changed = true;
    }
}

/* Says which multicast groups the tunnel port receives from, and takes over
 * 'groups': see hnv-multicast.h.  The database is told about it soon. */
void
hnv_ovs_set_groups(struct hnv_ovs *ovs, char *groups)
{
    ovs->groups_changed |= !ovs->groups || strcmp(ovs->groups, groups);
    free(ovs->groups);
    ovs->groups = groups;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-guard.h"

#include <string.h>

#include "coverage.h"
#include "netdev.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-port.h"
#include "openvswitch/vlog.h"
#include "ovs-rcu.h"
#include "seq.h"
#include "smap.h"
#include "sset.h"
#include "util.h"
#include "vswitch-idl.h"

VLOG_DEFINE_THIS_MODULE(nvgre_guard);

COVERAGE_DEFINE(nvgre_output_refused);

/* Flow tables.  The agent's are those between 0 and CONTROLLER_TABLES.  It
 * outputs nothing in table 0, which packet-outs and a controller that knows
 * of no other tables start from, and in which Open vSwitch itself has flows
 * for in-band control, before all others, which output to NORMAL whatever may
 * be between the host and its controller. */
enum {
    CLASSIFY_TABLE = 0,
    CONTROLLER_TABLES = 128,
    INTERNAL_TABLE = 254,       /* Open vSwitch's own. */
};

/* What is guarded.  Never changes once other threads can see it. */
struct guard {
    char *bridge;               /* "" for none. */
    struct sset ports;          /* Names of Interfaces. */
    struct sset uplinks;        /* Likewise: to the physical network. */
};

static OVSRCU_TYPE(struct guard *) guard = OVSRCU_INITIALIZER(NULL);

static void
guard_destroy(struct guard *g)
{
    if (g) {
        free(g->bridge);
        sset_destroy(&g->ports);
        sset_destroy(&g->uplinks);
        free(g);
    }
}

static bool
guard_equals(const struct guard *a, const struct guard *b)
{
    return (!strcmp(a->bridge, b->bridge) && sset_equals(&a->ports, &b->ports)
            && sset_equals(&a->uplinks, &b->uplinks));
}

/* Adds 'iface' to 'g', if it is to be guarded. */
static void
guard_add(struct guard *g, const struct ovsrec_interface *iface,
          const char *rewrite_port)
{
    const struct smap *ids = &iface->external_ids;

    if (smap_get_def(ids, "hnv-port-id", "")[0] || smap_get(ids, "hnv-vsid")
        || !strcmp(iface->type, "nvgre")
        || !strcmp(iface->name, rewrite_port)) {
        sset_add(&g->ports, iface->name);
    } else if (smap_get(ids, "hnv-uplink")) {
        sset_add(&g->uplinks, iface->name);
    }
}

static struct guard *
guard_create(const struct ovsrec_open_vswitch *cfg)
{
    const struct smap *ids = &cfg->external_ids;
    const char *bridge = smap_get_def(ids, "hnv-bridge", "");
    const char *rewrite_port = smap_get_def(ids, "hnv-rewrite-port", "");
    struct guard *g = xmalloc(sizeof *g);

    if (!bridge[0] && smap_get(ids, "hnv-remote")) {
        bridge = "br-hnv";
    }
    g->bridge = xstrdup(bridge);
    sset_init(&g->ports);
    sset_init(&g->uplinks);
    for (size_t i = 0; i < cfg->n_bridges; i++) {
        const struct ovsrec_bridge *br = cfg->bridges[i];

        for (size_t j = 0; !strcmp(br->name, bridge) && j < br->n_ports; j++) {
            for (size_t k = 0; k < br->ports[j]->n_interfaces; k++) {
                guard_add(g, br->ports[j]->interfaces[k], rewrite_port);
            }
        }
    }
    return g;
}

/* Guards what 'cfg' says, from now on.  'cfg' may have changed since the last
 * call, or not. */
void
nvgre_guard_configure(const struct ovsrec_open_vswitch *cfg)
{
    struct guard *old = ovsrcu_get_protected(struct guard *, &guard);
    struct guard *new = guard_create(cfg);

    if (old && guard_equals(old, new)) {
        guard_destroy(new);
        return;
    }
    ovsrcu_set(&guard, new);
    if (old) {
        ovsrcu_postpone(guard_destroy, old);
    }
    if (tnl_conf_seq) {
        seq_change(tnl_conf_seq); /* Translate all flows again. */
    }
}

static const struct guard *
guard_of_bridge(const char *bridge)
{
    const struct guard *g = ovsrcu_get(struct guard *, &guard);

    return g && g->bridge[0] && !strcmp(g->bridge, bridge) ? g : NULL;
}

static bool
is_controllers(uint8_t table_id)
{
    return table_id >= CONTROLLER_TABLES && table_id != INTERNAL_TABLE;
}

/* Logs that no packet is output to 'port', for which 'iface' is as below. */
static void
log_output(const char *bridge, ofp_port_t port, const char *iface)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);
    char name[OFP_MAX_PORT_NAME_LEN];

    if (!VLOG_DROP_WARN(&rl)) {
        ofputil_port_to_string(port, NULL, name, sizeof name);
        VLOG_WARN("%s: did not output to port %s for a controller, because "
                  "only hnv-agent's flows may: see hnv-pipeline(7) for what a "
                  "controller may do", bridge, iface ? iface : name);
    }
}

/* Returns true if a packet must not be output to 'port' of 'bridge', by a flow
 * in 'table_id' or, if that is 255, by a packet-out or an action set, and
 * counts and logs that.  'from' and 'iface' are the names of the Interfaces
 * that it came from and that 'port' is, the latter NULL before it is known
 * which Interfaces 'port' stands for, and 'from' NULL if it is none. */
bool
nvgre_guard_refuses_output(const char *bridge, uint8_t table_id,
                           const char *from, ofp_port_t port,
                           const char *iface)
{
    const struct guard *g;
    bool guarded, strict;

    if (table_id != CLASSIFY_TABLE && !is_controllers(table_id)) {
        return false;
    }
    g = guard_of_bridge(bridge);
    if (!g) {
        return false;
    }
    strict = (is_controllers(table_id)
              || (from && sset_contains(&g->ports, from)));
    if (iface) {
        guarded = (sset_contains(&g->ports, iface)
                   || (strict && sset_contains(&g->uplinks, iface)));
    } else {
        guarded = strict && (port == OFPP_NORMAL || port == OFPP_FLOOD
                             || port == OFPP_ALL);
    }
    if (guarded) {
        COVERAGE_INC(nvgre_output_refused);
        log_output(bridge, port, iface);
    }
    return guarded;
}

/* Returns an OpenFlow error if 'a', in a flow in a controller's table of a
 * guarded bridge, can only be a mistake, and stores in '*what' what it would
 * do. */
static enum ofperr
check_action(const struct ofpact *a, const char **what)
{
    ofp_port_t port = OFPP_NONE;

    if (a->type == OFPACT_OUTPUT) {
        port = ofpact_get_OUTPUT(a)->port;
    } else if (a->type == OFPACT_OUTPUT_TRUNC) {
        port = ofpact_get_OUTPUT_TRUNC(a)->port;
    } else if (a->type == OFPACT_ENQUEUE) {
        port = ofpact_get_ENQUEUE(a)->port;
    } else if (a->type == OFPACT_LEARN
               && !is_controllers(ofpact_get_LEARN(a)->table_id)) {
        *what = "learns flows into a table of hnv-agent's";
        return OFPERR_OFPBAC_BAD_ARGUMENT;
    }
    *what = (port == OFPP_NORMAL ? "outputs to NORMAL"
             : port == OFPP_FLOOD ? "outputs to FLOOD"
             : port == OFPP_ALL ? "outputs to ALL"
             : port == OFPP_IN_PORT ? "outputs to IN_PORT"
             : NULL);
    return *what ? OFPERR_OFPBAC_BAD_OUT_PORT : 0;
}

/* Returns an OpenFlow error, and logs why, if a flow with the 'ofpacts_len'
 * bytes of actions in 'ofpacts' must not be added to 'table_id' of 'bridge',
 * because of what it would always do wrong.  Otherwise, returns 0. */
enum ofperr
nvgre_guard_check_flow(const char *bridge, uint8_t table_id,
                       const struct ofpact *ofpacts, size_t ofpacts_len)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);
    const struct ofpact *a;

    if (!is_controllers(table_id) || !guard_of_bridge(bridge)) {
        return 0;
    }
    OFPACT_FOR_EACH_FLATTENED (a, ofpacts, ofpacts_len) {
        const char *what;
        enum ofperr error = check_action(a, &what);

        if (error) {
            VLOG_WARN_RL(&rl, "%s: refused a flow in table %"PRIu8" that %s, "
                         "past hnv-agent's tables, which keep tenants apart: "
                         "see hnv-pipeline(7) for what a controller may do",
                         bridge, table_id, what);
            return error;
        }
    }
    return 0;
}

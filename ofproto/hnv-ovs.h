/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_OVS_H
#define HNV_OVS_H 1

#include <stdbool.h>
#include <stdint.h>
#include "openvswitch/hmap.h"
#include "openvswitch/ofp-port.h"
#include "openvswitch/types.h"
#include "openvswitch/uuid.h"

/* The local Open_vSwitch database, as hnv-agent sees it
 * =====================================================
 *
 * What
 * ----
 *
 * This module reads from the Open_vSwitch database of its own host:
 *
 *    - Configuration of the agent: the hnv-* keys in external_ids of the
 *      Open_vSwitch table, such as hnv-remote.  hnv-agent(8) lists them.
 *
 *    - The integration bridge, the tunnel port in it, and the OpenFlow port
 *      number, MTU and state of each.
 *
 *    - The VM ports: each Interface on the integration bridge that has
 *      external_ids:hnv-port-id, which names a row in the Port table of the
 *      HNV database, or external_ids:hnv-vsid, which binds the interface to a
 *      virtual subnet without such a row.
 *
 * It writes there what a host needs to take part in HNV: the integration
 * bridge and the tunnel port, if missing, and external_ids:hnv-installed on
 * each Interface whose flows are in the switch, so that a hypervisor can wait
 * for that before it lets a VM run, or external_ids:hnv-error on an Interface
 * that cannot be a VM's port (see hnv-bindings.h); and timeouts of sessions
 * (see hnv-timeouts.h) and multicast groups (see hnv-multicast.h).
 *
 * Whenever something that it returns might have changed, it increments the
 * number that hnv_ovs_get_seqno() returns.
 *
 *
 * What not
 * --------
 *
 * The module knows nothing about policy: a port that names a row that does not
 * exist is as good to it as any other.  It does not speak OpenFlow.  It never
 * changes an option of a bridge or a port that it did not create, but for
 * those groups, and never assigns addresses to the host.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

struct simap;
struct smap;

/* How this host is configured.  No member is NULL, unless noted. */
struct hnv_ovs_config {
    char *remote;               /* HNV database, or NULL if not set. */
    char *host_name;            /* Name of this host in the policy. */
    char *bridge;               /* Name of the integration bridge. */
    char *pas;                  /* Provider addresses, or NULL. */
    char *rewrite_port;         /* Interface to the provider network for IP
                                 * rewrite, or NULL. */
    char *pa_bridge;            /* The provider network's bridge, or NULL. */
    bool lazy;                  /* Fetch records on demand by default? */
    unsigned int max_lazy;      /* Bound on records fetched on demand. */
    int probe_interval_ms;      /* Of the HNV database, 0 to disable. */
};

/* A port of the integration bridge that belongs to a VM, or that leads to a
 * physical network for VMs that are not virtualized. */
struct hnv_ovs_port {
    struct hmap_node node;      /* In struct hnv_ovs's 'ports', by 'name'. */
    struct uuid uuid;           /* Row of the Interface. */
    char *name;                 /* Name of the Interface. */
    char *port_id;              /* Name of the Port in policy, or NULL. */
    char *mac;                  /* hnv-mac or attached-mac, or NULL. */
    char *cas;                  /* hnv-ca, or NULL. */
    uint32_t vsid;              /* hnv-vsid, or 0. */
    bool uplink;                /* Does it lead to a physical network? */
    int vlan;                   /* Tag of its Port, or -1. */
    ofp_port_t ofport;          /* OFPP_NONE if the switch has none. */
    uint32_t installed;         /* See hnv_ovs_get_installed(). */
    char *error;                /* What is wrong with the above, or NULL. */
};

struct hnv_ovs *hnv_ovs_create(const char *remote);
void hnv_ovs_destroy(struct hnv_ovs *);
void hnv_ovs_run(struct hnv_ovs *);
void hnv_ovs_wait(struct hnv_ovs *);

bool hnv_ovs_is_connected(const struct hnv_ovs *);
bool hnv_ovs_has_synced(const struct hnv_ovs *);
unsigned int hnv_ovs_get_seqno(const struct hnv_ovs *);

/* All that these return stays valid until the next hnv_ovs_run(). */
const struct hnv_ovs_config *hnv_ovs_get_config(const struct hnv_ovs *);
const struct hmap *hnv_ovs_get_ports(const struct hnv_ovs *);
ofp_port_t hnv_ovs_get_tunnel(const struct hnv_ovs *, int *mtu);
ofp_port_t hnv_ovs_find_port(const struct hnv_ovs *, const char *name);
const char *hnv_ovs_get_bridge_error(const struct hnv_ovs *);
struct eth_addr hnv_ovs_get_pa_mac(const struct hnv_ovs *);

void hnv_ovs_set_state(struct hnv_ovs *, const struct hnv_ovs_port *,
                       uint32_t installed, const char *error);
uint32_t hnv_ovs_get_installed(const struct hnv_ovs *, const char *name);

void hnv_ovs_set_timeouts(struct hnv_ovs *, struct simap *);
void hnv_ovs_set_groups(struct hnv_ovs *, char *groups);

#endif /* hnv-ovs.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_HOST_H
#define HNV_HOST_H 1

/* What this host has
 * ==================
 *
 * What
 * ----
 *
 * An immutable snapshot of one virtualization host: its provider addresses
 * (PAs), its nvgre port, and which of its interfaces is which port of the
 * policy, from the local Open_vSwitch database.
 *
 * A port is one of four kinds, which are SCVMM's kinds of VM networks:
 *
 *    - HNV: bound to a Port with a VSID.
 *
 *    - No isolation: bound to a Port without VSID and without VLAN.  Its
 *      frames go untagged to all uplinks and ports of that kind.
 *
 *    - VLAN: bound to a Port that has a VLAN; or the interface's Port in the
 *      Open_vSwitch database has a tag.  Its frames go to the uplinks with
 *      that tag.
 *
 *    - External: an uplink to a physical network, by 'hnv-uplink'.
 *
 * An interface with both a VSID and a VLAN is refused.
 *
 *
 * What not
 * --------
 *
 * A host owns no policy: it points into the one that it was made with, and
 * must not outlive it.
 *
 *
 * Thread-safety
 * -------------
 *
 * A host may be read from any thread. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hnv-policy.h"
#include "openvswitch/hmap.h"
#include "openvswitch/packets.h"
#include "openvswitch/types.h"

/* One row of Interface that takes part.  See struct hnv_policy_input for the
 * lifetime of strings. */
struct hnv_interface_row {
    struct uuid uuid;
    const char *name;
    const char *port_id;        /* external_ids:hnv-port-id, or NULL. */
    bool uplink;                /* To a physical network. */
    ofp_port_t ofport;
    uint16_t vport;             /* 1..65535, unique: register and conntrack
                                 * zone.  Stable across restarts. */
    int vlan;                   /* Tag of its Port in the Open_vSwitch
                                 * database, or -1. */
};

struct hnv_neighbor {
    struct in6_addr pa;
    struct eth_addr mac;
};

struct hnv_host_input {
    const char *name;           /* Name of its row in Host. */
    struct hnv_strings pas;     /* Added to those of that row. */
    ofp_port_t tunnel_port;     /* nvgre port, or OFPP_NONE. */
    ofp_port_t rewrite_port;    /* To the provider network, or OFPP_NONE. */
    struct eth_addr pa_mac;     /* Of the provider network's bridge, whose IP
                                 * stack routes what IP rewrite sends. */
    uint16_t mtu;               /* Largest IP packet that fits through to all
                                 * peers of the tunnel port so far; 0: that
                                 * port itself answers what is too big. */
    bool no_meters;             /* The switch has no meters. */
    const struct hnv_neighbor *neighbors; /* For IP rewrite. */
    size_t n_neighbors;
    const struct hnv_interface_row *interfaces;
    size_t n_interfaces;
};

/* A local port. */
struct hnv_lport {
    struct hmap_node by_mac;    /* In struct hnv_host, by VSID and MAC. */
    struct uuid uuid;           /* Of the row of Interface. */
    const struct hnv_port *port; /* NULL only for uplinks. */
    char *name;                 /* Of the interface. */
    ofp_port_t ofport;
    uint16_t vport;
    int vlan;                   /* Or -1. */
    bool uplink;
    bool mac_unique;            /* In its routing domain, on this host. */
};

struct hnv_host {
    char *name;
    struct in6_addr *pas;
    size_t n_pas;
    const struct in6_addr *pa4, *pa6; /* Source of what it sends, or NULL. */
    ofp_port_t tunnel_port, rewrite_port;
    struct eth_addr pa_mac;
    struct eth_addr rewrite_mac; /* Where the PAs of IP rewrite are, see
                                  * hnv_rewrite_mac(). */
    uint16_t mtu;
    bool no_meters;
    struct hnv_neighbor *neighbors;
    size_t n_neighbors;
    struct hnv_lport *lports;   /* In order of 'vport'. */
    size_t n_lports;
    struct hmap by_mac;         /* The virtualized ones among them. */
    const struct hnv_domain **domains; /* Those that live here, by key. */
    size_t n_domains;
};

/* Errors are about Interface rows, reported as HNV_ROW_PORT with the
 * interface's UUID and name, or about the host itself, as HNV_ROW_HOST. */
struct hnv_host *hnv_host_create(const struct hnv_host_input *,
                                 const struct hnv_policy *,
                                 struct hnv_errors *);
void hnv_host_destroy(struct hnv_host *);

/* Return the local port with 'mac' in 'vsid', or that is 'vport', or NULL. */
const struct hnv_lport *hnv_host_lport(const struct hnv_host *, uint32_t vsid,
                                       struct eth_addr mac);
const struct hnv_lport *hnv_host_vport(const struct hnv_host *, uint16_t);
bool hnv_host_has_pa(const struct hnv_host *, const struct in6_addr *);
bool hnv_host_has_domain(const struct hnv_host *, uint32_t key);

/* Returns whether a local port is in 'subnet'. */
bool hnv_host_has_subnet(const struct hnv_host *, const struct hnv_subnet *);

#endif /* hnv-host.h */

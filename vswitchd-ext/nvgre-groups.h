/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_GROUPS_H
#define NVGRE_GROUPS_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"

struct flow;
struct flow_wildcards;
struct netdev;

/* Multicast groups of the provider network
 * ========================================
 *
 * What
 * ----
 *
 * RFC 7637 section 4.2 lets broadcast, multicast, and unknown unicast of a
 * VSID travel to a multicast group of the provider network instead of one
 * copy to each host.  This module is what that takes, besides what unicast
 * has:
 *
 *    - To send: a group has no neighbor to ask for its MAC address and no
 *      gateway, so the MAC address is made from the group's (RFC 1112 section
 *      6.4, RFC 2464 section 7), and the device is the one that has the
 *      source address, whatever routes there are.
 *
 *    - To receive: option "multicast_groups" of an nvgre port lists the
 *      groups that it takes packets of, from the hosts that it takes unicast
 *      from.  A group takes no packets unless some port lists it.
 *
 *    - To be sent anything at all: routers and switches that look into IGMP
 *      and MLD deliver to members only, so this host becomes a member, by a
 *      socket of its kernel, on each device on which tunnels may end: those
 *      in a bridge that have an address other than a link-local one.
 *
 * What not
 * --------
 *
 * Whom to send to is up to OpenFlow: flows set tun_dst to a group as they
 * would to a host.  A packet received from a group is never sent to that group
 * again, which Open vSwitch sees to for all tunnels; flows must see to the
 * rest of split horizon.
 *
 * Where we differ from other tunnels
 * ----------------------------------
 *
 * Ports of other types ask a group for its MAC address by ARP and get no
 * answer; as flows cannot do without, that is put right for all tunnels.
 *
 * Thread-safety
 * -------------
 *
 * nvgre_groups_run(), nvgre_groups_wait() and nvgre_groups_add_device() are
 * for the main thread only.  The other functions may be called from any
 * thread; those that look up take no lock. */

/* Option "multicast_groups".  IPv4 addresses are mapped. */
struct nvgre_group_list {
    struct in6_addr *groups;
    size_t n;
};

bool nvgre_group_list_parse(struct nvgre_group_list *, const char *);
void nvgre_group_list_clone(struct nvgre_group_list *);
void nvgre_group_list_destroy(struct nvgre_group_list *);

bool nvgre_is_group(const struct in6_addr *);
struct eth_addr nvgre_group_mac(const struct in6_addr *);
bool nvgre_group_route(uint32_t mark, const struct in6_addr *group,
                       char device[], struct in6_addr *src);

void nvgre_groups_init(void);
void nvgre_groups_add(const struct netdev *, odp_port_t);
void nvgre_groups_remove(const struct netdev *);
odp_port_t nvgre_groups_receive_port(const struct flow *,
                                     struct flow_wildcards *);

void nvgre_groups_add_device(const struct netdev *);
void nvgre_groups_run(bool moved);
void nvgre_groups_wait(void);

#endif /* nvgre-groups.h */

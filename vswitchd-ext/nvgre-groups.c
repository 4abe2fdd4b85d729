/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-groups.h"

#include <stdlib.h>
#include <string.h>

#include "cmap.h"
#include "flow.h"
#include "hash.h"
#include "netdev-nvgre.h"
#include "nvgre-membership.h"
#include "odp-util.h"
#include "ovs-atomic.h"
#include "ovs-rcu.h"
#include "ovs-router.h"
#include "ovs-thread.h"
#include "packets.h"
#include "seq.h"
#include "util.h"

/* A group that a live port lists. */
struct group {
    struct cmap_node node;      /* In 'groups', by 'address'. */
    struct in6_addr address;
    char *port;                 /* Name of the port. */
    odp_port_t odp_port;        /* Where the datapath decapsulates. */
};

static struct ovs_mutex mutex = OVS_MUTEX_INITIALIZER;

/* Changed only with 'mutex' held. */
static struct cmap groups = CMAP_INITIALIZER;

/* Changes with 'groups'. */
static struct seq *groups_seq;
static uint64_t last_groups_seq;

/* ------------------------------------------------------------------------ */
/* Addresses.                                                               */
/* ------------------------------------------------------------------------ */

/* Returns true if 'addr', mapped if it is IPv4, is a multicast address. */
bool
nvgre_is_group(const struct in6_addr *addr)
{
    return (IN6_IS_ADDR_V4MAPPED(addr)
            ? ip_is_multicast(in6_addr_get_mapped_ipv4(addr))
            : ipv6_addr_is_multicast(addr));
}

/* Returns the MAC address of 'group'. */
struct eth_addr
nvgre_group_mac(const struct in6_addr *group)
{
    struct eth_addr mac = ETH_ADDR_C(01,00,5e,00,00,00);

    if (IN6_IS_ADDR_V4MAPPED(group)) {
        mac.ea[3] = group->s6_addr[13] & 0x7f;
        mac.ea[4] = group->s6_addr[14];
        mac.ea[5] = group->s6_addr[15];
    } else {
        ipv6_multicast_to_ethernet(&mac, group);
    }
    return mac;
}

/* Finds the way of packets with packet mark 'mark' from '*src' to 'group':
 * stores the name of the device that has '*src' in 'device', which must have
 * room for IFNAMSIZ bytes.  If '*src' is not set, goes by the route to
 * 'group', whose gateway does not count, and sets it.  Returns false if there
 * is no way. */
bool
nvgre_group_route(uint32_t mark, const struct in6_addr *group, char device[],
                  struct in6_addr *src)
{
    struct in6_addr gw, from = *src;

    return (ipv6_addr_is_set(src)
            ? ovs_router_lookup(mark, &from, device, &from, &gw)
            : ovs_router_lookup(mark, group, device, src, &gw));
}

/* ------------------------------------------------------------------------ */
/* The option.                                                              */
/* ------------------------------------------------------------------------ */

/* Parses 's', multicast addresses separated by commas or spaces, into 'list',
 * which must be zeroed.  Returns false if it makes no sense.  The caller must
 * destroy 'list' in any case. */
bool
nvgre_group_list_parse(struct nvgre_group_list *list, const char *s)
{
    char *copy = xstrdup(s);
    char *save_ptr = NULL;
    bool ok = true;

    for (char *token = strtok_r(copy, ", ", &save_ptr); token && ok;
         token = strtok_r(NULL, ", ", &save_ptr)) {
        struct in6_addr group;
        ovs_be32 ip;

        if (ip_parse(token, &ip)) {
            in6_addr_set_mapped_ipv4(&group, ip);
        } else {
            ok = ipv6_parse(token, &group);
        }
        ok = ok && nvgre_is_group(&group);
        if (ok) {
            list->groups = xrealloc(list->groups,
                                    (list->n + 1) * sizeof *list->groups);
            list->groups[list->n++] = group;
        }
    }
    free(copy);
    return ok && list->n;
}

/* Makes 'list', a copy of a structure that stays in use, independent of
 * it. */
void
nvgre_group_list_clone(struct nvgre_group_list *list)
{
    if (list->n) {
        list->groups = xmemdup(list->groups, list->n * sizeof *list->groups);
    }
}

/* Frees what 'list' holds. */
void
nvgre_group_list_destroy(struct nvgre_group_list *list)
{
    free(list->groups);
}

/* ------------------------------------------------------------------------ */
/* Receiving.                                                               */
/* ------------------------------------------------------------------------ */

static uint32_t
hash_group(const struct in6_addr *group)
{
    return hash_bytes(group, sizeof *group, 0);
}

static const struct group *
find(const struct in6_addr *address)
{
    const struct group *group;

    CMAP_FOR_EACH_WITH_HASH (group, node, hash_group(address), &groups) {
        if (ipv6_addr_equals(&group->address, address)) {
            return group;
        }
    }
    return NULL;
}

/* Takes note that 'netdev' has become a live tunnel port, for which the
 * datapath decapsulates at 'odp_port'. */
void
nvgre_groups_add(const struct netdev *netdev, odp_port_t odp_port)
{
    const struct nvgre_config *c;

    if (!netdev_is_nvgre(netdev)) {
        return;
    }
    c = nvgre_port_config(netdev_nvgre_port(netdev));
    if (!c || !c->groups.n) {
        return;
    }

    ovs_mutex_lock(&mutex);
    for (size_t i = 0; i < c->groups.n; i++) {
        struct group *group = xmalloc(sizeof *group);

        group->address = c->groups.groups[i];
        group->port = xstrdup(netdev_get_name(netdev));
        group->odp_port = odp_port;
        cmap_insert(&groups, &group->node, hash_group(&group->address));
    }
    ovs_mutex_unlock(&mutex);
    seq_change(groups_seq);
}

static void
group_free(struct group *group)
{
    free(group->port);
    free(group);
}

/* Takes note that 'netdev' is no longer a live tunnel port. */
void
nvgre_groups_remove(const struct netdev *netdev)
{
    struct group *group;
    bool changed = false;

    ovs_mutex_lock(&mutex);
    CMAP_FOR_EACH (group, node, &groups) {
        if (!strcmp(group->port, netdev_get_name(netdev))) {
            cmap_remove(&groups, &group->node, hash_group(&group->address));
            ovsrcu_postpone(group_free, group);
            changed = true;
        }
    }
    ovs_mutex_unlock(&mutex);
    if (changed) {
        seq_change(groups_seq);
    }
}

/* Returns the datapath port that decapsulates packets of 'flow', for which no
 * unicast tunnel was found, or ODPP_NONE if it does not belong to a group that
 * a port lists.  Makes 'wc', unless it is NULL, depend on what decided. */
odp_port_t
nvgre_groups_receive_port(const struct flow *flow, struct flow_wildcards *wc)
{
    struct flow_wildcards unused;
    const struct group *group;
    struct in6_addr to;

    if (cmap_is_empty(&groups) || !is_ip_any(flow)) {
        return ODPP_NONE;
    }
    wc = wc ? wc : &unused;
    wc->masks.dl_dst.ea[0] |= 1;
    if (!eth_addr_is_multicast(flow->dl_dst)) {
        return ODPP_NONE;
    }
    WC_MASK_FIELD(wc, nw_proto);
    if (flow->nw_proto != IPPROTO_GRE || flow->nw_frag) {
        return ODPP_NONE;
    }
    WC_MASK_FIELD(wc, dl_dst);
    WC_MASK_FIELD(wc, vlans[0].tci);
    if (flow->dl_type == htons(ETH_TYPE_IP)) {
        WC_MASK_FIELD(wc, nw_dst);
        in6_addr_set_mapped_ipv4(&to, flow->nw_dst);
    } else {
        WC_MASK_FIELD(wc, ipv6_dst);
        to = flow->ipv6_dst;
    }
    group = find(&to);
    return (group && !flow->vlans[0].tci
            && eth_addr_equals(flow->dl_dst, nvgre_group_mac(&to))
            ? group->odp_port : ODPP_NONE);
}

/* ------------------------------------------------------------------------ */
/* Membership.                                                              */
/* ------------------------------------------------------------------------ */

void
nvgre_groups_init(void)
{
    groups_seq = seq_create();
    nvgre_membership_init();
}

/* Notes that 'netdev' is about to become a port of a bridge. */
void
nvgre_groups_add_device(const struct netdev *netdev)
{
    nvgre_membership_add_device(netdev);
}

/* Joins and leaves groups, if ports list other groups than before, or if
 * 'moved' says that devices, addresses, or routes may have changed. */
void
nvgre_groups_run(bool moved)
{
    uint64_t now = seq_read(groups_seq);
    const struct group *group;

    if (now == last_groups_seq && !moved) {
        return;
    }
    last_groups_seq = now;
    nvgre_membership_begin();
    CMAP_FOR_EACH (group, node, &groups) {
        nvgre_membership_want(&group->address, group->port);
    }
    nvgre_membership_end();
}

void
nvgre_groups_wait(void)
{
    seq_wait(groups_seq, last_groups_seq);
}

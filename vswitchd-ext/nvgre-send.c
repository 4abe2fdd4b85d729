/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-send.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "byte-order.h"
#include "dp-packet.h"
#include "dpif.h"
#include "flow.h"
#include "netdev-nvgre.h"
#include "netdev-provider.h"
#include "netlink.h"
#include "nvgre-execute.h"
#include "nvgre-packet.h"
#include "odp-netlink.h"
#include "odp-util.h"
#include "openvswitch/ofpbuf.h"
#include "ovs-router.h"
#include "packets.h"
#include "tnl-neigh-cache.h"
#include "util.h"

/* All that a frame needs to find its way. */
struct way {
    char device[IFNAMSIZ];      /* The underlay bridge, and its port. */
    struct in6_addr local;
    struct in6_addr next_hop;
    struct eth_addr smac, dmac;
    struct dpif *dpif;
    odp_port_t device_port;     /* Of 'device'. */
    odp_port_t nvgre_port;      /* Of "nvgre_sys". */
};

/* Stores the number of the port of 'dpif' named 'name' in '*port_no'. */
static bool
find_port(struct dpif *dpif, const char *name, odp_port_t *port_no)
{
    struct dpif_port port;

    if (dpif_port_query_by_name(dpif, name, &port)) {
        return false;
    }
    *port_no = port.port_no;
    dpif_port_destroy(&port);
    return true;
}

/* Finds the datapath for 'way', whose device is known.  Returns 0 or a
 * positive errno value. */
static int
find_dpif(struct way *way)
{
    way->dpif = nvgre_execute_open(&way->nvgre_port);
    return (way->dpif && find_port(way->dpif, way->device, &way->device_port)
            ? 0 : ENODEV);
}

/* Asks for the MAC address of the next hop of 'way', as if the internal port
 * of the underlay bridge did. */
static void
ask_next_hop(const struct way *way)
{
    uint64_t stub[64 / 8];
    struct ofpbuf actions = OFPBUF_STUB_INITIALIZER(stub);
    struct dp_packet packet;

    dp_packet_init(&packet, 0);
    if (IN6_IS_ADDR_V4MAPPED(&way->next_hop)) {
        compose_arp(&packet, ARP_OP_REQUEST, way->smac, eth_addr_zero, true,
                    in6_addr_get_mapped_ipv4(&way->local),
                    in6_addr_get_mapped_ipv4(&way->next_hop));
    } else {
        compose_nd_ns(&packet, true, way->smac, eth_addr_zero, &way->local,
                      &way->next_hop);
    }
    pkt_metadata_init(&packet.md, way->device_port);
    nl_msg_put_u32(&actions, OVS_ACTION_ATTR_RECIRC, 0);
    nvgre_execute(way->dpif, &packet, &actions);
    ofpbuf_uninit(&actions);
    dp_packet_uninit(&packet);
}

/* Finds out which way frames for 'target' take.  Returns 0, or a positive
 * errno value: ENETUNREACH, ENODEV, or EAGAIN if the MAC address of the next
 * hop is not known so far.  The caller must close 'way->dpif' in any case. */
static int
find_way(const struct nvgre_send_target *target, uint32_t mark,
         struct way *way)
{
    struct in6_addr gw = in6addr_any;
    struct netdev *dev;
    int error;

    memset(way, 0, sizeof *way);
    way->local = target->local;
    if (!ovs_router_lookup(mark, &target->remote, way->device, &way->local,
                           &gw)) {
        return ENETUNREACH;
    }
    way->next_hop = ipv6_addr_is_set(&gw) ? gw : target->remote;
    if (netdev_open(way->device, NULL, &dev)) {
        return ENODEV;
    }
    error = netdev_get_etheraddr(dev, &way->smac);
    netdev_close(dev);
    if (!error) {
        error = find_dpif(way);
    }
    if (!error && tnl_neigh_lookup(way->device, &way->next_hop, &way->dmac,
                                   true)) {
        ask_next_hop(way);
        error = tnl_neigh_lookup(way->device, &way->next_hop, &way->dmac,
                                 false) ? EAGAIN : 0;
    }
    return error;
}

/* Makes the tunnel metadata of a flow to 'target' by way of 'way' in
 * '*flow'. */
static void
make_flow(const struct nvgre_send_target *target, const struct way *way,
          const struct netdev_tunnel_config *c, struct flow *flow)
{
    struct flow_tnl *tnl = &flow->tunnel;

    memset(flow, 0, sizeof *flow);
    if (IN6_IS_ADDR_V4MAPPED(&target->remote)) {
        tnl->ip_src = in6_addr_get_mapped_ipv4(&way->local);
        tnl->ip_dst = in6_addr_get_mapped_ipv4(&target->remote);
    } else {
        tnl->ipv6_src = way->local;
        tnl->ipv6_dst = target->remote;
    }
    tnl->ip_tos = c->tos;
    tnl->ip_ttl = c->ttl_inherit ? 64 : c->ttl;
    tnl->flags = FLOW_TNL_F_DONT_FRAGMENT | FLOW_TNL_F_KEY;
    tnl->tun_id = htonll(target->vsid);
}

/* Sends 'frame' to 'target' in the name of 'netdev', a configured nvgre port.
 * Returns 0, or a positive errno value as from find_way().  The caller keeps
 * the ownership of 'frame', which may be changed. */
int
nvgre_send(const struct netdev *netdev,
           const struct nvgre_send_target *target, struct dp_packet *frame)
{
    struct nvgre_port *port = netdev_nvgre_port(netdev);
    const struct nvgre_config *c = nvgre_port_config(port);
    struct netdev_tnl_build_header_params params;
    struct ovs_action_push_tnl data;
    struct ofpbuf actions;
    struct flow flow;
    struct way way;
    int error;

    error = find_way(target, c->tnl.egress_pkt_mark, &way);
    if (!error) {
        make_flow(target, &way, &c->tnl, &flow);
        netdev_init_tnl_build_header_params(&params, &flow, &way.local,
                                            way.dmac, way.smac);
        memset(&data, 0, sizeof data);
        nvgre_put_template(netdev, &data, &params);
        data.tnl_port = way.nvgre_port;
        data.out_port = way.device_port;

        ofpbuf_init(&actions, 256);
        odp_put_tnl_push_action(&actions, &data);
        nl_msg_put_u32(&actions, OVS_ACTION_ATTR_RECIRC, 0);
        error = nvgre_execute(way.dpif, frame, &actions);
        ofpbuf_uninit(&actions);
    }
    if (way.dpif) {
        dpif_close(way.dpif);
    }
    return error;
}

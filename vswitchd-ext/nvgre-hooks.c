/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-hooks.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

#include "flow.h"
#include "netdev-nvgre.h"
#include "nvgre-coexist.h"
#include "nvgre-compat.h"
#include "nvgre-ecn.h"
#include "nvgre-egress.h"
#include "nvgre-field.h"
#include "nvgre-gro.h"
#include "nvgre-groups.h"
#include "nvgre-packet.h"
#include "nvgre-tunnels.h"
#include "odp-util.h"
#include "openvswitch/vlog.h"
#include "ovs-router.h"
#include "packets.h"
#include "tnl-neigh-cache.h"
#include "tnl-ports.h"
#include "userspace-tso.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(nvgre_hooks);

/* Of packet sockets, in bytes, of which each packet takes about 2300. */
enum { RECEIVE_BUFFER = 4 * 1024 * 1024 };

/* Called by the main thread after 'netdev' was configured.  If it must not go
 * into service, because a gre port and an nvgre port would claim the same
 * packets, stores the reason in '*errp', for the "error" column of the
 * Interface, and returns a positive errno value.  Otherwise, returns 0. */
int
nvgre_hook_refuse_config(const struct netdev *netdev, char **errp)
{
    char *conflict = nvgre_coexist_conflict(netdev);

    if (conflict) {
        VLOG_WARN("%s", conflict);
        *errp = conflict;
        return EEXIST;
    }
    return 0;
}

/* Called by the main thread before 'netdev' is added to a bridge with
 * 'datapath_type'.  Like nvgre_hook_refuse_config(), but refuses datapaths
 * that have no such tunnel. */
int
nvgre_hook_refuse_datapath(const struct netdev *netdev,
                           const char *datapath_type, char **errp)
{
    if (netdev_is_nvgre(netdev) && !strcmp(datapath_type, "system")) {
        *errp = xasprintf("%s: the kernel datapath has no nvgre tunnels: set "
                          "datapath_type=netdev on the bridge",
                          netdev_get_name(netdev));
        VLOG_WARN("%s", *errp);
        return EOPNOTSUPP;
    }
    return 0;
}

/* Returns an OpenFlow error if a flow with 'mask' and the 'ofpacts_len' bytes
 * of actions in 'ofpacts' is about FlowIDs, which the kernel datapath has not,
 * and logs that. */
static enum ofperr
check_flowid(const char *bridge, const struct minimask *mask,
             const struct ofpact *ofpacts, size_t ofpacts_len)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);
    enum ofperr error;

    if (nvgre_flowid_is_matched(mask)) {
        error = OFPERR_OFPBMC_BAD_FIELD;
    } else if (nvgre_flowid_is_in_actions(ofpacts, ofpacts_len)) {
        error = OFPERR_OFPBAC_BAD_SET_ARGUMENT;
    } else {
        return 0;
    }
    VLOG_WARN_RL(&rl, "%s: refused a flow that has nvgre_flowid in its %s, "
                 "because the kernel datapath has no such field: set "
                 "datapath_type=netdev on the bridge", bridge,
                 error == OFPERR_OFPBMC_BAD_FIELD ? "match" : "actions");
    return error;
}

/* Called, from any thread, before a flow with 'mask' and the 'ofpacts_len'
 * bytes of actions in 'ofpacts' is added to 'table_id' of 'bridge', which has
 * 'datapath_type'.  Returns an OpenFlow error if the datapath could not carry
 * out the flow, or it is a controller's and would always get around the tables
 * of hnv-agent, and logs why. */
enum ofperr
nvgre_hook_refuse_rule(const char *bridge, const char *datapath_type,
                       uint8_t table_id, const struct minimask *mask,
                       const struct ofpact *ofpacts, size_t ofpacts_len)
{
    if (!strcmp(datapath_type, "system")) {
        enum ofperr error = check_flowid(bridge, mask, ofpacts, ofpacts_len);

        if (error) {
            return error;
        }
    }
    return nvgre_guard_check_flow(bridge, table_id, ofpacts, ofpacts_len);
}

/* Called, from any thread, when a packet from 'from', or NULL if that is not a
 * port, is about to be output to 'port' of 'bridge', which is 'netdev' unless
 * 'port' is a reserved one, by a flow in 'table_id', or by a packet-out or an
 * action set if that is OFPTT_ALL.  Returns true if it must go to the table
 * NVGRE_GUARD_TABLE instead. */
bool
nvgre_hook_refuse_output(const char *bridge, uint8_t table_id,
                         const struct netdev *from, ofp_port_t port,
                         const struct netdev *netdev)
{
    return nvgre_guard_refuses_output(bridge, table_id,
                                      from ? netdev_get_name(from) : NULL,
                                      port,
                                      netdev ? netdev_get_name(netdev) : NULL);
}

/* Called by the main thread before it makes bridges and ports what 'cfg'
 * says. */
void
nvgre_hook_reconfigure(const struct ovsrec_open_vswitch *cfg)
{
    nvgre_guard_configure(cfg);
}

/* Called by the main thread before 'netdev' is added to 'bridge'. */
void
nvgre_hook_bridge_port(const struct netdev *netdev, const char *bridge)
{
    nvgre_egress_add(netdev, bridge);
    nvgre_groups_add_device(netdev);
}

/* Called for each packet socket 'fd' that is to receive what comes in on a
 * device.  Returns 0 if it will tell which work was left to the device,
 * otherwise -1, with errno set.
 *
 * The default size of the socket's buffer is that of about 90 packets, which
 * is less than the segments of two TSO packets, and what does not fit is lost
 * without a word. */
int
nvgre_hook_receive_socket(int fd)
{
    static const int on = 1;
    static const int size = RECEIVE_BUFFER;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size)) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    return setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on);
}

/* Called when 'netdev' has become a tunnel port that the userspace datapath
 * decapsulates at 'odp_port'.  The caller holds the lock of
 * ofproto/tunnel.c. */
void
nvgre_hook_tunnel_added(const struct netdev *netdev, odp_port_t odp_port)
{
    nvgre_coexist_add(netdev, odp_port);
    nvgre_groups_add(netdev, odp_port);
}

/* Called when 'netdev' is no longer a tunnel port, whether or not it was added
 * with nvgre_hook_tunnel_added().  The caller holds the lock of
 * ofproto/tunnel.c. */
void
nvgre_hook_tunnel_removed(const struct netdev *netdev)
{
    nvgre_coexist_remove(netdev);
    nvgre_groups_remove(netdev);
}

/* Called, from any thread, when 'flow' is about to be sent on the tunnel port
 * 'netdev', whose datapath port is 'out_port', after 'flow->tunnel' was filled
 * in.  Gives CE to the outer header as RFC 6040 section 4.1 has it; the caller
 * has already made the datapath flow depend on the inner ECN bits.  Returns
 * 'out_port', or ODPP_NONE if the port cannot send. */
odp_port_t
nvgre_hook_send(const struct netdev *netdev, struct flow *flow,
                struct flow_wildcards *wc, odp_port_t out_port)
{
    if (netdev_is_nvgre(netdev)) {
        const struct nvgre_port *port = netdev_nvgre_port(netdev);

        if (!nvgre_port_is_resolved(port)) {
            return ODPP_NONE;
        }
        if (nvgre_port_config(port)->flowid_mode == NVGRE_FLOWID_FLOW) {
            nvgre_use_flowid(&flow->tunnel, wc);
        }
        if (is_ip_any(flow)) {
            flow->tunnel.ip_tos = nvgre_ecn_encap(flow->tunnel.ip_tos,
                                                  flow->nw_tos);
        }
    }
    return out_port;
}

/* Called, from any thread, to find the way to 'dst', the destination of a
 * tunnel.  Like ovs_router_lookup(), but knows what to do with a multicast
 * group, on tunnels of any kind, as the caller does not know the kind. */
bool
nvgre_hook_route(uint32_t mark, const struct in6_addr *dst, char device[],
                 struct in6_addr *src, struct in6_addr *gw)
{
    if (nvgre_is_group(dst)) {
        *gw = in6addr_any;
        return nvgre_group_route(mark, dst, device, src);
    }
    return ovs_router_lookup(mark, dst, device, src, gw);
}

/* Called, from any thread, for the MAC address of 'dst', the next hop of a
 * tunnel that leaves through 'bridge'.  Like tnl_neigh_lookup(), and as
 * nvgre_hook_route(). */
int
nvgre_hook_neighbor(const char *bridge, const struct in6_addr *dst,
                    struct eth_addr *mac)
{
    if (nvgre_is_group(dst)) {
        *mac = nvgre_group_mac(dst);
        return 0;
    }
    return tnl_neigh_lookup(bridge, dst, mac, true);
}

/* Called, from any thread, when a packet that 'odp_port' is to decapsulate has
 * arrived on 'bridge' with source addresses 'ip' and 'mac'.  Like
 * tnl_neigh_set(), except that an nvgre port learns neighbors by ARP and ND
 * only: whoever can send to this host from anywhere, with the address of
 * another host as its source, could otherwise draw to itself, or to the
 * nearest router, what this host sends to the other one. */
void
nvgre_hook_learn_neighbor(odp_port_t odp_port, const char *bridge,
                          const struct in6_addr *ip, struct eth_addr mac)
{
    if (!nvgre_tunnels_is_nvgre_at(odp_port)) {
        tnl_neigh_set(bridge, ip, mac);
    }
}

/* Called, from any thread, when tunnel metadata 'tnl' of one packet is to be
 * remembered for all packets of the datapath flow with wildcards 'wc', to
 * go on with them after recirculation or, if 'to_controller', to show them to
 * a controller.  May make 'wc' depend on the FlowID. */
void
nvgre_hook_freeze(struct flow_tnl *tnl, struct flow_wildcards *wc,
                  bool to_controller)
{
    if (to_controller) {
        nvgre_use_flowid(tnl, wc);
    }
    nvgre_freeze_flowid(tnl, wc);
}

/* Stores the outer addresses of 'flow' in '*remote' and '*local'.  Returns
 * false if it is not IP. */
static bool
flow_get_addresses(const struct flow *flow, struct in6_addr *remote,
                   struct in6_addr *local)
{
    if (flow->dl_type == htons(ETH_TYPE_IP)) {
        in6_addr_set_mapped_ipv4(remote, flow->nw_src);
        in6_addr_set_mapped_ipv4(local, flow->nw_dst);
    } else if (flow->dl_type == htons(ETH_TYPE_IPV6)) {
        *remote = flow->ipv6_src;
        *local = flow->ipv6_dst;
    } else {
        return false;
    }
    return true;
}

/* Looks again for the port that terminates 'flow', a fragment of a GRE packet,
 * for which the caller found none because it takes no fragments.  If an nvgre
 * port would get the whole packet, then it gets the fragment as well, and
 * drops and counts it. */
static odp_port_t
fragment_port(struct flow *flow, struct flow_wildcards *wc,
              const struct in6_addr *remote, const struct in6_addr *local)
{
    const struct nvgre_tunnel *owner = nvgre_tunnels_owner(remote, local);
    odp_port_t port = ODPP_NONE;

    if (owner && owner->is_nvgre) {
        uint8_t nw_frag = flow->nw_frag;

        flow->nw_frag = 0;
        port = tnl_port_map_lookup(flow, wc);
        flow->nw_frag = nw_frag;
    }
    return port;
}

/* Called, from any thread, with the datapath port 'odp_port' that Open
 * vSwitch's map says terminates 'flow', or ODPP_NONE.  Returns the right one,
 * which can be another for GRE (see nvgre-tunnels.h), and makes 'wc' depend on
 * the outer source address where that decides. */
odp_port_t
nvgre_hook_receive_port(struct flow *flow, struct flow_wildcards *wc,
                        odp_port_t odp_port)
{
    struct in6_addr remote, local;
    const struct nvgre_tunnel *owner;

    if (odp_port == ODPP_NONE) {
        odp_port_t group_port = nvgre_groups_receive_port(flow, wc);

        if (group_port != ODPP_NONE) {
            return group_port;
        }
    }
    if (flow->nw_proto != IPPROTO_GRE
        || !flow_get_addresses(flow, &remote, &local)) {
        return odp_port;
    } else if (!nvgre_tunnels_have_nvgre()) {
        return (odp_port == ODPP_NONE
                ? ODPP_NONE : nvgre_tunnels_live_port(odp_port));
    }

    if (odp_port == ODPP_NONE && !flow->nw_frag) {
        return ODPP_NONE;
    }
    if (nvgre_tunnels_have_others() && wc) {
        if (flow->dl_type == htons(ETH_TYPE_IP)) {
            wc->masks.nw_src = OVS_BE32_MAX;
        } else {
            wc->masks.ipv6_src = in6addr_exact;
        }
    }
    if (odp_port == ODPP_NONE) {
        return fragment_port(flow, wc, &remote, &local);
    }
    owner = nvgre_tunnels_owner(&remote, &local);
    return owner ? owner->odp_port : odp_port;
}

/* Called, from any thread, before the packets of 'batch' are encapsulated with
 * the template 'data' in the name of 'netdev'.  May take packets out. */
void
nvgre_hook_push(const struct netdev *netdev, struct dp_packet_batch *batch,
                const struct ovs_action_push_tnl *data)
{
    if (netdev_is_nvgre(netdev)) {
        nvgre_push_prepare(batch, data);
    }
}

/* Called, from any thread, before the packets of 'batch' are sent or
 * encapsulated.  Returns true if some may have to be cut into segments. */
bool
nvgre_hook_has_tso(struct dp_packet_batch *batch)
{
    struct dp_packet *packet;

    if (userspace_tso_enabled()) {
        return true;
    }
    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        if (OVS_UNLIKELY(nvgre_packet_segsz(packet))) {
            return true;
        }
    }
    return false;
}

/* Called, from any thread, after the packets of 'batch' were encapsulated with
 * the template 'data' in the name of 'netdev'.  May replace packets by
 * segments, so that the batch grows. */
void
nvgre_hook_pushed(const struct netdev *netdev, struct dp_packet_batch *batch,
                  const struct ovs_action_push_tnl *data)
{
    if (netdev_is_nvgre(netdev)) {
        nvgre_push_finish(batch, data);
    }
}

/* Called, from any thread, after the packets of 'batch' were decapsulated in
 * the name of 'netdev'.  May join packets. */
void
nvgre_hook_popped(const struct netdev *netdev, struct dp_packet_batch *batch)
{
    if (userspace_tso_enabled() && netdev_is_nvgre(netdev)) {
        nvgre_gro(batch);
    }
}

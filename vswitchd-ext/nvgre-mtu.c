/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-mtu.h"

#include <errno.h>

#include "netdev-nvgre.h"
#include "nvgre-pmtu.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "smap.h"

VLOG_DEFINE_THIS_MODULE(nvgre_mtu);

/* Hosts have to take IPv4 packets of this size (RFC 791 section 3.2). */
enum { MIN_MTU = 68 };

/* Whether there may be a port that "mtu_request" limits. */
static bool any_request;

/* Works out the MTU of 'port' anew. */
void
nvgre_mtu_update(const struct netdev *netdev, struct nvgre_port *port,
                 void *aux OVS_UNUSED)
{
    const struct nvgre_config *c = nvgre_port_config(port);
    int limit = port->peers.mtu_limit;
    int mtu = nvgre_peers_update_mtu(&port->peers, c->tnl.egress_pkt_mark);

    if (!mtu && c->tnl.ip_dst_flow) {
        struct nvgre_path path;

        nvgre_port_main_path(port, &path);
        mtu = limit && path.mtu ? MIN(limit, path.mtu) : path.mtu;
    }
    if (mtu != nvgre_port_mtu(port)) {
        VLOG_INFO("%s: MTU changes from %d to %d", port->name,
                  nvgre_port_mtu(port), mtu);
        if (mtu && mtu < NVGRE_IPV6_MIN_MTU) {
            VLOG_WARN("%s: MTU %d " NVGRE_IPV6_WARNING, port->name, mtu);
        }
        atomic_store_relaxed(&port->mtu, mtu);
        netdev_change_seq_changed(netdev);
    }
}

/* Makes 'limit' the most that the MTU of 'port' can be, 0 for no limit. */
static void
set_limit(struct nvgre_port *port, int limit)
{
    if (limit != port->peers.mtu_limit) {
        any_request |= limit != 0;
        nvgre_peers_set_mtu_limit(&port->peers, limit);
        nvgre_ports_peers_changed();
    }
}

/* Class member: called when the Interface has "mtu_request", which is the most
 * that the MTU of the port can be. */
int
netdev_nvgre_set_mtu(struct netdev *netdev, int mtu)
{
    struct nvgre_port *port = netdev_nvgre_port(netdev);

    if (mtu < MIN_MTU) {
        VLOG_WARN("%s: mtu_request=%d must be at least %d",
                  netdev_get_name(netdev), mtu, MIN_MTU);
        return EINVAL;
    }
    set_limit(port, mtu);
    return 0;
}

static void
drop_limit(const struct netdev *netdev, struct nvgre_port *port,
           void *changed_)
{
    bool *changed = changed_;

    if (!port->peers.mtu_limit) {
        return;
    } else if (netdev_mtu_is_user_config(CONST_CAST(struct netdev *,
                                                    netdev))) {
        any_request = true;
    } else {
        set_limit(port, 0);
        *changed = true;
    }
}

/* Finds ports whose Interface has lost its "mtu_request", which nobody else
 * tells.  Returns true if there were any. */
bool
nvgre_mtu_request_run(void)
{
    bool changed = false;

    if (any_request) {
        any_request = false;
        nvgre_ports_for_each(drop_limit, &changed);
    }
    return changed;
}

/* Stores what is known of the peer of 'port' with the smallest MTU in '*min'.
 * Returns how many peers there are. */
static size_t
find_narrowest(struct nvgre_port *port, struct nvgre_peer_info *min)
{
    struct nvgre_peer_info *infos;
    size_t n = nvgre_peers_snapshot(&port->peers, &infos);

    min->mtu = 0;
    for (size_t i = 0; i < n; i++) {
        if (infos[i].mtu && (!min->mtu || infos[i].mtu < min->mtu)) {
            *min = infos[i];
        }
    }
    free(infos);
    return n;
}

/* Appends to 's' how the MTU of 'port', which is known, comes about.  Leaves
 * out what changes all the time if 'brief'. */
static void
format_reason(struct nvgre_port *port, bool brief, struct ds *s)
{
    const struct nvgre_config *c = nvgre_port_config(port);
    struct nvgre_peer_info min;
    struct nvgre_path path;
    size_t n_peers = find_narrowest(port, &min);

    if (min.mtu) {
        nvgre_path_lookup(&min.remote, c->tnl.egress_pkt_mark, &path);
    } else {
        nvgre_port_main_path(port, &path);
    }
    if (port->peers.mtu_limit == nvgre_port_mtu(port)) {
        ds_put_cstr(s, "as mtu_request says, ");
    }
    ds_put_format(s, "%s has %d%s and encapsulation takes %d", path.device,
                  path.underlay_mtu, path.requested ? " by mtu_request" : "",
                  path.overhead);
    if (min.mtu && n_peers > 1) {
        ds_put_cstr(s, " to ");
        ipv6_format_mapped(&min.remote, s);
        ds_put_format(s, ", the smallest of %"PRIuSIZE" peers", n_peers);
    }
    if (!min.mtu || !min.pmtu.outer) {
        return;
    } else if (brief) {
        ds_put_format(s, ", %d said by ", min.pmtu.outer);
        ipv6_format_mapped(&min.pmtu.router, s);
    } else {
        nvgre_pmtu_format(&min.pmtu, s);
    }
}

/* Appends to 's' the MTU of 'port' and how it comes about. */
void
nvgre_mtu_format(struct nvgre_port *port, struct ds *s)
{
    int mtu = nvgre_port_mtu(port);

    if (!mtu) {
        ds_put_cstr(s, "unknown, no route to the peer");
        return;
    }
    ds_put_format(s, "%d, ", mtu);
    format_reason(port, false, s);
    if (mtu < NVGRE_IPV6_MIN_MTU) {
        ds_put_cstr(s, "; this " NVGRE_IPV6_WARNING);
    }
}

/* Adds to 'status' how the MTU of 'port' comes about. */
void
nvgre_mtu_get_status(struct nvgre_port *port, struct smap *status)
{
    int mtu = nvgre_port_mtu(port);

    if (mtu) {
        struct ds s = DS_EMPTY_INITIALIZER;

        format_reason(port, true, &s);
        smap_add_nocopy(status, xstrdup("mtu_reason"), ds_steal_cstr(&s));
    }
    if (mtu && mtu < NVGRE_IPV6_MIN_MTU) {
        smap_add_format(status, "mtu_warning", "%d " NVGRE_IPV6_WARNING, mtu);
    }
}

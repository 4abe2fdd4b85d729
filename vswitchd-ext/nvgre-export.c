/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-export.h"

#include "netdev-native-tnl.h"
#include "netdev-nvgre.h"
#include "nvgre-tunnels.h"
#include "odp-netlink.h"
#include "packets.h"
#include "unaligned.h"

/* The size of a VSID in tunnelKey and layer2SegmentId, in bytes. */
#define VSID_LEN 3

/* Returns the type of 'netdev' by which Open vSwitch's exporters know what to
 * report about its tunnel.  It is a static string. */
const char *
nvgre_export_type(const struct netdev *netdev)
{
    return netdev_is_nvgre(netdev) ? "gre" : netdev_get_type(netdev);
}

/* Makes '*length' the number of bytes of tun_id to report as the segment, if
 * the tunnel port 'netdev' is an nvgre port. */
void
nvgre_export_key_length(const struct netdev *netdev, uint8_t *length)
{
    if (netdev_is_nvgre(netdev)) {
        *length = VSID_LEN;
    }
}

/* Returns the VSID in the GRE key 'key' that is sent from 'local' to
 * 'remote'. */
static uint32_t
vsid_of_key(uint32_t key, ovs_be32 remote, ovs_be32 local)
{
    const struct nvgre_tunnel *t = nvgre_tunnels_by_ipv4_pair(remote, local);

    return (t && t->rules.layout == NVGRE_LAYOUT_DRAFT00
            ? key & 0xffffff : key >> 8);
}

/* If the packets that the template 'data' encapsulates belong to an nvgre
 * port, makes the segment in 'tnl', which the caller has filled in from
 * 'data' as for any GRE tunnel, the VSID.  Sets '*unknown' if there is no way
 * to report the tunnel, because 'tnl' is about IPv4. */
void
nvgre_export_push(const struct ovs_action_push_tnl *data,
                  struct flow_tnl *tnl, bool *unknown)
{
    if (!nvgre_tunnels_is_nvgre_at(u32_to_odp(data->tnl_port))) {
        return;
    }
    if (data->tnl_type == OVS_VPORT_TYPE_GRE) {
        tnl->tun_id = htonll(vsid_of_key(ntohll(tnl->tun_id), tnl->ip_dst,
                                         tnl->ip_src));
    } else {
        *unknown = true;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-path.h"

#include <string.h>

#include "netdev.h"
#include "ovs-router.h"
#include "packets.h"

/* Stores in '*path' the way that encapsulated packets with packet mark 'mark'
 * take to 'remote', an IPv6 or mapped IPv4 address.  Returns false if there is
 * none or if its MTU is not known, in which case 'path->mtu' is 0. */
bool
nvgre_path_lookup(const struct in6_addr *remote, uint32_t mark,
                  struct nvgre_path *path)
{
    struct in6_addr gw;
    struct netdev *dev;

    memset(path, 0, sizeof *path);
    path->overhead = (IN6_IS_ADDR_V4MAPPED(remote)
                      ? NVGRE_OVERHEAD_IPV4 : NVGRE_OVERHEAD_IPV6);
    if (!ovs_router_lookup(mark, remote, path->device, NULL, &gw)) {
        path->device[0] = '\0';
        return false;
    }

    if (!netdev_open(path->device, NULL, &dev)) {
        path->carrier = netdev_get_carrier(dev);
        if (!netdev_get_mtu(dev, &path->underlay_mtu)
            && path->underlay_mtu > path->overhead) {
            path->mtu = path->underlay_mtu - path->overhead;
        }
        path->requested = netdev_mtu_is_user_config(dev);
        netdev_close(dev);
    }
    return path->mtu > 0;
}

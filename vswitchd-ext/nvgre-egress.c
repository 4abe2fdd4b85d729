/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-egress.h"

#include <string.h>

#include "netdev-provider.h"
#include "netdev-vport.h"
#include "ovs-thread.h"
#include "smap.h"
#include "sset.h"
#include "util.h"

static struct ovs_mutex mutex = OVS_MUTEX_INITIALIZER;

/* From the name of a device to that of its bridge.  A device that is no more
 * in use stays until it is looked at. */
static struct smap bridges OVS_GUARDED_BY(mutex) = SMAP_INITIALIZER(&bridges);

/* Notes that 'netdev' is about to become a port of 'bridge'. */
void
nvgre_egress_add(const struct netdev *netdev, const char *bridge)
{
    if (!netdev_vport_is_vport_class(netdev->netdev_class)
        && strcmp(netdev_get_type(netdev), "internal")
        && strcmp(netdev_get_name(netdev), bridge)) {
        ovs_mutex_lock(&mutex);
        smap_replace(&bridges, netdev_get_name(netdev), bridge);
        ovs_mutex_unlock(&mutex);
    }
}

/* Returns the names, separated by commas, of the devices on 'bridge' that lack
 * some of the abilities 'all' or have none of 'any', unless that is 0.  If no
 * device does, returns NULL; if there is no device at all, returns a text that
 * says so.  The caller must free it. */
char *
nvgre_egress_without(const char *bridge, uint64_t all, uint64_t any)
{
    struct sset names = SSET_INITIALIZER(&names);
    struct smap_node *node;
    bool found = false;
    char *text = NULL;

    ovs_mutex_lock(&mutex);
    SMAP_FOR_EACH_SAFE (node, &bridges) {
        struct netdev *netdev;

        if (strcmp(node->value, bridge)) {
            continue;
        }
        netdev = netdev_from_name(node->key);
        if (!netdev) {
            smap_remove_node(&bridges, node);
            continue;
        }
        found = true;
        if (all & ~netdev->ol_flags || (any && !(any & netdev->ol_flags))) {
            sset_add(&names, node->key);
        }
        netdev_close(netdev);
    }
    ovs_mutex_unlock(&mutex);

    if (!found) {
        text = xstrdup("any known device");
    } else if (!sset_is_empty(&names)) {
        text = sset_join(&names, ",", "");
    }
    sset_destroy(&names);
    return text;
}

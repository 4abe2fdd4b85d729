/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "nvgre-offload.h"
#include "nvgre-too-big.h"
#include "packets.h"
#include "util.h"

enum { NVGRE_DEFAULT_TTL = 64 };

/* Returns a new configuration that has 'args' as its options, none of which is
 * parsed so far, and defaults. */
struct nvgre_config *
nvgre_config_create(const struct smap *args)
{
    struct nvgre_config *c = xzalloc(sizeof *c);

    c->tnl.ttl = NVGRE_DEFAULT_TTL;
    c->tnl.dont_fragment = true;
    c->inner_fragment = true;
    c->too_big_rate = NVGRE_TOO_BIG_DEFAULT_RATE;
    c->tnl.csum = NETDEV_TNL_DEFAULT_NO_CSUM;
    c->tnl.pt_mode = NETDEV_PT_LEGACY_L2;
    c->path_mtu_discovery = true;
    c->selftest = true;
    c->offloads = NVGRE_OFFLOAD_ALL;
    smap_clone(&c->options, args);
    sset_init(&c->ignored);
    return c;
}

/* Returns a deep copy of 'c'. */
struct nvgre_config *
nvgre_config_clone(const struct nvgre_config *c)
{
    struct nvgre_config *new = xmemdup(c, sizeof *c);

    new->remote_name = nullable_xstrdup(c->remote_name);
    new->peer_layouts = !c->n_peer_layouts ? NULL : xmemdup(
        c->peer_layouts,
        c->n_peer_layouts * sizeof *c->peer_layouts);
    nvgre_gateways_clone(&new->gateways);
    nvgre_group_list_clone(&new->groups);
    smap_clone(&new->options, &c->options);
    sset_clone(&new->ignored, &c->ignored);
    return new;
}

/* Frees 'c', which may be NULL. */
void
nvgre_config_destroy(struct nvgre_config *c)
{
    if (c) {
        free(c->remote_name);
        free(c->peer_layouts);
        nvgre_gateways_destroy(&c->gateways);
        nvgre_group_list_destroy(&c->groups);
        smap_destroy(&c->options);
        sset_destroy(&c->ignored);
        free(c);
    }
}

/* Returns the key layout that 'c' wants for 'peer'. */
enum nvgre_layout
nvgre_config_layout(const struct nvgre_config *c, const struct in6_addr *peer)
{
    for (size_t i = 0; i < c->n_peer_layouts; i++) {
        if (ipv6_addr_equals(&c->peer_layouts[i].peer, peer)) {
            return c->peer_layouts[i].layout;
        }
    }
    return c->layout;
}

/* Returns the value of option "flow_id" that 'c' stands for, if need be in
 * 'buf'. */
const char *
nvgre_config_flowid_to_string(const struct nvgre_config *c, char buf[4])
{
    if (c->flowid_mode == NVGRE_FLOWID_HASH) {
        return "hash";
    } else if (c->flowid_mode == NVGRE_FLOWID_FLOW) {
        return "flow";
    } else if (!c->flowid) {
        return "zero";
    } else {
        snprintf(buf, 4, "%"PRIu8, c->flowid);
        return buf;
    }
}

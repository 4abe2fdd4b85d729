/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-coexist.h"

#include "byte-order.h"
#include "netdev-native-tnl.h"
#include "netdev-nvgre.h"
#include "nvgre-offload.h"
#include "nvgre-tunnels.h"
#include "packets.h"
#include "util.h"

static bool
is_gre_family(const struct netdev *netdev)
{
    const struct netdev_class *class = netdev_get_class(netdev);

    return (netdev_is_nvgre(netdev)
            || class->pop_header == netdev_gre_pop_header
            || class->pop_header == netdev_erspan_pop_header);
}

/* Describes 'netdev', of the GRE family, as '*t', without the odp port. */
static void
describe(const struct netdev *netdev, struct nvgre_tunnel *t)
{
    const struct netdev_tunnel_config *tnl = netdev_get_tunnel_config(netdev);

    memset(t, 0, sizeof *t);
    t->name = CONST_CAST(char *, netdev_get_name(netdev));
    t->type = netdev_get_type(netdev);
    t->is_nvgre = netdev_is_nvgre(netdev);
    t->remote = tnl->ipv6_dst;      /* in6addr_any for "flow". */
    t->local = tnl->ipv6_src;
    t->vsid = ntohll(tnl->in_key);
    t->any_vsid = tnl->in_key_flow;
    if (t->is_nvgre) {
        struct nvgre_port *port = netdev_nvgre_port(netdev);
        const struct nvgre_config *c = nvgre_port_config(port);

        t->rules.layout = c->layout;
        t->rules.lenient = c->lenient;
        t->rules.reserved_vsid = c->reserved_vsid;
        t->counters = &port->counters;
        t->peers = &port->peers;
        t->rx_csum_sample = c->rx_csum_sample;
        t->rx_csum = c->offloads & NVGRE_OFFLOAD_RX_CSUM;
        t->gro = c->offloads & NVGRE_OFFLOAD_GRO;
    }
}

/* Makes of '*t', as describe() filled it in, the 'i'th exception of 'netdev'.
 * Returns false if there is none. */
static bool
describe_exception(const struct netdev *netdev, size_t i,
                   struct nvgre_tunnel *t)
{
    const struct nvgre_config *c;

    if (!t->is_nvgre) {
        return false;
    }
    c = nvgre_port_config(netdev_nvgre_port(netdev));
    if (i >= c->n_peer_layouts) {
        return false;
    }
    t->is_exception = true;
    t->remote = c->peer_layouts[i].peer;
    t->rules.layout = c->peer_layouts[i].layout;
    return true;
}

/* Takes note that 'netdev' has become a live tunnel port, for which the
 * datapath decapsulates at 'odp_port'. */
void
nvgre_coexist_add(const struct netdev *netdev, odp_port_t odp_port)
{
    struct nvgre_tunnel t;

    if (!is_gre_family(netdev)
        || (netdev_is_nvgre(netdev)
            && !nvgre_port_is_resolved(netdev_nvgre_port(netdev)))) {
        return;
    }

    describe(netdev, &t);
    t.odp_port = odp_port;
    nvgre_tunnels_add(&t);
    for (size_t i = 0; describe_exception(netdev, i, &t); i++) {
        nvgre_tunnels_add(&t);
    }
}

/* Takes note that 'netdev' is no longer a live tunnel port. */
void
nvgre_coexist_remove(const struct netdev *netdev)
{
    if (is_gre_family(netdev)) {
        nvgre_tunnels_remove(netdev_get_name(netdev));
    }
}

/* Returns why 'netdev', configured as it is, must not become a live tunnel
 * port now, as a string that the caller must free, or NULL if it may. */
char *
nvgre_coexist_conflict(const struct netdev *netdev)
{
    struct nvgre_tunnel t;
    char *conflict;

    if (!is_gre_family(netdev)) {
        return NULL;
    }
    describe(netdev, &t);
    conflict = nvgre_tunnels_conflict(&t);
    for (size_t i = 0; !conflict && describe_exception(netdev, i, &t); i++) {
        conflict = nvgre_tunnels_conflict(&t);
    }
    return conflict;
}

/* The same, should 'netdev' have 'remote' as its remote address. */
char *
nvgre_coexist_conflict_at(const struct netdev *netdev,
                          const struct in6_addr *remote)
{
    struct nvgre_tunnel t;

    describe(netdev, &t);
    t.remote = *remote;
    return nvgre_tunnels_conflict(&t);
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "netdev-nvgre.h"

#include <errno.h>

#include "connectivity.h"
#include "netdev-vport-private.h"
#include "nvgre-echo.h"
#include "nvgre-foreign.h"
#include "nvgre-groups.h"
#include "nvgre-mtu.h"
#include "nvgre-offload.h"
#include "nvgre-pmtu.h"
#include "nvgre-resolve.h"
#include "nvgre-selftest.h"
#include "nvgre-suspicion.h"
#include "nvgre-unixctl.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "route-table.h"
#include "seq.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(netdev_nvgre);

struct netdev_nvgre {
    struct netdev_vport vport;
    struct nvgre_port *port;
};

/* Changes when a port gets a new peer. */
static struct seq *peers_seq;

bool
netdev_is_nvgre(const struct netdev *netdev)
{
    return netdev_get_class(netdev)->run == netdev_nvgre_run;
}

static struct netdev_nvgre *
netdev_nvgre_cast(const struct netdev *netdev)
{
    ovs_assert(netdev_is_nvgre(netdev));
    return CONTAINER_OF(netdev_vport_cast(netdev), struct netdev_nvgre,
                        vport);
}

/* Returns the port that 'netdev', which must be of our class, stands for. */
struct nvgre_port *
netdev_nvgre_port(const struct netdev *netdev)
{
    return netdev_nvgre_cast(netdev)->port;
}

/* Returns the configuration of 'port', valid until the caller's next RCU
 * quiescent state, or NULL if it has none so far. */
const struct nvgre_config *
nvgre_port_config(const struct nvgre_port *port)
{
    return ovsrcu_get(const struct nvgre_config *, &port->config);
}

/* Returns true if 'port' knows where to send: it is configured and its
 * remote_ip is no host name that has yet to be resolved. */
bool
nvgre_port_is_resolved(const struct nvgre_port *port)
{
    const struct nvgre_config *c = nvgre_port_config(port);

    return c && (!c->remote_name || !nvgre_is_placeholder(&c->tnl.ipv6_dst));
}

/* Returns the size of the largest inner IP packet that 'port' can send to all
 * of its peers, or 0 if that is not known. */
int
nvgre_port_mtu(const struct nvgre_port *port)
{
    int mtu;

    atomic_read_relaxed(&CONST_CAST(struct nvgre_port *, port)->mtu, &mtu);
    return mtu;
}

/* Calls 'cb' for each configured port. */
void
nvgre_ports_for_each(void (*cb)(const struct netdev *, struct nvgre_port *,
                                void *aux),
                     void *aux)
{
    struct netdev **vports;
    size_t n;

    vports = netdev_get_vports(&n);
    for (size_t i = 0; i < n; i++) {
        if (netdev_is_nvgre(vports[i])) {
            struct nvgre_port *port = netdev_nvgre_port(vports[i]);

            if (nvgre_port_config(port)) {
                cb(vports[i], port, aux);
            }
        }
        netdev_close(vports[i]);
    }
    free(vports);
}

/* Tells the main thread that a port has a new peer, so that it works out the
 * MTU of the port. */
void
nvgre_ports_peers_changed(void)
{
    seq_change(peers_seq);
}

/* Looks up the way that most of the packets that 'port' sends take: to its
 * remote_ip if it has one, otherwise from its local_ip or, failing that, to
 * wherever the default route leads. */
void
nvgre_port_main_path(const struct nvgre_port *port, struct nvgre_path *path)
{
    const struct nvgre_config *c = nvgre_port_config(port);
    const struct in6_addr *dst = &in6addr_v4mapped_any;

    if (!c->tnl.ip_dst_flow) {
        dst = &c->tnl.ipv6_dst;
    } else if (ipv6_addr_is_set(&c->tnl.ipv6_src)) {
        dst = &c->tnl.ipv6_src;
    }
    nvgre_path_lookup(dst, c->tnl.egress_pkt_mark, path);
}

/* Replaces the configuration of 'port' by 'c', of which it takes
 * ownership. */
static void
publish_config(const struct netdev *netdev, struct nvgre_port *port,
               struct nvgre_config *c)
{
    struct netdev_vport *vport = netdev_vport_cast(netdev);
    const struct nvgre_config *old = nvgre_port_config(port);
    const struct netdev_tunnel_config *old_tnl;

    old_tnl = ovsrcu_get_protected(const struct netdev_tunnel_config *,
                                   &vport->tnl_cfg);
    nvgre_peers_set_offloads(&port->peers, c->offloads);
    ovsrcu_set(&port->config, c);
    ovsrcu_set(&vport->tnl_cfg, xmemdup(&c->tnl, sizeof c->tnl));
    ovsrcu_postpone(free, CONST_CAST(struct netdev_tunnel_config *, old_tnl));
    if (!old || !ipv6_addr_equals(&old->tnl.ipv6_dst, &c->tnl.ipv6_dst)) {
        nvgre_peers_clear(&port->peers);
    }
    if (nvgre_port_is_resolved(port) && !c->tnl.ip_dst_flow) {
        bool created;

        nvgre_peers_add(&port->peers, &c->tnl.ipv6_dst,
                        c->tnl.egress_pkt_mark, &created);
    }
    if (old) {
        ovsrcu_postpone(nvgre_config_destroy,
                        CONST_CAST(struct nvgre_config *, old));
    }
    nvgre_mtu_update(netdev, port, NULL);
    netdev_change_seq_changed(netdev);
}

/* Gives 'port', whose remote_ip is a host name, the address 'remote'. */
void
nvgre_port_set_remote(const struct netdev *netdev, struct nvgre_port *port,
                      const struct in6_addr *remote)
{
    struct nvgre_config *c = nvgre_config_clone(nvgre_port_config(port));

    c->tnl.ipv6_dst = *remote;
    publish_config(netdev, port, c);
}

/* Class members. */

int
netdev_nvgre_init(void)
{
    peers_seq = seq_create();
    nvgre_counters_init(&nvgre_no_port_counters);
    nvgre_too_big_init();
    nvgre_unixctl_init();
    nvgre_pmtu_init();
    nvgre_echo_init();
    nvgre_selftest_init();
    nvgre_foreign_init();
    nvgre_groups_init();
    return 0;
}

struct netdev *
netdev_nvgre_alloc(void)
{
    struct netdev_nvgre *dev = xzalloc(sizeof *dev);
    struct nvgre_port *port = xzalloc(sizeof *port);

    nvgre_counters_init(&port->counters);
    nvgre_peers_init(&port->peers, &port->counters);
    token_bucket_init(&port->too_big_bucket, 0, 0);
    ovsrcu_init(&port->config, NULL);
    atomic_init(&port->mtu, 0);
    dev->port = port;
    return &dev->vport.up;
}

static void
port_free(struct nvgre_port *port)
{
    nvgre_config_destroy(CONST_CAST(struct nvgre_config *,
                                    nvgre_port_config(port)));
    nvgre_peers_destroy(&port->peers);
    free(port->resolution.conflict);
    free(port->name);
    free(port);
}

void
netdev_nvgre_dealloc(struct netdev *netdev)
{
    /* By now 'netdev' has lost its name and class, so no cast function. */
    struct netdev_vport *vport = CONTAINER_OF(netdev, struct netdev_vport,
                                              up);
    struct netdev_nvgre *dev = CONTAINER_OF(vport, struct netdev_nvgre,
                                            vport);

    nvgre_peers_clear(&dev->port->peers);
    ovsrcu_postpone(port_free, dev->port);
    free(dev);
}

const struct netdev_tunnel_config *
netdev_nvgre_get_tunnel_config(const struct netdev *netdev)
{
    return ovsrcu_get(const struct netdev_tunnel_config *,
                      &netdev_vport_cast(netdev)->tnl_cfg);
}

int
netdev_nvgre_get_config(const struct netdev *netdev, struct smap *args)
{
    const struct nvgre_config *c;
    const struct smap_node *node;

    c = nvgre_port_config(netdev_nvgre_port(netdev));
    if (c) {
        SMAP_FOR_EACH (node, &c->options) {
            if (nvgre_option_is_ours(node->key)) {
                smap_add(args, node->key, node->value);
            }
        }
    }
    return 0;
}

/* Keeps what is known of the host name of 'old', if 'c' has the same one. */
static void
inherit_remote(struct nvgre_port *port, const struct nvgre_config *old,
               struct nvgre_config *c)
{
    if (c->remote_name) {
        bool same = (old && old->remote_name
                     && !strcmp(old->remote_name, c->remote_name));

        if (same) {
            c->tnl.ipv6_dst = old->tnl.ipv6_dst;
        } else {
            nvgre_placeholder(&c->tnl.ipv6_dst);
            nvgre_resolution_start(&port->resolution);
        }
    }
}

int
netdev_nvgre_set_config(struct netdev *netdev, const struct smap *args,
                        char **errp)
{
    struct nvgre_port *port = netdev_nvgre_port(netdev);
    const struct nvgre_config *old = nvgre_port_config(port);
    struct nvgre_config *c;

    if (old && smap_equal(&old->options, args)) {
        return 0;
    }

    *errp = nvgre_config_parse(netdev_get_name(netdev), args, &c);
    if (*errp) {
        VLOG_WARN("%s", *errp);
        return EINVAL;
    }

    if (!port->name) {
        port->name = xstrdup(netdev_get_name(netdev));
    }
    inherit_remote(port, old, c);
    publish_config(netdev, port, c);
    return 0;
}

int
netdev_nvgre_get_mtu(const struct netdev *netdev, int *mtup)
{
    *mtup = nvgre_port_mtu(netdev_nvgre_port(netdev));
    return *mtup ? 0 : EOPNOTSUPP;
}

int
netdev_nvgre_get_stats(const struct netdev *netdev,
                       struct netdev_stats *stats)
{
    const struct nvgre_counters *c = &netdev_nvgre_port(netdev)->counters;
    struct netdev_vport *vport = netdev_vport_cast(netdev);

    ovs_mutex_lock(&vport->mutex);
    stats->tx_packets = vport->stats.tx_packets;
    stats->tx_bytes = vport->stats.tx_bytes;
    stats->rx_packets = vport->stats.rx_packets;
    stats->rx_bytes = vport->stats.rx_bytes;
    ovs_mutex_unlock(&vport->mutex);

    stats->rx_dropped = stats->tx_dropped = 0;
    for (enum nvgre_drop i = NVGRE_DROP_NONE + 1; i < N_NVGRE_DROPS; i++) {
        *(i < NVGRE_DROP_TX_TOO_BIG ? &stats->rx_dropped : &stats->tx_dropped)
            += nvgre_event_get(&c->drops[i]);
    }
    return 0;
}

int
netdev_nvgre_get_custom_stats(const struct netdev *netdev,
                              struct netdev_custom_stats *stats)
{
    struct nvgre_counters *c = &netdev_nvgre_port(netdev)->counters;
    const struct {
        const char *name;
        atomic_uint64_t *value;
    } counters[] = {
        { "nvgre_tx_tags_removed", &c->tx_tags_removed },
        { "nvgre_tx_fragmented", &c->tx_fragmented },
        { "nvgre_too_big_answered", &c->too_big_answered },
        { "nvgre_too_big_limited", &c->too_big_limited },
        { "nvgre_too_big_unanswerable", &c->too_big_unanswerable },
#define NVGRE_DROP(NAME, LOWER, STRING, TEXT, CLAUSE) \
        { "nvgre_drop_" #LOWER, &c->drops[NVGRE_DROP_##NAME].n },
        NVGRE_DROPS
#undef NVGRE_DROP
        { "nvgre_rx_csum_checked", &c->rx_csum_checked },
#define NVGRE_CSUM(NAME, LOWER, STRING) \
        { "nvgre_rx_bad_csum_" #LOWER, &c->rx_csum_bad[NVGRE_CSUM_##NAME].n },
        NVGRE_CSUMS
#undef NVGRE_CSUM
    };

    stats->size = ARRAY_SIZE(counters);
    stats->counters = xcalloc(stats->size, sizeof *stats->counters);
    for (size_t i = 0; i < stats->size; i++) {
        ovs_strlcpy(stats->counters[i].name, counters[i].name,
                    sizeof stats->counters[i].name);
        stats->counters[i].value = atomic_count_get64(counters[i].value);
    }
    return 0;
}

int
netdev_nvgre_get_status(const struct netdev *netdev, struct smap *status)
{
    struct nvgre_port *port = netdev_nvgre_port(netdev);
    const struct nvgre_config *c = nvgre_port_config(port);
    struct nvgre_path path;
    char buf[4];

    if (!c) {
        return EAGAIN;
    }

    nvgre_port_main_path(port, &path);
    if (nvgre_port_is_resolved(port) && path.device[0]) {
        smap_add(status, "tunnel_egress_iface", path.device);
        smap_add(status, "tunnel_egress_iface_carrier",
                 path.carrier ? "up" : "down");
    }
    if (c->remote_name) {
        nvgre_resolution_get_status(port, status);
    }
    for (size_t i = 0; i < N_NVGRE_OFFLOADS; i++) {
        smap_add_nocopy(status, xstrdup(nvgre_offload_name(i)),
                        nvgre_offload_explain(i, c->offloads, c->offload_off,
                                              path.device));
    }
    smap_add(status, "flow_id", nvgre_config_flowid_to_string(c, buf));
    smap_add(status, "key_layout", nvgre_layout_to_string(c->layout));
    smap_add(status, "receive", c->lenient ? "lenient" : "strict");
    nvgre_mtu_get_status(port, status);
    if (!sset_is_empty(&c->ignored)) {
        char *ignored = sset_join(&c->ignored, ",", "");

        smap_add_nocopy(status, xstrdup("ignored_options"), ignored);
    }
    return 0;
}

/* What .run has seen so far of what the MTU of ports depends on. */
static uint64_t last_connectivity_seq;
static uint64_t last_peers_seq;
static uint64_t last_route_seq;
static uint64_t last_tnl_conf_seq;

/* Reads the sequence number of routes that were added by hand.  There is none
 * before the first datapath. */
static uint64_t
read_tnl_conf_seq(void)
{
    return tnl_conf_seq ? seq_read(tnl_conf_seq) : 0;
}

static bool
seq_moved(uint64_t now, uint64_t *last)
{
    bool moved = now != *last;

    *last = now;
    return moved;
}

void
netdev_nvgre_run(const struct netdev_class *class OVS_UNUSED)
{
    bool moved;

    moved = seq_moved(seq_read(connectivity_seq_get()),
                      &last_connectivity_seq);
    moved |= seq_moved(seq_read(peers_seq), &last_peers_seq);
    moved |= seq_moved(route_table_get_change_seq(), &last_route_seq);
    moved |= seq_moved(read_tnl_conf_seq(), &last_tnl_conf_seq);
    moved |= nvgre_pmtu_run();
    moved |= nvgre_mtu_request_run();
    if (moved) {
        nvgre_ports_for_each(nvgre_mtu_update, NULL);
    }
    nvgre_groups_run(moved);
    nvgre_resolve_run();
    nvgre_echo_run();
    nvgre_selftest_run();
    nvgre_foreign_run();
    nvgre_suspicion_run();
    nvgre_too_big_run();
}

void
netdev_nvgre_wait(const struct netdev_class *class OVS_UNUSED)
{
    seq_wait(connectivity_seq_get(), last_connectivity_seq);
    seq_wait(peers_seq, last_peers_seq);
    if (tnl_conf_seq) {
        seq_wait(tnl_conf_seq, last_tnl_conf_seq);
    }
    nvgre_pmtu_wait();
    nvgre_groups_wait();
    nvgre_resolve_wait();
    nvgre_too_big_wait();
    nvgre_echo_wait();
    nvgre_selftest_wait();
    nvgre_foreign_wait();
}

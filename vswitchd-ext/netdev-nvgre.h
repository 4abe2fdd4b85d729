/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NETDEV_NVGRE_H
#define NETDEV_NVGRE_H 1

#include "netdev-provider.h"
#include "nvgre-counters.h"
#include "nvgre-mtu.h"
#include "nvgre-options.h"
#include "nvgre-peers.h"
#include "nvgre-suspicion.h"
#include "nvgre-too-big.h"
#include "ovs-rcu.h"

/* The nvgre port
 * ==============
 *
 * What
 * ----
 *
 * A netdev class of Open vSwitch's "vport" family, so that an Interface with
 * type=nvgre becomes a tunnel port of the userspace datapath.  This header is
 * about the life of the port; nvgre-packet.h is about its packets.
 *
 * A port is two objects.  The netdev belongs to Open vSwitch and is destroyed
 * at once when the last reference goes.  Its struct nvgre_port holds what
 * packet threads may look at and lives one RCU grace period longer.
 *
 * The datapath has one more netdev of the class, "nvgre_sys", in whose name it
 * receives and sends the packets of all nvgre ports.  It is never configured.
 *
 *
 * What not
 * --------
 *
 * Ports of the kernel datapath: it has no such tunnel, and nvgre-hooks.h
 * refuses them.
 *
 *
 * Thread-safety
 * -------------
 *
 * As netdev-provider.h demands: members of the class may be called from any
 * thread, except for .run and .wait, which only the main thread calls. */

/* What is known of the host name that is a port's remote_ip.  Belongs to the
 * main thread. */
struct nvgre_resolution {
    long long int next;         /* time_msec() of the next question. */
    int backoff;                /* ms between questions, 0 before the first. */
    char *conflict;             /* Why the address cannot be used, or NULL. */
};

struct nvgre_port {
    char *name;
    OVSRCU_TYPE(const struct nvgre_config *) config; /* NULL until set. */
    struct nvgre_counters counters;
    struct nvgre_peers peers;   /* Whom the port sends to. */
    struct token_bucket too_big_bucket; /* Belongs to nvgre-too-big.c. */
    atomic_int mtu;             /* For inner IP packets, 0 if not known. */

    /* The main thread's own. */
    struct nvgre_resolution resolution;
    struct nvgre_suspicion_log suspicion_log;
};

struct nvgre_port *netdev_nvgre_port(const struct netdev *);
bool netdev_is_nvgre(const struct netdev *);
const struct nvgre_config *nvgre_port_config(const struct nvgre_port *);
bool nvgre_port_is_resolved(const struct nvgre_port *);
int nvgre_port_mtu(const struct nvgre_port *);

/* Returns the port that sends to 'peer', valid as long as 'peer'. */
static inline struct nvgre_port *
nvgre_peer_port(const struct nvgre_peer *peer)
{
    return CONTAINER_OF(peer->counters, struct nvgre_port, counters);
}

void nvgre_ports_for_each(void (*cb)(const struct netdev *,
                                     struct nvgre_port *, void *aux),
                          void *aux);
void nvgre_ports_peers_changed(void);
void nvgre_port_main_path(const struct nvgre_port *, struct nvgre_path *);
void nvgre_port_set_remote(const struct netdev *, struct nvgre_port *,
                           const struct in6_addr *);

/* Members of the netdev class. */
int netdev_nvgre_init(void);
void netdev_nvgre_run(const struct netdev_class *);
void netdev_nvgre_wait(const struct netdev_class *);
struct netdev *netdev_nvgre_alloc(void);
void netdev_nvgre_dealloc(struct netdev *);
int netdev_nvgre_get_config(const struct netdev *, struct smap *);
int netdev_nvgre_set_config(struct netdev *, const struct smap *,
                            char **errp);
const struct netdev_tunnel_config *netdev_nvgre_get_tunnel_config(
    const struct netdev *);
int netdev_nvgre_get_mtu(const struct netdev *, int *mtup);
int netdev_nvgre_get_stats(const struct netdev *, struct netdev_stats *);
int netdev_nvgre_get_custom_stats(const struct netdev *,
                                  struct netdev_custom_stats *);
int netdev_nvgre_get_status(const struct netdev *, struct smap *);

/* The class, for the table in netdev-vport.c, whose own functions serve where
 * an nvgre port is like any other. */
#define NETDEV_NVGRE_CLASS                                  \
    {                                                       \
        .type = "nvgre",                                    \
        .init = netdev_nvgre_init,                          \
        .run = netdev_nvgre_run,                            \
        .wait = netdev_nvgre_wait,                          \
        .alloc = netdev_nvgre_alloc,                        \
        .construct = netdev_vport_construct,                \
        .destruct = netdev_vport_destruct,                  \
        .dealloc = netdev_nvgre_dealloc,                    \
        .get_config = netdev_nvgre_get_config,              \
        .set_config = netdev_nvgre_set_config,              \
        .get_tunnel_config = netdev_nvgre_get_tunnel_config, \
        .build_header = nvgre_build_header,                 \
        .push_header = nvgre_push_header,                   \
        .pop_header = nvgre_pop_header,                     \
        .set_etheraddr = netdev_vport_set_etheraddr,        \
        .get_etheraddr = netdev_vport_get_etheraddr,        \
        .get_mtu = netdev_nvgre_get_mtu,                    \
        .set_mtu = netdev_nvgre_set_mtu,                    \
        .get_stats = netdev_nvgre_get_stats,                \
        .get_custom_stats = netdev_nvgre_get_custom_stats,  \
        .get_pt_mode = netdev_vport_get_pt_mode,            \
        .get_status = netdev_nvgre_get_status,              \
        .update_flags = netdev_vport_update_flags,          \
        .get_ifindex = NETDEV_VPORT_GET_IFINDEX,            \
    }

#endif /* netdev-nvgre.h */

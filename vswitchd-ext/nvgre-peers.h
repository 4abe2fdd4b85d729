/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_PEERS_H
#define NVGRE_PEERS_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "cmap.h"
#include "nvgre-csum.h"
#include "nvgre-path.h"
#include "nvgre-path-error.h"
#include "ovs-atomic.h"
#include "ovs-thread.h"

struct nvgre_counters;

/* Whom an nvgre port sends to
 * ===========================
 *
 * What
 * ----
 *
 * A port with a fixed remote_ip has one peer; a port with remote_ip=flow gets
 * one for each address that a flow sends to.  A peer remembers what the
 * sending of a packet depends on beyond the bytes of the header: whose
 * counters to use, which work the port leaves to devices, and how big a packet
 * may be, which the underlay's device and the routers on the way (see
 * nvgre-pmtu.h) decide.
 *
 * The datapath encapsulates with a template that was made when the flow was
 * translated, and in the context of another netdev, "nvgre_sys", which has no
 * configuration.  The template therefore carries the peer's number, in a field
 * that encapsulation overwrites (see nvgre-packet.h), and
 * nvgre_peer_from_id() finds the peer again.
 *
 *
 * What not
 * --------
 *
 * Peers that only send to us are not here.  Peers are not forgotten while
 * their port exists, because a flow may use them any time.  When the numbers
 * run out, which takes 32,767 peers, more can be talked to, but with
 * number 0: their packets are not checked for size here, and the device they
 * leave through will drop what it cannot send.
 *
 *
 * Thread-safety
 * -------------
 *
 * All functions may be called from any thread.  nvgre_peer_from_id() takes no
 * lock, and its result is valid until the caller's next RCU quiescent
 * state. */

#define NVGRE_MAX_PEER_ID 0x7fff

/* What a router on the way to a peer said.  It counts for ten minutes. */
struct nvgre_pmtu {
    int outer;                  /* MTU for outer packets, 0 for none said. */
    struct in6_addr router;     /* IPv4 addresses are mapped. */
    long long int when;         /* time_wall_msec(). */
    long long int expires;      /* time_msec(), LLONG_MAX if 'outer' is 0. */
};

struct nvgre_peer {
    struct cmap_node node;      /* In 'peers' of struct nvgre_peers. */
    struct in6_addr remote;     /* IPv4 addresses are mapped. */
    struct nvgre_counters *counters; /* Of the port. */
    const atomic_uint32_t *offloads; /* Of the port. */
    struct nvgre_pmtu pmtu;     /* Guarded by the mutex of the peers. */
    atomic_int mtu;             /* For inner IP packets, 0 if not known. */
    atomic_uint64_t bad_csums[N_NVGRE_CSUMS]; /* Received from it. */
    uint16_t id;                /* 1 to NVGRE_MAX_PEER_ID. */
};

/* The peers of one port. */
struct nvgre_peers {
    struct ovs_mutex mutex;
    struct cmap peers;          /* Of struct nvgre_peer, by 'remote'; changes
                                 * only with 'mutex'. */
    struct nvgre_counters *counters;
    int mtu_limit;              /* For all peers, 0 for none. */
    atomic_uint32_t offloads;   /* What the port has, see nvgre-offload.h. */
};

void nvgre_peers_init(struct nvgre_peers *, struct nvgre_counters *);
void nvgre_peers_destroy(struct nvgre_peers *);
void nvgre_peers_clear(struct nvgre_peers *);

uint16_t nvgre_peers_add(struct nvgre_peers *, const struct in6_addr *remote,
                         uint32_t mark, bool *created);
int nvgre_peers_update_mtu(struct nvgre_peers *, uint32_t mark);
void nvgre_peers_set_mtu_limit(struct nvgre_peers *, int limit);

/* A copy of what is known of a peer. */
struct nvgre_peer_info {
    struct in6_addr remote;
    struct nvgre_pmtu pmtu;
    int mtu;                    /* As in struct nvgre_peer. */
    uint64_t bad_csums[N_NVGRE_CSUMS];
};
size_t nvgre_peers_snapshot(struct nvgre_peers *, struct nvgre_peer_info **);

bool nvgre_peers_has(struct nvgre_peers *, const struct in6_addr *remote);
enum nvgre_path_verdict nvgre_peers_lower_mtu(struct nvgre_peers *,
                                              const struct nvgre_path_error *,
                                              uint32_t mark);
bool nvgre_peers_forget_pmtu(struct nvgre_peers *,
                             const struct in6_addr *remote);
long long int nvgre_peers_pmtu_expires(struct nvgre_peers *);

const struct nvgre_peer *nvgre_peer_from_id(uint16_t id);
int nvgre_peer_mtu(const struct nvgre_peer *);

void nvgre_peers_set_offloads(struct nvgre_peers *, uint32_t offloads);
uint32_t nvgre_peer_offloads(const struct nvgre_peer *);
void nvgre_peers_count_bad_csum(const struct nvgre_peers *,
                                const struct in6_addr *remote,
                                enum nvgre_csum);

#endif /* nvgre-peers.h */

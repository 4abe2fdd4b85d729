/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-peers.h"

#include <limits.h>

#include "hash.h"
#include "nvgre-offload.h"
#include "openvswitch/vlog.h"
#include "ovs-rcu.h"
#include "packets.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(nvgre_peers);

/* How long the word of a router counts (RFC 1191 section 6.3). */
enum { PMTU_AGE_MS = 10 * 60 * 1000 };

typedef OVSRCU_TYPE(struct nvgre_peer *) peer_slot;

/* Peers of all ports by number.  Slot 0 stays empty. */
static peer_slot slots[NVGRE_MAX_PEER_ID + 1];

/* Where to look for a free number next, and how many are taken.  Numbers are
 * given out in turn, so that one that was freed is not soon another peer's. */
static struct ovs_mutex slots_mutex = OVS_MUTEX_INITIALIZER;
static unsigned int next_id OVS_GUARDED_BY(slots_mutex) = 1;
static unsigned int n_taken OVS_GUARDED_BY(slots_mutex);

static uint32_t
hash_addr(const struct in6_addr *addr)
{
    return hash_bytes(addr, sizeof *addr, 0);
}

/* Gives 'peer' a number and publishes it.  Returns false if there is none. */
static bool
take_slot(struct nvgre_peer *peer)
{
    bool ok;

    ovs_mutex_lock(&slots_mutex);
    ok = n_taken < NVGRE_MAX_PEER_ID;
    if (ok) {
        while (ovsrcu_get_protected(struct nvgre_peer *, &slots[next_id])) {
            next_id = next_id % NVGRE_MAX_PEER_ID + 1;
        }
        peer->id = next_id;
        ovsrcu_set(&slots[next_id], peer);
        next_id = next_id % NVGRE_MAX_PEER_ID + 1;
        n_taken++;
    }
    ovs_mutex_unlock(&slots_mutex);
    return ok;
}

static void
free_slot(struct nvgre_peer *peer)
{
    ovs_mutex_lock(&slots_mutex);
    ovsrcu_set(&slots[peer->id], NULL);
    n_taken--;
    ovs_mutex_unlock(&slots_mutex);
    ovsrcu_postpone(free, peer);
}

/* Initializes '*peers' for a port that counts in '*counters'. */
void
nvgre_peers_init(struct nvgre_peers *peers, struct nvgre_counters *counters)
{
    ovs_mutex_init(&peers->mutex);
    cmap_init(&peers->peers);
    atomic_init(&peers->offloads, NVGRE_OFFLOAD_ALL);
    peers->counters = counters;
    peers->mtu_limit = 0;
}

/* Forgets all peers. */
void
nvgre_peers_clear(struct nvgre_peers *peers)
{
    struct nvgre_peer *peer;

    ovs_mutex_lock(&peers->mutex);
    CMAP_FOR_EACH (peer, node, &peers->peers) {
        cmap_remove(&peers->peers, &peer->node, hash_addr(&peer->remote));
        free_slot(peer);
    }
    ovs_mutex_unlock(&peers->mutex);
}

/* Frees all that belongs to 'peers' except for the counters, which must stay
 * valid until an RCU grace period later. */
void
nvgre_peers_destroy(struct nvgre_peers *peers)
{
    nvgre_peers_clear(peers);
    cmap_destroy(&peers->peers);
    ovs_mutex_destroy(&peers->mutex);
}

static struct nvgre_peer *
find_peer(const struct nvgre_peers *peers, const struct in6_addr *remote)
{
    struct nvgre_peer *peer;

    CMAP_FOR_EACH_WITH_HASH (peer, node, hash_addr(remote), &peers->peers) {
        if (ipv6_addr_equals(&peer->remote, remote)) {
            return peer;
        }
    }
    return NULL;
}

/* Returns the size of the largest inner IP packet that fits through 'path' and
 * through what 'pmtu' says is behind it, and within the limit of 'peers', or 0
 * if it is not known. */
static int
effective_mtu(const struct nvgre_peers *peers, const struct nvgre_path *path,
              const struct nvgre_pmtu *pmtu)
    OVS_REQUIRES(peers->mutex)
{
    int mtu = path->mtu;

    if (mtu && pmtu->outer) {
        mtu = MIN(mtu, pmtu->outer - path->overhead);
    }
    if (mtu && peers->mtu_limit) {
        mtu = MIN(mtu, peers->mtu_limit);
    }
    return mtu;
}

static struct nvgre_peer *
create_peer(struct nvgre_peers *peers, const struct in6_addr *remote,
            uint32_t mark)
    OVS_REQUIRES(peers->mutex)
{
    struct nvgre_peer *peer = xzalloc(sizeof *peer);
    struct nvgre_path path;

    nvgre_path_lookup(remote, mark, &path);
    peer->remote = *remote;
    peer->counters = peers->counters;
    peer->offloads = &peers->offloads;
    peer->pmtu.expires = LLONG_MAX;
    atomic_init(&peer->mtu, effective_mtu(peers, &path, &peer->pmtu));
    for (size_t i = 0; i < N_NVGRE_CSUMS; i++) {
        atomic_init(&peer->bad_csums[i], 0);
    }
    if (!take_slot(peer)) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 1);

        VLOG_WARN_RL(&rl, "more than %d peers: packets to the rest are not "
                     "checked for size", NVGRE_MAX_PEER_ID);
        free(peer);
        return NULL;
    }
    cmap_insert(&peers->peers, &peer->node, hash_addr(remote));
    return peer;
}

/* Returns the number of the peer at 'remote' among 'peers', making it one if
 * need be, or 0 if there are too many peers.  'mark' is the packet mark that
 * packets to it have.  Sets '*created' to tell whether the peer is new. */
uint16_t
nvgre_peers_add(struct nvgre_peers *peers, const struct in6_addr *remote,
                uint32_t mark, bool *created)
{
    struct nvgre_peer *peer;
    uint16_t id;

    ovs_mutex_lock(&peers->mutex);
    peer = find_peer(peers, remote);
    *created = !peer;
    if (!peer) {
        peer = create_peer(peers, remote, mark);
    }
    id = peer ? peer->id : 0;
    ovs_mutex_unlock(&peers->mutex);
    return id;
}

static void
forget_pmtu(struct nvgre_peer *peer)
{
    peer->pmtu.outer = 0;
    peer->pmtu.expires = LLONG_MAX;
}

/* Finds out anew what fits through to each of 'peers', and forgets what
 * routers said too long ago.  Returns the smallest MTU, or 0 if none is
 * known. */
int
nvgre_peers_update_mtu(struct nvgre_peers *peers, uint32_t mark)
{
    struct nvgre_peer *peer;
    int min = 0;

    ovs_mutex_lock(&peers->mutex);
    CMAP_FOR_EACH (peer, node, &peers->peers) {
        struct nvgre_path path;
        int mtu;

        if (time_msec() >= peer->pmtu.expires) {
            forget_pmtu(peer);
        }
        nvgre_path_lookup(&peer->remote, mark, &path);
        mtu = effective_mtu(peers, &path, &peer->pmtu);
        atomic_store_relaxed(&peer->mtu, mtu);
        if (mtu && (!min || mtu < min)) {
            min = mtu;
        }
    }
    ovs_mutex_unlock(&peers->mutex);
    return min;
}

/* Limits the MTU of all 'peers' to 'limit', or no longer if that is 0.  Takes
 * effect with nvgre_peers_update_mtu(). */
void
nvgre_peers_set_mtu_limit(struct nvgre_peers *peers, int limit)
{
    ovs_mutex_lock(&peers->mutex);
    peers->mtu_limit = limit;
    ovs_mutex_unlock(&peers->mutex);
}

/* Returns true if 'remote' is one of 'peers'. */
bool
nvgre_peers_has(struct nvgre_peers *peers, const struct in6_addr *remote)
{
    bool found;

    ovs_mutex_lock(&peers->mutex);
    found = find_peer(peers, remote) != NULL;
    ovs_mutex_unlock(&peers->mutex);
    return found;
}

/* Lowers the MTU of the peer among 'peers', to which packets have 'mark', that
 * the router's message 'e' is about, for as long as RFC 1191 section 6.3 and
 * RFC 8201 section 4 want.  Returns NVGRE_PATH_BELIEVED if it did so, and
 * otherwise why not. */
enum nvgre_path_verdict
nvgre_peers_lower_mtu(struct nvgre_peers *peers,
                      const struct nvgre_path_error *e, uint32_t mark)
{
    enum nvgre_path_verdict verdict = NVGRE_PATH_NOT_LOWER;
    struct nvgre_path path;
    struct nvgre_peer *peer;

    nvgre_path_lookup(&e->remote, mark, &path);
    ovs_mutex_lock(&peers->mutex);
    peer = find_peer(peers, &e->remote);
    if (!peer) {
        verdict = NVGRE_PATH_PEER_UNKNOWN;
    } else if (e->mtu - path.overhead
               < effective_mtu(peers, &path, &peer->pmtu)) {
        peer->pmtu.outer = e->mtu;
        peer->pmtu.router = e->router;
        peer->pmtu.when = time_wall_msec();
        peer->pmtu.expires = time_msec() + PMTU_AGE_MS;
        atomic_store_relaxed(&peer->mtu, e->mtu - path.overhead);
        verdict = NVGRE_PATH_BELIEVED;
    }
    ovs_mutex_unlock(&peers->mutex);
    return verdict;
}

/* Forgets what routers said about the way to the peer at 'remote', or to all
 * of 'peers' if it is null.  Takes effect with nvgre_peers_update_mtu().
 * Returns false if there is no such peer. */
bool
nvgre_peers_forget_pmtu(struct nvgre_peers *peers,
                        const struct in6_addr *remote)
{
    struct nvgre_peer *peer;
    bool found = !remote;

    ovs_mutex_lock(&peers->mutex);
    CMAP_FOR_EACH (peer, node, &peers->peers) {
        if (!remote || ipv6_addr_equals(&peer->remote, remote)) {
            forget_pmtu(peer);
            found = true;
        }
    }
    ovs_mutex_unlock(&peers->mutex);
    return found;
}

/* Returns when, by time_msec(), the first word of a router about a way to one
 * of 'peers' will be too old, LLONG_MAX if there is none. */
long long int
nvgre_peers_pmtu_expires(struct nvgre_peers *peers)
{
    long long int expires = LLONG_MAX;
    struct nvgre_peer *peer;

    ovs_mutex_lock(&peers->mutex);
    CMAP_FOR_EACH (peer, node, &peers->peers) {
        expires = MIN(expires, peer->pmtu.expires);
    }
    ovs_mutex_unlock(&peers->mutex);
    return expires;
}

/* Stores what is known of all peers in '*infos', an array that the caller must
 * free, and returns how many there are. */
size_t
nvgre_peers_snapshot(struct nvgre_peers *peers, struct nvgre_peer_info **infos)
{
    struct nvgre_peer *peer;
    size_t n = 0;

    ovs_mutex_lock(&peers->mutex);
    *infos = xcalloc(cmap_count(&peers->peers) + 1, sizeof **infos);
    CMAP_FOR_EACH (peer, node, &peers->peers) {
        struct nvgre_peer_info *info = &(*infos)[n++];

        info->remote = peer->remote;
        info->pmtu = peer->pmtu;
        info->mtu = nvgre_peer_mtu(peer);
        for (size_t i = 0; i < N_NVGRE_CSUMS; i++) {
            info->bad_csums[i] = atomic_count_get64(&peer->bad_csums[i]);
        }
    }
    ovs_mutex_unlock(&peers->mutex);
    return n;
}

/* Returns the peer with number 'id', or NULL if it is gone or never was. */
const struct nvgre_peer *
nvgre_peer_from_id(uint16_t id)
{
    return (id <= NVGRE_MAX_PEER_ID
            ? ovsrcu_get(struct nvgre_peer *, &slots[id]) : NULL);
}

/* Returns the size of the largest inner IP packet that fits through to
 * 'peer', or 0 if that is not known. */
int
nvgre_peer_mtu(const struct nvgre_peer *peer)
{
    int mtu;

    atomic_read_relaxed(&CONST_CAST(struct nvgre_peer *, peer)->mtu, &mtu);
    return mtu;
}

/* Makes 'offloads' what the port whose peers these are has. */
void
nvgre_peers_set_offloads(struct nvgre_peers *peers, uint32_t offloads)
{
    atomic_store_relaxed(&peers->offloads, offloads);
}

/* Returns the offloads that packets to 'peer', which may be NULL, have. */
uint32_t
nvgre_peer_offloads(const struct nvgre_peer *peer)
{
    uint32_t offloads = NVGRE_OFFLOAD_ALL;

    if (peer) {
        atomic_read_relaxed(CONST_CAST(atomic_uint32_t *, peer->offloads),
                            &offloads);
    }
    return offloads;
}

/* Counts a packet from 'remote' whose checksum 'csum' is wrong, if that is one
 * of 'peers'. */
void
nvgre_peers_count_bad_csum(const struct nvgre_peers *peers,
                           const struct in6_addr *remote, enum nvgre_csum csum)
{
    struct nvgre_peer *peer = find_peer(peers, remote);

    if (peer) {
        atomic_count_inc64(&peer->bad_csums[csum]);
    }
}

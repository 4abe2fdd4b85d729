/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-tunnels.h"

#include <string.h>

#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "ovs-atomic.h"
#include "ovs-rcu.h"
#include "ovs-thread.h"
#include "packets.h"
#include "util.h"

static struct ovs_mutex mutex = OVS_MUTEX_INITIALIZER;

/* All live tunnels.  Changed only with 'mutex' held. */
static struct cmap by_pair = CMAP_INITIALIZER;
static struct cmap by_vsid = CMAP_INITIALIZER; /* nvgre, no exceptions. */

/* Incremented after each change of the maps above, which outdates whatever
 * threads remember of them.  A tunnel that was removed is freed only when no
 * thread is left that could have seen the number from before. */
static atomic_uint64_t version = 1;

/* Number of live tunnels of both kinds, exceptions not counted. */
static atomic_count n_nvgre = ATOMIC_COUNT_INIT(0);
static atomic_count n_others = ATOMIC_COUNT_INIT(0);

static uint32_t
hash_pair(const struct in6_addr *remote, const struct in6_addr *local)
{
    uint64_t words[4];
    uint32_t hash = 0;

    memcpy(&words[0], remote, sizeof *remote);
    memcpy(&words[2], local, sizeof *local);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        hash = hash_add64(hash, words[i]);
    }
    return hash_finish(hash, sizeof words);
}

static uint32_t
hash_vsid(uint32_t pair, uint32_t vsid, bool any_vsid)
{
    return hash_2words(pair, any_vsid ? UINT32_MAX : vsid);
}

static bool
is_pair(const struct nvgre_tunnel *t, const struct in6_addr *remote,
        const struct in6_addr *local)
{
    return (ipv6_addr_equals(&t->remote, remote)
            && ipv6_addr_equals(&t->local, local));
}

static void
tunnel_free(struct nvgre_tunnel *t)
{
    free(t->name);
    free(t);
}

static void
bump_version(void)
{
    uint64_t orig;

    atomic_add_explicit(&version, 1, &orig, memory_order_acq_rel);
}

/* Adds a copy of 'spec', of which 'counters' and 'peers' must stay valid until
 * an RCU grace period after nvgre_tunnels_remove(), to the live tunnels. */
void
nvgre_tunnels_add(const struct nvgre_tunnel *spec)
{
    struct nvgre_tunnel *t = xmemdup(spec, sizeof *spec);
    uint32_t pair = hash_pair(&t->remote, &t->local);

    t->name = xstrdup(spec->name);
    ovs_mutex_lock(&mutex);
    cmap_insert(&by_pair, &t->pair_node, pair);
    if (!t->is_exception) {
        if (t->is_nvgre) {
            cmap_insert(&by_vsid, &t->vsid_node,
                        hash_vsid(pair, t->vsid, t->any_vsid));
        }
        atomic_count_inc(t->is_nvgre ? &n_nvgre : &n_others);
    }
    bump_version();
    ovs_mutex_unlock(&mutex);
}

static void
remove_tunnel(struct nvgre_tunnel *t)
{
    uint32_t pair = hash_pair(&t->remote, &t->local);

    cmap_remove(&by_pair, &t->pair_node, pair);
    if (!t->is_exception) {
        if (t->is_nvgre) {
            cmap_remove(&by_vsid, &t->vsid_node,
                        hash_vsid(pair, t->vsid, t->any_vsid));
        }
        atomic_count_dec(t->is_nvgre ? &n_nvgre : &n_others);
    }
    ovsrcu_postpone(tunnel_free, t);
}

/* Removes the tunnel named 'name' and its exceptions, if there are any. */
void
nvgre_tunnels_remove(const char *name)
{
    struct nvgre_tunnel *t;

    ovs_mutex_lock(&mutex);
    CMAP_FOR_EACH (t, pair_node, &by_pair) {
        if (!strcmp(t->name, name)) {
            remove_tunnel(t);
        }
    }
    bump_version();
    ovs_mutex_unlock(&mutex);
}

static void
format_pair(const struct nvgre_tunnel *t, struct ds *s)
{
    if (ipv6_addr_is_set(&t->remote)) {
        ipv6_format_mapped(&t->remote, s);
    } else {
        ds_put_cstr(s, "any address (remote_ip=flow)");
    }
    if (ipv6_addr_is_set(&t->local)) {
        ds_put_cstr(s, " to ");
        ipv6_format_mapped(&t->local, s);
    }
}

/* Returns why 'spec' must not be added as long as the tunnels of other ports
 * are live, as a string that the caller must free, or NULL if it may. */
char *
nvgre_tunnels_conflict(const struct nvgre_tunnel *spec)
{
    uint32_t hash = hash_pair(&spec->remote, &spec->local);
    const struct nvgre_tunnel *t;

    CMAP_FOR_EACH_WITH_HASH (t, pair_node, hash, &by_pair) {
        struct ds s = DS_EMPTY_INITIALIZER;

        if (!is_pair(t, &spec->remote, &spec->local)
            || !strcmp(t->name, spec->name)) {
            continue;
        }
        ds_put_format(&s, "%s: ", spec->name);
        if (t->is_nvgre != spec->is_nvgre) {
            ds_put_cstr(&s, "GRE packets from ");
            format_pair(spec, &s);
            ds_put_format(&s, " already belong to %s port \"%s\", and %s "
                          "packets look the same: give the ports different "
                          "remote_ip or local_ip, or delete one",
                          t->type, t->name, spec->type);
            return ds_steal_cstr(&s);
        } else if (t->is_nvgre && t->rules.layout != spec->rules.layout) {
            ds_put_format(&s, "key_layout=%s for ",
                          nvgre_layout_to_string(spec->rules.layout));
            format_pair(spec, &s);
            ds_put_format(&s, " contradicts port \"%s\", which has "
                          "key_layout=%s for it: a peer has one layout",
                          t->name, nvgre_layout_to_string(t->rules.layout));
            return ds_steal_cstr(&s);
        }
        ds_destroy(&s);
    }
    return NULL;
}

bool
nvgre_tunnels_have_nvgre(void)
{
    return atomic_count_get(&n_nvgre) != 0;
}

bool
nvgre_tunnels_have_others(void)
{
    return atomic_count_get(&n_others) != 0;
}

static const struct nvgre_tunnel *
find_exact(const struct in6_addr *remote, const struct in6_addr *local)
{
    const struct nvgre_tunnel *t;

    CMAP_FOR_EACH_WITH_HASH (t, pair_node, hash_pair(remote, local),
                             &by_pair) {
        if (is_pair(t, remote, local)) {
            return t;
        }
    }
    return NULL;
}

/* Returns the most specific tunnel for packets from 'remote' to 'local', of
 * either kind, or NULL if there is none. */
static const struct nvgre_tunnel *
find(const struct in6_addr *remote, const struct in6_addr *local)
{
    const struct in6_addr *any = &in6addr_any;
    const struct nvgre_tunnel *t;

    (void) ((t = find_exact(remote, local))
            || (t = find_exact(remote, any))
            || (t = find_exact(any, local))
            || (t = find_exact(any, any)));
    return t;
}

/* Returns the tunnel that owns GRE packets from 'remote' to 'local'.  If none
 * does, returns any nvgre tunnel, so that the packets are dropped and counted
 * there, or NULL if there is none. */
const struct nvgre_tunnel *
nvgre_tunnels_owner(const struct in6_addr *remote,
                    const struct in6_addr *local)
{
    const struct nvgre_tunnel *t = find(remote, local);

    if (!t) {
        CMAP_FOR_EACH (t, pair_node, &by_pair) {
            if (t->is_nvgre) {
                break;
            }
        }
    }
    return t;
}

/* Returns 'odp_port' if it is the datapath port of a live tunnel.  Otherwise,
 * returns that of some live tunnel, if there is any, and else 'odp_port'. */
odp_port_t
nvgre_tunnels_live_port(odp_port_t odp_port)
{
    odp_port_t other = odp_port;
    const struct nvgre_tunnel *t;

    CMAP_FOR_EACH (t, pair_node, &by_pair) {
        if (t->odp_port == odp_port) {
            return odp_port;
        }
        other = t->odp_port;
    }
    return other;
}

/* Returns true if 'odp_port' is where the datapath encapsulates and
 * decapsulates for nvgre ports.  Looks at each tunnel. */
bool
nvgre_tunnels_is_nvgre_at(odp_port_t odp_port)
{
    const struct nvgre_tunnel *t;

    CMAP_FOR_EACH (t, pair_node, &by_pair) {
        if (t->is_nvgre && t->odp_port == odp_port) {
            return true;
        }
    }
    return false;
}

static uint64_t
read_version(void)
{
    uint64_t now;

    atomic_read_explicit(&version, &now, memory_order_acquire);
    return now;
}

static const struct nvgre_tunnel *
find_nvgre(const struct in6_addr *remote, const struct in6_addr *local)
{
    const struct nvgre_tunnel *t = find(remote, local);

    return t && t->is_nvgre ? t : NULL;
}

/* Returns the most specific nvgre tunnel, or exception, for packets from
 * 'remote' to 'local'.  What it says about the key layout holds for all such
 * packets.  Returns NULL if no nvgre port expects them.
 *
 * Meant to be called for each packet: threads remember the last answer, and
 * most packets come from the same peer as the one before. */
const struct nvgre_tunnel *
nvgre_tunnels_by_pair(const struct in6_addr *remote,
                      const struct in6_addr *local)
{
    static thread_local struct {
        struct in6_addr remote, local;
        const struct nvgre_tunnel *t;
        uint64_t version;
    } last;
    uint64_t now = read_version();

    if (OVS_UNLIKELY(now != last.version
                     || memcmp(remote, &last.remote, sizeof *remote)
                     || memcmp(local, &last.local, sizeof *local))) {
        last.version = now;
        last.remote = *remote;
        last.local = *local;
        last.t = find_nvgre(remote, local);
    }
    return last.t;
}

/* The same for IPv4 addresses. */
const struct nvgre_tunnel *
nvgre_tunnels_by_ipv4_pair(ovs_be32 remote, ovs_be32 local)
{
    static thread_local struct {
        ovs_be32 remote, local;
        const struct nvgre_tunnel *t;
        uint64_t version;
    } last;
    uint64_t now = read_version();

    if (OVS_UNLIKELY(now != last.version
                     || remote != last.remote || local != last.local)) {
        struct in6_addr remote6, local6;

        in6_addr_set_mapped_ipv4(&remote6, remote);
        in6_addr_set_mapped_ipv4(&local6, local);
        last.version = now;
        last.remote = remote;
        last.local = local;
        last.t = find_nvgre(&remote6, &local6);
    }
    return last.t;
}

static const struct nvgre_tunnel *
find_vsid(const struct in6_addr *remote, const struct in6_addr *local,
          uint32_t vsid, bool any_vsid)
{
    uint32_t hash = hash_vsid(hash_pair(remote, local), vsid, any_vsid);
    const struct nvgre_tunnel *t;

    CMAP_FOR_EACH_WITH_HASH (t, vsid_node, hash, &by_vsid) {
        if (is_pair(t, remote, local) && t->any_vsid == any_vsid
            && (any_vsid || t->vsid == vsid)) {
            return t;
        }
    }
    return NULL;
}

/* Returns the nvgre port that packets from 'remote' to 'local' with 'vsid'
 * belong to, or NULL if there is none.  The order is that in which
 * ofproto/tunnel.c looks for a port. */
const struct nvgre_tunnel *
nvgre_tunnels_by_vsid(const struct in6_addr *remote,
                      const struct in6_addr *local, uint32_t vsid)
{
    const struct in6_addr *any = &in6addr_any;
    const struct nvgre_tunnel *t = NULL;

    for (int any_vsid = 0; any_vsid < 2 && !t; any_vsid++) {
        (void) ((t = find_vsid(remote, local, vsid, any_vsid))
                || (t = find_vsid(remote, any, vsid, any_vsid))
                || (t = find_vsid(any, local, vsid, any_vsid))
                || (t = find_vsid(any, any, vsid, any_vsid)));
    }
    return t;
}

/* Returns true if another port than that of 't' serves the addresses of
 * 't'. */
static bool
pair_is_shared(const struct nvgre_tunnel *t)
{
    const struct nvgre_tunnel *u;

    CMAP_FOR_EACH_WITH_HASH (u, pair_node, hash_pair(&t->remote, &t->local),
                             &by_pair) {
        if (u->is_nvgre && u->counters != t->counters
            && is_pair(u, &t->remote, &t->local)) {
            return true;
        }
    }
    return false;
}

/* Returns the tunnel whose port should count a packet from 'remote' to 'local'
 * that is dropped: the one that its 'key', host order, belongs to, or if that
 * is 0, because it was not found, or belongs to none, the only one that it can
 * have been for.  Returns NULL if that is not clear. */
const struct nvgre_tunnel *
nvgre_tunnels_to_blame(const struct in6_addr *remote,
                       const struct in6_addr *local, uint32_t key)
{
    const struct nvgre_tunnel *t = nvgre_tunnels_by_pair(remote, local);
    const struct nvgre_tunnel *by_key = NULL;

    if (!t) {
        return NULL;
    }
    if (key) {
        by_key = nvgre_tunnels_by_vsid(remote, local,
                                       nvgre_key_vsid(key, t->rules.layout));
    }
    return by_key ? by_key : pair_is_shared(t) ? NULL : t;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-peers.h"

#include <stdlib.h>
#include <string.h>

#include "jhash.h"
#include "openvswitch/list.h"
#include "packets.h"
#include "util.h"

struct hnv_peers {
    struct hmap by_id;          /* Contains struct hnv_peer. */
    struct hmap by_pas;         /* Likewise. */
    struct hmap members;        /* Contains struct hnv_members. */
    struct ovs_list changes;    /* Contains struct change. */
};

struct change {
    struct ovs_list node;
    struct hnv_change change;
};

/* Ids that are not IPv4 addresses have these bits, as no PA does. */
#define HASHED_ID UINT32_C(0xf0000000)

struct hnv_peers *
hnv_peers_create(void)
{
    struct hnv_peers *peers = xmalloc(sizeof *peers);

    hmap_init(&peers->by_id);
    hmap_init(&peers->by_pas);
    hmap_init(&peers->members);
    ovs_list_init(&peers->changes);
    return peers;
}

static void
members_destroy(struct hnv_peers *peers, struct hnv_members *members)
{
    struct hnv_member *member;

    HMAP_FOR_EACH_POP (member, node, &members->pas) {
        free(member);
    }
    hmap_destroy(&members->pas);
    hmap_remove(&peers->members, &members->node);
    free(members);
}

/* Destroys 'peers'.  The caller must have given back all references. */
void
hnv_peers_destroy(struct hnv_peers *peers)
{
    struct hnv_members *members;
    struct change *change;

    if (!peers) {
        return;
    }
    ovs_assert(hmap_is_empty(&peers->by_id));
    HMAP_FOR_EACH_SAFE (members, node, &peers->members) {
        members_destroy(peers, members);
    }
    LIST_FOR_EACH_POP (change, node, &peers->changes) {
        free(change);
    }
    hmap_destroy(&peers->by_id);
    hmap_destroy(&peers->by_pas);
    hmap_destroy(&peers->members);
    free(peers);
}

static void
note_change(struct hnv_peers *peers, const struct hnv_change *what)
{
    struct change *change = xmalloc(sizeof *change);

    change->change = *what;
    ovs_list_push_back(&peers->changes, &change->node);
}

/* The same on every machine, unlike hash_bytes(), because ids are made from
 * it that outlive the program. */
static uint32_t
hash_pas(const struct in6_addr *pas, size_t n_primary, size_t n_standby)
{
    return jhash_bytes(pas, (n_primary + n_standby) * sizeof *pas,
                       n_primary << 8 | n_standby);
}

static uint32_t
choose_id(const struct hnv_peers *peers, const struct hnv_peer *peer)
{
    uint32_t id = HASHED_ID | hash_pas(peer->pas, peer->n_primary,
                                       peer->n_standby);

    if (peer->n_primary == 1 && !peer->n_standby && !peer->n_former
        && IN6_IS_ADDR_V4MAPPED(&peer->pas[0])) {
        id = ntohl(in6_addr_get_mapped_ipv4(&peer->pas[0]));
    }
    while (!id || hnv_peers_find(peers, id)) {
        id = HASHED_ID | (id + 1);
    }
    return id;
}

/* Appends to the '*n' addresses in 'to' those of 'from' that are new. */
static void
append_new(struct in6_addr *to, size_t *n, const struct in6_addr *from,
           size_t n_from)
{
    for (size_t i = 0; i < n_from; i++) {
        bool found = false;

        for (size_t j = 0; j < *n; j++) {
            found = found || ipv6_addr_equals(&to[j], &from[i]);
        }
        if (!found) {
            to[(*n)++] = from[i];
        }
    }
}

/* Returns the peer whose numbers of addresses are those in 'like' and whose
 * addresses are 'pas'. */
static const struct hnv_peer *
get_peer(struct hnv_peers *peers, const struct hnv_peer *like,
         const struct in6_addr *pas)
{
    uint32_t hash = hash_pas(pas, like->n_primary, like->n_standby);
    size_t size = (like->n_primary + like->n_standby + like->n_former)
                  * sizeof *pas;
    struct hnv_peer *peer;

    HMAP_FOR_EACH_WITH_HASH (peer, by_pas, hash, &peers->by_pas) {
        if (peer->n_primary == like->n_primary
            && peer->n_standby == like->n_standby
            && peer->n_former == like->n_former
            && !memcmp(peer->pas, pas, size)) {
            peer->n_refs++;
            return peer;
        }
    }

    peer = xmalloc(sizeof *peer + size);
    *peer = *like;
    peer->n_refs = 1;
    memcpy(peer->pas, pas, size);
    peer->id = choose_id(peers, peer);
    hmap_insert(&peers->by_id, &peer->by_id, peer->id);
    hmap_insert(&peers->by_pas, &peer->by_pas, hash);
    note_change(peers, &(struct hnv_change) { .type = HNV_CHANGE_PEER,
                                              .peer_id = peer->id });
    return peer;
}

const struct hnv_peer *
hnv_peers_get(struct hnv_peers *peers, const struct in6_addr *addresses,
              size_t n_primary, size_t n_standby)
{
    struct in6_addr pas[2 * HNV_MAX_PAS];
    size_t n = 0;

    ovs_assert(n_primary + n_standby <= ARRAY_SIZE(pas));
    append_new(pas, &n, addresses, n_primary);

    struct hnv_peer like = { .n_primary = n };
    append_new(pas, &n, addresses + n_primary, n_standby);
    like.n_standby = n - like.n_primary;
    return get_peer(peers, &like, pas);
}

const struct hnv_peer *
hnv_peers_get_moved(struct hnv_peers *peers, const struct hnv_peer *peer,
                    const struct in6_addr *former, size_t n_former)
{
    struct in6_addr pas[3 * HNV_MAX_PAS];
    size_t n_row = peer->n_primary + peer->n_standby, n = n_row;
    struct hnv_peer like = { .n_primary = peer->n_primary,
                             .n_standby = peer->n_standby };

    ovs_assert(n_row + n_former <= ARRAY_SIZE(pas));
    memcpy(pas, peer->pas, n_row * sizeof *pas);
    append_new(pas, &n, former, n_former);
    like.n_former = n - n_row;
    return get_peer(peers, &like, pas);
}

void
hnv_peers_put(struct hnv_peers *peers, const struct hnv_peer *peer_)
{
    struct hnv_peer *peer = CONST_CAST(struct hnv_peer *, peer_);

    if (peer && !--peer->n_refs) {
        note_change(peers, &(struct hnv_change) { .type = HNV_CHANGE_PEER,
                                                  .peer_id = peer->id });
        hmap_remove(&peers->by_id, &peer->by_id);
        hmap_remove(&peers->by_pas, &peer->by_pas);
        free(peer);
    }
}

static void
note_members(struct hnv_peers *peers, struct hnv_members *members)
{
    if (!members->dirty) {
        members->dirty = true;
        note_change(peers, &(struct hnv_change) { .type = HNV_CHANGE_FLOOD,
                                                  .vsid = members->vsid });
    }
}

static struct hnv_member *
find_member(const struct hnv_members *members, const struct in6_addr *pa)
{
    struct hnv_member *member;

    HMAP_FOR_EACH_WITH_HASH (member, node, jhash_bytes(pa, sizeof *pa, 0),
                             &members->pas) {
        if (ipv6_addr_equals(&member->pa, pa)) {
            return member;
        }
    }
    return NULL;
}

/* Only the PA that is in use gets broadcast: another one of the same peer
 * would deliver a second copy. */
void
hnv_peers_join(struct hnv_peers *peers, uint32_t vsid,
               const struct hnv_peer *peer)
{
    struct hnv_members *members;
    struct hnv_member *member;

    if (!peer || !peer->n_primary) {
        return;
    }
    members = CONST_CAST(struct hnv_members *,
                         hnv_peers_members(peers, vsid));
    if (!members) {
        members = xzalloc(sizeof *members);
        members->vsid = vsid;
        hmap_init(&members->pas);
        hmap_insert(&peers->members, &members->node, vsid);
    }
    member = find_member(members, &peer->pas[0]);
    if (!member) {
        member = xzalloc(sizeof *member);
        member->pa = peer->pas[0];
        hmap_insert(&members->pas, &member->node,
                    jhash_bytes(&member->pa, sizeof member->pa, 0));
        note_members(peers, members);
    }
    member->n_refs++;
}

void
hnv_peers_leave(struct hnv_peers *peers, uint32_t vsid,
                const struct hnv_peer *peer)
{
    struct hnv_members *members;
    struct hnv_member *member;

    if (!peer || !peer->n_primary) {
        return;
    }
    members = CONST_CAST(struct hnv_members *,
                         hnv_peers_members(peers, vsid));
    member = find_member(members, &peer->pas[0]);
    if (!--member->n_refs) {
        hmap_remove(&members->pas, &member->node);
        free(member);
        note_members(peers, members);
    }
}

const struct hnv_peer *
hnv_peers_find(const struct hnv_peers *peers, uint32_t id)
{
    struct hnv_peer *peer;

    HMAP_FOR_EACH_WITH_HASH (peer, by_id, id, &peers->by_id) {
        if (peer->id == id) {
            return peer;
        }
    }
    return NULL;
}

const struct hnv_members *
hnv_peers_members(const struct hnv_peers *peers, uint32_t vsid)
{
    struct hnv_members *members;

    HMAP_FOR_EACH_WITH_HASH (members, node, vsid, &peers->members) {
        if (members->vsid == vsid) {
            return members;
        }
    }
    return NULL;
}

const struct hnv_peer *
hnv_peers_next(const struct hnv_peers *peers, const struct hnv_peer *peer)
{
    struct hmap_node *node = peer ? hmap_next(&peers->by_id, &peer->by_id)
                                  : hmap_first(&peers->by_id);

    return node ? CONTAINER_OF(node, struct hnv_peer, by_id) : NULL;
}

size_t
hnv_peers_count(const struct hnv_peers *peers)
{
    return hmap_count(&peers->by_id);
}

bool
hnv_peers_next_change(struct hnv_peers *peers, struct hnv_change *what)
{
    struct hnv_members *members;
    struct change *change;

    if (ovs_list_is_empty(&peers->changes)) {
        return false;
    }
    change = CONTAINER_OF(ovs_list_pop_front(&peers->changes), struct change,
                          node);
    *what = change->change;
    free(change);

    if (what->type == HNV_CHANGE_FLOOD) {
        members = CONST_CAST(struct hnv_members *,
                             hnv_peers_members(peers, what->vsid));
        members->dirty = false;
        if (hmap_is_empty(&members->pas)) {
            members_destroy(peers, members);
        }
    }
    return true;
}

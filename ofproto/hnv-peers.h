/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_PEERS_H
#define HNV_PEERS_H 1

/* What lookup records share
 * =========================
 *
 * What
 * ----
 *
 * Two things depend on many records at once, and are counted here so that a
 * record can come and go in constant time:
 *
 *    - A peer is where a record's machine is: a list of provider addresses
 *      (PAs), and a list of those that it may move to or has moved from.
 *      Records with equal lists share one peer, and only the peer's own flow
 *      in table PEER has the addresses.
 *
 *    - The members of a VSID are the PAs that broadcast in it must reach.
 *
 * The id of a peer is a function of its addresses (except in the rare case of
 * a collision), so that the flows of records stay the same when the agent is
 * restarted.  A peer of one IPv4 address has that address as its id.
 *
 * Each function that changes something notes what must be compiled again; the
 * owner fetches that with hnv_peers_next_change():
 *
 *     while (hnv_peers_next_change(peers, &change)) {
 *         ...delete the flows of change.peer_id or of change.vsid's groups,
 *         then, if they still exist, hnv_compile_peer() or
 *         hnv_compile_flood()...
 *     }
 *
 *
 * What not
 * --------
 *
 * Nothing here knows which PAs are this host's own.
 *
 *
 * Thread-safety
 * -------------
 *
 * The collection belongs to one thread.  A peer is immutable until its last
 * reference is gone. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/hmap.h"

enum { HNV_MAX_PAS = 8 };       /* In each of a peer's two lists. */

/* A place where machines are. */
struct hnv_peer {
    struct hmap_node by_id;     /* In struct hnv_peers, hashed by 'id'. */
    struct hmap_node by_pas;    /* Hashed by 'pas' and 'n'. */
    uint32_t id;                /* What reg3 has.  Not 0. */
    uint32_t n_refs;
    uint8_t n_primary;          /* Where the machine is: pas[0] is used. */
    uint8_t n_standby;          /* Accepted as sources too. */
    uint8_t n_former;           /* Where a machine was until just now, of
                                 * which its row need not say anything. */
    struct in6_addr pas[];      /* 'n_primary', 'n_standby', 'n_former'. */
};

/* The PAs that broadcast in one VSID goes to. */
struct hnv_members {
    struct hmap_node node;      /* In struct hnv_peers, hashed by 'vsid'. */
    uint32_t vsid;
    bool dirty;
    struct hmap pas;            /* Contains struct hnv_member. */
};

struct hnv_member {
    struct hmap_node node;      /* In struct hnv_members, hashed by 'pa'. */
    struct in6_addr pa;
    uint32_t n_refs;            /* Records of the VSID that have 'pa'. */
};

struct hnv_peers;

/* What must be compiled again. */
struct hnv_change {
    enum { HNV_CHANGE_PEER, HNV_CHANGE_FLOOD } type;
    uint32_t peer_id;           /* HNV_CHANGE_PEER. */
    uint32_t vsid;              /* HNV_CHANGE_FLOOD. */
};

struct hnv_peers *hnv_peers_create(void);
void hnv_peers_destroy(struct hnv_peers *);

/* Returns the peer with the given PAs, 'n_primary' and then 'n_standby' in
 * 'pas', but each only once, with one more reference, to be given back to
 * hnv_peers_put(). */
const struct hnv_peer *hnv_peers_get(struct hnv_peers *,
                                     const struct in6_addr *pas,
                                     size_t n_primary, size_t n_standby);
void hnv_peers_put(struct hnv_peers *, const struct hnv_peer *);

/* Likewise, with the primary and standby PAs of 'peer', and only those in
 * 'former' as former ones. */
const struct hnv_peer *hnv_peers_get_moved(struct hnv_peers *,
                                           const struct hnv_peer *peer,
                                           const struct in6_addr *former,
                                           size_t n_former);

/* Makes the machines at a peer members of 'vsid', or not any more. */
void hnv_peers_join(struct hnv_peers *, uint32_t vsid,
                    const struct hnv_peer *);
void hnv_peers_leave(struct hnv_peers *, uint32_t vsid,
                     const struct hnv_peer *);

/* Each returns NULL if there is none. */
const struct hnv_peer *hnv_peers_find(const struct hnv_peers *, uint32_t id);
const struct hnv_members *hnv_peers_members(const struct hnv_peers *,
                                            uint32_t vsid);

/* All peers, in no particular order: start with 'peer' NULL. */
const struct hnv_peer *hnv_peers_next(const struct hnv_peers *,
                                      const struct hnv_peer *);
size_t hnv_peers_count(const struct hnv_peers *);

/* Stores into '*change' something that changed since it was last asked for and
 * returns true, or returns false if there is nothing more. */
bool hnv_peers_next_change(struct hnv_peers *, struct hnv_change *change);

#endif /* hnv-peers.h */

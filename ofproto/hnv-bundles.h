/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_BUNDLES_H
#define HNV_BUNDLES_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "openvswitch/list.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/types.h"

struct ofpbuf;
struct rconn;

/* Bundles of OpenFlow changes under way
 * =====================================
 *
 * What
 * ----
 *
 * Collects flow_mods and group_mods, sends them as OpenFlow bundles, each at
 * most HNV_BUNDLES_CHUNK changes, and keeps them until the switch has
 * acknowledged or refused them.
 *
 * The switch refuses a bundle as a whole if it refuses one change in it, and
 * says which one.  The module then reports that change to its owner and sends
 * the bundle again without it.  If the switch refuses too many, the module
 * gives up on applying the rest at the same time, and sends each change alone.
 *
 *
 * What not
 * --------
 *
 * The module does not receive messages: its owner hands it those that might
 * concern it, namely errors, bundle control replies and barrier replies.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

enum {
    HNV_BUNDLES_CHUNK = 10000,  /* Most changes in a bundle. */
    HNV_BUNDLES_RETRIES = 16,   /* Refused changes before each goes alone. */
};

typedef void hnv_bundles_refused_func(const struct ofpbuf *msg,
                                      ovs_be64 cookie, enum ofperr,
                                      void *aux);

struct hnv_bundles {
    struct rconn *rconn;        /* Where they are sent. */
    hnv_bundles_refused_func *refused; /* Told about refused changes. */
    void *aux;                  /* For 'refused'. */

    struct hnv_bundle *open;    /* Gets what is put, or NULL. */
    struct ovs_list sent;       /* Bundles under way, oldest first. */
    uint64_t seqno;             /* Of the newest bundle. */
    uint64_t acked;             /* Last one after which none is missing. */
    uint32_t next_id;           /* For the next bundle's OpenFlow ID. */

    uint64_t n_bundles;         /* Bundles that the switch applied. */
    uint64_t n_changes;         /* Changes in them. */
    uint64_t n_refused;         /* Changes that the switch refused. */
};

void hnv_bundles_init(struct hnv_bundles *, struct rconn *,
                      hnv_bundles_refused_func *, void *aux);
void hnv_bundles_clear(struct hnv_bundles *);

void hnv_bundles_put(struct hnv_bundles *, struct ofpbuf *msg,
                     ovs_be64 cookie);
uint64_t hnv_bundles_commit(struct hnv_bundles *);

bool hnv_bundles_recv_reply(struct hnv_bundles *, ovs_be32 xid);
bool hnv_bundles_recv_error(struct hnv_bundles *, ovs_be32 xid, enum ofperr);

#endif /* hnv-bundles.h */

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-moves.h"

#include <stdlib.h>

#include "hnv-host.h"
#include "hnv-installer.h"
#include "hnv-peers.h"
#include "hnv-record.h"
#include "hnv-records.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "timeval.h"
#include "util.h"
#include "uuid.h"

/* A record that was marked as moved, or whose peer has former PAs. */
struct hnv_move {
    struct hmap_node node;      /* In 'by_record' of struct hnv_moves. */
    struct ovs_list fifo;       /* In 'fifo' of struct hnv_moves. */
    struct uuid record;
    long long int expires;      /* In ms. */
};

struct hnv_moves {
    struct hnv_peers *peers;
    struct hmap by_record;      /* Contains "struct hnv_move"s. */
    struct ovs_list fifo;       /* The same, oldest first. */
};

/* Returns a new instance.  The caller must free it, with
 * hnv_moves_destroy(). */
struct hnv_moves *
hnv_moves_create(struct hnv_peers *peers)
{
    struct hnv_moves *moves = xmalloc(sizeof *moves);

    moves->peers = peers;
    hmap_init(&moves->by_record);
    ovs_list_init(&moves->fifo);
    return moves;
}

void
hnv_moves_destroy(struct hnv_moves *moves)
{
    if (moves) {
        struct hnv_move *move;

        HMAP_FOR_EACH_POP (move, node, &moves->by_record) {
            free(move);
        }
        hmap_destroy(&moves->by_record);
        free(moves);
    }
}

/* Returns what is noted about 'record', a new one if there was nothing, as the
 * youngest. */
static struct hnv_move *
hnv_moves_renew(struct hnv_moves *moves, const struct uuid *record)
{
    struct hnv_move *move;

    HMAP_FOR_EACH_WITH_HASH (move, node, uuid_hash(record),
                             &moves->by_record) {
        if (uuid_equals(&move->record, record)) {
            ovs_list_remove(&move->fifo);
            goto found;
        }
    }
    move = xmalloc(sizeof *move);
    move->record = *record;
    hmap_insert(&moves->by_record, &move->node, uuid_hash(record));

found:
    ovs_list_push_back(&moves->fifo, &move->fifo);
    return move;
}

/* Is a machine at 'record' on this host? */
static bool
is_here(const struct hnv_host *host, const struct hnv_record *record)
{
    return (record->peer && record->peer->n_primary
            && hnv_host_has_pa(host, &record->peer->pas[0]));
}

/* Makes the peer of 'record' have 'former', of which there are 'n', as former
 * PAs, and no others. */
static void
set_former(struct hnv_moves *moves, struct hnv_record *record,
           const struct in6_addr *former, size_t n)
{
    const struct hnv_peer *peer = record->peer;

    record->peer = hnv_peers_get_moved(moves->peers, peer, former, n);
    hnv_peers_put(moves->peers, peer);
}

/* 'entry' was 'old' until now, and is on this host.  If it was elsewhere, what
 * still goes there is sent on to here. */
static void
hnv_moves_arrive(struct hnv_moves *moves, const struct hnv_host *host,
                 struct hnv_entry *entry, const struct hnv_record *old)
{
    const struct hnv_peer *from = old->peer;

    if (!from) {
        return;
    } else if (!is_here(host, old)) {
        set_former(moves, &entry->record, from->pas, from->n_primary);
        hnv_moves_renew(moves, &entry->record.uuid)->expires
            = time_msec() + HNV_MOVED_MS;
    } else if (from->n_former) {
        set_former(moves, &entry->record,
                   from->pas + from->n_primary + from->n_standby,
                   from->n_former);
    }
}

/* 'entry' was 'old' until now: notes whether its machine has left 'host', or
 * come to it. */
void
hnv_moves_update(struct hnv_moves *moves, const struct hnv_host *host,
                 struct hnv_entry *entry, const struct hnv_record *old)
{
    bool left = is_here(host, old);

    if (is_here(host, &entry->record)) {
        hnv_moves_arrive(moves, host, entry, old);
        return;
    }
    entry->record.moved = left || old->moved;
    if (entry->record.moved && left) {
        hnv_moves_renew(moves, &entry->record.uuid)->expires
            = time_msec() + HNV_MOVED_MS;
    }
}

static void
hnv_moves_expire(struct hnv_moves *moves, struct hnv_entry *entry,
                 struct hnv_installer *installer)
{
    struct hnv_record old = entry->record;

    if (old.moved) {
        entry->record.moved = false;
        hnv_installer_put_record(installer, entry, &old);
    } else if (old.peer && old.peer->n_former) {
        entry->record.peer = hnv_peers_get_moved(moves->peers, old.peer, NULL,
                                                 0);
        hnv_installer_put_record(installer, entry, &old);
        hnv_peers_put(moves->peers, old.peer);
    }
}

/* Does this module's share of work: what moved long ago is a record like any
 * other. */
void
hnv_moves_run(struct hnv_moves *moves, struct hnv_records *records,
              struct hnv_installer *installer)
{
    long long int now = time_msec();
    struct hnv_move *move;

    LIST_FOR_EACH_SAFE (move, fifo, &moves->fifo) {
        struct hnv_entry *entry;

        if (move->expires > now) {
            break;
        }
        entry = hnv_records_find(records, &move->record);
        if (entry) {
            hnv_moves_expire(moves, entry, installer);
        }
        ovs_list_remove(&move->fifo);
        hmap_remove(&moves->by_record, &move->node);
        free(move);
    }
}

/* Arranges for poll_block() to wake up when hnv_moves_run() has work. */
void
hnv_moves_wait(const struct hnv_moves *moves)
{
    if (!ovs_list_is_empty(&moves->fifo)) {
        const struct hnv_move *move
            = CONTAINER_OF(ovs_list_front(&moves->fifo), struct hnv_move,
                           fifo);

        poll_timer_wait_until(move->expires);
    }
}

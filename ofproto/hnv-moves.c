/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-moves.h"

#include <stdlib.h>

#include "hnv-db.h"
#include "hnv-host.h"
#include "hnv-installer.h"
#include "hnv-peers.h"
#include "hnv-record.h"
#include "hnv-records.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "timeval.h"
#include "util.h"

/* A record that was marked as moved. */
struct hnv_move {
    struct ovs_list node;       /* In 'moves' of struct hnv_moves. */
    struct uuid record;
    long long int expires;      /* In ms. */
};

struct hnv_moves {
    struct ovs_list moves;      /* "struct hnv_move"s, oldest first. */
};

/* Returns a new instance.  The caller must free it, with
 * hnv_moves_destroy(). */
struct hnv_moves *
hnv_moves_create(void)
{
    struct hnv_moves *moves = xmalloc(sizeof *moves);

    ovs_list_init(&moves->moves);
    return moves;
}

void
hnv_moves_destroy(struct hnv_moves *moves)
{
    if (moves) {
        struct hnv_move *move;

        LIST_FOR_EACH_POP (move, node, &moves->moves) {
            free(move);
        }
        free(moves);
    }
}

/* Is a machine at 'record' on this host? */
static bool
is_here(const struct hnv_host *host, const struct hnv_record *record)
{
    return (record->peer && record->peer->n_primary
            && hnv_host_has_pa(host, &record->peer->pas[0]));
}

/* 'entry' was 'old' until now: marks its record as moved, if it was on 'host'
 * and no longer is. */
void
hnv_moves_update(struct hnv_moves *moves, const struct hnv_host *host,
                 struct hnv_entry *entry, const struct hnv_record *old)
{
    bool left = is_here(host, old);
    struct hnv_move *move;

    entry->record.moved = (!is_here(host, &entry->record)
                           && (left || old->moved));
    if (!entry->record.moved || !left) {
        return;
    }
    move = xmalloc(sizeof *move);
    move->record = entry->record.uuid;
    move->expires = time_msec() + HNV_MOVED_MS;
    ovs_list_push_back(&moves->moves, &move->node);
}

/* Does this module's share of work: what moved long ago is a record like any
 * other. */
void
hnv_moves_run(struct hnv_moves *moves, struct hnv_records *records,
              struct hnv_installer *installer)
{
    long long int now = time_msec();
    struct hnv_move *move;

    LIST_FOR_EACH_SAFE (move, node, &moves->moves) {
        struct hnv_entry *entry;

        if (move->expires > now) {
            break;
        }
        entry = hnv_records_find(records, &move->record);
        if (entry && entry->record.moved) {
            struct hnv_record old = entry->record;

            entry->record.moved = false;
            hnv_installer_put_record(installer, entry, &old);
        }
        ovs_list_remove(&move->node);
        free(move);
    }
}

/* Arranges for poll_block() to wake up when hnv_moves_run() has work. */
void
hnv_moves_wait(const struct hnv_moves *moves)
{
    if (!ovs_list_is_empty(&moves->moves)) {
        const struct hnv_move *move
            = CONTAINER_OF(ovs_list_front(&moves->moves), struct hnv_move,
                           node);

        poll_timer_wait_until(move->expires);
    }
}

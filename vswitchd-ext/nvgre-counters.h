/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_COUNTERS_H
#define NVGRE_COUNTERS_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "nvgre-csum.h"
#include "nvgre-drops.h"
#include "ovs-atomic.h"

/* Drop counters
 * =============
 *
 * What
 * ----
 *
 * One counter per reason of NVGRE_DROPS, each with the peer it last happened
 * with and when.  Every nvgre port has a set of them, and there is one more
 * set for packets that cannot be blamed on any port (nvgre_no_port_counters).
 *
 * What not
 * --------
 *
 * Packets that pass are counted by the datapath and by the vport, not here.
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread.  None waits: when two threads
 * drop at the same instant both are counted, but only one becomes "last". */

/* The most recent occurrence of something. */
struct nvgre_last {
    atomic_flag busy;           /* Set while the members below change. */
    struct in6_addr peer;       /* IPv4 addresses are mapped. */
    uint32_t key;               /* GRE key, host order, 0 if not known. */
    long long int when;         /* time_wall_msec(), 0 if never. */
};

struct nvgre_event {
    atomic_uint64_t n;
    struct nvgre_last last;
};

struct nvgre_counters {
    struct nvgre_event drops[N_NVGRE_DROPS];

    /* Packets whose key makes sense only in the layout that this side does
     * not use.  They are counted under a drop reason, too. */
    struct nvgre_event suspicions;

    /* 802.1Q tags removed from frames to send (RFC 7637 section 3.3). */
    atomic_uint64_t tx_tags_removed;

    /* IPv4 packets that were cut because they were too big to send. */
    atomic_uint64_t tx_fragmented;

    /* What came of those counted as NVGRE_DROP_TX_TOO_BIG: the sender was told
     * which size fits, or was not because of the limits of nvgre-too-big.h or
     * because the standards forbid it. */
    atomic_uint64_t too_big_answered;
    atomic_uint64_t too_big_limited;
    atomic_uint64_t too_big_unanswerable;

    /* With rx_csum_sample: packets that could have been checked, that were,
     * and of the latter those that have a wrong checksum. */
    atomic_uint64_t rx_csum_seen;
    atomic_uint64_t rx_csum_checked;
    struct nvgre_event rx_csum_bad[N_NVGRE_CSUMS];
};

extern struct nvgre_counters nvgre_no_port_counters;

void nvgre_counters_init(struct nvgre_counters *);
void nvgre_count_drop(struct nvgre_counters *, enum nvgre_drop,
                      const struct in6_addr *peer, uint32_t key);

void nvgre_event_init(struct nvgre_event *);
void nvgre_event_add(struct nvgre_event *, const struct in6_addr *peer,
                     uint32_t key);
uint64_t nvgre_event_get(const struct nvgre_event *);
bool nvgre_event_last(struct nvgre_event *, struct in6_addr *peer,
                      uint32_t *key, long long int *when);

#endif /* nvgre-counters.h */

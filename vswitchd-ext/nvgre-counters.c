/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-counters.h"

#include "coverage.h"
#include "timeval.h"
#include "util.h"

#define NVGRE_DROP(NAME, LOWER, STRING, TEXT, CLAUSE) \
    COVERAGE_DEFINE(nvgre_drop_##LOWER);
NVGRE_DROPS
#undef NVGRE_DROP

/* Drops that cannot be blamed on any port. */
struct nvgre_counters nvgre_no_port_counters;

/* Initializes '*event', which must be zeroed, as never having occurred. */
void
nvgre_event_init(struct nvgre_event *event)
{
    atomic_init(&event->n, 0);
    atomic_flag_clear(&event->last.busy);
}

/* Initializes '*c', which must be zeroed, to no drops at all. */
void
nvgre_counters_init(struct nvgre_counters *c)
{
    for (size_t i = 0; i < ARRAY_SIZE(c->drops); i++) {
        nvgre_event_init(&c->drops[i]);
    }
    nvgre_event_init(&c->suspicions);
    atomic_init(&c->tx_tags_removed, 0);
    atomic_init(&c->tx_fragmented, 0);
    atomic_init(&c->too_big_answered, 0);
    atomic_init(&c->too_big_limited, 0);
    atomic_init(&c->too_big_unanswerable, 0);
    atomic_init(&c->rx_csum_seen, 0);
    atomic_init(&c->rx_csum_checked, 0);
    for (size_t i = 0; i < ARRAY_SIZE(c->rx_csum_bad); i++) {
        nvgre_event_init(&c->rx_csum_bad[i]);
    }
}

static void
coverage_drop(enum nvgre_drop why)
{
    switch (why) {
    case NVGRE_DROP_NONE:
    case N_NVGRE_DROPS:
        break;
#define NVGRE_DROP(NAME, LOWER, STRING, TEXT, CLAUSE)  \
    case NVGRE_DROP_##NAME:                     \
        COVERAGE_INC(nvgre_drop_##LOWER);        \
        break;
    NVGRE_DROPS
#undef NVGRE_DROP
    }
}

/* Counts in '*c' one packet that was dropped because of 'why'.  'peer' is the
 * provider address at the other end, and 'key' the GRE key in host order, or 0
 * if the packet was not parsed so far. */
void
nvgre_count_drop(struct nvgre_counters *c, enum nvgre_drop why,
                 const struct in6_addr *peer, uint32_t key)
{
    coverage_drop(why);
    nvgre_event_add(&c->drops[why], peer, key);
}

/* Counts one more of 'event', caused by 'peer'. */
void
nvgre_event_add(struct nvgre_event *event, const struct in6_addr *peer,
                uint32_t key)
{
    struct nvgre_last *last = &event->last;

    atomic_count_inc64(&event->n);
    if (!atomic_flag_test_and_set_explicit(&last->busy,
                                           memory_order_acquire)) {
        last->peer = *peer;
        last->key = key;
        last->when = time_wall_msec();
        atomic_flag_clear_explicit(&last->busy, memory_order_release);
    }
}

/* Returns how often 'event' occurred. */
uint64_t
nvgre_event_get(const struct nvgre_event *event)
{
    uint64_t n;

    atomic_read_relaxed(&CONST_CAST(struct nvgre_event *, event)->n, &n);
    return n;
}

/* If 'event' ever occurred, stores the last peer, key, and wall clock time in
 * milliseconds in '*peer', '*key', and '*when', and returns true.  Meant for
 * whoever shows counters: it may have to wait, for an instant, for a packet
 * thread that is about to write them. */
bool
nvgre_event_last(struct nvgre_event *event, struct in6_addr *peer,
                 uint32_t *key, long long int *when)
{
    struct nvgre_last *last = &event->last;

    while (atomic_flag_test_and_set_explicit(&last->busy,
                                             memory_order_acquire)) {
        continue;
    }
    *peer = last->peer;
    *key = last->key;
    *when = last->when;
    atomic_flag_clear_explicit(&last->busy, memory_order_release);
    return *when != 0;
}

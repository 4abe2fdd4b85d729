/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-lazy.h"
#include "hnv-lazy-private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/poll-loop.h"
#include "timeval.h"
#include "util.h"
#include "uuid.h"

COVERAGE_DEFINE(hnv_lazy_miss);
COVERAGE_DEFINE(hnv_lazy_resumed);
COVERAGE_DEFINE(hnv_lazy_absent);
COVERAGE_DEFINE(hnv_lazy_requested);
COVERAGE_DEFINE(hnv_lazy_limited);

/* The states that an entry does not stay in, and after which it is forgotten.
 * The fifo of each is in order of 'expires', because entries stay equally
 * long. */
static const enum hnv_lazy_state expiring[] = {
    HNV_LAZY_ASKED, HNV_LAZY_FOUND, HNV_LAZY_ABSENT
};

/* Returns a new instance that calls the functions in 'handler' with 'aux'. */
struct hnv_lazy *
hnv_lazy_create(const struct hnv_lazy_handler *handler, void *aux)
{
    struct hnv_lazy *lazy = xzalloc(sizeof *lazy);

    lazy->handler = handler;
    lazy->aux = aux;
    lazy->max_records = 10000;
    hmap_init(&lazy->domains);
    hmap_init(&lazy->records);
    return lazy;
}

static void
hnv_lazy_packet_destroy(struct hnv_lazy_domain *domain,
                        struct hnv_lazy_packet *packet)
{
    ovs_list_remove(&packet->node);
    domain->n_packets--;
    free(packet->pin.packet);
    free(packet->pin.userdata);
    ofpbuf_delete(packet->continuation);
    free(packet);
}

static void
hnv_lazy_leave_state(struct hnv_lazy *lazy, struct hnv_lazy_entry *entry)
{
    entry->domain->n[entry->state]--;
    ovs_list_remove(&entry->fifo);
    if (entry->state == HNV_LAZY_REQUESTED) {
        lazy->n_requests--;
        lazy->requests_seqno++;
    }
}

static void
hnv_lazy_entry_destroy(struct hnv_lazy *lazy, struct hnv_lazy_domain *domain,
                       struct hnv_lazy_entry *entry)
{
    struct hnv_lazy_packet *packet;

    LIST_FOR_EACH_SAFE (packet, node, &entry->packets) {
        hnv_lazy_packet_destroy(domain, packet);
    }
    if (entry->state == HNV_LAZY_FOUND || entry->state == HNV_LAZY_PRESENT) {
        hmap_remove(&lazy->records, &entry->uuid_node);
        lazy->seqno++;
    }
    hnv_lazy_leave_state(lazy, entry);
    hmap_remove(&domain->entries, &entry->node);
    free(entry);
}

static void
hnv_lazy_domain_destroy(struct hnv_lazy *lazy, struct hnv_lazy_domain *domain)
{
    struct hnv_lazy_entry *entry;

    HMAP_FOR_EACH_SAFE (entry, node, &domain->entries) {
        hnv_lazy_entry_destroy(lazy, domain, entry);
    }
    hmap_destroy(&domain->entries);
    hmap_remove(&lazy->domains, &domain->node);
    free(domain);
}

/* Frees 'lazy'.  Packets that wait are dropped. */
void
hnv_lazy_destroy(struct hnv_lazy *lazy)
{
    if (lazy) {
        struct hnv_lazy_domain *domain;

        HMAP_FOR_EACH_SAFE (domain, node, &lazy->domains) {
            hnv_lazy_domain_destroy(lazy, domain);
        }
        hmap_destroy(&lazy->domains);
        hmap_destroy(&lazy->records);
        free(lazy);
    }
}

/* Bounds the number of records of one routing domain. */
void
hnv_lazy_set_max_records(struct hnv_lazy *lazy, unsigned int max_records)
{
    lazy->max_records = MAX(max_records, 1);
}

/* Returns the routing domain whose row is 'uuid', or NULL. */
struct hnv_lazy_domain *
hnv_lazy_find_domain(const struct hnv_lazy *lazy, const struct uuid *uuid)
{
    struct hnv_lazy_domain *domain;

    HMAP_FOR_EACH_WITH_HASH (domain, node, uuid_hash(uuid), &lazy->domains) {
        if (uuid_equals(&domain->uuid, uuid)) {
            return domain;
        }
    }
    return NULL;
}

static struct hnv_lazy_domain *
hnv_lazy_add_domain(struct hnv_lazy *lazy, const struct uuid *uuid)
{
    struct hnv_lazy_domain *domain = xzalloc(sizeof *domain);

    domain->uuid = *uuid;
    hmap_init(&domain->entries);
    for (int i = 0; i < HNV_LAZY_N_STATES; i++) {
        ovs_list_init(&domain->fifos[i]);
    }
    hmap_insert(&lazy->domains, &domain->node, uuid_hash(uuid));
    return domain;
}

/* Returns what is known, in any state, of 'ca' in 'domain', or NULL. */
struct hnv_lazy_entry *
hnv_lazy_find(const struct hnv_lazy_domain *domain, const struct in6_addr *ca)
{
    struct hnv_lazy_entry *entry;

    HMAP_FOR_EACH_WITH_HASH (entry, node, hash_bytes(ca, sizeof *ca, 0),
                             &domain->entries) {
        if (!memcmp(&entry->ca, ca, sizeof *ca)) {
            return entry;
        }
    }
    return NULL;
}

static struct hnv_lazy_entry *
hnv_lazy_find_record(const struct hnv_lazy *lazy, const struct uuid *record)
{
    struct hnv_lazy_entry *entry;

    HMAP_FOR_EACH_WITH_HASH (entry, uuid_node, uuid_hash(record),
                             &lazy->records) {
        if (uuid_equals(&entry->record, record)) {
            return entry;
        }
    }
    return NULL;
}

/* Moves 'entry' to 'state', as the youngest there. */
static void
hnv_lazy_set_state(struct hnv_lazy *lazy, struct hnv_lazy_entry *entry,
                   enum hnv_lazy_state state)
{
    struct hnv_lazy_domain *domain = entry->domain;

    hnv_lazy_leave_state(lazy, entry);
    entry->state = state;
    domain->n[state]++;
    ovs_list_push_back(&domain->fifos[state], &entry->fifo);
    if (state == HNV_LAZY_REQUESTED) {
        lazy->n_requests++;
        lazy->requests_seqno++;
    }
}

/* Removes the oldest entries in 'state' until at most 'max' are left. */
static void
hnv_lazy_evict(struct hnv_lazy *lazy, struct hnv_lazy_domain *domain,
               enum hnv_lazy_state state, size_t max)
{
    while (domain->n[state] > max) {
        hnv_lazy_entry_destroy(lazy, domain, CONTAINER_OF(
                                   ovs_list_front(&domain->fifos[state]),
                                   struct hnv_lazy_entry, fifo));
    }
}

static struct hnv_lazy_entry *
hnv_lazy_ask(struct hnv_lazy *lazy, struct hnv_lazy_domain *domain,
             const struct in6_addr *ca)
{
    struct hnv_lazy_entry *entry;

    if (domain->n[HNV_LAZY_ASKED] >= HNV_LAZY_MAX_ASKED
        || !lazy->handler->ask(&domain->uuid, ca, lazy->aux)) {
        return NULL;
    }
    entry = xzalloc(sizeof *entry);
    entry->domain = domain;
    entry->ca = *ca;
    entry->expires = time_msec() + HNV_LAZY_ASKED_MS;
    ovs_list_init(&entry->packets);
    hmap_insert(&domain->entries, &entry->node,
                hash_bytes(ca, sizeof *ca, 0));
    entry->state = HNV_LAZY_ASKED;
    domain->n[HNV_LAZY_ASKED]++;
    ovs_list_push_back(&domain->fifos[HNV_LAZY_ASKED], &entry->fifo);
    return entry;
}

static void
hnv_lazy_queue_packet(struct hnv_lazy_domain *domain,
                      struct hnv_lazy_entry *entry,
                      const struct ofputil_packet_in *pin,
                      const struct ofpbuf *continuation)
{
    struct hnv_lazy_packet *packet = xmalloc(sizeof *packet);

    packet->pin = *pin;
    packet->pin.packet = xmemdup(pin->packet, pin->packet_len);
    packet->pin.userdata = (pin->userdata_len
                            ? xmemdup(pin->userdata, pin->userdata_len)
                            : NULL);
    packet->continuation = ofpbuf_clone(continuation);
    ovs_list_push_back(&entry->packets, &packet->node);
    domain->n_packets++;
}

/* The switch paused the packet 'pin' because it has no record for 'ca' in
 * 'routing_domain'. */
void
hnv_lazy_miss(struct hnv_lazy *lazy, const struct uuid *routing_domain,
              const struct in6_addr *ca, const struct ofputil_packet_in *pin,
              const struct ofpbuf *continuation)
{
    struct hnv_lazy_domain *domain = hnv_lazy_find_domain(lazy,
                                                          routing_domain);
    struct hnv_lazy_entry *entry;

    COVERAGE_INC(hnv_lazy_miss);
    if (!domain) {
        domain = hnv_lazy_add_domain(lazy, routing_domain);
    }
    entry = hnv_lazy_find(domain, ca);
    if (!entry) {
        entry = hnv_lazy_ask(lazy, domain, ca);
    }

    if (!entry || domain->n_packets >= HNV_LAZY_MAX_PACKETS) {
        COVERAGE_INC(hnv_lazy_limited);
    } else if (entry->state == HNV_LAZY_ABSENT
               || entry->state == HNV_LAZY_PRESENT) {
        /* It was on its way while the flows came into force. */
        COVERAGE_INC(hnv_lazy_resumed);
        lazy->handler->resume(pin, continuation, lazy->aux);
    } else {
        hnv_lazy_queue_packet(domain, entry, pin, continuation);
    }
}

static void
hnv_lazy_resume(struct hnv_lazy *lazy, struct hnv_lazy_entry *entry)
{
    struct hnv_lazy_packet *packet;

    LIST_FOR_EACH_SAFE (packet, node, &entry->packets) {
        COVERAGE_INC(hnv_lazy_resumed);
        lazy->handler->resume(&packet->pin, packet->continuation, lazy->aux);
        hnv_lazy_packet_destroy(entry->domain, packet);
    }
}

static void
hnv_lazy_found(struct hnv_lazy *lazy, struct hnv_lazy_entry *entry,
               const struct uuid *record)
{
    struct hnv_lazy_domain *domain = entry->domain;
    size_t n_found;

    entry->record = *record;
    entry->expires = time_msec() + HNV_LAZY_ASKED_MS;
    hmap_insert(&lazy->records, &entry->uuid_node, uuid_hash(record));
    hnv_lazy_set_state(lazy, entry, HNV_LAZY_FOUND);
    lazy->seqno++;

    n_found = domain->n[HNV_LAZY_FOUND];
    hnv_lazy_evict(lazy, domain, HNV_LAZY_PRESENT,
                   lazy->max_records > n_found
                   ? lazy->max_records - n_found : 0);
    hnv_lazy_evict(lazy, domain, HNV_LAZY_FOUND, lazy->max_records);
}

/* Notes that the database has no record for 'entry', and tells the handler.
 * Lets its packets go, and may free entries that have been absent longest. */
void
hnv_lazy_absent(struct hnv_lazy *lazy, struct hnv_lazy_entry *entry)
{
    struct hnv_lazy_domain *domain = entry->domain;

    COVERAGE_INC(hnv_lazy_absent);
    lazy->handler->absent(&domain->uuid, &entry->ca, lazy->aux);
    hnv_lazy_resume(lazy, entry);
    entry->expires = time_msec() + HNV_LAZY_ABSENT_MS;
    hnv_lazy_set_state(lazy, entry, HNV_LAZY_ABSENT);
    hnv_lazy_evict(lazy, domain, HNV_LAZY_ABSENT, HNV_LAZY_MAX_ABSENT);
}

static bool
hnv_lazy_may_request(const struct hnv_lazy *lazy,
                     const struct hnv_lazy_domain *domain)
{
    return (domain->n[HNV_LAZY_REQUESTED] < HNV_LAZY_MAX_REQUESTS
            && lazy->n_requests < HNV_LAZY_MAX_ALL_REQUESTS
            && lazy->handler->may_request(&domain->uuid, lazy->aux));
}

/* The database answered that 'ca' in 'routing_domain' is 'record', or that it
 * does not exist, if 'record' is NULL. */
void
hnv_lazy_answer(struct hnv_lazy *lazy, const struct uuid *routing_domain,
                const struct in6_addr *ca, const struct uuid *record)
{
    struct hnv_lazy_domain *domain = hnv_lazy_find_domain(lazy,
                                                          routing_domain);
    struct hnv_lazy_entry *entry = domain ? hnv_lazy_find(domain, ca) : NULL;

    if (!entry || (entry->state != HNV_LAZY_ASKED
                   && entry->state != HNV_LAZY_REQUESTED)) {
        return;
    }
    if (record && !hnv_lazy_find_record(lazy, record)) {
        hnv_lazy_found(lazy, entry, record);
    } else if (entry->state == HNV_LAZY_REQUESTED) {
        /* Not yet. */
    } else if (hnv_lazy_may_request(lazy, domain)) {
        COVERAGE_INC(hnv_lazy_requested);
        entry->expires = time_msec() + HNV_LAZY_REQUEST_MS;
        entry->next_ask = time_msec() + HNV_LAZY_AGAIN_MS;
        hnv_lazy_set_state(lazy, entry, HNV_LAZY_REQUESTED);
    } else {
        hnv_lazy_absent(lazy, entry);
    }
}

/* Returns true if 'record' is one that a packet wanted. */
bool
hnv_lazy_has_record(const struct hnv_lazy *lazy, const struct uuid *record)
{
    return hnv_lazy_find_record(lazy, record) != NULL;
}

/* The flows of 'record' came into force: packets that waited for them may go
 * on. */
void
hnv_lazy_installed(struct hnv_lazy *lazy, const struct uuid *record)
{
    struct hnv_lazy_entry *entry = hnv_lazy_find_record(lazy, record);

    if (entry && entry->state == HNV_LAZY_FOUND) {
        hnv_lazy_resume(lazy, entry);
        hnv_lazy_set_state(lazy, entry, HNV_LAZY_PRESENT);
    }
}

/* The database does not have 'record' any more. */
void
hnv_lazy_deleted(struct hnv_lazy *lazy, const struct uuid *record)
{
    struct hnv_lazy_entry *entry = hnv_lazy_find_record(lazy, record);

    if (entry) {
        hnv_lazy_entry_destroy(lazy, entry->domain, entry);
    }
}

static int
compare_uuids(const void *a, const void *b)
{
    return uuid_compare_3way(a, b);
}

/* Forgets everything about routing domains other than the 'n' in 'domains',
 * which is sorted: those that are lazy and on this host. */
void
hnv_lazy_retain_domains(struct hnv_lazy *lazy, const struct uuid *domains,
                        size_t n)
{
    struct hnv_lazy_domain *domain;

    HMAP_FOR_EACH_SAFE (domain, node, &lazy->domains) {
        if (!n || !bsearch(&domain->uuid, domains, n, sizeof *domains,
                           compare_uuids)) {
            hnv_lazy_domain_destroy(lazy, domain);
        }
    }
}

/* Returns the oldest entry in 'state', or NULL. */
static struct hnv_lazy_entry *
hnv_lazy_oldest(const struct hnv_lazy_domain *domain,
                enum hnv_lazy_state state)
{
    return (ovs_list_is_empty(&domain->fifos[state]) ? NULL
            : CONTAINER_OF(ovs_list_front(&domain->fifos[state]),
                           struct hnv_lazy_entry, fifo));
}

/* Does this module's share of work: forgets what has expired, and asks again
 * for what was requested. */
void
hnv_lazy_run(struct hnv_lazy *lazy)
{
    struct hnv_lazy_domain *domain;
    long long int now = time_msec();

    HMAP_FOR_EACH (domain, node, &lazy->domains) {
        for (size_t i = 0; i < ARRAY_SIZE(expiring); i++) {
            struct hnv_lazy_entry *entry;

            while ((entry = hnv_lazy_oldest(domain, expiring[i]))
                   && entry->expires <= now) {
                hnv_lazy_entry_destroy(lazy, domain, entry);
            }
        }
        hnv_lazy_run_requests(lazy, domain);
    }
}

/* Arranges for poll_block() to wake up when hnv_lazy_run() has work. */
void
hnv_lazy_wait(struct hnv_lazy *lazy)
{
    struct hnv_lazy_domain *domain;

    HMAP_FOR_EACH (domain, node, &lazy->domains) {
        for (size_t i = 0; i < ARRAY_SIZE(expiring); i++) {
            struct hnv_lazy_entry *entry = hnv_lazy_oldest(domain,
                                                           expiring[i]);

            if (entry) {
                poll_timer_wait_until(entry->expires);
            }
        }
        hnv_lazy_wait_requests(domain);
    }
}

/* Returns a number that changes when hnv_lazy_get_records() would return
 * something else. */
unsigned int
hnv_lazy_get_seqno(const struct hnv_lazy *lazy)
{
    return lazy->seqno;
}

/* Stores in '*records' and '*n' the records to monitor, sorted.  The caller
 * must free '*records'. */
void
hnv_lazy_get_records(const struct hnv_lazy *lazy, struct uuid **records,
                     size_t *n)
{
    const struct hnv_lazy_entry *entry;

    *records = xmalloc(hmap_count(&lazy->records) * sizeof **records);
    *n = 0;
    HMAP_FOR_EACH (entry, uuid_node, &lazy->records) {
        (*records)[(*n)++] = entry->record;
    }
    qsort(*records, *n, sizeof **records, compare_uuids);
}

/* Appends to 's' a line for each routing domain, for people. */
void
hnv_lazy_format(const struct hnv_lazy *lazy, struct ds *s)
{
    const struct hnv_lazy_domain *domain;

    HMAP_FOR_EACH (domain, node, &lazy->domains) {
        ds_put_format(s, "    "UUID_FMT": %"PRIuSIZE" present, %"PRIuSIZE
                      " on their way, %"PRIuSIZE" requested, %"PRIuSIZE
                      " absent, %"PRIuSIZE" packets waiting\n",
                      UUID_ARGS(&domain->uuid),
                      domain->n[HNV_LAZY_PRESENT],
                      domain->n[HNV_LAZY_ASKED] + domain->n[HNV_LAZY_FOUND],
                      domain->n[HNV_LAZY_REQUESTED],
                      domain->n[HNV_LAZY_ABSENT], domain->n_packets);
    }
}

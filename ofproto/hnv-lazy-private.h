/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_LAZY_PRIVATE_H
#define HNV_LAZY_PRIVATE_H 1

#include <stddef.h>

#include "hnv-lazy.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "openvswitch/ofp-packet.h"

/* What the parts of hnv-lazy share
 * ================================
 *
 * What
 * ----
 *
 * hnv-lazy.c has the life of an entry, hnv-lazy-requests.c what happens while
 * one is requested.
 *
 *
 * What not
 * --------
 *
 * Nothing here is for other modules: see hnv-lazy.h.
 *
 *
 * Thread-safety
 * -------------
 *
 * As for hnv-lazy.h. */

enum hnv_lazy_state {
    HNV_LAZY_ASKED,
    HNV_LAZY_REQUESTED,
    HNV_LAZY_FOUND,
    HNV_LAZY_PRESENT,
    HNV_LAZY_ABSENT,
    HNV_LAZY_N_STATES
};

/* A packet that waits. */
struct hnv_lazy_packet {
    struct ovs_list node;       /* In 'packets' of struct hnv_lazy_entry. */
    struct ofputil_packet_in pin; /* Owns 'packet' and 'userdata'. */
    struct ofpbuf *continuation;
};

/* A customer address that some packet wanted. */
struct hnv_lazy_entry {
    struct hmap_node node;      /* In 'entries' of struct hnv_lazy_domain. */
    struct hmap_node uuid_node; /* In 'records' of struct hnv_lazy, if found
                                 * or present. */
    struct ovs_list fifo;       /* In 'fifos[state]'. */
    enum hnv_lazy_state state;
    struct hnv_lazy_domain *domain; /* The one that it is in. */
    struct in6_addr ca;
    struct uuid record;         /* If found or present. */
    long long int expires;      /* Unless present, in ms. */
    long long int next_ask;     /* If requested, in ms. */
    unsigned int synced;        /* If requested, the last 'sync' that saw the
                                 * request, or 0 before there was one. */
    struct ovs_list packets;    /* If asked, requested, or found. */
};

struct hnv_lazy_domain {
    struct hmap_node node;      /* In 'domains' of struct hnv_lazy. */
    struct uuid uuid;           /* Of the Routing_Domain. */
    struct hmap entries;        /* Contains "struct hnv_lazy_entry"s. */
    struct ovs_list fifos[HNV_LAZY_N_STATES]; /* Oldest first. */
    size_t n[HNV_LAZY_N_STATES]; /* Length of each. */
    size_t n_packets;           /* Packets that wait. */
};

struct hnv_lazy {
    const struct hnv_lazy_handler *handler;
    void *aux;
    unsigned int max_records;   /* Of one domain. */
    unsigned int seqno;         /* Changes when 'records' does. */
    unsigned int requests_seqno; /* Changes when an entry gets requested, or
                                  * is no longer. */
    unsigned int sync;          /* Number of the last hnv_lazy_sync_start(). */
    size_t n_requests;          /* Requested entries, of all domains. */
    struct hmap domains;        /* Contains "struct hnv_lazy_domain"s. */
    struct hmap records;        /* Entries that are found or present. */
};

struct hnv_lazy_domain *hnv_lazy_find_domain(const struct hnv_lazy *,
                                             const struct uuid *);
struct hnv_lazy_entry *hnv_lazy_find(const struct hnv_lazy_domain *,
                                     const struct in6_addr *ca);
void hnv_lazy_absent(struct hnv_lazy *, struct hnv_lazy_entry *);

void hnv_lazy_run_requests(struct hnv_lazy *, struct hnv_lazy_domain *);
void hnv_lazy_wait_requests(const struct hnv_lazy_domain *);

#endif /* hnv-lazy-private.h */

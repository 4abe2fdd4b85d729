/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_LAZY_H
#define HNV_LAZY_H 1

#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>
#include "openvswitch/uuid.h"

struct ds;
struct ofpbuf;
struct ofputil_packet_in;

/* Lookup records on demand
 * ========================
 *
 * What
 * ----
 *
 * In a routing domain whose lookup mode is "lazy", a host does not hold all
 * records but fetches each when a packet first needs it.  The switch pauses
 * that packet and sends it to hnv-agent, which passes it to this module.
 *
 * For each customer address that some packet wanted, the module has an entry,
 * which moves from one state to the next:
 *
 *    - Asked: the database was asked which record it is.
 *
 *    - Found: it is known and monitored, but its flows are not in force yet.
 *
 *    - Present: its flows are in force.  The module resumes the packets that
 *      waited, and the record stays, monitored like any other, until there are
 *      too many and it is the oldest.
 *
 *    - Requested: the database has no such record, but the routing domain's
 *      records are made when they are needed, by whoever manages the policy,
 *      and a row of Lookup_Request asks for it.  The database is asked again
 *      now and then, and at once when that row goes away.
 *
 *    - Absent: there is no such record.  The switch is told so, the
 *      packets that waited go on, to be dropped there with the right reason,
 *      and the database is not asked again until the entry expires.
 *
 * A tenant can send packets to any number of addresses that do not exist, so
 * everything is bounded for each routing domain by itself: the flood of one
 * tenant does not take anything away from another.
 *
 *
 * What not
 * --------
 *
 * The module talks neither to the database nor to the switch, but through its
 * struct hnv_lazy_handler, and does not know what a record contains.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

enum {
    HNV_LAZY_MAX_ASKED = 64,    /* Unanswered questions, per domain. */
    HNV_LAZY_MAX_ABSENT = 1024, /* Known not to exist, per domain. */
    HNV_LAZY_MAX_PACKETS = 128, /* Packets that wait, per domain. */
    HNV_LAZY_MAX_REQUESTS = 32, /* Open requests, per domain. */
    HNV_LAZY_MAX_ALL_REQUESTS = 1024, /* The same, of this host. */
    HNV_LAZY_ABSENT_MS = 5000,  /* How long an absent entry lasts. */
    HNV_LAZY_ASKED_MS = 2000,   /* How long packets wait for an answer. */
    HNV_LAZY_REQUEST_MS = 5000, /* How long they wait for a new record, */
    HNV_LAZY_AGAIN_MS = 1000,   /* how often the database is asked for it, */
    HNV_LAZY_SETTLE_MS = 300,   /* and for how long when the request is gone,
                                 * since what we ask may be a little behind. */
};

/* What the owner of this module does.  All get the owner's 'aux'. */
struct hnv_lazy_handler {
    /* Asks which record 'ca' has.  Returns false if that is impossible now. */
    bool (*ask)(const struct uuid *routing_domain, const struct in6_addr *ca,
                void *aux);

    /* May the records of 'routing_domain' be requested? */
    bool (*may_request)(const struct uuid *routing_domain, void *aux);

    /* Requests that somebody makes a record for 'ca'.  Called from within
     * hnv_lazy_sync_end(). */
    void (*request)(const struct uuid *routing_domain,
                    const struct in6_addr *ca, void *aux);

    /* Makes the switch know, for a while, that there is no record for 'ca', so
     * that packets to it do not come to us. */
    void (*absent)(const struct uuid *routing_domain,
                   const struct in6_addr *ca, void *aux);

    /* Lets the switch go on with a packet. */
    void (*resume)(const struct ofputil_packet_in *,
                   const struct ofpbuf *continuation, void *aux);
};

struct hnv_lazy *hnv_lazy_create(const struct hnv_lazy_handler *, void *aux);
void hnv_lazy_destroy(struct hnv_lazy *);
void hnv_lazy_set_max_records(struct hnv_lazy *, unsigned int max_records);
void hnv_lazy_run(struct hnv_lazy *);
void hnv_lazy_wait(struct hnv_lazy *);

void hnv_lazy_miss(struct hnv_lazy *, const struct uuid *routing_domain,
                   const struct in6_addr *ca, const struct ofputil_packet_in *,
                   const struct ofpbuf *continuation);
void hnv_lazy_answer(struct hnv_lazy *, const struct uuid *routing_domain,
                     const struct in6_addr *ca, const struct uuid *record);
bool hnv_lazy_has_record(const struct hnv_lazy *, const struct uuid *record);
void hnv_lazy_installed(struct hnv_lazy *, const struct uuid *record);
void hnv_lazy_deleted(struct hnv_lazy *, const struct uuid *record);
void hnv_lazy_retain_domains(struct hnv_lazy *, const struct uuid *domains,
                             size_t n);

unsigned int hnv_lazy_get_requests_seqno(const struct hnv_lazy *);
void hnv_lazy_sync_start(struct hnv_lazy *);
bool hnv_lazy_sync_row(struct hnv_lazy *, const struct uuid *routing_domain,
                       const struct in6_addr *ca);
void hnv_lazy_sync_end(struct hnv_lazy *);

unsigned int hnv_lazy_get_seqno(const struct hnv_lazy *);
void hnv_lazy_get_records(const struct hnv_lazy *, struct uuid **records,
                          size_t *n);
void hnv_lazy_format(const struct hnv_lazy *, struct ds *);

#endif /* hnv-lazy.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_ENGINE_H
#define HNV_ENGINE_H 1

#include <stdbool.h>
#include <stdint.h>
#include "hnv-errors.h"
#include "hnv-misfits.h"

struct simap;

/* What hnv-agent does
 * ===================
 *
 * What
 * ----
 *
 * Connects the modules of hnv-agent to each other:
 *
 *     Open_vSwitch database --> hnv-ovs ----+
 *                                           +-> hnv-snapshot --> policy, host
 *     HNV database ---------+-> hnv-db -----+                        |
 *                           |                                        v
 *                           +-> hnv-feed --> hnv-records ----> hnv-installer
 *                                  ^                                 |
 *                                  |                                 v
 *                               hnv-lazy <-- hnv-packet-in <--- hnv-ofconn
 *
 * and decides when a policy is complete enough to be put in force: the first
 * time, only when all of it is here, since until then an older hnv-agent's
 * flows are better than what would replace them.  A switch that has no such
 * flows gets the records as they arrive, which takes half the time.
 *
 * Changes of the small tables are put in force at once, or a few milliseconds
 * after the one before, so that a burst of them is compiled as one.
 *
 *
 * What not
 * --------
 *
 * What is shown, reported, requested, and learned is in hnv-show, hnv-report,
 * hnv-requests, and hnv-learn.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

struct hnv_engine {
    struct hnv_ovs *ovs;
    struct hnv_db *db;
    struct hnv_feed *feed;
    struct hnv_peers *peers;
    struct hnv_records *records;
    struct hnv_misfits misfits; /* Of 'records', in the policy in force. */
    struct hnv_moves *moves;
    struct hnv_ofconn *ofconn;
    struct hnv_installer *installer;
    struct hnv_lazy *lazy;
    struct hnv_packet_ins *packet_ins;
    struct hnv_report *report;
    struct hnv_zones *zones;
    struct hnv_requests *requests;
    struct hnv_learn *learn;

    unsigned int ovs_seqno;     /* Of 'ovs', when configured from it. */
    unsigned int policy_ovs_seqno; /* Of 'ovs', when the policy was made. */
    unsigned int policy_db_seqno; /* Of 'db', likewise. */
    unsigned int want_db_seqno; /* Of 'db', when 'feed' was told. */
    unsigned int want_lazy_seqno; /* Of 'lazy', likewise. */
    long long int next_policy;  /* Earliest time for the next, in ms. */
    uint64_t trimmed;           /* Changes when memory was given back. */
    int64_t cfg;                /* HNV_Global:cfg of the policy in force. */
    int db_error;               /* Why 'db' has no connection, as logged. */

    struct hnv_errors errors;   /* What is wrong with the policy. */
    struct hnv_errors refused;  /* What the switch refused. */
    unsigned int errors_seqno;  /* Changes when one of them does. */

    struct uuid *fetched;       /* Lazy records to be installed. */
    size_t n_fetched, allocated_fetched;
};

struct hnv_engine *hnv_engine_create(const char *ovs_remote);
void hnv_engine_destroy(struct hnv_engine *);
void hnv_engine_run(struct hnv_engine *);
void hnv_engine_wait(struct hnv_engine *);
void hnv_engine_get_memory_usage(const struct hnv_engine *, struct simap *);

bool hnv_engine_is_settled(const struct hnv_engine *);
void hnv_engine_get_errors(const struct hnv_engine *, struct hnv_errors *);

#endif /* hnv-engine.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_STAGES_H
#define HNV_STAGES_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "openvswitch/uuid.h"

struct json;

/* Which records to ask the database for, in stages
 * ================================================
 *
 * What
 * ----
 *
 * Makes the condition that says which rows of Lookup_Record a host monitors:
 * those of its routing domains, and single ones.
 *
 * A database that is asked for a million records does nothing else for many
 * seconds, since ovsdb-server composes all of its answer before it sends any
 * of it, in more than a kB of memory for each row, and so does the one who
 * receives it.  So the records of a routing domain that is new here are asked
 * for some virtual subnets at a time, while what came before is put into the
 * switch.  The condition of the last stage names the routing domain itself,
 * and stays.
 *
 * A stage costs the server a look at each row that it has, which takes about
 * as long as sending one row in fifteen.  That is why a routing domain has no
 * more than about HNV_STAGE_PARTS stages as long as each brings less than
 * HNV_STAGE_ROWS rows, and one with few virtual subnets has only one.
 *
 *
 * What not
 * --------
 *
 * Conditions are sent, and rows received, by hnv-feed.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from one thread. */

enum {
    HNV_STAGE_ROWS = 250000,    /* What a stage should bring. */
    HNV_STAGE_SUBNETS = 64,     /* Subnets in the first stage, at least. */
    HNV_STAGE_PARTS = 5,        /* And at least one in so many of all. */
};

/* A virtual subnet of a routing domain. */
struct hnv_stage_subnet {
    struct uuid routing_domain;
    uint32_t vsid;
    bool asked;                 /* Is it part of the condition? */
};

struct hnv_stages {
    struct uuid *domains;       /* Routing domains that are wanted. */
    size_t n_domains;
    struct uuid *records;       /* Single records that are wanted. */
    size_t n_records;
    struct uuid *complete;      /* Routing domains in the condition. */
    size_t n_complete;

    struct hnv_stage_subnet *subnets; /* Of domains not in 'complete'. */
    size_t n_subnets;
    size_t n_asked;             /* How many are part of the condition. */
    size_t n_next;              /* How many to add. */
};

/* What a host wants.  The subnets are sorted by VSID. */
struct hnv_wanted {
    const struct uuid *domains;
    size_t n_domains;
    const struct uuid *records;
    size_t n_records;
    const struct hnv_stage_subnet *subnets;
    size_t n_subnets;
};

void hnv_stages_init(struct hnv_stages *);
void hnv_stages_destroy(struct hnv_stages *);

bool hnv_stages_set(struct hnv_stages *, const struct hnv_wanted *);
void hnv_stages_advance(struct hnv_stages *, size_t n_rows);
bool hnv_stages_is_last(const struct hnv_stages *);
bool hnv_stages_is_empty(const struct hnv_stages *);
struct json *hnv_stages_compose(const struct hnv_stages *);

#endif /* hnv-stages.h */

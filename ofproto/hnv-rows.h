/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_ROWS_H
#define HNV_ROWS_H 1

/* Rows of the HNV database as the input of a policy
 * =================================================
 *
 * What
 * ----
 *
 * Copies the rows of an IDL's tables Routing_Domain, Virtual_Subnet, and
 * L2_Record into the plain rows that hnv_policy_create() takes, for all who
 * judge these tables, so that they judge alike: hnv-agent, which acts on them,
 * and hnv-ctl, which says what is in force.
 *
 *
 * What not
 * --------
 *
 * Nothing is checked here, that is the policy's.  What only hnv-agent needs is
 * in hnv-snapshot.h.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the thread that has the IDL. */

#include <stdbool.h>
#include <stddef.h>

#include "hnv-policy.h"

struct ovsdb_idl;
struct uuid;

/* Memory that lasts as long as the input. */
struct hnv_arena {
    void **blocks;
    size_t n, allocated;
};

#define HNV_ARENA_INITIALIZER { NULL, 0, 0 }

void *hnv_arena_add(struct hnv_arena *, void *block);
void *hnv_arena_alloc(struct hnv_arena *, size_t n, size_t size);
void hnv_arena_destroy(struct hnv_arena *);

/* Returns the 'n' strings at 's', which remain the caller's. */
static inline struct hnv_strings
hnv_strings_wrap(char **s, size_t n)
{
    return (struct hnv_strings) { .s = s, .n = n };
}

/* Where rows come from. */
struct hnv_rows {
    const struct ovsdb_idl *idl;
    /* Of which routing domains, or NULL for all. */
    bool (*wants)(const struct uuid *domain, const void *aux);
    const void *aux;
    bool lazy;                  /* What no lookup_mode means. */
};

/* Each adds all rows of a table to the input, which is valid as long as the
 * arena, and as the IDL has not changed. */
void hnv_rows_add_domains(const struct hnv_rows *, struct hnv_arena *,
                          struct hnv_policy_input *);
void hnv_rows_add_subnets(const struct hnv_rows *, struct hnv_arena *,
                          struct hnv_policy_input *);
void hnv_rows_add_l2_records(const struct hnv_rows *, struct hnv_arena *,
                             struct hnv_policy_input *);

#endif /* hnv-rows.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_BUDGET_H
#define HNV_BUDGET_H 1

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/hmap.h"
#include "openvswitch/token-bucket.h"
#include "openvswitch/uuid.h"

/* What each of many may ask of hnv-agent
 * ======================================
 *
 * What
 * ----
 *
 * A token bucket for each of those who ask, such as routing domains or
 * machines, so that one who asks too much takes nothing from the others.  Who
 * asks is told by a UUID, in which whoever has none may put other numbers.
 *
 *
 * What not
 * --------
 *
 * There is no bucket for whoever asked for nothing yet.  Nor are there ever
 * more than HNV_MAX_BUDGETS: before that, all are forgotten.  Who asked for
 * nothing lately has a full bucket anyway.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

enum { HNV_MAX_BUDGETS = 4096 };

/* How much one may ask. */
struct hnv_limit {
    unsigned int rate;          /* Tokens that come in each ms. */
    unsigned int burst;         /* Tokens that there are at most. */
    unsigned int cost;          /* Tokens that it takes to ask once. */
};

struct hnv_budget {
    struct hmap_node node;      /* In 'budgets' of struct hnv_budgets. */
    struct uuid key;
    struct token_bucket bucket;
    uint64_t n_limited;         /* How often it was exceeded. */
};

struct hnv_budgets {
    struct hmap budgets;        /* Contains "struct hnv_budget"s. */
};

void hnv_budgets_init(struct hnv_budgets *);
void hnv_budgets_destroy(struct hnv_budgets *);
bool hnv_budgets_take(struct hnv_budgets *, const struct uuid *key,
                      const struct hnv_limit *);

#endif /* hnv-budget.h */

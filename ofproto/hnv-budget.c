/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-budget.h"

#include <stdlib.h>

#include "timeval.h"
#include "util.h"
#include "uuid.h"

void
hnv_budgets_init(struct hnv_budgets *budgets)
{
    hmap_init(&budgets->budgets);
}

static void
hnv_budgets_clear(struct hnv_budgets *budgets)
{
    struct hnv_budget *budget;

    HMAP_FOR_EACH_POP (budget, node, &budgets->budgets) {
        free(budget);
    }
}

/* Frees all that 'budgets' has, but not 'budgets' itself. */
void
hnv_budgets_destroy(struct hnv_budgets *budgets)
{
    hnv_budgets_clear(budgets);
    hmap_destroy(&budgets->budgets);
}

/* Returns the budget of 'key', a full one by 'limit' if there was none. */
static struct hnv_budget *
hnv_budgets_get(struct hnv_budgets *budgets, const struct uuid *key,
                const struct hnv_limit *limit)
{
    struct hnv_budget *budget;

    HMAP_FOR_EACH_WITH_HASH (budget, node, uuid_hash(key),
                             &budgets->budgets) {
        if (uuid_equals(&budget->key, key)) {
            return budget;
        }
    }
    if (hmap_count(&budgets->budgets) >= HNV_MAX_BUDGETS) {
        hnv_budgets_clear(budgets);
    }
    budget = xzalloc(sizeof *budget);
    budget->key = *key;
    token_bucket_init(&budget->bucket, limit->rate, limit->burst);
    budget->bucket.tokens = limit->burst;
    budget->bucket.last_fill = time_msec();
    hmap_insert(&budgets->budgets, &budget->node, uuid_hash(key));
    return budget;
}

/* Lets 'key', whose limit is always 'limit', ask once.  Returns false if it
 * has asked too much. */
bool
hnv_budgets_take(struct hnv_budgets *budgets, const struct uuid *key,
                 const struct hnv_limit *limit)
{
    struct hnv_budget *budget = hnv_budgets_get(budgets, key, limit);
    bool ok = token_bucket_withdraw(&budget->bucket, limit->cost);

    budget->n_limited += !ok;
    return ok;
}

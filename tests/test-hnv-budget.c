/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-budget.h"

#include <stdio.h>
#include <string.h>

#include "hnvtest.h"
#include "svec.h"
#include "test-nvgre-util.h"
#include "timeval.h"
#include "util.h"
#include "uuid.h"

static struct hnv_budgets budgets;

/* One question each 100 ms, and three at once. */
static const struct hnv_limit limit = { 2, 600, 200 };

/* Prints how many of 'n' questions of 'key' are allowed, and how many were
 * refused since it has had a budget. */
static void
ask(unsigned int key, unsigned int n)
{
    /* Whose first numbers are equal has the same hash. */
    const struct uuid uuid = { .parts = { 1, key, 0, 0 } };
    const struct hnv_budget *budget;
    unsigned int n_ok = 0;

    while (n-- > 0) {
        n_ok += hnv_budgets_take(&budgets, &uuid, &limit);
    }
    HMAP_FOR_EACH (budget, node, &budgets.budgets) {
        if (uuid_equals(&budget->key, &uuid)) {
            printf("%u allowed, %"PRIu64" refused so far\n",
                   n_ok, budget->n_limited);
        }
    }
}

/* "KEY asks N" and "warp MS" do what they say; "others N" has N others ask
 * once. */
static void
budget_line(struct svec *words)
{
    const char *what = words->names[0];

    if (!strcmp(what, "warp")) {
        timeval_warp(test_number(words->names[1]));
    } else if (!strcmp(what, "others")) {
        for (unsigned int i = 0; i < test_number(words->names[1]); i++) {
            const struct uuid uuid = { .parts = { 2 + i, 0, 0, 0 } };

            hnv_budgets_take(&budgets, &uuid, &limit);
        }
        printf("%"PRIuSIZE" budgets\n", hmap_count(&budgets.budgets));
    } else {
        ask(test_number(what), test_number(words->names[2]));
    }
}

static void
test_budget(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    time_msec();                /* The clock has to run before it stops. */
    timeval_stop();
    hnv_budgets_init(&budgets);
    test_each_line(budget_line);
    hnv_budgets_destroy(&budgets);
}

HNVTEST_REGISTER("hnv-budget", test_budget);

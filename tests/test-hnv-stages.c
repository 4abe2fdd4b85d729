/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-stages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hnvtest.h"
#include "openvswitch/json.h"
#include "svec.h"
#include "test-nvgre-util.h"
#include "util.h"

static struct hnv_stages stages;

/* Routing domain or record number N. */
static struct uuid
number_to_uuid(unsigned int n)
{
    return (struct uuid) { .parts = { n, 0, 0, 1 } };
}

/* "want DOMAINS RECORDS": each of DOMAINS is NUMBER:SUBNETS, those of a domain
 * have the VSIDs NUMBER * 10000 and up; RECORDS is how many. */
static bool
want(const struct svec *words)
{
    size_t n_records = test_number(words->names[words->n - 1]);
    size_t n_domains = words->n - 2;
    struct uuid *domains = xcalloc(n_domains + 1, sizeof *domains);
    struct uuid *records = xcalloc(n_records + 1, sizeof *records);
    struct hnv_stage_subnet *subnets = NULL;
    size_t n_subnets = 0, allocated = 0;
    bool changed;

    for (size_t i = 0; i < n_domains; i++) {
        unsigned int number, n;

        ovs_assert(ovs_scan(words->names[i + 1], "%u:%u", &number, &n));
        domains[i] = number_to_uuid(number);
        for (unsigned int j = 0; j < n; j++) {
            if (n_subnets >= allocated) {
                subnets = x2nrealloc(subnets, &allocated, sizeof *subnets);
            }
            subnets[n_subnets++] = (struct hnv_stage_subnet) {
                .routing_domain = domains[i],
                .vsid = number * 10000 + j,
            };
        }
    }
    for (size_t i = 0; i < n_records; i++) {
        records[i] = number_to_uuid(1000000 + i);
    }
    changed = hnv_stages_set(&stages, &(struct hnv_wanted) {
        .domains = domains, .n_domains = n_domains,
        .records = records, .n_records = n_records,
        .subnets = subnets, .n_subnets = n_subnets,
    });
    free(domains);
    free(records);
    free(subnets);
    return changed;
}

/* Prints how many clauses of each kind the condition has. */
static void
print_condition(void)
{
    struct json *condition = hnv_stages_compose(&stages);
    size_t n_domains = 0, n_records = 0, n_subnets = 0;
    long long int last = 0;

    for (size_t i = 0; i < json_array_size(condition); i++) {
        const struct json *clause = json_array_at(condition, i);
        const char *column;

        if (clause->type == JSON_FALSE) {
            printf(" nothing");
            continue;
        }
        ovs_assert(!strcmp(json_string(json_array_at(clause, 1)), "=="));
        column = json_string(json_array_at(clause, 0));
        n_domains += !strcmp(column, "routing_domain");
        n_records += !strcmp(column, "_uuid");
        if (!strcmp(column, "vsid")) {
            long long int vsid = json_integer(json_array_at(clause, 2));

            ovs_assert(vsid > last);
            last = vsid;
            n_subnets++;
        }
    }
    ovs_assert(n_domains + n_records + n_subnets
               == json_array_size(condition) - hnv_stages_is_empty(&stages));
    printf(" domains=%"PRIuSIZE" records=%"PRIuSIZE" subnets=%"PRIuSIZE,
           n_domains, n_records, n_subnets);
    json_destroy(condition);
}

/* Does what a line says, and prints the condition after it. */
static void
stages_line(struct svec *words)
{
    bool changed = true;

    if (!strcmp(words->names[0], "want")) {
        changed = want(words);
    } else if (!strcmp(words->names[0], "rows")) {
        hnv_stages_advance(&stages, test_number(words->names[1]));
    } else {
        ovs_fatal(0, "%s: unknown word", words->names[0]);
    }
    printf("%s", changed ? "ask:" : "as before:");
    print_condition();
    puts(hnv_stages_is_last(&stages) ? " last" : "");
}

static void
test_stages(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    hnv_stages_init(&stages);
    test_each_line(stages_line);
    hnv_stages_destroy(&stages);
}

HNVTEST_REGISTER("hnv-stages", test_stages);

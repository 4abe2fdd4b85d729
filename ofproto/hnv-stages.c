/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-stages.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/json.h"
#include "util.h"
#include "uuid.h"

/* Makes '*stages' want nothing. */
void
hnv_stages_init(struct hnv_stages *stages)
{
    *stages = (struct hnv_stages) { .n_next = HNV_STAGE_SUBNETS };
}

/* Frees what '*stages' points to. */
void
hnv_stages_destroy(struct hnv_stages *stages)
{
    free(stages->domains);
    free(stages->records);
    free(stages->complete);
    free(stages->subnets);
}

static bool
has_uuid(const struct uuid *uuids, size_t n, const struct uuid *uuid)
{
    for (size_t i = 0; i < n; i++) {
        if (uuid_equals(&uuids[i], uuid)) {
            return true;
        }
    }
    return false;
}

static bool
uuids_equal(const struct uuid *a, size_t n_a, const struct uuid *b, size_t n_b)
{
    return n_a == n_b && (!n_a || !memcmp(a, b, n_a * sizeof *a));
}

static struct uuid *
uuids_clone(const struct uuid *uuids, size_t n)
{
    return n ? xmemdup(uuids, n * sizeof *uuids) : NULL;
}

/* All wanted routing domains become part of the condition. */
static void
hnv_stages_complete(struct hnv_stages *stages)
{
    free(stages->complete);
    stages->complete = uuids_clone(stages->domains, stages->n_domains);
    stages->n_complete = stages->n_domains;
    free(stages->subnets);
    stages->subnets = NULL;
    stages->n_subnets = stages->n_asked = 0;
    stages->n_next = HNV_STAGE_SUBNETS;
}

/* Adds up to 'stages->n_next' subnets to the condition, or, if there are not
 * more than that, what they are part of. */
static void
hnv_stages_ask(struct hnv_stages *stages)
{
    size_t n = stages->n_next;

    if (stages->n_subnets - stages->n_asked <= n) {
        hnv_stages_complete(stages);
        return;
    }
    for (size_t i = 0; i < stages->n_subnets && n; i++) {
        if (!stages->subnets[i].asked) {
            stages->subnets[i].asked = true;
            stages->n_asked++;
            n--;
        }
    }
}

/* Replaces 'stages->subnets' by those in 'wanted' that matter. */
static void
hnv_stages_set_subnets(struct hnv_stages *stages,
                       const struct hnv_wanted *wanted)
{
    struct hnv_stage_subnet *subnets
        = xmalloc(MAX(wanted->n_subnets, 1) * sizeof *subnets);
    size_t n = 0, n_asked = 0;

    for (size_t i = 0, old = 0; i < wanted->n_subnets; i++) {
        const struct hnv_stage_subnet *subnet = &wanted->subnets[i];

        if (!has_uuid(stages->domains, stages->n_domains,
                      &subnet->routing_domain)
            || has_uuid(stages->complete, stages->n_complete,
                        &subnet->routing_domain)) {
            continue;
        }
        while (old < stages->n_subnets
               && stages->subnets[old].vsid < subnet->vsid) {
            old++;
        }
        subnets[n] = *subnet;
        subnets[n].asked = (old < stages->n_subnets
                            && stages->subnets[old].vsid == subnet->vsid
                            && stages->subnets[old].asked);
        n_asked += subnets[n++].asked;
    }
    free(stages->subnets);
    stages->subnets = subnets;
    stages->n_subnets = n;
    stages->n_asked = n_asked;
}

/* Makes 'stages' want what 'wanted' says.  Returns true if the condition
 * changed because of that.
 *
 * Subnets only say in which order records are asked for, so nothing changes
 * if nothing else does. */
bool
hnv_stages_set(struct hnv_stages *stages, const struct hnv_wanted *wanted)
{
    size_t n = 0;

    if (uuids_equal(stages->domains, stages->n_domains,
                    wanted->domains, wanted->n_domains)
        && uuids_equal(stages->records, stages->n_records,
                       wanted->records, wanted->n_records)) {
        return false;
    }
    free(stages->domains);
    stages->domains = uuids_clone(wanted->domains, wanted->n_domains);
    stages->n_domains = wanted->n_domains;
    free(stages->records);
    stages->records = uuids_clone(wanted->records, wanted->n_records);
    stages->n_records = wanted->n_records;

    for (size_t i = 0; i < stages->n_complete; i++) {
        if (has_uuid(stages->domains, stages->n_domains,
                     &stages->complete[i])) {
            stages->complete[n++] = stages->complete[i];
        }
    }
    stages->n_complete = n;
    hnv_stages_set_subnets(stages, wanted);
    if (!stages->n_asked) {
        stages->n_next = MAX(HNV_STAGE_SUBNETS,
                             stages->n_subnets / HNV_STAGE_PARTS);
    }
    hnv_stages_ask(stages);
    return true;
}

/* Is the condition the one that stays? */
bool
hnv_stages_is_last(const struct hnv_stages *stages)
{
    return !stages->subnets;
}

/* Does the condition match no row at all? */
bool
hnv_stages_is_empty(const struct hnv_stages *stages)
{
    return (!stages->n_complete && !stages->n_records && !stages->n_asked);
}

/* The database answered the condition, which brought 'n_rows': goes on to the
 * next one.  Only if there is one, see hnv_stages_is_last(). */
void
hnv_stages_advance(struct hnv_stages *stages, size_t n_rows)
{
    size_t fit = stages->n_next * HNV_STAGE_ROWS / MAX(n_rows, 1);

    /* A few subnets do not say much about the others. */
    stages->n_next = MAX(MIN(fit, stages->n_next * 8), 1);
    hnv_stages_ask(stages);
}

static void
add_clause(struct json *condition, const char *column, struct json *value)
{
    json_array_add(condition, json_array_create_3(
                       json_string_create(column), json_string_create("=="),
                       value));
}

static void
add_uuids(struct json *condition, const char *column,
          const struct uuid *uuids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        add_clause(condition, column, json_array_create_2(
                       json_string_create("uuid"),
                       json_string_create_nocopy(
                           xasprintf(UUID_FMT, UUID_ARGS(&uuids[i])))));
    }
}

/* Returns the condition (RFC 7047 section 4.1.12, as ovsdb-server(7) extends
 * it to monitors), which the caller must free. */
struct json *
hnv_stages_compose(const struct hnv_stages *stages)
{
    struct json *condition = json_array_create_empty();

    add_uuids(condition, "routing_domain", stages->complete,
              stages->n_complete);
    add_uuids(condition, "_uuid", stages->records, stages->n_records);
    for (size_t i = 0; i < stages->n_subnets; i++) {
        if (stages->subnets[i].asked) {
            add_clause(condition, "vsid",
                       json_integer_create(stages->subnets[i].vsid));
        }
    }
    if (!json_array_size(condition)) {
        json_array_add(condition, json_boolean_create(false));
    }
    return condition;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Compiles a policy from a file and prints what comes of it. */

#include <config.h>

#include "hnvtest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hnv-compile.h"
#include "hnv-flows.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "random.h"
#include "test-hnv-policy.h"
#include "timeval.h"
#include "util.h"

static void
compile_all(const struct test_policy *p, struct hnv_flows *flows)
{
    hnv_flows_init(flows);
    hnv_compile_shared(p->policy, p->host, p->peers, flows);
    for (size_t i = 0; i < p->n_records; i++) {
        hnv_compile_record(p->policy, p->host, &p->records[i], flows);
    }
}

/* ------------------------------------------------------------------------ */
/* Incremental and full compilation agree.                                  */
/* ------------------------------------------------------------------------ */

/* Adds, or with 'delta' -1 removes, each line of 'ds', which is cleared. */
static void
count_lines(struct shash *lines, struct ds *ds, int delta)
{
    char *save = NULL;
    char *line;

    for (line = strtok_r(ds_cstr(ds), "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        struct shash_node *node = shash_find(lines, line);
        intptr_t n = (node ? (intptr_t) node->data : 0) + delta;

        if (n < 0) {
            ovs_fatal(0, "removes what is not there: %s", line);
        } else if (!n) {
            shash_delete(lines, node);
        } else {
            shash_replace(lines, line, (void *) n);
        }
    }
    ds_clear(ds);
}

static void
count_flows(struct shash *lines, struct hnv_flows *flows, int delta)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (flows->n_duplicates) {
        ovs_fatal(0, "%"PRIuSIZE" flows are duplicates",
                  flows->n_duplicates);
    }
    hnv_flows_format(flows, &ds);
    hnv_groups_format(flows, &ds);
    hnv_meters_format(flows, &ds);
    count_lines(lines, &ds, delta);
    ds_destroy(&ds);
    hnv_flows_clear(flows);
}

/* What a switch has that is only ever told of changes. */
struct incremental {
    struct test_policy *p;
    struct shash lines;         /* All that it has. */
    struct shash units;         /* For each peer and flood, its lines. */
    struct hnv_flows flows;     /* Scratch. */
};

static void
replace_unit(struct incremental *inc, const char *name)
{
    char *old = shash_find_and_delete(&inc->units, name);
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (old) {
        ds_put_cstr(&ds, old);
        count_lines(&inc->lines, &ds, -1);
        free(old);
    }
    hnv_flows_format(&inc->flows, &ds);
    hnv_groups_format(&inc->flows, &ds);
    shash_add(&inc->units, name, xstrdup(ds_cstr(&ds)));
    count_lines(&inc->lines, &ds, 1);
    ds_destroy(&ds);
    hnv_flows_clear(&inc->flows);
}

static void
apply_changes(struct incremental *inc)
{
    struct test_policy *p = inc->p;
    struct hnv_change change;

    while (hnv_peers_next_change(p->peers, &change)) {
        bool flood = change.type == HNV_CHANGE_FLOOD;
        char *name = xasprintf("%d/%u", change.type,
                               flood ? change.vsid : change.peer_id);
        const struct hnv_peer *peer = hnv_peers_find(p->peers,
                                                     change.peer_id);
        const struct hnv_subnet *subnet = hnv_policy_subnet(p->policy,
                                                            change.vsid);

        if (flood && subnet) {
            hnv_compile_flood(p->host, subnet,
                              hnv_peers_members(p->peers, change.vsid),
                              &inc->flows);
        } else if (!flood && peer) {
            hnv_compile_peer(p->host, peer, &inc->flows);
        }
        replace_unit(inc, name);
        free(name);
    }
}

static void
change_record(struct incremental *inc, const struct hnv_record *record,
              int delta)
{
    hnv_compile_record(inc->p->policy, inc->p->host, record, &inc->flows);
    count_flows(&inc->lines, &inc->flows, delta);
}

static void
compare(struct incremental *inc)
{
    struct shash want = SHASH_INITIALIZER(&want);
    struct shash_node *node;

    compile_all(inc->p, &inc->flows);
    count_flows(&want, &inc->flows, 1);
    SHASH_FOR_EACH (node, &want) {
        if (!shash_find(&inc->lines, node->name)) {
            ovs_fatal(0, "incremental lacks: %s", node->name);
        }
    }
    SHASH_FOR_EACH (node, &inc->lines) {
        if (!shash_find(&want, node->name)) {
            ovs_fatal(0, "incremental has too much: %s", node->name);
        }
    }
    shash_destroy(&want);
}

/* Makes 'inc' as if every flood had been told of once, since the root group
 * exists without members, too. */
static void
start_incremental(struct incremental *inc)
{
    struct test_policy *p = inc->p;
    struct hnv_subnet *subnet;

    hnv_compile_base(p->policy, p->host, &inc->flows);
    count_flows(&inc->lines, &inc->flows, 1);
    HMAP_FOR_EACH (subnet, node, &p->policy->subnets) {
        if (hnv_host_has_domain(p->host, subnet->domain->key)) {
            char *name = xasprintf("%d/%u", HNV_CHANGE_FLOOD, subnet->vsid);

            hnv_compile_flood(p->host, subnet,
                              hnv_peers_members(p->peers, subnet->vsid),
                              &inc->flows);
            replace_unit(inc, name);
            free(name);
        }
    }
    apply_changes(inc);
    for (size_t i = 0; i < p->n_records; i++) {
        change_record(inc, &p->records[i], 1);
    }
    compare(inc);
}

/* Gives record 'a', which has none, the place of record 'b'. */
static void
take_place(struct hnv_peers *peers, struct hnv_record *a,
           const struct hnv_record *b)
{
    a->peer = (b->peer
               ? hnv_peers_get(peers, b->peer->pas, b->peer->n_primary,
                               b->peer->n_standby)
               : NULL);
    a->rule = b->rule;
    a->disabled = b->disabled;
    if (a->rule == HNV_RULE_ENCAP && !hnv_address_is_multicast(&a->ca)) {
        hnv_peers_join(peers, a->vsid, a->peer);
    }
}

/* Gives record 'a' the place of record 'b', in place of its own. */
static void
move_record(struct incremental *inc, struct hnv_record *a,
            const struct hnv_record *b)
{
    struct hnv_record old = *a;

    change_record(inc, a, -1);
    take_place(inc->p->peers, a, b);
    a->moved = random_range(2);
    hnv_record_release(inc->p->peers, &old);
    apply_changes(inc);
    change_record(inc, a, 1);
}

/* Changes record 'a' to have the place of record 'b', which gets that of 'a'
 * if no two records can have its own, which is so with IP rewrite. */
static void
change_place(struct incremental *inc, struct hnv_record *a,
             struct hnv_record *b)
{
    struct hnv_record place = *a;

    if (b->rule != HNV_RULE_REWRITE) {
        move_record(inc, a, b);
    } else if (a != b) {
        take_place(inc->p->peers, &place, a);
        move_record(inc, a, b);
        move_record(inc, b, &place);
        hnv_record_release(inc->p->peers, &place);
        apply_changes(inc);
    }
}

/* Checks that no sequence of changes to single records, each applied alone,
 * makes other flows than compiling all anew. */
static void
check_incremental(struct test_policy *p, int n_changes)
{
    struct incremental inc = { .p = p };
    struct shash_node *node;

    shash_init(&inc.lines);
    shash_init(&inc.units);
    hnv_flows_init(&inc.flows);
    start_incremental(&inc);
    random_set_seed(1);
    for (int i = 0; i < n_changes && p->n_records; i++) {
        struct hnv_record *a = &p->records[random_range(p->n_records)];
        struct hnv_record *b = &p->records[random_range(p->n_records)];

        if (hnv_address_is_v4(&a->ca) == hnv_address_is_v4(&b->ca)
            && (hnv_address_is_multicast(&a->ca)
                == hnv_address_is_multicast(&b->ca))) {
            change_place(&inc, a, b);
            if (i % 8 == 0 || i == n_changes - 1) {
                compare(&inc);
            }
        }
    }
    compare(&inc);
    SHASH_FOR_EACH (node, &inc.units) {
        free(node->data);
    }
    shash_destroy(&inc.units);
    shash_destroy(&inc.lines);
    hnv_flows_destroy(&inc.flows);
}

/* ------------------------------------------------------------------------ */
/* Commands.                                                                */
/* ------------------------------------------------------------------------ */

static void
print_errors(const struct test_policy *p)
{
    for (size_t i = 0; i < p->errors.n; i++) {
        const struct hnv_error *error = &p->errors.errors[i];

        printf("%s %s: %s\n",
               error->table ? hnv_row_name(error->table) : "HNV_Global",
               error->row, error->message);
    }
}

/* hnv-compile FILE WHAT: WHAT is errors, flows, groups, meters, or size. */
static void
test_compile(struct ovs_cmdl_context *ctx)
{
    const char *what = ctx->argc > 2 ? ctx->argv[2] : "flows";
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct hnv_flows flows;
    struct test_policy p;

    test_policy_load(&p, ctx->argv[1]);
    compile_all(&p, &flows);
    if (!strcmp(what, "errors")) {
        print_errors(&p);
    } else if (!strcmp(what, "flows")) {
        hnv_flows_format(&flows, &ds);
    } else if (!strcmp(what, "groups")) {
        hnv_groups_format(&flows, &ds);
    } else if (!strcmp(what, "meters")) {
        hnv_meters_format(&flows, &ds);
    } else {
        ds_put_format(&ds, "%"PRIuSIZE" flows, %"PRIuSIZE" groups, %"PRIuSIZE
                      " meters\n", hmap_count(&flows.flows),
                      hmap_count(&flows.groups), hmap_count(&flows.meters));
    }
    fputs(ds_cstr(&ds), stdout);
    ds_destroy(&ds);
    hnv_flows_destroy(&flows);
    check_incremental(&p, ctx->argc > 3 ? atoi(ctx->argv[3]) : 16);
    test_policy_destroy(&p);
}

HNVTEST_REGISTER("hnv-compile", test_compile);

/* hnv-names: the pipeline's names, for checking the manual page and tests. */
static void
test_names(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    for (int i = 0; i < 256; i++) {
        if (hnv_table_name(i)) {
            printf("table %d %s\n", i, hnv_table_name(i));
        }
    }
    for (int i = 1; i < HNV_N_DROPS; i++) {
        ovs_assert(hnv_drop_from_name(hnv_drop_name(i)) == i);
        printf("drop %d %s\n", i, hnv_drop_name(i));
    }
    for (int i = 1; i < HNV_N_ROWS; i++) {
        printf("row %d %s\n", i, hnv_row_name(i));
    }
}

HNVTEST_REGISTER("hnv-names", test_names);

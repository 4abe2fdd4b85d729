/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-flows.h"

#include <stdlib.h>
#include <string.h>

#include "byte-order.h"
#include "flow.h"
#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofpbuf.h"
#include "util.h"

void
hnv_flows_init(struct hnv_flows *flows)
{
    hmap_init(&flows->flows);
    hmap_init(&flows->groups);
    hmap_init(&flows->meters);
    flows->n_duplicates = 0;
}

static void
flow_free(struct hnv_flow *flow)
{
    minimatch_destroy(&flow->match);
    free(flow);
}

static void
buckets_free(struct ofpbuf *buckets, size_t n_buckets)
{
    for (size_t i = 0; i < n_buckets; i++) {
        ofpbuf_uninit(&buckets[i]);
    }
    free(buckets);
}

void
hnv_flows_clear(struct hnv_flows *flows)
{
    struct hnv_flow *flow;
    struct hnv_group *group;
    struct hnv_meter *meter;

    HMAP_FOR_EACH_POP (flow, node, &flows->flows) {
        flow_free(flow);
    }
    HMAP_FOR_EACH_POP (group, node, &flows->groups) {
        buckets_free(group->buckets, group->n_buckets);
        free(group);
    }
    HMAP_FOR_EACH_POP (meter, node, &flows->meters) {
        free(meter);
    }
    flows->n_duplicates = 0;
}

void
hnv_flows_destroy(struct hnv_flows *flows)
{
    hnv_flows_clear(flows);
    hmap_destroy(&flows->flows);
    hmap_destroy(&flows->groups);
    hmap_destroy(&flows->meters);
}

/* ------------------------------------------------------------------------ */
/* Flows.                                                                   */
/* ------------------------------------------------------------------------ */

static uint32_t
hash_flow(const struct hnv_flow *flow)
{
    return minimatch_hash(&flow->match,
                          hash_2words(flow->table_id, flow->priority));
}

static struct hnv_flow *
find_flow(const struct hnv_flows *flows, const struct hnv_flow *like,
          uint32_t hash)
{
    struct hnv_flow *flow;

    HMAP_FOR_EACH_WITH_HASH (flow, node, hash, &flows->flows) {
        if (flow->table_id == like->table_id
            && flow->priority == like->priority
            && minimatch_equal(&flow->match, &like->match)) {
            return flow;
        }
    }
    return NULL;
}

/* Takes over 'flow'. */
static bool
insert_flow(struct hnv_flows *flows, struct hnv_flow *flow)
{
    uint32_t hash = hash_flow(flow);

    if (find_flow(flows, flow, hash)) {
        flows->n_duplicates++;
        flow_free(flow);
        return false;
    }
    hmap_insert(&flows->flows, &flow->node, hash);
    return true;
}

bool
hnv_flows_add(struct hnv_flows *flows, const struct hnv_flow *template,
              const struct match *match, const struct ofpbuf *ofpacts)
{
    struct hnv_flow *flow = xmalloc(sizeof *flow + ofpacts->size);

    *flow = *template;
    flow->ofpacts_len = ofpacts->size;
    nullable_memcpy(flow + 1, ofpacts->data, ofpacts->size);
    minimatch_init(&flow->match, match);
    return insert_flow(flows, flow);
}

const struct hnv_flow *
hnv_flows_find(const struct hnv_flows *flows, const struct hnv_flow *like)
{
    return find_flow(flows, like, hash_flow(like));
}

/* Do 'a' and 'b' mean the same to a switch?  Actions that come back from a
 * switch may differ in memory from those that were sent to it, because some
 * have more than one way to be expressed, but not in OpenFlow. */
static bool
actions_equal(const struct ofpact *a, size_t a_len,
              const struct ofpact *b, size_t b_len)
{
    struct ofpbuf a_of, b_of;
    bool equal;

    if (ofpacts_equal(a, a_len, b, b_len)) {
        return true;
    }
    ofpbuf_init(&a_of, 256);
    ofpbuf_init(&b_of, 256);
    ofpacts_put_openflow_instructions(a, a_len, &a_of, OFP15_VERSION);
    ofpacts_put_openflow_instructions(b, b_len, &b_of, OFP15_VERSION);
    equal = ofpbuf_equal(&a_of, &b_of);
    ofpbuf_uninit(&a_of);
    ofpbuf_uninit(&b_of);
    return equal;
}

bool
hnv_flow_equal(const struct hnv_flow *a, const struct hnv_flow *b)
{
    return (a->cookie == b->cookie && a->hard_timeout == b->hard_timeout
            && actions_equal(hnv_flow_actions(a), a->ofpacts_len,
                             hnv_flow_actions(b), b->ofpacts_len));
}

void
hnv_flows_diff(const struct hnv_flows *have, const struct hnv_flows *want,
               hnv_flow_diff_cb *cb, void *aux)
{
    const struct hnv_flow *flow, *other;

    HMAP_FOR_EACH (flow, node, &have->flows) {
        other = find_flow(want, flow, flow->node.hash);
        if (!other || !hnv_flow_equal(flow, other)) {
            cb(flow, other, aux);
        }
    }
    HMAP_FOR_EACH (flow, node, &want->flows) {
        if (!find_flow(have, flow, flow->node.hash)) {
            cb(NULL, flow, aux);
        }
    }
}

void
hnv_flow_to_mod(const struct hnv_flow *flow, int command,
                struct ofputil_flow_mod *fm)
{
    memset(fm, 0, sizeof *fm);
    minimatch_clone(&fm->match, &flow->match);
    fm->priority = flow->priority;
    fm->table_id = flow->table_id;
    fm->command = command;
    fm->new_cookie = htonll(flow->cookie);
    fm->modify_cookie = command == OFPFC_MODIFY_STRICT;
    fm->hard_timeout = flow->hard_timeout;
    fm->buffer_id = UINT32_MAX;
    fm->out_port = OFPP_ANY;
    fm->out_group = OFPG_ANY;
    if (command != OFPFC_DELETE_STRICT) {
        fm->ofpacts = CONST_CAST(struct ofpact *, hnv_flow_actions(flow));
        fm->ofpacts_len = flow->ofpacts_len;
    }
}

void
hnv_flow_format(const struct hnv_flow *flow, struct ds *ds)
{
    struct ofpact_format_params params = { .s = ds };
    struct match match;

    ds_put_format(ds, "table=%"PRIu8",priority=%"PRIu16",cookie=0x%"PRIx64,
                  flow->table_id, flow->priority, flow->cookie);
    if (flow->hard_timeout) {
        ds_put_format(ds, ",hard_timeout=%"PRIu16, flow->hard_timeout);
    }
    ds_put_char(ds, ',');
    minimatch_expand(&flow->match, &match);
    match_format(&match, NULL, ds, OFP_DEFAULT_PRIORITY);
    ds_chomp(ds, ',');
    ds_put_cstr(ds, ",actions=");
    ofpacts_format(hnv_flow_actions(flow), flow->ofpacts_len, &params);
    ds_put_char(ds, '\n');
}

/* A line of text, and what it is sorted by. */
struct line {
    uint64_t key;
    char *text;
};

static int
compare_lines(const void *a_, const void *b_)
{
    const struct line *a = a_, *b = b_;

    return (a->key != b->key ? (a->key < b->key ? -1 : 1)
            : strcmp(a->text, b->text));
}

/* Appends 'n' lines to 'ds' in order, and frees them. */
static void
put_lines(struct ds *ds, struct line *lines, size_t n)
{
    qsort(lines, n, sizeof *lines, compare_lines);
    for (size_t i = 0; i < n; i++) {
        ds_put_cstr(ds, lines[i].text);
        free(lines[i].text);
    }
    free(lines);
}

void
hnv_flows_format(const struct hnv_flows *flows, struct ds *ds)
{
    struct line *lines = xmalloc(hmap_count(&flows->flows) * sizeof *lines);
    struct hnv_flow *flow;
    size_t n = 0;

    HMAP_FOR_EACH (flow, node, &flows->flows) {
        struct ds line = DS_EMPTY_INITIALIZER;

        hnv_flow_format(flow, &line);
        lines[n].key = (flow->table_id << 16) | (UINT16_MAX - flow->priority);
        lines[n++].text = ds_steal_cstr(&line);
    }
    put_lines(ds, lines, n);
}

/* ------------------------------------------------------------------------ */
/* Groups.                                                                  */
/* ------------------------------------------------------------------------ */

static bool
insert_group(struct hnv_flows *flows, struct hnv_group *group)
{
    if (hnv_flows_find_group(flows, group->id)) {
        flows->n_duplicates++;
        buckets_free(group->buckets, group->n_buckets);
        free(group);
        return false;
    }
    hmap_insert(&flows->groups, &group->node, group->id);
    return true;
}

bool
hnv_flows_add_group(struct hnv_flows *flows, uint32_t id,
                    struct ofpbuf *buckets, size_t n_buckets)
{
    struct hnv_group *group = xmalloc(sizeof *group);

    group->id = id;
    group->buckets = buckets;
    group->n_buckets = n_buckets;
    return insert_group(flows, group);
}

const struct hnv_group *
hnv_flows_find_group(const struct hnv_flows *flows, uint32_t id)
{
    struct hnv_group *group;

    HMAP_FOR_EACH_WITH_HASH (group, node, id, &flows->groups) {
        if (group->id == id) {
            return group;
        }
    }
    return NULL;
}

bool
hnv_group_equal(const struct hnv_group *a, const struct hnv_group *b)
{
    if (a->n_buckets != b->n_buckets) {
        return false;
    }
    for (size_t i = 0; i < a->n_buckets; i++) {
        if (!actions_equal(a->buckets[i].data, a->buckets[i].size,
                           b->buckets[i].data, b->buckets[i].size)) {
            return false;
        }
    }
    return true;
}

void
hnv_groups_diff(const struct hnv_flows *have, const struct hnv_flows *want,
                hnv_group_diff_cb *cb, void *aux)
{
    const struct hnv_group *group, *other;

    HMAP_FOR_EACH (group, node, &have->groups) {
        other = hnv_flows_find_group(want, group->id);
        if (!other || !hnv_group_equal(group, other)) {
            cb(group, other, aux);
        }
    }
    HMAP_FOR_EACH (group, node, &want->groups) {
        if (!hnv_flows_find_group(have, group->id)) {
            cb(NULL, group, aux);
        }
    }
}

void
hnv_group_to_mod(const struct hnv_group *group, int command,
                 struct ofputil_group_mod *gm)
{
    memset(gm, 0, sizeof *gm);
    gm->command = command;
    gm->type = OFPGT11_ALL;
    gm->group_id = group->id;
    gm->command_bucket_id = OFPG15_BUCKET_ALL;
    ovs_list_init(&gm->buckets);
    for (size_t i = 0; command != OFPGC11_DELETE && i < group->n_buckets;
         i++) {
        const struct ofpbuf *actions = &group->buckets[i];
        struct ofputil_bucket *bucket = xzalloc(sizeof *bucket);

        bucket->weight = 0;
        bucket->bucket_id = i;
        bucket->watch_port = OFPP_ANY;
        bucket->watch_group = OFPG_ANY;
        bucket->ofpacts = xmemdup(actions->data, actions->size);
        bucket->ofpacts_len = actions->size;
        ovs_list_push_back(&gm->buckets, &bucket->list_node);
    }
}

void
hnv_groups_format(const struct hnv_flows *flows, struct ds *ds)
{
    struct line *lines = xmalloc(hmap_count(&flows->groups) * sizeof *lines);
    struct hnv_group *group;
    size_t n = 0;

    HMAP_FOR_EACH (group, node, &flows->groups) {
        struct ds line = DS_EMPTY_INITIALIZER;
        struct ofpact_format_params params = { .s = &line };

        ds_put_format(&line, "group_id=%"PRIu32",type=all", group->id);
        for (size_t i = 0; i < group->n_buckets; i++) {
            ds_put_cstr(&line, ",bucket=actions=");
            ofpacts_format(group->buckets[i].data, group->buckets[i].size,
                           &params);
        }
        ds_put_char(&line, '\n');
        lines[n].key = group->id;
        lines[n++].text = ds_steal_cstr(&line);
    }
    put_lines(ds, lines, n);
}

/* ------------------------------------------------------------------------ */
/* Meters.                                                                  */
/* ------------------------------------------------------------------------ */

static bool
insert_meter(struct hnv_flows *flows, struct hnv_meter *meter)
{
    if (hnv_flows_find_meter(flows, meter->id)) {
        flows->n_duplicates++;
        free(meter);
        return false;
    }
    hmap_insert(&flows->meters, &meter->node, meter->id);
    return true;
}

bool
hnv_flows_add_meter(struct hnv_flows *flows, uint32_t id, uint32_t rate,
                    uint32_t burst)
{
    struct hnv_meter *meter = xmalloc(sizeof *meter);

    meter->id = id;
    meter->rate = rate;
    meter->burst = burst;
    return insert_meter(flows, meter);
}

const struct hnv_meter *
hnv_flows_find_meter(const struct hnv_flows *flows, uint32_t id)
{
    struct hnv_meter *meter;

    HMAP_FOR_EACH_WITH_HASH (meter, node, id, &flows->meters) {
        if (meter->id == id) {
            return meter;
        }
    }
    return NULL;
}

void
hnv_meters_diff(const struct hnv_flows *have, const struct hnv_flows *want,
                hnv_meter_diff_cb *cb, void *aux)
{
    const struct hnv_meter *meter, *other;

    HMAP_FOR_EACH (meter, node, &have->meters) {
        other = hnv_flows_find_meter(want, meter->id);
        if (!other || other->rate != meter->rate
            || other->burst != meter->burst) {
            cb(meter, other, aux);
        }
    }
    HMAP_FOR_EACH (meter, node, &want->meters) {
        if (!hnv_flows_find_meter(have, meter->id)) {
            cb(NULL, meter, aux);
        }
    }
}

void
hnv_meters_format(const struct hnv_flows *flows, struct ds *ds)
{
    struct line *lines = xmalloc(hmap_count(&flows->meters) * sizeof *lines);
    struct hnv_meter *meter;
    size_t n = 0;

    HMAP_FOR_EACH (meter, node, &flows->meters) {
        lines[n].key = meter->id;
        lines[n++].text = xasprintf(
            "meter=%"PRIu32",pktps,burst,band=type=drop,rate=%"PRIu32
            ",burst_size=%"PRIu32"\n", meter->id, meter->rate, meter->burst);
    }
    put_lines(ds, lines, n);
}

/* ------------------------------------------------------------------------ */
/* All of them.                                                             */
/* ------------------------------------------------------------------------ */

void
hnv_flows_merge(struct hnv_flows *dst, struct hnv_flows *src)
{
    struct hnv_flow *flow;
    struct hnv_group *group;
    struct hnv_meter *meter;

    HMAP_FOR_EACH_POP (flow, node, &src->flows) {
        insert_flow(dst, flow);
    }
    HMAP_FOR_EACH_POP (group, node, &src->groups) {
        insert_group(dst, group);
    }
    HMAP_FOR_EACH_POP (meter, node, &src->meters) {
        insert_meter(dst, meter);
    }
    dst->n_duplicates += src->n_duplicates;
    src->n_duplicates = 0;
}

size_t
hnv_flows_memory(const struct hnv_flows *flows)
{
    size_t size = (hmap_count(&flows->meters) * sizeof(struct hnv_meter)
                   + (flows->flows.mask + 1) * sizeof(struct hmap_node *));
    struct hnv_group *group;
    struct hnv_flow *flow;

    HMAP_FOR_EACH (flow, node, &flows->flows) {
        size += sizeof *flow + flow->ofpacts_len
                + 2 * (sizeof(struct miniflow)
                       + miniflow_n_values(flow->match.flow)
                         * sizeof(uint64_t));
    }
    HMAP_FOR_EACH (group, node, &flows->groups) {
        size += sizeof *group + group->n_buckets * sizeof *group->buckets;
        for (size_t i = 0; i < group->n_buckets; i++) {
            size += group->buckets[i].allocated;
        }
    }
    return size;
}

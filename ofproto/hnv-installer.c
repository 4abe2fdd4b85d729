/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-installer.h"

#include <inttypes.h>
#include <stdlib.h>

#include "byte-order.h"
#include "coverage.h"
#include "hnv-compile.h"
#include "hnv-delta.h"
#include "hnv-digest.h"
#include "hnv-flows.h"
#include "hnv-host.h"
#include "hnv-ofconn.h"
#include "hnv-peers.h"
#include "hnv-pipeline.h"
#include "hnv-policy.h"
#include "hnv-records.h"
#include "hnv-units.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/poll-loop.h"
#include "packets.h"
#include "util.h"

COVERAGE_DEFINE(hnv_record_compiled);
COVERAGE_DEFINE(hnv_policy_compiled);
COVERAGE_DEFINE(hnv_resync);

/* Records to install in one run, so that other work gets its turn. */
#define HNV_MAX_INSTALL 10000

struct hnv_installer {
    struct hnv_ofconn *ofconn;
    struct hnv_peers *peers;
    struct hnv_records *records;

    /* What is in force.  Both NULL at first. */
    struct hnv_policy *policy;
    struct hnv_host *host;
    struct hnv_units units;

    /* Records that changed, with the flows they had and now have. */
    struct hnv_flows old, new;

    /* Records whose flows are not in the switch. */
    size_t n_missing;
    struct ovs_list missing;    /* Contains "struct hnv_entry"s. */

    uint64_t seqno;             /* Of the last bundle sent. */

    /* What the switch has, while it says so. */
    struct hnv_flows have;
    bool resyncing;
    size_t n_resync_changes;    /* What the last one changed. */
    struct ds resync_log;       /* The same, for people. */
};

/* Returns a new installer, which sends to 'ofconn' the flows of what shares
 * 'peers' and 'records'.  It does nothing before hnv_installer_set_policy().
 * The caller must free it, with hnv_installer_destroy(). */
struct hnv_installer *
hnv_installer_create(struct hnv_ofconn *ofconn, struct hnv_peers *peers,
                     struct hnv_records *records)
{
    struct hnv_installer *inst = xzalloc(sizeof *inst);

    inst->ofconn = ofconn;
    inst->peers = peers;
    inst->records = records;
    ovs_list_init(&inst->missing);
    hnv_units_init(&inst->units);
    hnv_flows_init(&inst->old);
    hnv_flows_init(&inst->new);
    hnv_flows_init(&inst->have);
    ds_init(&inst->resync_log);
    return inst;
}

void
hnv_installer_destroy(struct hnv_installer *inst)
{
    if (inst) {
        hnv_units_destroy(&inst->units);
        hnv_flows_destroy(&inst->old);
        hnv_flows_destroy(&inst->new);
        hnv_flows_destroy(&inst->have);
        ds_destroy(&inst->resync_log);
        hnv_host_destroy(inst->host);
        hnv_policy_destroy(inst->policy);
        free(inst);
    }
}

static bool
hnv_installer_is_active(const struct hnv_installer *inst)
{
    return inst->policy && hnv_ofconn_is_ready(inst->ofconn);
}

static void
set_installed(struct hnv_installer *inst, struct hnv_entry *entry,
              bool installed)
{
    if (entry->installed != installed) {
        if (installed) {
            ovs_list_remove(&entry->missing);
            inst->n_missing--;
        } else {
            ovs_list_push_back(&inst->missing, &entry->missing);
            inst->n_missing++;
        }
        entry->installed = installed;
    }
    entry->n_seen = 0;
}

static void
compile_record(const struct hnv_policy *policy, const struct hnv_host *host,
               const struct hnv_record *record, struct hnv_flows *flows)
{
    COVERAGE_INC(hnv_record_compiled);
    hnv_compile_record(policy, host, record, flows);
}

/* Puts what has changed. */
static void
hnv_installer_flush(struct hnv_installer *inst)
{
    struct hnv_delta delta = { .ofconn = inst->ofconn };

    /* The switch checks that a group exists when it gets a flow, not when it
     * applies the bundle. */
    hnv_units_prepare(&inst->units, &delta);
    if (delta.n) {
        hnv_ofconn_commit(inst->ofconn);
    }
    hnv_units_put(&inst->units, &delta);
    hnv_delta_delete(&delta, &inst->old, &inst->new);
    hnv_delta_add(&delta, &inst->old, &inst->new);
    hnv_units_finish(&inst->units, &delta);
    hnv_flows_clear(&inst->old);
    hnv_flows_clear(&inst->new);
}

/* Does 'flows' have a flow that is about to be put already?  That happens if
 * one record changes twice in one update of the database. */
static bool
is_pending(const struct hnv_installer *inst, const struct hnv_flows *flows)
{
    const struct hnv_flow *flow;

    HMAP_FOR_EACH (flow, node, &flows->flows) {
        if (hnv_flows_find(&inst->new, flow)) {
            return true;
        }
    }
    return false;
}

/* Notes that flows 'old' become 'new', and empties both. */
static void
hnv_installer_replace(struct hnv_installer *inst, struct hnv_flows *old,
                      struct hnv_flows *new)
{
    if (is_pending(inst, old) || is_pending(inst, new)) {
        hnv_installer_flush(inst);
    }
    hnv_flows_merge(&inst->old, old);
    hnv_flows_merge(&inst->new, new);
}

/* 'entry' is new, if 'old' is NULL, or was 'old' until now. */
void
hnv_installer_put_record(struct hnv_installer *inst, struct hnv_entry *entry,
                         const struct hnv_record *old)
{
    struct hnv_flows old_flows, new_flows;

    if (!old) {
        entry->installed = true;
        set_installed(inst, entry, false);
    }
    if (!hnv_installer_is_active(inst)) {
        set_installed(inst, entry, false);
        return;
    }
    if (!old && (hmap_count(&inst->new.flows) >= HNV_MAX_INSTALL
                 || !hnv_ofconn_has_room(inst->ofconn))) {
        return;
    }

    hnv_flows_init(&old_flows);
    hnv_flows_init(&new_flows);
    if (old) {
        compile_record(inst->policy, inst->host, old, &old_flows);
    }
    compile_record(inst->policy, inst->host, &entry->record, &new_flows);
    if (!entry->installed) {
        /* Put all of the new ones, since what the switch has is not known. */
        struct hnv_flows none;

        hnv_flows_init(&none);
        hnv_installer_replace(inst, &old_flows, &none);
        hnv_installer_flush(inst);
        hnv_flows_destroy(&none);
    }
    hnv_installer_replace(inst, &old_flows, &new_flows);
    set_installed(inst, entry, true);
    hnv_flows_destroy(&old_flows);
    hnv_flows_destroy(&new_flows);
}

/* 'entry' is about to go away. */
void
hnv_installer_remove_record(struct hnv_installer *inst,
                            struct hnv_entry *entry)
{
    if (hnv_installer_is_active(inst)) {
        struct hnv_flows old, none;

        hnv_flows_init(&old);
        hnv_flows_init(&none);
        compile_record(inst->policy, inst->host, &entry->record, &old);
        hnv_installer_replace(inst, &old, &none);
        hnv_flows_destroy(&old);
        hnv_flows_destroy(&none);
    }
    set_installed(inst, entry, true);
}

/* Puts 'flows', which are of no record and expire by themselves. */
void
hnv_installer_put_flows(struct hnv_installer *inst,
                        const struct hnv_flows *flows)
{
    if (hnv_installer_is_active(inst)) {
        struct hnv_delta delta = { .ofconn = inst->ofconn };
        struct hnv_flows none;

        hnv_flows_init(&none);
        hnv_delta_add(&delta, &none, flows);
        hnv_flows_destroy(&none);
        inst->seqno = hnv_ofconn_commit(inst->ofconn);
    }
}

/* Notes how the flows of records change because the policy or the host does.
 * Only those in routing domains where something changed that records depend
 * on need to be compiled. */
static void
hnv_installer_update_records(struct hnv_installer *inst,
                             const struct hnv_policy *policy,
                             const struct hnv_host *host)
{
    struct hnv_digests before, after;
    struct hmap_position position = { 0, 0 };
    struct hnv_entry *entry;

    hnv_digests_init(&before, inst->policy, inst->host);
    hnv_digests_init(&after, policy, host);
    if (!hnv_digests_equal(&before, &after)) {
        while ((entry = hnv_records_next(inst->records, &position)) != NULL) {
            uint32_t key = entry->record.domain_key;

            if (entry->installed
                && (hnv_digests_get(&before, key)
                    != hnv_digests_get(&after, key))) {
                struct hnv_flows old, new;

                hnv_flows_init(&old);
                hnv_flows_init(&new);
                compile_record(inst->policy, inst->host, &entry->record,
                               &old);
                compile_record(policy, host, &entry->record, &new);
                hnv_installer_replace(inst, &old, &new);
                hnv_flows_destroy(&old);
                hnv_flows_destroy(&new);
            }
        }
    }
    hnv_digests_destroy(&before);
    hnv_digests_destroy(&after);
}

/* Puts 'policy' and 'host' in force, which 'inst' takes over. */
void
hnv_installer_set_policy(struct hnv_installer *inst,
                         struct hnv_policy *policy, struct hnv_host *host)
{
    COVERAGE_INC(hnv_policy_compiled);
    if (hnv_installer_is_active(inst)) {
        hnv_installer_flush(inst);
        hnv_installer_update_records(inst, policy, host);
    }
    if (inst->policy || hnv_ofconn_is_ready(inst->ofconn)) {
        hnv_units_update_all(&inst->units, policy, host, inst->peers);
    }
    hnv_host_destroy(inst->host);
    hnv_policy_destroy(inst->policy);
    inst->policy = policy;
    inst->host = host;
}

const struct hnv_policy *
hnv_installer_get_policy(const struct hnv_installer *inst)
{
    return inst->policy;
}

const struct hnv_host *
hnv_installer_get_host(const struct hnv_installer *inst)
{
    return inst->host;
}

/* Installs 'entry', of which the switch has 'entry->n_seen' flows already. */
static void
hnv_installer_install(struct hnv_installer *inst, struct hnv_entry *entry,
                      struct hnv_delta *delta, const struct hnv_flows *none)
{
    struct hnv_flows flows;

    hnv_flows_init(&flows);
    compile_record(inst->policy, inst->host, &entry->record, &flows);
    if (hmap_count(&flows.flows) != entry->n_seen) {
        hnv_delta_add(delta, none, &flows);
    }
    hnv_flows_destroy(&flows);
    set_installed(inst, entry, true);
}

/* Installs records that are not in the switch, as many as there is room. */
static void
hnv_installer_install_missing(struct hnv_installer *inst)
{
    struct hnv_delta delta = {
        .ofconn = inst->ofconn,
        .log = inst->resyncing ? &inst->resync_log : NULL,
    };
    struct hnv_flows none;

    hnv_flows_init(&none);
    for (int i = 0; i < HNV_MAX_INSTALL && inst->n_missing
         && hnv_ofconn_has_room(inst->ofconn); i++) {
        struct hnv_entry *entry = CONTAINER_OF(ovs_list_front(&inst->missing),
                                               struct hnv_entry, missing);

        hnv_installer_install(inst, entry, &delta, &none);
    }
    hnv_flows_destroy(&none);

    if (inst->resyncing) {
        inst->n_resync_changes += delta.n;
        inst->resyncing = inst->n_missing > 0;
    }
}

/* Sends what has changed.  The caller must call this often, and then
 * hnv_installer_wait() before it blocks. */
void
hnv_installer_run(struct hnv_installer *inst)
{
    struct hnv_change change;

    if (!hnv_installer_is_active(inst)) {
        return;
    }
    while (hnv_peers_next_change(inst->peers, &change)) {
        hnv_units_update(&inst->units, inst->policy, inst->host, inst->peers,
                         &change);
    }
    if (hnv_units_has_updates(&inst->units)
        || !hmap_is_empty(&inst->old.flows)
        || !hmap_is_empty(&inst->new.flows)) {
        hnv_installer_flush(inst);
    }
    hnv_installer_install_missing(inst);
    inst->seqno = hnv_ofconn_commit(inst->ofconn);
}

/* Arranges for poll_block() to wake up when hnv_installer_run() has work that
 * nothing else wakes up for. */
void
hnv_installer_wait(struct hnv_installer *inst)
{
    if (hnv_installer_is_active(inst) && inst->n_missing
        && hnv_ofconn_has_room(inst->ofconn)) {
        poll_immediate_wake();
    }
}

/* Returns true if the switch has acknowledged all that there is. */
bool
hnv_installer_is_done(const struct hnv_installer *inst)
{
    return (hnv_installer_is_active(inst) && !inst->n_missing
            && !inst->resyncing && !hnv_units_has_updates(&inst->units)
            && hmap_is_empty(&inst->old.flows)
            && hmap_is_empty(&inst->new.flows)
            && hnv_ofconn_get_acked(inst->ofconn) >= inst->seqno);
}

/* What the switch has. */

/* The switch is about to say what it has. */
void
hnv_installer_connected(struct hnv_installer *inst)
{
    struct hmap_position position = { 0, 0 };
    struct hnv_entry *entry;

    COVERAGE_INC(hnv_resync);
    while ((entry = hnv_records_next(inst->records, &position)) != NULL) {
        set_installed(inst, entry, false);
    }
    hnv_flows_clear(&inst->have);
    hnv_flows_clear(&inst->old);
    hnv_flows_clear(&inst->new);
    hnv_units_clear(&inst->units);
    inst->resyncing = true;
    inst->n_resync_changes = 0;
    ds_clear(&inst->resync_log);
}

/* If 'flow' is what a record has, or what is to be replaced by that, notes so
 * and returns true. */
static bool
hnv_installer_match_record(struct hnv_installer *inst,
                           const struct hnv_flow *flow)
{
    struct hnv_entry *entry = NULL;
    struct hnv_cookie cookie;
    bool matched = false;

    if (!inst->policy || !hnv_cookie_decode(flow->cookie, &cookie)
        || cookie.row != HNV_ROW_RECORD) {
        return false;
    }
    while (!matched
           && (entry = hnv_records_find_bits(inst->records, cookie.bits,
                                             entry)) != NULL) {
        const struct hnv_flow *want;
        struct hnv_flows flows;

        hnv_flows_init(&flows);
        compile_record(inst->policy, inst->host, &entry->record, &flows);
        want = hnv_flows_find(&flows, flow);
        if (want) {
            matched = true;
            entry->n_seen += hnv_flow_equal(flow, want);
        }
        hnv_flows_destroy(&flows);
    }
    return matched;
}

/* The switch has the flow 'fs'. */
void
hnv_installer_has_flow(struct hnv_installer *inst,
                       const struct ofputil_flow_stats *fs)
{
    struct hnv_flow flow = {
        .cookie = ntohll(fs->cookie),
        .priority = fs->priority,
        .table_id = fs->table_id,
    };
    struct match match = fs->match;
    const struct hnv_flow *added;
    struct ofpbuf ofpacts;
    struct hnv_flows one;

    /* What expires by itself may stay. */
    if (fs->table_id >= HNV_AGENT_TABLES || fs->hard_timeout) {
        return;
    }
    /* The switch adds to each match that the packet must be Ethernet, which
     * is so in any case. */
    if (match.flow.packet_type == htonl(PT_ETH)) {
        match.wc.masks.packet_type = 0;
    }
    ofpbuf_use_const(&ofpacts, fs->ofpacts, fs->ofpacts_len);
    hnv_flows_init(&one);
    hnv_flows_add(&one, &flow, &match, &ofpacts);
    added = CONTAINER_OF(hmap_first(&one.flows), struct hnv_flow, node);
    if (!hnv_installer_match_record(inst, added)) {
        hnv_flows_merge(&inst->have, &one);
    }
    hnv_flows_destroy(&one);
}

/* The switch has the group 'gd'.  Groups of SDN controllers are left alone:
 * ours have a VSID, or what is none for VMs without one, in their number. */
void
hnv_installer_has_group(struct hnv_installer *inst,
                        const struct ofputil_group_desc *gd)
{
    const struct ofputil_bucket *bucket;
    struct ofpbuf *buckets;
    size_t n = 0;

    if ((gd->group_id & 0xffffff) < HNV_VSID_MIN
        && gd->group_id >> 24 != HNV_GROUP_PASS) {
        return;
    }
    buckets = xmalloc(MAX(ovs_list_size(&gd->buckets), 1) * sizeof *buckets);
    LIST_FOR_EACH (bucket, list_node, &gd->buckets) {
        ofpbuf_init(&buckets[n], bucket->ofpacts_len);
        ofpbuf_put(&buckets[n++], bucket->ofpacts, bucket->ofpacts_len);
    }
    hnv_flows_add_group(&inst->have, gd->group_id, buckets, n);
}

/* The switch has a meter.  It becomes ours if it has the number of one that
 * we need, else it is left alone. */
void
hnv_installer_has_meter(struct hnv_installer *inst, uint32_t id,
                        uint32_t rate, uint32_t burst)
{
    uint32_t key = id & ~hnv_log_meter_id(0);

    if (inst->policy
        && (id == hnv_meter_id(key) || id == hnv_log_meter_id(key))
        && hnv_policy_domain(inst->policy, key)) {
        hnv_flows_add_meter(&inst->have, id, rate, burst);
    }
}

/* The switch has said all. */
void
hnv_installer_has_all(struct hnv_installer *inst)
{
    struct hnv_delta delta = {
        .ofconn = inst->ofconn,
        .log = &inst->resync_log,
    };
    struct hnv_change change;
    struct hnv_flows want;

    /* Everything is compiled anew. */
    while (hnv_peers_next_change(inst->peers, &change)) {
        continue;
    }
    hnv_units_update_all(&inst->units, inst->policy, inst->host, inst->peers);
    hnv_flows_init(&want);
    hnv_compile_shared(inst->policy, inst->host, inst->peers, &want);

    hnv_delta_prepare(&delta, &inst->have, &want);
    hnv_ofconn_commit(inst->ofconn);
    hnv_delta_delete(&delta, &inst->have, &want);
    hnv_delta_add(&delta, &inst->have, &want);
    hnv_delta_finish(&delta, &inst->have, &want);
    inst->n_resync_changes += delta.n;

    hnv_units_finish(&inst->units, NULL);
    hnv_flows_destroy(&want);
    hnv_flows_clear(&inst->have);
}

/* Compares anew what the switch has with what it should have. */
void
hnv_installer_resync(struct hnv_installer *inst)
{
    if (hnv_installer_is_active(inst)) {
        hnv_installer_run(inst);
        hnv_installer_connected(inst);
        hnv_ofconn_dump(inst->ofconn);
    }
}

/* Returns true if the last comparison is done, and if so stores how many
 * changes it took in '*n_changes', and a line for each of the first of them in
 * '*log', which is valid until the next one. */
bool
hnv_installer_get_resync(struct hnv_installer *inst, size_t *n_changes,
                         const char **log)
{
    *n_changes = inst->n_resync_changes;
    *log = ds_cstr(&inst->resync_log);
    return hnv_installer_is_active(inst) && !inst->resyncing;
}

/* Returns the number of flows that are not of records. */
size_t
hnv_installer_count_flows(const struct hnv_installer *inst)
{
    return hnv_units_count_flows(&inst->units);
}

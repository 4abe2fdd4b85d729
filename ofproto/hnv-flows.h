/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_FLOWS_H
#define HNV_FLOWS_H 1

/* A set of OpenFlow flows, groups, and meters
 * ===========================================
 *
 * What
 * ----
 *
 * What a switch should have.  The compiler adds to a set, the agent compares
 * sets and sends the difference, the tests print them.
 *
 * A flow's identity is (table, priority, match), a group's and a meter's is
 * its id.  Adding a flow that the set has already is the compiler's mistake:
 * the first one stays, and the set counts how often that happened, which the
 * tests require to be never.
 *
 *
 * What not
 * --------
 *
 * No connection to a switch, and no knowledge of what flows are for.  The host
 * does not keep the flows of lookup records in a set; it compiles the few of
 * one record when it needs them.
 *
 *
 * Thread-safety
 * -------------
 *
 * A set belongs to one thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/hmap.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-group.h"

struct ds;
struct ofputil_flow_mod;

struct hnv_flow {
    struct hmap_node node;      /* In struct hnv_flows. */
    struct minimatch match;
    uint64_t cookie;            /* Host byte order. */
    uint16_t priority;
    uint16_t hard_timeout;      /* Seconds, or 0. */
    uint32_t ofpacts_len;       /* Bytes. */
    uint8_t table_id;
    /* Followed by 'ofpacts_len' bytes of actions: hnv_flow_actions(). */
};

struct hnv_group {
    struct hmap_node node;      /* In struct hnv_flows. */
    uint32_t id;
    size_t n_buckets;
    struct ofpbuf *buckets;     /* Each holds the ofpacts of one bucket; the
                                 * group's type is OFPGT11_ALL. */
};

struct hnv_meter {
    struct hmap_node node;      /* In struct hnv_flows. */
    uint32_t id;
    uint32_t rate, burst;       /* Packets per second, packets. */
};

struct hnv_flows {
    struct hmap flows;          /* Contains struct hnv_flow. */
    struct hmap groups;         /* Contains struct hnv_group. */
    struct hmap meters;         /* Contains struct hnv_meter. */
    size_t n_duplicates;        /* Additions refused. */
};

void hnv_flows_init(struct hnv_flows *);
void hnv_flows_clear(struct hnv_flows *);
void hnv_flows_destroy(struct hnv_flows *);

/* Adds a flow that matches 'match', whose actions are 'ofpacts'; the set makes
 * copies.  Returns false, and only counts it, if the set has one already. */
bool hnv_flows_add(struct hnv_flows *, const struct hnv_flow *,
                   const struct match *match, const struct ofpbuf *ofpacts);

/* Adds group 'id', which takes over 'buckets' and the buffers in it. */
bool hnv_flows_add_group(struct hnv_flows *, uint32_t id,
                         struct ofpbuf *buckets, size_t n_buckets);
bool hnv_flows_add_meter(struct hnv_flows *, uint32_t id, uint32_t rate,
                         uint32_t burst);

/* Moves everything in 'src' to 'dst', as if added, which empties 'src'. */
void hnv_flows_merge(struct hnv_flows *dst, struct hnv_flows *src);

/* Each returns NULL if there is none. */
const struct hnv_flow *hnv_flows_find(const struct hnv_flows *,
                                      const struct hnv_flow *);
const struct hnv_group *hnv_flows_find_group(const struct hnv_flows *,
                                             uint32_t id);
const struct hnv_meter *hnv_flows_find_meter(const struct hnv_flows *,
                                             uint32_t id);

static inline const struct ofpact *
hnv_flow_actions(const struct hnv_flow *flow)
{
    return (const struct ofpact *) (flow + 1);
}
BUILD_ASSERT_DECL(sizeof(struct hnv_flow) % OFPACT_ALIGNTO == 0);

/* Whether two flows of equal identity do the same, cookie and all. */
bool hnv_flow_equal(const struct hnv_flow *, const struct hnv_flow *);
bool hnv_group_equal(const struct hnv_group *, const struct hnv_group *);

/* What turns 'have' into 'want': calls for each flow to delete ('want' NULL),
 * to add ('have' NULL), or to change. */
typedef void hnv_flow_diff_cb(const struct hnv_flow *have,
                              const struct hnv_flow *want, void *aux);
typedef void hnv_group_diff_cb(const struct hnv_group *have,
                               const struct hnv_group *want, void *aux);
typedef void hnv_meter_diff_cb(const struct hnv_meter *have,
                               const struct hnv_meter *want, void *aux);
void hnv_flows_diff(const struct hnv_flows *have,
                    const struct hnv_flows *want, hnv_flow_diff_cb *,
                    void *aux);
void hnv_groups_diff(const struct hnv_flows *have,
                     const struct hnv_flows *want, hnv_group_diff_cb *,
                     void *aux);
void hnv_meters_diff(const struct hnv_flows *have,
                     const struct hnv_flows *want, hnv_meter_diff_cb *,
                     void *aux);

/* Fills in '*fm' to add, modify, or delete 'flow' ('command' is OFPFC_ADD,
 * OFPFC_MODIFY_STRICT, or OFPFC_DELETE_STRICT).  '*fm' shares the actions of
 * 'flow'; the caller destroys its match with minimatch_destroy(&fm->match). */
void hnv_flow_to_mod(const struct hnv_flow *flow, int command,
                     struct ofputil_flow_mod *fm);

/* Fills in '*gm' to add, modify, or delete 'group' ('command' is OFPGC11_ADD
 * and so on).  The caller calls ofputil_uninit_group_mod(). */
void hnv_group_to_mod(const struct hnv_group *, int command,
                      struct ofputil_group_mod *gm);

/* Append to 'ds' in the syntax of ovs-ofctl's add-flows, add-groups, and
 * add-meter, one a line, sorted by table, falling priority, and text; groups
 * and meters by id. */
void hnv_flow_format(const struct hnv_flow *, struct ds *);
void hnv_flows_format(const struct hnv_flows *, struct ds *);
void hnv_groups_format(const struct hnv_flows *, struct ds *);
void hnv_meters_format(const struct hnv_flows *, struct ds *);

/* Bytes of memory that the set takes. */
size_t hnv_flows_memory(const struct hnv_flows *);

#endif /* hnv-flows.h */

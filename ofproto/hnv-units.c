/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-units.h"

#include <stdlib.h>

#include "hash.h"
#include "hnv-compile.h"
#include "hnv-delta.h"
#include "hnv-host.h"
#include "hnv-peers.h"
#include "hnv-policy.h"
#include "util.h"

enum hnv_unit_type {
    HNV_UNIT_BASE,              /* 'id' is 0. */
    HNV_UNIT_PEER,              /* 'id' is the peer's. */
    HNV_UNIT_FLOOD,             /* 'id' is the VSID. */
};

struct hnv_unit {
    struct hmap_node node;      /* In struct hnv_units. */
    enum hnv_unit_type type;
    uint32_t id;
    struct hnv_flows flows;
};

void
hnv_units_init(struct hnv_units *units)
{
    hmap_init(&units->units);
    hmap_init(&units->updates);
}

static void
hnv_unit_destroy(struct hmap *map, struct hnv_unit *unit)
{
    hmap_remove(map, &unit->node);
    hnv_flows_destroy(&unit->flows);
    free(unit);
}

static void
destroy_all(struct hmap *map)
{
    struct hnv_unit *unit;

    HMAP_FOR_EACH_SAFE (unit, node, map) {
        hnv_unit_destroy(map, unit);
    }
}

void
hnv_units_destroy(struct hnv_units *units)
{
    destroy_all(&units->units);
    destroy_all(&units->updates);
    hmap_destroy(&units->units);
    hmap_destroy(&units->updates);
}

static struct hnv_unit *
find_unit(const struct hmap *map, enum hnv_unit_type type, uint32_t id)
{
    struct hnv_unit *unit;

    HMAP_FOR_EACH_WITH_HASH (unit, node, hash_2words(type, id), map) {
        if (unit->type == type && unit->id == id) {
            return unit;
        }
    }
    return NULL;
}

/* Returns the new version of the unit, empty. */
static struct hnv_flows *
add_update(struct hnv_units *units, enum hnv_unit_type type, uint32_t id)
{
    struct hnv_unit *unit = find_unit(&units->updates, type, id);

    if (unit) {
        hnv_flows_clear(&unit->flows);
    } else {
        unit = xzalloc(sizeof *unit);
        unit->type = type;
        unit->id = id;
        hnv_flows_init(&unit->flows);
        hmap_insert(&units->updates, &unit->node, hash_2words(type, id));
    }
    return &unit->flows;
}

static void
update_peer(struct hnv_units *units, const struct hnv_host *host,
            const struct hnv_peers *peers, uint32_t id)
{
    struct hnv_flows *flows = add_update(units, HNV_UNIT_PEER, id);
    const struct hnv_peer *peer = hnv_peers_find(peers, id);

    if (peer) {
        hnv_compile_peer(host, peer, flows);
    }
}

static void
update_flood(struct hnv_units *units, const struct hnv_policy *policy,
             const struct hnv_host *host, const struct hnv_peers *peers,
             uint32_t vsid)
{
    struct hnv_flows *flows = add_update(units, HNV_UNIT_FLOOD, vsid);
    const struct hnv_subnet *subnet = hnv_policy_subnet(policy, vsid);

    if (subnet && hnv_host_has_domain(host, subnet->domain->key)) {
        hnv_compile_flood(host, subnet, hnv_peers_members(peers, vsid),
                          flows);
    }
}

/* Compiles everything anew. */
void
hnv_units_update_all(struct hnv_units *units, const struct hnv_policy *policy,
                     const struct hnv_host *host,
                     const struct hnv_peers *peers)
{
    const struct hnv_peer *peer = NULL;
    const struct hnv_subnet *subnet;
    struct hnv_unit *unit;

    /* Units of what is gone become empty. */
    HMAP_FOR_EACH (unit, node, &units->units) {
        add_update(units, unit->type, unit->id);
    }

    hnv_compile_base(policy, host, add_update(units, HNV_UNIT_BASE, 0));
    while ((peer = hnv_peers_next(peers, peer)) != NULL) {
        update_peer(units, host, peers, peer->id);
    }
    HMAP_FOR_EACH (subnet, node, &policy->subnets) {
        update_flood(units, policy, host, peers, subnet->vsid);
    }
}

/* Compiles anew what 'change' is about. */
void
hnv_units_update(struct hnv_units *units, const struct hnv_policy *policy,
                 const struct hnv_host *host, const struct hnv_peers *peers,
                 const struct hnv_change *change)
{
    if (change->type == HNV_CHANGE_PEER) {
        update_peer(units, host, peers, change->peer_id);
    } else {
        update_flood(units, policy, host, peers, change->vsid);
    }
}

typedef void delta_func(struct hnv_delta *, const struct hnv_flows *have,
                        const struct hnv_flows *want);

static void
put_all(struct hnv_units *units, struct hnv_delta *delta, delta_func *func)
{
    struct hnv_flows none;
    struct hnv_unit *update;

    hnv_flows_init(&none);
    HMAP_FOR_EACH (update, node, &units->updates) {
        struct hnv_unit *unit = find_unit(&units->units, update->type,
                                          update->id);

        func(delta, unit ? &unit->flows : &none, &update->flows);
    }
    hnv_flows_destroy(&none);
}

/* Puts groups and meters that flows of the new versions need. */
void
hnv_units_prepare(struct hnv_units *units, struct hnv_delta *delta)
{
    put_all(units, delta, hnv_delta_prepare);
}

/* Puts the flows of the new versions. */
void
hnv_units_put(struct hnv_units *units, struct hnv_delta *delta)
{
    put_all(units, delta, hnv_delta_delete);
    put_all(units, delta, hnv_delta_add);
}

/* Puts the removal of groups and meters that only the old versions need,
 * unless 'delta' is NULL, and makes the new versions the current ones. */
void
hnv_units_finish(struct hnv_units *units, struct hnv_delta *delta)
{
    struct hnv_unit *update;

    if (delta) {
        put_all(units, delta, hnv_delta_finish);
    }
    HMAP_FOR_EACH_SAFE (update, node, &units->updates) {
        struct hnv_unit *unit = find_unit(&units->units, update->type,
                                          update->id);

        if (unit) {
            hnv_unit_destroy(&units->units, unit);
        }
        hmap_remove(&units->updates, &update->node);
        hmap_insert(&units->units, &update->node, update->node.hash);
        if (hmap_is_empty(&update->flows.flows)
            && hmap_is_empty(&update->flows.groups)
            && hmap_is_empty(&update->flows.meters)) {
            hnv_unit_destroy(&units->units, update);
        }
    }

    /* Most updates are of a few units, and must not cost what all do. */
    hmap_shrink(&units->updates);
}

/* Is there a new version of anything? */
bool
hnv_units_has_updates(const struct hnv_units *units)
{
    return !hmap_is_empty(&units->updates);
}

/* Forgets all versions, old and new. */
void
hnv_units_clear(struct hnv_units *units)
{
    destroy_all(&units->units);
    destroy_all(&units->updates);
}

size_t
hnv_units_count_flows(const struct hnv_units *units)
{
    const struct hnv_unit *unit;
    size_t n = 0;

    HMAP_FOR_EACH (unit, node, &units->units) {
        n += hmap_count(&unit->flows.flows);
    }
    return n;
}

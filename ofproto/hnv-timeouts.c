/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-timeouts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ovsdb-idl.h"
#include "simap.h"
#include "smap.h"
#include "util.h"
#include "vswitch-idl.h"

#define MARK "hnv-agent"

static struct ovsrec_datapath *
find_datapath(const struct ovsrec_open_vswitch *cfg, const char *type)
{
    for (size_t i = 0; i < cfg->n_datapaths; i++) {
        if (!strcmp(cfg->key_datapaths[i], type)) {
            return cfg->value_datapaths[i];
        }
    }
    return NULL;
}

static bool
is_ours(const struct ovsrec_ct_zone *zone)
{
    return smap_get_bool(&zone->external_ids, MARK, false);
}

static struct ovsrec_ct_zone *
create_zone(struct ovsdb_idl_txn *txn, unsigned int seconds)
{
    static const char *keys[] = {
        "icmp_first", "icmp_reply", "tcp_established", "udp_first",
        "udp_multiple", "udp_single",
    };
    const struct smap ids = SMAP_CONST1(&ids, MARK, "true");
    struct ovsrec_ct_timeout_policy *policy
        = ovsrec_ct_timeout_policy_insert(txn);
    struct ovsrec_ct_zone *zone = ovsrec_ct_zone_insert(txn);
    int64_t values[ARRAY_SIZE(keys)];

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        values[i] = seconds;
    }
    ovsrec_ct_timeout_policy_set_timeouts(policy, keys, values,
                                          ARRAY_SIZE(keys));
    ovsrec_ct_zone_set_timeout_policy(zone, policy);
    ovsrec_ct_zone_set_external_ids(zone, &ids);
    return zone;
}

/* Returns the seconds in 'zone', which is ours, or 0. */
static unsigned int
get_seconds(const struct ovsrec_ct_zone *zone)
{
    const struct ovsrec_ct_timeout_policy *policy = zone->timeout_policy;

    return policy && policy->n_timeouts ? policy->value_timeouts[0] : 0;
}

/* Makes the zones of the datapath 'type' have 'timeouts', a map from zone to
 * seconds, and no other zone one that was set here. */
void
hnv_timeouts_write(struct ovsdb_idl_txn *txn,
                   const struct ovsrec_open_vswitch *cfg, const char *type,
                   const struct simap *timeouts)
{
    struct ovsrec_datapath *dp = find_datapath(cfg, type);
    struct simap want = SIMAP_INITIALIZER(&want);
    struct simap_node *node;

    if (!dp) {
        if (simap_is_empty(timeouts)) {
            return;
        }
        dp = ovsrec_datapath_insert(txn);
        ovsrec_open_vswitch_update_datapaths_setkey(cfg, type, dp);
    }
    SIMAP_FOR_EACH (node, timeouts) {
        simap_put(&want, node->name, node->data);
    }
    for (size_t i = 0; i < dp->n_ct_zones; i++) {
        char name[24];

        snprintf(name, sizeof name, "%"PRId64, dp->key_ct_zones[i]);
        if (!is_ours(dp->value_ct_zones[i])
            || simap_get(&want, name) == get_seconds(dp->value_ct_zones[i])) {
            simap_find_and_delete(&want, name);
        } else if (!simap_contains(&want, name)) {
            ovsrec_datapath_update_ct_zones_delkey(dp, dp->key_ct_zones[i]);
        }
    }
    SIMAP_FOR_EACH (node, &want) {
        ovsrec_datapath_update_ct_zones_setkey(
            dp, strtoul(node->name, NULL, 10), create_zone(txn, node->data));
    }
    simap_destroy(&want);
}

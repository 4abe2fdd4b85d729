/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-outdated.h"

#include "coverage.h"
#include "ofproto/ofproto-dpif.h"
#include "ofproto/ofproto-dpif-xlate-cache.h"

COVERAGE_DEFINE(nvgre_outdated_search);
COVERAGE_DEFINE(nvgre_outdated_flow);

/* At least this many times as long as a search takes passes until the next. */
#define SEARCH_INTERVAL 4

/* Returns whether the caller should search at 'now_us', in microseconds on a
 * monotonic clock.  'seq' is a number that each change makes another one.  If
 * so, the caller calls nvgre_outdated_end() afterward. */
bool
nvgre_outdated_begin(struct nvgre_outdated *o, uint64_t seq,
                     long long int now_us)
{
    if (seq == o->seq || now_us < o->next_us) {
        return false;
    }
    o->seq = seq;
    o->begin_us = now_us;
    COVERAGE_INC(nvgre_outdated_search);
    return true;
}

/* Says that the search is over, at 'now_us', that nvgre_outdated_begin()
 * began. */
void
nvgre_outdated_end(struct nvgre_outdated *o, long long int now_us)
{
    o->next_us = now_us + SEARCH_INTERVAL * (now_us - o->begin_us);
}

static bool
is_gone(const struct xc_entry *entry)
{
    switch (entry->type) {
    case XC_RULE:
        return !cls_rule_visible_in_version(&entry->rule->up.cr,
                                            OVS_VERSION_MAX);
    case XC_GROUP:
        return !versions_visible_in_version(&entry->group.group->up.versions,
                                            OVS_VERSION_MAX);
    case XC_TABLE:
    case XC_BOND:
    case XC_NETDEV:
    case XC_NETFLOW:
    case XC_MIRROR:
    case XC_LEARN:
    case XC_NORMAL:
    case XC_FIN_TIMEOUT:
    case XC_TNL_NEIGH:
    case XC_TUNNEL_HEADER:
    default:
        return false;
    }
}

/* Returns whether a translation that had the side effects 'cache' used an
 * OpenFlow flow or a group that is gone.  'cache' may be NULL, if nobody knows
 * what the translation used. */
bool
nvgre_outdated_check(const struct xlate_cache *cache)
{
    struct ofpbuf entries;
    struct xc_entry *entry;

    if (!cache) {
        return false;
    }
    entries = cache->entries;
    XC_ENTRY_FOR_EACH (entry, &entries) {
        if (is_gone(entry)) {
            COVERAGE_INC(nvgre_outdated_flow);
            return true;
        }
    }
    return false;
}

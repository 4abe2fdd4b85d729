/* SPDX-License-Identifier: Apache-2.0 */

/* Tables DROP and REFUSED: what is dropped by flows that all routing domains
 * share, and copies that Open vSwitch does not output for a controller.
 *
 * A drop should be counted for the tenant whose packet it was.  A flow for
 * each tenant in each place where packets are dropped would do that, at the
 * cost of as many flows again for each peer; here it takes one flow for each
 * tenant and reason, wherever the packet comes from. */

#include <config.h>

#include "hnv-tables.h"

#include "util.h"

static const enum hnv_drop reasons[] = {
    HNV_DROP_SPOOF_IP, HNV_DROP_UNKNOWN_PA, HNV_DROP_SOURCE_UNVERIFIED,
    HNV_DROP_MAC_NOT_HERE, HNV_DROP_NO_ROUTE, HNV_DROP_NO_RECORD,
    HNV_DROP_RECORD_UNUSABLE, HNV_DROP_HOOK_VETO, HNV_DROP_TOO_BIG,
    HNV_DROP_NOT_IP, HNV_DROP_ARP_OTHER, HNV_DROP_NO_FLOOD, HNV_DROP_NO_PEER,
    HNV_DROP_NO_LOCAL_PA, HNV_DROP_UNKNOWN_REWRITE, HNV_DROP_GATEWAY,
    HNV_DROP_UNKNOWN_QUOTE,
};

/* Nothing of the agent's leads to this table (see nvgre-guard.h). */
static void
write_refused(struct hnv_compiler *c)
{
    struct hnv_draft *d = &c->draft;

    for (size_t i = 0; i < c->host->n_domains; i++) {
        const struct hnv_domain *domain = c->host->domains[i];

        hnv_draft_start(d, HNV_TABLE_REFUSED, HNV_PRI_REFUSED_DOMAIN,
                        hnv_cookie_encode(HNV_ROW_DOMAIN, 0, &domain->uuid));
        hnv_match_domain(d, domain->key);
        hnv_draft_drop(d, HNV_DROP_CONTROLLER_OUTPUT);
    }
    hnv_draft_start(d, HNV_TABLE_REFUSED, HNV_PRI_REFUSED_NONE,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
    hnv_draft_drop(d, HNV_DROP_CONTROLLER_OUTPUT);
}

void
hnv_drop_base(struct hnv_compiler *c)
{
    struct hnv_draft *d = &c->draft;

    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        for (size_t j = 0; j < c->host->n_domains; j++) {
            const struct hnv_domain *domain = c->host->domains[j];

            hnv_draft_start(d, HNV_TABLE_DROP, HNV_PRI_DROP_DOMAIN,
                            hnv_cookie_encode(HNV_ROW_DOMAIN, 0,
                                              &domain->uuid));
            hnv_match_domain(d, domain->key);
            match_set_reg(&d->match, 1, reasons[i]);
            hnv_draft_drop(d, reasons[i]);
        }
        hnv_draft_start(d, HNV_TABLE_DROP, HNV_PRI_DROP_NONE,
                        hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
        match_set_reg(&d->match, 1, reasons[i]);
        hnv_draft_drop(d, reasons[i]);
    }
    write_refused(c);
}

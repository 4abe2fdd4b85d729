/* SPDX-License-Identifier: Apache-2.0 */

/* Tables DROP and REFUSED: what is dropped by flows that all routing domains
 * share, of which some are answered, and copies that Open vSwitch does not
 * output for a controller.
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

/* What a machine sent to the router that does not know where to is dropped,
 * but not in silence (RFC 1812 sections 4.3.3.1 and 5.2.7.1, RFC 4443 section
 * 3.1).  What it sent to another MAC, it did not ask the router to forward. */
static void
write_answer(struct hnv_compiler *c, const struct hnv_domain *domain,
             enum hnv_drop reason, enum hnv_op op)
{
    struct hnv_ask ask = {
        .op = op,
        .meter = hnv_compiler_meter(c, domain),
    };
    struct hnv_draft *d = &c->draft;

    for (int v4 = 0; v4 <= 1; v4++) {
        hnv_draft_start(d, HNV_TABLE_DROP, HNV_PRI_DROP_ANSWER,
                        hnv_cookie_encode(HNV_ROW_DOMAIN, reason,
                                          &domain->uuid));
        hnv_match_domain(d, domain->key);
        match_set_reg(&d->match, 1, reason);
        hnv_match_bits(d, MFF_REG2, HNV_FLAG_CHECKED, HNV_FLAG_CHECKED);
        hnv_match_ip(d, v4);
        match_set_dl_dst(&d->match, c->policy->router_mac);
        match_set_nw_frag_masked(&d->match, 0, FLOW_NW_FRAG_LATER);
        hnv_act_ask(d, &ask);
        hnv_draft_add(d);
    }
}

/* With an external router, it is that which machines ask. */
static void
write_answers(struct hnv_compiler *c)
{
    for (size_t i = 0; i < c->host->n_domains; i++) {
        const struct hnv_domain *domain = c->host->domains[i];

        if (!domain->external_router) {
            write_answer(c, domain, HNV_DROP_NO_ROUTE,
                         HNV_OP_NET_UNREACHABLE);
            write_answer(c, domain, HNV_DROP_NO_RECORD,
                         HNV_OP_HOST_UNREACHABLE);
        }
    }
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
    write_answers(c);
    write_refused(c);
}

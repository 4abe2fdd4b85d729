/* SPDX-License-Identifier: Apache-2.0 */

/* Tables FINISH and HOOK_POST: bridge within a VSID, route between VSIDs. */

#include <config.h>

#include "hnv-tables.h"

#include "packets.h"

static void
start(struct hnv_draft *d, int priority, enum hnv_row row,
      const struct uuid *uuid)
{
    hnv_draft_start(d, HNV_TABLE_FINISH, priority,
                    hnv_cookie_encode(row, 0, uuid));
}

/* What RECORD did not find, and what is of no use. */
static void
write_misses(struct hnv_draft *d)
{
    static const enum hnv_kind kinds[] = { HNV_KIND_NONE, HNV_KIND_ABSENT };

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        start(d, HNV_PRI_FINISH_MISS, HNV_ROW_NONE, NULL);
        hnv_match_kind(d, kinds[i]);
        hnv_act_resubmit(d, HNV_TABLE_L2_RECORD);
        hnv_draft_add(d);
    }
    start(d, HNV_PRI_FINISH_UNUSABLE, HNV_ROW_NONE, NULL);
    hnv_match_kind(d, HNV_KIND_UNUSABLE);
    hnv_draft_drop_shared(d, HNV_DROP_RECORD_UNUSABLE);
    start(d, HNV_PRI_FINISH_GATEWAY, HNV_ROW_NONE, NULL);
    hnv_match_kind(d, HNV_KIND_GATEWAY);
    hnv_act_goto(d, HNV_TABLE_GATEWAY);
    hnv_draft_add(d);
    start(d, HNV_PRI_FINISH_ARP, HNV_ROW_NONE, NULL);
    match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
    hnv_draft_drop_shared(d, HNV_DROP_ARP_OTHER);
    start(d, HNV_PRI_FINISH_NONE, HNV_ROW_NONE, NULL);
    hnv_draft_drop_shared(d, HNV_DROP_NOT_IP);
}

static void
match_flag(struct hnv_draft *d, enum hnv_flag flag)
{
    hnv_match_bits(d, MFF_REG2, flag, flag);
}

/* What goes to a next hop by IP rewrite would arrive with the next hop's own
 * address as its destination. */
static void
write_next_hop(struct hnv_draft *d)
{
    start(d, HNV_PRI_FINISH_REWRITE, HNV_ROW_NONE, NULL);
    match_flag(d, HNV_FLAG_ROUTE);
    hnv_match_kind(d, HNV_KIND_REWRITE);
    hnv_draft_drop_shared(d, HNV_DROP_UNKNOWN_REWRITE);
}

/* A machine that probes for its own address (RFC 5227, RFC 4862) must not hear
 * that somebody has it, not even if its record is not usable. */
static void
write_self(struct hnv_draft *d, const struct hnv_lport *lport)
{
    static const enum hnv_flag flags[] = { HNV_FLAG_ARP, HNV_FLAG_ND };

    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        start(d, HNV_PRI_FINISH_SELF, HNV_ROW_PORT, &lport->port->uuid);
        match_flag(d, flags[i]);
        match_set_reg(&d->match, 14, lport->vport);
        match_set_xreg(&d->match, 6, eth_addr_to_uint64(lport->port->mac));
        hnv_draft_drop(d, HNV_DROP_ARP_SELF);
    }
}

static void
write_answers(struct hnv_draft *d, const struct hnv_subnet *subnet)
{
    start(d, HNV_PRI_FINISH_ANSWER, HNV_ROW_SUBNET, &subnet->uuid);
    match_flag(d, HNV_FLAG_ARP);
    match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
    hnv_match_vsids(d, subnet->vsid, subnet->vsid);
    hnv_act_goto(d, HNV_TABLE_ARP_REPLY);
    hnv_draft_add(d);

    start(d, HNV_PRI_FINISH_ANSWER, HNV_ROW_SUBNET, &subnet->uuid);
    match_flag(d, HNV_FLAG_ND);
    hnv_match_vsids(d, subnet->vsid, subnet->vsid);
    hnv_act_goto(d, HNV_TABLE_ND_REPLY);
    hnv_draft_add(d);
}

static void
write_not_answered(struct hnv_draft *d)
{
    static const enum hnv_flag flags[] = { HNV_FLAG_ARP, HNV_FLAG_ND };

    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        start(d, HNV_PRI_FINISH_ANSWER_NOT, HNV_ROW_NONE, NULL);
        match_flag(d, flags[i]);
        hnv_draft_drop_shared(d, HNV_DROP_ARP_OTHER);
    }
}

/* Neither MAC addresses nor the TTL change within a VSID, unless the machine
 * believes that its neighbor, which is its next hop, is behind the router. */
static void
write_bridge(struct hnv_compiler *c, const struct hnv_subnet *subnet)
{
    struct hnv_draft *d = &c->draft;

    start(d, HNV_PRI_FINISH_BRIDGE_ROUTER, HNV_ROW_SUBNET, &subnet->uuid);
    hnv_match_vsids(d, subnet->vsid, subnet->vsid);
    match_set_dl_dst(&d->match, c->policy->router_mac);
    hnv_act_move(d, MFF_XREG6, MFF_ETH_DST, 48);
    hnv_act_goto(d, HNV_TABLE_HOOK_POST);
    hnv_draft_add(d);

    start(d, HNV_PRI_FINISH_BRIDGE, HNV_ROW_SUBNET, &subnet->uuid);
    hnv_match_vsids(d, subnet->vsid, subnet->vsid);
    hnv_act_goto(d, HNV_TABLE_HOOK_POST);
    hnv_draft_add(d);
}

static void
write_ttl(struct hnv_compiler *c, const struct hnv_domain *domain, bool v4)
{
    struct hnv_ask ask = {
        .op = HNV_OP_TIME_EXCEEDED,
        .meter = hnv_compiler_meter(c, domain),
    };
    struct hnv_draft *d = &c->draft;

    for (uint8_t ttl = 0; ttl <= 1; ttl++) {
        hnv_draft_start(d, HNV_TABLE_FINISH, HNV_PRI_FINISH_TTL,
                        hnv_cookie_encode(HNV_ROW_DOMAIN, HNV_DROP_TTL,
                                          &domain->uuid));
        hnv_match_domain(d, domain->key);
        hnv_match_ip(d, v4);
        match_set_nw_ttl(&d->match, ttl);
        hnv_act_ask(d, &ask);
        hnv_draft_add(d);
    }
}

static void
write_routed(struct hnv_compiler *c, const struct hnv_domain *domain, bool v4)
{
    struct hnv_draft *d = &c->draft;

    if (!domain->keep_ttl) {
        write_ttl(c, domain, v4);
    }
    start(d, domain->keep_ttl ? HNV_PRI_FINISH_NO_TTL : HNV_PRI_FINISH_ROUTE,
          HNV_ROW_DOMAIN, &domain->uuid);
    hnv_match_domain(d, domain->key);
    hnv_match_ip(d, v4);
    if (!domain->keep_ttl) {
        hnv_act_dec_ttl(d);
    }
    if (!domain->keep_mac) {
        hnv_act_set_mac(d, MFF_ETH_SRC, c->policy->router_mac);
    }
    hnv_act_move(d, MFF_XREG6, MFF_ETH_DST, 48);
    hnv_act_goto(d, HNV_TABLE_HOOK_POST);
    hnv_draft_add(d);
}

static void
write_hook(struct hnv_draft *d)
{
    hnv_draft_start(d, HNV_TABLE_HOOK_POST, HNV_PRI_HOOK_POST_ALL,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
    hnv_act_hook(d, HNV_HOOK_TABLE_POST);
    hnv_act_goto(d, HNV_TABLE_OUTPUT);
    hnv_draft_add(d);
}

void
hnv_finish_base(struct hnv_compiler *c)
{
    const struct hnv_lport *lport;

    hnv_draft_gate(&c->draft, HNV_TABLE_FINISH, HNV_PRI_FINISH_UNCHECKED);
    write_misses(&c->draft);
    write_next_hop(&c->draft);
    write_not_answered(&c->draft);
    write_hook(&c->draft);
    HNV_FOR_EACH_LPORT (lport, c->host) {
        write_self(&c->draft, lport);
    }
    for (size_t i = 0; i < c->host->n_domains; i++) {
        const struct hnv_domain *domain = c->host->domains[i];

        write_routed(c, domain, false);
        write_routed(c, domain, true);
        for (size_t j = 0; j < domain->n_subnets; j++) {
            if (hnv_host_has_subnet(c->host, domain->subnets[j])) {
                write_answers(&c->draft, domain->subnets[j]);
                write_bridge(c, domain->subnets[j]);
            }
        }
    }
}

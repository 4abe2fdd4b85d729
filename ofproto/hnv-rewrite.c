/* SPDX-License-Identifier: Apache-2.0 */

/* Tables REWRITE_IN_DST, REWRITE_IN_SRC, REWRITE_OUT, and PA_NEIGHBOR: IP
 * rewrite, where each customer address has a provider address of its own and
 * packets are not encapsulated.  The switch corrects the checksums.
 *
 * Table QUOTE: what an ICMP error quotes has addresses as well.  It is the
 * agent that rewrites those, before the tables rewrite the error's own. */

#include <config.h>

#include "hnv-tables.h"

#include <netinet/icmp6.h>

#include "hnv-quote.h"
#include "packets.h"

static void
write_drop(struct hnv_draft *d, enum hnv_table table, int priority)
{
    hnv_draft_start(d, table, priority,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
    hnv_draft_drop_shared(d, HNV_DROP_UNKNOWN_REWRITE);
}

static void
write_neighbor(struct hnv_compiler *c, const struct hnv_neighbor *neighbor)
{
    struct hnv_draft *d = &c->draft;

    hnv_draft_start(d, HNV_TABLE_PA_NEIGHBOR, HNV_PRI_PA_NEIGHBOR_KNOWN,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
    hnv_match_ip_dst(d, &neighbor->pa);
    hnv_act_set_mac(d, MFF_ETH_DST, neighbor->mac);
    hnv_act_output(d, c->host->rewrite_port);
    hnv_draft_add(d);
}

/* ------------------------------------------------------------------------ */
/* ICMP errors.                                                             */
/* ------------------------------------------------------------------------ */

enum { QUOTE_FLAGS = HNV_FLAG_ERROR | HNV_FLAG_QUOTE };

/* Writes the flow that has ICMP errors of 'type' rewritten inside before they
 * come to 'table' again. */
static void
write_error(struct hnv_draft *d, enum hnv_table table, bool v4, uint8_t type)
{
    hnv_draft_start(d, table, HNV_PRI_REWRITE_IN_SRC_QUOTE,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
    hnv_match_bits(d, MFF_REG2, 0, HNV_FLAG_ERROR);
    hnv_match_proto(d, v4, v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
    match_set_icmp_type(&d->match, type);
    hnv_act_set_bits(d, MFF_REG2, HNV_FLAG_ERROR, QUOTE_FLAGS);
    hnv_act_resubmit(d, HNV_TABLE_QUOTE);
    hnv_act_resubmit(d, table);
    hnv_draft_add(d);
}
BUILD_ASSERT_DECL(HNV_PRI_REWRITE_IN_SRC_QUOTE
                  == (int) HNV_PRI_REWRITE_OUT_QUOTE);
BUILD_ASSERT_DECL(HNV_PRI_REWRITE_IN_SRC_QUOTE_NOT
                  == (int) HNV_PRI_REWRITE_OUT_QUOTE_NOT);

/* A router of the provider network has no CA. */
static void
write_router(struct hnv_compiler *c, bool v4)
{
    struct hnv_draft *d = &c->draft;

    hnv_draft_start(d, HNV_TABLE_REWRITE_IN_SRC, HNV_PRI_REWRITE_IN_SRC_ROUTER,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
    hnv_match_bits(d, MFF_REG2, HNV_FLAG_QUOTE, HNV_FLAG_QUOTE);
    hnv_match_ip(d, v4);
    hnv_act_move(d, v4 ? MFF_REG4 : MFF_XXREG1,
                 v4 ? MFF_IPV4_SRC : MFF_IPV6_SRC, 0);
    hnv_act_set_mac(d, MFF_ETH_SRC, c->policy->router_mac);
    hnv_act_checked(d);
    hnv_act_goto(d, HNV_TABLE_ACL_IN);
    hnv_draft_add(d);
}

static void
write_quote(struct hnv_compiler *c, const struct hnv_domain *domain)
{
    struct hnv_ask ask = {
        .op = HNV_OP_QUOTE,
        .meter = hnv_compiler_meter(c, domain),
        .pause = true,
    };
    struct hnv_draft *d = &c->draft;

    hnv_draft_start(d, HNV_TABLE_QUOTE, HNV_PRI_QUOTE_DOMAIN,
                    hnv_cookie_encode(HNV_ROW_DOMAIN, 0, &domain->uuid));
    hnv_match_domain(d, domain->key);
    hnv_match_bits(d, MFF_REG2, HNV_FLAG_ERROR, QUOTE_FLAGS);
    hnv_act_ask(d, &ask);
    hnv_draft_add(d);
}

static void
write_errors(struct hnv_compiler *c)
{
    static const enum hnv_table tables[] = {
        HNV_TABLE_REWRITE_IN_SRC, HNV_TABLE_REWRITE_OUT
    };
    struct hnv_draft *d = &c->draft;

    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        hnv_draft_start(d, tables[i], HNV_PRI_REWRITE_IN_SRC_QUOTE_NOT,
                        hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
        hnv_match_bits(d, MFF_REG2, HNV_FLAG_ERROR, QUOTE_FLAGS);
        hnv_draft_drop_shared(d, HNV_DROP_UNKNOWN_QUOTE);
        for (uint8_t type = 0; type < 128; type++) {
            for (int v4 = 0; v4 <= 1; v4++) {
                if (hnv_quote_is_error(v4, type)) {
                    write_error(d, tables[i], v4, type);
                }
            }
        }
    }
    for (int v4 = 0; v4 <= 1; v4++) {
        write_router(c, v4);
    }
    for (size_t i = 0; i < c->host->n_domains; i++) {
        write_quote(c, c->host->domains[i]);
    }
}

/* ------------------------------------------------------------------------ */
/* The base and records.                                                    */
/* ------------------------------------------------------------------------ */

void
hnv_rewrite_base(struct hnv_compiler *c)
{
    struct hnv_draft *d = &c->draft;

    hnv_draft_start(d, HNV_TABLE_REWRITE_IN_DST,
                    HNV_PRI_REWRITE_IN_DST_ARP_NOT,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
    match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
    hnv_draft_drop(d, HNV_DROP_NOT_OURS);
    hnv_draft_start(d, HNV_TABLE_REWRITE_IN_DST,
                    HNV_PRI_REWRITE_IN_DST_ARP_NOT,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
    hnv_match_icmp6(d, ND_NEIGHBOR_SOLICIT);
    hnv_draft_drop(d, HNV_DROP_NOT_OURS);
    hnv_draft_gate(d, HNV_TABLE_REWRITE_OUT, HNV_PRI_REWRITE_OUT_UNCHECKED);
    hnv_draft_gate(d, HNV_TABLE_PA_NEIGHBOR, HNV_PRI_PA_NEIGHBOR_UNCHECKED);
    write_drop(d, HNV_TABLE_REWRITE_IN_DST, HNV_PRI_REWRITE_IN_DST_NONE);
    write_drop(d, HNV_TABLE_REWRITE_IN_SRC, HNV_PRI_REWRITE_IN_SRC_NONE);
    write_drop(d, HNV_TABLE_REWRITE_OUT, HNV_PRI_REWRITE_OUT_NONE);
    if (c->host->rewrite_port == OFPP_NONE) {
        return;
    }
    for (size_t i = 0; i < c->host->n_neighbors; i++) {
        write_neighbor(c, &c->host->neighbors[i]);
    }
    write_errors(c);
    hnv_draft_start(d, HNV_TABLE_PA_NEIGHBOR, HNV_PRI_PA_NEIGHBOR_NONE,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
    hnv_act_set_mac(d, MFF_ETH_DST, c->host->pa_mac);
    hnv_act_output(d, c->host->rewrite_port);
    hnv_draft_add(d);
}

/* Returns where the provider network finds a record's machine. */
static struct eth_addr
shown_mac(const struct hnv_compiler *c, const struct hnv_record *record)
{
    return record->use_vm_mac ? record->mac : c->host->rewrite_mac;
}

/* The provider network asks for the PA of a local machine. */
static void
write_answer(struct hnv_compiler *c, const struct hnv_located *l,
             const struct in6_addr *pa)
{
    bool v4 = hnv_address_is_v4(pa);
    struct hnv_draft *d = &c->draft;

    hnv_draft_start(d, HNV_TABLE_REWRITE_IN_DST, HNV_PRI_REWRITE_IN_DST_ARP,
                    l->cookie);
    if (v4) {
        match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
        match_set_nw_proto(&d->match, ARP_OP_REQUEST);
        match_set_nw_dst(&d->match, in6_addr_get_mapped_ipv4(pa));
    } else {
        hnv_match_icmp6(d, ND_NEIGHBOR_SOLICIT);
        match_set_nd_target(&d->match, pa);
    }
    hnv_act_set_address(d, MFF_REG4, MFF_XXREG1, pa);
    hnv_act_set_mac(d, MFF_XREG6, shown_mac(c, l->record));
    hnv_act_checked(d);
    hnv_act_goto(d, v4 ? HNV_TABLE_ARP_REPLY : HNV_TABLE_ND_REPLY);
    hnv_draft_add(d);
}

/* Lets in what is for the machine by its own MAC, at its own PA only: tenants
 * may have the same MAC. */
static void
write_shown(struct hnv_compiler *c, const struct hnv_located *l,
            const struct in6_addr *pa)
{
    struct hnv_draft *d = &c->draft;

    hnv_draft_start(d, HNV_TABLE_CLASSIFY, HNV_PRI_CLASSIFY_REWRITE_VM,
                    l->cookie);
    match_set_in_port(&d->match, c->host->rewrite_port);
    match_set_dl_dst(&d->match, l->record->mac);
    hnv_match_ip_dst(d, pa);
    hnv_act_goto(d, HNV_TABLE_REWRITE_IN_DST);
    hnv_draft_add(d);
}

static void
write_local(struct hnv_compiler *c, const struct hnv_located *l,
            const struct in6_addr *pa)
{
    const struct hnv_record *record = l->record;
    bool v4 = hnv_address_is_v4(pa);
    struct hnv_draft *d = &c->draft;

    hnv_draft_start(d, HNV_TABLE_REWRITE_IN_DST,
                    HNV_PRI_REWRITE_IN_DST_RECORD, l->cookie);
    hnv_match_ip_dst(d, pa);
    hnv_act_set(d, MFF_METADATA, record->domain_key);
    hnv_act_set(d, MFF_REG0, record->vsid);
    hnv_act_set(d, MFF_REG15, l->lport->vport);
    hnv_act_set_address(d, MFF_IPV4_DST, MFF_IPV6_DST, &record->ca);
    hnv_act_set_mac(d, MFF_ETH_DST, record->mac);
    hnv_act_goto(d, HNV_TABLE_REWRITE_IN_SRC);
    hnv_draft_add(d);

    hnv_draft_start(d, HNV_TABLE_REWRITE_OUT, HNV_PRI_REWRITE_OUT_RECORD,
                    l->cookie);
    match_set_reg(&d->match, 14, l->lport->vport);
    hnv_match_ip_src(d, &record->ca);
    hnv_act_set_address(d, MFF_IPV4_SRC, MFF_IPV6_SRC, pa);
    hnv_act_move(d, v4 ? MFF_REG8 : MFF_XXREG2,
                 v4 ? MFF_IPV4_DST : MFF_IPV6_DST, 0);
    hnv_act_set_mac(d, MFF_ETH_SRC, shown_mac(c, record));
    hnv_act_goto(d, HNV_TABLE_PA_NEIGHBOR);
    hnv_draft_add(d);
    write_answer(c, l, pa);
    if (record->use_vm_mac) {
        write_shown(c, l, pa);
    }
}

/* Within a VSID a machine sees the sender's own MAC, else the router's. */
static void
write_remote(struct hnv_compiler *c, const struct hnv_located *l,
             const struct in6_addr *pa)
{
    const struct hnv_record *record = l->record;
    struct hnv_draft *d = &c->draft;

    for (int bridge = 0; bridge <= 1; bridge++) {
        hnv_draft_start(d, HNV_TABLE_REWRITE_IN_SRC,
                        bridge ? HNV_PRI_REWRITE_IN_SRC_BRIDGE
                               : HNV_PRI_REWRITE_IN_SRC_ROUTE, l->cookie);
        hnv_match_domain(d, record->domain_key);
        hnv_match_ip_src(d, pa);
        if (bridge) {
            match_set_reg(&d->match, 0, record->vsid);
        }
        hnv_act_set_address(d, MFF_IPV4_SRC, MFF_IPV6_SRC, &record->ca);
        hnv_act_set_mac(d, MFF_ETH_SRC, bridge ? record->mac
                                               : c->policy->router_mac);
        hnv_act_checked(d);
        hnv_act_goto(d, HNV_TABLE_ACL_IN);
        hnv_draft_add(d);
    }
}

/* No host would take from the tunnel what a machine with IP rewrite sent,
 * since its provider address is not a host's. */
static void
write_not_encap(struct hnv_compiler *c, const struct hnv_located *l)
{
    struct hnv_draft *d = &c->draft;

    hnv_draft_start(d, HNV_TABLE_OUTPUT, HNV_PRI_OUTPUT_ENCAP_NOT, l->cookie);
    hnv_match_domain(d, l->record->domain_key);
    hnv_match_kind(d, HNV_KIND_ENCAP);
    match_set_reg(&d->match, 14, l->lport->vport);
    hnv_match_ip_src(d, &l->record->ca);
    hnv_draft_drop(d, HNV_DROP_REWRITE_TO_ENCAP);
}

void
hnv_rewrite_record(struct hnv_compiler *c, const struct hnv_located *l)
{
    if (l->record->rule != HNV_RULE_REWRITE) {
        return;
    }
    if (l->kind == HNV_KIND_LOCAL) {
        write_not_encap(c, l);
    }
    if (c->host->rewrite_port == OFPP_NONE) {
        return;
    }
    if (l->kind == HNV_KIND_LOCAL) {
        write_local(c, l, &l->record->peer->pas[0]);
    } else if (l->kind == HNV_KIND_REWRITE) {
        write_remote(c, l, &l->record->peer->pas[0]);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Tables RECORD4, RECORD6, MISS, L2_SOURCE, and L2_RECORD: where is an
 * address? */

#include <config.h>

#include "hnv-tables.h"

#include "hnv-compile.h"
#include "packets.h"

/* ------------------------------------------------------------------------ */
/* RECORD4, RECORD6, and MISS.                                              */
/* ------------------------------------------------------------------------ */

static void
start_record(struct hnv_draft *d, int priority, uint64_t cookie,
             uint32_t domain_key, const struct in6_addr *ca)
{
    bool v4 = hnv_address_is_v4(ca);

    hnv_draft_start(d, v4 ? HNV_TABLE_RECORD4 : HNV_TABLE_RECORD6, priority,
                    cookie);
    hnv_match_domain(d, domain_key);
    hnv_match_key(d, ca);
}
BUILD_ASSERT_DECL(HNV_PRI_RECORD4_RECORD == (int) HNV_PRI_RECORD6_RECORD);
BUILD_ASSERT_DECL(HNV_PRI_RECORD4_GATEWAY == (int) HNV_PRI_RECORD6_GATEWAY);
BUILD_ASSERT_DECL(HNV_PRI_RECORD4_ABSENT == (int) HNV_PRI_RECORD6_ABSENT);
BUILD_ASSERT_DECL(HNV_PRI_RECORD4_DYNAMIC == (int) HNV_PRI_RECORD6_DYNAMIC);

/* The one flow that everybody asks for a record. */
void
hnv_lookup_record(struct hnv_compiler *c, const struct hnv_located *l)
{
    const struct hnv_record *record = l->record;
    struct hnv_draft *d = &c->draft;

    start_record(d, HNV_PRI_RECORD4_RECORD, l->cookie, record->domain_key,
                 &record->ca);
    hnv_act_set(d, MFF_REG1, hnv_kind_and_vsid(l->kind, record->vsid));
    if (l->kind == HNV_KIND_LOCAL) {
        hnv_act_set(d, MFF_REG15, l->lport->vport);
    } else if (l->kind == HNV_KIND_ENCAP) {
        hnv_act_set(d, MFF_REG3, record->peer->id);
    } else if (l->kind == HNV_KIND_REWRITE) {
        hnv_act_set_address(d, MFF_REG8, MFF_XXREG2, &record->peer->pas[0]);
    }
    hnv_act_set_mac(d, MFF_XREG6, record->mac);
    hnv_draft_add(d);
}

void
hnv_compile_absent(const struct hnv_domain *domain, const struct in6_addr *ca,
                   uint16_t timeout, struct hnv_flows *flows)
{
    struct hnv_draft d;

    hnv_draft_init(&d, flows);
    start_record(&d, HNV_PRI_RECORD4_ABSENT,
                 hnv_cookie_encode(HNV_ROW_DOMAIN, 0, &domain->uuid),
                 domain->key, ca);
    d.flow.hard_timeout = timeout;
    hnv_act_set(&d, MFF_REG1, hnv_kind_and_vsid(HNV_KIND_ABSENT, 0));
    hnv_draft_add(&d);
    hnv_draft_uninit(&d);
}

/* With an external router, the gateway address is that router's. */
static void
write_gateways(struct hnv_compiler *c, const struct hnv_subnet *subnet)
{
    struct hnv_draft *d = &c->draft;

    for (size_t i = 0;
         !subnet->domain->external_router && i < subnet->n_gateways; i++) {
        start_record(d, HNV_PRI_RECORD4_GATEWAY,
                     hnv_cookie_encode(HNV_ROW_SUBNET, 0, &subnet->uuid),
                     subnet->domain->key, &subnet->gateways[i]);
        hnv_act_set(d, MFF_REG1, hnv_kind_and_vsid(HNV_KIND_GATEWAY,
                                                   subnet->vsid));
        hnv_act_set_mac(d, MFF_XREG6, c->policy->router_mac);
        hnv_draft_add(d);
    }
}

/* The packet waits while the agent asks the database.  When it goes on, the
 * record's flow, or the one that says that there is none, is there. */
static void
write_miss(struct hnv_compiler *c, const struct hnv_domain *domain)
{
    static const uint16_t types[] = {
        ETH_TYPE_ARP, ETH_TYPE_IP, ETH_TYPE_IPV6
    };
    struct hnv_ask ask = {
        .op = HNV_OP_LOOKUP,
        .meter = hnv_compiler_meter(c, domain),
        .pause = true,
    };
    struct hnv_draft *d = &c->draft;

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        hnv_draft_start(d, HNV_TABLE_MISS, HNV_PRI_MISS_LAZY,
                        hnv_cookie_encode(HNV_ROW_DOMAIN, 0, &domain->uuid));
        hnv_match_domain(d, domain->key);
        hnv_match_kind(d, HNV_KIND_NONE);
        match_set_dl_type(&d->match, htons(types[i]));
        hnv_act_ask(d, &ask);
        hnv_act_resubmit(d, types[i] == ETH_TYPE_IPV6
                            ? HNV_TABLE_RECORD6 : HNV_TABLE_RECORD4);
        hnv_draft_add(d);
    }
}

/* ------------------------------------------------------------------------ */
/* L2_SOURCE and L2_RECORD.                                                 */
/* ------------------------------------------------------------------------ */

struct hnv_l2_place
hnv_l2_locate(const struct hnv_host *host, const struct hnv_l2_record *l2)
{
    const struct hnv_lport *lport = hnv_host_lport(host, l2->subnet->vsid,
                                                   l2->mac);
    bool here = !l2->peer;

    for (size_t i = 0; l2->peer && i < l2->peer->n_primary; i++) {
        here = here || hnv_host_has_pa(host, &l2->peer->pas[i]);
    }
    if (l2->disabled || (here && !lport)) {
        return (struct hnv_l2_place) { .kind = HNV_KIND_UNUSABLE };
    } else if (here) {
        return (struct hnv_l2_place) { .kind = HNV_KIND_LOCAL,
                                       .vport = lport->vport };
    }
    return (struct hnv_l2_place) { .kind = HNV_KIND_ENCAP,
                                   .peer_id = l2->peer->id };
}

static void
set_place(struct hnv_draft *d, const struct hnv_l2_place *place,
          uint32_t vsid)
{
    hnv_act_set(d, MFF_REG1, hnv_kind_and_vsid(place->kind, vsid));
    if (place->kind == HNV_KIND_LOCAL) {
        hnv_act_set(d, MFF_REG15, place->vport);
    } else {
        hnv_act_set(d, MFF_REG3, place->peer_id);
    }
}

static void
write_l2_record(struct hnv_compiler *c, const struct hnv_l2_record *l2)
{
    uint64_t cookie = hnv_cookie_encode(HNV_ROW_L2_RECORD, 0, &l2->uuid);
    struct hnv_l2_place place = hnv_l2_locate(c->host, l2);
    struct hnv_draft *d = &c->draft;

    if (place.kind == HNV_KIND_UNUSABLE) {
        return;
    }
    hnv_draft_start(d, HNV_TABLE_L2_SOURCE, HNV_PRI_L2_SOURCE_RECORD, cookie);
    match_set_reg(&d->match, 0, l2->subnet->vsid);
    match_set_dl_src(&d->match, l2->mac);
    set_place(d, &place, l2->subnet->vsid);
    hnv_draft_add(d);

    hnv_draft_start(d, HNV_TABLE_L2_RECORD, HNV_PRI_L2_RECORD_RECORD, cookie);
    match_set_reg(&d->match, 0, l2->subnet->vsid);
    match_set_dl_dst(&d->match, l2->mac);
    set_place(d, &place, l2->subnet->vsid);
    hnv_act_goto(d, HNV_TABLE_HOOK_POST);
    hnv_draft_add(d);
}

/* What is sent within the VSID goes to the machine that has the address by
 * now, even if the sender still has the MAC of the one that had it before. */
static void
write_dynamic_bridge(struct hnv_draft *d, const struct hnv_l2_record *l2,
                     const struct in6_addr *ca)
{
    bool v4 = hnv_address_is_v4(ca);

    for (int arp = 0; arp <= v4; arp++) {
        hnv_draft_start(d, HNV_TABLE_FINISH, HNV_PRI_FINISH_BRIDGE_DYNAMIC,
                        hnv_cookie_encode(HNV_ROW_L2_RECORD, 0, &l2->uuid));
        hnv_match_domain(d, l2->subnet->domain->key);
        hnv_match_vsids(d, l2->subnet->vsid, l2->subnet->vsid);
        if (arp) {
            match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
        } else {
            hnv_match_ip(d, v4);
        }
        hnv_match_key(d, ca);
        hnv_act_move(d, MFF_XREG6, MFF_ETH_DST, 48);
        hnv_act_goto(d, HNV_TABLE_HOOK_POST);
        hnv_draft_add(d);
    }
}

/* A lookup record of the same address, or a gateway, comes first. */
static void
write_dynamic(struct hnv_compiler *c, const struct hnv_l2_record *l2)
{
    struct hnv_l2_place place = hnv_l2_locate(c->host, l2);
    struct hnv_draft *d = &c->draft;

    for (size_t i = 0; place.kind != HNV_KIND_UNUSABLE && i < l2->n_dynamic;
         i++) {
        const struct in6_addr *ca = &l2->dynamic[i].ca;

        start_record(d, HNV_PRI_RECORD4_DYNAMIC,
                     hnv_cookie_encode(HNV_ROW_L2_RECORD, 0, &l2->uuid),
                     l2->subnet->domain->key, ca);
        set_place(d, &place, l2->subnet->vsid);
        hnv_act_set_mac(d, MFF_XREG6, l2->mac);
        hnv_draft_add(d);
        if (hnv_host_has_subnet(c->host, l2->subnet)) {
            write_dynamic_bridge(d, l2, ca);
        }
    }
}

/* Unknown destinations go to the wildcard gateway, if the VSID has one. */
static void
write_wildcard(struct hnv_compiler *c, const struct hnv_l2_record *l2)
{
    struct hnv_l2_place place = hnv_l2_locate(c->host, l2);
    struct hnv_draft *d = &c->draft;

    for (int v4 = 0; place.kind != HNV_KIND_UNUSABLE && v4 <= 1; v4++) {
        hnv_draft_start(d, HNV_TABLE_L2_RECORD, HNV_PRI_L2_RECORD_GATEWAY,
                        hnv_cookie_encode(HNV_ROW_L2_RECORD, 0, &l2->uuid));
        match_set_reg(&d->match, 0, l2->subnet->vsid);
        hnv_match_ip(d, v4);
        hnv_match_bits(d, MFF_REG2, 0, HNV_FLAG_ND);
        set_place(d, &place, l2->subnet->vsid);
        hnv_act_set_mac(d, MFF_XREG6, l2->mac);
        hnv_act_goto(d, HNV_TABLE_FINISH);
        hnv_draft_add(d);
    }
}

/* A machine without a known CA can only be asked by asking everybody. */
static void
write_flood(struct hnv_draft *d, const struct hnv_subnet *subnet)
{
    static const enum hnv_flag flags[] = { HNV_FLAG_ARP, HNV_FLAG_ND };

    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        hnv_draft_start(d, HNV_TABLE_L2_RECORD, HNV_PRI_L2_RECORD_FLOOD,
                        hnv_cookie_encode(HNV_ROW_SUBNET, 0, &subnet->uuid));
        match_set_reg(&d->match, 0, subnet->vsid);
        hnv_match_bits(d, MFF_REG2, flags[i], flags[i]);
        hnv_act_set(d, MFF_REG1, 0);
        hnv_act_goto(d, HNV_TABLE_FLOOD);
        hnv_draft_add(d);
    }
}

static void
write_l2(struct hnv_compiler *c, const struct hnv_subnet *subnet)
{
    size_t n_only = 0;

    for (size_t i = 0; i < subnet->n_l2_records; i++) {
        write_l2_record(c, subnet->l2_records[i]);
        write_dynamic(c, subnet->l2_records[i]);
        n_only += subnet->l2_records[i]->type == HNV_L2_ONLY;
    }
    if (subnet->wildcard) {
        write_wildcard(c, subnet->wildcard);
    }
    if (n_only) {
        write_flood(&c->draft, subnet);
    }
}

static void
write_no_record(struct hnv_draft *d)
{
    static const uint16_t types[] = {
        ETH_TYPE_ARP, ETH_TYPE_IP, ETH_TYPE_IPV6
    };
    uint64_t cookie = hnv_cookie_encode(HNV_ROW_NONE, 0, NULL);

    hnv_draft_start(d, HNV_TABLE_L2_RECORD, HNV_PRI_L2_RECORD_NO_ROUTE,
                    cookie);
    hnv_match_bits(d, MFF_REG2, HNV_FLAG_NO_ROUTE, HNV_FLAG_NO_ROUTE);
    hnv_draft_drop_shared(d, HNV_DROP_NO_ROUTE);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        hnv_draft_start(d, HNV_TABLE_L2_RECORD, HNV_PRI_L2_RECORD_NO_RECORD,
                        cookie);
        match_set_dl_type(&d->match, htons(types[i]));
        hnv_draft_drop_shared(d, HNV_DROP_NO_RECORD);
    }
    hnv_draft_start(d, HNV_TABLE_L2_RECORD, HNV_PRI_L2_RECORD_NONE, cookie);
    hnv_draft_drop_shared(d, HNV_DROP_NOT_IP);
}

void
hnv_lookup_base(struct hnv_compiler *c)
{
    for (size_t i = 0; i < c->host->n_domains; i++) {
        const struct hnv_domain *domain = c->host->domains[i];

        if (domain->lazy) {
            write_miss(c, domain);
        }
        for (size_t j = 0; j < domain->n_subnets; j++) {
            write_gateways(c, domain->subnets[j]);
            write_l2(c, domain->subnets[j]);
        }
    }
    write_no_record(&c->draft);
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Tables HOOK_PRE, DISPATCH, ROUTE4, and ROUTE6: what is to become of a
 * machine's packet, and which customer address is the next hop? */

#include <config.h>

#include "hnv-tables.h"

#include <netinet/icmp6.h>

#include "packets.h"

/* ------------------------------------------------------------------------ */
/* HOOK_PRE and DISPATCH.                                                   */
/* ------------------------------------------------------------------------ */

static void
start_dispatch(struct hnv_draft *d, int priority)
{
    hnv_draft_start(d, HNV_TABLE_DISPATCH, priority,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
}

static void
write_hook(struct hnv_draft *d)
{
    hnv_draft_start(d, HNV_TABLE_HOOK_PRE, HNV_PRI_HOOK_PRE_ALL,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
    hnv_act_hook(d, HNV_HOOK_TABLE_PRE);
    hnv_act_goto(d, HNV_TABLE_DISPATCH);
    hnv_draft_add(d);

    start_dispatch(d, HNV_PRI_DISPATCH_VETO);
    hnv_match_bits(d, MFF_REG2, HNV_FLAG_VETO, HNV_FLAG_VETO);
    hnv_draft_drop_shared(d, HNV_DROP_HOOK_VETO);
    hnv_draft_gate(d, HNV_TABLE_DISPATCH, HNV_PRI_DISPATCH_UNCHECKED);
}

static void
look_up(struct hnv_draft *d, enum hnv_flag flag, bool v4)
{
    if (flag) {
        hnv_act_set_bits(d, MFF_REG2, flag, flag);
    }
    hnv_act_move(d, v4 ? MFF_ARP_TPA : MFF_ND_TARGET,
                 v4 ? MFF_REG4 : MFF_XXREG1, 0);
    hnv_act_lookup(d, v4, true);
    hnv_act_goto(d, HNV_TABLE_FINISH);
    hnv_draft_add(d);
}

/* A broadcast request is answered here.  What is unicast tests whether the
 * machine itself still answers, and is delivered. */
static void
write_neighbors(struct hnv_draft *d)
{
    static const struct eth_addr group = ETH_ADDR_C(01,00,00,00,00,00);

    start_dispatch(d, HNV_PRI_DISPATCH_ASK);
    match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
    match_set_nw_proto(&d->match, ARP_OP_REQUEST);
    match_set_dl_dst(&d->match, eth_addr_broadcast);
    look_up(d, HNV_FLAG_ARP, true);

    start_dispatch(d, HNV_PRI_DISPATCH_ASK);
    hnv_match_icmp6(d, ND_NEIGHBOR_SOLICIT);
    hnv_match_group_mac(d);
    look_up(d, HNV_FLAG_ND, false);

    start_dispatch(d, HNV_PRI_DISPATCH_ARP);
    match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
    match_set_dl_dst_masked(&d->match, eth_addr_zero, group);
    look_up(d, 0, true);

    start_dispatch(d, HNV_PRI_DISPATCH_ARP_OTHER);
    match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
    hnv_draft_drop_shared(d, HNV_DROP_ARP_OTHER);
}

static void
write_dispatch(struct hnv_draft *d)
{
    for (int v4 = 0; v4 <= 1; v4++) {
        struct in6_addr ff00 = { .s6_addr = { 0xff } };
        struct in6_addr mask = ipv6_create_mask(8);

        start_dispatch(d, HNV_PRI_DISPATCH_GROUP);
        hnv_match_ip(d, v4);
        hnv_match_group_mac(d);
        if (v4) {
            match_set_nw_dst_masked(&d->match, htonl(0xe0000000),
                                    htonl(0xf0000000));
            hnv_act_move(d, MFF_IPV4_DST, MFF_REG4, 0);
        } else {
            match_set_ipv6_dst_masked(&d->match, &ff00, &mask);
            hnv_act_move(d, MFF_IPV6_DST, MFF_XXREG1, 0);
        }
        hnv_act_lookup(d, v4, false);
        hnv_act_goto(d, HNV_TABLE_FLOOD);
        hnv_draft_add(d);

        start_dispatch(d, HNV_PRI_DISPATCH_IP);
        hnv_match_ip(d, v4);
        hnv_act_goto(d, v4 ? HNV_TABLE_ROUTE4 : HNV_TABLE_ROUTE6);
        hnv_draft_add(d);
    }

    start_dispatch(d, HNV_PRI_DISPATCH_FLOOD);
    hnv_match_group_mac(d);
    hnv_act_set(d, MFF_REG1, 0);
    hnv_act_goto(d, HNV_TABLE_FLOOD);
    hnv_draft_add(d);

    start_dispatch(d, HNV_PRI_DISPATCH_OTHER);
    hnv_act_set(d, MFF_REG1, 0);
    hnv_act_goto(d, HNV_TABLE_L2_RECORD);
    hnv_draft_add(d);
}

/* ------------------------------------------------------------------------ */
/* ROUTE4 and ROUTE6.                                                       */
/* ------------------------------------------------------------------------ */

static void
start_route(struct hnv_draft *d, const struct hnv_domain *domain,
            const struct hnv_prefix *prefix, uint64_t cookie)
{
    bool v4 = hnv_prefix_is_v4(prefix);

    hnv_draft_start(d, v4 ? HNV_TABLE_ROUTE4 : HNV_TABLE_ROUTE6,
                    HNV_PRI_ROUTE4_PREFIX + prefix->plen, cookie);
    BUILD_ASSERT(HNV_PRI_ROUTE4_PREFIX == (int) HNV_PRI_ROUTE6_PREFIX);
    hnv_match_domain(d, domain->key);
    hnv_match_prefix(d, prefix, false);
}

static void
finish_route(struct hnv_draft *d, bool v4)
{
    hnv_act_lookup(d, v4, true);
    hnv_act_goto(d, HNV_TABLE_FINISH);
    hnv_draft_add(d);
}

/* With an external router, only the sender's own subnet is on link. */
static void
write_on_link(struct hnv_draft *d, const struct hnv_subnet *subnet,
              const struct hnv_prefix *prefix)
{
    bool v4 = hnv_prefix_is_v4(prefix);

    start_route(d, subnet->domain, prefix,
                hnv_cookie_encode(HNV_ROW_SUBNET, 0, &subnet->uuid));
    if (subnet->domain->external_router) {
        match_set_reg(&d->match, 0, subnet->vsid);
    }
    hnv_act_move(d, v4 ? MFF_IPV4_DST : MFF_IPV6_DST,
                 v4 ? MFF_REG4 : MFF_XXREG1, 0);
    finish_route(d, v4);
}

static void
write_route(struct hnv_draft *d, const struct hnv_domain *domain,
            const struct hnv_route *route)
{
    start_route(d, domain, &route->prefix,
                hnv_cookie_encode(HNV_ROW_ROUTE, 0, &route->uuid));
    hnv_act_set_address(d, MFF_REG4, MFF_XXREG1, &route->next_hop);
    hnv_act_set_bits(d, MFF_REG2, HNV_FLAG_ROUTE, HNV_FLAG_ROUTE);
    finish_route(d, hnv_prefix_is_v4(&route->prefix));
}

static void
write_no_route(struct hnv_draft *d, enum hnv_table table, int priority)
{
    hnv_draft_start(d, table, priority,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
    hnv_act_set(d, MFF_REG1, 0);
    hnv_act_set_bits(d, MFF_REG2, HNV_FLAG_NO_ROUTE, HNV_FLAG_NO_ROUTE);
    hnv_act_goto(d, HNV_TABLE_L2_RECORD);
    hnv_draft_add(d);
}

void
hnv_route_base(struct hnv_compiler *c)
{
    struct hnv_draft *d = &c->draft;

    write_hook(d);
    write_neighbors(d);
    write_dispatch(d);

    write_no_route(d, HNV_TABLE_ROUTE4, HNV_PRI_ROUTE4_NONE);
    write_no_route(d, HNV_TABLE_ROUTE6, HNV_PRI_ROUTE6_NONE);
    for (size_t i = 0; i < c->host->n_domains; i++) {
        const struct hnv_domain *domain = c->host->domains[i];

        for (size_t j = 0; j < domain->n_subnets; j++) {
            const struct hnv_subnet *subnet = domain->subnets[j];

            for (size_t k = 0; k < subnet->n_prefixes; k++) {
                write_on_link(d, subnet, &subnet->prefixes[k]);
            }
        }
        for (size_t j = 0; j < domain->n_routes; j++) {
            write_route(d, domain, &domain->routes[j]);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Tables ARP_REPLY, ND_REPLY, ND_FINISH, and GATEWAY: what the host answers in
 * the name of others, and of the router. */

#include <config.h>

#include "hnv-tables.h"

#include <netinet/icmp6.h>

#include "packets.h"

static void
start(struct hnv_draft *d, enum hnv_table table, int priority)
{
    hnv_draft_start(d, table, priority,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
}

/* Sends the packet back to where it came from. */
static void
answer(struct hnv_draft *d)
{
    hnv_act_output(d, OFPP_IN_PORT);
    hnv_draft_add(d);
}

static void
write_arp_reply(struct hnv_draft *d)
{
    start(d, HNV_TABLE_ARP_REPLY, HNV_PRI_ARP_REPLY_ALL);
    match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
    hnv_act_move(d, MFF_ETH_SRC, MFF_ETH_DST, 0);
    hnv_act_move(d, MFF_XREG6, MFF_ETH_SRC, 48);
    hnv_act_set(d, MFF_ARP_OP, ARP_OP_REPLY);
    hnv_act_move(d, MFF_ARP_SHA, MFF_ARP_THA, 0);
    hnv_act_move(d, MFF_XREG6, MFF_ARP_SHA, 48);
    hnv_act_move(d, MFF_ARP_SPA, MFF_ARP_TPA, 0);
    hnv_act_move(d, MFF_REG4, MFF_ARP_SPA, 0);
    answer(d);
}

/* RFC 4861 section 7.2.4.  Only the router has the flag R: a machine that
 * hears its router without it stops using it. */
static void
write_nd_reply(struct hnv_draft *d, bool dad, bool router)
{
    static const int priorities[2][2] = {
        { HNV_PRI_ND_REPLY_ALL, HNV_PRI_ND_REPLY_ALL_ROUTER },
        { HNV_PRI_ND_REPLY_DAD, HNV_PRI_ND_REPLY_DAD_ROUTER },
    };
    uint32_t flags = (ND_RSO_OVERRIDE | (dad ? 0 : ND_RSO_SOLICITED)
                      | (router ? ND_RSO_ROUTER : 0));

    start(d, HNV_TABLE_ND_REPLY, priorities[dad][router]);
    hnv_match_icmp6(d, ND_NEIGHBOR_SOLICIT);
    if (router) {
        hnv_match_kind(d, HNV_KIND_GATEWAY);
    }
    if (dad) {
        struct in6_addr all_nodes = { .s6_addr = { 0xff, 0x02, [15] = 1 } };
        struct eth_addr mac = ETH_ADDR_C(33,33,00,00,00,01);

        match_set_ipv6_src(&d->match, &in6addr_any);
        hnv_act_set_mac(d, MFF_ETH_DST, mac);
        hnv_act_set_address(d, MFF_IPV4_DST, MFF_IPV6_DST, &all_nodes);
    } else {
        hnv_act_move(d, MFF_ETH_SRC, MFF_ETH_DST, 0);
        hnv_act_move(d, MFF_IPV6_SRC, MFF_IPV6_DST, 0);
    }
    hnv_act_move(d, MFF_XREG6, MFF_ETH_SRC, 48);
    hnv_act_move(d, MFF_XXREG1, MFF_IPV6_SRC, 0);
    hnv_act_set(d, MFF_ICMPV6_TYPE, ND_NEIGHBOR_ADVERT);
    hnv_act_set(d, MFF_ND_OPTIONS_TYPE, ND_OPT_TARGET_LINKADDR);
    hnv_act_set(d, MFF_ND_RESERVED, flags);
    hnv_act_goto(d, HNV_TABLE_ND_FINISH);
    hnv_draft_add(d);
}

static void
write_nd_finish(struct hnv_draft *d)
{
    start(d, HNV_TABLE_ND_FINISH, HNV_PRI_ND_FINISH_ALL);
    hnv_match_icmp6(d, ND_NEIGHBOR_ADVERT);
    hnv_act_move(d, MFF_XREG6, MFF_ND_TLL, 48);
    answer(d);
}

/* ------------------------------------------------------------------------ */
/* GATEWAY.                                                                 */
/* ------------------------------------------------------------------------ */

static void
start_gateway(struct hnv_draft *d, int priority)
{
    start(d, HNV_TABLE_GATEWAY, priority);
}

/* Adds the flow in 'd', which matches echo requests, or the rest of them. */
static void
finish_echo(struct hnv_compiler *c, bool v4)
{
    struct hnv_draft *d = &c->draft;

    hnv_act_swap(d, v4 ? MFF_IPV4_SRC : MFF_IPV6_SRC,
                 v4 ? MFF_IPV4_DST : MFF_IPV6_DST);
    hnv_act_move(d, MFF_ETH_SRC, MFF_ETH_DST, 0);
    hnv_act_set_mac(d, MFF_ETH_SRC, c->policy->router_mac);
    hnv_act_set(d, MFF_IP_TTL, 64);
    answer(d);
}

/* Only the first fragment has an ICMP header, with a checksum over all of them
 * that swapping addresses does not change.  So each fragment goes back by
 * itself.  The rest of what is no echo request only comes back to its sender,
 * who has no first fragment for it.  Of IPv6, the switch sees no more than
 * that it is the rest of something. */
static void
write_echo(struct hnv_compiler *c, bool v4)
{
    uint8_t proto = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
    struct hnv_draft *d = &c->draft;

    start_gateway(d, HNV_PRI_GATEWAY_ECHO);
    hnv_match_proto(d, v4, proto);
    match_set_icmp_type(&d->match, v4 ? ICMP4_ECHO_REQUEST
                                      : ICMP6_ECHO_REQUEST);
    match_set_icmp_code(&d->match, 0);
    hnv_act_set(d, v4 ? MFF_ICMPV4_TYPE : MFF_ICMPV6_TYPE,
                v4 ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY);
    finish_echo(c, v4);

    start_gateway(d, HNV_PRI_GATEWAY_FRAGMENT);
    hnv_match_proto(d, v4, v4 ? proto : IPPROTO_FRAGMENT);
    match_set_nw_frag_masked(&d->match, FLOW_NW_FRAG_LATER,
                             FLOW_NW_FRAG_LATER);
    finish_echo(c, v4);
}

static void
write_unicast_neighbor(struct hnv_draft *d)
{
    start_gateway(d, HNV_PRI_GATEWAY_ND);
    match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
    match_set_nw_proto(&d->match, ARP_OP_REQUEST);
    hnv_act_resubmit(d, HNV_TABLE_ARP_REPLY);
    hnv_draft_add(d);
    start_gateway(d, HNV_PRI_GATEWAY_ND);
    hnv_match_icmp6(d, ND_NEIGHBOR_SOLICIT);
    hnv_act_resubmit(d, HNV_TABLE_ND_REPLY);
    hnv_draft_add(d);
}

/* So that traceroute to a gateway address ends. */
static void
write_unreachable(struct hnv_compiler *c, const struct hnv_domain *domain)
{
    static const uint8_t protos[] = { IPPROTO_UDP, IPPROTO_TCP };
    struct hnv_ask ask = {
        .op = HNV_OP_PORT_UNREACHABLE,
        .meter = hnv_compiler_meter(c, domain),
    };
    struct hnv_draft *d = &c->draft;

    for (size_t i = 0; i < ARRAY_SIZE(protos); i++) {
        for (int v4 = 0; v4 <= 1; v4++) {
            hnv_draft_start(d, HNV_TABLE_GATEWAY, HNV_PRI_GATEWAY_PORT,
                            hnv_cookie_encode(HNV_ROW_DOMAIN,
                                              HNV_DROP_GATEWAY,
                                              &domain->uuid));
            hnv_match_domain(d, domain->key);
            hnv_match_proto(d, v4, protos[i]);
            hnv_act_ask(d, &ask);
            hnv_draft_add(d);
        }
    }
}

void
hnv_arp_base(struct hnv_compiler *c)
{
    struct hnv_draft *d = &c->draft;

    hnv_draft_gate(d, HNV_TABLE_ARP_REPLY, HNV_PRI_ARP_REPLY_UNCHECKED);
    hnv_draft_gate(d, HNV_TABLE_ND_REPLY, HNV_PRI_ND_REPLY_UNCHECKED);
    hnv_draft_gate(d, HNV_TABLE_ND_FINISH, HNV_PRI_ND_FINISH_UNCHECKED);
    hnv_draft_gate(d, HNV_TABLE_GATEWAY, HNV_PRI_GATEWAY_UNCHECKED);
    write_arp_reply(d);
    for (int dad = 0; dad <= 1; dad++) {
        write_nd_reply(d, dad, false);
        write_nd_reply(d, dad, true);
    }
    write_nd_finish(d);

    write_echo(c, false);
    write_echo(c, true);
    write_unicast_neighbor(d);
    for (size_t i = 0; i < c->host->n_domains; i++) {
        write_unreachable(c, c->host->domains[i]);
    }
    start_gateway(d, HNV_PRI_GATEWAY_NONE);
    hnv_draft_drop_shared(d, HNV_DROP_GATEWAY);
}

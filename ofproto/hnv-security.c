/* SPDX-License-Identifier: Apache-2.0 */

/* Table PORT_SECURITY: does the sender use its own addresses? */

#include <config.h>

#include "hnv-tables.h"

#include <netinet/icmp6.h>


#include "packets.h"

enum {
    DHCP_CLIENT = 68, DHCP_SERVER = 67, DHCP6_SERVER = 547,
};

/* Begins a flow for what 'lport' sends, from its own MAC unless it may use
 * any. */
static void
start(struct hnv_draft *d, const struct hnv_lport *lport, int priority)
{
    hnv_draft_start(d, HNV_TABLE_PORT_SECURITY, priority,
                    hnv_cookie_encode(HNV_ROW_PORT, 0, &lport->port->uuid));
    hnv_match_domain(d, lport->port->subnet->domain->key);
    match_set_reg(&d->match, 14, lport->vport);
    if (priority && !lport->port->mac_spoofing) {
        match_set_dl_src(&d->match, lport->port->mac);
    }
}

static void
accept_to(struct hnv_draft *d, enum hnv_table next)
{
    hnv_act_goto(d, next);
    hnv_draft_add(d);
}

static void
write_guards(struct hnv_draft *d, const struct hnv_lport *lport)
{
    if (lport->port->dhcp_guard) {
        for (int v4 = 0; v4 <= 1; v4++) {
            start(d, lport, HNV_PRI_PORT_SECURITY_GUARD);
            hnv_match_proto(d, v4, IPPROTO_UDP);
            match_set_tp_src(&d->match, htons(v4 ? DHCP_SERVER
                                                 : DHCP6_SERVER));
            hnv_draft_drop(d, HNV_DROP_DHCP_GUARD);
        }
    }
    if (lport->port->router_guard) {
        start(d, lport, HNV_PRI_PORT_SECURITY_GUARD);
        hnv_match_icmp6(d, ND_ROUTER_ADVERT);
        hnv_draft_drop(d, HNV_DROP_ROUTER_GUARD);
        start(d, lport, HNV_PRI_PORT_SECURITY_GUARD);
        hnv_match_icmp6(d, ND_REDIRECT);
        hnv_draft_drop(d, HNV_DROP_ROUTER_GUARD);
    }
}

/* RFC 5227: a probe has sender address 0. */
static void
write_arp(struct hnv_draft *d, const struct hnv_lport *lport, ovs_be32 spa)
{
    start(d, lport, HNV_PRI_PORT_SECURITY_ADDRESS);
    match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
    if (!lport->port->mac_spoofing) {
        match_set_arp_sha(&d->match, lport->port->mac);
    }
    match_set_nw_src(&d->match, spa);
    if (!spa) {
        match_set_nw_proto(&d->match, ARP_OP_REQUEST);
    }
    accept_to(d, HNV_TABLE_HOOK_PRE);
}

/* A link-layer address in ND is the sender's own, or there is none. */
static void
write_nd(struct hnv_draft *d, const struct hnv_lport *lport,
         const struct in6_addr *source, int source_len, uint8_t type)
{
    struct in6_addr mask = ipv6_create_mask(source_len);
    bool solicit = type == ND_NEIGHBOR_SOLICIT;

    for (int has_lla = 0; has_lla <= 1; has_lla++) {
        struct eth_addr lla = has_lla ? lport->port->mac : eth_addr_zero;

        if (has_lla && lport->port->mac_spoofing) {
            continue;
        }
        start(d, lport, HNV_PRI_PORT_SECURITY_ND);
        hnv_match_icmp6(d, type);
        if (solicit) {
            match_set_ipv6_src_masked(&d->match, source, &mask);
        } else {
            match_set_nd_target_masked(&d->match, source, &mask);
        }
        if (!lport->port->mac_spoofing && solicit) {
            match_set_arp_sha(&d->match, lla);
        } else if (!lport->port->mac_spoofing) {
            match_set_arp_tha(&d->match, lla);
        }
        accept_to(d, HNV_TABLE_HOOK_PRE);
    }
}

static void
write_address(struct hnv_draft *d, const struct hnv_lport *lport,
              const struct in6_addr *ca)
{
    start(d, lport, HNV_PRI_PORT_SECURITY_ADDRESS);
    hnv_match_ip_src(d, ca);
    accept_to(d, HNV_TABLE_ACL_OUT);
    if (hnv_address_is_v4(ca)) {
        write_arp(d, lport, in6_addr_get_mapped_ipv4(ca));
    } else {
        write_nd(d, lport, ca, 128, ND_NEIGHBOR_SOLICIT);
        write_nd(d, lport, ca, 128, ND_NEIGHBOR_ADVERT);
    }
}

/* Returns the L2 record from which 'lport' has dynamic addresses, or NULL. */
static const struct hnv_l2_record *
find_dynamic(const struct hnv_host *host, const struct hnv_lport *lport)
{
    const struct hnv_l2_record *l2
        = hnv_subnet_l2_record(lport->port->subnet, lport->port->mac);

    return (l2 && l2->dynamic_limit
            && hnv_l2_locate(host, l2).kind == HNV_KIND_LOCAL ? l2 : NULL);
}

static void
write_addresses(struct hnv_draft *d, const struct hnv_lport *lport,
                const struct hnv_l2_record *l2)
{
    for (size_t i = 0; i < lport->port->n_addresses; i++) {
        write_address(d, lport, &lport->port->addresses[i]);
    }
    for (size_t i = 0; l2 && i < l2->n_dynamic; i++) {
        if (!hnv_port_has_address(lport->port, &l2->dynamic[i].ca)) {
            write_address(d, lport, &l2->dynamic[i].ca);
        }
    }
}

/* ARP with another address of the subnet. */
static void
write_arp_dynamic(struct hnv_draft *d, const struct hnv_lport *lport,
                  const struct hnv_prefix *prefix, const struct hnv_ask *ask)
{
    start(d, lport, HNV_PRI_PORT_SECURITY_DYNAMIC);
    match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
    match_set_nw_src_masked(&d->match,
                            in6_addr_get_mapped_ipv4(&prefix->address),
                            be32_prefix_mask(prefix->plen - 96));
    hnv_act_ask(d, ask);
    hnv_draft_drop(d, HNV_DROP_SPOOF_ARP);
}

/* Likewise, ND.  A machine that checks whether anybody has an address will
 * probably have it next. */
static void
write_nd_dynamic(struct hnv_draft *d, const struct hnv_lport *lport,
                 const struct hnv_prefix *prefix, const struct hnv_ask *ask)
{
    struct in6_addr mask = ipv6_create_mask(prefix->plen);

    start(d, lport, HNV_PRI_PORT_SECURITY_DAD);
    hnv_match_icmp6(d, ND_NEIGHBOR_SOLICIT);
    match_set_ipv6_src(&d->match, &in6addr_any);
    match_set_nd_target_masked(&d->match, &prefix->address, &mask);
    match_set_arp_sha(&d->match, eth_addr_zero);
    hnv_act_ask(d, ask);
    accept_to(d, HNV_TABLE_HOOK_PRE);

    start(d, lport, HNV_PRI_PORT_SECURITY_ND_DYNAMIC);
    hnv_match_icmp6(d, ND_NEIGHBOR_SOLICIT);
    match_set_ipv6_src_masked(&d->match, &prefix->address, &mask);
    hnv_act_ask(d, ask);
    hnv_draft_drop(d, HNV_DROP_SPOOF_ND);

    start(d, lport, HNV_PRI_PORT_SECURITY_ND_DYNAMIC);
    hnv_match_icmp6(d, ND_NEIGHBOR_ADVERT);
    match_set_nd_target_masked(&d->match, &prefix->address, &mask);
    hnv_act_ask(d, ask);
    hnv_draft_drop(d, HNV_DROP_SPOOF_ND);
}

/* The agent decides whether what the machine says becomes an address of it:
 * see hnv-learn.h. */
static void
write_dynamic(struct hnv_compiler *c, const struct hnv_lport *lport)
{
    const struct hnv_subnet *subnet = lport->port->subnet;
    struct hnv_ask ask = {
        .op = HNV_OP_LEARN,
        .meter = hnv_compiler_meter(c, subnet->domain),
    };

    for (size_t i = 0; i < subnet->n_prefixes; i++) {
        const struct hnv_prefix *prefix = &subnet->prefixes[i];

        if (hnv_prefix_is_v4(prefix)) {
            write_arp_dynamic(&c->draft, lport, prefix, &ask);
        } else {
            write_nd_dynamic(&c->draft, lport, prefix, &ask);
        }
    }
}

/* What a machine sends before it has an address, or with its link-local one,
 * which no policy knows. */
static void
write_autoconfiguration(struct hnv_draft *d, const struct hnv_lport *lport)
{
    static const uint8_t types[] = {
        ND_ROUTER_SOLICIT, MLD_REPORT, MLD_DONE, MLD2_REPORT
    };

    write_arp(d, lport, 0);
    start(d, lport, HNV_PRI_PORT_SECURITY_ADDRESS);
    hnv_match_proto(d, true, IPPROTO_UDP);
    match_set_nw_src(&d->match, 0);
    match_set_nw_dst(&d->match, OVS_BE32_MAX);
    match_set_tp_src(&d->match, htons(DHCP_CLIENT));
    match_set_tp_dst(&d->match, htons(DHCP_SERVER));
    accept_to(d, HNV_TABLE_ACL_OUT);

    write_nd(d, lport, &in6addr_any, 128, ND_NEIGHBOR_SOLICIT);
    write_nd(d, lport, &hnv_link_local.address, hnv_link_local.plen,
             ND_NEIGHBOR_SOLICIT);
    write_nd(d, lport, &hnv_link_local.address, hnv_link_local.plen,
             ND_NEIGHBOR_ADVERT);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        start(d, lport, HNV_PRI_PORT_SECURITY_ADDRESS);
        hnv_match_icmp6(d, types[i]);
        hnv_match_prefix(d, &hnv_link_local, true);
        accept_to(d, HNV_TABLE_HOOK_PRE);
        start(d, lport, HNV_PRI_PORT_SECURITY_ADDRESS);
        hnv_match_icmp6(d, types[i]);
        match_set_ipv6_src(&d->match, &in6addr_any);
        accept_to(d, HNV_TABLE_HOOK_PRE);
    }
}

static void
write_drops(struct hnv_draft *d, const struct hnv_lport *lport)
{
    static const uint8_t nd[] = { ND_NEIGHBOR_SOLICIT, ND_NEIGHBOR_ADVERT };

    for (size_t i = 0; i < ARRAY_SIZE(nd); i++) {
        start(d, lport, HNV_PRI_PORT_SECURITY_ND_BAD);
        hnv_match_icmp6(d, nd[i]);
        hnv_draft_drop(d, HNV_DROP_SPOOF_ND);
    }
    start(d, lport, HNV_PRI_PORT_SECURITY_ADDRESS_BAD);
    match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
    hnv_draft_drop(d, HNV_DROP_SPOOF_ARP);
    for (int v4 = 0; v4 <= 1; v4++) {
        start(d, lport, HNV_PRI_PORT_SECURITY_ADDRESS_BAD);
        hnv_match_ip(d, v4);
        hnv_draft_drop(d, HNV_DROP_SPOOF_IP);
    }
    if (!lport->port->mac_spoofing) {
        start(d, lport, HNV_PRI_PORT_SECURITY_NONE);
        hnv_draft_drop(d, HNV_DROP_SPOOF_MAC);
    }
}

void
hnv_security_base(struct hnv_compiler *c)
{
    const struct hnv_lport *lport;
    struct hnv_draft *d = &c->draft;

    HNV_FOR_EACH_LPORT (lport, c->host) {
        const struct hnv_l2_record *l2 = find_dynamic(c->host, lport);

        write_guards(d, lport);
        write_addresses(d, lport, l2);
        if (l2) {
            write_dynamic(c, lport);
        }
        write_autoconfiguration(d, lport);
        for (int v4 = 0; lport->port->forwarder && v4 <= 1; v4++) {
            start(d, lport, HNV_PRI_PORT_SECURITY_FORWARD);
            hnv_match_ip(d, v4);
            accept_to(d, HNV_TABLE_SOURCE);
        }
        write_drops(d, lport);
        start(d, lport, HNV_PRI_PORT_SECURITY_OTHER);
        accept_to(d, HNV_TABLE_HOOK_PRE);
    }
}

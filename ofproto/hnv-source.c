/* SPDX-License-Identifier: Apache-2.0 */

/* Tables SOURCE, VERIFY, FORWARDER, and SOURCE_VSID: did the packet come from
 * where our own policy has its sender? */

#include <config.h>

#include "hnv-tables.h"

#include <netinet/icmp6.h>

#include "packets.h"

/* What a lookup says of an address that has no record. */
static const enum hnv_kind no_record[] = { HNV_KIND_NONE, HNV_KIND_ABSENT };

static uint64_t
no_row(void)
{
    return hnv_cookie_encode(HNV_ROW_NONE, 0, NULL);
}

/* ------------------------------------------------------------------------ */
/* SOURCE.                                                                  */
/* ------------------------------------------------------------------------ */

static void
start_prefix(struct hnv_draft *d, const struct hnv_domain *domain,
             const struct hnv_prefix *prefix, uint64_t cookie)
{
    hnv_draft_start(d, HNV_TABLE_SOURCE, HNV_PRI_SOURCE_ROUTE + prefix->plen,
                    cookie);
    hnv_match_domain(d, domain->key);
    hnv_match_prefix(d, prefix, true);
}

static void
finish_prefix(struct hnv_draft *d, bool v4)
{
    hnv_act_lookup(d, v4, true);
    hnv_act_goto(d, HNV_TABLE_VERIFY);
    hnv_draft_add(d);
}

/* Behind an external router, other subnets are not on link: what comes from
 * there comes from the router. */
static void
write_on_link(struct hnv_draft *d, const struct hnv_subnet *subnet,
              const struct hnv_prefix *prefix)
{
    const struct hnv_domain *domain = subnet->domain;
    bool v4 = hnv_prefix_is_v4(prefix);

    start_prefix(d, domain, prefix,
                 hnv_cookie_encode(HNV_ROW_DOMAIN, 0, &domain->uuid));
    if (domain->external_router) {
        match_set_reg(&d->match, 0, subnet->vsid);
    }
    hnv_act_move(d, v4 ? MFF_IPV4_SRC : MFF_IPV6_SRC,
                 v4 ? MFF_REG4 : MFF_XXREG1, 0);
    finish_prefix(d, v4);
}

/* What is behind a route comes from where that route leads to. */
static void
write_route(struct hnv_draft *d, const struct hnv_domain *domain,
            const struct hnv_route *route)
{
    start_prefix(d, domain, &route->prefix,
                 hnv_cookie_encode(HNV_ROW_ROUTE, 0, &route->uuid));
    hnv_act_set_address(d, MFF_REG4, MFF_XXREG1, &route->next_hop);
    finish_prefix(d, hnv_prefix_is_v4(&route->prefix));
}

static void
look_up_mac(struct hnv_draft *d)
{
    hnv_act_set(d, MFF_REG1, 0);
    hnv_act_set_bits(d, MFF_REG2, HNV_FLAG_NO_SOURCE, HNV_FLAG_NO_SOURCE);
    hnv_act_resubmit(d, HNV_TABLE_L2_SOURCE);
    hnv_act_goto(d, HNV_TABLE_VERIFY);
    hnv_draft_add(d);
}

/* An advertisement says, like ARP, who has an address, whomever it is from. */
static void
write_advertisement(struct hnv_draft *d)
{
    struct in6_addr mask = ipv6_create_mask(hnv_link_local.plen);

    hnv_draft_start(d, HNV_TABLE_SOURCE, HNV_PRI_SOURCE_NA_LINK_LOCAL,
                    no_row());
    hnv_match_icmp6(d, ND_NEIGHBOR_ADVERT);
    match_set_nd_target_masked(&d->match, &hnv_link_local.address, &mask);
    look_up_mac(d);
    hnv_draft_start(d, HNV_TABLE_SOURCE, HNV_PRI_SOURCE_NA, no_row());
    hnv_match_icmp6(d, ND_NEIGHBOR_ADVERT);
    hnv_act_move(d, MFF_ND_TARGET, MFF_XXREG1, 0);
    hnv_act_lookup(d, false, true);
    hnv_act_goto(d, HNV_TABLE_VERIFY);
    hnv_draft_add(d);
}

/* 0.0.0.0, also in ARP, ::, and link-local addresses do not tell who sent. */
static void
write_no_source(struct hnv_draft *d)
{
    hnv_draft_start(d, HNV_TABLE_SOURCE, HNV_PRI_SOURCE_L2, no_row());
    match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
    match_set_nw_src(&d->match, 0);
    look_up_mac(d);
    hnv_draft_start(d, HNV_TABLE_SOURCE, HNV_PRI_SOURCE_L2, no_row());
    hnv_match_ip(d, true);
    match_set_nw_src(&d->match, 0);
    look_up_mac(d);
    hnv_draft_start(d, HNV_TABLE_SOURCE, HNV_PRI_SOURCE_L2, no_row());
    hnv_match_ip(d, false);
    match_set_ipv6_src(&d->match, &in6addr_any);
    look_up_mac(d);
    hnv_draft_start(d, HNV_TABLE_SOURCE, HNV_PRI_SOURCE_L2, no_row());
    hnv_match_prefix(d, &hnv_link_local, true);
    look_up_mac(d);
    hnv_draft_start(d, HNV_TABLE_SOURCE, HNV_PRI_SOURCE_NONE, no_row());
    look_up_mac(d);
}

static void
write_source(struct hnv_compiler *c)
{
    struct hnv_draft *d = &c->draft;

    write_advertisement(d);
    write_no_source(d);
    hnv_draft_start(d, HNV_TABLE_SOURCE, HNV_PRI_SOURCE_ARP, no_row());
    match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
    hnv_act_move(d, MFF_ARP_SPA, MFF_REG4, 0);
    hnv_act_lookup(d, true, true);
    hnv_act_goto(d, HNV_TABLE_VERIFY);
    hnv_draft_add(d);
    for (int v4 = 0; v4 <= 1; v4++) {
        hnv_draft_start(d, HNV_TABLE_SOURCE, HNV_PRI_SOURCE_NO_ROUTE,
                       no_row());
        hnv_match_ip(d, v4);
        hnv_act_set(d, MFF_REG1, 0);
        hnv_act_goto(d, HNV_TABLE_VERIFY);
        hnv_draft_add(d);
    }

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

/* ------------------------------------------------------------------------ */
/* VERIFY and SOURCE_VSID.                                                  */
/* ------------------------------------------------------------------------ */

static void
believe(struct hnv_draft *d)
{
    hnv_act_checked(d);
    hnv_act_goto(d, HNV_TABLE_DELIVER);
    hnv_draft_add(d);
}

/* Returns the wildcard gateway of 'subnet', if it is in force. */
static const struct hnv_l2_record *
get_wildcard(const struct hnv_subnet *subnet)
{
    const struct hnv_l2_record *l2 = subnet->wildcard;

    return l2 && l2->peer && !l2->disabled ? l2 : NULL;
}

static bool
peer_has_pa(const struct hnv_peer *peer, const struct in6_addr *pa)
{
    for (size_t i = 0; i < peer->n_primary + peer->n_standby; i++) {
        if (ipv6_addr_equals(&peer->pas[i], pa)) {
            return true;
        }
    }
    return false;
}

/* Writes the flows for the wildcard gateway of subnet 'n' of 'domain'.  One
 * gateway may serve several subnets: each PA needs a flow only once. */
static void
write_wildcard(struct hnv_draft *d, const struct hnv_domain *domain, size_t n)
{
    const struct hnv_l2_record *l2 = get_wildcard(domain->subnets[n]);

    for (size_t j = 0; j < l2->peer->n_primary + l2->peer->n_standby; j++) {
        const struct in6_addr *pa = &l2->peer->pas[j];
        bool done = false;

        for (size_t i = 0; i < n && !done; i++) {
            const struct hnv_l2_record *other
                = get_wildcard(domain->subnets[i]);

            done = other && peer_has_pa(other->peer, pa);
        }
        for (size_t i = 0; i < ARRAY_SIZE(no_record) && !done; i++) {
            hnv_draft_start(d, HNV_TABLE_VERIFY, HNV_PRI_VERIFY_GATEWAY,
                            hnv_cookie_encode(HNV_ROW_L2_RECORD, 0,
                                              &l2->uuid));
            hnv_match_domain(d, domain->key);
            hnv_match_kind(d, no_record[i]);
            hnv_match_tun_src(d, pa);
            hnv_act_resubmit(d, HNV_TABLE_SOURCE_VSID);
            believe(d);
        }
    }
}

/* A machine without a known CA is believed by its MAC, from its host's PAs and
 * in its own VSID.  An address that somebody's record has does not get here,
 * and that it is the machine's own, the sending host checked. */
static void
write_l2_only(struct hnv_compiler *c, const struct hnv_l2_record *l2)
{
    struct hnv_draft *d = &c->draft;

    if (l2->type != HNV_L2_ONLY
        || hnv_l2_locate(c->host, l2).kind != HNV_KIND_ENCAP) {
        return;
    }
    for (size_t i = 0; i < l2->peer->n_primary + l2->peer->n_standby; i++) {
        for (size_t j = 0; j < ARRAY_SIZE(no_record); j++) {
            hnv_draft_start(d, HNV_TABLE_VERIFY, HNV_PRI_VERIFY_L2,
                            hnv_cookie_encode(HNV_ROW_L2_RECORD, 0,
                                              &l2->uuid));
            match_set_reg(&d->match, 0, l2->subnet->vsid);
            hnv_match_kind(d, no_record[j]);
            match_set_dl_src(&d->match, l2->mac);
            hnv_match_tun_src(d, &l2->peer->pas[i]);
            believe(d);
        }
    }
}

static void
write_domain(struct hnv_compiler *c, const struct hnv_domain *domain)
{
    struct hnv_draft *d = &c->draft;

    for (size_t i = 0; i < domain->n_subnets; i++) {
        const struct hnv_subnet *subnet = domain->subnets[i];

        for (size_t j = 0; j < subnet->n_l2_records; j++) {
            write_l2_only(c, subnet->l2_records[j]);
        }
        if (get_wildcard(subnet)) {
            write_wildcard(d, domain, i);
        }
        if (!domain->strict_vsid) {
            hnv_draft_start(d, HNV_TABLE_SOURCE_VSID,
                           HNV_PRI_SOURCE_VSID_EQUAL,
                           hnv_cookie_encode(HNV_ROW_SUBNET, 0,
                                             &subnet->uuid));
            hnv_match_vsids(d, subnet->vsid, subnet->vsid);
            hnv_act_set_bits(d, MFF_REG2, HNV_FLAG_SOURCE_VSID,
                             HNV_FLAG_SOURCE_VSID);
            hnv_draft_add(d);
        }
    }
}

/* From any of the peer's PAs, the standby ones too, so that a machine may move
 * before everybody knows. */
void
hnv_source_peer(struct hnv_compiler *c, const struct hnv_peer *peer)
{
    uint64_t cookie = hnv_cookie_encode_bits(HNV_ROW_PEER, 0, peer->id);
    struct hnv_draft *d = &c->draft;

    for (size_t i = 0; i < peer->n_primary + peer->n_standby; i++) {
        if (hnv_address_is_multicast(&peer->pas[i])) {
            return;
        }
        hnv_draft_start(d, HNV_TABLE_VERIFY, HNV_PRI_VERIFY_PEER, cookie);
        hnv_match_kind(d, HNV_KIND_ENCAP);
        match_set_reg(&d->match, 3, peer->id);
        hnv_match_tun_src(d, &peer->pas[i]);
        hnv_act_resubmit(d, HNV_TABLE_SOURCE_VSID);
        believe(d);
    }
    if (peer->n_primary == 1 && !peer->n_standby && !peer->n_former) {
        hnv_draft_start(d, HNV_TABLE_VERIFY, HNV_PRI_VERIFY_KNOWN_PA, cookie);
        hnv_match_tun_src(d, &peer->pas[0]);
        hnv_draft_drop_shared(d, HNV_DROP_SOURCE_UNVERIFIED);
    }
}

/* A frame that does not say who sent it is believed if it comes from a host
 * with machines in the VSID. */
void
hnv_source_members(struct hnv_compiler *c, const struct hnv_subnet *subnet,
                   const struct hnv_members *members)
{
    struct hnv_draft *d = &c->draft;
    struct hnv_member *member;

    HMAP_FOR_EACH (member, node, &members->pas) {
        if (!hnv_host_has_pa(c->host, &member->pa)) {
            hnv_draft_start(d, HNV_TABLE_VERIFY, HNV_PRI_VERIFY_MEMBER,
                           hnv_cookie_encode(HNV_ROW_SUBNET, 0,
                                             &subnet->uuid));
            match_set_reg(&d->match, 0, subnet->vsid);
            hnv_match_kind(d, HNV_KIND_NONE);
            hnv_match_bits(d, MFF_REG2, HNV_FLAG_NO_SOURCE,
                           HNV_FLAG_NO_SOURCE);
            hnv_match_tun_src(d, &member->pa);
            believe(d);
        }
    }
}

/* The record's former host sends on what others still send to it. */
void
hnv_source_record(struct hnv_compiler *c, const struct hnv_located *l)
{
    const struct hnv_peer *peer = l->record->peer;
    struct hnv_draft *d = &c->draft;

    if (l->kind != HNV_KIND_LOCAL || !peer) {
        return;
    }
    for (size_t i = 0; i < peer->n_standby + peer->n_former; i++) {
        const struct in6_addr *pa = &peer->pas[peer->n_primary + i];

        for (int arp = 0; arp <= hnv_address_is_v4(&l->record->ca)
             && !hnv_host_has_pa(c->host, pa); arp++) {
            hnv_start_to_record(d, HNV_TABLE_VERIFY, HNV_PRI_VERIFY_MOVED, l,
                                arp);
            hnv_match_tun_src(d, pa);
            believe(d);
        }
    }
}

/* ------------------------------------------------------------------------ */
/* FORWARDER.                                                               */
/* ------------------------------------------------------------------------ */

static void
write_forwarder(struct hnv_draft *d, const struct hnv_lport *lport)
{
    const struct hnv_l2_record *wildcard = lport->port->subnet->wildcard;
    uint64_t cookie = hnv_cookie_encode(HNV_ROW_PORT, 0, &lport->port->uuid);

    hnv_draft_start(d, HNV_TABLE_FORWARDER, HNV_PRI_FORWARDER_OWN, cookie);
    match_set_reg(&d->match, 14, lport->vport);
    match_set_reg(&d->match, 15, lport->vport);
    hnv_match_kind(d, HNV_KIND_LOCAL);
    hnv_act_goto(d, HNV_TABLE_ACL_OUT);
    hnv_draft_add(d);

    for (size_t i = 0;
         wildcard && eth_addr_equals(wildcard->mac, lport->port->mac)
         && i < ARRAY_SIZE(no_record); i++) {
        hnv_draft_start(d, HNV_TABLE_FORWARDER, HNV_PRI_FORWARDER_GATEWAY,
                       cookie);
        match_set_reg(&d->match, 14, lport->vport);
        hnv_match_kind(d, no_record[i]);
        hnv_act_goto(d, HNV_TABLE_ACL_OUT);
        hnv_draft_add(d);
    }
}

void
hnv_source_base(struct hnv_compiler *c)
{
    const struct hnv_lport *lport;
    struct hnv_draft *d = &c->draft;

    write_source(c);
    hnv_draft_start(d, HNV_TABLE_VERIFY, HNV_PRI_VERIFY_FORWARDER, no_row());
    hnv_match_bits(d, MFF_REG2, 0, HNV_FLAG_TUNNEL);
    hnv_act_goto(d, HNV_TABLE_FORWARDER);
    hnv_draft_add(d);
    for (size_t i = 0; i < c->host->n_domains; i++) {
        write_domain(c, c->host->domains[i]);
    }
    hnv_draft_start(d, HNV_TABLE_VERIFY, HNV_PRI_VERIFY_NONE, no_row());
    hnv_draft_drop_shared(d, HNV_DROP_UNKNOWN_PA);

    HNV_FOR_EACH_LPORT (lport, c->host) {
        if (lport->port->forwarder) {
            write_forwarder(d, lport);
        }
    }
    hnv_draft_start(d, HNV_TABLE_FORWARDER, HNV_PRI_FORWARDER_NONE, no_row());
    hnv_draft_drop_shared(d, HNV_DROP_SPOOF_IP);
}

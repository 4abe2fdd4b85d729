/* SPDX-License-Identifier: Apache-2.0 */

/* Table SOURCE_PA: from which of this host's provider addresses?
 *
 * Other hosts believe a frame only if it comes from a PA of its sender's
 * record, so a host with several must send from the one that the record
 * names.  What no local record says comes from the host's default.
 *
 * The table has flows only for an IP version of which the host has more than
 * one PA.  PEER and FLOOD do without it otherwise. */

#include <config.h>

#include "hnv-tables.h"

#include "packets.h"

bool
hnv_host_has_several_pas(const struct hnv_host *host, bool v4)
{
    size_t n = 0;

    for (size_t i = 0; i < host->n_pas; i++) {
        n += hnv_address_is_v4(&host->pas[i]) == v4;
    }
    return n > 1;
}

/* Returns the first of the 'n' 'pas' that is the host's and of the IP version,
 * or NULL. */
static const struct in6_addr *
find_own_pa(const struct hnv_host *host, const struct in6_addr *pas, size_t n,
            bool v4)
{
    for (size_t i = 0; i < n; i++) {
        if (hnv_address_is_v4(&pas[i]) == v4
            && hnv_host_has_pa(host, &pas[i])) {
            return &pas[i];
        }
    }
    return NULL;
}

/* Adds the flow that was begun, for peers of the IP version of 'pa'. */
static void
finish(struct hnv_draft *d, const struct in6_addr *pa, uint32_t flags)
{
    uint32_t pa6 = hnv_address_is_v4(pa) ? 0 : HNV_FLAG_PA6;

    hnv_match_bits(d, MFF_REG2, flags | pa6, flags | HNV_FLAG_PA6);
    hnv_act_set_address(d, MFF_TUN_SRC, MFF_TUN_IPV6_SRC, pa);
    hnv_draft_add(d);
}

/* The record of the machine's first address also decides for what it sends
 * from addresses that are not its own, as a forwarder. */
static void
write_local(struct hnv_draft *d, const struct hnv_located *l,
            const struct in6_addr *pa)
{
    const struct in6_addr *ca = &l->record->ca;
    const struct hnv_port *port = l->lport->port;

    hnv_draft_start(d, HNV_TABLE_SOURCE_PA, HNV_PRI_SOURCE_PA_RECORD,
                    l->cookie);
    match_set_reg(&d->match, 14, l->lport->vport);
    hnv_match_ip_src(d, ca);
    finish(d, pa, 0);

    if (hnv_address_is_v4(ca)) {
        hnv_draft_start(d, HNV_TABLE_SOURCE_PA, HNV_PRI_SOURCE_PA_RECORD,
                        l->cookie);
        match_set_reg(&d->match, 14, l->lport->vport);
        match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
        match_set_nw_src(&d->match, in6_addr_get_mapped_ipv4(ca));
        finish(d, pa, 0);
    }
    if (port->n_addresses && ipv6_addr_equals(&port->addresses[0], ca)) {
        hnv_draft_start(d, HNV_TABLE_SOURCE_PA, HNV_PRI_SOURCE_PA_PORT,
                        l->cookie);
        match_set_reg(&d->match, 14, l->lport->vport);
        finish(d, pa, 0);
    }
}

/* What is redirected to a machine that left comes from the PA where it was. */
static void
write_moved(struct hnv_draft *d, const struct hnv_located *l,
            const struct in6_addr *pa)
{
    for (int arp = 0; arp <= hnv_address_is_v4(&l->record->ca); arp++) {
        hnv_start_to_record(d, HNV_TABLE_SOURCE_PA, HNV_PRI_SOURCE_PA_MOVED,
                            l, arp);
        finish(d, pa, HNV_FLAG_TUNNEL);
    }
}

void
hnv_source_pa_record(struct hnv_compiler *c, const struct hnv_located *l)
{
    const struct hnv_peer *peer = l->record->peer;

    for (int v4 = 0; peer && v4 <= 1; v4++) {
        const struct in6_addr *pa;

        if (!hnv_host_has_several_pas(c->host, v4)) {
            continue;
        }
        if (l->kind == HNV_KIND_LOCAL) {
            pa = find_own_pa(c->host, peer->pas, peer->n_primary, v4);
            if (pa) {
                write_local(&c->draft, l, pa);
            }
        } else if (l->kind == HNV_KIND_ENCAP
                   && !hnv_address_is_multicast(&l->record->ca)) {
            pa = find_own_pa(c->host, peer->pas + peer->n_primary,
                             peer->n_standby, v4);
            if (pa) {
                write_moved(&c->draft, l, pa);
            }
        }
    }
}

static void
write_l2(struct hnv_compiler *c, const struct hnv_l2_record *l2, bool v4)
{
    const struct in6_addr *pa
        = l2->peer ? find_own_pa(c->host, l2->peer->pas, l2->peer->n_primary,
                                 v4) : NULL;
    struct hnv_l2_place l = hnv_l2_locate(c->host, l2);
    struct hnv_draft *d = &c->draft;

    /* By vport rather than MAC, which is the router's once routed. */
    if (pa && l.kind == HNV_KIND_LOCAL) {
        hnv_draft_start(d, HNV_TABLE_SOURCE_PA, HNV_PRI_SOURCE_PA_L2,
                        hnv_cookie_encode(HNV_ROW_L2_RECORD, 0, &l2->uuid));
        match_set_reg(&d->match, 14, l.vport);
        finish(d, pa, 0);
    }
}

static void
write_domain(struct hnv_compiler *c, const struct hnv_domain *domain, bool v4)
{
    for (size_t i = 0; i < domain->n_subnets; i++) {
        const struct hnv_subnet *subnet = domain->subnets[i];

        for (size_t j = 0; j < subnet->n_l2_records; j++) {
            write_l2(c, subnet->l2_records[j], v4);
        }
    }
}

void
hnv_source_pa_base(struct hnv_compiler *c)
{
    for (int v4 = 0; v4 <= 1; v4++) {
        if (hnv_host_has_several_pas(c->host, v4)) {
            for (size_t i = 0; i < c->host->n_domains; i++) {
                write_domain(c, c->host->domains[i], v4);
            }
            hnv_draft_start(&c->draft, HNV_TABLE_SOURCE_PA,
                            HNV_PRI_SOURCE_PA_NONE,
                            hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
            finish(&c->draft, v4 ? c->host->pa4 : c->host->pa6, 0);
        }
    }
}

void
hnv_source_pa_act(struct hnv_compiler *c, const struct in6_addr *peer_pa)
{
    bool v4 = hnv_address_is_v4(peer_pa);
    struct hnv_draft *d = &c->draft;

    if (hnv_host_has_several_pas(c->host, v4)) {
        hnv_act_resubmit(d, HNV_TABLE_SOURCE_PA);
    } else {
        hnv_act_set_address(d, MFF_TUN_SRC, MFF_TUN_IPV6_SRC,
                            v4 ? c->host->pa4 : c->host->pa6);
    }
}

void
hnv_source_pa_act_both(struct hnv_compiler *c)
{
    struct hnv_draft *d = &c->draft;

    if (hnv_host_has_several_pas(c->host, true)) {
        hnv_act_resubmit(d, HNV_TABLE_SOURCE_PA);
    }
    if (hnv_host_has_several_pas(c->host, false)) {
        hnv_act_set_bits(d, MFF_REG2, HNV_FLAG_PA6, HNV_FLAG_PA6);
        hnv_act_resubmit(d, HNV_TABLE_SOURCE_PA);
        hnv_act_set_bits(d, MFF_REG2, 0, HNV_FLAG_PA6);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Tables CLASSIFY, TUN_CLASSIFY, and SENDER: which tenant is it? */

#include <config.h>

#include "hnv-tables.h"

#include <netinet/icmp6.h>

#include "packets.h"

static void
write_lport(struct hnv_draft *d, const struct hnv_lport *lport)
{
    const struct hnv_subnet *subnet = lport->port->subnet;
    uint64_t cookie = hnv_cookie_encode(HNV_ROW_PORT, HNV_DROP_NONE,
                                        &lport->port->uuid);

    hnv_draft_start(d, HNV_TABLE_CLASSIFY, HNV_PRI_CLASSIFY_TAGGED, cookie);
    match_set_in_port(&d->match, lport->ofport);
    match_set_dl_tci_masked(&d->match, htons(VLAN_CFI), htons(VLAN_CFI));
    hnv_draft_drop(d, HNV_DROP_VLAN_TAG);

    hnv_draft_start(d, HNV_TABLE_CLASSIFY, HNV_PRI_CLASSIFY_PORT, cookie);
    match_set_in_port(&d->match, lport->ofport);
    hnv_act_set(d, MFF_METADATA, subnet->domain->key);
    hnv_act_set(d, MFF_REG0, subnet->vsid);
    hnv_act_set(d, MFF_REG14, lport->vport);
    hnv_act_goto(d, HNV_TABLE_PORT_SECURITY);
    hnv_draft_add(d);

    hnv_draft_start(d, HNV_TABLE_SENDER, HNV_PRI_SENDER_PORT, cookie);
    match_set_in_port(&d->match, lport->ofport);
    hnv_match_domain(d, subnet->domain->key);
    match_set_reg(&d->match, 0, subnet->vsid);
    match_set_reg(&d->match, 14, lport->vport);
    hnv_act_checked(d);
    hnv_draft_add(d);
}

static void
start_rewrite(struct hnv_compiler *c, int priority)
{
    hnv_draft_start(&c->draft, HNV_TABLE_CLASSIFY, priority,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
    match_set_in_port(&c->draft.match, c->host->rewrite_port);
}

static void
finish_rewrite(struct hnv_compiler *c)
{
    hnv_act_goto(&c->draft, HNV_TABLE_REWRITE_IN_DST);
    hnv_draft_add(&c->draft);
}

/* The provider network's bridge may flood what is for others. */
static void
write_rewrite_port(struct hnv_compiler *c)
{
    struct hnv_draft *d = &c->draft;

    if (c->host->rewrite_port == OFPP_NONE) {
        return;
    }
    for (int v4 = 0; v4 <= 1; v4++) {
        start_rewrite(c, HNV_PRI_CLASSIFY_REWRITE);
        match_set_dl_dst(&d->match, c->host->rewrite_mac);
        hnv_match_ip(d, v4);
        finish_rewrite(c);
    }
    start_rewrite(c, HNV_PRI_CLASSIFY_REWRITE);
    match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
    match_set_nw_proto(&d->match, ARP_OP_REQUEST);
    finish_rewrite(c);
    start_rewrite(c, HNV_PRI_CLASSIFY_REWRITE);
    hnv_match_icmp6(d, ND_NEIGHBOR_SOLICIT);
    hnv_match_group_mac(d);
    finish_rewrite(c);
    start_rewrite(c, HNV_PRI_CLASSIFY_REWRITE_NOT);
    hnv_draft_drop(d, HNV_DROP_NOT_OURS);
}

/* Unless the domain wants the destination's VSID only, any VSID of it may
 * come, because the sender may send its own. */
static void
write_subnet(struct hnv_compiler *c, const struct hnv_subnet *subnet)
{
    struct hnv_draft *d = &c->draft;

    if (subnet->domain->strict_vsid
        && !hnv_host_has_subnet(c->host, subnet)) {
        return;
    }
    hnv_draft_start(d, HNV_TABLE_TUN_CLASSIFY, HNV_PRI_TUN_CLASSIFY_VSID,
                    hnv_cookie_encode(HNV_ROW_SUBNET, 0, &subnet->uuid));
    match_set_tun_id(&d->match, htonll(subnet->vsid));
    hnv_act_set(d, MFF_METADATA, subnet->domain->key);
    hnv_act_set(d, MFF_REG0, subnet->vsid);
    hnv_act_set_bits(d, MFF_REG2, HNV_FLAG_TUNNEL, HNV_FLAG_TUNNEL);
    hnv_act_goto(d, HNV_TABLE_SOURCE);
    hnv_draft_add(d);
}

void
hnv_classify_base(struct hnv_compiler *c)
{
    uint64_t none = hnv_cookie_encode(HNV_ROW_NONE, 0, NULL);
    const struct hnv_lport *lport;
    struct hnv_draft *d = &c->draft;

    if (c->host->tunnel_port != OFPP_NONE) {
        hnv_draft_start(d, HNV_TABLE_CLASSIFY, HNV_PRI_CLASSIFY_TUNNEL, none);
        match_set_in_port(&d->match, c->host->tunnel_port);
        hnv_act_goto(d, HNV_TABLE_TUN_CLASSIFY);
        hnv_draft_add(d);
    }
    write_rewrite_port(c);
    HNV_FOR_EACH_LPORT (lport, c->host) {
        write_lport(d, lport);
    }
    hnv_draft_start(d, HNV_TABLE_CLASSIFY, HNV_PRI_CLASSIFY_NONE, none);
    hnv_draft_drop(d, HNV_DROP_NOT_BOUND);

    for (size_t i = 0; i < c->host->n_domains; i++) {
        const struct hnv_domain *domain = c->host->domains[i];

        for (size_t j = 0; j < domain->n_subnets; j++) {
            write_subnet(c, domain->subnets[j]);
        }
    }
    hnv_draft_start(d, HNV_TABLE_TUN_CLASSIFY, HNV_PRI_TUN_CLASSIFY_NONE,
                    none);
    hnv_draft_drop(d, HNV_DROP_UNKNOWN_VSID);
}

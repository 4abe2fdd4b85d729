/* SPDX-License-Identifier: Apache-2.0 */

/* Tables OUTPUT, PEER, and ENCAP: to a local port or through the tunnel. */

#include <config.h>

#include "hnv-tables.h"

#include "packets.h"

static void
start(struct hnv_draft *d, enum hnv_table table, int priority,
      enum hnv_row row, const struct uuid *uuid)
{
    hnv_draft_start(d, table, priority, hnv_cookie_encode(row, 0, uuid));
}

static void
write_local(struct hnv_draft *d, const struct hnv_lport *lport)
{
    const struct hnv_subnet *subnet = lport->port->subnet;

    start(d, HNV_TABLE_OUTPUT, HNV_PRI_OUTPUT_SELF, HNV_ROW_PORT,
          &lport->port->uuid);
    hnv_match_kind(d, HNV_KIND_LOCAL);
    match_set_reg(&d->match, 14, lport->vport);
    match_set_reg(&d->match, 15, lport->vport);
    hnv_draft_drop(d, HNV_DROP_TO_SELF);

    start(d, HNV_TABLE_OUTPUT, HNV_PRI_OUTPUT_LOCAL, HNV_ROW_PORT,
          &lport->port->uuid);
    hnv_match_domain(d, subnet->domain->key);
    hnv_match_kind_vsid(d, HNV_KIND_LOCAL, subnet->vsid);
    match_set_reg(&d->match, 15, lport->vport);
    hnv_act_resubmit(d, HNV_TABLE_ACL_IN);
    hnv_draft_add(d);
}

static void
write_remote(struct hnv_draft *d, const struct hnv_subnet *subnet)
{
    start(d, HNV_TABLE_OUTPUT, HNV_PRI_OUTPUT_ENCAP, HNV_ROW_SUBNET,
          &subnet->uuid);
    hnv_match_domain(d, subnet->domain->key);
    hnv_match_kind_vsid(d, HNV_KIND_ENCAP, subnet->vsid);
    if (subnet->mtu) {
        hnv_act_check_size(d, subnet->mtu + ETH_HEADER_LEN,
                           HNV_FLAG_TOO_BIG_SUBNET);
    }
    hnv_act_goto(d, HNV_TABLE_PEER);
    hnv_draft_add(d);

    start(d, HNV_TABLE_OUTPUT, HNV_PRI_OUTPUT_REWRITE, HNV_ROW_SUBNET,
          &subnet->uuid);
    hnv_match_domain(d, subnet->domain->key);
    hnv_match_kind_vsid(d, HNV_KIND_REWRITE, subnet->vsid);
    hnv_act_goto(d, HNV_TABLE_REWRITE_OUT);
    hnv_draft_add(d);
}

static void
write_output(struct hnv_compiler *c)
{
    const struct hnv_lport *lport;
    struct hnv_draft *d = &c->draft;

    start(d, HNV_TABLE_OUTPUT, HNV_PRI_OUTPUT_VETO, HNV_ROW_NONE, NULL);
    hnv_match_bits(d, MFF_REG2, HNV_FLAG_VETO, HNV_FLAG_VETO);
    hnv_draft_drop_shared(d, HNV_DROP_HOOK_VETO);
    hnv_draft_gate(d, HNV_TABLE_OUTPUT, HNV_PRI_OUTPUT_UNCHECKED);

    HNV_FOR_EACH_LPORT (lport, c->host) {
        write_local(d, lport);
    }
    for (size_t i = 0; i < c->host->n_domains; i++) {
        for (size_t j = 0; j < c->host->domains[i]->n_subnets; j++) {
            write_remote(d, c->host->domains[i]->subnets[j]);
        }
    }
    start(d, HNV_TABLE_OUTPUT, HNV_PRI_OUTPUT_NONE, HNV_ROW_NONE, NULL);
    hnv_draft_drop(d, HNV_DROP_WRONG_DOMAIN);
}

/* ------------------------------------------------------------------------ */
/* ENCAP.                                                                   */
/* ------------------------------------------------------------------------ */

/* OpenFlow cannot see whether an IPv4 packet may be fragmented.  The agent
 * can, and lets such a packet go on, to the nvgre port, which does that.  Open
 * vSwitch takes the peer's address in a packet that goes on for the address
 * that the packet came to, and sends nothing there, so the stack keeps it. */
static void
finish_too_big(struct hnv_compiler *c, const struct hnv_domain *domain,
               uint32_t mtu)
{
    struct hnv_ask ask = {
        .op = HNV_OP_TOO_BIG,
        .arg = mtu,
        .meter = hnv_compiler_meter(c, domain),
        .pause = true,
    };
    struct hnv_draft *d = &c->draft;

    hnv_act_push(d, MFF_TUN_DST);
    hnv_act_push(d, MFF_TUN_IPV6_DST);
    hnv_act_set(d, MFF_TUN_DST, 0);
    hnv_act_set_address(d, MFF_TUN_DST, MFF_TUN_IPV6_DST, &in6addr_any);
    hnv_act_ask(d, &ask);
    hnv_act_pop(d, MFF_TUN_IPV6_DST);
    hnv_act_pop(d, MFF_TUN_DST);
    hnv_act_output(d, c->host->tunnel_port);
    hnv_draft_add(d);
}

static void
write_too_big(struct hnv_compiler *c, const struct hnv_domain *domain, bool v4)
{
    struct hnv_draft *d = &c->draft;

    start(d, HNV_TABLE_ENCAP, HNV_PRI_ENCAP_TOO_BIG, HNV_ROW_DOMAIN,
          &domain->uuid);
    hnv_match_domain(d, domain->key);
    hnv_match_ip(d, v4);
    hnv_match_bits(d, MFF_REG2, HNV_FLAG_TOO_BIG, HNV_FLAG_TOO_BIG);
    finish_too_big(c, domain, c->host->mtu);
}

static void
write_subnet_too_big(struct hnv_compiler *c, const struct hnv_subnet *subnet)
{
    uint32_t mtu = subnet->mtu;
    struct hnv_draft *d = &c->draft;

    for (int v4 = 0; mtu && v4 <= 1; v4++) {
        start(d, HNV_TABLE_ENCAP, HNV_PRI_ENCAP_TOO_BIG_SUBNET,
              HNV_ROW_SUBNET, &subnet->uuid);
        hnv_match_kind_vsid(d, HNV_KIND_ENCAP, subnet->vsid);
        hnv_match_ip(d, v4);
        hnv_match_bits(d, MFF_REG2, HNV_FLAG_TOO_BIG_SUBNET,
                       HNV_FLAG_TOO_BIG_SUBNET);
        finish_too_big(c, subnet->domain, mtu);
    }
}

static void
write_encap(struct hnv_compiler *c)
{
    static const enum hnv_flag flags[] = {
        HNV_FLAG_TOO_BIG, HNV_FLAG_TOO_BIG_SUBNET
    };
    struct hnv_draft *d = &c->draft;

    for (size_t i = 0; i < c->host->n_domains; i++) {
        const struct hnv_domain *domain = c->host->domains[i];

        for (int v4 = 0; c->host->mtu && v4 <= 1; v4++) {
            write_too_big(c, domain, v4);
        }
        for (size_t j = 0; j < domain->n_subnets; j++) {
            write_subnet_too_big(c, domain->subnets[j]);
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        start(d, HNV_TABLE_ENCAP, HNV_PRI_ENCAP_TOO_BIG_OTHER, HNV_ROW_NONE,
              NULL);
        hnv_match_bits(d, MFF_REG2, flags[i], flags[i]);
        hnv_draft_drop_shared(d, HNV_DROP_TOO_BIG);
    }
    /* Whatever the size of a packet, the switch counts it for both outcomes of
     * a comparison, so here would be counted what is not dropped. */
    start(d, HNV_TABLE_ENCAP, HNV_PRI_ENCAP_ARP, HNV_ROW_NONE, NULL);
    match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
    hnv_act_output(d, c->host->tunnel_port);
    hnv_draft_add(d);
    start(d, HNV_TABLE_ENCAP, HNV_PRI_ENCAP_OUT, HNV_ROW_NONE, NULL);
    hnv_act_output(d, c->host->tunnel_port);
    hnv_draft_add(d);
}

void
hnv_encap_base(struct hnv_compiler *c)
{
    struct hnv_draft *d = &c->draft;

    write_output(c);
    hnv_draft_gate(d, HNV_TABLE_PEER, HNV_PRI_PEER_UNCHECKED);
    hnv_draft_gate(d, HNV_TABLE_ENCAP, HNV_PRI_ENCAP_UNCHECKED);
    start(d, HNV_TABLE_PEER, HNV_PRI_PEER_NONE, HNV_ROW_NONE, NULL);
    hnv_draft_drop_shared(d, HNV_DROP_NO_PEER);
    if (c->host->tunnel_port != OFPP_NONE) {
        write_encap(c);
    }
}

/* The one flow that has the provider address.  The frame may have come from a
 * tunnel of the other IP version, whose addresses must not stay. */
void
hnv_encap_peer(struct hnv_compiler *c, const struct hnv_peer *peer)
{
    const struct in6_addr *pa;
    struct hnv_draft *d = &c->draft;
    bool v4;

    if (!peer->n_primary || c->host->tunnel_port == OFPP_NONE) {
        return;
    }
    v4 = hnv_address_is_v4(&peer->pas[0]);
    pa = v4 ? c->host->pa4 : c->host->pa6;
    hnv_draft_start(d, HNV_TABLE_PEER, HNV_PRI_PEER_PEER,
                    hnv_cookie_encode_bits(HNV_ROW_PEER, 0, peer->id));
    match_set_reg(&d->match, 3, peer->id);
    if (!pa) {
        hnv_draft_drop_shared(d, HNV_DROP_NO_LOCAL_PA);
        return;
    }
    if (!v4) {
        hnv_act_set(d, MFF_TUN_SRC, 0);
        hnv_act_set(d, MFF_TUN_DST, 0);
        hnv_act_set_bits(d, MFF_REG2, HNV_FLAG_PA6, HNV_FLAG_PA6);
    }
    hnv_source_pa_act(c, &peer->pas[0]);
    hnv_act_set_address(d, MFF_TUN_DST, MFF_TUN_IPV6_DST, &peer->pas[0]);
    hnv_act_set(d, MFF_TUN_ID, 0);
    hnv_act_move(d, MFF_REG1, MFF_TUN_ID, 24);
    if (c->host->mtu) {
        hnv_act_check_size(d, c->host->mtu + ETH_HEADER_LEN,
                           HNV_FLAG_TOO_BIG);
    }
    hnv_act_goto(d, HNV_TABLE_ENCAP);
    hnv_draft_add(d);
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Tables DELIVER and LOCAL_OUT: to a local port. */

#include <config.h>

#include "hnv-tables.h"

#include "flow.h"
#include "packets.h"

static void
write_lport(struct hnv_draft *d, const struct hnv_lport *lport)
{
    const struct hnv_subnet *subnet = lport->port->subnet;
    uint64_t cookie = hnv_cookie_encode(HNV_ROW_PORT, 0, &lport->port->uuid);

    hnv_draft_start(d, HNV_TABLE_DELIVER, HNV_PRI_DELIVER_PORT, cookie);
    match_set_reg(&d->match, 0, subnet->vsid);
    match_set_dl_dst(&d->match, lport->port->mac);
    hnv_act_set(d, MFF_REG15, lport->vport);
    hnv_act_goto(d, HNV_TABLE_ACL_IN);
    hnv_draft_add(d);

    if (lport->mac_unique && !subnet->domain->strict_vsid) {
        hnv_draft_start(d, HNV_TABLE_DELIVER, HNV_PRI_DELIVER_DOMAIN, cookie);
        hnv_match_domain(d, subnet->domain->key);
        match_set_dl_dst(&d->match, lport->port->mac);
        hnv_match_bits(d, MFF_REG2, HNV_FLAG_SOURCE_VSID,
                       HNV_FLAG_SOURCE_VSID);
        hnv_act_set(d, MFF_REG15, lport->vport);
        hnv_act_goto(d, HNV_TABLE_ACL_IN);
        hnv_draft_add(d);
    }

    hnv_draft_start(d, HNV_TABLE_LOCAL_OUT, HNV_PRI_LOCAL_OUT_PORT, cookie);
    hnv_match_domain(d, subnet->domain->key);
    match_set_reg(&d->match, 15, lport->vport);
    hnv_act_output(d, lport->ofport);
    hnv_draft_add(d);
}

void
hnv_deliver_base(struct hnv_compiler *c)
{
    uint64_t cookie = hnv_cookie_encode(HNV_ROW_NONE, 0, NULL);
    const struct hnv_lport *lport;
    struct hnv_draft *d = &c->draft;

    HNV_FOR_EACH_LPORT (lport, c->host) {
        write_lport(d, lport);
    }
    hnv_draft_gate(d, HNV_TABLE_LOCAL_OUT, HNV_PRI_LOCAL_OUT_UNCHECKED);
    hnv_draft_start(d, HNV_TABLE_DELIVER, HNV_PRI_DELIVER_NONE, cookie);
    hnv_draft_drop_shared(d, HNV_DROP_MAC_NOT_HERE);
    hnv_draft_start(d, HNV_TABLE_LOCAL_OUT, HNV_PRI_LOCAL_OUT_NONE, cookie);
    hnv_draft_drop(d, HNV_DROP_WRONG_DOMAIN);
}

void
hnv_start_to_record(struct hnv_draft *d, enum hnv_table table, int priority,
                    const struct hnv_located *l, bool arp)
{
    const struct hnv_record *record = l->record;

    hnv_draft_start(d, table, priority, l->cookie);
    match_set_reg(&d->match, 0, record->vsid);
    match_set_dl_dst(&d->match, record->mac);
    if (arp) {
        match_set_dl_type(&d->match, htons(ETH_TYPE_ARP));
        match_set_nw_dst(&d->match, in6_addr_get_mapped_ipv4(&record->ca));
    } else {
        hnv_match_ip_dst(d, &record->ca);
    }
}

/* Sends on, from tunnel to tunnel, what comes for a machine that has left this
 * host.  The switch does not send a packet back to the port it came from,
 * which is the nvgre port, so the packet must not remember that.
 *
 * While two hosts disagree on where the machine is, each sends on to the other
 * what comes for it.  The packet does not go round, because it came from its
 * sender's PA only the first time.  One that does not say who sent it would:
 * it stays here. */
void
hnv_deliver_record(struct hnv_compiler *c, const struct hnv_located *l)
{
    const struct hnv_record *record = l->record;
    const struct hnv_peer *peer = record->peer;
    struct hnv_draft *d = &c->draft;
    bool moved = record->moved;

    if (l->kind != HNV_KIND_ENCAP || hnv_address_is_multicast(&record->ca)) {
        return;
    }
    for (size_t i = 0; i < peer->n_standby; i++) {
        moved = moved || (hnv_host_has_pa(c->host,
                                          &peer->pas[peer->n_primary + i])
                          && !hnv_host_lport(c->host, record->vsid,
                                             record->mac));
    }
    for (int arp = 0; moved && arp <= hnv_address_is_v4(&record->ca); arp++) {
        hnv_start_to_record(d, HNV_TABLE_DELIVER, HNV_PRI_DELIVER_MOVED, l,
                            arp);
        hnv_match_bits(d, MFF_REG2, 0, HNV_FLAG_NO_SOURCE);
        hnv_act_set(d, MFF_REG1, hnv_kind_and_vsid(HNV_KIND_ENCAP,
                                                   record->vsid));
        hnv_act_set(d, MFF_REG3, peer->id);
        hnv_act_set(d, MFF_IN_PORT, ofp_to_u16(OFPP_NONE));
        hnv_act_goto(d, HNV_TABLE_PEER);
        hnv_draft_add(d);
    }
}

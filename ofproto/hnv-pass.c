/* SPDX-License-Identifier: Apache-2.0 */

/* Table PASS, and its entries in CLASSIFY: ports that are not virtualized.
 *
 * Ports of the same VLAN, or without one, are a network, which also has all
 * uplinks.  It has no learning: a frame goes to the local port with its
 * destination's MAC, or to all ports of the network.  It never goes to a port
 * of a virtual subnet, which a switch's own MAC learning could not promise.
 *
 * 'reg0' is the network: the VLAN plus 1, or 0. */

#include <config.h>

#include "hnv-tables.h"

#include <stdlib.h>

#include "packets.h"

static uint64_t
cookie_of(const struct hnv_lport *lport)
{
    return (lport->port
            ? hnv_cookie_encode(HNV_ROW_PORT, 0, &lport->port->uuid)
            : hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
}

static bool
is_plain(const struct hnv_lport *lport)
{
    return lport->port && !lport->port->subnet;
}

static void
write_in(struct hnv_draft *d, const struct hnv_lport *lport, int vlan)
{
    bool tagged = lport->uplink && vlan >= 0;

    hnv_draft_start(d, HNV_TABLE_CLASSIFY,
                    lport->uplink ? HNV_PRI_CLASSIFY_UPLINK
                                  : HNV_PRI_CLASSIFY_PORT,
                    cookie_of(lport));
    match_set_in_port(&d->match, lport->ofport);
    if (tagged) {
        match_set_dl_vlan(&d->match, htons(vlan), 0);
        hnv_act_pop_vlan(d);
    } else {
        match_set_dl_tci_masked(&d->match, 0, htons(VLAN_CFI));
    }
    hnv_act_set(d, MFF_REG0, vlan + 1);
    hnv_act_checked(d);
    hnv_act_goto(d, HNV_TABLE_PASS);
    hnv_draft_add(d);
}

static void
write_tagged(struct hnv_draft *d, const struct hnv_lport *lport)
{
    hnv_draft_start(d, HNV_TABLE_CLASSIFY, HNV_PRI_CLASSIFY_TAGGED,
                    cookie_of(lport));
    match_set_in_port(&d->match, lport->ofport);
    match_set_dl_tci_masked(&d->match, htons(VLAN_CFI), htons(VLAN_CFI));
    hnv_draft_drop(d, HNV_DROP_WRONG_VLAN);
}

static void
write_port(struct hnv_draft *d, const struct hnv_lport *lport)
{
    if (!eth_addr_is_zero(lport->port->mac)) {
        hnv_draft_start(d, HNV_TABLE_PASS, HNV_PRI_PASS_PORT,
                        cookie_of(lport));
        match_set_reg(&d->match, 0, lport->vlan + 1);
        match_set_dl_dst(&d->match, lport->port->mac);
        hnv_act_output(d, lport->ofport);
        hnv_draft_add(d);
    }
}

static void
write_network(struct hnv_compiler *c, int vlan)
{
    uint32_t id = hnv_group_id(HNV_GROUP_PASS, vlan + 1);
    struct hnv_draft *d = &c->draft;
    struct ofpbuf *buckets = NULL;
    size_t n = 0, allocated = 0;

    hnv_draft_start(d, HNV_TABLE_PASS, HNV_PRI_PASS_NETWORK,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
    for (size_t i = 0; i < c->host->n_lports; i++) {
        const struct hnv_lport *lport = &c->host->lports[i];

        if (lport->uplink) {
            if (vlan >= 0) {
                hnv_act_push_vlan(d, vlan);
            }
        } else if (!is_plain(lport) || lport->vlan != vlan) {
            continue;
        }
        hnv_act_output(d, lport->ofport);
        hnv_draft_bucket(d, &buckets, &n, &allocated);
    }
    hnv_flows_add_group(d->flows, id, buckets, n);

    match_set_reg(&d->match, 0, vlan + 1);
    hnv_act_group(d, id);
    hnv_draft_add(d);

    for (size_t i = 0; i < c->host->n_lports; i++) {
        if (c->host->lports[i].uplink) {
            write_in(d, &c->host->lports[i], vlan);
        }
    }
}

void
hnv_pass_base(struct hnv_compiler *c)
{
    const struct hnv_host *host = c->host;
    bool used[4095 + 1] = { false }; /* By VLAN plus 1. */

    for (size_t i = 0; i < host->n_lports; i++) {
        const struct hnv_lport *lport = &host->lports[i];

        if (lport->uplink) {
            write_tagged(&c->draft, lport);
        } else if (is_plain(lport)) {
            used[lport->vlan + 1] = true;
            write_in(&c->draft, lport, lport->vlan);
            write_tagged(&c->draft, lport);
            write_port(&c->draft, lport);
        }
    }
    for (int vlan = -1; vlan < 4095; vlan++) {
        if (used[vlan + 1]) {
            write_network(c, vlan);
        }
    }
    hnv_draft_gate(&c->draft, HNV_TABLE_PASS, HNV_PRI_PASS_UNCHECKED);
    hnv_draft_start(&c->draft, HNV_TABLE_PASS, HNV_PRI_PASS_NONE,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
    hnv_draft_drop(&c->draft, HNV_DROP_WRONG_VLAN);
}

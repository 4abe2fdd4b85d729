/* SPDX-License-Identifier: Apache-2.0 */

/* Tables ACL_OUT, ACL_OUT_RULES, ACL_IN, and ACL_IN_RULES: port ACLs.
 *
 * A stateful rule that accepts a packet commits its connection in the port's
 * own conntrack zone, labelled with the rule, so that hnv-zones can end the
 * sessions of a rule that goes away.  What belongs to a committed connection,
 * in either direction, passes before any rule is looked at.  Rules without
 * state see each packet alone.  What no rule matches passes, as in
 * Hyper-V.
 *
 * A rule decides about whole packets.  Of a fragment that is not the first, a
 * switch knows neither ports nor, with IPv6, the protocol.  So fragments
 * always go through connection tracking, which puts the packet together and
 * says what it was in ct_nw_proto, ct_tp_src, and ct_tp_dst. */

#include <config.h>

#include "hnv-tables.h"

#include <netinet/icmp6.h>

#include "packets.h"

/* One direction. */
struct acl_side {
    bool inbound;
    enum hnv_table table, rules, next;
    int pri_state, pri_rules, pri_none;
    int pri_known, pri_rule, pri_rules_none;
    enum mf_field_id vport;     /* Whose ACLs, and which zone. */
    int vport_reg;
};

static const struct acl_side sides[] = {
    {
        .inbound = false,
        .table = HNV_TABLE_ACL_OUT,
        .rules = HNV_TABLE_ACL_OUT_RULES,
        .next = HNV_TABLE_HOOK_PRE,
        .pri_state = HNV_PRI_ACL_OUT_STATE,
        .pri_rules = HNV_PRI_ACL_OUT_RULES,
        .pri_none = HNV_PRI_ACL_OUT_NONE,
        .pri_known = HNV_PRI_ACL_OUT_RULES_KNOWN,
        .pri_rule = HNV_PRI_ACL_OUT_RULES_RULE,
        .pri_rules_none = HNV_PRI_ACL_OUT_RULES_NONE,
        .vport = MFF_REG14,
        .vport_reg = 14,
    },
    {
        .inbound = true,
        .table = HNV_TABLE_ACL_IN,
        .rules = HNV_TABLE_ACL_IN_RULES,
        .next = HNV_TABLE_LOCAL_OUT,
        .pri_state = HNV_PRI_ACL_IN_STATE,
        .pri_rules = HNV_PRI_ACL_IN_RULES,
        .pri_none = HNV_PRI_ACL_IN_NONE,
        .pri_known = HNV_PRI_ACL_IN_RULES_KNOWN,
        .pri_rule = HNV_PRI_ACL_IN_RULES_RULE,
        .pri_rules_none = HNV_PRI_ACL_IN_RULES_NONE,
        .vport = MFF_REG15,
        .vport_reg = 15,
    },
};

enum {
    TRK = CS_TRACKED,
    NEW = CS_TRACKED | CS_NEW,
    ESTABLISHED = CS_TRACKED | CS_ESTABLISHED,
    RELATED = CS_TRACKED | CS_RELATED,
    INVALID = CS_TRACKED | CS_INVALID,
};

/* One combination of a rule's addresses, ports and protocol.  Each pointer may
 * be NULL for "any". */
struct acl_atom {
    const struct hnv_prefix *local, *remote;
    ovs_be16 local_port, local_mask, remote_port, remote_mask;
    int protocol;               /* Or -1. */
    bool v4;
    bool later;                 /* Fragments that are not the first. */
};

static void
match_port(struct hnv_draft *d, const struct acl_atom *atom, bool src,
           ovs_be16 port, ovs_be16 mask)
{
    if (!mask) {
        return;
    } else if (src) {
        (atom->later ? match_set_ct_tp_src_masked : match_set_tp_src_masked)(
            &d->match, port, mask);
    } else {
        (atom->later ? match_set_ct_tp_dst_masked : match_set_tp_dst_masked)(
            &d->match, port, mask);
    }
}

/* What is in the context of writing one rule. */
struct acl_writer {
    struct hnv_draft *d;
    const struct acl_side *side;
    const struct hnv_lport *lport;
    const struct hnv_acl *acl;
    int rank;
    bool no_meters;             /* The switch has none. */
};

/* The routing domain says nothing new to the switch, but whose the packets
 * are: ports of several tenants may have the rule. */
static void
start_rule(const struct acl_writer *w, const struct acl_atom *atom)
{
    const struct acl_side *side = w->side;
    struct hnv_draft *d = w->d;

    hnv_draft_start(d, side->rules, side->pri_rule + w->rank,
                    hnv_cookie_encode(HNV_ROW_ACL, 0, &w->acl->uuid));
    hnv_match_domain(d, w->lport->port->subnet->domain->key);
    match_set_reg(&d->match, side->vport_reg, w->lport->vport);
    hnv_match_ip(d, atom->v4);
    if (atom->later) {
        match_set_nw_frag_masked(&d->match, FLOW_NW_FRAG_LATER,
                                 FLOW_NW_FRAG_LATER);
        match_set_ct_state_masked(&d->match, TRK, INVALID);
        match_set_ct_nw_proto(&d->match, atom->protocol);
    } else if (atom->protocol >= 0) {
        match_set_nw_proto(&d->match, atom->protocol);
    }
    if (atom->local) {
        hnv_match_prefix(d, atom->local, !side->inbound);
    }
    if (atom->remote) {
        hnv_match_prefix(d, atom->remote, side->inbound);
    }
    match_port(d, atom, !side->inbound, atom->local_port, atom->local_mask);
    match_port(d, atom, side->inbound, atom->remote_port, atom->remote_mask);
}

/* What one routing domain may have logged, in packets each second, and at
 * once.  The agent has a limit of its own. */
enum { LOG_RATE = 50, LOG_BURST = 50 };

static uint32_t
log_meter(const struct acl_writer *w)
{
    return w->no_meters ? 0
           : hnv_log_meter_id(w->lport->port->subnet->domain->key);
}

/* Has the agent log the packet, if the rule says so.  The first fragment
 * speaks for the others. */
static void
act_log(const struct acl_writer *w, const struct acl_atom *atom,
        uint32_t what)
{
    if (w->acl->log && !atom->later) {
        hnv_act_ask(w->d, &(struct hnv_ask) {
            .op = HNV_OP_LOG,
            .arg = what | (w->side->inbound ? HNV_LOG_INBOUND : 0),
            .meter = log_meter(w),
        });
    }
}

static void
write_atom(const struct acl_writer *w, const struct acl_atom *atom)
{
    struct hnv_draft *d = w->d;

    start_rule(w, atom);
    if (!w->acl->allow) {
        act_log(w, atom, 0);
        hnv_draft_drop(d, HNV_DROP_ACL);
    } else if (!w->acl->stateful) {
        act_log(w, atom, HNV_LOG_ALLOW);
        hnv_act_goto(d, w->side->next);
        hnv_draft_add(d);
    } else {
        match_set_ct_state_masked(&d->match, NEW, NEW | CS_INVALID);
        hnv_act_ct_commit(d, w->side->vport, hnv_uuid_bits(&w->acl->uuid));
        act_log(w, atom, HNV_LOG_ALLOW);
        hnv_act_goto(d, w->side->next);
        hnv_draft_add(d);
        if (atom->later) {
            return;             /* The first one will be missing. */
        }

        start_rule(w, atom);
        match_set_ct_state_masked(&d->match, INVALID, INVALID);
        act_log(w, atom, HNV_LOG_INVALID);
        hnv_draft_drop(d, HNV_DROP_CT_INVALID);
    }
}

/* Calls write_atom() for each combination of ports. */
static void
write_ports(const struct acl_writer *w, struct acl_atom *atom)
{
    static const struct hnv_range any = { 0, UINT16_MAX };
    const struct hnv_acl *acl = w->acl;

    for (size_t i = 0; i < MAX(acl->n_local_ports, 1); i++) {
        struct hnv_range l = acl->n_local_ports ? acl->local_ports[i] : any;

        for (uint32_t lp = l.first; lp <= l.last;) {
            uint32_t n_l = hnv_range_block(lp, l.last);

            atom->local_port = htons(lp);
            atom->local_mask = htons(-n_l);
            for (size_t j = 0; j < MAX(acl->n_remote_ports, 1); j++) {
                struct hnv_range r = (acl->n_remote_ports
                                      ? acl->remote_ports[j] : any);
                uint32_t rp = r.first;

                while (rp <= r.last) {
                    uint32_t n_r = hnv_range_block(rp, r.last);

                    atom->remote_port = htons(rp);
                    atom->remote_mask = htons(-n_r);
                    write_atom(w, atom);
                    rp += n_r;
                }
            }
            lp += n_l;
        }
    }
}

static void
write_protocol(const struct acl_writer *w, struct acl_atom *atom,
               int protocol)
{
    atom->protocol = protocol;
    write_ports(w, atom);
    if (protocol >= 0) {
        atom->later = true;
        write_ports(w, atom);
        atom->later = false;
    }
}

/* Ports without a protocol are those of TCP and of UDP. */
static void
write_protocols(const struct acl_writer *w, struct acl_atom *atom)
{
    const struct hnv_acl *acl = w->acl;

    if (acl->protocol < 0 && (acl->n_local_ports || acl->n_remote_ports)) {
        write_protocol(w, atom, IPPROTO_TCP);
        write_protocol(w, atom, IPPROTO_UDP);
    } else {
        write_protocol(w, atom, acl->protocol);
    }
}

static void
write_acl(const struct acl_writer *w)
{
    const struct hnv_acl *acl = w->acl;

    for (int v4 = 0; v4 <= 1; v4++) {
        for (size_t i = 0; i < MAX(acl->n_local, 1); i++) {
            for (size_t j = 0; j < MAX(acl->n_remote, 1); j++) {
                struct acl_atom atom = {
                    .local = acl->n_local ? &acl->local[i] : NULL,
                    .remote = acl->n_remote ? &acl->remote[j] : NULL,
                    .v4 = v4,
                };

                if ((!atom.local || hnv_prefix_is_v4(atom.local) == v4)
                    && (!atom.remote
                        || hnv_prefix_is_v4(atom.remote) == v4)) {
                    write_protocols(w, &atom);
                }
            }
        }
    }
}

/* Neighbor discovery is not subject to ACLs: without it nothing works, and it
 * has been judged by PORT_SECURITY and VERIFY. */
static void
write_nd(struct hnv_draft *d, const struct hnv_lport *lport)
{
    static const uint8_t types[] = {
        ND_ROUTER_SOLICIT, ND_ROUTER_ADVERT, ND_NEIGHBOR_SOLICIT,
        ND_NEIGHBOR_ADVERT,
    };

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        hnv_draft_start(d, HNV_TABLE_ACL_IN, HNV_PRI_ACL_IN_ND,
                        hnv_cookie_encode(HNV_ROW_PORT, 0,
                                          &lport->port->uuid));
        match_set_reg(&d->match, 15, lport->vport);
        hnv_match_icmp6(d, types[i]);
        hnv_act_goto(d, HNV_TABLE_LOCAL_OUT);
        hnv_draft_add(d);
    }
}

/* A group has its copies for all ports, the sender's own included, which the
 * switch would not send to it but after its ACLs had judged it, and begun a
 * session that lets the sender's next packets pass. */
static void
write_self(struct hnv_draft *d, const struct hnv_lport *lport)
{
    hnv_draft_start(d, HNV_TABLE_ACL_IN, HNV_PRI_ACL_IN_SELF,
                    hnv_cookie_encode(HNV_ROW_PORT, 0, &lport->port->uuid));
    match_set_reg(&d->match, 14, lport->vport);
    match_set_reg(&d->match, 15, lport->vport);
    hnv_draft_add(d);
}

/* Only for ports whose own zone has been asked.  Before others, a packet still
 * has the state that the sender's zone knows. */
static void
write_known(struct hnv_draft *d, const struct acl_side *side,
            const struct hnv_lport *lport)
{
    static const uint32_t known[] = { ESTABLISHED, RELATED };

    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        hnv_draft_start(d, side->rules, side->pri_known,
                        hnv_cookie_encode(HNV_ROW_PORT, 0,
                                          &lport->port->uuid));
        match_set_reg(&d->match, side->vport_reg, lport->vport);
        match_set_ct_state_masked(&d->match, known[i],
                                  known[i] | CS_NEW | CS_INVALID);
        hnv_act_goto(d, side->next);
        hnv_draft_add(d);
    }
}

/* Packets, or fragments only, of 'lport' go through connection tracking, if
 * 'track', and then to the rules. */
static void
write_entry(struct hnv_draft *d, const struct acl_side *side,
            const struct hnv_lport *lport, bool track, bool fragments)
{
    for (int v4 = 0; v4 <= 1; v4++) {
        hnv_draft_start(d, side->table,
                        track ? side->pri_state : side->pri_rules,
                        hnv_cookie_encode(HNV_ROW_PORT, 0,
                                          &lport->port->uuid));
        hnv_match_ip(d, v4);
        if (fragments) {
            match_set_nw_frag_masked(&d->match, FLOW_NW_FRAG_ANY,
                                     FLOW_NW_FRAG_ANY);
        }
        match_set_reg(&d->match, side->vport_reg, lport->vport);
        if (track) {
            hnv_act_ct(d, side->vport, side->rules);
        } else {
            hnv_act_goto(d, side->rules);
        }
        hnv_draft_add(d);
    }
}

static void
write_lport(struct hnv_compiler *c, const struct acl_side *side,
            const struct hnv_lport *lport)
{
    const struct hnv_port *port = lport->port;
    struct hnv_draft *d = &c->draft;
    struct acl_writer w = {
        .d = d,
        .side = side,
        .lport = lport,
        .no_meters = c->host->no_meters,
    };
    bool stateful = false;
    size_t n = 0;

    for (size_t i = 0; i < port->n_acls; i++) {
        stateful = stateful || port->acls[i].stateful;
        n += port->acls[i].inbound == side->inbound;
    }
    if (!n && !stateful) {
        return;
    }
    write_entry(d, side, lport, stateful, false);
    if (stateful) {
        write_known(d, side, lport);
    } else {
        write_entry(d, side, lport, true, true);
    }
    if (side->inbound) {
        write_self(d, lport);
        write_nd(d, lport);
    }
    w.rank = n;
    for (size_t i = 0; i < port->n_acls; i++) {
        if (port->acls[i].inbound == side->inbound) {
            w.acl = &port->acls[i];
            if (w.acl->log && !w.no_meters) {
                hnv_flows_add_meter(d->flows, log_meter(&w), LOG_RATE,
                                    LOG_BURST);
            }
            write_acl(&w);
            w.rank--;
        }
    }
}

static void
write_side(struct hnv_draft *d, const struct acl_side *side)
{
    uint64_t cookie = hnv_cookie_encode(HNV_ROW_NONE, 0, NULL);

    hnv_draft_start(d, side->table, side->pri_none, cookie);
    hnv_act_goto(d, side->next);
    hnv_draft_add(d);
    hnv_draft_start(d, side->rules, side->pri_rules_none, cookie);
    hnv_act_goto(d, side->next);
    hnv_draft_add(d);
}

void
hnv_acl_base(struct hnv_compiler *c)
{
    const struct hnv_lport *lport;
    struct hnv_draft *d = &c->draft;

    hnv_draft_gate(d, HNV_TABLE_ACL_IN, HNV_PRI_ACL_IN_UNCHECKED);
    hnv_draft_gate(d, HNV_TABLE_ACL_IN_RULES, HNV_PRI_ACL_IN_RULES_UNCHECKED);
    for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
        write_side(d, &sides[i]);
        HNV_FOR_EACH_LPORT (lport, c->host) {
            write_lport(c, &sides[i], lport);
        }
    }
}

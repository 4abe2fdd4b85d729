/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-draft.h"

#include <stdlib.h>
#include <string.h>

#include "byte-order.h"
#include "flow.h"
#include "hnv-values.h"
#include "packets.h"
#include "util.h"

/* Bytes of a packet that is logged: its headers. */
#define LOG_LEN 128

/* Begins to make flows, for 'flows'. */
void
hnv_draft_init(struct hnv_draft *d, struct hnv_flows *flows)
{
    d->flows = flows;
    ofpbuf_use_stub(&d->actions, d->stub, sizeof d->stub);
}

void
hnv_draft_uninit(struct hnv_draft *d)
{
    ofpbuf_uninit(&d->actions);
}

void
hnv_draft_start(struct hnv_draft *d, enum hnv_table table, int priority,
                uint64_t cookie)
{
    memset(&d->flow, 0, sizeof d->flow);
    d->flow.table_id = table;
    d->flow.priority = priority;
    d->flow.cookie = cookie;
    match_init_catchall(&d->match);
    ofpbuf_clear(&d->actions);
}

void
hnv_draft_add(struct hnv_draft *d)
{
    hnv_flows_add(d->flows, &d->flow, &d->match, &d->actions);
}

void
hnv_draft_drop(struct hnv_draft *d, enum hnv_drop reason)
{
    d->flow.cookie |= (uint64_t) reason << 40;
    hnv_draft_add(d);
}

void
hnv_draft_gate(struct hnv_draft *d, enum hnv_table table, int priority)
{
    hnv_draft_start(d, table, priority,
                    hnv_cookie_encode(HNV_ROW_NONE, 0, NULL));
    hnv_match_bits(d, MFF_REG2, 0, HNV_FLAG_CHECKED);
    hnv_draft_drop(d, HNV_DROP_WRONG_DOMAIN);
}

void
hnv_draft_drop_shared(struct hnv_draft *d, enum hnv_drop reason)
{
    ofpbuf_clear(&d->actions);
    hnv_act_set(d, MFF_REG1, reason);
    hnv_act_goto(d, HNV_TABLE_DROP);
    hnv_draft_add(d);
}

void
hnv_draft_bucket(struct hnv_draft *d, struct ofpbuf **buckets,
                 size_t *n_buckets, size_t *allocated)
{
    struct ofpbuf *bucket;

    if (*n_buckets >= *allocated) {
        *buckets = x2nrealloc(*buckets, allocated, sizeof **buckets);
    }
    bucket = &(*buckets)[(*n_buckets)++];
    ofpbuf_init(bucket, d->actions.size);
    ofpbuf_put(bucket, d->actions.data, d->actions.size);
    ofpbuf_clear(&d->actions);
}

/* ------------------------------------------------------------------------ */
/* Matches.                                                                 */
/* ------------------------------------------------------------------------ */

/* Puts the low bytes of 'x' into '*value', as long as 'mf' is. */
static void
put_value(const struct mf_field *mf, uint64_t x, union mf_value *value)
{
    ovs_be64 be = htonll(x);

    memset(value, 0, sizeof *value);
    ovs_assert(mf->n_bytes <= sizeof be);
    memcpy(value, (const uint8_t *) &be + sizeof be - mf->n_bytes,
           mf->n_bytes);
}

void
hnv_match_bits(struct hnv_draft *d, enum mf_field_id id, uint64_t x,
               uint64_t m)
{
    const struct mf_field *mf = mf_from_id(id);
    union mf_value value, mask;

    put_value(mf, x, &value);
    put_value(mf, m, &mask);
    mf_set(mf, &value, &mask, &d->match, NULL);
}

void
hnv_match_domain(struct hnv_draft *d, uint32_t key)
{
    match_set_metadata(&d->match, htonll(key));
}

void
hnv_match_kind(struct hnv_draft *d, enum hnv_kind kind)
{
    match_set_reg_masked(&d->match, 1, hnv_kind_and_vsid(kind, 0),
                         ~HNV_VSID_BITS);
}

void
hnv_match_kind_vsid(struct hnv_draft *d, enum hnv_kind kind, uint32_t vsid)
{
    match_set_reg(&d->match, 1, hnv_kind_and_vsid(kind, vsid));
}

void
hnv_match_vsids(struct hnv_draft *d, uint32_t reg0, uint32_t reg1)
{
    match_set_reg(&d->match, 0, reg0);
    match_set_reg_masked(&d->match, 1, reg1, HNV_VSID_BITS);
}

void
hnv_match_ip(struct hnv_draft *d, bool v4)
{
    match_set_dl_type(&d->match, htons(v4 ? ETH_TYPE_IP : ETH_TYPE_IPV6));
}

void
hnv_match_proto(struct hnv_draft *d, bool v4, uint8_t proto)
{
    hnv_match_ip(d, v4);
    match_set_nw_proto(&d->match, proto);
}

void
hnv_match_icmp6(struct hnv_draft *d, uint8_t type)
{
    hnv_match_proto(d, false, IPPROTO_ICMPV6);
    match_set_icmp_type(&d->match, type);
    match_set_icmp_code(&d->match, 0);
}

void
hnv_match_group_mac(struct hnv_draft *d)
{
    static const struct eth_addr group = ETH_ADDR_C(01,00,00,00,00,00);

    match_set_dl_dst_masked(&d->match, group, group);
}

void
hnv_match_ip_src(struct hnv_draft *d, const struct in6_addr *ca)
{
    bool v4 = hnv_address_is_v4(ca);

    hnv_match_ip(d, v4);
    if (v4) {
        match_set_nw_src(&d->match, in6_addr_get_mapped_ipv4(ca));
    } else {
        match_set_ipv6_src(&d->match, ca);
    }
}

void
hnv_match_ip_dst(struct hnv_draft *d, const struct in6_addr *ca)
{
    bool v4 = hnv_address_is_v4(ca);

    hnv_match_ip(d, v4);
    if (v4) {
        match_set_nw_dst(&d->match, in6_addr_get_mapped_ipv4(ca));
    } else {
        match_set_ipv6_dst(&d->match, ca);
    }
}

const struct hnv_prefix hnv_link_local = {
    .address.s6_addr = { 0xfe, 0x80 },
    .plen = 10,
};

void
hnv_match_prefix(struct hnv_draft *d, const struct hnv_prefix *prefix,
                 bool src)
{
    bool v4 = hnv_prefix_is_v4(prefix);

    hnv_match_ip(d, v4);
    if (v4) {
        ovs_be32 ip = in6_addr_get_mapped_ipv4(&prefix->address);
        ovs_be32 mask = be32_prefix_mask(prefix->plen - 96);

        if (src) {
            match_set_nw_src_masked(&d->match, ip, mask);
        } else {
            match_set_nw_dst_masked(&d->match, ip, mask);
        }
    } else {
        struct in6_addr mask = ipv6_create_mask(prefix->plen);

        if (src) {
            match_set_ipv6_src_masked(&d->match, &prefix->address, &mask);
        } else {
            match_set_ipv6_dst_masked(&d->match, &prefix->address, &mask);
        }
    }
}

static ovs_u128
address_to_u128(const struct in6_addr *address)
{
    ovs_be128 be;

    memcpy(&be, address, sizeof be);
    return ntoh128(be);
}

void
hnv_match_key(struct hnv_draft *d, const struct in6_addr *ca)
{
    if (hnv_address_is_v4(ca)) {
        match_set_reg(&d->match, 4, ntohl(in6_addr_get_mapped_ipv4(ca)));
    } else {
        match_set_xxreg(&d->match, 1, address_to_u128(ca));
    }
}

void
hnv_match_tun_src(struct hnv_draft *d, const struct in6_addr *pa)
{
    if (hnv_address_is_v4(pa)) {
        match_set_tun_src(&d->match, in6_addr_get_mapped_ipv4(pa));
    } else {
        match_set_tun_ipv6_src(&d->match, pa);
    }
}

void
hnv_match_tun_dst(struct hnv_draft *d, const struct in6_addr *pa)
{
    if (hnv_address_is_v4(pa)) {
        match_set_tun_dst(&d->match, in6_addr_get_mapped_ipv4(pa));
    } else {
        match_set_tun_ipv6_dst(&d->match, pa);
    }
}

/* ------------------------------------------------------------------------ */
/* Actions.                                                                 */
/* ------------------------------------------------------------------------ */

void
hnv_act_hook(struct hnv_draft *d, uint8_t table)
{
    hnv_act_set_bits(d, MFF_REG2, 0, HNV_FLAG_CHECKED);
    hnv_act_resubmit(d, table);
    hnv_act_set_bits(d, MFF_REG2, 0, HNV_FLAGS_AGENT);
    hnv_act_resubmit(d, HNV_TABLE_SENDER);
}

void
hnv_act_checked(struct hnv_draft *d)
{
    hnv_act_set_bits(d, MFF_REG2, HNV_FLAG_CHECKED, HNV_FLAG_CHECKED);
}

void
hnv_act_set(struct hnv_draft *d, enum mf_field_id id, uint64_t x)
{
    const struct mf_field *mf = mf_from_id(id);
    union mf_value value;

    put_value(mf, x, &value);
    ofpact_put_set_field(&d->actions, mf, &value, NULL);
}

void
hnv_act_set_bits(struct hnv_draft *d, enum mf_field_id id, uint64_t x,
                 uint64_t m)
{
    const struct mf_field *mf = mf_from_id(id);
    union mf_value value, mask;

    put_value(mf, x, &value);
    put_value(mf, m, &mask);
    ofpact_put_set_field(&d->actions, mf, &value, &mask);
}

void
hnv_act_set_mac(struct hnv_draft *d, enum mf_field_id id, struct eth_addr mac)
{
    hnv_act_set(d, id, eth_addr_to_uint64(mac));
}

/* Loads 'address' into one field or the other, depending on its version. */
void
hnv_act_set_address(struct hnv_draft *d, enum mf_field_id v4,
                    enum mf_field_id v6, const struct in6_addr *address)
{
    if (hnv_address_is_v4(address)) {
        hnv_act_set(d, v4, ntohl(in6_addr_get_mapped_ipv4(address)));
    } else {
        union mf_value value = { .ipv6 = *address };

        ofpact_put_set_field(&d->actions, mf_from_id(v6), &value, NULL);
    }
}

/* Copies the low 'n_bits' bits of 'src', or all of it if 'n_bits' is 0, into
 * those of 'dst'. */
void
hnv_act_move(struct hnv_draft *d, enum mf_field_id src, enum mf_field_id dst,
             unsigned int n_bits)
{
    struct ofpact_reg_move *move = ofpact_put_REG_MOVE(&d->actions);

    move->src.field = mf_from_id(src);
    move->dst.field = mf_from_id(dst);
    move->src.n_bits = n_bits ? n_bits : move->src.field->n_bits;
    move->dst.n_bits = move->src.n_bits;
}

static void
put_stack(struct ofpact_stack *stack, enum mf_field_id id)
{
    stack->subfield.field = mf_from_id(id);
    stack->subfield.n_bits = stack->subfield.field->n_bits;
}

void
hnv_act_push(struct hnv_draft *d, enum mf_field_id id)
{
    put_stack(ofpact_put_STACK_PUSH(&d->actions), id);
}

void
hnv_act_pop(struct hnv_draft *d, enum mf_field_id id)
{
    put_stack(ofpact_put_STACK_POP(&d->actions), id);
}

void
hnv_act_swap(struct hnv_draft *d, enum mf_field_id a, enum mf_field_id b)
{
    hnv_act_push(d, a);
    hnv_act_push(d, b);
    hnv_act_pop(d, a);
    hnv_act_pop(d, b);
}

void
hnv_act_goto(struct hnv_draft *d, enum hnv_table table)
{
    ofpact_put_GOTO_TABLE(&d->actions)->table_id = table;
}

void
hnv_act_resubmit(struct hnv_draft *d, uint8_t table)
{
    struct ofpact_resubmit *resubmit = ofpact_put_RESUBMIT(&d->actions);

    resubmit->in_port = OFPP_IN_PORT;
    resubmit->table_id = table;
}

void
hnv_act_output(struct hnv_draft *d, ofp_port_t port)
{
    ofpact_put_OUTPUT(&d->actions)->port = port;
}

void
hnv_act_group(struct hnv_draft *d, uint32_t group_id)
{
    ofpact_put_GROUP(&d->actions)->group_id = group_id;
}

void
hnv_act_dec_ttl(struct hnv_draft *d)
{
    struct ofpact_cnt_ids *ids;
    uint16_t id = 0;

    ofpact_put_DEC_TTL(&d->actions);
    ofpbuf_put(&d->actions, &id, sizeof id);
    ids = d->actions.header;
    ids->n_controllers++;
    ofpact_finish_DEC_TTL(&d->actions, &ids);
}

void
hnv_act_pop_vlan(struct hnv_draft *d)
{
    ofpact_put_STRIP_VLAN(&d->actions);
}

void
hnv_act_push_vlan(struct hnv_draft *d, uint16_t vid)
{
    ofpact_put_PUSH_VLAN(&d->actions)->ethertype
        = htons(ETH_TYPE_VLAN_8021Q);
    hnv_act_set(d, MFF_VLAN_VID, vid | VLAN_CFI);
}

void
hnv_act_check_size(struct hnv_draft *d, uint16_t max, enum hnv_flag flag)
{
    struct ofpact_check_pkt_larger *check
        = ofpact_put_CHECK_PKT_LARGER(&d->actions);

    check->pkt_len = max;
    check->dst.field = mf_from_id(MFF_REG2);
    check->dst.ofs = ctz32(flag);
    check->dst.n_bits = 1;
}

static void
put_ct(struct hnv_draft *d, enum mf_field_id zone, uint8_t table,
       uint16_t flags)
{
    struct ofpact_conntrack *ct = ofpact_put_CT(&d->actions);

    ct->flags = flags;
    ct->zone_src.field = mf_from_id(zone);
    ct->zone_src.ofs = 0;
    ct->zone_src.n_bits = 16;
    ct->recirc_table = table;
}

static void
finish_ct(struct hnv_draft *d)
{
    struct ofpact_conntrack *ct = d->actions.header;

    ofpact_finish_CT(&d->actions, &ct);
}

/* Sends the packet through connection tracking in the zone that is in the low
 * 16 bits of 'zone', and on to 'table'. */
void
hnv_act_ct(struct hnv_draft *d, enum mf_field_id zone, uint8_t table)
{
    put_ct(d, zone, table, 0);
    finish_ct(d);
}

void
hnv_act_ct_commit(struct hnv_draft *d, enum mf_field_id zone, uint64_t label)
{
    union mf_value value;
    size_t ofs = d->actions.size;

    memset(&value, 0, sizeof value);
    value.be128.be64.lo = htonll(label);
    put_ct(d, zone, NX_CT_RECIRC_NONE, NX_CT_F_COMMIT);
    ofpact_put_set_field(&d->actions, mf_from_id(MFF_CT_LABEL), &value, NULL);
    d->actions.header = ofpbuf_at_assert(&d->actions, ofs,
                                         sizeof(struct ofpact));
    finish_ct(d);
}

void
hnv_act_ask(struct hnv_draft *d, const struct hnv_ask *ask)
{
    struct ofpact_controller *c = ofpact_put_CONTROLLER(&d->actions);
    struct hnv_userdata userdata = {
        .version = HNV_USERDATA_VERSION,
        .op = ask->op,
        .arg = htonl(ask->arg),
    };

    c->max_len = ask->op == HNV_OP_LOG ? LOG_LEN : UINT16_MAX;
    c->controller_id = HNV_CONTROLLER_ID;
    c->reason = OFPR_ACTION;
    c->pause = ask->pause;
    c->meter_id = ask->meter ? ask->meter : NX_CTLR_NO_METER;
    c->provider_meter_id = UINT32_MAX;
    ofpbuf_put(&d->actions, &userdata, sizeof userdata);
    c = d->actions.header;
    c->userdata_len = sizeof userdata;
    ofpact_finish_CONTROLLER(&d->actions, &c);
}

/* If 'ask', a lazy domain asks the database. */
void
hnv_act_lookup(struct hnv_draft *d, bool v4, bool ask)
{
    hnv_act_set(d, MFF_REG1, 0);
    hnv_act_resubmit(d, v4 ? HNV_TABLE_RECORD4 : HNV_TABLE_RECORD6);
    if (ask) {
        hnv_act_resubmit(d, HNV_TABLE_MISS);
    }
}

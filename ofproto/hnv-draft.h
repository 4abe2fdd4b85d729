/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_DRAFT_H
#define HNV_DRAFT_H 1

/* One flow in the making
 * ======================
 *
 * What
 * ----
 *
 * What the table files write flows with:
 *
 *     hnv_draft_start(d, HNV_TABLE_ROUTE4, HNV_PRI_ROUTE4_NONE, cookie);
 *     hnv_match_bits(d, MFF_REG2, HNV_FLAG_ARP, HNV_FLAG_ARP);
 *     hnv_act_set(d, MFF_REG1, 0);
 *     hnv_act_goto(d, HNV_TABLE_L2_RECORD);
 *     hnv_draft_add(d);
 *
 * Matches on packet fields are made with Open vSwitch's match_set_*() on
 * 'd->match', or with the helpers below if they depend on the IP version.
 *
 *
 * What not
 * --------
 *
 * No policy: a draft knows OpenFlow and the pipeline only.
 *
 *
 * Thread-safety
 * -------------
 *
 * A draft belongs to one thread. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hnv-flows.h"
#include "hnv-pipeline.h"
#include "openvswitch/match.h"
#include "openvswitch/meta-flow.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/packets.h"

struct hnv_prefix;

struct hnv_draft {
    struct hnv_flows *flows;    /* Where it is added. */
    struct hnv_flow flow;       /* Without match and actions. */
    struct match match;
    struct ofpbuf actions;
    uint64_t stub[128];         /* Actions, as long as they fit. */
};

void hnv_draft_init(struct hnv_draft *, struct hnv_flows *);
void hnv_draft_uninit(struct hnv_draft *);

/* Begins a flow that matches everything and drops it. */
void hnv_draft_start(struct hnv_draft *, enum hnv_table, int priority,
                     uint64_t cookie);
void hnv_draft_add(struct hnv_draft *);

/* Adds the flow as one that drops, for 'reason', after its actions so far. */
void hnv_draft_drop(struct hnv_draft *, enum hnv_drop reason);

/* Adds a flow to 'table' that drops what has not been checked to be of the
 * routing domain and VSID that the registers have, so that nothing gets out if
 * a controller's flow resubmits to 'table'. */
void hnv_draft_gate(struct hnv_draft *, enum hnv_table, int priority);

/* Likewise, for a flow that packets of all routing domains meet: table DROP
 * counts them by domain.  The reason must be one that hnv_drop_base() has. */
void hnv_draft_drop_shared(struct hnv_draft *, enum hnv_drop reason);

/* Adds a bucket with the actions so far to 'buckets', and begins another. */
void hnv_draft_bucket(struct hnv_draft *, struct ofpbuf **buckets,
                      size_t *n_buckets, size_t *allocated);

/* The packet is checked. */
void hnv_act_checked(struct hnv_draft *);

/* Calls the controllers' 'table' with a packet that is not checked, so that
 * nothing gets out of the agent's tables from there, and without the flags
 * that only the agent's tables need; then checks it, by the table SENDER. */
void hnv_act_hook(struct hnv_draft *, uint8_t table);

/* Matches.  Integers are in host byte order. */
void hnv_match_bits(struct hnv_draft *, enum mf_field_id, uint64_t value,
                    uint64_t mask);
void hnv_match_domain(struct hnv_draft *, uint32_t key);
void hnv_match_kind(struct hnv_draft *, enum hnv_kind);
void hnv_match_kind_vsid(struct hnv_draft *, enum hnv_kind, uint32_t vsid);
void hnv_match_vsids(struct hnv_draft *, uint32_t reg0, uint32_t reg1);
void hnv_match_ip(struct hnv_draft *, bool v4);
void hnv_match_proto(struct hnv_draft *, bool v4, uint8_t proto);
void hnv_match_icmp6(struct hnv_draft *, uint8_t type);
void hnv_match_group_mac(struct hnv_draft *);
void hnv_match_ip_src(struct hnv_draft *, const struct in6_addr *);
void hnv_match_ip_dst(struct hnv_draft *, const struct in6_addr *);
void hnv_match_prefix(struct hnv_draft *, const struct hnv_prefix *, bool src);
extern const struct hnv_prefix hnv_link_local; /* RFC 4291 section 2.5.6. */
void hnv_match_key(struct hnv_draft *, const struct in6_addr *ca);
void hnv_match_tun_src(struct hnv_draft *, const struct in6_addr *pa);
void hnv_match_tun_dst(struct hnv_draft *, const struct in6_addr *pa);

/* Actions. */
void hnv_act_set(struct hnv_draft *, enum mf_field_id, uint64_t value);
void hnv_act_set_bits(struct hnv_draft *, enum mf_field_id, uint64_t value,
                      uint64_t mask);
void hnv_act_set_mac(struct hnv_draft *, enum mf_field_id, struct eth_addr);
void hnv_act_set_address(struct hnv_draft *, enum mf_field_id v4,
                         enum mf_field_id v6, const struct in6_addr *);
void hnv_act_move(struct hnv_draft *, enum mf_field_id src,
                  enum mf_field_id dst, unsigned int n_bits);
void hnv_act_push(struct hnv_draft *, enum mf_field_id);
void hnv_act_pop(struct hnv_draft *, enum mf_field_id);
void hnv_act_swap(struct hnv_draft *, enum mf_field_id, enum mf_field_id);
void hnv_act_goto(struct hnv_draft *, enum hnv_table);
void hnv_act_resubmit(struct hnv_draft *, uint8_t table);
void hnv_act_output(struct hnv_draft *, ofp_port_t);
void hnv_act_group(struct hnv_draft *, uint32_t group_id);
void hnv_act_dec_ttl(struct hnv_draft *);
void hnv_act_pop_vlan(struct hnv_draft *);
void hnv_act_push_vlan(struct hnv_draft *, uint16_t vid);
void hnv_act_check_size(struct hnv_draft *, uint16_t max, enum hnv_flag);
void hnv_act_ct(struct hnv_draft *, enum mf_field_id zone, uint8_t table);
void hnv_act_ct_commit(struct hnv_draft *, enum mf_field_id zone,
                       uint64_t label);

/* How a flow asks the agent. */
struct hnv_ask {
    enum hnv_op op;
    uint32_t arg;
    uint32_t meter;             /* 0 for none. */
    bool pause;
};
void hnv_act_ask(struct hnv_draft *, const struct hnv_ask *);

/* Looks up the address in reg4 ('v4') or xxreg1: what is found is in reg1. */
void hnv_act_lookup(struct hnv_draft *, bool v4, bool ask);

#endif /* hnv-draft.h */

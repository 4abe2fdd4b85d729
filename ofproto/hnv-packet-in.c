/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-packet-in.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dp-packet.h"
#include "flow.h"
#include "hnv-budget.h"
#include "hnv-icmp.h"
#include "hnv-ofconn.h"
#include "hnv-pipeline.h"
#include "hnv-quote.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/meta-flow.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-packet.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "timeval.h"
#include "unaligned.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(hnv_packet_in);

/* What one routing domain may ask of us: 500 packets a second, and as many at
 * once, and 20 to be logged, 100 at once.  A token is a thousandth of a
 * packet. */
static const struct hnv_limit ask_limit = { 500, 500 * 1000, 1000 };
static const struct hnv_limit log_limit = { 20, 100 * 1000, 1000 };

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

struct hnv_packet_ins {
    struct hnv_ofconn *ofconn;
    const struct hnv_packet_in_handler *handler;
    void *aux;
    struct hnv_budgets budgets; /* By number of the routing domain in the
                                 * switch, and whether it is to log. */

    uint64_t n_answered;        /* ICMP errors sent. */
    uint64_t n_lookups;         /* Lookups passed on. */
    uint64_t n_resumed;         /* Too big, but left to be fragmented. */
    uint64_t n_rewritten;       /* ICMP errors, inside. */
    uint64_t n_logged;          /* Of port ACLs. */
    uint64_t n_limited;         /* Over budget. */
    uint64_t n_ignored;         /* Not understood, or not to be answered. */
};

/* Returns a new instance, which sends what it answers to 'ofconn'. */
struct hnv_packet_ins *
hnv_packet_ins_create(struct hnv_ofconn *ofconn,
                      const struct hnv_packet_in_handler *handler, void *aux)
{
    struct hnv_packet_ins *pins = xzalloc(sizeof *pins);

    pins->ofconn = ofconn;
    pins->handler = handler;
    pins->aux = aux;
    hnv_budgets_init(&pins->budgets);
    return pins;
}

void
hnv_packet_ins_destroy(struct hnv_packet_ins *pins)
{
    if (pins) {
        hnv_budgets_destroy(&pins->budgets);
        free(pins);
    }
}

/* Takes one packet, which is to be logged if 'log', from the budget of the
 * routing domain 'domain_key'.  Returns false if there is none left. */
static bool
hnv_packet_ins_take(struct hnv_packet_ins *pins, uint32_t domain_key, bool log)
{
    const struct uuid key = { .parts = { domain_key, log } };
    bool ok = hnv_budgets_take(&pins->budgets, &key,
                               log ? &log_limit : &ask_limit);

    pins->n_limited += !ok;
    return ok;
}

static void
put_set_field(struct ofpbuf *ofpacts, enum mf_field_id id,
              union mf_value value)
{
    ofpact_put_set_field(ofpacts, mf_from_id(id), &value, NULL);
}

/* Sends 'p' to the machine from which 'pin' came.  The switch outputs to
 * machines only from the pipeline, so that is where the packet goes. */
static void
hnv_packet_ins_answer(struct hnv_packet_ins *pins,
                      const struct ofputil_packet_in *pin,
                      const struct dp_packet *p)
{
    const struct flow *flow = &pin->flow_metadata.flow;
    uint64_t stub[512 / 8];
    struct ofpbuf ofpacts = OFPBUF_STUB_INITIALIZER(stub);

    put_set_field(&ofpacts, MFF_METADATA,
                  (union mf_value) { .be64 = flow->metadata });
    put_set_field(&ofpacts, MFF_REG15,
                  (union mf_value) { .be32 = htonl(flow->regs[14]) });
    put_set_field(&ofpacts, MFF_REG2,
                  (union mf_value) { .be32 = htonl(HNV_FLAG_CHECKED) });

    struct ofpact_resubmit *resubmit = ofpact_put_RESUBMIT(&ofpacts);
    resubmit->in_port = OFPP_IN_PORT;
    resubmit->table_id = HNV_TABLE_LOCAL_OUT;

    struct ofputil_packet_out po = {
        .packet = dp_packet_data(p),
        .packet_len = dp_packet_size(p),
        .buffer_id = UINT32_MAX,
        .ofpacts = ofpacts.data,
        .ofpacts_len = ofpacts.size,
    };
    match_init_catchall(&po.flow_metadata);
    match_set_in_port(&po.flow_metadata, OFPP_CONTROLLER);
    hnv_ofconn_send_packet(pins->ofconn, &po);
    ofpbuf_uninit(&ofpacts);
}

static void
hnv_packet_ins_send_error(struct hnv_packet_ins *pins,
                          const struct ofputil_packet_in *pin,
                          enum hnv_icmp_kind kind, uint32_t mtu)
{
    uint32_t vsid = pin->flow_metadata.flow.regs[0] & HNV_VSID_BITS;
    struct hnv_icmp_error error = {
        .kind = kind,
        .mtu = MIN(mtu, UINT16_MAX),
    };
    uint16_t vport = pin->flow_metadata.flow.regs[14];
    struct dp_packet p;

    dp_packet_init(&p, 0);
    if (vport
        && pins->handler->get_gateway(vsid, &error, pins->aux)
        && hnv_icmp_compose(&p, pin->packet, pin->packet_len, &error)) {
        struct eth_header *eth = dp_packet_data(&p);

        /* A packet that was routed before it turned out to be too big no
         * longer says who sent it. */
        if (eth_addr_equals(eth->eth_dst, error.gateway_mac)) {
            pins->handler->get_mac(vport, &eth->eth_dst, pins->aux);
        }
        hnv_packet_ins_answer(pins, pin, &p);
        pins->n_answered++;
    } else {
        pins->n_ignored++;
    }
    dp_packet_uninit(&p);
}

static void
hnv_packet_ins_too_big(struct hnv_packet_ins *pins,
                       const struct ofputil_packet_in *pin,
                       const struct ofpbuf *continuation, uint32_t mtu)
{
    if (hnv_icmp_is_fragmentable(pin->packet, pin->packet_len)) {
        hnv_ofconn_resume(pins->ofconn, pin, continuation);
        pins->n_resumed++;
    } else {
        hnv_packet_ins_send_error(pins, pin, HNV_ICMP_TOO_BIG, mtu);
    }
}

static void
hnv_packet_ins_lookup(struct hnv_packet_ins *pins,
                      const struct ofputil_packet_in *pin,
                      const struct ofpbuf *continuation, uint32_t domain_key)
{
    const struct flow *flow = &pin->flow_metadata.flow;
    const struct eth_header *eth = pin->packet;
    struct in6_addr ca;

    if (pin->packet_len < sizeof *eth) {
        pins->n_ignored++;
        return;
    }
    if (eth->eth_type == htons(ETH_TYPE_IPV6)) {
        ovs_be128 xxreg1 = hton128(flow_get_xxreg(flow, 1));
        memcpy(&ca, &xxreg1, sizeof ca);
    } else {
        in6_addr_set_mapped_ipv4(&ca, htonl(flow->regs[4]));
    }
    pins->n_lookups++;
    pins->handler->lookup(domain_key, &ca, pin, continuation, pins->aux);
}

/* Finds what the addresses in quotation 'q' of 'pin' must become.  The packet
 * must be one that the error's receiver, by its customer address, sent to a
 * machine of its routing domain.  A router is nobody, but not what somebody
 * else's machine is. */
static bool
hnv_packet_ins_find_quoted(struct hnv_packet_ins *pins,
                           const struct ofputil_packet_in *pin,
                           const struct hnv_quote *q, struct in6_addr *src,
                           struct in6_addr *dst)
{
    const struct hnv_packet_in_handler *h = pins->handler;
    uint32_t key = ntohll(pin->flow_metadata.flow.metadata);
    struct in6_addr ca;
    uint32_t sender;

    if (pin->flow_metadata.flow.regs[14]) {
        return (ipv6_addr_equals(&q->quoted_src, &q->dst)
                && h->get_pa(key, &q->quoted_src, src, pins->aux)
                && h->get_pa(key, &q->quoted_dst, dst, pins->aux));
    }
    sender = h->get_ca(&q->src, &ca, pins->aux);
    return ((!sender || sender == key)
            && h->get_ca(&q->quoted_src, src, pins->aux) == key
            && h->get_ca(&q->quoted_dst, dst, pins->aux) == key
            && ipv6_addr_equals(src, &q->dst));
}

/* Tells table REWRITE_IN_SRC from whom an error of a router comes: from the
 * gateway of the machine or, without one, from whom the machine sent to. */
static void
hnv_packet_ins_set_router(struct hnv_packet_ins *pins,
                          struct ofputil_packet_in *pin,
                          const struct in6_addr *peer)
{
    uint32_t vsid = pin->flow_metadata.flow.regs[0] & HNV_VSID_BITS;
    struct hnv_icmp_error gateway = { .gateway_ip4 = 0 };
    struct match *md = &pin->flow_metadata;

    pins->handler->get_gateway(vsid, &gateway, pins->aux);
    if (IN6_IS_ADDR_V4MAPPED(peer)) {
        ovs_be32 ip = (gateway.gateway_ip4 ? gateway.gateway_ip4
                       : in6_addr_get_mapped_ipv4(peer));

        match_set_reg(md, 4, ntohl(ip));
    } else {
        const struct in6_addr *ip
            = (ipv6_addr_is_set(&gateway.gateway_ip6)
               ? &gateway.gateway_ip6 : peer);
        ovs_be128 be;

        memcpy(&be, ip, sizeof be);
        match_set_xxreg(md, 1, ntoh128(be));
    }
}

/* Rewrites what the ICMP error in 'pin' quotes, and lets it go on. */
static void
hnv_packet_ins_quote(struct hnv_packet_ins *pins,
                     const struct ofputil_packet_in *pin,
                     const struct ofpbuf *continuation)
{
    struct ofputil_packet_in copy = *pin;
    struct in6_addr src, dst;
    struct hnv_quote q;

    if (!hnv_quote_parse(pin->packet, pin->packet_len, &q)
        || !hnv_packet_ins_find_quoted(pins, pin, &q, &src, &dst)) {
        /* To be dropped, and counted, where it is known whose it is. */
        hnv_ofconn_resume(pins->ofconn, pin, continuation);
        pins->n_ignored++;
        return;
    }
    copy.packet = xmemdup(pin->packet, pin->packet_len);
    hnv_quote_set(copy.packet, &q, &src, &dst);
    hnv_packet_ins_set_router(pins, &copy, &dst);
    match_set_reg(&copy.flow_metadata, 2,
                  copy.flow_metadata.flow.regs[2] | HNV_FLAG_QUOTE);
    hnv_ofconn_resume(pins->ofconn, &copy, continuation);
    free(copy.packet);
    pins->n_rewritten++;
}

/* Does what 'pin' asks for. */
void
hnv_packet_ins_process(struct hnv_packet_ins *pins,
                       const struct ofputil_packet_in *pin,
                       const struct ofpbuf *continuation)
{
    uint32_t domain_key = ntohll(pin->flow_metadata.flow.metadata) & 0xffffff;
    struct hnv_userdata ud;

    if (pin->userdata_len < sizeof ud) {
        pins->n_ignored++;
        return;
    }
    memcpy(&ud, pin->userdata, sizeof ud);
    if (ud.version != HNV_USERDATA_VERSION) {
        VLOG_WARN_RL(&rl, "switch sent a packet with userdata version %"PRIu8
                     ", from flows of another version of hnv-agent",
                     ud.version);
        pins->n_ignored++;
        return;
    }
    if (!hnv_packet_ins_take(pins, domain_key, ud.op == HNV_OP_LOG)) {
        return;
    }

    switch ((enum hnv_op) ud.op) {
    case HNV_OP_LOOKUP:
        hnv_packet_ins_lookup(pins, pin, continuation, domain_key);
        break;
    case HNV_OP_TIME_EXCEEDED:
        hnv_packet_ins_send_error(pins, pin, HNV_ICMP_TTL_EXCEEDED, 0);
        break;
    case HNV_OP_TOO_BIG:
        hnv_packet_ins_too_big(pins, pin, continuation, ntohl(ud.arg));
        break;
    case HNV_OP_PORT_UNREACHABLE:
        hnv_packet_ins_send_error(pins, pin, HNV_ICMP_PORT_UNREACHABLE, 0);
        break;
    case HNV_OP_NET_UNREACHABLE:
        hnv_packet_ins_send_error(pins, pin, HNV_ICMP_NET_UNREACHABLE, 0);
        break;
    case HNV_OP_HOST_UNREACHABLE:
        hnv_packet_ins_send_error(pins, pin, HNV_ICMP_HOST_UNREACHABLE, 0);
        break;
    case HNV_OP_QUOTE:
        hnv_packet_ins_quote(pins, pin, continuation);
        break;
    case HNV_OP_LOG:
        pins->handler->log_acl(pin, ntohl(ud.arg), pins->aux);
        pins->n_logged++;
        break;
    case HNV_OP_LEARN:
        pins->handler->learn(pin, pins->aux);
        break;
    default:
        pins->n_ignored++;
        break;
    }
}

/* Appends to 's' what happened so far, for people. */
void
hnv_packet_ins_format(const struct hnv_packet_ins *pins, struct ds *s)
{
    const struct hnv_budget *budget;

    ds_put_format(s, "packets from the switch: %"PRIu64" answered, %"PRIu64
                  " looked up, %"PRIu64" left to be fragmented, %"PRIu64
                  " rewritten inside, %"PRIu64" logged, %"PRIu64
                  " over budget, %"PRIu64" ignored\n",
                  pins->n_answered, pins->n_lookups, pins->n_resumed,
                  pins->n_rewritten, pins->n_logged, pins->n_limited,
                  pins->n_ignored);
    HMAP_FOR_EACH (budget, node, &pins->budgets.budgets) {
        if (budget->n_limited) {
            ds_put_format(s, "    routing domain %"PRIu32": %"PRIu64
                          " over budget%s\n",
                          budget->key.parts[0], budget->n_limited,
                          budget->key.parts[1] ? " to log" : "");
        }
    }
}

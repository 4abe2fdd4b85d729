/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "fuzz.h"
#include "hnv-icmp.h"

#include <netinet/ip6.h>
#include <string.h>

#include "csum.h"
#include "dp-packet.h"
#include "flow.h"
#include "packets.h"
#include "util.h"

/* Checks the ICMP error in 'answer', which quotes from 'l3' on. */
static void
check_icmp4(struct dp_packet *answer, const uint8_t *l3, size_t size)
{
    const struct ip_header *ip = dp_packet_l3(answer);
    const struct icmp_header *icmp = dp_packet_l4(answer);
    size_t total = dp_packet_l3_size(answer);
    size_t quoted = total - IP_HEADER_LEN - ICMP_HEADER_LEN;

    ovs_assert(total == ntohs(ip->ip_tot_len) && total <= 576);
    ovs_assert(!csum(ip, IP_HEADER_LEN));
    ovs_assert(!csum(icmp, total - IP_HEADER_LEN));
    ovs_assert(quoted >= IP_HEADER_LEN && quoted <= size);
    ovs_assert(!memcmp(icmp + 1, l3, quoted));
    ovs_assert(!memcmp(&ip->ip_dst, l3 + 12, 4));
}

static void
check_icmp6(struct dp_packet *answer, const uint8_t *l3, size_t size)
{
    const struct ovs_16aligned_ip6_hdr *ip = dp_packet_l3(answer);
    const uint8_t *icmp = dp_packet_l4(answer);
    size_t total = dp_packet_l3_size(answer);
    size_t quoted = total - sizeof *ip - 8;

    ovs_assert(total == sizeof *ip + ntohs(ip->ip6_plen) && total <= 1280);
    ovs_assert(!packet_csum_upperlayer6(ip, icmp, IPPROTO_ICMPV6,
                                        total - sizeof *ip));
    ovs_assert(quoted >= sizeof *ip && quoted <= size);
    ovs_assert(!memcmp(icmp + 8, l3, quoted));
    ovs_assert(!memcmp(&ip->ip6_dst, l3 + 8, 16));
}

/* Nobody may answer an error, or two could talk forever (RFC 1122 section
 * 3.2.2, RFC 4443 section 2.4(e)).  Of a packet that is cut off, 'flow' has
 * nothing, and of a header that is, no type. */
static void
check_question(const struct flow *flow)
{
    uint16_t type = ntohs(flow->tp_src);
    bool first = !(flow->nw_frag & FLOW_NW_FRAG_LATER);

    ovs_assert(!eth_addr_is_multicast(flow->dl_src)
               && !eth_addr_is_multicast(flow->dl_dst));
    if (flow->dl_type == htons(ETH_TYPE_IP)) {
        ovs_assert(first && !ip_is_multicast(flow->nw_dst));
        ovs_assert(flow->nw_proto != IPPROTO_ICMP
                   || !((type >= 3 && type <= 5)
                        || type == 11 || type == 12));
    } else if (flow->dl_type == htons(ETH_TYPE_IPV6)) {
        ovs_assert(!ipv6_addr_is_multicast(&flow->ipv6_dst));
        ovs_assert(flow->nw_proto != IPPROTO_ICMPV6 || !first
                   || !type || (type >= 128 && type != ND_REDIRECT));
    }
}

/* The input is what the error says, one byte, and the frame it is about. */
static void
fuzz(const uint8_t *data, size_t size)
{
    struct hnv_icmp_error e = {
        .kind = size ? data[0] % 3 : 0,
        .mtu = 1400,
        .gateway_mac = ETH_ADDR_C(00, 00, 5e, 00, 01, 01),
        .gateway_ip4 = htonl(0x0a000001),
        .gateway_ip6 = { .s6_addr = { 0xfe, 0x80, [15] = 1 } },
    };
    struct dp_packet answer, question;
    struct flow flow;
    uint8_t *frame;

    if (!size) {
        return;
    }
    size--;
    frame = xmemdup(data + 1, size);
    dp_packet_init(&answer, 0);
    hnv_icmp_is_fragmentable(frame, size);
    if (hnv_icmp_compose(&answer, frame, size, &e)) {
        dp_packet_use_const(&question, frame, size);
        flow_extract(&question, &flow);
        check_question(&flow);

        flow_extract(&answer, &flow);
        if (flow.dl_type == htons(ETH_TYPE_IP)) {
            check_icmp4(&answer, frame + ETH_HEADER_LEN,
                        size - ETH_HEADER_LEN);
        } else {
            check_icmp6(&answer, frame + ETH_HEADER_LEN,
                        size - ETH_HEADER_LEN);
        }
    } else {
        ovs_assert(!dp_packet_size(&answer));
    }
    dp_packet_uninit(&answer);
    free(frame);
}

FUZZ_TARGET("hnv-icmp", fuzz);

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "fuzz.h"
#include "nvgre-fragment.h"
#include "nvgre-icmp.h"

#include <netinet/ip.h>
#include <string.h>

#include "csum.h"
#include "dp-packet.h"
#include "flow.h"
#include "packets.h"
#include "util.h"

enum { MTU = 100 };

/* Checks the answer to 'frame'. */
static void
check_answer(const uint8_t *frame, size_t size)
{
    struct dp_packet *answer = nvgre_icmp_too_big(frame, size, MTU, NULL);
    const uint8_t *bytes = dp_packet_data(answer);
    size_t len = dp_packet_size(answer) - ETH_HEADER_LEN;
    struct flow flow;

    ovs_assert(!memcmp(bytes, frame + ETH_ADDR_LEN, ETH_ADDR_LEN));
    ovs_assert(!memcmp(bytes + ETH_ADDR_LEN, frame, ETH_ADDR_LEN));
    ovs_assert(len <= NVGRE_ICMP6_MAX);
    flow_extract(answer, &flow);
    if (flow.dl_type == htons(ETH_TYPE_IP)) {
        ovs_assert(len <= NVGRE_ICMP_MAX);
        ovs_assert(is_icmpv4(&flow, NULL) && flow.tp_src == htons(3)
                   && flow.tp_dst == htons(4));
        ovs_assert(!csum(dp_packet_l3(answer), IP_HEADER_LEN));
        ovs_assert(!csum(dp_packet_l4(answer), len - IP_HEADER_LEN));
    } else {
        ovs_assert(is_icmpv6(&flow, NULL) && flow.tp_src == htons(2)
                   && !flow.tp_dst);
    }
    ovs_assert(!flow.nw_frag);

    /* Nobody may answer an answer. */
    ovs_assert(!nvgre_icmp_may_answer(bytes, dp_packet_size(answer)));
    dp_packet_delete(answer);
}

/* Checks the fragments in 'batch', which were made of 'ip', and frees them. */
static void
check_fragments(struct dp_packet_batch *batch, const struct ip_header *ip)
{
    size_t expected = (ntohs(ip->ip_frag_off) & IP_FRAG_OFF_MASK) * 8;
    size_t end = expected + ntohs(ip->ip_tot_len) - IP_IHL(ip->ip_ihl_ver) * 4;
    size_t n = dp_packet_batch_size(batch);
    struct dp_packet *packet;

    ovs_assert(n > 1 && n <= NVGRE_MAX_FRAGMENTS);
    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        const struct ip_header *f;
        struct flow flow;
        size_t ihl;

        ovs_assert(dp_packet_size(packet) <= ETH_HEADER_LEN + MTU);
        flow_extract(packet, &flow);
        f = dp_packet_l3(packet);
        ihl = IP_IHL(f->ip_ihl_ver) * 4;
        ovs_assert(ntohs(f->ip_tot_len) == dp_packet_l3_size(packet));
        ovs_assert(f->ip_id == ip->ip_id && f->ip_proto == ip->ip_proto);
        ovs_assert(!csum(f, ihl));
        ovs_assert((ntohs(f->ip_frag_off) & IP_FRAG_OFF_MASK) * 8
                   == expected);
        expected += ntohs(f->ip_tot_len) - ihl;
        ovs_assert(i == n - 1 || f->ip_frag_off & htons(IP_MF));
    }
    ovs_assert(expected == end);
    dp_packet_delete_batch(batch, true);
}

/* The input is a whole frame. */
static void
fuzz(const uint8_t *data, size_t size)
{
    struct dp_packet_batch batch;
    struct dp_packet *packet;

    if (nvgre_icmp_may_answer(data, MIN(size, NVGRE_ICMP_KEEP))) {
        check_answer(data, MIN(size, NVGRE_ICMP_KEEP));
    }

    packet = dp_packet_clone_data_with_headroom(data, size, 64);
    dp_packet_batch_init(&batch);
    if (nvgre_fragment(packet, MTU, &batch)) {
        struct ip_header ip;

        memcpy(&ip, data + ETH_HEADER_LEN, sizeof ip);
        check_fragments(&batch, &ip);
    } else {
        dp_packet_delete(packet);
    }
    dp_packet_batch_destroy(&batch);
}

FUZZ_TARGET("nvgre-too-big", fuzz);

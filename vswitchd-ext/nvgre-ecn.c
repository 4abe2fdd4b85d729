/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-ecn.h"

#include <netinet/ip6.h>

#include "csum.h"
#include "packets.h"
#include "unaligned.h"

/* Returns 'outer_tos' with the ECN bits of 'inner_tos' (RFC 6040 4.1). */
uint8_t
nvgre_ecn_encap(uint8_t outer_tos, uint8_t inner_tos)
{
    return (outer_tos & ~IP_ECN_MASK) | (inner_tos & IP_ECN_MASK);
}

/* Returns the ECN bits that an inner packet marked 'inner' should leave the
 * tunnel with when the outer packet was marked 'outer', or -1 if the packet
 * must be dropped (RFC 6040 4.2). */
static int
combine(uint8_t outer, uint8_t inner)
{
    if (inner == IP_ECN_NOT_ECT) {
        return outer == IP_ECN_CE ? -1 : IP_ECN_NOT_ECT;
    } else if (outer == IP_ECN_CE) {
        return IP_ECN_CE;
    } else if (outer == IP_ECN_ECT_1 && inner == IP_ECN_ECT_0) {
        return IP_ECN_ECT_1;
    } else {
        return inner;
    }
}

static enum nvgre_drop
decap_ipv4(uint8_t outer, struct ip_header *ip)
{
    int ecn = combine(outer, ip->ip_tos & IP_ECN_MASK);
    uint8_t tos;

    if (ecn < 0) {
        return NVGRE_DROP_ECN_CE_NOT_ECT;
    }

    tos = (ip->ip_tos & ~IP_ECN_MASK) | ecn;
    if (tos != ip->ip_tos) {
        ip->ip_csum = recalc_csum16(ip->ip_csum, htons(ip->ip_tos),
                                    htons(tos));
        ip->ip_tos = tos;
    }
    return NVGRE_DROP_NONE;
}

static enum nvgre_drop
decap_ipv6(uint8_t outer, struct ovs_16aligned_ip6_hdr *ip6)
{
    uint32_t flow = ntohl(get_16aligned_be32(&ip6->ip6_flow));
    int ecn = combine(outer, flow >> 20 & IP_ECN_MASK);

    if (ecn < 0) {
        return NVGRE_DROP_ECN_CE_NOT_ECT;
    }
    put_16aligned_be32(&ip6->ip6_flow,
                       htonl((flow & ~((uint32_t) IP_ECN_MASK << 20))
                             | ecn << 20));
    return NVGRE_DROP_NONE;
}

/* Applies the ECN bits of 'outer_tos' to the IPv4 or IPv6 packet, if it is
 * one, in the untagged Ethernet frame of 'size' bytes at 'frame', which is
 * ETH_HEADER_LEN bytes at least and 2-byte aligned.  Keeps the IPv4 header
 * checksum as right or as wrong as it was.  Returns NVGRE_DROP_NONE or
 * NVGRE_DROP_ECN_CE_NOT_ECT. */
enum nvgre_drop
nvgre_ecn_decap(uint8_t outer_tos, void *frame, size_t size)
{
    uint8_t outer = outer_tos & IP_ECN_MASK;
    struct eth_header *eth = frame;
    void *l3 = eth + 1;

    size -= ETH_HEADER_LEN;
    if (outer != IP_ECN_CE && outer != IP_ECN_ECT_1) {
        return NVGRE_DROP_NONE;         /* Neither changes anything. */
    } else if (eth->eth_type == htons(ETH_TYPE_IP)
               && size >= IP_HEADER_LEN) {
        return decap_ipv4(outer, l3);
    } else if (eth->eth_type == htons(ETH_TYPE_IPV6)
               && size >= IPV6_HEADER_LEN) {
        return decap_ipv6(outer, l3);
    } else {
        return NVGRE_DROP_NONE;
    }
}

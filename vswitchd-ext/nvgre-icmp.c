/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-icmp.h"

#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#include "csum.h"
#include "dp-packet.h"
#include "flow.h"
#include "nvgre-path.h"
#include "packets.h"

BUILD_ASSERT_DECL(NVGRE_ICMP_KEEP == ETH_HEADER_LEN + NVGRE_ICMP6_MAX
                                     - IPV6_HEADER_LEN
                                     - ICMP6_DATA_HEADER_LEN);

enum {
    ANSWER_TTL = 64,

    /* Precedence 6, internetwork control (RFC 1812 section 4.3.2.5). */
    ANSWER_TOS = 0xc0,
};

/* Returns true if 'ip' can be the address of one host: not of this network
 * (0/8), the host itself (127/8), a group, or everyone. */
static bool
is_host_ipv4(const ovs_16aligned_be32 *ip)
{
    uint32_t addr = ntohl(get_16aligned_be32(ip));

    return addr >> 24 && addr >> 24 != 127 && addr < 0xe0000000;
}

static bool
is_host_ipv6(const union ovs_16aligned_in6_addr *addr)
{
    struct in6_addr aligned;

    memcpy(&aligned, addr, sizeof aligned);
    return (ipv6_addr_is_set(&aligned) && !ipv6_addr_is_multicast(&aligned)
            && !IN6_IS_ADDR_LOOPBACK(&aligned));
}

/* Returns true if ICMP messages of 'type' are known not to be errors. */
static bool
is_icmp_query(uint8_t type)
{
    switch (type) {
    case 0: case 8:             /* Echo. */
    case 9: case 10:            /* Router discovery. */
    case 13: case 14:           /* Timestamp. */
    case 15: case 16:           /* Information. */
    case 17: case 18:           /* Address mask. */
    case 42: case 43:           /* Extended echo. */
        return true;
    default:
        return false;
    }
}

/* Judges the IPv4 packet of 'size' bytes, or of which that many are known, at
 * 'ip'. */
static bool
ipv4_may_be_answered(const struct ip_header *ip, size_t size)
{
    size_t ihl;

    if (size < IP_HEADER_LEN || IP_VER(ip->ip_ihl_ver) != 4) {
        return false;
    }
    ihl = IP_IHL(ip->ip_ihl_ver) * 4;
    if (ihl < IP_HEADER_LEN || ihl >= size || ntohs(ip->ip_tot_len) <= ihl
        || csum(ip, ihl)) {
        return false;
    }

    /* RFC 1812 section 4.3.2.7. */
    if (ip->ip_frag_off & htons(IP_FRAG_OFF_MASK)
        || !is_host_ipv4(&ip->ip_src) || !is_host_ipv4(&ip->ip_dst)) {
        return false;
    }
    return (ip->ip_proto != IPPROTO_ICMP
            || is_icmp_query(*((const uint8_t *) ip + ihl)));
}

/* The same for IPv6. */
static bool
ipv6_may_be_answered(const struct ovs_16aligned_ip6_hdr *ip6, size_t size)
{
    const void *data = ip6 + 1;
    uint8_t nw_proto, nw_frag = 0;
    uint8_t type;

    if (size < IPV6_HEADER_LEN || ip6->ip6_vfc >> 4 != 6
        || !is_host_ipv6(&ip6->ip6_src) || !is_host_ipv6(&ip6->ip6_dst)) {
        return false;
    }

    size -= IPV6_HEADER_LEN;
    nw_proto = ip6->ip6_nxt;
    if (!parse_ipv6_ext_hdrs(&data, &size, &nw_proto, &nw_frag, NULL, NULL)
        || nw_frag & FLOW_NW_FRAG_LATER) {
        return false;
    }
    if (nw_proto != IPPROTO_ICMPV6) {
        return true;
    }

    /* RFC 4443 section 2.4(e.1) and (e.2): no errors, no redirects. */
    if (!size) {
        return false;
    }
    type = *(const uint8_t *) data;
    return type >= 128 && type != ND_REDIRECT;
}

/* Returns true if the sender of the frame of which the first 'size' bytes are
 * at 'frame' may be sent an ICMP error about it.  The frame must have no VLAN
 * tag and its checksums must be complete.  It is enough to have the first
 * NVGRE_ICMP_KEEP bytes of it. */
bool
nvgre_icmp_may_answer(const void *frame, size_t size)
{
    const struct eth_header *eth = frame;

    if (size < ETH_HEADER_LEN || eth_addr_is_multicast(eth->eth_dst)
        || eth_addr_is_multicast(eth->eth_src)) {
        return false;
    }
    size -= ETH_HEADER_LEN;
    if (eth->eth_type == htons(ETH_TYPE_IP)) {
        return ipv4_may_be_answered((const void *) (eth + 1), size);
    } else if (eth->eth_type == htons(ETH_TYPE_IPV6)) {
        return ipv6_may_be_answered((const void *) (eth + 1), size);
    } else {
        return false;
    }
}

/* Makes the answer to 'ip', of which 'size' bytes are known, behind the
 * Ethernet header in 'answer'. */
static void
compose_icmp(struct dp_packet *answer, const struct ip_header *ip,
             size_t size, int mtu, const struct in6_addr *gateway)
{
    size_t quote = MIN(size, ntohs(ip->ip_tot_len));
    struct icmp_header *icmp;
    struct ip_header *outer;

    quote = MIN(quote, NVGRE_ICMP_MAX - IP_HEADER_LEN - ICMP_HEADER_LEN);
    outer = dp_packet_put_zeros(answer, IP_HEADER_LEN);
    outer->ip_ihl_ver = IP_IHL_VER(5, 4);
    outer->ip_tos = ANSWER_TOS;
    outer->ip_tot_len = htons(IP_HEADER_LEN + ICMP_HEADER_LEN + quote);
    outer->ip_frag_off = htons(IP_DF);
    outer->ip_ttl = ANSWER_TTL;
    outer->ip_proto = IPPROTO_ICMP;
    outer->ip_src = ip->ip_dst;
    if (gateway) {
        put_16aligned_be32(&outer->ip_src, in6_addr_get_mapped_ipv4(gateway));
    }
    outer->ip_dst = ip->ip_src;
    outer->ip_csum = csum(outer, IP_HEADER_LEN);

    icmp = dp_packet_put_zeros(answer, ICMP_HEADER_LEN);
    icmp->icmp_type = ICMP4_DST_UNREACH;
    icmp->icmp_code = 4;        /* Fragmentation needed and DF set. */
    icmp->icmp_fields.frag.mtu = htons(mtu);
    dp_packet_put(answer, ip, quote);
    icmp = dp_packet_at_assert(answer, ETH_HEADER_LEN + IP_HEADER_LEN,
                               ICMP_HEADER_LEN + quote);
    icmp->icmp_csum = csum(icmp, ICMP_HEADER_LEN + quote);
}

/* The same for IPv6. */
static void
compose_icmp6(struct dp_packet *answer,
              const struct ovs_16aligned_ip6_hdr *ip6, size_t size, int mtu,
              const struct in6_addr *gateway)
{
    size_t quote = MIN(size, IPV6_HEADER_LEN + ntohs(ip6->ip6_plen));
    struct icmp6_data_header *icmp6;
    struct ovs_16aligned_ip6_hdr *outer;
    size_t plen;

    quote = MIN(quote,
                NVGRE_ICMP6_MAX - IPV6_HEADER_LEN - ICMP6_DATA_HEADER_LEN);
    plen = ICMP6_DATA_HEADER_LEN + quote;
    outer = dp_packet_put_zeros(answer, IPV6_HEADER_LEN);
    outer->ip6_vfc = 0x60;
    outer->ip6_plen = htons(plen);
    outer->ip6_nxt = IPPROTO_ICMPV6;
    outer->ip6_hlim = ANSWER_TTL;
    outer->ip6_src = ip6->ip6_dst;
    if (gateway) {
        memcpy(&outer->ip6_src, gateway, sizeof outer->ip6_src);
    }
    outer->ip6_dst = ip6->ip6_src;

    icmp6 = dp_packet_put_zeros(answer, ICMP6_DATA_HEADER_LEN);
    icmp6->icmp6_base.icmp6_type = ICMP6_PACKET_TOO_BIG;
    /* Hosts do not believe less (RFC 8201 section 4). */
    put_16aligned_be32(&icmp6->icmp6_data.be32[0],
                       htonl(MAX(mtu, NVGRE_IPV6_MIN_MTU)));
    dp_packet_put(answer, ip6, quote);
    outer = dp_packet_at_assert(answer, ETH_HEADER_LEN,
                                IPV6_HEADER_LEN + plen);
    icmp6 = (struct icmp6_data_header *) (void *) (outer + 1);
    icmp6->icmp6_base.icmp6_cksum
        = packet_csum_upperlayer6(outer, icmp6, IPPROTO_ICMPV6, plen);
}

/* Makes the answer to the frame of which the first 'size' bytes are at
 * 'frame', and about which nvgre_icmp_may_answer() said true: that packets of
 * more than 'mtu' bytes do not fit.  It comes from 'gateway', which has to be
 * of the same family, or if that is NULL, from where the frame was to go.
 * The caller owns the answer. */
struct dp_packet *
nvgre_icmp_too_big(const void *frame, size_t size, int mtu,
                   const struct in6_addr *gateway)
{
    struct dp_packet *answer = dp_packet_new(ETH_HEADER_LEN
                                             + NVGRE_ICMP6_MAX);
    const struct eth_header *eth = frame;
    struct eth_header *new = dp_packet_put_zeros(answer, ETH_HEADER_LEN);

    dp_packet_reset_offsets(answer);
    new->eth_dst = eth->eth_src;
    new->eth_src = eth->eth_dst;
    new->eth_type = eth->eth_type;
    size -= ETH_HEADER_LEN;
    if (eth->eth_type == htons(ETH_TYPE_IP)) {
        compose_icmp(answer, (const void *) (eth + 1), size, mtu, gateway);
    } else {
        compose_icmp6(answer, (const void *) (eth + 1), size, mtu, gateway);
    }
    return answer;
}

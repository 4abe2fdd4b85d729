/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-quote.h"

#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <string.h>

#include "csum.h"
#include "dp-packet.h"
#include "flow.h"
#include "packets.h"
#include "unaligned.h"
#include "util.h"

/* Unreachable, time exceeded, and parameter problem. */
#define ICMP4_ERRORS ((1u << 3) | (1u << 11) | (1u << 12))

bool
hnv_quote_is_error(bool v4, uint8_t type)
{
    return (v4 ? type < 32 && ICMP4_ERRORS >> type & 1
            : type >= ICMP6_DST_UNREACH && type <= ICMP6_PARAM_PROB);
}

/* Returns the length of the IPv4 header at 'ip', of which there are 'size'
 * bytes, or 0 if it is not all there. */
static size_t
ip4_header_len(const struct ip_header *ip, size_t size)
{
    size_t len = size >= IP_HEADER_LEN ? IP_IHL(ip->ip_ihl_ver) * 4 : 0;

    return (len >= IP_HEADER_LEN && len <= size
            && IP_VER(ip->ip_ihl_ver) == 4 ? len : 0);
}

static void
get_ip4(const struct ip_header *ip, struct in6_addr *src,
        struct in6_addr *dst)
{
    in6_addr_set_mapped_ipv4(src, get_16aligned_be32(&ip->ip_src));
    in6_addr_set_mapped_ipv4(dst, get_16aligned_be32(&ip->ip_dst));
}

static bool
ip6_is_whole(const struct ovs_16aligned_ip6_hdr *ip, size_t size)
{
    return (size >= sizeof *ip
            && (ntohl(get_16aligned_be32(&ip->ip6_flow)) >> 28) == 6);
}

static void
get_ip6(const struct ovs_16aligned_ip6_hdr *ip, struct in6_addr *src,
        struct in6_addr *dst)
{
    memcpy(src, &ip->ip6_src, sizeof *src);
    memcpy(dst, &ip->ip6_dst, sizeof *dst);
}

/* Returns the protocol above the IPv6 header at 'ip', of which, with what
 * follows, there are 'size' bytes, and stores in '*ofs' where that begins.
 * Returns -1 if it is not there, or if another destination than the header's
 * is part of its checksum. */
static int
ip6_payload(const struct ovs_16aligned_ip6_hdr *ip, size_t size, size_t *ofs)
{
    const struct ovs_16aligned_ip6_frag *fragment = NULL;
    const struct ip6_rt_hdr *routing = NULL;
    const void *data = ip + 1;
    uint8_t proto = ip->ip6_nxt;
    uint8_t frag = 0;

    size -= sizeof *ip;
    if (!parse_ipv6_ext_hdrs(&data, &size, &proto, &frag, &fragment, &routing)
        || frag & FLOW_NW_FRAG_LATER || routing) {
        return -1;
    }
    *ofs = (const char *) data - (const char *) ip;
    return proto;
}

static bool
parse_ip4(const void *frame, size_t size, struct hnv_quote *q)
{
    const struct ip_header *ip = ALIGNED_CAST(const struct ip_header *,
                                              (const char *) frame + q->ofs);
    size_t header = ip4_header_len(ip, size);
    const uint8_t *type = (const uint8_t *) ip + header;

    /* Do not take padding of the frame for a quotation. */
    size = MIN(size, header ? ntohs(ip->ip_tot_len) : 0);
    if (size < header + ICMP_HEADER_LEN || ip->ip_proto != IPPROTO_ICMP
        || ip->ip_frag_off & htons(IP_FRAG_OFF_MASK | IP_MORE_FRAGMENTS)
        || !hnv_quote_is_error(true, *type)) {
        return false;
    }
    get_ip4(ip, &q->src, &q->dst);
    q->icmp_ofs = q->ofs + header;
    q->end = q->ofs + size;
    q->ofs = q->icmp_ofs + ICMP_HEADER_LEN;
    ip = ALIGNED_CAST(const struct ip_header *, type + ICMP_HEADER_LEN);
    if (!ip4_header_len(ip, q->end - q->ofs)) {
        return false;
    }
    get_ip4(ip, &q->quoted_src, &q->quoted_dst);
    return true;
}

static bool
parse_ip6(const void *frame, size_t size, struct hnv_quote *q)
{
    const struct ovs_16aligned_ip6_hdr *ip
        = ALIGNED_CAST(const struct ovs_16aligned_ip6_hdr *,
                       (const char *) frame + q->ofs);
    const uint8_t *type;
    size_t header;

    if (!ip6_is_whole(ip, size)) {
        return false;
    }
    size = MIN(size, sizeof *ip + ntohs(ip->ip6_plen));
    if (ip6_payload(ip, size, &header) != IPPROTO_ICMPV6
        || size < header + ICMP6_DATA_HEADER_LEN) {
        return false;
    }
    type = (const uint8_t *) ip + header;
    get_ip6(ip, &q->src, &q->dst);
    q->icmp_ofs = q->ofs + header;
    q->end = q->ofs + size;
    q->ofs = q->icmp_ofs + ICMP6_DATA_HEADER_LEN;
    ip = ALIGNED_CAST(const struct ovs_16aligned_ip6_hdr *,
                      type + ICMP6_DATA_HEADER_LEN);
    if (!hnv_quote_is_error(false, *type)
        || !ip6_is_whole(ip, q->end - q->ofs)) {
        return false;
    }
    get_ip6(ip, &q->quoted_src, &q->quoted_dst);
    return true;
}

bool
hnv_quote_parse(const void *frame, size_t size, struct hnv_quote *q)
{
    const struct eth_header *eth = frame;

    if (size < sizeof *eth) {
        return false;
    }
    q->ofs = sizeof *eth;
    size -= sizeof *eth;
    return (eth->eth_type == htons(ETH_TYPE_IP) ? parse_ip4(frame, size, q)
            : eth->eth_type == htons(ETH_TYPE_IPV6) ? parse_ip6(frame, size, q)
            : false);
}

/* Sets the addresses of 'p', which starts with an IPv4 header. */
static void
set_ip4(struct dp_packet *p, ovs_be32 src, ovs_be32 dst)
{
    struct ip_header *ip = dp_packet_l3(p);

    dp_packet_set_size(p, MIN(dp_packet_size(p), ntohs(ip->ip_tot_len)));
    if (!(ip->ip_frag_off & htons(IP_FRAG_OFF_MASK))
        && IP_IHL(ip->ip_ihl_ver) * 4 <= dp_packet_size(p)) {
        dp_packet_set_l4(p, (char *) ip + IP_IHL(ip->ip_ihl_ver) * 4);
    }
    packet_set_ipv4_addr(p, &ip->ip_src, src);
    packet_set_ipv4_addr(p, &ip->ip_dst, dst);
}

static void
set_ip6(struct dp_packet *p, const struct in6_addr *src,
        const struct in6_addr *dst)
{
    struct ovs_16aligned_ip6_hdr *ip = dp_packet_l3(p);
    size_t ofs = 0;
    int proto;

    dp_packet_set_size(p, MIN(dp_packet_size(p),
                              sizeof *ip + ntohs(ip->ip6_plen)));
    proto = ip6_payload(ip, dp_packet_size(p), &ofs);
    if (proto >= 0) {
        dp_packet_set_l4(p, (char *) ip + ofs);
    }
    packet_set_ipv6_addr(p, proto, ip->ip6_src.be32, src, proto >= 0);
    packet_set_ipv6_addr(p, proto, ip->ip6_dst.be32, dst, proto >= 0);
}

void
hnv_quote_set(void *frame, const struct hnv_quote *q,
              const struct in6_addr *src, const struct in6_addr *dst)
{
    struct icmp_header *icmp = ALIGNED_CAST(struct icmp_header *,
                                            (char *) frame + q->icmp_ofs);
    void *quote = (char *) frame + q->ofs;
    size_t size = q->end - q->ofs;
    ovs_be16 before = (OVS_FORCE ovs_be16) ~csum(quote, size);
    struct dp_packet p;

    /* A packet by itself, as far as it goes, with the bytes in the frame. */
    dp_packet_use_const(&p, quote, size);
    dp_packet_reset_offsets(&p);
    dp_packet_set_l3(&p, quote);
    if (IN6_IS_ADDR_V4MAPPED(src)) {
        set_ip4(&p, in6_addr_get_mapped_ipv4(src),
                in6_addr_get_mapped_ipv4(dst));
    } else {
        set_ip6(&p, src, dst);
    }

    /* Both versions have the checksum at the same place. */
    icmp->icmp_csum = recalc_csum16(icmp->icmp_csum, before,
                                    (OVS_FORCE ovs_be16) ~csum(quote, size));
}

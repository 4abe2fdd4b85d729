/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-icmp.h"

#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <string.h>

#include "csum.h"
#include "dp-packet.h"
#include "flow.h"
#include "packets.h"
#include "unaligned.h"
#include "util.h"

/* TTL of our errors.  Enough to cross any network, unlike the packets that
 * they are about. */
#define HNV_ICMP_TTL 64

/* Largest ICMP error, with its IP header (RFC 1812 section 4.3.2.3), and
 * largest ICMPv6 error (RFC 4443 section 2.4(c)). */
#define HNV_ICMP4_MAX 576
#define HNV_ICMP6_MAX 1280

/* ICMP message types that are errors, as a bitmap (RFC 1122 section 3.2.2).
 * All ICMPv6 types below 128 are errors. */
#define ICMP4_ERRORS ((1u << 3) | (1u << 4) | (1u << 5) | (1u << 11) \
                      | (1u << 12))

/* How an error is written in one version of ICMP. */
struct hnv_icmp_type {
    uint8_t type;
    uint8_t code;
};

/* Is 'ip' the address of one machine, to which an error may go?  RFC 1812
 * section 4.3.2.7 excludes zero, loopback, multicast, class E, and
 * broadcast. */
static bool
ip4_is_one_machine(ovs_be32 ip)
{
    uint8_t first = ntohl(ip) >> 24;

    return ip && first != 127 && first < 224;
}

/* May 'ip', followed by 'size' bytes of which it is the first, be answered
 * with an error? */
static bool
ip4_may_answer(const struct ip_header *ip, size_t size)
{
    ovs_be32 src = get_16aligned_be32(&ip->ip_src);
    ovs_be32 dst = get_16aligned_be32(&ip->ip_dst);
    size_t header = IP_IHL(ip->ip_ihl_ver) * 4;

    if (IP_VER(ip->ip_ihl_ver) != 4 || header < IP_HEADER_LEN
        || size < header) {
        return false;
    }
    if (!ip4_is_one_machine(src)
        || ip_is_multicast(dst) || dst == htonl(UINT32_MAX)
        || ip->ip_frag_off & htons(IP_FRAG_OFF_MASK)) {
        return false;
    }
    if (ip->ip_proto == IPPROTO_ICMP) {
        const uint8_t *type = (const uint8_t *) ip + header;
        return size > header && (*type > 31 || !(ICMP4_ERRORS >> *type & 1));
    }
    return true;
}

static void
compose_icmp4(struct dp_packet *p, const struct eth_header *eth,
              const struct ip_header *orig, size_t size,
              const struct hnv_icmp_error *e)
{
    size_t quoted = MIN(size, HNV_ICMP4_MAX - IP_HEADER_LEN - ICMP_HEADER_LEN);
    size_t total = IP_HEADER_LEN + ICMP_HEADER_LEN + quoted;
    static const struct hnv_icmp_type types[] = {
        [HNV_ICMP_TTL_EXCEEDED] = { 11, 0 },
        [HNV_ICMP_TOO_BIG] = { 3, 4 },
        [HNV_ICMP_PORT_UNREACHABLE] = { 3, 3 },
        [HNV_ICMP_NET_UNREACHABLE] = { 3, 0 },
        [HNV_ICMP_HOST_UNREACHABLE] = { 3, 1 },
    };
    struct icmp_header *icmp;
    struct ip_header *ip;

    ip = eth_compose(p, eth->eth_src, e->gateway_mac, ETH_TYPE_IP, total);
    memset(ip, 0, total);
    ip->ip_ihl_ver = IP_IHL_VER(5, 4);
    ip->ip_tos = orig->ip_tos & IP_DSCP_MASK;
    ip->ip_tot_len = htons(total);
    ip->ip_ttl = HNV_ICMP_TTL;
    ip->ip_proto = IPPROTO_ICMP;
    ip->ip_src = orig->ip_dst;
    if (e->kind != HNV_ICMP_PORT_UNREACHABLE) {
        put_16aligned_be32(&ip->ip_src, e->gateway_ip4);
    }
    ip->ip_dst = orig->ip_src;
    ip->ip_csum = csum(ip, IP_HEADER_LEN);

    icmp = (struct icmp_header *) (ip + 1);
    icmp->icmp_type = types[e->kind].type;
    icmp->icmp_code = types[e->kind].code;
    if (e->kind == HNV_ICMP_TOO_BIG) {
        icmp->icmp_fields.frag.mtu = htons(e->mtu);
    }
    memcpy(icmp + 1, orig, quoted);
    icmp->icmp_csum = csum(icmp, ICMP_HEADER_LEN + quoted);
}

static bool
ip6_may_answer(const struct ovs_16aligned_ip6_hdr *ip, size_t size)
{
    const struct ovs_16aligned_ip6_frag *frag_hdr;
    const struct ip6_rt_hdr *rt;
    struct in6_addr src, dst;
    uint8_t proto = ip->ip6_nxt, frag = 0;
    const void *data;

    memcpy(&src, &ip->ip6_src, sizeof src);
    memcpy(&dst, &ip->ip6_dst, sizeof dst);
    if (!ipv6_addr_is_set(&src) || ipv6_addr_is_multicast(&src)
        || ipv6_addr_is_multicast(&dst)) {
        return false;
    }
    data = ip + 1;
    size -= sizeof *ip;
    if (!parse_ipv6_ext_hdrs(&data, &size, &proto, &frag, &frag_hdr, &rt)) {
        return false;
    }
    if (proto == IPPROTO_ICMPV6 && !(frag & FLOW_NW_FRAG_LATER)) {
        const struct icmp6_header *icmp = data;

        /* An error, or a redirect. */
        return (size >= sizeof *icmp
                && icmp->icmp6_type >= 128
                && icmp->icmp6_type != ND_REDIRECT);
    }
    return true;
}

static void
compose_icmp6(struct dp_packet *p, const struct eth_header *eth,
              const struct ovs_16aligned_ip6_hdr *orig, size_t size,
              const struct hnv_icmp_error *e)
{
    size_t max = HNV_ICMP6_MAX - sizeof *orig - ICMP6_DATA_HEADER_LEN;
    size_t quoted = MIN(size, max);
    size_t payload = ICMP6_DATA_HEADER_LEN + quoted;
    static const struct hnv_icmp_type types[] = {
        [HNV_ICMP_TTL_EXCEEDED] = { ICMP6_TIME_EXCEEDED, 0 },
        [HNV_ICMP_TOO_BIG] = { ICMP6_PACKET_TOO_BIG, 0 },
        [HNV_ICMP_PORT_UNREACHABLE] = { ICMP6_DST_UNREACH, 4 },
        [HNV_ICMP_NET_UNREACHABLE] = { ICMP6_DST_UNREACH, 0 },
        [HNV_ICMP_HOST_UNREACHABLE] = { ICMP6_DST_UNREACH, 3 },
    };
    struct ovs_16aligned_ip6_hdr *ip;
    struct icmp6_data_header *icmp;

    ip = eth_compose(p, eth->eth_src, e->gateway_mac, ETH_TYPE_IPV6,
                     sizeof *ip + payload);
    memset(ip, 0, sizeof *ip + payload);
    put_16aligned_be32(&ip->ip6_flow, htonl(6u << 28));
    ip->ip6_plen = htons(payload);
    ip->ip6_nxt = IPPROTO_ICMPV6;
    ip->ip6_hlim = HNV_ICMP_TTL;
    ip->ip6_src = orig->ip6_dst;
    if (e->kind != HNV_ICMP_PORT_UNREACHABLE) {
        memcpy(&ip->ip6_src, &e->gateway_ip6, sizeof ip->ip6_src);
    }
    ip->ip6_dst = orig->ip6_src;

    icmp = (struct icmp6_data_header *) (ip + 1);
    icmp->icmp6_base.icmp6_type = types[e->kind].type;
    icmp->icmp6_base.icmp6_code = types[e->kind].code;
    if (e->kind == HNV_ICMP_TOO_BIG) {
        put_16aligned_be32(icmp->icmp6_data.be32, htonl(e->mtu));
    }
    memcpy(icmp + 1, orig, quoted);
    icmp->icmp6_base.icmp6_cksum = packet_csum_upperlayer6(
        ip, icmp, IPPROTO_ICMPV6, payload);
}

/* Returns true if the Ethernet frame of 'size' bytes at 'frame' may be sent in
 * fragments, so that it need not be answered when it is too big: it is IPv4
 * without DF. */
bool
hnv_icmp_is_fragmentable(const void *frame, size_t size)
{
    const struct eth_header *eth = frame;
    const struct ip_header *ip = (const void *) (eth + 1);

    return (size >= sizeof *eth + sizeof *ip
            && eth->eth_type == htons(ETH_TYPE_IP)
            && !(ip->ip_frag_off & htons(IP_DONT_FRAGMENT)));
}

/* Composes in 'p', which must be empty, the error 'e' about the Ethernet frame
 * of 'size' bytes at 'frame', which need be aligned to 2 bytes only.  Returns
 * false, with 'p' still empty, if there must not be one. */
bool
hnv_icmp_compose(struct dp_packet *p, const void *frame, size_t size,
                 const struct hnv_icmp_error *e)
{
    const struct eth_header *eth = frame;
    const void *l3 = eth + 1;

    if (size < sizeof *eth || eth_addr_is_multicast(eth->eth_dst)
        || eth_addr_is_multicast(eth->eth_src)) {
        return false;
    }
    size -= sizeof *eth;

    if (eth->eth_type == htons(ETH_TYPE_IP) && e->gateway_ip4
        && size >= IP_HEADER_LEN) {
        const struct ip_header *ip = l3;

        /* Do not quote padding of the frame. */
        size = MIN(size, ntohs(ip->ip_tot_len));
        if (size >= IP_HEADER_LEN && ip4_may_answer(ip, size)) {
            compose_icmp4(p, eth, ip, size, e);
            return true;
        }
    } else if (eth->eth_type == htons(ETH_TYPE_IPV6)
               && ipv6_addr_is_set(&e->gateway_ip6)
               && size >= sizeof(struct ovs_16aligned_ip6_hdr)) {
        const struct ovs_16aligned_ip6_hdr *ip = l3;

        size = MIN(size, sizeof *ip + ntohs(ip->ip6_plen));
        if (ip6_may_answer(ip, size)) {
            compose_icmp6(p, eth, ip, size, e);
            return true;
        }
    }
    return false;
}

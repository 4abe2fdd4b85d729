/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-entropy.h"

#include <netinet/ip6.h>

#include "dp-packet.h"
#include "flow.h"
#include "hash.h"
#include "packets.h"

/* Hash of the addresses and protocol of an IPv4 fragment. */
static uint32_t
hash_ipv4_fragment(const struct ip_header *ip)
{
    uint32_t hash = 0;

    hash = hash_add(hash,
                    (OVS_FORCE uint32_t) get_16aligned_be32(&ip->ip_src));
    hash = hash_add(hash,
                    (OVS_FORCE uint32_t) get_16aligned_be32(&ip->ip_dst));
    hash = hash_add(hash, ip->ip_proto);
    return hash_finish(hash, 9);
}

/* Hash of the addresses of an IPv6 fragment.  The protocol, behind the
 * fragment header, is left out: it costs a walk and adds little. */
static uint32_t
hash_ipv6_fragment(const struct ovs_16aligned_ip6_hdr *ip6)
{
    return hash_bytes(&ip6->ip6_src, 2 * sizeof ip6->ip6_src, 0);
}

/* Returns true if the IPv6 packet of 'size' bytes at 'ip6' has a fragment
 * header. */
static bool
is_ipv6_fragment(const struct ovs_16aligned_ip6_hdr *ip6, size_t size)
{
    const void *data = ip6 + 1;
    uint8_t nw_proto = ip6->ip6_nxt;
    uint8_t nw_frag = 0;

    size -= sizeof *ip6;
    return (parse_ipv6_ext_hdrs(&data, &size, &nw_proto, &nw_frag, NULL, NULL)
            && nw_frag);
}

/* If the hash that the datapath has, or would make, for 'packet' does not
 * serve, stores a better one in '*hash' and returns true.  This is so for
 * fragments of IP datagrams, all of which must have the same, and for frames
 * that are not IP, which would all have the same. */
static bool
special_hash(const struct dp_packet *packet, uint32_t *hash)
{
    const char *l3 = dp_packet_l3(packet);
    ovs_be16 dl_type;

    /* Where the datapath has set 'l4_ofs', there is an IP header, all of
     * it. */
    if (OVS_UNLIKELY(!l3 || packet->l4_ofs == UINT16_MAX
                     || packet->l3_ofs < ETH_HEADER_LEN)) {
        *hash = hash_bytes(dp_packet_data(packet),
                           MIN(dp_packet_size(packet), ETH_HEADER_LEN), 0);
        return true;
    }

    dl_type = *(const ovs_be16 *) (const void *) (l3 - sizeof dl_type);
    if (OVS_LIKELY(dl_type == htons(ETH_TYPE_IP))) {
        const struct ip_header *ip = (const void *) l3;

        if (OVS_UNLIKELY(IP_IS_FRAGMENT(ip->ip_frag_off))) {
            *hash = hash_ipv4_fragment(ip);
            return true;
        }
    } else if (dl_type == htons(ETH_TYPE_IPV6)) {
        const struct ovs_16aligned_ip6_hdr *ip6 = (const void *) l3;

        if (OVS_UNLIKELY(ip6->ip6_nxt != IPPROTO_TCP
                         && ip6->ip6_nxt != IPPROTO_UDP
                         && is_ipv6_fragment(ip6,
                                             dp_packet_l3_size(packet)))) {
            *hash = hash_ipv6_fragment(ip6);
            return true;
        }
    }
    return false;
}

/* What nvgre_entropy() does for all packets but the plainest. */
uint32_t
nvgre_entropy_slowly(struct dp_packet *packet)
{
    uint32_t hash;

    if (special_hash(packet, &hash)) {
        return hash;
    } else if (OVS_LIKELY(dp_packet_rss_valid(packet))) {
        return dp_packet_get_rss_hash(packet);
    } else {
        struct flow flow;

        flow_extract(packet, &flow);
        hash = flow_hash_5tuple(&flow, 0);
        dp_packet_set_rss_hash(packet, hash);
        return hash;
    }
}

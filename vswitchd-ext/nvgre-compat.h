/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_COMPAT_H
#define NVGRE_COMPAT_H 1

#include <netinet/ip6.h>
#include <string.h>

#include "csum.h"
#include "dp-packet.h"
#include "packets.h"

/* Where series of Open vSwitch differ
 * ===================================
 *
 * What
 * ----
 *
 * The few operations on packets whose names or meanings change between the
 * series that ovs-patches/ has a directory for.  No other file asks which
 * series it is compiled for.  So far there is one, 4.0.
 *
 * What not
 * --------
 *
 * Anything that all series have.
 *
 * Thread-safety
 * -------------
 *
 * The packet must belong to the caller. */

/* Returns the size of the segments that 'packet' is to be cut into, or 0 if it
 * is to stay in one piece. */
static inline uint16_t
nvgre_packet_segsz(const struct dp_packet *packet)
{
    return dp_packet_get_tso_segsz(packet);
}

/* Marks 'packet', whose headers are located, as TCP to be cut into segments of
 * 'segsz' bytes of payload, whose checksums are still to be made. */
static inline void
nvgre_packet_make_tso(struct dp_packet *packet, uint16_t segsz)
{
    dp_packet_set_tso_segsz(packet, segsz);
    dp_packet_l4_proto_set_tcp(packet);
    dp_packet_l4_checksum_set_partial(packet);
}

/* Returns true if work on the headers of 'packet', not encapsulated so far,
 * was left to the device that sends it. */
static inline bool
nvgre_packet_has_offloads(const struct dp_packet *packet)
{
    return (dp_packet_ip_checksum_partial(packet)
            || dp_packet_l4_checksum_partial(packet)
            || dp_packet_get_tso_segsz(packet));
}

/* Returns the number of bytes in front of the TCP payload of 'packet', or 0 if
 * there is none. */
static inline size_t
nvgre_packet_tcp_headers_len(const struct dp_packet *packet)
{
    const char *payload = dp_packet_get_tcp_payload(packet);

    return payload ? payload - (const char *) dp_packet_data(packet) : 0;
}

/* Changes the size of the segments that 'packet' is to be cut into. */
static inline void
nvgre_packet_set_segsz(struct dp_packet *packet, uint16_t segsz)
{
    dp_packet_set_tso_segsz(packet, segsz);
}

/* Does what was left to the device about the checksums of 'packet', which is
 * not encapsulated so far. */
static inline void
nvgre_packet_complete_csums(struct dp_packet *packet)
{
    dp_packet_ol_send_prepare(packet, 0);
}

/* Makes 'packet' the first of the segments that it is to be cut into, if it
 * is. */
static inline void
nvgre_packet_keep_first_segment(struct dp_packet *packet)
{
    size_t headers = nvgre_packet_tcp_headers_len(packet);
    size_t segsz = nvgre_packet_segsz(packet);
    struct ip_header *ip = dp_packet_l3(packet);

    if (segsz && headers && headers + segsz < dp_packet_size(packet)) {
        struct tcp_header *tcp = dp_packet_l4(packet);

        dp_packet_set_size(packet, headers + segsz);
        dp_packet_set_l2_pad_size(packet, 0);
        if (IP_VER(ip->ip_ihl_ver) == 4) {
            ip->ip_tot_len = htons(dp_packet_l3_size(packet));
            dp_packet_ip_checksum_set_partial(packet);
        } else {
            struct ovs_16aligned_ip6_hdr *ip6 = dp_packet_l3(packet);

            ip6->ip6_plen = htons(dp_packet_l3_size(packet) - sizeof *ip6);
        }
        tcp->tcp_ctl &= htons(~(TCP_PSH | TCP_FIN));
        dp_packet_l4_checksum_set_partial(packet);
        dp_packet_set_tso_segsz(packet, 0);
    }
}

/* Makes the offload state of 'packet' that of an inner packet.  'offloads' is
 * what nvgre_packet_has_offloads() says: without any, the device need not know
 * that there is a tunnel. */
static inline void
nvgre_packet_enter_tunnel(struct dp_packet *packet, bool offloads)
{
    packet->offloads <<= DP_PACKET_OL_SHIFT_COUNT;
    if (offloads) {
        dp_packet_tunnel_set_gre(packet);
    }
}

/* Removes the 'len' bytes of outer headers from 'packet' and makes the offload
 * state of the inner packet its own. */
static inline void
nvgre_packet_leave_tunnel(struct dp_packet *packet, int len)
{
    packet->offloads >>= DP_PACKET_OL_SHIFT_COUNT;
    dp_packet_reset_packet(packet, len);
}

/* Removes the first VLAN tag of 'packet', which must have one.  By itself,
 * eth_pop_vlan() leaves packets alone whose headers were not located. */
static inline void
nvgre_packet_pop_tag(struct dp_packet *packet)
{
    if (packet->l3_ofs == UINT16_MAX) {
        packet->l3_ofs = VLAN_ETH_HEADER_LEN;
    }
    eth_pop_vlan(packet);
}

/* Does what pkt_metadata_init_tnl() does: makes '*md' that of a packet which
 * just left a tunnel.  Compilers expand the memset() of known size in that
 * function to "rep stos", whose start-up alone takes as long as the rest of
 * decapsulation, while the C library's memset() does not notice the size. */
static inline void
nvgre_metadata_init(struct pkt_metadata *md)
{
    static void *(*const volatile library_memset)(void *, int, size_t)
        = memset;
    odp_port_t in_port = md->in_port.odp_port;

    library_memset(md, 0, offsetof(struct pkt_metadata,
                                   tunnel.metadata.opts));
    md->orig_in_port = in_port;
}

/* Returns true if the header checksum of 'ip' is wrong.  Headers without
 * options, which nearly all are, have a faster way than csum(). */
static inline bool
nvgre_ip_csum_is_bad(const struct ip_header *ip)
{
    uint32_t words[IP_HEADER_LEN / sizeof(uint32_t)];
    uint64_t sum = 0;

    if (OVS_UNLIKELY(ip->ip_ihl_ver != IP_IHL_VER(5, 4))) {
        return csum(ip, IP_IHL(ip->ip_ihl_ver) * 4) != 0;
    }
    memcpy(words, ip, sizeof words);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        sum += words[i];
    }
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    return sum != UINT16_MAX;
}

/* Returns true if the IPv4 header checksum of 'packet' is wrong.  Believes
 * the device that received it, if that checked. */
static inline bool
nvgre_packet_ip_csum_is_bad(struct dp_packet *packet,
                            const struct ip_header *ip)
{
    if (dp_packet_ip_checksum_unknown(packet)) {
        return nvgre_ip_csum_is_bad(ip);
    }
    return dp_packet_ip_checksum_bad(packet);
}

#endif /* nvgre-compat.h */

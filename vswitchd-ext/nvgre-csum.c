/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-csum.h"

#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#include "crc32c.h"
#include "flow.h"
#include "packets.h"
#include "util.h"

/* Returns the name of 'csum' for people. */
const char *
nvgre_csum_to_string(enum nvgre_csum csum)
{
    static const char *const names[] = {
#define NVGRE_CSUM(NAME, LOWER, STRING) STRING,
        NVGRE_CSUMS
#undef NVGRE_CSUM
    };

    return names[csum];
}

/* Returns the ones' complement sum, in network byte order, of 'sum', which is
 * one too, and the 'size' bytes at 'data'.  It is UINT16_MAX if they contain a
 * checksum that is right.  Unlike csum_continue(), takes 8 bytes at a time. */
uint16_t
nvgre_csum_fold(uint32_t sum_, const void *data_, size_t size)
{
    const uint8_t *data = data_;
    uint64_t sum = sum_;
    uint64_t words[4];

    for (; size >= sizeof words; size -= sizeof words) {
        memcpy(words, data, sizeof words);
        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
            sum += words[i] & UINT32_MAX;
            sum += words[i] >> 32;
        }
        data += sizeof words;
    }
    while (size) {
        size_t n = MIN(size, sizeof words[0]);

        words[0] = 0;
        memcpy(words, data, n);
        sum += words[0] & UINT32_MAX;
        sum += words[0] >> 32;
        data += n;
        size -= n;
    }
    while (sum >> 16) {
        sum = (sum & UINT16_MAX) + (sum >> 16);
    }
    return sum;
}

/* CRC32c is computed over the packet with a checksum of 0 (RFC 9260 section
 * 6.8), which is in the packet while this looks at it. */
static bool
sctp_is_bad(char *data, size_t size)
{
    struct sctp_header *sctp = (void *) data;
    ovs_be32 was = get_16aligned_be32(&sctp->sctp_csum);
    ovs_be32 is;

    put_16aligned_be32(&sctp->sctp_csum, 0);
    is = crc32c((const void *) data, size);
    put_16aligned_be32(&sctp->sctp_csum, was);
    return was != is;
}

/* Judges the 'size' bytes at 'data' if they are of protocol 'proto'.  The sum
 * of the IP addresses is 'addrs'. */
static bool
l4_is_bad(uint8_t proto, bool ipv6, uint32_t addrs, char *data, size_t size,
          enum nvgre_csum *csum)
{
    static const uint16_t zero = 0;
    uint32_t pseudo = (addrs + (OVS_FORCE uint16_t) htons(size)
                       + (OVS_FORCE uint16_t) htons(proto));

    if (proto == IPPROTO_TCP && size >= TCP_HEADER_LEN) {
        *csum = NVGRE_CSUM_TCP;
    } else if (proto == IPPROTO_UDP && size >= UDP_HEADER_LEN) {
        *csum = NVGRE_CSUM_UDP;
        /* On IPv4, a sender may do without (RFC 768). */
        if (!memcmp(data + offsetof(struct udp_header, udp_csum), &zero,
                    sizeof zero)) {
            return ipv6;
        }
    } else if (proto == IPPROTO_SCTP && size >= SCTP_HEADER_LEN) {
        *csum = NVGRE_CSUM_SCTP;
        return sctp_is_bad(data, size);
    } else if (proto == (ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP)
               && size >= ICMP_HEADER_LEN) {
        *csum = NVGRE_CSUM_ICMP;
        pseudo = ipv6 ? pseudo : 0;
    } else {
        return false;
    }
    return nvgre_csum_fold(pseudo, data, size) != UINT16_MAX;
}

static bool
ipv4_is_bad(char *data, size_t size, enum nvgre_csum *csum)
{
    const struct ip_header *ip = (const void *) data;
    size_t len, tot_len;

    if (size < IP_HEADER_LEN) {
        return false;
    }
    len = IP_IHL(ip->ip_ihl_ver) * 4;
    tot_len = ntohs(ip->ip_tot_len);
    if (IP_VER(ip->ip_ihl_ver) != 4 || len < IP_HEADER_LEN || tot_len < len
        || tot_len > size) {
        return false;
    }
    if (nvgre_csum_fold(0, ip, len) != UINT16_MAX) {
        *csum = NVGRE_CSUM_IPV4;
        return true;
    }
    return (!IP_IS_FRAGMENT(ip->ip_frag_off)
            && l4_is_bad(ip->ip_proto, false,
                         nvgre_csum_fold(0, &ip->ip_src,
                                         2 * sizeof ip->ip_src),
                         data + len, tot_len - len, csum));
}

static bool
ipv6_is_bad(char *data, size_t size, enum nvgre_csum *csum)
{
    const struct ovs_16aligned_ip6_hdr *ip6 = (const void *) data;
    const void *payload = ip6 + 1;
    uint8_t nw_proto, nw_frag = 0;
    size_t plen;

    if (size < IPV6_HEADER_LEN) {
        return false;
    }
    plen = ntohs(ip6->ip6_plen);
    if (ip6->ip6_vfc >> 4 != 6 || plen > size - IPV6_HEADER_LEN
        || ip6->ip6_nxt == IPPROTO_ROUTING) {
        return false;
    }
    nw_proto = ip6->ip6_nxt;
    return (parse_ipv6_ext_hdrs(&payload, &plen, &nw_proto, &nw_frag, NULL,
                                NULL)
            && !nw_frag
            && l4_is_bad(nw_proto, true,
                         nvgre_csum_fold(0, &ip6->ip6_src,
                                         2 * sizeof ip6->ip6_src),
                         CONST_CAST(char *, payload), plen, csum));
}

/* Looks for a checksum in the Ethernet frame of 'size' bytes at 'frame' that
 * is wrong.  If there is one, says which in '*csum' and returns true.  Leaves
 * 'frame' as it was, although it may write to it. */
bool
nvgre_csum_find_bad(void *frame, size_t size, enum nvgre_csum *csum)
{
    const struct eth_header *eth = frame;
    char *data = (char *) frame + ETH_HEADER_LEN;

    if (size < ETH_HEADER_LEN) {
        return false;
    }
    size -= ETH_HEADER_LEN;
    return (eth->eth_type == htons(ETH_TYPE_IP)
            ? ipv4_is_bad(data, size, csum)
            : eth->eth_type == htons(ETH_TYPE_IPV6)
            ? ipv6_is_bad(data, size, csum) : false);
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-foreign-frames.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>

#include "csum.h"
#include "dp-packet.h"
#include "packets.h"
#include "util.h"

enum {
    SMALL = 100,                /* Bytes of IP packet. */
    FRAGMENT = 500,
    ECHO_PORT = 7,              /* RFC 862, RFC 347. */
    ECHO_REPLY = 0,             /* RFC 792. */
    ECHO_REQUEST = 8,
    UNREACHABLE = 3,
    ROUND_MASK = 15,            /* Bits of a port that are the round. */
};

/* Returns an ARP packet: a request for their MAC address if 'asker' is zero,
 * otherwise the answer to a request of 'asker' for ours. */
struct dp_packet *
nvgre_foreign_arp(const struct nvgre_foreign_ends *ends,
                  struct eth_addr asker)
{
    bool request = eth_addr_is_zero(asker);
    struct dp_packet *packet = dp_packet_new_with_headroom(64, 128);

    compose_arp(packet, request ? ARP_OP_REQUEST : ARP_OP_REPLY,
                ends->our_mac, asker, request, ends->our_ip, ends->their_ip);
    return packet;
}

/* Returns a frame with an IPv4 header for 'size' bytes of IP packet, the rest
 * of which is zero. */
static struct dp_packet *
compose_ipv4(const struct nvgre_foreign_ends *ends, uint8_t proto,
             uint16_t size, uint16_t id, uint16_t frag_off)
{
    struct dp_packet *packet = dp_packet_new_with_headroom(
        ETH_HEADER_LEN + size, 128);
    struct ip_header *ip;

    ip = eth_compose(packet, ends->their_mac, ends->our_mac, ETH_TYPE_IP,
                     size);
    memset(ip, 0, size);
    ip->ip_ihl_ver = IP_IHL_VER(5, 4);
    ip->ip_tot_len = htons(size);
    ip->ip_id = htons(id);
    ip->ip_frag_off = htons(frag_off);
    ip->ip_ttl = 64;
    ip->ip_proto = proto;
    put_16aligned_be32(&ip->ip_src, ends->our_ip);
    put_16aligned_be32(&ip->ip_dst, ends->their_ip);
    ip->ip_csum = csum(ip, sizeof *ip);
    dp_packet_set_l3(packet, ip);
    dp_packet_set_l4(packet, ip + 1);
    return packet;
}

/* Writes an echo request of 'size' bytes, all zero so far, to 'icmp'. */
static void
fill_echo(const struct nvgre_foreign_ends *ends, uint16_t seq, void *icmp_,
          size_t size)
{
    struct icmp_header *icmp = icmp_;

    icmp->icmp_type = ECHO_REQUEST;
    icmp->icmp_fields.echo.id = htons(ends->id);
    icmp->icmp_fields.echo.seq = htons(seq);
    icmp->icmp_csum = csum(icmp, size);
}

static struct dp_packet *
compose_fragment(const struct nvgre_foreign_ends *ends, uint16_t seq,
                 uint8_t piece)
{
    enum { LEN = FRAGMENT - IP_HEADER_LEN };
    uint16_t frag_off = piece ? LEN / 8 : IP_MF;
    uint32_t echo[2 * LEN / 4];
    struct dp_packet *packet;

    packet = compose_ipv4(ends, IPPROTO_ICMP, FRAGMENT, ends->id + seq,
                          frag_off);
    memset(echo, 0, sizeof echo);
    fill_echo(ends, seq, echo, sizeof echo);
    memcpy(dp_packet_l4(packet), (uint8_t *) echo + piece * LEN, LEN);
    return packet;
}

static struct dp_packet *
compose_udp(const struct nvgre_foreign_ends *ends, uint16_t port)
{
    struct dp_packet *packet = compose_ipv4(ends, IPPROTO_UDP, SMALL, port,
                                            IP_DF);
    struct udp_header *udp = dp_packet_l4(packet);

    udp->udp_src = htons(port);
    udp->udp_dst = htons(ECHO_PORT);
    udp->udp_len = htons(SMALL - IP_HEADER_LEN);
    udp->udp_csum = ~csum_finish(
        packet_csum_pseudoheader(dp_packet_l3(packet)));
    dp_packet_l4_proto_set_udp(packet);
    dp_packet_l4_checksum_set_partial(packet);
    return packet;
}

static struct dp_packet *
compose_tcp(const struct nvgre_foreign_ends *ends, uint16_t port,
            uint32_t seq, uint16_t flags)
{
    struct dp_packet *packet = compose_ipv4(
        ends, IPPROTO_TCP, IP_HEADER_LEN + TCP_HEADER_LEN, port, IP_DF);
    struct tcp_header *tcp = dp_packet_l4(packet);

    tcp->tcp_src = htons(port);
    tcp->tcp_dst = htons(ECHO_PORT);
    put_16aligned_be32(&tcp->tcp_seq, htonl(seq));
    tcp->tcp_ctl = TCP_CTL(flags, 5);
    tcp->tcp_winsz = htons(1024);
    tcp->tcp_csum = ~csum_finish(
        packet_csum_pseudoheader(dp_packet_l3(packet)));
    dp_packet_l4_proto_set_tcp(packet);
    dp_packet_l4_checksum_set_partial(packet);
    return packet;
}

/* Returns the frame, or for NVGRE_FOREIGN_FRAGMENTS the 'piece'th of two, with
 * which to ask for the 'round'th time, where IP packets of 'mtu' bytes fit. */
struct dp_packet *
nvgre_foreign_probe(const struct nvgre_foreign_ends *ends,
                    enum nvgre_foreign_kind kind, uint8_t round,
                    uint8_t piece, uint16_t mtu)
{
    uint16_t port = ends->id | (round & ROUND_MASK);
    uint16_t size = kind == NVGRE_FOREIGN_LARGEST ? mtu : SMALL;
    uint16_t seq = kind << 8 | round;
    struct dp_packet *packet;

    switch (kind) {
    case NVGRE_FOREIGN_UDP:
        return compose_udp(ends, port);
    case NVGRE_FOREIGN_TCP:
        return compose_tcp(ends, port, 0, TCP_SYN);
    case NVGRE_FOREIGN_FRAGMENTS:
        return compose_fragment(ends, seq, piece);
    case NVGRE_FOREIGN_ARP:
    case NVGRE_FOREIGN_ICMP:
    case NVGRE_FOREIGN_LARGEST:
    case N_NVGRE_FOREIGN_KINDS:
    default:
        packet = compose_ipv4(ends, IPPROTO_ICMP, size, seq, IP_DF);
        fill_echo(ends, seq, dp_packet_l4(packet), size - IP_HEADER_LEN);
        return packet;
    }
}

/* Returns the frame with which to take back the SYN that 'answer' answers. */
struct dp_packet *
nvgre_foreign_reset(const struct nvgre_foreign_ends *ends,
                    const struct nvgre_foreign_answer *answer)
{
    return compose_tcp(ends, answer->port, answer->ack, TCP_RST);
}

/* Judges the ARP packet in the 'size' bytes at 'data'. */
static bool
parse_arp(const struct nvgre_foreign_ends *ends, const uint8_t *data,
          size_t size, struct nvgre_foreign_answer *a)
{
    struct arp_eth_header arp;

    if (size < sizeof arp) {
        return false;
    }
    memcpy(&arp, data, sizeof arp);
    if (arp.ar_hrd != htons(ARP_HRD_ETHERNET)
        || arp.ar_pro != htons(ARP_PRO_IP)
        || get_16aligned_be32(&arp.ar_spa) != ends->their_ip
        || get_16aligned_be32(&arp.ar_tpa) != ends->our_ip) {
        return false;
    }
    a->kind = NVGRE_FOREIGN_ARP;
    a->mac = arp.ar_sha;
    a->asks = arp.ar_op == htons(ARP_OP_REQUEST);
    a->for_others = a->asks || !ends->made_up;
    return true;
}

/* Returns true if 'port' is one from which the test asks. */
static bool
is_our_port(const struct nvgre_foreign_ends *ends, ovs_be16 port)
{
    return (ntohs(port) & ~ROUND_MASK) == ends->id;
}

/* Judges the ICMP message in the 'size' bytes at 'data'. */
static bool
parse_icmp(const struct nvgre_foreign_ends *ends, const uint8_t *data,
           size_t size, struct nvgre_foreign_answer *a)
{
    struct icmp_header icmp;
    struct ip_header ip;
    struct udp_header udp;

    if (size < sizeof icmp) {
        return false;
    }
    memcpy(&icmp, data, sizeof icmp);
    a->bad |= csum(data, size) != 0;
    if (icmp.icmp_type == ECHO_REPLY) {
        a->kind = ntohs(icmp.icmp_fields.echo.seq) >> 8;
        return (icmp.icmp_fields.echo.id == htons(ends->id)
                && (a->kind == NVGRE_FOREIGN_ICMP
                    || a->kind == NVGRE_FOREIGN_LARGEST
                    || a->kind == NVGRE_FOREIGN_FRAGMENTS));
    }
    if (icmp.icmp_type != UNREACHABLE
        || size < sizeof icmp + sizeof ip + sizeof udp) {
        return false;
    }
    memcpy(&ip, data + sizeof icmp, sizeof ip);
    memcpy(&udp, data + sizeof icmp + sizeof ip, sizeof udp);
    a->kind = NVGRE_FOREIGN_UDP;
    return (ip.ip_ihl_ver == IP_IHL_VER(5, 4) && ip.ip_proto == IPPROTO_UDP
            && get_16aligned_be32(&ip.ip_src) == ends->our_ip
            && get_16aligned_be32(&ip.ip_dst) == ends->their_ip
            && is_our_port(ends, udp.udp_src)
            && udp.udp_dst == htons(ECHO_PORT));
}

/* Judges the TCP or UDP packet in the 'size' bytes at 'data', the sum of whose
 * pseudo-header is 'pseudo'. */
static bool
parse_ports(const struct nvgre_foreign_ends *ends, const uint8_t *data,
            size_t size, uint32_t pseudo, struct nvgre_foreign_answer *a)
{
    bool tcp = a->kind == NVGRE_FOREIGN_TCP;
    struct udp_header udp;
    struct tcp_header h;

    if (size < (tcp ? sizeof h : sizeof udp)) {
        return false;
    }
    memcpy(&udp, data, sizeof udp);
    if (!is_our_port(ends, udp.udp_dst) || udp.udp_src != htons(ECHO_PORT)) {
        return false;
    }
    a->port = ntohs(udp.udp_dst);
    a->bad |= csum_finish(csum_continue(pseudo, data, size)) != 0;
    if (tcp) {
        memcpy(&h, data, sizeof h);
        a->syn_ack = (TCP_FLAGS(h.tcp_ctl) & (TCP_SYN | TCP_ACK | TCP_RST))
                     == (TCP_SYN | TCP_ACK);
        a->ack = ntohl(get_16aligned_be32(&h.tcp_ack));
    } else if (!udp.udp_csum) {
        a->bad = true;
    }
    return true;
}

/* Judges the IPv4 packet in the 'size' bytes at 'data'. */
static bool
parse_ipv4(const struct nvgre_foreign_ends *ends, const uint8_t *data,
           size_t size, struct nvgre_foreign_answer *a)
{
    struct ip_header ip;
    size_t tot_len;

    if (size < sizeof ip) {
        return false;
    }
    memcpy(&ip, data, sizeof ip);
    tot_len = ntohs(ip.ip_tot_len);
    if (ip.ip_ihl_ver != IP_IHL_VER(5, 4) || tot_len > size
        || tot_len < sizeof ip || IP_IS_FRAGMENT(ip.ip_frag_off)
        || get_16aligned_be32(&ip.ip_src) != ends->their_ip
        || get_16aligned_be32(&ip.ip_dst) != ends->our_ip) {
        return false;
    }
    a->bad = csum(&ip, sizeof ip) != 0;
    data += sizeof ip;
    size = tot_len - sizeof ip;
    if (ip.ip_proto == IPPROTO_ICMP) {
        return parse_icmp(ends, data, size, a);
    } else if (ip.ip_proto != IPPROTO_TCP && ip.ip_proto != IPPROTO_UDP) {
        return false;
    }
    a->kind = (ip.ip_proto == IPPROTO_TCP
               ? NVGRE_FOREIGN_TCP : NVGRE_FOREIGN_UDP);
    return parse_ports(ends, data, size, packet_csum_pseudoheader(&ip), a);
}

/* Returns true if the 'size' bytes at 'frame' answer what 'ends->our_ip' asked
 * 'ends->their_ip', or ask for the former's MAC address, and fills in '*a'.
 *
 * 'frame' need not be aligned. */
bool
nvgre_foreign_parse(const struct nvgre_foreign_ends *ends, const void *frame,
                    size_t size, struct nvgre_foreign_answer *a)
{
    const uint8_t *data = frame;
    struct eth_addr dst;
    uint16_t type;

    if (size < ETH_HEADER_LEN) {
        return false;
    }
    memset(a, 0, sizeof *a);
    memcpy(&dst, data, sizeof dst);
    type = data[12] << 8 | data[13];
    data += ETH_HEADER_LEN;
    size -= ETH_HEADER_LEN;
    if (type == ETH_TYPE_ARP) {
        return parse_arp(ends, data, size, a);
    }
    return (type == ETH_TYPE_IP && eth_addr_equals(dst, ends->our_mac)
            && parse_ipv4(ends, data, size, a));
}

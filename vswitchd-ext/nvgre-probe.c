/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-probe.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>

#include "csum.h"
#include "dp-packet.h"
#include "packets.h"
#include "unaligned.h"
#include "util.h"

/* What the payload of a probe begins with. */
struct payload_header {
    uint8_t magic[8];
    ovs_be32 nonce[2];
    uint8_t kind;
    uint8_t role;
    uint8_t seq;
    uint8_t piece;
    uint8_t n_pieces;
    uint8_t state;
    ovs_be16 size;
    ovs_be32 vsid;
};
BUILD_ASSERT_DECL(sizeof(struct payload_header) == 28);

static const uint8_t magic[8] = { 'o', 'v', 's', '-', 'h', 'n', 'v', 1 };

/* Locally administered, because no machine has them. */
static const struct eth_addr src_mac = ETH_ADDR_C(02,48,4e,56,00,01);
static const struct eth_addr dst_mac = ETH_ADDR_C(02,48,4e,56,00,02);

enum {
    /* RFC 2544: for tests of the like, never routed. */
    SRC_IP = 0xc6120001,        /* 198.18.0.1 */
    DST_IP = 0xc6120002,        /* 198.18.0.2 */

    LOCAL_EXPERIMENT = 0x88b5,  /* IEEE 802, for hellos and acknowledgments. */
    PORT = 7,                   /* Echo (RFC 862). */
    FIRST_PORT = 49152,
    ECHO_REQUEST = 8,           /* RFC 792. */
    CONTROL_SIZE = 46,          /* Bytes after the Ethernet header. */
};

/* Where things are in a piece of a kind. */
struct shape {
    uint8_t proto;              /* 0: no IP. */
    uint8_t l4_len;             /* Bytes of transport header. */
};

static const struct shape shapes[N_NVGRE_PROBE_KINDS] = {
    [NVGRE_PROBE_HELLO] = { 0, 0 },
    [NVGRE_PROBE_ICMP] = { IPPROTO_ICMP, ICMP_HEADER_LEN },
    [NVGRE_PROBE_UDP] = { IPPROTO_UDP, UDP_HEADER_LEN },
    [NVGRE_PROBE_TCP] = { IPPROTO_TCP, TCP_HEADER_LEN },
    [NVGRE_PROBE_SEGMENTS] = { IPPROTO_TCP, TCP_HEADER_LEN },
    [NVGRE_PROBE_LARGEST] = { IPPROTO_ICMP, ICMP_HEADER_LEN },
    [NVGRE_PROBE_FRAGMENTS] = { IPPROTO_UDP, UDP_HEADER_LEN },
};

static bool
is_control(const struct nvgre_probe *p)
{
    return p->kind == NVGRE_PROBE_HELLO || p->role == NVGRE_PROBE_ACK;
}

/* Returns the bytes of transport header that 'piece' of 'p' has. */
static size_t
l4_len(const struct nvgre_probe *p, uint8_t piece)
{
    return (p->kind == NVGRE_PROBE_FRAGMENTS && piece
            ? 0 : shapes[p->kind].l4_len);
}

/* Returns the bytes of payload that 'piece' of 'p' has. */
static size_t
payload_len(const struct nvgre_probe *p, uint8_t piece)
{
    return (is_control(p) ? CONTROL_SIZE
            : p->size - IP_HEADER_LEN - l4_len(p, piece));
}

static uint8_t
filler(const struct nvgre_probe *p, size_t i)
{
    return p->nonce + i * 31;
}

static void
make_payload_header(const struct nvgre_probe *p, uint8_t piece,
                    struct payload_header *h)
{
    memcpy(h->magic, magic, sizeof h->magic);
    h->nonce[0] = htonl(p->nonce >> 32);
    h->nonce[1] = htonl(p->nonce);
    h->kind = p->kind;
    h->role = p->role;
    h->seq = p->seq;
    h->piece = piece;
    h->n_pieces = p->n_pieces;
    h->state = p->state;
    h->size = htons(p->size);
    h->vsid = htonl(p->vsid);
}

/* Writes the payload of 'piece' of 'p' to 'data'. */
static void
fill(const struct nvgre_probe *p, uint8_t piece, uint8_t *data)
{
    size_t size = payload_len(p, piece);
    struct payload_header h;

    make_payload_header(p, piece, &h);
    memcpy(data, &h, sizeof h);
    for (size_t i = sizeof h; i < size; i++) {
        data[i] = filler(p, i);
    }
}

/* Returns the size of the IP packet that 'piece' of 'p' is sent as: all
 * segments are sent as one. */
static size_t
sent_size(const struct nvgre_probe *p)
{
    return (p->kind == NVGRE_PROBE_SEGMENTS
            ? p->size + (p->n_pieces - 1) * payload_len(p, 0) : p->size);
}

static void
fill_ip(const struct nvgre_probe *p, struct ip_header *ip)
{
    ip->ip_ihl_ver = IP_IHL_VER(5, 4);
    ip->ip_tot_len = htons(sent_size(p));
    ip->ip_id = htons(p->nonce + p->seq);
    if (p->kind == NVGRE_PROBE_FRAGMENTS) {
        ip->ip_frag_off = htons(
            p->piece ? (p->size - IP_HEADER_LEN) / 8 * p->piece : 0);
        if (p->piece + 1 < p->n_pieces) {
            ip->ip_frag_off |= htons(IP_MF);
        }
    } else {
        ip->ip_frag_off = htons(IP_DF);
    }
    ip->ip_ttl = 64;
    ip->ip_proto = shapes[p->kind].proto;
    put_16aligned_be32(&ip->ip_src, htonl(SRC_IP));
    put_16aligned_be32(&ip->ip_dst, htonl(DST_IP));
    ip->ip_csum = csum(ip, sizeof *ip);
}

/* Returns the UDP length of a probe of kind NVGRE_PROBE_FRAGMENTS or
 * NVGRE_PROBE_UDP. */
static uint16_t
udp_len(const struct nvgre_probe *p)
{
    return p->n_pieces * (p->size - IP_HEADER_LEN);
}

/* Returns the partial checksum of the pseudo-header of a transport packet of
 * 'len' bytes. */
static uint32_t
pseudo_header(uint8_t proto, uint16_t len)
{
    uint32_t partial = csum_add32(0, htonl(SRC_IP));

    partial = csum_add32(partial, htonl(DST_IP));
    return csum_add16(csum_add16(partial, htons(proto)), htons(len));
}

/* Returns the UDP checksum that the first fragment of 'p', whose UDP header is
 * at 'udp', must have.  All pieces are known. */
static ovs_be16
fragments_csum(const struct nvgre_probe *p, const struct udp_header *udp)
{
    uint8_t data[NVGRE_PROBE_FRAGMENT];
    struct udp_header copy = *udp;
    uint32_t partial;
    ovs_be16 sum;

    copy.udp_csum = 0;
    partial = pseudo_header(IPPROTO_UDP, udp_len(p));
    partial = csum_continue(partial, &copy, sizeof copy);
    for (uint8_t piece = 0; piece < p->n_pieces; piece++) {
        fill(p, piece, data);
        partial = csum_continue(partial, data, payload_len(p, piece));
    }
    sum = csum_finish(partial);
    return sum ? sum : OVS_BE16_MAX;
}

static void
fill_icmp(const struct nvgre_probe *p, struct icmp_header *icmp)
{
    icmp->icmp_type = ECHO_REQUEST;
    icmp->icmp_fields.echo.id = htons(p->nonce >> 16);
    icmp->icmp_fields.echo.seq = htons(p->seq);
    icmp->icmp_csum = csum(icmp, p->size - IP_HEADER_LEN);
}

static void
fill_tcp(const struct nvgre_probe *p, struct tcp_header *tcp)
{
    tcp->tcp_src = htons(FIRST_PORT + p->seq);
    tcp->tcp_dst = htons(PORT);
    put_16aligned_be32(&tcp->tcp_seq, htonl(p->nonce));
    put_16aligned_be32(&tcp->tcp_ack, htonl(1));
    tcp->tcp_ctl = TCP_CTL(TCP_PSH | TCP_ACK, 5);
    tcp->tcp_winsz = htons(1024);
}

/* Leaves to whoever sends 'packet', whose transport header is at 'l4', what a
 * tenant's machine would leave: the checksum field has the sum of the
 * pseudo-header, and the rest is to be done. */
static void
leave_to_device(const struct nvgre_probe *p, struct dp_packet *packet,
                void *l4)
{
    size_t len = sent_size(p) - IP_HEADER_LEN;
    struct tcp_header *tcp = l4;
    struct udp_header *udp = l4;

    if (shapes[p->kind].proto == IPPROTO_TCP) {
        tcp->tcp_csum = ~csum_finish(pseudo_header(IPPROTO_TCP, len));
        dp_packet_l4_proto_set_tcp(packet);
        dp_packet_l4_checksum_set_partial(packet);
    } else if (p->kind == NVGRE_PROBE_UDP) {
        udp->udp_csum = ~csum_finish(pseudo_header(IPPROTO_UDP, len));
        dp_packet_l4_proto_set_udp(packet);
        dp_packet_l4_checksum_set_partial(packet);
    }
    if (p->kind == NVGRE_PROBE_SEGMENTS) {
        dp_packet_set_tso_segsz(packet, payload_len(p, 0));
    }
}

/* Fills in the transport header at 'l4', which the payload follows. */
static void
fill_l4(const struct nvgre_probe *p, void *l4)
{
    struct udp_header *udp = l4;

    switch (shapes[p->kind].proto) {
    case IPPROTO_ICMP:
        fill_icmp(p, l4);
        break;
    case IPPROTO_TCP:
        fill_tcp(p, l4);
        break;
    case IPPROTO_UDP:
        udp->udp_src = htons(FIRST_PORT + p->seq);
        udp->udp_dst = htons(PORT);
        udp->udp_len = htons(udp_len(p));
        if (p->kind == NVGRE_PROBE_FRAGMENTS) {
            udp->udp_csum = fragments_csum(p, udp);
        }
        break;
    }
}

/* Returns the inner frame of 'p', which the caller must free: 'p->piece' of
 * it, or for NVGRE_PROBE_SEGMENTS all pieces, to be cut by whoever sends the
 * frame.  Checksums of TCP and UDP are left to that as well. */
struct dp_packet *
nvgre_probe_compose(const struct nvgre_probe *p)
{
    size_t size = is_control(p) ? CONTROL_SIZE : sent_size(p);
    uint16_t type = is_control(p) ? LOCAL_EXPERIMENT : ETH_TYPE_IP;
    struct dp_packet *packet = dp_packet_new_with_headroom(
        ETH_HEADER_LEN + size, 128);
    size_t header_len;
    uint8_t *l3;

    l3 = eth_compose(packet, dst_mac, src_mac, type, size);
    memset(l3, 0, size);
    if (is_control(p)) {
        fill(p, p->piece, l3);
        return packet;
    }

    header_len = IP_HEADER_LEN + l4_len(p, p->piece);
    if (p->kind == NVGRE_PROBE_SEGMENTS) {
        for (uint8_t i = 0; i < p->n_pieces; i++) {
            fill(p, i, l3 + header_len + i * payload_len(p, i));
        }
    } else {
        fill(p, p->piece, l3 + header_len);
    }
    if (l4_len(p, p->piece)) {
        fill_l4(p, l3 + IP_HEADER_LEN);
    }
    fill_ip(p, (struct ip_header *) (void *) l3);
    leave_to_device(p, packet, l3 + IP_HEADER_LEN);
    return packet;
}

/* Fills in '*p' with what the 'size' bytes of payload at 'data' say.  Returns
 * false if they are no payload of a probe. */
static bool
parse_payload(const uint8_t *data, size_t size, struct nvgre_probe *p)
{
    struct payload_header h;

    if (size < sizeof h) {
        return false;
    }
    memcpy(&h, data, sizeof h);
    if (memcmp(h.magic, magic, sizeof h.magic)
        || h.kind >= N_NVGRE_PROBE_KINDS || h.role >= N_NVGRE_PROBE_ROLES
        || h.state >= N_NVGRE_PROBE_STATES || h.piece >= h.n_pieces
        || h.n_pieces > (h.kind == NVGRE_PROBE_FRAGMENTS
                         ? NVGRE_PROBE_N_FRAGMENTS
                         : h.kind == NVGRE_PROBE_SEGMENTS
                         ? NVGRE_PROBE_N_SEGMENTS : 1)) {
        return false;
    }
    p->nonce = (uint64_t) ntohl(h.nonce[0]) << 32 | ntohl(h.nonce[1]);
    p->kind = h.kind;
    p->role = h.role;
    p->seq = h.seq;
    p->piece = h.piece;
    p->n_pieces = h.n_pieces;
    p->state = h.state;
    p->size = ntohs(h.size);
    p->vsid = ntohl(h.vsid);
    return true;
}

/* Returns true if the payload of 'p', the 'size' bytes at 'data', is as it was
 * sent. */
static bool
payload_is_right(const struct nvgre_probe *p, const uint8_t *data,
                 size_t size)
{
    if (size != payload_len(p, p->piece)) {
        return false;
    }
    for (size_t i = sizeof(struct payload_header); i < size; i++) {
        if (data[i] != filler(p, i)) {
            return false;
        }
    }
    return true;
}

/* Judges the checksum in the transport header of 'p', the 'len' bytes at
 * 'l4'. */
static enum nvgre_probe_state
judge_l4(const struct nvgre_probe *p, const uint8_t *l4, size_t len)
{
    uint8_t proto = shapes[p->kind].proto;
    struct udp_header udp;
    uint32_t partial;

    if (!l4_len(p, p->piece)) {
        return NVGRE_PROBE_FINE;
    }
    if (proto == IPPROTO_UDP) {
        memcpy(&udp, l4, sizeof udp);
        if (!udp.udp_csum) {
            return NVGRE_PROBE_NO_CSUM;
        } else if (p->kind == NVGRE_PROBE_FRAGMENTS) {
            return (udp.udp_csum == fragments_csum(p, &udp)
                    ? NVGRE_PROBE_FINE : NVGRE_PROBE_L4_CSUM);
        }
    }
    partial = proto == IPPROTO_ICMP ? 0 : pseudo_header(proto, len);
    return (csum_finish(csum_continue(partial, l4, len))
            ? NVGRE_PROBE_L4_CSUM : NVGRE_PROBE_FINE);
}

/* Takes the IPv4 packet in the 'size' bytes at 'l3' apart. */
static bool
parse_ipv4(const uint8_t *l3, size_t size, struct nvgre_probe *p,
           enum nvgre_probe_state *seen)
{
    struct ip_header ip;
    size_t header_len;
    size_t tot_len;

    if (size < IP_HEADER_LEN) {
        return false;
    }
    memcpy(&ip, l3, sizeof ip);
    tot_len = ntohs(ip.ip_tot_len);
    if (ip.ip_ihl_ver != IP_IHL_VER(5, 4) || tot_len > size) {
        return false;
    }

    /* What the fragment offset is tells whether there is a transport
     * header. */
    header_len = IP_HEADER_LEN;
    if (!(ip.ip_frag_off & htons(IP_FRAG_OFF_MASK))) {
        header_len += (ip.ip_proto == IPPROTO_TCP ? TCP_HEADER_LEN
                       : UDP_HEADER_LEN);
    }
    if (tot_len < header_len
        || !parse_payload(l3 + header_len, tot_len - header_len, p)
        || is_control(p) || shapes[p->kind].proto != ip.ip_proto
        || header_len != IP_HEADER_LEN + l4_len(p, p->piece)
        || (p->kind == NVGRE_PROBE_FRAGMENTS
            && p->size != NVGRE_PROBE_FRAGMENT)
        || p->size < NVGRE_PROBE_MIN) {
        return false;
    }

    if (p->size != tot_len
        || !payload_is_right(p, l3 + header_len, tot_len - header_len)) {
        *seen = NVGRE_PROBE_DATA;
    } else if (csum(&ip, sizeof ip)) {
        *seen = NVGRE_PROBE_IP_CSUM;
    } else {
        *seen = judge_l4(p, l3 + IP_HEADER_LEN, tot_len - IP_HEADER_LEN);
    }
    return true;
}

/* Takes the inner frame in the 'size' bytes at 'frame' apart.  If it is a
 * probe, one piece of one, or an answer, fills in '*p', stores in '*seen' how
 * it is, and returns true.  'p->size' can be more than there is if that is
 * NVGRE_PROBE_DATA.
 *
 * 'frame' need not be aligned. */
bool
nvgre_probe_parse(const void *frame_, size_t size, struct nvgre_probe *p,
                  enum nvgre_probe_state *seen)
{
    const uint8_t *frame = frame_;
    const uint8_t *l3 = frame + ETH_HEADER_LEN;
    uint16_t type;

    if (size < ETH_HEADER_LEN) {
        return false;
    }
    size -= ETH_HEADER_LEN;
    type = frame[12] << 8 | frame[13];
    if (type == ETH_TYPE_IP) {
        return parse_ipv4(l3, size, p, seen);
    } else if (type == LOCAL_EXPERIMENT && size >= CONTROL_SIZE) {
        *seen = NVGRE_PROBE_FINE;
        return parse_payload(l3, CONTROL_SIZE, p) && is_control(p);
    }
    return false;
}

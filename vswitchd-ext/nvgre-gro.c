/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-gro.h"

#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#include "byte-order.h"
#include "coverage.h"
#include "csum.h"
#include "dp-packet.h"
#include "flow.h"
#include "nvgre-compat.h"
#include "nvgre-csum.h"
#include "nvgre-tunnels.h"
#include "packets.h"
#include "util.h"

COVERAGE_DEFINE(nvgre_gro_joined);

/* How many connections a batch is sorted into.  More than a few at a time
 * leave too few segments of each to be worth it. */
enum { MAX_TRAINS = 8 };

/* The largest IP packet. */
enum { MAX_IP_LEN = 65535 };

/* A segment of which it is clear that it may be joined. */
struct segment {
    struct dp_packet *packet;
    bool ipv6;
    size_t headers;             /* Bytes before the payload. */
    size_t payload;
    uint32_t seq;
    uint16_t ip_id;             /* 0 for IPv6. */
    bool last;                  /* Has PSH: nothing may follow. */
};

/* A packet that others are appended to. */
struct train {
    struct segment first;
    size_t n;                   /* Segments. */
    size_t payload;             /* Bytes, of all segments. */
    bool closed;
};

/* What a packet is, and what it means for the order of packets. */
enum kind {
    OTHER,                      /* Not TCP. */
    ODD,                        /* TCP of no matter which connection. */
    TCP,                        /* TCP, not to be joined. */
    SEGMENT,                    /* To be joined. */
};

/* Looks at the IP header of '*s', of which 'len' bytes are there.  If the
 * packet is TCP, sets 's->headers' to where that begins. */
static enum kind
parse_ip(struct segment *s, size_t len)
{
    const struct eth_header *eth = dp_packet_data(s->packet);
    const struct ip_header *ip = (const void *) (eth + 1);
    const struct ovs_16aligned_ip6_hdr *ip6 = (const void *) ip;

    if (eth->eth_type == htons(ETH_TYPE_IP)) {
        if (len < IP_HEADER_LEN || ip->ip_proto != IPPROTO_TCP) {
            return OTHER;
        }
        s->ip_id = ntohs(ip->ip_id);
        s->headers = ETH_HEADER_LEN + IP_HEADER_LEN;
        return (ip->ip_ihl_ver == IP_IHL_VER(5, 4)
                && ntohs(ip->ip_tot_len) == len
                && !(ip->ip_frag_off & ~htons(IP_DF)) ? TCP : ODD);
    } else if (eth->eth_type == htons(ETH_TYPE_IPV6)) {
        s->ipv6 = true;
        s->headers = ETH_HEADER_LEN + IPV6_HEADER_LEN;
        if (len < IPV6_HEADER_LEN || ip6->ip6_nxt != IPPROTO_TCP) {
            return OTHER;
        }
        return (ip6->ip6_vfc >> 4 == 6
                && ntohs(ip6->ip6_plen) == len - IPV6_HEADER_LEN ? TCP : ODD);
    }
    return OTHER;
}

/* Fills in '*s' for 'packet', as far as it is TCP. */
static enum kind
parse_segment(struct dp_packet *packet, struct segment *s)
{
    size_t size = dp_packet_size(packet);
    const struct tcp_header *tcp;
    enum nvgre_csum csum;
    uint16_t flags;
    size_t tcp_len;
    enum kind kind;

    *s = (struct segment) { .packet = packet };
    kind = (size < ETH_HEADER_LEN
            ? OTHER : parse_ip(s, size - ETH_HEADER_LEN));
    if (kind != TCP) {
        return kind;
    } else if (size < s->headers + TCP_HEADER_LEN) {
        return ODD;
    }

    tcp = dp_packet_at_assert(packet, s->headers, TCP_HEADER_LEN);
    tcp_len = TCP_OFFSET(tcp->tcp_ctl) * 4;
    flags = TCP_FLAGS(tcp->tcp_ctl);
    s->headers += tcp_len;
    if (packet->source != DPBUF_MALLOC || tcp_len < TCP_HEADER_LEN
        || size <= s->headers || (flags & ~TCP_PSH) != TCP_ACK
        || tcp->tcp_urg
        || nvgre_csum_find_bad(dp_packet_data(packet), size, &csum)) {
        return TCP;
    }
    s->payload = size - s->headers;
    s->seq = ntohl(get_16aligned_be32(&tcp->tcp_seq));
    s->last = flags & TCP_PSH;
    return SEGMENT;
}

/* Returns true if the 'size' bytes at 'ofs' in both packets are the same. */
static bool
same(const struct segment *a, const struct segment *b, size_t ofs, size_t size)
{
    return !memcmp((const char *) dp_packet_data(a->packet) + ofs,
                   (const char *) dp_packet_data(b->packet) + ofs, size);
}

/* Returns true if 's' is of the connection of 't'. */
static bool
same_connection(const struct train *t, const struct segment *s)
{
    const struct segment *f = &t->first;
    size_t addrs = (s->ipv6 ? offsetof(struct ovs_16aligned_ip6_hdr, ip6_src)
                    : offsetof(struct ip_header, ip_src));
    size_t l4 = s->ipv6 ? IPV6_HEADER_LEN : IP_HEADER_LEN;

    /* Addresses and ports are one piece, since there are no options. */
    return (f->ipv6 == s->ipv6
            && same(f, s, ETH_HEADER_LEN + addrs, l4 - addrs + 4)
            && f->packet->md.tunnel.tun_id == s->packet->md.tunnel.tun_id);
}

/* Returns true if the headers of 's' are what segmentation of 't' would make
 * of those of its first segment. */
static bool
headers_fit(const struct train *t, const struct segment *s)
{
    const struct segment *f = &t->first;
    size_t l4 = ETH_HEADER_LEN + (s->ipv6 ? IPV6_HEADER_LEN : IP_HEADER_LEN);
    size_t ack = l4 + offsetof(struct tcp_header, tcp_ack);
    size_t winsz = l4 + offsetof(struct tcp_header, tcp_winsz);
    size_t options = l4 + TCP_HEADER_LEN;

    if (s->headers != f->headers || s->seq != f->seq + (uint32_t) t->payload
        || !same(f, s, 0, ETH_HEADER_LEN) || !same(f, s, ack, 4)
        || !same(f, s, winsz, 2)
        || !same(f, s, options, s->headers - options)) {
        return false;
    }
    if (s->ipv6) {
        /* Version, class and label; next header, hop limit. */
        return (same(f, s, ETH_HEADER_LEN, 4)
                && same(f, s, ETH_HEADER_LEN + 6, 2));
    }
    /* Version and TOS; flags, TTL, protocol. */
    return (s->ip_id == (uint16_t) (f->ip_id + t->n)
            && same(f, s, ETH_HEADER_LEN, 2)
            && same(f, s, ETH_HEADER_LEN + 6, 4));
}

/* Returns true if 's' can be appended to 't', the train of its connection. */
static bool
fits(const struct train *t, const struct segment *s)
{
    return (!t->closed
            && s->payload <= t->first.payload
            && (t->first.headers - ETH_HEADER_LEN + t->payload + s->payload
                <= MAX_IP_LEN)
            && headers_fit(t, s)
            && flow_tnl_equal(&t->first.packet->md.tunnel,
                              &s->packet->md.tunnel));
}

/* Appends 's' to 't' and frees its packet.  'room' is how many more segments
 * there may be. */
static void
append(struct train *t, const struct segment *s, size_t room)
{
    struct dp_packet *packet = t->first.packet;

    if (t->n == 1) {
        dp_packet_prealloc_tailroom(packet, room * t->first.payload);
    }
    dp_packet_put(packet,
                  (const char *) dp_packet_data(s->packet) + s->headers,
                  s->payload);
    t->n++;
    t->payload += s->payload;
    t->first.last = s->last;
    t->closed = s->last || s->payload < t->first.payload;
    dp_packet_delete(s->packet);
    COVERAGE_INC(nvgre_gro_joined);
}

/* Makes the packet of 't', if it is made of several, one that the guest or a
 * device can take for a packet to be cut into segments. */
static void
finish(struct train *t)
{
    struct dp_packet *packet = t->first.packet;
    size_t len = dp_packet_size(packet) - ETH_HEADER_LEN;
    struct tcp_header *tcp;

    if (t->n == 1) {
        return;
    }
    dp_packet_reset_offsets(packet);
    packet->l3_ofs = ETH_HEADER_LEN;
    if (t->first.ipv6) {
        struct ovs_16aligned_ip6_hdr *ip6 = dp_packet_l3(packet);

        ip6->ip6_plen = htons(len - IPV6_HEADER_LEN);
        packet->l4_ofs = ETH_HEADER_LEN + IPV6_HEADER_LEN;
    } else {
        struct ip_header *ip = dp_packet_l3(packet);

        ip->ip_tot_len = htons(len);
        ip->ip_csum = 0;
        ip->ip_csum = csum(ip, IP_HEADER_LEN);
        packet->l4_ofs = ETH_HEADER_LEN + IP_HEADER_LEN;
    }
    if (t->first.last) {
        tcp = dp_packet_l4(packet);
        tcp->tcp_ctl |= htons(TCP_PSH);
    }
    nvgre_packet_make_tso(packet, t->first.payload);
}

/* Returns true if the port that 's' is for wants segments joined. */
static bool
is_wanted(const struct segment *s)
{
    const struct flow_tnl *tnl = &s->packet->md.tunnel;
    struct in6_addr remote = flow_tnl_src(tnl);
    struct in6_addr local = flow_tnl_dst(tnl);
    const struct nvgre_tunnel *t;

    t = nvgre_tunnels_by_vsid(&remote, &local, ntohll(tnl->tun_id));
    return t && t->gro;
}

/* Returns the train, among the 'n' at 'trains', of the connection of 's', or
 * one past the last. */
static struct train *
find_train(struct train *trains, size_t n, const struct segment *s)
{
    struct train *t;

    for (t = trains; t < trains + n && !same_connection(t, s); t++) {
        continue;
    }
    return t;
}

/* Sees to it that nothing that comes later overtakes 's', which is not
 * joined. */
static void
close_trains(struct train *trains, size_t n, const struct segment *s,
             enum kind kind)
{
    for (struct train *t = trains; t < trains + n; t++) {
        if (kind == ODD || (kind == TCP && same_connection(t, s))) {
            t->closed = true;
        }
    }
}

/* Joins segments among the packets of 'batch', which were just decapsulated,
 * as far as possible. */
void
nvgre_gro(struct dp_packet_batch *batch)
{
    size_t i, n = dp_packet_batch_size(batch);
    struct train trains[MAX_TRAINS];
    struct dp_packet *packet;
    size_t n_trains = 0;

    DP_PACKET_BATCH_REFILL_FOR_EACH (i, n, packet, batch) {
        struct segment s;
        enum kind kind = parse_segment(packet, &s);
        struct train *t;

        if (kind != SEGMENT) {
            close_trains(trains, n_trains, &s, kind);
            dp_packet_batch_add(batch, packet);
            continue;
        }
        t = find_train(trains, n_trains, &s);
        if (t < trains + n_trains) {
            if (fits(t, &s)) {
                append(t, &s, n - i);
                continue;
            }
            finish(t);
        } else if (n_trains < MAX_TRAINS) {
            n_trains++;
        }
        if (t < trains + MAX_TRAINS) {
            *t = (struct train) { .first = s, .n = 1, .payload = s.payload,
                                  .closed = s.last || !is_wanted(&s) };
        }
        dp_packet_batch_add(batch, packet);
    }
    for (i = 0; i < n_trains; i++) {
        finish(&trains[i]);
    }
}

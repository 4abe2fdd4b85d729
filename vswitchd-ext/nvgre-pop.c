/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-packet.h"

#include <netinet/ip.h>
#include <netinet/ip6.h>

#include "byte-order.h"
#include "csum.h"
#include "dp-packet.h"
#include "flow.h"
#include "nvgre-compat.h"
#include "nvgre-counters.h"
#include "nvgre-ecn.h"
#include "nvgre-suspicion.h"
#include "nvgre-tunnels.h"
#include "packets.h"

/* Judges the outer IPv4 header 'ip' of 'packet', of which the datapath has
 * already checked that it is all there.  Fills in '*tnl'. */
static enum nvgre_drop
outer_ipv4(struct dp_packet *packet, const struct ip_header *ip,
           struct flow_tnl *tnl)
{
    tnl->ip_src = get_16aligned_be32(&ip->ip_src);
    tnl->ip_dst = get_16aligned_be32(&ip->ip_dst);
    tnl->ip_tos = ip->ip_tos;
    tnl->ip_ttl = ip->ip_ttl;
    if (ip->ip_frag_off & htons(IP_DF)) {
        tnl->flags |= FLOW_TNL_F_DONT_FRAGMENT;
    }

    if (OVS_UNLIKELY(nvgre_packet_ip_csum_is_bad(packet, ip))) {
        return NVGRE_DROP_OUTER_IP_INVALID;
    }
    return (OVS_UNLIKELY(IP_IS_FRAGMENT(ip->ip_frag_off))
            ? NVGRE_DROP_OUTER_FRAGMENT : NVGRE_DROP_NONE);
}

/* The same for the IPv6 header 'ip6', which is followed by 'ext_len' bytes of
 * extension headers. */
static enum nvgre_drop
outer_ipv6(const struct ovs_16aligned_ip6_hdr *ip6, size_t ext_len,
           struct flow_tnl *tnl)
{
    memcpy(&tnl->ipv6_src, &ip6->ip6_src, sizeof tnl->ipv6_src);
    memcpy(&tnl->ipv6_dst, &ip6->ip6_dst, sizeof tnl->ipv6_dst);
    tnl->ip_tos = ntohl(get_16aligned_be32(&ip6->ip6_flow)) >> 20;
    tnl->ip_ttl = ip6->ip6_hlim;

    if (OVS_UNLIKELY(ext_len)) {
        const void *data = ip6 + 1;
        uint8_t nw_proto = ip6->ip6_nxt;
        uint8_t nw_frag = 0;

        if (!parse_ipv6_ext_hdrs(&data, &ext_len, &nw_proto, &nw_frag, NULL,
                                 NULL)) {
            return NVGRE_DROP_OUTER_IP_INVALID;
        } else if (nw_frag) {
            return NVGRE_DROP_OUTER_FRAGMENT;
        }
    }
    return NVGRE_DROP_NONE;
}

/* Judges the outer IP header of 'packet', as above. */
static enum nvgre_drop
outer_ip(struct dp_packet *packet, struct flow_tnl *tnl)
{
    const struct ip_header *ip = dp_packet_l3(packet);

    if (OVS_UNLIKELY(!ip || !dp_packet_l4(packet))) {
        return NVGRE_DROP_OUTER_IP_INVALID;
    } else if (IP_VER(ip->ip_ihl_ver) == 4) {
        return outer_ipv4(packet, ip, tnl);
    } else {
        return outer_ipv6((const void *) ip,
                          packet->l4_ofs - packet->l3_ofs - IPV6_HEADER_LEN,
                          tnl);
    }
}

/* Returns the tunnel that says which key layout the sender of the packet with
 * outer header 'tnl' uses, or NULL if no port expects it. */
static const struct nvgre_tunnel *
find_tunnel(const struct flow_tnl *tnl)
{
    return (tnl->ip_dst
            ? nvgre_tunnels_by_ipv4_pair(tnl->ip_src, tnl->ip_dst)
            : nvgre_tunnels_by_pair(&tnl->ipv6_src, &tnl->ipv6_dst));
}

/* Judges again, the way its port wants, a packet that strict rules gave 'why'
 * against: the port is known only by the VSID, and the VSID only by
 * parsing. */
static enum nvgre_drop
judge_by_port(const struct flow_tnl *tnl, const void *gre, size_t size,
              enum nvgre_drop why, const struct nvgre_rules *strict,
              struct nvgre_header *h)
{
    struct in6_addr remote = flow_tnl_src(tnl);
    struct in6_addr local = flow_tnl_dst(tnl);
    struct nvgre_rules rules = *strict;
    enum nvgre_drop lenient_why;
    const struct nvgre_tunnel *t;
    uint32_t key;

    rules.lenient = rules.reserved_vsid = true;
    lenient_why = nvgre_parse(gre, size, &rules, h);
    if (lenient_why && lenient_why < NVGRE_DROP_KEY_LAYOUT) {
        return why;             /* There is no key. */
    }
    t = nvgre_tunnels_by_vsid(&remote, &local, h->vsid);
    if (!t) {
        return why;
    }
    rules.lenient = t->rules.lenient;
    rules.reserved_vsid = t->rules.reserved_vsid;
    key = h->key;
    why = nvgre_parse(gre, size, &rules, h);
    h->key = key;               /* Tells which port is to blame. */
    return why;
}

/* Judges everything about 'packet'.  If it is good, fills in '*tnl' and '*h'
 * and returns NVGRE_DROP_NONE.  Otherwise, fills them in as far as it gets. */
static enum nvgre_drop
judge(struct dp_packet *packet, struct flow_tnl *tnl, struct nvgre_header *h)
{
    struct nvgre_rules strict = { .lenient = false, .reserved_vsid = false };
    const struct nvgre_tunnel *t;
    enum nvgre_drop why;
    size_t size;
    char *gre;

    h->key = 0;
    why = outer_ip(packet, tnl);
    if (OVS_UNLIKELY(why)) {
        return why;
    }
    t = find_tunnel(tnl);
    if (OVS_UNLIKELY(!t)) {
        return NVGRE_DROP_PA_UNKNOWN;
    }

    gre = dp_packet_l4(packet);
    size = dp_packet_l4_size(packet);
    strict.layout = t->rules.layout;
    why = nvgre_parse(gre, size, &strict, h);
    if (OVS_UNLIKELY(why)) {
        why = judge_by_port(tnl, gre, size, why, &strict, h);
        if (why) {
            return why;
        }
        if (h->priority_tag) {
            return NVGRE_DROP_NONE;     /* ECN waits until it is removed. */
        }
    }
    return (OVS_LIKELY(!(tnl->ip_tos & IP_ECN_MASK)) ? NVGRE_DROP_NONE
            : nvgre_ecn_decap(tnl->ip_tos, gre + h->len, size - h->len));
}

/* Counts a packet that is dropped because of 'why' against the port that it
 * was for, as far as that can be told. */
static void
count_drop(enum nvgre_drop why, const struct flow_tnl *tnl, uint32_t key)
{
    struct nvgre_counters *c = &nvgre_no_port_counters;
    struct in6_addr remote = flow_tnl_src(tnl);
    struct in6_addr local = flow_tnl_dst(tnl);
    const struct nvgre_tunnel *t;

    t = nvgre_tunnels_to_blame(&remote, &local, key);
    if (t) {
        c = t->counters;
    }
    nvgre_count_drop(c, why, &remote, key);
    if ((why == NVGRE_DROP_VSID_RESERVED
         && nvgre_key_suspicious(key, NVGRE_LAYOUT_RFC7637))
        || (why == NVGRE_DROP_KEY_LAYOUT
            && nvgre_key_suspicious(key, NVGRE_LAYOUT_DRAFT00))) {
        nvgre_suspect(c, &remote, key);
    }
}

/* Strips the priority tag from 'packet', already decapsulated, and does what
 * waited for that. */
static enum nvgre_drop
strip_priority_tag(struct dp_packet *packet, uint8_t outer_tos)
{
    nvgre_packet_pop_tag(packet);
    dp_packet_reset_offsets(packet);
    return nvgre_ecn_decap(outer_tos, dp_packet_data(packet),
                           dp_packet_size(packet));
}

/* Decapsulates 'packet', which the datapath found to be GRE and for an nvgre
 * port.  Returns 'packet', or NULL if it was dropped, freed, and counted. */
struct dp_packet *
nvgre_pop_header(struct dp_packet *packet)
{
    struct flow_tnl *tnl = &packet->md.tunnel;
    enum nvgre_drop why;
    struct nvgre_header h;
    uint8_t tos;

    nvgre_metadata_init(&packet->md);
    why = judge(packet, tnl, &h);
    if (OVS_UNLIKELY(why)) {
        goto drop;
    }

    tos = tnl->ip_tos;
    tnl->ip_tos &= ~IP_ECN_MASK;
    tnl->tun_id = htonll(h.vsid);
    tnl->flags |= FLOW_TNL_F_KEY;

    /* What follows the outer IP packet is padding to the minimum size of an
     * Ethernet frame, and no part of the inner frame. */
    dp_packet_set_size(packet, dp_packet_size(packet)
                               - dp_packet_l2_pad_size(packet));
    nvgre_packet_leave_tunnel(packet, packet->l4_ofs + h.len);
    packet->packet_type = htonl(PT_ETH);

    if (OVS_UNLIKELY(h.priority_tag)) {
        why = strip_priority_tag(packet, tos);
        if (why) {
            goto drop;
        }
    }
    return packet;

drop:
    count_drop(why, tnl, h.key);
    dp_packet_delete(packet);
    return NULL;
}

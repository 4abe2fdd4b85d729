/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-packet.h"

#include <netinet/ip.h>
#include <netinet/ip6.h>

#include "byte-order.h"
#include "dp-packet.h"
#include "flow.h"
#include "nvgre-compat.h"
#include "nvgre-counters.h"
#include "nvgre-csum.h"
#include "nvgre-echo.h"
#include "nvgre-ecn.h"
#include "nvgre-field.h"
#include "nvgre-foreign.h"
#include "nvgre-peers.h"
#include "nvgre-suspicion.h"
#include "nvgre-tunnels.h"
#include "packets.h"

/* What to say of a packet that is not passed on, but not dropped either. */
#define TAKEN N_NVGRE_DROPS

/* Judges the outer IPv4 header 'ip' of 'packet', of which the datapath has
 * already checked that it is all there, but not its version.  Fills in
 * '*tnl'. */
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

    if (OVS_UNLIKELY(IP_VER(ip->ip_ihl_ver) != 4
                     || nvgre_packet_ip_csum_is_bad(packet, ip))) {
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

    if (OVS_UNLIKELY(ip6->ip6_vfc >> 4 != 6)) {
        return NVGRE_DROP_OUTER_IP_INVALID;
    }
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

/* Judges the outer IP header of 'packet', as above.  Which kind it is, the
 * Ethertype says, because that is what the datapath went by when it checked
 * that the header is all there. */
static enum nvgre_drop
outer_ip(struct dp_packet *packet, struct flow_tnl *tnl)
{
    const ovs_be16 *l3 = dp_packet_l3(packet);

    if (OVS_UNLIKELY(!l3 || packet->l3_ofs < ETH_HEADER_LEN
                     || !dp_packet_l4(packet))) {
        return NVGRE_DROP_OUTER_IP_INVALID;
    } else if (*(l3 - 1) == htons(ETH_TYPE_IP)) {
        return outer_ipv4(packet, (const void *) l3, tnl);
    } else {
        return outer_ipv6((const void *) l3,
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

/* Returns the port that takes packets with 'vsid' and outer header 'tnl', for
 * which 't' is one of the ports, or exceptions.  Returns NULL if none does. */
static const struct nvgre_tunnel *
find_port(const struct nvgre_tunnel *t, const struct flow_tnl *tnl,
          uint32_t vsid)
{
    struct in6_addr remote, local;

    if (OVS_LIKELY(t->any_vsid || t->vsid == vsid)) {
        return t;
    }
    remote = flow_tnl_src(tnl);
    local = flow_tnl_dst(tnl);
    return nvgre_tunnels_by_vsid(&remote, &local, vsid);
}

/* Returns true if the 'size' bytes at 'gre', which strict rules gave 'why'
 * against, are a probe of a self-test, and hands it over. */
static bool
take_probe(enum nvgre_drop why, const struct flow_tnl *tnl, const char *gre,
           size_t size)
{
    return (why == NVGRE_DROP_VSID_VENDOR
            && nvgre_echo_receive(tnl, gre + NVGRE_HEADER_LEN,
                                  size - NVGRE_HEADER_LEN));
}

/* Returns true if devices have no say in the checksums of packets to port 't',
 * and that of the outer IPv4 header is wrong. */
static bool
outer_csum_is_bad(const struct nvgre_tunnel *t, struct dp_packet *packet,
                  const struct flow_tnl *tnl)
{
    return (!t->rx_csum && tnl->ip_dst
            && nvgre_ip_csum_is_bad(dp_packet_l3(packet)));
}

/* Checks the checksums of 'packet', just decapsulated and for port 't', if it
 * is its turn.  Nothing is dropped: the receiver will do that. */
static void
sample_csum(struct dp_packet *packet, const struct nvgre_tunnel *t)
{
    struct nvgre_counters *c = t->counters;
    const struct flow_tnl *tnl = &packet->md.tunnel;
    struct in6_addr remote;
    enum nvgre_csum csum;

    if ((atomic_count_inc64(&c->rx_csum_seen) + 1) % t->rx_csum_sample) {
        return;
    }
    atomic_count_inc64(&c->rx_csum_checked);
    if (nvgre_csum_find_bad(dp_packet_data(packet), dp_packet_size(packet),
                            &csum)) {
        remote = flow_tnl_src(tnl);
        nvgre_event_add(&c->rx_csum_bad[csum], &remote, 0);
        nvgre_peers_count_bad_csum(t->peers, &remote, csum);
    }
}

/* Judges everything about 'packet'.  If it is good, fills in '*tnl', '*h', and
 * '*portp', and returns NVGRE_DROP_NONE.  Otherwise, fills in '*tnl' and '*h'
 * as far as it gets. */
static enum nvgre_drop
judge(struct dp_packet *packet, struct flow_tnl *tnl, struct nvgre_header *h,
      const struct nvgre_tunnel **portp)
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
        why = (take_probe(why, tnl, gre, size) ? TAKEN
               : judge_by_port(tnl, gre, size, why, &strict, h));
        if (why) {
            return why;
        }
    }

    /* ECN waits until a priority tag is removed. */
    if (OVS_UNLIKELY(tnl->ip_tos & IP_ECN_MASK) && !h->priority_tag) {
        why = nvgre_ecn_decap(tnl->ip_tos, gre + h->len, size - h->len);
        if (why) {
            return why;
        }
    }
    *portp = find_port(t, tnl, h->vsid);
    return (OVS_UNLIKELY(!*portp) ? NVGRE_DROP_VSID_UNKNOWN
            : OVS_UNLIKELY(outer_csum_is_bad(*portp, packet, tnl))
            ? NVGRE_DROP_OUTER_IP_INVALID : NVGRE_DROP_NONE);
}

/* Returns true if a packet that was dropped because of 'why' would have been
 * welcome if its sender used the other key layout. */
static bool
is_suspicious(enum nvgre_drop why, const struct in6_addr *remote,
              const struct in6_addr *local, uint32_t key)
{
    const struct nvgre_tunnel *t;
    uint32_t other_vsid;

    if (why == NVGRE_DROP_VSID_RESERVED) {
        return nvgre_key_suspicious(key, NVGRE_LAYOUT_RFC7637);
    } else if (why == NVGRE_DROP_KEY_LAYOUT) {
        return nvgre_key_suspicious(key, NVGRE_LAYOUT_DRAFT00);
    } else if (why != NVGRE_DROP_VSID_UNKNOWN) {
        return false;
    }

    t = nvgre_tunnels_by_pair(remote, local);
    other_vsid = (t && t->rules.layout == NVGRE_LAYOUT_RFC7637
                  ? key & 0xffffff : key >> 8);
    return nvgre_tunnels_by_vsid(remote, local, other_vsid) != NULL;
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
    if (is_suspicious(why, &remote, &local, key)) {
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
    const struct nvgre_tunnel *port;
    enum nvgre_drop why;
    struct nvgre_header h;
    uint8_t tos;

    nvgre_metadata_init(&packet->md);
    why = judge(packet, tnl, &h, &port);
    if (OVS_UNLIKELY(why)) {
        goto drop;
    }

    tos = tnl->ip_tos;
    tnl->ip_tos &= ~IP_ECN_MASK;
    tnl->tun_id = htonll(h.vsid);
    tnl->flags |= FLOW_TNL_F_KEY;
    nvgre_receive_flowid(tnl, h.flowid, false);

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
    if (OVS_UNLIKELY(nvgre_foreign_is_on())
        && nvgre_foreign_receive(tnl, dp_packet_data(packet),
                                 dp_packet_size(packet))) {
        why = TAKEN;
        goto drop;
    }
    if (OVS_UNLIKELY(port->rx_csum_sample)) {
        sample_csum(packet, port);
    }
    return packet;

drop:
    if (why != TAKEN) {
        count_drop(why, tnl, h.key);
    }
    dp_packet_delete(packet);
    return NULL;
}

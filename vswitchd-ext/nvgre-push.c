/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-packet.h"

#include <errno.h>
#include <netinet/ip6.h>
#include <string.h>

#include "byte-order.h"
#include "csum.h"
#include "dp-packet.h"
#include "flow.h"
#include "netdev-native-tnl.h"
#include "netdev-nvgre.h"
#include "nvgre-compat.h"
#include "nvgre-entropy.h"
#include "nvgre-offload.h"
#include "nvgre-too-big.h"
#include "odp-netlink.h"
#include "packets.h"

/* The mark in a template: the number of the peer and this bit, which is set if
 * the FlowID is to be a hash. */
#define MARK_HASH 0x8000
BUILD_ASSERT_DECL(!(NVGRE_MAX_PEER_ID & MARK_HASH));

enum {
    IPV4_LEN = ETH_HEADER_LEN + IP_HEADER_LEN + NVGRE_HEADER_LEN,
    IPV6_LEN = ETH_HEADER_LEN + IPV6_HEADER_LEN + NVGRE_HEADER_LEN,
};

static bool
is_ipv6(const struct ovs_action_push_tnl *data)
{
    return data->header_len == IPV6_LEN;
}

static void
set_mark(struct ovs_action_push_tnl *data, uint16_t mark)
{
    if (is_ipv6(data)) {
        netdev_tnl_ipv6_hdr(data->header)->ip6_plen = htons(mark);
    } else {
        netdev_tnl_ip_hdr(data->header)->ip_tot_len = htons(mark);
    }
}

static uint16_t
get_mark(const struct ovs_action_push_tnl *data)
{
    void *header = CONST_CAST(uint32_t *, data->header);

    return ntohs(is_ipv6(data) ? netdev_tnl_ipv6_hdr(header)->ip6_plen
                 : netdev_tnl_ip_hdr(header)->ip_tot_len);
}

/* Makes the mark for packets that 'port' sends to 'remote'. */
static uint16_t
make_mark(struct nvgre_port *port, const struct nvgre_config *c,
          const struct in6_addr *remote, enum nvgre_layout layout)
{
    bool created;
    uint16_t mark;

    mark = nvgre_peers_add(&port->peers, remote, c->tnl.egress_pkt_mark,
                           &created);
    if (created) {
        nvgre_ports_peers_changed();
    }
    if (c->flowid_mode == NVGRE_FLOWID_HASH
        && layout == NVGRE_LAYOUT_RFC7637) {
        mark |= MARK_HASH;
    }
    return mark;
}

/* Makes the template '*data' for packets that 'netdev' sends as 'params' says,
 * whatever the VSID, of which the low 24 bits count. */
void
nvgre_put_template(const struct netdev *netdev,
                   struct ovs_action_push_tnl *data,
                   const struct netdev_tnl_build_header_params *params)
{
    const struct flow *flow = params->flow;
    struct nvgre_port *port = netdev_nvgre_port(netdev);
    const struct nvgre_config *c = nvgre_port_config(port);
    struct in6_addr remote = flow_tnl_dst(&flow->tunnel);
    enum nvgre_layout layout = nvgre_config_layout(c, &remote);
    void *gre;

    gre = netdev_tnl_ip_build_header(data, params, IPPROTO_GRE, 0);
    nvgre_put(gre, ntohll(flow->tunnel.tun_id),
              (c->flowid_mode == NVGRE_FLOWID_FLOW
               ? flow->tunnel.nvgre_flowid : c->flowid), layout);
    data->header_len += NVGRE_HEADER_LEN;
    if (params->is_ipv6) {
        data->tnl_type = OVS_VPORT_TYPE_IP6GRE;
    } else {
        struct ip_header *ip = netdev_tnl_ip_hdr(data->header);

        data->tnl_type = OVS_VPORT_TYPE_GRE;
        ip->ip_csum = csum(ip, sizeof *ip);
    }
    set_mark(data, make_mark(port, c, &remote, layout));
}

/* Makes the template '*data' for packets that 'netdev' sends as 'params' says.
 * Returns 0, or a positive errno value if the flow asks for a VSID that must
 * not be sent, which is counted. */
int
nvgre_build_header(const struct netdev *netdev,
                   struct ovs_action_push_tnl *data,
                   const struct netdev_tnl_build_header_params *params)
{
    const struct flow *flow = params->flow;
    struct nvgre_port *port = netdev_nvgre_port(netdev);
    const struct nvgre_config *c = nvgre_port_config(port);
    uint64_t vsid = ntohll(flow->tunnel.tun_id);

    if (!c || flow->packet_type != htonl(PT_ETH)) {
        return EINVAL;
    }
    if (vsid > 0xffffff
        || (nvgre_vsid_is_reserved(vsid) && !c->reserved_vsid)) {
        struct in6_addr remote = flow_tnl_dst(&flow->tunnel);

        nvgre_count_drop(&port->counters, NVGRE_DROP_TX_VSID, &remote, 0);
        return EINVAL;
    }
    nvgre_put_template(netdev, data, params);
    return 0;
}

/* Returns the size of the largest frame that 'packet' will put on the wire. */
static size_t
frame_size(const struct dp_packet *packet)
{
    uint16_t segsz = nvgre_packet_segsz(packet);
    size_t size = dp_packet_size(packet);

    if (segsz) {
        size_t headers = nvgre_packet_tcp_headers_len(packet);

        if (headers) {
            size = MIN(size, headers + segsz);
        }
    }
    return size;
}

static bool
is_tagged(const struct dp_packet *packet)
{
    const struct eth_header *eth = dp_packet_data(packet);

    return (dp_packet_size(packet) >= VLAN_ETH_HEADER_LEN
            && eth_type_vlan(eth->eth_type));
}

/* Removes all 802.1Q and 802.1ad tags from 'packet'. */
static void
remove_tags(struct dp_packet *packet, const struct nvgre_peer *peer)
{
    while (is_tagged(packet)) {
        nvgre_packet_pop_tag(packet);
        if (peer) {
            atomic_count_inc64(&peer->counters->tx_tags_removed);
        }
    }
}

/* Makes the packets of 'batch' fit to be sent to 'peer' with the template
 * 'data', where 'max' bytes of frame fit. */
static void
prepare_slowly(struct dp_packet_batch *batch, const struct nvgre_peer *peer,
               const struct ovs_action_push_tnl *data, size_t max)
{
    struct dp_packet_batch in;
    struct dp_packet *packet;

    dp_packet_batch_init(&in);
    dp_packet_batch_swap(&in, batch);
    batch->trunc = in.trunc;
    DP_PACKET_BATCH_FOR_EACH (i, packet, &in) {
        remove_tags(packet, peer);
        if (frame_size(packet) > max) {
            nvgre_too_big(packet, peer, data, max, batch);
        } else {
            dp_packet_batch_add(batch, packet);
        }
    }
    dp_packet_batch_destroy(&in);
}

/* Makes the packets of 'batch' fit to be sent with the template 'data', in
 * which nvgre_build_header() left a mark.  Those that are too big leave the
 * batch, or are replaced by their fragments. */
void
nvgre_push_prepare(struct dp_packet_batch *batch,
                   const struct ovs_action_push_tnl *data)
{
    const struct nvgre_peer *peer;
    size_t i, n = dp_packet_batch_size(batch);
    struct dp_packet *packet;
    size_t max = SIZE_MAX;

    peer = nvgre_peer_from_id(get_mark(data) & ~MARK_HASH);
    if (peer && nvgre_peer_mtu(peer)) {
        max = ETH_HEADER_LEN + nvgre_peer_mtu(peer);
    }

    /* Nothing is to be done with the packets of most batches. */
    for (i = 0; i < n; i++) {
        packet = batch->packets[i];
        if (OVS_UNLIKELY(is_tagged(packet)
                         || dp_packet_size(packet) > max)) {
            break;
        }
    }
    if (OVS_UNLIKELY(i < n)) {
        prepare_slowly(batch, peer, data, max);
    }
}

/* Returns what becomes of the checksum 'csum' when a 16-bit word of what it is
 * about, so far 0, becomes 'word' (RFC 1624). */
static ovs_be16
add_to_csum(ovs_be16 csum, ovs_be16 word)
{
    uint32_t sum = (uint16_t) ~(OVS_FORCE uint16_t) csum
                   + (OVS_FORCE uint16_t) word;

    return (OVS_FORCE ovs_be16) ~((sum & 0xffff) + (sum >> 16));
}

static void
finish_ipv4(struct dp_packet *packet, struct ip_header *ip, bool offloads)
{
    ovs_be16 tot_len = htons(dp_packet_size(packet) - ETH_HEADER_LEN);

    ip->ip_tot_len = tot_len;
    if (OVS_UNLIKELY(offloads)) {
        /* Whoever does the rest of the work does this, too, perhaps once for
         * each segment. */
        dp_packet_ip_checksum_set_partial(packet);
    } else {
        ip->ip_csum = add_to_csum(ip->ip_csum, tot_len);
        dp_packet_ip_checksum_set_good(packet);
    }
}

/* Returns the first word of the IPv6 header in 'data'. */
static ovs_be32
template_flow(const struct ovs_action_push_tnl *data)
{
    void *header = CONST_CAST(uint32_t *, data->header);

    return get_16aligned_be32(&netdev_tnl_ipv6_hdr(header)->ip6_flow);
}

/* 'flow' is the first word of the template's IPv6 header, whose flow label is
 * 0.  To read it back from '*ip6', just written, would have to wait. */
static void
finish_ipv6(struct dp_packet *packet, struct ovs_16aligned_ip6_hdr *ip6,
            ovs_be32 flow, uint32_t entropy)
{
    ip6->ip6_plen = htons(dp_packet_size(packet)
                          - ETH_HEADER_LEN - IPV6_HEADER_LEN);
    put_16aligned_be32(&ip6->ip6_flow,
                       flow | htonl(nvgre_entropy_label(entropy)));
    dp_packet_ip_checksum_set_unknown(packet);
}

/* Encapsulates 'packet' with the template 'data'. */
void
nvgre_push_header(const struct netdev *netdev OVS_UNUSED,
                  const struct netdev *ingress OVS_UNUSED,
                  struct dp_packet *packet,
                  const struct ovs_action_push_tnl *data)
{
    bool hash = get_mark(data) & MARK_HASH;
    uint32_t entropy = hash ? nvgre_entropy(packet) : 0;
    bool offloads = nvgre_packet_has_offloads(packet);
    uint16_t l3_ofs = packet->l3_ofs;
    uint16_t l4_ofs = packet->l4_ofs;
    int len = is_ipv6(data) ? IPV6_LEN : IPV4_LEN;
    uint8_t *outer;

    nvgre_packet_enter_tunnel(packet, offloads);
    outer = dp_packet_push_uninit(packet, len);
    packet->packet_type = htonl(PT_ETH);
    dp_packet_reset_offsets(packet);
    packet->l3_ofs = ETH_HEADER_LEN;
    packet->l4_ofs = len - NVGRE_HEADER_LEN;

    /* Two copies of constant size beat one of variable size. */
    if (len == IPV4_LEN) {
        memcpy(outer, data->header, IPV4_LEN);
        finish_ipv4(packet, netdev_tnl_ip_hdr(outer), offloads);
    } else {
        memcpy(outer, data->header, IPV6_LEN);
        finish_ipv6(packet, netdev_tnl_ipv6_hdr(outer), template_flow(data),
                    entropy);
    }
    if (hash) {
        outer[len - 1] = nvgre_entropy_flowid(entropy);
    }

    if (l3_ofs != UINT16_MAX) {
        packet->inner_l3_ofs = l3_ofs + len;
    }
    if (l4_ofs != UINT16_MAX) {
        packet->inner_l4_ofs = l4_ofs + len;
    }
}

/* Does on the packets of 'batch', just encapsulated with the template 'data',
 * all work that the port does not leave to devices. */
void
nvgre_push_finish(struct dp_packet_batch *batch,
                  const struct ovs_action_push_tnl *data)
{
    const struct nvgre_peer *peer
        = nvgre_peer_from_id(get_mark(data) & ~MARK_HASH);

    nvgre_offload_finish(batch, nvgre_peer_offloads(peer), data->out_port);
}

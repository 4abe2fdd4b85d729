/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "fuzz.h"
#include "nvgre-packet.h"

#include <netinet/in.h>
#include <string.h>

#include "byte-order.h"
#include "dp-packet.h"
#include "flow.h"
#include "netdev.h"
#include "netdev-native-tnl.h"
#include "nvgre-counters.h"
#include "nvgre-peers.h"
#include "nvgre-tunnels.h"
#include "odp-netlink.h"
#include "openvswitch/vlog.h"
#include "ovs-router.h"
#include "packets.h"
#include "seq.h"
#include "smap.h"
#include "util.h"

enum { MTU = 100, VSID = 5001 };

static struct netdev *port;
static struct ovs_action_push_tnl templates[2]; /* IPv4 and IPv6. */

/* Makes 'templates[ipv6]' for what 'port' sends to 'remote', which is also its
 * own address. */
static void
make_template(bool ipv6, const char *remote)
{
    struct netdev_tnl_build_header_params params;
    struct in6_addr addr;
    struct flow flow;
    ovs_be32 ip;

    memset(&flow, 0, sizeof flow);
    flow.packet_type = htonl(PT_ETH);
    flow.tunnel.tun_id = htonll(VSID);
    flow.tunnel.ip_ttl = 64;
    if (ipv6) {
        ovs_assert(ipv6_parse(remote, &addr));
        flow.tunnel.ipv6_dst = addr;
    } else {
        ovs_assert(ip_parse(remote, &ip));
        in6_addr_set_mapped_ipv4(&addr, ip);
        flow.tunnel.ip_dst = ip;
    }
    netdev_init_tnl_build_header_params(&params, &flow, &addr,
                                        eth_addr_broadcast, eth_addr_zero);
    ovs_assert(!netdev_build_header(port, &templates[ipv6], &params));
}

/* Gives all peers of 'port' an MTU, for which there is no device here. */
static void
set_mtu(void)
{
    for (int id = 1; id <= 2; id++) {
        const struct nvgre_peer *peer = nvgre_peer_from_id(id);

        ovs_assert(peer);
        atomic_store_relaxed(&CONST_CAST(struct nvgre_peer *, peer)->mtu,
                             MTU);
    }
}

/* Opens a port and adds it to the registry, so that what it sends to itself
 * comes back. */
static void
setup(void)
{
    static struct nvgre_counters counters;
    struct smap options = SMAP_INITIALIZER(&options);
    struct nvgre_tunnel t = {
        .name = CONST_CAST(char *, "t1"),
        .type = "nvgre",
        .is_nvgre = true,
        .vsid = VSID,
        .counters = &counters,
    };

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    tnl_conf_seq = seq_create();
    ovs_router_init();
    smap_add(&options, "remote_ip", "flow");
    smap_add(&options, "key", "flow");
    ovs_assert(!netdev_open("t1", "nvgre", &port));
    ovs_assert(!netdev_set_config(port, &options, NULL));
    smap_destroy(&options);
    make_template(false, "192.168.4.11");
    make_template(true, "2001:db8:4::11");
    set_mtu();
    nvgre_counters_init(&counters);
    nvgre_counters_init(&nvgre_no_port_counters);
    nvgre_tunnels_add(&t);
}

/* Decapsulates 'packet', as if it were just received, and checks that the
 * frame inside is the 'size' bytes at 'frame'. */
static void
check_round_trip(struct dp_packet *packet, const void *frame, size_t size)
{
    struct flow flow;

    dp_packet_reset_offsets(packet);
    packet->offloads = 0;
    flow_extract(packet, &flow);
    ovs_assert(is_ip_any(&flow) && flow.nw_proto == IPPROTO_GRE);
    packet = nvgre_pop_header(packet);
    ovs_assert(packet);
    ovs_assert(ntohll(packet->md.tunnel.tun_id) == VSID);
    ovs_assert(dp_packet_size(packet) == size);
    ovs_assert(!memcmp(dp_packet_data(packet), frame, size));
    dp_packet_delete(packet);
}

/* Returns true if a receiver takes 'packet', which is untagged. */
static bool
is_acceptable(const struct dp_packet *packet)
{
    const struct eth_header *eth = dp_packet_data(packet);

    return (dp_packet_size(packet) >= ETH_HEADER_LEN
            && !eth_addr_is_multicast(eth->eth_src)
            && !eth_addr_is_zero(eth->eth_src)
            && !eth_type_vlan(eth->eth_type)
            && eth->eth_type != htons(0x9100));
}

/* Checks what must hold of 'packet', one of the pieces of a frame that was too
 * big, and frees it. */
static void
check_piece(struct dp_packet *packet,
            const struct ovs_action_push_tnl *template)
{
    size_t size = dp_packet_size(packet);

    ovs_assert(size <= ETH_HEADER_LEN + MTU);
    nvgre_push_header(port, port, packet, template);
    ovs_assert(dp_packet_size(packet) == template->header_len + size);
    dp_packet_delete(packet);
}

/* The first byte chooses the underlay; the rest is the frame to send. */
static void
fuzz(const uint8_t *data, size_t size)
{
    const struct ovs_action_push_tnl *template;
    struct dp_packet_batch batch;
    struct dp_packet *packet;
    struct flow flow;
    bool acceptable;
    void *frame;

    if (!port) {
        setup();
    }
    if (size < 1 + ETH_HEADER_LEN) {
        return;
    }
    template = &templates[data[0] & 1];
    packet = dp_packet_clone_data_with_headroom(data + 1, size - 1, 128);
    flow_extract(packet, &flow);
    dp_packet_batch_init_packet(&batch, packet);
    nvgre_push_prepare(&batch, template);
    if (dp_packet_batch_size(&batch) != 1) {
        ovs_assert(size - 1 - ETH_HEADER_LEN > MTU);
        DP_PACKET_BATCH_FOR_EACH (i, packet, &batch) {
            check_piece(packet, template);
        }
        dp_packet_batch_destroy(&batch);
        return;
    }

    packet = batch.packets[0];
    size = dp_packet_size(packet);
    ovs_assert(size <= ETH_HEADER_LEN + MTU);
    frame = xmemdup(dp_packet_data(packet), size);
    acceptable = is_acceptable(packet);
    nvgre_push_header(port, port, packet, template);
    ovs_assert(dp_packet_size(packet) == template->header_len + size);
    if (acceptable) {
        check_round_trip(packet, frame, size);
    } else {
        dp_packet_delete(packet);
    }
    free(frame);
}

FUZZ_TARGET("nvgre-push", fuzz);

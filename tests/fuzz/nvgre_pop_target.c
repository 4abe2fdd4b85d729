/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "fuzz.h"
#include "nvgre-packet.h"

#include <netinet/in.h>
#include <string.h>

#include "byte-order.h"
#include "dp-packet.h"
#include "flow.h"
#include "nvgre-counters.h"
#include "nvgre-echo.h"
#include "nvgre-tunnels.h"
#include "packets.h"
#include "util.h"

static struct nvgre_counters counters[6];

/* Adds the 'i'th tunnel. */
static void
add(size_t i, const char *remote, uint32_t vsid, const struct nvgre_rules *r)
{
    struct nvgre_tunnel t = {
        .name = CONST_CAST(char *, "p"),
        .type = "nvgre",
        .is_nvgre = true,
        .vsid = vsid,
        .any_vsid = !vsid,
        .rules = *r,
        .counters = &counters[i],
    };
    ovs_be32 ip;

    nvgre_counters_init(&counters[i]);
    if (ip_parse(remote, &ip)) {
        in6_addr_set_mapped_ipv4(&t.remote, ip);
    } else {
        ovs_assert(ipv6_parse(remote, &t.remote));
    }
    nvgre_tunnels_add(&t);
}

/* The peers of the vectors are strict, or lenient for VSID 5002; others speak
 * draft 00 or take reserved VSIDs. */
static void
setup(void)
{
    const struct nvgre_rules strict = { .layout = NVGRE_LAYOUT_RFC7637 };
    const struct nvgre_rules lenient = { .lenient = true };
    const struct nvgre_rules draft = { .layout = NVGRE_LAYOUT_DRAFT00 };
    const struct nvgre_rules all = { .lenient = true, .reserved_vsid = true };

    add(0, "192.168.4.11", 5001, &strict);
    add(1, "192.168.4.11", 5002, &lenient);
    add(2, "192.168.4.12", 0, &draft);
    add(3, "192.168.4.13", 0, &all);
    add(4, "2001:db8:4::11", 0, &lenient);
    nvgre_counters_init(&nvgre_no_port_counters);
    nvgre_echo_init();
}

/* Returns the number of drops counted so far, all reasons together. */
static uint64_t
n_drops(void)
{
    uint64_t n = 0;

    for (int why = 0; why < N_NVGRE_DROPS; why++) {
        n += nvgre_event_get(&nvgre_no_port_counters.drops[why]);
        for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
            n += nvgre_event_get(&counters[i].drops[why]);
        }
    }
    return n;
}

/* Checks what must hold of 'packet', which was a frame of 'size' bytes. */
static void
check_popped(struct dp_packet *packet, size_t size)
{
    const struct flow_tnl *tnl = &packet->md.tunnel;
    const uint8_t *frame = dp_packet_data(packet);
    struct flow flow;

    ovs_assert(dp_packet_size(packet) >= ETH_HEADER_LEN);
    ovs_assert(dp_packet_size(packet)
               <= size - ETH_HEADER_LEN - IP_HEADER_LEN - 8);
    ovs_assert(!dp_packet_l2_pad_size(packet));
    ovs_assert(packet->packet_type == htonl(PT_ETH));
    ovs_assert(flow_tnl_dst_is_set(tnl));
    ovs_assert(tnl->flags & FLOW_TNL_F_KEY);
    ovs_assert(ntohll(tnl->tun_id) <= 0xffffff);
    ovs_assert(!(tnl->ip_tos & IP_ECN_MASK));
    ovs_assert(!(frame[ETH_ADDR_LEN] & 1));
    ovs_assert(memcmp(frame + 12, "\x81\x00", 2)
               && memcmp(frame + 12, "\x88\xa8", 2)
               && memcmp(frame + 12, "\x91\x00", 2));

    /* What the datapath does next must find the packet fit for it. */
    flow_extract(packet, &flow);
}

/* Returns true if the datapath would decapsulate a packet with 'flow': it is
 * GRE and sent to an address that a host can have. */
static bool
is_for_us(const struct flow *flow)
{
    return (flow->nw_proto == IPPROTO_GRE
            && (flow->dl_type == htons(ETH_TYPE_IP) ? flow->nw_dst != 0
                : flow->dl_type == htons(ETH_TYPE_IPV6)
                  && ipv6_addr_is_set(&flow->ipv6_dst)));
}

/* The input is a whole frame. */
static void
fuzz(const uint8_t *data, size_t size)
{
    static bool ready;
    struct dp_packet *packet;
    struct flow flow;
    uint64_t before;

    if (!ready) {
        setup();
        ready = true;
    }

    packet = dp_packet_clone_data(data, size);
    flow_extract(packet, &flow);
    if (!is_for_us(&flow)) {
        dp_packet_delete(packet);
        return;
    }

    before = n_drops();
    packet = nvgre_pop_header(packet);
    if (packet) {
        ovs_assert(n_drops() == before);
        check_popped(packet, size);
        dp_packet_delete(packet);
    } else {
        ovs_assert(n_drops() == before + 1);
    }
}

FUZZ_TARGET("nvgre-pop", fuzz);

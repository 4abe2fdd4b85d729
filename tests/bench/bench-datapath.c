/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "../hnvtest.h"
#include "bench-tunnel.h"
#include "netdev-bench.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "byte-order.h"
#include "dp-packet.h"
#include "dpif.h"
#include "flow.h"
#include "netdev.h"
#include "netdev-vport.h"
#include "odp-netlink.h"
#include "odp-util.h"
#include "openvswitch/match.h"
#include "openvswitch/ofpbuf.h"
#include "ovs-numa.h"
#include "packets.h"
#include "smap.h"
#include "timeval.h"
#include "util.h"

/* How many packets one thread forwards
 * ====================================
 *
 * What
 * ----
 *
 * "hnvtest bench-datapath [ROUNDS]" runs the userspace datapath, with one poll
 * mode thread, in this process: packets come from a device that costs nothing
 * (netdev-bench.h), go through the flow cache, are encapsulated, and go to
 * another such device; and the other way around.  The datapath flows are those
 * that ovs-vswitchd makes for a bridge that forwards everything between a port
 * and a tunnel.
 *
 * "multipath" is how a gre port is given entropy today: the VSID is shifted
 * left by 8 and the OpenFlow action multipath() puts a hash of the 5-tuple in
 * the low bits.  The action makes the datapath flow depend on the 5-tuple, so
 * each inner flow has a datapath flow of its own, and since the receiver's
 * gre port matches the whole key, each value of the hash has one there.
 *
 * What not
 * --------
 *
 * There are no upcalls: the datapath flows are all there beforehand. */

enum { SOURCE, SINK, N_PORTS };
enum { FRAME_SIZE = 64, WARM_UP_MS = 50, MEASURE_MS = 100, MAX_ROUNDS = 50 };

struct variant {
    struct bench_tunnel tunnel;
    bool multipath;
    size_t entropy_ofs;         /* In the tunnel header. */
    size_t entropy_len;
    odp_port_t port;            /* Of the tunnel in the datapath. */
};

/* The GRE key's low byte is byte 41 of the packet; the UDP source port is
 * bytes 34 and 35. */
static struct variant variants[] = {
    { .tunnel = { .label = "gre", .type = "gre" } },
    { .tunnel = { .label = "multipath", .type = "gre" }, .multipath = true,
      .entropy_ofs = 41, .entropy_len = 1 },
    { .tunnel = { .label = "vxlan", .type = "vxlan" },
      .entropy_ofs = 34, .entropy_len = 2 },
    { .tunnel = { .label = "geneve", .type = "geneve" },
      .entropy_ofs = 34, .entropy_len = 2 },
    { .tunnel = { .label = "nvgre", .type = "nvgre", .flow_id = "hash" },
      .entropy_ofs = 41, .entropy_len = 1 },
};

static struct dpif *dpif;
static odp_port_t ports[N_PORTS];
static size_t n_dp_flows;

static odp_port_t
add_port(const char *name, const char *type)
{
    odp_port_t port = ODPP_NONE;
    struct netdev *netdev;
    int error;

    error = netdev_open(name, type, &netdev);
    if (!error) {
        error = dpif_port_add(dpif, netdev, &port);
        netdev_close(netdev);
    }
    if (error) {
        ovs_fatal(error, "cannot add port %s", name);
    }
    return port;
}

static void
start_datapath(void)
{
    struct smap config = SMAP_INITIALIZER(&config);
    int error;

    ovs_numa_init();
    netdev_bench_register();
    error = dpif_create_and_open("bench", "netdev", &dpif);
    if (error) {
        ovs_fatal(error, "cannot create a datapath");
    }
    smap_add(&config, "pmd-cpu-mask", "2");
    dpif_set_config(dpif, &config);
    smap_destroy(&config);
    ports[SOURCE] = add_port("source", "bench");
    ports[SINK] = add_port("sink", "bench");
}

/* Opens the tunnel of each variant, and adds the port of its type to the
 * datapath where it is not there yet. */
static void
open_tunnels(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
        struct variant *v = &variants[i];
        char namebuf[NETDEV_VPORT_NAME_BUFSIZE];
        const char *name;

        bench_tunnel_open(&v->tunnel);
        bench_tunnel_build(&v->tunnel);
        name = netdev_vport_get_dpif_port(v->tunnel.netdev, namebuf,
                                          sizeof namebuf);
        if (dpif_port_exists(dpif, name)) {
            struct dpif_port port;

            dpif_port_query_by_name(dpif, name, &port);
            v->port = port.port_no;
            dpif_port_destroy(&port);
        } else {
            v->port = add_port(name, v->tunnel.type);
        }
    }
}

/* Adds a datapath flow with 'match' and 'actions'. */
static void
put_flow(struct match *match, const struct ofpbuf *actions)
{
    struct odp_flow_key_parms parms = {
        .flow = &match->flow,
        .mask = &match->wc.masks,
        .support = { .recirc = true },
    };
    uint64_t key_stub[128], mask_stub[128];
    struct ofpbuf key = OFPBUF_STUB_INITIALIZER(key_stub);
    struct ofpbuf mask = OFPBUF_STUB_INITIALIZER(mask_stub);
    int error;

    match->wc.masks.recirc_id = UINT32_MAX;
    match->wc.masks.in_port.odp_port = ODPP_NONE;
    match->wc.masks.packet_type = OVS_BE32_MAX;
    match->wc.masks.dl_type = OVS_BE16_MAX;
    match->wc.masks.nw_frag = UINT8_MAX;
    match->flow.packet_type = htonl(PT_ETH);
    match->flow.dl_type = htons(ETH_TYPE_IP);
    odp_flow_key_from_flow(&parms, &key);
    odp_flow_key_from_mask(&parms, &mask);
    error = dpif_flow_put(dpif, DPIF_FP_CREATE, key.data, key.size,
                          mask.data, mask.size, actions->data, actions->size,
                          NULL, PMD_ID_NULL, NULL);
    if (error) {
        ovs_fatal(error, "cannot add a datapath flow");
    }
    n_dp_flows++;
    ofpbuf_uninit(&key);
    ofpbuf_uninit(&mask);
}

static void
match_in_port(struct match *match, odp_port_t in_port)
{
    match_init_catchall(match);
    match->flow.in_port.odp_port = in_port;
}

/* Makes 'match' depend on the inner flow of 'frame'. */
static void
match_5tuple(struct match *match, const struct dp_packet *frame)
{
    const struct ip_header *ip = dp_packet_l3(frame);
    const struct udp_header *udp = dp_packet_l4(frame);

    match_set_nw_proto(match, IPPROTO_UDP);
    match_set_nw_src(match, get_16aligned_be32(&ip->ip_src));
    match_set_nw_dst(match, get_16aligned_be32(&ip->ip_dst));
    match_set_tp_src(match, udp->udp_src);
    match_set_tp_dst(match, udp->udp_dst);
}

/* Adds the datapath flows of a sender. */
static void
put_send_flows(struct variant *v, struct dp_packet *frame,
               unsigned int n_flows)
{
    struct ovs_action_push_tnl data = v->tunnel.data;
    uint8_t *header = (uint8_t *) data.header;

    data.tnl_port = v->port;
    data.out_port = ports[SINK];
    for (unsigned int i = 0; i < (v->multipath ? n_flows : 1); i++) {
        uint64_t stub[64];
        struct ofpbuf actions = OFPBUF_STUB_INITIALIZER(stub);
        struct match match;

        match_in_port(&match, ports[SOURCE]);
        if (v->multipath) {
            bench_frame_set_flow(frame, i);
            match_5tuple(&match, frame);
            header[v->entropy_ofs] = dp_packet_get_rss_hash(frame) >> 24;
        }
        odp_put_tnl_push_action(&actions, &data);
        nl_msg_put_odp_port(&actions, OVS_ACTION_ATTR_OUTPUT, ports[SINK]);
        put_flow(&match, &actions);
        ofpbuf_uninit(&actions);
    }
}

/* Adds the datapath flows of a receiver. */
static void
put_receive_flows(struct variant *v)
{
    uint64_t stub[64];
    struct ofpbuf actions = OFPBUF_STUB_INITIALIZER(stub);
    struct match match;
    ovs_be32 ip;

    ovs_assert(ip_parse(bench_address(false), &ip));
    match_in_port(&match, ports[SOURCE]);
    match_set_nw_proto(&match, v->entropy_len == 2 ? IPPROTO_UDP
                       : IPPROTO_GRE);
    match_set_nw_dst(&match, ip);
    nl_msg_put_odp_port(&actions, OVS_ACTION_ATTR_TUNNEL_POP, v->port);
    put_flow(&match, &actions);

    ofpbuf_clear(&actions);
    nl_msg_put_odp_port(&actions, OVS_ACTION_ATTR_OUTPUT, ports[SINK]);
    for (unsigned int i = 0; i < (v->multipath ? 256 : 1); i++) {
        uint64_t vsid = v->multipath ? (BENCH_VSID & ~0xff) | i : BENCH_VSID;

        match_in_port(&match, v->port);
        match_set_tun_id(&match, htonll(vsid));
        match_set_tun_src(&match, ip);
        match_set_tun_dst(&match, ip);
        put_flow(&match, &actions);
    }
    ofpbuf_uninit(&actions);
}

/* Makes the source send, or what comes out of 'v' if 'receive', frames of
 * 'n_flows' inner flows. */
static void
set_packets(const struct variant *v, bool receive, unsigned int n_flows)
{
    struct dp_packet *frame = bench_frame(FRAME_SIZE);
    struct netdev_bench_packets packets = { .n_flows = n_flows };

    if (receive) {
        struct dp_packet_batch batch;

        dp_packet_batch_init_packet(&batch, frame);
        netdev_push_header(v->tunnel.netdev, v->tunnel.netdev, &batch,
                           &v->tunnel.data);
        dp_packet_ol_send_prepare(frame, 0);
        packets.header_len = v->tunnel.data.header_len;
        packets.entropy_ofs = v->entropy_ofs;
        packets.entropy_len = v->entropy_len;
    }
    packets.data = dp_packet_data(frame);
    packets.size = dp_packet_size(frame);
    netdev_bench_set_packets(&packets);
    dp_packet_delete(frame);
}

/* Returns how many million packets the thread forwards in a second of its CPU
 * time. */
static double
measure(struct variant *v, bool receive, unsigned int n_flows)
{
    struct dp_packet *frame = bench_frame(FRAME_SIZE);
    uint64_t n;
    double took;

    dpif_flow_flush(dpif);
    n_dp_flows = 0;
    if (receive) {
        put_receive_flows(v);
    } else {
        put_send_flows(v, frame, n_flows);
    }
    dp_packet_delete(frame);
    set_packets(v, receive, n_flows);

    netdev_bench_pause(false);
    xnanosleep(WARM_UP_MS * 1000000ULL);
    n = -netdev_bench_n_sent();
    took = -netdev_bench_cpu_ns();
    xnanosleep(MEASURE_MS * 1000000ULL);
    n += netdev_bench_n_sent();
    took += netdev_bench_cpu_ns();
    netdev_bench_pause(true);
    if (!n) {
        ovs_fatal(0, "%s forwards nothing", v->tunnel.label);
    }
    return n / took * 1e3;
}

/* Measures all variants in turn, 'rounds' times, and prints the medians. */
static void
measure_all(bool receive, unsigned int n_flows, size_t rounds)
{
    static double mpps[ARRAY_SIZE(variants)][MAX_ROUNDS];
    static double to_gre[ARRAY_SIZE(variants)][MAX_ROUNDS];
    size_t needed[ARRAY_SIZE(variants)];

    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
            mpps[i][round] = measure(&variants[i], receive, n_flows);
            to_gre[i][round] = mpps[i][round] / mpps[0][round];
            needed[i] = n_dp_flows;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
        printf("datapath tunnel=%s direction=%s flows=%u : "
               "datapath_flows=%"PRIuSIZE" mpps=%.3f to_gre=%.3f\n",
               variants[i].tunnel.label, receive ? "receive" : "send",
               n_flows, needed[i], bench_median(mpps[i], rounds),
               bench_median(to_gre[i], rounds));
    }
    fflush(stdout);
}

static void
bench_datapath(struct ovs_cmdl_context *ctx)
{
    static const unsigned int counts[] = { 1, 1000, 10000, 100000 };
    size_t rounds = bench_argument(ctx, 1, MAX_ROUNDS, 5);

    bench_init();
    start_datapath();
    open_tunnels();
    for (int receive = 0; receive < 2; receive++) {
        for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
            measure_all(receive, counts[i], rounds);
        }
    }
    dpif_delete(dpif);
    dpif_close(dpif);
}

HNVTEST_REGISTER("bench-datapath", bench_datapath);

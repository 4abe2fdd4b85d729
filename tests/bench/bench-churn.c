/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "../hnvtest.h"
#include "bench-tunnel.h"
#include "netdev-bench.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dp-packet.h"
#include "dpif.h"
#include "netdev.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ofproto/ofproto-provider.h"
#include "ofproto/ofproto.h"
#include "ovs-numa.h"
#include "ovs-router.h"
#include "packets.h"
#include "smap.h"
#include "timeval.h"
#include "tnl-neigh-cache.h"
#include "util.h"

/* How many packets one thread forwards when flows come and go
 * ===========================================================
 *
 * What
 * ----
 *
 * "hnvtest bench-churn [ROUNDS [FLOW_PACKETS]]" runs two bridges of Open
 * vSwitch in this process, as ovs-vswitchd does: one that has the guest and a
 * tunnel port, another that has the uplink.  The guest (netdev-bench.h) has
 * N_FLOWS flows at any time, and each makes way for a new one after a number
 * of packets.  What the first packet of a new flow costs, if there is no
 * datapath flow for it yet, is part of the result: the upcall, its
 * translation, and the new datapath flow, and later the revalidators' work on
 * that.
 *
 * "multipath" is a gre port with entropy, as in bench-datapath.c.  Here the
 * OpenFlow flow has the action multipath(), and everything else follows.
 *
 * What not
 * --------
 *
 * Where upcalls dominate, how many there are depends on what the revalidators
 * do at the same time and differs by a fifth from run to run.  So multipath is
 * shown, but has no ratio to compare with a reference.
 *
 * Nothing of the first moments, in which tables and caches are still empty, is
 * measured.  A round is long enough: after ten seconds, when all that
 * revalidators do and the limit on datapath flows have come into play, the
 * figures are the same. */

enum { FRAME_SIZE = 64, N_FLOWS = 10000, MAX_ROUNDS = 20 };
enum { WARM_UP_MS = 1500, MEASURE_MS = 500, N_WARM_UPS = 2 };

#define DATAPATH_TYPE "netdev"

struct variant {
    struct bench_tunnel tunnel;
    const char *actions;        /* OpenFlow actions, but for the output. */
};

enum { GRE, MULTIPATH };

static struct variant variants[] = {
    [GRE] = { .tunnel = { .label = "gre", .type = "gre" }, .actions = "" },
    [MULTIPATH] = {
      .tunnel = { .label = "multipath", .type = "gre", .key_flow = true },
      .actions = "set_field:0x138900->tun_id,"
                 "multipath(symmetric_l3l4+udp,0,modulo_n,256,0,"
                           "NXM_NX_TUN_ID[0..7])," },
    { .tunnel = { .label = "vxlan", .type = "vxlan" }, .actions = "" },
    { .tunnel = { .label = "geneve", .type = "geneve" }, .actions = "" },
    { .tunnel = { .label = "nvgre", .type = "nvgre", .flow_id = "hash" },
      .actions = "" },
};

/* One result of a variant. */
struct result {
    double mpps;
    double datapath_flows;      /* At the end. */
};

static struct ofproto *guests, *underlay;
static ofp_port_t guest;
static struct dpif *dpif;

/* Does for 'ms' milliseconds what the main thread of ovs-vswitchd does. */
static void
run_bridges(int ms)
{
    long long int end = time_msec() + ms;

    do {
        ofproto_type_run(DATAPATH_TYPE);
        ofproto_run(guests);
        ofproto_run(underlay);
        ofproto_type_wait(DATAPATH_TYPE);
        ofproto_wait(guests);
        ofproto_wait(underlay);
        poll_timer_wait_until(end);
        poll_block();
    } while (time_msec() < end);
}

static ofp_port_t
add_port(struct ofproto *bridge, struct netdev *netdev)
{
    ofp_port_t port = OFPP_NONE;
    int error = ofproto_port_add(bridge, netdev, &port);

    if (error) {
        ovs_fatal(error, "cannot add port %s", netdev_get_name(netdev));
    }
    return port;
}

static ofp_port_t
add_device(struct ofproto *bridge, const char *name, const char *type)
{
    struct netdev *netdev;
    ofp_port_t port;
    int error;

    error = netdev_open(name, type, &netdev);
    if (error) {
        ovs_fatal(error, "cannot open %s", name);
    }
    port = add_port(bridge, netdev);
    netdev_close(netdev);
    return port;
}

/* Adds the flow that sends what comes from 'in' to 'out', after 'actions'. */
static void OVS_PRINTF_FORMAT(2, 3)
add_flow(struct ofproto *bridge, const char *format, ...)
{
    enum ofputil_protocol usable_protocols;
    struct ofputil_flow_mod fm;
    struct match match;
    char *error, *text;
    va_list args;

    va_start(args, format);
    text = xvasprintf(format, args);
    va_end(args);
    error = parse_ofp_str(&fm, OFPFC_ADD, text, NULL, NULL, &usable_protocols);
    if (error) {
        ovs_fatal(0, "%s: %s", text, error);
    }
    minimatch_expand(&fm.match, &match);
    ofproto_add_flow(bridge, &match, fm.priority, fm.ofpacts, fm.ofpacts_len);
    free(CONST_CAST(struct ofpact *, fm.ofpacts));
    minimatch_destroy(&fm.match);
    free(text);
}

static struct ofproto *
add_bridge(const char *name)
{
    struct ofproto *bridge;
    int error = ofproto_create(name, DATAPATH_TYPE, &bridge);

    if (error) {
        ovs_fatal(error, "cannot create bridge %s", name);
    }
    add_device(bridge, name, ofproto_port_open_type(bridge, "internal"));
    return bridge;
}

static void
start_bridges(void)
{
    struct shash no_hints = SHASH_INITIALIZER(&no_hints);
    struct smap config = SMAP_INITIALIZER(&config);
    const char device[IFNAMSIZ] = "underlay";
    struct in6_addr addr;
    ovs_be32 ip;
    int error;

    ovs_numa_init();
    netdev_bench_register();
    ofproto_init(&no_hints);
    ofproto_set_flow_restore_wait(false);
    ofproto_set_threads(1, 1);
    guests = add_bridge("guests");
    underlay = add_bridge(device);
    smap_add(&config, "pmd-cpu-mask", "2");
    ofproto_type_set_config(DATAPATH_TYPE, &config);
    smap_destroy(&config);
    guest = add_device(guests, "source", "bench");
    add_flow(underlay, "in_port=local,actions=%"PRIu32,
             add_device(underlay, "sink", "bench"));

    ovs_assert(ip_parse(bench_address(false), &ip));
    in6_addr_set_mapped_ipv4(&addr, ip);
    ovs_router_insert(CLS_MAIN, 0, &addr, 96 + 24, true, device,
                      &in6addr_any, &in6addr_any);
    tnl_neigh_set(device, &addr, eth_addr_broadcast);
    error = dpif_open("ovs-netdev", DATAPATH_TYPE, &dpif);
    if (error) {
        ovs_fatal(error, "cannot open the datapath");
    }
}

static size_t
count_datapath_flows(void)
{
    struct dpif_dp_stats stats;

    dpif_get_dp_stats(dpif, &stats);
    return stats.n_flows;
}

/* Waits until the datapath has forgotten all flows. */
static void
forget_flows(void)
{
    ofproto_set_max_idle(1);
    while (count_datapath_flows()) {
        run_bridges(20);
    }
    ofproto_set_max_idle(OFPROTO_MAX_IDLE_DEFAULT);
}

static void
set_packets(unsigned int flow_len)
{
    struct dp_packet *frame = bench_frame(FRAME_SIZE);
    struct netdev_bench_packets packets = {
        .data = dp_packet_data(frame),
        .size = dp_packet_size(frame),
        .n_flows = N_FLOWS,
        .flow_len = flow_len,
    };

    netdev_bench_set_packets(&packets);
    dp_packet_delete(frame);
}

/* Measures how 'v' sends flows of 'flow_len' packets each. */
static struct result
measure(struct variant *v, unsigned int flow_len)
{
    struct result r;
    ofp_port_t port;
    uint64_t n;
    double took;

    bench_tunnel_open(&v->tunnel);
    port = add_port(guests, v->tunnel.netdev);
    add_flow(guests, "in_port=%"PRIu32",actions=%s%"PRIu32, guest,
             v->actions, port);
    run_bridges(1);
    set_packets(flow_len);

    netdev_bench_pause(false);
    run_bridges(WARM_UP_MS);
    n = -netdev_bench_n_sent();
    took = -netdev_bench_cpu_ns();
    run_bridges(MEASURE_MS);
    n += netdev_bench_n_sent();
    took += netdev_bench_cpu_ns();
    netdev_bench_pause(true);
    if (!n) {
        ovs_fatal(0, "%s forwards nothing", v->tunnel.label);
    }
    r.mpps = n / took * 1e3;
    r.datapath_flows = count_datapath_flows();

    ofproto_port_del(guests, port);
    netdev_close(v->tunnel.netdev);
    forget_flows();
    return r;
}

/* Brings Open vSwitch into the state that it is in when it has long been busy.
 * It begins with a limit of 10,000 datapath flows, and raises it as it finds
 * that it can revalidate more. */
static void
warm_up(void)
{
    for (size_t i = 0; i < N_WARM_UPS; i++) {
        measure(&variants[MULTIPATH], 10);
    }
}

/* Measures all variants in turn, 'rounds' times, and prints the medians. */
static void
measure_all(unsigned int flow_len, size_t rounds)
{
    static double values[ARRAY_SIZE(variants)][3][MAX_ROUNDS];

    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
            struct result r = measure(&variants[i], flow_len);

            values[i][0][round] = r.mpps;
            values[i][1][round] = r.datapath_flows;
            values[i][2][round] = r.mpps / values[GRE][0][round];
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
        double mpps = bench_median(values[i][0], rounds);

        printf("churn tunnel=%s flow_packets=%u : mpps=%.3f "
               "new_flows_per_s=%.0f datapath_flows=%.0f",
               variants[i].tunnel.label, flow_len, mpps, mpps * 1e6 / flow_len,
               bench_median(values[i][1], rounds));
        if (i != MULTIPATH) {
            printf(" to_gre=%.3f", bench_median(values[i][2], rounds));
        }
        putchar('\n');
    }
    fflush(stdout);
}

static void
bench_churn(struct ovs_cmdl_context *ctx)
{
    static const unsigned int flow_lens[] = { 10, 100, 1000 };
    size_t rounds = bench_argument(ctx, 1, MAX_ROUNDS, 3);
    unsigned int only = bench_argument(ctx, 2, UINT16_MAX, 0);

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_ERR);
    start_bridges();            /* Does all that bench_init() does. */
    warm_up();
    if (only) {
        measure_all(only, rounds);
    } else {
        for (size_t i = 0; i < ARRAY_SIZE(flow_lens); i++) {
            measure_all(flow_lens[i], rounds);
        }
    }
    /* The bridges stay: Open vSwitch 4.0 disables upcalls before it ends the
     * poll mode threads, and then each waits for the other. */
}

HNVTEST_REGISTER("bench-churn", bench_churn);

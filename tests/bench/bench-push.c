/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "../hnvtest.h"
#include "bench-tunnel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dp-packet.h"
#include "netdev.h"
#include "nvgre-hooks.h"
#include "packets.h"
#include "util.h"

/* What encapsulation and decapsulation cost
 * =========================================
 *
 * What
 * ----
 *
 * "hnvtest bench-push [ROUNDS]" measures, for each kind of tunnel, the
 * nanoseconds that a packet takes to be pushed, to have its checksums finished
 * in software, and to be popped.  In each round all tunnels take their turn,
 * so that whatever else the machine does hits them alike, and what is compared
 * is the ratio to gre within a round.
 *
 * "hnvtest bench-push-one LABEL ipv4|ipv6 SIZE TIMES" does it with one tunnel
 * and prints nothing: for a profiler that counts instructions.
 *
 * What not
 * --------
 *
 * No datapath, no flow table: see bench-datapath.c. */

enum {
    N_BATCHES = 8,
    N_PACKETS = N_BATCHES * NETDEV_MAX_BURST,
    MAX_ROUNDS = 2000,
};

static struct bench_tunnel tunnels[] = {
    { .label = "gre", .type = "gre" },
    { .label = "vxlan", .type = "vxlan" },
    { .label = "geneve", .type = "geneve" },
    { .label = "nvgre-hash", .type = "nvgre", .flow_id = "hash" },
    { .label = "nvgre-zero", .type = "nvgre", .flow_id = "zero" },
    { .label = "nvgre-flow", .type = "nvgre", .flow_id = "flow" },
};

/* What a packet goes through, and all of it together. */
enum step { PUSH, FINISH, POP, TOTAL, N_STEPS };
static const char *const step_names[] = { "push", "finish", "pop", "total" };

/* Nanoseconds per packet. */
struct cost {
    double ns[N_STEPS];
};

static struct dp_packet_batch batches[N_BATCHES];

static void
make_packets(size_t size)
{
    for (size_t i = 0; i < N_BATCHES; i++) {
        dp_packet_batch_init(&batches[i]);
        for (size_t j = 0; j < NETDEV_MAX_BURST; j++) {
            dp_packet_batch_add(&batches[i], bench_frame(size));
        }
    }
}

/* Brings each packet into the state that miniflow_extract() leaves it in. */
static void
prepare_packets(void)
{
    unsigned int flow = 0;
    struct dp_packet *packet;

    for (size_t i = 0; i < N_BATCHES; i++) {
        DP_PACKET_BATCH_FOR_EACH (j, packet, &batches[i]) {
            packet->offloads = 0;
            pkt_metadata_init(&packet->md, ODP_PORT_C(2));
            packet->packet_type = htonl(PT_ETH);
            dp_packet_reset_offsets(packet);
            dp_packet_set_l3(packet, (char *) dp_packet_data(packet)
                                     + ETH_HEADER_LEN);
            dp_packet_set_l4(packet, (char *) dp_packet_data(packet)
                                     + ETH_HEADER_LEN + IP_HEADER_LEN);
            bench_frame_set_flow(packet, flow++);
        }
    }
}

/* Does in software what the device was to do.  Not inlined, so that a profiler
 * knows it by name. */
static double __attribute__((__noinline__))
finish_packets(void)
{
    double start = bench_now_ns();
    struct dp_packet *packet;

    for (size_t i = 0; i < N_BATCHES; i++) {
        DP_PACKET_BATCH_FOR_EACH (j, packet, &batches[i]) {
            dp_packet_ol_send_prepare(packet, 0);
        }
    }
    return bench_now_ns() - start;
}

/* Forgets what push knew of the packets, as their way over the wire would. */
static void
receive_packets(void)
{
    struct dp_packet *packet;

    for (size_t i = 0; i < N_BATCHES; i++) {
        DP_PACKET_BATCH_FOR_EACH (j, packet, &batches[i]) {
            packet->offloads = 0;
        }
    }
}

static void
check_packets(const struct bench_tunnel *t, size_t size)
{
    struct dp_packet *packet;

    for (size_t i = 0; i < N_BATCHES; i++) {
        ovs_assert(dp_packet_batch_size(&batches[i]) == NETDEV_MAX_BURST);
        DP_PACKET_BATCH_FOR_EACH (j, packet, &batches[i]) {
            if (dp_packet_size(packet) != size) {
                ovs_fatal(0, "%s: %u bytes came out, not %"PRIuSIZE,
                          t->label, dp_packet_size(packet), size);
            }
        }
    }
}

/* Sends all packets through 't' and back, and stores the cost in '*cost'. */
static void
measure(const struct bench_tunnel *t, size_t size, struct cost *cost)
{
    double start;

    prepare_packets();
    start = bench_now_ns();
    for (size_t i = 0; i < N_BATCHES; i++) {
        netdev_push_header(t->netdev, t->netdev, &batches[i], &t->data);
    }
    cost->ns[PUSH] = (bench_now_ns() - start) / N_PACKETS;
    cost->ns[FINISH] = finish_packets() / N_PACKETS;
    check_packets(t, size + t->data.header_len);

    receive_packets();
    start = bench_now_ns();
    for (size_t i = 0; i < N_BATCHES; i++) {
        netdev_pop_header(t->netdev, &batches[i]);
    }
    cost->ns[POP] = (bench_now_ns() - start) / N_PACKETS;
    check_packets(t, size);
    cost->ns[TOTAL] = cost->ns[PUSH] + cost->ns[FINISH] + cost->ns[POP];
}

/* Prints the medians of the 'n' costs at 'costs', those of 't' with frames of
 * 'size' bytes, and of the ratios of each to that at the same place in
 * 'gre'. */
static void
report(const struct bench_tunnel *t, size_t size, const struct cost *gre,
       const struct cost *costs, size_t n)
{
    double values[MAX_ROUNDS];

    printf("push tunnel=%s underlay=%s size=%"PRIuSIZE" :", t->label,
           t->ipv6 ? "ipv6" : "ipv4", size);
    for (enum step step = 0; step < N_STEPS; step++) {
        for (size_t i = 0; i < n; i++) {
            values[i] = costs[i].ns[step];
        }
        printf(" %s_ns=%.1f", step_names[step], bench_median(values, n));
    }
    for (size_t i = 0; i < n; i++) {
        values[i] = costs[i].ns[TOTAL] / gre[i].ns[TOTAL];
    }
    printf(" to_gre=%.3f\n", bench_median(values, n));
}

static void
open_tunnels(bool ipv6)
{
    for (size_t i = 0; i < ARRAY_SIZE(tunnels); i++) {
        tunnels[i].ipv6 = ipv6;
        bench_tunnel_open(&tunnels[i]);
        bench_tunnel_build(&tunnels[i]);
    }
}

static void
close_tunnels(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(tunnels); i++) {
        nvgre_hook_tunnel_removed(tunnels[i].netdev);
        netdev_close(tunnels[i].netdev);
    }
}

static void
measure_all(size_t size, size_t n)
{
    static struct cost costs[ARRAY_SIZE(tunnels)][MAX_ROUNDS];

    make_packets(size);
    for (size_t round = 0; round < n; round++) {
        for (size_t i = 0; i < ARRAY_SIZE(tunnels); i++) {
            measure(&tunnels[i], size, &costs[i][round]);
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(tunnels); i++) {
        report(&tunnels[i], size, costs[0], costs[i], n);
    }
    for (size_t i = 0; i < N_BATCHES; i++) {
        dp_packet_delete_batch(&batches[i], true);
    }
}

static void
bench_push(struct ovs_cmdl_context *ctx)
{
    static const size_t sizes[] = { 64, 1400 };
    size_t rounds = bench_argument(ctx, 1, MAX_ROUNDS, 2000);

    bench_init();
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        open_tunnels(ipv6);
        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
            measure_all(sizes[i], rounds);
        }
        close_tunnels();
    }
}

HNVTEST_REGISTER("bench-push", bench_push);

static void
bench_push_one(struct ovs_cmdl_context *ctx)
{
    bool ipv6 = !strcmp(ctx->argv[2], "ipv6");
    size_t size = bench_argument(ctx, 3, 1400, 64);
    struct cost cost;

    bench_init();
    open_tunnels(ipv6);
    make_packets(size);
    for (unsigned int n = bench_argument(ctx, 4, 1000000, 1); n; n--) {
        for (size_t i = 0; i < ARRAY_SIZE(tunnels); i++) {
            if (!strcmp(tunnels[i].label, ctx->argv[1])) {
                measure(&tunnels[i], size, &cost);
            }
        }
    }
}

HNVTEST_REGISTER("bench-push-one", bench_push_one);

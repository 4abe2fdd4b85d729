/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "../hnvtest.h"
#include "bench-tunnel.h"

#include <stdio.h>
#include <string.h>

#include "byte-order.h"
#include "crc32c.h"
#include "dp-packet.h"
#include "flow.h"
#include "nvgre-entropy.h"
#include "packets.h"
#include "random.h"
#include "util.h"

/* How evenly the FlowID spreads flows over paths
 * ==============================================
 *
 * What
 * ----
 *
 * "hnvtest bench-entropy" makes mixes of flows as tenants have them, sends
 * each flow over one of 2, 4, 8, or 16 equal paths, as its FlowID says, and
 * compares the flows on the busiest path with the mean.  The same is done with
 * random numbers in place of the FlowID, which is the best that any hash can
 * do, and the ratio of the two is what counts.
 *
 * A router is free in what it makes of the key.  Measured are one that takes
 * the low bits of the FlowID and one that takes a CRC of the whole GRE key,
 * which shows that there is nothing wrong with the bits that the first does
 * not look at.  With a CRC the 256 values are themselves spread as chance has
 * it, so "perfect" there is a random 8-bit value that goes the same way.
 *
 * What not
 * --------
 *
 * All flows count alike.  Elephants are a matter of luck for any hash. */

enum { N_FLOWS = 50000, MAX_PATHS = 16, N_TRIES = 9 };

struct flow_addresses {
    uint32_t src, dst;
    uint16_t sport, dport;
};

/* A mix makes the addresses of flow 'i'. */
typedef void make_flow(unsigned int i, struct flow_addresses *);

/* One client of one server, a new port each time. */
static void
one_pair(unsigned int i, struct flow_addresses *a)
{
    *a = (struct flow_addresses) { 0x0a000105, 0x0a000207,
                                   1024 + i % 60000, 443 };
}

/* Each of 224 virtual machines has a connection to each other one. */
static void
all_to_all(unsigned int i, struct flow_addresses *a)
{
    *a = (struct flow_addresses) { 0x0a000101 + i / 224 % 224,
                                   0x0a000201 + i % 224, 49152, 445 };
}

/* Clients of a few services, with ports as an operating system gives them. */
static void
services(unsigned int i, struct flow_addresses *a)
{
    static const uint16_t dports[] = { 53, 80, 443, 1433, 3389 };

    *a = (struct flow_addresses) { 0x0a000101 + i % 50, 0x0a000301 + i % 7,
                                   32768 + i / 50,
                                   dports[i % ARRAY_SIZE(dports)] };
}

/* Anything. */
static void
random_flows(unsigned int i OVS_UNUSED, struct flow_addresses *a)
{
    *a = (struct flow_addresses) { random_uint32(), random_uint32(),
                                   random_uint16(), random_uint16() };
}

static const struct mix {
    const char *name;
    make_flow *make;
} mixes[] = {
    { "one-pair", one_pair },
    { "all-to-all", all_to_all },
    { "services", services },
    { "random", random_flows },
};

/* What a router makes of the FlowID. */
typedef uint32_t router(uint8_t flowid);

static uint32_t
low_bits(uint8_t flowid)
{
    return flowid;
}

static uint32_t
crc_of_key(uint8_t flowid)
{
    ovs_be32 key = htonl(BENCH_VSID << 8 | flowid);

    return ntohl(crc32c((const uint8_t *) &key, sizeof key));
}

static const struct {
    const char *name;
    router *choose;
} routers[] = {
    { "low-bits", low_bits },
    { "crc-of-key", crc_of_key },
};

/* Returns the FlowID that an nvgre port gives to the flow 'a'. */
static uint8_t
flowid_of(struct dp_packet *packet, const struct flow_addresses *a)
{
    struct ip_header *ip = dp_packet_l3(packet);
    struct udp_header *udp = dp_packet_l4(packet);
    uint32_t hash;

    put_16aligned_be32(&ip->ip_src, htonl(a->src));
    put_16aligned_be32(&ip->ip_dst, htonl(a->dst));
    udp->udp_src = htons(a->sport);
    udp->udp_dst = htons(a->dport);
    packet->has_hash = false;
    hash = nvgre_entropy(packet);
    return nvgre_entropy_flowid(hash);
}

/* Returns how many of the 'n' flows with 'flowids' are on the busiest of
 * 'n_paths' paths, divided by the mean. */
static double
worst_path(const uint8_t *flowids, size_t n, unsigned int n_paths,
           router *choose)
{
    unsigned int load[MAX_PATHS] = { 0 }, worst = 0;

    for (size_t i = 0; i < n; i++) {
        load[choose(flowids[i]) % n_paths]++;
    }
    for (unsigned int i = 0; i < n_paths; i++) {
        worst = MAX(worst, load[i]);
    }
    return worst * n_paths / (double) n;
}

/* What random 8-bit numbers would do, the median of a few tries. */
static double
perfect(size_t n, unsigned int n_paths, router *choose)
{
    static uint8_t flowids[N_FLOWS];
    double tries[N_TRIES];

    for (size_t i = 0; i < N_TRIES; i++) {
        random_bytes(flowids, n);
        tries[i] = worst_path(flowids, n, n_paths, choose);
    }
    return bench_median(tries, N_TRIES);
}

static void
measure_mix(const struct mix *mix)
{
    static uint8_t flowids[N_FLOWS];
    struct dp_packet *packet = bench_frame(64);
    struct flow_addresses a;

    for (unsigned int i = 0; i < N_FLOWS; i++) {
        mix->make(i, &a);
        flowids[i] = flowid_of(packet, &a);
    }
    for (size_t r = 0; r < ARRAY_SIZE(routers); r++) {
        for (unsigned int n_paths = 2; n_paths <= MAX_PATHS; n_paths *= 2) {
            double worst = worst_path(flowids, N_FLOWS, n_paths,
                                      routers[r].choose);
            double best = perfect(N_FLOWS, n_paths, routers[r].choose);

            printf("entropy mix=%s router=%s paths=%u : worst=%.3f "
                   "perfect=%.3f to_perfect=%.3f\n", mix->name,
                   routers[r].name, n_paths, worst, best, worst / best);
        }
    }
    dp_packet_delete(packet);
}

static void
bench_entropy(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    random_set_seed(1);         /* The same figures each time. */
    for (size_t i = 0; i < ARRAY_SIZE(mixes); i++) {
        measure_mix(&mixes[i]);
    }
}

HNVTEST_REGISTER("bench-entropy", bench_entropy);

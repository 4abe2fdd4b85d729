/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "netdev-bench.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "bench-tunnel.h"
#include "dp-packet.h"
#include "netdev-provider.h"
#include "ovs-atomic.h"
#include "ovs-thread.h"
#include "packets.h"
#include "timeval.h"
#include "util.h"

enum {
    POOL_SIZE = 512,            /* As many as a network card's ring. */
    HEADROOM = 128,
};

static struct netdev_bench_packets shape;
static atomic_bool paused = true;
static atomic_bool idle = true; /* Has the thread seen that it is paused? */
static atomic_uint64_t n_sent;
static atomic_int cpu_clock;    /* A clockid_t, the thread's CPU time. */

/* The thread's own. */
static struct dp_packet *pool[POOL_SIZE];
static size_t n_pool;
static unsigned int next_flow;
static unsigned int n_turns;    /* How often all flows have had their turn. */

static struct netdev *
alloc(void)
{
    return xzalloc(sizeof(struct netdev));
}

static int
construct(struct netdev *netdev OVS_UNUSED)
{
    return 0;
}

static void
destruct(struct netdev *netdev OVS_UNUSED)
{
}

static void
dealloc(struct netdev *netdev)
{
    free(netdev);
}

static int
get_numa_id(const struct netdev *netdev OVS_UNUSED)
{
    return 0;
}

static int
get_etheraddr(const struct netdev *netdev OVS_UNUSED, struct eth_addr *mac)
{
    eth_addr_from_uint64(0x0200000000ff, mac);
    return 0;
}

static int
get_addr_list(const struct netdev *netdev OVS_UNUSED, struct in6_addr **addrs,
              struct in6_addr **masks, int *n)
{
    ovs_be32 ip;

    ovs_assert(ip_parse(bench_address(false), &ip));
    *addrs = xmalloc(sizeof **addrs);
    *masks = xmalloc(sizeof **masks);
    in6_addr_set_mapped_ipv4(*addrs, ip);
    **masks = ipv6_create_mask(96 + 24);
    *n = 1;
    return 0;
}

static int
update_flags(struct netdev *netdev OVS_UNUSED, enum netdev_flags off,
             enum netdev_flags on OVS_UNUSED, enum netdev_flags *old_flags)
{
    *old_flags = NETDEV_UP;
    return off & NETDEV_UP ? EOPNOTSUPP : 0;
}

static bool
is_source(const struct netdev *netdev)
{
    return !strcmp(netdev_get_name(netdev), "source");
}

static int
send_packets(struct netdev *netdev OVS_UNUSED, int qid OVS_UNUSED,
             struct dp_packet_batch *batch, bool concurrent OVS_UNUSED)
{
    struct dp_packet *packet;
    uint64_t orig;

    atomic_add_relaxed(&n_sent, dp_packet_batch_size(batch), &orig);
    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        if (n_pool < POOL_SIZE) {
            pool[n_pool++] = packet;
        } else {
            dp_packet_delete(packet);
        }
    }
    return 0;
}

static struct netdev_rxq *
rxq_alloc(void)
{
    return xzalloc(sizeof(struct netdev_rxq));
}

static int
rxq_construct(struct netdev_rxq *rxq OVS_UNUSED)
{
    return 0;
}

static void
rxq_destruct(struct netdev_rxq *rxq OVS_UNUSED)
{
}

static void
rxq_dealloc(struct netdev_rxq *rxq)
{
    free(rxq);
}

/* Returns the number of the flow that has the next turn.  Those that do not go
 * on forever do not all end at the same time. */
static unsigned int
take_turn(void)
{
    unsigned int place = next_flow;
    unsigned int flow = place;

    if (shape.flow_len) {
        unsigned int age = n_turns + place % shape.flow_len;

        flow += age / shape.flow_len * shape.n_flows;
    }
    if (++next_flow >= shape.n_flows) {
        next_flow = 0;
        n_turns++;
    }
    return flow;
}

/* Makes 'packet' one that was just received, of the next flow. */
static void
renew(struct dp_packet *packet)
{
    uint8_t *data = (uint8_t *) dp_packet_base(packet) + HEADROOM;
    uint32_t hash;

    dp_packet_set_data(packet, data);
    dp_packet_set_size(packet, shape.size);
    packet->packet_type = htonl(PT_ETH);
    packet->offloads = 0;
    dp_packet_reset_offsets(packet);
    dp_packet_set_l3(packet, data + shape.header_len + ETH_HEADER_LEN);
    dp_packet_set_l4(packet, data + shape.header_len + ETH_HEADER_LEN
                             + IP_HEADER_LEN);
    bench_frame_set_flow(packet, take_turn());

    hash = dp_packet_get_rss_hash(packet);
    if (shape.entropy_len) {
        data[shape.entropy_ofs] = hash >> 24;
        if (shape.entropy_len > 1) {
            data[shape.entropy_ofs + 1] = hash >> 16;
        }
    }
    if (shape.header_len) {
        /* The card sees only the outer addresses. */
        dp_packet_set_rss_hash(packet, 1);
    }
}

static int
rxq_recv(struct netdev_rxq *rxq, struct dp_packet_batch *batch, int *qfill)
{
    static thread_local bool is_known;
    bool stop;

    if (OVS_UNLIKELY(!is_known)) {
        clockid_t id;

        pthread_getcpuclockid(pthread_self(), &id);
        atomic_store_relaxed(&cpu_clock, id);
        is_known = true;
    }
    atomic_read_explicit(&paused, &stop, memory_order_acquire);
    atomic_store_explicit(&idle, stop, memory_order_release);
    if (stop || !is_source(rxq->netdev)) {
        return EAGAIN;
    }

    dp_packet_batch_init(batch);
    while (n_pool && dp_packet_batch_size(batch) < NETDEV_MAX_BURST) {
        struct dp_packet *packet = pool[--n_pool];

        renew(packet);
        dp_packet_batch_add(batch, packet);
    }
    if (qfill) {
        *qfill = 0;
    }
    return dp_packet_batch_is_empty(batch) ? EAGAIN : 0;
}

static void
rxq_wait(struct netdev_rxq *rxq OVS_UNUSED)
{
}

static int
rxq_drain(struct netdev_rxq *rxq OVS_UNUSED)
{
    return 0;
}

void
netdev_bench_register(void)
{
    static const struct netdev_class class = {
        .type = "bench",
        .is_pmd = true,
        .alloc = alloc,
        .construct = construct,
        .destruct = destruct,
        .dealloc = dealloc,
        .get_numa_id = get_numa_id,
        .send = send_packets,
        .get_etheraddr = get_etheraddr,
        .get_addr_list = get_addr_list,
        .update_flags = update_flags,
        .rxq_alloc = rxq_alloc,
        .rxq_construct = rxq_construct,
        .rxq_destruct = rxq_destruct,
        .rxq_dealloc = rxq_dealloc,
        .rxq_recv = rxq_recv,
        .rxq_wait = rxq_wait,
        .rxq_drain = rxq_drain,
    };
    static struct netdev_class tap_class;

    tap_class = class;
    tap_class.type = "tap";
    netdev_unregister_provider("tap");
    netdev_register_provider(&tap_class);
    netdev_register_provider(&class);
}

/* Makes the source, which must be paused, send packets like 'packets'. */
void
netdev_bench_set_packets(const struct netdev_bench_packets *packets)
{
    shape = *packets;
    while (n_pool) {
        dp_packet_delete(pool[--n_pool]);
    }
    for (; n_pool < POOL_SIZE; n_pool++) {
        pool[n_pool] = dp_packet_clone_data_with_headroom(
            packets->data, packets->size, HEADROOM);
    }
    next_flow = n_turns = 0;
}

/* Stops the source, and returns when no packet is on its way any more, or lets
 * it go on. */
void
netdev_bench_pause(bool pause)
{
    bool done;

    atomic_store_explicit(&paused, pause, memory_order_release);
    do {
        xnanosleep(1000000);
        atomic_read_explicit(&idle, &done, memory_order_acquire);
    } while (pause && !done);
}

/* Returns how many packets have been sent to any device. */
uint64_t
netdev_bench_n_sent(void)
{
    uint64_t n;

    atomic_read_relaxed(&n_sent, &n);
    return n;
}

/* Returns the CPU time that the thread has taken so far, in nanoseconds.  It
 * never sleeps, so this is the time that it had: what other processes take
 * away from it does not count. */
double
netdev_bench_cpu_ns(void)
{
    struct timespec t;
    int id;

    atomic_read_relaxed(&cpu_clock, &id);
    clock_gettime(id, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

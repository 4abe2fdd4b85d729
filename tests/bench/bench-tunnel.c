/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "bench-tunnel.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "byte-order.h"
#include "command-line.h"
#include "csum.h"
#include "dp-packet.h"
#include "flow.h"
#include "hash.h"
#include "netdev.h"
#include "nvgre-hooks.h"
#include "openvswitch/vlog.h"
#include "ovs-router.h"
#include "packets.h"
#include "seq.h"
#include "smap.h"
#include "util.h"

/* What a benchmark needs of what ovs-vswitchd sets up when it starts. */
void
bench_init(void)
{
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_ERR);
    tnl_conf_seq = seq_create();
    ovs_router_init();
}

/* Returns the address that both ends of each tunnel have. */
const char *
bench_address(bool ipv6)
{
    return ipv6 ? "2001:db8:4::11" : "192.0.2.11";
}

static void
set_options(struct bench_tunnel *t)
{
    struct smap options = SMAP_INITIALIZER(&options);
    char *error = NULL;

    smap_add(&options, "remote_ip", bench_address(t->ipv6));
    if (t->key_flow) {
        smap_add(&options, "key", "flow");
    } else {
        smap_add_format(&options, "key", "%d", BENCH_VSID);
    }
    if (t->flow_id) {
        smap_add(&options, "flow_id", t->flow_id);
    }
    if (netdev_set_config(t->netdev, &options, &error)) {
        ovs_fatal(0, "%s", error);
    }
    smap_destroy(&options);
}

/* Opens and configures the port of 't', whose first members, up to 'netdev',
 * the caller has set. */
void
bench_tunnel_open(struct bench_tunnel *t)
{
    char *name = xasprintf("%s%d", t->label, t->ipv6 ? 6 : 4);
    int error;

    error = netdev_open(name, t->type, &t->netdev);
    if (error) {
        ovs_fatal(error, "cannot open a %s port", t->type);
    }
    free(name);
    set_options(t);
}

/* Makes the template of 't', whose port is open. */
void
bench_tunnel_build(struct bench_tunnel *t)
{
    struct netdev_tnl_build_header_params params;
    struct in6_addr addr;
    struct flow flow;
    ovs_be32 ip;
    int error;

    nvgre_hook_tunnel_added(t->netdev, ODP_PORT_C(1));
    memset(&flow, 0, sizeof flow);
    flow.packet_type = htonl(PT_ETH);
    flow.tunnel.tun_id = htonll(BENCH_VSID);
    flow.tunnel.ip_ttl = 64;
    flow.tunnel.flags = FLOW_TNL_F_KEY | FLOW_TNL_F_DONT_FRAGMENT;
    flow.tunnel.nvgre_flowid = 0x5a;
    if (t->ipv6) {
        ovs_assert(ipv6_parse(bench_address(true), &addr));
        flow.tunnel.ipv6_dst = flow.tunnel.ipv6_src = addr;
    } else {
        ovs_assert(ip_parse(bench_address(false), &ip));
        in6_addr_set_mapped_ipv4(&addr, ip);
        flow.tunnel.ip_dst = flow.tunnel.ip_src = ip;
    }
    netdev_init_tnl_build_header_params(&params, &flow, &addr,
                                        eth_addr_broadcast, eth_addr_zero);
    error = netdev_build_header(t->netdev, &t->data, &params);
    if (error) {
        ovs_fatal(error, "cannot make a %s header", t->type);
    }
}

/* Returns a new frame of 'size' bytes with room for any tunnel header. */
struct dp_packet *
bench_frame(size_t size)
{
    struct dp_packet *packet = dp_packet_new_with_headroom(size, 128);
    struct flow flow;

    memset(&flow, 0, sizeof flow);
    flow.dl_type = htons(ETH_TYPE_IP);
    eth_addr_from_uint64(0x00155d000001, &flow.dl_src);
    eth_addr_from_uint64(0x00155d000002, &flow.dl_dst);
    flow.nw_src = htonl(0x0a000101);
    flow.nw_dst = htonl(0x0a000102);
    flow.nw_proto = IPPROTO_UDP;
    flow.nw_ttl = 64;
    flow.tp_dst = htons(4000);
    flow_compose(packet, &flow, NULL,
                 size - (ETH_HEADER_LEN + IP_HEADER_LEN + UDP_HEADER_LEN),
                 false);
    dp_packet_set_size(packet, size);
    bench_frame_set_flow(packet, 0);
    return packet;
}

/* Makes 'packet', which came from bench_frame(), one of inner flow 'flow', up
 * to 2**24 of them, with the hash that a network card would give it. */
void
bench_frame_set_flow(struct dp_packet *packet, unsigned int flow)
{
    struct ip_header *ip = dp_packet_l3(packet);
    struct udp_header *udp = dp_packet_l4(packet);
    ovs_be32 src = htonl(0x0a000000 | (flow >> 14 << 8) | 1);

    if (get_16aligned_be32(&ip->ip_src) != src) {
        put_16aligned_be32(&ip->ip_src, src);
        ip->ip_csum = 0;
        ip->ip_csum = csum(ip, sizeof *ip);
    }
    udp->udp_src = htons(1024 + (flow & 0x3fff));
    udp->udp_csum = 0;
    dp_packet_set_rss_hash(packet, hash_finish(hash_2words(flow, 1), 8));
}

/* Returns argument 'i' of 'ctx', a number of 1 to 'max', or 'otherwise' if
 * there is no such argument. */
unsigned int
bench_argument(const struct ovs_cmdl_context *ctx, int i, unsigned int max,
               unsigned int otherwise)
{
    unsigned int n = otherwise;

    if (i < ctx->argc
        && (!str_to_uint(ctx->argv[i], 10, &n) || !n || n > max)) {
        ovs_fatal(0, "%s: must be 1 to %u", ctx->argv[i], max);
    }
    return n;
}

double
bench_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static int
compare_doubles(const void *a_, const void *b_)
{
    const double *a = a_, *b = b_;

    return *a < *b ? -1 : *a > *b;
}

/* Returns the median of the 'n' numbers at 'values', which it sorts. */
double
bench_median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare_doubles);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

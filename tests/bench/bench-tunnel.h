/* SPDX-License-Identifier: Apache-2.0 */

#ifndef BENCH_TUNNEL_H
#define BENCH_TUNNEL_H 1

#include <stdbool.h>
#include <stddef.h>

#include "odp-netlink.h"

struct dp_packet;
struct netdev;
struct ovs_cmdl_context;

/* Tunnels to measure
 * ==================
 *
 * What
 * ----
 *
 * A configured tunnel port of any type, with the template for what it sends to
 * a peer, and the inner frames to send: UDP over IPv4 with as many flows as
 * wanted.  What one end sends, the other end receives: both addresses are the
 * same, so a packet that was pushed can be popped at once.
 *
 * What not
 * --------
 *
 * Nothing is timed here.  What else the benchmarks in C share, how they read
 * arguments and clocks, is here too, for want of a better place.
 *
 * Thread-safety
 * -------------
 *
 * For one thread. */

struct bench_tunnel {
    const char *label;          /* How the tunnel is called in results. */
    const char *type;           /* Of the netdev. */
    const char *flow_id;        /* Option of an nvgre port, or NULL. */
    bool ipv6;                  /* Is the underlay IPv6? */
    bool key_flow;              /* Do OpenFlow flows choose the key? */
    struct netdev *netdev;
    struct ovs_action_push_tnl data;
};

enum { BENCH_VSID = 5001 };

void bench_init(void);
void bench_tunnel_open(struct bench_tunnel *);
void bench_tunnel_build(struct bench_tunnel *);
const char *bench_address(bool ipv6);

struct dp_packet *bench_frame(size_t size);
void bench_frame_set_flow(struct dp_packet *, unsigned int flow);

unsigned int bench_argument(const struct ovs_cmdl_context *, int i,
                            unsigned int max, unsigned int otherwise);

double bench_now_ns(void);
double bench_median(double *, size_t n);

#endif /* bench-tunnel.h */

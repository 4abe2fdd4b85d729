/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NETDEV_BENCH_H
#define NETDEV_BENCH_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A network device that costs nothing
 * ===================================
 *
 * What
 * ----
 *
 * A netdev class, "bench", for measuring the datapath.  The device "source"
 * receives as many packets as its poll mode thread cares to take, and what is
 * sent to any other device of the class goes back to the source, to be
 * received again.  Nothing is copied or allocated: a source has a fixed number
 * of packets, and all that it does to one is to put its start back where it
 * was and to write the few bytes in which one flow differs from another.
 *
 * What not
 * --------
 *
 * The class exists only in the program that calls netdev_bench_register(). */

/* What a source makes packets of. */
struct netdev_bench_packets {
    const void *data;           /* Tunnel header, perhaps, and frame. */
    size_t size;                /* Bytes at 'data'. */
    size_t header_len;          /* Bytes of tunnel header. */
    size_t entropy_ofs;         /* Where a sender puts the inner hash... */
    size_t entropy_len;         /* ...and how many bytes of it: 0, 1 or 2. */
    unsigned int n_flows;       /* Inner flows, which take turns. */
    unsigned int flow_len;      /* Packets after which a flow makes way for a
                                 * new one, or 0 if it goes on forever. */
};

/* Thread-safety
 * -------------
 *
 * The main thread calls these, while one poll mode thread serves all devices
 * of the class.  The source must be paused when its packets change. */

void netdev_bench_register(void);
void netdev_bench_set_packets(const struct netdev_bench_packets *);
void netdev_bench_pause(bool pause);
uint64_t netdev_bench_n_sent(void);
double netdev_bench_cpu_ns(void);

#endif /* netdev-bench.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_FOREIGN_H
#define NVGRE_FOREIGN_H 1

#include <stdbool.h>
#include <stddef.h>

#include "nvgre-send.h"
#include "openvswitch/types.h"
#include "ovs-atomic.h"
#include "packets.h"

struct flow_tnl;
struct unixctl_conn;

/* Self-tests against hosts of other vendors
 * =========================================
 *
 * What
 * ----
 *
 * "ovs-appctl nvgre/selftest PORT [PEER] --ping=CA --from=CA ...".  Behind an
 * end that is not ours, an ordinary machine can be asked instead: it answers
 * ARP, echo requests, small, largest and fragmented, UDP to the echo port,
 * with an echo or with "port unreachable", and TCP SYNs, with SYN and ACK or
 * with RST.  The test plays a machine with an address that the user gives, in
 * a virtual subnet of the port, and says what was answered, and whether the
 * checksums of the answers were right.
 *
 * While a test is on, all packets that leave the tunnel are compared with what
 * it waits for, and an answer to the test is taken out: it carries the test's
 * own identifier and ports, so no machine misses anything.  While none is on,
 * that costs nvgre_foreign_is_on(), which is a load and a branch.
 *
 *
 * What not
 * --------
 *
 * An answer that stays out does not tell which way was at fault, nor whether
 * the machine has a firewall.  Customer addresses are IPv4.
 *
 *
 * Thread-safety
 * -------------
 *
 * nvgre_foreign_is_on() and nvgre_foreign_receive() may be called from any
 * thread, the rest only from the main thread. */

/* What the user asks for. */
struct nvgre_foreign_request {
    struct nvgre_send_target target;
    ovs_be32 our_ip, their_ip;  /* Customer addresses. */
    struct eth_addr our_mac;    /* Zero to make one up. */
    struct eth_addr their_mac;  /* Zero to ask for it with ARP. */
    int mtu;                    /* For inner IP packets. */
};

extern atomic_count nvgre_foreign_n;

static inline bool
nvgre_foreign_is_on(void)
{
    return atomic_count_get(&nvgre_foreign_n) != 0;
}

bool nvgre_foreign_receive(const struct flow_tnl *, const void *frame,
                           size_t size);

void nvgre_foreign_init(void);
void nvgre_foreign_start(struct unixctl_conn *, const char *port,
                         const struct nvgre_foreign_request *);
void nvgre_foreign_run(void);
void nvgre_foreign_wait(void);

#endif /* nvgre-foreign.h */

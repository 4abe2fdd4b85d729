/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_TOO_BIG_H
#define NVGRE_TOO_BIG_H 1

#include <stddef.h>

#include "openvswitch/token-bucket.h"

struct dp_packet;
struct dp_packet_batch;
struct nvgre_peer;
struct ovs_action_push_tnl;

/* Frames that do not fit through the underlay
 * ===========================================
 *
 * What
 * ----
 *
 * The outer packet must not be fragmented (RFC 7637 section 4.4), and a frame
 * that vanishes without a word leaves its sender with connections that hang
 * (RFC 2923).  So nvgre_too_big() does what a router would do:
 *
 *    - An IPv4 packet without DF is cut into fragments (nvgre-fragment.h), or
 *      if it is a TSO packet, is to be cut into smaller segments.
 *
 *    - The sender of any other IP packet is told which size fits
 *      (nvgre-icmp.h), and the packet is dropped.
 *
 *    - All else is dropped and counted.
 *
 * An answer enters the datapath as if the peer had sent it through the tunnel:
 * with the port's tun_id, from the peer's provider address to ours.  The flows
 * that deliver packets from there deliver answers as well, with all that they
 * do for the tenant's sake, while a short cut to the port that the frame came
 * in on would pass them by, and would be wrong where the frame had been routed
 * or came from another tunnel.  It also counts as received on the port.
 *
 * The packet thread keeps no more than the start of the frame, in a queue of
 * fixed size, and the main thread does the rest, since it may take as long as
 * the translation of a flow.  A packet thread never waits for the queue: if it
 * is busy or full, there is no answer.  The main thread puts the answer in
 * with the action "recirc(0)", which is how the datapath itself goes on with a
 * packet that was decapsulated, so that no hook is needed.
 *
 * There is a limit for the answers of each port, and a tenant cannot use it
 * up: a VSID gets a tenth of it, and each sender a hundredth.
 *
 *
 * What not
 * --------
 *
 * Peers that are known to nobody (number 0, see nvgre-peers.h) have no MTU, so
 * nothing is too big for them here.
 *
 *
 * Where we differ from the standards
 * ----------------------------------
 *
 *    - RFC 7676 section 3.2 has an ingress not use a tunnel for IPv6 that
 *      carries less than 1280 bytes.  We send what fits all the same.  The
 *      senders of what does not are told 1280, less than which they would not
 *      believe (RFC 8201 section 4), and what they send then is dropped under
 *      a reason of its own, tx-ipv6-min.
 *
 *
 * Thread-safety
 * -------------
 *
 * nvgre_too_big() may be called from any thread, and waits for none.  The
 * others are for the main thread.  To wake that up takes a lock that others
 * hold for an instant; it happens once for each answer. */

enum {
    NVGRE_TOO_BIG_DEFAULT_RATE = 1000,  /* Answers per second and port. */
    NVGRE_TOO_BIG_MAX_RATE = 10000,
};

void nvgre_too_big_init(void);
void nvgre_too_big_run(void);
void nvgre_too_big_wait(void);

void nvgre_too_big(struct dp_packet *, const struct nvgre_peer *,
                   const struct ovs_action_push_tnl *, size_t max,
                   struct dp_packet_batch *);

#endif /* nvgre-too-big.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_FRAGMENT_H
#define NVGRE_FRAGMENT_H 1

#include <stdbool.h>
#include <stddef.h>

struct dp_packet;
struct dp_packet_batch;

/* Fragmenting inner IPv4 packets
 * ==============================
 *
 * What
 * ----
 *
 * Cuts an IPv4 packet whose sender allows it into fragments that fit through
 * the tunnel (RFC 791 section 3.2).  RFC 7637 section 4.4 forbids to fragment
 * the outer packet; the inner one is the tenants' own, whose hosts have to be
 * able to put it together again.
 *
 *
 * What not
 * --------
 *
 * Whether to fragment is decided by nvgre-too-big.h.  IPv6 packets are
 * fragmented by nobody but their sender (RFC 8200 section 5).
 *
 *
 * Thread-safety
 * -------------
 *
 * The packet must belong to the caller.  The work is bounded by
 * NVGRE_MAX_FRAGMENTS. */

/* Fragments that a packet is cut into at most.  65,535 bytes take 46 of them
 * where 1,458 fit. */
#define NVGRE_MAX_FRAGMENTS 64

bool nvgre_fragment(struct dp_packet *, size_t mtu, struct dp_packet_batch *);

#endif /* nvgre-fragment.h */

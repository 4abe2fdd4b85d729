/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_ENTROPY_H
#define NVGRE_ENTROPY_H 1

#include <stdint.h>

struct dp_packet;

/* Entropy: from the inner packet to FlowID and IPv6 flow label
 * ============================================================
 *
 * What
 * ----
 *
 * RFC 7637 section 3.2 wants as much entropy as possible in the FlowID, so
 * that routers that hash the GRE key spread a tenant's flows over their
 * paths.  nvgre_entropy() returns 32 bits of it for an inner packet.  The
 * FlowID is the high 8 bits, which the datapath's own choice of queues, made
 * from the low ones, leaves independent.  On IPv6 the flow label is 20 more
 * bits of the same (RFC 6438).
 *
 * All packets of one inner flow get the same value, so that none overtakes
 * another.  The hash that the NIC or the datapath already computed serves
 * where there is one, with two exceptions.  Of the fragments of a datagram
 * only the first has ports, so that hash would differ between them; they get a
 * hash of their IP addresses and protocol instead.  Frames that are not IP get
 * a hash of their MAC addresses and Ethertype.
 *
 *
 * What not
 * --------
 *
 * Received FlowIDs mean nothing to us and never get here.
 *
 *
 * Thread-safety
 * -------------
 *
 * The packet must belong to the caller. */

uint32_t nvgre_entropy(struct dp_packet *);

/* The FlowID made of what nvgre_entropy() returned. */
static inline uint8_t
nvgre_entropy_flowid(uint32_t entropy)
{
    return entropy >> 24;
}

/* The IPv6 flow label, host order, made of what nvgre_entropy() returned. */
static inline uint32_t
nvgre_entropy_label(uint32_t entropy)
{
    return entropy & 0xfffff;
}

#endif /* nvgre-entropy.h */

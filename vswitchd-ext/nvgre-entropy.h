/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_ENTROPY_H
#define NVGRE_ENTROPY_H 1

#include <stdint.h>

#include "dp-packet.h"
#include "openvswitch/compiler.h"
#include "packets.h"

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

uint32_t nvgre_entropy_slowly(struct dp_packet *);

/* Returns true if the hash that 'packet' has serves, as is the case for most:
 * IPv4, whole, and hashed.  Where the datapath has set 'l4_ofs', there is an
 * IP header, all of it. */
static inline bool
nvgre_entropy_is_ready(const struct dp_packet *packet)
{
    const void *l3 = (const char *) dp_packet_data(packet) + packet->l3_ofs;
    const struct ip_header *ip = l3;
    const ovs_be16 *dl_type = l3;

    return (packet->l4_ofs != UINT16_MAX
            && packet->l3_ofs >= ETH_HEADER_LEN
            && *(dl_type - 1) == htons(ETH_TYPE_IP)
            && !IP_IS_FRAGMENT(ip->ip_frag_off)
            && dp_packet_rss_valid(packet));
}

/* Returns 32 bits of entropy for 'packet', an Ethernet frame whose layer
 * offsets are set, that is about to enter a tunnel.  Leaves its hash in
 * 'packet' if it had none, for whatever chooses a queue later. */
static inline uint32_t
nvgre_entropy(struct dp_packet *packet)
{
    return (OVS_LIKELY(nvgre_entropy_is_ready(packet))
            ? dp_packet_get_rss_hash(packet) : nvgre_entropy_slowly(packet));
}

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

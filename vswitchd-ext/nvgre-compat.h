/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_COMPAT_H
#define NVGRE_COMPAT_H 1

#include "csum.h"
#include "dp-packet.h"
#include "packets.h"

/* Where series of Open vSwitch differ
 * ===================================
 *
 * What
 * ----
 *
 * The few operations on packets whose names or meanings change between the
 * series that ovs-patches/ has a directory for.  No other file asks which
 * series it is compiled for.  So far there is one, 4.0.
 *
 * What not
 * --------
 *
 * Anything that all series have.
 *
 * Thread-safety
 * -------------
 *
 * The packet must belong to the caller. */

/* Returns the size of the segments that 'packet' is to be cut into, or 0 if it
 * is to stay in one piece. */
static inline uint16_t
nvgre_packet_segsz(const struct dp_packet *packet)
{
    return dp_packet_get_tso_segsz(packet);
}

/* Returns true if work on the headers of 'packet', not encapsulated so far,
 * was left to the device that sends it. */
static inline bool
nvgre_packet_has_offloads(const struct dp_packet *packet)
{
    return (dp_packet_ip_checksum_partial(packet)
            || dp_packet_l4_checksum_partial(packet)
            || dp_packet_get_tso_segsz(packet));
}

/* Makes the offload state of 'packet' that of an inner packet.  'offloads' is
 * what nvgre_packet_has_offloads() says: without any, the device need not know
 * that there is a tunnel. */
static inline void
nvgre_packet_enter_tunnel(struct dp_packet *packet, bool offloads)
{
    packet->offloads <<= DP_PACKET_OL_SHIFT_COUNT;
    if (offloads) {
        dp_packet_tunnel_set_gre(packet);
    }
}

/* Removes the 'len' bytes of outer headers from 'packet' and makes the offload
 * state of the inner packet its own. */
static inline void
nvgre_packet_leave_tunnel(struct dp_packet *packet, int len)
{
    packet->offloads >>= DP_PACKET_OL_SHIFT_COUNT;
    dp_packet_reset_packet(packet, len);
}

/* Returns true if the IPv4 header checksum of 'packet' is wrong.  Believes
 * the device that received it, if that checked. */
static inline bool
nvgre_packet_ip_csum_is_bad(struct dp_packet *packet,
                            const struct ip_header *ip)
{
    if (dp_packet_ip_checksum_unknown(packet)) {
        return csum(ip, IP_IHL(ip->ip_ihl_ver) * 4) != 0;
    }
    return dp_packet_ip_checksum_bad(packet);
}

#endif /* nvgre-compat.h */

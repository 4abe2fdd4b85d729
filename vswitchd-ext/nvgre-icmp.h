/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_ICMP_H
#define NVGRE_ICMP_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

struct dp_packet;

/* ICMP for frames that are too big
 * ================================
 *
 * What
 * ----
 *
 * Makes the message that tells the sender of an inner frame which size fits:
 * ICMP "fragmentation needed" for IPv4 (RFC 792, RFC 1191), ICMPv6 "packet too
 * big" for IPv6 (RFC 4443 section 3.2, RFC 8201).  nvgre_icmp_may_answer()
 * says whether the standards allow an answer to a frame at all, and
 * nvgre_icmp_too_big() makes it.
 *
 * The answer looks as if the host that the frame was addressed to had sent it
 * from its MAC address, so that it takes the way that any packet from there
 * takes.  Its IP source address is the gateway's if there is one, as it would
 * be from a router, and otherwise the one that the frame was addressed to.
 *
 *
 * What not
 * --------
 *
 * How many answers are made, and what becomes of them, is decided by
 * nvgre-too-big.h.  Whether the frame is too big is decided before.
 *
 *
 * Where we differ from the standards
 * ----------------------------------
 *
 *    - RFC 4443 section 2.4(e) allows "packet too big" about multicast.  There
 *      is no answer: one packet that is copied to many peers would cause many.
 *
 *    - Neither is there one about later fragments of an IPv6 datagram, which
 *      no standard asks for.  The first fragment is as big as they are.
 *
 *    - Of ICMP messages only those are answered that are known not to be
 *      errors.
 *
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread. */

enum {
    /* An ICMP error has at most 576 bytes (RFC 1812 section 4.3.2.3), an
     * ICMPv6 error 1280 (RFC 4443 section 2.4(c)), IP header included. */
    NVGRE_ICMP_MAX = 576,
    NVGRE_ICMP6_MAX = 1280,

    /* What is looked at of a frame, from its Ethernet header on. */
    NVGRE_ICMP_KEEP = 14 + NVGRE_ICMP6_MAX - 40 - 8,
};

bool nvgre_icmp_may_answer(const void *frame, size_t size);
struct dp_packet *nvgre_icmp_too_big(const void *frame, size_t size, int mtu,
                                     const struct in6_addr *gateway);

#endif /* nvgre-icmp.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_ICMP_H
#define HNV_ICMP_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include "openvswitch/types.h"

struct dp_packet;

/* ICMP errors in the name of a gateway address
 * ============================================
 *
 * What
 * ----
 *
 * Composes the ICMP or ICMPv6 error that the gateway of a virtual subnet sends
 * about a packet from a VM: that its TTL is used up, that it is too big for
 * the provider network, that the gateway does not serve that port, or that
 * there is no route to the destination or no such machine (RFC 1812 section
 * 5.2.7.1, RFC 4443 section 3.1).  Refuses to do so where the standards forbid
 * an error (RFC 1122 section 3.2.2, RFC 1812 section 4.3.2.7, RFC 4443 section
 * 2.4).
 *
 *
 * What not
 * --------
 *
 * The module does not decide whether an error is due, does not limit their
 * rate, and does not send anything: bytes go in and bytes come out.
 *
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread at any time. */

enum hnv_icmp_kind {
    HNV_ICMP_TTL_EXCEEDED,      /* TTL or hop limit exceeded in transit. */
    HNV_ICMP_TOO_BIG,           /* Fragmentation needed, or packet too big. */
    HNV_ICMP_PORT_UNREACHABLE,  /* Nothing listens on that port. */
    HNV_ICMP_NET_UNREACHABLE,   /* No route to the destination. */
    HNV_ICMP_HOST_UNREACHABLE,  /* A route, but nobody has the address. */
};

/* What an error says. */
struct hnv_icmp_error {
    enum hnv_icmp_kind kind;
    uint16_t mtu;               /* Of IP packets, if HNV_ICMP_TOO_BIG. */
    struct eth_addr gateway_mac; /* Source of the frame. */
    /* Source of an ICMP error, and of an ICMPv6 error, or zeros if there must
     * not be any.  But who does not serve a port says so in the name that was
     * asked (RFC 1122 section 3.2.1.3, RFC 4443 section 2.2). */
    ovs_be32 gateway_ip4;
    struct in6_addr gateway_ip6;
};

bool hnv_icmp_is_fragmentable(const void *frame, size_t size);
bool hnv_icmp_compose(struct dp_packet *, const void *frame, size_t size,
                      const struct hnv_icmp_error *);

#endif /* hnv-icmp.h */

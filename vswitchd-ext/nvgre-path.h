/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_PATH_H
#define NVGRE_PATH_H 1

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* The way to a peer and what fits through it
 * ==========================================
 *
 * What
 * ----
 *
 * Encapsulation adds 42 bytes to an inner IP packet on an IPv4 underlay (20 of
 * IP, 8 of GRE, 14 of inner Ethernet) and 62 on IPv6, all of which count
 * against the MTU of the device that the outer packet leaves through.
 * nvgre_path_lookup() finds that device and does the sum.
 *
 * What not
 * --------
 *
 * The MTU is that of the first device.  What routers behind it can carry is
 * not known here (see nvgre-pmtu.h).
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread, but not per packet. */

enum {
    NVGRE_OVERHEAD_IPV4 = 42,
    NVGRE_OVERHEAD_IPV6 = 62,
    NVGRE_IPV6_MIN_MTU = 1280,  /* Of a link that carries IPv6 (RFC 8200). */
};

/* What to say about an MTU below NVGRE_IPV6_MIN_MTU. */
#define NVGRE_IPV6_WARNING \
    "is less than tenants' IPv6 needs, which is 1280 (RFC 7676 section 3.2)"

struct nvgre_path {
    char device[IFNAMSIZ];      /* "" if there is no route. */
    bool carrier;               /* Of 'device'. */
    int underlay_mtu;           /* Of 'device', 0 if not known. */
    bool requested;             /* 'underlay_mtu' was asked for. */
    int overhead;               /* Bytes that encapsulation adds. */
    int mtu;                    /* For inner IP packets, 0 if not known. */
};

bool nvgre_path_lookup(const struct in6_addr *remote, uint32_t mark,
                       struct nvgre_path *);

#endif /* nvgre-path.h */

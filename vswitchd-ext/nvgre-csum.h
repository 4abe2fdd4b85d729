/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_CSUM_H
#define NVGRE_CSUM_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Are the checksums of a frame right?
 * ===================================
 *
 * What
 * ----
 *
 * Verifies the checksums of a tenant's Ethernet frame from its bytes alone,
 * whatever any device says of them: of IPv4, TCP, UDP, SCTP, ICMP and ICMPv6.
 *
 * What not
 * --------
 *
 * Nothing is judged but checksums: a frame whose lengths contradict each other
 * has no checksum that could be wrong.  Fragments have only that of their IPv4
 * header, and IPv6 packets with a routing header have none, since the address
 * that theirs is about is not yet their destination.
 *
 * Thread-safety
 * -------------
 *
 * Functions of their arguments alone. */

/*         NAME, name in statistics, name for people. */
#define NVGRE_CSUMS                             \
    NVGRE_CSUM(IPV4, ipv4, "IPv4")              \
    NVGRE_CSUM(TCP, tcp, "TCP")                 \
    NVGRE_CSUM(UDP, udp, "UDP")                 \
    NVGRE_CSUM(SCTP, sctp, "SCTP")              \
    NVGRE_CSUM(ICMP, icmp, "ICMP")

/* Whose checksum.  ICMP is that of IPv4 or of IPv6. */
enum nvgre_csum {
#define NVGRE_CSUM(NAME, LOWER, STRING) NVGRE_CSUM_##NAME,
    NVGRE_CSUMS
#undef NVGRE_CSUM
    N_NVGRE_CSUMS
};

const char *nvgre_csum_to_string(enum nvgre_csum);
bool nvgre_csum_find_bad(void *frame, size_t size, enum nvgre_csum *);
uint16_t nvgre_csum_fold(uint32_t sum, const void *data, size_t size);

#endif /* nvgre-csum.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_PATH_ERROR_H
#define NVGRE_PATH_ERROR_H 1

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/* What routers say about our outer packets
 * ========================================
 *
 * What
 * ----
 *
 * Outer packets must not be fragmented, so a router whose next link is too
 * narrow for one drops it and says so: in an ICMP "fragmentation needed" (RFC
 * 792, RFC 1191) or an ICMPv6 "packet too big" (RFC 4443 section 3.2) message
 * that quotes the beginning of the packet.  nvgre_path_error_parse() finds out
 * whether a message is of that kind, whole, and about a packet that an NVGRE
 * endpoint with the message's destination address can have sent, and takes it
 * apart.
 *
 * Anybody can send such a message.  What is checked here is what can be
 * checked without knowing the ports: the checksum, that the quoted packet was
 * sent by whom the message went to, that it is unfragmented NVGRE with the one
 * GRE header that we send, and that the MTU makes sense: smaller than the
 * quoted packet and not smaller than any link should be.
 *
 *
 * What not
 * --------
 *
 * Whether there is such a peer and such a VSID, and what follows, is decided
 * in nvgre-pmtu.h.  Other ICMP errors are not of interest.
 *
 *
 * Where we differ from the standards
 * ----------------------------------
 *
 *    - RFC 791 has links that carry no more than 68 bytes.  A message with an
 *      MTU below 576 is not believed on IPv4, because the only one to gain
 *      from it is an attacker who wants the tunnel to be useless.  Below 1280,
 *      RFC 8201 section 4 demands the same for IPv6.
 *
 *    - A router that leaves the MTU 0 (before RFC 1191) is understood as
 *      section 7 of that RFC recommends, by the next lower plateau.
 *
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread at any time. */

/*         NAME, hyphenated name, what about the message. */
#define NVGRE_PATH_VERDICTS                                                   \
    NVGRE_PATH_VERDICT(BELIEVED, "believed",                                  \
                       "the MTU of a peer was lowered")                       \
    NVGRE_PATH_VERDICT(TRUNCATED, "truncated",                                \
                       "too short to quote the GRE key")                      \
    NVGRE_PATH_VERDICT(OTHER, "other", "about something else than size")      \
    NVGRE_PATH_VERDICT(CHECKSUM, "checksum", "checksum is wrong")             \
    NVGRE_PATH_VERDICT(NOT_NVGRE, "not-nvgre",                                \
                       "quotes no NVGRE packet as we send them")              \
    NVGRE_PATH_VERDICT(NOT_OURS, "not-ours",                                  \
                       "quotes a packet that its receiver did not send")      \
    NVGRE_PATH_VERDICT(MTU_TOO_LOW, "mtu-too-low",                            \
                       "MTU is below 576 (IPv4) or 1280 (IPv6)")              \
    NVGRE_PATH_VERDICT(MTU_TOO_HIGH, "mtu-too-high",                          \
                       "the quoted packet would fit in the MTU")              \
    NVGRE_PATH_VERDICT(PEER_UNKNOWN, "peer-unknown",                          \
                       "no port sends to the quoted destination")             \
    NVGRE_PATH_VERDICT(VSID_UNKNOWN, "vsid-unknown",                          \
                       "no port sends the quoted VSID there")                 \
    NVGRE_PATH_VERDICT(NOT_LOWER, "not-lower",                                \
                       "MTU is not below what is known already")              \
    NVGRE_PATH_VERDICT(LIMITED, "limited", "more messages than are looked at")

enum nvgre_path_verdict {
#define NVGRE_PATH_VERDICT(NAME, STRING, TEXT) NVGRE_PATH_##NAME,
    NVGRE_PATH_VERDICTS
#undef NVGRE_PATH_VERDICT
    N_NVGRE_PATH_VERDICTS
};

enum {
    NVGRE_PATH_MIN_IPV4 = 576,  /* Smallest MTU of an outer path, bytes. */
    NVGRE_PATH_MIN_IPV6 = 1280,
};

/* What a router said.  IPv4 addresses are mapped. */
struct nvgre_path_error {
    struct in6_addr router;     /* Who said it. */
    struct in6_addr local;      /* Who sent the quoted packet. */
    struct in6_addr remote;     /* Whom the quoted packet was for. */
    uint32_t key;               /* GRE key of it, host order. */
    int mtu;                    /* For outer IP packets, bytes. */
};

enum nvgre_path_verdict nvgre_path_error_parse(const void *icmp, size_t size,
                                               const struct in6_addr *src,
                                               const struct in6_addr *dst,
                                               struct nvgre_path_error *);
enum nvgre_path_verdict nvgre_path_error_parse_ip(const void *ip, size_t size,
                                                  struct nvgre_path_error *);

const char *nvgre_path_verdict_name(enum nvgre_path_verdict);
const char *nvgre_path_verdict_text(enum nvgre_path_verdict);

#endif /* nvgre-path-error.h */

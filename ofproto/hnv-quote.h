/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_QUOTE_H
#define HNV_QUOTE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>

/* The packet that an ICMP error quotes
 * ====================================
 *
 * What
 * ----
 *
 * An ICMP or ICMPv6 error says which packet it is about by quoting its
 * beginning.  Where IP rewrite changes the addresses of packets, it must
 * change those in the quotation as well, or the machine that gets the error
 * does not recognize its own packet, and learns neither the path's MTU nor
 * that nobody listens (RFC 5508 section 4).  OpenFlow cannot do that.
 *
 * All checksums are corrected by the difference, so that what was wrong stays
 * wrong, for the machine to find out: that of the quoted IPv4 header, that of
 * the quoted TCP, UDP or ICMPv6 as far as it was quoted, and that of the
 * error.  What follows the quotation (RFC 4884) has no addresses of ours and
 * stays as it is.
 *
 *
 * What not
 * --------
 *
 * The module does not know which address is which, nor does it touch the
 * addresses of the error itself, which OpenFlow can change.
 *
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread at any time. */

/* A frame that has an error, and where it is in there. */
struct hnv_quote {
    struct in6_addr src, dst;   /* Of the error.  IPv4 is mapped into IPv6. */
    struct in6_addr quoted_src, quoted_dst; /* Of the packet in it. */
    size_t icmp_ofs;            /* Of the ICMP header, in bytes. */
    size_t ofs, end;            /* Of the quotation. */
};

/* Returns whether 'type' of ICMP ('v4') or ICMPv6 is about a packet that did
 * not arrive.  A redirect is for the provider network's machines, and a source
 * quench for nobody (RFC 6633). */
bool hnv_quote_is_error(bool v4, uint8_t type);

/* Finds out what the Ethernet frame of 'size' bytes at 'frame', which need be
 * aligned to 2 bytes only, quotes.  Returns false if it is not an error, is a
 * fragment, or does not quote a whole IP header of its own IP version. */
bool hnv_quote_parse(const void *frame, size_t size, struct hnv_quote *);

/* Replaces the addresses in the quotation 'q' of 'frame'.  'src' and 'dst'
 * must be of its IP version.  'q' keeps the old ones. */
void hnv_quote_set(void *frame, const struct hnv_quote *q,
                   const struct in6_addr *src, const struct in6_addr *dst);

#endif /* hnv-quote.h */

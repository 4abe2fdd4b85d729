/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_VALUES_H
#define HNV_VALUES_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/types.h"

/* The values in policy: addresses, prefixes, MACs, VSIDs, RDIDs
 * =============================================================
 *
 * What
 * ----
 *
 * From text to value, with an error that says what would be right, and from
 * value to the one text that the policy database holds.  The one text matters:
 * the database finds two records of one customer address only if both spell
 * it alike.
 *
 * A customer or provider address is a struct in6_addr, IPv4 as ::ffff:a.b.c.d,
 * so that nobody needs a second case for the second family.
 *
 * What not
 * --------
 *
 * Whether a value fits the rest of the policy, such as whether an address is
 * within its virtual subnet: that takes the policy (hnv-policy.h).
 *
 * Where we differ
 * ---------------
 *
 *    - An address of ::ffff:0:0/96 written as IPv6 is refused, because it
 *      would come back as IPv4.
 *
 *    - A prefix with bits set outside its mask is refused: 10.0.0.5/24 is more
 *      often a mistake than a subnet.
 *
 *    - The RFC leaves VSIDs below 0x1000 and 0xffffff to nobody (RFC 7637
 *      section 3.4), so no policy may have them, although Microsoft's own
 *      samples do.
 *
 * A function that returns "char *" returns null if all is well.  Otherwise it
 * returns a message without a period at the end, which the caller must free,
 * and the value is unspecified.
 *
 * Thread-safety
 * -------------
 *
 * All functions are pure. */

enum {
    HNV_VSID_MIN = 0x1000,
    HNV_VSID_MAX = 0xfffffe,
};

/* An address with the number of its leading bits that count, 96 more than
 * users write in case of IPv4. */
struct hnv_prefix {
    struct in6_addr address;
    uint8_t plen;
};

/* "10.0.0.1" or "fd00::1".  Formatting gives the one text of an address. */
char *hnv_address_parse(const char *, struct in6_addr *);
void hnv_address_format(const struct in6_addr *, struct ds *);
bool hnv_address_is_v4(const struct in6_addr *);

/* 0.0.0.0 or ::, which in HNV means "any" or "on link". */
bool hnv_address_is_any(const struct in6_addr *);
bool hnv_address_is_multicast(const struct in6_addr *);

/* Says what is wrong with an address as that of one machine. */
char *hnv_address_check_unicast(const struct in6_addr *);

/* "10.0.0.0/24" or "fd00::/64": the length must be there.  A prefix has no
 * address of the other IP version, not even with a length of 0. */
char *hnv_prefix_parse(const char *, struct hnv_prefix *);
void hnv_prefix_format(const struct hnv_prefix *, struct ds *);
bool hnv_prefix_is_v4(const struct hnv_prefix *);
bool hnv_prefix_contains(const struct hnv_prefix *, const struct in6_addr *);
bool hnv_prefix_overlaps(const struct hnv_prefix *, const struct hnv_prefix *);

/* The first and the last address that a machine may have.  The first is the
 * gateway's.  False if the prefix has no room for a gateway and a machine. */
bool hnv_prefix_usable(const struct hnv_prefix *, struct in6_addr *first,
                       struct in6_addr *last);
bool hnv_prefix_gateway(const struct hnv_prefix *, struct in6_addr *);

/* Makes the address the next higher one. */
void hnv_address_next(struct in6_addr *);

/* Takes 12 digits with ":", "-", or nothing between bytes. */
char *hnv_mac_parse(const char *, struct eth_addr *);

/* The MAC under which a host, whose own is 'pa_mac', answers for the provider
 * addresses that its machines have for IP rewrite: 'pa_mac', made locally
 * administered or universal. */
struct eth_addr hnv_rewrite_mac(struct eth_addr pa_mac);

/* A decimal number from HNV_VSID_MIN to HNV_VSID_MAX. */
char *hnv_vsid_parse(const char *, uint32_t *);

/* A GUID with or without braces to the form without, in lower case. */
char *hnv_guid_parse(const char *, char guid[37]);

#endif /* hnv-values.h */

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-values.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "util.h"
#include "uuid.h"

/* Long input is not worth repeating in full. */
#define SHOWN "%.64s"

/* Takes plain digits only, no sign and no space. */
static bool
parse_number(const char *s, unsigned int max, unsigned int *value)
{
    return (*s && !s[strspn(s, "0123456789")] && str_to_uint(s, 10, value)
            && *value <= max);
}

/* ------------------------------------------------------------------------ */
/* Addresses.                                                               */
/* ------------------------------------------------------------------------ */

char *
hnv_address_parse(const char *s, struct in6_addr *address)
{
    ovs_be32 ip;

    if (ip_parse(s, &ip)) {
        in6_addr_set_mapped_ipv4(address, ip);
        return NULL;
    }
    if (!ipv6_parse(s, address)) {
        return xasprintf("\""SHOWN"\" is not an IPv4 or IPv6 address", s);
    }
    if (IN6_IS_ADDR_V4MAPPED(address)) {
        return xasprintf("\""SHOWN"\" is an IPv4 address in IPv6 form; write "
                         "it as IPv4", s);
    }
    return NULL;
}

void
hnv_address_format(const struct in6_addr *address, struct ds *ds)
{
    ipv6_format_mapped(address, ds);
}

bool
hnv_address_is_v4(const struct in6_addr *address)
{
    return IN6_IS_ADDR_V4MAPPED(address);
}

bool
hnv_address_is_any(const struct in6_addr *address)
{
    return hnv_address_is_v4(address)
           ? !in6_addr_get_mapped_ipv4(address)
           : ipv6_is_zero(address);
}

bool
hnv_address_is_multicast(const struct in6_addr *address)
{
    return hnv_address_is_v4(address)
           ? ip_is_multicast(in6_addr_get_mapped_ipv4(address))
           : IN6_IS_ADDR_MULTICAST(address);
}

char *
hnv_address_check_unicast(const struct in6_addr *address)
{
    const char *what = NULL;

    if (hnv_address_is_any(address)) {
        what = "the unspecified address";
    } else if (hnv_address_is_multicast(address)) {
        what = "a multicast address";
    } else if (hnv_address_is_v4(address)) {
        ovs_be32 ip = in6_addr_get_mapped_ipv4(address);

        what = (ip == htonl(UINT32_MAX) ? "the broadcast address"
                : ntohl(ip) >> 24 == 127 ? "a loopback address"
                : NULL);
    } else if (IN6_IS_ADDR_LOOPBACK(address)) {
        what = "a loopback address";
    }
    if (!what) {
        return NULL;
    }

    struct ds ds = DS_EMPTY_INITIALIZER;
    hnv_address_format(address, &ds);
    ds_put_format(&ds, " is %s, which no machine can have", what);
    return ds_steal_cstr(&ds);
}

void
hnv_address_next(struct in6_addr *address)
{
    for (int i = 15; i >= 0 && !++address->s6_addr[i]; i--) {
        continue;
    }
}

static void
hnv_address_previous(struct in6_addr *address)
{
    for (int i = 15; i >= 0 && !address->s6_addr[i]--; i--) {
        continue;
    }
}

/* ------------------------------------------------------------------------ */
/* Prefixes.                                                                */
/* ------------------------------------------------------------------------ */

static char *
bad_prefix(const char *s)
{
    return xasprintf("\""SHOWN"\" is not a prefix such as 10.0.0.0/24 or "
                     "2001:db8:1::/64", s);
}

char *
hnv_prefix_parse(const char *s, struct hnv_prefix *prefix)
{
    const char *slash = strchr(s, '/');
    char text[INET6_ADDRSTRLEN];

    if (!slash || slash - s >= sizeof text) {
        return bad_prefix(s);
    }
    memcpy(text, s, slash - s);
    text[slash - s] = '\0';

    char *error = hnv_address_parse(text, &prefix->address);
    if (error) {
        free(error);
        return bad_prefix(s);
    }

    bool v4 = hnv_address_is_v4(&prefix->address);
    unsigned int plen;
    if (!parse_number(slash + 1, v4 ? 32 : 128, &plen)) {
        return bad_prefix(s);
    }
    prefix->plen = plen + (v4 ? 96 : 0);

    struct in6_addr mask = ipv6_create_mask(prefix->plen);
    struct in6_addr network = ipv6_addr_bitand(&prefix->address, &mask);
    if (!ipv6_addr_equals(&network, &prefix->address)) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        prefix->address = network;
        ds_put_format(&ds, "\"%s\" has bits set outside its mask; did you "
                      "mean ", s);
        hnv_prefix_format(prefix, &ds);
        ds_put_char(&ds, '?');
        return ds_steal_cstr(&ds);
    }
    return NULL;
}

void
hnv_prefix_format(const struct hnv_prefix *prefix, struct ds *ds)
{
    hnv_address_format(&prefix->address, ds);
    ds_put_format(ds, "/%d", prefix->plen - (hnv_prefix_is_v4(prefix)
                                             ? 96 : 0));
}

bool
hnv_prefix_is_v4(const struct hnv_prefix *prefix)
{
    return hnv_address_is_v4(&prefix->address);
}

/* ::/0 contains no IPv4 address, although its bits say so. */
bool
hnv_prefix_contains(const struct hnv_prefix *prefix,
                    const struct in6_addr *address)
{
    return (hnv_address_is_v4(address) == hnv_prefix_is_v4(prefix)
            && ipv6_addr_equals_masked(address, &prefix->address,
                                       prefix->plen));
}

bool
hnv_prefix_overlaps(const struct hnv_prefix *a, const struct hnv_prefix *b)
{
    return (a->plen <= b->plen
            ? hnv_prefix_contains(a, &b->address)
            : hnv_prefix_contains(b, &a->address));
}

bool
hnv_prefix_usable(const struct hnv_prefix *prefix, struct in6_addr *first,
                  struct in6_addr *last)
{
    if (prefix->plen > 126) {
        return false;
    }

    *first = *last = prefix->address;
    hnv_address_next(first);
    for (int i = prefix->plen; i < 128; i++) {
        last->s6_addr[i / 8] |= 0x80 >> i % 8;
    }
    if (hnv_prefix_is_v4(prefix)) {
        /* The broadcast address. */
        hnv_address_previous(last);
    }
    return true;
}

bool
hnv_prefix_gateway(const struct hnv_prefix *prefix, struct in6_addr *gateway)
{
    struct in6_addr last;

    return hnv_prefix_usable(prefix, gateway, &last);
}

/* ------------------------------------------------------------------------ */
/* The rest.                                                                */
/* ------------------------------------------------------------------------ */

static bool
scan_mac(const char *s, struct eth_addr *mac)
{
    size_t n = strlen(s);
    char separator = n == 17 ? s[2] : '\0';

    if (n != (separator ? 17 : 12)
        || (separator && !strchr(":-", separator))) {
        return false;
    }
    for (int i = 0; i < 6; i++) {
        bool ok;

        mac->ea[i] = hexits_value(s, 2, &ok);
        s += 2;
        if (!ok || (separator && i < 5 && *s++ != separator)) {
            return false;
        }
    }
    return true;
}

char *
hnv_mac_parse(const char *s, struct eth_addr *mac)
{
    if (!scan_mac(s, mac)) {
        return xasprintf("\""SHOWN"\" is not a MAC address such as "
                         "00:15:5d:01:02:03", s);
    }
    if (eth_addr_is_zero(*mac)) {
        return xasprintf("\"%s\" is all zeros, which no machine can have", s);
    }
    if (eth_addr_is_multicast(*mac)) {
        return xasprintf("\"%s\" is a multicast address, which no machine can "
                         "have", s);
    }
    return NULL;
}

struct eth_addr
hnv_rewrite_mac(struct eth_addr pa_mac)
{
    pa_mac.ea[0] ^= 0x02;
    return pa_mac;
}

char *
hnv_vsid_parse(const char *s, uint32_t *vsid)
{
    unsigned int value;

    if (!parse_number(s, UINT_MAX, &value)) {
        return xasprintf("\""SHOWN"\" is not a VSID, which is a number from "
                         "%d to %d", s, HNV_VSID_MIN, HNV_VSID_MAX);
    }
    if (!value) {
        return xasprintf("VSID 0 is that of no virtual subnet; leave it out, "
                         "or use one from %d to %d", HNV_VSID_MIN,
                         HNV_VSID_MAX);
    }
    if (value < HNV_VSID_MIN || value > HNV_VSID_MAX) {
        return xasprintf("VSID %s is %s (RFC 7637 section 3.4); use one from "
                         "%d to %d", s,
                         value > 0xffffff ? "more than 24 bits" : "reserved",
                         HNV_VSID_MIN, HNV_VSID_MAX);
    }
    *vsid = value;
    return NULL;
}

char *
hnv_guid_parse(const char *s, char guid[37])
{
    size_t n = strlen(s);
    bool braces = n == 38 && s[0] == '{' && s[37] == '}';
    struct uuid uuid;

    if (braces || n == 36) {
        ovs_strlcpy(guid, s + braces, 37);
        if (uuid_from_string(&uuid, guid)) {
            snprintf(guid, 37, UUID_FMT, UUID_ARGS(&uuid));
            return NULL;
        }
    }
    return xasprintf("\""SHOWN"\" is not a GUID such as "
                     "{11111111-2222-3333-4444-000000005001}", s);
}

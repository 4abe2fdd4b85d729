/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "fuzz.h"
#include "nvgre-ecn.h"

#include <netinet/ip6.h>
#include <string.h>

#include "csum.h"
#include "packets.h"
#include "util.h"

static bool
is_ipv4(const uint8_t *frame, size_t size)
{
    return (frame[12] == 8 && frame[13] == 0
            && size >= ETH_HEADER_LEN + IP_HEADER_LEN);
}

static bool
is_ipv6(const uint8_t *frame, size_t size)
{
    return (frame[12] == 0x86 && frame[13] == 0xdd
            && size >= ETH_HEADER_LEN + IPV6_HEADER_LEN);
}

/* Checks that nothing but ECN bits, and for IPv4 the checksum, became
 * different. */
static void
check_changes(const uint8_t *before, const uint8_t *after, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t allowed = 0;

        if (is_ipv4(before, size)) {
            allowed = i == 15 ? IP_ECN_MASK : i == 24 || i == 25 ? 0xff : 0;
        } else if (is_ipv6(before, size)) {
            allowed = i == 15 ? IP_ECN_MASK << 4 : 0;
        }
        ovs_assert(!((before[i] ^ after[i]) & ~allowed));
    }
}

/* Checks that an IPv4 header that was right still is. */
static void
check_csum(const uint8_t *before, const uint8_t *after, size_t size)
{
    uint16_t copy[IP_HEADER_LEN / 2];

    if (!is_ipv4(before, size)) {
        return;
    }
    memcpy(copy, before + ETH_HEADER_LEN, sizeof copy);
    if (!csum(copy, sizeof copy)) {
        memcpy(copy, after + ETH_HEADER_LEN, sizeof copy);
        ovs_assert(!csum(copy, sizeof copy));
    }
}

/* The first byte is the outer TOS, the rest the inner frame. */
static void
fuzz(const uint8_t *data, size_t size)
{
    const uint8_t *frame = data + 1;
    uint8_t *copy;

    if (size < 1 + ETH_HEADER_LEN) {
        return;
    }
    size--;
    copy = xmemdup(frame, size);
    if (nvgre_ecn_decap(data[0], copy, size)) {
        ovs_assert((data[0] & IP_ECN_MASK) == IP_ECN_CE);
        ovs_assert(is_ipv4(frame, size) || is_ipv6(frame, size));
        ovs_assert(!memcmp(copy, frame, size));
    }
    check_changes(frame, copy, size);
    check_csum(frame, copy, size);
    free(copy);
}

FUZZ_TARGET("nvgre-ecn", fuzz);

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "fuzz.h"
#include "hnv-quote.h"

#include <string.h>

#include "csum.h"
#include "packets.h"
#include "util.h"

/* Returns the sum that the checksum of the error is about, without that of the
 * addresses outside, which do not change.  All ones is zero. */
static uint16_t
sum_error(const uint8_t *frame, const struct hnv_quote *q)
{
    uint16_t sum = csum(frame + q->icmp_ofs, q->end - q->icmp_ofs);

    return sum == UINT16_MAX ? 0 : sum;
}

static void
check_set(uint8_t *frame, size_t size, const struct hnv_quote *q)
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(&q->src);
    size_t addresses = q->ofs + (v4 ? 12 : 8);
    uint16_t sum = sum_error(frame, q);
    uint8_t *before = xmemdup(frame, size);
    struct in6_addr src, dst;
    struct hnv_quote after;

    memset(&src, 0xfd, sizeof src);
    memset(&dst, 0x3c, sizeof dst);
    if (v4) {
        in6_addr_set_mapped_ipv4(&src, htonl(0xac10000b));
        in6_addr_set_mapped_ipv4(&dst, htonl(0xac100033));
    }
    hnv_quote_set(frame, q, &src, &dst);

    /* An error that was right still is, and one that was wrong is not. */
    ovs_assert(sum_error(frame, q) == sum);
    ovs_assert(!memcmp(frame, before, q->icmp_ofs + 2));
    ovs_assert(!memcmp(frame + q->icmp_ofs + 4, before + q->icmp_ofs + 4,
                       q->ofs - q->icmp_ofs - 4));
    ovs_assert(!memcmp(frame + q->end, before + q->end, size - q->end));
    ovs_assert(!memcmp(frame + q->ofs, before + q->ofs,
                       addresses - q->ofs - (v4 ? 2 : 0)));
    ovs_assert(hnv_quote_parse(frame, size, &after));
    ovs_assert(ipv6_addr_equals(&after.quoted_src, &src)
               && ipv6_addr_equals(&after.quoted_dst, &dst));
    ovs_assert(after.end == q->end);
    free(before);
}

/* The input is a frame. */
static void
fuzz(const uint8_t *data, size_t size)
{
    uint8_t *frame = xmemdup(data, size);
    struct hnv_quote q;

    if (hnv_quote_parse(frame, size, &q)) {
        bool v4 = IN6_IS_ADDR_V4MAPPED(&q.quoted_src);

        ovs_assert(q.icmp_ofs >= ETH_HEADER_LEN + (v4 ? 20 : 40));
        ovs_assert(q.ofs == q.icmp_ofs + 8);
        ovs_assert(q.end >= q.ofs + (v4 ? 20 : 40) && q.end <= size);
        check_set(frame, size, &q);
    }
    free(frame);
}

FUZZ_TARGET("hnv-quote", fuzz);

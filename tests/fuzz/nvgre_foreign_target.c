/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "fuzz.h"
#include "nvgre-foreign-frames.h"

#include <string.h>

#include "packets.h"
#include "util.h"

/* The input is an inner frame.  What is taken for an answer to 10.0.0.5 is
 * addressed to it, or asks for it. */
static void
fuzz(const uint8_t *data, size_t size)
{
    const struct nvgre_foreign_ends ends = {
        .our_mac = ETH_ADDR_C(06,06,00,00,00,05),
        .their_mac = ETH_ADDR_C(06,06,00,00,00,07),
        .our_ip = htonl(0x0a000005),
        .their_ip = htonl(0x0a000007),
        .id = 0xc120,
    };
    uint8_t *frame = xmemdup(data, size);
    struct nvgre_foreign_answer a;

    if (nvgre_foreign_parse(&ends, frame, size, &a)) {
        bool arp = a.kind == NVGRE_FOREIGN_ARP;

        ovs_assert(a.kind < N_NVGRE_FOREIGN_KINDS);
        ovs_assert(arp || !memcmp(frame, &ends.our_mac, ETH_ADDR_LEN));
        ovs_assert(arp || !(a.asks || a.for_others));
        ovs_assert(!memcmp(frame + (arp ? 38 : 30), &ends.our_ip, 4));
        ovs_assert(!a.syn_ack || a.kind == NVGRE_FOREIGN_TCP);
    }
    free(frame);
}

FUZZ_TARGET("nvgre-foreign", fuzz);

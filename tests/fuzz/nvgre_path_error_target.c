/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "fuzz.h"
#include "nvgre-path-error.h"

#include <netinet/in.h>
#include <string.h>

#include "util.h"

/* The input is a whole IP packet.  What is believed is plausible. */
static void
fuzz(const uint8_t *data, size_t size)
{
    uint8_t *packet = xmemdup(data, size);
    enum nvgre_path_verdict verdict;
    struct nvgre_path_error e;

    verdict = nvgre_path_error_parse_ip(packet, size, &e);
    ovs_assert(verdict < N_NVGRE_PATH_VERDICTS);
    if (verdict == NVGRE_PATH_BELIEVED) {
        bool ipv6 = !IN6_IS_ADDR_V4MAPPED(&e.remote);
        size_t ip_len = ipv6 ? 40 : 20;

        ovs_assert(e.mtu >= (ipv6 ? 1280 : 576) && e.mtu <= UINT16_MAX);
        ovs_assert(ipv6 == !IN6_IS_ADDR_V4MAPPED(&e.local));
        ovs_assert(size >= ip_len + 8 + ip_len + 8);
        ovs_assert(!memcmp(packet + (ipv6 ? 24 : 16),
                           &e.local.s6_addr[ipv6 ? 0 : 12],
                           ipv6 ? 16 : 4));
    }
    free(packet);
}

FUZZ_TARGET("nvgre-path-error", fuzz);

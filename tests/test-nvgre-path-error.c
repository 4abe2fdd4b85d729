/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnvtest.h"
#include "nvgre-path-error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "svec.h"
#include "test-nvgre-util.h"

static void
print_address(const struct in6_addr *addr)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    ipv6_format_mapped(addr, &s);
    printf(" %s", ds_cstr(&s));
    ds_destroy(&s);
}

/* Judges a whole IP packet. */
static void
judge(struct svec *words)
{
    enum nvgre_path_verdict verdict;
    struct nvgre_path_error e;
    uint8_t *packet;
    size_t size;

    packet = test_take_hex(words, &size);
    verdict = nvgre_path_error_parse_ip(packet, size, &e);
    printf("%s", nvgre_path_verdict_name(verdict));
    if (verdict == NVGRE_PATH_BELIEVED) {
        print_address(&e.router);
        print_address(&e.local);
        print_address(&e.remote);
        printf(" 0x%08"PRIx32" %d", e.key, e.mtu);
    }
    putchar('\n');
    free(packet);
}

static void
test_path_error(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    test_each_line(judge);
}

HNVTEST_REGISTER("nvgre-path-error", test_path_error);

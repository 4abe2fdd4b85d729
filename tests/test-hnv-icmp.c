/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-icmp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dp-packet.h"
#include "hnv-values.h"
#include "hnvtest.h"
#include "packets.h"
#include "svec.h"
#include "test-nvgre-util.h"
#include "util.h"

static void
take_gateway(const char *s, struct hnv_icmp_error *e)
{
    struct in6_addr address;
    char *error = hnv_address_parse(s, &address);

    if (error) {
        ovs_fatal(0, "%s", error);
    }
    if (hnv_address_is_v4(&address)) {
        e->gateway_ip4 = in6_addr_get_mapped_ipv4(&address);
    } else {
        e->gateway_ip6 = address;
    }
}

/* Prints the error about a frame, or "no answer".  Besides the frame, a line
 * has "kind=NUMBER", "mtu=NUMBER", and "gateway=ADDRESS". */
static void
icmp_line(struct svec *words)
{
    struct hnv_icmp_error e = {
        .gateway_mac = ETH_ADDR_C(00,15,5d,ff,ff,01),
    };
    struct dp_packet p;
    uint8_t *frame;
    size_t size;

    frame = test_take_hex(words, &size);
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->names[i];

        if (!strncmp(word, "kind=", 5)) {
            e.kind = test_number(word + 5);
        } else if (!strncmp(word, "mtu=", 4)) {
            e.mtu = test_number(word + 4);
        } else if (!strncmp(word, "gateway=", 8)) {
            take_gateway(word + 8, &e);
        } else {
            ovs_fatal(0, "%s: unknown word", word);
        }
    }
    dp_packet_init(&p, 0);
    if (hnv_icmp_compose(&p, frame, size, &e)) {
        test_print_hex(dp_packet_data(&p), dp_packet_size(&p));
        printf("%s\n", hnv_icmp_is_fragmentable(frame, size)
                       ? " fragmentable" : "");
    } else {
        ovs_assert(!dp_packet_size(&p));
        puts("no answer");
    }
    dp_packet_uninit(&p);
    free(frame);
}

static void
test_icmp(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    test_each_line(icmp_line);
}

HNVTEST_REGISTER("hnv-icmp", test_icmp);

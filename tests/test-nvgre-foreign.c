/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnvtest.h"
#include "nvgre-foreign-frames.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "dp-packet.h"
#include "packets.h"
#include "svec.h"
#include "test-nvgre-util.h"
#include "util.h"

/* 10.0.0.5 asks 10.0.0.7.  "made-up" says that no machine has our MAC. */
static struct nvgre_foreign_ends
make_ends(const struct svec *words)
{
    return (struct nvgre_foreign_ends) {
        .our_mac = ETH_ADDR_C(06,06,00,00,00,05),
        .their_mac = ETH_ADDR_C(06,06,00,00,00,07),
        .our_ip = htonl(0x0a000005),
        .their_ip = htonl(0x0a000007),
        .made_up = words->n && !strcmp(words->names[0], "made-up"),
        .id = 0xc120,
    };
}

static void
judge(struct svec *words)
{
    struct nvgre_foreign_answer a;
    struct nvgre_foreign_ends ends;
    uint8_t *frame;
    size_t size;

    frame = test_take_hex(words, &size);
    ends = make_ends(words);
    if (nvgre_foreign_parse(&ends, frame, size, &a)) {
        printf("kind=%d%s%s%s", a.kind, a.bad ? " bad" : "",
               a.asks ? " asks" : "", a.for_others ? " for-others" : "");
        if (a.syn_ack) {
            printf(" syn-ack port=%d ack=%"PRIu32, a.port, a.ack);
        }
        putchar('\n');
    } else {
        puts("no answer");
    }
    free(frame);
}

static void
test_foreign_parse(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    test_each_line(judge);
}

HNVTEST_REGISTER("nvgre-foreign-parse", test_foreign_parse);

/* Prints a frame.  The words are kind, round, piece and MTU, or "arp", "reply"
 * or "reset". */
static void
compose(struct svec *words)
{
    const struct nvgre_foreign_ends ends = make_ends(words);
    const struct nvgre_foreign_answer answer = { .port = 0xc121, .ack = 77 };
    struct dp_packet *packet;
    char **w = words->names;

    if (words->n == 4) {
        packet = nvgre_foreign_probe(&ends, test_number(w[0]),
                                     test_number(w[1]), test_number(w[2]),
                                     test_number(w[3]));
    } else if (!strcmp(w[0], "reset")) {
        packet = nvgre_foreign_reset(&ends, &answer);
    } else {
        packet = nvgre_foreign_arp(&ends, !strcmp(w[0], "reply")
                                   ? ends.their_mac : eth_addr_zero);
    }
    test_print_hex(dp_packet_data(packet), dp_packet_size(packet));
    printf(" partial=%d\n", dp_packet_l4_checksum_partial(packet));
    dp_packet_delete(packet);
}

static void
test_foreign_compose(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    test_each_line(compose);
}

HNVTEST_REGISTER("nvgre-foreign-compose", test_foreign_compose);

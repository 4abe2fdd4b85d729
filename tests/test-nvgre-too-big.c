/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnvtest.h"
#include "nvgre-fragment.h"
#include "nvgre-icmp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dp-packet.h"
#include "flow.h"
#include "nvgre-options.h"
#include "svec.h"
#include "test-nvgre-util.h"
#include "util.h"

/* Takes the words of a line apart: "mtu=N", "gateway=IP", and the frame.  The
 * caller must free what is returned. */
static uint8_t *
take_line(struct svec *words, size_t *size, int *mtu,
          struct in6_addr *gateway)
{
    uint8_t *frame = test_take_hex(words, size);

    *mtu = 0;
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->names[i];

        if (!strncmp(word, "mtu=", 4)) {
            *mtu = test_number(word + 4);
        } else if (strncmp(word, "gateway=", 8)
                   || !nvgre_parse_unicast(word + 8, gateway)) {
            ovs_fatal(0, "%s: unknown word", word);
        }
    }
    return frame;
}

/* Prints the answer to a frame that is too big, or "no answer". */
static void
too_big_line(struct svec *words)
{
    struct in6_addr gateway = in6addr_any;
    uint8_t *frame;
    size_t size;
    int mtu;

    frame = take_line(words, &size, &mtu, &gateway);
    if (nvgre_icmp_may_answer(frame, size)) {
        struct dp_packet *answer;

        answer = nvgre_icmp_too_big(frame, size, mtu,
                                    ipv6_addr_is_set(&gateway)
                                    ? &gateway : NULL);
        test_print_hex(dp_packet_data(answer), dp_packet_size(answer));
        putchar('\n');
        dp_packet_delete(answer);
    } else {
        puts("no answer");
    }
    free(frame);
}

static void
test_too_big(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    test_each_line(too_big_line);
}

HNVTEST_REGISTER("nvgre-too-big", test_too_big);

/* Prints the fragments that a frame is cut into, one after the other, or
 * "refused".  Checks that all have the same hash, and their offsets. */
static void
fragment_line(struct svec *words)
{
    struct dp_packet_batch batch;
    struct in6_addr unused;
    struct dp_packet *packet;
    uint8_t *frame;
    size_t size;
    int mtu;

    frame = take_line(words, &size, &mtu, &unused);
    packet = dp_packet_clone_data_with_headroom(frame, size, 64);
    dp_packet_set_rss_hash(packet, 0x12345678);
    dp_packet_batch_init(&batch);
    if (!nvgre_fragment(packet, mtu, &batch)) {
        ovs_assert(dp_packet_batch_is_empty(&batch));
        ovs_assert(dp_packet_size(packet) == size
                   && !memcmp(dp_packet_data(packet), frame, size));
        dp_packet_delete(packet);
        puts("refused");
        free(frame);
        return;
    }

    ovs_assert(dp_packet_batch_size(&batch) <= NVGRE_MAX_FRAGMENTS);
    DP_PACKET_BATCH_FOR_EACH (i, packet, &batch) {
        uint16_t l3_ofs = packet->l3_ofs, l4_ofs = packet->l4_ofs;
        struct flow flow;

        ovs_assert(dp_packet_rss_valid(packet)
                   && dp_packet_get_rss_hash(packet) == 0x12345678);
        ovs_assert(dp_packet_headroom(packet) >= 64);
        flow_extract(packet, &flow);
        ovs_assert(l3_ofs == packet->l3_ofs && l4_ofs == packet->l4_ofs);
        printf("%s", i ? " " : "");
        test_print_hex(dp_packet_data(packet), dp_packet_size(packet));
    }
    putchar('\n');
    dp_packet_delete_batch(&batch, true);
    dp_packet_batch_destroy(&batch);
    free(frame);
}

static void
test_fragment(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    test_each_line(fragment_line);
}

HNVTEST_REGISTER("nvgre-fragment", test_fragment);

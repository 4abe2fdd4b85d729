/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnvtest.h"
#include "nvgre-csum.h"
#include "nvgre-gro.h"

#include <stdio.h>
#include <string.h>

#include "byte-order.h"
#include "dp-packet.h"
#include "dp-packet-gso.h"
#include "nvgre-compat.h"
#include "nvgre-tunnels.h"
#include "packets.h"
#include "svec.h"
#include "test-nvgre-util.h"
#include "util.h"

/* Prints whose checksum in a frame is wrong, or "good". */
static void
csum_line(struct svec *words)
{
    enum nvgre_csum csum;
    uint8_t *frame, *copy;
    size_t size;

    frame = test_take_hex(words, &size);
    copy = xmemdup(frame, size);
    printf("%s\n", (nvgre_csum_find_bad(frame, size, &csum)
                    ? nvgre_csum_to_string(csum) : "good"));
    ovs_assert(!memcmp(frame, copy, size));
    free(copy);
    free(frame);
}

static void
test_csum(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    test_each_line(csum_line);
}

HNVTEST_REGISTER("nvgre-csum", test_csum);

static struct dp_packet_batch gro_batch;

static void
print_batch(struct dp_packet_batch *batch)
{
    struct dp_packet *packet;

    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        printf("%"PRIuPTR" ", i);
        if (nvgre_packet_segsz(packet)) {
            printf("segsz=%"PRIu16" ", nvgre_packet_segsz(packet));
        }
        test_print_hex(dp_packet_data(packet), dp_packet_size(packet));
        printf("\n");
    }
}

/* Joins the frames so far and prints what they became, then cuts them up again
 * and prints that. */
static void
gro_finish(void)
{
    struct dp_packet *packet;

    nvgre_gro(&gro_batch);
    printf("joined\n");
    print_batch(&gro_batch);
    dp_packet_gso_batch(&gro_batch);
    DP_PACKET_BATCH_FOR_EACH (i, packet, &gro_batch) {
        dp_packet_ol_send_prepare(packet, 0);
    }
    printf("cut\n");
    print_batch(&gro_batch);
    dp_packet_delete_batch(&gro_batch, true);
    dp_packet_batch_reset(&gro_batch);
}

/* Words: bytes of a frame, then "vsid=N" and "ttl=N" about the tunnel that it
 * came through; or "join". */
static void
gro_line(struct svec *words)
{
    struct dp_packet *packet;
    struct flow_tnl *tnl;
    uint8_t *frame;
    size_t size;

    if (!strcmp(words->names[0], "join")) {
        gro_finish();
        return;
    }
    frame = test_take_hex(words, &size);
    packet = dp_packet_clone_data(frame, size);
    pkt_metadata_init(&packet->md, u32_to_odp(0));
    memset(&packet->md.tunnel, 0, sizeof packet->md.tunnel);
    tnl = &packet->md.tunnel;
    tnl->ip_src = htonl(0xc0000202);
    tnl->ip_dst = htonl(0xc0000201);
    tnl->tun_id = htonll(5001);
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->names[i];

        if (!strncmp(word, "vsid=", 5)) {
            tnl->tun_id = htonll(test_number(word + 5));
        } else if (!strncmp(word, "ttl=", 4)) {
            tnl->ip_ttl = test_number(word + 4);
        } else {
            ovs_fatal(0, "%s: unknown word", word);
        }
    }
    dp_packet_batch_add(&gro_batch, packet);
    free(frame);
}

/* Argument: "off" for a port that does not join segments. */
static void
test_gro(struct ovs_cmdl_context *ctx)
{
    struct nvgre_tunnel tunnel = {
        .name = CONST_CAST(char *, "n"),
        .type = "nvgre",
        .is_nvgre = true,
        .any_vsid = true,
        .gro = ctx->argc < 2,
    };

    nvgre_tunnels_add(&tunnel);
    dp_packet_batch_init(&gro_batch);
    test_each_line(gro_line);
}

HNVTEST_REGISTER("nvgre-gro", test_gro);

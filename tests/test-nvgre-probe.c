/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnvtest.h"
#include "nvgre-probe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "dp-packet.h"
#include "svec.h"
#include "test-nvgre-util.h"
#include "util.h"

/* Says what a frame is. */
static void
judge(struct svec *words)
{
    enum nvgre_probe_state seen;
    struct nvgre_probe p;
    uint8_t *frame;
    size_t size;

    frame = test_take_hex(words, &size);
    if (nvgre_probe_parse(frame, size, &p, &seen)) {
        printf("kind=%d role=%d nonce=%016"PRIx64" seq=%d piece=%d/%d "
               "size=%d vsid=%"PRIu32" state=%d seen=%d\n", p.kind, p.role,
               p.nonce, p.seq, p.piece, p.n_pieces, p.size, p.vsid, p.state,
               seen);
    } else {
        puts("no probe");
    }
    free(frame);
}

static void
test_probe_parse(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    test_each_line(judge);
}

HNVTEST_REGISTER("nvgre-probe-parse", test_probe_parse);

/* Prints the frame of the probe that the words, all of them numbers, say, and
 * its segment size. */
static void
compose(struct svec *words)
{
    struct nvgre_probe p = { .nonce = UINT64_C(0x0123456789abcdef) };
    struct dp_packet *packet;
    char **w = words->names;

    if (words->n != 8) {
        ovs_fatal(0, "expected kind role seq piece n_pieces size vsid state");
    }
    p.kind = test_number(w[0]);
    p.role = test_number(w[1]);
    p.seq = test_number(w[2]);
    p.piece = test_number(w[3]);
    p.n_pieces = test_number(w[4]);
    p.size = test_number(w[5]);
    p.vsid = test_number(w[6]);
    p.state = test_number(w[7]);
    packet = nvgre_probe_compose(&p);
    test_print_hex(dp_packet_data(packet), dp_packet_size(packet));
    printf(" segsz=%d partial=%d\n", dp_packet_get_tso_segsz(packet),
           dp_packet_l4_checksum_partial(packet));
    dp_packet_delete(packet);
}

static void
test_probe_compose(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    test_each_line(compose);
}

HNVTEST_REGISTER("nvgre-probe-compose", test_probe_compose);

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "fuzz.h"
#include "nvgre-probe.h"

#include "dp-packet.h"
#include "packets.h"
#include "util.h"

/* The input is an inner frame.  What is taken for a probe can be answered, and
 * the answer is no bigger. */
static void
fuzz(const uint8_t *data, size_t size)
{
    uint8_t *frame = xmemdup(data, size);
    enum nvgre_probe_state seen;
    struct dp_packet *answer;
    struct nvgre_probe p;
    size_t unit;

    if (nvgre_probe_parse(frame, size, &p, &seen)) {
        ovs_assert(p.kind < N_NVGRE_PROBE_KINDS);
        ovs_assert(p.role < N_NVGRE_PROBE_ROLES);
        ovs_assert(seen < N_NVGRE_PROBE_STATES);
        ovs_assert(p.piece < p.n_pieces);
        if (seen != NVGRE_PROBE_DATA) {
            answer = nvgre_probe_compose(&p);
            unit = p.kind == NVGRE_PROBE_SEGMENTS ? p.n_pieces : 1;
            ovs_assert(dp_packet_size(answer) <= unit * size);
            dp_packet_delete(answer);
        }
        p.role = NVGRE_PROBE_ACK;
        answer = nvgre_probe_compose(&p);
        ovs_assert(dp_packet_size(answer) <= size);
        dp_packet_delete(answer);
    }
    free(frame);
}

FUZZ_TARGET("nvgre-probe", fuzz);

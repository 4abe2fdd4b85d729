/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-offload.h"

#include "dp-packet.h"
#include "dp-packet-gso.h"
#include "nvgre-compat.h"
#include "nvgre-egress.h"
#include "userspace-tso.h"
#include "util.h"

static const struct {
    const char *name;
    uint64_t ability;
} kinds[] = {
#define NVGRE_OFFLOAD(NAME, OPTION, ABILITY) { #OPTION, ABILITY },
    NVGRE_OFFLOADS
#undef NVGRE_OFFLOAD
};

/* What has to be left to the device for it to cut segments. */
enum {
    FOR_SEGMENTS = (NVGRE_OFFLOAD_TSO | NVGRE_OFFLOAD_TX_CSUM_IPV4
                    | NVGRE_OFFLOAD_TX_CSUM_TCP),
};

/* Returns the name of the option that switches kind 'i'. */
const char *
nvgre_offload_name(enum nvgre_offload_index i)
{
    return kinds[i].name;
}

/* Returns the abilities that a device may use for packets of a port with
 * 'offloads'. */
static uint64_t
allowed_abilities(uint32_t offloads)
{
    uint64_t abilities = 0;

    for (size_t i = 0; i < N_NVGRE_OFFLOADS; i++) {
        if (offloads & (1u << i)) {
            abilities |= kinds[i].ability;
        }
    }
    if (offloads & NVGRE_OFFLOAD_TX_CSUM_IPV4) {
        abilities |= NETDEV_TX_OFFLOAD_OUTER_IP_CKSUM;
    }
    return abilities;
}

/* Cuts the TCP packets of 'batch', which come from datapath port 'in_port',
 * into segments.  dp_packet_gso_batch() gives them no metadata, which they
 * need if the datapath looks at them again before they leave. */
static void
cut_segments(struct dp_packet_batch *batch, odp_port_t in_port)
{
    struct dp_packet *packet;

    dp_packet_gso_batch(batch);
    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        pkt_metadata_init(&packet->md, in_port);
    }
}

/* Does all work on the packets of 'batch', which were just encapsulated and
 * come from datapath port 'in_port', that was left to the device but that is
 * not in 'offloads'.  The batch may grow. */
void
nvgre_offload_finish(struct dp_packet_batch *batch, uint32_t offloads,
                     odp_port_t in_port)
{
    uint64_t abilities;
    struct dp_packet *packet;

    if (OVS_LIKELY((offloads & NVGRE_OFFLOAD_ALL) == NVGRE_OFFLOAD_ALL)) {
        return;
    }
    if ((offloads & FOR_SEGMENTS) != FOR_SEGMENTS) {
        DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
            if (OVS_UNLIKELY(nvgre_packet_segsz(packet))) {
                cut_segments(batch, in_port);
                break;
            }
        }
    }
    abilities = allowed_abilities(offloads);
    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        dp_packet_ol_send_prepare(packet, abilities);
    }
}

/* Returns what becomes of work of kind 'i' on a port with 'offloads' whose
 * packets leave through the bridge named 'egress', "" if that is not known.
 * 'all_off' tells that one option switched off all kinds.  The caller must
 * free the string, which is "on" or begins with "off: " or "software: ". */
char *
nvgre_offload_explain(enum nvgre_offload_index i, uint32_t offloads,
                      bool all_off, const char *egress)
{
    char *incapable, *text;

    if (all_off) {
        return xstrdup("off: options:offload=off");
    } else if (!(offloads & (1u << i))) {
        return xasprintf("off: options:%s=false", kinds[i].name);
    } else if ((i == NVGRE_OFFLOAD_TSO_INDEX || i == NVGRE_OFFLOAD_GRO_INDEX)
               && !userspace_tso_enabled()) {
        return xstrdup("off: other_config:userspace-tso-enable is not true");
    } else if (i == NVGRE_OFFLOAD_TSO_INDEX
               && (offloads & FOR_SEGMENTS) != FOR_SEGMENTS) {
        return xasprintf("off: options:%s=false",
                         (offloads & NVGRE_OFFLOAD_TX_CSUM_TCP
                          ? "tx_csum_ipv4" : "tx_csum_tcp"));
    } else if (!kinds[i].ability) {
        return xstrdup("on");
    }

    incapable = nvgre_egress_without(
        egress, kinds[i].ability,
        i == NVGRE_OFFLOAD_TSO_INDEX ? NETDEV_TX_GRE_TNL_TSO : 0);
    if (!incapable) {
        return xstrdup("on");
    }
    text = xasprintf("software: not supported by %s", incapable);
    free(incapable);
    return text;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "fuzz.h"
#include "nvgre.h"

#include <string.h>

#include "packets.h"
#include "util.h"

/* Checks what must hold of an accepted packet. */
static void
check_accepted(const uint8_t *data, size_t size,
               const struct nvgre_rules *rules, const struct nvgre_header *h)
{
    bool draft = rules->layout == NVGRE_LAYOUT_DRAFT00;
    const uint8_t *frame = data + h->len;

    ovs_assert(h->len == 8 || (rules->lenient
                               && (h->len == 12 || h->len == 16)));
    ovs_assert(h->len + ETH_HEADER_LEN <= size);
    ovs_assert(h->vsid <= 0xffffff);
    ovs_assert(rules->reserved_vsid || !nvgre_vsid_is_reserved(h->vsid));
    ovs_assert(h->key == (draft ? h->vsid : h->vsid << 8 | h->flowid));
    ovs_assert(!draft || !h->flowid);
    ovs_assert(!(frame[ETH_ADDR_LEN] & 1));
    if (h->priority_tag) {
        ovs_assert(rules->lenient);
        ovs_assert(h->len + VLAN_ETH_HEADER_LEN <= size);
        ovs_assert(frame[12] == 0x81 && frame[13] == 0);
        frame += VLAN_HEADER_LEN;
    }
    ovs_assert(memcmp(frame + 12, "\x81\x00", 2)
               && memcmp(frame + 12, "\x88\xa8", 2));
}

/* Checks that 'why', the reason to drop, is one of parsing. */
static void
check_dropped(enum nvgre_drop why, const struct nvgre_header *h)
{
    ovs_assert(why >= NVGRE_DROP_GRE_TRUNCATED
               && why <= NVGRE_DROP_INNER_SRC_MAC);
    ovs_assert(why >= NVGRE_DROP_KEY_LAYOUT || !h->key);
}

/* Parses the same bytes by all rules. */
static void
fuzz(const uint8_t *data, size_t size)
{
    for (int i = 0; i < 8; i++) {
        struct nvgre_rules rules = {
            .layout = i & 4 ? NVGRE_LAYOUT_DRAFT00 : NVGRE_LAYOUT_RFC7637,
            .lenient = i & 2,
            .reserved_vsid = i & 1,
        };
        uint8_t header[NVGRE_HEADER_LEN];
        struct nvgre_header h;
        enum nvgre_drop why;

        memset(&h, 0xcc, sizeof h);
        why = nvgre_parse(data, size, &rules, &h);
        if (why) {
            check_dropped(why, &h);
            continue;
        }
        check_accepted(data, size, &rules, &h);
        nvgre_put(header, h.vsid, h.flowid, rules.layout);
        if (h.len == NVGRE_HEADER_LEN) {
            /* Only bits that are ignored may differ. */
            ovs_assert(!memcmp(header + 2, data + 2, 6));
        }
    }
}

FUZZ_TARGET("nvgre-parse", fuzz);

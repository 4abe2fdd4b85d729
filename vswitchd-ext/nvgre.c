/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre.h"

#include <string.h>

#include "csum.h"
#include "packets.h"
#include "unaligned.h"
#include "util.h"

/* GRE version 0, key present, nothing else, carrying Ethernet. */
#define NVGRE_FIRST_WORD 0x20006558

/* Bits of the first half of the first word.  Those not named here are ignored
 * (RFC 2784 section 2.3). */
enum {
    NVGRE_F_CHECKSUM = 0x8000,
    NVGRE_F_RFC1701 = 0x4c00,
    NVGRE_F_KEY = 0x2000,
    NVGRE_F_SEQUENCE = 0x1000,
    NVGRE_F_VERSION = 0x0007,
};

/* Writes to the NVGRE_HEADER_LEN bytes at 'header', which need not be aligned,
 * the NVGRE header for 'vsid' (of which the low 24 bits count) and 'flowid'.
 * NVGRE_LAYOUT_DRAFT00 has no place for a FlowID and leaves it out. */
void
nvgre_put(void *header, uint32_t vsid, uint8_t flowid,
          enum nvgre_layout layout)
{
    ovs_be32 *words = header;
    uint32_t key;

    key = layout == NVGRE_LAYOUT_RFC7637 ? vsid << 8 | flowid
                                         : vsid & 0xffffff;
    put_unaligned_be32(&words[0], htonl(NVGRE_FIRST_WORD));
    put_unaligned_be32(&words[1], htonl(key));
}

/* Judges the first word of a GRE header, host order, in the order of
 * NVGRE_DROPS.  On success, stores the header's length in '*len'. */
static enum nvgre_drop
parse_first_word(uint32_t word, bool lenient, uint8_t *len)
{
    uint16_t flags = word >> 16;

    if (flags & NVGRE_F_RFC1701) {
        return NVGRE_DROP_GRE_RFC1701;
    } else if (flags & NVGRE_F_VERSION) {
        return NVGRE_DROP_GRE_VERSION;
    } else if (flags & NVGRE_F_CHECKSUM && !lenient) {
        return NVGRE_DROP_GRE_CHECKSUM;
    } else if (flags & NVGRE_F_SEQUENCE && !lenient) {
        return NVGRE_DROP_GRE_SEQUENCE;
    } else if (!(flags & NVGRE_F_KEY)) {
        return NVGRE_DROP_GRE_NO_KEY;
    } else if ((word & 0xffff) != ETH_TYPE_TEB) {
        return NVGRE_DROP_GRE_PROTO;
    }
    *len = NVGRE_HEADER_LEN + (flags & NVGRE_F_CHECKSUM ? 4 : 0)
                            + (flags & NVGRE_F_SEQUENCE ? 4 : 0);
    return NVGRE_DROP_NONE;
}

/* Takes 'h->key', host order, apart according to 'rules'. */
static enum nvgre_drop
parse_key(const struct nvgre_rules *rules, struct nvgre_header *h)
{
    if (rules->layout == NVGRE_LAYOUT_RFC7637) {
        h->vsid = h->key >> 8;
        h->flowid = h->key & 0xff;
    } else {
        h->vsid = h->key & 0xffffff;
        h->flowid = 0;
        if (h->key >> 24) {
            return NVGRE_DROP_KEY_LAYOUT;
        }
    }

    if (OVS_UNLIKELY(nvgre_vsid_is_reserved(h->vsid))
        && !rules->reserved_vsid) {
        return (h->vsid == NVGRE_VSID_VENDOR
                ? NVGRE_DROP_VSID_VENDOR
                : NVGRE_DROP_VSID_RESERVED);
    }
    return NVGRE_DROP_NONE;
}

/* Returns true if 'dl_type' announces a VLAN tag, by the standards or, for
 * 0x9100, by custom. */
static bool
is_vlan_type(ovs_be16 dl_type)
{
    return eth_type_vlan(dl_type) || dl_type == htons(0x9100);
}

/* Judges the inner frame, the 'size' bytes at 'frame'. */
static enum nvgre_drop
parse_inner(const uint8_t *frame, size_t size, bool lenient,
            struct nvgre_header *h)
{
    const ovs_be16 *src = (const void *) (frame + ETH_ADDR_LEN);
    const ovs_be16 *type = (const void *) (frame + 2 * ETH_ADDR_LEN);
    ovs_be16 dl_type;

    if (size < ETH_HEADER_LEN) {
        return NVGRE_DROP_INNER_SHORT;
    }

    /* "MUST drop" of RFC 7637 section 3.3: the VSID, not a tag, says which
     * subnet the frame is in. */
    dl_type = get_unaligned_be16(type);
    h->priority_tag = false;
    if (OVS_UNLIKELY(is_vlan_type(dl_type))) {
        if (!lenient
            || dl_type != htons(ETH_TYPE_VLAN_8021Q)
            || size < VLAN_ETH_HEADER_LEN
            || get_unaligned_be16(type + 1) & htons(VLAN_VID_MASK)
            || is_vlan_type(get_unaligned_be16(type + 2))) {
            return NVGRE_DROP_INNER_VLAN;
        }
        h->priority_tag = true;
    }

    if (OVS_UNLIKELY(frame[ETH_ADDR_LEN] & 1
                     || !(get_unaligned_be16(src)
                          | get_unaligned_be16(src + 1)
                          | get_unaligned_be16(src + 2)))) {
        return NVGRE_DROP_INNER_SRC_MAC;
    }
    return NVGRE_DROP_NONE;
}

/* Checks that the 'size' bytes at 'packet', which begin just past the outer IP
 * header and end where the outer IP packet ends, are an NVGRE header and the
 * Ethernet frame that it carries.  If so, stores what the header says in '*h'
 * and returns NVGRE_DROP_NONE.  Otherwise, returns the reason to drop the
 * packet.  'h->vsid' and 'h->key' are 0 if the packet was dropped before its
 * key was found.
 *
 * 'packet' need not be aligned. */
enum nvgre_drop
nvgre_parse(const void *packet, size_t size, const struct nvgre_rules *rules,
            struct nvgre_header *h)
{
    const ovs_be32 *words = packet;
    enum nvgre_drop why;
    size_t key_ofs = 4;
    uint32_t word;

    h->vsid = h->key = 0;
    if (OVS_UNLIKELY(size < NVGRE_HEADER_LEN)) {
        return NVGRE_DROP_GRE_TRUNCATED;
    }

    h->len = NVGRE_HEADER_LEN;
    word = ntohl(get_unaligned_be32(&words[0]));
    if (OVS_UNLIKELY(word != NVGRE_FIRST_WORD)) {
        why = parse_first_word(word, rules->lenient, &h->len);
        if (why) {
            return why;
        }
        if (size < h->len) {
            return NVGRE_DROP_GRE_TRUNCATED;
        }
        if (word >> 16 & NVGRE_F_CHECKSUM) {
            if (csum(packet, size)) {
                return NVGRE_DROP_GRE_CHECKSUM;
            }
            key_ofs += 4;
        }
    }

    h->key = ntohl(get_unaligned_be32(
                       (const void *) ((const uint8_t *) packet + key_ofs)));
    why = parse_key(rules, h);
    if (OVS_UNLIKELY(why)) {
        return why;
    }
    return parse_inner((const uint8_t *) packet + h->len, size - h->len,
                       rules->lenient, h);
}

/* Returns true if RFC 7637 section 3.4 keeps 'vsid' from tenants. */
bool
nvgre_vsid_is_reserved(uint32_t vsid)
{
    return vsid < NVGRE_VSID_MIN || vsid > NVGRE_VSID_MAX;
}

/* Returns true if a key, host order, that does not make sense in 'layout'
 * would make sense in the other one, so that the peer that sent it most
 * likely uses the other layout.  A false "no" is possible, because most keys
 * make sense in both. */
bool
nvgre_key_suspicious(uint32_t key, enum nvgre_layout layout)
{
    uint32_t rfc = key >> 8;
    uint32_t draft = key & 0xffffff;

    if (layout == NVGRE_LAYOUT_RFC7637) {
        return !(key >> 24) && nvgre_vsid_is_reserved(rfc)
               && !nvgre_vsid_is_reserved(draft);
    } else {
        return key >> 24 && !nvgre_vsid_is_reserved(rfc);
    }
}

/* Returns the VSID in 'key', in host byte order. */
uint32_t
nvgre_key_vsid(uint32_t key, enum nvgre_layout layout)
{
    return layout == NVGRE_LAYOUT_RFC7637 ? key >> 8 : key & 0xffffff;
}

static const char *const layout_names[] = {
    [NVGRE_LAYOUT_RFC7637] = "rfc7637",
    [NVGRE_LAYOUT_DRAFT00] = "draft00",
};

const char *
nvgre_layout_to_string(enum nvgre_layout layout)
{
    return layout_names[layout];
}

/* Sets '*layout' to the layout that the 'len' bytes at 's' name.  Returns
 * false if they name none. */
bool
nvgre_layout_from_string(const char *s, size_t len, enum nvgre_layout *layout)
{
    for (size_t i = 0; i < ARRAY_SIZE(layout_names); i++) {
        if (len == strlen(layout_names[i])
            && !memcmp(s, layout_names[i], len)) {
            *layout = i;
            return true;
        }
    }
    return false;
}

/* Returns the name of 'why' in NVGRE_DROPS, for people and programs. */
const char *
nvgre_drop_name(enum nvgre_drop why)
{
    static const char *const names[] = {
        "ok",
#define NVGRE_DROP(NAME, LOWER, STRING, TEXT, CLAUSE) STRING,
        NVGRE_DROPS
#undef NVGRE_DROP
    };

    return names[why];
}

/* Returns what is wrong with a packet that is dropped because of 'why'. */
const char *
nvgre_drop_text(enum nvgre_drop why)
{
    static const char *const texts[] = {
        "accepted",
#define NVGRE_DROP(NAME, LOWER, STRING, TEXT, CLAUSE) TEXT,
        NVGRE_DROPS
#undef NVGRE_DROP
    };

    return texts[why];
}

/* Returns the clause that has packets dropped because of 'why', or "". */
const char *
nvgre_drop_clause(enum nvgre_drop why)
{
    static const char *const clauses[] = {
        "",
#define NVGRE_DROP(NAME, LOWER, STRING, TEXT, CLAUSE) CLAUSE,
        NVGRE_DROPS
#undef NVGRE_DROP
    };

    return clauses[why];
}

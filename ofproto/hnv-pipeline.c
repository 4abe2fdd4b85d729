/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-pipeline.h"

#include <string.h>

#include "openvswitch/uuid.h"
#include "util.h"

#define HNV_TABLE(ID, NUMBER, TEXT) \
    BUILD_ASSERT_DECL(NUMBER < HNV_AGENT_TABLES);
HNV_TABLES
#undef HNV_TABLE

#define HNV_PRIORITY(TABLE, ID, VALUE, TEXT) \
    BUILD_ASSERT_DECL(VALUE <= UINT16_MAX);
HNV_PRIORITIES
#undef HNV_PRIORITY

const char *
hnv_table_name(uint8_t number)
{
    switch (number) {
#define HNV_TABLE(ID, NUMBER, TEXT) case NUMBER: return #ID;
    HNV_TABLES
#undef HNV_TABLE
    default: return NULL;
    }
}

static const struct {
    const char *name, *text;
} drops[HNV_N_DROPS] = {
#define HNV_DROP(ID, NAME, TEXT) [HNV_DROP_##ID] = { NAME, TEXT },
    HNV_DROPS
#undef HNV_DROP
};

const char *
hnv_drop_name(enum hnv_drop drop)
{
    return drop < HNV_N_DROPS ? drops[drop].name : NULL;
}

const char *
hnv_drop_text(enum hnv_drop drop)
{
    return drop < HNV_N_DROPS ? drops[drop].text : NULL;
}

enum hnv_drop
hnv_drop_from_name(const char *name)
{
    for (enum hnv_drop drop = 1; drop < HNV_N_DROPS; drop++) {
        if (!strcmp(drops[drop].name, name)) {
            return drop;
        }
    }
    return HNV_DROP_NONE;
}

const char *
hnv_row_name(enum hnv_row row)
{
    static const char *const names[HNV_N_ROWS] = {
#define HNV_ROW(ID, NAME) [HNV_ROW_##ID] = NAME,
        HNV_ROWS
#undef HNV_ROW
    };

    return row < HNV_N_ROWS ? names[row] : NULL;
}

uint64_t
hnv_uuid_bits(const struct uuid *uuid)
{
    return ((uint64_t) uuid->parts[0] << 8) | (uuid->parts[1] >> 24);
}

/* Returns the cookie, in host byte order, of a flow that was made from the row
 * of which 'bits' are the first 40 bits of its UUID, see hnv_uuid_bits(). */
uint64_t
hnv_cookie_encode_bits(enum hnv_row row, enum hnv_drop drop, uint64_t bits)
{
    return (HNV_COOKIE_OURS | ((uint64_t) row << 48)
            | ((uint64_t) drop << 40) | (bits & HNV_COOKIE_ROW_MASK));
}

/* Returns the cookie, in host byte order, of a flow that was made from 'uuid',
 * which may be NULL if 'row' is HNV_ROW_NONE. */
uint64_t
hnv_cookie_encode(enum hnv_row row, enum hnv_drop drop,
                  const struct uuid *uuid)
{
    return hnv_cookie_encode_bits(row, drop, uuid ? hnv_uuid_bits(uuid) : 0);
}

/* Stores what 'cookie' says into '*c' and returns true, or returns false if
 * the cookie is not one of ours. */
bool
hnv_cookie_decode(uint64_t cookie, struct hnv_cookie *c)
{
    unsigned int row = (cookie >> 48) & 0xff;
    unsigned int drop = (cookie >> 40) & 0xff;

    if ((cookie & HNV_COOKIE_OURS_MASK) != HNV_COOKIE_OURS
        || row >= HNV_N_ROWS || drop >= HNV_N_DROPS) {
        return false;
    }
    c->row = row;
    c->drop = drop;
    c->bits = cookie & HNV_COOKIE_ROW_MASK;
    return true;
}

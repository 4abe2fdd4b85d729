/* SPDX-License-Identifier: Apache-2.0 */

/* The characters of scripts, as they come from Windows. */

#include <config.h>

#include "hnv-ctl-parser.h"

#include <stdint.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

/* Appends what UTF-16 has as 'c' in UTF-8. */
static void
put_utf8(struct ds *ds, unsigned int c)
{
    if (c < 0x80) {
        ds_put_char(ds, c);
    } else if (c < 0x800) {
        ds_put_char(ds, 0xc0 | c >> 6);
        ds_put_char(ds, 0x80 | (c & 0x3f));
    } else {
        ds_put_char(ds, 0xe0 | c >> 12);
        ds_put_char(ds, 0x80 | (c >> 6 & 0x3f));
        ds_put_char(ds, 0x80 | (c & 0x3f));
    }
}

/* Returns 'text' in UTF-8, if it begins as UTF-16 does that Windows' own tools
 * write, or else as it is. */
static struct ds
decode(const char *text, size_t size)
{
    const uint8_t *u = (const uint8_t *) text;
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (size >= 2 && u[0] == 0xff && u[1] == 0xfe) {
        for (size_t i = 2; i + 1 < size; i += 2) {
            put_utf8(&ds, u[i] | u[i + 1] << 8);
        }
    } else {
        ds_put_buffer(&ds, text, size);
    }
    return ds;
}

/* Returns 'text' without a byte order mark and carriage returns, and with
 * dashes and quotes made plain that a word processor has made beautiful. */
char *
hnv_parser_clean(const char *text, size_t size)
{
    static const char *const pretty[][2] = {
        { "\xe2\x80\x93", "-" }, { "\xe2\x80\x94", "-" },
        { "\xe2\x80\x98", "'" }, { "\xe2\x80\x99", "'" },
        { "\xe2\x80\x9c", "\"" }, { "\xe2\x80\x9d", "\"" },
        { "\xef\xbb\xbf", "" }, { "\r", "" },
    };
    struct ds in = decode(text, size);
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < in.length; i++) {
        size_t j = 0;

        while (j < ARRAY_SIZE(pretty)
               && strncmp(&in.string[i], pretty[j][0],
                          strlen(pretty[j][0]))) {
            j++;
        }
        if (j < ARRAY_SIZE(pretty)) {
            ds_put_cstr(&ds, pretty[j][1]);
            i += strlen(pretty[j][0]) - 1;
        } else {
            char c = in.string[i];

            ds_put_char(&ds, (uint8_t) c > 2 ? c : '?');
        }
    }
    ds_destroy(&in);
    return ds_steal_cstr(&ds);
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-errors.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

/* Adds to 'errors' that the row with 'uuid' in 'table', which people call
 * 'row', is bad, and why. */
void
hnv_errors_add(struct hnv_errors *errors, enum hnv_row table,
               const struct uuid *uuid, const char *row, const char *format,
               ...)
{
    struct hnv_error *error;
    va_list args;

    if (errors->n >= errors->allocated) {
        errors->errors = x2nrealloc(errors->errors, &errors->allocated,
                                    sizeof *errors->errors);
    }
    error = &errors->errors[errors->n++];
    error->table = table;
    error->uuid = *uuid;
    error->row = hnv_errors_quote(row);
    va_start(args, format);
    error->message = xvasprintf(format, args);
    va_end(args);
}

void
hnv_errors_clear(struct hnv_errors *errors)
{
    for (size_t i = 0; i < errors->n; i++) {
        free(errors->errors[i].row);
        free(errors->errors[i].message);
    }
    free(errors->errors);
    memset(errors, 0, sizeof *errors);
}

char *
hnv_errors_quote(const char *s)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    size_t n = strnlen(s, HNV_MAX_QUOTED + 1);

    ds_put_char(&ds, '"');
    for (size_t i = 0; i < MIN(n, HNV_MAX_QUOTED); i++) {
        unsigned char c = s[i];

        if (c == '"' || c == '\\') {
            ds_put_format(&ds, "\\%c", c);
        } else if (c < ' ' || c > '~') {
            ds_put_format(&ds, "\\x%02x", c);
        } else {
            ds_put_char(&ds, c);
        }
    }
    ds_put_cstr(&ds, n > HNV_MAX_QUOTED ? "...\"" : "\"");
    return ds_steal_cstr(&ds);
}

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_ERRORS_H
#define HNV_ERRORS_H 1

/* What is wrong with which row
 * ============================
 *
 * What
 * ----
 *
 * A list of (row, message), filled while policy is validated.  A bad row is
 * reported here and left out, and everything else goes on.
 *
 *
 * What not
 * --------
 *
 * The list is not logged and not sent anywhere; hnv-agent does both.  A list
 * is bounded neither in number nor, since a message quotes at most
 * HNV_MAX_QUOTED bytes of what it complains about, much in size.
 *
 *
 * Thread-safety
 * -------------
 *
 * A list belongs to one thread. */

#include <stddef.h>

#include "hnv-pipeline.h"
#include "openvswitch/compiler.h"
#include "openvswitch/uuid.h"

enum { HNV_MAX_QUOTED = 64 };    /* Bytes. */

/* One complaint about one row. */
struct hnv_error {
    enum hnv_row table;         /* Table of the row. */
    struct uuid uuid;           /* The row. */
    char *row;                  /* What people call the row, quoted. */
    char *message;              /* What is wrong and what to do. */
};

struct hnv_errors {
    struct hnv_error *errors;
    size_t n, allocated;
};

#define HNV_ERRORS_INITIALIZER { NULL, 0, 0 }

void hnv_errors_add(struct hnv_errors *, enum hnv_row, const struct uuid *,
                    const char *row, const char *format, ...)
    OVS_PRINTF_FORMAT(5, 6);
void hnv_errors_clear(struct hnv_errors *);

/* Returns 's' in quotation marks, shortened to HNV_MAX_QUOTED bytes and with
 * anything unprintable escaped.  The caller frees it. */
char *hnv_errors_quote(const char *s);

#endif /* hnv-errors.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_CTL_VERDICT_H
#define HNV_CTL_VERDICT_H 1

#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include "hnv-values.h"
#include "util.h"

/* The verdict on a row
 * ====================
 *
 * What
 * ----
 *
 * Collects what the hnv_ctl_check_...() functions find.  The first fault
 * counts, because the next ones are often its consequences.
 *
 * What not
 * --------
 *
 * Any rule of policy.
 *
 * Thread-safety
 * -------------
 *
 * A verdict belongs to the function that judges. */

/* The judgement of one row: the first thing that is wrong with it. */
struct verdict {
    char *row;                  /* What to call the row. */
    char *error;                /* Null as long as all is well. */
};

static inline void OVS_PRINTF_FORMAT(2, 3)
fault(struct verdict *v, const char *format, ...)
{
    if (!v->error) {
        va_list args;

        va_start(args, format);
        char *text = xvasprintf(format, args);
        va_end(args);
        v->error = xasprintf("%s: %s", v->row, text);
        free(text);
    }
}

/* Takes over 'error', which may be null. */
static inline void
fault_in(struct verdict *v, const char *column, char *error)
{
    if (error) {
        fault(v, "%s: %s", column, error);
        free(error);
    }
}

static inline char *
verdict_end(struct verdict *v)
{
    free(v->row);
    return v->error;
}

/* Parses 'text' of 'column' and judges it as the address of one machine. */
static inline bool
check_machine(struct verdict *v, const char *column, const char *text,
              struct in6_addr *address)
{
    char *error = hnv_address_parse(text, address);

    if (!error) {
        error = hnv_address_check_unicast(address);
    }
    fault_in(v, column, error);
    return !v->error;
}

#endif /* hnv-ctl-verdict.h */

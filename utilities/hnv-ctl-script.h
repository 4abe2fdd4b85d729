/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_CTL_SCRIPT_H
#define HNV_CTL_SCRIPT_H 1

#include <stddef.h>

/* Scripts of PowerShell that set up network virtualization
 * ========================================================
 *
 * What
 * ----
 *
 * Finds in the text of a script the commands of the NetVirtualization module,
 * so that a policy that was written for Windows can be imported.  Scripts are
 * understood as far as such scripts go: quotes, comments, the backtick and
 * the comma that continue a line, variables with literal values, arrays and
 * hash tables of them, splatting, loops over values that are known, and ";".
 * The body of any other loop counts once, because what such scripts loop over
 * is hosts, each of which gets the same policy on Windows.
 *
 * Where we differ
 * ---------------
 *
 *    - What is computed, such as $iface.InterfaceIndex, has no value unless
 *      the caller gives one.  Where nothing depends on it, it does not matter.
 *
 *    - New-commands come in the order in which they need each other: virtual
 *      subnets before what is in them, machines before the routes to them.
 *      In a script that also changes or removes things the order stays.
 *
 * What not
 * --------
 *
 * PowerShell: what cannot be understood, such as a condition, is an error that
 * names the line; commands of other modules are skipped, and named.  A command
 * of the module is never skipped without an error.  Nothing here knows the
 * database.
 *
 * Thread-safety
 * -------------
 *
 * One thread per script. */

struct smap;
struct ds;

/* One command. */
struct hnv_script_command {
    char **argv;                /* Ends with a null pointer. */
    int line;                   /* From 1. */
    int rank;                   /* Lower ones must be first. */
};

struct hnv_script {
    struct hnv_script_command *commands;
    size_t n, allocated;
};

/* Parses the 'size' bytes of 'text' into 'script', which the caller destroys
 * in any case.  'values' has values for variables and properties, such as
 * "iface.InterfaceIndex".  Appends a line to 'skipped' for each command that
 * is not one of the module.  Returns null, or an error, which names the line
 * and which the caller frees. */
char *hnv_script_parse(const char *text, size_t size,
                       const struct smap *values, struct hnv_script *,
                       struct ds *skipped);
void hnv_script_destroy(struct hnv_script *);

#endif /* hnv-ctl-script.h */

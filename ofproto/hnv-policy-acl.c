/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-policy-private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "packets.h"
#include "util.h"
#include "uuid.h"

/* Returns the error message for a value that cannot be parsed. */
static char *
bad_value(const char *what, const char *text)
{
    char *quoted = hnv_errors_quote(text);
    char *error = xasprintf("%s is not %s", quoted, what);

    free(quoted);
    return error;
}

/* Parses "ANY", an address, or a prefix. */
static char *
parse_address(const char *text, struct hnv_prefix *prefix, bool *any)
{
    *any = !strcasecmp(text, "ANY");
    if (*any) {
        return NULL;
    }
    if (strchr(text, '/')) {
        return hnv_prefix_parse(text, prefix);
    }
    prefix->plen = 128;
    return hnv_address_parse(text, &prefix->address);
}

/* Parses "ANY", a port, or a range "FIRST-LAST". */
static char *
parse_range(const char *text, struct hnv_range *range, bool *any)
{
    unsigned int first, last;
    int n = -1;

    *any = !strcasecmp(text, "ANY");
    if (*any) {
        return NULL;
    }
    if (strnlen(text, 12) <= 11 && isdigit((unsigned char) text[0])) {
        if (ovs_scan(text, "%u%n", &first, &n) && n == strlen(text)) {
            last = first;
        } else if (!ovs_scan(text, "%u-%u%n", &first, &last, &n)
                   || n != strlen(text)) {
            n = -1;
        }
    }
    if (n < 0 || first > last || last > UINT16_MAX) {
        return bad_value("a port, a range such as 1024-2047, or ANY", text);
    }
    range->first = first;
    range->last = last;
    return NULL;
}

/* Whether 'prefix' is one of the first 'n' elements of 'list'. */
static bool
prefix_is_listed(const struct hnv_prefix *list, size_t n,
                 const struct hnv_prefix *prefix)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i].plen == prefix->plen
            && ipv6_addr_equals(&list[i].address, &prefix->address)) {
            return true;
        }
    }
    return false;
}

static int
compare_ranges(const void *a_, const void *b_)
{
    const struct hnv_range *a = a_, *b = b_;

    return a->first < b->first ? -1 : a->first > b->first;
}

/* An element ANY makes the whole list say nothing. */
static char *
parse_addresses(const struct hnv_strings *strings, struct hnv_prefix **out,
                size_t *n)
{
    *out = xcalloc(strings->n, sizeof **out);
    for (size_t i = 0; i < strings->n; i++) {
        bool any;
        char *error = parse_address(strings->s[i], &(*out)[i], &any);

        if (error || any) {
            *n = 0;
            return error;
        }
        if (!prefix_is_listed(*out, *n, &(*out)[i])) {
            (*out)[(*n)++] = (*out)[i];
        }
    }
    return NULL;
}

/* Leaves out what is part of the range before it.  The result has no two
 * ranges in common, thus no two blocks. */
static size_t
merge_ranges(struct hnv_range *ranges, size_t n)
{
    size_t n_out = 0;

    qsort(ranges, n, sizeof *ranges, compare_ranges);
    for (size_t i = 0; i < n; i++) {
        struct hnv_range *last = n_out ? &ranges[n_out - 1] : NULL;

        if (last && ranges[i].first <= last->last) {
            last->last = MAX(last->last, ranges[i].last);
        } else {
            ranges[n_out++] = ranges[i];
        }
    }
    return n_out;
}

static char *
parse_ranges(const struct hnv_strings *strings, struct hnv_range **out,
             size_t *n)
{
    *out = xcalloc(strings->n, sizeof **out);
    for (size_t i = 0; i < strings->n; i++) {
        bool any;
        char *error = parse_range(strings->s[i], &(*out)[i], &any);

        if (error || any) {
            *n = 0;
            return error;
        }
        *n += 1;
    }
    *n = merge_ranges(*out, *n);
    return NULL;
}

/* A range becomes at most 30 masks; this is what it does become. */
static size_t
count_masks(const struct hnv_range *ranges, size_t n)
{
    size_t total = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t first = ranges[i].first;

        while (first <= ranges[i].last) {
            first += hnv_range_block(first, ranges[i].last);
            total++;
        }
    }
    return MAX(total, 1);
}

static char *
check_acl(const struct hnv_acl_row *row, const struct hnv_acl *acl)
{
    size_t n = (MAX(acl->n_local, 1) * MAX(acl->n_remote, 1)
                * count_masks(acl->local_ports, acl->n_local_ports)
                * count_masks(acl->remote_ports, acl->n_remote_ports));

    if ((acl->n_local_ports || acl->n_remote_ports)
        && row->protocol >= 0 && row->protocol != IPPROTO_TCP
        && row->protocol != IPPROTO_UDP && row->protocol != IPPROTO_SCTP) {
        return xasprintf("protocol %"PRId64" has no ports; remove the ports, "
                         "or name TCP, UDP, or SCTP", row->protocol);
    }
    if (n > HNV_MAX_ACL_FLOWS) {
        return xasprintf("its addresses and ports have %"PRIuSIZE
                         " combinations, more than %d; split it", n,
                         HNV_MAX_ACL_FLOWS);
    }
    return NULL;
}

static void
free_acl(struct hnv_acl *acl)
{
    free(acl->local);
    free(acl->remote);
    free(acl->local_ports);
    free(acl->remote_ports);
}

static char *
parse_acl(const struct hnv_acl_row *row, struct hnv_acl *acl)
{
    char *error = NULL;

    if (row->weight < 1 || row->weight > UINT16_MAX) {
        return xasprintf("weight %"PRId64" is not between 1 and 65535",
                         row->weight);
    }
    if (row->protocol > UINT8_MAX) {
        return xasprintf("protocol %"PRId64" is not between 0 and 255",
                         row->protocol);
    }
    acl->uuid = row->uuid;
    acl->inbound = row->inbound;
    acl->allow = row->allow;
    acl->stateful = row->stateful;
    acl->idle_timeout = row->stateful ? MAX(row->idle_timeout, 0) : 0;
    acl->log = row->log;
    acl->weight = row->weight;
    acl->protocol = MAX(row->protocol, -1);
    error = parse_addresses(&row->local_addresses, &acl->local,
                            &acl->n_local);
    if (!error) {
        error = parse_addresses(&row->remote_addresses, &acl->remote,
                                &acl->n_remote);
    }
    if (!error) {
        error = parse_ranges(&row->local_ports, &acl->local_ports,
                             &acl->n_local_ports);
    }
    if (!error) {
        error = parse_ranges(&row->remote_ports, &acl->remote_ports,
                             &acl->n_remote_ports);
    }
    return error ? error : check_acl(row, acl);
}

/* In the order in which rules are tried: the greater weight, then what
 * denies, then the smaller UUID. */
static int
compare_acls(const void *a_, const void *b_)
{
    const struct hnv_acl *a = a_, *b = b_;

    if (a->weight != b->weight) {
        return a->weight > b->weight ? -1 : 1;
    }
    if (a->allow != b->allow) {
        return a->allow ? 1 : -1;
    }
    return uuid_compare_3way(&a->uuid, &b->uuid);
}

/* Open vSwitch has timeouts for each zone of connection tracking, and a port
 * has one zone.  The longest wins, so that no session ends too early. */
static void
choose_timeout(struct hnv_policy_builder *b, struct hnv_port *port)
{
    for (size_t i = 0; i < port->n_acls; i++) {
        port->idle_timeout = MAX(port->idle_timeout,
                                 port->acls[i].idle_timeout);
    }
    for (size_t i = 0; i < port->n_acls; i++) {
        const struct hnv_acl *acl = &port->acls[i];

        if (acl->idle_timeout && acl->idle_timeout < port->idle_timeout) {
            hnv_errors_add(b->errors, HNV_ROW_ACL, &acl->uuid, port->name,
                           "idle_timeout of %"PRIu32" s becomes the %"PRIu32
                           " s of another ACL of the port, because a port has "
                           "one for all of its sessions; set both the same",
                           acl->idle_timeout, port->idle_timeout);
        }
    }
}

void
hnv_policy_add_acls(struct hnv_policy_builder *b,
                    const struct hnv_port_row *row, struct hnv_port *port)
{
    port->acls = xcalloc(row->n_acls, sizeof *port->acls);
    for (size_t i = 0; port->subnet && i < row->n_acls; i++) {
        struct hnv_acl *acl = &port->acls[port->n_acls];
        char *error;

        if (row->acls[i].vsid && row->acls[i].vsid != port->subnet->vsid) {
            continue;
        }
        error = parse_acl(&row->acls[i], acl);
        if (error) {
            hnv_errors_add(b->errors, HNV_ROW_ACL, &row->acls[i].uuid,
                           row->name, "%s", error);
            free(error);
            free_acl(acl);
            memset(acl, 0, sizeof *acl);
        } else {
            port->n_acls++;
        }
    }
    qsort(port->acls, port->n_acls, sizeof *port->acls, compare_acls);
    choose_timeout(b, port);
}

void
hnv_policy_free_acls(struct hnv_port *port)
{
    for (size_t i = 0; i < port->n_acls; i++) {
        free_acl(&port->acls[i]);
    }
    free(port->acls);
}

uint32_t
hnv_range_block(uint32_t first, uint32_t last)
{
    uint32_t size = 1;

    while (!(first & size) && first + 2 * size - 1 <= last
           && size < UINT16_MAX) {
        size *= 2;
    }
    return size;
}

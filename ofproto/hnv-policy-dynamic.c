/* SPDX-License-Identifier: Apache-2.0 */

/* Dynamic addresses: those that machines were heard to have.  Each host writes
 * those of its own machines, so all that it writes is checked here, by those
 * who use it. */

#include <config.h>

#include "hnv-policy-private.h"

#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "util.h"
#include "uuid.h"

const char *
hnv_subnet_check_dynamic(const struct hnv_subnet *subnet,
                         const struct in6_addr *ca)
{
    struct in6_addr first, last;

    if (hnv_subnet_has_gateway(subnet, ca)) {
        return "it is the gateway address of the virtual subnet";
    }
    for (size_t i = 0; i < subnet->n_prefixes; i++) {
        if (hnv_prefix_contains(&subnet->prefixes[i], ca)) {
            return (hnv_prefix_usable(&subnet->prefixes[i], &first, &last)
                    && memcmp(ca, &first, sizeof *ca) >= 0
                    && memcmp(ca, &last, sizeof *ca) <= 0
                    ? NULL : "no machine may have that address of its prefix");
        }
    }
    return "it is not in any prefix of the virtual subnet";
}

/* Whether 'ca' is one of the addresses that the Port of 'port' has; dynamic
 * addresses are not. */
bool
hnv_port_has_address(const struct hnv_port *port, const struct in6_addr *ca)
{
    for (size_t i = 0; i < port->n_addresses; i++) {
        if (ipv6_addr_equals(&port->addresses[i], ca)) {
            return true;
        }
    }
    return false;
}

const struct hnv_l2_record *
hnv_subnet_l2_record(const struct hnv_subnet *subnet, struct eth_addr mac)
{
    for (size_t i = 0; i < subnet->n_l2_records; i++) {
        if (eth_addr_equals(subnet->l2_records[i]->mac, mac)) {
            return subnet->l2_records[i];
        }
    }
    return NULL;
}

const struct hnv_dynamic *
hnv_l2_record_dynamic(const struct hnv_l2_record *l2,
                      const struct in6_addr *ca)
{
    for (size_t i = 0; i < l2->n_dynamic; i++) {
        if (ipv6_addr_equals(&l2->dynamic[i].ca, ca)) {
            return &l2->dynamic[i];
        }
    }
    return NULL;
}

const struct hnv_l2_record *
hnv_domain_dynamic(const struct hnv_domain *domain, const struct in6_addr *ca)
{
    for (size_t i = 0; i < domain->n_subnets; i++) {
        const struct hnv_subnet *subnet = domain->subnets[i];

        for (size_t j = 0; j < subnet->n_l2_records; j++) {
            if (hnv_l2_record_dynamic(subnet->l2_records[j], ca)) {
                return subnet->l2_records[j];
            }
        }
    }
    return NULL;
}

/* Newest first. */
static int
compare_times(const void *a_, const void *b_)
{
    const struct hnv_dynamic *a = a_, *b = b_;

    return (a->time != b->time ? (a->time > b->time ? -1 : 1)
            : memcmp(&a->ca, &b->ca, sizeof a->ca));
}

/* Returns what is wrong with 'row' as a record that may have dynamic
 * addresses, or NULL. */
static const char *
check_limit(const struct hnv_l2_row *row, const struct hnv_l2_record *l2)
{
    return (row->type != HNV_L2_ONLY
            ? "dynamic_limit: only a record of type l2_only may have dynamic "
            "addresses"
            : l2->subnet->domain->lazy
            ? "dynamic_limit: dynamic addresses need all lookup records, so "
            "set lookup_mode=full in the routing domain"
            : NULL);
}

/* Gives 'l2' the dynamic addresses of 'row' that make sense, and adds the
 * others to the errors.  Addresses of a record that may not have any are of no
 * interest. */
void
hnv_policy_add_dynamic(struct hnv_policy_builder *b,
                       const struct hnv_l2_row *row, struct hnv_l2_record *l2)
{
    const char *why = row->dynamic_limit > 0 ? check_limit(row, l2) : NULL;

    if (why) {
        hnv_errors_add(b->errors, HNV_ROW_L2_RECORD, &row->uuid, row->mac,
                       "%s", why);
    }
    if (row->dynamic_limit <= 0 || why) {
        return;
    }
    l2->dynamic_limit = MIN(row->dynamic_limit, HNV_MAX_DYNAMIC);
    l2->dynamic = xcalloc(row->dynamic_addresses.n, sizeof *l2->dynamic);
    for (size_t i = 0; !l2->disabled && i < row->dynamic_addresses.n; i++) {
        const char *text = row->dynamic_addresses.s[i];
        struct hnv_dynamic *dynamic = &l2->dynamic[l2->n_dynamic];
        char *error = hnv_address_parse(text, &dynamic->ca);

        why = error ? error : hnv_subnet_check_dynamic(l2->subnet,
                                                       &dynamic->ca);
        if (why) {
            hnv_errors_add(b->errors, HNV_ROW_L2_RECORD, &row->uuid, row->mac,
                           "dynamic_addresses: %s: %s", text, why);
        } else {
            dynamic->time = row->dynamic_times[i];
            l2->n_dynamic++;
        }
        free(error);
    }
    qsort(l2->dynamic, l2->n_dynamic, sizeof *l2->dynamic, compare_times);
    if (l2->n_dynamic > l2->dynamic_limit) {
        hnv_errors_add(b->errors, HNV_ROW_L2_RECORD, &row->uuid, row->mac,
                       "dynamic_addresses: more than dynamic_limit, so only "
                       "the newest are in force");
        l2->n_dynamic = l2->dynamic_limit;
    }
}

/* One of the records that claim an address. */
struct claim {
    struct hnv_l2_record *l2;
    struct hnv_dynamic dynamic;
};

static int
compare_claims(const void *a_, const void *b_)
{
    const struct claim *a = a_, *b = b_;
    uint32_t a_key = a->l2->subnet->domain->key;
    uint32_t b_key = b->l2->subnet->domain->key;
    int cmp = memcmp(&a->dynamic.ca, &b->dynamic.ca, sizeof a->dynamic.ca);

    return (a_key != b_key ? (a_key < b_key ? -1 : 1)
            : cmp ? cmp
            : a->dynamic.time != b->dynamic.time
            ? (a->dynamic.time > b->dynamic.time ? -1 : 1)
            : uuid_compare_3way(&a->l2->uuid, &b->l2->uuid));
}

static bool
is_same_address(const struct claim *a, const struct claim *b)
{
    return (a->l2->subnet->domain == b->l2->subnet->domain
            && ipv6_addr_equals(&a->dynamic.ca, &b->dynamic.ca));
}

/* Of several records of a domain that have one address, one keeps it: the one
 * that was heard last and, if that does not decide, the one with the smaller
 * UUID.  The times are by the clocks of their hosts. */
void
hnv_policy_settle_dynamic(struct hnv_policy *policy)
{
    struct claim *claims;
    size_t n = 0;

    for (size_t i = 0; i < policy->n_l2_records; i++) {
        n += policy->l2_records[i].n_dynamic;
    }
    if (!n) {
        return;
    }
    claims = xmalloc(n * sizeof *claims);
    n = 0;
    for (size_t i = 0; i < policy->n_l2_records; i++) {
        struct hnv_l2_record *l2 = &policy->l2_records[i];

        for (size_t j = 0; j < l2->n_dynamic; j++) {
            claims[n++] = (struct claim) { l2, l2->dynamic[j] };
        }
        l2->n_dynamic = 0;
    }
    qsort(claims, n, sizeof *claims, compare_claims);
    for (size_t i = 0; i < n; i++) {
        struct hnv_l2_record *l2 = claims[i].l2;

        if (!i || !is_same_address(&claims[i], &claims[i - 1])) {
            l2->dynamic[l2->n_dynamic++] = claims[i].dynamic;
        }
    }
    for (size_t i = 0; i < policy->n_l2_records; i++) {
        struct hnv_l2_record *l2 = &policy->l2_records[i];

        if (l2->n_dynamic) {
            qsort(l2->dynamic, l2->n_dynamic, sizeof *l2->dynamic,
                  compare_times);
        }
    }
    free(claims);
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-policy-private.h"

#include <stdlib.h>

#include "packets.h"
#include "util.h"
#include "uuid.h"

void
hnv_policy_free_subnet(struct hnv_subnet *subnet)
{
    free(subnet->name);
    free(subnet->prefixes);
    free(subnet->gateways);
    free(subnet->l2_records);
    free(subnet);
}

/* Within a domain, an address must belong to one subnet. */
static char *
check_overlap(const struct hnv_domain *domain, const struct hnv_prefix *prefix,
              const char *text)
{
    for (size_t i = 0; i < domain->n_subnets; i++) {
        const struct hnv_subnet *other = domain->subnets[i];

        for (size_t j = 0; j < other->n_prefixes; j++) {
            if (hnv_prefix_overlaps(prefix, &other->prefixes[j])) {
                return xasprintf("prefix %s overlaps one of VSID %"PRIu32
                                 " in the same routing domain", text,
                                 other->vsid);
            }
        }
    }
    return NULL;
}

static char *
parse_prefixes(const struct hnv_subnet_row *row, struct hnv_subnet *subnet)
{
    subnet->prefixes = xcalloc(row->prefixes.n, sizeof *subnet->prefixes);
    for (size_t i = 0; i < row->prefixes.n; i++) {
        const char *text = row->prefixes.s[i];
        struct hnv_prefix *prefix = &subnet->prefixes[i];
        char *error = hnv_prefix_parse(text, prefix);

        if (!error && (in6_is_lla(&prefix->address)
                       || hnv_address_is_multicast(&prefix->address))) {
            error = xasprintf("prefix %s is not for customers' machines",
                              text);
        }
        for (size_t j = 0; !error && j < i; j++) {
            if (hnv_prefix_overlaps(prefix, &subnet->prefixes[j])) {
                error = xasprintf("prefix %s overlaps %s", text,
                                  row->prefixes.s[j]);
            }
        }
        if (!error) {
            error = check_overlap(subnet->domain, prefix, text);
        }
        if (error) {
            return error;
        }
        subnet->n_prefixes++;
    }
    return NULL;
}

/* Gives the gateway an address in each prefix that it has none in. */
static void
add_default_gateways(struct hnv_subnet *subnet)
{
    size_t n = subnet->n_gateways;

    for (size_t i = 0; i < subnet->n_prefixes; i++) {
        const struct hnv_prefix *prefix = &subnet->prefixes[i];
        bool has_own = false;

        for (size_t j = 0; j < n; j++) {
            has_own = has_own || hnv_prefix_contains(prefix,
                                                     &subnet->gateways[j]);
        }
        if (!has_own
            && hnv_prefix_gateway(prefix,
                                  &subnet->gateways[subnet->n_gateways])) {
            subnet->n_gateways++;
        }
    }
}

static char *
parse_gateways(const struct hnv_subnet_row *row, struct hnv_subnet *subnet)
{
    subnet->gateways = xcalloc(row->gateways.n + subnet->n_prefixes,
                               sizeof *subnet->gateways);
    for (size_t i = 0; i < row->gateways.n; i++) {
        const char *text = row->gateways.s[i];
        struct in6_addr *gateway = &subnet->gateways[i];
        char *error = hnv_address_parse(text, gateway);

        if (!error) {
            error = hnv_address_check_unicast(gateway);
        }
        if (!error && !hnv_subnet_contains(subnet, gateway)) {
            error = xasprintf("gateway %s is not in any of its prefixes",
                              text);
        }
        if (!error && hnv_subnet_has_gateway(subnet, gateway)) {
            error = xasprintf("gateway %s is there twice", text);
        }
        if (error) {
            return error;
        }
        subnet->n_gateways++;
    }
    add_default_gateways(subnet);
    return NULL;
}

static char *
parse_flood(const struct hnv_subnet_row *row, struct hnv_subnet *subnet)
{
    char *error;

    subnet->flood = row->flood;
    if (row->flood != HNV_FLOOD_MULTICAST) {
        return NULL;
    }
    if (!row->multicast_pa) {
        return xstrdup("flood is multicast but multicast_pa is missing; set "
                       "it, or another flood");
    }
    error = hnv_address_parse(row->multicast_pa, &subnet->multicast_pa);
    if (!error && !hnv_address_is_multicast(&subnet->multicast_pa)) {
        error = xasprintf("multicast_pa %s is not a multicast address",
                          row->multicast_pa);
    }
    return error;
}

static char *
check_subnet(const struct hnv_policy *policy,
             const struct hnv_subnet_row *row)
{
    const struct hnv_subnet *other;

    if (row->vsid < HNV_VSID_MIN || row->vsid > HNV_VSID_MAX) {
        return xasprintf("VSID %"PRId64" is reserved (RFC 7637 section 3.4); "
                         "use %d to %d", row->vsid, HNV_VSID_MIN,
                         HNV_VSID_MAX);
    }
    other = hnv_policy_subnet(policy, row->vsid);
    if (other) {
        return xasprintf("VSID %"PRId64" is a subnet of routing domain \"%s\""
                         "; use another VSID", row->vsid,
                         other->domain->name);
    }
    if (!hnv_policy_domain_by_uuid(policy, &row->domain)) {
        return xstrdup("its routing domain does not exist or is invalid");
    }
    if (row->mtu && (row->mtu < 576 || row->mtu > UINT16_MAX)) {
        return xasprintf("MTU %"PRId64" is not between 576 and 65535",
                         row->mtu);
    }
    return hnv_policy_check_name(row->name);
}

static char *
add_subnet(struct hnv_policy *policy, const struct hnv_subnet_row *row)
{
    char *error = check_subnet(policy, row);
    struct hnv_subnet *subnet;
    struct hnv_domain *domain;

    if (error) {
        return error;
    }

    domain = hnv_policy_domain_by_uuid(policy, &row->domain);
    subnet = xzalloc(sizeof *subnet);
    subnet->uuid = row->uuid;
    subnet->name = xstrdup(row->name);
    subnet->vsid = row->vsid;
    subnet->domain = domain;
    subnet->mtu = row->mtu;
    error = parse_prefixes(row, subnet);
    if (!error) {
        error = parse_gateways(row, subnet);
    }
    if (!error) {
        error = parse_flood(row, subnet);
    }
    if (error) {
        hnv_policy_free_subnet(subnet);
        return error;
    }

    hmap_insert(&policy->subnets, &subnet->node, subnet->vsid);
    domain->subnets = xrealloc(domain->subnets, (domain->n_subnets + 1)
                                                * sizeof *domain->subnets);
    domain->subnets[domain->n_subnets++] = subnet;
    return NULL;
}

static int
compare_rows(const void *a_, const void *b_)
{
    const struct hnv_subnet_row *a = *(const void *const *) a_;
    const struct hnv_subnet_row *b = *(const void *const *) b_;

    return (a->vsid != b->vsid ? (a->vsid < b->vsid ? -1 : 1)
            : uuid_compare_3way(&a->uuid, &b->uuid));
}

/* Of subnets whose prefixes overlap, the first counts: the one with the lowest
 * VSID, which people can tell and which does not change. */
void
hnv_policy_add_subnets(struct hnv_policy_builder *b)
{
    size_t n = b->input->n_subnets;
    const void **rows = hnv_policy_sort(b->input->subnets, n,
                                        sizeof *b->input->subnets);

    if (n) {
        qsort(rows, n, sizeof *rows, compare_rows);
    }
    for (size_t i = 0; i < n; i++) {
        const struct hnv_subnet_row *row = rows[i];
        char *error = add_subnet(b->policy, row);

        if (error) {
            hnv_errors_add(b->errors, HNV_ROW_SUBNET, &row->uuid, row->name,
                           "%s", error);
            free(error);
        }
    }
    free(rows);
}

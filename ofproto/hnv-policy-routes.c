/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-policy-private.h"

#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "util.h"

/* Customer routes. */

/* Returns the subnet of 'domain' that 'ca' is in, or NULL. */
static const struct hnv_subnet *
find_subnet(const struct hnv_domain *domain, const struct in6_addr *ca)
{
    for (size_t i = 0; i < domain->n_subnets; i++) {
        if (hnv_subnet_contains(domain->subnets[i], ca)) {
            return domain->subnets[i];
        }
    }
    return NULL;
}

/* An on-link route says what the subnet's prefixes say already. */
static char *
check_on_link(const struct hnv_subnet *subnet, const struct hnv_route_row *row,
              const struct hnv_prefix *prefix)
{
    for (size_t i = 0; i < subnet->n_prefixes; i++) {
        const struct hnv_prefix *p = &subnet->prefixes[i];

        if (p->plen <= prefix->plen
            && hnv_prefix_contains(p, &prefix->address)) {
            return NULL;
        }
    }
    return xasprintf("on-link prefix %s is not in VSID %"PRIu32"; add it to "
                     "the subnet's prefixes", row->prefix, subnet->vsid);
}

static char *
check_next_hop(const struct hnv_domain *domain,
               const struct hnv_route_row *row,
               const struct hnv_prefix *prefix,
               const struct in6_addr *next_hop)
{
    const struct hnv_subnet *subnet = find_subnet(domain, next_hop);

    if (hnv_address_is_v4(next_hop) != hnv_prefix_is_v4(prefix)) {
        return xasprintf("next hop %s and prefix %s are of different IP "
                         "versions", row->next_hop, row->prefix);
    }
    if (!subnet) {
        return xasprintf("next hop %s is not in any subnet of the routing "
                         "domain", row->next_hop);
    }
    if (!domain->external_router
        && hnv_subnet_has_gateway(subnet, next_hop)) {
        return xasprintf("next hop %s is the gateway address of VSID %"PRIu32
                         ", not a machine", row->next_hop, subnet->vsid);
    }
    for (size_t i = 0; i < domain->n_subnets; i++) {
        for (size_t j = 0; j < domain->subnets[i]->n_prefixes; j++) {
            const struct hnv_prefix *p = &domain->subnets[i]->prefixes[j];

            if (p->plen == prefix->plen
                && ipv6_addr_equals(&p->address, &prefix->address)) {
                return xasprintf("prefix %s is that of VSID %"PRIu32", which "
                                 "is on link", row->prefix,
                                 domain->subnets[i]->vsid);
            }
        }
    }
    return NULL;
}

/* Of several routes for one prefix the smallest metric wins, then the smallest
 * next hop. */
static void
insert_route(struct hnv_domain *domain, const struct hnv_route *route)
{
    for (size_t i = 0; i < domain->n_routes; i++) {
        struct hnv_route *old = &domain->routes[i];

        if (old->prefix.plen == route->prefix.plen
            && ipv6_addr_equals(&old->prefix.address,
                                &route->prefix.address)) {
            if (route->metric < old->metric
                || (route->metric == old->metric
                    && memcmp(&route->next_hop, &old->next_hop,
                              sizeof route->next_hop) < 0)) {
                *old = *route;
            }
            return;
        }
    }
    domain->routes = xrealloc(domain->routes, (domain->n_routes + 1)
                                              * sizeof *domain->routes);
    domain->routes[domain->n_routes++] = *route;
}

static char *
add_route(struct hnv_policy *policy, const struct hnv_route_row *row)
{
    struct hnv_domain *domain = hnv_policy_domain_by_uuid(policy,
                                                          &row->domain);
    struct hnv_route route = { .uuid = row->uuid, .metric = row->metric };
    const struct hnv_subnet *subnet;
    char *error;

    if (!domain) {
        return xstrdup("its routing domain does not exist or is invalid");
    }
    subnet = (row->vsid >= HNV_VSID_MIN && row->vsid <= HNV_VSID_MAX
              ? hnv_policy_subnet(policy, row->vsid) : NULL);
    if (!subnet || subnet->domain != domain) {
        return xasprintf("VSID %"PRId64" is not in the routing domain",
                         row->vsid);
    }
    if (row->metric < 0 || row->metric > UINT16_MAX) {
        return xasprintf("metric %"PRId64" is not between 0 and 65535",
                         row->metric);
    }
    error = hnv_prefix_parse(row->prefix, &route.prefix);
    if (!error) {
        error = hnv_address_parse(row->next_hop, &route.next_hop);
    }
    if (error) {
        return error;
    }
    if (hnv_address_is_any(&route.next_hop)) {
        return check_on_link(subnet, row, &route.prefix);
    }
    error = check_next_hop(domain, row, &route.prefix, &route.next_hop);
    if (!error) {
        insert_route(domain, &route);
    }
    return error;
}

void
hnv_policy_add_routes(struct hnv_policy_builder *b)
{
    size_t n = b->input->n_routes;
    const void **rows = hnv_policy_sort(b->input->routes, n,
                                        sizeof *b->input->routes);

    for (size_t i = 0; i < n; i++) {
        const struct hnv_route_row *row = rows[i];
        char *error = add_route(b->policy, row);

        if (error) {
            hnv_errors_add(b->errors, HNV_ROW_ROUTE, &row->uuid, row->prefix,
                           "%s", error);
            free(error);
        }
    }
    free(rows);
}

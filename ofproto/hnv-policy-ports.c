/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-policy-private.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "packets.h"
#include "util.h"

/* ------------------------------------------------------------------------ */
/* L2 records.                                                              */
/* ------------------------------------------------------------------------ */

static char *
check_l2_record(const struct hnv_subnet *subnet, const struct hnv_l2_row *row,
                struct eth_addr mac)
{
    if (row->type == HNV_L2_GATEWAY_WILDCARD && subnet->wildcard) {
        return xasprintf("VSID %"PRIu32" has another gateway wildcard",
                         subnet->vsid);
    }
    for (size_t i = 0; i < subnet->n_l2_records; i++) {
        if (eth_addr_equals(subnet->l2_records[i]->mac, mac)) {
            return xasprintf("VSID %"PRIu32" has another L2 record with MAC "
                             ETH_ADDR_FMT, subnet->vsid, ETH_ADDR_ARGS(mac));
        }
    }
    return NULL;
}

static const struct hnv_peer *
parse_peer(struct hnv_peers *peers, const struct hnv_l2_row *row,
           char **error)
{
    struct in6_addr pas[2 * HNV_MAX_PAS];
    size_t n_primary, n_standby;

    *error = hnv_policy_parse_pas(&row->provider_addresses, pas, &n_primary);
    if (!*error) {
        *error = hnv_policy_parse_pas(&row->standby_addresses,
                                      pas + n_primary, &n_standby);
    }
    return (*error || !n_primary
            ? NULL : hnv_peers_get(peers, pas, n_primary, n_standby));
}

static char *
add_l2_record(struct hnv_policy_builder *b, const struct hnv_l2_row *row)
{
    struct hnv_policy *policy = b->policy;
    struct hnv_subnet *subnet = (row->vsid >= HNV_VSID_MIN
                                 && row->vsid <= HNV_VSID_MAX
                                 ? hnv_policy_subnet(policy, row->vsid)
                                 : NULL);
    const struct hnv_peer *peer;
    struct hnv_l2_record *l2;
    struct eth_addr mac;
    char *error;

    if (!subnet) {
        return xasprintf("VSID %"PRId64" is not a virtual subnet", row->vsid);
    }
    error = hnv_mac_parse(row->mac, &mac);
    if (!error) {
        error = check_l2_record(subnet, row, mac);
    }
    if (error) {
        return error;
    }
    peer = parse_peer(policy->peers, row, &error);
    if (error) {
        return error;
    }

    l2 = &policy->l2_records[policy->n_l2_records++];
    l2->uuid = row->uuid;
    l2->subnet = subnet;
    l2->mac = mac;
    l2->type = row->type;
    l2->disabled = row->disabled;
    l2->peer = peer;
    hnv_peers_join(policy->peers, subnet->vsid, peer);
    subnet->l2_records = xrealloc(subnet->l2_records,
                                  (subnet->n_l2_records + 1)
                                  * sizeof *subnet->l2_records);
    subnet->l2_records[subnet->n_l2_records++] = l2;
    if (l2->type == HNV_L2_GATEWAY_WILDCARD) {
        subnet->wildcard = l2;
    }
    hnv_policy_add_dynamic(b, row, l2);
    return NULL;
}

void
hnv_policy_add_l2_records(struct hnv_policy_builder *b)
{
    size_t n = b->input->n_l2_records;
    const void **rows = hnv_policy_sort(b->input->l2_records, n,
                                        sizeof *b->input->l2_records);

    b->policy->l2_records = xcalloc(n, sizeof *b->policy->l2_records);
    for (size_t i = 0; i < n; i++) {
        const struct hnv_l2_row *row = rows[i];
        char *error = add_l2_record(b, row);

        if (error) {
            hnv_errors_add(b->errors, HNV_ROW_L2_RECORD, &row->uuid, row->mac,
                           "%s", error);
            free(error);
        }
    }
    free(rows);
    hnv_policy_settle_dynamic(b->policy);
}

/* ------------------------------------------------------------------------ */
/* Customer routes.                                                         */
/* ------------------------------------------------------------------------ */

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
    if (hnv_subnet_has_gateway(subnet, next_hop)) {
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

/* ------------------------------------------------------------------------ */
/* Ports.                                                                   */
/* ------------------------------------------------------------------------ */

/* Returns what is wrong with 'ca' as the address of a machine in 'subnet', or
 * NULL. */
static char *
check_address(const struct hnv_subnet *subnet, const struct in6_addr *ca,
              const char *text)
{
    if (!hnv_subnet_contains(subnet, ca)) {
        return xasprintf("address %s is not in VSID %"PRIu32, text,
                         subnet->vsid);
    }
    if (hnv_subnet_has_gateway(subnet, ca)) {
        return xasprintf("address %s is the gateway address of VSID %"PRIu32,
                         text, subnet->vsid);
    }
    return hnv_address_check_unicast(ca);
}

static char *
parse_addresses(const struct hnv_port_row *row, struct hnv_port *port)
{
    port->addresses = xcalloc(row->addresses.n, sizeof *port->addresses);
    for (size_t i = 0; i < row->addresses.n; i++) {
        const char *text = row->addresses.s[i];
        char *error = hnv_address_parse(text, &port->addresses[i]);

        if (!error && port->subnet) {
            error = check_address(port->subnet, &port->addresses[i], text);
        }
        for (size_t j = 0; !error && j < i; j++) {
            if (ipv6_addr_equals(&port->addresses[i], &port->addresses[j])) {
                error = xasprintf("address %s is there twice", text);
            }
        }
        if (error) {
            return error;
        }
        port->n_addresses++;
    }
    return NULL;
}

static char *
parse_port(const struct hnv_policy *policy, const struct hnv_port_row *row,
           struct hnv_port *port)
{
    if (row->vsid && row->vlan >= 0) {
        return xstrdup("it has both a VSID and a VLAN; remove one of them");
    }
    if (row->vlan > 4094) {
        return xasprintf("VLAN %"PRId64" is not between 0 and 4094",
                         row->vlan);
    }
    if (row->vsid) {
        port->subnet = (row->vsid >= HNV_VSID_MIN && row->vsid <= HNV_VSID_MAX
                        ? hnv_policy_subnet(policy, row->vsid) : NULL);
        if (!port->subnet) {
            return xasprintf("VSID %"PRId64" is not a virtual subnet",
                             row->vsid);
        }
    }
    if (port->subnet || row->mac[0]) {
        char *error = hnv_mac_parse(row->mac, &port->mac);

        if (error) {
            return error;
        }
    }
    return parse_addresses(row, port);
}

static char *
add_port(struct hnv_policy_builder *b, const struct hnv_port_row *row)
{
    char *error = hnv_policy_check_name(row->name);
    struct hnv_port *port;

    if (!error && hnv_policy_port(b->policy, row->name)) {
        error = xstrdup("another port has that name");
    }
    if (error) {
        return error;
    }

    port = xzalloc(sizeof *port);
    port->uuid = row->uuid;
    port->name = xstrdup(row->name);
    port->vlan = row->vlan >= 0 ? row->vlan : -1;
    port->mac_spoofing = row->mac_spoofing;
    port->forwarder = row->forwarder;
    port->dhcp_guard = row->dhcp_guard;
    port->router_guard = row->router_guard;
    error = parse_port(b->policy, row, port);
    if (error) {
        free(port->addresses);
        free(port->name);
        free(port);
        return error;
    }
    hnv_policy_add_acls(b, row, port);
    hmap_insert(&b->policy->ports, &port->node, hash_string(port->name, 0));
    return NULL;
}

void
hnv_policy_add_ports(struct hnv_policy_builder *b)
{
    size_t n = b->input->n_ports;
    const void **rows = hnv_policy_sort(b->input->ports, n,
                                        sizeof *b->input->ports);

    for (size_t i = 0; i < n; i++) {
        const struct hnv_port_row *row = rows[i];
        char *error = add_port(b, row);

        if (error) {
            hnv_errors_add(b->errors, HNV_ROW_PORT, &row->uuid, row->name,
                           "%s", error);
            free(error);
        }
    }
    free(rows);
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-policy.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "hnv-policy-private.h"
#include "packets.h"
#include "util.h"
#include "uuid.h"

/* ------------------------------------------------------------------------ */
/* What all tables need.                                                    */
/* ------------------------------------------------------------------------ */

static int
compare_rows(const void *a_, const void *b_)
{
    const struct uuid *const *a = a_, *const *b = b_;

    return uuid_compare_3way(*a, *b);
}

const void **
hnv_policy_sort(const void *rows, size_t n, size_t size)
{
    const void **sorted = xmalloc(n * sizeof *sorted);

    for (size_t i = 0; i < n; i++) {
        sorted[i] = (const char *) rows + i * size;
    }
    qsort(sorted, n, sizeof *sorted, compare_rows);
    return sorted;
}

char *
hnv_policy_check_name(const char *name)
{
    return (strnlen(name, HNV_MAX_NAME + 1) > HNV_MAX_NAME
            ? xasprintf("its name is longer than %d bytes", HNV_MAX_NAME)
            : NULL);
}

char *
hnv_policy_parse_pas(const struct hnv_strings *strings, struct in6_addr *pas,
                     size_t *n)
{
    if (strings->n > HNV_MAX_PAS) {
        return xasprintf("%"PRIuSIZE" provider addresses are more than the "
                         "%d that are possible", strings->n, HNV_MAX_PAS);
    }
    for (size_t i = 0; i < strings->n; i++) {
        char *error = hnv_address_parse(strings->s[i], &pas[i]);

        if (!error && hnv_address_is_any(&pas[i])) {
            error = xasprintf("%s cannot be a provider address",
                              strings->s[i]);
        }
        if (error) {
            return error;
        }
    }
    *n = strings->n;
    return NULL;
}

/* ------------------------------------------------------------------------ */
/* Routing domains.                                                         */
/* ------------------------------------------------------------------------ */

static char *
add_domain(struct hnv_policy *policy, const struct hnv_domain_row *row)
{
    char *error = hnv_policy_check_name(row->name);
    struct hnv_domain *domain;

    if (error) {
        return error;
    }
    if (row->datapath_key < 1 || row->datapath_key > HNV_DOMAIN_KEY_MAX) {
        return xasprintf("datapath_key %"PRId64" is not between 1 and %d",
                         row->datapath_key, HNV_DOMAIN_KEY_MAX);
    }
    domain = hnv_policy_domain(policy, row->datapath_key);
    if (domain) {
        return xasprintf("datapath_key %"PRId64" belongs to \"%s\"; use "
                         "another", row->datapath_key, domain->name);
    }

    domain = xzalloc(sizeof *domain);
    domain->uuid = row->uuid;
    domain->name = xstrdup(row->name);
    domain->key = row->datapath_key;
    domain->lazy = row->lazy;
    domain->external_router = row->external_router;
    domain->keep_ttl = row->keep_ttl;
    domain->keep_mac = row->keep_mac;
    domain->strict_vsid = row->strict_vsid;
    domain->stays = row->stays;
    hmap_insert(&policy->domains, &domain->node, domain->key);
    hmap_insert(&policy->domains_by_uuid, &domain->by_uuid,
                uuid_hash(&domain->uuid));
    return NULL;
}

static void
add_domains(struct hnv_policy_builder *b)
{
    size_t n = b->input->n_domains;
    const void **rows = hnv_policy_sort(b->input->domains, n,
                                        sizeof *b->input->domains);

    for (size_t i = 0; i < n; i++) {
        const struct hnv_domain_row *row = rows[i];
        char *error = add_domain(b->policy, row);

        if (error) {
            hnv_errors_add(b->errors, HNV_ROW_DOMAIN, &row->uuid, row->name,
                           "%s", error);
            free(error);
        }
    }
    free(rows);
}

/* ------------------------------------------------------------------------ */
/* Hosts.                                                                   */
/* ------------------------------------------------------------------------ */

/* A provider address is assigned on one host only. */
static const struct hnv_policy_host *
find_pa(const struct hnv_policy *policy, const struct in6_addr *pa)
{
    const struct hnv_policy_host *host;

    HMAP_FOR_EACH (host, node, &policy->hosts) {
        for (size_t i = 0; i < host->n_pas; i++) {
            if (ipv6_addr_equals(&host->pas[i], pa)) {
                return host;
            }
        }
    }
    return NULL;
}

static char *
add_host(struct hnv_policy *policy, const struct hnv_host_row *row)
{
    char *error = hnv_policy_check_name(row->name);
    struct in6_addr pas[HNV_MAX_PAS];
    struct hnv_policy_host *host;
    size_t n;

    if (!error && hnv_policy_host(policy, row->name)) {
        error = xstrdup("another host has that name; rename one of them");
    }
    if (!error) {
        error = hnv_policy_parse_pas(&row->provider_addresses, pas, &n);
    }
    for (size_t i = 0; !error && i < n; i++) {
        const struct hnv_policy_host *other = find_pa(policy, &pas[i]);

        error = (other
                 ? xasprintf("provider address %s belongs to host \"%s\"; "
                             "remove it from one of them",
                             row->provider_addresses.s[i], other->name)
                 : hnv_address_check_unicast(&pas[i]));
    }
    if (error) {
        return error;
    }

    host = xzalloc(sizeof *host);
    host->uuid = row->uuid;
    host->name = xstrdup(row->name);
    host->pas = xmemdup(pas, n * sizeof *pas);
    host->n_pas = n;
    hmap_insert(&policy->hosts, &host->node, hash_string(host->name, 0));
    return NULL;
}

static void
add_hosts(struct hnv_policy_builder *b)
{
    size_t n = b->input->n_hosts;
    const void **rows = hnv_policy_sort(b->input->hosts, n,
                                        sizeof *b->input->hosts);

    for (size_t i = 0; i < n; i++) {
        const struct hnv_host_row *row = rows[i];
        char *error = add_host(b->policy, row);

        if (error) {
            hnv_errors_add(b->errors, HNV_ROW_HOST, &row->uuid, row->name,
                           "%s", error);
            free(error);
        }
    }
    free(rows);
}

/* ------------------------------------------------------------------------ */
/* The policy.                                                              */
/* ------------------------------------------------------------------------ */

static void
parse_router_mac(struct hnv_policy_builder *b)
{
    const char *text = b->input->router_mac;
    char *error = NULL;

    ovs_assert(eth_addr_from_string(HNV_ROUTER_MAC, &b->policy->router_mac));
    if (text && text[0]) {
        struct eth_addr mac;

        error = hnv_mac_parse(text, &mac);
        if (!error) {
            b->policy->router_mac = mac;
        }
    }
    if (error) {
        hnv_errors_add(b->errors, HNV_ROW_NONE, &UUID_ZERO, "router_mac",
                       "%s; using %s", error, HNV_ROUTER_MAC);
        free(error);
    }
}

/* Returns the policy that 'input' describes, whose L2 records hold references
 * in 'peers', and adds to 'errors' what is wrong with 'input'. */
struct hnv_policy *
hnv_policy_create(const struct hnv_policy_input *input,
                  struct hnv_peers *peers, struct hnv_errors *errors)
{
    struct hnv_policy *policy = xzalloc(sizeof *policy);
    struct hnv_policy_builder b = { policy, input, errors };

    hmap_init(&policy->domains);
    hmap_init(&policy->domains_by_uuid);
    hmap_init(&policy->subnets);
    hmap_init(&policy->ports);
    hmap_init(&policy->hosts);
    policy->peers = peers;

    parse_router_mac(&b);
    add_domains(&b);
    hnv_policy_add_subnets(&b);
    add_hosts(&b);
    hnv_policy_add_l2_records(&b);
    hnv_policy_add_routes(&b);
    hnv_policy_add_ports(&b);
    return policy;
}

void
hnv_policy_destroy(struct hnv_policy *policy)
{
    struct hnv_policy_host *host;
    struct hnv_domain *domain;
    struct hnv_subnet *subnet;
    struct hnv_port *port;

    if (!policy) {
        return;
    }
    for (size_t i = 0; i < policy->n_l2_records; i++) {
        const struct hnv_l2_record *l2 = &policy->l2_records[i];

        hnv_peers_leave(policy->peers, l2->subnet->vsid, l2->peer);
        hnv_peers_put(policy->peers, l2->peer);
        free(l2->dynamic);
    }
    free(policy->l2_records);
    HMAP_FOR_EACH_POP (port, node, &policy->ports) {
        hnv_policy_free_acls(port);
        free(port->addresses);
        free(port->name);
        free(port);
    }
    HMAP_FOR_EACH_POP (host, node, &policy->hosts) {
        free(host->name);
        free(host->pas);
        free(host);
    }
    HMAP_FOR_EACH_POP (subnet, node, &policy->subnets) {
        hnv_policy_free_subnet(subnet);
    }
    HMAP_FOR_EACH_POP (domain, node, &policy->domains) {
        free(domain->name);
        free(domain->subnets);
        free(domain->routes);
        free(domain);
    }
    hmap_destroy(&policy->domains);
    hmap_destroy(&policy->domains_by_uuid);
    hmap_destroy(&policy->subnets);
    hmap_destroy(&policy->ports);
    hmap_destroy(&policy->hosts);
    free(policy);
}

struct hnv_domain *
hnv_policy_domain(const struct hnv_policy *policy, uint32_t key)
{
    struct hnv_domain *domain;

    HMAP_FOR_EACH_WITH_HASH (domain, node, key, &policy->domains) {
        if (domain->key == key) {
            return domain;
        }
    }
    return NULL;
}

struct hnv_domain *
hnv_policy_domain_by_uuid(const struct hnv_policy *policy,
                          const struct uuid *uuid)
{
    struct hnv_domain *domain;

    HMAP_FOR_EACH_WITH_HASH (domain, by_uuid, uuid_hash(uuid),
                             &policy->domains_by_uuid) {
        if (uuid_equals(&domain->uuid, uuid)) {
            return domain;
        }
    }
    return NULL;
}

struct hnv_subnet *
hnv_policy_subnet(const struct hnv_policy *policy, uint32_t vsid)
{
    struct hnv_subnet *subnet;

    HMAP_FOR_EACH_WITH_HASH (subnet, node, vsid, &policy->subnets) {
        if (subnet->vsid == vsid) {
            return subnet;
        }
    }
    return NULL;
}

struct hnv_port *
hnv_policy_port(const struct hnv_policy *policy, const char *name)
{
    struct hnv_port *port;

    HMAP_FOR_EACH_WITH_HASH (port, node, hash_string(name, 0),
                             &policy->ports) {
        if (!strcmp(port->name, name)) {
            return port;
        }
    }
    return NULL;
}

struct hnv_policy_host *
hnv_policy_host(const struct hnv_policy *policy, const char *name)
{
    struct hnv_policy_host *host;

    HMAP_FOR_EACH_WITH_HASH (host, node, hash_string(name, 0),
                             &policy->hosts) {
        if (!strcmp(host->name, name)) {
            return host;
        }
    }
    return NULL;
}

bool
hnv_subnet_has_gateway(const struct hnv_subnet *subnet,
                       const struct in6_addr *ca)
{
    for (size_t i = 0; i < subnet->n_gateways; i++) {
        if (ipv6_addr_equals(&subnet->gateways[i], ca)) {
            return true;
        }
    }
    return false;
}

bool
hnv_subnet_contains(const struct hnv_subnet *subnet, const struct in6_addr *ca)
{
    for (size_t i = 0; i < subnet->n_prefixes; i++) {
        if (hnv_prefix_contains(&subnet->prefixes[i], ca)) {
            return true;
        }
    }
    return false;
}

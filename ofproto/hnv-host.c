/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-host.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "packets.h"
#include "util.h"
#include "uuid.h"

static uint32_t
hash_vsid_mac(uint32_t vsid, struct eth_addr mac)
{
    return hash_mac(mac, 0, vsid);
}

static void
add_pas(struct hnv_host *host, const struct in6_addr *pas, size_t n)
{
    host->pas = xrealloc(host->pas, (host->n_pas + n) * sizeof *host->pas);
    for (size_t i = 0; i < n; i++) {
        if (!hnv_host_has_pa(host, &pas[i])) {
            host->pas[host->n_pas++] = pas[i];
        }
    }
}

static void
parse_pas(struct hnv_host *host, const struct hnv_host_input *input,
          const struct hnv_policy *policy, struct hnv_errors *errors)
{
    const struct hnv_policy_host *row = hnv_policy_host(policy, host->name);

    if (row) {
        add_pas(host, row->pas, row->n_pas);
    }
    for (size_t i = 0; i < input->pas.n; i++) {
        struct in6_addr pa;
        char *error = hnv_address_parse(input->pas.s[i], &pa);

        if (!error) {
            error = hnv_address_check_unicast(&pa);
        }
        if (error) {
            hnv_errors_add(errors, HNV_ROW_HOST, row ? &row->uuid : &UUID_ZERO,
                           host->name, "%s", error);
            free(error);
        } else {
            add_pas(host, &pa, 1);
        }
    }
    for (size_t i = 0; i < host->n_pas; i++) {
        const struct in6_addr **pa = (hnv_address_is_v4(&host->pas[i])
                                      ? &host->pa4 : &host->pa6);

        *pa = *pa ? *pa : &host->pas[i];
    }
}

/* Returns what is wrong with 'row', which is not an uplink, or NULL. */
static char *
bind_port(struct hnv_host *host, const struct hnv_interface_row *row,
          const struct hnv_policy *policy, struct hnv_lport *lport)
{
    const struct hnv_port *port = hnv_policy_port(policy, row->port_id);
    const struct hnv_lport *other;

    if (!port) {
        char *quoted = hnv_errors_quote(row->port_id);
        char *error = xasprintf("hnv-port-id %s names no valid Port; see "
                                "\"hnv-ctl port-list\"", quoted);

        free(quoted);
        return error;
    }
    for (size_t i = 0; i < host->n_lports; i++) {
        other = &host->lports[i];
        if (other->port == port) {
            return xasprintf("port \"%s\" is bound to interface \"%s\"; "
                             "remove hnv-port-id from one of them",
                             port->name, other->name);
        }
    }
    lport->port = port;
    if (!port->subnet) {
        lport->vlan = port->vlan >= 0 ? port->vlan : row->vlan;
        return NULL;
    }

    if (row->vlan >= 0) {
        return xasprintf("it has VLAN %d, but port \"%s\" has VSID %"PRIu32
                         "; remove one of them", row->vlan, port->name,
                         port->subnet->vsid);
    }
    other = hnv_host_lport(host, port->subnet->vsid, port->mac);
    if (other) {
        return xasprintf("port \"%s\" has the MAC of port \"%s\" in the same "
                         "VSID", port->name, other->port->name);
    }
    return NULL;
}

static void
add_interface(struct hnv_host *host, const struct hnv_interface_row *row,
              const struct hnv_policy *policy, struct hnv_errors *errors)
{
    struct hnv_lport *lport = &host->lports[host->n_lports];

    lport->vlan = -1;
    if (!row->uplink) {
        char *error = bind_port(host, row, policy, lport);

        if (error) {
            hnv_errors_add(errors, HNV_ROW_PORT, &row->uuid, row->name, "%s",
                           error);
            free(error);
            memset(lport, 0, sizeof *lport);
            return;
        }
    }
    lport->uuid = row->uuid;
    lport->name = xstrdup(row->name);
    lport->ofport = row->ofport;
    lport->vport = row->vport;
    lport->uplink = row->uplink;
    host->n_lports++;
    if (lport->port && lport->port->subnet) {
        hmap_insert(&host->by_mac, &lport->by_mac,
                    hash_vsid_mac(lport->port->subnet->vsid,
                                  lport->port->mac));
    }
}

static int
compare_interfaces(const void *a_, const void *b_)
{
    const struct hnv_interface_row *const *a = a_, *const *b = b_;

    return (*a)->vport < (*b)->vport ? -1 : (*a)->vport > (*b)->vport;
}

static void
add_interfaces(struct hnv_host *host, const struct hnv_host_input *input,
               const struct hnv_policy *policy, struct hnv_errors *errors)
{
    size_t n = input->n_interfaces;
    const struct hnv_interface_row **rows = xmalloc(n * sizeof *rows);

    for (size_t i = 0; i < n; i++) {
        rows[i] = &input->interfaces[i];
    }
    qsort(rows, n, sizeof *rows, compare_interfaces);

    host->lports = xcalloc(n, sizeof *host->lports);
    for (size_t i = 0; i < n; i++) {
        if (rows[i]->uplink || rows[i]->port_id) {
            add_interface(host, rows[i], policy, errors);
        }
    }
    free(rows);
}

static int
compare_domains(const void *a_, const void *b_)
{
    const struct hnv_domain *const *a = a_, *const *b = b_;

    return (*a)->key < (*b)->key ? -1 : (*a)->key > (*b)->key;
}

/* A domain whose last machine has left stays for a while, so that what still
 * comes for that machine is sent on. */
static void
index_domains(struct hnv_host *host, const struct hnv_policy *policy)
{
    const struct hnv_domain *domain;
    size_t n = 0;

    host->domains = xmalloc((host->n_lports + hmap_count(&policy->domains))
                            * sizeof *host->domains);
    HMAP_FOR_EACH (domain, node, &policy->domains) {
        if (domain->stays) {
            host->domains[n++] = domain;
        }
    }
    for (size_t i = 0; i < host->n_lports; i++) {
        const struct hnv_port *port = host->lports[i].port;

        if (port && port->subnet) {
            host->domains[n++] = port->subnet->domain;
        }
    }
    qsort(host->domains, n, sizeof *host->domains, compare_domains);
    for (size_t i = 0; i < n; i++) {
        if (!i || host->domains[i] != host->domains[i - 1]) {
            host->domains[host->n_domains++] = host->domains[i];
        }
    }
}

/* Notes which MAC addresses are unambiguous in their domain. */
static void
index_macs(struct hnv_host *host)
{
    struct hnv_lport *lport;

    HMAP_FOR_EACH (lport, by_mac, &host->by_mac) {
        const struct hnv_domain *domain = lport->port->subnet->domain;

        lport->mac_unique = true;
        for (size_t i = 0; i < domain->n_subnets; i++) {
            const struct hnv_lport *other
                = hnv_host_lport(host, domain->subnets[i]->vsid,
                                 lport->port->mac);

            if (other && other != lport) {
                lport->mac_unique = false;
            }
        }
    }
}

/* Returns the host that 'input' describes, which points into 'policy', and
 * adds to 'errors' what is wrong with 'input'. */
struct hnv_host *
hnv_host_create(const struct hnv_host_input *input,
                const struct hnv_policy *policy, struct hnv_errors *errors)
{
    struct hnv_host *host = xzalloc(sizeof *host);

    host->name = xstrdup(input->name);
    host->tunnel_port = input->tunnel_port;
    host->rewrite_port = input->rewrite_port;
    host->pa_mac = input->pa_mac;
    host->rewrite_mac = hnv_rewrite_mac(input->pa_mac);
    host->mtu = input->mtu;
    host->no_meters = input->no_meters;
    host->neighbors = xmemdup(input->neighbors, input->n_neighbors
                                                * sizeof *host->neighbors);
    host->n_neighbors = input->n_neighbors;
    hmap_init(&host->by_mac);

    parse_pas(host, input, policy, errors);
    add_interfaces(host, input, policy, errors);
    index_domains(host, policy);
    index_macs(host);
    return host;
}

void
hnv_host_destroy(struct hnv_host *host)
{
    if (!host) {
        return;
    }
    for (size_t i = 0; i < host->n_lports; i++) {
        free(host->lports[i].name);
    }
    hmap_destroy(&host->by_mac);
    free(host->lports);
    free(host->domains);
    free(host->neighbors);
    free(host->pas);
    free(host->name);
    free(host);
}

const struct hnv_lport *
hnv_host_lport(const struct hnv_host *host, uint32_t vsid,
               struct eth_addr mac)
{
    const struct hnv_lport *lport;

    HMAP_FOR_EACH_WITH_HASH (lport, by_mac, hash_vsid_mac(vsid, mac),
                             &host->by_mac) {
        if (lport->port->subnet->vsid == vsid
            && eth_addr_equals(lport->port->mac, mac)) {
            return lport;
        }
    }
    return NULL;
}

const struct hnv_lport *
hnv_host_vport(const struct hnv_host *host, uint16_t vport)
{
    for (size_t i = 0; i < host->n_lports; i++) {
        if (host->lports[i].vport == vport) {
            return &host->lports[i];
        }
    }
    return NULL;
}

bool
hnv_host_has_pa(const struct hnv_host *host, const struct in6_addr *pa)
{
    for (size_t i = 0; i < host->n_pas; i++) {
        if (ipv6_addr_equals(&host->pas[i], pa)) {
            return true;
        }
    }
    return false;
}

bool
hnv_host_has_domain(const struct hnv_host *host, uint32_t key)
{
    const struct hnv_domain like = { .key = key }, *likep = &like;

    return bsearch(&likep, host->domains, host->n_domains,
                   sizeof *host->domains, compare_domains) != NULL;
}

bool
hnv_host_has_subnet(const struct hnv_host *host,
                    const struct hnv_subnet *subnet)
{
    for (size_t i = 0; i < host->n_lports; i++) {
        const struct hnv_port *port = host->lports[i].port;

        if (port && port->subnet == subnet) {
            return true;
        }
    }
    return false;
}

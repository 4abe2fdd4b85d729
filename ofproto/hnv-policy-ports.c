/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-policy-private.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "packets.h"
#include "util.h"

/* Ports, apart from their ACLs. */

/* Returns what is wrong with 'ca' as the address of a machine in 'subnet', or
 * NULL. */
static char *
check_address(const struct hnv_subnet *subnet, const struct in6_addr *ca,
              const char *text)
{
    if (!hnv_subnet_contains(subnet, ca)) {
        return xasprintf("address %s is not in any prefix of VSID %"PRIu32,
                         text, subnet->vsid);
    }
    if (!subnet->domain->external_router
        && hnv_subnet_has_gateway(subnet, ca)) {
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
            return xasprintf("VSID %"PRId64" is not a valid virtual subnet; "
                             "see \"hnv-ctl subnet-list\"", row->vsid);
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
        error = xstrdup("another port has that name; rename one of them");
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

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <stdlib.h>
#include <string.h>

#include "hnv-ctl-verdict.h"
#include "hnv-values.h"
#include "packets.h"
#include "util.h"

/* What policy may be, beyond what the schema can hold: hosts, ports, ACLs and
 * pools.  Each message begins with the row. */

char *
hnv_ctl_check_pa(const struct ctl_context *ctx,
                 const struct ovsdb_idl_row *row_)
{
    const struct hnvrec_provider_address *row
        = CONTAINER_OF(row_, const struct hnvrec_provider_address, header_);
    struct verdict v = { .row = xasprintf("provider address %s",
                                          row->address) };
    const struct hnvrec_provider_address *other;
    struct in6_addr pa;
    struct eth_addr mac;

    if (check_machine(&v, "address", row->address, &pa)
        && hnv_address_is_v4(&pa) && row->prefix_length > 32) {
        fault(&v, "prefix_length %"PRId64" is more than 32, which is the "
              "most in IPv4", row->prefix_length);
    }
    if (row->mac) {
        fault_in(&v, "mac", hnv_mac_parse(row->mac, &mac));
    }
    HNVREC_PROVIDER_ADDRESS_FOR_EACH (other, ctx->idl) {
        if (other != row && !strcmp(other->address, row->address)
            && other->n_vlan == row->n_vlan
            && (!row->n_vlan || *row->vlan == *other->vlan)) {
            fault(&v, "host \"%s\" has it already; an address belongs to one "
                  "host", other->host_name);
        }
    }
    return verdict_end(&v);
}

char *
hnv_ctl_check_pa_route(const struct ctl_context *ctx OVS_UNUSED,
                       const struct ovsdb_idl_row *row_)
{
    const struct hnvrec_provider_route *row
        = CONTAINER_OF(row_, const struct hnvrec_provider_route, header_);
    struct verdict v = { .row = xasprintf("provider route %s",
                                          row->destination_prefix) };
    struct hnv_prefix prefix;
    struct in6_addr next_hop;

    fault_in(&v, "destination_prefix",
             hnv_prefix_parse(row->destination_prefix, &prefix));
    fault_in(&v, "next_hop", hnv_address_parse(row->next_hop, &next_hop));
    if (!v.error
        && hnv_address_is_v4(&next_hop) != hnv_prefix_is_v4(&prefix)) {
        fault(&v, "next hop %s is of another family than the prefix; use one "
              "of the same", row->next_hop);
    }
    return verdict_end(&v);
}

/* ------------------------------------------------------------------------ */
/* Ports.                                                                   */
/* ------------------------------------------------------------------------ */

static void
check_port_subnet(struct verdict *v, const struct ctl_context *ctx,
                  const struct hnvrec_port *row)
{
    const struct hnvrec_virtual_subnet *subnet
        = hnv_ctl_subnet(ctx->idl, *row->vsid);
    struct hnv_prefix prefix;
    struct in6_addr address;

    if (!subnet) {
        fault(v, "there is no virtual subnet %"PRId64"; add it with "
              "\"subnet-add\"", *row->vsid);
        return;
    }
    for (size_t i = 0; i < row->n_addresses; i++) {
        if (!check_machine(v, "addresses", row->addresses[i], &address)) {
            return;
        }
        if (!row->forwarder
            && !hnv_ctl_subnet_contains(subnet, &address, &prefix)) {
            fault(v, "address %s is not in the prefixes of virtual subnet "
                  "%"PRId64"; choose one that is, or set forwarder=true for a "
                  "gateway", row->addresses[i], *row->vsid);
        }
        if (hnv_ctl_is_gateway(subnet, &address)) {
            fault(v, "address %s is that of the gateway of virtual subnet "
                  "%"PRId64"; choose another", row->addresses[i],
                  *row->vsid);
        }
    }
}

char *
hnv_ctl_check_port(const struct ctl_context *ctx,
                   const struct ovsdb_idl_row *row_)
{
    const struct hnvrec_port *row
        = CONTAINER_OF(row_, const struct hnvrec_port, header_);
    struct verdict v = { .row = xasprintf("port \"%s\"", row->name) };
    struct eth_addr mac;

    if (row->mac) {
        fault_in(&v, "mac", hnv_mac_parse(row->mac, &mac));
    }
    if (row->n_vsid && row->n_vlan) {
        fault(&v, "has a VSID and a VLAN, and a port has one or the other; "
              "clear one of them, as in \"vlan=\"");
    }
    if (row->n_vsid && row->logical_network) {
        fault(&v, "has a VSID and a logical network, and a port has one or "
              "the other; clear one of them, as in \"logical-network=\"");
    }
    if (row->n_vsid) {
        check_port_subnet(&v, ctx, row);
    }
    return verdict_end(&v);
}

/* ------------------------------------------------------------------------ */
/* ACLs.                                                                    */
/* ------------------------------------------------------------------------ */

static void
check_matched(struct verdict *v, const struct ctl_context *ctx,
              const char *column, char **texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct in6_addr address;
        struct hnv_prefix prefix;

        if (texts[i][0] != '$') {
            fault_in(v, column, strchr(texts[i], '/')
                     ? hnv_prefix_parse(texts[i], &prefix)
                     : hnv_address_parse(texts[i], &address));
            continue;
        }

        const struct hnvrec_address_set *set;
        bool found = false;
        HNVREC_ADDRESS_SET_FOR_EACH (set, ctx->idl) {
            found = found || !strcmp(set->name, &texts[i][1]);
        }
        if (!found) {
            fault(v, "there is no address set \"%s\"; add it with "
                  "\"address-set-add\"", &texts[i][1]);
        }
    }
}

char *
hnv_ctl_check_acl(const struct ctl_context *ctx,
                  const struct ovsdb_idl_row *row_)
{
    const struct hnvrec_port_acl *row
        = CONTAINER_OF(row_, const struct hnvrec_port_acl, header_);
    struct verdict v = {
        .row = xasprintf("ACL %s %"PRId64" %s", row->direction, row->weight,
                         row->action)
    };
    int protocol = row->n_protocol ? *row->protocol : -1;

    check_matched(&v, ctx, "local_addresses", row->local_addresses,
                  row->n_local_addresses);
    check_matched(&v, ctx, "remote_addresses", row->remote_addresses,
                  row->n_remote_addresses);
    if ((row->n_local_ports || row->n_remote_ports)
        && protocol != IPPROTO_TCP && protocol != IPPROTO_UDP
        && protocol != IPPROTO_SCTP) {
        fault(&v, "has ports, which only TCP, UDP and SCTP have; set "
              "protocol=tcp, for example");
    }
    if (row->stateful && !strcmp(row->action, "deny")) {
        fault(&v, "what is denied has no state; set stateful=false");
    }
    if (row->n_idle_timeout && !row->stateful) {
        fault(&v, "idle_timeout has a meaning with stateful=true only; leave "
              "it out");
    }
    return verdict_end(&v);
}

char *
hnv_ctl_check_address_set(const struct ctl_context *ctx,
                          const struct ovsdb_idl_row *row_)
{
    const struct hnvrec_address_set *row
        = CONTAINER_OF(row_, const struct hnvrec_address_set, header_);
    struct verdict v = { .row = xasprintf("address set \"%s\"", row->name) };

    for (size_t i = 0; i < row->n_addresses; i++) {
        if (row->addresses[i][0] == '$') {
            fault(&v, "an address set has no sets in it");
        }
    }
    check_matched(&v, ctx, "addresses", row->addresses, row->n_addresses);
    return verdict_end(&v);
}

/* ------------------------------------------------------------------------ */
/* Sites and pools.                                                         */
/* ------------------------------------------------------------------------ */

char *
hnv_ctl_check_site(const struct ctl_context *ctx OVS_UNUSED,
                   const struct ovsdb_idl_row *row_)
{
    const struct hnvrec_network_site *row
        = CONTAINER_OF(row_, const struct hnvrec_network_site, header_);
    struct verdict v = { .row = xasprintf("network site \"%s\"",
                                          row->name) };
    struct hnv_prefix prefix;

    for (size_t i = 0; i < row->n_subnets; i++) {
        fault_in(&v, "subnets", hnv_prefix_parse(row->subnets[i], &prefix));
    }
    return verdict_end(&v);
}

char *
hnv_ctl_check_ip_pool(const struct ctl_context *ctx OVS_UNUSED,
                      const struct ovsdb_idl_row *row_)
{
    const struct hnvrec_ip_pool *row
        = CONTAINER_OF(row_, const struct hnvrec_ip_pool, header_);
    struct verdict v = { .row = xasprintf("IP pool \"%s\"", row->name) };
    const char *ends[] = { row->range_start, row->range_end };
    struct in6_addr limits[2];
    struct hnv_prefix prefix;

    fault_in(&v, "prefix", hnv_prefix_parse(row->prefix, &prefix));
    if (!v.error && !hnv_prefix_usable(&prefix, &limits[0], &limits[1])) {
        fault(&v, "prefix %s has no room for a gateway and a machine; use a "
              "shorter one", row->prefix);
    }
    for (int i = 0; i < 2 && !v.error; i++) {
        if (ends[i]) {
            fault_in(&v, i ? "range_end" : "range_start",
                     hnv_address_parse(ends[i], &limits[i]));
            if (!v.error && !hnv_prefix_contains(&prefix, &limits[i])) {
                fault(&v, "%s is not in prefix %s; choose one that is",
                      ends[i], row->prefix);
            }
        }
    }
    if (!v.error && memcmp(&limits[0], &limits[1], sizeof limits[0]) > 0) {
        fault(&v, "its range ends before it starts; swap range_start and "
              "range_end");
    }
    return verdict_end(&v);
}

char *
hnv_ctl_check_mac_pool(const struct ctl_context *ctx,
                       const struct ovsdb_idl_row *row_)
{
    const struct hnvrec_mac_pool *row
        = CONTAINER_OF(row_, const struct hnvrec_mac_pool, header_);
    struct verdict v = { .row = xasprintf("MAC pool \"%s\"", row->name) };
    const struct hnvrec_mac_pool *other;
    struct eth_addr first, last;

    fault_in(&v, "range_start", hnv_mac_parse(row->range_start, &first));
    fault_in(&v, "range_end", hnv_mac_parse(row->range_end, &last));
    if (v.error) {
        return verdict_end(&v);
    }
    if (eth_addr_to_uint64(first) > eth_addr_to_uint64(last)) {
        fault(&v, "its range ends before it starts; swap range_start and "
              "range_end");
    }
    HNVREC_MAC_POOL_FOR_EACH (other, ctx->idl) {
        struct eth_addr start, end;

        if (other != row && hnv_ctl_mac_pool_range(other, &start, &end)
            && eth_addr_to_uint64(first) <= eth_addr_to_uint64(end)
            && eth_addr_to_uint64(start) <= eth_addr_to_uint64(last)) {
            fault(&v, "its range overlaps that of MAC pool \"%s\"; choose "
                  "one that does not", other->name);
        }
    }
    return verdict_end(&v);
}

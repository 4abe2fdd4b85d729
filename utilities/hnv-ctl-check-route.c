/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <string.h>

#include "hnv-ctl-verdict.h"
#include "hnv-values.h"
#include "util.h"

/* What policy may be, beyond what the schema can hold: customer routes. */

/* An on-link route says what the prefixes of its subnet say already. */
static void
check_on_link(struct verdict *v, const struct hnvrec_virtual_subnet *subnet,
              const char *text, const struct hnv_prefix *prefix)
{
    struct hnv_prefix within;

    if (!hnv_ctl_subnet_contains(subnet, &prefix->address, &within)
        || within.plen > prefix->plen) {
        fault(v, "on-link prefix %s is in no prefix of virtual subnet "
              "%"PRId64"; add it there with \"subnet-set\"", text,
              subnet->vsid);
    }
}

/* What is on link needs no route, and cannot be led elsewhere by one. */
static void
check_not_on_link(struct verdict *v, const struct ctl_context *ctx,
                  const struct hnvrec_customer_route *row)
{
    const struct hnvrec_virtual_subnet *subnet;

    HNVREC_VIRTUAL_SUBNET_FOR_EACH (subnet, ctx->idl) {
        for (size_t i = 0; subnet->routing_domain == row->routing_domain
             && i < subnet->n_prefixes; i++) {
            if (!strcmp(subnet->prefixes[i], row->destination_prefix)) {
                fault(v, "it is the prefix of virtual subnet %"PRId64", which "
                      "is on link; use longer ones for parts of it",
                      subnet->vsid);
            }
        }
    }
}

/* A next hop is a machine in a subnet of the routing domain. */
static void
check_next_hop(struct verdict *v, const struct ctl_context *ctx,
               const struct hnvrec_customer_route *row,
               const struct in6_addr *next_hop)
{
    const struct hnvrec_virtual_subnet *subnet;
    struct hnv_prefix prefix;

    fault_in(v, "next_hop", hnv_address_check_unicast(next_hop));
    HNVREC_VIRTUAL_SUBNET_FOR_EACH (subnet, ctx->idl) {
        if (subnet->routing_domain == row->routing_domain
            && (!subnet->n_prefixes
                || hnv_ctl_subnet_contains(subnet, next_hop, &prefix))) {
            if (hnv_ctl_is_gateway(subnet, next_hop)) {
                fault(v, "next hop %s is the gateway address of virtual "
                      "subnet %"PRId64", which is no machine; hosts route "
                      "between virtual subnets without a route",
                      row->next_hop, subnet->vsid);
            }
            return;
        }
    }
    fault(v, "next hop %s is in no virtual subnet of routing domain \"%s\"; "
          "a next hop is a virtual machine there", row->next_hop,
          row->routing_domain->name);
}

char *
hnv_ctl_check_route(const struct ctl_context *ctx,
                    const struct ovsdb_idl_row *row_)
{
    const struct hnvrec_customer_route *row
        = CONTAINER_OF(row_, const struct hnvrec_customer_route, header_);
    struct verdict v = {
        .row = xasprintf("customer route %s in routing domain \"%s\"",
                         row->destination_prefix, row->routing_domain->name)
    };
    const struct hnvrec_virtual_subnet *subnet
        = hnv_ctl_subnet(ctx->idl, row->vsid);
    struct in6_addr next_hop;
    struct hnv_prefix prefix;

    if (!subnet) {
        fault(&v, "there is no virtual subnet %"PRId64"; add it with "
              "\"subnet-add\"", row->vsid);
    } else if (subnet->routing_domain != row->routing_domain) {
        fault(&v, "virtual subnet %"PRId64" is in routing domain \"%s\"; a "
              "route cannot lead from one routing domain to another",
              row->vsid, subnet->routing_domain->name);
    }
    fault_in(&v, "destination_prefix",
             hnv_prefix_parse(row->destination_prefix, &prefix));
    fault_in(&v, "next_hop", hnv_address_parse(row->next_hop, &next_hop));
    if (v.error) {
        return verdict_end(&v);
    }

    if (hnv_address_is_v4(&next_hop) != hnv_prefix_is_v4(&prefix)) {
        fault(&v, "next hop %s is of another family than the prefix; use one "
              "of the same", row->next_hop);
    } else if (hnv_address_is_any(&next_hop)) {
        check_on_link(&v, subnet, row->destination_prefix, &prefix);
    } else {
        check_next_hop(&v, ctx, row, &next_hop);
        check_not_on_link(&v, ctx, row);
    }
    return verdict_end(&v);
}

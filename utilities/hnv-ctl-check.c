/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <stdlib.h>
#include <string.h>

#include "hnv-ctl-verdict.h"
#include "hnv-values.h"
#include "packets.h"
#include "util.h"

/* What policy may be, beyond what the schema can hold: domains, subnets,
 * records and routes.  Each message begins with the row. */

/* Returns the virtual subnet with VSID 'vsid', in host byte order, or NULL. */
const struct hnvrec_virtual_subnet *
hnv_ctl_subnet(const struct ovsdb_idl *idl, int64_t vsid)
{
    const struct hnvrec_virtual_subnet *subnet;

    HNVREC_VIRTUAL_SUBNET_FOR_EACH (subnet, idl) {
        if (subnet->vsid == vsid) {
            return subnet;
        }
    }
    return NULL;
}

/* Returns true if hosts do not route between the domain's subnets. */
bool
hnv_ctl_has_external_router(const struct hnvrec_routing_domain *domain)
{
    const struct hnvrec_hnv_global *global
        = hnvrec_hnv_global_first(domain->header_.table->idl);

    return (domain->n_use_external_router ? domain->use_external_router[0]
            : global && global->use_external_router);
}

/* Returns true if 'address' is that of the gateway of 'subnet', which hosts
 * answer for: one of its "gateways", or the first usable one of each prefix
 * that has none there. */
bool
hnv_ctl_is_gateway(const struct hnvrec_virtual_subnet *subnet,
                   const struct in6_addr *address)
{
    struct hnv_prefix prefix;
    struct in6_addr gateway;
    bool has_own = false;

    if (hnv_ctl_has_external_router(subnet->routing_domain)) {
        return false;
    }
    for (size_t i = 0; i < subnet->n_prefixes; i++) {
        char *error = hnv_prefix_parse(subnet->prefixes[i], &prefix);

        if (error || !hnv_prefix_contains(&prefix, address)) {
            free(error);
            continue;
        }
        for (size_t j = 0; j < subnet->n_gateways; j++) {
            error = hnv_address_parse(subnet->gateways[j], &gateway);
            if (!error && hnv_prefix_contains(&prefix, &gateway)) {
                has_own = true;
                if (ipv6_addr_equals(&gateway, address)) {
                    return true;
                }
            }
            free(error);
        }
        return (!has_own && hnv_prefix_gateway(&prefix, &gateway)
                && ipv6_addr_equals(&gateway, address));
    }
    return false;
}

/* Returns true, and the prefix, if 'address' is in a prefix of 'subnet'. */
bool
hnv_ctl_subnet_contains(const struct hnvrec_virtual_subnet *subnet,
                        const struct in6_addr *address,
                        struct hnv_prefix *prefix)
{
    for (size_t i = 0; i < subnet->n_prefixes; i++) {
        char *error = hnv_prefix_parse(subnet->prefixes[i], prefix);

        if (!error && hnv_prefix_contains(prefix, address)) {
            return true;
        }
        free(error);
    }
    return false;
}

static char *
join(char **words, size_t n)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < n; i++) {
        ds_put_format(&ds, "%s%s", i ? ", " : "", words[i]);
    }
    return ds_steal_cstr(&ds);
}

/* ------------------------------------------------------------------------ */
/* Domains and subnets.                                                     */
/* ------------------------------------------------------------------------ */

char *
hnv_ctl_check_domain(const struct ctl_context *ctx,
                     const struct ovsdb_idl_row *row_)
{
    const struct hnvrec_routing_domain *row
        = CONTAINER_OF(row_, const struct hnvrec_routing_domain, header_);
    struct verdict v = { .row = xasprintf("routing domain \"%s\"",
                                          row->name) };
    const struct hnvrec_routing_domain *other;
    char guid[37];

    fault_in(&v, "rdid", hnv_guid_parse(row->rdid, guid));
    if (row->customer_id) {
        fault_in(&v, "customer_id", hnv_guid_parse(row->customer_id, guid));
    }
    HNVREC_ROUTING_DOMAIN_FOR_EACH (other, ctx->idl) {
        if (other == row) {
            continue;
        }
        if (!strcasecmp(other->rdid, row->rdid)) {
            fault(&v, "\"%s\" has RDID %s already; use another", other->name,
                  row->rdid);
        }
        if (other->datapath_key == row->datapath_key) {
            fault(&v, "\"%s\" has datapath_key %"PRId64" already; leave it "
                  "out, and a free one is chosen", other->name,
                  row->datapath_key);
        }
        if (!strcmp(other->name, row->name)) {
            fault(&v, "there is another one of this name; use another name");
        }
    }
    return verdict_end(&v);
}

/* Judges prefix 'i' of 'row' against all others in its routing domain. */
static void
check_overlap(struct verdict *v, const struct ctl_context *ctx,
              const struct hnvrec_virtual_subnet *row, size_t i)
{
    const struct hnvrec_virtual_subnet *other;
    struct hnv_prefix prefix, rival;
    struct in6_addr first, last;

    char *error = hnv_prefix_parse(row->prefixes[i], &prefix);
    if (error) {
        fault_in(v, "prefixes", error);
        return;
    }
    if (in6_is_lla(&prefix.address)
        || hnv_address_is_multicast(&prefix.address)) {
        fault(v, "prefix %s is not for customers' machines; use another",
              row->prefixes[i]);
    }
    if (!hnv_prefix_usable(&prefix, &first, &last)) {
        fault(v, "prefix %s has no room for a gateway and a machine; use a "
              "shorter one", row->prefixes[i]);
    }
    HNVREC_VIRTUAL_SUBNET_FOR_EACH (other, ctx->idl) {
        if (other->routing_domain != row->routing_domain) {
            continue;
        }
        for (size_t j = 0; j < other->n_prefixes; j++) {
            error = hnv_prefix_parse(other->prefixes[j], &rival);
            if (!error && (other != row || i != j)
                && hnv_prefix_overlaps(&prefix, &rival)) {
                fault(v, "prefix %s overlaps %s of virtual subnet %"PRId64
                      " in routing domain \"%s\"; choose one that does not",
                      row->prefixes[i], other->prefixes[j], other->vsid,
                      row->routing_domain->name);
            }
            free(error);
        }
    }
}

/* Records that are there already stay within what the subnet becomes. */
static void
check_members(struct verdict *v, const struct ctl_context *ctx,
              const struct hnvrec_virtual_subnet *row)
{
    const struct hnvrec_lookup_record *record;
    struct hnv_prefix prefix;
    struct in6_addr ca;

    HNVREC_LOOKUP_RECORD_FOR_EACH (record, ctx->idl) {
        if (record->vsid != row->vsid) {
            continue;
        }
        if (record->routing_domain != row->routing_domain) {
            fault(v, "lookup record %s is in routing domain \"%s\"; delete "
                  "it first", record->customer_address,
                  record->routing_domain->name);
        }
        char *error = hnv_address_parse(record->customer_address, &ca);
        if (!error && !hnv_ctl_subnet_contains(row, &ca, &prefix)) {
            fault(v, "lookup record %s would be outside its prefixes; delete "
                  "it first, or keep its prefix", record->customer_address);
        }
        if (!error && hnv_ctl_is_gateway(row, &ca)) {
            fault(v, "lookup record %s would have the gateway's address; "
                  "delete it first, or choose another gateway",
                  record->customer_address);
        }
        free(error);
    }
}

static void
check_multicast(struct verdict *v, const struct hnvrec_virtual_subnet *row)
{
    bool multicast = row->flood && !strcmp(row->flood, "multicast");
    struct in6_addr group;

    if (multicast && !row->multicast_pa) {
        fault(v, "flood=multicast needs the group that carries it; set "
              "multicast_pa");
    }
    if (!row->multicast_pa) {
        return;
    }

    char *error = hnv_address_parse(row->multicast_pa, &group);
    if (!error && !(hnv_address_is_v4(&group)
                    ? ip_is_multicast(in6_addr_get_mapped_ipv4(&group))
                    : IN6_IS_ADDR_MULTICAST(&group))) {
        error = xasprintf("%s is not a multicast address such as 239.1.1.1",
                          row->multicast_pa);
    }
    fault_in(v, "multicast_pa", error);
}

char *
hnv_ctl_check_subnet(const struct ctl_context *ctx,
                     const struct ovsdb_idl_row *row_)
{
    const struct hnvrec_virtual_subnet *row
        = CONTAINER_OF(row_, const struct hnvrec_virtual_subnet, header_);
    struct verdict v = { .row = xasprintf("virtual subnet %"PRId64,
                                          row->vsid) };
    const struct hnvrec_virtual_subnet *other;
    struct hnv_prefix prefix;
    struct in6_addr gateway;

    HNVREC_VIRTUAL_SUBNET_FOR_EACH (other, ctx->idl) {
        if (other != row && other->vsid == row->vsid) {
            fault(&v, "routing domain \"%s\" has this VSID already; a VSID "
                  "belongs to one routing domain, so choose another",
                  other->routing_domain->name);
        }
    }
    for (size_t i = 0; i < row->n_prefixes; i++) {
        check_overlap(&v, ctx, row, i);
    }
    for (size_t i = 0; i < row->n_gateways; i++) {
        if (check_machine(&v, "gateways", row->gateways[i], &gateway)
            && !hnv_ctl_subnet_contains(row, &gateway, &prefix)) {
            fault(&v, "gateway %s is in none of its prefixes; choose one "
                  "that is", row->gateways[i]);
        }
    }
    check_multicast(&v, row);
    if (!v.error) {
        check_members(&v, ctx, row);
    }
    return verdict_end(&v);
}

/* ------------------------------------------------------------------------ */
/* Records.                                                                 */
/* ------------------------------------------------------------------------ */

/* What the two kinds of records have in common. */
struct location {
    const struct hnvrec_routing_domain *domain;
    int64_t vsid;
    const char *mac;
    char **pas;
    size_t n_pas;
    char **standbys;
    size_t n_standbys;
    const char *rule;
};

static const struct hnvrec_virtual_subnet *
check_location(struct verdict *v, const struct ovsdb_idl *idl,
               const struct location *l)
{
    const struct hnvrec_virtual_subnet *subnet = hnv_ctl_subnet(idl, l->vsid);
    struct in6_addr address;
    struct eth_addr mac;

    fault_in(v, "mac", hnv_mac_parse(l->mac, &mac));
    if (!subnet) {
        fault(v, "there is no virtual subnet %"PRId64"; add it with "
              "\"subnet-add\"", l->vsid);
        return NULL;
    }
    if (subnet->routing_domain != l->domain) {
        fault(v, "virtual subnet %"PRId64" is in routing domain \"%s\"; add "
              "the record to that one", l->vsid,
              subnet->routing_domain->name);
    }
    for (size_t i = 0; i < l->n_pas; i++) {
        check_machine(v, "provider_addresses", l->pas[i], &address);
    }
    for (size_t i = 0; i < l->n_standbys; i++) {
        check_machine(v, "standby_addresses", l->standbys[i], &address);
    }
    return subnet;
}

static bool
is_rewritten(const struct hnvrec_lookup_record *row)
{
    return row->rule && !strcmp(row->rule, "rewrite");
}

/* What comes for a provider address that is rewritten goes to one machine. */
static void
check_alone(struct verdict *v, struct ovsdb_idl *idl,
            const struct hnvrec_lookup_record *row)
{
    const char *pa = row->provider_addresses[0];
    const struct hnvrec_provider_address *host;
    const struct hnvrec_lookup_record *other;

    HNVREC_PROVIDER_ADDRESS_FOR_EACH (host, idl) {
        if (!strcmp(host->address, pa)) {
            fault(v, "provider address %s is that of host \"%s\" itself; IP "
                  "rewrite needs one that only this record has", pa,
                  host->host_name);
        }
    }
    HNVREC_LOOKUP_RECORD_FOR_EACH (other, idl) {
        if (other != row && is_rewritten(other)
            && other->n_provider_addresses
            && !strcmp(other->provider_addresses[0], pa)) {
            fault(v, "provider address %s is that of record %s in virtual "
                  "subnet %"PRId64", too; IP rewrite needs one that only this "
                  "record has", pa, other->customer_address, other->vsid);
        }
    }
}

static void
check_rewrite(struct verdict *v, struct ovsdb_idl *idl,
              const struct hnvrec_lookup_record *row,
              const struct in6_addr *ca)
{
    bool rewrite = is_rewritten(row);
    struct in6_addr pa;

    if (row->n_use_vm_mac && *row->use_vm_mac && !rewrite) {
        fault(v, "use_vm_mac has a meaning with rule=rewrite only; leave it "
              "out");
    }
    if (!rewrite) {
        return;
    }
    if (row->n_provider_addresses != 1) {
        fault(v, "rule=rewrite needs one provider address of its own, and "
              "there are %"PRIuSIZE, row->n_provider_addresses);
    } else if (check_machine(v, "provider_addresses",
                             row->provider_addresses[0], &pa)) {
        if (hnv_address_is_v4(&pa) != hnv_address_is_v4(ca)) {
            fault(v, "provider address %s is of another family than the "
                  "customer address, so that one cannot be rewritten to the "
                  "other; use rule=encap", row->provider_addresses[0]);
        }
        check_alone(v, idl, row);
    }
}

static void
check_customer_address(struct verdict *v,
                       const struct hnvrec_virtual_subnet *subnet,
                       const struct in6_addr *ca)
{
    struct hnv_prefix prefix;
    struct in6_addr first, last;

    if (!subnet->n_prefixes) {
        fault(v, "virtual subnet %"PRId64" has no prefixes; give it one with "
              "\"subnet-set\"", subnet->vsid);
        return;
    }
    if (!hnv_ctl_subnet_contains(subnet, ca, &prefix)) {
        char *prefixes = join(subnet->prefixes, subnet->n_prefixes);
        fault(v, "not in the prefixes of virtual subnet %"PRId64", which are "
              "%s; choose an address that is, or add its prefix",
              subnet->vsid, prefixes);
        free(prefixes);
        return;
    }
    if (hnv_ctl_is_gateway(subnet, ca)) {
        fault(v, "this is the address of the gateway of virtual subnet "
              "%"PRId64"; choose another", subnet->vsid);
    }
    if (hnv_prefix_usable(&prefix, &first, &last)
        && (memcmp(ca, &first, sizeof *ca) < 0
            || memcmp(ca, &last, sizeof *ca) > 0)) {
        fault(v, "this is the address of the network or its broadcast "
              "address; choose another");
    }
}

char *
hnv_ctl_check_record(const struct ctl_context *ctx,
                     const struct ovsdb_idl_row *row_)
{
    const struct hnvrec_lookup_record *row
        = CONTAINER_OF(row_, const struct hnvrec_lookup_record, header_);
    struct verdict v = {
        .row = xasprintf("lookup record %s in virtual subnet %"PRId64,
                         row->customer_address, row->vsid)
    };
    const struct location location = {
        row->routing_domain, row->vsid, row->mac,
        row->provider_addresses, row->n_provider_addresses,
        row->standby_addresses, row->n_standby_addresses, row->rule,
    };
    const struct hnvrec_virtual_subnet *subnet
        = check_location(&v, ctx->idl, &location);
    struct in6_addr ca;

    if (subnet && check_machine(&v, "customer_address",
                                row->customer_address, &ca)) {
        check_customer_address(&v, subnet, &ca);
        check_rewrite(&v, ctx->idl, row, &ca);
    }
    return verdict_end(&v);
}

static void
check_dynamic(struct verdict *v, const struct hnvrec_l2_record *row)
{
    const struct hnvrec_routing_domain *domain = row->routing_domain;

    if (!row->dynamic_limit) {
        return;
    }
    if (row->type && strcmp(row->type, "l2_only")) {
        fault(v, "only a record of type l2_only may have a dynamic_limit");
    }
    if (!smap_get(&row->owner, "active")) {
        fault(v, "dynamic_limit needs owner:active, the host that has the "
              "machine and learns its addresses; add owner=active=HOST");
    }
    if (domain && domain->lookup_mode
        && !strcmp(domain->lookup_mode, "lazy")) {
        fault(v, "dynamic_limit needs hosts that have all lookup records; "
              "set lookup_mode=full in routing domain \"%s\"", domain->name);
    }
}

static bool
is_wildcard(const struct hnvrec_l2_record *row)
{
    return row->type && !strcmp(row->type, "gateway_wildcard");
}

/* Only one machine can get what nobody else does. */
static void
check_wildcard(struct verdict *v, const struct ctl_context *ctx,
               const struct hnvrec_l2_record *row)
{
    const struct hnvrec_l2_record *other;

    HNVREC_L2_RECORD_FOR_EACH (other, ctx->idl) {
        if (is_wildcard(row) && is_wildcard(other) && other != row
            && other->vsid == row->vsid) {
            fault(v, "virtual subnet %"PRId64" has a wildcard gateway "
                  "already, %s; delete that first", row->vsid, other->mac);
        }
    }
}

char *
hnv_ctl_check_l2_record(const struct ctl_context *ctx,
                        const struct ovsdb_idl_row *row_)
{
    const struct hnvrec_l2_record *row
        = CONTAINER_OF(row_, const struct hnvrec_l2_record, header_);
    struct verdict v = {
        .row = xasprintf("layer-2 record %s in virtual subnet %"PRId64,
                         row->mac, row->vsid)
    };
    const struct location location = {
        row->routing_domain, row->vsid, row->mac,
        row->provider_addresses, row->n_provider_addresses,
        row->standby_addresses, row->n_standby_addresses, row->rule,
    };

    check_location(&v, ctx->idl, &location);
    if (row->rule && !strcmp(row->rule, "rewrite")) {
        fault(&v, "without a customer address there is nothing to rewrite; "
              "use rule=encap");
    }
    check_dynamic(&v, row);
    check_wildcard(&v, ctx, row);
    return verdict_end(&v);
}

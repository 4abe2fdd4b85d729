/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-cmdlets.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "hnv-values.h"
#include "smap.h"
#include "util.h"

/* CustomerRoute, ProviderAddress and ProviderRoute. */

#define ROW(TYPE, ROW_) CONTAINER_OF(ROW_, const struct hnvrec_##TYPE, header_)
#define MUST (HNV_CMDLET_MUST | HNV_CMDLET_KEY)

/* Defines GET and PUT for property NAME, which is a column as it is. */
#define COLUMN_PROPERTY(NAME, COLUMN)                                       \
    static void                                                             \
    get_##NAME(const struct ctl_context *ctx OVS_UNUSED,                    \
               const struct ovsdb_idl_row *row, struct ds *ds)              \
    {                                                                       \
        hnv_ctl_cell(row, &hnvrec_##COLUMN, ds);                            \
    }                                                                       \
                                                                            \
    static bool                                                             \
    put_##NAME(struct ctl_context *ctx, const struct ovsdb_idl_row *row,    \
               const char *value)                                           \
    {                                                                       \
        return hnv_ctl_put(ctx, row, &hnvrec_##COLUMN, value);              \
    }

/* ------------------------------------------------------------------------ */
/* CustomerRoute.                                                           */
/* ------------------------------------------------------------------------ */

COLUMN_PROPERTY(route_vsid, customer_route_col_vsid)
COLUMN_PROPERTY(route_prefix, customer_route_col_destination_prefix)
COLUMN_PROPERTY(route_next_hop, customer_route_col_next_hop)
COLUMN_PROPERTY(route_metric, customer_route_col_metric)

static void
get_route_rdid(const struct ctl_context *ctx OVS_UNUSED,
               const struct ovsdb_idl_row *row, struct ds *ds)
{
    ds_put_format(ds, "{%s}", ROW(customer_route, row)->routing_domain->rdid);
}

/* The row has it since it was added. */
static bool
put_route_rdid(struct ctl_context *ctx OVS_UNUSED,
               const struct ovsdb_idl_row *row OVS_UNUSED,
               const char *value OVS_UNUSED)
{
    return true;
}

/* Returns the routing domain of RDID 'guid', which is added if there is
 * none. */
static const struct hnvrec_routing_domain *
make_domain(struct ctl_context *ctx, const char *guid)
{
    const struct hnvrec_routing_domain *domain;

    HNVREC_ROUTING_DOMAIN_FOR_EACH (domain, ctx->idl) {
        if (!strcmp(domain->rdid, guid)) {
            return domain;
        }
    }
    domain = hnvrec_routing_domain_insert(ctx->txn);
    hnvrec_routing_domain_set_name(domain, guid);
    hnvrec_routing_domain_set_rdid(domain, guid);
    hnvrec_routing_domain_set_datapath_key(
        domain, hnv_ctl_choose_datapath_key(ctx->idl));
    return domain;
}

/* Makes 'prefix' one of the subnet's, unless it is in one of them. */
static void
add_prefix(struct ctl_context *ctx,
           const struct hnvrec_virtual_subnet *subnet, const char *text)
{
    struct hnv_prefix prefix, other;
    char *error = hnv_prefix_parse(text, &prefix);

    for (size_t i = 0; !error && i < subnet->n_prefixes; i++) {
        char *bad = hnv_prefix_parse(subnet->prefixes[i], &other);
        bool covered = !bad && hnv_prefix_overlaps(&prefix, &other)
                       && other.plen <= prefix.plen;

        free(bad);
        if (covered) {
            return;
        }
    }
    if (error) {
        ctl_error(ctx, "%s", error);
        free(error);
        return;
    }
    if (prefix.plen == (hnv_prefix_is_v4(&prefix) ? 96 : 0)) {
        /* A default route. */
        return;
    }

    /* Whole, so that what is judged next sees it. */
    size_t n = subnet->n_prefixes;
    const char **prefixes = xmalloc((n + 1) * sizeof *prefixes);
    for (size_t i = 0; i < n; i++) {
        prefixes[i] = subnet->prefixes[i];
    }
    prefixes[n] = text;
    hnvrec_virtual_subnet_verify_prefixes(subnet);
    hnvrec_virtual_subnet_set_prefixes(subnet, prefixes, n + 1);
    free(prefixes);
}

/* Indexes into the values of a CustomerRoute, as listed below. */
enum { C_RDID, C_VSID, C_PREFIX, C_NEXT_HOP };

static const struct hnvrec_virtual_subnet *
make_subnet(struct ctl_context *ctx,
            const struct hnvrec_routing_domain *domain, uint32_t vsid)
{
    const struct hnvrec_virtual_subnet *subnet
        = hnv_ctl_subnet(ctx->idl, vsid);

    if (!subnet) {
        subnet = hnvrec_virtual_subnet_insert(ctx->txn);
        hnvrec_virtual_subnet_set_vsid(subnet, vsid);
        hnvrec_virtual_subnet_set_routing_domain(subnet, domain);
    }
    return subnet;
}

static const struct ovsdb_idl_row *
add_route(struct ctl_context *ctx, const char *const values[],
          const char *host OVS_UNUSED)
{
    char guid[37];
    uint32_t vsid;

    ctx->error = hnv_guid_parse(values[C_RDID], guid);
    if (!ctx->error) {
        ctx->error = hnv_vsid_parse(values[C_VSID], &vsid);
    }
    if (ctx->error) {
        return NULL;
    }

    const struct hnvrec_routing_domain *domain = make_domain(ctx, guid);
    if (hnv_cmdlet_is_any(values[C_NEXT_HOP])) {
        const struct hnvrec_virtual_subnet *subnet
            = make_subnet(ctx, domain, vsid);

        add_prefix(ctx, subnet, values[C_PREFIX]);
        if (!ctx->error) {
            hnv_ctl_judge(ctx, &hnv_ctl_nouns[HNV_CTL_SUBNET],
                          &subnet->header_);
        }
        if (ctx->error) {
            return NULL;
        }
    }

    const struct hnvrec_customer_route *route
        = hnvrec_customer_route_insert(ctx->txn);
    hnvrec_customer_route_set_routing_domain(route, domain);
    return &route->header_;
}

static void
remove_row(struct ctl_context *ctx OVS_UNUSED,
           const struct ovsdb_idl_row *row)
{
    ovsdb_idl_txn_delete(row);
}

static void
judge_route(struct ctl_context *ctx, const struct ovsdb_idl_row *row)
{
    hnv_ctl_judge(ctx, &hnv_ctl_nouns[HNV_CTL_ROUTE], row);
}

const struct hnv_cmdlet_object hnv_cmdlet_customer_route = {
    "CustomerRoute", { &hnvrec_table_customer_route },
    {
        [C_RDID] = { "RoutingDomainID", MUST, get_route_rdid,
                     put_route_rdid },
        [C_VSID] = { "VirtualSubnetID", MUST, get_route_vsid,
                     put_route_vsid },
        [C_PREFIX] = { "DestinationPrefix", MUST, get_route_prefix,
                       put_route_prefix },
        [C_NEXT_HOP] = { "NextHop", MUST, get_route_next_hop,
                         put_route_next_hop },
        { "Metric", HNV_CMDLET_NEW | HNV_CMDLET_SET, get_route_metric,
          put_route_metric },
    },
    add_route, remove_row, judge_route, NULL
};

/* ------------------------------------------------------------------------ */
/* What belongs to a host.                                                  */
/* ------------------------------------------------------------------------ */

/* Windows knows an interface by its index, which hosts here do not. */
#define INDEX_KEY "interface-index"

static bool
put_index(struct ctl_context *ctx, const char *value)
{
    unsigned int index;

    if (!str_to_uint(value, 10, &index)) {
        ctl_error(ctx, "-InterfaceIndex: \"%.64s\" is not a number", value);
        return false;
    }
    return true;
}

/* Returns the host that -CimSession names, or else the only one. */
static const struct hnvrec_host *
choose_host(struct ctl_context *ctx, const char *name)
{
    const struct hnvrec_host *host, *only = NULL;
    size_t n = 0;

    if (name) {
        const struct ovsdb_idl_row *row
            = hnv_ctl_get(ctx, &hnv_ctl_nouns[HNV_CTL_HOST], name);

        return row ? ROW(host, row) : NULL;
    }
    HNVREC_HOST_FOR_EACH (host, ctx->idl) {
        only = host;
        n++;
    }
    if (n != 1) {
        ctl_error(ctx, "there are %"PRIuSIZE" hosts; say which one with "
                  "-CimSession%s", n,
                  n ? "" : ", after adding it with \"host-add\"");
    }
    return n == 1 ? only : NULL;
}

static const struct hnvrec_host *
host_of(const struct ctl_context *ctx, const struct ovsdb_idl_row *row)
{
    const struct hnvrec_host *host;

    HNVREC_HOST_FOR_EACH (host, ctx->idl) {
        for (size_t i = 0; i < host->n_provider_addresses; i++) {
            if (&host->provider_addresses[i]->header_ == row) {
                return host;
            }
        }
        for (size_t i = 0; i < host->n_provider_routes; i++) {
            if (&host->provider_routes[i]->header_ == row) {
                return host;
            }
        }
    }
    return NULL;
}

static const char *
host_name_of(const struct ctl_context *ctx, const struct ovsdb_idl_row *row)
{
    const struct hnvrec_host *host = host_of(ctx, row);

    return host ? host->name : "";
}

/* ------------------------------------------------------------------------ */
/* ProviderAddress.                                                         */
/* ------------------------------------------------------------------------ */

COLUMN_PROPERTY(pa_address, provider_address_col_address)
COLUMN_PROPERTY(pa_plen, provider_address_col_prefix_length)
COLUMN_PROPERTY(pa_vlan, provider_address_col_vlan)

static void
get_pa_index(const struct ctl_context *ctx OVS_UNUSED,
             const struct ovsdb_idl_row *row, struct ds *ds)
{
    ds_put_cstr(ds, smap_get_def(&ROW(provider_address, row)->external_ids,
                                 INDEX_KEY, "0"));
}

static bool
put_pa_index(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
             const char *value)
{
    if (!put_index(ctx, value)) {
        return false;
    }
    hnvrec_provider_address_update_external_ids_setkey(
        ROW(provider_address, row), INDEX_KEY, value);
    return true;
}

static void
get_pa_mac(const struct ctl_context *ctx OVS_UNUSED,
           const struct ovsdb_idl_row *row, struct ds *ds)
{
    const char *mac = ROW(provider_address, row)->mac;

    hnv_cmdlet_put_mac(ds, mac ? mac : "");
}

static bool
put_pa_mac(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
           const char *value)
{
    return hnv_ctl_put(ctx, row, &hnvrec_provider_address_col_mac, value);
}

/* Nothing known yet is what Windows calls tentative. */
static void
get_pa_state(const struct ctl_context *ctx OVS_UNUSED,
             const struct ovsdb_idl_row *row, struct ds *ds)
{
    const char *state = ROW(provider_address, row)->state;

    state = state ? state : "tentative";
    ds_put_format(ds, "%c%s", toupper((unsigned char) *state), state + 1);
}

static const struct ovsdb_idl_row *
add_pa(struct ctl_context *ctx, const char *const values[] OVS_UNUSED,
       const char *name)
{
    const struct hnvrec_host *host = choose_host(ctx, name);

    if (!host) {
        return NULL;
    }

    const struct hnvrec_provider_address *pa
        = hnvrec_provider_address_insert(ctx->txn);
    hnvrec_provider_address_set_host_name(pa, host->name);
    hnv_ctl_add_ref(&host->header_, &hnvrec_host_col_provider_addresses,
                    &pa->header_);
    return &pa->header_;
}

static void
remove_pa(struct ctl_context *ctx, const struct ovsdb_idl_row *row)
{
    const struct hnvrec_host *host = host_of(ctx, row);

    if (host) {
        hnv_ctl_remove_ref(&host->header_,
                           &hnvrec_host_col_provider_addresses, row);
    }
}

static void
judge_pa(struct ctl_context *ctx, const struct ovsdb_idl_row *row)
{
    hnv_ctl_judge(ctx, &hnv_ctl_nouns[HNV_CTL_PA], row);
}

const struct hnv_cmdlet_object hnv_cmdlet_provider_address = {
    "ProviderAddress", { &hnvrec_table_provider_address },
    {
        { "ProviderAddress", MUST, get_pa_address, put_pa_address },
        { "InterfaceIndex", MUST, get_pa_index, put_pa_index },
        { "PrefixLength", HNV_CMDLET_MUST | HNV_CMDLET_SET, get_pa_plen,
          put_pa_plen },
        { "VlanID", HNV_CMDLET_NEW | HNV_CMDLET_SET, get_pa_vlan,
          put_pa_vlan },
        { "MACAddress",
          HNV_CMDLET_NEW | HNV_CMDLET_SET | HNV_CMDLET_HIDE, get_pa_mac,
          put_pa_mac },
        { "AddressState", HNV_CMDLET_STATE, get_pa_state, NULL },
    },
    add_pa, remove_pa, judge_pa, host_name_of
};

/* ------------------------------------------------------------------------ */
/* ProviderRoute.                                                           */
/* ------------------------------------------------------------------------ */

COLUMN_PROPERTY(pa_route_prefix, provider_route_col_destination_prefix)
COLUMN_PROPERTY(pa_route_next_hop, provider_route_col_next_hop)
COLUMN_PROPERTY(pa_route_metric, provider_route_col_metric)

static void
get_pa_route_index(const struct ctl_context *ctx OVS_UNUSED,
                   const struct ovsdb_idl_row *row, struct ds *ds)
{
    ds_put_cstr(ds, smap_get_def(&ROW(provider_route, row)->external_ids,
                                 INDEX_KEY, "0"));
}

static bool
put_pa_route_index(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
                   const char *value)
{
    if (!put_index(ctx, value)) {
        return false;
    }
    hnvrec_provider_route_update_external_ids_setkey(
        ROW(provider_route, row), INDEX_KEY, value);
    return true;
}

static const struct ovsdb_idl_row *
add_pa_route(struct ctl_context *ctx, const char *const values[] OVS_UNUSED,
             const char *name)
{
    const struct hnvrec_host *host = choose_host(ctx, name);

    if (!host) {
        return NULL;
    }

    const struct hnvrec_provider_route *route
        = hnvrec_provider_route_insert(ctx->txn);
    hnv_ctl_add_ref(&host->header_, &hnvrec_host_col_provider_routes,
                    &route->header_);
    return &route->header_;
}

static void
remove_pa_route(struct ctl_context *ctx, const struct ovsdb_idl_row *row)
{
    const struct hnvrec_host *host = host_of(ctx, row);

    if (host) {
        hnv_ctl_remove_ref(&host->header_,
                           &hnvrec_host_col_provider_routes, row);
    }
}

static void
judge_pa_route(struct ctl_context *ctx, const struct ovsdb_idl_row *row)
{
    hnv_ctl_judge(ctx, &hnv_ctl_nouns[HNV_CTL_PA_ROUTE], row);
}

const struct hnv_cmdlet_object hnv_cmdlet_provider_route = {
    "ProviderRoute", { &hnvrec_table_provider_route },
    {
        { "InterfaceIndex", MUST, get_pa_route_index, put_pa_route_index },
        { "DestinationPrefix", MUST, get_pa_route_prefix,
          put_pa_route_prefix },
        { "NextHop", MUST, get_pa_route_next_hop, put_pa_route_next_hop },
        { "Metric", HNV_CMDLET_NEW | HNV_CMDLET_SET, get_pa_route_metric,
          put_pa_route_metric },
    },
    add_pa_route, remove_pa_route, judge_pa_route, host_name_of
};

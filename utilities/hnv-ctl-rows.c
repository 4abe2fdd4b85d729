/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <stdlib.h>
#include <string.h>

#include "ovsdb-data.h"
#include "util.h"

/* The nouns, and what all of them have in common. */

#define C(TABLE, COLUMN) &hnvrec_##TABLE##_col_##COLUMN

static char *keep_domain(const struct ctl_context *,
                         const struct ovsdb_idl_row *);
static char *keep_subnet(const struct ctl_context *,
                         const struct ovsdb_idl_row *);
static char *keep_ip_pool(const struct ctl_context *,
                          const struct ovsdb_idl_row *);
static char *keep_mac_pool(const struct ctl_context *,
                           const struct ovsdb_idl_row *);
static char *keep_network(const struct ctl_context *,
                          const struct ovsdb_idl_row *);

const struct hnv_ctl_noun hnv_ctl_nouns[HNV_CTL_N_NOUNS] = {
    [HNV_CTL_DOMAIN] = {
        "domain", "routing domain", &hnvrec_table_routing_domain,
        C(routing_domain, name),
        { C(routing_domain, name), C(routing_domain, rdid),
          C(routing_domain, datapath_key), C(routing_domain, customer_id),
          C(routing_domain, lookup_mode), },
        hnv_ctl_check_domain, keep_domain },
    [HNV_CTL_SUBNET] = {
        "subnet", "virtual subnet", &hnvrec_table_virtual_subnet,
        C(virtual_subnet, vsid),
        { C(virtual_subnet, routing_domain), C(virtual_subnet, vsid),
          C(virtual_subnet, name), C(virtual_subnet, prefixes),
          C(virtual_subnet, gateways), C(virtual_subnet, rule),
          C(virtual_subnet, flood), C(virtual_subnet, mtu), },
        hnv_ctl_check_subnet, keep_subnet },
    [HNV_CTL_RECORD] = {
        "record", "lookup record", &hnvrec_table_lookup_record,
        C(lookup_record, customer_address),
        { C(lookup_record, routing_domain), C(lookup_record, vsid),
          C(lookup_record, customer_address), C(lookup_record, mac),
          C(lookup_record, provider_addresses), C(lookup_record, rule),
          C(lookup_record, type), C(lookup_record, state),
          C(lookup_record, port), },
        hnv_ctl_check_record, NULL },
    [HNV_CTL_L2_RECORD] = {
        "l2-record", "layer-2 record", &hnvrec_table_l2_record,
        C(l2_record, mac),
        { C(l2_record, routing_domain), C(l2_record, vsid),
          C(l2_record, mac), C(l2_record, type),
          C(l2_record, provider_addresses), C(l2_record, rule),
          C(l2_record, state), C(l2_record, port), },
        hnv_ctl_check_l2_record, NULL },
    [HNV_CTL_ROUTE] = {
        "route", "customer route", &hnvrec_table_customer_route,
        C(customer_route, destination_prefix),
        { C(customer_route, routing_domain), C(customer_route, vsid),
          C(customer_route, destination_prefix), C(customer_route, next_hop),
          C(customer_route, metric), },
        hnv_ctl_check_route, NULL },
    [HNV_CTL_HOST] = {
        "host", "host", &hnvrec_table_host, C(host, name),
        { C(host, name), C(host, provider_addresses), },
        NULL, NULL },
    [HNV_CTL_PA] = {
        "pa", "provider address", &hnvrec_table_provider_address,
        C(provider_address, address),
        { C(provider_address, host_name), C(provider_address, address),
          C(provider_address, prefix_length), C(provider_address, interface),
          C(provider_address, vlan), C(provider_address, mac),
          C(provider_address, managed_by_cluster),
          C(provider_address, state), },
        hnv_ctl_check_pa, NULL },
    [HNV_CTL_PA_ROUTE] = {
        "pa-route", "provider route", &hnvrec_table_provider_route,
        C(provider_route, destination_prefix),
        { C(provider_route, destination_prefix), C(provider_route, next_hop),
          C(provider_route, metric), C(provider_route, interface), },
        hnv_ctl_check_pa_route, NULL },
    [HNV_CTL_PORT] = {
        "port", "port", &hnvrec_table_port, C(port, name),
        { C(port, name), C(port, mac), C(port, vsid), C(port, vlan),
          C(port, logical_network), C(port, addresses),
          C(port, acl_groups), C(port, up), },
        hnv_ctl_check_port, NULL },
    [HNV_CTL_ACL] = {
        "acl", "port ACL", &hnvrec_table_port_acl, C(port_acl, weight),
        { C(port_acl, direction), C(port_acl, weight), C(port_acl, action),
          C(port_acl, protocol), C(port_acl, local_addresses),
          C(port_acl, local_ports), C(port_acl, remote_addresses),
          C(port_acl, remote_ports), C(port_acl, vsid),
          C(port_acl, stateful), C(port_acl, idle_timeout),
          C(port_acl, log), },
        hnv_ctl_check_acl, NULL },
    [HNV_CTL_ACL_GROUP] = {
        "acl-group", "ACL group", &hnvrec_table_acl_group, C(acl_group, name),
        { C(acl_group, name), }, NULL, NULL },
    [HNV_CTL_ADDRESS_SET] = {
        "address-set", "address set", &hnvrec_table_address_set,
        C(address_set, name),
        { C(address_set, name), C(address_set, addresses), },
        hnv_ctl_check_address_set, NULL },
    [HNV_CTL_NETWORK] = {
        "network", "logical network", &hnvrec_table_logical_network,
        C(logical_network, name),
        { C(logical_network, name),
          C(logical_network, network_virtualization),
          C(logical_network, sites), },
        NULL, keep_network },
    [HNV_CTL_SITE] = {
        "site", "network site", &hnvrec_table_network_site,
        C(network_site, name),
        { C(network_site, name), C(network_site, subnets),
          C(network_site, vlan), C(network_site, ip_pools), },
        hnv_ctl_check_site, NULL },
    [HNV_CTL_IP_POOL] = {
        "ip-pool", "IP pool", &hnvrec_table_ip_pool, C(ip_pool, name),
        { C(ip_pool, name), C(ip_pool, prefix), C(ip_pool, range_start),
          C(ip_pool, range_end), C(ip_pool, reserved),
          C(ip_pool, dns_servers), C(ip_pool, dns_suffix), },
        hnv_ctl_check_ip_pool, keep_ip_pool },
    [HNV_CTL_MAC_POOL] = {
        "mac-pool", "MAC pool", &hnvrec_table_mac_pool, C(mac_pool, name),
        { C(mac_pool, name), C(mac_pool, range_start),
          C(mac_pool, range_end), },
        hnv_ctl_check_mac_pool, keep_mac_pool },
    [HNV_CTL_HOOK] = {
        "hook", "controller hook", &hnvrec_table_controller_hook,
        C(controller_hook, name),
        { C(controller_hook, name), C(controller_hook, stage),
          C(controller_hook, table), C(controller_hook, controllers),
          C(controller_hook, hosts), },
        NULL, NULL },
};

/* Returns the noun of the command: "pa-route" of "pa-route-set". */
const struct hnv_ctl_noun *
hnv_ctl_noun_of(const struct ctl_context *ctx)
{
    const char *verb = strrchr(ctx->argv[0], '-');

    for (size_t i = 0; i < HNV_CTL_N_NOUNS; i++) {
        const char *name = hnv_ctl_nouns[i].name;

        if (strlen(name) == verb - ctx->argv[0]
            && !strncmp(name, ctx->argv[0], strlen(name))) {
            return &hnv_ctl_nouns[i];
        }
    }
    OVS_NOT_REACHED();
}

/* Returns the noun whose rows are in 'table', or null. */
const struct hnv_ctl_noun *
hnv_ctl_noun_for_table(const char *table)
{
    for (size_t i = 0; i < HNV_CTL_N_NOUNS; i++) {
        if (!strcmp(hnv_ctl_nouns[i].table->name, table)) {
            return &hnv_ctl_nouns[i];
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------------ */
/* What commands need to see.                                               */
/* ------------------------------------------------------------------------ */

void
hnv_ctl_want(struct ctl_context *ctx,
             const struct ovsdb_idl_table_class *table)
{
    ovsdb_idl_add_table(ctx->idl, table);
    for (size_t i = 0; i < table->n_columns; i++) {
        ovsdb_idl_add_column(ctx->idl, &table->columns[i]);
    }
}

/* The domains and subnets, against which most of policy is judged. */
void
hnv_ctl_want_policy(struct ctl_context *ctx)
{
    hnv_ctl_want(ctx, &hnvrec_table_hnv_global);
    hnv_ctl_want(ctx, &hnvrec_table_routing_domain);
    hnv_ctl_want(ctx, &hnvrec_table_virtual_subnet);
    hnv_ctl_want(ctx, &hnvrec_table_ip_pool);
}

/* The table of the command's noun, and what goes with it. */
void
hnv_ctl_want_noun(struct ctl_context *ctx)
{
    hnv_ctl_want_policy(ctx);
    hnv_ctl_want(ctx, hnv_ctl_noun_of(ctx)->table);
}

/* ------------------------------------------------------------------------ */
/* Rows.                                                                    */
/* ------------------------------------------------------------------------ */

/* Returns the row that 'id' names, or null.  Sets ctx->error if 'id' is
 * ambiguous. */
const struct ovsdb_idl_row *
hnv_ctl_find(struct ctl_context *ctx, const struct hnv_ctl_noun *noun,
             const char *id)
{
    const struct ovsdb_idl_row *row = NULL;

    ctx->error = ctl_get_row(ctx, noun->table, id, false, &row);
    return row;
}

/* As hnv_ctl_find(), but no such row is an error. */
const struct ovsdb_idl_row *
hnv_ctl_get(struct ctl_context *ctx, const struct hnv_ctl_noun *noun,
            const char *id)
{
    const struct ovsdb_idl_row *row = hnv_ctl_find(ctx, noun, id);

    if (!row && !ctx->error) {
        ctl_error(ctx, "there is no %s \"%s\"; \"hnv-ctl %s-list\" shows "
                  "what there is", noun->words, id, noun->name);
    }
    return row;
}

const struct ovsdb_idl_row *
hnv_ctl_insert(struct ctl_context *ctx, const struct hnv_ctl_noun *noun)
{
    return ovsdb_idl_txn_insert(ctx->txn, noun->table, NULL);
}

/* Returns true if there is no 'row' yet, or if --may-exist says that it does
 * not matter.  Otherwise sets ctx->error. */
bool
hnv_ctl_may_add(struct ctl_context *ctx, const struct hnv_ctl_noun *noun,
                const struct ovsdb_idl_row *row, const char *id)
{
    if (row && !shash_find(&ctx->options, "--may-exist")) {
        ctl_error(ctx, "%s \"%s\" already exists; change it with \"%s-set\", "
                  "or use --may-exist", noun->words, id, noun->name);
        return false;
    }
    return true;
}

static const struct ovsdb_idl_column *
find_column(const struct ovsdb_idl_table_class *table, const char *name)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        const char *column = table->columns[i].name;
        size_t j;

        for (j = 0; name[j]; j++) {
            if (column[j] != (name[j] == '-' ? '_' : name[j])) {
                break;
            }
        }
        if (!name[j] && !column[j]) {
            return &table->columns[i];
        }
    }
    return NULL;
}

/* Applies "COLUMN=VALUE" to 'row', in the arguments from 'first' on.  Returns
 * false, and sets ctx->error, if one is no good. */
bool
hnv_ctl_put_settings(struct ctl_context *ctx, const struct hnv_ctl_noun *noun,
                     const struct ovsdb_idl_row *row, int first)
{
    for (int i = first; i < ctx->argc; i++) {
        const char *equals = strchr(ctx->argv[i], '=');

        if (!equals) {
            ctl_error(ctx, "%s: \"%s\" is not COLUMN=VALUE", ctx->argv[0],
                      ctx->argv[i]);
            return false;
        }

        char *name = xmemdup0(ctx->argv[i], equals - ctx->argv[i]);
        const struct ovsdb_idl_column *column = find_column(noun->table, name);
        if (!column) {
            ctl_error(ctx, "a %s has no \"%s\"; hnv(5) lists what table %s "
                      "has", noun->words, name, noun->table->name);
            free(name);
            return false;
        }
        free(name);
        if (!hnv_ctl_put(ctx, row, column, equals + 1)) {
            return false;
        }
    }
    return true;
}

/* Sets ctx->error if 'row' is not as policy must be. */
void
hnv_ctl_judge(struct ctl_context *ctx, const struct hnv_ctl_noun *noun,
              const struct ovsdb_idl_row *row)
{
    if (!ctx->error && noun->check) {
        ctx->error = noun->check(ctx, row);
    }
}

void
hnv_ctl_delete(struct ctl_context *ctx, const struct hnv_ctl_noun *noun,
               const struct ovsdb_idl_row *row)
{
    char *reason = noun->keep ? noun->keep(ctx, row) : NULL;

    if (reason) {
        ctx->error = reason;
    } else {
        ovsdb_idl_txn_delete(row);
    }
}

static char *
keep_domain(const struct ctl_context *ctx, const struct ovsdb_idl_row *row)
{
    const struct hnvrec_virtual_subnet *subnet, *lowest = NULL;

    HNVREC_VIRTUAL_SUBNET_FOR_EACH (subnet, ctx->idl) {
        if (&subnet->routing_domain->header_ == row
            && (!lowest || subnet->vsid < lowest->vsid)) {
            lowest = subnet;
        }
    }
    return lowest ? xasprintf("routing domain \"%s\" has virtual subnet "
                              "%"PRId64"; delete that first",
                              lowest->routing_domain->name, lowest->vsid)
                  : NULL;
}

static char *
keep_subnet(const struct ctl_context *ctx, const struct ovsdb_idl_row *row)
{
    int64_t vsid = CONTAINER_OF(row, struct hnvrec_virtual_subnet,
                                header_)->vsid;
    const struct hnvrec_lookup_record *record;
    const struct hnvrec_customer_route *route;
    const struct hnvrec_port *port;

    HNVREC_LOOKUP_RECORD_FOR_EACH (record, ctx->idl) {
        if (record->vsid == vsid) {
            return xasprintf("virtual subnet %"PRId64" has lookup record %s; "
                             "delete that first", vsid,
                             record->customer_address);
        }
    }
    HNVREC_CUSTOMER_ROUTE_FOR_EACH (route, ctx->idl) {
        if (route->vsid == vsid) {
            return xasprintf("virtual subnet %"PRId64" has customer route %s; "
                             "delete that first", vsid,
                             route->destination_prefix);
        }
    }
    HNVREC_PORT_FOR_EACH (port, ctx->idl) {
        if (port->n_vsid && *port->vsid == vsid) {
            return xasprintf("virtual subnet %"PRId64" has port \"%s\"; "
                             "delete that first", vsid, port->name);
        }
    }
    return NULL;
}

static char *
keep_pool(const char *words, const char *name, size_t n)
{
    return n ? xasprintf("%s \"%s\" has allocated %"PRIuSIZE" addresses; free "
                         "those first", words, name, n) : NULL;
}

static char *
keep_ip_pool(const struct ctl_context *ctx, const struct ovsdb_idl_row *row)
{
    const struct hnvrec_ip_allocation *allocation;
    size_t n = 0;

    HNVREC_IP_ALLOCATION_FOR_EACH (allocation, ctx->idl) {
        n += &allocation->pool->header_ == row;
    }
    return keep_pool("IP pool", CONTAINER_OF(row, struct hnvrec_ip_pool,
                                             header_)->name, n);
}

static char *
keep_mac_pool(const struct ctl_context *ctx, const struct ovsdb_idl_row *row)
{
    const struct hnvrec_mac_allocation *allocation;
    size_t n = 0;

    HNVREC_MAC_ALLOCATION_FOR_EACH (allocation, ctx->idl) {
        n += &allocation->pool->header_ == row;
    }
    return keep_pool("MAC pool", CONTAINER_OF(row, struct hnvrec_mac_pool,
                                              header_)->name, n);
}

static char *
keep_network(const struct ctl_context *ctx, const struct ovsdb_idl_row *row)
{
    const struct hnvrec_port *port;

    HNVREC_PORT_FOR_EACH (port, ctx->idl) {
        if (port->logical_network && &port->logical_network->header_ == row) {
            return xasprintf("logical network \"%s\" has port \"%s\"; "
                             "delete that first",
                             port->logical_network->name, port->name);
        }
    }
    return NULL;
}

/* Adds 'row' to the set of references 'column' of 'owner', or removes it. */
static bool
change_ref(const struct ovsdb_idl_row *owner,
           const struct ovsdb_idl_column *column,
           const struct ovsdb_idl_row *row, bool add)
{
    union ovsdb_atom atom = { .uuid = row->uuid };
    struct ovsdb_datum datum;
    unsigned int i;

    ovsdb_datum_clone(&datum, ovsdb_idl_read(owner, column));
    bool found = ovsdb_datum_find_key(&datum, &atom, OVSDB_TYPE_UUID, &i);
    if (add && !found) {
        ovsdb_datum_add_unsafe(&datum, &atom, NULL, &column->type, NULL);
        ovsdb_datum_sort_unique(&datum, &column->type);
    } else if (!add && found) {
        ovsdb_datum_remove_unsafe(&datum, i, &column->type);
        ovsdb_datum_sort_unique(&datum, &column->type);
    }
    ovsdb_idl_txn_verify(owner, column);
    ovsdb_idl_txn_write(owner, column, &datum);
    return found;
}

bool
hnv_ctl_add_ref(const struct ovsdb_idl_row *owner,
                const struct ovsdb_idl_column *column,
                const struct ovsdb_idl_row *row)
{
    return change_ref(owner, column, row, true);
}

void
hnv_ctl_remove_ref(const struct ovsdb_idl_row *owner,
                   const struct ovsdb_idl_column *column,
                   const struct ovsdb_idl_row *row)
{
    change_ref(owner, column, row, false);
}

/* ------------------------------------------------------------------------ */
/* NOUN-set and NOUN-del.                                                   */
/* ------------------------------------------------------------------------ */

void
hnv_ctl_cmd_set(struct ctl_context *ctx)
{
    const struct hnv_ctl_noun *noun = hnv_ctl_noun_of(ctx);
    const struct ovsdb_idl_row *row = hnv_ctl_get(ctx, noun, ctx->argv[1]);

    if (row && hnv_ctl_put_settings(ctx, noun, row, 2)) {
        hnv_ctl_judge(ctx, noun, row);
    }
}

void
hnv_ctl_cmd_del(struct ctl_context *ctx)
{
    const struct hnv_ctl_noun *noun = hnv_ctl_noun_of(ctx);
    bool must_exist = !shash_find(&ctx->options, "--if-exists");

    for (int i = 1; i < ctx->argc && !ctx->error; i++) {
        const struct ovsdb_idl_row *row
            = (must_exist ? hnv_ctl_get : hnv_ctl_find)(ctx, noun,
                                                        ctx->argv[i]);
        if (row) {
            hnv_ctl_delete(ctx, noun, row);
        }
    }
}

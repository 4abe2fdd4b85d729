/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hnv-values.h"
#include "openvswitch/shash.h"
#include "ovsdb-data.h"
#include "ovsdb-error.h"
#include "packets.h"
#include "svec.h"
#include "util.h"

/* From what people write to what a column holds.  The generic commands of
 * Open vSwitch want quotes around an address such as 2001:db8::1, and would
 * store it as it is written. */

/* Returns an error, or stores in '*normal' the one way to write 'value'. */
typedef char *normalizer(const char *value, char **normal);

static char *
normal_address(const char *value, char **normal)
{
    struct in6_addr address;
    char *error = hnv_address_parse(value, &address);

    if (!error) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        hnv_address_format(&address, &ds);
        *normal = ds_steal_cstr(&ds);
    }
    return error;
}

static char *
normal_prefix(const char *value, char **normal)
{
    struct hnv_prefix prefix;
    char *error = hnv_prefix_parse(value, &prefix);

    if (!error) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        hnv_prefix_format(&prefix, &ds);
        *normal = ds_steal_cstr(&ds);
    }
    return error;
}

/* An address, a prefix, or "$" and the name of an address set. */
static char *
normal_matched(const char *value, char **normal)
{
    if (value[0] == '$' && value[1]) {
        *normal = xstrdup(value);
        return NULL;
    }
    return (strchr(value, '/') ? normal_prefix : normal_address)(value,
                                                                 normal);
}

static char *
normal_member(const char *value, char **normal)
{
    return (strchr(value, '/') ? normal_prefix : normal_address)(value,
                                                                 normal);
}

static char *
normal_mac(const char *value, char **normal)
{
    struct eth_addr mac;
    char *error = hnv_mac_parse(value, &mac);

    if (!error) {
        *normal = xasprintf(ETH_ADDR_FMT, ETH_ADDR_ARGS(mac));
    }
    return error;
}

static char *
normal_guid(const char *value, char **normal)
{
    char guid[37];
    char *error = hnv_guid_parse(value, guid);

    if (!error) {
        *normal = xstrdup(guid);
    }
    return error;
}

static char *
normal_vsid(const char *value, char **normal)
{
    uint32_t vsid;
    char *error = hnv_vsid_parse(value, &vsid);

    if (!error) {
        *normal = xasprintf("%"PRIu32, vsid);
    }
    return error;
}

/* "80", or "8000-8080". */
static char *
normal_ports(const char *value, char **normal)
{
    unsigned int first, last;
    int n = 0;

    if (ovs_scan(value, "%u-%u%n", &first, &last, &n) && n && !value[n]
        && strspn(value, "0123456789-") == n
        && first <= last && last <= UINT16_MAX) {
        *normal = xasprintf("%u-%u", first, last);
    } else if (str_to_uint(value, 10, &first) && first <= UINT16_MAX
               && !value[strspn(value, "0123456789")]) {
        *normal = xasprintf("%u", first);
    } else {
        return xasprintf("\"%.64s\" is not a port such as 80, or a range "
                         "such as 8000-8080", value);
    }
    return NULL;
}

static char *
normal_protocol(const char *value, char **normal)
{
    static const struct {
        const char *name;
        int number;
    } protocols[] = {
        { "icmp", 1 }, { "tcp", 6 }, { "udp", 17 }, { "gre", 47 },
        { "icmp6", 58 }, { "icmpv6", 58 }, { "sctp", 132 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (!strcasecmp(value, protocols[i].name)) {
            *normal = xasprintf("%d", protocols[i].number);
            return NULL;
        }
    }
    *normal = xstrdup(value);
    return NULL;
}

static const struct {
    const struct ovsdb_idl_column *column;
    normalizer *normalize;
} normalizers[] = {
    { &hnvrec_hnv_global_col_router_mac, normal_mac },
    { &hnvrec_network_site_col_subnets, normal_prefix },
    { &hnvrec_ip_pool_col_prefix, normal_prefix },
    { &hnvrec_ip_pool_col_range_start, normal_address },
    { &hnvrec_ip_pool_col_range_end, normal_address },
    { &hnvrec_ip_pool_col_reserved, normal_address },
    { &hnvrec_ip_pool_col_dns_servers, normal_address },
    { &hnvrec_ip_allocation_col_address, normal_address },
    { &hnvrec_mac_pool_col_range_start, normal_mac },
    { &hnvrec_mac_pool_col_range_end, normal_mac },
    { &hnvrec_mac_allocation_col_mac, normal_mac },
    { &hnvrec_provider_address_col_address, normal_address },
    { &hnvrec_provider_address_col_mac, normal_mac },
    { &hnvrec_provider_route_col_destination_prefix, normal_prefix },
    { &hnvrec_provider_route_col_next_hop, normal_address },
    { &hnvrec_routing_domain_col_rdid, normal_guid },
    { &hnvrec_routing_domain_col_customer_id, normal_guid },
    { &hnvrec_virtual_subnet_col_vsid, normal_vsid },
    { &hnvrec_virtual_subnet_col_prefixes, normal_prefix },
    { &hnvrec_virtual_subnet_col_gateways, normal_address },
    { &hnvrec_virtual_subnet_col_multicast_pa, normal_address },
    { &hnvrec_lookup_record_col_vsid, normal_vsid },
    { &hnvrec_lookup_record_col_customer_address, normal_address },
    { &hnvrec_lookup_record_col_mac, normal_mac },
    { &hnvrec_lookup_record_col_provider_addresses, normal_address },
    { &hnvrec_lookup_record_col_standby_addresses, normal_address },
    { &hnvrec_l2_record_col_vsid, normal_vsid },
    { &hnvrec_l2_record_col_mac, normal_mac },
    { &hnvrec_l2_record_col_provider_addresses, normal_address },
    { &hnvrec_l2_record_col_standby_addresses, normal_address },
    { &hnvrec_record_info_col_customer_id, normal_guid },
    { &hnvrec_customer_route_col_vsid, normal_vsid },
    { &hnvrec_customer_route_col_destination_prefix, normal_prefix },
    { &hnvrec_customer_route_col_next_hop, normal_address },
    { &hnvrec_port_col_vsid, normal_vsid },
    { &hnvrec_port_col_mac, normal_mac },
    { &hnvrec_port_col_addresses, normal_address },
    { &hnvrec_address_set_col_addresses, normal_member },
    { &hnvrec_port_acl_col_protocol, normal_protocol },
    { &hnvrec_port_acl_col_local_addresses, normal_matched },
    { &hnvrec_port_acl_col_remote_addresses, normal_matched },
    { &hnvrec_port_acl_col_local_ports, normal_ports },
    { &hnvrec_port_acl_col_remote_ports, normal_ports },
    { &hnvrec_port_acl_col_vsid, normal_vsid },
};

/* Returns an error that the caller frees, or null and the one way to write
 * 'value' in '*normal', which the caller frees as well. */
char *
hnv_ctl_normal(const struct ovsdb_idl_column *column, const char *value,
               char **normal)
{
    for (size_t i = 0; i < ARRAY_SIZE(normalizers); i++) {
        if (normalizers[i].column == column) {
            return normalizers[i].normalize(value, normal);
        }
    }

    *normal = xstrdup(value);
    if (column->type.key.enum_) {
        /* "head-end" as well as "head_end". */
        for (char *p = *normal; *p; p++) {
            *p = *p == '-' ? '_' : *p;
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------------ */
/* From text to a column.                                                   */
/* ------------------------------------------------------------------------ */

static char *
parse_ref(struct ctl_context *ctx, const struct ovsdb_base_type *base,
          const char *text, union ovsdb_atom *atom)
{
    const struct hnv_ctl_noun *noun
        = hnv_ctl_noun_for_table(base->uuid.refTableName);
    const struct ovsdb_idl_row *row = NULL;

    if (!noun) {
        return xasprintf("use a command for table %s",
                         base->uuid.refTableName);
    }

    char *error = ctl_get_row(ctx, noun->table, text, false, &row);
    if (!error && !row) {
        error = xasprintf("there is no %s \"%s\"", noun->words, text);
    }
    if (!error) {
        atom->uuid = row->uuid;
    }
    return error;
}

static char *
parse_atom(struct ctl_context *ctx, const struct ovsdb_base_type *base,
           const char *text, union ovsdb_atom *atom)
{
    ovsdb_atom_init_default(atom, base->type);
    switch (base->type) {
    case OVSDB_TYPE_INTEGER: {
        long long int value;

        if (!text[strspn(text, "-0123456789")]
            && str_to_llong(text, 10, &value)) {
            atom->integer = value;
            break;
        }
        return xasprintf("\"%.64s\" is not a number", text);
    }

    case OVSDB_TYPE_BOOLEAN:
        if (strcasecmp(text, "true") && strcasecmp(text, "false")) {
            return xasprintf("\"%.64s\" is not true or false", text);
        }
        atom->boolean = !strcasecmp(text, "true");
        break;

    case OVSDB_TYPE_STRING:
        ovsdb_atom_destroy(atom, base->type);
        atom->s = ovsdb_atom_string_create(text);
        break;

    case OVSDB_TYPE_UUID:
        return parse_ref(ctx, base, text, atom);

    case OVSDB_TYPE_REAL:
    case OVSDB_TYPE_VOID:
    case OVSDB_N_TYPES:
    default:
        OVS_NOT_REACHED();
    }

    struct ovsdb_error *error = ovsdb_atom_check_constraints(atom, base);
    if (error) {
        char *message = ovsdb_error_to_string_free(error);
        /* Skip "constraint violation: ". */
        char *colon = strstr(message, ": ");
        char *copy = xstrdup(colon ? colon + 2 : message);

        free(message);
        ovsdb_atom_destroy(atom, base->type);
        return copy;
    }
    return NULL;
}

/* Adds 'text' to 'datum', which is that of 'column'. */
static char *
parse_element(struct ctl_context *ctx, const struct ovsdb_idl_column *column,
              char *text, struct ovsdb_datum *datum)
{
    const struct ovsdb_type *type = &column->type;
    bool is_map = ovsdb_type_is_map(type);
    union ovsdb_atom key, value;
    char *second = NULL;
    char *normal;

    if (is_map) {
        second = strchr(text, '=');
        if (!second) {
            return xasprintf("\"%.64s\" is not KEY=VALUE", text);
        }
        *second++ = '\0';
    }

    char *error = hnv_ctl_normal(column, text, &normal);
    if (error) {
        return error;
    }
    error = parse_atom(ctx, &type->key, normal, &key);
    free(normal);
    if (error) {
        return error;
    }
    if (is_map) {
        error = parse_atom(ctx, &type->value, second, &value);
        if (error) {
            ovsdb_atom_destroy(&key, type->key.type);
            return error;
        }
    }
    ovsdb_datum_add_unsafe(datum, &key, is_map ? &value : NULL, type, NULL);
    ovsdb_atom_destroy(&key, type->key.type);
    if (is_map) {
        ovsdb_atom_destroy(&value, type->value.type);
    }
    return NULL;
}

static char *
parse_column(struct ctl_context *ctx, const struct ovsdb_idl_column *column,
             const char *text, struct ovsdb_datum *datum)
{
    const struct ovsdb_type *type = &column->type;
    struct svec words = SVEC_EMPTY_INITIALIZER;
    char *error = NULL;

    if (type->n_max > 1) {
        char *copy = xstrdup(text);
        char *save = NULL;
        for (char *word = strtok_r(copy, ",", &save); word;
             word = strtok_r(NULL, ",", &save)) {
            svec_add(&words, word);
        }
        free(copy);
    } else if (*text || type->n_min) {
        svec_add(&words, text);
    }

    for (size_t i = 0; i < words.n && !error; i++) {
        error = parse_element(ctx, column, words.names[i], datum);
    }
    if (!error) {
        ovsdb_datum_sort_unique(datum, type);
        if (datum->n > type->n_max) {
            error = xasprintf("has %"PRIuSIZE" values, more than %u",
                              words.n, type->n_max);
        }
    }
    svec_destroy(&words);
    return error;
}

/* Sets 'column' of 'row' to what 'value' says: a value, values separated by
 * commas, KEY=VALUE pairs separated by commas, or nothing, for none.  Rows of
 * other tables go by their names.  Sets ctx->error, and returns false, if
 * 'value' says nothing that the column can hold. */
bool
hnv_ctl_put(struct ctl_context *ctx, const struct ovsdb_idl_row *row,
            const struct ovsdb_idl_column *column, const char *value)
{
    struct ovsdb_datum datum;

    ovsdb_datum_init_empty(&datum);
    char *error = parse_column(ctx, column, value, &datum);
    if (error) {
        ovsdb_datum_destroy(&datum, &column->type);
        ctl_error(ctx, "%s: %s", column->name, error);
        free(error);
        return false;
    }
    ovsdb_idl_txn_write(row, column, &datum);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "hnv-db.h"
#include "hnv-errors.h"
#include "hnv-host.h"
#include "hnv-idl.h"
#include "hnv-ovs.h"
#include "hnv-policy.h"
#include "hnv-rows.h"
#include "openvswitch/hmap.h"
#include "smap.h"
#include "svec.h"
#include "util.h"
#include "uuid.h"

/* Returns what is in 's' between any of 'delimiters'. */
static struct hnv_strings
strings_split(struct hnv_arena *arena, const char *s, const char *delimiters)
{
    struct hnv_strings strings = { NULL, 0 };
    char *copy, *token, *save = NULL;

    if (!s) {
        return strings;
    }
    copy = hnv_arena_add(arena, xstrdup(s));
    strings.s = hnv_arena_alloc(arena, strlen(s) + 1, sizeof *strings.s);
    for (token = strtok_r(copy, delimiters, &save); token;
         token = strtok_r(NULL, delimiters, &save)) {
        strings.s[strings.n++] = token;
    }
    return strings;
}

/* Is 'uuid' one of the routing domains on this host? */
static bool
is_local_domain(const struct uuid *uuid, const void *db)
{
    size_t n;
    const struct uuid *domains = hnv_db_get_domains(db, &n);

    for (size_t i = 0; i < n; i++) {
        if (uuid_equals(&domains[i], uuid)) {
            return true;
        }
    }
    return false;
}

static void
add_routes(struct hnv_policy_input *in, struct hnv_arena *arena,
           const struct hnv_db *db)
{
    const struct ovsdb_idl *idl = hnv_db_get_idl(db);
    const struct hnvrec_customer_route *row;
    struct hnv_route_row *routes = NULL;
    size_t allocated = 0;

    HNVREC_CUSTOMER_ROUTE_FOR_EACH (row, idl) {
        if (!row->routing_domain
            || !is_local_domain(&row->routing_domain->header_.uuid, db)) {
            continue;
        }
        if (in->n_routes >= allocated) {
            routes = x2nrealloc(routes, &allocated, sizeof *routes);
        }
        routes[in->n_routes++] = (struct hnv_route_row) {
            .uuid = row->header_.uuid,
            .domain = row->routing_domain->header_.uuid,
            .vsid = row->vsid,
            .prefix = row->destination_prefix,
            .next_hop = row->next_hop,
            .metric = row->metric,
        };
    }
    in->routes = hnv_arena_add(arena, routes);
}

/* What a host sends from comes first, and then addresses in order, so that its
 * default does not depend on the order of rows. */
static int
compare_pas(const void *a_, const void *b_)
{
    const struct hnvrec_provider_address *const *a = a_, *const *b = b_;

    return ((*a)->skip_as_source != (*b)->skip_as_source
            ? (*a)->skip_as_source - (*b)->skip_as_source
            : strcmp((*a)->address, (*b)->address));
}

static void
add_hosts(struct hnv_policy_input *in, struct hnv_arena *arena,
          const struct hnv_db *db)
{
    const struct ovsdb_idl *idl = hnv_db_get_idl(db);
    const struct hnvrec_host *row;
    struct hnv_host_row *hosts = NULL;
    size_t allocated = 0;

    HNVREC_HOST_FOR_EACH (row, idl) {
        size_t n = row->n_provider_addresses;
        struct hnvrec_provider_address **rows
            = hnv_arena_add(arena, xmemdup(row->provider_addresses,
                                       n * sizeof *rows));
        char **pas = hnv_arena_alloc(arena, n, sizeof *pas);

        qsort(rows, n, sizeof *rows, compare_pas);
        for (size_t i = 0; i < n; i++) {
            pas[i] = rows[i]->address;
        }
        if (in->n_hosts >= allocated) {
            hosts = x2nrealloc(hosts, &allocated, sizeof *hosts);
        }
        hosts[in->n_hosts++] = (struct hnv_host_row) {
            .uuid = row->header_.uuid,
            .name = row->name,
            .provider_addresses = { pas, row->n_provider_addresses },
        };
    }
    in->hosts = hnv_arena_add(arena, hosts);
}

/* Returns 'addresses' with each "$NAME" replaced by the addresses of the
 * Address_Set NAME.  A set that does not exist stays as it is, to be found
 * wrong. */
static struct hnv_strings
expand_addresses(struct hnv_arena *arena, const struct ovsdb_idl *idl,
                 char **addresses, size_t n)
{
    struct svec out = SVEC_EMPTY_INITIALIZER;

    for (size_t i = 0; i < n; i++) {
        const struct hnvrec_address_set *set, *found = NULL;

        if (addresses[i][0] == '$') {
            HNVREC_ADDRESS_SET_FOR_EACH (set, idl) {
                if (!strcmp(set->name, addresses[i] + 1)) {
                    found = set;
                }
            }
        }
        for (size_t j = 0; found && j < found->n_addresses; j++) {
            svec_add(&out, found->addresses[j]);
        }
        if (!found) {
            svec_add(&out, addresses[i]);
        }
    }
    for (size_t i = 0; i < out.n; i++) {
        hnv_arena_add(arena, out.names[i]);
    }
    return hnv_strings_wrap(hnv_arena_add(arena, out.names), out.n);
}

static void
convert_acl(struct hnv_acl_row *acl, struct hnv_arena *arena,
            const struct ovsdb_idl *idl, const struct hnvrec_port_acl *row)
{
    *acl = (struct hnv_acl_row) {
        .uuid = row->header_.uuid,
        .inbound = !strcmp(row->direction, "inbound"),
        .allow = !strcmp(row->action, "allow"),
        .weight = row->weight,
        .protocol = row->n_protocol ? row->protocol[0] : -1,
        .local_addresses = expand_addresses(
            arena, idl, row->local_addresses, row->n_local_addresses),
        .remote_addresses = expand_addresses(
            arena, idl, row->remote_addresses, row->n_remote_addresses),
        .local_ports = hnv_strings_wrap(row->local_ports, row->n_local_ports),
        .remote_ports = hnv_strings_wrap(row->remote_ports,
                                         row->n_remote_ports),
        .vsid = row->n_vsid ? row->vsid[0] : 0,
        .stateful = row->stateful,
        .idle_timeout = row->n_idle_timeout ? row->idle_timeout[0] : 0,
        .log = row->log,
    };
}

static void
convert_acls(struct hnv_port_row *port, struct hnv_arena *arena,
             const struct ovsdb_idl *idl, const struct hnvrec_port *row)
{
    struct hnv_acl_row *acls;
    size_t n = row->n_acls;

    for (size_t i = 0; i < row->n_acl_groups; i++) {
        n += row->acl_groups[i]->n_acls;
    }
    port->acls = acls = hnv_arena_alloc(arena, n, sizeof *acls);
    for (size_t i = 0; i < row->n_acls; i++) {
        convert_acl(&acls[port->n_acls++], arena, idl, row->acls[i]);
    }
    for (size_t i = 0; i < row->n_acl_groups; i++) {
        const struct hnvrec_acl_group *group = row->acl_groups[i];

        for (size_t j = 0; j < group->n_acls; j++) {
            convert_acl(&acls[port->n_acls++], arena, idl, group->acls[j]);
        }
    }
}

/* The name that a port has which is bound by hnv-vsid. */
static char *
own_port_name(struct hnv_arena *arena, const struct hnv_ovs_port *port)
{
    return hnv_arena_add(arena, xasprintf("interface %s", port->name));
}

/* Adds a port for each interface that is bound by hnv-vsid. */
static void
add_own_ports(struct hnv_policy_input *in, struct hnv_arena *arena,
              const struct hnv_ovs *ovs, struct hnv_port_row *ports)
{
    const struct hnv_ovs_port *port;

    HMAP_FOR_EACH (port, node, hnv_ovs_get_ports(ovs)) {
        if (!port->port_id && !port->uplink && !port->error) {
            ports[in->n_ports++] = (struct hnv_port_row) {
                .uuid = port->uuid,
                .name = own_port_name(arena, port),
                .mac = port->mac ? port->mac : "",
                .vsid = port->vsid,
                .vlan = -1,
                .addresses = strings_split(arena, port->cas, " ,"),
            };
        }
    }
}

static void
add_ports(struct hnv_policy_input *in, struct hnv_arena *arena,
          const struct hnv_db *db, const struct hnv_ovs *ovs)
{
    const struct ovsdb_idl *idl = hnv_db_get_idl(db);
    const struct hnvrec_port *row;
    struct hnv_port_row *ports;
    size_t n = hmap_count(hnv_ovs_get_ports(ovs));

    HNVREC_PORT_FOR_EACH (row, idl) {
        n++;
    }
    in->ports = ports = hnv_arena_alloc(arena, n, sizeof *ports);
    HNVREC_PORT_FOR_EACH (row, idl) {
        struct hnv_port_row *port = &ports[in->n_ports++];

        *port = (struct hnv_port_row) {
            .uuid = row->header_.uuid,
            .name = row->name,
            .mac = row->mac ? row->mac : "",
            .vsid = row->n_vsid ? row->vsid[0] : 0,
            .vlan = row->n_vlan ? row->vlan[0] : -1,
            .addresses = hnv_strings_wrap(row->addresses, row->n_addresses),
            .mac_spoofing = row->mac_spoofing,
            .forwarder = row->forwarder,
            .dhcp_guard = row->dhcp_guard,
            .router_guard = row->router_guard,
        };
        convert_acls(port, arena, idl, row);
    }
    add_own_ports(in, arena, ovs, ports);
}

/* Returns the policy in 'db', as far as it concerns this host.  Adds to
 * 'errors' what is wrong with it.  The caller must free it, with
 * hnv_policy_destroy(). */
struct hnv_policy *
hnv_snapshot_policy(const struct hnv_db *db, const struct hnv_ovs *ovs,
                    struct hnv_peers *peers, struct hnv_errors *errors)
{
    const struct hnvrec_hnv_global *global
        = hnvrec_hnv_global_first(hnv_db_get_idl(db));
    struct hnv_policy_input in = {
        .router_mac = global ? global->router_mac : NULL,
    };
    const struct hnv_rows rows = {
        .idl = hnv_db_get_idl(db),
        .wants = is_local_domain,
        .aux = db,
        .lazy = hnv_ovs_get_config(ovs)->lazy,
    };
    struct hnv_arena arena = HNV_ARENA_INITIALIZER;
    struct hnv_policy *policy;

    hnv_rows_add_domains(&rows, &arena, &in);
    hnv_rows_add_subnets(&rows, &arena, &in);
    add_routes(&in, &arena, db);
    add_hosts(&in, &arena, db);
    hnv_rows_add_l2_records(&rows, &arena, &in);
    add_ports(&in, &arena, db, ovs);
    policy = hnv_policy_create(&in, peers, errors);
    hnv_arena_destroy(&arena);
    return policy;
}

static void
add_interfaces(struct hnv_host_input *in, struct hnv_arena *arena,
               const struct hnv_ovs *ovs, struct hnv_errors *errors)
{
    const struct hmap *ports = hnv_ovs_get_ports(ovs);
    struct hnv_interface_row *rows;
    const struct hnv_ovs_port *port;

    in->interfaces = rows = hnv_arena_alloc(arena, hmap_count(ports),
                                        sizeof *rows);
    HMAP_FOR_EACH (port, node, ports) {
        if (port->error) {
            hnv_errors_add(errors, HNV_ROW_PORT, &port->uuid, port->name,
                           "%s", port->error);
        } else if (port->ofport != OFPP_NONE) {
            /* ovs-vswitchd keeps the OpenFlow port of an interface as long as
             * the interface exists, so it serves as vport too. */
            rows[in->n_interfaces++] = (struct hnv_interface_row) {
                .uuid = port->uuid,
                .name = port->name,
                .port_id = (port->uplink ? NULL
                            : port->port_id ? port->port_id
                            : own_port_name(arena, port)),
                .uplink = port->uplink,
                .ofport = port->ofport,
                .vport = ofp_to_u16(port->ofport),
                .vlan = port->vlan,
            };
        }
    }
}

/* Returns what this host has, with pointers into 'policy', which must outlive
 * it.  Adds to 'errors' what is wrong.  The caller must free it, with
 * hnv_host_destroy(). */
struct hnv_host *
hnv_snapshot_host(const struct hnv_ovs *ovs, const struct hnv_policy *policy,
                  struct hnv_errors *errors)
{
    const struct hnv_ovs_config *config = hnv_ovs_get_config(ovs);
    struct hnv_arena arena = HNV_ARENA_INITIALIZER;
    struct hnv_host_input in = {
        .name = config->host_name,
        .pas = strings_split(&arena, config->pas, ", "),
        .rewrite_port = (config->rewrite_port
                         ? hnv_ovs_find_port(ovs, config->rewrite_port)
                         : OFPP_NONE),
        .pa_mac = hnv_ovs_get_pa_mac(ovs),
    };
    struct hnv_host *host;
    int mtu;

    in.tunnel_port = hnv_ovs_get_tunnel(ovs, &mtu);
    in.mtu = MAX(0, MIN(mtu, UINT16_MAX));
    for (size_t i = 0; i < in.pas.n; i++) {
        in.pas.s[i][strcspn(in.pas.s[i], "/")] = '\0';
    }
    add_interfaces(&in, &arena, ovs, errors);
    host = hnv_host_create(&in, policy, errors);
    hnv_arena_destroy(&arena);
    return host;
}

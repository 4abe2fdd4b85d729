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
#include "openvswitch/hmap.h"
#include "smap.h"
#include "svec.h"
#include "util.h"
#include "uuid.h"

/* Memory that lasts until the end of a call. */
struct arena {
    void **blocks;
    size_t n, allocated;
};

static void *
arena_add(struct arena *arena, void *block)
{
    if (arena->n >= arena->allocated) {
        arena->blocks = x2nrealloc(arena->blocks, &arena->allocated,
                                   sizeof *arena->blocks);
    }
    arena->blocks[arena->n++] = block;
    return block;
}

static void *
arena_alloc(struct arena *arena, size_t n, size_t size)
{
    return arena_add(arena, xcalloc(MAX(n, 1), size));
}

static void
arena_destroy(struct arena *arena)
{
    for (size_t i = 0; i < arena->n; i++) {
        free(arena->blocks[i]);
    }
    free(arena->blocks);
}

static struct hnv_strings
strings_wrap(char **s, size_t n)
{
    return (struct hnv_strings) { .s = s, .n = n };
}

/* Returns what is in 's' between any of 'delimiters'. */
static struct hnv_strings
strings_split(struct arena *arena, const char *s, const char *delimiters)
{
    struct hnv_strings strings = { NULL, 0 };
    char *copy, *token, *save = NULL;

    if (!s) {
        return strings;
    }
    copy = arena_add(arena, xstrdup(s));
    strings.s = arena_alloc(arena, strlen(s) + 1, sizeof *strings.s);
    for (token = strtok_r(copy, delimiters, &save); token;
         token = strtok_r(NULL, delimiters, &save)) {
        strings.s[strings.n++] = token;
    }
    return strings;
}

/* Is 'uuid' one of the routing domains on this host? */
static bool
is_local_domain(const struct hnv_db *db, const struct uuid *uuid)
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
add_domains(struct hnv_policy_input *in, struct arena *arena,
            const struct hnv_db *db, const struct hnv_ovs *ovs)
{
    const struct ovsdb_idl *idl = hnv_db_get_idl(db);
    const struct hnvrec_hnv_global *global = hnvrec_hnv_global_first(idl);
    const struct hnvrec_routing_domain *row;
    struct hnv_domain_row *domains;
    size_t n;

    hnv_db_get_domains(db, &n);
    in->domains = domains = arena_alloc(arena, n, sizeof *domains);
    HNVREC_ROUTING_DOMAIN_FOR_EACH (row, idl) {
        const struct smap *o = &row->options;

        if (!is_local_domain(db, &row->header_.uuid) || in->n_domains >= n) {
            continue;
        }
        domains[in->n_domains++] = (struct hnv_domain_row) {
            .uuid = row->header_.uuid,
            .name = row->name,
            .datapath_key = row->datapath_key,
            .lazy = (row->lookup_mode ? !strcmp(row->lookup_mode, "lazy")
                     : hnv_ovs_get_config(ovs)->lazy),
            .external_router = (row->n_use_external_router
                                ? row->use_external_router[0]
                                : global && global->use_external_router),
            .keep_ttl = !strcmp(smap_get_def(o, "ttl_decrement", ""),
                                "never"),
            .keep_mac = !strcmp(smap_get_def(o, "source_mac", ""), "keep"),
            .strict_vsid = !strcmp(smap_get_def(o, "receive_vsid", ""),
                                   "destination"),
            .stays = true,
        };
    }
}

static enum hnv_flood
flood_from_string(const char *s)
{
    return (s && !strcmp(s, "multicast") ? HNV_FLOOD_MULTICAST
            : s && !strcmp(s, "none") ? HNV_FLOOD_NONE
            : HNV_FLOOD_HEAD_END);
}

static void
add_subnets(struct hnv_policy_input *in, struct arena *arena,
            const struct hnv_db *db)
{
    const struct ovsdb_idl *idl = hnv_db_get_idl(db);
    const struct hnvrec_virtual_subnet *row;
    struct hnv_subnet_row *subnets = NULL;
    size_t allocated = 0;

    HNVREC_VIRTUAL_SUBNET_FOR_EACH (row, idl) {
        if (!row->routing_domain
            || !is_local_domain(db, &row->routing_domain->header_.uuid)) {
            continue;
        }
        if (in->n_subnets >= allocated) {
            subnets = x2nrealloc(subnets, &allocated, sizeof *subnets);
        }
        subnets[in->n_subnets++] = (struct hnv_subnet_row) {
            .uuid = row->header_.uuid,
            .name = row->name,
            .vsid = row->vsid,
            .domain = row->routing_domain->header_.uuid,
            .prefixes = strings_wrap(row->prefixes, row->n_prefixes),
            .gateways = strings_wrap(row->gateways, row->n_gateways),
            .flood = flood_from_string(row->flood),
            .multicast_pa = row->multicast_pa,
            .mtu = row->n_mtu ? row->mtu[0] : 0,
        };
    }
    in->subnets = arena_add(arena, subnets);
}

static void
add_routes(struct hnv_policy_input *in, struct arena *arena,
           const struct hnv_db *db)
{
    const struct ovsdb_idl *idl = hnv_db_get_idl(db);
    const struct hnvrec_customer_route *row;
    struct hnv_route_row *routes = NULL;
    size_t allocated = 0;

    HNVREC_CUSTOMER_ROUTE_FOR_EACH (row, idl) {
        if (!row->routing_domain
            || !is_local_domain(db, &row->routing_domain->header_.uuid)) {
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
    in->routes = arena_add(arena, routes);
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
add_hosts(struct hnv_policy_input *in, struct arena *arena,
          const struct hnv_db *db)
{
    const struct ovsdb_idl *idl = hnv_db_get_idl(db);
    const struct hnvrec_host *row;
    struct hnv_host_row *hosts = NULL;
    size_t allocated = 0;

    HNVREC_HOST_FOR_EACH (row, idl) {
        size_t n = row->n_provider_addresses;
        struct hnvrec_provider_address **rows
            = arena_add(arena, xmemdup(row->provider_addresses,
                                       n * sizeof *rows));
        char **pas = arena_alloc(arena, n, sizeof *pas);

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
    in->hosts = arena_add(arena, hosts);
}

static bool
is_disabled(const char *state)
{
    return state && (!strcmp(state, "disabled") || !strcmp(state, "unbound"));
}

static void
add_l2_records(struct hnv_policy_input *in, struct arena *arena,
               const struct hnv_db *db)
{
    const struct ovsdb_idl *idl = hnv_db_get_idl(db);
    const struct hnvrec_l2_record *row;
    struct hnv_l2_row *l2 = NULL;
    size_t allocated = 0;

    HNVREC_L2_RECORD_FOR_EACH (row, idl) {
        if (in->n_l2_records >= allocated) {
            l2 = x2nrealloc(l2, &allocated, sizeof *l2);
        }
        l2[in->n_l2_records++] = (struct hnv_l2_row) {
            .uuid = row->header_.uuid,
            .vsid = row->vsid,
            .mac = row->mac,
            .type = (row->type && !strcmp(row->type, "gateway_wildcard")
                     ? HNV_L2_GATEWAY_WILDCARD : HNV_L2_ONLY),
            .provider_addresses = strings_wrap(row->provider_addresses,
                                               row->n_provider_addresses),
            .standby_addresses = strings_wrap(row->standby_addresses,
                                              row->n_standby_addresses),
            .disabled = is_disabled(row->state),
            .dynamic_limit = row->dynamic_limit,
            .dynamic_addresses = strings_wrap(row->key_dynamic_addresses,
                                              row->n_dynamic_addresses),
            .dynamic_times = row->value_dynamic_addresses,
        };
    }
    in->l2_records = arena_add(arena, l2);
}

/* Returns 'addresses' with each "$NAME" replaced by the addresses of the
 * Address_Set NAME.  A set that does not exist stays as it is, to be found
 * wrong. */
static struct hnv_strings
expand_addresses(struct arena *arena, const struct ovsdb_idl *idl,
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
        arena_add(arena, out.names[i]);
    }
    return strings_wrap(arena_add(arena, out.names), out.n);
}

static void
convert_acl(struct hnv_acl_row *acl, struct arena *arena,
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
        .local_ports = strings_wrap(row->local_ports, row->n_local_ports),
        .remote_ports = strings_wrap(row->remote_ports, row->n_remote_ports),
        .vsid = row->n_vsid ? row->vsid[0] : 0,
        .stateful = row->stateful,
        .idle_timeout = row->n_idle_timeout ? row->idle_timeout[0] : 0,
        .log = row->log,
    };
}

static void
convert_acls(struct hnv_port_row *port, struct arena *arena,
             const struct ovsdb_idl *idl, const struct hnvrec_port *row)
{
    struct hnv_acl_row *acls;
    size_t n = row->n_acls;

    for (size_t i = 0; i < row->n_acl_groups; i++) {
        n += row->acl_groups[i]->n_acls;
    }
    port->acls = acls = arena_alloc(arena, n, sizeof *acls);
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
own_port_name(struct arena *arena, const struct hnv_ovs_port *port)
{
    return arena_add(arena, xasprintf("interface %s", port->name));
}

/* Adds a port for each interface that is bound by hnv-vsid. */
static void
add_own_ports(struct hnv_policy_input *in, struct arena *arena,
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
add_ports(struct hnv_policy_input *in, struct arena *arena,
          const struct hnv_db *db, const struct hnv_ovs *ovs)
{
    const struct ovsdb_idl *idl = hnv_db_get_idl(db);
    const struct hnvrec_port *row;
    struct hnv_port_row *ports;
    size_t n = hmap_count(hnv_ovs_get_ports(ovs));

    HNVREC_PORT_FOR_EACH (row, idl) {
        n++;
    }
    in->ports = ports = arena_alloc(arena, n, sizeof *ports);
    HNVREC_PORT_FOR_EACH (row, idl) {
        struct hnv_port_row *port = &ports[in->n_ports++];

        *port = (struct hnv_port_row) {
            .uuid = row->header_.uuid,
            .name = row->name,
            .mac = row->mac ? row->mac : "",
            .vsid = row->n_vsid ? row->vsid[0] : 0,
            .vlan = row->n_vlan ? row->vlan[0] : -1,
            .addresses = strings_wrap(row->addresses, row->n_addresses),
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
    struct arena arena = { NULL, 0, 0 };
    struct hnv_policy *policy;

    add_domains(&in, &arena, db, ovs);
    add_subnets(&in, &arena, db);
    add_routes(&in, &arena, db);
    add_hosts(&in, &arena, db);
    add_l2_records(&in, &arena, db);
    add_ports(&in, &arena, db, ovs);
    policy = hnv_policy_create(&in, peers, errors);
    arena_destroy(&arena);
    return policy;
}

static void
add_interfaces(struct hnv_host_input *in, struct arena *arena,
               const struct hnv_ovs *ovs, struct hnv_errors *errors)
{
    const struct hmap *ports = hnv_ovs_get_ports(ovs);
    struct hnv_interface_row *rows;
    const struct hnv_ovs_port *port;

    in->interfaces = rows = arena_alloc(arena, hmap_count(ports),
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
    struct arena arena = { NULL, 0, 0 };
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
    arena_destroy(&arena);
    return host;
}

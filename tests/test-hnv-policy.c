/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "test-hnv-policy.h"

#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "packets.h"
#include "util.h"
#include "uuid.h"

/* ------------------------------------------------------------------------ */
/* JSON.                                                                    */
/* ------------------------------------------------------------------------ */

static const struct json *
member(const struct json *object, const char *name)
{
    return object ? shash_find_data(json_object(object), name) : NULL;
}

static size_t
count(const struct json *array)
{
    return array ? json_array_size(array) : 0;
}

static const char *
get_string(const struct json *object, const char *name, const char *def)
{
    const struct json *value = member(object, name);

    return value ? json_string(value) : def;
}

static int64_t
get_int(const struct json *object, const char *name, int64_t def)
{
    const struct json *value = member(object, name);

    return value ? json_integer(value) : def;
}

static bool
get_bool(const struct json *object, const char *name)
{
    const struct json *value = member(object, name);

    return value && json_boolean(value);
}

static struct hnv_strings
get_strings(const struct json *object, const char *name)
{
    const struct json *array = member(object, name);
    struct hnv_strings strings = { NULL, count(array) };

    strings.s = xmalloc(strings.n * sizeof *strings.s);
    for (size_t i = 0; i < strings.n; i++) {
        strings.s[i] = CONST_CAST(char *,
                                  json_string(json_array_at(array, i)));
    }
    return strings;
}

static void
free_strings(struct hnv_strings strings)
{
    free(strings.s);
}

static struct uuid
get_uuid(const struct json *row, enum hnv_row kind, size_t number)
{
    const char *text = get_string(row, "uuid", NULL);
    struct uuid uuid = { .parts = { kind << 16 | (number + 1) } };

    ovs_assert(!text || uuid_from_string(&uuid, text));
    return uuid;
}

static const struct json *
row_at(const struct json *rows, size_t i)
{
    return json_array_at(rows, i);
}

/* The UUID of the domain that a row calls by name, or by a name that none
 * has. */
static struct uuid
get_domain(const struct json *root, const struct json *row)
{
    const struct json *domains = member(root, "domains");
    const char *name = get_string(row, "domain", "");

    for (size_t i = 0; i < count(domains); i++) {
        const struct json *domain = row_at(domains, i);

        if (!strcmp(get_string(domain, "name", ""), name)) {
            return get_uuid(domain, HNV_ROW_DOMAIN, i);
        }
    }
    return UUID_ZERO;
}

/* ------------------------------------------------------------------------ */
/* Policy.                                                                  */
/* ------------------------------------------------------------------------ */

/* Sets ROWS and N to an array of all rows in table NAME. */
#define ALLOCATE(ROOT, NAME, ROWS, N)                                   \
    ((N) = count(member(ROOT, NAME)), (ROWS) = xcalloc(N, sizeof *(ROWS)))

static struct hnv_domain_row *
load_domains(const struct json *root, struct hnv_policy_input *input)
{
    struct hnv_domain_row *rows;

    input->domains = ALLOCATE(root, "domains", rows, input->n_domains);
    for (size_t i = 0; i < input->n_domains; i++) {
        const struct json *json = row_at(member(root, "domains"), i);

        rows[i] = (struct hnv_domain_row) {
            .uuid = get_uuid(json, HNV_ROW_DOMAIN, i),
            .name = get_string(json, "name", ""),
            .datapath_key = get_int(json, "key", 0),
            .lazy = get_bool(json, "lazy"),
            .external_router = get_bool(json, "external_router"),
            .keep_ttl = get_bool(json, "keep_ttl"),
            .keep_mac = get_bool(json, "keep_mac"),
            .strict_vsid = get_bool(json, "strict_vsid"),
        };
    }
    return rows;
}

static struct hnv_subnet_row *
load_subnets(const struct json *root, struct hnv_policy_input *input)
{
    struct hnv_subnet_row *rows;

    input->subnets = ALLOCATE(root, "subnets", rows, input->n_subnets);
    for (size_t i = 0; i < input->n_subnets; i++) {
        const struct json *json = row_at(member(root, "subnets"), i);
        const char *flood = get_string(json, "flood", "head_end");

        rows[i] = (struct hnv_subnet_row) {
            .uuid = get_uuid(json, HNV_ROW_SUBNET, i),
            .name = get_string(json, "name", ""),
            .vsid = get_int(json, "vsid", 0),
            .domain = get_domain(root, json),
            .prefixes = get_strings(json, "prefixes"),
            .gateways = get_strings(json, "gateways"),
            .flood = (!strcmp(flood, "none") ? HNV_FLOOD_NONE
                      : !strcmp(flood, "multicast") ? HNV_FLOOD_MULTICAST
                      : HNV_FLOOD_HEAD_END),
            .multicast_pa = get_string(json, "multicast_pa", NULL),
            .mtu = get_int(json, "mtu", 0),
        };
    }
    return rows;
}

static struct hnv_route_row *
load_routes(const struct json *root, struct hnv_policy_input *input)
{
    struct hnv_route_row *rows;

    input->routes = ALLOCATE(root, "routes", rows, input->n_routes);
    for (size_t i = 0; i < input->n_routes; i++) {
        const struct json *json = row_at(member(root, "routes"), i);

        rows[i] = (struct hnv_route_row) {
            .uuid = get_uuid(json, HNV_ROW_ROUTE, i),
            .domain = get_domain(root, json),
            .vsid = get_int(json, "vsid", 0),
            .prefix = get_string(json, "prefix", ""),
            .next_hop = get_string(json, "next_hop", ""),
            .metric = get_int(json, "metric", 0),
        };
    }
    return rows;
}

static struct hnv_host_row *
load_hosts(const struct json *root, struct hnv_policy_input *input)
{
    struct hnv_host_row *rows;

    input->hosts = ALLOCATE(root, "hosts", rows, input->n_hosts);
    for (size_t i = 0; i < input->n_hosts; i++) {
        const struct json *json = row_at(member(root, "hosts"), i);

        rows[i] = (struct hnv_host_row) {
            .uuid = get_uuid(json, HNV_ROW_HOST, i),
            .name = get_string(json, "name", ""),
            .provider_addresses = get_strings(json, "pas"),
        };
    }
    return rows;
}

/* Gives 'row' the dynamic addresses of 'json', an array of objects. */
static void
load_dynamic(const struct json *json, struct hnv_l2_row *row)
{
    size_t n = count(json);
    int64_t *times = xcalloc(n, sizeof *times);

    row->dynamic_times = times;
    row->dynamic_addresses = (struct hnv_strings) {
        xcalloc(n, sizeof *row->dynamic_addresses.s), n
    };
    for (size_t i = 0; i < n; i++) {
        row->dynamic_addresses.s[i] = CONST_CAST(
            char *, get_string(row_at(json, i), "ca", ""));
        times[i] = get_int(row_at(json, i), "time", 0);
    }
}

static struct hnv_l2_row *
load_l2(const struct json *root, struct hnv_policy_input *input)
{
    struct hnv_l2_row *rows;

    input->l2_records = ALLOCATE(root, "l2", rows, input->n_l2_records);
    for (size_t i = 0; i < input->n_l2_records; i++) {
        const struct json *json = row_at(member(root, "l2"), i);

        rows[i] = (struct hnv_l2_row) {
            .uuid = get_uuid(json, HNV_ROW_L2_RECORD, i),
            .vsid = get_int(json, "vsid", 0),
            .mac = get_string(json, "mac", ""),
            .type = (get_bool(json, "gateway") ? HNV_L2_GATEWAY_WILDCARD
                     : HNV_L2_ONLY),
            .provider_addresses = get_strings(json, "pas"),
            .standby_addresses = get_strings(json, "standby"),
            .disabled = get_bool(json, "disabled"),
            .dynamic_limit = get_int(json, "dynamic_limit", 0),
        };
        load_dynamic(member(json, "dynamic"), &rows[i]);
    }
    return rows;
}

static struct hnv_acl_row *
load_acls(const struct json *acls)
{
    struct hnv_acl_row *rows = xcalloc(count(acls), sizeof *rows);
    static size_t n;

    for (size_t i = 0; i < count(acls); i++) {
        const struct json *json = row_at(acls, i);

        rows[i] = (struct hnv_acl_row) {
            .uuid = get_uuid(json, HNV_ROW_ACL, n++),
            .inbound = get_bool(json, "inbound"),
            .allow = get_bool(json, "allow"),
            .weight = get_int(json, "weight", 1),
            .protocol = get_int(json, "protocol", -1),
            .local_addresses = get_strings(json, "local"),
            .remote_addresses = get_strings(json, "remote"),
            .local_ports = get_strings(json, "local_ports"),
            .remote_ports = get_strings(json, "remote_ports"),
            .vsid = get_int(json, "vsid", 0),
            .stateful = get_bool(json, "stateful"),
            .idle_timeout = get_int(json, "idle_timeout", 0),
            .log = get_bool(json, "log"),
        };
    }
    return rows;
}

static struct hnv_port_row *
load_ports(const struct json *root, struct hnv_policy_input *input)
{
    struct hnv_port_row *rows;

    input->ports = ALLOCATE(root, "ports", rows, input->n_ports);
    for (size_t i = 0; i < input->n_ports; i++) {
        const struct json *json = row_at(member(root, "ports"), i);

        rows[i] = (struct hnv_port_row) {
            .uuid = get_uuid(json, HNV_ROW_PORT, i),
            .name = get_string(json, "name", ""),
            .mac = get_string(json, "mac", ""),
            .vsid = get_int(json, "vsid", 0),
            .vlan = get_int(json, "vlan", -1),
            .addresses = get_strings(json, "addresses"),
            .mac_spoofing = get_bool(json, "mac_spoofing"),
            .forwarder = get_bool(json, "forwarder"),
            .dhcp_guard = get_bool(json, "dhcp_guard"),
            .router_guard = get_bool(json, "router_guard"),
            .acls = load_acls(member(json, "acls")),
            .n_acls = count(member(json, "acls")),
        };
    }
    return rows;
}

static void
free_port_rows(struct hnv_port_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < rows[i].n_acls; j++) {
            free_strings(rows[i].acls[j].local_addresses);
            free_strings(rows[i].acls[j].remote_addresses);
            free_strings(rows[i].acls[j].local_ports);
            free_strings(rows[i].acls[j].remote_ports);
        }
        free(CONST_CAST(struct hnv_acl_row *, rows[i].acls));
        free_strings(rows[i].addresses);
    }
    free(rows);
}

static void
load_policy(struct test_policy *p)
{
    struct hnv_policy_input input = {
        .router_mac = get_string(p->json, "router_mac", NULL),
    };
    struct hnv_domain_row *domains = load_domains(p->json, &input);
    struct hnv_subnet_row *subnets = load_subnets(p->json, &input);
    struct hnv_route_row *routes = load_routes(p->json, &input);
    struct hnv_host_row *hosts = load_hosts(p->json, &input);
    struct hnv_l2_row *l2_records = load_l2(p->json, &input);
    struct hnv_port_row *ports = load_ports(p->json, &input);

    p->policy = hnv_policy_create(&input, p->peers, &p->errors);

    for (size_t i = 0; i < input.n_subnets; i++) {
        free_strings(subnets[i].prefixes);
        free_strings(subnets[i].gateways);
    }
    for (size_t i = 0; i < input.n_hosts; i++) {
        free_strings(hosts[i].provider_addresses);
    }
    for (size_t i = 0; i < input.n_l2_records; i++) {
        free_strings(l2_records[i].provider_addresses);
        free_strings(l2_records[i].standby_addresses);
        free_strings(l2_records[i].dynamic_addresses);
        free(CONST_CAST(int64_t *, l2_records[i].dynamic_times));
    }
    free_port_rows(ports, input.n_ports);
    free(domains);
    free(subnets);
    free(routes);
    free(hosts);
    free(l2_records);
}

/* ------------------------------------------------------------------------ */
/* Records and the host.                                                    */
/* ------------------------------------------------------------------------ */

static void
load_record(struct test_policy *p, const struct json *json, size_t i)
{
    const char *rule = get_string(json, "rule", "encap");
    struct hnv_record *record = &p->records[p->n_records];
    struct hnv_record_row row = {
        .uuid = get_uuid(json, HNV_ROW_RECORD, i),
        .domain_key = get_int(json, "domain", 0),
        .vsid = get_int(json, "vsid", 0),
        .customer_address = get_string(json, "ca", ""),
        .mac = get_string(json, "mac", ""),
        .provider_addresses = get_strings(json, "pas"),
        .standby_addresses = get_strings(json, "standby"),
        .rule = (!strcmp(rule, "rewrite") ? HNV_RULE_REWRITE
                 : !strcmp(rule, "none") ? HNV_RULE_NONE : HNV_RULE_ENCAP),
        .disabled = get_bool(json, "disabled"),
        .use_vm_mac = get_bool(json, "use_vm_mac"),
    };
    char *error = hnv_record_parse(&row, p->peers, record);

    free_strings(row.provider_addresses);
    free_strings(row.standby_addresses);
    if (error) {
        hnv_errors_add(&p->errors, HNV_ROW_RECORD, &row.uuid,
                       row.customer_address, "%s", error);
        free(error);
        return;
    }
    record->moved = get_bool(json, "moved");
    p->n_records++;
    if (hnv_record_check(p->policy, record)) {
        hnv_errors_add(&p->errors, HNV_ROW_RECORD, &row.uuid,
                       row.customer_address, "%s",
                       hnv_record_check(p->policy, record));
    }
}

static void
load_host(struct test_policy *p)
{
    const struct json *json = member(p->json, "host");
    const struct json *interfaces = member(json, "interfaces");
    struct hnv_interface_row *rows = xcalloc(count(interfaces), sizeof *rows);
    struct hnv_host_input input = {
        .name = get_string(json, "name", "host"),
        .pas = get_strings(json, "pas"),
        .tunnel_port = u16_to_ofp(get_int(json, "tunnel", 0xffff)),
        .rewrite_port = u16_to_ofp(get_int(json, "rewrite", 0xffff)),
        .mtu = get_int(json, "mtu", 0),
        .no_meters = get_bool(json, "no_meters"),
        .interfaces = rows,
        .n_interfaces = count(interfaces),
    };

    eth_addr_from_string(get_string(json, "pa_mac", "02:00:00:00:00:01"),
                         &input.pa_mac);
    for (size_t i = 0; i < input.n_interfaces; i++) {
        const struct json *row = row_at(interfaces, i);
        int ofport = get_int(row, "ofport", i + 1);

        rows[i] = (struct hnv_interface_row) {
            .uuid = get_uuid(row, 0, i),
            .name = get_string(row, "name", ""),
            .port_id = get_string(row, "port", NULL),
            .uplink = get_bool(row, "uplink"),
            .ofport = u16_to_ofp(ofport),
            .vport = ofport,
            .vlan = get_int(row, "vlan", -1),
        };
    }
    p->host = hnv_host_create(&input, p->policy, &p->errors);
    free_strings(input.pas);
    free(rows);
}

void
test_policy_load(struct test_policy *p, const char *file_name)
{
    const struct json *records;

    memset(p, 0, sizeof *p);
    p->json = json_from_file(file_name);
    if (p->json->type != JSON_OBJECT) {
        ovs_fatal(0, "%s: %s", file_name, json_string(p->json));
    }
    p->peers = hnv_peers_create();
    load_policy(p);
    records = member(p->json, "records");
    p->records = xcalloc(count(records), sizeof *p->records);
    for (size_t i = 0; i < count(records); i++) {
        load_record(p, row_at(records, i), i);
    }
    load_host(p);
}

void
test_policy_destroy(struct test_policy *p)
{
    for (size_t i = 0; i < p->n_records; i++) {
        hnv_record_release(p->peers, &p->records[i]);
    }
    free(p->records);
    hnv_host_destroy(p->host);
    hnv_policy_destroy(p->policy);
    hnv_peers_destroy(p->peers);
    hnv_errors_clear(&p->errors);
    json_destroy(p->json);
}

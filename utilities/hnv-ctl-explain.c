/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-explain.h"

#include <stdlib.h>
#include <string.h>

#include "hnv-ctl.h"
#include "hnv-idl.h"
#include "hnv-values.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "util.h"

/* ------------------------------------------------------------------------ */
/* Steps.                                                                   */
/* ------------------------------------------------------------------------ */

bool
hnv_explain_op_drops(uint8_t op)
{
    return (op == HNV_OP_LOG || op == HNV_OP_NET_UNREACHABLE
            || op == HNV_OP_HOST_UNREACHABLE);
}

const char *
hnv_explain_step(uint8_t table, int priority)
{
    static const struct {
        uint8_t table;
        int priority;
        const char *text;
    } steps[] = {
#define HNV_PRIORITY(TABLE, ID, VALUE, TEXT) \
        { HNV_TABLE_##TABLE, VALUE, TEXT },
        HNV_PRIORITIES
#undef HNV_PRIORITY
    };
    const char *best = NULL;
    int best_priority = -1;

    /* Some flows have the priority of their kind plus a rank. */
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        if (steps[i].table == table && steps[i].priority <= priority
            && steps[i].priority > best_priority) {
            best = steps[i].text;
            best_priority = steps[i].priority;
        }
    }
    if (best && !strncmp(best, "plus ", 5)) {
        best += strcspn(best, ":");
        best += strspn(best, ": ");
    }
    return best;
}

/* ------------------------------------------------------------------------ */
/* Rows.                                                                    */
/* ------------------------------------------------------------------------ */

static const struct ovsdb_idl_row *
find_row(const struct ovsdb_idl *idl,
         const struct ovsdb_idl_table_class *table, uint64_t bits)
{
    const struct ovsdb_idl_row *row;

    for (row = idl ? ovsdb_idl_first_row(idl, table) : NULL; row;
         row = ovsdb_idl_next_row(row)) {
        if (hnv_uuid_bits(&row->uuid) == bits) {
            return row;
        }
    }
    return NULL;
}

static const char *
domain_name(const struct hnvrec_routing_domain *domain)
{
    return domain ? domain->name : "a routing domain that is gone";
}

static const char *
first_or(char *const *strings, size_t n, const char *otherwise)
{
    return n ? strings[0] : otherwise;
}

static char *
name_record(const struct hnvrec_lookup_record *r)
{
    return xasprintf("%s in %s: VSID %"PRId64", MAC %s, PA %s%s%s",
                     r->customer_address, domain_name(r->routing_domain),
                     r->vsid, r->mac,
                     first_or(r->provider_addresses, r->n_provider_addresses,
                              "none"),
                     r->rule ? ", " : "", r->rule ? r->rule : "");
}

static char *
name_l2_record(const struct hnvrec_l2_record *r)
{
    return xasprintf("%s in VSID %"PRId64": PA %s", r->mac, r->vsid,
                     first_or(r->provider_addresses, r->n_provider_addresses,
                              "none"));
}

static char *
name_subnet(const struct hnvrec_virtual_subnet *s)
{
    return xasprintf("%"PRId64" (%s) in %s", s->vsid,
                     s->name[0] ? s->name
                     : first_or(s->prefixes, s->n_prefixes, "no prefix"),
                     domain_name(s->routing_domain));
}

/* Appends ", WHAT one, two". */
static void
put_list(struct ds *ds, const char *what, char *const *strings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ds_put_format(ds, "%s%s", i ? "," : what, strings[i]);
    }
}

static bool
has_acl(struct hnvrec_port_acl **acls, size_t n,
        const struct hnvrec_port_acl *acl)
{
    for (size_t i = 0; i < n; i++) {
        if (acls[i] == acl) {
            return true;
        }
    }
    return false;
}

/* Appends the name of what has 'acl'. */
static void
put_acl_owner(const struct ovsdb_idl *idl, const struct hnvrec_port_acl *acl,
              struct ds *ds)
{
    const struct hnvrec_acl_group *group;
    const struct hnvrec_port *port;

    HNVREC_PORT_FOR_EACH (port, idl) {
        if (has_acl(port->acls, port->n_acls, acl)) {
            ds_put_format(ds, " of port %s", port->name);
            return;
        }
    }
    HNVREC_ACL_GROUP_FOR_EACH (group, idl) {
        if (has_acl(group->acls, group->n_acls, acl)) {
            ds_put_format(ds, " of ACL group %s", group->name);
            return;
        }
    }
}

static char *
name_acl(const struct ovsdb_idl *idl, const struct hnvrec_port_acl *acl)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "%s weight %"PRId64" %s", acl->direction, acl->weight,
                  acl->action);
    if (acl->n_protocol) {
        ds_put_format(&ds, " protocol %"PRId64, acl->protocol[0]);
    }
    put_list(&ds, " local ", acl->local_addresses, acl->n_local_addresses);
    put_list(&ds, " local port ", acl->local_ports, acl->n_local_ports);
    put_list(&ds, " remote ", acl->remote_addresses, acl->n_remote_addresses);
    put_list(&ds, " remote port ", acl->remote_ports, acl->n_remote_ports);
    put_acl_owner(idl, acl, &ds);
    return ds_steal_cstr(&ds);
}

static char *
name_route(const struct hnvrec_customer_route *r)
{
    return xasprintf("%s via %s in %s", r->destination_prefix, r->next_hop,
                     domain_name(r->routing_domain));
}

/* A peer is not a row: the cookie has its id, which for one IPv4 address is
 * that address. */
static char *
name_peer(const struct hnv_explain *e, uint64_t bits)
{
    struct in6_addr pa;
    struct ds ds = DS_EMPTY_INITIALIZER;
    const char *host;

    in6_addr_set_mapped_ipv4(&pa, htonl(bits));
    host = bits <= UINT32_MAX ? hnv_explain_host(e, &pa) : NULL;
    if (!host) {
        ds_put_format(&ds, "peer 0x%"PRIx64, bits);
    } else {
        hnv_address_format(&pa, &ds);
        ds_put_format(&ds, " on host %s", host);
    }
    return ds_steal_cstr(&ds);
}

/* Which table, and which copy of it, has the rows of a kind. */
static const struct ovsdb_idl_row *
find_cookie_row(const struct hnv_explain *e, const struct hnv_cookie *c)
{
    static const struct ovsdb_idl_table_class *const tables[HNV_N_ROWS] = {
        [HNV_ROW_DOMAIN] = &hnvrec_table_routing_domain,
        [HNV_ROW_SUBNET] = &hnvrec_table_virtual_subnet,
        [HNV_ROW_RECORD] = &hnvrec_table_lookup_record,
        [HNV_ROW_L2_RECORD] = &hnvrec_table_l2_record,
        [HNV_ROW_ROUTE] = &hnvrec_table_customer_route,
        [HNV_ROW_PORT] = &hnvrec_table_port,
        [HNV_ROW_ACL] = &hnvrec_table_port_acl,
        [HNV_ROW_HOST] = &hnvrec_table_host,
    };

    return tables[c->row]
           ? find_row(c->row == HNV_ROW_RECORD ? e->records : e->policy,
                      tables[c->row], c->bits)
           : NULL;
}

/* CONTAINER_OF() for a row of 'TYPE'. */
#define ROW(ROW, TYPE) CONTAINER_OF(ROW, struct hnvrec_##TYPE, header_)

static char *
name_row(const struct hnv_explain *e, enum hnv_row kind,
         const struct ovsdb_idl_row *row)
{
    switch (kind) {
    case HNV_ROW_DOMAIN:
        return xstrdup(ROW(row, routing_domain)->name);
    case HNV_ROW_SUBNET:
        return name_subnet(ROW(row, virtual_subnet));
    case HNV_ROW_RECORD:
        return name_record(ROW(row, lookup_record));
    case HNV_ROW_L2_RECORD:
        return name_l2_record(ROW(row, l2_record));
    case HNV_ROW_ROUTE:
        return name_route(ROW(row, customer_route));
    case HNV_ROW_PORT:
        return xstrdup(ROW(row, port)->name);
    case HNV_ROW_ACL:
        return name_acl(e->policy, ROW(row, port_acl));
    case HNV_ROW_HOST:
        return xstrdup(ROW(row, host)->name);
    case HNV_ROW_NONE:
    case HNV_ROW_PEER:
    case HNV_N_ROWS:
        break;
    }
    OVS_NOT_REACHED();
}

/* Returns the row that 'cookie' names.  The caller frees its name. */
struct hnv_explain_row
hnv_explain_row(const struct hnv_explain *e, uint64_t cookie)
{
    struct hnv_explain_row found = { .table = NULL };
    const struct ovsdb_idl_row *row;
    struct hnv_cookie c;

    if (!hnv_cookie_decode(cookie, &c) || !hnv_row_name(c.row)) {
        return found;
    }
    found.table = hnv_row_name(c.row);
    row = find_cookie_row(e, &c);
    if (row) {
        found.uuid = row->uuid;
        found.name = name_row(e, c.row, row);
    } else if (c.row == HNV_ROW_PEER) {
        found.name = name_peer(e, c.bits);
    } else {
        found.name = xasprintf("row %010"PRIx64", which is not in the "
                               "database any more", c.bits);
    }
    return found;
}

static const struct hnvrec_routing_domain *
domain_of_port(const struct ovsdb_idl *idl, const struct hnvrec_port *port)
{
    const struct hnvrec_virtual_subnet *subnet
        = port->n_vsid ? hnv_ctl_subnet(idl, port->vsid[0]) : NULL;

    return subnet ? subnet->routing_domain : NULL;
}

static const struct hnvrec_routing_domain *
domain_of_row(const struct hnv_explain *e, enum hnv_row kind,
              const struct ovsdb_idl_row *row)
{
    switch (kind) {
    case HNV_ROW_DOMAIN:
        return ROW(row, routing_domain);
    case HNV_ROW_SUBNET:
        return ROW(row, virtual_subnet)->routing_domain;
    case HNV_ROW_RECORD:
        return ROW(row, lookup_record)->routing_domain;
    case HNV_ROW_L2_RECORD:
        return ROW(row, l2_record)->routing_domain;
    case HNV_ROW_ROUTE:
        return ROW(row, customer_route)->routing_domain;
    case HNV_ROW_PORT:
        return domain_of_port(e->policy, ROW(row, port));
    case HNV_ROW_ACL:
        /* Flows of ACLs match the domain, since groups of them are of ports of
         * any. */
    case HNV_ROW_HOST:
    case HNV_ROW_NONE:
    case HNV_ROW_PEER:
    case HNV_N_ROWS:
        break;
    }
    return NULL;
}

const char *
hnv_explain_tenant(const struct hnv_explain *e, uint64_t cookie)
{
    const struct hnvrec_routing_domain *domain = NULL;
    const struct ovsdb_idl_row *row;
    struct hnv_cookie c;

    if (hnv_cookie_decode(cookie, &c)) {
        row = find_cookie_row(e, &c);
        domain = row ? domain_of_row(e, c.row, row) : NULL;
    }
    return domain ? domain->name : NULL;
}

const char *
hnv_explain_host(const struct hnv_explain *e, const struct in6_addr *pa)
{
    const struct hnvrec_host *host;
    struct ds ds = DS_EMPTY_INITIALIZER;
    const char *found = NULL;

    hnv_address_format(pa, &ds);
    HNVREC_HOST_FOR_EACH (host, e->policy) {
        for (size_t i = 0; i < host->n_provider_addresses; i++) {
            if (!strcmp(host->provider_addresses[i]->address, ds_cstr(&ds))) {
                found = host->name;
            }
        }
    }
    ds_destroy(&ds);
    return found;
}

/* ------------------------------------------------------------------------ */
/* Advice.                                                                  */
/* ------------------------------------------------------------------------ */

/* What to do about each reason: identifier, text. */
#define ADVICES                                                              \
    ADVICE(NOT_BOUND,                                                        \
        "set external_ids:hnv-port-id of the interface to the name of "      \
        "its Port; \"ovs-appctl -t hnv-agent hnv/errors\" says what "        \
        "keeps a port from being bound")                                     \
    ADVICE(VLAN_TAG,                                                         \
        "send untagged in the virtual machine: a virtual subnet has no "     \
        "VLANs")                                                             \
    ADVICE(SPOOF_MAC,                                                        \
        "correct the MAC in the virtual machine or \"mac\" of the Port, "    \
        "or allow it with \"mac_spoofing\"")                                 \
    ADVICE(SPOOF_IP,                                                         \
        "correct the address in the virtual machine or \"addresses\" of "    \
        "the Port; a router needs \"forwarder\", a machine that chooses its "\
        "addresses \"dynamic_limit\" of an L2 record")                       \
    ADVICE(SPOOF_ARP,                                                        \
        "correct the address in the virtual machine, or \"addresses\" of "   \
        "the Port; a machine that chooses its addresses needs "              \
        "\"dynamic_limit\" of an L2 record")                                 \
    ADVICE(SPOOF_ND,                                                         \
        "correct the address in the virtual machine, or \"addresses\" of "   \
        "the Port; a machine that chooses its addresses needs "              \
        "\"dynamic_limit\" of an L2 record")                                 \
    ADVICE(DHCP_GUARD,                                                       \
        "clear \"dhcp_guard\" of the Port if the machine is to be a DHCP "   \
        "server")                                                            \
    ADVICE(ROUTER_GUARD,                                                     \
        "clear \"router_guard\" of the Port if the machine is to send "      \
        "router advertisements")                                             \
    ADVICE(UNKNOWN_VSID,                                                     \
        "no machine here is in the routing domain of that VSID: correct "    \
        "the record that sends it here, or bind its port")                   \
    ADVICE(UNKNOWN_PA,                                                       \
        "add the sender's record with that provider address "                \
        "(\"record-add\"), or find out who sends from there")                \
    ADVICE(SOURCE_UNVERIFIED,                                                \
        "correct the provider address in the record of the source, or "      \
        "find out who sends for it")                                         \
    ADVICE(MAC_NOT_HERE,                                                     \
        "the record names this host, but the machine is not here: "          \
        "correct the record's provider address or MAC, or bind the "         \
        "machine's port")                                                    \
    ADVICE(NO_ROUTE,                                                         \
        "add a customer route (\"route-add\") or a prefix of a virtual "     \
        "subnet")                                                            \
    ADVICE(NO_RECORD,                                                        \
        "add the record of the destination, or of the route's next hop "     \
        "(\"record-add\")")                                                  \
    ADVICE(RECORD_UNUSABLE,                                                  \
        "make the record's \"state\" active, or bind the port of its "       \
        "machine on this host")                                              \
    ADVICE(ACL,                                                              \
        "change the ACL, or allow it by one of more weight (\"acl-add\")")   \
    ADVICE(CT_INVALID,                                                       \
        "the connection was not seen from its beginning: let it be "         \
        "opened again")                                                      \
    ADVICE(HOOK_VETO,                                                        \
        "ask whoever runs the SDN controller: tables 128 to 191 are its "    \
        "own")                                                               \
    ADVICE(WRONG_DOMAIN,                                                     \
        "a flow of the SDN controller writes registers that are not its "    \
        "own: see hnv-pipeline(7)")                                          \
    ADVICE(TOO_BIG,                                                          \
        "lower the MTU in the virtual machine, or raise that of the "        \
        "underlay")                                                          \
    ADVICE(NOT_IP,                                                           \
        "add an L2 record for the destination's MAC (\"l2-record-add\") "    \
        "if machines need more than IP")                                     \
    ADVICE(ARP_SELF,                                                         \
        "nothing: the machine asks whether somebody else has its "           \
        "address, and nobody has")                                           \
    ADVICE(ARP_OTHER,                                                        \
        "nothing: addresses come from policy, not from announcements")       \
    ADVICE(NO_FLOOD,                                                         \
        "set \"flood\" of the virtual subnet if it is to carry broadcast")   \
    ADVICE(NO_PEER,                                                          \
        "see \"ovs-appctl -t hnv-agent hnv/errors\": the record's "          \
        "provider address is not usable")                                    \
    ADVICE(NO_LOCAL_PA,                                                      \
        "give this host a provider address of the peer's IP version "        \
        "(\"pa-add\", or external_ids:hnv-pa)")                              \
    ADVICE(UNKNOWN_REWRITE,                                                  \
        "add the record of that address with rule \"rewrite\" "              \
        "(\"record-add\"); its host needs external_ids:hnv-rewrite-port")    \
    ADVICE(GATEWAY,                                                          \
        "send it to a machine: the gateway address only answers ARP, ND, "   \
        "and ping")                                                          \
    ADVICE(WRONG_VLAN,                                                       \
        "correct \"vlan\" of the Port, or the tag that the physical "        \
        "switch sends")                                                      \
    ADVICE(TTL,                                                              \
        "look for a routing loop; the packet has gone through as many "      \
        "routers as it may")                                                 \
    ADVICE(NOT_OURS,                                                         \
        "nothing: the provider network floods what it does not know")        \
    ADVICE(TO_SELF,                                                          \
        "look at the customer route: a next hop that sends to itself would " \
        "send in a circle; or the machine sends to its own address")         \
    ADVICE(FLOOD_AGAIN,                                                      \
        "nothing: the copy that came to another address was delivered")      \
    ADVICE(UNKNOWN_QUOTE,                                                    \
        "add the record of the address that the machine sent to with rule "  \
        "\"rewrite\"; without one, nothing came from this machine")          \
    ADVICE(CONTROLLER_OUTPUT,                                                \
        "let the SDN controller change the next step, or mirror to a port "  \
        "that is not bound: see hnv-pipeline(7)")                            \
    ADVICE(REWRITE_TO_ENCAP,                                                 \
        "give both records the same rule: a host takes from the tunnel "     \
        "only what machines with rule \"encap\" sent")

static const char *const advice[HNV_N_DROPS] = {
#define ADVICE(ID, TEXT) [HNV_DROP_##ID] = TEXT,
    ADVICES
#undef ADVICE
};

/* There is advice for each reason. */
enum {
#define ADVICE(ID, TEXT) ADVICE_##ID,
    ADVICES
#undef ADVICE
    N_ADVICES
};
BUILD_ASSERT_DECL(N_ADVICES == HNV_N_DROPS - 1);

const char *
hnv_explain_advice(enum hnv_drop reason)
{
    return reason < HNV_N_DROPS ? advice[reason] : NULL;
}

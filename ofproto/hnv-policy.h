/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_POLICY_H
#define HNV_POLICY_H 1

/* Policy: what the database says, checked
 * =======================================
 *
 * What
 * ----
 *
 * An immutable snapshot of all tables of the HNV database but Lookup_Record,
 * which is too large for a snapshot (see hnv-record.h).  hnv_policy_create()
 * takes plain rows, whose strings are as people wrote them, and returns
 * values: numbers, addresses, pointers from a port to its subnet and from
 * there to its routing domain, indexes.  Whoever has a policy need not check
 * anything again.
 *
 * A row that makes no sense, by itself or together with others, is reported
 * and left out, as is what depends on it, and the rest applies.  If two rows
 * contradict each other, such as two hosts with one provider address, then the
 * one with the smaller UUID is kept, so that every host keeps the same one.
 * Of subnets whose prefixes overlap it is the one with the lower VSID.
 *
 *
 * What not
 * --------
 *
 * No database: the agent copies rows from its IDL into the structures below,
 * the tests from files.  No OpenFlow: see hnv-compile.h.  No state of this
 * host: see hnv-host.h.
 *
 *
 * Where we differ from Hyper-V
 * ----------------------------
 *
 *    - On-link routes need not be written: a subnet's prefixes are its
 *      domain's on-link routes.  A Customer_Route with next hop 0.0.0.0 or ::
 *      is accepted, and does nothing, if its prefix is within its subnet's.
 *
 *    - Of port ACLs with equal weight those that deny come first.
 *
 *
 * Thread-safety
 * -------------
 *
 * A policy may be read from any thread.  hnv_policy_create() and
 * hnv_policy_destroy() use struct hnv_peers, which belongs to one thread. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hnv-errors.h"
#include "hnv-peers.h"
#include "hnv-values.h"
#include "openvswitch/hmap.h"
#include "openvswitch/packets.h"
#include "openvswitch/uuid.h"

enum {
    HNV_DOMAIN_KEY_MAX = 0xffffff,
    HNV_MAX_NAME = 255,         /* Bytes in a name. */
    HNV_MAX_ACL_FLOWS = 4096,   /* Flows that one Port_ACL may become. */
    HNV_MAX_DYNAMIC = 64,       /* Dynamic addresses of one machine. */
};

/* Rows, as they come in.  All of them, and what they point to, need to exist
 * only during the call.  Strings are never NULL, except where "or NULL" says
 * so.  Integers are the database's. */

struct hnv_strings {
    char **s;
    size_t n;
};

struct hnv_domain_row {
    struct uuid uuid;
    const char *name;
    int64_t datapath_key;
    bool lazy;                  /* lookup_mode: lazy. */
    bool external_router;       /* use_external_router. */
    bool keep_ttl;              /* options:ttl_decrement=never. */
    bool keep_mac;              /* options:source_mac=keep. */
    bool strict_vsid;           /* options:receive_vsid=destination. */
    bool stays;                 /* In force even without a port here. */
};

enum hnv_flood {
    HNV_FLOOD_HEAD_END,         /* One copy for each PA.  The default. */
    HNV_FLOOD_MULTICAST,        /* One copy to a multicast PA. */
    HNV_FLOOD_NONE,             /* Broadcast is dropped. */
};

struct hnv_subnet_row {
    struct uuid uuid;
    const char *name;
    int64_t vsid;
    struct uuid domain;
    struct hnv_strings prefixes;
    struct hnv_strings gateways; /* Replace the first usable addresses. */
    enum hnv_flood flood;
    const char *multicast_pa;   /* Or NULL. */
    int64_t mtu;                /* Or 0. */
};

struct hnv_route_row {
    struct uuid uuid;
    struct uuid domain;
    int64_t vsid;
    const char *prefix;
    const char *next_hop;
    int64_t metric;
};

struct hnv_host_row {
    struct uuid uuid;
    const char *name;
    struct hnv_strings provider_addresses;
};

enum hnv_l2_type {
    HNV_L2_ONLY,                /* A machine whose CA is not known. */
    HNV_L2_GATEWAY_WILDCARD,    /* Takes, and sends for, unknown CAs. */
};

struct hnv_l2_row {
    struct uuid uuid;
    int64_t vsid;
    const char *mac;
    enum hnv_l2_type type;
    struct hnv_strings provider_addresses;
    struct hnv_strings standby_addresses;
    bool disabled;              /* state: disabled or unbound. */
    int64_t dynamic_limit;
    struct hnv_strings dynamic_addresses;
    const int64_t *dynamic_times; /* One for each of these. */
};

/* A row of Port_ACL.  Address sets are already replaced by their addresses. */
struct hnv_acl_row {
    struct uuid uuid;
    bool inbound;
    bool allow;
    int64_t weight;
    int64_t protocol;           /* Or -1 for any. */
    struct hnv_strings local_addresses, remote_addresses;
    struct hnv_strings local_ports, remote_ports;
    int64_t vsid;               /* Or 0 for any. */
    bool stateful;
    int64_t idle_timeout;       /* Seconds, or 0 for the switch's own. */
    bool log;
};

struct hnv_port_row {
    struct uuid uuid;
    const char *name;
    const char *mac;
    int64_t vsid;               /* Or 0: not virtualized. */
    int64_t vlan;               /* Or -1.  Only without VSID. */
    struct hnv_strings addresses;
    bool mac_spoofing;          /* Any source MAC. */
    bool forwarder;             /* Sends for others: a gateway, a router. */
    bool dhcp_guard, router_guard;
    const struct hnv_acl_row *acls; /* Own and of its groups. */
    size_t n_acls;
};

struct hnv_policy_input {
    const char *router_mac;     /* Or NULL or "" for HNV_ROUTER_MAC. */
    const struct hnv_domain_row *domains;
    const struct hnv_subnet_row *subnets;
    const struct hnv_route_row *routes;
    const struct hnv_host_row *hosts;
    const struct hnv_l2_row *l2_records;
    const struct hnv_port_row *ports;
    size_t n_domains, n_subnets, n_routes, n_hosts, n_l2_records, n_ports;
};

#define HNV_ROUTER_MAC "00:15:5d:ff:ff:01"

/* The checked result.  Addresses and prefixes are those of hnv-values.h. */

struct hnv_domain {
    struct hmap_node node;      /* In struct hnv_policy, by 'key'. */
    struct hmap_node by_uuid;   /* In struct hnv_policy, by 'uuid'. */
    struct uuid uuid;
    char *name;
    uint32_t key;               /* The row's datapath_key: metadata. */
    bool lazy, external_router, keep_ttl, keep_mac, strict_vsid, stays;
    struct hnv_subnet **subnets;
    size_t n_subnets;
    struct hnv_route *routes;   /* Best per prefix, next hop not on-link. */
    size_t n_routes;
};

struct hnv_subnet {
    struct hmap_node node;      /* In struct hnv_policy, by 'vsid'. */
    struct uuid uuid;
    char *name;
    uint32_t vsid;
    struct hnv_domain *domain;
    struct hnv_prefix *prefixes;
    size_t n_prefixes;
    struct in6_addr *gateways;  /* At most one of each IP version is used to
                                 * answer, the first one. */
    size_t n_gateways;
    enum hnv_flood flood;
    struct in6_addr multicast_pa; /* HNV_FLOOD_MULTICAST. */
    uint16_t mtu;               /* Or 0: as large as the tunnel takes. */
    struct hnv_l2_record **l2_records;
    size_t n_l2_records;
    const struct hnv_l2_record *wildcard; /* GatewayWildcard, or NULL. */
};

struct hnv_route {
    struct uuid uuid;
    struct hnv_prefix prefix;
    struct in6_addr next_hop;
    uint32_t metric;
};

/* A customer address that a machine was heard to have. */
struct hnv_dynamic {
    struct in6_addr ca;
    int64_t time;               /* When, in ms since the epoch. */
};

struct hnv_l2_record {
    struct uuid uuid;
    struct hnv_subnet *subnet;
    struct eth_addr mac;
    enum hnv_l2_type type;
    bool disabled;
    const struct hnv_peer *peer; /* NULL if it has no PA. */
    size_t dynamic_limit;       /* 0 if nothing may be learned. */
    struct hnv_dynamic *dynamic; /* Those in force, newest first. */
    size_t n_dynamic;
};

/* A range of L4 ports, or of anything with 16 bits. */
struct hnv_range {
    uint16_t first, last;
};

struct hnv_acl {
    struct uuid uuid;
    bool inbound, allow, stateful, log;
    uint16_t weight;
    int protocol;               /* Or -1. */
    uint32_t idle_timeout;      /* Wanted, or 0.  See struct hnv_port. */
    struct hnv_prefix *local, *remote; /* None means any. */
    size_t n_local, n_remote;
    struct hnv_range *local_ports, *remote_ports; /* None means any. */
    size_t n_local_ports, n_remote_ports;
};

struct hnv_port {
    struct hmap_node node;      /* In struct hnv_policy, by 'name'. */
    struct uuid uuid;
    char *name;
    struct eth_addr mac;        /* Zero if none was given (only VSID 0). */
    struct hnv_subnet *subnet;  /* NULL: not virtualized. */
    int vlan;                   /* Or -1. */
    struct in6_addr *addresses;
    size_t n_addresses;
    bool mac_spoofing, forwarder, dhcp_guard, router_guard;
    struct hnv_acl *acls;       /* In the order in which they are tried. */
    size_t n_acls;
    uint32_t idle_timeout;      /* Of its sessions, in seconds, or 0. */
};

struct hnv_policy_host {
    struct hmap_node node;      /* In struct hnv_policy, by 'name'. */
    struct uuid uuid;
    char *name;
    struct in6_addr *pas;
    size_t n_pas;
};

struct hnv_policy {
    struct eth_addr router_mac;
    struct hmap domains;        /* Contains struct hnv_domain. */
    struct hmap domains_by_uuid; /* Likewise. */
    struct hmap subnets;        /* Contains struct hnv_subnet. */
    struct hmap ports;          /* Contains struct hnv_port. */
    struct hmap hosts;          /* Contains struct hnv_policy_host. */
    struct hnv_l2_record *l2_records;
    size_t n_l2_records;
    struct hnv_peers *peers;    /* Holds references there. */
};

struct hnv_policy *hnv_policy_create(const struct hnv_policy_input *,
                                     struct hnv_peers *, struct hnv_errors *);
void hnv_policy_destroy(struct hnv_policy *);

/* Each returns NULL if there is none. */
struct hnv_domain *hnv_policy_domain(const struct hnv_policy *,
                                     uint32_t key);
struct hnv_domain *hnv_policy_domain_by_uuid(const struct hnv_policy *,
                                             const struct uuid *);
struct hnv_subnet *hnv_policy_subnet(const struct hnv_policy *, uint32_t vsid);
struct hnv_port *hnv_policy_port(const struct hnv_policy *, const char *name);
struct hnv_policy_host *hnv_policy_host(const struct hnv_policy *,
                                        const char *name);

/* Returns the size of the largest block that begins at 'first', ends at
 * 'last' or before, and is all that a value and a mask of 16 bits match. */
uint32_t hnv_range_block(uint32_t first, uint32_t last);

/* Whether an address is the subnet's gateway, or in one of its prefixes. */
bool hnv_subnet_has_gateway(const struct hnv_subnet *,
                            const struct in6_addr *);
bool hnv_subnet_contains(const struct hnv_subnet *, const struct in6_addr *);

bool hnv_port_has_address(const struct hnv_port *, const struct in6_addr *);

/* Returns NULL if 'ca' is an address that a machine in 'subnet' may be heard
 * to have, otherwise what is wrong, as a constant. */
const char *hnv_subnet_check_dynamic(const struct hnv_subnet *,
                                     const struct in6_addr *ca);

/* Returns the L2 record of 'mac', or NULL. */
const struct hnv_l2_record *hnv_subnet_l2_record(const struct hnv_subnet *,
                                                 struct eth_addr mac);

/* Returns when 'l2' was heard to have 'ca', if that is in force, or NULL. */
const struct hnv_dynamic *hnv_l2_record_dynamic(const struct hnv_l2_record *l2,
                                                const struct in6_addr *ca);

/* Returns the L2 record in 'domain' that has the dynamic address 'ca', or
 * NULL. */
const struct hnv_l2_record *hnv_domain_dynamic(const struct hnv_domain *,
                                               const struct in6_addr *ca);

#endif /* hnv-policy.h */

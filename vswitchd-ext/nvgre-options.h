/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_OPTIONS_H
#define NVGRE_OPTIONS_H 1

#include <stdbool.h>
#include <stdint.h>

#include "netdev.h"
#include "nvgre-gateway.h"
#include "nvgre-groups.h"
#include "nvgre.h"
#include "smap.h"
#include "sset.h"

/* Options of an nvgre port
 * ========================
 *
 * What
 * ----
 *
 * Turns the "options" column of an Interface record into a struct
 * nvgre_config.  All options are judged before any takes effect, and the
 * error text names each one that is wrong, with what would be right, one per
 * line.  ovs-nvgre(7) documents the options for users.
 *
 * What not
 * --------
 *
 * Whether two ports get along (nvgre-tunnels.h), what address a host name has
 * (nvgre-resolve.h), and all that a port does with its options.
 *
 * Where we differ from other tunnels
 * ----------------------------------
 *
 *    - A value that is no number or out of range is an error; "key=abc" is not
 *      key 0.
 *
 *    - "csum" and "seq" are refused, because RFC 7637 section 3.2 forbids both
 *      fields.
 *
 *    - "remote_ip" may be a host name.
 *
 * An option that no tunnel has is ignored and logged, as elsewhere, and is
 * also kept in 'ignored', so that the port's status can show it.
 *
 * Thread-safety
 * -------------
 *
 * A struct nvgre_config does not change between nvgre_config_parse() and
 * nvgre_config_destroy(), except for its owner's use of 'tnl' before it shows
 * the configuration to others. */

/* What an nvgre port puts in the FlowID. */
enum nvgre_flowid_mode {
    NVGRE_FLOWID_HASH,          /* Entropy of each packet. */
    NVGRE_FLOWID_FIXED,         /* 'flowid' of the port, 0 for "zero". */
    NVGRE_FLOWID_FLOW,          /* OpenFlow field nvgre_flowid. */
};

/* An exception from the key layout of a port, for one peer. */
struct nvgre_peer_layout {
    struct in6_addr peer;       /* IPv4 addresses are mapped. */
    enum nvgre_layout layout;
};

struct nvgre_config {
    struct netdev_tunnel_config tnl; /* What all tunnels have. */
    char *remote_name;          /* "remote_ip" if a host name, else NULL. */
    enum nvgre_flowid_mode flowid_mode;
    uint8_t flowid;
    enum nvgre_layout layout;
    struct nvgre_peer_layout *peer_layouts;
    size_t n_peer_layouts;
    bool lenient;
    bool reserved_vsid;
    uint32_t offloads;          /* See nvgre-offload.h. */
    bool offload_off;           /* 'offloads' is 0 by a single option. */
    uint32_t rx_csum_sample;    /* One in how many is checked, 0 for none. */
    bool path_mtu_discovery;    /* Believe ICMP errors. */
    bool inner_fragment;        /* Cut inner IPv4 packets without DF. */
    uint32_t too_big_rate;      /* Answers per second, see nvgre-too-big.h. */
    struct nvgre_gateways gateways; /* Whom these answers come from. */
    struct nvgre_group_list groups; /* That it receives from. */
    bool selftest;              /* Answer self-tests of others. */
    struct smap options;        /* As the user gave them. */
    struct sset ignored;        /* Names of options that mean nothing. */
};

char *nvgre_config_parse(const char *port, const struct smap *options,
                         struct nvgre_config **)
    OVS_WARN_UNUSED_RESULT;
struct nvgre_config *nvgre_config_create(const struct smap *options);
struct nvgre_config *nvgre_config_clone(const struct nvgre_config *);
void nvgre_config_destroy(struct nvgre_config *);

bool nvgre_option_is_ours(const char *name);
bool nvgre_parse_unicast(const char *, struct in6_addr *);
enum nvgre_layout nvgre_config_layout(const struct nvgre_config *,
                                      const struct in6_addr *peer);
const char *nvgre_config_flowid_to_string(const struct nvgre_config *,
                                          char buf[4]);

#endif /* nvgre-options.h */

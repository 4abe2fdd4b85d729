/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-options.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "byte-order.h"
#include "nvgre-offload.h"
#include "nvgre-too-big.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(nvgre_options);

#define VSID_RANGE "4096 to 16777214"

/* Option parsers store what 'value' means in '*c'.  They return NULL if it
 * means anything, and otherwise what would be right, a string constant. */
typedef const char *option_parser(const char *value, struct nvgre_config *c);

/* Parses 's', a number in C notation, as an integer of at most 'max'. */
static bool
parse_number(const char *s, unsigned long long int max,
             unsigned long long int *n)
{
    char *end;

    errno = 0;
    *n = strtoull(s, &end, 0);
    return isdigit((unsigned char) s[0]) && !*end && !errno && *n <= max;
}

static bool
parse_bool(const char *s, bool *value)
{
    *value = !strcmp(s, "true");
    return *value || !strcmp(s, "false");
}

/* Parses 's' as an IPv4 or IPv6 address that one host can have, and stores it
 * in '*addr', mapped if it is IPv4.  Returns false if it is none. */
bool
nvgre_parse_unicast(const char *s, struct in6_addr *addr)
{
    ovs_be32 ip;

    if (ip_parse(s, &ip)) {
        in6_addr_set_mapped_ipv4(addr, ip);
    } else if (!ipv6_parse(s, addr)) {
        return false;
    }
    ip = in6_addr_get_mapped_ipv4(addr);
    return (IN6_IS_ADDR_V4MAPPED(addr)
            ? ip && ip != htonl(UINT32_MAX) && !ip_is_multicast(ip)
            : ipv6_addr_is_set(addr) && !ipv6_addr_is_multicast(addr));
}

/* Returns true if 's' has the form of a host name (RFC 1123 section 2.1) and
 * cannot be a mistyped IPv4 address. */
static bool
is_host_name(const char *s)
{
    static const char alnum[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *label = s;

    if (strlen(s) > 253) {
        return false;
    }
    for (;;) {
        size_t len = strcspn(label, ".");

        if (!len || len > 63 || label[0] == '-' || label[len - 1] == '-') {
            return false;
        }
        for (size_t i = 0; i < len; i++) {
            if (label[i] != '-' && !strchr(alnum, label[i])) {
                return false;
            }
        }
        if (!label[len]) {
            return isalpha((unsigned char) *label);
        }
        label += len + 1;
    }
}

static const char *
parse_remote_ip(const char *value, struct nvgre_config *c)
{
    if (!strcmp(value, "flow")) {
        c->tnl.ip_dst_flow = true;
    } else if (is_host_name(value)) {
        c->remote_name = xstrdup(value);
    } else if (!nvgre_parse_unicast(value, &c->tnl.ipv6_dst)) {
        return "must be the unicast IPv4 or IPv6 address or host name of the "
               "peer, or \"flow\"";
    }
    return NULL;
}

static const char *
parse_local_ip(const char *value, struct nvgre_config *c)
{
    if (!strcmp(value, "flow")) {
        c->tnl.ip_src_flow = true;
    } else if (!nvgre_parse_unicast(value, &c->tnl.ipv6_src)) {
        return "must be a unicast IPv4 or IPv6 address of this host, or "
               "\"flow\"";
    }
    return NULL;
}

static const char *
parse_vsid(const char *value, bool *flow, ovs_be64 *vsid)
{
    unsigned long long int n = 0;

    *flow = !strcmp(value, "flow");
    if (!*flow && !parse_number(value, 0xffffff, &n)) {
        return "must be a VSID, " VSID_RANGE ", or \"flow\"";
    }
    *vsid = htonll(n);
    return NULL;
}

static const char *
parse_in_key(const char *value, struct nvgre_config *c)
{
    c->tnl.in_key_present = true;
    return parse_vsid(value, &c->tnl.in_key_flow, &c->tnl.in_key);
}

static const char *
parse_out_key(const char *value, struct nvgre_config *c)
{
    c->tnl.out_key_present = true;
    return parse_vsid(value, &c->tnl.out_key_flow, &c->tnl.out_key);
}

static const char *
parse_key(const char *value, struct nvgre_config *c)
{
    const char *error;
    ovs_be64 vsid;
    bool flow;

    error = parse_vsid(value, &flow, &vsid);
    if (!error && !c->tnl.in_key_present) {
        parse_in_key(value, c);
    }
    if (!error && !c->tnl.out_key_present) {
        parse_out_key(value, c);
    }
    return error;
}

static const char *
parse_flow_id(const char *value, struct nvgre_config *c)
{
    unsigned long long int n;

    if (!strcmp(value, "hash")) {
        c->flowid_mode = NVGRE_FLOWID_HASH;
    } else if (!strcmp(value, "zero")) {
        c->flowid_mode = NVGRE_FLOWID_FIXED;
    } else if (!strcmp(value, "flow")) {
        c->flowid_mode = NVGRE_FLOWID_FLOW;
    } else if (parse_number(value, 255, &n) && n) {
        c->flowid_mode = NVGRE_FLOWID_FIXED;
        c->flowid = n;
    } else {
        return "must be \"hash\", \"zero\", \"flow\", or a FlowID, 1 to 255";
    }
    return NULL;
}

/* Parses "peer=layout", the 'len' bytes at 's'. */
static bool
parse_peer_layout(const char *s, size_t len, struct nvgre_peer_layout *pl)
{
    const char *equals = memchr(s, '=', len);
    char *peer;
    bool ok;

    if (!equals) {
        return false;
    }
    peer = xmemdup0(s, equals - s);
    ok = (nvgre_parse_unicast(peer, &pl->peer)
          && nvgre_layout_from_string(equals + 1, s + len - (equals + 1),
                                      &pl->layout));
    free(peer);
    return ok;
}

/* Adds '*new' to the exceptions of 'c', unless it contradicts them. */
static bool
add_peer_layout(struct nvgre_config *c, const struct nvgre_peer_layout *new)
{
    for (size_t i = 0; i < c->n_peer_layouts; i++) {
        if (ipv6_addr_equals(&c->peer_layouts[i].peer, &new->peer)) {
            return c->peer_layouts[i].layout == new->layout;
        }
    }
    c->peer_layouts = xrealloc(c->peer_layouts, (c->n_peer_layouts + 1)
                               * sizeof *c->peer_layouts);
    c->peer_layouts[c->n_peer_layouts++] = *new;
    return true;
}

/* Parses "layout,peer=layout,peer=layout...", of which the part without a peer
 * may be left out or be in another place. */
static const char *
parse_key_layout(const char *value, struct nvgre_config *c)
{
    static const char sep[] = ", ";
    const char *p = value;
    bool have_layout = false;
    bool ok = *p != '\0';

    while (ok && *p) {
        size_t len = strcspn(p, sep);
        struct nvgre_peer_layout pl;

        if (parse_peer_layout(p, len, &pl)) {
            ok = add_peer_layout(c, &pl);
        } else {
            ok = (!have_layout
                  && nvgre_layout_from_string(p, len, &c->layout));
            have_layout = true;
        }
        p += len;
        p += strspn(p, sep);
    }
    return (ok ? NULL
            : "must be \"rfc7637\" or \"draft00\", then, for "
              "remote_ip=flow, exceptions like \",192.0.2.9=draft00\"");
}

static const char *
parse_receive(const char *value, struct nvgre_config *c)
{
    c->lenient = !strcmp(value, "lenient");
    return (c->lenient || !strcmp(value, "strict")
            ? NULL : "must be \"strict\" or \"lenient\"");
}

static const char *
parse_reserved_vsid(const char *value, struct nvgre_config *c)
{
    c->reserved_vsid = !strcmp(value, "allow");
    return (c->reserved_vsid || !strcmp(value, "refuse")
            ? NULL : "must be \"allow\" or \"refuse\"");
}

static const char *
parse_gateway_ip(const char *value, struct nvgre_config *c)
{
    return (nvgre_gateways_parse(&c->gateways, value)
            ? NULL : "must be IPv4 or IPv6 addresses of gateways separated by "
                     "commas, each after \"VSID=\" if it is for one subnet "
                     "only, and one per subnet and address family");
}

static const char *
parse_multicast_groups(const char *value, struct nvgre_config *c)
{
    return (nvgre_group_list_parse(&c->groups, value)
            ? NULL : "must be IPv4 or IPv6 multicast addresses separated by "
                     "commas");
}

static const char *
parse_inner_fragment(const char *value, struct nvgre_config *c)
{
    return (parse_bool(value, &c->inner_fragment)
            ? NULL : "must be \"true\" or \"false\"");
}

static const char *
parse_too_big_rate(const char *value, struct nvgre_config *c)
{
    unsigned long long int n;

    if (!parse_number(value, NVGRE_TOO_BIG_MAX_RATE, &n)) {
        return "must be a number of answers per second, 0 to 10000";
    }
    c->too_big_rate = n;
    return NULL;
}

static const char *
parse_tos(const char *value, struct nvgre_config *c)
{
    unsigned long long int n;

    if (!strcmp(value, "inherit")) {
        c->tnl.tos_inherit = true;
    } else if (parse_number(value, UINT8_MAX, &n) && !(n & IP_ECN_MASK)) {
        c->tnl.tos = n;
    } else {
        return "must be \"inherit\" or a multiple of 4, 0 to 252, because "
               "the low two bits are for ECN";
    }
    return NULL;
}

static const char *
parse_ttl(const char *value, struct nvgre_config *c)
{
    unsigned long long int n;

    if (!strcmp(value, "inherit")) {
        c->tnl.ttl_inherit = true;
    } else if (parse_number(value, UINT8_MAX, &n) && n) {
        c->tnl.ttl = n;
    } else {
        return "must be \"inherit\" or 1 to 255";
    }
    return NULL;
}

static const char *
parse_df_default(const char *value, struct nvgre_config *c)
{
    return (parse_bool(value, &c->tnl.dont_fragment)
            ? NULL : "must be \"true\" or \"false\"");
}

static const char *
parse_egress_pkt_mark(const char *value, struct nvgre_config *c)
{
    unsigned long long int n;

    if (!parse_number(value, UINT32_MAX, &n)) {
        return "must be a number, 0 to 4294967295";
    }
    c->tnl.egress_pkt_mark = n;
    c->tnl.set_egress_pkt_mark = true;
    return NULL;
}

static const char *
parse_packet_type(const char *value, struct nvgre_config *c OVS_UNUSED)
{
    return (!strcmp(value, "legacy_l2")
            ? NULL : "must be \"legacy_l2\", because NVGRE carries Ethernet "
                     "frames only (RFC 7637 section 3.2)");
}

static const char *
parse_path_mtu_discovery(const char *value, struct nvgre_config *c)
{
    return (parse_bool(value, &c->path_mtu_discovery)
            ? NULL : "must be \"true\" or \"false\"");
}

static const char *
parse_selftest(const char *value, struct nvgre_config *c)
{
    return (parse_bool(value, &c->selftest)
            ? NULL : "must be \"true\" or \"false\"");
}

static const char *
parse_offload(const char *value, struct nvgre_config *c)
{
    c->offload_off = !strcmp(value, "off");
    return (c->offload_off || !strcmp(value, "on")
            ? NULL : "must be \"on\", which leaves the choice to the other "
                     "options, or \"off\", which overrides them");
}

static const char *
parse_rx_csum_sample(const char *value, struct nvgre_config *c)
{
    unsigned long long int n;

    if (!parse_number(value, UINT32_MAX, &n)) {
        return "must be 0, for no packet, or n, for every nth, up to "
               "4294967295";
    }
    c->rx_csum_sample = n;
    return NULL;
}

static const char *
refuse_csum(const char *value OVS_UNUSED,
            struct nvgre_config *c OVS_UNUSED)
{
    return "must be removed, because NVGRE has no GRE checksum (RFC 7637 "
           "section 3.2)";
}

static const char *
refuse_seq(const char *value OVS_UNUSED,
           struct nvgre_config *c OVS_UNUSED)
{
    return "must be removed, because NVGRE has no sequence numbers (RFC 7637 "
           "section 3.2)";
}

/* All options, in the order in which they are parsed: "key" comes last of the
 * keys because it stands in for the other two. */
static const struct option {
    const char *name;
    option_parser *parse;       /* NULL for a switch of 'offload'. */
    uint32_t offload;
} options[] = {
    { "remote_ip", parse_remote_ip, 0 },
    { "local_ip", parse_local_ip, 0 },
    { "in_key", parse_in_key, 0 },
    { "out_key", parse_out_key, 0 },
    { "key", parse_key, 0 },
    { "flow_id", parse_flow_id, 0 },
    { "key_layout", parse_key_layout, 0 },
    { "receive", parse_receive, 0 },
    { "reserved_vsid", parse_reserved_vsid, 0 },
    { "gateway_ip", parse_gateway_ip, 0 },
    { "multicast_groups", parse_multicast_groups, 0 },
    { "inner_fragment", parse_inner_fragment, 0 },
    { "too_big_rate", parse_too_big_rate, 0 },
    { "tos", parse_tos, 0 },
    { "ttl", parse_ttl, 0 },
    { "df_default", parse_df_default, 0 },
    { "egress_pkt_mark", parse_egress_pkt_mark, 0 },
    { "packet_type", parse_packet_type, 0 },
    { "path_mtu_discovery", parse_path_mtu_discovery, 0 },
    { "selftest", parse_selftest, 0 },
    { "tso", NULL, NVGRE_OFFLOAD_TSO },
    { "tx_csum_ipv4", NULL, NVGRE_OFFLOAD_TX_CSUM_IPV4 },
    { "tx_csum_tcp", NULL, NVGRE_OFFLOAD_TX_CSUM_TCP },
    { "tx_csum_udp", NULL, NVGRE_OFFLOAD_TX_CSUM_UDP },
    { "tx_csum_sctp", NULL, NVGRE_OFFLOAD_TX_CSUM_SCTP },
    { "rx_csum", NULL, NVGRE_OFFLOAD_RX_CSUM },
    { "gro", NULL, NVGRE_OFFLOAD_GRO },
    { "offload", parse_offload, 0 },
    { "rx_csum_sample", parse_rx_csum_sample, 0 },
    { "csum", refuse_csum, 0 },
    { "seq", refuse_seq, 0 },
};

static const char *
parse_option(const struct option *option, const char *value,
             struct nvgre_config *c)
{
    bool on;

    if (option->parse) {
        return option->parse(value, c);
    } else if (!parse_bool(value, &on)) {
        return "must be \"true\" or \"false\"";
    }
    c->offloads &= on ? UINT32_MAX : ~option->offload;
    return NULL;
}

/* Returns true if nvgre ports have an option 'name'. */
bool
nvgre_option_is_ours(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        if (!strcmp(name, options[i].name)) {
            return true;
        }
    }
    return false;
}

/* Returns true if 'name' is an option of ours or one that belongs to
 * ovs-monitor-ipsec, which reads it from the same column. */
static bool
is_known(const char *name)
{
    return (nvgre_option_is_ours(name)
            || !strcmp(name, "remote_cert") || !strcmp(name, "remote_name")
            || !strcmp(name, "psk") || !strncmp(name, "ipsec_", 6));
}

static void
check_vsid(const char *port, const char *name, bool flow, ovs_be64 vsid,
           const struct nvgre_config *c, struct ds *errors)
{
    if (!flow && !c->reserved_vsid && nvgre_vsid_is_reserved(ntohll(vsid))) {
        ds_put_format(errors, "%s: %s %"PRIu64" is reserved (RFC 7637 section "
                      "3.4), use " VSID_RANGE " or set "
                      "options:reserved_vsid=allow\n",
                      port, name, ntohll(vsid));
    }
}

/* Judges what no option can say alone. */
static void
check_together(const char *port, const struct nvgre_config *c,
               struct ds *errors)
{
    const struct netdev_tunnel_config *tnl = &c->tnl;
    bool fixed_dst = ipv6_addr_is_set(&tnl->ipv6_dst);

    if (!fixed_dst && !tnl->ip_dst_flow && !c->remote_name) {
        ds_put_format(errors, "%s: options:remote_ip is missing: set it to "
                      "the address of the peer or to \"flow\"\n", port);
    }
    if (tnl->ip_src_flow && !tnl->ip_dst_flow) {
        ds_put_format(errors, "%s: local_ip=flow needs remote_ip=flow\n",
                      port);
    }
    if (fixed_dst && ipv6_addr_is_set(&tnl->ipv6_src)
        && (IN6_IS_ADDR_V4MAPPED(&tnl->ipv6_dst)
            != IN6_IS_ADDR_V4MAPPED(&tnl->ipv6_src))) {
        ds_put_format(errors, "%s: remote_ip and local_ip must both be IPv4 "
                      "or both be IPv6\n", port);
    }
    if (c->groups.n && ipv6_addr_is_set(&tnl->ipv6_src)) {
        ds_put_format(errors, "%s: multicast_groups needs local_ip=flow or "
                      "none, because its packets are sent to no address of "
                      "this host\n", port);
    }
    if (c->n_peer_layouts && !tnl->ip_dst_flow) {
        ds_put_format(errors, "%s: key_layout may name peers only with "
                      "remote_ip=flow\n", port);
    }

    if (!tnl->in_key_present || !tnl->out_key_present) {
        ds_put_format(errors, "%s: options:key is missing: set it to the "
                      "VSID, " VSID_RANGE ", or to \"flow\"\n", port);
        return;
    }
    check_vsid(port, "VSID to receive", tnl->in_key_flow, tnl->in_key, c,
               errors);
    if (tnl->in_key != tnl->out_key || tnl->in_key_flow) {
        check_vsid(port, "VSID to send", tnl->out_key_flow, tnl->out_key, c,
                   errors);
    }
}

/* Parses 'args', the options of the port named 'port'.  If they are right,
 * stores the configuration, which the caller must eventually destroy, in '*cp'
 * and returns NULL.  Otherwise, returns all errors, one per line, as a string
 * that the caller must free, and sets '*cp' to NULL. */
char *
nvgre_config_parse(const char *port, const struct smap *args,
                   struct nvgre_config **cp)
{
    struct nvgre_config *c = nvgre_config_create(args);
    struct ds errors = DS_EMPTY_INITIALIZER;
    const struct smap_node *node;

    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        const char *value = smap_get(args, options[i].name);
        const char *error = value ? parse_option(&options[i], value, c) : NULL;

        if (error) {
            ds_put_format(&errors, "%s: %s=%.64s %s\n",
                          port, options[i].name, value, error);
        }
    }
    SMAP_FOR_EACH (node, args) {
        if (!is_known(node->key)) {
            sset_add(&c->ignored, node->key);
            VLOG_WARN("%s: ignoring option '%.64s', which nvgre ports do not "
                      "have", port, node->key);
        }
    }
    if (c->offload_off) {
        c->offloads = 0;
    }
    if (!errors.length) {
        check_together(port, c, &errors);
    }

    if (errors.length) {
        ds_chomp(&errors, '\n');
        nvgre_config_destroy(c);
        c = NULL;
    }
    *cp = c;
    return c ? (ds_destroy(&errors), NULL) : ds_steal_cstr(&errors);
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-packet.h"

#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "hnv-values.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-flow.h"
#include "packets.h"
#include "util.h"

#define HELP \
    "; say for example \"tcp 10.0.2.22:443\", \"ping 10.0.2.22\", " \
    "\"arp 10.0.1.5\", or \"tcp,nw_dst=10.0.2.22,tp_dst=443\""

/* A source port of those that are for clients. */
enum { CLIENT_PORT = 49152 };

/* Fields that are on the wire. */
static const char *const header_fields[] = {
    "dl_", "nw_", "ipv6_", "arp_", "nd_", "icmp", "tp_", "tcp", "udp", "sctp",
    "arp", "ip", NULL
};

/* Likewise, and what a switch adds to a packet that enters it. */
static const char *const input_fields[] = {
    "in_port=", "tun_id=", "tun_src=", "tun_dst=", "tun_ipv6_",
    "dl_", "nw_", "ipv6_", "arp_", "nd_", "icmp", "tp_", "tcp", "udp", "sctp",
    "arp", "ip", NULL
};

static bool
has_prefix(const char *s, const char *const prefixes[])
{
    for (size_t i = 0; prefixes && prefixes[i]; i++) {
        if (!strncmp(s, prefixes[i], strlen(prefixes[i]))) {
            return true;
        }
    }
    return !prefixes;
}

/* Appends 'field' of a packet of protocol 'proto' with the name that
 * parse_ofp_exact_flow() knows it by, which is not always the one that
 * flow_format() has for it. */
static void
put_field(const char *proto, const char *field, struct ds *ds)
{
    bool icmp6 = !strcmp(proto, "icmp6");

    if (!strncmp(field, "tp_", 3)) {
        size_t len = strcspn(proto, "6");

        ds_put_format(ds, "%.*s_%s", (int) len, proto, field + 3);
    } else if (icmp6 && !strncmp(field, "icmp_", 5)) {
        ds_put_format(ds, "icmpv6_%s", field + 5);
    } else {
        ds_put_cstr(ds, field);
    }
}

static const char *
protocol_of(const char *field)
{
    static const char *const protocols[] = {
        "tcp", "tcp6", "udp", "udp6", "sctp", "sctp6", "icmp6",
    };

    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (!strcmp(field, protocols[i])) {
            return protocols[i];
        }
    }
    return NULL;
}

/* Returns those of the fields in 'text' that start like one of 'prefixes', or
 * all if that is null, such that parse_ofp_exact_flow() takes them. */
static char *
normal_fields(const char *text, const char *const prefixes[])
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    char *copy = xstrdup(text);
    const char *proto = "tcp";
    char *save = NULL;

    for (char *field = strtok_r(copy, ", ", &save); field;
         field = strtok_r(NULL, ", ", &save)) {
        const char *found = protocol_of(field);

        proto = found ? found : proto;
        /* Only one of these two is in a packet. */
        if (!strcmp(field, "nd_sll=00:00:00:00:00:00")
            || !strcmp(field, "nd_tll=00:00:00:00:00:00")) {
            continue;
        }
        if (has_prefix(field, prefixes)) {
            ds_put_cstr(&ds, ds.length ? "," : "");
            put_field(proto, field, &ds);
        }
    }
    free(copy);
    return ds_steal_cstr(&ds);
}

static char *
parse_fields(const char *text, const char *const prefixes[],
             struct flow *flow)
{
    char *fields = normal_fields(text, prefixes);
    char *error = parse_ofp_exact_flow(flow, NULL, NULL, fields, NULL);

    free(fields);
    return error;
}

/* Splits "ADDRESS", "ADDRESS:PORT" or "[ADDRESS]:PORT" into '*address' and
 * '*port', which point into 'text'.  '*port' may become null. */
static void
split_port(char *text, char **address, char **port)
{
    char *colon = strchr(text, ':');

    *address = text;
    *port = NULL;
    if (text[0] == '[') {
        char *end = strchr(text, ']');

        *address = text + 1;
        if (end) {
            *port = end[1] == ':' ? end + 2 : NULL;
            *end = '\0';
        }
    } else if (colon && !strchr(colon + 1, ':')) {
        *colon = '\0';
        *port = colon + 1;
    }
}

/* Appends a request for the link-layer address of 'to'. */
static void
put_solicitation(const struct in6_addr *to, struct ds *ds)
{
    struct in6_addr group;
    struct eth_addr mac;

    in6_addr_solicited_node(&group, to);
    ipv6_multicast_to_ethernet(&mac, &group);
    ds_put_cstr(ds, "icmp6,icmpv6_type=135,icmpv6_code=0,nd_target=");
    ipv6_format_addr(to, ds);
    ds_put_cstr(ds, ",ipv6_dst=");
    ipv6_format_addr(&group, ds);
    ds_put_format(ds, ",dl_dst="ETH_ADDR_FMT, ETH_ADDR_ARGS(mac));
}

/* Appends to 'ds', as fields, what the word 'kind' means with 'to'.  False if
 * there is no such word. */
static bool
put_kind(const char *kind, const struct in6_addr *to, struct ds *ds)
{
    bool v4 = hnv_address_is_v4(to);
    const char *field = v4 ? "nw_dst" : "ipv6_dst";

    if (!strcmp(kind, "tcp") || !strcmp(kind, "udp")
        || !strcmp(kind, "sctp")) {
        ds_put_format(ds, "%s%s,tp_src=%d", kind, v4 ? "" : "6", CLIENT_PORT);
    } else if (!strcmp(kind, "ip")) {
        ds_put_cstr(ds, v4 ? "ip" : "ipv6");
    } else if (!strcmp(kind, "ping") || !strcmp(kind, "icmp")) {
        ds_put_cstr(ds, v4 ? "icmp,icmp_type=8,icmp_code=0"
                           : "icmp6,icmpv6_type=128,icmpv6_code=0");
    } else if (!strcmp(kind, "arp") && v4) {
        ds_put_cstr(ds, "arp,arp_op=1,dl_dst=ff:ff:ff:ff:ff:ff");
        field = "arp_tpa";
    } else if (!strcmp(kind, "nd") && !v4) {
        put_solicitation(to, ds);
        return true;
    } else {
        return false;
    }
    ds_put_format(ds, ",%s=", field);
    hnv_address_format(to, ds);
    return true;
}

/* Turns words into fields. */
static char *
words_to_fields(int argc, char *argv[], struct ds *ds)
{
    char *error, *copy, *address, *port;
    struct in6_addr to;

    if (argc < 2) {
        return xasprintf("\"%s\" is not a whole packet"HELP, argv[0]);
    }
    copy = xstrdup(argv[1]);
    split_port(copy, &address, &port);
    error = hnv_address_parse(address, &to);
    if (!error && !put_kind(argv[0], &to, ds)) {
        error = xasprintf("there is no packet \"%s %s\""HELP, argv[0],
                          argv[1]);
    }
    if (!error && port) {
        ds_put_format(ds, ",tp_dst=%s", port);
    }
    free(copy);
    return error;
}

/* Makes '*flow' the packet that 'argv' says.  What is not said is zero. */
char *
hnv_packet_parse(int argc, char *argv[], struct flow *flow)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    char *error = NULL;
    int n = 0;

    memset(flow, 0, sizeof *flow);
    if (!strpbrk(argv[0], ",=")) {
        error = words_to_fields(argc, argv, &ds);
        n = 2;
    }
    for (int i = n; !error && i < argc; i++) {
        ds_put_format(&ds, "%s%s", ds.length ? "," : "", argv[i]);
    }
    if (!error) {
        char *fault = parse_fields(ds_cstr(&ds), NULL, flow);

        if (fault) {
            error = xasprintf("%s"HELP, fault);
            free(fault);
        }
    }
    ds_destroy(&ds);
    return error;
}

/* Makes '*flow' what "ofproto/trace" calls a flow, without what only one
 * switch knows about it. */
char *
hnv_packet_from_trace(const char *text, struct flow *flow)
{
    return parse_fields(text, header_fields, flow);
}

/* Returns 'flow' as "ofproto/trace" wants it. */
char *
hnv_packet_to_trace(const struct flow *flow)
{
    char *text = flow_to_string(flow, NULL);
    char *fields = normal_fields(text, input_fields);

    free(text);
    return fields;
}

void
hnv_packet_set_tunnel(struct flow *flow, uint32_t vsid,
                      const struct in6_addr *src, const struct in6_addr *dst)
{
    struct flow_tnl *tunnel = &flow->tunnel;

    memset(tunnel, 0, sizeof *tunnel);
    tunnel->flags = FLOW_TNL_F_KEY;
    tunnel->tun_id = htonll(vsid);
    if (hnv_address_is_v4(dst)) {
        tunnel->ip_src = in6_addr_get_mapped_ipv4(src);
        tunnel->ip_dst = in6_addr_get_mapped_ipv4(dst);
    } else {
        tunnel->ipv6_src = *src;
        tunnel->ipv6_dst = *dst;
    }
}

static char *
set_sender_ip(struct flow *flow, const struct hnv_packet_sender *sender)
{
    bool nd = is_nd(flow, NULL);

    if (flow->dl_type == htons(ETH_TYPE_IPV6)) {
        if (ipv6_addr_equals(&flow->ipv6_src, &in6addr_any)) {
            if (ipv6_addr_equals(&sender->ipv6, &in6addr_any)) {
                return xstrdup("the sender has no IPv6 address; add "
                               "ipv6_src=ADDRESS to the packet");
            }
            flow->ipv6_src = sender->ipv6;
        }
        if (nd && eth_addr_is_zero(flow->arp_sha)) {
            flow->arp_sha = flow->dl_src;
        }
    } else {
        const char *field = is_arp(flow) ? "arp_spa" : "nw_src";

        if (!flow->nw_src && !sender->ipv4) {
            return xasprintf("the sender has no IPv4 address; add %s=ADDRESS "
                             "to the packet", field);
        }
        flow->nw_src = flow->nw_src ? flow->nw_src : sender->ipv4;
    }
    if (!is_arp(flow) && !flow->nw_ttl) {
        flow->nw_ttl = nd ? 255 : 64;
    }
    return NULL;
}

/* Fills in what the packet's sender writes into each packet and the user has
 * left out. */
char *
hnv_packet_set_sender(struct flow *flow,
                      const struct hnv_packet_sender *sender)
{
    if (eth_addr_is_zero(flow->dl_src)) {
        flow->dl_src = sender->mac;
    }
    if (is_arp(flow) && eth_addr_is_zero(flow->arp_sha)) {
        flow->arp_sha = flow->dl_src;
    }
    return is_arp(flow) || is_ip_any(flow) ? set_sender_ip(flow, sender)
                                           : NULL;
}

static bool
get_address(const struct flow *flow, ovs_be32 ipv4,
            const struct in6_addr *ipv6, struct in6_addr *address)
{
    if (flow->dl_type == htons(ETH_TYPE_IPV6)) {
        *address = *ipv6;
    } else if (flow->dl_type == htons(ETH_TYPE_IP) || is_arp(flow)) {
        in6_addr_set_mapped_ipv4(address, ipv4);
    } else {
        return false;
    }
    return true;
}

bool
hnv_packet_destination(const struct flow *flow, struct in6_addr *address)
{
    const struct in6_addr *ipv6 = (is_nd(flow, NULL) ? &flow->nd_target
                                   : &flow->ipv6_dst);

    return get_address(flow, flow->nw_dst, ipv6, address);
}

bool
hnv_packet_source(const struct flow *flow, struct in6_addr *address)
{
    return get_address(flow, flow->nw_src, &flow->ipv6_src, address);
}

static const char *
kind_of(const struct flow *flow)
{
    if (is_arp(flow)) {
        return flow->nw_proto == ARP_OP_REPLY ? "arp reply" : "arp";
    } else if (!is_ip_any(flow)) {
        return "frame";
    }
    switch (flow->nw_proto) {
    case IPPROTO_TCP:
        return "tcp";
    case IPPROTO_UDP:
        return "udp";
    case IPPROTO_SCTP:
        return "sctp";
    case IPPROTO_ICMP:
        return flow->tp_src == htons(ICMP4_ECHO_REQUEST) ? "ping" : "icmp";
    case IPPROTO_ICMPV6:
        return (is_nd(flow, NULL) ? "nd"
                : flow->tp_src == htons(ICMP6_ECHO_REQUEST) ? "ping"
                : "icmp6");
    default:
        return "ip";
    }
}

static void
format_end(const struct in6_addr *address, ovs_be16 port, bool has_port,
           struct ds *ds)
{
    bool bracket = has_port && !hnv_address_is_v4(address);

    ds_put_cstr(ds, bracket ? "[" : "");
    hnv_address_format(address, ds);
    ds_put_cstr(ds, bracket ? "]" : "");
    if (has_port) {
        ds_put_format(ds, ":%"PRIu16, ntohs(port));
    }
}

void
hnv_packet_format(const struct flow *flow, struct ds *ds)
{
    bool has_port = is_ip_any(flow) && (flow->nw_proto == IPPROTO_TCP
                                        || flow->nw_proto == IPPROTO_UDP
                                        || flow->nw_proto == IPPROTO_SCTP);
    struct in6_addr src, dst;

    ds_put_format(ds, "%s ", kind_of(flow));
    if (hnv_packet_source(flow, &src) && hnv_packet_destination(flow, &dst)) {
        format_end(&src, flow->tp_src, has_port, ds);
        ds_put_cstr(ds, " > ");
        format_end(&dst, flow->tp_dst, has_port, ds);
    } else {
        ds_put_format(ds, ETH_ADDR_FMT" > "ETH_ADDR_FMT,
                      ETH_ADDR_ARGS(flow->dl_src),
                      ETH_ADDR_ARGS(flow->dl_dst));
    }
}

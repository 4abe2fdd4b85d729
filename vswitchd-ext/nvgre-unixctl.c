/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-unixctl.h"

#include <string.h>

#include "byte-order.h"
#include "netdev-nvgre.h"
#include "nvgre-mtu.h"
#include "nvgre-offload.h"
#include "nvgre-pmtu.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"

/* Formats what a command says of one port. */
typedef void format_port(const struct netdev *, struct nvgre_port *,
                         struct ds *);

struct query {
    const char *name;           /* Port asked for, or NULL for all. */
    format_port *format;
    bool found;
    struct ds reply;
};

static void
query_port(const struct netdev *netdev, struct nvgre_port *port, void *query_)
{
    struct query *query = query_;

    if (!query->name || !strcmp(query->name, port->name)) {
        query->found = true;
        query->format(netdev, port, &query->reply);
    }
}

/* Replies to a command whose only argument is an optional port name.  'end',
 * if nonnull, adds to the reply when no name was given. */
static void
reply_for_ports(struct unixctl_conn *conn, int argc, const char *argv[],
                format_port *format, void (*end)(struct ds *))
{
    struct query query = {
        .name = argc > 1 ? argv[1] : NULL,
        .format = format,
        .reply = DS_EMPTY_INITIALIZER,
    };

    nvgre_ports_for_each(query_port, &query);
    if (query.name && !query.found) {
        ds_put_format(&query.reply, "no nvgre port is named \"%s\"",
                      query.name);
        unixctl_command_reply_error(conn, ds_cstr(&query.reply));
    } else {
        if (!query.name && end) {
            end(&query.reply);
        }
        unixctl_command_reply(conn, ds_cstr(&query.reply));
    }
    ds_destroy(&query.reply);
}

static void
format_addr(const struct in6_addr *addr, bool flow, const char *none,
            struct ds *s)
{
    if (flow) {
        ds_put_cstr(s, "flow");
    } else if (ipv6_addr_is_set(addr)) {
        ipv6_format_mapped(addr, s);
    } else {
        ds_put_cstr(s, none);
    }
}

static void
format_vsid(bool flow, ovs_be64 key, struct ds *s)
{
    if (flow) {
        ds_put_cstr(s, "flow");
    } else {
        ds_put_format(s, "%"PRIu64, ntohll(key));
    }
}

static void
format_remote(const struct nvgre_port *port, const struct nvgre_config *c,
              struct ds *s)
{
    if (c->remote_name) {
        ds_put_format(s, "%s, ", c->remote_name);
    }
    if (nvgre_port_is_resolved(port)) {
        format_addr(&c->tnl.ipv6_dst, c->tnl.ip_dst_flow, "", s);
    } else {
        ds_put_cstr(s, "not resolved");
    }
}

static void
format_offloads(const struct nvgre_port *port, const struct nvgre_config *c,
                struct ds *s)
{
    struct nvgre_path path;

    nvgre_port_main_path(port, &path);
    ds_put_cstr(s, "    offloads:\n");
    for (size_t i = 0; i < N_NVGRE_OFFLOADS; i++) {
        char *text = nvgre_offload_explain(i, c->offloads, c->offload_off,
                                           path.device);

        ds_put_format(s, "        %s: %s\n", nvgre_offload_name(i), text);
        free(text);
    }
    if (c->rx_csum_sample) {
        const struct nvgre_counters *counters = &port->counters;

        ds_put_format(s, "    checksums of received packets: one in %"PRIu32
                      ", %"PRIu64" verified\n", c->rx_csum_sample,
                      atomic_count_get64(CONST_CAST(
                          atomic_uint64_t *, &counters->rx_csum_checked)));
    }
}

/* Says what is done with packets that are too big, and how often it was. */
static void
format_too_big(const struct nvgre_config *c, struct nvgre_counters *n,
               struct ds *s)
{
    const char *gateways = smap_get(&c->options, "gateway_ip");

    ds_put_format(s, "    if too big: %s IPv4 without DF, %s the rest",
                  c->inner_fragment ? "fragment" : "drop",
                  c->too_big_rate ? "answer" : "drop");
    if (c->too_big_rate) {
        ds_put_format(s, " up to %"PRIu32" times a second%s%s",
                      c->too_big_rate, gateways ? " as " : "",
                      gateways ? gateways : "");
    }
    ds_put_format(s, "\n    too big: %"PRIu64" fragmented, "
                  "%"PRIu64" answered, %"PRIu64" over the limit, "
                  "%"PRIu64" not to be answered\n",
                  atomic_count_get64(&n->tx_fragmented),
                  atomic_count_get64(&n->too_big_answered),
                  atomic_count_get64(&n->too_big_limited),
                  atomic_count_get64(&n->too_big_unanswerable));
}

static void
show_port(const struct netdev *netdev, struct nvgre_port *port, struct ds *s)
{
    const struct nvgre_config *c = nvgre_port_config(port);
    struct netdev_stats stats;
    char buf[4];

    ds_put_format(s, "%s:\n    remote: ", port->name);
    format_remote(port, c, s);
    ds_put_cstr(s, "\n    local: ");
    format_addr(&c->tnl.ipv6_src, c->tnl.ip_src_flow, "any", s);
    ds_put_cstr(s, "\n    VSID: ");
    format_vsid(c->tnl.in_key_flow, c->tnl.in_key, s);
    if (c->tnl.out_key != c->tnl.in_key
        || c->tnl.out_key_flow != c->tnl.in_key_flow) {
        ds_put_cstr(s, " received, ");
        format_vsid(c->tnl.out_key_flow, c->tnl.out_key, s);
        ds_put_cstr(s, " sent");
    }
    ds_put_format(s, "\n    FlowID: %s\n    key layout: %s",
                  nvgre_config_flowid_to_string(c, buf),
                  nvgre_layout_to_string(c->layout));
    for (size_t i = 0; i < c->n_peer_layouts; i++) {
        ds_put_cstr(s, ", ");
        ipv6_format_mapped(&c->peer_layouts[i].peer, s);
        ds_put_format(s, "=%s",
                      nvgre_layout_to_string(c->peer_layouts[i].layout));
    }
    ds_put_format(s, "\n    receive: %s\n    MTU: ",
                  c->lenient ? "lenient" : "strict");
    nvgre_mtu_format(port, s);
    ds_put_char(s, '\n');
    format_offloads(port, c, s);

    netdev_nvgre_get_stats(netdev, &stats);
    ds_put_format(s, "    received: %"PRIu64" packets, %"PRIu64" bytes, "
                  "%"PRIu64" dropped\n"
                  "    sent: %"PRIu64" packets, %"PRIu64" bytes, "
                  "%"PRIu64" dropped, %"PRIu64" tags removed\n",
                  stats.rx_packets, stats.rx_bytes, stats.rx_dropped,
                  stats.tx_packets, stats.tx_bytes, stats.tx_dropped,
                  atomic_count_get64(&port->counters.tx_tags_removed));
    format_too_big(c, &port->counters, s);
}

static void
nvgre_unixctl_show(struct unixctl_conn *conn, int argc, const char *argv[],
                   void *aux OVS_UNUSED)
{
    reply_for_ports(conn, argc, argv, show_port, NULL);
}

static int
compare_infos(const void *a_, const void *b_)
{
    const struct nvgre_peer_info *a = a_;
    const struct nvgre_peer_info *b = b_;

    return memcmp(&a->remote, &b->remote, sizeof a->remote);
}

/* Appends the checksums of packets from a peer that were found to be wrong. */
static void
format_bad_csums(const struct nvgre_peer_info *info, struct ds *s)
{
    const char *separator = ", bad checksums: ";

    for (size_t i = 0; i < N_NVGRE_CSUMS; i++) {
        if (info->bad_csums[i]) {
            ds_put_format(s, "%s%s %"PRIu64, separator,
                          nvgre_csum_to_string(i), info->bad_csums[i]);
            separator = ", ";
        }
    }
    ds_put_char(s, '\n');
}

static void
peers_port(const struct netdev *netdev OVS_UNUSED, struct nvgre_port *port,
           struct ds *s)
{
    const struct nvgre_config *c = nvgre_port_config(port);
    struct nvgre_peer_info *infos;
    size_t n = nvgre_peers_snapshot(&port->peers, &infos);

    qsort(infos, n, sizeof *infos, compare_infos);
    ds_put_format(s, "%s: %"PRIuSIZE" peer%s\n", port->name, n,
                  n == 1 ? "" : "s");
    for (size_t i = 0; i < n; i++) {
        const struct in6_addr *remote = &infos[i].remote;
        struct nvgre_path path;

        nvgre_path_lookup(remote, c->tnl.egress_pkt_mark, &path);
        ds_put_cstr(s, "    ");
        ipv6_format_mapped(remote, s);
        ds_put_format(s, ": key layout %s, ",
                      nvgre_layout_to_string(nvgre_config_layout(c, remote)));
        if (infos[i].mtu) {
            ds_put_format(s, "MTU %d (%s has %d", infos[i].mtu, path.device,
                          path.underlay_mtu);
            nvgre_pmtu_format(&infos[i].pmtu, s);
            ds_put_char(s, ')');
        } else {
            ds_put_cstr(s, "no route");
        }
        format_bad_csums(&infos[i], s);
    }
    free(infos);
}

static void
nvgre_unixctl_peers(struct unixctl_conn *conn, int argc, const char *argv[],
                    void *aux OVS_UNUSED)
{
    reply_for_ports(conn, argc, argv, peers_port, NULL);
}

/* Appends to 's' a line about 'event', if it ever occurred. */
static bool
format_event(const char *name, struct nvgre_event *event, const char *text,
             const char *clause, struct ds *s)
{
    uint64_t n = nvgre_event_get(event);
    struct in6_addr peer;
    long long int when;
    uint32_t key;

    if (!n) {
        return false;
    }
    ds_put_format(s, "    %-17s %"PRIu64": %s (%s)", name, n, text, clause);
    if (nvgre_event_last(event, &peer, &key, &when)) {
        ds_put_cstr(s, ", last ");
        ipv6_format_mapped(&peer, s);
        if (key) {
            ds_put_format(s, " with key 0x%08"PRIx32, key);
        }
        ds_put_strftime_msec(s, " at %Y-%m-%dT%H:%M:%S.###Z", when, true);
    }
    ds_put_char(s, '\n');
    return true;
}

static void
format_counters(const char *name, struct nvgre_counters *c, struct ds *s)
{
    bool any = false;

    ds_put_format(s, "%s:\n", name);
    for (enum nvgre_drop i = NVGRE_DROP_NONE + 1; i < N_NVGRE_DROPS; i++) {
        any |= format_event(nvgre_drop_name(i), &c->drops[i],
                            nvgre_drop_text(i), nvgre_drop_clause(i), s);
    }
    if (!any) {
        ds_put_cstr(s, "    nothing dropped\n");
    }
    for (size_t i = 0; i < N_NVGRE_CSUMS; i++) {
        format_event("bad-checksum", &c->rx_csum_bad[i],
                     "passed on, but an inner checksum is wrong",
                     nvgre_csum_to_string(i), s);
    }
    format_event("suspicious", &c->suspicions,
                 "of the above, peer seems to use the other key layout",
                 "KB2779768", s);
}

static void
drops_port(const struct netdev *netdev OVS_UNUSED, struct nvgre_port *port,
           struct ds *s)
{
    format_counters(port->name, &port->counters, s);
}

static void
drops_no_port(struct ds *s)
{
    format_counters("(no port)", &nvgre_no_port_counters, s);
}

static void
nvgre_unixctl_drops(struct unixctl_conn *conn, int argc, const char *argv[],
                    void *aux OVS_UNUSED)
{
    reply_for_ports(conn, argc, argv, drops_port, drops_no_port);
}

/* Registers the commands. */
void
nvgre_unixctl_init(void)
{
    unixctl_command_register("nvgre/show", "[port]", 0, 1,
                             nvgre_unixctl_show, NULL);
    unixctl_command_register("nvgre/peers", "[port]", 0, 1,
                             nvgre_unixctl_peers, NULL);
    unixctl_command_register("nvgre/drops", "[port]", 0, 1,
                             nvgre_unixctl_drops, NULL);
}

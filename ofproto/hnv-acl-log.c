/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-acl-log.h"

#include "dp-packet.h"
#include "flow.h"
#include "hnv-host.h"
#include "hnv-pipeline.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-packet.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "util.h"
#include "uuid.h"

VLOG_DEFINE_THIS_MODULE(hnv_acl);

/* Lines each minute, and at once. */
static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(6000, 500);

static const char *
protocol_name(const struct flow *flow)
{
    switch (flow->nw_proto) {
    case IPPROTO_TCP:
        return "tcp";
    case IPPROTO_UDP:
        return "udp";
    case IPPROTO_SCTP:
        return "sctp";
    case IPPROTO_ICMP:
        return "icmp";
    case IPPROTO_ICMPV6:
        return "icmp6";
    default:
        return NULL;
    }
}

static void
format_end(const struct flow *flow, bool src, struct ds *ds)
{
    bool ports = (flow->nw_proto == IPPROTO_TCP
                  || flow->nw_proto == IPPROTO_UDP
                  || flow->nw_proto == IPPROTO_SCTP);

    if (flow->dl_type == htons(ETH_TYPE_IP)) {
        ds_put_format(ds, IP_FMT, IP_ARGS(src ? flow->nw_src : flow->nw_dst));
    } else {
        ds_put_cstr(ds, ports ? "[" : "");
        ipv6_format_addr(src ? &flow->ipv6_src : &flow->ipv6_dst, ds);
        ds_put_cstr(ds, ports ? "]" : "");
    }
    if (ports) {
        ds_put_format(ds, ":%"PRIu16,
                      ntohs(src ? flow->tp_src : flow->tp_dst));
    }
}

/* Appends what identifies the packet's connection. */
static void
format_packet(const struct ofputil_packet_in *pin, struct ds *ds)
{
    struct dp_packet packet;
    struct flow flow;
    const char *name;

    dp_packet_use_const(&packet, pin->packet, pin->packet_len);
    flow_extract(&packet, &flow);
    name = protocol_name(&flow);
    if (name) {
        ds_put_cstr(ds, name);
    } else {
        ds_put_format(ds, "protocol %"PRIu8, flow.nw_proto);
    }
    ds_put_char(ds, ' ');
    format_end(&flow, true, ds);
    ds_put_cstr(ds, " > ");
    format_end(&flow, false, ds);
    if (flow.nw_proto == IPPROTO_ICMP || flow.nw_proto == IPPROTO_ICMPV6) {
        ds_put_format(ds, " type %"PRIu16" code %"PRIu16, ntohs(flow.tp_src),
                      ntohs(flow.tp_dst));
    }
}

static const struct hnv_lport *
find_lport(const struct hnv_host *host, uint16_t vport)
{
    const struct hnv_lport *lport = hnv_host_vport(host, vport);

    return lport && lport->port && lport->port->subnet ? lport : NULL;
}

/* Returns the rule in the flow's cookie, or NULL if it is gone. */
static const struct hnv_acl *
find_acl(const struct hnv_port *port, ovs_be64 cookie)
{
    struct hnv_cookie c;

    for (size_t i = 0; (hnv_cookie_decode(ntohll(cookie), &c)
                        && c.row == HNV_ROW_ACL && i < port->n_acls); i++) {
        if (hnv_uuid_bits(&port->acls[i].uuid) == c.bits) {
            return &port->acls[i];
        }
    }
    return NULL;
}

void
hnv_acl_log(const struct hnv_host *host, const struct ofputil_packet_in *pin,
            uint32_t what)
{
    const uint32_t *regs = pin->flow_metadata.flow.regs;
    bool inbound = what & HNV_LOG_INBOUND;
    const struct hnv_lport *lport = find_lport(host,
                                               regs[inbound ? 15 : 14]);
    const struct hnv_acl *acl = lport ? find_acl(lport->port, pin->cookie)
                                      : NULL;
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (!acl || VLOG_DROP_INFO(&rl)) {
        return;
    }
    format_packet(pin, &ds);
    VLOG_INFO("port %s (%s, VSID %"PRIu32"): %s %s by ACL "UUID_FMT
              " (weight %"PRIu16"): %s", lport->port->name,
              lport->port->subnet->domain->name, lport->port->subnet->vsid,
              inbound ? "inbound" : "outbound",
              what & HNV_LOG_ALLOW ? "allowed"
              : what & HNV_LOG_INVALID ? "dropped as ct-invalid" : "denied",
              UUID_ARGS(&acl->uuid), acl->weight, ds_cstr(&ds));
    ds_destroy(&ds);
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-selftest.h"

#include <string.h>

#include "byte-order.h"
#include "netdev-nvgre.h"
#include "nvgre-foreign.h"
#include "packets.h"
#include "unixctl.h"
#include "util.h"

/* Finds out which peer of 'netdev' to test: the one at 'address', or the only
 * one if that is null.  Stores it in '*remote'.  Returns NULL if that works,
 * and otherwise what to do, a string constant. */
static const char *
choose_peer(const struct netdev *netdev, const char *address,
            struct in6_addr *remote)
{
    struct nvgre_port *port = netdev_nvgre_port(netdev);
    const struct nvgre_config *c = nvgre_port_config(port);
    struct nvgre_peer_info *infos;
    size_t n;

    if (!nvgre_port_is_resolved(port)) {
        return "the remote_ip of the port is not resolved so far: see its "
               "status column";
    }
    if (!c->tnl.ip_dst_flow) {
        *remote = c->tnl.ipv6_dst;
    } else if (!address) {
        n = nvgre_peers_snapshot(&port->peers, &infos);
        if (n == 1) {
            *remote = infos[0].remote;
        }
        free(infos);
        if (n != 1) {
            return "the port does not have just one peer: name one after the "
                   "port (see nvgre/peers)";
        }
    }
    if (address) {
        struct in6_addr asked;

        if (!nvgre_parse_unicast(address, &asked)) {
            return "expected the IPv4 or IPv6 address of a peer after the "
                   "port";
        }
        if (!c->tnl.ip_dst_flow && !ipv6_addr_equals(&asked, remote)) {
            return "the port has another remote_ip";
        }
        *remote = asked;
    }
    return NULL;
}

/* Returns what fits through to 'remote', according to what is known. */
static int
known_mtu(const struct netdev *netdev, const struct in6_addr *remote)
{
    struct nvgre_port *port = netdev_nvgre_port(netdev);
    const struct nvgre_config *c = nvgre_port_config(port);
    struct nvgre_peer_info *infos;
    struct nvgre_path path;
    size_t n = nvgre_peers_snapshot(&port->peers, &infos);
    int mtu = 0;

    for (size_t i = 0; i < n; i++) {
        if (ipv6_addr_equals(&infos[i].remote, remote)) {
            mtu = infos[i].mtu;
        }
    }
    free(infos);
    if (!mtu) {
        nvgre_path_lookup(remote, c->tnl.egress_pkt_mark, &path);
        mtu = path.mtu;
    }
    return mtu;
}

/* What the arguments of the command ask for. */
struct arguments {
    const char *port;
    const char *peer;           /* Null if not given. */
    const char *ping, *from;    /* Customer addresses, null if not given. */
    const char *mac, *from_mac; /* Null if not given. */
    const char *vsid;           /* Null if not given. */
};

/* Takes the arguments of the command apart.  Returns NULL if they are well
 * formed, otherwise an error, a string constant. */
static const char *
parse_arguments(int argc, const char *argv[], struct arguments *a)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {
        { "--ping=", &a->ping }, { "--from=", &a->from },
        { "--mac=", &a->mac }, { "--from-mac=", &a->from_mac },
        { "--vsid=", &a->vsid },
    };

    memset(a, 0, sizeof *a);
    for (int i = 1; i < argc; i++) {
        const char **value = NULL;
        const char *text = argv[i];

        for (size_t j = 0; j < ARRAY_SIZE(options); j++) {
            size_t len = strlen(options[j].name);

            if (!strncmp(text, options[j].name, len)) {
                value = options[j].value;
                text += len;
                break;
            }
        }
        if (!value && text[0] != '-') {
            value = !a->port ? &a->port : &a->peer;
        }
        if (!value || *value) {
            return "expected a port, a peer, and no other options than "
                   "--ping, --from, --vsid, --mac and --from-mac, each once";
        }
        *value = text;
    }
    return (!a->port ? "the port is missing"
            : !a->ping != !a->from
            ? "--ping and --from go together: whom to ask, and as whom"
            : !a->ping && (a->mac || a->from_mac || a->vsid)
            ? "--vsid, --mac and --from-mac are of use only with --ping"
            : NULL);
}

/* Makes '*r' what 'a' asks for, on 'netdev'.  Returns NULL if that works,
 * otherwise an error, a string constant. */
static const char *
parse_foreign(const struct arguments *a, const struct netdev *netdev,
              struct nvgre_foreign_request *r)
{
    const struct nvgre_config *c = nvgre_port_config(
        netdev_nvgre_port(netdev));
    unsigned int vsid = ntohll(c->tnl.out_key);

    r->target.local = c->tnl.ipv6_src;
    if (!ip_parse(a->ping, &r->their_ip) || !ip_parse(a->from, &r->our_ip)) {
        return "--ping and --from must be IPv4 customer addresses";
    } else if ((a->mac && !eth_addr_from_string(a->mac, &r->their_mac))
               || (a->from_mac
                   && !eth_addr_from_string(a->from_mac, &r->our_mac))) {
        return "--mac and --from-mac must be MAC addresses";
    } else if (a->vsid ? !str_to_uint(a->vsid, 0, &vsid)
                         || vsid > 0xffffff
                         || (nvgre_vsid_is_reserved(vsid)
                             && !c->reserved_vsid)
               : c->tnl.out_key_flow) {
        return "--vsid must be a VSID, 4096 to 16777214, where the port has "
               "key=flow";
    } else if (!c->tnl.out_key_flow && vsid != ntohll(c->tnl.out_key)) {
        return "--vsid is not the one that the port sends";
    }
    r->target.vsid = vsid;
    return NULL;
}

static void
nvgre_unixctl_selftest(struct unixctl_conn *conn, int argc,
                       const char *argv[], void *aux OVS_UNUSED)
{
    struct nvgre_foreign_request request = { .mtu = 0 };
    struct netdev *netdev = NULL;
    struct arguments a;
    const char *error = parse_arguments(argc, argv, &a);

    if (!error) {
        netdev = nvgre_selftest_find_port(a.port);
        error = (netdev ? choose_peer(netdev, a.peer, &request.target.remote)
                 : "there is no nvgre port of that name");
    }
    if (!error) {
        request.mtu = known_mtu(netdev, &request.target.remote);
        error = (!request.mtu
                 ? "there is no route to the peer (see \"ovs-appctl "
                   "ovs/route/show\")"
                 : request.mtu < NVGRE_PROBE_FRAGMENT
                 ? "the MTU is less than 500: raise that of the underlay"
                 : a.ping ? parse_foreign(&a, netdev, &request) : NULL);
    }
    if (error) {
        unixctl_command_reply_error(conn, error);
    } else if (a.ping) {
        nvgre_foreign_start(conn, a.port, &request);
    } else {
        nvgre_selftest_start(conn, netdev, &request.target.remote,
                             request.mtu);
    }
    netdev_close(netdev);
}

/* Registers the command. */
void
nvgre_selftest_init(void)
{
    unixctl_command_register("nvgre/selftest",
                             "port [peer] [--ping=ca --from=ca [--vsid=n] "
                             "[--mac=mac] [--from-mac=mac]]", 1, 7,
                             nvgre_unixctl_selftest, NULL);
}

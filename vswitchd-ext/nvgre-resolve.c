/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-resolve.h"

#include <string.h>

#include "dns-resolve.h"
#include "netdev-nvgre.h"
#include "nvgre-coexist.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "timeval.h"
#include "unaligned.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(nvgre_resolve);

/* How often to ask the resolver, which has a cache and does not ask the
 * network each time. */
enum {
    BACKOFF_MIN_MS = 50,        /* While there is no address at all. */
    BACKOFF_MAX_MS = 5000,
    RECHECK_MS = 1000,          /* Once there is one. */
};

/* When the next port is due, LLONG_MAX if none is. */
static long long int next_run = LLONG_MAX;

/* Stores in '*addr' an address that no other port has as placeholder. */
void
nvgre_placeholder(struct in6_addr *addr)
{
    static uint32_t last;

    memset(addr, 0, sizeof *addr);
    addr->s6_addr[0] = 0x01;
    put_unaligned_be32((ovs_be32 *) (void *) &addr->s6_addr[12],
                       htonl(++last));
}

bool
nvgre_is_placeholder(const struct in6_addr *addr)
{
    static const uint8_t prefix[8] = { 0x01, 0x00 };

    return !memcmp(addr, prefix, sizeof prefix);
}

/* Makes 'r' due now. */
void
nvgre_resolution_start(struct nvgre_resolution *r)
{
    r->backoff = 0;
    r->next = next_run = time_msec();
    free(r->conflict);
    r->conflict = NULL;
}

/* Adds to 'status' what is known of the host name of 'port'. */
void
nvgre_resolution_get_status(const struct nvgre_port *port,
                            struct smap *status)
{
    const struct nvgre_config *c = nvgre_port_config(port);

    smap_add(status, "remote_name", c->remote_name);
    if (nvgre_port_is_resolved(port)) {
        smap_add_ipv6(status, "remote_ip",
                      CONST_CAST(struct in6_addr *, &c->tnl.ipv6_dst));
    }
    smap_add(status, "remote_ip_state",
             port->resolution.conflict ? port->resolution.conflict
             : nvgre_port_is_resolved(port) ? "resolved" : "resolving");
}

/* Takes 'addr', the address that the host name of 'port' has according to the
 * resolver. */
static void
take_address(const struct netdev *netdev, struct nvgre_port *port,
             const struct in6_addr *addr)
{
    const struct nvgre_config *c = nvgre_port_config(port);
    struct ds s = DS_EMPTY_INITIALIZER;
    char *conflict;

    if (ipv6_addr_equals(addr, &c->tnl.ipv6_dst)) {
        return;
    }

    ipv6_format_mapped(addr, &s);
    conflict = nvgre_coexist_conflict_at(netdev, addr);
    if (!conflict) {
        VLOG_INFO("%s: %s is now %s", port->name, c->remote_name,
                  ds_cstr(&s));
        nvgre_port_set_remote(netdev, port, addr);
    } else if (!port->resolution.conflict
               || strcmp(conflict, port->resolution.conflict)) {
        VLOG_WARN("%s: %s is now %s, which cannot be used: %s", port->name,
                  c->remote_name, ds_cstr(&s), conflict);
        netdev_change_seq_changed(netdev);
    }
    free(port->resolution.conflict);
    port->resolution.conflict = conflict;
    ds_destroy(&s);
}

/* Returns true if the resolver has an address for 'name', one that a host can
 * have, and stores it in '*addr'.  If it has none, makes it ask for one. */
static bool
ask_resolver(const char *name, struct in6_addr *addr)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);
    char *string = NULL;
    bool ok;

    if (!dns_resolve(name, &string) || !string) {
        return false;
    }
    ok = nvgre_parse_unicast(string, addr);
    if (!ok) {
        VLOG_WARN_RL(&rl, "%s is said to be %s, which is no address of a "
                     "host, and is ignored", name, string);
    }
    free(string);
    return ok;
}

static void
resolve_port(const struct netdev *netdev, struct nvgre_port *port,
             void *aux OVS_UNUSED)
{
    const struct nvgre_config *c = nvgre_port_config(port);
    struct nvgre_resolution *r = &port->resolution;
    struct in6_addr addr;

    if (!c->remote_name) {
        return;
    }
    if (time_msec() >= r->next) {
        if (ask_resolver(c->remote_name, &addr)) {
            take_address(netdev, port, &addr);
        }
        r->backoff = (nvgre_port_is_resolved(port) ? RECHECK_MS
                      : MIN(MAX(2 * r->backoff, BACKOFF_MIN_MS),
                            BACKOFF_MAX_MS));
        r->next = time_msec() + r->backoff;
    }
    next_run = MIN(next_run, r->next);
}

void
nvgre_resolve_run(void)
{
    if (time_msec() >= next_run) {
        next_run = LLONG_MAX;
        nvgre_ports_for_each(resolve_port, NULL);
    }
}

void
nvgre_resolve_wait(void)
{
    if (next_run != LLONG_MAX) {
        poll_timer_wait_until(next_run);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-suspicion.h"

#include "netdev-nvgre.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "timeval.h"

VLOG_DEFINE_THIS_MODULE(nvgre_suspicion);

/* Number of suspicions of all ports, and what it was at the last look. */
static atomic_count n_suspicions = ATOMIC_COUNT_INIT(0);
static unsigned int n_seen;

/* Counts in '*c' that 'peer' sent 'key', host order, which makes sense only in
 * the layout that it should not use. */
void
nvgre_suspect(struct nvgre_counters *c, const struct in6_addr *peer,
              uint32_t key)
{
    nvgre_event_add(&c->suspicions, peer, key);
    atomic_count_inc(&n_suspicions);
}

/* Logs that 'peer' sent 'key' to 'port'.  The keys that make a host suspicious
 * that expects the layout of the RFC have no high bits, and those that make a
 * host suspicious that expects the draft's have some. */
static void
log_suspicion(const char *port, const struct in6_addr *peer, uint32_t key)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(10, 20);
    struct ds addr = DS_EMPTY_INITIALIZER;

    ipv6_format_mapped(peer, &addr);
    if (!(key >> 24)) {
        VLOG_WARN_RL(&rl, "%s: peer %s sends GRE key 0x%08"PRIx32", which is "
                     "VSID %"PRIu32" in key_layout=rfc7637 but %"PRIu32" in "
                     "draft00: it may be Windows Server 2012 without update "
                     "KB2779768; install that there or set key_layout=draft00 "
                     "for this peer here",
                     port, ds_cstr(&addr), key, key >> 8, key & 0xffffff);
    } else {
        VLOG_WARN_RL(&rl, "%s: peer %s sends GRE key 0x%08"PRIx32", which "
                     "makes no sense in key_layout=draft00 but is VSID "
                     "%"PRIu32" in rfc7637: it may be Windows Server 2012 "
                     "with update KB2779768 installed by now; remove "
                     "key_layout=draft00 for this peer here",
                     port, ds_cstr(&addr), key, key >> 8);
    }
    ds_destroy(&addr);
}

/* Logs 'event' of 'port' if it is news: another peer than '*log' says was
 * logged last, or a minute later. */
static void
check_event(const char *port, struct nvgre_event *event,
            struct nvgre_suspicion_log *log)
{
    uint64_t n = nvgre_event_get(event);
    struct in6_addr peer;
    long long int when;
    uint32_t key;

    if (n == log->n || !nvgre_event_last(event, &peer, &key, &when)) {
        return;
    }
    log->n = n;
    if (!ipv6_addr_equals(&peer, &log->peer) || time_msec() >= log->next) {
        log->peer = peer;
        log->next = time_msec() + 60 * 1000;
        log_suspicion(port, &peer, key);
    }
}

static void
check_port(const struct netdev *netdev OVS_UNUSED, struct nvgre_port *port,
           void *aux OVS_UNUSED)
{
    check_event(port->name, &port->counters.suspicions,
                &port->suspicion_log);
}

/* Logs what happened since the last call. */
void
nvgre_suspicion_run(void)
{
    static struct nvgre_suspicion_log no_port_log;
    unsigned int n = atomic_count_get(&n_suspicions);

    if (n != n_seen) {
        n_seen = n;
        nvgre_ports_for_each(check_port, NULL);
        check_event("nvgre", &nvgre_no_port_counters.suspicions,
                    &no_port_log);
    }
}

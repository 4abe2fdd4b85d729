/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_CTL_FOLLOW_H
#define HNV_CTL_FOLLOW_H 1

#include "hnv-ctl-trace.h"

/* A packet, from host to host
 * ===========================
 *
 * What
 * ----
 *
 * Asks one switch after the other, and finds out which is the next.  Through
 * an nvgre port, that is the host that has the tunnel's provider address.
 * Behind IP rewrite, a machine has a provider address of its own: the lookup
 * record with that address leads to a Port, and the Port is on the host whose
 * switch has an interface for it.  If the record is nobody's Port, then its
 * machine is an ordinary one on the provider network, where HNV ends.
 *
 *
 * What not
 * --------
 *
 * The way from one host to the next is not asked for.  That a host routes what
 * IP rewrite sends, and that ARP or ND finds the next host, is taken for
 * granted; what it does to the packet, new MAC addresses and one off the TTL,
 * is done here.
 *
 *
 * Thread-safety
 * -------------
 *
 * One thread. */

struct ctl_context;
struct hnv_switch_port;
struct hnvrec_lookup_record;

/* Whom to ask, and what. */
struct hnv_tracer {
    struct ctl_context *ctx;
    const char *rundir;         /* Pattern for hnv_switch_rundir(). */
    const char *ct_state;       /* For --ct-next, or null. */
    struct shash switches;      /* "struct hnv_switch *"s by host. */
    struct hnv_trace trace;
};

/* Each returns null, or what went wrong, which the caller frees.
 *
 * hnv_tracer_find_port() finds the switch that has the Port called 'name', and
 * the port there.
 *
 * hnv_tracer_find_pa() finds the switch that has the machine to which '*flow',
 * as it is on the provider network, goes, and makes '*flow' what enters it.
 * '*swp' becomes null if that machine is no Port.  '*recordp' becomes the
 * machine's record, which has the provider address, or null. */
char *hnv_tracer_find_port(struct hnv_tracer *, const char *name,
                           const struct hnv_switch **swp,
                           const struct hnv_switch_port **);
char *hnv_tracer_find_pa(struct hnv_tracer *, struct flow *,
                         const struct hnv_switch **swp,
                         const struct hnvrec_lookup_record **recordp);

/* Traces the packet from where it enters the switch.  Sets an error in the
 * tracer's context if a switch does not answer. */
void hnv_tracer_run(struct hnv_tracer *, const struct hnv_switch *,
                    const struct flow *);

void hnv_tracer_destroy(struct hnv_tracer *);

#endif /* hnv-ctl-follow.h */

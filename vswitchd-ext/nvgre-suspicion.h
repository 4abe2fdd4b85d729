/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_SUSPICION_H
#define NVGRE_SUSPICION_H 1

#include <netinet/in.h>
#include <stdint.h>

#include "nvgre.h"

struct nvgre_counters;

/* Peers that seem to use the other key layout
 * ===========================================
 *
 * What
 * ----
 *
 * Windows Server 2012 puts the VSID in the low 24 bits of the key until update
 * KB2779768 is installed, so that mixed hosts understand each other's packets
 * wrongly or not at all.  When a key makes no sense in the layout that the
 * port expects and makes sense in the other one, the packet thread calls
 * nvgre_suspect(), and the main thread logs, at a limited rate, which peer it
 * was and what to do.
 *
 * What not
 * --------
 *
 * The layout is never switched by itself: most keys make sense in both.
 *
 * Thread-safety
 * -------------
 *
 * nvgre_suspect() may be called from any thread, for each packet;
 * nvgre_suspicion_run() only from the main thread. */

/* What was logged last.  Belongs to the main thread. */
struct nvgre_suspicion_log {
    uint64_t n;                 /* Suspicions seen so far. */
    struct in6_addr peer;       /* Whom the last line was about. */
    long long int next;         /* time_msec() of the next about 'peer'. */
};

void nvgre_suspect(struct nvgre_counters *, const struct in6_addr *peer,
                   uint32_t key);
void nvgre_suspicion_run(void);

#endif /* nvgre-suspicion.h */

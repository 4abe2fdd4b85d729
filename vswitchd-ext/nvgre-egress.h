/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_EGRESS_H
#define NVGRE_EGRESS_H 1

#include <stdint.h>

struct netdev;

/* Devices that a tunnel leaves through
 * ====================================
 *
 * What
 * ----
 *
 * The route to a peer ends at the internal port of a bridge, which has no
 * abilities of its own: what matters is what the other ports of that bridge
 * can do.  This is the list of who is on which bridge, and what all of them
 * can do.
 *
 * What not
 * --------
 *
 * Which of several ports a packet takes is up to the flows of the bridge.
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread, but not per packet. */

void nvgre_egress_add(const struct netdev *, const char *bridge);
char *nvgre_egress_without(const char *bridge, uint64_t all, uint64_t any);

#endif /* nvgre-egress.h */

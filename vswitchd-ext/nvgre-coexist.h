/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_COEXIST_H
#define NVGRE_COEXIST_H 1

#include <netinet/in.h>
#include <stdbool.h>

#include "openvswitch/types.h"

struct netdev;

/* Ports of the GRE family, from netdev to struct nvgre_tunnel
 * ===========================================================
 *
 * What
 * ----
 *
 * Keeps nvgre-tunnels.h, which knows no netdevs, informed about the tunnel
 * ports that come and go, and asks it whether a port may come.
 *
 * The family is all classes whose packets are IP protocol 47: ours, and those
 * that decapsulate with Open vSwitch's GRE or ERSPAN functions.  Other netdevs
 * are accepted and ignored.
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread. */

void nvgre_coexist_add(const struct netdev *, odp_port_t);
void nvgre_coexist_remove(const struct netdev *);
char *nvgre_coexist_conflict(const struct netdev *);
char *nvgre_coexist_conflict_at(const struct netdev *,
                                const struct in6_addr *remote);

#endif /* nvgre-coexist.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_MTU_H
#define NVGRE_MTU_H 1

#include <stdbool.h>

struct ds;
struct netdev;
struct nvgre_port;
struct smap;

/* The MTU of a port, and why it is what it is
 * ===========================================
 *
 * What
 * ----
 *
 * The MTU of a port is the size of the largest inner IP packet that fits
 * through to all of its peers: what the device of the underlay and the routers
 * on the way carry, less what encapsulation adds, and no more than the
 * "mtu_request" of the port's own Interface.  That it is asked for so often is
 * the reason for having one place that says in words how it comes about.
 *
 * What not
 * --------
 *
 * What fits through to one peer is known to nvgre-peers.h.  Frames that do not
 * fit are the business of nvgre-too-big.h.
 *
 * Thread-safety
 * -------------
 *
 * nvgre_mtu_update() may be called by whoever configures the port, the others
 * only by the main thread. */

void nvgre_mtu_update(const struct netdev *, struct nvgre_port *, void *aux);
bool nvgre_mtu_request_run(void);
int netdev_nvgre_set_mtu(struct netdev *, int mtu);

void nvgre_mtu_format(struct nvgre_port *, struct ds *);
void nvgre_mtu_get_status(struct nvgre_port *, struct smap *);

#endif /* nvgre-mtu.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_EXECUTE_H
#define NVGRE_EXECUTE_H 1

#include "openvswitch/types.h"

struct dp_packet;
struct dpif;
struct ofpbuf;

/* Packets of our own in the datapath
 * ==================================
 *
 * What
 * ----
 *
 * Finds the datapath that has nvgre ports, all of which belong to the same,
 * and makes it execute actions on a packet.
 *
 * The action "recirc(0)" starts the look-up of flows with the packet's own
 * metadata.  This is how the datapath goes on with a packet that it has just
 * decapsulated, and with an outer packet that is to be looked at by the
 * underlay's bridge.
 *
 * What not
 * --------
 *
 * What the packet and the actions are is up to the caller.
 *
 * Thread-safety
 * -------------
 *
 * For the main thread, because flows may have to be translated. */

struct dpif *nvgre_execute_open(odp_port_t *in_port);
int nvgre_execute(struct dpif *, struct dp_packet *,
                  const struct ofpbuf *actions);

#endif /* nvgre-execute.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_GUARD_H
#define NVGRE_GUARD_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/ofp-errors.h"
#include "openvswitch/types.h"

struct ofpact;
struct ovsrec_open_vswitch;

/* Ports that only hnv-agent's flows may output to
 * ===============================================
 *
 * What
 * ----
 *
 * The agent's flow tables see to it that no tenant's frame reaches another
 * tenant.  A frame that an SDN controller on the same bridge outputs itself
 * does not pass them, so this module lets none out: neither to the ports that
 * machines are bound to, nor to nvgre ports, whatever the VSID, nor to the
 * port for IP rewrite.
 *
 * Whether an output is the agent's is told by the flow table that it is in, at
 * the time when the actions of a flow are translated, which is when groups,
 * registers, and action sets have become ports.  A frame that is not let out
 * is shown to NVGRE_GUARD_TABLE instead, where the agent has flows that count
 * it, and goes on to the next action.  Ports that nobody guards, such as one
 * that mirrors, remain open.
 *
 * What comes from such a port gets out of table 0 neither to an uplink nor to
 * all ports at once.  Else, Open vSwitch's own flows for in-band control would
 * let a machine that says it is the controller out of its network, and into
 * the MAC table that the way to the controller is found by.
 *
 * A flow in a controller's table that outputs to all ports at once, or back to
 * the sender, is never right, and is already refused when it is added; so is
 * one that learns flows into the agent's tables.
 *
 * Which bridge, and which of its ports, is said by the Open_vSwitch database,
 * where hnv-agent(8) reads it, too.  Thus a port is guarded from the
 * transaction that binds it until the one that unbinds it, and after a restart
 * before anything can be sent.
 *
 *
 * What not
 * --------
 *
 * Nobody is kept from writing flows into the agent's tables.  Ports of other
 * bridges are not guarded, nor is anything on a host without hnv-agent.
 *
 *
 * Thread-safety
 * -------------
 *
 * nvgre_guard_configure() is for the main thread.  The other functions may be
 * called from any thread. */

enum {
    NVGRE_GUARD_TABLE = 71,     /* The table REFUSED of hnv-pipeline(7). */
};

void nvgre_guard_configure(const struct ovsrec_open_vswitch *);
bool nvgre_guard_refuses_output(const char *bridge, uint8_t table_id,
                                const char *from, ofp_port_t,
                                const char *iface);
enum ofperr nvgre_guard_check_flow(const char *bridge, uint8_t table_id,
                                   const struct ofpact *ofpacts,
                                   size_t ofpacts_len);

#endif /* nvgre-guard.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_HOOKS_H
#define NVGRE_HOOKS_H 1

#include <stdbool.h>
#include <stdint.h>

#include "nvgre-guard.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/types.h"

struct dp_packet_batch;
struct eth_addr;
struct flow;
struct flow_tnl;
struct flow_wildcards;
struct in6_addr;
struct minimask;
struct netdev;
struct ofpact;
struct ovs_action_push_tnl;
struct ovsrec_open_vswitch;

/* What the patches call
 * =====================
 *
 * What
 * ----
 *
 * All functions of ours that patched Open vSwitch code calls, apart from the
 * netdev class itself.  Each is called for every port and every packet of its
 * kind, whatever the tunnel, and does nothing unless nvgre is concerned.
 *
 * What not
 * --------
 *
 * Nothing of ours calls these.
 *
 * Thread-safety
 * -------------
 *
 * Given with each function, because each has its own caller. */

/* vswitchd/bridge.c. */
int nvgre_hook_refuse_config(const struct netdev *, char **errp);
int nvgre_hook_refuse_datapath(const struct netdev *,
                               const char *datapath_type, char **errp);

void nvgre_hook_reconfigure(const struct ovsrec_open_vswitch *);
void nvgre_hook_bridge_port(const struct netdev *, const char *bridge);

/* lib/netdev-linux.c. */
int nvgre_hook_receive_socket(int fd);

/* ofproto/tunnel.c. */
void nvgre_hook_tunnel_added(const struct netdev *, odp_port_t);
void nvgre_hook_tunnel_removed(const struct netdev *);
odp_port_t nvgre_hook_send(const struct netdev *, struct flow *,
                           struct flow_wildcards *, odp_port_t out_port);

/* ofproto/ofproto-dpif.c. */
enum ofperr nvgre_hook_refuse_rule(const char *bridge,
                                   const char *datapath_type,
                                   uint8_t table_id, const struct minimask *,
                                   const struct ofpact *, size_t ofpacts_len);

/* ofproto/ofproto-dpif-xlate.c. */
bool nvgre_hook_refuse_output(const char *bridge, uint8_t table_id,
                              const struct netdev *from, ofp_port_t,
                              const struct netdev *);
void nvgre_hook_freeze(struct flow_tnl *, struct flow_wildcards *,
                       bool to_controller);
bool nvgre_hook_route(uint32_t mark, const struct in6_addr *dst,
                      char device[], struct in6_addr *src,
                      struct in6_addr *gw);
int nvgre_hook_neighbor(const char *bridge, const struct in6_addr *dst,
                        struct eth_addr *mac);
void nvgre_hook_learn_neighbor(odp_port_t, const char *bridge,
                               const struct in6_addr *, struct eth_addr);

/* lib/tnl-ports.c. */
odp_port_t nvgre_hook_receive_port(struct flow *, struct flow_wildcards *,
                                   odp_port_t);

/* lib/netdev.c. */
void nvgre_hook_push(const struct netdev *, struct dp_packet_batch *,
                     const struct ovs_action_push_tnl *);
bool nvgre_hook_has_tso(struct dp_packet_batch *);
void nvgre_hook_pushed(const struct netdev *, struct dp_packet_batch *,
                       const struct ovs_action_push_tnl *);
void nvgre_hook_popped(const struct netdev *, struct dp_packet_batch *);

#endif /* nvgre-hooks.h */

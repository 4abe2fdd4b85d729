/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_EXPORT_H
#define NVGRE_EXPORT_H 1

#include <stdbool.h>
#include <stdint.h>

struct flow_tnl;
struct netdev;
struct ovs_action_push_tnl;

/* What IPFIX and sFlow say about nvgre tunnels
 * ============================================
 *
 * What
 * ----
 *
 * Open vSwitch reports the tunnel of a sampled packet to collectors.  The
 * functions here make it report nvgre tunnels by the values that are
 * registered for NVGRE, with the VSID, 24 bits, as the segment.  The FlowID is
 * not part of it, else a tenant would be 256 segments.
 *
 *    - IPFIX.  In IANA's registry "IPFIX Information Elements", the tunnel
 *      types are those of layer2SegmentId (351): 1 is VXLAN, 2 is NVGRE, and
 *      the segment is 3 bytes.  Open vSwitch sends tunnelType and tunnelKey
 *      (891 and 892 of VMware, enterprise number 6876) instead, which continue
 *      that list.  What it calls 2, GRE, with a key of 4 bytes, for gre ports,
 *      is NVGRE with one of 3 bytes.
 *
 *    - sFlow.  The structures are those of "sFlow Tunnel Structures"
 *      (sflow.org): extended_ipv4_tunnel_egress and _ingress with the IP
 *      protocol, 47, and extended_vni_egress and _ingress with the VSID.
 *
 *
 * What not
 * --------
 *
 * Tunnels on IPv6: Open vSwitch can encode neither's IPv6 structures, so such
 * packets are reported without the tunnel.  Nor does IPFIX report that a
 * packet is sent to a tunnel of the userspace datapath, whatever its type.
 *
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread. */

const char *nvgre_export_type(const struct netdev *);
void nvgre_export_key_length(const struct netdev *, uint8_t *length);
void nvgre_export_push(const struct ovs_action_push_tnl *, struct flow_tnl *,
                       bool *unknown);

#endif /* nvgre-export.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_PACKET_H
#define NVGRE_PACKET_H 1

#include "netdev.h"

struct dp_packet;
struct dp_packet_batch;
struct ovs_action_push_tnl;

/* Packets of nvgre ports
 * ======================
 *
 * What
 * ----
 *
 * Encapsulation and decapsulation, the part of the port that packet threads
 * run.
 *
 * Sending goes in four steps.  nvgre_build_header() makes a template of the
 * outer headers when a flow is translated.  For each batch of packets of the
 * flow, nvgre_push_prepare() removes 802.1Q tags (RFC 7637 section 3.3) and
 * has nvgre-too-big.h take care of what does not fit through the underlay,
 * because the outer packet must not be fragmented (section 4.4).  Then
 * nvgre_push_header() puts the template in front of each packet and fills in
 * lengths, checksum, FlowID, and, for IPv6, the flow label.  Last,
 * nvgre_push_finish() does the work that a sender left to the device but that
 * the port does not (see nvgre-offload.h).
 *
 * The template says more than will be on the wire.  Its outer length field,
 * which is filled in anyway, carries a mark: the number of the peer (see
 * nvgre-peers.h) and whether the FlowID is a hash.  Its IPv4 checksum is right
 * for a length of zero, so that filling in the length takes one addition.
 *
 * Receiving is one step, nvgre_pop_header(), which judges the packet in the
 * order of NVGRE_DROPS.  It applies the outer ECN bits to the inner packet
 * itself (see nvgre-ecn.h), because Open vSwitch would do only half of that,
 * and hides them from the tunnel metadata.  Afterward, if the port wants that,
 * it verifies checksums of the inner frame (see nvgre-csum.h).
 *
 *
 * What not
 * --------
 *
 * The FlowID of a received packet does not help to find its port: tun_id is
 * the VSID alone.  Flows may match it, see nvgre-field.h.
 *
 *
 * Where we differ from the standards
 * ----------------------------------
 *
 *    - An outer IPv4 header with options is accepted.  Other tunnels of Open
 *      vSwitch drop it.
 *
 *    - RFC 7637 section 3.2 has the FlowID zero where it is not generated.
 *      Zero is also one of the 256 values that a hash can give.
 *
 *
 * Thread-safety
 * -------------
 *
 * All functions may be called from any thread.  Those that are called per
 * packet allocate nothing and take no lock, unless the packet has to be cut or
 * its sender told (see nvgre-too-big.h). */

int nvgre_build_header(const struct netdev *, struct ovs_action_push_tnl *,
                       const struct netdev_tnl_build_header_params *);
void nvgre_put_template(const struct netdev *, struct ovs_action_push_tnl *,
                        const struct netdev_tnl_build_header_params *);
void nvgre_push_prepare(struct dp_packet_batch *,
                        const struct ovs_action_push_tnl *);
void nvgre_push_header(const struct netdev *, const struct netdev *ingress,
                       struct dp_packet *, const struct ovs_action_push_tnl *);
void nvgre_push_finish(struct dp_packet_batch *,
                       const struct ovs_action_push_tnl *);
struct dp_packet *nvgre_pop_header(struct dp_packet *);

#endif /* nvgre-packet.h */

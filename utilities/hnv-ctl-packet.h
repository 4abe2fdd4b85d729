/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_CTL_PACKET_H
#define HNV_CTL_PACKET_H 1

#include <netinet/in.h>
#include <stdint.h>

#include "openvswitch/types.h"

/* A packet, in words
 * ==================
 *
 * What
 * ----
 *
 * From what a user says of a packet to a packet that a virtual machine would
 * send, and from one host's packet to what the next host receives.
 *
 * A packet is said either as Open vSwitch's tools have it
 * ("tcp,nw_dst=10.0.2.22,tp_dst=443") or in a few words:
 *
 *     tcp|udp|sctp ADDRESS[:PORT]     ping ADDRESS     ip ADDRESS
 *     arp ADDRESS                     nd ADDRESS
 *
 * followed by as many FIELD=VALUE of the former kind as needed.
 *
 *
 * What not
 * --------
 *
 * No policy: the caller knows which addresses a machine has.
 *
 *
 * Thread-safety
 * -------------
 *
 * Pure functions. */

struct ds;
struct flow;

/* What a machine says about itself.  Unknown addresses are all zeros. */
struct hnv_packet_sender {
    struct eth_addr mac;
    ovs_be32 ipv4;
    struct in6_addr ipv6;
};

/* Each returns null, or what is wrong, which the caller frees. */
char *hnv_packet_parse(int argc, char *argv[], struct flow *);
char *hnv_packet_set_sender(struct flow *, const struct hnv_packet_sender *);
char *hnv_packet_from_trace(const char *text, struct flow *);

/* Returns text, which the caller frees, for "ofproto/trace". */
char *hnv_packet_to_trace(const struct flow *);

/* Each stores an address of the packet, if it is IP or ARP; false otherwise.
 * Of ARP and ND, the destination is whom they ask for. */
bool hnv_packet_destination(const struct flow *, struct in6_addr *);
bool hnv_packet_source(const struct flow *, struct in6_addr *);

/* Makes the packet one that comes out of a tunnel. */
void hnv_packet_set_tunnel(struct flow *, uint32_t vsid,
                           const struct in6_addr *src,
                           const struct in6_addr *dst);

/* Appends "tcp 10.0.1.4:1024 > 10.0.2.22:443". */
void hnv_packet_format(const struct flow *, struct ds *);

#endif /* hnv-ctl-packet.h */

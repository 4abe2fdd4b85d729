/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_OFFLOAD_H
#define NVGRE_OFFLOAD_H 1

#include <stdbool.h>
#include <stdint.h>

#include "netdev-provider.h"

struct dp_packet_batch;
struct ds;
struct smap;

/* Offloads of an nvgre port
 * =========================
 *
 * What
 * ----
 *
 * A sender may leave checksums and segmentation to whatever device sends the
 * frame in the end.  Network cards have been seen to damage some kinds of
 * encapsulated packets, for example all UDP, so each kind of this work can be
 * taken from the device, for each port, while traffic flows.  It is then done
 * in software, right after encapsulation, by the same functions that do it for
 * a device that cannot, so that the bytes on the wire are the same.
 *
 * The list below is the one list of kinds.  The second column is the name of
 * the port's option.  The third is what Open vSwitch calls the ability of the
 * device, 0 if no device takes part.
 *
 * nvgre_offload_explain() says what becomes of each kind on a given port:
 * asked for or not, and whether the device can.
 *
 *
 * What not
 * --------
 *
 * No mark about offloads is in the template or on the wire: the bits of the
 * GRE header are not ours to borrow.  The template leads to the peer (see
 * nvgre-peers.h), and the peer to the port's switches.
 *
 *
 * Where we differ from other tunnels
 * ----------------------------------
 *
 * A device cuts segments and fills in their IP headers and checksums in one
 * go, so switching off the checksums of IPv4 or TCP takes segmentation from it
 * as well.
 *
 *
 * Thread-safety
 * -------------
 *
 * All functions may be called from any thread.  nvgre_offload_finish() works
 * on the caller's packets and, like dp_packet_gso_batch(), allocates packets
 * when it has to cut one up. */

/*         NAME, option, ability of the device. */
#define NVGRE_OFFLOADS                                                       \
    NVGRE_OFFLOAD(TSO, tso, NETDEV_TX_OFFLOAD_TCP_TSO)                       \
    NVGRE_OFFLOAD(TX_CSUM_IPV4, tx_csum_ipv4, NETDEV_TX_OFFLOAD_IPV4_CKSUM)  \
    NVGRE_OFFLOAD(TX_CSUM_TCP, tx_csum_tcp, NETDEV_TX_OFFLOAD_TCP_CKSUM)     \
    NVGRE_OFFLOAD(TX_CSUM_UDP, tx_csum_udp, NETDEV_TX_OFFLOAD_UDP_CKSUM)     \
    NVGRE_OFFLOAD(TX_CSUM_SCTP, tx_csum_sctp, NETDEV_TX_OFFLOAD_SCTP_CKSUM)  \
    NVGRE_OFFLOAD(RX_CSUM, rx_csum, 0)                                       \
    NVGRE_OFFLOAD(GRO, gro, 0)

enum nvgre_offload_index {
#define NVGRE_OFFLOAD(NAME, OPTION, ABILITY) NVGRE_OFFLOAD_##NAME##_INDEX,
    NVGRE_OFFLOADS
#undef NVGRE_OFFLOAD
    N_NVGRE_OFFLOADS
};

/* Kinds of work that a port lets others do, as a set. */
enum nvgre_offloads {
#define NVGRE_OFFLOAD(NAME, OPTION, ABILITY) \
    NVGRE_OFFLOAD_##NAME = 1u << NVGRE_OFFLOAD_##NAME##_INDEX,
    NVGRE_OFFLOADS
#undef NVGRE_OFFLOAD
    NVGRE_OFFLOAD_ALL = (1u << N_NVGRE_OFFLOADS) - 1,
};

const char *nvgre_offload_name(enum nvgre_offload_index);
void nvgre_offload_finish(struct dp_packet_batch *, uint32_t offloads,
                          odp_port_t in_port);
char *nvgre_offload_explain(enum nvgre_offload_index, uint32_t offloads,
                            bool all_off, const char *egress);

#endif /* nvgre-offload.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_TUNNELS_H
#define NVGRE_TUNNELS_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "cmap.h"
#include "nvgre.h"
#include "openvswitch/types.h"

struct nvgre_counters;

/* Who owns a received GRE packet
 * ==============================
 *
 * What
 * ----
 *
 * The set of live tunnel ports of the userspace datapath that receive IP
 * protocol 47, nvgre ports and the gre and erspan ports of Open vSwitch alike.
 * It answers three questions:
 *
 *    - When a port is configured: does it get along with the others?
 *      (nvgre_tunnels_conflict())
 *
 *    - When a flow is translated: is a packet that is addressed to this host
 *      for an nvgre port or for one of the others?  (nvgre_tunnels_owner())
 *      Open vSwitch's own map of tunnel ports cannot tell, because it knows no
 *      more than protocol 47: the first port to be added gets everything, and
 *      goes on doing so after it was deleted.
 *
 *    - When an nvgre packet is received: which key layout does the peer use,
 *      and if the packet is to be dropped, which port is to blame?
 *      (nvgre_tunnels_by_pair(), nvgre_tunnels_by_vsid())
 *
 * The owner of a packet is found by its outer addresses, the most specific
 * port first: remote and local address given, then only the remote one, then
 * only the local one, then neither (remote_ip=flow).  A keyed GRE packet that
 * carries Ethernet and an NVGRE packet are bit for bit alike, so two ports of
 * different kind that are equally specific for a pair of addresses cannot
 * coexist, and neither can nvgre ports that want the same peer to use two key
 * layouts.
 *
 *
 * What not
 * --------
 *
 * Which OpenFlow port a packet ends up on is decided by ofproto/tunnel.c, as
 * for all tunnels.
 *
 *
 * Thread-safety
 * -------------
 *
 * nvgre_tunnels_add() and nvgre_tunnels_remove() may be called from any
 * thread.  The look-ups take no lock; what they return is valid until the
 * calling thread's next RCU quiescent state. */

/* A tunnel port, or an exception that a port makes for one peer.  Does not
 * change while others can see it. */
struct nvgre_tunnel {
    struct cmap_node pair_node; /* In 'by_pair', by addresses. */
    struct cmap_node vsid_node; /* In 'by_vsid', by addresses and VSID. */
    char *name;                 /* Of the port. */
    const char *type;           /* Of the port. */
    odp_port_t odp_port;        /* Where the datapath decapsulates. */
    bool is_nvgre;
    bool is_exception;          /* Only says which layout a peer has. */
    struct in6_addr remote;     /* in6addr_any for any. */
    struct in6_addr local;      /* in6addr_any for any. */

    /* Of use for nvgre ports only. */
    uint32_t vsid;              /* Accepted VSID. */
    bool any_vsid;
    struct nvgre_rules rules;
    struct nvgre_counters *counters;
    struct nvgre_peers *peers;
    uint32_t rx_csum_sample;    /* One in how many is checked, 0 for none. */
    bool rx_csum;               /* May devices judge checksums? */
    bool gro;
};

void nvgre_tunnels_add(const struct nvgre_tunnel *);
void nvgre_tunnels_remove(const char *name);
char *nvgre_tunnels_conflict(const struct nvgre_tunnel *);

bool nvgre_tunnels_have_nvgre(void);
bool nvgre_tunnels_have_others(void);
const struct nvgre_tunnel *nvgre_tunnels_owner(const struct in6_addr *remote,
                                               const struct in6_addr *local);
odp_port_t nvgre_tunnels_live_port(odp_port_t);
bool nvgre_tunnels_is_nvgre_at(odp_port_t);

const struct nvgre_tunnel *nvgre_tunnels_by_pair(
    const struct in6_addr *remote, const struct in6_addr *local);
const struct nvgre_tunnel *nvgre_tunnels_by_ipv4_pair(ovs_be32 remote,
                                                      ovs_be32 local);
const struct nvgre_tunnel *nvgre_tunnels_by_vsid(
    const struct in6_addr *remote, const struct in6_addr *local,
    uint32_t vsid);
const struct nvgre_tunnel *nvgre_tunnels_to_blame(
    const struct in6_addr *remote, const struct in6_addr *local,
    uint32_t key);

#endif /* nvgre-tunnels.h */

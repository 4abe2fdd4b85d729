/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_SEND_H
#define NVGRE_SEND_H 1

#include <netinet/in.h>
#include <stdint.h>

struct dp_packet;
struct netdev;

/* Sending frames of our own
 * =========================
 *
 * What
 * ----
 *
 * nvgre_send() sends a frame to a peer in the name of a port, the way a
 * tenant's frame goes: the datapath encapsulates it with a template of the
 * port, so that all that the port's options say about offloads happens to it,
 * and the outer packet then goes through the underlay bridge as if its
 * internal port had sent it.
 *
 * What not
 * --------
 *
 * The frame does not pass the bridge of the port, hence none of its flows, and
 * the datapath does not count it as sent by the port.  Flows of the underlay
 * bridge decide where the outer packet goes.  A peer whose MAC address is not
 * known is asked for it, with ARP or neighbor discovery, and the frame is not
 * sent.
 *
 * Thread-safety
 * -------------
 *
 * For the main thread only. */

/* To whom and how to send. */
struct nvgre_send_target {
    struct in6_addr remote;     /* IPv4 addresses are mapped. */
    struct in6_addr local;      /* in6addr_any for what the route says. */
    uint32_t vsid;              /* May be a reserved one. */
};

int nvgre_send(const struct netdev *, const struct nvgre_send_target *,
               struct dp_packet *);

#endif /* nvgre-send.h */

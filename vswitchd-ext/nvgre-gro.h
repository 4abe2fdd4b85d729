/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_GRO_H
#define NVGRE_GRO_H 1

struct dp_packet_batch;

/* Joining received TCP segments
 * =============================
 *
 * What
 * ----
 *
 * What a guest sends in one piece of 64 kB crosses the underlay in packets of
 * the size of the MTU, and the way from there to the other guest, and back for
 * what acknowledges it, costs the same for each piece, whatever its size.  So
 * after decapsulation, successive segments of a TCP connection that came in
 * one batch are joined again, and go to the guest as one packet that is marked
 * to be cut into segments, should it have to be.
 *
 * Nothing is lost by that: what is joined are segments that come out the same,
 * byte for byte, when the packet is cut up again.  They differ in nothing but
 * what segmentation makes differ, and their checksums are right, which is
 * verified.  Everything else passes as it came, in the order in which it came.
 *
 * What not
 * --------
 *
 * Only what is in one batch is joined; no packet waits for another.  Packets
 * in buffers of a device, such as DPDK's, are left alone, because they cannot
 * grow.
 *
 * Thread-safety
 * -------------
 *
 * Works on the caller's packets.  Unlike most of what runs per packet, it
 * allocates: one buffer for each packet made of several. */

void nvgre_gro(struct dp_packet_batch *);

#endif /* nvgre-gro.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_FOREIGN_FRAMES_H
#define NVGRE_FOREIGN_FRAMES_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"

struct dp_packet;

/* What a self-test asks an ordinary machine, and what that answers
 * ================================================================
 *
 * What
 * ----
 *
 * Builds the inner frames of a test against a foreign host (see
 * nvgre-foreign.h) and recognizes the answers to them, and nothing else, by
 * the identifier that they carry: in the ICMP echo header, or as port.
 *
 * What not
 * --------
 *
 * Nothing is sent, received or remembered.  Fragmented answers are not
 * recognized: no answer is too big.
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread at any time.
 * nvgre_foreign_parse() allocates nothing. */

enum nvgre_foreign_kind {
    NVGRE_FOREIGN_ARP,
    NVGRE_FOREIGN_ICMP,         /* Echo request. */
    NVGRE_FOREIGN_UDP,          /* To the echo port. */
    NVGRE_FOREIGN_TCP,          /* SYN to the echo port. */
    NVGRE_FOREIGN_LARGEST,      /* Echo request as big as the MTU. */
    NVGRE_FOREIGN_FRAGMENTS,    /* Echo request in two IP fragments. */
    N_NVGRE_FOREIGN_KINDS
};

/* The machine that the test plays, and the one that it asks. */
struct nvgre_foreign_ends {
    struct eth_addr our_mac, their_mac;
    ovs_be32 our_ip, their_ip;
    bool made_up;               /* No machine has 'our_mac'. */
    uint16_t id;                /* A port above 49151, low 4 bits zero. */
};

struct nvgre_foreign_answer {
    enum nvgre_foreign_kind kind;
    bool bad;                   /* A checksum is wrong. */
    bool asks;                  /* Asks who has our address. */
    bool for_others;            /* May be meant for a machine as well. */
    bool syn_ack;               /* Wants to be reset. */
    struct eth_addr mac;        /* Of the other machine. */
    uint16_t port;              /* Ours, if UDP or TCP. */
    uint32_t ack;               /* That a reset needs, if 'syn_ack'. */
};

struct dp_packet *nvgre_foreign_arp(const struct nvgre_foreign_ends *,
                                    struct eth_addr asker);
struct dp_packet *nvgre_foreign_probe(const struct nvgre_foreign_ends *,
                                      enum nvgre_foreign_kind, uint8_t round,
                                      uint8_t piece, uint16_t mtu);
struct dp_packet *nvgre_foreign_reset(const struct nvgre_foreign_ends *,
                                      const struct nvgre_foreign_answer *);
bool nvgre_foreign_parse(const struct nvgre_foreign_ends *, const void *frame,
                         size_t size, struct nvgre_foreign_answer *);

#endif /* nvgre-foreign-frames.h */

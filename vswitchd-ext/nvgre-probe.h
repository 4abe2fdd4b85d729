/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_PROBE_H
#define NVGRE_PROBE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_packet;

/* The frames of a self-test
 * =========================
 *
 * What
 * ----
 *
 * Two of our ends test the way between them with frames in VSID 0xffffff,
 * which RFC 7637 section 3.4 keeps for vendors' own use between NVEs.  No
 * tenant has it, so no tenant can see such a frame or send one, and a foreign
 * end drops it.
 *
 * The inner frames are ordinary Ethernet frames with ordinary ICMP, UDP or TCP
 * in IPv4, so that whatever a network card or a middlebox does to tenants'
 * traffic it does to them.  They leave work to the card where those of tenants
 * do.  Only their payload is special.  It begins with a fixed mark, a nonce
 * that the asking end made up, and what kind of probe this is, and all that
 * follows can be worked out from that.  The receiver therefore knows what
 * every byte has to be, and can tell a wrong checksum over right data from
 * damaged data.
 *
 * A probe asks for one of two answers.  An acknowledgment says what the
 * receiver saw.  It is no IP packet, so that nothing but plain forwarding can
 * happen to it: it tells about the way there.  An echo is a frame of the same
 * kind and size as the probe: it tells about the way back.  Neither is bigger
 * than what it answers.
 *
 *
 * What not
 * --------
 *
 * Nothing is sent, received or remembered here: see nvgre-selftest.h.  Inner
 * IPv6 is not tried.
 *
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread at any time.
 * nvgre_probe_parse() allocates nothing. */

/* What a probe is.  The order is that of the result. */
enum nvgre_probe_kind {
    NVGRE_PROBE_HELLO,          /* Not IP; is the other end one of ours? */
    NVGRE_PROBE_ICMP,           /* Echo request. */
    NVGRE_PROBE_UDP,
    NVGRE_PROBE_TCP,
    NVGRE_PROBE_SEGMENTS,       /* TCP, cut into segments on the way out. */
    NVGRE_PROBE_LARGEST,        /* As big as the MTU allows. */
    NVGRE_PROBE_FRAGMENTS,      /* UDP in two IP fragments. */
    N_NVGRE_PROBE_KINDS
};

/* What a probe is for. */
enum nvgre_probe_role {
    NVGRE_PROBE_ACK_ME,
    NVGRE_PROBE_ECHO_ME,
    NVGRE_PROBE_ACK,
    NVGRE_PROBE_ECHO,
    N_NVGRE_PROBE_ROLES
};

/* What a receiver saw. */
enum nvgre_probe_state {
    NVGRE_PROBE_FINE,
    NVGRE_PROBE_IP_CSUM,        /* IPv4 header checksum is wrong. */
    NVGRE_PROBE_L4_CSUM,        /* TCP, UDP or ICMP checksum is wrong. */
    NVGRE_PROBE_NO_CSUM,        /* UDP checksum was removed. */
    NVGRE_PROBE_DATA,           /* Payload is not what was sent. */
    NVGRE_PROBE_VSID,           /* No port here has the probe's VSID. */
    N_NVGRE_PROBE_STATES
};

enum {
    NVGRE_PROBE_SMALL = 100,    /* Bytes of IP packet of ICMP, UDP, TCP. */
    NVGRE_PROBE_FRAGMENT = 500, /* Bytes of IP packet of each fragment. */
    NVGRE_PROBE_MIN = 72,       /* Smallest IP packet of any kind. */
    NVGRE_PROBE_N_FRAGMENTS = 2,
    NVGRE_PROBE_N_SEGMENTS = 4,
    NVGRE_PROBE_ANY_VSID = 0xffffffff, /* Port with key=flow. */
};

/* A probe, or a piece of one: a fragment or a segment. */
struct nvgre_probe {
    uint64_t nonce;             /* Of the self-test. */
    enum nvgre_probe_kind kind;
    enum nvgre_probe_role role;
    uint8_t seq;                /* Which of those of its kind. */
    uint8_t piece;              /* Which piece, from 0. */
    uint8_t n_pieces;
    enum nvgre_probe_state state; /* In answers: of what is answered. */
    uint16_t size;              /* Bytes of IP packet, of each piece. */
    uint32_t vsid;              /* Of the port under test. */
};

struct dp_packet *nvgre_probe_compose(const struct nvgre_probe *);
bool nvgre_probe_parse(const void *frame, size_t size, struct nvgre_probe *,
                       enum nvgre_probe_state *seen);

#endif /* nvgre-probe.h */

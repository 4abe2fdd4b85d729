/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_OFCONN_H
#define HNV_OFCONN_H 1

#include <stdbool.h>
#include <stdint.h>
#include "openvswitch/ofp-errors.h"
#include "openvswitch/types.h"

struct ofpbuf;
struct ofputil_flow_mod;
struct ofputil_flow_stats;
struct ofputil_group_desc;
struct ofputil_group_mod;
struct ofputil_meter_mod;
struct ofputil_packet_in;
struct ofputil_packet_out;

/* hnv-agent's OpenFlow connection
 * ===============================
 *
 * What
 * ----
 *
 * A connection to the management socket of the integration bridge, which
 * reconnects by itself, and over which three things happen:
 *
 *    - When the owner has said, with hnv_ofconn_start(), that it knows what
 *      the switch should have, and then each time the connection comes up,
 *      the module asks the switch for all flows, groups and meters that it
 *      has, and hands them to its owner, through struct hnv_ofconn_handler.
 *      The owner can thus keep what is right, instead of starting with an
 *      empty table, so that a restart of either side loses no packet.  Until
 *      then it only asks whether there are any.
 *
 *    - Then, the owner puts changes, which the module sends as bundles: the
 *      switch applies all of a bundle at the same time or nothing of it.  The
 *      module numbers the bundles, and hnv_ofconn_get_acked() returns the last
 *      number whose changes are in force.  It cuts a long run of changes into
 *      bundles of limited size, because the switch does nothing else while
 *      it applies one.
 *
 *    - The switch says when somebody else removes the one flow of HOOK_PRE,
 *      which is the one that all traffic of machines needs.  Whoever empties
 *      our tables removes it, too.
 *
 * If the switch refuses a change, the module tells the owner and sends the
 * bundle again without it: one bad row of policy does not stop the good rest.
 *
 *
 * What not
 * --------
 *
 * The module does not know what the changes mean and does not remember what
 * the switch has: its memory is bounded by the bundles under way.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

enum {
    HNV_OFCONN_WINDOW = 4,      /* Most bundles under way. */
};

/* What the owner of a connection does.  All get the 'aux' that the owner gave
 * to hnv_ofconn_create(). */
struct hnv_ofconn_handler {
    /* The connection came up: what the switch has is not known until
     * 'ready'.  All changes not acknowledged so far might be lost. */
    void (*connected)(void *aux);

    /* The switch has this flow, group, or meter. */
    void (*flow)(const struct ofputil_flow_stats *, void *aux);
    void (*group)(const struct ofputil_group_desc *, void *aux);
    void (*meter)(uint32_t meter_id, uint32_t rate, uint32_t burst,
                  void *aux);

    /* The switch has nothing else: the owner may put changes. */
    void (*ready)(void *aux);

    /* Somebody else emptied a table of ours.  ovs-vswitchd does so itself
     * when a bridge gets its first SDN controller, or loses its last. */
    void (*emptied)(void *aux);

    /* The switch sent a packet.  'continuation' is what is needed to resume
     * it, or empty if it was not paused. */
    void (*packet_in)(const struct ofputil_packet_in *,
                      const struct ofpbuf *continuation, void *aux);

    /* The switch refused the flow_mod or group_mod 'msg' that the owner put
     * with 'cookie'. */
    void (*refused)(const struct ofpbuf *msg, ovs_be64 cookie, enum ofperr,
                    void *aux);
};

struct hnv_ofconn *hnv_ofconn_create(const struct hnv_ofconn_handler *,
                                     void *aux);
void hnv_ofconn_destroy(struct hnv_ofconn *);
void hnv_ofconn_set_bridge(struct hnv_ofconn *, const char *bridge);
void hnv_ofconn_run(struct hnv_ofconn *);
void hnv_ofconn_wait(struct hnv_ofconn *);

void hnv_ofconn_dump(struct hnv_ofconn *);
bool hnv_ofconn_is_blank(const struct hnv_ofconn *);
void hnv_ofconn_start(struct hnv_ofconn *);
bool hnv_ofconn_is_ready(const struct hnv_ofconn *);
bool hnv_ofconn_has_room(const struct hnv_ofconn *);
const char *hnv_ofconn_get_state(const struct hnv_ofconn *);

/* Changes.  Only while hnv_ofconn_is_ready(). */
void hnv_ofconn_put_flow(struct hnv_ofconn *, const struct ofputil_flow_mod *,
                         ovs_be64 cookie);
void hnv_ofconn_put_group(struct hnv_ofconn *,
                          const struct ofputil_group_mod *, ovs_be64 cookie);
void hnv_ofconn_put_meter(struct hnv_ofconn *,
                          const struct ofputil_meter_mod *);
uint64_t hnv_ofconn_commit(struct hnv_ofconn *);
uint64_t hnv_ofconn_get_acked(const struct hnv_ofconn *);

/* Packets. */
void hnv_ofconn_send_packet(struct hnv_ofconn *,
                            const struct ofputil_packet_out *);
void hnv_ofconn_resume(struct hnv_ofconn *, const struct ofputil_packet_in *,
                       const struct ofpbuf *continuation);

/* Any other message, of OpenFlow 1.5, of which the module takes over
 * 'msg'.  Nothing tells whether it arrived. */
ovs_be32 hnv_ofconn_send(struct hnv_ofconn *, struct ofpbuf *msg);

/* Counters, since the start of the program. */
struct hnv_ofconn_stats {
    uint64_t n_connects;        /* Times that the connection came up. */
    uint64_t n_bundles;         /* Bundles that the switch applied. */
    uint64_t n_changes;         /* Flow and group changes in them. */
    uint64_t n_refused;         /* Changes that the switch refused. */
    uint64_t n_packet_ins;      /* Packets that the switch sent. */
};
struct hnv_ofconn_stats hnv_ofconn_get_stats(const struct hnv_ofconn *);

#endif /* hnv-ofconn.h */

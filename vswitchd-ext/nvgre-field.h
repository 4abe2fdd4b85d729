/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_FIELD_H
#define NVGRE_FIELD_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flow;
struct flow_tnl;
struct flow_wildcards;
struct match;
struct mf_subfield;
struct minimask;
struct ofpact;

/* The OpenFlow field nvgre_flowid
 * ===============================
 *
 * What
 * ----
 *
 * The FlowID of a tunneled packet is one byte of struct flow_tnl,
 * 'nvgre_flowid'.  It has two lives: in a received packet it is whatever the
 * sender put there, different for each flow, and once an action has written
 * it, it is what the actions say, the same for all packets of a datapath flow.
 * The byte beside it, 'nvgre_received', is 1 in the first case and 0 in the
 * second.  It is never set in a mask, so no datapath flow depends on it.
 *
 * The difference matters where the value is used without being matched.
 * Sending a received FlowID on, on a port with flow_id=flow, makes the
 * datapath flow depend on it; sending a written one does not.  When a packet
 * is frozen, to go on after recirculation or to be shown to a controller, the
 * bits of a received FlowID that the datapath flow does not depend on are
 * those of the first packet only, so they become 0, and later matches see
 * that.
 *
 * The kernel datapath knows no FlowID, and would turn down each datapath flow
 * that has a bit of it, in its match or because an action read it.  Hence the
 * functions that find out whether an OpenFlow flow uses the field at all.
 *
 *
 * What not
 * --------
 *
 * How the field is parsed and printed is left to meta-flow, like that of other
 * fields.
 *
 *
 * Thread-safety
 * -------------
 *
 * What is passed must belong to the caller. */

void nvgre_set_flowid(struct flow_tnl *, uint8_t flowid);
void nvgre_receive_flowid(struct flow_tnl *, uint8_t flowid, bool is_mask);
void nvgre_match_flowid(struct match *, uint8_t flowid, uint8_t mask);
void nvgre_flow_get_metadata(const struct flow *, struct match *);
void nvgre_use_flowid(const struct flow_tnl *, struct flow_wildcards *);
void nvgre_freeze_flowid(struct flow_tnl *, const struct flow_wildcards *);
bool nvgre_flowid_is_matched(const struct minimask *);
bool nvgre_flowid_is_in_actions(const struct ofpact *, size_t ofpacts_len);
char *nvgre_parse_subfield(struct mf_subfield *, const char *);

#endif /* nvgre-field.h */

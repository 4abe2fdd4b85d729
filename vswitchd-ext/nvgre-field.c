/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-field.h"

#include "flow.h"
#include "nx-match.h"
#include "openvswitch/match.h"
#include "openvswitch/meta-flow.h"
#include "openvswitch/ofp-actions.h"
#include "util.h"

/* Makes 'flowid' the FlowID of 'tnl', as an action does. */
void
nvgre_set_flowid(struct flow_tnl *tnl, uint8_t flowid)
{
    tnl->nvgre_flowid = flowid;
    tnl->nvgre_received = 0;
}

/* Makes 'flowid' the FlowID that came with a packet with tunnel metadata
 * 'tnl', or, if 'is_mask', the mask of one. */
void
nvgre_receive_flowid(struct flow_tnl *tnl, uint8_t flowid, bool is_mask)
{
    tnl->nvgre_flowid = flowid;
    tnl->nvgre_received = !is_mask;
}

/* Makes 'match' match the bits of 'flowid' that are 1 in 'mask'. */
void
nvgre_match_flowid(struct match *match, uint8_t flowid, uint8_t mask)
{
    match->wc.masks.tunnel.nvgre_flowid = mask;
    match->flow.tunnel.nvgre_flowid = flowid & mask;
}

/* Adds the FlowID of 'flow', if it has one, to the metadata 'match'. */
void
nvgre_flow_get_metadata(const struct flow *flow, struct match *match)
{
    if (flow->tunnel.nvgre_flowid) {
        nvgre_match_flowid(match, flow->tunnel.nvgre_flowid, UINT8_MAX);
    }
}

/* Makes 'wc' depend on the FlowID in 'tnl', if it is a received one, because
 * the value as a whole is going to be used. */
void
nvgre_use_flowid(const struct flow_tnl *tnl, struct flow_wildcards *wc)
{
    if (tnl->nvgre_received && wc) {
        wc->masks.tunnel.nvgre_flowid = UINT8_MAX;
    }
}

/* Clears the bits of the FlowID in 'tnl', which is going to be remembered,
 * that packets of the datapath flow with wildcards 'wc' need not have in
 * common. */
void
nvgre_freeze_flowid(struct flow_tnl *tnl, const struct flow_wildcards *wc)
{
    if (tnl->nvgre_received) {
        tnl->nvgre_flowid &= wc->masks.tunnel.nvgre_flowid;
    }
}

/* Returns true if a flow with 'mask' matches any bit of the FlowID. */
bool
nvgre_flowid_is_matched(const struct minimask *mask)
{
    return MINIFLOW_GET_U8(&mask->masks, tunnel.nvgre_flowid) != 0;
}

/* Returns true if 'a' itself, not an action within it, reads or writes the
 * FlowID.  These are the actions that have room for a field with an
 * experimenter's number. */
static bool
is_in_action(const struct ofpact *a)
{
    const struct mf_field *src = NULL, *dst = NULL;

    switch ((int) a->type) {
    case OFPACT_SET_FIELD:
        dst = ofpact_get_SET_FIELD(a)->field;
        break;
    case OFPACT_REG_MOVE:
        src = ofpact_get_REG_MOVE(a)->src.field;
        dst = ofpact_get_REG_MOVE(a)->dst.field;
        break;
    case OFPACT_STACK_PUSH:
        src = ofpact_get_STACK_PUSH(a)->subfield.field;
        break;
    case OFPACT_STACK_POP:
        dst = ofpact_get_STACK_POP(a)->subfield.field;
        break;
    case OFPACT_OUTPUT_REG:
        src = ofpact_get_OUTPUT_REG(a)->src.field;
        break;
    case OFPACT_CHECK_PKT_LARGER:
        dst = ofpact_get_CHECK_PKT_LARGER(a)->dst.field;
        break;
    }
    return (src && src->id == MFF_NVGRE_FLOWID)
           || (dst && dst->id == MFF_NVGRE_FLOWID);
}

/* Returns true if any of the 'ofpacts_len' bytes of actions in 'ofpacts' reads
 * or writes the FlowID. */
bool
nvgre_flowid_is_in_actions(const struct ofpact *ofpacts, size_t ofpacts_len)
{
    const struct ofpact *a;

    OFPACT_FOR_EACH_FLATTENED (a, ofpacts, ofpacts_len) {
        if (is_in_action(a)) {
            return true;
        }
    }
    return false;
}

/* Like mf_parse_subfield(), for actions in which a field is a 32-bit header,
 * as that of fields with an experimenter's number is not.  Returns NULL, or an
 * error message that the caller must free. */
char *
nvgre_parse_subfield(struct mf_subfield *sf, const char *s)
{
    char *error = mf_parse_subfield(sf, s);

    if (!error && !mf_nxm_header(sf->field->id)) {
        error = xasprintf("experimenter OXM field '%s' not supported", s);
    }
    return error;
}

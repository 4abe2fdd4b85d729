/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-delta.h"

#include <inttypes.h>

#include "byte-order.h"
#include "hnv-flows.h"
#include "hnv-ofconn.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-group.h"
#include "openvswitch/ofp-meter.h"

/* Bytes of log after which changes are only counted. */
#define HNV_DELTA_MAX_LOG 65536

static void
hnv_delta_log(struct hnv_delta *delta, const char *verb,
              const struct hnv_flow *flow)
{
    delta->n++;
    if (delta->log && delta->log->length < HNV_DELTA_MAX_LOG) {
        ds_put_format(delta->log, "%s ", verb);
        hnv_flow_format(flow, delta->log);
        ds_chomp(delta->log, '\n');
        ds_put_char(delta->log, '\n');
    }
}

static void
hnv_delta_put_flow(struct hnv_delta *delta, const struct hnv_flow *flow,
                   int command)
{
    struct ofputil_flow_mod fm;

    hnv_flow_to_mod(flow, command, &fm);
    hnv_ofconn_put_flow(delta->ofconn, &fm, htonll(flow->cookie));
    minimatch_destroy(&fm.match);
}

static void
hnv_delta_put_group(struct hnv_delta *delta, const struct hnv_group *group,
                    int command)
{
    struct ofputil_group_mod gm;

    delta->n++;
    if (delta->log) {
        ds_put_format(delta->log, "group %"PRIu32"\n", group->id);
    }
    hnv_group_to_mod(group, command, &gm);
    hnv_ofconn_put_group(delta->ofconn, &gm, 0);
    ofputil_uninit_group_mod(&gm);
}

static void
hnv_delta_put_meter(struct hnv_delta *delta, const struct hnv_meter *meter,
                    int command)
{
    struct ofputil_meter_band band = {
        .type = OFPMBT13_DROP,
        .rate = meter->rate,
        .burst_size = meter->burst,
    };
    struct ofputil_meter_mod mm = {
        .command = command,
        .meter = {
            .meter_id = meter->id,
            .flags = OFPMF13_PKTPS | OFPMF13_BURST,
            .n_bands = 1,
            .bands = &band,
        },
    };

    delta->n++;
    if (delta->log) {
        ds_put_format(delta->log, "meter %"PRIu32"\n", meter->id);
    }
    hnv_ofconn_put_meter(delta->ofconn, &mm);
}

static void
prepare_group(const struct hnv_group *have, const struct hnv_group *want,
              void *delta)
{
    if (want) {
        hnv_delta_put_group(delta, want,
                            have ? OFPGC11_MODIFY : OFPGC11_ADD);
    }
}

static void
prepare_meter(const struct hnv_meter *have, const struct hnv_meter *want,
              void *delta)
{
    if (want) {
        hnv_delta_put_meter(delta, want, have ? OFPMC13_MODIFY : OFPMC13_ADD);
    }
}

/* Puts the meters and groups that 'want' has and 'have' has not, or otherwise.
 * The owner must commit before it puts flows that use them, since the switch
 * checks that when it gets the flow, not when it applies the bundle. */
void
hnv_delta_prepare(struct hnv_delta *delta, const struct hnv_flows *have,
                  const struct hnv_flows *want)
{
    hnv_meters_diff(have, want, prepare_meter, delta);
    hnv_groups_diff(have, want, prepare_group, delta);
}

static void
delete_flow(const struct hnv_flow *have, const struct hnv_flow *want,
            void *delta)
{
    if (!want) {
        hnv_delta_log(delta, "delete", have);
        hnv_delta_put_flow(delta, have, OFPFC_DELETE_STRICT);
    }
}

/* Deletes the flows that 'have' has and 'want' has not. */
void
hnv_delta_delete(struct hnv_delta *delta, const struct hnv_flows *have,
                 const struct hnv_flows *want)
{
    hnv_flows_diff(have, want, delete_flow, delta);
}

static void
add_flow(const struct hnv_flow *have, const struct hnv_flow *want,
         void *delta)
{
    if (want) {
        hnv_delta_log(delta, have ? "change" : "add", want);

        /* An addition replaces what is there, with the cookie, which a
         * modification would not. */
        hnv_delta_put_flow(delta, want, OFPFC_ADD);
    }
}

/* Puts the flows that 'want' has and 'have' has not, or otherwise. */
void
hnv_delta_add(struct hnv_delta *delta, const struct hnv_flows *have,
              const struct hnv_flows *want)
{
    hnv_flows_diff(have, want, add_flow, delta);
}

static void
finish_group(const struct hnv_group *have, const struct hnv_group *want,
             void *delta)
{
    if (!want) {
        hnv_delta_put_group(delta, have, OFPGC11_DELETE);
    }
}

static void
finish_meter(const struct hnv_meter *have, const struct hnv_meter *want,
             void *delta)
{
    if (!want) {
        hnv_delta_put_meter(delta, have, OFPMC13_DELETE);
    }
}

/* Deletes the groups and meters that 'have' has and 'want' has not.  Both
 * delete the flows that use them too, so this must be last. */
void
hnv_delta_finish(struct hnv_delta *delta, const struct hnv_flows *have,
                 const struct hnv_flows *want)
{
    hnv_groups_diff(have, want, finish_group, delta);
    hnv_meters_diff(have, want, finish_meter, delta);
}

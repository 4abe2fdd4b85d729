/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ofconn.h"

#include <inttypes.h>
#include <stdlib.h>

#include "byte-order.h"
#include "dirs.h"
#include "hnv-bundles.h"
#include "hnv-pipeline.h"
#include "openvswitch/ofp-bundle.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-group.h"
#include "openvswitch/ofp-meter.h"
#include "openvswitch/ofp-monitor.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-packet.h"
#include "openvswitch/ofp-print.h"
#include "openvswitch/ofp-switch.h"
#include "openvswitch/ofp-util.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/rconn.h"
#include "openvswitch/vconn.h"
#include "openvswitch/vlog.h"
#include "socket-util.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(hnv_ofconn);

/* Packets to send that may wait in our queue.  More than this means that the
 * switch does not keep up, and then losing some is better than memory. */
#define HNV_MAX_PACKETS 512

/* Messages that we process in one run, so that a flood of packet-ins does not
 * keep us from everything else. */
#define HNV_MAX_RECV 200

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

enum hnv_ofconn_state {
    S_DISCONNECTED,             /* No connection. */
    S_COUNT,                    /* Waiting for the number of our flows. */
    S_IDLE,                     /* Waiting for hnv_ofconn_start(). */
    S_BLANK,                    /* The same, and there are none of ours. */
    S_FLOWS,                    /* Waiting for all flows. */
    S_GROUPS,                   /* Waiting for all groups. */
    S_METERS,                   /* Waiting for all meters. */
    S_READY,                    /* Changes may be sent. */
};

struct hnv_ofconn {
    const struct hnv_ofconn_handler *handler;
    void *aux;

    struct rconn *rconn;
    unsigned int rconn_seqno;   /* Connection that 'state' is about. */
    enum hnv_ofconn_state state;
    ovs_be32 xid;               /* Of the request that 'state' waits for. */
    bool emptied;               /* Somebody else has removed flows. */
    bool started;               /* Did the owner hnv_ofconn_start() us? */
    struct rconn_packet_counter *packets; /* Packets queued for sending. */

    struct hnv_bundles bundles; /* Changes under way. */
    uint64_t n_connects;        /* Times that the connection came up. */
    uint64_t n_packet_ins;      /* Packets that the switch sent. */
};

static void
hnv_ofconn_refused(const struct ofpbuf *msg, ovs_be64 cookie,
                   enum ofperr error, void *oc_)
{
    struct hnv_ofconn *oc = oc_;
    oc->handler->refused(msg, cookie, error, oc->aux);
}

/* Returns a new connection, which calls the functions in 'handler', with
 * 'aux'.  It does not connect before hnv_ofconn_set_bridge() says where.  The
 * caller must free it, with hnv_ofconn_destroy(). */
struct hnv_ofconn *
hnv_ofconn_create(const struct hnv_ofconn_handler *handler, void *aux)
{
    struct hnv_ofconn *oc = xzalloc(sizeof *oc);

    oc->handler = handler;
    oc->aux = aux;
    oc->rconn = rconn_create(5, 1, DSCP_DEFAULT, 1u << OFP15_VERSION);
    oc->packets = rconn_packet_counter_create();
    hnv_bundles_init(&oc->bundles, oc->rconn, hnv_ofconn_refused, oc);
    return oc;
}

/* Closes and frees 'oc'. */
void
hnv_ofconn_destroy(struct hnv_ofconn *oc)
{
    if (oc) {
        hnv_bundles_clear(&oc->bundles);
        rconn_destroy(oc->rconn);
        rconn_packet_counter_destroy(oc->packets);
        free(oc);
    }
}

/* Makes 'oc' connect to 'bridge', in the local ovs-vswitchd. */
void
hnv_ofconn_set_bridge(struct hnv_ofconn *oc, const char *bridge)
{
    char *target = xasprintf("unix:%s/%s.mgmt", ovs_rundir(), bridge);

    if (strcmp(target, rconn_get_target(oc->rconn))) {
        VLOG_INFO("%s: connecting to integration bridge", target);
        rconn_connect(oc->rconn, target, target);
    }
    free(target);
}

/* Sends 'msg'.  Returns its transaction ID. */
ovs_be32
hnv_ofconn_send(struct hnv_ofconn *oc, struct ofpbuf *msg)
{
    const struct ofp_header *oh = msg->data;
    ovs_be32 xid = oh->xid;

    ofpmsg_update_length(msg);
    rconn_send(oc->rconn, msg, NULL);
    return xid;
}

/* Asks to be told when somebody else removes the flow of HOOK_PRE. */
static void
hnv_ofconn_send_monitor(struct hnv_ofconn *oc)
{
    struct ofputil_flow_monitor_request request = {
        .id = 1,
        .command = OFPFMC_ADD,
        .flags = OFPFMF_REMOVED,
        .out_port = OFPP_ANY,
        .out_group = OFPG_ANY,
        .table_id = HNV_TABLE_HOOK_PRE,
        .match = MATCH_CATCHALL_INITIALIZER,
    };
    struct ofpbuf *msg = ofpbuf_new(0);

    ofputil_append_flow_monitor_request(&request, msg, OFPUTIL_P_OF15_OXM);
    hnv_ofconn_send(oc, msg);
}

static void
hnv_ofconn_send_setup(struct hnv_ofconn *oc)
{
    struct ofputil_switch_config config = {
        /* The first fragment has ports, or is an echo request. */
        .frag = OFPUTIL_FRAG_NX_MATCH,
        .miss_send_len = UINT16_MAX,
        .invalid_ttl_to_controller = -1,
    };
    struct nx_controller_id *nci;
    struct ofpbuf *msg;

    hnv_ofconn_send(oc, ofputil_encode_set_config(&config, OFP15_VERSION));
    hnv_ofconn_send(oc, ofputil_encode_set_packet_in_format(
                        OFP15_VERSION, OFPUTIL_PACKET_IN_NXT2));

    /* Without an ID of our own, other controllers would get our packets. */
    msg = ofpraw_alloc(OFPRAW_NXT_SET_CONTROLLER_ID, OFP15_VERSION, 0);
    nci = ofpbuf_put_zeros(msg, sizeof *nci);
    nci->controller_id = htons(HNV_CONTROLLER_ID);
    hnv_ofconn_send(oc, msg);
}

/* Asks for the number of our flows, if 'state' is S_COUNT, otherwise for all
 * flows, not just ours, because others in our tables must be removed. */
static void
hnv_ofconn_request_flows(struct hnv_ofconn *oc, enum hnv_ofconn_state state)
{
    struct ofputil_flow_stats_request fsr = {
        .aggregate = state == S_COUNT,
        .match = MATCH_CATCHALL_INITIALIZER,
        .cookie = state == S_COUNT ? htonll(HNV_COOKIE_OURS) : 0,
        .cookie_mask = state == S_COUNT ? htonll(HNV_COOKIE_OURS_MASK) : 0,
        .table_id = OFPTT_ALL,
        .out_port = OFPP_ANY,
        .out_group = OFPG_ANY,
    };

    oc->xid = hnv_ofconn_send(oc, ofputil_encode_flow_stats_request(
                                  &fsr, OFPUTIL_P_OF15_OXM));
    oc->state = state;
}

/* Follows 'oc''s connection down or up. */
static void
hnv_ofconn_track(struct hnv_ofconn *oc)
{
    unsigned int seqno = rconn_get_connection_seqno(oc->rconn);
    if (!rconn_is_connected(oc->rconn)) {
        if (oc->state != S_DISCONNECTED) {
            VLOG_INFO("%s: connection lost", rconn_get_target(oc->rconn));
            oc->state = S_DISCONNECTED;
            hnv_bundles_clear(&oc->bundles);
        }
    } else if (oc->state == S_DISCONNECTED || seqno != oc->rconn_seqno) {
        hnv_bundles_clear(&oc->bundles);
        oc->rconn_seqno = seqno;
        oc->n_connects++;
        oc->state = S_IDLE;
        if (!oc->started) {
            hnv_ofconn_request_flows(oc, S_COUNT);
        }
    }
    if (oc->started && oc->state > S_DISCONNECTED && oc->state < S_FLOWS) {
        oc->handler->connected(oc->aux);
        hnv_ofconn_send_setup(oc);
        hnv_ofconn_send_monitor(oc);
        oc->emptied = false;
        hnv_ofconn_request_flows(oc, S_FLOWS);
    }
}

/* Messages from the switch. */

static void
hnv_ofconn_recv_flows(struct hnv_ofconn *oc, const struct ofp_header *oh)
{
    struct ofpbuf msg = ofpbuf_const_initializer(oh, ntohs(oh->length));
    bool more = ofpmp_more(oh);
    uint64_t stub[1024 / 8];
    struct ofpbuf ofpacts;

    ofpbuf_use_stub(&ofpacts, stub, sizeof stub);
    for (;;) {
        struct ofputil_flow_stats fs;

        ofpbuf_clear(&ofpacts);
        int retval = ofputil_decode_flow_stats_reply(&fs, &msg, true,
                                                     &ofpacts);
        if (retval) {
            if (retval != EOF) {
                VLOG_WARN_RL(&rl, "cannot decode a flow of the switch: %s",
                             ofperr_to_string(retval));
            }
            break;
        }
        oc->handler->flow(&fs, oc->aux);
    }
    ofpbuf_uninit(&ofpacts);

    if (!more) {
        oc->xid = hnv_ofconn_send(oc, ofputil_encode_group_desc_request(
                                      OFP15_VERSION, OFPG_ALL));
        oc->state = S_GROUPS;
    }
}

static void
hnv_ofconn_recv_count(struct hnv_ofconn *oc, const struct ofp_header *oh)
{
    struct ofputil_aggregate_stats stats;

    oc->state = (ofputil_decode_aggregate_stats_reply(&stats, oh)
                 || stats.flow_count ? S_IDLE : S_BLANK);
}

static void
hnv_ofconn_recv_groups(struct hnv_ofconn *oc, const struct ofp_header *oh)
{
    struct ofpbuf msg = ofpbuf_const_initializer(oh, ntohs(oh->length));
    bool more = ofpmp_more(oh);

    for (;;) {
        struct ofputil_group_desc gd;

        if (ofputil_decode_group_desc_reply(&gd, &msg, oh->version)) {
            break;
        }
        oc->handler->group(&gd, oc->aux);
        ofputil_uninit_group_desc(&gd);
    }

    if (!more) {
        oc->xid = hnv_ofconn_send(oc, ofputil_encode_meter_request(
                                      OFP15_VERSION, OFPUTIL_METER_CONFIG,
                                      OFPM13_ALL));
        oc->state = S_METERS;
    }
}

static void
hnv_ofconn_set_ready(struct hnv_ofconn *oc)
{
    oc->state = S_READY;
    oc->handler->ready(oc->aux);
}

static void
hnv_ofconn_recv_meters(struct hnv_ofconn *oc, const struct ofp_header *oh)
{
    struct ofpbuf msg = ofpbuf_const_initializer(oh, ntohs(oh->length));
    bool more = ofpmp_more(oh);
    struct ofpbuf bands;

    ofpbuf_init(&bands, 64);
    for (;;) {
        struct ofputil_meter_config mc;

        ofpbuf_clear(&bands);
        if (ofputil_decode_meter_config(&msg, &mc, &bands)) {
            break;
        }
        oc->handler->meter(mc.meter_id, mc.n_bands ? mc.bands[0].rate : 0,
                           mc.n_bands ? mc.bands[0].burst_size : 0, oc->aux);
    }
    ofpbuf_uninit(&bands);

    if (!more) {
        hnv_ofconn_set_ready(oc);
    }
}

/* Our own changes are told in brief, as another kind of event. */
static void
hnv_ofconn_recv_update(struct hnv_ofconn *oc, const struct ofp_header *oh)
{
    struct ofpbuf msg = ofpbuf_const_initializer(oh, ntohs(oh->length));
    struct ofputil_flow_update update;
    struct ofpbuf ofpacts;

    ofpbuf_init(&ofpacts, 64);
    while (!ofputil_decode_flow_update(&update, &msg, &ofpacts)) {
        oc->emptied = oc->emptied || update.event == OFPFME_REMOVED;
    }
    ofpbuf_uninit(&ofpacts);
}

static void
hnv_ofconn_recv_packet_in(struct hnv_ofconn *oc, const struct ofp_header *oh)
{
    struct ofputil_packet_in pin;
    struct ofpbuf continuation;
    uint32_t buffer_id;
    size_t total_len;
    enum ofperr error;

    error = ofputil_decode_packet_in(oh, true, NULL, NULL, &pin, &total_len,
                                     &buffer_id, &continuation);
    if (error) {
        VLOG_WARN_RL(&rl, "cannot decode a packet-in: %s",
                     ofperr_to_string(error));
        return;
    }
    oc->n_packet_ins++;
    oc->handler->packet_in(&pin, &continuation, oc->aux);
}

static void
hnv_ofconn_recv_commit(struct hnv_ofconn *oc, const struct ofp_header *oh)
{
    struct ofputil_bundle_ctrl_msg bc;

    if (!ofputil_decode_bundle_ctrl(oh, &bc)
        && bc.type == OFPBCT_COMMIT_REPLY) {
        hnv_bundles_recv_reply(&oc->bundles, oh->xid);
    }
}

static void
hnv_ofconn_recv_error(struct hnv_ofconn *oc, const struct ofp_header *oh)
{
    enum ofperr error = ofperr_decode_msg(oh, NULL);

    if (hnv_bundles_recv_error(&oc->bundles, oh->xid, error)) {
        return;
    }
    VLOG_WARN_RL(&rl, "%s: switch sent error %s", rconn_get_target(oc->rconn),
                 ofperr_to_string(error));
    if (oh->xid == oc->xid) {
        /* A switch without meters can do without them, too. */
        if (oc->state == S_METERS) {
            hnv_ofconn_set_ready(oc);
        } else if (oc->state != S_READY) {
            rconn_reconnect(oc->rconn);
        }
    }
}

static void
hnv_ofconn_recv(struct hnv_ofconn *oc, const struct ofp_header *oh)
{
    enum ofptype type;

    if (ofptype_decode(&type, oh)) {
        return;
    }
    if (type == OFPTYPE_ECHO_REQUEST) {
        hnv_ofconn_send(oc, ofputil_encode_echo_reply(oh));
    } else if (type == OFPTYPE_ERROR) {
        hnv_ofconn_recv_error(oc, oh);
    } else if (type == OFPTYPE_PACKET_IN) {
        hnv_ofconn_recv_packet_in(oc, oh);
    } else if (type == OFPTYPE_BUNDLE_CONTROL) {
        hnv_ofconn_recv_commit(oc, oh);
    } else if (type == OFPTYPE_BARRIER_REPLY) {
        hnv_bundles_recv_reply(&oc->bundles, oh->xid);
    } else if (type == OFPTYPE_FLOW_MONITOR_STATS_REPLY) {
        hnv_ofconn_recv_update(oc, oh);
    } else if (oh->xid != oc->xid) {
        VLOG_DBG("ignoring OpenFlow message of type %d", type);
    } else if (type == OFPTYPE_AGGREGATE_STATS_REPLY
               && oc->state == S_COUNT) {
        hnv_ofconn_recv_count(oc, oh);
    } else if (type == OFPTYPE_FLOW_STATS_REPLY && oc->state == S_FLOWS) {
        hnv_ofconn_recv_flows(oc, oh);
    } else if (type == OFPTYPE_GROUP_DESC_STATS_REPLY
               && oc->state == S_GROUPS) {
        hnv_ofconn_recv_groups(oc, oh);
    } else if (type == OFPTYPE_METER_CONFIG_STATS_REPLY
               && oc->state == S_METERS) {
        hnv_ofconn_recv_meters(oc, oh);
    }
}

/* Does this module's share of work.  The caller must call this often, and
 * then hnv_ofconn_wait() before it blocks. */
void
hnv_ofconn_run(struct hnv_ofconn *oc)
{
    rconn_run(oc->rconn);
    hnv_ofconn_track(oc);
    for (int i = 0; i < HNV_MAX_RECV && oc->state != S_DISCONNECTED; i++) {
        struct ofpbuf *msg = rconn_recv(oc->rconn);

        if (!msg) {
            break;
        }
        hnv_ofconn_recv(oc, msg->data);
        ofpbuf_delete(msg);
    }
    if (oc->emptied && oc->state == S_READY) {
        VLOG_WARN("%s: somebody else removed flows; adding them again",
                  rconn_get_target(oc->rconn));
        oc->emptied = false;
        oc->handler->emptied(oc->aux);
    }
}

/* Arranges for poll_block() to wake up when hnv_ofconn_run() has work. */
void
hnv_ofconn_wait(struct hnv_ofconn *oc)
{
    rconn_run_wait(oc->rconn);
    rconn_recv_wait(oc->rconn);
}

/* Asks the switch again for all that it has.  Until that is known, 'oc' takes
 * no changes.  Does nothing if that is going on already. */
void
hnv_ofconn_dump(struct hnv_ofconn *oc)
{
    if (oc->state == S_READY) {
        hnv_bundles_commit(&oc->bundles);
        hnv_ofconn_request_flows(oc, S_FLOWS);
    }
}

/* Returns true if the switch has no flow of an hnv-agent, so that it loses
 * nothing if it gets some before the others.  Not after hnv_ofconn_start(). */
bool
hnv_ofconn_is_blank(const struct hnv_ofconn *oc)
{
    return oc->state == S_BLANK;
}

/* Lets 'oc' tell its owner what the switch has, and then take changes. */
void
hnv_ofconn_start(struct hnv_ofconn *oc)
{
    oc->started = true;
}

/* Returns true if 'oc' knows all that the switch has and takes changes. */
bool
hnv_ofconn_is_ready(const struct hnv_ofconn *oc)
{
    return oc->state == S_READY;
}

/* Returns true if 'oc' takes changes without growing beyond its window. */
bool
hnv_ofconn_has_room(const struct hnv_ofconn *oc)
{
    return (oc->state == S_READY
            && ovs_list_size(&oc->bundles.sent) < HNV_OFCONN_WINDOW);
}

/* Returns a word or two for people about 'oc''s state. */
const char *
hnv_ofconn_get_state(const struct hnv_ofconn *oc)
{
    return (oc->state == S_DISCONNECTED ? rconn_get_state(oc->rconn)
            : oc->state == S_READY ? "ready"
            : oc->state <= S_BLANK ? "waiting for the HNV database"
            : "reading the switch's tables");
}

/* Puts 'fm' into the next bundle.  If the switch refuses it, the owner learns
 * that with 'cookie'. */
void
hnv_ofconn_put_flow(struct hnv_ofconn *oc, const struct ofputil_flow_mod *fm,
                    ovs_be64 cookie)
{
    hnv_bundles_put(&oc->bundles,
                    ofputil_encode_flow_mod(fm, OFPUTIL_P_OF15_OXM), cookie);
}

/* Puts 'gm' into the next bundle, likewise. */
void
hnv_ofconn_put_group(struct hnv_ofconn *oc, const struct ofputil_group_mod *gm,
                     ovs_be64 cookie)
{
    hnv_bundles_put(&oc->bundles,
                    ofputil_encode_group_mod(OFP15_VERSION, gm, NULL, -1),
                    cookie);
}

/* Sends 'mm', at once, because meters cannot be part of a bundle. */
void
hnv_ofconn_put_meter(struct hnv_ofconn *oc, const struct ofputil_meter_mod *mm)
{
    hnv_ofconn_send(oc, ofputil_encode_meter_mod(OFP15_VERSION, mm));
}

/* Sends what has been put.  Returns the number which hnv_ofconn_get_acked()
 * reaches when all of it, and all before it, is in force. */
uint64_t
hnv_ofconn_commit(struct hnv_ofconn *oc)
{
    return hnv_bundles_commit(&oc->bundles);
}

/* Returns the number of the last bundle that is in force with all before
 * it. */
uint64_t
hnv_ofconn_get_acked(const struct hnv_ofconn *oc)
{
    return oc->bundles.acked;
}

static void
hnv_ofconn_send_limited(struct hnv_ofconn *oc, struct ofpbuf *msg)
{
    ofpmsg_update_length(msg);
    rconn_send_with_limit(oc->rconn, msg, oc->packets, HNV_MAX_PACKETS);
}

/* Makes the switch process 'po'.  Drops it if too many wait already. */
void
hnv_ofconn_send_packet(struct hnv_ofconn *oc,
                       const struct ofputil_packet_out *po)
{
    hnv_ofconn_send_limited(oc, ofputil_encode_packet_out(
                                po, OFPUTIL_P_OF15_OXM));
}

/* Makes the switch go on with the paused packet 'pin', from where it stopped.
 * Drops it if too many wait already. */
void
hnv_ofconn_resume(struct hnv_ofconn *oc, const struct ofputil_packet_in *pin,
                  const struct ofpbuf *continuation)
{
    hnv_ofconn_send_limited(oc, ofputil_encode_resume(
                                pin, continuation, OFPUTIL_P_OF15_OXM));
}

struct hnv_ofconn_stats
hnv_ofconn_get_stats(const struct hnv_ofconn *oc)
{
    return (struct hnv_ofconn_stats) {
        .n_connects = oc->n_connects,
        .n_bundles = oc->bundles.n_bundles,
        .n_changes = oc->bundles.n_changes,
        .n_refused = oc->bundles.n_refused,
        .n_packet_ins = oc->n_packet_ins,
    };
}

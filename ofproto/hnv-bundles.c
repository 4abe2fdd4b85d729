/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-bundles.h"

#include <stdlib.h>

#include "openvswitch/ofp-bundle.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-util.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/rconn.h"
#include "util.h"

/* Bytes that a bundle adds to each message, at most. */
#define HNV_BUNDLE_OVERHEAD 64

/* A change that waits for its bundle to be acknowledged. */
struct hnv_bundled {
    struct ofpbuf *msg;         /* NULL if refused. */
    ovs_be64 cookie;            /* The owner's. */
};

/* A bundle under way. */
struct hnv_bundle {
    struct ovs_list node;       /* In 'sent' of struct hnv_bundles. */
    uint64_t seqno;             /* Returned by hnv_bundles_commit(). */
    ovs_be32 last_xid;          /* Of the message whose reply ends it. */
    int n_retries;              /* Times sent before. */

    struct hnv_bundled *changes;
    size_t n, allocated;
};

/* Makes 'bundles' send to 'rconn' and call 'refused', with 'aux'. */
void
hnv_bundles_init(struct hnv_bundles *bundles, struct rconn *rconn,
                 hnv_bundles_refused_func *refused, void *aux)
{
    *bundles = (struct hnv_bundles) {
        .rconn = rconn,
        .refused = refused,
        .aux = aux,
    };
    ovs_list_init(&bundles->sent);
}

static void
hnv_bundle_destroy(struct hnv_bundle *bundle)
{
    if (bundle) {
        for (size_t i = 0; i < bundle->n; i++) {
            ofpbuf_delete(bundle->changes[i].msg);
        }
        free(bundle->changes);
        free(bundle);
    }
}

/* Forgets all changes that are not acknowledged, since the connection that
 * they were sent over is gone. */
void
hnv_bundles_clear(struct hnv_bundles *bundles)
{
    struct hnv_bundle *bundle;

    LIST_FOR_EACH_POP (bundle, node, &bundles->sent) {
        hnv_bundle_destroy(bundle);
    }
    hnv_bundle_destroy(bundles->open);
    bundles->open = NULL;

    /* Nobody must wait for them: what they would have changed is found again
     * when the switch has said what it has. */
    bundles->acked = bundles->seqno;
}

static ovs_be32
hnv_bundles_send(struct hnv_bundles *bundles, struct ofpbuf *msg)
{
    const struct ofp_header *oh = msg->data;
    ovs_be32 xid = oh->xid;

    rconn_send(bundles->rconn, msg, NULL);
    return xid;
}

static void
hnv_bundle_send(struct hnv_bundles *bundles, struct hnv_bundle *bundle)
{
    struct ofputil_bundle_ctrl_msg bc = {
        .bundle_id = bundles->next_id++,
        .type = OFPBCT_OPEN_REQUEST,
        .flags = OFPBF_ATOMIC | OFPBF_ORDERED,
    };

    hnv_bundles_send(bundles, ofputil_encode_bundle_ctrl_request(
                         OFP15_VERSION, &bc));
    for (size_t i = 0; i < bundle->n; i++) {
        if (bundle->changes[i].msg) {
            struct ofputil_bundle_add_msg bam = {
                .bundle_id = bc.bundle_id,
                .flags = bc.flags,
                .msg = bundle->changes[i].msg->data,
            };
            hnv_bundles_send(bundles, ofputil_encode_bundle_add(OFP15_VERSION,
                                                                &bam));
        }
    }
    bc.type = OFPBCT_COMMIT_REQUEST;
    bundle->last_xid = hnv_bundles_send(
        bundles, ofputil_encode_bundle_ctrl_request(OFP15_VERSION, &bc));
}

/* Sends the changes of 'bundle' without a bundle, so that those that the
 * switch accepts are in force even though it refuses others. */
static void
hnv_bundle_send_alone(struct hnv_bundles *bundles, struct hnv_bundle *bundle)
{
    for (size_t i = 0; i < bundle->n; i++) {
        if (bundle->changes[i].msg) {
            hnv_bundles_send(bundles, ofpbuf_clone(bundle->changes[i].msg));
        }
    }
    bundle->last_xid = hnv_bundles_send(
        bundles, ofputil_encode_barrier_request(OFP15_VERSION));
}

/* Adds the flow_mod or group_mod 'msg', which it takes over, to the next
 * bundle.  If the switch refuses it, the owner learns that with 'cookie'. */
void
hnv_bundles_put(struct hnv_bundles *bundles, struct ofpbuf *msg,
                ovs_be64 cookie)
{
    struct hnv_bundle *bundle = bundles->open;

    /* A message whose length does not fit into its header would look like the
     * end of the world to the switch. */
    if (msg->size > UINT16_MAX - HNV_BUNDLE_OVERHEAD) {
        bundles->n_refused++;
        bundles->refused(msg, cookie, OFPERR_OFPBRC_BAD_LEN, bundles->aux);
        ofpbuf_delete(msg);
        return;
    }

    if (!bundle) {
        bundle = bundles->open = xzalloc(sizeof *bundle);
        bundle->seqno = ++bundles->seqno;
    }
    if (bundle->n >= bundle->allocated) {
        bundle->changes = x2nrealloc(bundle->changes, &bundle->allocated,
                                     sizeof *bundle->changes);
    }
    ofpmsg_update_length(msg);
    bundle->changes[bundle->n++] = (struct hnv_bundled) {
        .msg = msg,
        .cookie = cookie,
    };
    if (bundle->n >= HNV_BUNDLES_CHUNK) {
        hnv_bundles_commit(bundles);
    }
}

/* Sends what has been put.  Returns the number which 'bundles->acked' reaches
 * when all of it, and all before it, is in force. */
uint64_t
hnv_bundles_commit(struct hnv_bundles *bundles)
{
    struct hnv_bundle *bundle = bundles->open;

    if (bundle) {
        bundles->open = NULL;
        ovs_list_push_back(&bundles->sent, &bundle->node);
        hnv_bundle_send(bundles, bundle);
    }
    return bundles->seqno;
}

static struct hnv_bundle *
hnv_bundles_find(struct hnv_bundles *bundles, ovs_be32 xid)
{
    struct hnv_bundle *bundle;

    LIST_FOR_EACH (bundle, node, &bundles->sent) {
        if (bundle->last_xid == xid) {
            return bundle;
        }
    }
    return NULL;
}

static void
hnv_bundle_done(struct hnv_bundles *bundles, struct hnv_bundle *bundle)
{
    bundles->n_bundles++;
    for (size_t i = 0; i < bundle->n; i++) {
        bundles->n_changes += bundle->changes[i].msg != NULL;
    }

    ovs_list_remove(&bundle->node);
    if (!ovs_list_is_empty(&bundles->sent)) {
        struct hnv_bundle *oldest = CONTAINER_OF(
            ovs_list_front(&bundles->sent), struct hnv_bundle, node);
        bundles->acked = oldest->seqno - 1;
    } else {
        bundles->acked = bundles->seqno - (bundles->open != NULL);
    }
    hnv_bundle_destroy(bundle);
}

/* Processes a commit or barrier reply with transaction ID 'xid'.  Returns
 * false if it is not about one of 'bundles'. */
bool
hnv_bundles_recv_reply(struct hnv_bundles *bundles, ovs_be32 xid)
{
    struct hnv_bundle *bundle = hnv_bundles_find(bundles, xid);

    if (bundle) {
        hnv_bundle_done(bundles, bundle);
    }
    return bundle != NULL;
}

/* If 'bundle' has a change with transaction ID 'xid', removes and reports
 * it. */
static bool
hnv_bundle_refuse(struct hnv_bundles *bundles, struct hnv_bundle *bundle,
                  ovs_be32 xid, enum ofperr error)
{
    for (size_t i = 0; i < bundle->n; i++) {
        struct hnv_bundled *change = &bundle->changes[i];
        const struct ofp_header *oh = change->msg ? change->msg->data : NULL;

        if (oh && oh->xid == xid) {
            bundles->n_refused++;
            bundles->refused(change->msg, change->cookie, error,
                             bundles->aux);
            ofpbuf_delete(change->msg);
            change->msg = NULL;
            return true;
        }
    }
    return false;
}

/* Processes an error message with transaction ID 'xid'.  Returns false if it
 * is not about one of 'bundles'. */
bool
hnv_bundles_recv_error(struct hnv_bundles *bundles, ovs_be32 xid,
                       enum ofperr error)
{
    struct hnv_bundle *bundle = hnv_bundles_find(bundles, xid);

    if (bundle) {
        /* The commit failed, and the error before this one said why. */
        if (++bundle->n_retries < HNV_BUNDLES_RETRIES) {
            hnv_bundle_send(bundles, bundle);
        } else {
            hnv_bundle_send_alone(bundles, bundle);
        }
        return true;
    }

    LIST_FOR_EACH (bundle, node, &bundles->sent) {
        if (hnv_bundle_refuse(bundles, bundle, xid, error)) {
            return true;
        }
    }
    return false;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-echo.h"

#include <string.h>

#include "byte-order.h"
#include "coverage.h"
#include "dp-packet.h"
#include "flow.h"
#include "netdev-nvgre.h"
#include "nvgre-selftest.h"
#include "nvgre-send.h"
#include "nvgre-tunnels.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/token-bucket.h"
#include "packets.h"
#include "seq.h"
#include "util.h"

COVERAGE_DEFINE(nvgre_probe_received);
COVERAGE_DEFINE(nvgre_probe_queue_full);
COVERAGE_DEFINE(nvgre_probe_answered);
COVERAGE_DEFINE(nvgre_probe_limited);

enum {
    MAX_RECORDS = 1024,         /* In the queue. */
    MAX_ASSEMBLIES = 32,        /* Probes of which some pieces are here. */
    TOKENS = 5,                 /* Per answer, one comes each ms. */
    MAX_TOKENS = 300 * TOKENS,
    TEST_TOKENS = 100 * TOKENS, /* What a whole self-test takes. */
};

/* What packet threads leave for the main thread. */
static struct ovs_mutex queue_mutex = OVS_MUTEX_INITIALIZER;
static struct nvgre_echo_record queue[MAX_RECORDS] OVS_GUARDED_BY(queue_mutex);
static size_t queue_first OVS_GUARDED_BY(queue_mutex);
static size_t queue_n OVS_GUARDED_BY(queue_mutex);
static struct seq *queue_seq;
static uint64_t last_seq;

static struct token_bucket bucket = TOKEN_BUCKET_INIT(1, MAX_TOKENS);
/* Lets in as many tests as the former can serve to the end. */
static struct token_bucket tests = TOKEN_BUCKET_INIT(1, MAX_TOKENS);

/* A probe of several pieces. */
struct assembly {
    struct in6_addr remote;
    uint64_t nonce;
    enum nvgre_probe_kind kind;
    uint8_t seq;
    uint8_t pieces;             /* Bit N is set if piece N is here. */
};
static struct assembly assemblies[MAX_ASSEMBLIES];
static size_t next_assembly;

/* Called with the 'size' bytes of inner frame at 'frame' of a packet in VSID
 * 0xffffff that arrived from and for the addresses in 'tnl'.  Returns true if
 * it is a probe, which needs no further attention then. */
bool
nvgre_echo_receive(const struct flow_tnl *tnl, const void *frame, size_t size)
{
    struct nvgre_echo_record r;

    if (!nvgre_probe_parse(frame, size, &r.probe, &r.seen)) {
        return false;
    }
    r.remote = flow_tnl_src(tnl);
    r.local = flow_tnl_dst(tnl);
    COVERAGE_INC(nvgre_probe_received);

    /* Tenants' packets never come here, so a lock does not hold them up. */
    ovs_mutex_lock(&queue_mutex);
    if (queue_n < MAX_RECORDS) {
        queue[(queue_first + queue_n++) % MAX_RECORDS] = r;
    } else {
        COVERAGE_INC(nvgre_probe_queue_full);
    }
    ovs_mutex_unlock(&queue_mutex);
    seq_change(queue_seq);
    return true;
}

/* Takes the oldest record out of the queue.  Returns false if it is empty. */
static bool
dequeue(struct nvgre_echo_record *r)
{
    bool ok;

    ovs_mutex_lock(&queue_mutex);
    ok = queue_n > 0;
    if (ok) {
        *r = queue[queue_first];
        queue_first = (queue_first + 1) % MAX_RECORDS;
        queue_n--;
    }
    ovs_mutex_unlock(&queue_mutex);
    return ok;
}

/* Which port should answer a record. */
struct search {
    const struct nvgre_echo_record *record;
    struct netdev *best;        /* With a reference, or null. */
    int score;
};

/* Judges how well 'netdev' represents the tenants that 'search' is about: its
 * options decide what happens to the answer. */
static void
judge_port(const struct netdev *netdev, struct nvgre_port *port,
           void *search_)
{
    const struct nvgre_config *c = nvgre_port_config(port);
    struct search *search = search_;
    const struct nvgre_echo_record *r = search->record;
    int score = 1;

    if (!c->selftest
        || (!c->tnl.ip_dst_flow
            && !ipv6_addr_equals(&c->tnl.ipv6_dst, &r->remote))
        || (ipv6_addr_is_set(&c->tnl.ipv6_src)
            && !ipv6_addr_equals(&c->tnl.ipv6_src, &r->local))) {
        return;
    }
    score += !c->tnl.ip_dst_flow;
    score += 2 * (c->tnl.in_key_flow
                  || c->tnl.in_key == htonll(r->probe.vsid));
    if (score > search->score) {
        netdev_close(search->best);
        search->best = netdev_ref(netdev);
        search->score = score;
    }
}

/* Sends 'p' from 'netdev' to where 'r' came from. */
static void
send_probe(const struct netdev *netdev, const struct nvgre_echo_record *r,
           const struct nvgre_probe *p)
{
    const struct nvgre_send_target target = {
        .remote = r->remote,
        .local = r->local,
        .vsid = NVGRE_VSID_VENDOR,
    };
    struct dp_packet *frame = nvgre_probe_compose(p);

    nvgre_send(netdev, &target, frame);
    dp_packet_delete(frame);
}

/* Takes note of a piece.  Returns true if all of its probe is here now. */
static bool
assemble(const struct nvgre_echo_record *r)
{
    const struct nvgre_probe *p = &r->probe;
    uint8_t all = (1u << p->n_pieces) - 1;
    struct assembly *a = NULL;

    if (p->n_pieces == 1) {
        return true;
    }
    for (size_t i = 0; i < MAX_ASSEMBLIES; i++) {
        if (assemblies[i].nonce == p->nonce && assemblies[i].kind == p->kind
            && assemblies[i].seq == p->seq
            && ipv6_addr_equals(&assemblies[i].remote, &r->remote)) {
            a = &assemblies[i];
        }
    }
    if (!a) {
        a = &assemblies[next_assembly];
        next_assembly = (next_assembly + 1) % MAX_ASSEMBLIES;
        a->remote = r->remote;
        a->nonce = p->nonce;
        a->kind = p->kind;
        a->seq = p->seq;
        a->pieces = 0;
    }
    a->pieces |= 1u << p->piece;
    if (a->pieces != all) {
        return false;
    }
    memset(a, 0, sizeof *a);
    return true;
}

/* Sends back what 'r' is, from 'netdev'. */
static void
echo(const struct netdev *netdev, const struct nvgre_echo_record *r)
{
    struct nvgre_probe p = r->probe;

    if (r->seen == NVGRE_PROBE_DATA || !assemble(r)) {
        /* What it should be is not sure, or not all of it is here. */
        return;
    }
    p.role = NVGRE_PROBE_ECHO;
    p.state = r->seen;
    p.piece = 0;
    do {
        send_probe(netdev, r, &p);
    } while (p.kind == NVGRE_PROBE_FRAGMENTS && ++p.piece < p.n_pieces);
}

/* Tells the sender of 'r' what was seen of it, from 'netdev'. */
static void
acknowledge(const struct netdev *netdev, const struct nvgre_echo_record *r)
{
    struct nvgre_probe p = r->probe;

    p.role = NVGRE_PROBE_ACK;
    p.state = r->seen;
    if (p.kind == NVGRE_PROBE_HELLO && p.vsid != NVGRE_PROBE_ANY_VSID
        && !nvgre_tunnels_by_vsid(&r->remote, &r->local, p.vsid)) {
        p.state = NVGRE_PROBE_VSID;
    }
    send_probe(netdev, r, &p);
}

/* Returns true if there is room for an answer to 'r'.  A hello begins a test,
 * so it needs room for all that follows: who gets no answer asks again soon,
 * while probes without an answer would look like a network that loses them. */
static bool
may_answer(const struct nvgre_echo_record *r)
{
    return (r->probe.kind != NVGRE_PROBE_HELLO
            || token_bucket_withdraw(&tests, TEST_TOKENS))
           && token_bucket_withdraw(&bucket, TOKENS);
}

static void
answer(const struct nvgre_echo_record *r)
{
    struct search search = { .record = r };

    nvgre_ports_for_each(judge_port, &search);
    if (!search.best) {
        return;
    }
    if (may_answer(r)) {
        COVERAGE_INC(nvgre_probe_answered);
        (r->probe.role == NVGRE_PROBE_ACK_ME ? acknowledge : echo)(search.best,
                                                                  r);
    } else {
        COVERAGE_INC(nvgre_probe_limited);
    }
    netdev_close(search.best);
}

void
nvgre_echo_init(void)
{
    queue_seq = seq_create();
}

/* Handles what packet threads have left. */
void
nvgre_echo_run(void)
{
    struct nvgre_echo_record r;

    last_seq = seq_read(queue_seq);
    for (int i = 0; i < MAX_RECORDS && dequeue(&r); i++) {
        if (r.probe.role == NVGRE_PROBE_ACK_ME
            || r.probe.role == NVGRE_PROBE_ECHO_ME) {
            answer(&r);
        } else {
            nvgre_selftest_answer(&r);
        }
    }
}

void
nvgre_echo_wait(void)
{
    seq_wait(queue_seq, last_seq);
}

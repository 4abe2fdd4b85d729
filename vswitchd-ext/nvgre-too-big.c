/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-too-big.h"

#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#include "byte-order.h"
#include "dp-packet.h"
#include "dpif.h"
#include "hash.h"
#include "netdev-native-tnl.h"
#include "netdev-nvgre.h"
#include "netlink.h"
#include "nvgre-compat.h"
#include "nvgre-execute.h"
#include "nvgre-fragment.h"
#include "nvgre-icmp.h"
#include "odp-netlink.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "seq.h"
#include "unaligned.h"

VLOG_DEFINE_THIS_MODULE(nvgre_too_big);

enum {
    MAX_RECORDS = 64,           /* Frames that wait for an answer. */
    N_VSID_BUCKETS = 256,
    N_SOURCE_BUCKETS = 1024,
    TOKENS_PER_ANSWER = 1000,
    MIN_SEGMENT = 128,          /* That a TSO packet is cut into. */
};

/* A frame that is to be answered. */
struct record {
    uint16_t peer_id;
    uint16_t mtu;               /* That fits through to the peer. */
    uint16_t size;              /* Of 'frame'. */
    uint32_t vsid;              /* That the frame was to be sent with. */
    struct in6_addr remote;     /* IPv4 addresses are mapped. */
    struct in6_addr local;
    OVS_ALIGNED_VAR(8) uint8_t frame[NVGRE_ICMP_KEEP];
};

/* Set while the rest of this section, and the buckets of ports, are in use. */
static atomic_flag busy = ATOMIC_FLAG_INIT;
static struct record records[MAX_RECORDS];
static unsigned int first_record;
static unsigned int n_records;
static struct token_bucket vsid_buckets[N_VSID_BUCKETS];
static struct token_bucket source_buckets[N_SOURCE_BUCKETS];

/* Changes when there is a new record. */
static struct seq *records_seq;
static uint64_t last_seq;

static void
init_buckets(struct token_bucket *buckets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        token_bucket_init(&buckets[i], 0, 0);
    }
}

/* Called once, before any of the other functions. */
void
nvgre_too_big_init(void)
{
    records_seq = seq_create();
    init_buckets(vsid_buckets, N_VSID_BUCKETS);
    init_buckets(source_buckets, N_SOURCE_BUCKETS);
}

/* The packet threads' part. */

enum kind {
    NOT_IP,                     /* Or damaged. */
    IPV4,                       /* May be fragmented. */
    IPV4_DF,
    IPV6,
};

static enum kind
classify(const struct dp_packet *packet)
{
    const struct eth_header *eth = dp_packet_data(packet);
    const struct ip_header *ip = (const void *) (eth + 1);
    size_t size = dp_packet_size(packet);

    if (eth->eth_type == htons(ETH_TYPE_IPV6)
        && size >= ETH_HEADER_LEN + IPV6_HEADER_LEN) {
        return IPV6;
    } else if (eth->eth_type == htons(ETH_TYPE_IP)
               && size >= ETH_HEADER_LEN + IP_HEADER_LEN) {
        return ip->ip_frag_off & htons(IP_DF) ? IPV4_DF : IPV4;
    }
    return NOT_IP;
}

/* Takes an answer's worth out of 'bucket', which allows 'rate' of them per
 * second, and as many at once. */
static bool
withdraw(struct token_bucket *bucket, unsigned int rate)
{
    token_bucket_set(bucket, rate, rate * TOKENS_PER_ANSWER);
    return token_bucket_withdraw(bucket, TOKENS_PER_ANSWER);
}

/* Returns true if a frame of 'port' with 'vsid', whose IP source address is
 * the 'len' bytes at 'source', may have one more answer.  'busy' must be
 * set. */
static bool
is_within_limits(struct nvgre_port *port, uint32_t vsid, const void *source,
                 size_t len)
{
    uint32_t rate = nvgre_port_config(port)->too_big_rate;
    uint32_t vsid_hash = hash_pointer(port, vsid);
    uint32_t source_hash = hash_bytes(source, len, vsid_hash);

    return (rate
            && withdraw(&source_buckets[source_hash % N_SOURCE_BUCKETS],
                        MAX(rate / 100, 1))
            && withdraw(&vsid_buckets[vsid_hash % N_VSID_BUCKETS],
                        MAX(rate / 10, 1))
            && withdraw(&port->too_big_bucket, rate));
}

/* Returns the GRE key, host order, in the template 'data'. */
static uint32_t
template_key(const struct ovs_action_push_tnl *data)
{
    const char *end = (const char *) data->header + data->header_len;

    return ntohl(get_unaligned_be32((const void *) (end - 4)));
}

/* Returns the VSID in the template 'data' of 'port' for 'remote'. */
static uint32_t
template_vsid(const struct ovs_action_push_tnl *data,
              const struct nvgre_port *port, const struct in6_addr *remote)
{
    return nvgre_key_vsid(template_key(data),
                          nvgre_config_layout(nvgre_port_config(port),
                                              remote));
}

/* Stores in '*r' all but the frame: what the template 'data' says. */
static void
fill_record(struct record *r, const struct nvgre_peer *peer,
            const struct ovs_action_push_tnl *data, uint32_t vsid, int mtu)
{
    void *header = CONST_CAST(uint32_t *, data->header);

    r->peer_id = peer->id;
    r->remote = peer->remote;
    r->mtu = MIN(mtu, UINT16_MAX);
    r->vsid = vsid;
    if (IN6_IS_ADDR_V4MAPPED(&peer->remote)) {
        const struct ip_header *ip = netdev_tnl_ip_hdr(header);

        in6_addr_set_mapped_ipv4(&r->local,
                                 get_16aligned_be32(&ip->ip_src));
    } else {
        memcpy(&r->local, &netdev_tnl_ipv6_hdr(header)->ip6_src,
               sizeof r->local);
    }
}

/* Queues 'packet', which was to be sent to 'peer' with the template 'data',
 * for an answer that says 'mtu'.  Returns false if there is to be none. */
static bool
enqueue(const struct dp_packet *packet, const struct nvgre_peer *peer,
        const struct ovs_action_push_tnl *data, int mtu)
{
    struct nvgre_port *port = nvgre_peer_port(peer);
    uint32_t vsid = template_vsid(data, port, &peer->remote);
    const char *l3 = (const char *) dp_packet_data(packet) + ETH_HEADER_LEN;
    bool ipv6 = classify(packet) == IPV6;
    const void *source = l3 + (ipv6 ? offsetof(struct ip6_hdr, ip6_src)
                               : offsetof(struct ip_header, ip_src));
    struct record *r;
    bool ok;

    if (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire)) {
        return false;
    }
    ok = (n_records < MAX_RECORDS
          && is_within_limits(port, vsid, source, ipv6 ? 16 : 4));
    if (ok) {
        r = &records[(first_record + n_records++) % MAX_RECORDS];
        fill_record(r, peer, data, vsid, mtu);
        r->size = MIN(dp_packet_size(packet), sizeof r->frame);
        memcpy(r->frame, dp_packet_data(packet), r->size);
    }
    atomic_flag_clear_explicit(&busy, memory_order_release);
    return ok;
}

/* Sees to it that the sender of 'packet' is told that 'mtu' bytes fit through
 * to 'peer', if possible. */
static void
answer_later(struct dp_packet *packet, const struct nvgre_peer *peer,
             const struct ovs_action_push_tnl *data, int mtu)
{
    struct nvgre_counters *c = peer->counters;

    nvgre_packet_complete_csums(packet);
    if (!nvgre_icmp_may_answer(dp_packet_data(packet),
                               dp_packet_size(packet))) {
        atomic_count_inc64(&c->too_big_unanswerable);
    } else if (enqueue(packet, peer, data, mtu)) {
        seq_change(records_seq);
    } else {
        atomic_count_inc64(&c->too_big_limited);
    }
}

/* Makes pieces of at most 'max' bytes of 'packet', whose sender allows it,
 * and adds them to 'batch'.  Returns false if that cannot be done. */
static bool
cut(struct dp_packet *packet, size_t max, struct dp_packet_batch *batch)
{
    if (nvgre_packet_segsz(packet)) {
        size_t headers = nvgre_packet_tcp_headers_len(packet);

        if (!headers || headers + MIN_SEGMENT > max) {
            return false;
        }
        nvgre_packet_set_segsz(packet, max - headers);
        dp_packet_batch_add(batch, packet);
        return true;
    }
    nvgre_packet_complete_csums(packet);
    return nvgre_fragment(packet, max - ETH_HEADER_LEN, batch);
}

/* Takes care of 'packet', an untagged frame that would be sent to 'peer' with
 * the template 'data' if it had no more than 'max' bytes, or a TSO packet of
 * which that is true of each segment.  Adds to 'batch' what is to be sent in
 * its place, if anything, and counts and frees what is dropped. */
void
nvgre_too_big(struct dp_packet *packet, const struct nvgre_peer *peer,
              const struct ovs_action_push_tnl *data, size_t max,
              struct dp_packet_batch *batch)
{
    const struct nvgre_config *c = nvgre_port_config(nvgre_peer_port(peer));
    int mtu = max - ETH_HEADER_LEN;
    enum nvgre_drop why = NVGRE_DROP_TX_TOO_BIG;

    switch (classify(packet)) {
    case NOT_IP:
        why = NVGRE_DROP_TX_TOO_BIG_NON_IP;
        break;
    case IPV4:
        if (c->inner_fragment && cut(packet, max, batch)) {
            atomic_count_inc64(&peer->counters->tx_fragmented);
            return;
        }
        why = NVGRE_DROP_TX_TOO_BIG_NO_DF;
        break;
    case IPV6:
        nvgre_packet_keep_first_segment(packet);
        if (dp_packet_size(packet) <= ETH_HEADER_LEN + NVGRE_IPV6_MIN_MTU) {
            why = NVGRE_DROP_TX_IPV6_MIN;
            break;
        }
        answer_later(packet, peer, data, mtu);
        break;
    case IPV4_DF:
        /* The answer quotes a packet as it would be on the wire. */
        nvgre_packet_keep_first_segment(packet);
        answer_later(packet, peer, data, mtu);
        break;
    }
    nvgre_count_drop(peer->counters, why, &peer->remote,
                     template_key(data));
    dp_packet_delete(packet);
}

/* The main thread's part. */

/* Takes the oldest record out of the queue.  Returns false if there is none.
 * May have to wait, for an instant, for a packet thread. */
static bool
dequeue(struct record *r)
{
    bool ok;

    while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire)) {
        continue;
    }
    ok = n_records > 0;
    if (ok) {
        *r = records[first_record];
        first_record = (first_record + 1) % MAX_RECORDS;
        n_records--;
    }
    atomic_flag_clear_explicit(&busy, memory_order_release);
    return ok;
}

/* Makes the metadata of 'answer' that of a packet which just came out of the
 * tunnel from 'r->remote', with 'vsid'. */
static void
set_metadata(struct dp_packet *answer, const struct record *r, uint32_t vsid,
             odp_port_t in_port)
{
    struct pkt_metadata *md = &answer->md;
    struct flow_tnl *tnl = &md->tunnel;

    memset(md, 0, sizeof *md);
    md->in_port.odp_port = in_port;
    md->orig_in_port = in_port;
    if (IN6_IS_ADDR_V4MAPPED(&r->remote)) {
        tnl->ip_src = in6_addr_get_mapped_ipv4(&r->remote);
        tnl->ip_dst = in6_addr_get_mapped_ipv4(&r->local);
    } else {
        tnl->ipv6_src = r->remote;
        tnl->ipv6_dst = r->local;
    }
    tnl->tun_id = htonll(vsid);
    tnl->ip_ttl = 64;
    tnl->flags = FLOW_TNL_F_KEY | FLOW_TNL_F_DONT_FRAGMENT;
}

/* Lets 'dpif' go on with 'answer' as it goes on with a packet that was
 * decapsulated. */
static int
inject(struct dpif *dpif, struct dp_packet *answer)
{
    struct ofpbuf actions;
    uint64_t stub[2];
    int error;

    ofpbuf_use_stub(&actions, stub, sizeof stub);
    nl_msg_put_u32(&actions, OVS_ACTION_ATTR_RECIRC, 0);
    error = nvgre_execute(dpif, answer, &actions);
    ofpbuf_uninit(&actions);
    return error;
}

static void
log_answer(const struct nvgre_port *port, const struct record *r)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 5);
    const struct eth_header *eth = (const void *) r->frame;
    struct ds s = DS_EMPTY_INITIALIZER;

    if (!VLOG_DROP_INFO(&rl)) {
        ipv6_format_mapped(&r->remote, &s);
        VLOG_INFO("%s: "ETH_ADDR_FMT" in VSID %"PRIu32" sends packets that "
                  "are too big for %s, and is told that %d bytes fit",
                  port->name,
                  ETH_ADDR_ARGS(eth->eth_src), r->vsid, ds_cstr(&s), r->mtu);
        ds_destroy(&s);
    }
}

/* Answers 'r' through 'dpif', where our packets come in on 'in_port'. */
static void
answer(const struct record *r, struct dpif *dpif, odp_port_t in_port)
{
    const struct nvgre_peer *peer = nvgre_peer_from_id(r->peer_id);
    const struct eth_header *eth = (const void *) r->frame;
    const struct in6_addr *gateway;
    const struct nvgre_config *c;
    struct dp_packet *packet;
    struct nvgre_port *port;
    uint32_t vsid;              /* That the peer would use. */

    if (!peer || !ipv6_addr_equals(&peer->remote, &r->remote)) {
        return;                 /* The port is gone, or has changed. */
    }
    port = nvgre_peer_port(peer);
    c = nvgre_port_config(port);
    vsid = c->tnl.in_key_flow ? r->vsid : ntohll(c->tnl.in_key);
    gateway = nvgre_gateways_find(&c->gateways, vsid,
                                  eth->eth_type == htons(ETH_TYPE_IP));
    packet = nvgre_icmp_too_big(r->frame, r->size, r->mtu, gateway);
    set_metadata(packet, r, vsid, in_port);
    if (!inject(dpif, packet)) {
        atomic_count_inc64(&peer->counters->too_big_answered);
        log_answer(port, r);
    }
    dp_packet_delete(packet);
}

/* Answers frames that were too big. */
void
nvgre_too_big_run(void)
{
    uint64_t seq = seq_read(records_seq);
    struct dpif *dpif = NULL;
    odp_port_t in_port;
    struct record r;

    if (seq == last_seq) {
        return;
    }
    last_seq = seq;
    for (int i = 0; i < MAX_RECORDS && dequeue(&r); i++) {
        if (!dpif) {
            dpif = nvgre_execute_open(&in_port);
        }
        if (dpif) {
            answer(&r, dpif, in_port);
        }
    }
    if (dpif) {
        dpif_close(dpif);
    }
}

/* Wakes the main thread up when there is something to answer. */
void
nvgre_too_big_wait(void)
{
    seq_wait(records_seq, last_seq);
}

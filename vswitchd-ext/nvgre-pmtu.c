/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-pmtu.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "byte-order.h"
#include "netdev-nvgre.h"
#include "nvgre-counters.h"
#include "nvgre-path-error.h"
#include "nvgre-tunnels.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/token-bucket.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(nvgre_pmtu);

enum {
    MAX_READS = 32,             /* Messages per run of the main loop. */
    TOKENS = 10,                /* Per message, one comes each ms. */
    MAX_TOKENS = 100 * TOKENS,
    RCVBUF = 32 * 1024,         /* Bytes, of each socket. */

    /* Enough for an outer IPv4 header with options, the ICMP header, the
     * quoted IP and GRE headers, and more than routers quote. */
    MAX_MESSAGE = 2048,
};

/* A socket that listens for errors of one IP version. */
struct listener {
    int family;
    int fd;                     /* -1 if it could not be opened. */
    int error;                  /* Then, why, a positive errno value. */
};

static struct listener listeners[] = {
    { .family = AF_INET, .fd = -1 },
    { .family = AF_INET6, .fd = -1 },
};
static bool opened;
static struct token_bucket bucket = TOKEN_BUCKET_INIT(1, MAX_TOKENS);

/* What came of the messages so far. */
static struct nvgre_event verdicts[N_NVGRE_PATH_VERDICTS];

/* When the first word of a router will be too old, by time_msec(). */
static long long int next_expiry = LLONG_MAX;

/* Passes fragmentation needed (type 3, code 4) that quotes protocol 47. */
static struct sock_filter ipv4_filter[] = {
    BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),     /* X = IP header length. */
    BPF_STMT(BPF_LD | BPF_H | BPF_IND, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0304, 0, 3),
    BPF_STMT(BPF_LD | BPF_B | BPF_IND, 8 + 9),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_GRE, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, MAX_MESSAGE),
    BPF_STMT(BPF_RET | BPF_K, 0),
};

/* Passes packet too big (type 2) that quotes next header 47.  An IPv6 raw
 * socket sees no IPv6 header. */
static struct sock_filter ipv6_filter[] = {
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 3),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 8 + 6),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_GRE, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, MAX_MESSAGE),
    BPF_STMT(BPF_RET | BPF_K, 0),
};

/* Opens the socket of 'l'.  Returns 0 or a positive errno value. */
static int
listener_open(struct listener *l)
{
    bool ipv6 = l->family == AF_INET6;
    struct sock_fprog filter = {
        .filter = ipv6 ? ipv6_filter : ipv4_filter,
        .len = ipv6 ? ARRAY_SIZE(ipv6_filter) : ARRAY_SIZE(ipv4_filter),
    };
    int rcvbuf = RCVBUF;
    int one = 1;
    int fd;

    fd = socket(l->family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
                ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
    if (fd < 0) {
        return errno;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter)
        || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof rcvbuf)
        || (ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one,
                               sizeof one))) {
        int error = errno;

        close(fd);
        return error;
    }
    l->fd = fd;
    return 0;
}

/* Opens the sockets, once there is an nvgre port in service. */
static void
open_listeners(void)
{
    if (opened || !nvgre_tunnels_have_nvgre()) {
        return;
    }
    opened = true;
    for (size_t i = 0; i < ARRAY_SIZE(listeners); i++) {
        struct listener *l = &listeners[i];

        l->error = listener_open(l);
        if (l->error) {
            VLOG_INFO("cannot listen for ICMP%s errors, so path MTUs stay "
                      "unknown: %s", l->family == AF_INET6 ? "v6" : "",
                      ovs_strerror(l->error));
        }
    }
}

/* Looks for the port that a believable error is about. */
struct search {
    const struct nvgre_path_error *error;
    enum nvgre_path_verdict verdict;
};

/* Returns true if 'c' sends packets with 'key', host order, from the address
 * that 'e' quotes. */
static bool
sends_key(const struct nvgre_config *c, const struct nvgre_path_error *e)
{
    uint32_t vsid = (nvgre_config_layout(c, &e->remote)
                     == NVGRE_LAYOUT_RFC7637
                     ? e->key >> 8 : e->key & 0xffffff);

    if (ipv6_addr_is_set(&c->tnl.ipv6_src)
        && !ipv6_addr_equals(&c->tnl.ipv6_src, &e->local)) {
        return false;
    }
    return (c->tnl.out_key_flow
            ? !nvgre_vsid_is_reserved(vsid) || c->reserved_vsid
            : htonll(vsid) == c->tnl.out_key);
}

static void
offer_to_port(const struct netdev *netdev OVS_UNUSED, struct nvgre_port *port,
              void *search_)
{
    const struct nvgre_config *c = nvgre_port_config(port);
    struct search *search = search_;
    const struct nvgre_path_error *e = search->error;
    enum nvgre_path_verdict verdict;

    if (!c->path_mtu_discovery) {
        return;
    }
    if (!sends_key(c, e)) {
        verdict = (nvgre_peers_has(&port->peers, &e->remote)
                   ? NVGRE_PATH_VSID_UNKNOWN : NVGRE_PATH_PEER_UNKNOWN);
    } else {
        verdict = nvgre_peers_lower_mtu(&port->peers, e,
                                        c->tnl.egress_pkt_mark);
    }

    /* All ports with the peer share the path.  The best outcome counts. */
    if (verdict == NVGRE_PATH_BELIEVED || verdict == NVGRE_PATH_NOT_LOWER) {
        search->verdict = (search->verdict == NVGRE_PATH_BELIEVED
                           ? NVGRE_PATH_BELIEVED : verdict);
    } else if (verdict == NVGRE_PATH_VSID_UNKNOWN
               && search->verdict == NVGRE_PATH_PEER_UNKNOWN) {
        search->verdict = verdict;
    }
}

static void
log_lowered(const struct nvgre_path_error *e)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(10, 20);
    struct ds s = DS_EMPTY_INITIALIZER;

    ipv6_format_mapped(&e->remote, &s);
    ds_put_cstr(&s, " according to ");
    ipv6_format_mapped(&e->router, &s);
    VLOG_INFO_RL(&rl, "path MTU lowered to %d on the way to %s", e->mtu,
                 ds_cstr(&s));
    ds_destroy(&s);
}

/* Takes note of message 'e', so far judged as 'verdict'.  Returns what came of
 * it. */
static enum nvgre_path_verdict
handle(enum nvgre_path_verdict verdict, const struct nvgre_path_error *e)
{
    if (verdict == NVGRE_PATH_BELIEVED) {
        struct search search = {
            .error = e,
            .verdict = NVGRE_PATH_PEER_UNKNOWN,
        };

        nvgre_ports_for_each(offer_to_port, &search);
        verdict = search.verdict;
        if (verdict == NVGRE_PATH_BELIEVED) {
            log_lowered(e);
        }
    }
    nvgre_event_add(&verdicts[verdict], &e->router, e->key);
    return verdict;
}

/* Stores in '*dst' the address that the IPv6 message 'msg' was sent to.
 * Returns false if the kernel did not say. */
static bool
get_pktinfo(struct msghdr *msg, struct in6_addr *dst)
{
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg;
         cmsg = CMSG_NXTHDR(msg, cmsg)) {
        if (cmsg->cmsg_level == IPPROTO_IPV6
            && cmsg->cmsg_type == IPV6_PKTINFO) {
            const struct in6_pktinfo *info = (void *) CMSG_DATA(cmsg);

            *dst = info->ipi6_addr;
            return true;
        }
    }
    return false;
}

/* Reads and handles a message from 'l'.  Returns 0, or a positive errno
 * value. */
static int
listener_read(const struct listener *l, bool *lowered)
{
    uint8_t buffer[MAX_MESSAGE];
    uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    struct sockaddr_in6 from;
    struct iovec iov = { .iov_base = buffer, .iov_len = sizeof buffer };
    struct msghdr msg = {
        .msg_name = &from, .msg_namelen = sizeof from,
        .msg_iov = &iov, .msg_iovlen = 1,
        .msg_control = control, .msg_controllen = sizeof control,
    };
    enum nvgre_path_verdict verdict;
    struct nvgre_path_error e;
    struct in6_addr dst;
    ssize_t n;

    memset(&from, 0, sizeof from);
    n = recvmsg(l->fd, &msg, MSG_DONTWAIT);
    if (n < 0) {
        return errno;
    }
    if (l->family == AF_INET) {
        verdict = nvgre_path_error_parse_ip(buffer, n, &e);
    } else if (get_pktinfo(&msg, &dst)) {
        verdict = nvgre_path_error_parse(buffer, n, &from.sin6_addr, &dst,
                                         &e);
    } else {
        return 0;
    }
    *lowered |= handle(verdict, &e) == NVGRE_PATH_BELIEVED;
    return 0;
}

static void
find_expiry(const struct netdev *netdev OVS_UNUSED, struct nvgre_port *port,
            void *aux OVS_UNUSED)
{
    next_expiry = MIN(next_expiry, nvgre_peers_pmtu_expires(&port->peers));
}

/* Returns true if a message may be read now. */
static bool
have_tokens(void)
{
    struct token_bucket copy = bucket;

    return token_bucket_withdraw(&copy, TOKENS);
}

/* Handles what arrived and what has become too old.  Returns true if the MTUs
 * of ports have to be worked out anew. */
bool
nvgre_pmtu_run(void)
{
    bool lowered = false;
    bool expired = time_msec() >= next_expiry;

    open_listeners();
    for (size_t i = 0; i < ARRAY_SIZE(listeners); i++) {
        for (int j = 0; j < MAX_READS && listeners[i].fd >= 0; j++) {
            if (!have_tokens() || listener_read(&listeners[i], &lowered)) {
                break;
            }
            token_bucket_withdraw(&bucket, TOKENS);
        }
    }
    if (lowered || expired) {
        next_expiry = LLONG_MAX;
        nvgre_ports_for_each(find_expiry, NULL);
    }
    return lowered || expired;
}

void
nvgre_pmtu_wait(void)
{
    if (!have_tokens()) {
        token_bucket_wait(&bucket, TOKENS);
    } else {
        for (size_t i = 0; i < ARRAY_SIZE(listeners); i++) {
            if (listeners[i].fd >= 0) {
                poll_fd_wait(listeners[i].fd, POLLIN);
            }
        }
    }
    if (next_expiry != LLONG_MAX) {
        poll_timer_wait_until(next_expiry);
    }
}

/* Appends to 's' what 'pmtu' says, if it says anything. */
void
nvgre_pmtu_format(const struct nvgre_pmtu *pmtu, struct ds *s)
{
    if (pmtu->outer) {
        ds_put_format(s, ", %d said by ", pmtu->outer);
        ipv6_format_mapped(&pmtu->router, s);
        ds_put_strftime_msec(s, " at %Y-%m-%dT%H:%M:%S.###Z", pmtu->when,
                             true);
        ds_put_format(s, " for another %lld s",
                      MAX(0, pmtu->expires - time_msec()) / 1000);
    }
}

static void
format_verdict(enum nvgre_path_verdict verdict, struct ds *s)
{
    struct nvgre_event *event = &verdicts[verdict];
    struct in6_addr router;
    long long int when;
    uint32_t key;

    if (nvgre_event_last(event, &router, &key, &when)) {
        ds_put_format(s, "%-13s %"PRIu64": %s, last from ",
                      nvgre_path_verdict_name(verdict),
                      nvgre_event_get(event),
                      nvgre_path_verdict_text(verdict));
        ipv6_format_mapped(&router, s);
        ds_put_strftime_msec(s, " at %Y-%m-%dT%H:%M:%S.###Z\n", when, true);
    }
}

static void
nvgre_unixctl_path_mtu(struct unixctl_conn *conn, int argc OVS_UNUSED,
                       const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < ARRAY_SIZE(listeners); i++) {
        const struct listener *l = &listeners[i];

        ds_put_format(&s, "%s errors: %s\n",
                      l->family == AF_INET6 ? "ICMPv6" : "ICMP",
                      l->fd >= 0 ? "listening"
                      : opened ? ovs_strerror(l->error)
                      : "not listening without an nvgre port in service");
    }
    for (int i = 0; i < N_NVGRE_PATH_VERDICTS; i++) {
        format_verdict(i, &s);
    }
    unixctl_command_reply(conn, ds_cstr(&s));
    ds_destroy(&s);
}

/* Makes the ports take what changed into account, soon. */
static void
update_soon(void)
{
    next_expiry = time_msec();
    poll_immediate_wake();
}

static void
nvgre_unixctl_path_mtu_receive(struct unixctl_conn *conn,
                               int argc OVS_UNUSED, const char *argv[],
                               void *aux OVS_UNUSED)
{
    enum nvgre_path_verdict verdict;
    struct nvgre_path_error e;
    struct ofpbuf b;

    ofpbuf_init(&b, 0);
    if (ofpbuf_put_hex(&b, argv[1], NULL)[0]) {
        unixctl_command_reply_error(conn, "expected an IP packet in hex");
    } else {
        verdict = nvgre_path_error_parse_ip(b.data, b.size, &e);
        verdict = handle(verdict, &e);
        update_soon();
        unixctl_command_reply(conn, nvgre_path_verdict_name(verdict));
    }
    ofpbuf_uninit(&b);
}

/* Which peers to forget the path MTU of. */
struct forget {
    const char *port;           /* Null for all. */
    struct in6_addr *remote;    /* Null for all. */
    bool found;
};

static void
forget_port(const struct netdev *netdev OVS_UNUSED, struct nvgre_port *port,
            void *forget_)
{
    struct forget *forget = forget_;

    if (!forget->port || !strcmp(forget->port, port->name)) {
        forget->found |= nvgre_peers_forget_pmtu(&port->peers,
                                                 forget->remote);
    }
}

static void
nvgre_unixctl_path_mtu_forget(struct unixctl_conn *conn, int argc,
                              const char *argv[], void *aux OVS_UNUSED)
{
    struct forget forget = { .port = argc > 1 ? argv[1] : NULL };
    struct in6_addr remote;

    if (argc > 2) {
        if (!nvgre_parse_unicast(argv[2], &remote)) {
            unixctl_command_reply_error(conn, "expected the address of a "
                                        "peer (see nvgre/peers)");
            return;
        }
        forget.remote = &remote;
    }
    nvgre_ports_for_each(forget_port, &forget);
    if (argc > 1 && !forget.found) {
        unixctl_command_reply_error(conn, "there is no such nvgre port or "
                                    "peer (see nvgre/peers)");
        return;
    }
    update_soon();
    unixctl_command_reply(conn, NULL);
}

/* Registers the commands. */
void
nvgre_pmtu_init(void)
{
    for (int i = 0; i < N_NVGRE_PATH_VERDICTS; i++) {
        nvgre_event_init(&verdicts[i]);
    }
    unixctl_command_register("nvgre/path-mtu", "", 0, 0,
                             nvgre_unixctl_path_mtu, NULL);
    unixctl_command_register("nvgre/path-mtu-forget", "[port [peer]]", 0, 2,
                             nvgre_unixctl_path_mtu_forget, NULL);
    unixctl_command_register("nvgre/path-mtu-receive", "packet", 1, 1,
                             nvgre_unixctl_path_mtu_receive, NULL);
}

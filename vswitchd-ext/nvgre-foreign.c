/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-foreign.h"

#include <errno.h>
#include <string.h>

#include "byte-order.h"
#include "dp-packet.h"
#include "flow.h"
#include "netdev-nvgre.h"
#include "nvgre-foreign-frames.h"
#include "nvgre-selftest.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "random.h"
#include "seq.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"

enum {
    MAX_TESTS = 8,              /* At the same time. */
    MAX_RECORDS = 256,          /* In the queue. */
    ROUNDS = 3,
    ROUND_MS = 100,
    ARP_MS = 250,               /* Between questions for the MAC address. */
    GIVE_UP_MS = 2000,          /* Without an answer to them. */
    LISTEN_MS = 1000,           /* For answers to the last round. */
};

/* A test that is going on.  What packet threads look at, 'ends' and 'target',
 * does not change while 'used' is set, except for 'ends.their_mac', which they
 * do not look at. */
struct test {
    bool used;
    struct nvgre_send_target target;
    struct nvgre_foreign_ends ends;

    /* The main thread's own. */
    struct unixctl_conn *conn;
    bool json;
    char *port;
    int mtu;
    bool mac_known;
    int round;
    int send_error;             /* Why the last frame was not sent, or 0. */
    long long int start;        /* time_msec(). */
    long long int next;
    int n_good[N_NVGRE_FOREIGN_KINDS]; /* Answers. */
    int n_bad[N_NVGRE_FOREIGN_KINDS]; /* Answers with a wrong checksum. */
};

/* An answer that a packet thread leaves for the main thread. */
struct record {
    size_t test;
    struct nvgre_foreign_answer answer;
};

static struct ovs_mutex mutex = OVS_MUTEX_INITIALIZER;
static struct test tests[MAX_TESTS] OVS_GUARDED_BY(mutex);
static struct record queue[MAX_RECORDS] OVS_GUARDED_BY(mutex);
static size_t queue_n OVS_GUARDED_BY(mutex);
static struct seq *queue_seq;
static uint64_t last_seq;

atomic_count nvgre_foreign_n = ATOMIC_COUNT_INIT(0);

/* Called with an inner frame, the 'size' bytes at 'frame', that came out of
 * the tunnel with metadata 'tnl', when nvgre_foreign_is_on().  Returns true if
 * the frame is for a test and nobody else. */
bool
nvgre_foreign_receive(const struct flow_tnl *tnl, const void *frame,
                      size_t size)
{
    struct in6_addr remote = flow_tnl_src(tnl);
    bool taken = false;

    ovs_mutex_lock(&mutex);
    for (size_t i = 0; i < MAX_TESTS && !taken; i++) {
        struct test *test = &tests[i];
        struct nvgre_foreign_answer answer;

        if (test->used && htonll(test->target.vsid) == tnl->tun_id
            && ipv6_addr_equals(&test->target.remote, &remote)
            && nvgre_foreign_parse(&test->ends, frame, size, &answer)) {
            if (queue_n < MAX_RECORDS) {
                queue[queue_n++] = (struct record) { i, answer };
            }
            taken = !answer.for_others;
        }
    }
    ovs_mutex_unlock(&mutex);
    seq_change(queue_seq);
    return taken;
}

/* The main thread is the only one that changes tests, so it may look at them
 * without the lock. */
static struct test *
get_test(size_t i)
    OVS_NO_THREAD_SAFETY_ANALYSIS
{
    return &tests[i];
}

/* Sends 'frame', which it frees, in the name of 'test'. */
static void
send_frame(struct test *test, struct dp_packet *frame)
{
    struct netdev *netdev = nvgre_selftest_find_port(test->port);

    test->send_error = (netdev ? nvgre_send(netdev, &test->target, frame)
                        : ENODEV);
    netdev_close(netdev);
    dp_packet_delete(frame);
}

/* Begins the test that 'request' asks for, on the port named 'port', the
 * result of which 'conn' waits for. */
void
nvgre_foreign_start(struct unixctl_conn *conn, const char *port,
                    const struct nvgre_foreign_request *request)
{
    struct test test = {
        .used = true,
        .conn = conn,
        .json = (unixctl_command_get_output_format(conn)
                 == UNIXCTL_OUTPUT_FMT_JSON),
        .port = xstrdup(port),
        .target = request->target,
        .mtu = request->mtu,
        .start = time_msec(),
        .next = time_msec(),
        .mac_known = !eth_addr_is_zero(request->their_mac),
        .ends = {
            .our_mac = request->our_mac,
            .their_mac = request->their_mac,
            .our_ip = request->our_ip,
            .their_ip = request->their_ip,
            .made_up = eth_addr_is_zero(request->our_mac),
            .id = (random_uint16() | 0xc000) & 0xfff0,
        },
    };
    bool started = false;

    if (test.ends.made_up) {
        eth_addr_random(&test.ends.our_mac);
    }
    ovs_mutex_lock(&mutex);
    for (size_t i = 0; i < MAX_TESTS && !started; i++) {
        if (!tests[i].used) {
            tests[i] = test;
            started = true;
        }
    }
    ovs_mutex_unlock(&mutex);
    if (started) {
        atomic_count_inc(&nvgre_foreign_n);
        poll_immediate_wake();
    } else {
        free(test.port);
        unixctl_command_reply_error(conn, "too many tests are going on: try "
                                    "again in some seconds");
    }
}

static const char *const kind_names[N_NVGRE_FOREIGN_KINDS] = {
    [NVGRE_FOREIGN_ARP] = "ARP",
    [NVGRE_FOREIGN_ICMP] = "ICMP",
    [NVGRE_FOREIGN_UDP] = "UDP",
    [NVGRE_FOREIGN_TCP] = "TCP",
    [NVGRE_FOREIGN_LARGEST] = "largest",
    [NVGRE_FOREIGN_FRAGMENTS] = "fragments",
};

static const char *const advices[N_NVGRE_FOREIGN_KINDS] = {
    [NVGRE_FOREIGN_ARP] = "",
    [NVGRE_FOREIGN_ICMP] = "the machine's firewall may drop echo requests",
    [NVGRE_FOREIGN_UDP] = "set options:tx_csum_udp=false here and turn the "
                          "encapsulated task offload of the other host's "
                          "network card off, unless the machine's firewall "
                          "drops UDP port 7",
    [NVGRE_FOREIGN_TCP] = "set options:tx_csum_tcp=false here and turn the "
                          "encapsulated task offload of the other host's "
                          "network card off, unless the machine's firewall "
                          "drops TCP port 7",
    [NVGRE_FOREIGN_LARGEST] = "the way does not carry the MTU: set a smaller "
                              "one on the underlay's device",
    [NVGRE_FOREIGN_FRAGMENTS] = "something drops fragments",
};

/* Returns what became of 'kind'. */
static const char *
fate_name(const struct test *test, enum nvgre_foreign_kind kind)
{
    return (kind == NVGRE_FOREIGN_ARP && !test->round ? "no answer"
            : kind == NVGRE_FOREIGN_ARP ? "fine"
            : test->n_bad[kind] ? "damaged"
            : !test->n_good[kind] ? "no answer"
            : test->n_good[kind] < ROUNDS ? "lossy" : "fine");
}

/* Appends to 's' what to do, a line for each fault. */
static void
advise(const struct test *test, struct ds *s)
{
    for (int kind = NVGRE_FOREIGN_ICMP; kind < N_NVGRE_FOREIGN_KINDS; kind++) {
        const char *fate = fate_name(test, kind);

        if (!strcmp(fate, "fine")) {
            continue;
        }
        if (s->length) {
            ds_put_char(s, '\n');
        }
        if (!strcmp(fate, "damaged")) {
            ds_put_format(s, "%s: %d answers had a wrong checksum: turn the "
                          "encapsulated task offload of the other host's "
                          "network card off", kind_names[kind],
                          test->n_bad[kind]);
        } else if (!strcmp(fate, "lossy")) {
            ds_put_format(s, "%s: %d of %d answered: the network loses "
                          "packets", kind_names[kind], test->n_good[kind],
                          ROUNDS);
        } else {
            ds_put_format(s, "%s: no answer: %s", kind_names[kind],
                          advices[kind]);
        }
    }
}

/* Appends to 's' why nothing could be tried. */
static void
report_silence(const struct test *test, struct ds *s)
{
    ds_put_format(s, "%s: "IP_FMT" does not answer ARP in VSID %"PRIu32": ",
                  test->port, IP_ARGS(test->ends.their_ip),
                  test->target.vsid);
    if (test->send_error) {
        ds_put_format(s, "its host cannot be sent to (%s)",
                      ovs_strerror(test->send_error));
    } else {
        ds_put_cstr(s, "is it behind this peer?  A Hyper-V host does not pass "
                    "ARP on: then give its MAC address with --mac, and with "
                    "--from and --from-mac the addresses of a machine that "
                    "the other host has a lookup record for");
    }
}

static void
report(const struct test *test, struct ds *s)
{
    struct ds advice = DS_EMPTY_INITIALIZER;

    ds_put_format(s, "%s to "IP_FMT" in VSID %"PRIu32" behind ", test->port,
                  IP_ARGS(test->ends.their_ip), test->target.vsid);
    ipv6_format_mapped(&test->target.remote, s);
    ds_put_format(s, ", %lld ms, MTU %d\n", time_msec() - test->start,
                  test->mtu);
    for (int kind = 0; kind < N_NVGRE_FOREIGN_KINDS; kind++) {
        ds_put_format(s, "  %-12s  %s\n", kind_names[kind],
                      fate_name(test, kind));
    }
    advise(test, &advice);
    ds_put_cstr(s, advice.length ? "result: faults\n" : "result: fine");
    ds_put_buffer(s, advice.string, advice.length);
    ds_destroy(&advice);
}

static struct json *
report_json(const struct test *test)
{
    struct json *result = json_object_create();
    struct json *array = json_array_create_empty();
    struct ds s = DS_EMPTY_INITIALIZER;

    ipv6_format_mapped(&test->target.remote, &s);
    json_object_put_string(result, "port", test->port);
    json_object_put_string(result, "peer", ds_cstr(&s));
    json_object_put(result, "mtu", json_integer_create(test->mtu));
    for (int kind = 0; kind < N_NVGRE_FOREIGN_KINDS; kind++) {
        struct json *row = json_object_create();

        json_object_put_string(row, "kind", kind_names[kind]);
        json_object_put_string(row, "both", fate_name(test, kind));
        json_array_add(array, row);
    }
    json_object_put(result, "probes", array);
    ds_clear(&s);
    advise(test, &s);
    json_object_put_string(result, "result", s.length ? "faults" : "fine");
    json_object_put_string(result, "advice", ds_cstr(&s));
    ds_destroy(&s);
    return result;
}

/* Replies with the result of 'test' and ends it. */
static void
finish(struct test *test)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    if (!test->round) {
        report_silence(test, &s);
        unixctl_command_reply_error(test->conn, ds_cstr(&s));
    } else if (test->json) {
        unixctl_command_reply_json(test->conn, report_json(test));
    } else {
        report(test, &s);
        (strstr(ds_cstr(&s), "result: fine")
         ? unixctl_command_reply
         : unixctl_command_reply_error)(test->conn, ds_cstr(&s));
    }
    ds_destroy(&s);
    free(test->port);
    ovs_mutex_lock(&mutex);
    test->used = false;
    ovs_mutex_unlock(&mutex);
    atomic_count_dec(&nvgre_foreign_n);
}

/* Takes note of 'answer' to 'test'. */
static void
handle(struct test *test, const struct nvgre_foreign_answer *answer)
{
    if (answer->asks) {
        if (test->ends.made_up) {
            send_frame(test, nvgre_foreign_arp(&test->ends, answer->mac));
        }
    } else if (answer->kind == NVGRE_FOREIGN_ARP) {
        test->ends.their_mac = answer->mac;
        if (!test->mac_known) {
            test->mac_known = true;
            test->next = time_msec();
        }
    } else {
        (answer->bad ? test->n_bad : test->n_good)[answer->kind]++;
        if (answer->syn_ack) {
            send_frame(test, nvgre_foreign_reset(&test->ends, answer));
        }
    }
}

/* Takes the oldest record out of the queue. */
static bool
dequeue(struct record *r)
{
    bool ok;

    ovs_mutex_lock(&mutex);
    ok = queue_n > 0;
    if (ok) {
        *r = queue[0];
        queue_n--;
        memmove(queue, queue + 1, queue_n * sizeof *queue);
    }
    ovs_mutex_unlock(&mutex);
    return ok;
}

/* Returns true if all answers to 'test' have come. */
static bool
is_complete(const struct test *test)
{
    for (int kind = NVGRE_FOREIGN_ICMP; kind < N_NVGRE_FOREIGN_KINDS; kind++) {
        if (test->n_good[kind] + test->n_bad[kind] < test->round) {
            return false;
        }
    }
    return test->round == ROUNDS;
}

static void
send_round(struct test *test)
{
    for (int kind = NVGRE_FOREIGN_ICMP; kind < N_NVGRE_FOREIGN_KINDS; kind++) {
        int n = kind == NVGRE_FOREIGN_FRAGMENTS ? 2 : 1;

        for (int piece = 0; piece < n; piece++) {
            send_frame(test, nvgre_foreign_probe(&test->ends, kind,
                                                 test->round, piece,
                                                 test->mtu));
        }
    }
}

/* Goes on with 'test'. */
static void
go_on(struct test *test)
{
    long long int now = time_msec();

    if (!test->mac_known) {
        if (now >= test->start + GIVE_UP_MS) {
            finish(test);
            return;
        }
        send_frame(test, nvgre_foreign_arp(&test->ends, eth_addr_zero));
        test->next = now + (test->send_error ? ROUND_MS / 2 : ARP_MS);
    } else if (test->round < ROUNDS) {
        send_round(test);
        if (test->send_error == EAGAIN && now < test->start + GIVE_UP_MS) {
            /* The other host's MAC address is yet to come. */
            test->next = now + ROUND_MS / 2;
            return;
        }
        test->next = now + (++test->round < ROUNDS ? ROUND_MS : LISTEN_MS);
    } else {
        finish(test);
    }
}

void
nvgre_foreign_init(void)
{
    queue_seq = seq_create();
}

/* Takes the tests that are going on further. */
void
nvgre_foreign_run(void)
{
    struct record r;

    if (!nvgre_foreign_is_on()) {
        return;
    }
    last_seq = seq_read(queue_seq);
    for (int i = 0; i < MAX_RECORDS && dequeue(&r); i++) {
        struct test *test = get_test(r.test);

        if (test->used) {
            handle(test, &r.answer);
            if (is_complete(test)) {
                test->next = time_msec();
            }
        }
    }
    for (size_t i = 0; i < MAX_TESTS; i++) {
        struct test *test = get_test(i);

        if (test->used && time_msec() >= test->next) {
            go_on(test);
        }
    }
}

void
nvgre_foreign_wait(void)
{
    if (!nvgre_foreign_is_on()) {
        return;
    }
    seq_wait(queue_seq, last_seq);
    for (size_t i = 0; i < MAX_TESTS; i++) {
        const struct test *test = get_test(i);

        if (test->used) {
            poll_timer_wait_until(test->next);
        }
    }
}

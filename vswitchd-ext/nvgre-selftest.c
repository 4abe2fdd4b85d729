/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-selftest.h"

#include <errno.h>
#include <string.h>

#include "byte-order.h"
#include "coverage.h"
#include "dp-packet.h"
#include "netdev-nvgre.h"
#include "nvgre-echo.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "packets.h"
#include "random.h"
#include "timeval.h"
#include "unixctl.h"
#include "userspace-tso.h"
#include "util.h"

COVERAGE_DEFINE(nvgre_selftest);

enum {
    MAX_TESTS = 16,             /* At the same time. */
    HELLO_MS = 250,             /* Between hellos. */
    RETRY_MS = 50,              /* The same if one could not be sent. */
    GIVE_UP_MS = 2000,          /* Without an answer to a hello. */
    SETTLE_MS = 200,            /* From that answer to the first probe. */
    ROUND_MS = 200,             /* For answers to a round of probes. */
    LISTEN_MS = 700,            /* The same for the last one. */
    SEARCH_MS = 300,            /* For answers to a step of the search. */
    N_SEARCHES = 6,
    SEARCH_SIZES = 8,           /* Sizes tried in a step. */
};

static struct ovs_list tests = OVS_LIST_INITIALIZER(&tests);

/* Sends 'p' in the name of 'test' from 'netdev'. */
static void
send_probe(struct nvgre_selftest *test, const struct netdev *netdev,
           const struct nvgre_probe *p)
{
    struct dp_packet *frame = nvgre_probe_compose(p);

    test->send_error = nvgre_send(netdev, &test->target, frame);
    dp_packet_delete(frame);
}

/* Returns the size of the IP packets of probes of 'kind'. */
static uint16_t
probe_size(const struct nvgre_selftest *test, enum nvgre_probe_kind kind)
{
    switch (kind) {
    case NVGRE_PROBE_SEGMENTS:
    case NVGRE_PROBE_LARGEST:
        return test->mtu;
    case NVGRE_PROBE_FRAGMENTS:
        return NVGRE_PROBE_FRAGMENT;
    case NVGRE_PROBE_HELLO:
    case NVGRE_PROBE_ICMP:
    case NVGRE_PROBE_UDP:
    case NVGRE_PROBE_TCP:
    case N_NVGRE_PROBE_KINDS:
    default:
        return NVGRE_PROBE_SMALL;
    }
}

/* Makes '*p' a probe of 'test'. */
static void
make_probe(const struct nvgre_selftest *test, enum nvgre_probe_kind kind,
           enum nvgre_probe_role role, uint8_t seq, struct nvgre_probe *p)
{
    *p = test->template;
    p->kind = kind;
    p->role = role;
    p->seq = seq;
    p->piece = 0;
    p->n_pieces = (kind == NVGRE_PROBE_FRAGMENTS ? NVGRE_PROBE_N_FRAGMENTS
                   : kind == NVGRE_PROBE_SEGMENTS ? NVGRE_PROBE_N_SEGMENTS
                   : 1);
    p->size = probe_size(test, kind);
}

/* Returns true if 'test' tries 'kind' at all. */
static bool
is_tried(const struct nvgre_selftest *test, enum nvgre_probe_kind kind)
{
    return (kind != NVGRE_PROBE_HELLO
            && (kind != NVGRE_PROBE_SEGMENTS || test->tso));
}

/* Sends one probe of 'kind', all pieces of it. */
static void
send_all_pieces(struct nvgre_selftest *test, const struct netdev *netdev,
                enum nvgre_probe_kind kind, enum nvgre_probe_role role)
{
    struct nvgre_probe p;

    make_probe(test, kind, role, test->step, &p);
    (role == NVGRE_PROBE_ACK_ME ? test->there : test->back)[kind].expected
        += p.n_pieces;
    do {
        send_probe(test, netdev, &p);
    } while (kind == NVGRE_PROBE_FRAGMENTS && ++p.piece < p.n_pieces);
}

static void
send_round(struct nvgre_selftest *test, const struct netdev *netdev)
{
    for (int kind = 0; kind < N_NVGRE_PROBE_KINDS; kind++) {
        if (is_tried(test, kind)) {
            send_all_pieces(test, netdev, kind, NVGRE_PROBE_ACK_ME);
            send_all_pieces(test, netdev, kind, NVGRE_PROBE_ECHO_ME);
        }
    }
}

/* Sends probes of sizes between what fits and what does not. */
static void
send_sizes(struct nvgre_selftest *test, const struct netdev *netdev)
{
    int gap = test->too_big - test->fits;
    int last = 0;

    for (int i = 1; i <= SEARCH_SIZES; i++) {
        int size = test->fits + gap * i / (SEARCH_SIZES + 1);
        struct nvgre_probe p;

        if (size != last && size > test->fits) {
            make_probe(test, NVGRE_PROBE_LARGEST, NVGRE_PROBE_ACK_ME,
                       NVGRE_SELFTEST_ROUNDS + test->step, &p);
            p.size = last = size;
            send_probe(test, netdev, &p);
            send_probe(test, netdev, &p);
        }
    }
}

/* Concludes from a step of the search that what was sent and is bigger than
 * what got through is too big. */
static void
conclude_step(struct nvgre_selftest *test)
{
    int gap = test->too_big - test->step_fits;

    for (int i = 1; i <= SEARCH_SIZES; i++) {
        int size = test->step_fits + gap * i / (SEARCH_SIZES + 1);

        if (size > test->fits) {
            test->too_big = size;
            break;
        }
    }
}

/* Returns true if 'test' has nothing more to wait for. */
static bool
all_arrived(const struct nvgre_selftest *test)
{
    for (int i = 0; i < N_NVGRE_PROBE_KINDS; i++) {
        if (nvgre_tally_n_arrived(&test->there[i]) < test->there[i].expected
            || (nvgre_tally_n_arrived(&test->back[i])
                < test->back[i].expected)) {
            return false;
        }
    }
    return true;
}

static void
enter(struct nvgre_selftest *test, enum nvgre_selftest_phase phase,
      long long int next)
{
    test->phase = phase;
    test->step = 0;
    test->next = next;
}

/* Ends the phase in which answers were awaited.  Returns true if there is
 * something to search for. */
static bool
begin_search(struct nvgre_selftest *test)
{
    if (nvgre_tally_n_arrived(&test->there[NVGRE_PROBE_LARGEST])
        || !nvgre_tally_n_arrived(&test->there[NVGRE_PROBE_ICMP])) {
        return false;
    }
    test->fits = NVGRE_PROBE_SMALL;
    test->too_big = test->mtu;
    enter(test, NVGRE_SELFTEST_SEARCH, time_msec());
    return true;
}

/* Says hello again, or gives up. */
static bool
go_on_with_hello(struct nvgre_selftest *test, const struct netdev *netdev)
{
    long long int now = time_msec();
    struct nvgre_probe p;

    if (test->said_hello) {
        /* A new peer can change the MTU of the ports at both ends, and with it
         * the datapath flows that probes depend on.  That is over soon, and no
         * fault of the network. */
        enter(test, NVGRE_SELFTEST_PROBES, now + SETTLE_MS);
        return true;
    } else if (now >= test->start + GIVE_UP_MS) {
        return false;
    }
    make_probe(test, NVGRE_PROBE_HELLO, NVGRE_PROBE_ACK_ME, test->step++, &p);
    send_probe(test, netdev, &p);
    test->next = now + (test->send_error ? RETRY_MS : HELLO_MS);
    return true;
}

/* Takes the next step of the search, or ends it. */
static bool
go_on_with_search(struct nvgre_selftest *test, const struct netdev *netdev)
{
    if (test->step) {
        conclude_step(test);
    }
    if (test->too_big - test->fits <= 1 || test->step++ == N_SEARCHES) {
        return false;
    }
    test->step_fits = test->fits;
    send_sizes(test, netdev);
    test->next = time_msec() + SEARCH_MS;
    return true;
}

/* Goes on with 'test', whose port is 'netdev' and whose time has come.
 * Returns false if it is over. */
static bool
go_on(struct nvgre_selftest *test, const struct netdev *netdev)
{
    long long int now = time_msec();

    switch (test->phase) {
    case NVGRE_SELFTEST_HELLO:
        return go_on_with_hello(test, netdev);

    case NVGRE_SELFTEST_PROBES:
        send_round(test, netdev);
        test->next = now + ROUND_MS;
        if (++test->step == NVGRE_SELFTEST_ROUNDS) {
            enter(test, NVGRE_SELFTEST_LISTEN, now + LISTEN_MS);
        }
        return true;

    case NVGRE_SELFTEST_LISTEN:
        return begin_search(test);

    case NVGRE_SELFTEST_SEARCH:
        return go_on_with_search(test, netdev);

    default:
        OVS_NOT_REACHED();
    }
}

/* Finds a port by its name. */
struct find {
    const char *name;
    struct netdev *netdev;      /* With a reference, or null. */
};

static void
match_name(const struct netdev *netdev, struct nvgre_port *port, void *find_)
{
    struct find *find = find_;

    if (!find->netdev && !strcmp(port->name, find->name)) {
        find->netdev = netdev_ref(netdev);
    }
}

/* Returns the nvgre port named 'name', for the caller to close, or NULL if
 * there is none. */
struct netdev *
nvgre_selftest_find_port(const char *name)
{
    struct find find = { .name = name };

    nvgre_ports_for_each(match_name, &find);
    return find.netdev;
}

/* Replies with the result of 'test', or with 'error' if it has none, and frees
 * it. */
static void
finish(struct nvgre_selftest *test, const char *error)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    if (error) {
        unixctl_command_reply_error(test->conn, error);
    } else if (!test->said_hello) {
        nvgre_selftest_report_silence(test, &s);
        unixctl_command_reply_error(test->conn, ds_cstr(&s));
    } else if (test->json) {
        unixctl_command_reply_json(test->conn,
                                   nvgre_selftest_report_json(test));
    } else if (nvgre_selftest_report(test, &s)) {
        unixctl_command_reply(test->conn, ds_cstr(&s));
    } else {
        unixctl_command_reply_error(test->conn, ds_cstr(&s));
    }
    ds_destroy(&s);
    ovs_list_remove(&test->node);
    free(test->port);
    free(test);
}

/* Counts in 'tally' that 'p' arrived in 'state', unless it is a duplicate. */
static void
tally_add(struct nvgre_tally *tally, const struct nvgre_probe *p,
          enum nvgre_probe_state state)
{
    unsigned int index = p->seq * p->n_pieces + p->piece;

    if (index < 32 && !(tally->arrived & (1u << index))) {
        tally->arrived |= 1u << index;
        tally->n[state]++;
    }
}

/* Takes note of 'r', which answers a probe of this end. */
void
nvgre_selftest_answer(const struct nvgre_echo_record *r)
{
    const struct nvgre_probe *p = &r->probe;
    struct nvgre_selftest *test;

    LIST_FOR_EACH (test, node, &tests) {
        if (test->template.nonce != p->nonce
            || !ipv6_addr_equals(&test->target.remote, &r->remote)) {
            continue;
        }
        if (p->role == NVGRE_PROBE_ECHO) {
            tally_add(&test->back[p->kind], p, r->seen);
        } else if (p->kind == NVGRE_PROBE_HELLO) {
            test->said_hello = true;
            test->vsid_unknown |= p->state == NVGRE_PROBE_VSID;
            if (test->phase == NVGRE_SELFTEST_HELLO) {
                test->next = time_msec();
            }
        } else if (p->seq < NVGRE_SELFTEST_ROUNDS) {
            tally_add(&test->there[p->kind], p, p->state);
        } else if (p->state == NVGRE_PROBE_FINE && p->size < test->too_big) {
            test->fits = MAX(test->fits, p->size);
        }
        if (all_arrived(test)
            && ((test->phase == NVGRE_SELFTEST_PROBES && test->step)
                || test->phase == NVGRE_SELFTEST_LISTEN)) {
            /* No burst is longer than a round, lest a slow host drop some. */
            test->next = time_msec();
        }
    }
}

/* Takes the tests that are going on further. */
void
nvgre_selftest_run(void)
{
    struct nvgre_selftest *test;

    LIST_FOR_EACH_SAFE (test, node, &tests) {
        struct netdev *netdev;
        bool over;

        if (time_msec() < test->next) {
            continue;
        }
        netdev = nvgre_selftest_find_port(test->port);
        if (!netdev) {
            finish(test, "the port was deleted");
            continue;
        }
        over = !go_on(test, netdev);
        netdev_close(netdev);
        if (over) {
            finish(test, NULL);
        }
    }
}

void
nvgre_selftest_wait(void)
{
    struct nvgre_selftest *test;

    LIST_FOR_EACH (test, node, &tests) {
        poll_timer_wait_until(test->next);
    }
}

/* Begins a test of the way from 'netdev' to 'remote', the result of which
 * 'conn' waits for. */
void
nvgre_selftest_start(struct unixctl_conn *conn, const struct netdev *netdev,
                     const struct in6_addr *remote, int mtu)
{
    struct nvgre_port *port = netdev_nvgre_port(netdev);
    const struct nvgre_config *c = nvgre_port_config(port);
    struct nvgre_selftest *test;

    if (ovs_list_size(&tests) >= MAX_TESTS) {
        unixctl_command_reply_error(conn, "16 tests are going on already: "
                                    "try again in some seconds");
        return;
    }
    test = xzalloc(sizeof *test);
    test->conn = conn;
    test->json = (unixctl_command_get_output_format(conn)
                  == UNIXCTL_OUTPUT_FMT_JSON);
    test->port = xstrdup(port->name);
    test->target.remote = *remote;
    test->target.local = c->tnl.ipv6_src;
    test->target.vsid = NVGRE_VSID_VENDOR;
    test->template.nonce = random_uint64();
    test->template.vsid = (c->tnl.out_key_flow ? NVGRE_PROBE_ANY_VSID
                           : ntohll(c->tnl.out_key));
    test->mtu = mtu;
    test->overhead = (IN6_IS_ADDR_V4MAPPED(remote)
                      ? NVGRE_OVERHEAD_IPV4 : NVGRE_OVERHEAD_IPV6);
    test->tso = userspace_tso_enabled();
    test->start = test->next = time_msec();
    COVERAGE_INC(nvgre_selftest);
    ovs_list_push_back(&tests, &test->node);
    poll_immediate_wake();
}

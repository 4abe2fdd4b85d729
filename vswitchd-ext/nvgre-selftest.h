/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_SELFTEST_H
#define NVGRE_SELFTEST_H 1

#include <stdbool.h>

#include "nvgre-probe.h"
#include "nvgre-send.h"
#include "openvswitch/list.h"

struct ds;
struct json;
struct netdev;
struct nvgre_echo_record;
struct unixctl_conn;

/* Does the way to a peer damage or lose anything?
 * ===============================================
 *
 * What
 * ----
 *
 * The end that asks: "ovs-appctl nvgre/selftest PORT [PEER]".  It says hello,
 * so that nothing else is sent to ends of other vendors (RFC 7637 section 3.4
 * wants that), then sends a few probes of each kind (see nvgre-probe.h), and
 * from the answers tells which kind is fine, lost or damaged, there and back,
 * and what to do about it.  If the largest packets are lost, it finds out what
 * size gets through.
 *
 * Any number of tests, up to a limit, run at the same time; a nonce keeps them
 * apart.  None takes more than NVGRE_SELFTEST_MAX_MS.  Nothing waits: the main
 * thread runs each test a step further when there is something to do, and the
 * reply to the command comes at the end.
 *
 *
 * What not
 * --------
 *
 * A test does not change options.  What happens to one packet in a thousand is
 * not found.
 *
 *
 * Thread-safety
 * -------------
 *
 * For the main thread only. */

enum {
    NVGRE_SELFTEST_ROUNDS = 5,  /* Probes of each kind and role. */
    NVGRE_SELFTEST_MAX_MS = 5700,
};

/* What came of all probes of a kind, in one direction. */
struct nvgre_tally {
    int expected;               /* Pieces. */
    uint32_t arrived;           /* A bit for each, so none counts twice. */
    int n[N_NVGRE_PROBE_STATES]; /* Pieces that arrived, by their state. */
};

enum nvgre_selftest_phase {
    NVGRE_SELFTEST_HELLO,
    NVGRE_SELFTEST_PROBES,
    NVGRE_SELFTEST_LISTEN,
    NVGRE_SELFTEST_SEARCH,
};

/* A test that is going on. */
struct nvgre_selftest {
    struct ovs_list node;
    struct unixctl_conn *conn;  /* Who waits for the result. */
    bool json;                  /* Wants JSON. */
    char *port;
    struct nvgre_send_target target;
    struct nvgre_probe template; /* What all probes of the test share. */
    int mtu;                    /* For inner IP packets. */
    int overhead;
    bool tso;                   /* Tenants' packets can be segmented. */

    enum nvgre_selftest_phase phase;
    int step;                   /* In the phase. */
    long long int start;        /* time_msec() of the beginning. */
    long long int next;         /* When to go on. */
    int send_error;             /* Why the last probe was not sent, or 0. */

    bool said_hello;            /* The other end did. */
    bool vsid_unknown;          /* The other end has no port with the VSID. */
    struct nvgre_tally there[N_NVGRE_PROBE_KINDS];
    struct nvgre_tally back[N_NVGRE_PROBE_KINDS];
    int fits;                   /* Largest size that got through so far. */
    int too_big;                /* Smallest size that did not. */
    int step_fits;              /* 'fits' when the last step began. */
};

struct netdev *nvgre_selftest_find_port(const char *name);
void nvgre_selftest_start(struct unixctl_conn *, const struct netdev *,
                          const struct in6_addr *remote, int mtu);
void nvgre_selftest_run(void);
void nvgre_selftest_wait(void);
void nvgre_selftest_answer(const struct nvgre_echo_record *);

/* The command: nvgre-selftest-command.c. */
void nvgre_selftest_init(void);

/* What to say at the end: nvgre-selftest-report.c. */
int nvgre_tally_n_arrived(const struct nvgre_tally *);
bool nvgre_selftest_report(const struct nvgre_selftest *, struct ds *);
struct json *nvgre_selftest_report_json(const struct nvgre_selftest *);
void nvgre_selftest_report_silence(const struct nvgre_selftest *,
                                   struct ds *);

#endif /* nvgre-selftest.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_ECHO_H
#define NVGRE_ECHO_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "nvgre-probe.h"

struct flow_tnl;
struct netdev;

/* The end that answers self-tests
 * ===============================
 *
 * What
 * ----
 *
 * A packet thread that receives a packet in VSID 0xffffff, which is to be
 * dropped, gives it to nvgre_echo_receive().  If it is a probe (see
 * nvgre-probe.h), the thread judges it and leaves the verdict, not the packet,
 * in a queue, and the main thread answers.  Answers to probes of this end go
 * through the same queue to nvgre-selftest.h.
 *
 * This end remembers nothing about who asks, except for which pieces of a
 * probe have come so far: a probe of several pieces is echoed as a whole once
 * all of it has come.
 *
 *
 * What not
 * --------
 *
 * It cannot be used to multiply traffic: answers are never bigger than what
 * they answer, go only to provider addresses that an nvgre port here expects
 * packets from, and there are at most 200 per second, after a burst of 300.
 * That is two tests per second after a burst of three: the hello of another
 * one is answered when it can be served to its end.
 * options:selftest=false keeps a port out of it.
 *
 *
 * Thread-safety
 * -------------
 *
 * nvgre_echo_receive() may be called from any thread, the rest only from the
 * main thread. */

/* A probe that arrived. */
struct nvgre_echo_record {
    struct in6_addr remote;     /* Who sent it.  IPv4 addresses are mapped. */
    struct in6_addr local;      /* Whom it was sent to. */
    struct nvgre_probe probe;
    enum nvgre_probe_state seen;
};

bool nvgre_echo_receive(const struct flow_tnl *, const void *frame,
                        size_t size);

void nvgre_echo_init(void);
void nvgre_echo_run(void);
void nvgre_echo_wait(void);

#endif /* nvgre-echo.h */

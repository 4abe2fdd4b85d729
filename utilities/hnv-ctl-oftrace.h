/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_CTL_OFTRACE_H
#define HNV_CTL_OFTRACE_H 1

/* What "ofproto/trace" says, as values
 * ====================================
 *
 * What
 * ----
 *
 * Reads the text with which ovs-vswitchd answers "ofproto/trace": which flows
 * of one bridge a packet met, in which order, and how it left that bridge.
 * What happens in other bridges, such as the one below a tunnel port, counts
 * only for whether the packet gets out.
 *
 * A packet that goes through connection tracking is traced in several parts,
 * one after the other; here, they are one list of steps.
 *
 *
 * What not
 * --------
 *
 * No policy: what a flow means is for hnv-ctl-explain.h to say.
 *
 *
 * Thread-safety
 * -------------
 *
 * Pure functions. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A flow that the packet met, or a table in which it met none. */
struct hnv_oftrace_step {
    uint8_t table;
    bool matched;
    int priority;
    uint64_t cookie;            /* Host byte order, 0 for none. */
    char *match;                /* As OpenFlow text, may be empty. */
};

enum hnv_oftrace_exit_type {
    HNV_EXIT_PORT,              /* Out of a port. */
    HNV_EXIT_IN_PORT,           /* Back to where it came from. */
    HNV_EXIT_TUNNEL,            /* Out through a tunnel port. */
    HNV_EXIT_CONTROLLER,        /* To hnv-agent or to a controller. */
    HNV_EXIT_FAILED,            /* Was to go out, but Open vSwitch says no. */
};

/* One way out of the bridge. */
struct hnv_oftrace_exit {
    enum hnv_oftrace_exit_type type;
    size_t step;                /* Index of the step that did it. */
    char *port;                 /* Number, or name as OFPP_ has it; or null. */
    char *problem;              /* In words of Open vSwitch, or null. */
    struct in6_addr src, dst;   /* TUNNEL: provider addresses. */
    uint32_t vsid;              /* TUNNEL: VSID. */
    uint8_t userdata[8];        /* CONTROLLER: how it starts... */
    size_t n_userdata;          /* ...and how much of it there is. */
};

struct hnv_oftrace {
    struct hnv_oftrace_step *steps;
    size_t n_steps, allocated_steps;
    struct hnv_oftrace_exit *exits;
    size_t n_exits, allocated_exits;
    char *flow;                 /* The packet at the end, as OpenFlow text. */
};

void hnv_oftrace_parse(const char *text, const char *bridge,
                       struct hnv_oftrace *);
void hnv_oftrace_destroy(struct hnv_oftrace *);

#endif /* hnv-ctl-oftrace.h */

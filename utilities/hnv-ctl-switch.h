/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_CTL_SWITCH_H
#define HNV_CTL_SWITCH_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"

/* The switch of one host, for those who ask it questions
 * ======================================================
 *
 * What
 * ----
 *
 * A switch is found by its run directory, in which ovs-vswitchd and its
 * database have their sockets and hnv-agent has its own, or in which somebody,
 * such as ssh(1), forwards the sockets of another machine.  From the database
 * come the names of the integration bridge and of its ports, which of them
 * belongs to which Port of the policy, and what IP rewrite needs; ovs-vswitchd
 * answers commands.
 *
 *
 * What not
 * --------
 *
 * Nothing here changes a switch.
 *
 *
 * Thread-safety
 * -------------
 *
 * One thread. */

struct ovsdb_idl;

/* A port of the integration bridge. */
struct hnv_switch_port {
    char *name;                 /* Of the Interface. */
    char *id;                   /* Its external_ids:hnv-port-id, or null. */
    int64_t ofport;             /* -1 if it has none. */
    bool tunnel;                /* The nvgre port for all peers. */
    bool rewrite;               /* To the provider network, for IP rewrite. */
};

struct hnv_switch {
    char *rundir;
    char *host;                 /* Its name in the policy. */
    char *bridge;               /* The integration bridge. */
    struct hnv_switch_port *ports;
    size_t n_ports;
    struct eth_addr pa_mac;     /* Of the host's IP stack on the provider
                                 * network; zero if it is not known. */
};

/* Returns the run directory of 'host' as 'pattern' says, where "%h" stands for
 * the host's name.  The caller frees it. */
char *hnv_switch_rundir(const char *pattern, const char *host);

/* Each returns null, or what went wrong, which the caller frees.
 *
 * hnv_switch_open() makes '*switchp' what is at 'rundir'.
 *
 * hnv_switch_command() stores into '*replyp', which the caller frees, what
 * 'daemon' says to 'command' with 'argc' arguments in 'argv'. */
char *hnv_switch_open(const char *rundir, struct hnv_switch **switchp);
char *hnv_switch_command(const struct hnv_switch *, const char *daemon,
                         const char *command, int argc, char *argv[],
                         char **replyp);
void hnv_switch_close(struct hnv_switch *);

/* Each returns null if there is none. */
const struct hnv_switch_port *hnv_switch_port_by_id(const struct hnv_switch *,
                                                    const char *id);
const struct hnv_switch_port *hnv_switch_port_by_ofport(
    const struct hnv_switch *, int64_t ofport);
const struct hnv_switch_port *hnv_switch_tunnel(const struct hnv_switch *);
const struct hnv_switch_port *hnv_switch_rewrite(const struct hnv_switch *);

/* Runs 'idl', which has just been created, until it has its rows.  Returns
 * false if that takes longer than 'timeout_ms'. */
bool hnv_switch_fetch(struct ovsdb_idl *idl, int timeout_ms);

#endif /* hnv-ctl-switch.h */

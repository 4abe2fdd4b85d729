/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_MEMBERSHIP_H
#define NVGRE_MEMBERSHIP_H 1

#include <netinet/in.h>

struct netdev;

/* This host as a member of multicast groups
 * =========================================
 *
 * What
 * ----
 *
 * The kernel says by IGMP and MLD on a device that this host is a member of a
 * group, and answers queries, as long as a socket has joined it there.  This
 * module has such sockets, one for each group and device, because the number
 * of groups that a socket may join is small.  Its owner says which groups are
 * wanted:
 *
 *     nvgre_membership_begin();
 *     ...nvgre_membership_want() for each...
 *     nvgre_membership_end();
 *
 * A group is joined on each device in a bridge that has an address of the
 * group's family, link-local ones apart: that is where a tunnel may end.
 * "ovs-appctl nvgre/groups" shows what became of it.
 *
 * What not
 * --------
 *
 * The sockets receive nothing: the packets go through the bridge.
 *
 * Thread-safety
 * -------------
 *
 * For the main thread only. */

void nvgre_membership_init(void);
void nvgre_membership_add_device(const struct netdev *);

void nvgre_membership_begin(void);
void nvgre_membership_want(const struct in6_addr *group, const char *port);
void nvgre_membership_end(void);

#endif /* nvgre-membership.h */

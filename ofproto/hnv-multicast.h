/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_MULTICAST_H
#define HNV_MULTICAST_H 1

/* Multicast groups of the provider network
 * ========================================
 *
 * What
 * ----
 *
 * A virtual subnet may have a multicast group, its multicast_pa, to which
 * hosts send its broadcast.  A host that has machines in the subnet must
 * receive what is sent to the group.  This writes the groups of all those
 * subnets to options:multicast_groups of the tunnel port, which joins them,
 * see ovs-nvgre(7), and leaves a group when its last subnet goes.
 *
 *
 * What not
 * --------
 *
 * While no subnet here has a group, an option that somebody else wrote stays:
 * what is ours has external_ids:hnv-multicast=true.
 *
 * Sending to a group is the business of the flows, see hnv-flood.c.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

struct hnv_errors;
struct hnv_host;
struct ovsrec_interface;

/* Returns the groups that 'host' has to receive from, in order and separated
 * by commas, which the caller frees.  Adds to 'errors' each subnet whose group
 * the host cannot send to, because it has no provider address of that IP
 * version. */
char *hnv_multicast_format(const struct hnv_host *host, struct hnv_errors *);

/* Makes tunnel port 'iface' receive from 'groups', as above, unless one of
 * them is NULL. */
void hnv_multicast_write(const struct ovsrec_interface *iface,
                      const char *groups);

#endif /* hnv-multicast.h */

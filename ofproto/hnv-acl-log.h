/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_ACL_LOG_H
#define HNV_ACL_LOG_H 1

#include <stdint.h>

struct hnv_host;
struct ofputil_packet_in;

/* The log of port ACLs
 * ====================
 *
 * What
 * ----
 *
 * Writes a line to the log, in the vlog module hnv_acl, for a packet that the
 * switch sent because the ACL that decided about it has 'log' set.  The line
 * names the port, its VSID and domain, the ACL, what it decided, and the
 * packet's addresses.
 *
 *
 * What not
 * --------
 *
 * How many packets of a routing domain get here is the business of the
 * switch's meters and of hnv-packet-in.  The log has a limit for all domains
 * together besides.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

/* 'what' is of enum hnv_log. */
void hnv_acl_log(const struct hnv_host *, const struct ofputil_packet_in *,
                 uint32_t what);

#endif /* hnv-acl-log.h */

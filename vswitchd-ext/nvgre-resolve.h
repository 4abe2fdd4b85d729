/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_RESOLVE_H
#define NVGRE_RESOLVE_H 1

#include <netinet/in.h>
#include <stdbool.h>

struct nvgre_port;
struct nvgre_resolution;
struct smap;

/* Host names as remote_ip
 * =======================
 *
 * What
 * ----
 *
 * Asks Open vSwitch's resolver (libunbound) for the address of each port whose
 * remote_ip is a host name, without ever waiting for the answer, and asks
 * again when the answer's time to live is over.  A port sends and receives
 * nothing until the first answer comes, and keeps its last address when the
 * name stops resolving.
 *
 * Until then, the port has a placeholder as its address, because two ports
 * that are told apart by remote_ip alone must not look alike.  Placeholders
 * are from 100::/64, which goes nowhere (RFC 6666).
 *
 * What not
 * --------
 *
 * One name has one address here: the first IPv4 address that the resolver
 * gives, or else the first IPv6 address.
 *
 * Thread-safety
 * -------------
 *
 * For the main thread only, except for nvgre_is_placeholder(). */

void nvgre_placeholder(struct in6_addr *);
bool nvgre_is_placeholder(const struct in6_addr *);

void nvgre_resolution_start(struct nvgre_resolution *);
void nvgre_resolution_get_status(const struct nvgre_port *, struct smap *);

void nvgre_resolve_run(void);
void nvgre_resolve_wait(void);

#endif /* nvgre-resolve.h */

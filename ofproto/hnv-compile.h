/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_COMPILE_H
#define HNV_COMPILE_H 1

/* The compiler: from policy to flows
 * ==================================
 *
 * What
 * ----
 *
 * Pure functions from what should be, a policy and a host, to OpenFlow flows
 * for that host's switch, in the pipeline that hnv-pipeline.h describes.  All
 * flows are the sum of four parts, none of which makes a flow that another one
 * makes, so that each can be compiled again alone:
 *
 *    - hnv_compile_base(): all that depends on the policy and the host only.
 *      Compile again when either changes.
 *
 *    - hnv_compile_peer(): of one peer.  Compile again when hnv_peers says so
 *      or when the host's PAs or nvgre port change.
 *
 *    - hnv_compile_flood(): the groups of one VSID of a domain that lives on
 *      the host.  Compile again when hnv_peers says so or when the subnet, the
 *      host's PAs, its nvgre port or which of its ports are in the VSID
 *      change.  Its root group exists for every VSID that lives here, even if
 *      no record is in it, because flows of the base refer to it.
 *
 *    - hnv_compile_record(): of one lookup record: one flow, and a few more
 *      for IP rewrite and while its machine moves.  Compile again when it
 *      changes; all, when base has changed in what hnv_record_check() looks
 *      at, or in the local ports and PAs.
 *
 * hnv_compile_shared() is the first three for everything.
 *
 *
 * What not
 * --------
 *
 * No clock, no sockets, no logging, no state: the same arguments make the same
 * flows.  Nothing is validated here; see hnv-policy.h and hnv-record.h.
 *
 *
 * Where we differ from Hyper-V
 * ----------------------------
 *
 *    - The gateway address answers ping, and answers with ICMP errors.
 *
 *    - A sender's PA is checked against its record, or against the record of
 *      the next hop of the route to it, whatever that record's type: a
 *      GatewayWildcard record is needed only for sources without a route.
 *
 *    - TTL is decremented between subnets only, the source MAC after routing
 *      is the router's, the VSID on the wire is the destination's, and the
 *      sender's is accepted too; each is an option of the routing domain.
 *
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread, with its own flows. */

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

struct hnv_domain;
struct hnv_flows;
struct hnv_host;
struct hnv_members;
struct hnv_peer;
struct hnv_peers;
struct hnv_policy;
struct hnv_record;
struct hnv_subnet;

void hnv_compile_base(const struct hnv_policy *, const struct hnv_host *,
                      struct hnv_flows *);
void hnv_compile_peer(const struct hnv_host *, const struct hnv_peer *,
                      struct hnv_flows *);
void hnv_compile_flood(const struct hnv_host *, const struct hnv_subnet *,
                       const struct hnv_members *, struct hnv_flows *);
/* Returns to how many of 'members', which may be NULL, broadcast in 'subnet'
 * from 'host' gets no copy, because they are more than one packet can be sent
 * to. */
size_t hnv_compile_flood_rest(const struct hnv_host *,
                              const struct hnv_subnet *,
                              const struct hnv_members *);

void hnv_compile_record(const struct hnv_policy *, const struct hnv_host *,
                        const struct hnv_record *, struct hnv_flows *);
void hnv_compile_shared(const struct hnv_policy *, const struct hnv_host *,
                        const struct hnv_peers *, struct hnv_flows *);

/* Adds the one flow that remembers for 'timeout' seconds that lazy 'domain'
 * has no record for 'ca'. */
void hnv_compile_absent(const struct hnv_domain *, const struct in6_addr *ca,
                        uint16_t timeout, struct hnv_flows *);

#endif /* hnv-compile.h */

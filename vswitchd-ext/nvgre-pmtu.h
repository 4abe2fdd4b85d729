/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_PMTU_H
#define NVGRE_PMTU_H 1

#include <stdbool.h>

struct ds;
struct nvgre_pmtu;

/* Path MTU discovery for outer packets
 * ====================================
 *
 * What
 * ----
 *
 * Listens for ICMP and ICMPv6 errors about outer packets, and lowers the MTU
 * of the peer that such an error is about (RFC 1191, RFC 8201, RFC 2003
 * section 5.1): of the peer itself, hence of its port, hence of what is too
 * big to be sent.  Ten minutes later the MTU goes up again; if it was not too
 * early, the next big packet brings the next error.
 *
 * The errors come to the host's kernel, because the provider address belongs
 * to the internal port of the underlay bridge.  A pair of raw sockets in the
 * network namespace of ovs-vswitchd gets a copy of each.  A hook in the
 * datapath could see them too, but it would look at all packets to find a few,
 * and would still miss those that the kernel gets on another way.  A filter in
 * the kernel (see packet(7)) passes on nothing but errors of these two kinds
 * about GRE packets, the sockets hold little, the main thread reads a bounded
 * number at a time, and a token bucket limits them to 100 per second.
 *
 * An error is believed only if it passes nvgre_path_error_parse() and a port
 * sends the quoted VSID from the quoted address to the quoted peer, and only
 * if it lowers the MTU.  What came of each error is counted; "ovs-appctl
 * nvgre/path-mtu" shows it.
 *
 *
 * What not
 * --------
 *
 * Tenants hear nothing from here: who sends too big a packet is told when it
 * does.  A path that drops big packets without an error is found by
 * "ovs-appctl nvgre/selftest", not here.
 *
 * An attacker who can see or guess the addresses and the VSID can make packets
 * smaller for ten minutes, but not below the minimum, as with any path MTU
 * discovery.  options:path_mtu_discovery=false turns it off.
 *
 *
 * Thread-safety
 * -------------
 *
 * For the main thread only. */

void nvgre_pmtu_init(void);
bool nvgre_pmtu_run(void);
void nvgre_pmtu_wait(void);

void nvgre_pmtu_format(const struct nvgre_pmtu *, struct ds *);

#endif /* nvgre-pmtu.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_LEARN_H
#define HNV_LEARN_H 1

struct ds;
struct hnv_engine;
struct ofputil_packet_in;

/* Customer addresses that machines are heard to have
 * ==================================================
 *
 * What
 * ----
 *
 * A machine whose L2_Record has a dynamic_limit may have addresses that no
 * planner gave it, such as those of a DHCP server in the tenant's own network,
 * or those that a cluster moves from machine to machine.  What it says about
 * them in ARP and ND comes here from table PORT_SECURITY.  If it may have the
 * address, this module adds that to the L2_Record's dynamic_addresses, with
 * the time.  All hosts of the routing domain have that row, and send to the
 * machine what is for the address.
 *
 * If another machine of the domain has the address already, the newer claim
 * counts: the address moves.  Clocks need not agree for that, because a claim
 * is always newer than those that its host knows.
 *
 * An address is taken out of the row when it moved away, when it gets a lookup
 * record, or when the machine's port leaves this host for good.
 *
 *
 * What it trusts
 * --------------
 *
 * A host may write only the L2_Records of which it is an owner, and of those
 * only which addresses the machine has: not where it is, nor how many it may
 * have.  All hosts check that the addresses are within the virtual subnet and
 * the limit, and a lookup record or a gateway with the same address comes
 * first.  So a host that lies can say nothing that the machine on it could not
 * have said.  But a machine with a dynamic_limit can take the dynamic
 * addresses of others in its domain that are in its virtual subnet.
 *
 *
 * What not
 * --------
 *
 * Nothing is learned from IP packets, nor in routing domains whose records are
 * fetched on demand, since there the host does not know which addresses have
 * lookup records.  The MAC of a dynamic address is the machine's own.
 *
 * An address lasts as long as the machine, not only as long as it is used,
 * but makes room for a new one if the limit is reached.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

struct hnv_learn *hnv_learn_create(struct hnv_engine *);
void hnv_learn_destroy(struct hnv_learn *);
void hnv_learn_run(struct hnv_learn *);
void hnv_learn_wait(struct hnv_learn *);

void hnv_learn_packet(struct hnv_learn *, const struct ofputil_packet_in *);
void hnv_learn_format(const struct hnv_learn *, struct ds *);

#endif /* hnv-learn.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_PACKET_IN_H
#define HNV_PACKET_IN_H 1

#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>

struct ds;
struct eth_addr;
struct hnv_icmp_error;
struct hnv_ofconn;
struct ofpbuf;
struct ofputil_packet_in;
struct uuid;

/* Packets that the switch sends to hnv-agent
 * ==========================================
 *
 * What
 * ----
 *
 * The pipeline sends a packet to hnv-agent for what OpenFlow cannot do, and
 * says in the packet-in's userdata what that is (enum hnv_op).  This module
 * does it: it answers with ICMP errors in the name of the sender's gateway
 * address, has the tables of IP rewrite understand the ICMP errors of others,
 * and passes on the lookups of routing domains that are lazy, what port ACLs
 * log, and which addresses machines claim.
 *
 * Machines can cause as many such packets as they like, so each routing domain
 * has a budget, and what exceeds it is dropped and counted.  The switch has a
 * meter for the same purpose: the budget here is for a switch without meters.
 *
 *
 * What not
 * --------
 *
 * The module does not know the policy but asks its owner for the little that
 * it needs.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

/* What the owner of this module does.  All get the owner's 'aux'. */
struct hnv_packet_in_handler {
    /* Stores in '*error' who the gateway of virtual subnet 'vsid' is.  Returns
     * false if there is no such subnet or it has no gateway. */
    bool (*get_gateway)(uint32_t vsid, struct hnv_icmp_error *error,
                        void *aux);

    /* Stores in '*mac' the MAC address of the Port that is 'vport'.  Returns
     * false if there is none. */
    bool (*get_mac)(uint16_t vport, struct eth_addr *mac, void *aux);

    /* Stores in '*ca' the customer address that has 'pa' for IP rewrite.
     * Returns the number of its routing domain in the switch, or 0 if there is
     * none. */
    uint32_t (*get_ca)(const struct in6_addr *pa, struct in6_addr *ca,
                       void *aux);

    /* Stores in '*pa' what 'ca' in routing domain 'domain_key' has for IP
     * rewrite.  Returns false if it has nothing. */
    bool (*get_pa)(uint32_t domain_key, const struct in6_addr *ca,
                   struct in6_addr *pa, void *aux);

    /* A port ACL decided about 'pin', which is to be logged, as 'what' of enum
     * hnv_log says. */
    void (*log_acl)(const struct ofputil_packet_in *, uint32_t what,
                    void *aux);

    /* A machine says in a packet that it has an address that it might be
     * allowed to have. */
    void (*learn)(const struct ofputil_packet_in *, void *aux);

    /* A paused packet needs the record of 'ca' in the routing domain whose
     * number in the switch is 'domain_key'. */
    void (*lookup)(uint32_t domain_key, const struct in6_addr *ca,
                   const struct ofputil_packet_in *,
                   const struct ofpbuf *continuation, void *aux);
};

struct hnv_packet_ins *hnv_packet_ins_create(
    struct hnv_ofconn *, const struct hnv_packet_in_handler *, void *aux);
void hnv_packet_ins_destroy(struct hnv_packet_ins *);
void hnv_packet_ins_process(struct hnv_packet_ins *,
                            const struct ofputil_packet_in *,
                            const struct ofpbuf *continuation);
void hnv_packet_ins_format(const struct hnv_packet_ins *, struct ds *);

#endif /* hnv-packet-in.h */

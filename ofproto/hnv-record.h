/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_RECORD_H
#define HNV_RECORD_H 1

/* Lookup records: where is a customer address
 * ===========================================
 *
 * What
 * ----
 *
 * One row of Lookup_Record as 56 bytes, since a host may hold a million.  The
 * owner embeds it in whatever it needs to find it again, such as a hash table
 * by (domain_key, ca), which it must have anyway: two rows that spell one
 * address differently are a contradiction that only it can see.
 *
 * A record is valid by itself once hnv_record_parse() has accepted it.
 * Whether it fits the policy, which comes and goes, is for hnv_record_check()
 * to say, and a record that does not fit has no flows.
 *
 *
 * What not
 * --------
 *
 * No names, no comments: what is needed to report on a record is fetched from
 * the database by UUID.
 *
 *
 * Thread-safety
 * -------------
 *
 * As for struct hnv_peers. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "hnv-policy.h"
#include "openvswitch/compiler.h"
#include "openvswitch/packets.h"
#include "openvswitch/uuid.h"

enum hnv_rule {
    HNV_RULE_ENCAP,             /* TranslationMethodEncap.  The default. */
    HNV_RULE_REWRITE,           /* TranslationMethodNat. */
    HNV_RULE_NONE,              /* TranslationMethodNone: only answer ARP. */
};

/* A row, as it comes in.  See hnv_policy_input for the rules. */
struct hnv_record_row {
    struct uuid uuid;
    int64_t domain_key;         /* datapath_key of its routing domain. */
    int64_t vsid;
    const char *customer_address;
    const char *mac;
    struct hnv_strings provider_addresses;
    struct hnv_strings standby_addresses;
    enum hnv_rule rule;
    bool disabled;              /* state: disabled or unbound. */
    bool use_vm_mac;
};

struct hnv_record {
    struct uuid uuid;
    struct in6_addr ca;         /* IPv6, or IPv4 mapped into IPv6. */
    const struct hnv_peer *peer; /* Holds a reference. */
    uint32_t domain_key;
    uint32_t vsid;
    struct eth_addr mac;
    uint8_t also_standby;       /* Bitmap of the 'peer->n_primary' first
                                 * addresses that the row has as standby
                                 * addresses, too. */
    uint8_t rule : 2;           /* enum hnv_rule. */
    bool disabled : 1;
    bool use_vm_mac : 1;        /* Of IP rewrite: the provider network sees
                                 * 'mac', not the host's. */
    bool moved : 1;             /* Set by the owner: the machine was on this
                                 * host until just now, so what still comes
                                 * for it is sent on to its new peer. */
};
BUILD_ASSERT_DECL(sizeof(struct hnv_record) <= 56);

/* Parses 'row' into '*record' and makes the peers know it.  Returns NULL if
 * successful, otherwise what is wrong, which the caller frees; '*record' is
 * then unchanged. */
char *hnv_record_parse(const struct hnv_record_row *row, struct hnv_peers *,
                       struct hnv_record *record) OVS_WARN_UNUSED_RESULT;

/* Makes the peers forget 'record'. */
void hnv_record_release(struct hnv_peers *, const struct hnv_record *record);

/* Returns NULL if 'record' fits 'policy', otherwise what is wrong, as a
 * constant. */
const char *hnv_record_check(const struct hnv_policy *,
                             const struct hnv_record *);

#endif /* hnv-record.h */

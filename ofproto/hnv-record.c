/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-record.h"

#include <stdlib.h>

#include "hnv-policy-private.h"
#include "packets.h"
#include "util.h"

/* A record of a multicast group has multicast PAs, any other has none. */
static char *
check_pas(const struct hnv_record_row *row, const struct in6_addr *ca,
          const struct in6_addr *pas, size_t n)
{
    bool multicast = hnv_address_is_multicast(ca);

    for (size_t i = 0; i < n; i++) {
        if (hnv_address_is_multicast(&pas[i]) != multicast) {
            return xasprintf("customer address %s and its provider addresses "
                             "must both be unicast, or both multicast",
                             row->customer_address);
        }
    }
    if (row->rule == HNV_RULE_REWRITE
        && (n != 1 || hnv_address_is_v4(&pas[0]) != hnv_address_is_v4(ca))) {
        return xstrdup("IP rewrite needs one provider address, of the same IP "
                       "version as the customer address");
    }
    return NULL;
}

static char *
parse_mac(const struct hnv_record_row *row, bool multicast,
          struct eth_addr *mac)
{
    char *error = hnv_mac_parse(row->mac, mac);

    if (error && multicast && eth_addr_is_multicast(*mac)) {
        free(error);
        error = NULL;
    }
    return error;
}

static char *
check_numbers(const struct hnv_record_row *row)
{
    if (row->domain_key < 1 || row->domain_key > HNV_DOMAIN_KEY_MAX) {
        return xstrdup("its routing domain does not exist or is invalid");
    }
    if (row->vsid < HNV_VSID_MIN || row->vsid > HNV_VSID_MAX) {
        return xasprintf("VSID %"PRId64" is reserved (RFC 7637 section 3.4); "
                         "use %d to %d", row->vsid, HNV_VSID_MIN,
                         HNV_VSID_MAX);
    }
    return NULL;
}

/* Returns which primary addresses of 'peer' are among the 'n' in 'standby'. */
static uint8_t
find_also_standby(const struct hnv_peer *peer, const struct in6_addr *standby,
                  size_t n)
{
    uint8_t bits = 0;

    BUILD_ASSERT(HNV_MAX_PAS <= 8 * sizeof bits);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < peer->n_primary; j++) {
            if (ipv6_addr_equals(&peer->pas[j], &standby[i])) {
                bits |= 1u << j;
            }
        }
    }
    return bits;
}

char *
hnv_record_parse(const struct hnv_record_row *row, struct hnv_peers *peers,
                 struct hnv_record *record)
{
    struct in6_addr pas[2 * HNV_MAX_PAS];
    size_t n_primary = 0, n_standby = 0;
    struct eth_addr mac = eth_addr_zero;
    struct in6_addr ca;
    bool multicast;
    char *error;

    error = check_numbers(row);
    if (!error) {
        error = hnv_address_parse(row->customer_address, &ca);
    }
    if (error) {
        return error;
    }
    multicast = hnv_address_is_multicast(&ca);
    error = multicast ? NULL : hnv_address_check_unicast(&ca);
    if (!error) {
        error = parse_mac(row, multicast, &mac);
    }
    if (!error) {
        error = hnv_policy_parse_pas(&row->provider_addresses, pas,
                                     &n_primary);
    }
    if (!error) {
        error = hnv_policy_parse_pas(&row->standby_addresses, pas + n_primary,
                                     &n_standby);
    }
    if (!error) {
        error = check_pas(row, &ca, pas, n_primary + n_standby);
    }
    if (error) {
        return error;
    }

    *record = (struct hnv_record) {
        .uuid = row->uuid,
        .ca = ca,
        .peer = (n_primary || n_standby
                 ? hnv_peers_get(peers, pas, n_primary, n_standby) : NULL),
        .domain_key = row->domain_key,
        .vsid = row->vsid,
        .mac = mac,
        .rule = row->rule,
        .disabled = row->disabled,
        .use_vm_mac = row->use_vm_mac,
    };
    if (record->peer) {
        record->also_standby = find_also_standby(
            record->peer, pas + n_primary, n_standby);
    }
    if (record->rule == HNV_RULE_ENCAP && !multicast) {
        hnv_peers_join(peers, record->vsid, record->peer);
    }
    return NULL;
}

void
hnv_record_release(struct hnv_peers *peers, const struct hnv_record *record)
{
    if (record->rule == HNV_RULE_ENCAP
        && !hnv_address_is_multicast(&record->ca)) {
        hnv_peers_leave(peers, record->vsid, record->peer);
    }
    hnv_peers_put(peers, record->peer);
}

const char *
hnv_record_check(const struct hnv_policy *policy,
                 const struct hnv_record *record)
{
    const struct hnv_subnet *subnet = hnv_policy_subnet(policy, record->vsid);

    if (!subnet) {
        return "its VSID is not a virtual subnet";
    }
    if (subnet->domain->key != record->domain_key) {
        return "its VSID is in another routing domain";
    }
    if (hnv_address_is_multicast(&record->ca)) {
        return NULL;
    }
    if (!hnv_subnet_contains(subnet, &record->ca)) {
        return "its customer address is not in any prefix of its VSID";
    }
    if (!subnet->domain->external_router
        && hnv_subnet_has_gateway(subnet, &record->ca)) {
        return "its customer address is the gateway address of its VSID";
    }
    return NULL;
}

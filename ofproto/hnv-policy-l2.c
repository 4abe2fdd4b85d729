/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-policy-private.h"

#include <stdlib.h>

#include "packets.h"
#include "util.h"

/* L2 records: machines without a known customer address, and gateways. */

static char *
check_l2_record(const struct hnv_subnet *subnet, const struct hnv_l2_row *row,
                struct eth_addr mac)
{
    if (row->type == HNV_L2_GATEWAY_WILDCARD && subnet->wildcard) {
        return xasprintf("VSID %"PRIu32" has another gateway wildcard; "
                         "delete one of them", subnet->vsid);
    }
    for (size_t i = 0; i < subnet->n_l2_records; i++) {
        if (eth_addr_equals(subnet->l2_records[i]->mac, mac)) {
            return xasprintf("VSID %"PRIu32" has another L2 record with MAC "
                             ETH_ADDR_FMT"; delete one of them",
                             subnet->vsid, ETH_ADDR_ARGS(mac));
        }
    }
    return NULL;
}

static const struct hnv_peer *
parse_peer(struct hnv_peers *peers, const struct hnv_l2_row *row,
           char **error)
{
    struct in6_addr pas[2 * HNV_MAX_PAS];
    size_t n_primary, n_standby;

    *error = hnv_policy_parse_pas(&row->provider_addresses, pas, &n_primary);
    if (!*error) {
        *error = hnv_policy_parse_pas(&row->standby_addresses,
                                      pas + n_primary, &n_standby);
    }
    return (*error || !n_primary
            ? NULL : hnv_peers_get(peers, pas, n_primary, n_standby));
}

static char *
add_l2_record(struct hnv_policy_builder *b, const struct hnv_l2_row *row)
{
    struct hnv_policy *policy = b->policy;
    struct hnv_subnet *subnet = (row->vsid >= HNV_VSID_MIN
                                 && row->vsid <= HNV_VSID_MAX
                                 ? hnv_policy_subnet(policy, row->vsid)
                                 : NULL);
    const struct hnv_peer *peer;
    struct hnv_l2_record *l2;
    struct eth_addr mac;
    char *error;

    if (!subnet) {
        return xasprintf("VSID %"PRId64" is not a valid virtual subnet; see "
                         "\"hnv-ctl subnet-list\"", row->vsid);
    }
    error = hnv_mac_parse(row->mac, &mac);
    if (!error) {
        error = check_l2_record(subnet, row, mac);
    }
    if (error) {
        return error;
    }
    peer = parse_peer(policy->peers, row, &error);
    if (error) {
        return error;
    }

    l2 = &policy->l2_records[policy->n_l2_records++];
    l2->uuid = row->uuid;
    l2->subnet = subnet;
    l2->mac = mac;
    l2->type = row->type;
    l2->disabled = row->disabled;
    l2->peer = peer;
    hnv_peers_join(policy->peers, subnet->vsid, peer);
    subnet->l2_records = xrealloc(subnet->l2_records,
                                  (subnet->n_l2_records + 1)
                                  * sizeof *subnet->l2_records);
    subnet->l2_records[subnet->n_l2_records++] = l2;
    if (l2->type == HNV_L2_GATEWAY_WILDCARD) {
        subnet->wildcard = l2;
    }
    hnv_policy_add_dynamic(b, row, l2);
    return NULL;
}

void
hnv_policy_add_l2_records(struct hnv_policy_builder *b)
{
    size_t n = b->input->n_l2_records;
    const void **rows = hnv_policy_sort(b->input->l2_records, n,
                                        sizeof *b->input->l2_records);

    b->policy->l2_records = xcalloc(n, sizeof *b->policy->l2_records);
    for (size_t i = 0; i < n; i++) {
        const struct hnv_l2_row *row = rows[i];
        char *error = add_l2_record(b, row);

        if (error) {
            hnv_errors_add(b->errors, HNV_ROW_L2_RECORD, &row->uuid, row->mac,
                           "%s", error);
            free(error);
        }
    }
    free(rows);
    hnv_policy_settle_dynamic(b->policy);
}

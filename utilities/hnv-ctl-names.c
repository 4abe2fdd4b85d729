/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

/* What people may name rows by. */
const struct ctl_table_class hnv_ctl_table_classes[HNVREC_N_TABLES] = {
#define NAMED(TABLE, COLUMN)                                            \
    [HNVREC_TABLE_##TABLE].row_ids[0] = { &hnvrec_##COLUMN, NULL, NULL }
    NAMED(ACL_GROUP, acl_group_col_name),
    NAMED(ADDRESS_SET, address_set_col_name),
    NAMED(CONNECTION, connection_col_target),
    NAMED(CONTROLLER_HOOK, controller_hook_col_name),
    NAMED(CUSTOMER_ROUTE, customer_route_col_destination_prefix),
    NAMED(HOST, host_col_name),
    NAMED(HOST_STATE, host_state_col_name),
    NAMED(IP_POOL, ip_pool_col_name),
    NAMED(L2_RECORD, l2_record_col_mac),
    NAMED(LOGICAL_NETWORK, logical_network_col_name),
    NAMED(LOOKUP_RECORD, lookup_record_col_customer_address),
    NAMED(MAC_POOL, mac_pool_col_name),
    NAMED(NETWORK_SITE, network_site_col_name),
    NAMED(PORT, port_col_name),
    NAMED(PROVIDER_ADDRESS, provider_address_col_address),
    NAMED(RBAC_PERMISSION, rbac_permission_col_table),
    NAMED(RBAC_ROLE, rbac_role_col_name),
    [HNVREC_TABLE_ROUTING_DOMAIN].row_ids = {
        { &hnvrec_routing_domain_col_name, NULL, NULL },
        { &hnvrec_routing_domain_col_rdid, NULL, NULL } },
    NAMED(VIRTUAL_SUBNET, virtual_subnet_col_vsid),
#undef NAMED
};

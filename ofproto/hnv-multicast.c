/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-multicast.h"

#include <stdlib.h>
#include <string.h>

#include "hnv-errors.h"
#include "hnv-host.h"
#include "hnv-policy.h"
#include "hnv-values.h"
#include "packets.h"
#include "smap.h"
#include "svec.h"
#include "vswitch-idl.h"

#define OPTION "multicast_groups"
#define MARK "hnv-multicast"

static void
add_subnet(const struct hnv_host *host, const struct hnv_subnet *subnet,
           struct svec *groups, struct hnv_errors *errors)
{
    const struct in6_addr *group = &subnet->multicast_pa;
    char text[INET6_ADDRSTRLEN];

    ipv6_string_mapped(text, group);
    if (hnv_address_is_v4(group) ? host->pa4 : host->pa6) {
        svec_add(groups, text);
    } else {
        hnv_errors_add(errors, HNV_ROW_SUBNET, &subnet->uuid, subnet->name,
                       "multicast_pa %s: this host has no provider address of "
                       "that IP version, so it sends no broadcast", text);
    }
}

char *
hnv_multicast_format(const struct hnv_host *host, struct hnv_errors *errors)
{
    struct svec groups = SVEC_EMPTY_INITIALIZER;
    char *text;

    for (size_t i = 0; i < host->n_domains; i++) {
        const struct hnv_domain *domain = host->domains[i];

        for (size_t j = 0; j < domain->n_subnets; j++) {
            const struct hnv_subnet *subnet = domain->subnets[j];

            if (subnet->flood == HNV_FLOOD_MULTICAST
                && hnv_host_has_subnet(host, subnet)) {
                add_subnet(host, subnet, &groups, errors);
            }
        }
    }
    svec_sort_unique(&groups);
    text = svec_join(&groups, ",", "");
    svec_destroy(&groups);
    return text;
}

void
hnv_multicast_write(const struct ovsrec_interface *iface, const char *groups)
{
    if (!iface || !groups
        || !strcmp(smap_get_def(&iface->options, OPTION, ""), groups)) {
        return;
    } else if (groups[0]) {
        ovsrec_interface_update_options_setkey(iface, OPTION, groups);
        ovsrec_interface_update_external_ids_setkey(iface, MARK, "true");
    } else if (smap_get(&iface->external_ids, MARK)) {
        ovsrec_interface_update_options_delkey(iface, OPTION);
        ovsrec_interface_update_external_ids_delkey(iface, MARK);
    }
}

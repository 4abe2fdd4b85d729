/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_GATEWAY_H
#define NVGRE_GATEWAY_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Gateways of virtual subnets
 * ===========================
 *
 * What
 * ----
 *
 * Option "gateway_ip" of an nvgre port: the addresses that answers about
 * packets that are too big come from, because tenants expect them from a
 * router.  Each is for one VSID or for all that have none of their own, and
 * for its address family.
 *
 * What not
 * --------
 *
 * The gateway does nothing else here: it has no MAC address and answers no
 * ARP.
 *
 * Thread-safety
 * -------------
 *
 * A list does not change between nvgre_gateways_parse() and
 * nvgre_gateways_destroy(). */

struct nvgre_gateway {
    uint32_t vsid;              /* 0 for all that have none of their own. */
    struct in6_addr ip;         /* IPv4 addresses are mapped. */
};

struct nvgre_gateways {
    struct nvgre_gateway *list;
    size_t n;
};

bool nvgre_gateways_parse(struct nvgre_gateways *, const char *);
void nvgre_gateways_clone(struct nvgre_gateways *);
void nvgre_gateways_destroy(struct nvgre_gateways *);
const struct in6_addr *nvgre_gateways_find(const struct nvgre_gateways *,
                                           uint32_t vsid, bool ipv4);

#endif /* nvgre-gateway.h */

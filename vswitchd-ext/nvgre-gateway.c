/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-gateway.h"

#include <stdlib.h>
#include <string.h>

#include "nvgre-options.h"
#include "util.h"

/* Parses "ip" or "vsid=ip", of which 's' is a copy that may be changed. */
static bool
parse_one(char *s, struct nvgre_gateway *gw)
{
    char *equals = strchr(s, '=');
    char *end;

    gw->vsid = 0;
    if (equals) {
        unsigned long int vsid = strtoul(s, &end, 0);

        if (end == s || end != equals || *s == '-' || *s == '+'
            || !vsid || vsid > 0xffffff) {
            return false;
        }
        gw->vsid = vsid;
        s = equals + 1;
    }
    return nvgre_parse_unicast(s, &gw->ip);
}

/* Adds '*new' to 'gws', unless there is another one for the same packets. */
static bool
add(struct nvgre_gateways *gws, const struct nvgre_gateway *new)
{
    bool ipv4 = IN6_IS_ADDR_V4MAPPED(&new->ip) != 0;

    for (size_t i = 0; i < gws->n; i++) {
        if (gws->list[i].vsid == new->vsid
            && (IN6_IS_ADDR_V4MAPPED(&gws->list[i].ip) != 0) == ipv4) {
            return false;
        }
    }
    gws->list = xrealloc(gws->list, (gws->n + 1) * sizeof *gws->list);
    gws->list[gws->n++] = *new;
    return true;
}

/* Parses 's', addresses of gateways separated by commas or spaces, each after
 * "vsid=" if it is for one VSID only, into 'gws', which must be zeroed.
 * Returns false if it makes no sense.  The caller must destroy 'gws' in any
 * case. */
bool
nvgre_gateways_parse(struct nvgre_gateways *gws, const char *s)
{
    char *copy = xstrdup(s);
    char *save_ptr = NULL;
    bool ok = true;

    for (char *token = strtok_r(copy, ", ", &save_ptr); token && ok;
         token = strtok_r(NULL, ", ", &save_ptr)) {
        struct nvgre_gateway gw;

        ok = parse_one(token, &gw) && add(gws, &gw);
    }
    free(copy);
    return ok && gws->n;
}

/* Makes 'gws', a copy of a structure that stays in use, independent of it. */
void
nvgre_gateways_clone(struct nvgre_gateways *gws)
{
    if (gws->n) {
        gws->list = xmemdup(gws->list, gws->n * sizeof *gws->list);
    }
}

/* Frees what 'gws' holds. */
void
nvgre_gateways_destroy(struct nvgre_gateways *gws)
{
    free(gws->list);
}

/* Returns the gateway of 'vsid' for IPv4 or IPv6, or NULL if 'gws' has
 * none. */
const struct in6_addr *
nvgre_gateways_find(const struct nvgre_gateways *gws, uint32_t vsid,
                    bool ipv4)
{
    const struct in6_addr *any = NULL;

    for (size_t i = 0; i < gws->n; i++) {
        const struct nvgre_gateway *gw = &gws->list[i];

        if ((IN6_IS_ADDR_V4MAPPED(&gw->ip) != 0) != ipv4) {
            continue;
        } else if (gw->vsid == vsid) {
            return &gw->ip;
        } else if (!gw->vsid) {
            any = &gw->ip;
        }
    }
    return any;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "fuzz.h"
#include "nvgre-options.h"

#include <string.h>

#include "byte-order.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "util.h"

static void
check_vsid(const struct nvgre_config *c, bool flow, ovs_be64 vsid)
{
    if (flow) {
        ovs_assert(!vsid);
    } else {
        ovs_assert(ntohll(vsid) <= 0xffffff);
        ovs_assert(c->reserved_vsid || !nvgre_vsid_is_reserved(ntohll(vsid)));
    }
}

/* Checks what must hold of an accepted configuration. */
static void
check_config(const struct nvgre_config *c)
{
    const struct netdev_tunnel_config *tnl = &c->tnl;
    char buf[4];

    ovs_assert(tnl->in_key_present && tnl->out_key_present);
    check_vsid(c, tnl->in_key_flow, tnl->in_key);
    check_vsid(c, tnl->out_key_flow, tnl->out_key);
    ovs_assert(!!c->remote_name + tnl->ip_dst_flow
               + ipv6_addr_is_set(&tnl->ipv6_dst) == 1);
    ovs_assert(!ipv6_addr_is_multicast(&tnl->ipv6_dst));
    ovs_assert(!ipv6_addr_is_multicast(&tnl->ipv6_src));
    ovs_assert(!tnl->ip_src_flow || tnl->ip_dst_flow);
    ovs_assert(!c->n_peer_layouts || tnl->ip_dst_flow);
    ovs_assert(!(tnl->tos & IP_ECN_MASK));
    ovs_assert(tnl->ttl);
    ovs_assert(strlen(nvgre_config_flowid_to_string(c, buf)) < sizeof buf + 1);
    for (size_t i = 0; i < c->n_peer_layouts; i++) {
        ovs_assert(ipv6_addr_is_set(&c->peer_layouts[i].peer));
        nvgre_layout_to_string(
            nvgre_config_layout(c, &c->peer_layouts[i].peer));
    }
}

/* Splits 'text' into lines "name=value" and stores them in '*options'. */
static void
text_to_smap(char *text, struct smap *options)
{
    char *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        char *equals = strchr(line, '=');

        if (equals) {
            *equals = '\0';
            smap_replace(options, line, equals + 1);
        }
    }
}

/* Each line of the input is an option. */
static void
fuzz(const uint8_t *data, size_t size)
{
    struct nvgre_config *c, *copy;
    struct smap options;
    char *text, *error;

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    smap_init(&options);
    text = xmemdup0((const char *) data, size);
    text_to_smap(text, &options);
    free(text);

    error = nvgre_config_parse("p", &options, &c);
    ovs_assert(!error == !!c);
    if (c) {
        copy = nvgre_config_clone(c);
        nvgre_config_destroy(c);
        check_config(copy);
        nvgre_config_destroy(copy);
    } else {
        ovs_assert(!strncmp(error, "p: ", 3));
        free(error);
    }
    smap_destroy(&options);
}

FUZZ_TARGET("nvgre-options", fuzz);

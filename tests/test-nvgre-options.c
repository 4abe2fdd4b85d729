/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnvtest.h"
#include "nvgre-options.h"
#include "nvgre-offload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "byte-order.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "util.h"

static void
print_address(const char *what, bool flow, const struct in6_addr *addr)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    if (flow) {
        ds_put_cstr(&s, "flow");
    } else if (ipv6_addr_is_set(addr)) {
        ipv6_format_mapped(addr, &s);
    } else {
        ds_put_cstr(&s, "none");
    }
    printf("%s=%s\n", what, ds_cstr(&s));
    ds_destroy(&s);
}

static void
print_key(const char *what, bool flow, ovs_be64 key)
{
    if (flow) {
        printf("%s=flow\n", what);
    } else {
        printf("%s=%"PRIu64"\n", what, ntohll(key));
    }
}

static void
print_layouts(const struct nvgre_config *c)
{
    printf("key_layout=%s\n", nvgre_layout_to_string(c->layout));
    for (size_t i = 0; i < c->n_peer_layouts; i++) {
        const struct nvgre_peer_layout *pl = &c->peer_layouts[i];

        print_address("  for peer", false, &pl->peer);
        printf("  layout=%s\n",
               nvgre_layout_to_string(nvgre_config_layout(c, &pl->peer)));
    }
}

static void
print_gateways(const struct nvgre_gateways *gws)
{
    for (size_t i = 0; i < gws->n; i++) {
        uint32_t vsid = gws->list[i].vsid;
        bool ipv4 = IN6_IS_ADDR_V4MAPPED(&gws->list[i].ip) != 0;

        printf("gateway of %"PRIu32": ", vsid);
        print_address("gateway_ip", false,
                      nvgre_gateways_find(gws, vsid, ipv4));
    }
}

static void
print_number(const char *what, bool inherit, unsigned int n)
{
    if (inherit) {
        printf("%s=inherit\n", what);
    } else {
        printf("%s=%u\n", what, n);
    }
}

/* Prints '*c', every member, so that nothing can go unnoticed. */
static void
print_config(const struct nvgre_config *c)
{
    const struct netdev_tunnel_config *tnl = &c->tnl;
    const char **names;
    char buf[4];

    if (c->remote_name) {
        printf("remote_name=%s\n", c->remote_name);
    } else {
        print_address("remote_ip", tnl->ip_dst_flow, &tnl->ipv6_dst);
    }
    print_address("local_ip", tnl->ip_src_flow, &tnl->ipv6_src);
    print_key("in_key", tnl->in_key_flow, tnl->in_key);
    print_key("out_key", tnl->out_key_flow, tnl->out_key);
    printf("flow_id=%s\n", nvgre_config_flowid_to_string(c, buf));
    print_layouts(c);
    printf("receive=%s\n", c->lenient ? "lenient" : "strict");
    printf("reserved_vsid=%s\n", c->reserved_vsid ? "allow" : "refuse");
    printf("inner_fragment=%s\n", c->inner_fragment ? "true" : "false");
    printf("too_big_rate=%"PRIu32"\n", c->too_big_rate);
    print_gateways(&c->gateways);
    for (size_t i = 0; i < N_NVGRE_OFFLOADS; i++) {
        printf("%s=%s\n", nvgre_offload_name(i),
               c->offloads & (1u << i) ? "true" : "false");
    }
    printf("rx_csum_sample=%"PRIu32"\n", c->rx_csum_sample);
    print_number("tos", tnl->tos_inherit, tnl->tos);
    print_number("ttl", tnl->ttl_inherit, tnl->ttl);
    printf("df_default=%s\n", tnl->dont_fragment ? "true" : "false");
    if (tnl->set_egress_pkt_mark) {
        printf("egress_pkt_mark=%"PRIu32"\n", tnl->egress_pkt_mark);
    }
    names = sset_sort(&c->ignored);
    for (size_t i = 0; names[i]; i++) {
        printf("ignored: %s\n", names[i]);
    }
    free(names);
}

static void
args_to_smap(char *argv[], struct smap *options)
{
    smap_init(options);
    for (; *argv; argv++) {
        char *name = xstrdup(*argv);
        char *equals = strchr(name, '=');

        if (!equals) {
            ovs_fatal(0, "%s: want OPTION=VALUE", *argv);
        }
        *equals = '\0';
        smap_replace(options, name, equals + 1);
        free(name);
    }
}

/* Judges the options of a port: PORT [OPTION=VALUE]...  The configuration is
 * printed from a copy, after the original is gone. */
static void
test_options(struct ovs_cmdl_context *ctx)
{
    struct nvgre_config *c, *copy;
    struct smap options;
    char *error;

    vlog_set_pattern(VLF_CONSOLE, "%c|%p|%m");
    args_to_smap(ctx->argv + 2, &options);
    error = nvgre_config_parse(ctx->argv[1], &options, &c);
    smap_destroy(&options);
    if (error) {
        puts(error);
        free(error);
        ovs_assert(!c);
        return;
    }

    copy = nvgre_config_clone(c);
    nvgre_config_destroy(c);
    print_config(copy);
    nvgre_config_destroy(copy);
}

HNVTEST_REGISTER("nvgre-options", test_options);

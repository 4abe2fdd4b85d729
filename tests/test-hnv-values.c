/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-values.h"

#include <stdio.h>
#include <stdlib.h>

#include "hnvtest.h"
#include "packets.h"
#include "util.h"

/* Prints one line about each argument: what it is as ARGV[1] ("address",
 * "prefix", "mac", "vsid", or "guid"), or what is wrong with it. */

static char *
show_address(const char *s, struct ds *ds)
{
    struct in6_addr address;
    char *error = hnv_address_parse(s, &address);

    if (!error) {
        hnv_address_format(&address, ds);
        error = hnv_address_check_unicast(&address);
    }
    return error;
}

static char *
show_prefix(const char *s, struct ds *ds)
{
    struct hnv_prefix prefix;
    char *error = hnv_prefix_parse(s, &prefix);

    if (!error) {
        struct in6_addr first, last;

        hnv_prefix_format(&prefix, ds);
        if (hnv_prefix_usable(&prefix, &first, &last)) {
            ds_put_char(ds, ' ');
            hnv_address_format(&first, ds);
            ds_put_char(ds, ' ');
            hnv_address_format(&last, ds);
        }
    }
    return error;
}

static char *
show_mac(const char *s, struct ds *ds)
{
    struct eth_addr mac;
    char *error = hnv_mac_parse(s, &mac);

    if (!error) {
        ds_put_format(ds, ETH_ADDR_FMT, ETH_ADDR_ARGS(mac));
    }
    return error;
}

static char *
show_vsid(const char *s, struct ds *ds)
{
    uint32_t vsid;
    char *error = hnv_vsid_parse(s, &vsid);

    if (!error) {
        ds_put_format(ds, "%"PRIu32, vsid);
    }
    return error;
}

static char *
show_guid(const char *s, struct ds *ds)
{
    char guid[37];
    char *error = hnv_guid_parse(s, guid);

    if (!error) {
        ds_put_cstr(ds, guid);
    }
    return error;
}

static void
test_values(struct ovs_cmdl_context *ctx)
{
    static const struct {
        const char *name;
        char *(*show)(const char *, struct ds *);
    } kinds[] = {
        { "address", show_address },
        { "prefix", show_prefix },
        { "mac", show_mac },
        { "vsid", show_vsid },
        { "guid", show_guid },
    };

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (strcmp(kinds[i].name, ctx->argv[1])) {
            continue;
        }
        for (int j = 2; j < ctx->argc; j++) {
            struct ds ds = DS_EMPTY_INITIALIZER;
            char *error = kinds[i].show(ctx->argv[j], &ds);

            puts(error ? error : ds_cstr(&ds));
            free(error);
            ds_destroy(&ds);
        }
        return;
    }
    ovs_fatal(0, "%s: no such kind of value", ctx->argv[1]);
}

HNVTEST_REGISTER("hnv-values", test_values);

/* Prints what the prefix ARGV[1] has to do with each further argument. */
static void
test_prefixes(struct ovs_cmdl_context *ctx)
{
    struct hnv_prefix prefix, other;
    struct in6_addr address;
    char *error = hnv_prefix_parse(ctx->argv[1], &prefix);

    ovs_assert(!error);
    for (int i = 2; i < ctx->argc; i++) {
        if (strchr(ctx->argv[i], '/')) {
            error = hnv_prefix_parse(ctx->argv[i], &other);
            ovs_assert(!error);
            puts(hnv_prefix_overlaps(&prefix, &other) ? "overlaps" : "apart");
        } else {
            error = hnv_address_parse(ctx->argv[i], &address);
            ovs_assert(!error);
            puts(hnv_prefix_contains(&prefix, &address) ? "in" : "out");
        }
    }
}

HNVTEST_REGISTER("hnv-prefixes", test_prefixes);

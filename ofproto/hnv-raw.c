/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-raw.h"

#include <stdlib.h>
#include <string.h>

#include "hnv-values.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "ovsdb-cs.h"
#include "packets.h"
#include "util.h"
#include "uuid.h"

/* Makes '*raw' what a row is in which nothing is set. */
void
hnv_raw_init(struct hnv_raw *raw)
{
    *raw = (struct hnv_raw) {
        .customer_address = xstrdup(""),
        .mac = xstrdup(""),
        .rule = HNV_RULE_ENCAP,
    };
    svec_init(&raw->pas);
    svec_init(&raw->standby);
}

static void
add_addresses(struct svec *svec, const struct in6_addr *addresses, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ds s = DS_EMPTY_INITIALIZER;

        hnv_address_format(&addresses[i], &s);
        svec_add_nocopy(svec, ds_steal_cstr(&s));
    }
}

/* Makes '*raw' the text of 'record', which is in 'routing_domain'. */
void
hnv_raw_init_from_record(struct hnv_raw *raw, const struct hnv_record *record,
                         const struct uuid *routing_domain)
{
    const struct hnv_peer *peer = record->peer;
    struct ds s = DS_EMPTY_INITIALIZER;

    hnv_address_format(&record->ca, &s);
    *raw = (struct hnv_raw) {
        .routing_domain = *routing_domain,
        .vsid = record->vsid,
        .customer_address = ds_steal_cstr(&s),
        .mac = xasprintf(ETH_ADDR_FMT, ETH_ADDR_ARGS(record->mac)),
        .rule = record->rule,
        .disabled = record->disabled,
        .use_vm_mac = record->use_vm_mac,
    };
    svec_init(&raw->pas);
    svec_init(&raw->standby);
    if (peer) {
        add_addresses(&raw->pas, peer->pas, peer->n_primary);
        add_addresses(&raw->standby, peer->pas + peer->n_primary,
                      peer->n_standby);
        for (size_t i = 0; i < peer->n_primary; i++) {
            if (record->also_standby >> i & 1) {
                add_addresses(&raw->standby, &peer->pas[i], 1);
            }
        }
        svec_sort(&raw->standby);
    }
}

/* Frees what '*raw' points to. */
void
hnv_raw_destroy(struct hnv_raw *raw)
{
    free(raw->customer_address);
    free(raw->mac);
    svec_destroy(&raw->pas);
    svec_destroy(&raw->standby);
}

/* If 'json' is a string, or a set of one string, returns it.  If it is an
 * empty set, returns "".  Otherwise returns NULL. */
static const char *
json_to_text(const struct json *json)
{
    if (json->type == JSON_ARRAY && json_array_size(json) == 2
        && json_array_at(json, 1)->type == JSON_ARRAY) {
        const struct json *set = json_array_at(json, 1);

        if (!json_array_size(set)) {
            return "";
        }
        json = json_array_at(set, 0);
    }
    return json->type == JSON_STRING ? json_string(json) : NULL;
}

/* Returns whether 'json' is true, or a set of that. */
static bool
json_has_true(const struct json *json)
{
    if (json->type == JSON_ARRAY && json_array_size(json) == 2
        && json_array_at(json, 1)->type == JSON_ARRAY) {
        const struct json *set = json_array_at(json, 1);

        return (json_array_size(set)
                && json_array_at(set, 0)->type == JSON_TRUE);
    }
    return json->type == JSON_TRUE;
}

static void
json_to_uuid(const struct json *json, struct uuid *uuid)
{
    if (json->type == JSON_ARRAY && json_array_size(json) == 2
        && json_array_at(json, 1)->type == JSON_STRING) {
        uuid_from_string(uuid, json_string(json_array_at(json, 1)));
    }
}

/* Do 'a' and 'b' mean the same address, however they are written? */
static bool
same_address(const char *a, const char *b)
{
    struct in6_addr addr_a, addr_b;
    char *error_a = hnv_address_parse(a, &addr_a);
    char *error_b = hnv_address_parse(b, &addr_b);
    bool same = (error_a || error_b ? !strcmp(a, b)
                 : !memcmp(&addr_a, &addr_b, sizeof addr_a));

    free(error_a);
    free(error_b);
    return same;
}

/* Adds 'address' to 'svec', or removes it, if it is in there. */
static void
toggle_address(struct svec *svec, const char *address)
{
    for (size_t i = 0; i < svec->n; i++) {
        if (same_address(svec->names[i], address)) {
            free(svec->names[i]);
            svec->names[i] = svec->names[--svec->n];
            return;
        }
    }
    svec_add(svec, address);
}

static void
toggle_addresses(struct svec *svec, const struct json *json)
{
    if (json->type == JSON_STRING) {
        toggle_address(svec, json_string(json));
    } else if (json->type == JSON_ARRAY && json_array_size(json) == 2
               && json_array_at(json, 1)->type == JSON_ARRAY) {
        const struct json *set = json_array_at(json, 1);

        for (size_t i = 0; i < json_array_size(set); i++) {
            const struct json *atom = json_array_at(set, i);

            if (atom->type == JSON_STRING) {
                toggle_address(svec, json_string(atom));
            }
        }
    }
    svec_sort(svec);
}

static void
replace_string(char **sp, const struct json *json)
{
    const char *s = json_to_text(json);

    if (s) {
        free(*sp);
        *sp = xstrdup(s);
    }
}

static enum hnv_rule
rule_from_string(const char *s)
{
    return (!strcmp(s, "rewrite") ? HNV_RULE_REWRITE
            : !strcmp(s, "none") ? HNV_RULE_NONE
            : HNV_RULE_ENCAP);
}

static void
hnv_raw_apply_column(struct hnv_raw *raw, const char *name,
                     const struct json *json)
{
    const char *s = json_to_text(json);

    if (!strcmp(name, "routing_domain")) {
        json_to_uuid(json, &raw->routing_domain);
    } else if (!strcmp(name, "vsid") && json->type == JSON_INTEGER) {
        raw->vsid = json_integer(json);
    } else if (!strcmp(name, "customer_address")) {
        replace_string(&raw->customer_address, json);
    } else if (!strcmp(name, "mac")) {
        replace_string(&raw->mac, json);
    } else if (!strcmp(name, "provider_addresses")) {
        toggle_addresses(&raw->pas, json);
    } else if (!strcmp(name, "standby_addresses")) {
        toggle_addresses(&raw->standby, json);
    } else if (!strcmp(name, "rule") && s) {
        raw->rule = rule_from_string(s);
    } else if (!strcmp(name, "state") && s) {
        raw->disabled = !strcmp(s, "disabled") || !strcmp(s, "unbound");
    } else if (!strcmp(name, "use_vm_mac")) {
        raw->use_vm_mac = json_has_true(json);
    }
}

/* Applies 'update', which must not delete the row, to '*raw'. */
void
hnv_raw_apply(struct hnv_raw *raw, const struct ovsdb_cs_row_update *update)
{
    const struct shash_node *node;

    SHASH_FOR_EACH (node, update->columns) {
        /* Only a difference is relative to the set that we have. */
        if (update->type != OVSDB_CS_ROW_XOR) {
            if (!strcmp(node->name, "provider_addresses")) {
                svec_clear(&raw->pas);
            } else if (!strcmp(node->name, "standby_addresses")) {
                svec_clear(&raw->standby);
            }
        }
        hnv_raw_apply_column(raw, node->name, node->data);
    }
}

/* Fills in '*row', which is valid as long as '*raw' is not changed. */
void
hnv_raw_to_row(const struct hnv_raw *raw, const struct uuid *uuid,
               uint32_t domain_key, struct hnv_record_row *row)
{
    *row = (struct hnv_record_row) {
        .uuid = *uuid,
        .domain_key = domain_key,
        .vsid = raw->vsid,
        .customer_address = raw->customer_address,
        .mac = raw->mac,
        .provider_addresses = { raw->pas.names, raw->pas.n },
        .standby_addresses = { raw->standby.names, raw->standby.n },
        .rule = raw->rule,
        .disabled = raw->disabled,
        .use_vm_mac = raw->use_vm_mac,
    };
}

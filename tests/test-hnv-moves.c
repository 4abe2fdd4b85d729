/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-moves.h"

#include <stdio.h>
#include <string.h>

#include "hnv-installer.h"
#include "hnv-peers.h"
#include "hnv-record.h"
#include "hnv-records.h"
#include "hnv-values.h"
#include "hnvtest.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "ovsdb-cs.h"
#include "svec.h"
#include "test-hnv-policy.h"
#include "test-nvgre-util.h"
#include "timeval.h"
#include "util.h"
#include "uuid.h"

static struct test_policy policy;
static struct hnv_moves *moves;
static struct hnv_records *records;
static struct hnv_installer *installer; /* Without a switch. */

static const struct uuid domain = { .parts = { 1, 0, 0, 0 } };

static uint32_t
get_key(const struct uuid *uuid OVS_UNUSED, void *aux OVS_UNUSED)
{
    return 1;
}

static bool
get_domain(uint32_t key OVS_UNUSED, struct uuid *uuid, void *aux OVS_UNUSED)
{
    *uuid = domain;
    return true;
}

static void
put(struct hnv_entry *entry, const struct hnv_record *old,
    void *aux OVS_UNUSED)
{
    if (old) {
        hnv_moves_update(moves, policy.host, entry, old);
    }
    hnv_installer_put_record(installer, entry, old);
}

static void
removed(struct hnv_entry *entry, void *aux OVS_UNUSED)
{
    hnv_installer_remove_record(installer, entry);
}

static const struct hnv_records_handler handler = {
    .get_key = get_key,
    .get_domain = get_domain,
    .put = put,
    .removed = removed,
};

static struct uuid
record_uuid(unsigned int n)
{
    return (struct uuid) { .parts = { n, 0, 0, 2 } };
}

/* The database says that record number 'n' is at provider address 'pa'. */
static void
locate(unsigned int n, const char *pa)
{
    struct shash columns = SHASH_INITIALIZER(&columns);
    struct ovsdb_cs_row_update update = {
        .row_uuid = record_uuid(n),
        .type = OVSDB_CS_ROW_INSERT,
        .columns = &columns,
    };
    char *s = xasprintf(
        "{\"routing_domain\": [\"uuid\", \""UUID_FMT"\"], \"vsid\": 5001, "
        "\"customer_address\": \"10.0.1.%u\", "
        "\"mac\": \"00:15:5d:00:00:%02x\", \"provider_addresses\": \"%s\"}",
        UUID_ARGS(&domain), n, n, pa);
    struct json *row = json_from_string(s);
    struct shash_node *node;

    ovs_assert(row->type == JSON_OBJECT);
    SHASH_FOR_EACH (node, json_object(row)) {
        shash_add(&columns, node->name, node->data);
    }
    hnv_records_update(records, &update);
    shash_destroy(&columns);
    json_destroy(row);
    free(s);
}

/* Handles "RECORD PA", "RECORD gone", or "warp MS", and prints which records
 * count as moved then, and which have come, from where. */
static void
moves_line(struct svec *words)
{
    const char *what = words->names[0], *value = words->names[1];

    if (!strcmp(what, "warp")) {
        timeval_warp(test_number(value));
        hnv_moves_run(moves, records, installer);
    } else if (!strcmp(value, "gone")) {
        struct shash columns = SHASH_INITIALIZER(&columns);

        hnv_records_update(records, &(struct ovsdb_cs_row_update) {
            .row_uuid = record_uuid(test_number(what)),
            .type = OVSDB_CS_ROW_DELETE,
            .columns = &columns,
        });
    } else {
        locate(test_number(what), value);
    }

    printf("moved:");
    for (unsigned int n = 1; n < 10; n++) {
        struct uuid uuid = record_uuid(n);
        const struct hnv_entry *entry = hnv_records_find(records, &uuid);

        if (entry && entry->record.moved) {
            printf(" %u", n);
        } else if (entry && entry->record.peer->n_former) {
            const struct hnv_peer *peer = entry->record.peer;
            struct ds s = DS_EMPTY_INITIALIZER;

            hnv_address_format(&peer->pas[peer->n_primary + peer->n_standby],
                               &s);
            printf(" %u<%s", n, ds_cstr(&s));
            ds_destroy(&s);
        }
    }
    putchar('\n');
}

static void
test_moves(struct ovs_cmdl_context *ctx)
{
    test_policy_load(&policy, ctx->argv[1]);
    time_msec();                /* The clock has to run before it stops. */
    timeval_stop();
    moves = hnv_moves_create(policy.peers);
    records = hnv_records_create(policy.peers, &handler, NULL);
    installer = hnv_installer_create(NULL, policy.peers, records);
    test_each_line(moves_line);
    hnv_records_destroy(records);
    hnv_installer_destroy(installer);
    hnv_moves_destroy(moves);
    test_policy_destroy(&policy);
}

HNVTEST_REGISTER("hnv-moves", test_moves);

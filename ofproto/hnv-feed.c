/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-feed.h"

#include <stdlib.h>
#include <string.h>
#if HAVE_DECL_MALLOC_TRIM
#include <malloc.h>
#endif

#include "jsonrpc.h"
#include "openvswitch/hmap.h"
#include "openvswitch/json.h"
#include "openvswitch/list.h"
#include "openvswitch/vlog.h"
#include "ovsdb-cs.h"
#include "ovsdb-error.h"
#include "util.h"
#include "uuid.h"

VLOG_DEFINE_THIS_MODULE(hnv_feed);

#define HNV_DB "HNV"
#define HNV_TABLE "Lookup_Record"
#define HNV_GLOBAL "HNV_Global"

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

/* A query that the database has not answered yet. */
struct hnv_query {
    struct ovs_list node;       /* In 'queries' of struct hnv_feed. */
    struct json *id;            /* Of the transaction. */
    struct uuid routing_domain;
    char *customer_address;
};

struct hnv_feed {
    const struct hnv_feed_handler *handler;
    void *aux;

    struct ovsdb_cs *cs;
    char *remote;               /* NULL if not set. */
    bool received;              /* Was any update received? */
    unsigned int want_seqno;    /* Of the condition that we set last. */
    struct json *condition;     /* That condition. */
    struct ovs_list queries;    /* Contains "struct hnv_query"s. */
    int64_t cfg;                /* HNV_Global:cfg, in this session. */
};

/* The columns of a record that concern a host. */
static const char *columns[] = {
    "routing_domain", "vsid", "customer_address", "mac",
    "provider_addresses", "standby_addresses", "rule", "state",
};

static struct json *
hnv_feed_compose_monitor(const struct json *schema OVS_UNUSED,
                         void *aux OVS_UNUSED)
{
    struct json *array = json_array_create_empty();
    struct json *request = json_object_create();
    struct json *requests = json_object_create();

    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        json_array_add(array, json_string_create(columns[i]));
    }
    json_object_put(request, "columns", array);
    json_object_put(requests, HNV_TABLE, json_array_create_1(request));

    request = json_object_create();
    json_object_put(request, "columns",
                    json_array_create_1(json_string_create("cfg")));
    json_object_put(requests, HNV_GLOBAL, json_array_create_1(request));
    return requests;
}

/* Returns a new feed, which calls the functions in 'handler' with 'aux'.  It
 * monitors nothing before hnv_feed_want().  The caller must free it, with
 * hnv_feed_destroy(). */
struct hnv_feed *
hnv_feed_create(const struct hnv_feed_handler *handler, void *aux)
{
    static const struct ovsdb_cs_ops ops = {
        .compose_monitor_requests = hnv_feed_compose_monitor,
    };
    struct hnv_feed *feed = xzalloc(sizeof *feed);

    feed->handler = handler;
    feed->aux = aux;
    feed->cs = ovsdb_cs_create(HNV_DB, 3, &ops, feed);
    ovsdb_cs_set_leader_only(feed->cs, false);
    ovs_list_init(&feed->queries);
    hnv_feed_want(feed, NULL, 0, NULL, 0);
    return feed;
}

static void
hnv_query_destroy(struct hnv_feed *feed, struct hnv_query *query)
{
    ovsdb_cs_forget_transaction(feed->cs, query->id);
    ovs_list_remove(&query->node);
    json_destroy(query->id);
    free(query->customer_address);
    free(query);
}

/* Closes and frees 'feed'. */
void
hnv_feed_destroy(struct hnv_feed *feed)
{
    if (feed) {
        struct hnv_query *query;

        LIST_FOR_EACH_SAFE (query, node, &feed->queries) {
            hnv_query_destroy(feed, query);
        }
        ovsdb_cs_destroy(feed->cs);
        json_destroy(feed->condition);
        free(feed->remote);
        free(feed);
    }
}

/* Makes 'feed' connect to 'remote', or to nothing, if that is NULL. */
void
hnv_feed_set_remote(struct hnv_feed *feed, const char *remote,
                    int probe_interval_ms)
{
    if (!nullable_string_is_equal(remote, feed->remote)) {
        free(feed->remote);
        feed->remote = nullable_xstrdup(remote);
        ovsdb_cs_set_remote(feed->cs, remote, true);
    }
    ovsdb_cs_set_probe_interval(feed->cs, probe_interval_ms);
}

/* Processes a change of the row in HNV_Global. */
static void
hnv_feed_update_cfg(struct hnv_feed *feed,
                    const struct ovsdb_cs_row_update *update)
{
    const struct json *cfg = (update->columns
                              ? shash_find_data(update->columns, "cfg")
                              : NULL);

    if (cfg && cfg->type == JSON_INTEGER) {
        feed->cfg = json_integer(cfg);
    }
}

static void
hnv_feed_process_update(struct hnv_feed *feed,
                        const struct ovsdb_cs_update_event *event)
{
    struct ovsdb_cs_db_update *db_update;
    struct ovsdb_error *error;

    error = ovsdb_cs_parse_db_update(event->table_updates, event->version,
                                     &db_update);
    if (error) {
        char *s = ovsdb_error_to_string_free(error);
        VLOG_WARN_RL(&rl, "cannot parse an update of records: %s", s);
        free(s);
        ovsdb_cs_flag_inconsistency(feed->cs);
        return;
    }

    if (event->clear) {
        feed->handler->clear(feed->aux);
    }
    for (size_t i = 0; i < db_update->n; i++) {
        const struct ovsdb_cs_table_update *tu = &db_update->table_updates[i];

        for (size_t j = 0; j < tu->n; j++) {
            if (!strcmp(tu->table_name, HNV_TABLE)) {
                feed->handler->update(&tu->row_updates[j], feed->aux);
            } else {
                hnv_feed_update_cfg(feed, &tu->row_updates[j]);
            }
        }
    }
    feed->received = true;
    feed->handler->updated(feed->aux);
    ovsdb_cs_db_update_destroy(db_update);
}

/* Stores in '*record' the UUID of the row in 'result', which is the result of
 * a "select" operation.  Returns false if there is none. */
static bool
hnv_query_parse_result(const struct json *result, struct uuid *record)
{
    const struct json *op, *rows, *uuid;

    if (result->type != JSON_ARRAY || !json_array_size(result)) {
        return false;
    }
    op = json_array_at(result, 0);
    rows = (op->type == JSON_OBJECT
            ? shash_find_data(json_object(op), "rows") : NULL);
    if (!rows || rows->type != JSON_ARRAY || !json_array_size(rows)
        || json_array_at(rows, 0)->type != JSON_OBJECT) {
        return false;
    }
    uuid = shash_find_data(json_object(json_array_at(rows, 0)), "_uuid");
    return (uuid && uuid->type == JSON_ARRAY && json_array_size(uuid) == 2
            && json_array_at(uuid, 1)->type == JSON_STRING
            && uuid_from_string(record,
                                json_string(json_array_at(uuid, 1))));
}

/* Gives memory back to the system.  The JSON of all records at once takes many
 * times what the records do, and the C library would keep it forever. */
static void
hnv_feed_trim(void)
{
#if HAVE_DECL_MALLOC_TRIM
    malloc_trim(0);
#endif
}

static void
hnv_feed_process_reply(struct hnv_feed *feed, const struct jsonrpc_msg *reply)
{
    struct hnv_query *query;

    LIST_FOR_EACH_SAFE (query, node, &feed->queries) {
        if (json_equal(query->id, reply->id)) {
            struct uuid record;
            bool found = (reply->type == JSONRPC_REPLY
                          && hnv_query_parse_result(reply->result, &record));

            feed->handler->found(&query->routing_domain,
                                 query->customer_address,
                                 found ? &record : NULL, feed->aux);
            hnv_query_destroy(feed, query);
            return;
        }
    }
}

/* Does this module's share of work.  The caller must call this often, and
 * then hnv_feed_wait() before it blocks. */
void
hnv_feed_run(struct hnv_feed *feed)
{
    struct ovs_list events = OVS_LIST_INITIALIZER(&events);
    struct ovsdb_cs_event *event;
    struct hnv_query *query;
    bool trim = false;

    ovsdb_cs_run(feed->cs, &events);
    LIST_FOR_EACH_POP (event, list_node, &events) {
        switch (event->type) {
        case OVSDB_CS_EVENT_TYPE_RECONNECT:
            /* Nobody will answer these.  Whoever asked asks again if the
             * answer is still wanted. */
            LIST_FOR_EACH_SAFE (query, node, &feed->queries) {
                hnv_query_destroy(feed, query);
            }
            break;

        case OVSDB_CS_EVENT_TYPE_UPDATE:
            hnv_feed_process_update(feed, &event->update);
            trim |= event->update.monitor_reply || event->update.clear;
            break;

        case OVSDB_CS_EVENT_TYPE_TXN_REPLY:
            hnv_feed_process_reply(feed, event->txn_reply);
            break;

        case OVSDB_CS_EVENT_TYPE_LOCKED:
            break;
        }
        ovsdb_cs_event_destroy(event);
    }
    if (trim) {
        hnv_feed_trim();
    }

    /* The number that a condition set before the connection came up waits for
     * might never come, so ask again. */
    if (!hnv_feed_is_synced(feed)) {
        feed->want_seqno = ovsdb_cs_set_condition(feed->cs, HNV_TABLE,
                                                  feed->condition);
    }
}

/* Arranges for poll_block() to wake up when hnv_feed_run() has work. */
void
hnv_feed_wait(struct hnv_feed *feed)
{
    ovsdb_cs_wait(feed->cs);
}

static struct json *
uuid_to_json(const struct uuid *uuid)
{
    return json_array_create_2(json_string_create("uuid"),
                               json_string_create_nocopy(
                                   xasprintf(UUID_FMT, UUID_ARGS(uuid))));
}

static void
add_clauses(struct json *condition, const char *column,
            const struct uuid *uuids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        json_array_add(condition, json_array_create_3(
                           json_string_create(column),
                           json_string_create("=="),
                           uuid_to_json(&uuids[i])));
    }
}

/* Makes 'feed' monitor the records of 'routing_domains', and the single
 * 'records'.  The caller must pass the same set in the same order if nothing
 * changed. */
void
hnv_feed_want(struct hnv_feed *feed, const struct uuid *routing_domains,
              size_t n_routing_domains, const struct uuid *records,
              size_t n_records)
{
    struct json *condition = json_array_create_empty();

    add_clauses(condition, "routing_domain", routing_domains,
                n_routing_domains);
    add_clauses(condition, "_uuid", records, n_records);
    if (!json_array_size(condition)) {
        json_array_add(condition, json_boolean_create(false));
    }

    if (feed->condition && json_equal(condition, feed->condition)) {
        json_destroy(condition);
        return;
    }
    json_destroy(feed->condition);
    feed->condition = condition;
    feed->want_seqno = ovsdb_cs_set_condition(feed->cs, HNV_TABLE, condition);
}

/* Returns true if the owner has got all records that it wants. */
bool
hnv_feed_is_synced(const struct hnv_feed *feed)
{
    return (feed->received
            && ovsdb_cs_get_condition_seqno(feed->cs) >= feed->want_seqno);
}

/* Returns HNV_Global:cfg as it was in this session's last update: the records
 * are at least as new as that. */
int64_t
hnv_feed_get_cfg(const struct hnv_feed *feed)
{
    return feed->cfg;
}

/* Makes 'feed' get all records again. */
void
hnv_feed_restart(struct hnv_feed *feed)
{
    ovsdb_cs_reset_last_id(feed->cs);
    ovsdb_cs_force_reconnect(feed->cs);
}

bool
hnv_feed_is_connected(const struct hnv_feed *feed)
{
    return ovsdb_cs_is_connected(feed->cs);
}

/* Asks the database for the record that 'customer_address' has in
 * 'routing_domain'.  Returns false if it cannot be asked now. */
bool
hnv_feed_query(struct hnv_feed *feed, const struct uuid *routing_domain,
               const char *customer_address)
{
    struct hnv_query *query;
    struct json *op, *where, *id;

    if (!ovsdb_cs_may_send_transaction(feed->cs)) {
        return false;
    }

    /* The server has an index of these two columns. */
    where = json_array_create_2(
        json_array_create_3(json_string_create("routing_domain"),
                            json_string_create("=="),
                            uuid_to_json(routing_domain)),
        json_array_create_3(json_string_create("customer_address"),
                            json_string_create("=="),
                            json_string_create(customer_address)));
    op = json_object_create();
    json_object_put_string(op, "op", "select");
    json_object_put_string(op, "table", HNV_TABLE);
    json_object_put(op, "where", where);
    json_object_put(op, "columns",
                    json_array_create_1(json_string_create("_uuid")));

    id = ovsdb_cs_send_transaction(feed->cs, json_array_create_2(
                                       json_string_create(HNV_DB), op));
    if (!id) {
        return false;
    }
    query = xmalloc(sizeof *query);
    query->id = id;
    query->routing_domain = *routing_domain;
    query->customer_address = xstrdup(customer_address);
    ovs_list_push_back(&feed->queries, &query->node);
    return true;
}

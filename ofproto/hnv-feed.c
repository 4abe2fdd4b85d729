/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-feed.h"

#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "hnv-stages.h"
#include "jsonrpc.h"
#include "openvswitch/hmap.h"
#include "openvswitch/json.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovsdb-cs.h"
#include "ovsdb-error.h"
#include "util.h"
#include "uuid.h"

VLOG_DEFINE_THIS_MODULE(hnv_feed);

COVERAGE_DEFINE(hnv_feed_condition);

#define HNV_DB "HNV"
#define RECORD_TABLE "Lookup_Record"
#define HNV_GLOBAL "HNV_Global"

/* Rows to hand over in one run, so that other work gets its turn.  While many
 * come, the switch waits for us: what the socket to it holds keeps it busy for
 * little longer than a millisecond. */
#define HNV_FEED_MAX_ROWS 250

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
    struct hnv_stages stages;   /* What it is made of. */
    size_t n_stage_rows;        /* Rows that it brought. */
    struct ovs_list queries;    /* Contains "struct hnv_query"s. */
    int64_t cfg;                /* HNV_Global:cfg, in this session. */

    /* What was received and has not been handed over. */
    struct ovs_list events;     /* Contains "struct ovsdb_cs_event"s. */
    struct ovsdb_cs_event *event; /* The one under way, or NULL. */
    struct ovsdb_cs_db_update *update; /* Refers to 'event', or NULL. */
    size_t table, row;          /* Next row in 'update'. */
    int64_t next_cfg;           /* 'cfg' after it. */
    uint64_t n_rows;            /* Rows handed over, ever. */
};

/* The columns of a record that concern a host. */
static const char *columns[] = {
    "routing_domain", "vsid", "customer_address", "mac",
    "provider_addresses", "standby_addresses", "rule", "state",
    "use_vm_mac",
};

static struct json *
hnv_feed_compose_monitor(const struct json *schema OVS_UNUSED,
                         void *feed_)
{
    const struct hnv_feed *feed = feed_;
    struct json *array = json_array_create_empty();
    struct json *request = json_object_create();
    struct json *requests = json_object_create();

    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        json_array_add(array, json_string_create(columns[i]));
    }
    json_object_put(request, "columns", array);
    if (hnv_stages_is_empty(&feed->stages)) {
        /* The server would prepare to send all that it has, before it looks
         * at the condition. */
        struct json *select = json_object_create();

        json_object_put(select, "initial", json_boolean_create(false));
        json_object_put(request, "select", select);
    }
    json_object_put(requests, RECORD_TABLE, json_array_create_1(request));

    request = json_object_create();
    json_object_put(request, "columns",
                    json_array_create_1(json_string_create("cfg")));
    json_object_put(requests, HNV_GLOBAL, json_array_create_1(request));
    return requests;
}

/* Tells the server about 'feed->stages'. */
static void
hnv_feed_set_condition(struct hnv_feed *feed)
{
    COVERAGE_INC(hnv_feed_condition);
    json_destroy(feed->condition);
    feed->condition = hnv_stages_compose(&feed->stages);
    feed->want_seqno = ovsdb_cs_set_condition(feed->cs, RECORD_TABLE,
                                              feed->condition);
    feed->n_stage_rows = 0;
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
    ovs_list_init(&feed->events);
    hnv_stages_init(&feed->stages);
    hnv_feed_set_condition(feed);
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

static void
hnv_feed_end_event(struct hnv_feed *feed)
{
    if (feed->update) {
        ovsdb_cs_db_update_destroy(feed->update);
        feed->update = NULL;
    }
    if (feed->event) {
        ovsdb_cs_event_destroy(feed->event);
        feed->event = NULL;
    }
}

/* Closes and frees 'feed'. */
void
hnv_feed_destroy(struct hnv_feed *feed)
{
    if (feed) {
        struct ovsdb_cs_event *event;
        struct hnv_query *query;

        LIST_FOR_EACH_SAFE (query, node, &feed->queries) {
            hnv_query_destroy(feed, query);
        }
        LIST_FOR_EACH_POP (event, list_node, &feed->events) {
            ovsdb_cs_event_destroy(event);
        }
        hnv_feed_end_event(feed);
        ovsdb_cs_destroy(feed->cs);
        json_destroy(feed->condition);
        hnv_stages_destroy(&feed->stages);
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
        feed->next_cfg = json_integer(cfg);
    }
}

/* Begins to hand over what 'event' brought. */
static void
hnv_feed_begin_update(struct hnv_feed *feed,
                      const struct ovsdb_cs_update_event *event)
{
    struct ovsdb_error *error;

    error = ovsdb_cs_parse_db_update(event->table_updates, event->version,
                                     &feed->update);
    if (error) {
        char *s = ovsdb_error_to_string_free(error);
        VLOG_WARN_RL(&rl, "cannot parse an update of records: %s", s);
        free(s);
        feed->update = NULL;
        ovsdb_cs_flag_inconsistency(feed->cs);
        return;
    }
    feed->table = feed->row = 0;
    feed->next_cfg = feed->cfg;
    if (event->clear) {
        feed->handler->clear(feed->aux);
    }
}

/* Hands over up to '*budget' rows of the update under way, which it takes
 * from '*budget', and ends it if they were the last. */
static void
hnv_feed_process_rows(struct hnv_feed *feed, size_t *budget)
{
    while (feed->table < feed->update->n) {
        const struct ovsdb_cs_table_update *tu
            = &feed->update->table_updates[feed->table];

        for (; feed->row < tu->n && *budget; feed->row++) {
            const struct ovsdb_cs_row_update *ru = &tu->row_updates[feed->row];

            if (!strcmp(tu->table_name, RECORD_TABLE)) {
                feed->handler->update(ru, feed->aux);
                feed->n_rows++;
            } else {
                hnv_feed_update_cfg(feed, ru);
            }
            *budget -= 1;
        }
        if (feed->row < tu->n) {
            return;
        }
        feed->table++;
        feed->row = 0;
    }

    hnv_feed_end_event(feed);
    feed->cfg = feed->next_cfg;
    feed->received = true;
    feed->handler->updated(feed->aux);
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

/* Processes 'event', except the rows that it brought. */
static void
hnv_feed_process_event(struct hnv_feed *feed,
                       const struct ovsdb_cs_event *event)
{
    struct hnv_query *query;

    switch (event->type) {
    case OVSDB_CS_EVENT_TYPE_RECONNECT:
        /* Nobody will answer these.  Whoever asked asks again if the answer
         * is still wanted. */
        LIST_FOR_EACH_SAFE (query, node, &feed->queries) {
            hnv_query_destroy(feed, query);
        }
        break;

    case OVSDB_CS_EVENT_TYPE_UPDATE:
        hnv_feed_begin_update(feed, &event->update);
        break;

    case OVSDB_CS_EVENT_TYPE_TXN_REPLY:
        hnv_feed_process_reply(feed, event->txn_reply);
        break;

    case OVSDB_CS_EVENT_TYPE_LOCKED:
        break;
    }
}

/* Has anything been received that was not handed over? */
static bool
hnv_feed_is_pending(const struct hnv_feed *feed)
{
    return feed->event || !ovs_list_is_empty(&feed->events);
}

static void
hnv_feed_process(struct hnv_feed *feed)
{
    size_t budget = HNV_FEED_MAX_ROWS;

    while (budget && hnv_feed_is_pending(feed)) {
        if (!feed->event) {
            feed->event = CONTAINER_OF(ovs_list_pop_front(&feed->events),
                                       struct ovsdb_cs_event, list_node);
            hnv_feed_process_event(feed, feed->event);
        }
        if (feed->update) {
            hnv_feed_process_rows(feed, &budget);
        } else {
            hnv_feed_end_event(feed);
        }
    }
}

/* Returns the number of records in 'event'. */
static size_t
count_rows(const struct ovsdb_cs_event *event)
{
    const struct json *updates = event->update.table_updates;
    const struct json *table;

    if (event->type != OVSDB_CS_EVENT_TYPE_UPDATE
        || updates->type != JSON_OBJECT) {
        return 0;
    }
    table = shash_find_data(json_object(updates), RECORD_TABLE);
    return (table && table->type == JSON_OBJECT
            ? shash_count(json_object(table)) : 0);
}

static void
hnv_feed_receive(struct hnv_feed *feed)
{
    struct ovs_list events;
    struct ovsdb_cs_event *event;

    ovsdb_cs_run(feed->cs, &events);
    LIST_FOR_EACH (event, list_node, &events) {
        feed->n_stage_rows += count_rows(event);
    }
    ovs_list_push_back_all(&feed->events, &events);
}

/* Has the server sent all that 'feed->condition' asks for? */
static bool
hnv_feed_is_answered(const struct hnv_feed *feed)
{
    return ovsdb_cs_get_condition_seqno(feed->cs) >= feed->want_seqno;
}

/* Does this module's share of work.  The caller must call this often, and
 * then hnv_feed_wait() before it blocks. */
void
hnv_feed_run(struct hnv_feed *feed)
{
    hnv_feed_receive(feed);
    if (!hnv_stages_is_last(&feed->stages) && hnv_feed_is_answered(feed)) {
        /* Let the server work while we do. */
        hnv_stages_advance(&feed->stages, feed->n_stage_rows);
        hnv_feed_set_condition(feed);
        hnv_feed_receive(feed);
    }
    hnv_feed_process(feed);

    /* The number that a condition set before the connection came up waits for
     * might never come, so ask again. */
    if (!hnv_feed_is_pending(feed) && !hnv_feed_is_answered(feed)) {
        feed->want_seqno = ovsdb_cs_set_condition(feed->cs, RECORD_TABLE,
                                                  feed->condition);
    }
}

/* Arranges for poll_block() to wake up when hnv_feed_run() has work. */
void
hnv_feed_wait(struct hnv_feed *feed)
{
    ovsdb_cs_wait(feed->cs);
    if (hnv_feed_is_pending(feed)) {
        poll_immediate_wake();
    }
}

static struct json *
uuid_to_json(const struct uuid *uuid)
{
    return json_array_create_2(json_string_create("uuid"),
                               json_string_create_nocopy(
                                   xasprintf(UUID_FMT, UUID_ARGS(uuid))));
}

/* Makes 'feed' monitor what 'wanted' names.  The caller must pass the same in
 * the same order if nothing changed. */
void
hnv_feed_want(struct hnv_feed *feed, const struct hnv_wanted *wanted)
{
    if (hnv_stages_set(&feed->stages, wanted)) {
        hnv_feed_set_condition(feed);
    }
}

/* Returns true if the owner has got all records that it wants. */
bool
hnv_feed_is_synced(const struct hnv_feed *feed)
{
    return (feed->received && hnv_stages_is_last(&feed->stages)
            && !hnv_feed_is_pending(feed) && hnv_feed_is_answered(feed));
}

/* Returns HNV_Global:cfg as it was in this session's last update: the records
 * are at least as new as that. */
int64_t
hnv_feed_get_cfg(const struct hnv_feed *feed)
{
    return feed->cfg;
}

/* Returns the number of rows that 'feed' has handed over since it was
 * created. */
uint64_t
hnv_feed_count_rows(const struct hnv_feed *feed)
{
    return feed->n_rows;
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
    json_object_put_string(op, "table", RECORD_TABLE);
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

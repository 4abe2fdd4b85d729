/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-records.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "hnv-errors.h"
#include "hnv-raw.h"
#include "openvswitch/hmap.h"
#include "openvswitch/vlog.h"
#include "ovsdb-cs.h"
#include "packets.h"
#include "util.h"
#include "uuid.h"

VLOG_DEFINE_THIS_MODULE(hnv_records);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(10, 50);

/* A row that is not in the table. */
struct hnv_bad {
    struct hmap_node node;      /* In 'bad' of struct hnv_records. */
    struct uuid uuid;
    struct hnv_raw raw;
    char *message;              /* What is wrong. */
    bool retry;                 /* Might that change without the row? */
    bool stale;                 /* Gone, unless the update mentions it. */
};

/* The record that a provider address is rewritten for. */
struct hnv_rewritten {
    struct hmap_node node;      /* In 'rewritten' of struct hnv_records. */
    struct hnv_entry *entry;
};

struct hnv_records {
    const struct hnv_records_handler *handler;
    void *aux;
    struct hnv_peers *peers;
    struct hmap by_uuid;        /* Contains "struct hnv_entry"s. */
    struct hmap by_ca;          /* The same. */
    struct hmap rewritten;      /* Contains "struct hnv_rewritten"s. */
    struct hmap bad;            /* Contains "struct hnv_bad"s. */
    bool sweep;                 /* Are there stale entries? */
    bool removed;               /* Might a bad one be good now? */
};

/* Returns a new table, whose records hold references in 'peers'.  The caller
 * must free it, with hnv_records_destroy(). */
struct hnv_records *
hnv_records_create(struct hnv_peers *peers,
                   const struct hnv_records_handler *handler, void *aux)
{
    struct hnv_records *records = xzalloc(sizeof *records);

    records->handler = handler;
    records->aux = aux;
    records->peers = peers;
    hmap_init(&records->by_uuid);
    hmap_init(&records->by_ca);
    hmap_init(&records->rewritten);
    hmap_init(&records->bad);
    return records;
}

static void
hnv_bad_remove(struct hnv_records *records, struct hnv_bad *bad)
{
    hmap_remove(&records->bad, &bad->node);
    hnv_raw_destroy(&bad->raw);
    free(bad->message);
    free(bad);
}

static uint32_t
hash_ca(uint32_t domain_key, const struct in6_addr *ca)
{
    return hash_bytes(ca, sizeof *ca, domain_key);
}

static struct hnv_rewritten *
hnv_rewritten_find(const struct hnv_records *records,
                   const struct in6_addr *pa)
{
    struct hnv_rewritten *rewritten;

    HMAP_FOR_EACH_WITH_HASH (rewritten, node, hash_ca(0, pa),
                             &records->rewritten) {
        if (ipv6_addr_equals(&rewritten->entry->record.peer->pas[0], pa)) {
            return rewritten;
        }
    }
    return NULL;
}

static void
hnv_entry_index(struct hnv_records *records, struct hnv_entry *entry)
{
    const struct hnv_record *record = &entry->record;

    hmap_insert(&records->by_ca, &entry->by_ca,
                hash_ca(record->domain_key, &record->ca));
    if (record->rule == HNV_RULE_REWRITE) {
        struct hnv_rewritten *rewritten = xmalloc(sizeof *rewritten);

        rewritten->entry = entry;
        hmap_insert(&records->rewritten, &rewritten->node,
                    hash_ca(0, &record->peer->pas[0]));
    }
}

static void
hnv_entry_unindex(struct hnv_records *records, struct hnv_entry *entry)
{
    hmap_remove(&records->by_ca, &entry->by_ca);
    if (entry->record.rule == HNV_RULE_REWRITE) {
        struct hnv_rewritten *rewritten
            = hnv_rewritten_find(records, &entry->record.peer->pas[0]);

        hmap_remove(&records->rewritten, &rewritten->node);
        free(rewritten);
    }
}

static void
hnv_entry_remove(struct hnv_records *records, struct hnv_entry *entry)
{
    records->handler->removed(entry, records->aux);
    hmap_remove(&records->by_uuid, &entry->by_uuid);
    hnv_entry_unindex(records, entry);
    hnv_record_release(records->peers, &entry->record);
    free(entry);
    records->removed = true;
}

/* Frees 'records', without telling the owner about each. */
void
hnv_records_destroy(struct hnv_records *records)
{
    if (records) {
        struct hnv_rewritten *rewritten;
        struct hnv_entry *entry;
        struct hnv_bad *bad;

        HMAP_FOR_EACH_POP (rewritten, node, &records->rewritten) {
            free(rewritten);
        }
        HMAP_FOR_EACH_POP (entry, by_uuid, &records->by_uuid) {
            hnv_record_release(records->peers, &entry->record);
            free(entry);
        }
        HMAP_FOR_EACH_SAFE (bad, node, &records->bad) {
            hnv_bad_remove(records, bad);
        }
        hmap_destroy(&records->by_uuid);
        hmap_destroy(&records->by_ca);
        hmap_destroy(&records->rewritten);
        hmap_destroy(&records->bad);
        free(records);
    }
}

/* Returns the record that is row 'uuid', or NULL. */
struct hnv_entry *
hnv_records_find(const struct hnv_records *records, const struct uuid *uuid)
{
    struct hnv_entry *entry;

    HMAP_FOR_EACH_WITH_HASH (entry, by_uuid, uuid_hash(uuid),
                             &records->by_uuid) {
        if (uuid_equals(&entry->record.uuid, uuid)) {
            return entry;
        }
    }
    return NULL;
}

/* Returns the record of 'ca' in routing domain 'domain_key', or NULL. */
struct hnv_entry *
hnv_records_find_ca(const struct hnv_records *records, uint32_t domain_key,
                    const struct in6_addr *ca)
{
    struct hnv_entry *entry;

    HMAP_FOR_EACH_WITH_HASH (entry, by_ca, hash_ca(domain_key, ca),
                             &records->by_ca) {
        if (entry->record.domain_key == domain_key
            && !memcmp(&entry->record.ca, ca, sizeof *ca)) {
            return entry;
        }
    }
    return NULL;
}

/* Returns the record that has 'pa' for IP rewrite, or NULL. */
struct hnv_entry *
hnv_records_find_rewritten(const struct hnv_records *records,
                           const struct in6_addr *pa)
{
    struct hnv_rewritten *rewritten = hnv_rewritten_find(records, pa);

    return rewritten ? rewritten->entry : NULL;
}

/* Returns the first record after 'after', or the first of all, if that is
 * NULL, whose UUID begins with 'uuid_bits' as hnv_uuid_bits() returns them. */
struct hnv_entry *
hnv_records_find_bits(const struct hnv_records *records, uint64_t uuid_bits,
                      const struct hnv_entry *after)
{
    /* uuid_hash() is the first 32 bits. */
    uint32_t hash = uuid_bits >> 8;
    struct hmap_node *node;

    for (node = (after ? hmap_next_with_hash(&after->by_uuid)
                 : hmap_first_with_hash(&records->by_uuid, hash));
         node; node = hmap_next_with_hash(node)) {
        struct hnv_entry *entry = CONTAINER_OF(node, struct hnv_entry,
                                               by_uuid);

        if (hnv_uuid_bits(&entry->record.uuid) == uuid_bits) {
            return entry;
        }
    }
    return NULL;
}

static struct hnv_bad *
hnv_records_find_bad(const struct hnv_records *records,
                     const struct uuid *uuid)
{
    struct hnv_bad *bad;

    HMAP_FOR_EACH_WITH_HASH (bad, node, uuid_hash(uuid), &records->bad) {
        if (uuid_equals(&bad->uuid, uuid)) {
            return bad;
        }
    }
    return NULL;
}

/* Keeps 'raw', which it takes over, apart, because of 'message', likewise.
 * Returns the row, for the caller to complete. */
static struct hnv_bad *
hnv_records_put_bad(struct hnv_records *records, const struct uuid *uuid,
                    struct hnv_raw *raw, char *message, bool retry)
{
    struct hnv_bad *bad = xmalloc(sizeof *bad);

    *bad = (struct hnv_bad) {
        .uuid = *uuid,
        .raw = *raw,
        .message = message,
        .retry = retry,
    };
    hmap_insert(&records->bad, &bad->node, uuid_hash(uuid));
    VLOG_WARN_RL(&rl, "Lookup_Record "UUID_FMT": %s", UUID_ARGS(uuid),
                 message);
    return bad;
}

static void
hnv_entry_to_raw(const struct hnv_records *records,
                 const struct hnv_entry *entry, struct hnv_raw *raw)
{
    struct uuid domain = UUID_ZERO;

    records->handler->get_domain(entry->record.domain_key, &domain,
                                 records->aux);
    hnv_raw_init_from_record(raw, &entry->record, &domain);
}

/* Puts 'record' into the table, in place of 'entry', or as a new one, if that
 * is NULL. */
static void
hnv_records_put(struct hnv_records *records, struct hnv_entry *entry,
                const struct hnv_record *record)
{
    if (entry) {
        struct hnv_record old = entry->record;

        hnv_entry_unindex(records, entry);
        entry->record = *record;
        hnv_entry_index(records, entry);
        records->handler->put(entry, &old, records->aux);
        hnv_record_release(records->peers, &old);
        records->removed = true;
    } else {
        entry = xzalloc(sizeof *entry);
        entry->record = *record;
        hmap_insert(&records->by_uuid, &entry->by_uuid,
                    uuid_hash(&record->uuid));
        hnv_entry_index(records, entry);
        records->handler->put(entry, NULL, records->aux);
    }
    entry->stale = false;
}

/* Returns what is wrong with a record that has 'what' in common with record
 * 'other'. */
static char *
explain_rival(const char *what, const struct uuid *other)
{
    return xasprintf("%s is that of record "UUID_FMT" too%s; delete one of "
                     "them", what, UUID_ARGS(other),
                     !strcmp(what, "customer_address")
                     ? ", written another way" : ", and IP rewrite must tell "
                     "them apart by it");
}

/* Does 'entry', which may be NULL or the row of 'record', stay, so that
 * 'record' cannot?  Of two rows, the one with the lower UUID does. */
static bool
hnv_entry_prevails(const struct hnv_entry *entry,
                   const struct hnv_record *record)
{
    return entry && uuid_compare_3way(&entry->record.uuid, &record->uuid) < 0;
}

/* Removes 'entry', unless it is NULL or the row of 'record', in favor of
 * 'record', which has 'what' too. */
static void
hnv_records_displace(struct hnv_records *records, struct hnv_entry *entry,
                     const struct hnv_record *record, const char *what)
{
    struct hnv_bad *bad;
    struct hnv_raw raw;
    struct uuid uuid;
    bool stale;

    if (!entry || uuid_equals(&entry->record.uuid, &record->uuid)) {
        return;
    }
    uuid = entry->record.uuid;
    stale = entry->stale;
    hnv_entry_to_raw(records, entry, &raw);
    hnv_entry_remove(records, entry);
    bad = hnv_records_put_bad(records, &uuid, &raw,
                              explain_rival(what, &record->uuid), true);
    bad->stale = stale;
}

/* Returns what is wrong with a second record for one customer address, or for
 * one provider address with IP rewrite, whichever tenant's: what comes for it
 * can go to one machine only.  Returns NULL if 'record' is the only one or the
 * one to keep. */
static char *
hnv_records_check_duplicate(struct hnv_records *records,
                            const struct hnv_record *record)
{
    struct hnv_entry *same_ca = hnv_records_find_ca(
        records, record->domain_key, &record->ca);
    struct hnv_entry *same_pa
        = (record->rule == HNV_RULE_REWRITE
           ? hnv_records_find_rewritten(records, &record->peer->pas[0])
           : NULL);

    /* Nothing gives way to what does not stay itself. */
    if (hnv_entry_prevails(same_ca, record)) {
        return explain_rival("customer_address", &same_ca->record.uuid);
    } else if (hnv_entry_prevails(same_pa, record)) {
        return explain_rival("provider address", &same_pa->record.uuid);
    }
    hnv_records_displace(records, same_ca, record, "customer_address");
    if (same_pa != same_ca) {
        hnv_records_displace(records, same_pa, record, "provider address");
    }
    return NULL;
}

/* Row 'uuid', whose record is 'entry', or NULL if there is none, became 'raw',
 * which this takes over. */
static void
hnv_records_set(struct hnv_records *records, struct hnv_entry *entry,
                const struct uuid *uuid, struct hnv_raw *raw)
{
    struct hnv_bad *bad = hnv_records_find_bad(records, uuid);
    uint32_t domain_key = records->handler->get_key(&raw->routing_domain,
                                               records->aux);
    struct hnv_record_row row;
    struct hnv_record record;
    bool retry = true;
    char *error;

    if (bad) {
        hnv_bad_remove(records, bad);
    }
    if (domain_key) {
        hnv_raw_to_row(raw, uuid, domain_key, &row);
        error = hnv_record_parse(&row, records->peers, &record);
        if (error) {
            retry = false;
        } else {
            error = hnv_records_check_duplicate(records, &record);
            if (error) {
                hnv_record_release(records->peers, &record);
            }
        }
    } else {
        error = xstrdup("routing_domain is not (yet) part of the policy");
    }

    if (error) {
        if (entry) {
            hnv_entry_remove(records, entry);
        }
        hnv_records_put_bad(records, uuid, raw, error, retry);
    } else {
        hnv_raw_destroy(raw);
        hnv_records_put(records, entry, &record);
    }
}

/* Processes the change 'update' of one row. */
void
hnv_records_update(struct hnv_records *records,
                   const struct ovsdb_cs_row_update *update)
{
    const struct uuid *uuid = &update->row_uuid;
    struct hnv_entry *entry = hnv_records_find(records, uuid);
    struct hnv_bad *bad = hnv_records_find_bad(records, uuid);
    struct hnv_raw raw;

    if (update->type == OVSDB_CS_ROW_DELETE) {
        if (entry) {
            hnv_entry_remove(records, entry);
        } else if (bad) {
            hnv_bad_remove(records, bad);
        }
        return;
    }

    if (update->type == OVSDB_CS_ROW_INSERT || (!entry && !bad)) {
        hnv_raw_init(&raw);
    } else if (entry) {
        hnv_entry_to_raw(records, entry, &raw);
    } else {
        raw = bad->raw;
        hnv_raw_init(&bad->raw);
    }
    hnv_raw_apply(&raw, update);
    hnv_records_set(records, entry, uuid, &raw);
}

/* All records that there are follow, up to hnv_records_updated(). */
void
hnv_records_clear(struct hnv_records *records)
{
    struct hnv_entry *entry;
    struct hnv_bad *bad;

    HMAP_FOR_EACH (entry, by_uuid, &records->by_uuid) {
        entry->stale = true;
    }
    HMAP_FOR_EACH (bad, node, &records->bad) {
        bad->stale = true;
    }
    records->sweep = true;
}

/* There are no more changes for now. */
void
hnv_records_updated(struct hnv_records *records)
{
    if (records->sweep) {
        struct hnv_entry *entry;
        struct hnv_bad *bad;

        HMAP_FOR_EACH_SAFE (entry, by_uuid, &records->by_uuid) {
            if (entry->stale) {
                hnv_entry_remove(records, entry);
            }
        }
        HMAP_FOR_EACH_SAFE (bad, node, &records->bad) {
            if (bad->stale) {
                hnv_bad_remove(records, bad);
            }
        }
        records->sweep = false;
    }
    if (records->removed) {
        hnv_records_retry(records);
    }
}

static void
hnv_records_retry_once(struct hnv_records *records)
{
    struct hmap bad_rows = HMAP_INITIALIZER(&bad_rows);
    struct hnv_bad *bad;

    HMAP_FOR_EACH_SAFE (bad, node, &records->bad) {
        if (bad->retry && !bad->stale) {
            hmap_remove(&records->bad, &bad->node);
            hmap_insert(&bad_rows, &bad->node, bad->node.hash);
        }
    }
    HMAP_FOR_EACH_POP (bad, node, &bad_rows) {
        hnv_records_set(records, NULL, &bad->uuid, &bad->raw);
        free(bad->message);
        free(bad);
    }
    hmap_destroy(&bad_rows);
}

/* Tries again what did not fit other rows, since those might have changed.  It
 * is too early for a row that might be gone, see hnv_records_updated().
 *
 * One that fits now may take the place of another, and make room for a third.
 * That ends, because the one that stays has always the lower UUID. */
void
hnv_records_retry(struct hnv_records *records)
{
    do {
        records->removed = false;
        hnv_records_retry_once(records);
    } while (records->removed);
}

/* Returns the number of records that make sense. */
size_t
hnv_records_count(const struct hnv_records *records)
{
    return hmap_count(&records->by_uuid);
}

/* Returns the record after '*position', or NULL at the end. */
struct hnv_entry *
hnv_records_next(const struct hnv_records *records,
                 struct hmap_position *position)
{
    struct hmap_node *node = hmap_at_position(&records->by_uuid, position);

    return node ? CONTAINER_OF(node, struct hnv_entry, by_uuid) : NULL;
}

/* Adds to 'errors' what is wrong with each row that is not in the table. */
void
hnv_records_get_errors(const struct hnv_records *records,
                       struct hnv_errors *errors)
{
    const struct hnv_bad *bad;

    HMAP_FOR_EACH (bad, node, &records->bad) {
        hnv_errors_add(errors, HNV_ROW_RECORD, &bad->uuid,
                       bad->raw.customer_address, "%s", bad->message);
    }
}

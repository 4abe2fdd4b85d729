/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-misfits.h"

#include "coverage.h"
#include "hnv-errors.h"
#include "hnv-records.h"
#include "hnv-values.h"
#include "openvswitch/dynamic-string.h"
#include "uuid.h"

COVERAGE_DEFINE(hnv_all_records_checked);

struct hnv_misfit {
    struct hmap_node node;      /* In 'misfits' of struct hnv_misfits. */
    struct uuid uuid;           /* The record. */
};

void
hnv_misfits_init(struct hnv_misfits *misfits)
{
    hmap_init(&misfits->misfits);
    hmap_init(&misfits->digests.digests);
}

void
hnv_misfits_destroy(struct hnv_misfits *misfits)
{
    struct hnv_misfit *misfit;

    HMAP_FOR_EACH_POP (misfit, node, &misfits->misfits) {
        free(misfit);
    }
    hmap_destroy(&misfits->misfits);
    hnv_digests_destroy(&misfits->digests);
}

static struct hnv_misfit *
hnv_misfits_find(const struct hnv_misfits *misfits, const struct uuid *uuid)
{
    struct hnv_misfit *misfit;

    HMAP_FOR_EACH_WITH_HASH (misfit, node, uuid_hash(uuid),
                             &misfits->misfits) {
        if (uuid_equals(&misfit->uuid, uuid)) {
            return misfit;
        }
    }
    return NULL;
}

/* 'policy' and 'host' are in force now, and 'records' is all there is. */
void
hnv_misfits_set_policy(struct hnv_misfits *misfits,
                       const struct hnv_policy *policy,
                       const struct hnv_host *host,
                       const struct hnv_records *records)
{
    struct hmap_position position = { 0, 0 };
    const struct hnv_entry *entry;
    struct hnv_digests digests;

    hnv_digests_init(&digests, policy, host);
    if (!hnv_digests_equal(&misfits->digests, &digests)) {
        COVERAGE_INC(hnv_all_records_checked);
        while ((entry = hnv_records_next(records, &position))) {
            hnv_misfits_put(misfits, policy, &entry->record);
        }
    }
    hmap_swap(&misfits->digests.digests, &digests.digests);
    hnv_digests_destroy(&digests);
}

/* 'record' is new, or has changed.  'policy' is what was set last, or NULL if
 * none was. */
void
hnv_misfits_put(struct hnv_misfits *misfits, const struct hnv_policy *policy,
                const struct hnv_record *record)
{
    if (!policy || !hnv_record_check(policy, record)) {
        hnv_misfits_remove(misfits, &record->uuid);
    } else if (!hnv_misfits_find(misfits, &record->uuid)) {
        struct hnv_misfit *misfit = xmalloc(sizeof *misfit);

        misfit->uuid = record->uuid;
        hmap_insert(&misfits->misfits, &misfit->node,
                    uuid_hash(&misfit->uuid));
    }
}

/* The record 'uuid' is gone. */
void
hnv_misfits_remove(struct hnv_misfits *misfits, const struct uuid *uuid)
{
    struct hnv_misfit *misfit = hnv_misfits_find(misfits, uuid);

    if (misfit) {
        hmap_remove(&misfits->misfits, &misfit->node);
        free(misfit);
    }
}

/* Adds to 'errors' what is wrong with each record in 'records' that does not
 * fit 'policy', which is what was set last. */
void
hnv_misfits_get_errors(const struct hnv_misfits *misfits,
                       const struct hnv_policy *policy,
                       const struct hnv_records *records,
                       struct hnv_errors *errors)
{
    const struct hnv_misfit *misfit;

    HMAP_FOR_EACH (misfit, node, &misfits->misfits) {
        const struct hnv_record *record
            = &hnv_records_find(records, &misfit->uuid)->record;
        struct ds ca = DS_EMPTY_INITIALIZER;

        hnv_address_format(&record->ca, &ca);
        hnv_errors_add(errors, HNV_ROW_RECORD, &record->uuid, ds_cstr(&ca),
                       "%s", hnv_record_check(policy, record));
        ds_destroy(&ca);
    }
}

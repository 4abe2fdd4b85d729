/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-lazy-private.h"

#include "openvswitch/poll-loop.h"
#include "timeval.h"
#include "util.h"

/* Returns a number that changes when requests are to be made or withdrawn. */
unsigned int
hnv_lazy_get_requests_seqno(const struct hnv_lazy *lazy)
{
    return lazy->requests_seqno;
}

/* The caller must pass all requests of this host that the database has to
 * hnv_lazy_sync_row(), then call hnv_lazy_sync_end(). */
void
hnv_lazy_sync_start(struct hnv_lazy *lazy)
{
    if (!++lazy->sync) {
        lazy->sync++;
    }
}

/* The database has a request for 'ca' in 'routing_domain'.  Returns false if
 * the caller must delete it. */
bool
hnv_lazy_sync_row(struct hnv_lazy *lazy, const struct uuid *routing_domain,
                  const struct in6_addr *ca)
{
    struct hnv_lazy_domain *domain = hnv_lazy_find_domain(lazy,
                                                          routing_domain);
    struct hnv_lazy_entry *entry = domain ? hnv_lazy_find(domain, ca) : NULL;

    if (!entry || entry->state != HNV_LAZY_REQUESTED
        || entry->synced == lazy->sync) {
        return false;
    }
    entry->synced = lazy->sync;
    return true;
}

/* Makes the requests that are missing.  One that was made and that the
 * database does not have has been answered. */
void
hnv_lazy_sync_end(struct hnv_lazy *lazy)
{
    long long int now = time_msec();
    struct hnv_lazy_domain *domain;

    HMAP_FOR_EACH (domain, node, &lazy->domains) {
        struct hnv_lazy_entry *entry;

        LIST_FOR_EACH (entry, fifo, &domain->fifos[HNV_LAZY_REQUESTED]) {
            if (!entry->synced) {
                entry->synced = lazy->sync;
                lazy->handler->request(&domain->uuid, &entry->ca, lazy->aux);
            } else if (entry->synced != lazy->sync) {
                entry->next_ask = now;
                entry->expires = MIN(entry->expires,
                                     now + HNV_LAZY_SETTLE_MS);
                entry->synced = lazy->sync;
            }
        }
    }
}

/* Asks the database again for what was requested. */
void
hnv_lazy_run_requests(struct hnv_lazy *lazy, struct hnv_lazy_domain *domain)
{
    struct hnv_lazy_entry *entry;
    long long int now = time_msec();

    LIST_FOR_EACH_SAFE (entry, fifo, &domain->fifos[HNV_LAZY_REQUESTED]) {
        if (entry->expires <= now) {
            hnv_lazy_absent(lazy, entry);
        } else if (entry->next_ask <= now) {
            lazy->handler->ask(&domain->uuid, &entry->ca, lazy->aux);
            entry->next_ask = now + (entry->expires - now < HNV_LAZY_SETTLE_MS
                                     ? HNV_LAZY_SETTLE_MS / 3
                                     : HNV_LAZY_AGAIN_MS);
        }
    }
}

/* Arranges for poll_block() to wake up when hnv_lazy_run_requests() has
 * work. */
void
hnv_lazy_wait_requests(const struct hnv_lazy_domain *domain)
{
    const struct hnv_lazy_entry *entry;

    LIST_FOR_EACH (entry, fifo, &domain->fifos[HNV_LAZY_REQUESTED]) {
        poll_timer_wait_until(MIN(entry->expires, entry->next_ask));
    }
}

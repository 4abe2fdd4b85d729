/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_REQUESTS_H
#define HNV_REQUESTS_H 1

#include <stdbool.h>
#include <netinet/in.h>

struct hnv_engine;
struct uuid;

/* Requests for lookup records
 * ===========================
 *
 * What
 * ----
 *
 * An SDN controller may keep what it knows elsewhere, and make the lookup
 * records of a lazy routing domain only when a packet needs them.  If such a
 * routing domain has options:lookup_requests=true, this module adds a row to
 * Lookup_Request for each customer address that hnv-lazy wants and that the
 * database does not have.
 *
 * To answer, the controller adds the lookup record and deletes the request,
 * best in one transaction.  If it only does the former, the host notices that
 * within HNV_LAZY_AGAIN_MS; if only the latter, there is no such machine.
 *
 * A host deletes each request of its own that it does not wait for any more,
 * also those from before it was started, so that there are never more of them
 * than hnv-lazy allows.
 *
 *
 * What not
 * --------
 *
 * The module does not know why an address is wanted nor what waits for it.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

struct hnv_requests *hnv_requests_create(struct hnv_engine *);
void hnv_requests_destroy(struct hnv_requests *);
void hnv_requests_run(struct hnv_requests *);
void hnv_requests_wait(struct hnv_requests *);

bool hnv_requests_may(const struct hnv_requests *,
                      const struct uuid *routing_domain);
void hnv_requests_insert(struct hnv_requests *,
                         const struct uuid *routing_domain,
                         const struct in6_addr *ca);

#endif /* hnv-requests.h */

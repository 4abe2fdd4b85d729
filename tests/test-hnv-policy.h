/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TEST_HNV_POLICY_H
#define TEST_HNV_POLICY_H 1

/* A policy, a host, and lookup records from a JSON file
 * =====================================================
 *
 * What
 * ----
 *
 * What hnv-agent makes from databases, the unit tests make from a file:
 *
 *     {"router_mac": "00:15:5d:ff:ff:01",
 *      "domains": [{"name": "red", "key": 1}],
 *      "subnets": [{"vsid": 5001, "domain": "red",
 *                   "prefixes": ["10.0.1.0/24"]}],
 *      "routes": [...], "hosts": [...], "l2": [...], "ports": [...],
 *      "records": [{"domain": 1, "vsid": 5001, "ca": "10.0.1.11",
 *                   "mac": "00:15:5d:00:00:01", "pas": ["172.16.1.1"]}],
 *      "host": {"name": "h1", "pas": ["172.16.1.1"], "tunnel": 100,
 *               "interfaces": [{"name": "vm1", "port": "vm1", "ofport": 1}]}}
 *
 * A row's UUID has the kind of row in its first two bytes and its number,
 * counted from 1, in the next two, unless it has a "uuid".
 *
 *
 * What not
 * --------
 *
 * Nothing is checked: that is the job of what is tested.
 *
 *
 * Thread-safety
 * -------------
 *
 * For one thread. */

#include <stddef.h>

#include "hnv-errors.h"
#include "hnv-host.h"
#include "hnv-peers.h"
#include "hnv-policy.h"
#include "hnv-record.h"

struct json;

struct test_policy {
    struct json *json;          /* Strings point into it. */
    struct hnv_errors errors;
    struct hnv_peers *peers;
    struct hnv_policy *policy;
    struct hnv_host *host;
    struct hnv_record *records; /* Those without errors. */
    size_t n_records;
};

void test_policy_load(struct test_policy *, const char *file_name);
void test_policy_destroy(struct test_policy *);

#endif /* test-hnv-policy.h */

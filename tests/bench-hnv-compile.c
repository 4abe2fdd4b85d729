/* SPDX-License-Identifier: Apache-2.0 */

/* How long compiling takes and how much memory flows take:
 *
 *     hnvtest bench-hnv-compile POLICY N_RECORDS...
 *
 * "full" is the set of all flows together. */

#include <config.h>

#include "hnvtest.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "hnv-compile.h"
#include "hnv-flows.h"
#include "packets.h"
#include "test-hnv-policy.h"
#include "util.h"

static double
now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Makes record 'i' of VSID 5001, which has 10.0.0.0/8, on one of 1000
 * hosts. */
static void
make_record(struct hnv_peers *peers, size_t i, struct hnv_record *record)
{
    char ca[INET_ADDRSTRLEN], mac[18], pa[INET_ADDRSTRLEN];
    char *pas[] = { pa };
    struct hnv_record_row row = {
        .uuid = { .parts = { i } },
        .domain_key = 1,
        .vsid = 5001,
        .customer_address = ca,
        .mac = mac,
        .provider_addresses = { pas, 1 },
    };
    uint32_t n = i + 100;

    snprintf(ca, sizeof ca, "10.%u.%u.%u", (n >> 16) & 0xff, (n >> 8) & 0xff,
             n & 0xff);
    snprintf(mac, sizeof mac, "00:15:5d:%02x:%02x:%02x", (n >> 16) & 0xff,
             (n >> 8) & 0xff, n & 0xff);
    snprintf(pa, sizeof pa, "172.16.%u.%u", n % 1000 / 250 + 1, n % 250 + 1);

    char *error = hnv_record_parse(&row, peers, record);
    if (error) {
        ovs_fatal(0, "%s", error);
    }
}

static void
bench(const struct test_policy *p, size_t n)
{
    struct hnv_record *records = xmalloc(n * sizeof *records);
    struct hnv_flows flows, one;
    double times[5], memory;

    times[0] = now();
    for (size_t i = 0; i < n; i++) {
        make_record(p->peers, i, &records[i]);
    }
    times[1] = now();
    hnv_flows_init(&flows);
    hnv_compile_shared(p->policy, p->host, p->peers, &flows);
    times[2] = now();
    hnv_flows_init(&one);
    for (size_t i = 0; i < n; i++) {
        hnv_compile_record(p->policy, p->host, &records[i], &one);
        hnv_flows_clear(&one);
    }
    times[3] = now();
    for (size_t i = 0; i < n; i++) {
        hnv_compile_record(p->policy, p->host, &records[i], &flows);
    }
    times[4] = now();
    memory = hnv_flows_memory(&flows);

    printf("compile records=%"PRIuSIZE" : parse_ns_per_record=%.0f "
           "shared_ms=%.1f compile_ns_per_record=%.0f full_ms=%.1f "
           "bytes_per_record=%"PRIuSIZE" bytes_per_flow=%.0f\n", n,
           (times[1] - times[0]) / n * 1e9, (times[2] - times[1]) * 1e3,
           (times[3] - times[2]) / n * 1e9,
           (times[4] - times[3] + times[2] - times[1]) * 1e3, sizeof *records,
           memory / hmap_count(&flows.flows));
    hnv_flows_destroy(&one);
    hnv_flows_destroy(&flows);
    for (size_t i = 0; i < n; i++) {
        hnv_record_release(p->peers, &records[i]);
    }
    free(records);
}

static void
bench_hnv_compile(struct ovs_cmdl_context *ctx)
{
    struct test_policy p;

    test_policy_load(&p, ctx->argv[1]);
    for (int i = 2; i < ctx->argc; i++) {
        bench(&p, strtoul(ctx->argv[i], NULL, 10));
    }
    test_policy_destroy(&p);
}

HNVTEST_REGISTER("bench-hnv-compile", bench_hnv_compile);

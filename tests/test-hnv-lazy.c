/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-lazy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hnvtest.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-packet.h"
#include "openvswitch/ofpbuf.h"
#include "packets.h"
#include "svec.h"
#include "test-nvgre-util.h"
#include "timeval.h"
#include "util.h"

/* Routing domains and customer addresses are numbers.  The records of those
 * from REQUESTS on may be requested. */
enum { REQUESTS = 100 };

/* What happened during one line. */
static struct {
    size_t n_asked, n_requested, n_absent, n_resumed;
} happened;

static bool can_ask = true;     /* Is there a database? */

static struct uuid
domain_uuid(unsigned int domain)
{
    return (struct uuid) { .parts = { domain, 0, 0, 0 } };
}

static struct uuid
record_uuid(unsigned int domain, unsigned int ca)
{
    return (struct uuid) { .parts = { domain, ca, 0, 1 } };
}

static struct in6_addr
ca_address(unsigned int ca)
{
    struct in6_addr address;

    in6_addr_set_mapped_ipv4(&address, htonl(0x0a000000 + ca));
    return address;
}

static bool
lazy_ask(const struct uuid *domain OVS_UNUSED,
         const struct in6_addr *ca OVS_UNUSED, void *aux OVS_UNUSED)
{
    happened.n_asked += can_ask;
    return can_ask;
}

static bool
lazy_may_request(const struct uuid *domain, void *aux OVS_UNUSED)
{
    return domain->parts[0] >= REQUESTS;
}

static void
lazy_request(const struct uuid *domain OVS_UNUSED,
             const struct in6_addr *ca OVS_UNUSED, void *aux OVS_UNUSED)
{
    happened.n_requested++;
}

static void
lazy_absent(const struct uuid *domain OVS_UNUSED,
            const struct in6_addr *ca OVS_UNUSED, void *aux OVS_UNUSED)
{
    happened.n_absent++;
}

/* Packets and continuations have to come back as they were. */
static void
lazy_resume(const struct ofputil_packet_in *pin,
            const struct ofpbuf *continuation, void *aux OVS_UNUSED)
{
    ovs_assert(pin->packet_len == continuation->size
               && !memcmp(pin->packet, continuation->data, pin->packet_len));
    happened.n_resumed++;
}

static const struct hnv_lazy_handler handler = {
    .ask = lazy_ask,
    .may_request = lazy_may_request,
    .request = lazy_request,
    .absent = lazy_absent,
    .resume = lazy_resume,
};

static struct hnv_lazy *lazy;

static void
miss(unsigned int domain_, unsigned int ca_)
{
    struct uuid domain = domain_uuid(domain_);
    struct in6_addr ca = ca_address(ca_);
    char packet[] = "a packet", continuation[] = "a packet";
    struct ofputil_packet_in pin = {
        .packet = packet, .packet_len = sizeof packet,
    };
    struct ofpbuf buf;

    ofpbuf_use_const(&buf, continuation, sizeof continuation);
    hnv_lazy_miss(lazy, &domain, &ca, &pin, &buf);
    /* The module has a copy. */
    memset(packet, 0, sizeof packet);
    memset(continuation, 0, sizeof continuation);
}

/* Does what the event 'name' says for one customer address.  Returns false if
 * there is no such event. */
static bool
one_event(const char *name, unsigned int domain_, unsigned int ca_)
{
    struct uuid domain = domain_uuid(domain_);
    struct uuid record = record_uuid(domain_, ca_);
    struct in6_addr ca = ca_address(ca_);

    if (!strcmp(name, "miss")) {
        miss(domain_, ca_);
    } else if (!strcmp(name, "found")) {
        hnv_lazy_answer(lazy, &domain, &ca, &record);
    } else if (!strcmp(name, "none")) {
        hnv_lazy_answer(lazy, &domain, &ca, NULL);
    } else if (!strcmp(name, "installed")) {
        hnv_lazy_installed(lazy, &record);
    } else if (!strcmp(name, "deleted")) {
        hnv_lazy_deleted(lazy, &record);
    } else if (!strcmp(name, "row")) {
        puts(hnv_lazy_sync_row(lazy, &domain, &ca) ? "keep" : "delete");
    } else {
        return false;
    }
    return true;
}

/* Does what a line without customer addresses says. */
static void
other_event(const struct svec *words)
{
    const char *name = words->names[0];
    unsigned int n = words->n > 1 ? test_number(words->names[1]) : 0;

    if (!strcmp(name, "warp")) {
        timeval_warp(n);
        hnv_lazy_run(lazy);
    } else if (!strcmp(name, "max")) {
        hnv_lazy_set_max_records(lazy, n);
    } else if (!strcmp(name, "can-ask")) {
        can_ask = n;
    } else if (!strcmp(name, "retain")) {
        struct uuid domain = domain_uuid(n);
        hnv_lazy_retain_domains(lazy, &domain, 1);
    } else if (!strcmp(name, "start")) {
        hnv_lazy_sync_start(lazy);
    } else if (!strcmp(name, "end")) {
        hnv_lazy_sync_end(lazy);
    } else {
        ovs_fatal(0, "%s: unknown word", name);
    }
}

/* Handles "EVENT DOMAIN FIRST-LAST", or another event, and prints what
 * happened and what there is now. */
static void
lazy_line(struct svec *words)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    unsigned int first, last;
    struct uuid *records;
    size_t n;

    memset(&happened, 0, sizeof happened);
    if (words->n == 3) {
        unsigned int domain = test_number(words->names[1]);

        if (!ovs_scan(words->names[2], "%u-%u", &first, &last)) {
            first = last = test_number(words->names[2]);
        }
        for (unsigned int ca = first; ca <= last; ca++) {
            if (!one_event(words->names[0], domain, ca)) {
                ovs_fatal(0, "%s: unknown word", words->names[0]);
            }
        }
    } else {
        other_event(words);
    }
    hnv_lazy_get_records(lazy, &records, &n);
    free(records);
    printf("asked %"PRIuSIZE", requested %"PRIuSIZE", absent %"PRIuSIZE
           ", resumed %"PRIuSIZE"; %"PRIuSIZE" records\n", happened.n_asked,
           happened.n_requested, happened.n_absent, happened.n_resumed, n);
    hnv_lazy_format(lazy, &ds);
    fputs(ds_cstr(&ds), stdout);
    ds_destroy(&ds);
}

static void
test_lazy(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    time_msec();                /* The clock has to run before it stops. */
    timeval_stop();
    lazy = hnv_lazy_create(&handler, NULL);
    test_each_line(lazy_line);
    hnv_lazy_destroy(lazy);
}

HNVTEST_REGISTER("hnv-lazy", test_lazy);

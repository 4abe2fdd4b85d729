/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-selftest.h"

#include <errno.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "packets.h"
#include "timeval.h"
#include "util.h"

/* What became of the probes of a kind in one direction. */
enum fate {
    FINE,
    DAMAGED,                    /* Some arrived damaged. */
    LOSSY,                      /* Some did not arrive. */
    LOST,                       /* None arrived. */
    UNKNOWN,                    /* Nothing can be said. */
    NOT_TRIED,
};

static const char *const fate_names[] = {
    [FINE] = "fine",
    [DAMAGED] = "damaged",
    [LOSSY] = "lossy",
    [LOST] = "lost",
    [UNKNOWN] = "unknown",
    [NOT_TRIED] = "not tried",
};

/* How a kind is called, and which option of a port governs what is done for
 * its packets. */
struct kind {
    const char *name;
    const char *option;         /* Null if none does. */
};

static const struct kind kinds[N_NVGRE_PROBE_KINDS] = {
    [NVGRE_PROBE_HELLO] = { "hello", NULL },
    [NVGRE_PROBE_ICMP] = { "ICMP", NULL },
    [NVGRE_PROBE_UDP] = { "UDP", "tx_csum_udp=false" },
    [NVGRE_PROBE_TCP] = { "TCP", "tx_csum_tcp=false" },
    [NVGRE_PROBE_SEGMENTS] = { "TCP segments", "tso=false" },
    [NVGRE_PROBE_LARGEST] = { "largest", NULL },
    [NVGRE_PROBE_FRAGMENTS] = { "fragments", NULL },
};

static const char *const state_texts[N_NVGRE_PROBE_STATES] = {
    [NVGRE_PROBE_FINE] = "fine",
    [NVGRE_PROBE_IP_CSUM] = "a wrong IPv4 checksum",
    [NVGRE_PROBE_L4_CSUM] = "a wrong checksum",
    [NVGRE_PROBE_NO_CSUM] = "the checksum removed",
    [NVGRE_PROBE_DATA] = "damaged data",
    [NVGRE_PROBE_VSID] = "an unknown VSID",
};

/* Returns how many of the probes of 'tally' arrived, damaged or not. */
int
nvgre_tally_n_arrived(const struct nvgre_tally *tally)
{
    int n = 0;

    for (int i = 0; i < N_NVGRE_PROBE_STATES; i++) {
        n += tally->n[i];
    }
    return n;
}

static enum fate
fate_of(const struct nvgre_tally *tally)
{
    int n = nvgre_tally_n_arrived(tally);

    return (!tally->expected ? NOT_TRIED
            : !n ? LOST
            : n > tally->n[NVGRE_PROBE_FINE] ? DAMAGED
            : n < tally->expected ? LOSSY : FINE);
}

/* Returns the fate of 'kind' on the way back.  What did not arrive there
 * cannot have been echoed. */
static enum fate
fate_back(const struct nvgre_selftest *test, enum nvgre_probe_kind kind)
{
    enum fate there = fate_of(&test->there[kind]);
    enum fate back = fate_of(&test->back[kind]);

    return (back == LOST && there == LOST ? UNKNOWN
            : back == LOST && there == LOSSY ? UNKNOWN
            : back == LOSSY && there == LOSSY ? UNKNOWN
            : back);
}

/* Returns the most frequent way in which packets of 'tally' were damaged. */
static enum nvgre_probe_state
worst_state(const struct nvgre_tally *tally)
{
    enum nvgre_probe_state worst = NVGRE_PROBE_IP_CSUM;

    for (int i = worst; i < N_NVGRE_PROBE_STATES; i++) {
        if (tally->n[i] > tally->n[worst]) {
            worst = i;
        }
    }
    return worst;
}

/* Appends to 's' which option to set against damage or loss of 'kind'. */
static void
advise_option(const struct nvgre_selftest *test, enum nvgre_probe_kind kind,
              const struct nvgre_tally *tally, bool back, struct ds *s)
{
    bool ip_csum = (fate_of(tally) == DAMAGED
                    && worst_state(tally) == NVGRE_PROBE_IP_CSUM);
    const char *option = ip_csum ? "tx_csum_ipv4=false" : kinds[kind].option;

    if (option) {
        ds_put_format(s, ": set options:%s %s", option,
                      back ? "on the port of the peer" : "on port ");
        if (!back) {
            ds_put_cstr(s, test->port);
        }
        ds_put_cstr(s, "; if that does not help, a device on the way does it, "
                    "for example a network card that offloads encapsulated "
                    "packets");
    } else {
        ds_put_cstr(s, ": no option helps, a device on the way does it");
    }
}

/* Appends to 's' what to do about the largest packets being lost. */
static void
advise_size(const struct nvgre_selftest *test, bool back, struct ds *s)
{
    if (!back && test->too_big) {
        ds_put_format(s, ": packets of %d bytes get through, %d bytes do not",
                      test->fits, test->too_big);
        ds_put_format(s, ": set the MTU of the underlay to %d at both ends, "
                      "for tenants %d, or make the network carry %d",
                      test->fits + test->overhead, test->fits,
                      test->mtu + test->overhead);
    } else {
        ds_put_format(s, ": the network has to carry packets of %d bytes%s",
                      test->mtu + test->overhead,
                      back ? ", run the test at the peer to find out what it "
                      "does carry" : "");
    }
}

/* Returns true if what happened to 'kind', in one direction, happened to all
 * packets of the protocol that it uses, too. */
static bool
is_no_news(const struct nvgre_tally *tallies, enum nvgre_probe_kind kind)
{
    enum nvgre_probe_kind simple = (kind == NVGRE_PROBE_FRAGMENTS
                                    ? NVGRE_PROBE_UDP
                                    : kind == NVGRE_PROBE_SEGMENTS
                                    ? NVGRE_PROBE_TCP
                                    : kind == NVGRE_PROBE_LARGEST
                                    ? NVGRE_PROBE_ICMP : kind);

    return (simple != kind
            && fate_of(&tallies[simple]) == fate_of(&tallies[kind]));
}

/* Appends to 's' a line about 'kind' in one direction, if it is not fine. */
static void
advise(const struct nvgre_selftest *test, enum nvgre_probe_kind kind,
       bool back, struct ds *s)
{
    const struct nvgre_tally *tally = (back ? test->back : test->there) + kind;
    enum fate fate = back ? fate_back(test, kind) : fate_of(tally);
    int n = nvgre_tally_n_arrived(tally);

    if ((fate != DAMAGED && fate != LOSSY && fate != LOST)
        || is_no_news(back ? test->back : test->there, kind)) {
        return;
    }
    if (s->length) {
        ds_put_char(s, '\n');
    }
    ds_put_format(s, "%s %s: ", kinds[kind].name, back ? "back" : "there");
    if (fate == DAMAGED) {
        enum nvgre_probe_state worst = worst_state(tally);

        ds_put_format(s, "%d of %d arrived with %s", tally->n[worst], n,
                      state_texts[worst]);
        advise_option(test, kind, tally, back, s);
    } else if (fate == LOSSY) {
        ds_put_format(s, "%d of %d arrived: the network loses packets", n,
                      tally->expected);
    } else {
        ds_put_cstr(s, "none arrived");
        if (kind == NVGRE_PROBE_LARGEST) {
            advise_size(test, back, s);
        } else {
            advise_option(test, kind, tally, back, s);
        }
    }
}

/* Appends to 's' what to do about all that is wrong, a line each. */
static void
advise_all(const struct nvgre_selftest *test, struct ds *s)
{
    for (int kind = 0; kind < N_NVGRE_PROBE_KINDS; kind++) {
        advise(test, kind, false, s);
        advise(test, kind, true, s);
    }
    if (test->vsid_unknown) {
        if (s->length) {
            ds_put_char(s, '\n');
        }
        ds_put_format(s, "VSID %"PRIu32": the peer has no port that receives "
                      "it from here: add one, or set options:key there",
                      test->template.vsid);
    }
}

/* Appends to 's' the result of 'test', in which the peer said hello.  Returns
 * true if all is fine. */
bool
nvgre_selftest_report(const struct nvgre_selftest *test, struct ds *s)
{
    struct ds advice = DS_EMPTY_INITIALIZER;
    bool fine;

    ds_put_format(s, "%s to ", test->port);
    ipv6_format_mapped(&test->target.remote, s);
    ds_put_format(s, ", %lld ms, MTU %d\n"
                  "                there     back\n",
                  time_msec() - test->start, test->mtu);
    for (int kind = NVGRE_PROBE_ICMP; kind < N_NVGRE_PROBE_KINDS; kind++) {
        ds_put_format(s, "  %-12s  %-9s %s\n", kinds[kind].name,
                      fate_names[fate_of(&test->there[kind])],
                      fate_names[fate_back(test, kind)]);
    }
    advise_all(test, &advice);
    fine = !advice.length;
    ds_put_cstr(s, fine ? "result: fine" : "result: faults\n");
    ds_put_cstr(s, ds_cstr(&advice));
    ds_destroy(&advice);
    return fine;
}

/* The same for machines.  The caller must free the result. */
struct json *
nvgre_selftest_report_json(const struct nvgre_selftest *test)
{
    struct json *result = json_object_create();
    struct json *array = json_array_create_empty();
    struct json *advices = json_array_create_empty();
    struct ds s = DS_EMPTY_INITIALIZER;
    char *save_ptr = NULL;

    ipv6_format_mapped(&test->target.remote, &s);
    json_object_put_string(result, "port", test->port);
    json_object_put_string(result, "peer", ds_cstr(&s));
    json_object_put(result, "mtu", json_integer_create(test->mtu));
    json_object_put(result, "duration_ms",
                    json_integer_create(time_msec() - test->start));
    if (test->too_big) {
        json_object_put(result, "fits", json_integer_create(test->fits));
    }
    for (int kind = NVGRE_PROBE_ICMP; kind < N_NVGRE_PROBE_KINDS; kind++) {
        struct json *row = json_object_create();

        json_object_put_string(row, "kind", kinds[kind].name);
        json_object_put_string(row, "there",
                               fate_names[fate_of(&test->there[kind])]);
        json_object_put_string(row, "back",
                               fate_names[fate_back(test, kind)]);
        json_array_add(array, row);
    }
    json_object_put(result, "probes", array);

    ds_clear(&s);
    advise_all(test, &s);
    json_object_put_string(result, "result", s.length ? "faults" : "fine");
    for (char *line = strtok_r(ds_cstr(&s), "\n", &save_ptr); line;
         line = strtok_r(NULL, "\n", &save_ptr)) {
        json_array_add(advices, json_string_create(line));
    }
    json_object_put(result, "advice", advices);
    ds_destroy(&s);
    return result;
}

/* Appends to 's' what it may mean that the peer did not answer. */
void
nvgre_selftest_report_silence(const struct nvgre_selftest *test,
                              struct ds *s)
{
    ds_put_format(s, "%s: ", test->port);
    ipv6_format_mapped(&test->target.remote, s);
    if (test->send_error == EAGAIN) {
        ds_put_cstr(s, " does not answer ARP or neighbor discovery: is the "
                    "host there, do the flows of the underlay bridge let the "
                    "answer through, and has its internal port the address?");
    } else if (test->send_error) {
        ds_put_format(s, " cannot be sent to (%s): see \"ovs-appctl "
                      "ovs/route/show\", and put the provider address on the "
                      "internal port of a bridge with datapath_type=netdev",
                      ovs_strerror(test->send_error));
    } else {
        ds_put_cstr(s, " does not answer in VSID 16777215: either nothing in "
                    "NVGRE gets there and back (does a firewall pass IP "
                    "protocol 47?), or it has no nvgre port for this host, "
                    "or options:selftest=false, or it answers others just now "
                    "(try again), or it is no ovs-hnv host: then test with "
                    "--ping, see ovs-nvgre(7)");
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-learn.h"

#include <inttypes.h>
#include <netinet/icmp6.h>
#include <stdlib.h>
#include <string.h>

#include "dp-packet.h"
#include "flow.h"
#include "hnv-budget.h"
#include "hnv-db.h"
#include "hnv-engine.h"
#include "hnv-feed.h"
#include "hnv-host.h"
#include "hnv-idl.h"
#include "hnv-installer.h"
#include "hnv-ovs.h"
#include "hnv-policy.h"
#include "hnv-records.h"
#include "hnv-values.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/list.h"
#include "openvswitch/ofp-packet.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "smap.h"
#include "timeval.h"
#include "util.h"
#include "uuid.h"

VLOG_DEFINE_THIS_MODULE(hnv_learn);

/* Times, in ms. */
#define HNV_LEARN_HOLD 1000     /* How long an address stays where it came. */
#define HNV_LEARN_AGE 60000     /* After which it makes room for others. */
#define HNV_LEARN_WAIT 5000     /* How long a claim may wait to be written. */
#define HNV_LEARN_BACKOFF 10000 /* After the database refused a claim. */

/* A machine may claim 10 addresses at once, and then one in 5 s.  A token is a
 * millisecond. */
static const struct hnv_limit claim_limit = { 1, 10 * 5000, 5000 };

#define HNV_MAX_CLAIMS 256      /* Claims that wait to be written. */

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(20, 40);

/* An address that is to be written. */
struct hnv_claim {
    struct ovs_list node;       /* In 'claims' of struct hnv_learn. */
    struct uuid l2;             /* Whose L2_Record to write to. */
    struct in6_addr ca;
    int64_t time;               /* To be written, in ms since the epoch. */
    long long int expires;      /* By our own clock, in ms. */
};

struct hnv_learn {
    struct hnv_engine *engine;
    struct hnv_budgets budgets; /* What machines may still claim, by
                                 * L2_Record. */
    struct ovs_list claims;     /* Contains "struct hnv_claim"s. */
    long long int backoff;      /* Do not write before, in ms. */
    unsigned int db_seqno;      /* Of the engine's 'db', when reviewed. */
    unsigned int ovs_seqno;     /* Of its 'ovs', likewise. */
    unsigned int errors_seqno;  /* Its own, which changes with records. */

    uint64_t n_learned, n_refused, n_withdrawn;
};

/* Returns a new instance.  The caller must free it, with
 * hnv_learn_destroy(). */
struct hnv_learn *
hnv_learn_create(struct hnv_engine *engine)
{
    struct hnv_learn *learn = xzalloc(sizeof *learn);

    learn->engine = engine;
    hnv_budgets_init(&learn->budgets);
    ovs_list_init(&learn->claims);
    return learn;
}

static void
hnv_claims_clear(struct hnv_learn *learn)
{
    struct hnv_claim *claim;

    LIST_FOR_EACH_POP (claim, node, &learn->claims) {
        free(claim);
    }
}

void
hnv_learn_destroy(struct hnv_learn *learn)
{
    if (learn) {
        hnv_claims_clear(learn);
        hnv_budgets_destroy(&learn->budgets);
        free(learn);
    }
}

/* ------------------------------------------------------------------------ */
/* What machines say.                                                       */
/* ------------------------------------------------------------------------ */

/* What was heard. */
struct hnv_heard {
    const struct hnv_lport *lport;
    const struct hnv_l2_record *l2;
    struct in6_addr ca;
    bool question;              /* Does anybody else have it? */
};

/* Stores in '*heard' which address is claimed by 'pin', a packet from a
 * machine with 'mac'.  Returns false if that is none, or not for itself. */
static bool
hnv_heard_parse(const struct ofputil_packet_in *pin, struct eth_addr mac,
                struct hnv_heard *heard)
{
    struct eth_addr lla;
    struct dp_packet p;
    struct flow flow;

    dp_packet_use_const(&p, pin->packet, pin->packet_len);
    flow_extract(&p, &flow);
    heard->question = false;
    if (flow.dl_type == htons(ETH_TYPE_ARP)) {
        in6_addr_set_mapped_ipv4(&heard->ca, flow.nw_src);
        lla = flow.arp_sha;
    } else if (!is_nd(&flow, NULL) || flow.nw_ttl != 255) {
        /* RFC 4861 section 7.1: what has been forwarded is ignored. */
        return false;
    } else if (flow.tp_src == htons(ND_NEIGHBOR_ADVERT)) {
        heard->ca = flow.nd_target;
        lla = eth_addr_is_zero(flow.arp_tha) ? mac : flow.arp_tha;
    } else {
        heard->question = !ipv6_addr_is_set(&flow.ipv6_src);
        heard->ca = heard->question ? flow.nd_target : flow.ipv6_src;
        lla = eth_addr_is_zero(flow.arp_sha) ? mac : flow.arp_sha;
    }
    return eth_addr_equals(flow.dl_src, mac) && eth_addr_equals(lla, mac);
}

/* Finds out who is behind 'vport', if it may have dynamic addresses. */
static bool
hnv_heard_init(const struct hnv_engine *engine, uint16_t vport,
               struct hnv_heard *heard)
{
    const struct hnv_host *host = hnv_installer_get_host(engine->installer);

    heard->lport = host ? hnv_host_vport(host, vport) : NULL;
    if (!heard->lport || !heard->lport->port || !heard->lport->port->subnet) {
        return false;
    }
    heard->l2 = hnv_subnet_l2_record(heard->lport->port->subnet,
                                     heard->lport->port->mac);
    return heard->l2 && heard->l2->dynamic_limit;
}

/* Returns how many claims of 'l2' wait, or SIZE_MAX if that for 'ca' does. */
static size_t
hnv_learn_count_claims(const struct hnv_learn *learn, const struct uuid *l2,
                       const struct in6_addr *ca)
{
    const struct hnv_claim *claim;
    size_t n = 0;

    LIST_FOR_EACH (claim, node, &learn->claims) {
        if (uuid_equals(&claim->l2, l2)) {
            if (ipv6_addr_equals(&claim->ca, ca)) {
                return SIZE_MAX;
            }
            n++;
        }
    }
    return n;
}

/* Returns whether 'l2', of which 'n_claims' wait, may have one more address,
 * or its oldest is old enough to make room. */
static bool
has_room(const struct hnv_l2_record *l2, size_t n_claims, int64_t now)
{
    return (l2->n_dynamic + n_claims < l2->dynamic_limit
            || (!n_claims && l2->n_dynamic
                && now - l2->dynamic[l2->n_dynamic - 1].time
                   >= HNV_LEARN_AGE));
}

static const struct hnvrec_l2_record *
hnv_learn_own_row(const struct hnv_learn *learn, const struct uuid *uuid)
{
    const struct hnv_engine *engine = learn->engine;
    const struct hnvrec_l2_record *row
        = hnvrec_l2_record_get_for_uuid(hnv_db_get_idl(engine->db), uuid);

    return (row && hnv_db_is_owner(
                &row->owner, hnv_ovs_get_config(engine->ovs)->host_name)
            ? row : NULL);
}

/* Returns NULL if the machine may have what was 'heard', and since 'since', if
 * that is not 0, somebody else has it.  Otherwise returns why not. */
static const char *
hnv_learn_judge(struct hnv_learn *learn, const struct hnv_heard *heard,
                size_t n_claims, int64_t since)
{
    const struct hnv_l2_record *l2 = heard->l2;
    const char *why = hnv_subnet_check_dynamic(l2->subnet, &heard->ca);
    int64_t now = time_wall_msec();

    return (why ? why
            : hnv_records_find_ca(learn->engine->records,
                                  l2->subnet->domain->key, &heard->ca)
            ? "it has a lookup record"
            : !hnv_learn_own_row(learn, &l2->uuid)
            ? "owner:active of its L2_Record is not this host"
            : since && now >= since && now - since < HNV_LEARN_HOLD
            ? "another machine got it less than a second ago"
            : !has_room(l2, n_claims, now)
            ? "it has as many as its dynamic_limit, and none is older than a "
            "minute"
            : ovs_list_size(&learn->claims) >= HNV_MAX_CLAIMS
            || !hnv_budgets_take(&learn->budgets, &l2->uuid, &claim_limit)
            ? "too many new addresses in a short time"
            : NULL);
}

static void
hnv_learn_log(enum vlog_level level, const struct hnv_l2_record *l2,
              const struct in6_addr *ca, const char *what)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    if (!vlog_should_drop(&this_module, level, &rl)) {
        hnv_address_format(ca, &s);
        VLOG(level, "%s, VSID %"PRIu32", machine "ETH_ADDR_FMT
             ": dynamic address %s %s", l2->subnet->domain->name,
             l2->subnet->vsid, ETH_ADDR_ARGS(l2->mac), ds_cstr(&s), what);
        ds_destroy(&s);
    }
}

static void
hnv_learn_refuse(struct hnv_learn *learn, const struct hnv_heard *heard,
                 const char *why)
{
    char *what = xasprintf("refused: %s", why);

    learn->n_refused++;
    hnv_learn_log(VLL_WARN, heard->l2, &heard->ca, what);
    free(what);
}

/* Processes 'pin', in which a machine says that it has an address. */
void
hnv_learn_packet(struct hnv_learn *learn, const struct ofputil_packet_in *pin)
{
    const struct hnv_l2_record *holder;
    struct hnv_claim *claim;
    struct hnv_heard heard;
    int64_t since = 0;
    size_t n_claims;
    const char *why;

    if (!hnv_heard_init(learn->engine, pin->flow_metadata.flow.regs[14],
                        &heard)
        || !hnv_heard_parse(pin, heard.lport->port->mac, &heard)
        || !hnv_feed_is_synced(learn->engine->feed)
        || hnv_port_has_address(heard.lport->port, &heard.ca)) {
        return;
    }
    holder = hnv_domain_dynamic(heard.l2->subnet->domain, &heard.ca);
    n_claims = hnv_learn_count_claims(learn, &heard.l2->uuid, &heard.ca);
    if (holder == heard.l2 || n_claims == SIZE_MAX
        || (holder && heard.question)) {
        return;
    }
    if (holder) {
        since = hnv_l2_record_dynamic(holder, &heard.ca)->time;
    }
    why = hnv_learn_judge(learn, &heard, n_claims, since);
    if (why) {
        hnv_learn_refuse(learn, &heard, why);
        return;
    }

    claim = xmalloc(sizeof *claim);
    *claim = (struct hnv_claim) {
        .l2 = heard.l2->uuid,
        .ca = heard.ca,
        .time = MAX(time_wall_msec(), since + 1),
        .expires = time_msec() + HNV_LEARN_WAIT,
    };
    ovs_list_push_back(&learn->claims, &claim->node);
    learn->n_learned++;
    hnv_learn_log(VLL_INFO, heard.l2, &heard.ca,
                  holder ? "learned, which another machine had" : "learned");
}

/* ------------------------------------------------------------------------ */
/* What the database says.                                                  */
/* ------------------------------------------------------------------------ */

/* The dynamic addresses of a row, to be written. */
struct hnv_list {
    const char **keys;
    int64_t *values;
    size_t n;
};

static void
hnv_list_init(struct hnv_list *list, size_t max)
{
    list->keys = xmalloc(MAX(max, 1) * sizeof *list->keys);
    list->values = xmalloc(MAX(max, 1) * sizeof *list->values);
    list->n = 0;
}

static void
hnv_list_add(struct hnv_list *list, const char *key, int64_t value)
{
    list->keys[list->n] = key;
    list->values[list->n++] = value;
}

/* Writes 'list' to 'row', and frees it. */
static void
hnv_list_write(struct hnv_list *list, const struct hnvrec_l2_record *row)
{
    if (list->n != row->n_dynamic_addresses
        || memcmp(list->values, row->value_dynamic_addresses,
                  list->n * sizeof *list->values)) {
        hnvrec_l2_record_set_dynamic_addresses(row, list->keys, list->values,
                                               list->n);
    }
    free(list->keys);
    free(list->values);
}

/* Returns the index of the oldest address of 'row', which must have one. */
static size_t
find_oldest(const struct hnvrec_l2_record *row)
{
    size_t oldest = 0;

    for (size_t i = 1; i < row->n_dynamic_addresses; i++) {
        if (row->value_dynamic_addresses[i]
            < row->value_dynamic_addresses[oldest]) {
            oldest = i;
        }
    }
    return oldest;
}

static void
hnv_claim_write(const struct hnv_claim *claim,
                const struct hnvrec_l2_record *row)
{
    size_t n = row->n_dynamic_addresses;
    size_t skip = (n && n >= row->dynamic_limit ? find_oldest(row) : SIZE_MAX);
    struct ds ca = DS_EMPTY_INITIALIZER;
    struct hnv_list list;

    hnv_address_format(&claim->ca, &ca);
    hnv_list_init(&list, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (i != skip && strcmp(row->key_dynamic_addresses[i], ds_cstr(&ca))) {
            hnv_list_add(&list, row->key_dynamic_addresses[i],
                         row->value_dynamic_addresses[i]);
        }
    }
    hnv_list_add(&list, ds_cstr(&ca), claim->time);
    hnv_list_write(&list, row);
    ds_destroy(&ca);
}

/* Returns why 'l2' should not have 'ca' any more, or NULL. */
static const char *
find_reason(const struct hnv_engine *engine, const struct hnv_l2_record *l2,
            const struct in6_addr *ca)
{
    const struct hnv_domain *domain = l2->subnet->domain;

    return (hnv_records_find_ca(engine->records, domain->key, ca)
            ? "withdrawn: it has a lookup record"
            : hnv_l2_record_dynamic(l2, ca) ? NULL
            : hnv_domain_dynamic(domain, ca)
            ? "withdrawn: another machine has it now"
            : "withdrawn: policy does not allow it any more");
}

/* Has the machine of 'l2' left this host, and goes to no other? */
static bool
is_gone(const struct hnv_engine *engine, const struct hnv_l2_record *l2,
        const struct hnvrec_l2_record *row)
{
    return (!smap_get(&row->owner, "target")
            && !hnv_host_lport(hnv_installer_get_host(engine->installer),
                               l2->subnet->vsid, l2->mac));
}

/* Takes out of 'row' what its machine, that of 'l2', has no more. */
static void
hnv_learn_review(struct hnv_learn *learn, const struct hnv_l2_record *l2,
                 const struct hnvrec_l2_record *row)
{
    bool gone = is_gone(learn->engine, l2, row);
    struct hnv_list list;

    hnv_list_init(&list, row->n_dynamic_addresses);
    for (size_t i = 0; i < row->n_dynamic_addresses; i++) {
        const char *key = row->key_dynamic_addresses[i];
        struct in6_addr ca = in6addr_any;
        char *error = hnv_address_parse(key, &ca);
        const char *reason
            = (gone ? "withdrawn: its port has left this host"
               : find_reason(learn->engine, l2, &ca));

        if (reason) {
            learn->n_withdrawn++;
            hnv_learn_log(VLL_INFO, l2, &ca, reason);
        } else {
            hnv_list_add(&list, key, row->value_dynamic_addresses[i]);
        }
        free(error);
    }
    hnv_list_write(&list, row);
}

/* Reviews all rows of this host, if something has changed. */
static void
hnv_learn_review_all(struct hnv_learn *learn)
{
    const struct hnv_engine *engine = learn->engine;
    const struct hnv_policy *policy
        = hnv_installer_get_policy(engine->installer);
    unsigned int db_seqno = hnv_db_get_seqno(engine->db);
    unsigned int ovs_seqno = hnv_ovs_get_seqno(engine->ovs);

    if (!hnv_engine_is_settled(engine)
        || (learn->db_seqno == db_seqno && learn->ovs_seqno == ovs_seqno
            && learn->errors_seqno == engine->errors_seqno)) {
        return;
    }
    learn->db_seqno = db_seqno;
    learn->ovs_seqno = ovs_seqno;
    learn->errors_seqno = engine->errors_seqno;
    for (size_t i = 0; i < policy->n_l2_records; i++) {
        const struct hnv_l2_record *l2 = &policy->l2_records[i];
        const struct hnvrec_l2_record *row
            = hnv_learn_own_row(learn, &l2->uuid);

        if (row && row->n_dynamic_addresses) {
            hnv_learn_review(learn, l2, row);
        }
    }
}

/* Brings what is written about this host's machines up to date.  The caller
 * must call this often, between hnv_db_run() and hnv_db_commit(). */
void
hnv_learn_run(struct hnv_learn *learn)
{
    struct hnv_db *db = learn->engine->db;
    struct hnv_claim *claim;

    if (hnv_db_has_failed(db)) {
        learn->backoff = time_msec() + HNV_LEARN_BACKOFF;
    }
    if (!hnv_db_get_txn(db) || !hnv_db_is_synced(db)
        || time_msec() < learn->backoff) {
        return;
    }
    hnv_learn_review_all(learn);
    LIST_FOR_EACH_POP (claim, node, &learn->claims) {
        const struct hnvrec_l2_record *row
            = hnv_learn_own_row(learn, &claim->l2);

        if (row && time_msec() < claim->expires) {
            hnv_claim_write(claim, row);
        }
        free(claim);
    }
}

/* Arranges for poll_block() to wake up when hnv_learn_run() has work that
 * nothing else wakes up for. */
void
hnv_learn_wait(struct hnv_learn *learn)
{
    if (time_msec() < learn->backoff) {
        poll_timer_wait_until(learn->backoff);
    }
}

/* Appends to 's' what happened so far, for people, if anything did. */
void
hnv_learn_format(const struct hnv_learn *learn, struct ds *s)
{
    if (learn->n_learned || learn->n_refused || learn->n_withdrawn) {
        ds_put_format(s, "dynamic addresses: %"PRIu64" learned, %"PRIu64
                      " refused, %"PRIu64" withdrawn\n", learn->n_learned,
                      learn->n_refused, learn->n_withdrawn);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-acl-log.h"
#include "hnv-glue.h"

#include <inttypes.h>
#include <stdlib.h>

#include "byte-order.h"
#include "hnv-compile.h"
#include "hnv-db.h"
#include "hnv-engine.h"
#include "hnv-feed.h"
#include "hnv-flows.h"
#include "hnv-host.h"
#include "hnv-icmp.h"
#include "hnv-idl.h"
#include "hnv-installer.h"
#include "hnv-lazy.h"
#include "hnv-learn.h"
#include "hnv-moves.h"
#include "hnv-ofconn.h"
#include "hnv-packet-in.h"
#include "hnv-policy.h"
#include "hnv-records.h"
#include "hnv-requests.h"
#include "hnv-values.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "util.h"
#include "uuid.h"

VLOG_DEFINE_THIS_MODULE(hnv_glue);

/* Refused changes that we remember. */
#define HNV_MAX_REFUSED 100

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(10, 50);

/* For hnv-feed and hnv-records. */

static void
glue_clear(void *engine_)
{
    struct hnv_engine *engine = engine_;
    hnv_records_clear(engine->records);
}

static void
glue_update(const struct ovsdb_cs_row_update *update, void *engine_)
{
    struct hnv_engine *engine = engine_;
    hnv_records_update(engine->records, update);
}

static void
glue_updated(void *engine_)
{
    struct hnv_engine *engine = engine_;

    hnv_records_updated(engine->records);
    engine->errors_seqno++;
}

/* Notes that 'record' is here, which some packet may wait for. */
static void
glue_fetched(struct hnv_engine *engine, const struct uuid *record)
{
    if (!hnv_lazy_has_record(engine->lazy, record)) {
        return;
    }
    if (engine->n_fetched >= engine->allocated_fetched) {
        engine->fetched = x2nrealloc(engine->fetched,
                                     &engine->allocated_fetched,
                                     sizeof *engine->fetched);
    }
    engine->fetched[engine->n_fetched++] = *record;
}

static void
glue_found(const struct uuid *domain, const char *customer_address,
             const struct uuid *record, void *engine_)
{
    struct hnv_engine *engine = engine_;
    struct in6_addr ca;
    char *error = hnv_address_parse(customer_address, &ca);

    if (!error) {
        hnv_lazy_answer(engine->lazy, domain, &ca, record);
        if (record && hnv_records_find(engine->records, record)) {
            glue_fetched(engine, record);
        }
    }
    free(error);
}

const struct hnv_feed_handler hnv_glue_feed = {
    .clear = glue_clear,
    .update = glue_update,
    .updated = glue_updated,
    .found = glue_found,
};

static uint32_t
glue_get_key(const struct uuid *uuid, void *engine_)
{
    struct hnv_engine *engine = engine_;
    const struct hnvrec_routing_domain *rd
        = hnvrec_routing_domain_get_for_uuid(hnv_db_get_idl(engine->db),
                                             uuid);

    return rd ? rd->datapath_key : 0;
}

static bool
glue_get_domain(uint32_t key, struct uuid *uuid, void *engine_)
{
    struct hnv_engine *engine = engine_;
    const struct hnvrec_routing_domain *rd;

    HNVREC_ROUTING_DOMAIN_FOR_EACH (rd, hnv_db_get_idl(engine->db)) {
        if (rd->datapath_key == key) {
            *uuid = rd->header_.uuid;
            return true;
        }
    }
    return false;
}

static void
glue_put(struct hnv_entry *entry, const struct hnv_record *old,
           void *engine_)
{
    struct hnv_engine *engine = engine_;
    const struct hnv_host *host = hnv_installer_get_host(engine->installer);

    if (old && host) {
        hnv_moves_update(engine->moves, host, entry, old);
    }
    hnv_misfits_put(&engine->misfits,
                    hnv_installer_get_policy(engine->installer),
                    &entry->record);
    hnv_installer_put_record(engine->installer, entry, old);
    if (!old) {
        glue_fetched(engine, &entry->record.uuid);
    } else if (old->domain_key != entry->record.domain_key
               || !ipv6_addr_equals(&old->ca, &entry->record.ca)) {
        /* It is not what was asked for any more. */
        hnv_lazy_deleted(engine->lazy, &entry->record.uuid);
    }
}

static void
glue_removed(struct hnv_entry *entry, void *engine_)
{
    struct hnv_engine *engine = engine_;

    hnv_misfits_remove(&engine->misfits, &entry->record.uuid);
    hnv_installer_remove_record(engine->installer, entry);
    hnv_lazy_deleted(engine->lazy, &entry->record.uuid);
}

const struct hnv_records_handler hnv_glue_records = {
    .get_key = glue_get_key,
    .get_domain = glue_get_domain,
    .put = glue_put,
    .removed = glue_removed,
};

/* For hnv-ofconn. */

static void
glue_connected(void *engine_)
{
    struct hnv_engine *engine = engine_;

    hnv_installer_connected(engine->installer);
    hnv_errors_clear(&engine->refused);
    engine->errors_seqno++;
}

static void
glue_emptied(void *engine_)
{
    struct hnv_engine *engine = engine_;
    hnv_installer_resync(engine->installer);
}

static void
glue_has_flow(const struct ofputil_flow_stats *fs, void *engine_)
{
    struct hnv_engine *engine = engine_;
    hnv_installer_has_flow(engine->installer, fs);
}

static void
glue_has_group(const struct ofputil_group_desc *gd, void *engine_)
{
    struct hnv_engine *engine = engine_;
    hnv_installer_has_group(engine->installer, gd);
}

static void
glue_has_meter(uint32_t id, uint32_t rate, uint32_t burst, void *engine_)
{
    struct hnv_engine *engine = engine_;
    hnv_installer_has_meter(engine->installer, id, rate, burst);
}

static void
glue_has_all(void *engine_)
{
    struct hnv_engine *engine = engine_;
    hnv_installer_has_all(engine->installer);
}

static void
glue_packet_in(const struct ofputil_packet_in *pin,
               const struct ofpbuf *continuation, void *engine_)
{
    struct hnv_engine *engine = engine_;
    hnv_packet_ins_process(engine->packet_ins, pin, continuation);
}

/* People find the row by the bits of its UUID that are in the cookie. */
static void
glue_refused(const struct ofpbuf *msg OVS_UNUSED, ovs_be64 cookie_,
               enum ofperr error, void *engine_)
{
    struct hnv_engine *engine = engine_;
    struct hnv_cookie cookie;
    struct uuid uuid = UUID_ZERO;

    if (!hnv_cookie_decode(ntohll(cookie_), &cookie)) {
        cookie = (struct hnv_cookie) { .row = HNV_ROW_NONE };
    }
    uuid.parts[0] = cookie.bits >> 8;
    uuid.parts[1] = (cookie.bits & 0xff) << 24;
    VLOG_ERR_RL(&rl, "%s %010"PRIx64": switch refused a flow: %s",
                cookie.row ? hnv_row_name(cookie.row) : "group or base",
                cookie.bits, ofperr_to_string(error));
    if (engine->refused.n < HNV_MAX_REFUSED) {
        hnv_errors_add(&engine->refused, cookie.row, &uuid, "",
                       "switch refused a flow: %s", ofperr_to_string(error));
        engine->errors_seqno++;
    }
}

const struct hnv_ofconn_handler hnv_glue_ofconn = {
    .connected = glue_connected,
    .emptied = glue_emptied,
    .flow = glue_has_flow,
    .group = glue_has_group,
    .meter = glue_has_meter,
    .ready = glue_has_all,
    .packet_in = glue_packet_in,
    .refused = glue_refused,
};

/* For hnv-packet-in and hnv-lazy. */

static bool
glue_get_gateway(uint32_t vsid, struct hnv_icmp_error *error, void *engine_)
{
    struct hnv_engine *engine = engine_;
    const struct hnv_policy *policy
        = hnv_installer_get_policy(engine->installer);
    const struct hnv_subnet *subnet = hnv_policy_subnet(policy, vsid);

    if (!subnet || !subnet->n_gateways) {
        return false;
    }
    error->gateway_mac = policy->router_mac;
    for (size_t i = 0; i < subnet->n_gateways; i++) {
        const struct in6_addr *gateway = &subnet->gateways[i];

        /* The first of each IP version is the one to use. */
        if (!hnv_address_is_v4(gateway)) {
            if (!ipv6_addr_is_set(&error->gateway_ip6)) {
                error->gateway_ip6 = *gateway;
            }
        } else if (!error->gateway_ip4) {
            error->gateway_ip4 = in6_addr_get_mapped_ipv4(gateway);
        }
    }
    return true;
}

static bool
glue_get_mac(uint16_t vport, struct eth_addr *mac, void *engine_)
{
    struct hnv_engine *engine = engine_;
    const struct hnv_host *host = hnv_installer_get_host(engine->installer);
    const struct hnv_lport *lport = host ? hnv_host_vport(host, vport) : NULL;

    if (!lport || !lport->port) {
        return false;
    }
    *mac = lport->port->mac;
    return true;
}

static uint32_t
glue_get_ca(const struct in6_addr *pa, struct in6_addr *ca, void *engine_)
{
    struct hnv_engine *engine = engine_;
    const struct hnv_entry *entry
        = hnv_records_find_rewritten(engine->records, pa);

    if (!entry) {
        return 0;
    }
    *ca = entry->record.ca;
    return entry->record.domain_key;
}

static bool
glue_get_pa(uint32_t key, const struct in6_addr *ca, struct in6_addr *pa,
            void *engine_)
{
    struct hnv_engine *engine = engine_;
    const struct hnv_entry *entry
        = hnv_records_find_ca(engine->records, key, ca);

    if (!entry || entry->record.rule != HNV_RULE_REWRITE) {
        return false;
    }
    *pa = entry->record.peer->pas[0];
    return true;
}

static void
glue_lookup(uint32_t key, const struct in6_addr *ca,
              const struct ofputil_packet_in *pin,
              const struct ofpbuf *continuation, void *engine_)
{
    struct hnv_engine *engine = engine_;
    const struct hnv_policy *policy
        = hnv_installer_get_policy(engine->installer);
    const struct hnv_domain *domain = hnv_policy_domain(policy, key);

    if (domain && domain->lazy) {
        hnv_lazy_miss(engine->lazy, &domain->uuid, ca, pin, continuation);
    }
}

static void
glue_log_acl(const struct ofputil_packet_in *pin, uint32_t what,
             void *engine_)
{
    struct hnv_engine *engine = engine_;

    hnv_acl_log(hnv_installer_get_host(engine->installer), pin, what);
}

static void
glue_learn(const struct ofputil_packet_in *pin, void *engine_)
{
    struct hnv_engine *engine = engine_;
    hnv_learn_packet(engine->learn, pin);
}

const struct hnv_packet_in_handler hnv_glue_packet_in = {
    .log_acl = glue_log_acl,
    .learn = glue_learn,
    .get_gateway = glue_get_gateway,
    .get_mac = glue_get_mac,
    .get_ca = glue_get_ca,
    .get_pa = glue_get_pa,
    .lookup = glue_lookup,
};

static bool
glue_ask(const struct uuid *domain, const struct in6_addr *ca,
           void *engine_)
{
    struct hnv_engine *engine = engine_;
    struct ds s = DS_EMPTY_INITIALIZER;
    bool asked;

    hnv_address_format(ca, &s);
    asked = hnv_feed_query(engine->feed, domain, ds_cstr(&s));
    ds_destroy(&s);
    return asked;
}

static bool
glue_may_request(const struct uuid *domain, void *engine_)
{
    struct hnv_engine *engine = engine_;
    return hnv_requests_may(engine->requests, domain);
}

static void
glue_request(const struct uuid *domain, const struct in6_addr *ca,
             void *engine_)
{
    struct hnv_engine *engine = engine_;
    hnv_requests_insert(engine->requests, domain, ca);
}

static void
glue_absent(const struct uuid *uuid, const struct in6_addr *ca,
              void *engine_)
{
    struct hnv_engine *engine = engine_;
    const struct hnv_policy *policy
        = hnv_installer_get_policy(engine->installer);
    const struct hnv_domain *domain
        = hnv_policy_domain_by_uuid(policy, uuid);

    if (domain) {
        struct hnv_flows flows;

        hnv_flows_init(&flows);
        hnv_compile_absent(domain, ca, HNV_LAZY_ABSENT_MS / 1000, &flows);
        hnv_installer_put_flows(engine->installer, &flows);
        hnv_flows_destroy(&flows);
    }
}

static void
glue_resume(const struct ofputil_packet_in *pin,
              const struct ofpbuf *continuation, void *engine_)
{
    struct hnv_engine *engine = engine_;
    hnv_ofconn_resume(engine->ofconn, pin, continuation);
}

const struct hnv_lazy_handler hnv_glue_lazy = {
    .ask = glue_ask,
    .may_request = glue_may_request,
    .request = glue_request,
    .absent = glue_absent,
    .resume = glue_resume,
};

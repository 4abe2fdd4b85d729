/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-compile.h"

#include "hnv-tables.h"

/* How many packets a second, and at once, the flows of a routing domain may
 * send to hnv-agent.  ovs-vswitchd keeps at most 100 of all domains while one
 * of the two is busy, so what one domain sends within 300 ms must leave room
 * for the others'. */
enum { ASK_RATE = 250, ASK_BURST = 25 };

static void
begin(struct hnv_compiler *c, const struct hnv_policy *policy,
      const struct hnv_host *host, struct hnv_flows *flows)
{
    c->policy = policy;
    c->host = host;
    hnv_draft_init(&c->draft, flows);
}

uint32_t
hnv_compiler_meter(const struct hnv_compiler *c,
                   const struct hnv_domain *domain)
{
    return c->host->no_meters ? 0 : hnv_meter_id(domain->key);
}

/* Adds to 'flows' all that depends on 'policy' and 'host' only. */
void
hnv_compile_base(const struct hnv_policy *policy, const struct hnv_host *host,
                 struct hnv_flows *flows)
{
    struct hnv_compiler c;

    begin(&c, policy, host, flows);
    for (size_t i = 0; !host->no_meters && i < host->n_domains; i++) {
        hnv_flows_add_meter(flows, hnv_meter_id(host->domains[i]->key),
                            ASK_RATE, ASK_BURST);
    }
    hnv_classify_base(&c);
    hnv_security_base(&c);
    hnv_source_base(&c);
    hnv_acl_base(&c);
    hnv_route_base(&c);
    hnv_lookup_base(&c);
    hnv_finish_base(&c);
    hnv_arp_base(&c);
    hnv_deliver_base(&c);
    hnv_flood_base(&c);
    hnv_encap_base(&c);
    hnv_rewrite_base(&c);
    hnv_source_pa_base(&c);
    hnv_pass_base(&c);
    hnv_drop_base(&c);
    hnv_draft_uninit(&c.draft);
}

/* Adds to 'flows' those of 'peer'. */
void
hnv_compile_peer(const struct hnv_host *host, const struct hnv_peer *peer,
                 struct hnv_flows *flows)
{
    struct hnv_compiler c;

    begin(&c, NULL, host, flows);
    hnv_encap_peer(&c, peer);
    hnv_source_peer(&c, peer);
    hnv_draft_uninit(&c.draft);
}

/* Adds to 'flows' those, and the groups, that broadcast in 'subnet' to
 * 'members', which may be NULL, if 'subnet' lives on 'host'. */
void
hnv_compile_flood(const struct hnv_host *host,
                  const struct hnv_subnet *subnet,
                  const struct hnv_members *members, struct hnv_flows *flows)
{
    struct hnv_compiler c;

    if (!hnv_host_has_subnet(host, subnet)) {
        return;
    }
    begin(&c, NULL, host, flows);
    hnv_flood_members(&c, subnet, members);
    if (members) {
        hnv_source_members(&c, subnet, members);
    }
    hnv_draft_uninit(&c.draft);
}

/* Finds out where the machine of 'record' is, seen from the host. */
static void
locate(const struct hnv_host *host, const struct hnv_record *record,
       struct hnv_located *l)
{
    const struct hnv_lport *lport = hnv_host_lport(host, record->vsid,
                                                   record->mac);
    const struct hnv_peer *peer = record->peer;
    bool here = !peer || (record->rule == HNV_RULE_REWRITE && lport);

    for (size_t i = 0; !here && i < peer->n_primary; i++) {
        here = hnv_host_has_pa(host, &peer->pas[i]);
    }

    l->kind = HNV_KIND_UNUSABLE;
    if (record->disabled || record->rule == HNV_RULE_NONE
        || (record->rule == HNV_RULE_REWRITE && peer
            && hnv_host_has_pa(host, &peer->pas[0]))) {
        /* A host must not take its own address away from itself. */
        return;
    } else if (here && lport) {
        l->kind = HNV_KIND_LOCAL;
        l->lport = lport;
    } else if (!here && peer->n_primary) {
        l->kind = (record->rule == HNV_RULE_REWRITE
                   ? HNV_KIND_REWRITE : HNV_KIND_ENCAP);
    }
}

/* Adds to 'flows' those of 'record', unless it does not fit 'policy' or its
 * domain does not live on 'host'. */
void
hnv_compile_record(const struct hnv_policy *policy,
                   const struct hnv_host *host,
                   const struct hnv_record *record, struct hnv_flows *flows)
{
    struct hnv_located l = { .record = record };
    struct hnv_compiler c;

    if (!hnv_host_has_domain(host, record->domain_key)
        || hnv_record_check(policy, record)) {
        return;
    }
    begin(&c, policy, host, flows);
    l.subnet = hnv_policy_subnet(policy, record->vsid);
    l.cookie = hnv_cookie_encode(HNV_ROW_RECORD, 0, &record->uuid);
    locate(host, record, &l);
    hnv_lookup_record(&c, &l);
    hnv_source_record(&c, &l);
    hnv_deliver_record(&c, &l);
    hnv_rewrite_record(&c, &l);
    hnv_source_pa_record(&c, &l);
    hnv_draft_uninit(&c.draft);
}

/* Adds to 'flows' all but those of records. */
void
hnv_compile_shared(const struct hnv_policy *policy,
                   const struct hnv_host *host,
                   const struct hnv_peers *peers, struct hnv_flows *flows)
{
    const struct hnv_peer *peer = NULL;

    hnv_compile_base(policy, host, flows);
    while ((peer = hnv_peers_next(peers, peer))) {
        hnv_compile_peer(host, peer, flows);
    }
    for (size_t i = 0; i < host->n_domains; i++) {
        const struct hnv_domain *domain = host->domains[i];

        for (size_t j = 0; j < domain->n_subnets; j++) {
            const struct hnv_subnet *subnet = domain->subnets[j];

            hnv_compile_flood(host, subnet,
                              hnv_peers_members(peers, subnet->vsid), flows);
        }
    }
}

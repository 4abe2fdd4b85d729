/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-digest.h"

#include <stdlib.h>

#include "flow.h"
#include "hash.h"
#include "hnv-host.h"
#include "hnv-policy.h"
#include "packets.h"
#include "util.h"

struct hnv_digest {
    struct hmap_node node;      /* In struct hnv_digests, by 'key'. */
    uint32_t key;               /* The domain's datapath_key. */
    uint32_t hash;              /* Never 0. */
};

static uint32_t
digest_addresses(const struct in6_addr *addresses, size_t n, uint32_t hash)
{
    return hash_bytes(addresses, n * sizeof *addresses, hash_add(hash, n));
}

static uint32_t
digest_mac(struct eth_addr mac, uint32_t hash)
{
    return hash_uint64_basis(eth_addr_to_uint64(mac), hash);
}

/* Hashes what the records of all domains depend on. */
static uint32_t
digest_host(const struct hnv_policy *policy, const struct hnv_host *host)
{
    uint32_t hash = digest_mac(policy->router_mac, 0);

    hash = digest_addresses(host->pas, host->n_pas, hash);
    hash = hash_add(hash, ofp_to_u16(host->tunnel_port));
    hash = hash_add(hash, ofp_to_u16(host->rewrite_port));

    /* The MTU and neighbors are in flows that records share. */
    return (host->rewrite_port != OFPP_NONE
            ? digest_mac(host->rewrite_mac, hash) : hash);
}

static uint32_t
digest_subnet(const struct hnv_subnet *subnet, uint32_t hash)
{
    hash = hash_add(hash, subnet->vsid);
    for (size_t i = 0; i < subnet->n_prefixes; i++) {
        hash = digest_addresses(&subnet->prefixes[i].address, 1, hash);
        hash = hash_add(hash, subnet->prefixes[i].plen);
    }
    hash = digest_addresses(subnet->gateways, subnet->n_gateways, hash);
    hash = hash_add(hash, subnet->flood);
    hash = digest_addresses(&subnet->multicast_pa, 1, hash);
    hash = hash_add(hash, subnet->mtu);
    return hash_add(hash, subnet->wildcard != NULL);
}

static uint32_t
digest_lport(const struct hnv_lport *lport, uint32_t hash)
{
    const struct hnv_port *port = lport->port;

    hash = hash_add(hash, port->subnet->vsid);
    hash = digest_mac(port->mac, hash);
    hash = digest_addresses(port->addresses, port->n_addresses, hash);
    hash = hash_add(hash, lport->vport);
    hash = hash_add(hash, ofp_to_u16(lport->ofport));
    hash = hash_add(hash, lport->mac_unique);
    return hash_add(hash, port->forwarder);
}

/* Subnets are in a hash table, whose order depends on its history, so their
 * hashes are added up. */
static uint32_t
digest_domain(const struct hnv_domain *domain, const struct hnv_host *host,
              uint32_t hash)
{
    uint32_t subnets = 0;

    hash = hash_add(hash, domain->key);
    hash = hash_add(hash, (domain->lazy | domain->external_router << 1
                           | domain->keep_ttl << 2 | domain->keep_mac << 3
                           | domain->strict_vsid << 4));
    for (size_t i = 0; i < domain->n_subnets; i++) {
        subnets += digest_subnet(domain->subnets[i], 0);
    }
    hash = hash_add(hash, subnets);
    hash = hash_add(hash, hnv_host_has_domain(host, domain->key));
    for (size_t i = 0; i < host->n_lports; i++) {
        const struct hnv_lport *lport = &host->lports[i];

        if (lport->port && lport->port->subnet
            && lport->port->subnet->domain == domain) {
            hash = digest_lport(lport, hash);
        }
    }
    hash = hash_finish(hash, 0);
    return hash ? hash : 1;
}

/* Makes '*digests' those of 'policy' and 'host'. */
void
hnv_digests_init(struct hnv_digests *digests, const struct hnv_policy *policy,
                 const struct hnv_host *host)
{
    uint32_t basis = digest_host(policy, host);
    const struct hnv_domain *domain;

    hmap_init(&digests->digests);
    HMAP_FOR_EACH (domain, node, &policy->domains) {
        struct hnv_digest *digest = xmalloc(sizeof *digest);

        digest->key = domain->key;
        digest->hash = digest_domain(domain, host, basis);
        hmap_insert(&digests->digests, &digest->node,
                    hash_int(domain->key, 0));
    }
}

void
hnv_digests_destroy(struct hnv_digests *digests)
{
    struct hnv_digest *digest;

    HMAP_FOR_EACH_POP (digest, node, &digests->digests) {
        free(digest);
    }
    hmap_destroy(&digests->digests);
}

/* Returns the hash for the routing domain with 'domain_key', or 0 if there is
 * no such domain. */
uint32_t
hnv_digests_get(const struct hnv_digests *digests, uint32_t domain_key)
{
    const struct hnv_digest *digest;

    HMAP_FOR_EACH_WITH_HASH (digest, node, hash_int(domain_key, 0),
                             &digests->digests) {
        if (digest->key == domain_key) {
            return digest->hash;
        }
    }
    return 0;
}

/* Returns true if nothing changed from 'a' to 'b'. */
bool
hnv_digests_equal(const struct hnv_digests *a, const struct hnv_digests *b)
{
    const struct hnv_digest *digest;

    if (hmap_count(&a->digests) != hmap_count(&b->digests)) {
        return false;
    }
    HMAP_FOR_EACH (digest, node, &a->digests) {
        if (hnv_digests_get(b, digest->key) != digest->hash) {
            return false;
        }
    }
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Table FLOOD and the groups of broadcast, unknown unicast, and multicast:
 *
 *    - HNV_GROUP_LOCAL: one bucket for each local port of the VSID.  What
 *      comes from the tunnel goes there only (split horizon).
 *
 *    - HNV_GROUP_FLOOD: that, and one bucket for each PA with machines of the
 *      VSID, or one bucket for the multicast PA.  With more PAs than a group
 *      takes, its buckets are groups HNV_GROUP_LEAF + i with the PAs.  With
 *      more than one packet can be sent to, the last ones are left out, which
 *      hnv_compile_flood_rest() counts. */

#include <config.h>

#include "hnv-tables.h"

#include <stdlib.h>
#include <string.h>

#include "hnv-compile.h"
#include "packets.h"

/* Buckets in the making. */
struct buckets {
    struct ofpbuf *buckets;
    size_t n, allocated;
};

static void
add_bucket(struct hnv_draft *d, struct buckets *b)
{
    hnv_draft_bucket(d, &b->buckets, &b->n, &b->allocated);
}

/* Adds group 'id' and empties 'b'. */
static void
add_group(struct hnv_draft *d, uint32_t id, struct buckets *b)
{
    hnv_flows_add_group(d->flows, id, b->buckets, b->n);
    memset(b, 0, sizeof *b);
}

static void
start(struct hnv_draft *d, enum hnv_table table, int priority,
      const struct hnv_subnet *subnet)
{
    hnv_draft_start(d, table, priority,
                    hnv_cookie_encode(subnet ? HNV_ROW_SUBNET : HNV_ROW_NONE,
                                      0, subnet ? &subnet->uuid : NULL));
}

/* ------------------------------------------------------------------------ */
/* The base: table FLOOD, and local ports.                                  */
/* ------------------------------------------------------------------------ */

static void
write_local_group(struct hnv_compiler *c, const struct hnv_subnet *subnet)
{
    const struct hnv_lport *lport;
    struct hnv_draft *d = &c->draft;
    struct buckets b = { NULL, 0, 0 };

    start(d, HNV_TABLE_DELIVER, HNV_PRI_DELIVER_GROUP, subnet);
    HNV_FOR_EACH_LPORT (lport, c->host) {
        if (lport->port->subnet == subnet) {
            hnv_act_set(d, MFF_REG15, lport->vport);
            hnv_act_resubmit(d, HNV_TABLE_ACL_IN);
            add_bucket(d, &b);
        }
    }
    add_group(d, hnv_group_id(HNV_GROUP_LOCAL, subnet->vsid), &b);

    match_set_reg(&d->match, 0, subnet->vsid);
    hnv_match_group_mac(d);
    hnv_act_group(d, hnv_group_id(HNV_GROUP_LOCAL, subnet->vsid));
    hnv_draft_add(d);
}

static void
write_subnet(struct hnv_compiler *c, const struct hnv_subnet *subnet)
{
    struct hnv_draft *d = &c->draft;

    write_local_group(c, subnet);
    start(d, HNV_TABLE_FLOOD, HNV_PRI_FLOOD_VSID, subnet);
    hnv_match_domain(d, subnet->domain->key);
    match_set_reg(&d->match, 0, subnet->vsid);
    if (subnet->flood == HNV_FLOOD_NONE) {
        hnv_draft_drop(d, HNV_DROP_NO_FLOOD);
    } else {
        hnv_act_set(d, MFF_TUN_ID, subnet->vsid);
        hnv_source_pa_act_both(c);
        hnv_act_group(d, hnv_group_id(HNV_GROUP_FLOOD, subnet->vsid));
        hnv_draft_add(d);
    }
}

void
hnv_flood_base(struct hnv_compiler *c)
{
    struct hnv_draft *d = &c->draft;

    for (size_t i = 0; i < c->host->n_domains; i++) {
        const struct hnv_domain *domain = c->host->domains[i];

        for (size_t j = 0; j < domain->n_subnets; j++) {
            if (hnv_host_has_subnet(c->host, domain->subnets[j])) {
                write_subnet(c, domain->subnets[j]);
            }
        }
    }
    hnv_draft_gate(d, HNV_TABLE_FLOOD, HNV_PRI_FLOOD_UNCHECKED);
    start(d, HNV_TABLE_FLOOD, HNV_PRI_FLOOD_RECORD, NULL);
    hnv_match_kind(d, HNV_KIND_ENCAP);
    hnv_act_goto(d, HNV_TABLE_OUTPUT);
    hnv_draft_add(d);
    start(d, HNV_TABLE_FLOOD, HNV_PRI_FLOOD_NONE, NULL);
    hnv_draft_drop_shared(d, HNV_DROP_NO_FLOOD);
}

/* ------------------------------------------------------------------------ */
/* Remote members.                                                          */
/* ------------------------------------------------------------------------ */

static int
compare_pas(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct in6_addr));
}

/* Returns the PAs in 'members' that are not 'host''s own, in order, which the
 * caller frees, and their number in '*n'. */
static struct in6_addr *
remote_pas(const struct hnv_host *host, const struct hnv_members *members,
           size_t *n)
{
    size_t max = members ? hmap_count(&members->pas) : 0;
    struct in6_addr *pas = xmalloc(max * sizeof *pas);
    struct hnv_member *member;

    *n = 0;
    if (members) {
        HMAP_FOR_EACH (member, node, &members->pas) {
            if (!hnv_host_has_pa(host, &member->pa)) {
                pas[(*n)++] = member->pa;
            }
        }
    }
    qsort(pas, *n, sizeof *pas, compare_pas);
    return pas;
}

/* All that Open vSwitch does with one packet takes at most 64 kB of datapath
 * actions, and it stops without a word there.  A copy takes "clone",
 * "tnl_push" with the outer headers, and "output", in bytes; one to a machine
 * here usually "output", or with connection tracking some more.  The rest is
 * for what comes first. */
enum {
    FLOOD_MAX = 65536 - 512,
    FLOOD_LOCAL = 40,
    FLOOD_COPY4 = 76,
    FLOOD_COPY6 = 96,
};
BUILD_ASSERT_DECL(FLOOD_MAX / FLOOD_COPY4
                  <= HNV_GROUP_MAX_LEAVES * HNV_GROUP_MAX_BUCKETS);

/* Returns how many of the 'n' 'pas' a packet in 'subnet' can be sent to, the
 * first ones. */
static size_t
count_fitting(const struct hnv_host *host, const struct hnv_subnet *subnet,
              const struct in6_addr *pas, size_t n)
{
    const struct hnv_lport *lport;
    size_t size = 0, i;

    HNV_FOR_EACH_LPORT (lport, host) {
        if (lport->port->subnet == subnet) {
            size += FLOOD_LOCAL;
        }
    }
    for (i = 0; i < n; i++) {
        size += hnv_address_is_v4(&pas[i]) ? FLOOD_COPY4 : FLOOD_COPY6;
        if (size > FLOOD_MAX) {
            break;
        }
    }
    return i;
}

size_t
hnv_compile_flood_rest(const struct hnv_host *host,
                       const struct hnv_subnet *subnet,
                       const struct hnv_members *members)
{
    struct in6_addr *pas;
    size_t n, rest;

    if (subnet->flood != HNV_FLOOD_HEAD_END
        || !hnv_host_has_subnet(host, subnet)) {
        return 0;
    }
    n = members ? hmap_count(&members->pas) : 0;
    if (n * FLOOD_COPY6 + host->n_lports * FLOOD_LOCAL <= FLOOD_MAX) {
        return 0;               /* Nearly always, so nothing was sorted. */
    }
    pas = remote_pas(host, members, &n);
    rest = n - count_fitting(host, subnet, pas, n);
    free(pas);
    return rest;
}

static void
add_pa(struct hnv_compiler *c, const struct in6_addr *pa, struct buckets *b)
{
    bool v4 = hnv_address_is_v4(pa);
    const struct in6_addr *from = v4 ? c->host->pa4 : c->host->pa6;
    struct hnv_draft *d = &c->draft;

    if (from && c->host->tunnel_port != OFPP_NONE) {
        /* A bucket is an action set, which cannot resubmit and output, so
         * that FLOOD has set what SOURCE_PA decides. */
        if (!v4 && hnv_host_has_several_pas(c->host, true)) {
            hnv_act_set(d, MFF_TUN_SRC, 0);
        }
        if (!hnv_host_has_several_pas(c->host, v4)) {
            hnv_act_set_address(d, MFF_TUN_SRC, MFF_TUN_IPV6_SRC, from);
        }
        hnv_act_set_address(d, MFF_TUN_DST, MFF_TUN_IPV6_DST, pa);
        hnv_act_output(d, c->host->tunnel_port);
        add_bucket(d, b);
    }
}

static void
add_leaves(struct hnv_compiler *c, uint32_t vsid, const struct in6_addr *pas,
           size_t n, struct buckets *root)
{
    struct hnv_draft *d = &c->draft;

    for (size_t i = 0; n > 0; i++) {
        uint32_t id = hnv_group_id(HNV_GROUP_LEAF + i, vsid);
        size_t n_here = MIN(n, HNV_GROUP_MAX_BUCKETS);
        struct buckets leaf = { NULL, 0, 0 };

        for (size_t j = 0; j < n_here; j++) {
            add_pa(c, &pas[j], &leaf);
        }
        add_group(d, id, &leaf);
        hnv_act_group(d, id);
        add_bucket(d, root);
        pas += n_here;
        n -= n_here;
    }
}

/* Others send a copy to each PA with machines of the VSID.  If this host has
 * several of those, it listens to the copy for the lowest.  In lazy domains,
 * others do not know all of them. */
static void
write_again(struct hnv_compiler *c, const struct hnv_subnet *subnet,
            const struct hnv_members *members)
{
    const struct in6_addr *lowest = NULL;
    struct hnv_draft *d = &c->draft;
    struct hnv_member *member;

    if (!members || subnet->domain->lazy) {
        return;
    }
    HMAP_FOR_EACH (member, node, &members->pas) {
        if (hnv_host_has_pa(c->host, &member->pa)
            && (!lowest || compare_pas(&member->pa, lowest) < 0)) {
            lowest = &member->pa;
        }
    }
    HMAP_FOR_EACH (member, node, &members->pas) {
        if (hnv_host_has_pa(c->host, &member->pa) && &member->pa != lowest) {
            start(d, HNV_TABLE_DELIVER, HNV_PRI_DELIVER_AGAIN, subnet);
            match_set_reg(&d->match, 0, subnet->vsid);
            hnv_match_group_mac(d);
            hnv_match_tun_dst(d, &member->pa);
            hnv_draft_drop(d, HNV_DROP_FLOOD_AGAIN);
        }
    }
}

void
hnv_flood_members(struct hnv_compiler *c, const struct hnv_subnet *subnet,
                  const struct hnv_members *members)
{
    struct hnv_draft *d = &c->draft;
    struct buckets root = { NULL, 0, 0 };
    struct in6_addr *pas;
    size_t n;

    if (subnet->flood == HNV_FLOOD_NONE) {
        return;
    }
    start(d, HNV_TABLE_FLOOD, 0, subnet);
    hnv_act_group(d, hnv_group_id(HNV_GROUP_LOCAL, subnet->vsid));
    add_bucket(d, &root);

    pas = remote_pas(c->host, members, &n);
    n = count_fitting(c->host, subnet, pas, n);
    if (subnet->flood == HNV_FLOOD_MULTICAST) {
        add_pa(c, &subnet->multicast_pa, &root);
    } else if (n < HNV_GROUP_MAX_BUCKETS) {
        for (size_t i = 0; i < n; i++) {
            add_pa(c, &pas[i], &root);
        }
    } else {
        add_leaves(c, subnet->vsid, pas, n, &root);
    }
    add_group(d, hnv_group_id(HNV_GROUP_FLOOD, subnet->vsid), &root);
    free(pas);
    write_again(c, subnet, members);
}

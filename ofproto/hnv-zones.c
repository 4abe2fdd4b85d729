/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-zones.h"

#include <stdlib.h>

#include "coverage.h"
#include "hash.h"
#include "hnv-host.h"
#include "hnv-ofconn.h"
#include "hnv-ovs.h"
#include "hnv-pipeline.h"
#include "openvswitch/ofp-ct.h"
#include "openvswitch/vlog.h"
#include "util.h"
#include "uuid.h"

VLOG_DEFINE_THIS_MODULE(hnv_zones);

COVERAGE_DEFINE(hnv_sessions_flushed);

/* Sessions to forget: all of 'zone', or those with 'label' if that is not
 * 0. */
struct hnv_flush {
    uint16_t zone;
    uint64_t label;
};

struct hnv_zones {
    struct hnv_ofconn *ofconn;
    struct hnv_flush *flushes;  /* To be done. */
    size_t n, allocated;
};

/* Returns a new instance, which talks to the switch over 'ofconn'.  The caller
 * must free it, with hnv_zones_destroy(). */
struct hnv_zones *
hnv_zones_create(struct hnv_ofconn *ofconn)
{
    struct hnv_zones *zones = xzalloc(sizeof *zones);

    zones->ofconn = ofconn;
    return zones;
}

void
hnv_zones_destroy(struct hnv_zones *zones)
{
    if (zones) {
        free(zones->flushes);
        free(zones);
    }
}

static void
add_flush(struct hnv_zones *zones, uint16_t zone, uint64_t label)
{
    for (size_t i = 0; i < zones->n; i++) {
        const struct hnv_flush *flush = &zones->flushes[i];

        if (flush->zone == zone && (!flush->label || flush->label == label)) {
            return;
        }
    }
    if (zones->n >= zones->allocated) {
        zones->flushes = x2nrealloc(zones->flushes, &zones->allocated,
                                    sizeof *zones->flushes);
    }
    zones->flushes[zones->n++] = (struct hnv_flush) { zone, label };
}

static uint32_t
hash_prefixes(const struct hnv_prefix *prefixes, size_t n, uint32_t hash)
{
    for (size_t i = 0; i < n; i++) {
        hash = hash_bytes(&prefixes[i].address, sizeof prefixes[i].address,
                          hash_int(prefixes[i].plen, hash));
    }
    return hash_int(n, hash);
}

/* Of all in 'acl' that decides what it allows. */
static uint32_t
hash_acl(const struct hnv_acl *acl)
{
    uint32_t hash = uuid_hash(&acl->uuid);

    hash = hash_int(acl->inbound | acl->allow << 1 | acl->stateful << 2, hash);
    hash = hash_2words(hash_int(acl->weight, hash), acl->protocol);
    hash = hash_prefixes(acl->local, acl->n_local, hash);
    hash = hash_prefixes(acl->remote, acl->n_remote, hash);
    hash = hash_bytes(acl->local_ports,
                      acl->n_local_ports * sizeof *acl->local_ports,
                      hash_int(acl->n_local_ports, hash));
    return hash_bytes(acl->remote_ports,
                      acl->n_remote_ports * sizeof *acl->remote_ports,
                      hash_int(acl->n_remote_ports, hash));
}

/* Returns a hash, not 0, of whose sessions are in the zone of 'lport' and of
 * what they depend on. */
uint32_t
hnv_zones_hash(const struct hnv_lport *lport)
{
    const struct hnv_port *port = lport->port;
    uint32_t hash = hash_int(lport->vport, 0);

    if (port) {
        hash = hash_2words(hash, uuid_hash(&port->uuid));
        hash = hash_int(port->subnet ? port->subnet->vsid : 0, hash);
        for (size_t i = 0; i < port->n_acls; i++) {
            hash = hash_2words(hash, hash_acl(&port->acls[i]));
        }
    }
    return hash ? hash : 1;
}

static bool
has_acl(const struct hnv_port *port, const struct hnv_acl *acl)
{
    uint32_t hash = hash_acl(acl);

    for (size_t i = 0; i < port->n_acls; i++) {
        if (uuid_equals(&port->acls[i].uuid, &acl->uuid)) {
            return hash_acl(&port->acls[i]) == hash;
        }
    }
    return false;
}

/* Whether 'acl' of 'old' still allows all that it did, in 'new'. */
static bool
still_allows(const struct hnv_acl *acl, const struct hnv_port *old,
             const struct hnv_port *new)
{
    if (!has_acl(new, acl)) {
        return false;
    }
    for (size_t i = 0; i < new->n_acls; i++) {
        const struct hnv_acl *other = &new->acls[i];

        if (uuid_equals(&other->uuid, &acl->uuid)) {
            break;              /* Others are asked after it. */
        }
        if (!other->allow && other->inbound == acl->inbound
            && !has_acl(old, other)) {
            return false;
        }
    }
    return true;
}

static void
compare_acls(struct hnv_zones *zones, const struct hnv_lport *old,
             const struct hnv_lport *new)
{
    for (size_t i = 0; i < old->port->n_acls; i++) {
        const struct hnv_acl *acl = &old->port->acls[i];

        if (acl->allow && acl->stateful
            && !still_allows(acl, old->port, new->port)) {
            add_flush(zones, old->vport, hnv_uuid_bits(&acl->uuid));
        }
    }
}

static bool
is_same_port(const struct hnv_lport *a, const struct hnv_lport *b)
{
    return (uuid_equals(&a->uuid, &b->uuid) && a->port && b->port
            && uuid_equals(&a->port->uuid, &b->port->uuid)
            && a->port->subnet && b->port->subnet
            && a->port->subnet->vsid == b->port->subnet->vsid);
}

/* Whether the zone of 'lport' has, since an earlier hnv-agent ran, nothing but
 * sessions that may go on. */
static bool
is_known(const struct hnv_ovs *ovs, const struct hnv_lport *lport)
{
    return (hnv_ovs_get_installed(ovs, lport->name)
            == hnv_zones_hash(lport));
}

static void
flush(struct hnv_zones *zones, const struct hnv_flush *f)
{
    struct ofp_ct_match match = {
        .labels.u64.lo = f->label,
        .labels_mask.u64.lo = f->label ? UINT64_MAX : 0,
    };
    uint16_t zone = f->zone;

    COVERAGE_INC(hnv_sessions_flushed);
    VLOG_DBG("ending sessions of zone %"PRIu16", label %"PRIx64, f->zone,
             f->label);
    hnv_ofconn_send(zones->ofconn,
                    ofp_ct_match_encode(&match, &zone, OFP15_VERSION));
}

/* Finds out which sessions end when 'new' takes the place of 'old', which is
 * NULL at the start. */
void
hnv_zones_update(struct hnv_zones *zones, const struct hnv_ovs *ovs,
                 const struct hnv_host *old, const struct hnv_host *new)
{
    for (size_t i = 0; i < new->n_lports; i++) {
        const struct hnv_lport *lport = &new->lports[i], *was;
        struct hnv_flush all = { .zone = lport->vport };

        was = old ? hnv_host_vport(old, lport->vport) : NULL;
        if (was && is_same_port(was, lport)) {
            if (hnv_zones_hash(was) != hnv_zones_hash(lport)) {
                compare_acls(zones, was, lport);
            }
        } else if (old || !is_known(ovs, lport)) {
            add_flush(zones, all.zone, all.label);
            if (hnv_ofconn_is_ready(zones->ofconn)) {
                flush(zones, &all);
            }
        }
    }
    for (size_t i = 0; old && i < old->n_lports; i++) {
        if (!hnv_host_vport(new, old->lports[i].vport)) {
            add_flush(zones, old->lports[i].vport, 0);
        }
    }
}

/* Ends sessions, if what hnv_zones_update() was told is 'in_force'. */
void
hnv_zones_run(struct hnv_zones *zones, bool in_force)
{
    if (in_force && zones->n && hnv_ofconn_is_ready(zones->ofconn)) {
        for (size_t i = 0; i < zones->n; i++) {
            flush(zones, &zones->flushes[i]);
        }
        zones->n = 0;
    }
}

/* Returns true if no session is left that should end. */
bool
hnv_zones_is_done(const struct hnv_zones *zones)
{
    return !zones->n;
}

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_TABLES_H
#define HNV_TABLES_H 1

/* The writers of the pipeline's tables
 * ====================================
 *
 * What
 * ----
 *
 * Each file hnv-<table>.c writes one table or a few that belong together.
 * hnv-compile.c calls the functions here, which is all that it does.
 *
 *
 * What not
 * --------
 *
 * Nobody but the compiler includes this file.
 *
 *
 * Thread-safety
 * -------------
 *
 * As for hnv-compile.h. */

#include "hnv-host.h"
#include "hnv-policy.h"
#include "hnv-record.h"
#include "hnv-draft.h"

struct hnv_compiler {
    const struct hnv_policy *policy; /* May be NULL for peers and floods. */
    const struct hnv_host *host;
    struct hnv_draft draft;
};

/* Whether the local port is of a machine in a VSID. */
static inline bool
hnv_lport_is_virtual(const struct hnv_lport *lport)
{
    return lport->port && lport->port->subnet;
}

/* Returns the first such port at 'lport' or after it, or NULL. */
static inline const struct hnv_lport *
hnv_lport_find_virtual(const struct hnv_host *host,
                       const struct hnv_lport *lport)
{
    while (lport < host->lports + host->n_lports) {
        if (hnv_lport_is_virtual(lport)) {
            return lport;
        }
        lport++;
    }
    return NULL;
}

#define HNV_FOR_EACH_LPORT(LPORT, HOST)                                 \
    for ((LPORT) = hnv_lport_find_virtual(HOST, (HOST)->lports);        \
         (LPORT); (LPORT) = hnv_lport_find_virtual(HOST, (LPORT) + 1))

/* Parts of the base. */
void hnv_classify_base(struct hnv_compiler *);
void hnv_security_base(struct hnv_compiler *);
void hnv_source_base(struct hnv_compiler *);
void hnv_acl_base(struct hnv_compiler *);
void hnv_route_base(struct hnv_compiler *);
void hnv_lookup_base(struct hnv_compiler *);
void hnv_finish_base(struct hnv_compiler *);
void hnv_arp_base(struct hnv_compiler *);
void hnv_deliver_base(struct hnv_compiler *);
void hnv_flood_base(struct hnv_compiler *);
void hnv_encap_base(struct hnv_compiler *);
void hnv_rewrite_base(struct hnv_compiler *);
void hnv_source_pa_base(struct hnv_compiler *);
void hnv_pass_base(struct hnv_compiler *);
void hnv_drop_base(struct hnv_compiler *);

/* Parts of a peer. */
void hnv_encap_peer(struct hnv_compiler *, const struct hnv_peer *);
void hnv_source_peer(struct hnv_compiler *, const struct hnv_peer *);

/* Parts of the broadcast of a VSID. */
void hnv_flood_members(struct hnv_compiler *, const struct hnv_subnet *,
                       const struct hnv_members *);
void hnv_source_members(struct hnv_compiler *, const struct hnv_subnet *,
                        const struct hnv_members *);

/* Parts of a record. */
struct hnv_located {
    const struct hnv_record *record;
    const struct hnv_subnet *subnet;
    const struct hnv_lport *lport; /* HNV_KIND_LOCAL. */
    enum hnv_kind kind;
    uint64_t cookie;
};
void hnv_lookup_record(struct hnv_compiler *, const struct hnv_located *);
void hnv_source_record(struct hnv_compiler *, const struct hnv_located *);
void hnv_deliver_record(struct hnv_compiler *, const struct hnv_located *);
void hnv_rewrite_record(struct hnv_compiler *, const struct hnv_located *);
void hnv_source_pa_record(struct hnv_compiler *, const struct hnv_located *);

/* Begins a flow for what the tunnel carries to a record's MAC and CA: IP or,
 * if 'arp', ARP, which only IPv4 has.  Other records may have the same MAC. */
void hnv_start_to_record(struct hnv_draft *, enum hnv_table, int priority,
                         const struct hnv_located *, bool arp);

/* Makes the frame come from the PA of this host that it should come from when
 * it goes to 'peer_pa'.  HNV_FLAG_PA6 must be right before. */
void hnv_source_pa_act(struct hnv_compiler *, const struct in6_addr *peer_pa);

/* Likewise, for peers of both IP versions, where that takes a look-up. */
void hnv_source_pa_act_both(struct hnv_compiler *);

/* Returns whether 'host' has more than one PA of that IP version. */
bool hnv_host_has_several_pas(const struct hnv_host *host, bool v4);

/* Returns the meter for what the flow makes the agent do, or 0. */
uint32_t hnv_compiler_meter(const struct hnv_compiler *,
                            const struct hnv_domain *);

/* Where an L2 record's machine is. */
struct hnv_l2_place {
    enum hnv_kind kind;
    uint16_t vport;             /* HNV_KIND_LOCAL. */
    uint32_t peer_id;           /* HNV_KIND_ENCAP. */
};
struct hnv_l2_place hnv_l2_locate(const struct hnv_host *,
                                  const struct hnv_l2_record *);

#endif /* hnv-tables.h */

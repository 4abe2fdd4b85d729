/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_POLICY_PRIVATE_H
#define HNV_POLICY_PRIVATE_H 1

/* How a policy is made
 * ====================
 *
 * What
 * ----
 *
 * What the files hnv-policy*.c share while hnv_policy_create() runs.  Tables
 * come in the order of their dependencies: domains, subnets, hosts, L2
 * records, routes, ports with their ACLs.
 *
 *
 * What not
 * --------
 *
 * Nobody else includes this file.
 *
 *
 * Thread-safety
 * -------------
 *
 * One thread makes a policy. */

#include "hnv-policy.h"

struct hnv_policy_builder {
    struct hnv_policy *policy;
    const struct hnv_policy_input *input;
    struct hnv_errors *errors;
};

/* Returns the 'n' rows of 'size' bytes at 'rows', each of which begins with
 * its UUID, in order of UUID.  The caller frees the array. */
const void **hnv_policy_sort(const void *rows, size_t n, size_t size);

/* Returns NULL if 'name' is not too long, otherwise an error message. */
char *hnv_policy_check_name(const char *name);

/* Parses a list of provider addresses into 'pas', which has room for
 * HNV_MAX_PAS of them.  Returns NULL if successful, otherwise an error message
 * for the caller to free. */
char *hnv_policy_parse_pas(const struct hnv_strings *,
                           struct in6_addr *pas, size_t *n);

/* Each adds the rows of one table that make sense, and the others to the
 * errors. */
void hnv_policy_add_subnets(struct hnv_policy_builder *);
void hnv_policy_add_l2_records(struct hnv_policy_builder *);
void hnv_policy_add_routes(struct hnv_policy_builder *);
void hnv_policy_add_ports(struct hnv_policy_builder *);

/* Likewise, to one port: those of its own and of its groups. */
void hnv_policy_add_acls(struct hnv_policy_builder *,
                         const struct hnv_port_row *, struct hnv_port *);

/* Dynamic addresses: of one L2 record, and which of them are in force once all
 * are known. */
void hnv_policy_add_dynamic(struct hnv_policy_builder *,
                            const struct hnv_l2_row *, struct hnv_l2_record *);
void hnv_policy_settle_dynamic(struct hnv_policy *);

void hnv_policy_free_subnet(struct hnv_subnet *);
void hnv_policy_free_acls(struct hnv_port *);

#endif /* hnv-policy-private.h */

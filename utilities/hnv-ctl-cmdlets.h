/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_CTL_CMDLETS_H
#define HNV_CTL_CMDLETS_H 1

#include "hnv-ctl.h"

/* The cmdlets of Windows' NetVirtualization module
 * ================================================
 *
 * What
 * ----
 *
 * The commands as people know them who ran HNV on Windows, with the same
 * parameters and the same output: parameters in any case, shortened as far as
 * they are unambiguous, and "Property : Value" lists.
 *
 * An object of the module, such as LookupRecord, is a struct hnv_cmdlet_object
 * (hnv-ctl-cmdlets-record.c, -net.c): its properties, each with how to read
 * and to write it.
 * The verbs Get, New, Set and Remove are the same code for all objects
 * (hnv-ctl-cmdlets.c).
 *
 * Where we differ
 * ---------------
 *
 *    - On Windows each host has its own copy of the policy, and -CimSession
 *      says which one.  Here all hosts have the same, and -CimSession says
 *      whose provider addresses and routes a command is about.
 *
 *    - Remove without a parameter would remove everything, so it has to be
 *      said: -All.
 *
 *    - New-NetVirtualizationCustomerRoute with next hop 0.0.0.0 or :: makes
 *      the routing domain and the virtual subnet, if they do not exist, and
 *      gives the subnet that prefix: Windows has no other command for it.
 *
 * What not
 * --------
 *
 * PowerShell: there are no variables, pipelines, or wildcards.  Parameters of
 * every cmdlet that say nothing about policy, such as -Confirm, are ignored.
 *
 * Thread-safety
 * -------------
 *
 * One thread. */

enum hnv_cmdlet_use {
    HNV_CMDLET_MUST = 1 << 0,   /* New needs it. */
    HNV_CMDLET_NEW = 1 << 1,    /* New takes it. */
    HNV_CMDLET_KEY = 1 << 2,    /* Set finds rows by it. */
    HNV_CMDLET_SET = 1 << 3,    /* Set changes it. */
    HNV_CMDLET_HIDE = 1 << 4,   /* Get does not show it. */
    HNV_CMDLET_STATE = 1 << 5,  /* Only Get and Remove take it. */
};

enum { HNV_CMDLET_MAX_PROPERTIES = 12 };

struct hnv_cmdlet_property {
    const char *name;
    unsigned int use;           /* HNV_CMDLET_*. */

    /* Appends the value.  Never null. */
    void (*get)(const struct ctl_context *, const struct ovsdb_idl_row *,
                struct ds *);

    /* Writes the value.  Returns false and sets ctx->error if it is no good.
     * Null if nobody may write it. */
    bool (*put)(struct ctl_context *, const struct ovsdb_idl_row *,
                const char *);
};

struct hnv_cmdlet_object {
    const char *name;           /* "LookupRecord". */
    const struct ovsdb_idl_table_class *tables[2];
    const struct hnv_cmdlet_property properties[HNV_CMDLET_MAX_PROPERTIES];

    /* Adds a row; 'values' has one for each property, or null.  Sets
     * ctx->error if there cannot be one. */
    const struct ovsdb_idl_row *(*add)(struct ctl_context *,
                                       const char *const values[],
                                       const char *host);

    /* Removes a row and what goes with it. */
    void (*remove)(struct ctl_context *, const struct ovsdb_idl_row *);

    /* Sets ctx->error if the row is not as policy must be. */
    void (*judge)(struct ctl_context *, const struct ovsdb_idl_row *);

    /* Returns the host that has the row, or null if all do. */
    const char *(*host)(const struct ctl_context *,
                        const struct ovsdb_idl_row *);
};

/* hnv-ctl-cmdlets-record.c. */
extern const struct hnv_cmdlet_object hnv_cmdlet_lookup_record;
void hnv_cmdlet_want(struct ctl_context *);
void hnv_cmdlet_put_mac(struct ds *, const char *mac);

/* Returns 'rule', a name in any case or a number, as it is shown, or as it is
 * if there is no such rule. */
const char *hnv_cmdlet_spell_rule(const char *rule);

/* True for the text of 0.0.0.0 and ::. */
bool hnv_cmdlet_is_any(const char *address);

/* hnv-ctl-cmdlets-net.c. */
extern const struct hnv_cmdlet_object hnv_cmdlet_customer_route;
extern const struct hnv_cmdlet_object hnv_cmdlet_provider_address;
extern const struct hnv_cmdlet_object hnv_cmdlet_provider_route;

/* hnv-ctl-next-hop.c. */
void hnv_ctl_pre_next_hop(struct ctl_context *);
void hnv_ctl_cmd_next_hop(struct ctl_context *);
void hnv_ctl_cmd_select_next_hop(struct ctl_context *);

/* hnv-ctl-cmdlets.c.  Returns true if 'parameter' is one of every cmdlet that
 * says nothing about policy, and whether its value is the next word. */
bool hnv_cmdlet_is_noise(const char *parameter, bool *has_value);

/* Stores the value of parameter 'name' of 'names', or null. */
bool hnv_cmdlet_parse(struct ctl_context *, const char *const names[],
                      size_t n, const char *values[]);

#endif /* hnv-ctl-cmdlets.h */

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_CTL_H
#define HNV_CTL_H 1

#include <netinet/in.h>

#include "db-ctl-base.h"
#include "hnv-idl.h"
#include "hnv-values.h"
#include "openvswitch/list.h"
#include "ovsdb-idl.h"
#include "ovsdb-idl-provider.h"
#include "table.h"

/* hnv-ctl: edit and show the policy database
 * ==========================================
 *
 * What
 * ----
 *
 * Each kind of object is a struct hnv_ctl_noun: a table, the column by which
 * people name a row, the columns that its list shows, and a function that
 * judges a row.  "NOUN-set", "NOUN-del" and "NOUN-list" are then the same code
 * for all of them (hnv-ctl-rows.c), and a file for each group of nouns has the
 * "NOUN-add", whose arguments differ.
 *
 * A command writes to the transaction first and judges the row as it would
 * be; an error ends the program, so that nothing is committed.  This way,
 * "add" and "set" cannot judge differently.
 *
 * Where to look
 * -------------
 *
 *     hnv-ctl.c                     options, and the transaction
 *     -admin -policy -records       commands: global and roles; domains,
 *       -hosts -ports -networks       subnets and routes; records; hosts and
 *       -pools                        PAs; ports and ACLs; networks; pools
 *     -rows -values -names -list    all nouns: find, write, name, list
 *     -check -check-ports -verdict  what policy may be
 *     -dynamic                      addresses that hosts have learned
 *     -show -next-hop -drops        overviews, and what hosts have dropped
 *     -trace                        trace: the packet and the command, and...
 *       -packet -switch -oftrace      a packet's words; a host's switch; what
 *                                     "ofproto/trace" says
 *       -follow -trace-judge          from host to host; what becomes of it
 *       -explain -trace-print         what flows mean; the answer
 *     -cmdlets -cmdlets-record      cmdlets, and the objects that they are
 *       -cmdlets-net                  about
 *     -import -script               scripts of PowerShell
 *
 * What not
 * --------
 *
 * The generic commands ("set", "create", ...) come with Open vSwitch and know
 * the schema only.  What they write is judged by "hnv-ctl check", and by each
 * host's hnv-agent.
 *
 * Where we differ from ovs-vsctl
 * ------------------------------
 *
 * A policy database can have a million records.  A command asks for the rows
 * that it needs only, see hnv_ctl_want(), instead of whole tables.
 *
 * With --may-exist, "NOUN-add" brings a row that exists to what the command
 * says.
 *
 * Thread-safety
 * -------------
 *
 * One thread. */

struct hnv_ctl_noun {
    const char *name;           /* "domain" in "domain-add". */
    const char *words;          /* "routing domain" in messages. */
    const struct ovsdb_idl_table_class *table;
    const struct ovsdb_idl_column *id;
    const struct ovsdb_idl_column *columns[14];

    /* Returns what is wrong with a row, or null.  The caller frees it. */
    char *(*check)(const struct ctl_context *, const struct ovsdb_idl_row *);

    /* Returns what keeps a row from being deleted, or null. */
    char *(*keep)(const struct ctl_context *, const struct ovsdb_idl_row *);
};

/* The nouns, in the order in which "hnv-ctl check" judges them. */
enum hnv_ctl_noun_id {
    HNV_CTL_DOMAIN,
    HNV_CTL_SUBNET,
    HNV_CTL_RECORD,
    HNV_CTL_L2_RECORD,
    HNV_CTL_ROUTE,
    HNV_CTL_HOST,
    HNV_CTL_PA,
    HNV_CTL_PA_ROUTE,
    HNV_CTL_PORT,
    HNV_CTL_ACL,
    HNV_CTL_ACL_GROUP,
    HNV_CTL_ADDRESS_SET,
    HNV_CTL_NETWORK,
    HNV_CTL_SITE,
    HNV_CTL_IP_POOL,
    HNV_CTL_MAC_POOL,
    HNV_CTL_HOOK,
    HNV_CTL_N_NOUNS
};
extern const struct hnv_ctl_noun hnv_ctl_nouns[HNV_CTL_N_NOUNS];

/* hnv-ctl-names.c: what people may name rows by. */
extern const struct ctl_table_class hnv_ctl_table_classes[HNVREC_N_TABLES];

/* Commands, an array for each file, ended by a null name. */
extern const struct ctl_command_syntax hnv_ctl_admin_commands[];
extern const struct ctl_command_syntax hnv_ctl_cmdlets[];
extern const struct ctl_command_syntax hnv_ctl_drops_commands[];
extern const struct ctl_command_syntax hnv_ctl_host_commands[];
extern const struct ctl_command_syntax hnv_ctl_network_commands[];
extern const struct ctl_command_syntax hnv_ctl_policy_commands[];
extern const struct ctl_command_syntax hnv_ctl_pool_commands[];
extern const struct ctl_command_syntax hnv_ctl_port_commands[];
extern const struct ctl_command_syntax hnv_ctl_import_commands[];
extern const struct ctl_command_syntax hnv_ctl_record_commands[];
extern const struct ctl_command_syntax hnv_ctl_show_commands[];
extern const struct ctl_command_syntax hnv_ctl_trace_commands[];

/* hnv-ctl-import.c: scripts for Windows instead of commands. */
char **hnv_ctl_import(int *argc, char *argv[]);
char *hnv_ctl_import_origin(size_t command);

/* What a command needs to see, to be called from its 'prerequisites'. */
void hnv_ctl_want(struct ctl_context *, const struct ovsdb_idl_table_class *);
void hnv_ctl_want_policy(struct ctl_context *);
void hnv_ctl_want_noun(struct ctl_context *);

/* hnv-ctl-rows.c: rows of any table. */
const struct hnv_ctl_noun *hnv_ctl_noun_of(const struct ctl_context *);
const struct hnv_ctl_noun *hnv_ctl_noun_for_table(const char *table);
const struct ovsdb_idl_row *hnv_ctl_find(struct ctl_context *,
                                         const struct hnv_ctl_noun *,
                                         const char *id);
const struct ovsdb_idl_row *hnv_ctl_get(struct ctl_context *,
                                        const struct hnv_ctl_noun *,
                                        const char *id);
const struct ovsdb_idl_row *hnv_ctl_insert(struct ctl_context *,
                                           const struct hnv_ctl_noun *);
bool hnv_ctl_may_add(struct ctl_context *, const struct hnv_ctl_noun *,
                     const struct ovsdb_idl_row *, const char *id);
bool hnv_ctl_put_settings(struct ctl_context *, const struct hnv_ctl_noun *,
                          const struct ovsdb_idl_row *, int first);
void hnv_ctl_judge(struct ctl_context *, const struct hnv_ctl_noun *,
                   const struct ovsdb_idl_row *);
void hnv_ctl_delete(struct ctl_context *, const struct hnv_ctl_noun *,
                    const struct ovsdb_idl_row *);
bool hnv_ctl_add_ref(const struct ovsdb_idl_row *owner,
                     const struct ovsdb_idl_column *,
                     const struct ovsdb_idl_row *);
void hnv_ctl_remove_ref(const struct ovsdb_idl_row *owner,
                        const struct ovsdb_idl_column *,
                        const struct ovsdb_idl_row *);
void hnv_ctl_cmd_set(struct ctl_context *);
void hnv_ctl_cmd_del(struct ctl_context *);

/* hnv-ctl-values.c: from text to values of columns. */
bool hnv_ctl_put(struct ctl_context *, const struct ovsdb_idl_row *,
                 const struct ovsdb_idl_column *, const char *value);
char *hnv_ctl_normal(const struct ovsdb_idl_column *, const char *value,
                     char **normal);

/* hnv-ctl-list.c: rows as people read them. */
void hnv_ctl_cell(const struct ovsdb_idl_row *,
                  const struct ovsdb_idl_column *, struct ds *);
struct table *hnv_ctl_table(struct ctl_context *, const struct hnv_ctl_noun *);
void hnv_ctl_table_cell(struct table *, const struct ovsdb_idl_row *,
                        const struct ovsdb_idl_column *);
void hnv_ctl_table_add(struct table *, const struct hnv_ctl_noun *,
                       const struct ovsdb_idl_row *);
const struct ovsdb_idl_row **hnv_ctl_sorted(const struct ovsdb_idl *,
                                            const struct hnv_ctl_noun *);
void hnv_ctl_list(struct ctl_context *, const struct hnv_ctl_noun *);
void hnv_ctl_cmd_list(struct ctl_context *);

/* hnv-ctl-dynamic.c: addresses that hosts learned. */
struct hnv_ctl_dynamic {
    const struct hnvrec_l2_record *l2;
    const char *ca;             /* Points into 'l2'. */
};
struct hnv_ctl_dynamic *hnv_ctl_dynamic_sorted(const struct ovsdb_idl *,
                                               size_t *n);
const struct hnvrec_l2_record *hnv_ctl_dynamic_find(
    const struct ovsdb_idl *, const struct hnvrec_routing_domain *,
    const char *ca);
void hnv_ctl_dynamic_add(struct table *, const struct hnv_ctl_dynamic *);

/* hnv-ctl-check.c and hnv-ctl-check-ports.c: what policy may be. */
char *hnv_ctl_check_domain(const struct ctl_context *,
                           const struct ovsdb_idl_row *);
char *hnv_ctl_check_subnet(const struct ctl_context *,
                           const struct ovsdb_idl_row *);
char *hnv_ctl_check_record(const struct ctl_context *,
                           const struct ovsdb_idl_row *);
char *hnv_ctl_check_l2_record(const struct ctl_context *,
                              const struct ovsdb_idl_row *);
char *hnv_ctl_check_route(const struct ctl_context *,
                          const struct ovsdb_idl_row *);
char *hnv_ctl_check_pa(const struct ctl_context *,
                       const struct ovsdb_idl_row *);
char *hnv_ctl_check_pa_route(const struct ctl_context *,
                             const struct ovsdb_idl_row *);
char *hnv_ctl_check_port(const struct ctl_context *,
                         const struct ovsdb_idl_row *);
char *hnv_ctl_check_acl(const struct ctl_context *,
                        const struct ovsdb_idl_row *);
char *hnv_ctl_check_address_set(const struct ctl_context *,
                                const struct ovsdb_idl_row *);
char *hnv_ctl_check_site(const struct ctl_context *,
                         const struct ovsdb_idl_row *);
char *hnv_ctl_check_ip_pool(const struct ctl_context *,
                            const struct ovsdb_idl_row *);
char *hnv_ctl_check_mac_pool(const struct ctl_context *,
                             const struct ovsdb_idl_row *);

const struct hnvrec_virtual_subnet *hnv_ctl_subnet(const struct ovsdb_idl *,
                                                   int64_t vsid);
bool hnv_ctl_has_external_router(const struct hnvrec_routing_domain *);

/* Stores the prefix of the subnet that has the address, if one has. */
bool hnv_ctl_subnet_contains(const struct hnvrec_virtual_subnet *,
                             const struct in6_addr *, struct hnv_prefix *);
bool hnv_ctl_is_gateway(const struct hnvrec_virtual_subnet *,
                        const struct in6_addr *);

/* hnv-ctl-records.c.  Returns the subnet of the VSID in a text, or sets
 * ctx->error and returns null if there is none. */
const struct hnvrec_virtual_subnet *hnv_ctl_get_subnet(struct ctl_context *,
                                                       const char *);

/* hnv-ctl-pools.c: addresses from pools. */
void hnv_ctl_want_pools(struct ctl_context *);
char *hnv_ctl_allocate_ip(struct ctl_context *, const char *pool,
                          const char *owner, const char *wanted);
char *hnv_ctl_allocate_mac(struct ctl_context *, const char *pool,
                           const char *owner);
bool hnv_ctl_mac_pool_range(const struct hnvrec_mac_pool *,
                            struct eth_addr *first, struct eth_addr *last);

/* hnv-ctl-policy.c. */
int64_t hnv_ctl_choose_datapath_key(const struct ovsdb_idl *);
const char *hnv_ctl_router_mac(const struct ovsdb_idl *);

/* hnv-ctl-records.c: which records to ask the database for. */
void hnv_ctl_want_record(struct ctl_context *, const char *customer_address);
void hnv_ctl_want_records_in(struct ctl_context *, const char *vsid);
void hnv_ctl_want_all_records(struct ctl_context *);
void hnv_ctl_set_conditions(struct ovsdb_idl *, bool everything);

/* hnv-ctl-hosts.c: waits for hosts to have applied what was committed. */
void hnv_ctl_wait_for_hosts(struct ovsdb_idl *, int64_t cfg,
                            long long int deadline_ms);

/* hnv-ctl-admin.c. */
const struct hnvrec_hnv_global *hnv_ctl_global(struct ctl_context *);

/* hnv-ctl.c: for commands that do more than edit. */
enum {                          /* Exit statuses. */
    HNV_CTL_DROPPED = 2,
    HNV_CTL_UNASKED = 3,        /* A host could not be asked. */
};
extern int hnv_ctl_status;
extern const char *hnv_ctl_remote; /* The --db in force. */
bool hnv_ctl_format_is_set(void);
bool hnv_ctl_format_is_json(void);

/* hnv-ctl-trace.c: what hnv-ctl-explain.h needs to see, and where the sockets
 * of hosts are. */
void hnv_ctl_want_explanations(struct ctl_context *);
const char *hnv_ctl_rundir(const struct ctl_context *);

/* hnv-ctl-cmdlets.c: gives a cmdlet's name in 'argv' its usual case. */
void hnv_ctl_cmdlets_fix_case(char *argv[]);

#endif /* hnv-ctl.h */

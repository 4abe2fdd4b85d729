/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <stdlib.h>
#include <string.h>

#include "hnv-ctl-explain.h"
#include "hnv-ctl-switch.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-util.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/shash.h"
#include "openvswitch/vconn.h"
#include "packets.h"
#include "socket-util.h"
#include "timeval.h"
#include "util.h"

/* What hosts have dropped, by reason and by tenant: the statistics of the
 * flows that drop, and what the nvgre ports say.  The switch's flows are asked
 * for by OpenFlow, table by table, so that a million lookup records, which
 * never drop, are left out. */

struct drop {
    const char *host, *reason, *tenant;
    char *by;                   /* Row, or last peer. */
    uint64_t packets, bytes;    /* Bytes: UINT64_MAX if not known. */
    const char *text;
    char *owned;                /* What has the strings that are not
                                 * constant. */
};

/* By what makes them different, for sorting. */
struct drops {
    struct shash all;           /* Contains "struct drop *"s. */
    struct hnv_explain explain;
};

static struct drop *
get_drop(struct drops *drops, const char *host, const char *reason,
         const char *tenant, const char *by)
{
    char *key = xasprintf("%s\t%s\t%s\t%s", host, reason, tenant, by);
    struct drop *drop = shash_find_data(&drops->all, key);

    if (!drop) {
        char *fields[4], *save = NULL;

        drop = xzalloc(sizeof *drop);
        drop->owned = xstrdup(key);
        fields[0] = strtok_r(drop->owned, "\t", &save);
        for (size_t i = 1; i < ARRAY_SIZE(fields); i++) {
            fields[i] = strtok_r(NULL, "\t", &save);
        }
        drop->host = fields[0];
        drop->reason = fields[1];
        drop->tenant = fields[2];
        drop->by = fields[3];
        shash_add(&drops->all, key, drop);
    }
    free(key);
    return drop;
}

static void
destroy_drops(struct drops *drops)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &drops->all) {
        struct drop *drop = node->data;

        free(drop->owned);
    }
    shash_destroy_free_data(&drops->all);
}

/* ------------------------------------------------------------------------ */
/* Flows.                                                                   */
/* ------------------------------------------------------------------------ */

/* The tenant that a flow's match names, otherwise that of its row. */
static const char *
tenant_of_flow(const struct drops *drops, const struct ofputil_flow_stats *fs)
{
    const struct match *match = &fs->match;
    const struct hnvrec_routing_domain *domain;

    HNVREC_ROUTING_DOMAIN_FOR_EACH (domain, drops->explain.policy) {
        if (match->wc.masks.metadata
            && ntohll(match->flow.metadata) == domain->datapath_key) {
            return domain->name;
        }
    }
    return hnv_explain_tenant(&drops->explain, ntohll(fs->cookie));
}

/* Whether the agent answers what the flow has a reason to drop, as it should,
 * rather than logs it or says that there is no way. */
static bool
is_answered(const struct ofputil_flow_stats *fs)
{
    const struct ofpact *a;

    OFPACT_FOR_EACH (a, fs->ofpacts, fs->ofpacts_len) {
        const struct ofpact_controller *c = ofpact_get_CONTROLLER_nullable(a);

        if (c) {
            const struct hnv_userdata *u
                = ALIGNED_CAST(const struct hnv_userdata *, c->userdata);

            return (c->userdata_len < sizeof *u
                    || !hnv_explain_op_drops(u->op));
        }
    }
    return false;
}

static void
take_flow(struct drops *drops, const char *host,
          const struct ofputil_flow_stats *fs)
{
    uint64_t cookie = ntohll(fs->cookie);
    struct hnv_explain_row row;
    struct hnv_cookie c;
    const char *tenant;
    struct drop *drop;
    char *by;

    /* The agent answers some of what is not forwarded. */
    if (!hnv_cookie_decode(cookie, &c) || !hnv_drop_name(c.drop)
        || is_answered(fs) || !fs->packet_count
        || fs->packet_count == UINT64_MAX) {
        return;
    }
    row = hnv_explain_row(&drops->explain, cookie);
    by = row.table ? xasprintf("%s %s", row.table, row.name) : xstrdup("-");
    tenant = tenant_of_flow(drops, fs);
    drop = get_drop(drops, host, hnv_drop_name(c.drop),
                    tenant ? tenant : "-", by);
    drop->packets += fs->packet_count;
    drop->bytes += fs->byte_count;
    drop->text = hnv_drop_text(c.drop);
    free(by);
    free(row.name);
}

static int
take_table(struct drops *drops, struct vconn *vconn, const char *host,
           uint8_t table)
{
    struct ofputil_flow_stats_request request = {
        .match = MATCH_CATCHALL_INITIALIZER,
        .cookie = htonll(HNV_COOKIE_OURS),
        .cookie_mask = htonll(HNV_COOKIE_OURS_MASK),
        .out_port = OFPP_ANY,
        .out_group = OFPG_ANY,
        .table_id = table,
    };
    struct ofputil_flow_stats *flows;
    enum ofputil_protocol protocol
        = ofputil_protocol_from_ofp_version(vconn_get_version(vconn));
    size_t n;
    int error = vconn_dump_flows(vconn, &request, protocol, &flows, &n);

    if (error) {
        return error;
    }
    for (size_t i = 0; i < n; i++) {
        take_flow(drops, host, &flows[i]);
        free(CONST_CAST(struct ofpact *, flows[i].ofpacts));
    }
    free(flows);
    return 0;
}

static char *
take_flows(struct drops *drops, const struct hnv_switch *sw)
{
    char *name = xasprintf("unix:%s/%s.mgmt", sw->rundir, sw->bridge);
    struct vconn *vconn;
    int error = vconn_open(name, 0, DSCP_DEFAULT, &vconn);

    if (!error) {
        error = vconn_connect_block(vconn, 5000);
        for (int i = 0; !error && i < HNV_AGENT_TABLES; i++) {
            if (hnv_table_name(i) && i != HNV_TABLE_RECORD4
                && i != HNV_TABLE_RECORD6) {
                error = take_table(drops, vconn, sw->host, i);
            }
        }
        vconn_close(vconn);
    }

    char *message = (error ? xasprintf("%s: %s", name, ovs_strerror(error))
                     : NULL);
    free(name);
    return message;
}

/* ------------------------------------------------------------------------ */
/* Tunnel ports.                                                            */
/* ------------------------------------------------------------------------ */

/* Takes a line such as "    gre-version  3: text (clause), last PEER ...". */
static void
take_port_line(struct drops *drops, const char *host, const char *port,
               const char *line)
{
    const char *last = strstr(line, ", last ");
    struct drop *drop;
    uint64_t packets;
    char reason[64];
    char *by;
    int n = 0;

    if (!ovs_scan(line, " %63s %"SCNu64":%n", reason, &packets, &n) || !n) {
        return;
    }
    by = (last ? xasprintf("nvgre port %s, last %s", port, last + 7)
          : xasprintf("nvgre port %s", port));
    if (strcmp(reason, "suspicious")) {
        drop = get_drop(drops, host, reason, "-", by);
        drop->packets = packets;
        drop->bytes = UINT64_MAX;
    }
    free(by);
}

static char *
take_ports(struct drops *drops, const struct hnv_switch *sw)
{
    char *said, *line, *save = NULL;
    char *port = xstrdup("?");
    char *error = hnv_switch_command(sw, "ovs-vswitchd", "nvgre/drops", 0,
                                     NULL, &said);

    for (line = said ? strtok_r(said, "\n", &save) : NULL; line;
         line = strtok_r(NULL, "\n", &save)) {
        if (line[0] == ' ') {
            take_port_line(drops, sw->host, port, line);
        } else {
            free(port);
            port = xmemdup0(line, strlen(line) - 1);
        }
    }
    free(port);
    free(said);
    return error;
}

/* ------------------------------------------------------------------------ */
/* The command.                                                             */
/* ------------------------------------------------------------------------ */

/* Takes what the host at 'rundir' has dropped. */
static void
take_host(struct ctl_context *ctx, struct drops *drops, const char *rundir)
{
    struct hnv_switch *sw;

    ctx->error = hnv_switch_open(rundir, &sw);
    if (!ctx->error) {
        ctx->error = take_flows(drops, sw);
    }
    if (!ctx->error) {
        ctx->error = take_ports(drops, sw);
    }
    hnv_switch_close(sw);
}

/* If 'host' could not be asked, says so: the others matter as well. */
static void
pass_over(struct ctl_context *ctx, const char *host)
{
    if (ctx->error) {
        fprintf(stderr, "hnv-ctl: %s: %s\n", host, ctx->error);
        free(ctx->error);
        ctx->error = NULL;
        hnv_ctl_status = HNV_CTL_UNASKED;
    }
}

static void
take_hosts(struct ctl_context *ctx, struct drops *drops)
{
    const char *pattern = hnv_ctl_rundir(ctx);
    const char *only = shash_find_data(&ctx->options, "--host");
    const struct hnvrec_host *host;
    bool found = false;

    if (!strstr(pattern, "%h")) {
        take_host(ctx, drops, pattern);
        return;
    }
    HNVREC_HOST_FOR_EACH (host, ctx->idl) {
        if (!only || !strcmp(only, host->name)) {
            char *rundir = hnv_switch_rundir(pattern, host->name);

            take_host(ctx, drops, rundir);
            free(rundir);
            found = true;
            pass_over(ctx, host->name);
        }
    }
    if (!found) {
        ctl_error(ctx, "there is no host \"%s\"; \"hnv-ctl host-list\" shows "
                  "what there is", only ? only : "");
    }
}

/* Subtracts what was dropped before. */
static void
subtract(struct drops *drops, const struct drops *before)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &before->all) {
        const struct drop *old = node->data;
        struct drop *new = shash_find_data(&drops->all, node->name);

        /* A flow that was made anew counts from zero. */
        if (new && new->packets >= old->packets) {
            new->packets -= old->packets;
            new->bytes -= new->bytes == UINT64_MAX ? 0 : old->bytes;
        }
    }
}

static void
sleep_until(long long int when)
{
    while (time_msec() < when) {
        poll_timer_wait_until(when);
        poll_block();
    }
}

/* Whether 'word' may be a reason: those of nvgre ports are not known here. */
static bool
may_be_reason(const char *word)
{
    return (hnv_drop_from_name(word) != HNV_DROP_NONE
            || (strchr(word, '-')
                && !word[strspn(word, "abcdefghijklmnopqrstuvwxyz-")]));
}

/* Sets ctx->error if the user asks for what there is not, by a mistake in
 * writing perhaps: that nothing is dropped there would be no answer. */
static void
require_subjects(struct ctl_context *ctx)
{
    static const enum hnv_ctl_noun_id nouns[] = {
        HNV_CTL_DOMAIN, HNV_CTL_SUBNET, HNV_CTL_PORT
    };

    for (int i = 1; i < ctx->argc && !ctx->error; i++) {
        const char *word = ctx->argv[i];
        bool found = may_be_reason(word);

        for (size_t j = 0; j < ARRAY_SIZE(nouns) && !ctx->error; j++) {
            found = found || hnv_ctl_find(ctx, &hnv_ctl_nouns[nouns[j]], word);
        }
        if (!found && !ctx->error) {
            ctl_error(ctx, "\"%s\" is no tenant, VSID, port, or reason; "
                      "hnv-pipeline(7) and ovs-nvgre(7) have all reasons",
                      word);
        }
    }
}

/* Whether the user asks for 'drop': "drops vm1-nic0", "drops 5001",
 * "drops red", or a reason. */
static bool
is_wanted(const struct ctl_context *ctx, const struct drop *drop)
{
    for (int i = 1; i < ctx->argc; i++) {
        const char *word = ctx->argv[i];

        if (!strcmp(word, drop->tenant) || !strcmp(word, drop->reason)) {
            continue;
        }

        /* The words of what "by" says. */
        size_t len = strlen(word);
        bool found = false;

        for (const char *p = drop->by; (p = strstr(p, word)) != NULL; p++) {
            bool begins = p == drop->by || *(p - 1) == ' ';

            found = found || (begins && (!p[len] || p[len] == ' '));
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static void
add_text(struct table *table, const char *text)
{
    table_add_cell(table)->text = xstrdup(text);
}

static void
add_number(struct table *table, uint64_t number)
{
    struct cell *cell = table_add_cell(table);

    cell->json = json_integer_create(number);
    cell->type = &ovsdb_type_integer;
}

static void
print_drops(struct ctl_context *ctx, const struct drops *drops)
{
    static const char *const headings[] = {
        "host", "reason", "tenant", "packets", "bytes", "by", "meaning",
    };
    const struct shash_node **nodes = shash_sort(&drops->all);
    size_t n = shash_count(&drops->all);
    bool any = false;

    ctx->table = xmalloc(sizeof *ctx->table);
    table_init(ctx->table);
    for (size_t i = 0; i < ARRAY_SIZE(headings); i++) {
        table_add_column(ctx->table, "%s", headings[i]);
    }
    for (size_t i = 0; i < n; i++) {
        const struct drop *drop = nodes[i]->data;

        if (!drop->packets || !is_wanted(ctx, drop)) {
            continue;
        }
        table_add_row(ctx->table);
        add_text(ctx->table, drop->host);
        add_text(ctx->table, drop->reason);
        add_text(ctx->table, drop->tenant);
        add_number(ctx->table, drop->packets);
        if (drop->bytes == UINT64_MAX) {
            add_text(ctx->table, "-");
        } else {
            add_number(ctx->table, drop->bytes);
        }
        add_text(ctx->table, drop->by);
        add_text(ctx->table, drop->text ? drop->text : "see ovs-nvgre(7)");
        any = true;
    }
    free(nodes);
    if (!any) {
        require_subjects(ctx);
    }
}

static void
cmd_drops(struct ctl_context *ctx)
{
    const char *interval = shash_find_data(&ctx->options, "--interval");
    struct drops drops = {
        .all = SHASH_INITIALIZER(&drops.all),
        .explain.policy = ctx->idl,
    };
    unsigned int seconds;

    if (interval) {
        struct drops before = {
            .all = SHASH_INITIALIZER(&before.all),
            .explain.policy = ctx->idl,
        };

        if (!str_to_uint(interval, 10, &seconds) || !seconds) {
            ctl_error(ctx, "--interval=%s: a number of seconds is wanted",
                      interval);
            return;
        }
        long long int until = time_msec() + seconds * 1000LL;
        take_hosts(ctx, &before);
        sleep_until(until);
        take_hosts(ctx, &drops);
        subtract(&drops, &before);
        destroy_drops(&before);
    } else {
        take_hosts(ctx, &drops);
    }
    if (!ctx->error) {
        print_drops(ctx, &drops);
    }
    destroy_drops(&drops);
}

const struct ctl_command_syntax hnv_ctl_drops_commands[] = {
    { "drops", 0, INT_MAX, "[TENANT|VSID|PORT|REASON]...",
      hnv_ctl_want_explanations, cmd_drops, NULL,
      "--rundir=,--host=,--interval=", RO },
    { NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO },
};

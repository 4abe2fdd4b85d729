/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-oftrace.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "socket-util.h"
#include "util.h"

enum { MAX_BRIDGES = 32 };      /* Nested in each other. */

/* Open vSwitch indents what a step leads to.  A bridge's part of the text ends
 * at the first line that is indented less than the bridge's name. */
struct parser {
    const char *bridge;         /* The one that counts. */
    struct {
        size_t indent;
        bool ours;
    } stack[MAX_BRIDGES];
    size_t n_stack;
    bool pending;               /* The last exit may still be qualified. */
    uint32_t tun_id;            /* As set last. */
    struct hnv_oftrace *trace;
};

static bool
in_our_bridge(const struct parser *p)
{
    return p->n_stack && p->stack[p->n_stack - 1].ours;
}

static void
enter_bridge(struct parser *p, size_t indent, const char *name)
{
    size_t len = strcspn(name, "\"");

    ovs_assert(p->n_stack < MAX_BRIDGES);
    p->stack[p->n_stack].indent = indent;
    p->stack[p->n_stack].ours = (len == strlen(p->bridge)
                                 && !strncmp(name, p->bridge, len));
    p->n_stack++;
}

static void
add_step(struct parser *p, int table, const char *text)
{
    struct hnv_oftrace *t = p->trace;
    struct hnv_oftrace_step *step;
    const char *priority = strstr(text, "priority ");

    if (t->n_steps >= t->allocated_steps) {
        t->steps = x2nrealloc(t->steps, &t->allocated_steps, sizeof *t->steps);
    }
    step = &t->steps[t->n_steps++];
    memset(step, 0, sizeof *step);
    step->table = table;
    if (!priority) {
        step->match = xstrdup("");
        return;
    }

    size_t len = priority - text;
    while (len && strchr(", ", text[len - 1])) {
        len--;
    }
    step->matched = true;
    step->match = xmemdup0(text, len);
    step->priority = atoi(priority + strlen("priority "));

    const char *cookie = strstr(priority, "cookie ");
    if (cookie) {
        step->cookie = strtoull(cookie + strlen("cookie "), NULL, 0);
    }
}

static struct hnv_oftrace_exit *
add_exit(struct parser *p, enum hnv_oftrace_exit_type type, const char *port)
{
    struct hnv_oftrace *t = p->trace;
    struct hnv_oftrace_exit *e;

    if (t->n_exits >= t->allocated_exits) {
        t->exits = x2nrealloc(t->exits, &t->allocated_exits, sizeof *t->exits);
    }
    e = &t->exits[t->n_exits++];
    memset(e, 0, sizeof *e);
    e->type = type;
    e->step = t->n_steps ? t->n_steps - 1 : 0;
    e->port = nullable_xstrdup(port);
    e->vsid = p->tun_id;
    p->pending = true;
    return e;
}

/* Reads "controller(...,userdata=01.02,...)". */
static void
add_controller(struct parser *p, const char *action)
{
    struct hnv_oftrace_exit *e = add_exit(p, HNV_EXIT_CONTROLLER, NULL);
    const char *s = strstr(action, "userdata=");
    bool ok;

    if (s) {
        s += strlen("userdata=");
        while (e->n_userdata < sizeof e->userdata
               && isxdigit((unsigned char) s[0])
               && isxdigit((unsigned char) s[1])) {
            e->userdata[e->n_userdata++] = hexits_value(s, 2, &ok);
            s += s[2] == '.' ? 3 : 2;
        }
    }
}

/* Takes note of the VSID that "set_field:0x1389->tun_id" and the likes set. */
static void
parse_tun_id(struct parser *p, const char *line)
{
    const char *now = strstr(line, "] is now ");
    unsigned int value;

    if (!strstr(line, "NXM_NX_TUN_ID[") && !strstr(line, "->tun_id")) {
        return;
    }
    if (ovs_scan(line, "load:%i", &value)
        || ovs_scan(line, "set_field:%i->tun_id", &value)
        || (now && ovs_scan(now, "] is now %i", &value))) {
        p->tun_id = value;
    }
}

static void
parse_action(struct parser *p, const char *line)
{
    p->pending = false;
    if (!strncmp(line, "output:", 7)) {
        add_exit(p, HNV_EXIT_PORT, line + 7);
    } else if (!strcmp(line, "IN_PORT")) {
        add_exit(p, HNV_EXIT_IN_PORT, line);
    } else if (!strcmp(line, "LOCAL") || !strcmp(line, "NORMAL")
               || !strcmp(line, "FLOOD")) {
        add_exit(p, HNV_EXIT_PORT, line);
    } else if (!strncmp(line, "controller(", 11)
               || !strncmp(line, "CONTROLLER", 10)) {
        add_controller(p, line);
    } else {
        parse_tun_id(p, line);
    }
}

static void
parse_address(const char *s, struct in6_addr *address)
{
    char *copy = xmemdup0(s, strcspn(s, " "));

    if (!ipv6_parse(copy, address)) {
        ovs_be32 ip;

        if (ip_parse(copy, &ip)) {
            in6_addr_set_mapped_ipv4(address, ip);
        }
    }
    free(copy);
}

/* "-> text" and ">> text" tell more about the action above them. */
static void
parse_detail(struct parser *p, const char *line)
{
    const char *text = line + 3;
    struct hnv_oftrace_exit *e;
    int n = 0;

    parse_tun_id(p, line);
    if (!p->pending) {
        return;
    }
    e = &p->trace->exits[p->trace->n_exits - 1];
    if (line[0] == '>') {
        free(e->problem);
        e->problem = xstrdup(text + strspn(text, "> "));
        e->type = HNV_EXIT_FAILED;
    } else if (!strncmp(text, "output port is ", 15)) {
        free(e->port);
        e->port = xstrdup(text + 15);
    } else if (!strncmp(text, "output to ", 10)) {
        e->type = HNV_EXIT_TUNNEL;
    } else if (!strncmp(text, "tunneling to ", 13)) {
        parse_address(text + 13, &e->dst);
    } else if (ovs_scan(text, "tunneling from %*s %n", &n) && n) {
        parse_address(text + n, &e->src);
    } else if (!strncmp(text, "neighbor cache miss", 19)) {
        free(e->problem);
        e->problem = xstrdup(text);
    }
}

static void
parse_body(struct parser *p, const char *line)
{
    int table, n = 0;

    if (!in_our_bridge(p)) {
        /* A tunnel's packet that is lost in the bridge below the tunnel. */
        if (p->pending && !strncmp(line, ">> ", 3)) {
            parse_detail(p, line);
        }
    } else if (!strncmp(line, "-> ", 3) || !strncmp(line, ">> ", 3)) {
        parse_detail(p, line);
    } else if (ovs_scan(line, "%d. %n", &table, &n) && n) {
        p->pending = false;
        add_step(p, table, line + n);
    } else {
        parse_action(p, line);
    }
}

static void
parse_line(struct parser *p, const char *line)
{
    size_t indent = strspn(line, " ");
    int table, n = 0;

    line += indent;
    if (!line[0] || line[0] == '-') {
        if (strncmp(line, "-> ", 3)) {
            return;
        }
        indent--;
    } else if (!strncmp(line, ">> ", 3)) {
        indent--;
    } else if (ovs_scan(line, "%d. %n", &table, &n) && n && table < 10) {
        indent--;               /* Open vSwitch aligns numbers of tables. */
    }

    while (p->n_stack && p->stack[p->n_stack - 1].indent > indent) {
        p->n_stack--;
    }
    if (!strncmp(line, "bridge(\"", 8)) {
        enter_bridge(p, indent, line + 8);
    } else if (!strncmp(line, "Flow: ", 6)
               || !strncmp(line, "Final flow: ", 12)) {
        const char *flow = strchr(line, ':') + 2;

        p->n_stack = 0;
        p->pending = false;
        if (strcmp(flow, "unchanged")) {
            free(p->trace->flow);
            p->trace->flow = xstrdup(flow);
        }
    } else if (p->n_stack) {
        parse_body(p, line);
    }
}

/* Reads 'text', for the bridge called 'bridge', into '*trace', which the
 * caller destroys. */
void
hnv_oftrace_parse(const char *text, const char *bridge,
                  struct hnv_oftrace *trace)
{
    struct parser p = { .bridge = bridge, .trace = trace };

    memset(trace, 0, sizeof *trace);
    while (*text) {
        size_t len = strcspn(text, "\n");
        char *line = xmemdup0(text, len);

        parse_line(&p, line);
        free(line);
        text += len + (text[len] == '\n');
    }
}

void
hnv_oftrace_destroy(struct hnv_oftrace *trace)
{
    for (size_t i = 0; i < trace->n_steps; i++) {
        free(trace->steps[i].match);
    }
    for (size_t i = 0; i < trace->n_exits; i++) {
        free(trace->exits[i].port);
        free(trace->exits[i].problem);
    }
    free(trace->steps);
    free(trace->exits);
    free(trace->flow);
}

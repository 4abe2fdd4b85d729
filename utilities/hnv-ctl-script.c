/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-script.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "smap.h"
#include "svec.h"
#include "util.h"

/* Begins the value of a word that is not known, and is followed by its text.
 * No script has this character. */
#define UNKNOWN '\1'

struct parser {
    const char *p;              /* What is next. */
    int line;                   /* Where that is. */
    struct smap variables;      /* By name, in lower case; arrays with ",". */
    struct ds *skipped;
    struct hnv_script *script;
    char *error;
};

OVS_PRINTF_FORMAT(2, 3) static void
fail(struct parser *ps, const char *format, ...)
{
    va_list args;

    if (!ps->error) {
        va_start(args, format);
        char *text = xvasprintf(format, args);
        va_end(args);

        ps->error = xasprintf("line %d: %s", ps->line, text);
        free(text);
    }
}

/* ------------------------------------------------------------------------ */
/* Characters.                                                              */
/* ------------------------------------------------------------------------ */

/* Appends what UTF-16 has as 'c' in UTF-8. */
static void
put_utf8(struct ds *ds, unsigned int c)
{
    if (c < 0x80) {
        ds_put_char(ds, c);
    } else if (c < 0x800) {
        ds_put_char(ds, 0xc0 | c >> 6);
        ds_put_char(ds, 0x80 | (c & 0x3f));
    } else {
        ds_put_char(ds, 0xe0 | c >> 12);
        ds_put_char(ds, 0x80 | (c >> 6 & 0x3f));
        ds_put_char(ds, 0x80 | (c & 0x3f));
    }
}

/* Returns 'text' in UTF-8, if it begins as UTF-16 does that Windows' own tools
 * write, or else as it is. */
static struct ds
decode(const char *text, size_t size)
{
    const uint8_t *u = (const uint8_t *) text;
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (size >= 2 && u[0] == 0xff && u[1] == 0xfe) {
        for (size_t i = 2; i + 1 < size; i += 2) {
            put_utf8(&ds, u[i] | u[i + 1] << 8);
        }
    } else {
        ds_put_buffer(&ds, text, size);
    }
    return ds;
}

/* Returns 'text' without a byte order mark and carriage returns, and with
 * dashes and quotes made plain that a word processor has made beautiful. */
static char *
clean(const char *text, size_t size)
{
    static const char *const pretty[][2] = {
        { "\xe2\x80\x93", "-" }, { "\xe2\x80\x94", "-" },
        { "\xe2\x80\x98", "'" }, { "\xe2\x80\x99", "'" },
        { "\xe2\x80\x9c", "\"" }, { "\xe2\x80\x9d", "\"" },
        { "\xef\xbb\xbf", "" }, { "\r", "" },
    };
    struct ds in = decode(text, size);
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < in.length; i++) {
        size_t j = 0;

        while (j < ARRAY_SIZE(pretty)
               && strncmp(&in.string[i], pretty[j][0],
                          strlen(pretty[j][0]))) {
            j++;
        }
        if (j < ARRAY_SIZE(pretty)) {
            ds_put_cstr(&ds, pretty[j][1]);
            i += strlen(pretty[j][0]) - 1;
        } else {
            char c = in.string[i];

            ds_put_char(&ds, c && c != UNKNOWN ? c : '?');
        }
    }
    ds_destroy(&in);
    return ds_steal_cstr(&ds);
}

/* Goes one character on. */
static void
next(struct parser *ps)
{
    ps->line += *ps->p == '\n';
    ps->p++;
}

/* Skips blanks, comments, and ends of line that a backtick continues; with
 * 'lines', all ends of line. */
static void
skip_blanks(struct parser *ps, bool lines)
{
    for (;;) {
        if (*ps->p == ' ' || *ps->p == '\t'
            || (lines && *ps->p == '\n')) {
            next(ps);
        } else if (ps->p[0] == '`' && strspn(ps->p + 1, " \t") + 1
                   == strcspn(ps->p, "\n") && *ps->p) {
            ps->p += strcspn(ps->p, "\n");
            if (*ps->p) {
                next(ps);
            }
        } else if (*ps->p == '#') {
            ps->p += strcspn(ps->p, "\n");
        } else if (ps->p[0] == '<' && ps->p[1] == '#') {
            const char *end = strstr(ps->p, "#>");

            if (!end) {
                fail(ps, "the comment has no end");
                ps->p += strlen(ps->p);
                return;
            }
            while (ps->p < end + 2) {
                next(ps);
            }
        } else {
            return;
        }
    }
}

/* Skips what is in quotes, and if '*p' is "(", "{" or "[", everything up to
 * its counterpart. */
static void
skip_balanced(struct parser *ps)
{
    int depth = 0;

    do {
        if (*ps->p == '\'' || *ps->p == '"') {
            char quote = *ps->p;

            do {
                next(ps);
            } while (*ps->p && *ps->p != quote);
        }
        depth += *ps->p && strchr("({[", *ps->p);
        depth -= *ps->p && strchr(")}]", *ps->p);
        if (!*ps->p) {
            fail(ps, "a bracket or quotes have no end");
            return;
        }
        next(ps);
    } while (depth > 0);
}

/* Skips the rest of a statement. */
static void
skip_statement(struct parser *ps)
{
    skip_blanks(ps, false);
    while (*ps->p && *ps->p != '\n' && *ps->p != ';' && *ps->p != '}') {
        if (strchr("({['\"", *ps->p)) {
            skip_balanced(ps);
        } else {
            next(ps);
        }
        skip_blanks(ps, false);
    }
}

/* ------------------------------------------------------------------------ */
/* Words.                                                                   */
/* ------------------------------------------------------------------------ */

/* Returns element 'index' of the array 'values'. */
static char *
get_element(const char *values, int index)
{
    while (index-- > 0 && values) {
        values = strchr(values, ',');
        values = values ? values + 1 : NULL;
    }
    return values ? xmemdup0(values, strcspn(values, ",")) : NULL;
}

/* Appends the value of the variable or property at '*p', which is "$". */
static void
put_variable(struct parser *ps, struct ds *ds)
{
    const char *start = ps->p++;
    bool braces = *ps->p == '{';

    ps->p += braces;

    size_t length = strspn(ps->p, "abcdefghijklmnopqrstuvwxyz"
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:");
    char *name = xmemdup0(ps->p, length);
    for (char *c = name; *c; c++) {
        *c = tolower((unsigned char) *c);
    }
    ps->p += length;
    ps->p += braces && *ps->p == '}';

    const char *value = (!strcmp(name, "true") ? "true"
                         : !strcmp(name, "false") ? "false"
                         : !strcmp(name, "null") ? ""
                         : smap_get(&ps->variables, name));
    char *element = NULL;
    if (*ps->p == '[') {
        const char *index = ps->p + 1;
        size_t digits = strspn(index, "0123456789");

        skip_balanced(ps);
        element = value && digits && index[digits] == ']'
                  ? get_element(value, atoi(index)) : NULL;
        value = element;
    }
    if (value) {
        ds_put_cstr(ds, value);
    } else {
        ds_put_format(ds, "%c%.*s", UNKNOWN, (int) (ps->p - start), start);
    }
    free(element);
    free(name);
}

/* Appends what is in the quotes at '*p'. */
static void
put_quoted(struct parser *ps, struct ds *ds)
{
    char quote = *ps->p;

    next(ps);
    while (*ps->p && (*ps->p != quote || ps->p[1] == quote)) {
        if (*ps->p == quote) {
            next(ps);
        } else if (quote == '"' && *ps->p == '`' && ps->p[1]) {
            next(ps);
        } else if (quote == '"' && *ps->p == '$'
                   && (isalpha((unsigned char) ps->p[1])
                       || ps->p[1] == '_' || ps->p[1] == '{')) {
            put_variable(ps, ds);
            continue;
        }
        ds_put_char(ds, *ps->p);
        next(ps);
    }
    if (*ps->p) {
        next(ps);
    } else {
        fail(ps, "quotes have no end");
    }
}

/* Returns the next word of a statement, or null at its end.  The elements of
 * an array are one word, with commas between them. */
static char *
get_word(struct parser *ps)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    const char *start;
    bool array = false;

    skip_blanks(ps, false);
    start = ps->p;
    while (!ps->error && *ps->p && !strchr(" \t\n;|{}", *ps->p)) {
        if (*ps->p == '\'' || *ps->p == '"') {
            put_quoted(ps, &ds);
        } else if (*ps->p == '$') {
            put_variable(ps, &ds);
        } else if (*ps->p == '(' || (*ps->p == '@' && ps->p[1] == '(')) {
            array = *ps->p == '@';
            if (!array) {
                ds_put_format(&ds, "%c(...)", UNKNOWN);
                skip_balanced(ps);
            } else {
                ps->p += 2;
                skip_blanks(ps, true);
            }
        } else if (*ps->p == ')' && array) {
            next(ps);
            array = false;
        } else {
            ds_put_char(&ds, *ps->p);
            next(ps);
        }
        if (array) {
            skip_blanks(ps, true);
        }
        if (*ps->p && strchr(" \t`", *ps->p)) {
            const char *after = ps->p + strspn(ps->p, " \t");

            if (*after == ',') {
                ps->p = after;
            }
        }
        if (*ps->p == ',') {
            next(ps);
            ds_put_char(&ds, ',');
            skip_blanks(ps, true);
        }
    }
    if (ps->p == start) {
        ds_destroy(&ds);
        return NULL;
    }
    return ds_steal_cstr(&ds);
}

/* ------------------------------------------------------------------------ */
/* Statements.                                                              */
/* ------------------------------------------------------------------------ */

/* Parameters of every cmdlet that say nothing about policy: those with a
 * value, and those without. */
static bool
is_noise(const char *parameter, bool *has_value)
{
    static const char *const names[] = {
        "-ErrorAction", "-EA", "-ThrottleLimit", "-ErrorVariable",
        "-Verbose", "-AsJob", "-Confirm",
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        size_t length = strlen(names[i]);

        if (!strncasecmp(parameter, names[i], length)
            && (!parameter[length] || parameter[length] == ':')) {
            *has_value = i < 4 && !parameter[length];
            return true;
        }
    }
    return false;
}

/* Where a command must be among others: hosts and virtual subnets, what is
 * in them, and the ways to that. */
static int
rank(char **argv)
{
    bool on_link = false;

    for (size_t i = 1; argv[i]; i++) {
        on_link = on_link || !strcmp(argv[i], "0.0.0.0")
                  || !strcmp(argv[i], "::");
    }
    return (strncasecmp(argv[0], "New-", 4) ? -1
            : strcasestr(argv[0], "CustomerRoute") ? (on_link ? 1 : 4)
            : strcasestr(argv[0], "ProviderAddress") ? 2 : 3);
}

/* Adds the command, whose words are 'words', without the parameters that do
 * not matter here.  A host is named, if it is, only to commands that are about
 * one. */
static void
add_command(struct parser *ps, const struct svec *words, int line)
{
    struct hnv_script *script = ps->script;
    bool of_host = strcasestr(words->names[0], "Provider") != NULL;
    struct svec argv = SVEC_EMPTY_INITIALIZER;
    bool skip = false;

    svec_add(&argv, words->names[0]);
    for (size_t i = 1; i < words->n && !ps->error; i++) {
        const char *word = words->names[i];
        bool host = (!strncasecmp(word, "-CimSession", 11)
                     || !strncasecmp(word, "-PSComputerName", 15));

        if (skip) {
            skip = false;
        } else if (is_noise(word, &skip) || (host && !of_host)) {
            skip = skip || (host && !strchr(word, ':'));
        } else if (!strncasecmp(word, "-WhatIf", 7)) {
            svec_destroy(&argv);
            return;
        } else if (strchr(word, UNKNOWN)) {
            const char *name = strchr(word, UNKNOWN) + 1;

            fail(ps, "%s has no value here; put it there, or give it after "
                 "the name of the file, such as NAME=VALUE", name);
        } else if (host) {
            svec_add(&argv, "-CimSession");
            if (strchr(word, ':')) {
                svec_add(&argv, strchr(word, ':') + 1);
            }
        } else {
            svec_add(&argv, word);
        }
    }
    svec_terminate(&argv);
    if (script->n >= script->allocated) {
        script->commands = x2nrealloc(script->commands, &script->allocated,
                                      sizeof *script->commands);
    }
    script->commands[script->n++] = (struct hnv_script_command) {
        .argv = argv.names,
        .line = line,
        .rank = rank(argv.names),
    };
}

/* "$name = value": remembers the value, unless it is not known. */
static void
assign(struct parser *ps, const char *start)
{
    size_t length = strcspn(start + 1, " \t=");
    char *name = xmemdup0(start + 1, length);
    char *value, *more;

    for (char *c = name; *c; c++) {
        *c = tolower((unsigned char) *c);
    }
    next(ps);
    value = get_word(ps);
    more = get_word(ps);
    if (value && !more && !strchr(value, UNKNOWN) && value[0] != '-'
        && !strchr("|{", *ps->p ? *ps->p : ' ')) {
        smap_replace(&ps->variables, name, value);
    } else if (!smap_get(&ps->variables, name)) {
        smap_remove(&ps->variables, name);
    }
    skip_statement(ps);
    free(more);
    free(value);
    free(name);
}

static void
parse_command(struct parser *ps, const char *first)
{
    struct svec words = SVEC_EMPTY_INITIALIZER;
    int line = ps->line;
    char *word;

    if (!strcasestr(first, "-NetVirtualization")) {
        ds_put_format(ps->skipped, "line %d: skipped %s\n", line, first);
        skip_statement(ps);
        return;
    }
    svec_add(&words, first);
    while (!ps->error && (word = get_word(ps)) != NULL) {
        svec_add_nocopy(&words, word);
    }
    if (*ps->p == '|') {
        next(ps);
        word = get_word(ps);
        if (!word || strcasecmp(word, "Out-Null")) {
            fail(ps, "%s: a pipeline cannot be imported", first);
        }
        free(word);
        skip_statement(ps);
    }
    if (!ps->error) {
        add_command(ps, &words, line);
    }
    svec_destroy(&words);
}

static void
parse_statement(struct parser *ps)
{
    static const char *const refused[] = {
        "if", "while", "do", "switch", "function", "filter", "try", "param",
        "trap",
    };
    const char *start = ps->p;
    size_t length = strcspn(start, " \t\n=;({|");
    const char *after = start + length + strspn(start + length, " \t");

    if (*start == '$' && *after == '=') {
        ps->p = after;
        assign(ps, start);
        return;
    }

    char *first = xmemdup0(start, length);
    if (!strcasecmp(first, "for") || !strcasecmp(first, "foreach")) {
        ps->p = after;
        if (*ps->p == '(') {
            skip_balanced(ps);
        }
        free(first);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        if (!strcasecmp(first, refused[i])) {
            fail(ps, "\"%s\" cannot be imported; run the script's commands "
                 "one by one", first);
        }
    }
    ps->p = start + length;
    if (!length || strchr("$[(&.", *start)) {
        skip_statement(ps);
    } else {
        parse_command(ps, first);
    }
    free(first);
}

static int
compare_rank(const void *a_, const void *b_)
{
    const struct hnv_script_command *a = a_, *b = b_;

    return (a->rank != b->rank ? (a->rank < b->rank ? -1 : 1)
            : a->line < b->line ? -1 : a->line > b->line);
}

char *
hnv_script_parse(const char *text_, size_t size, const struct smap *values,
                 struct hnv_script *script, struct ds *skipped)
{
    char *text = clean(text_, size);
    struct parser ps = {
        .p = text, .line = 1, .skipped = skipped, .script = script,
    };
    const struct smap_node *node;
    bool only_new = true;

    memset(script, 0, sizeof *script);
    smap_init(&ps.variables);
    SMAP_FOR_EACH (node, values) {
        char *name = xstrdup(node->key);

        for (char *c = name; *c; c++) {
            *c = tolower((unsigned char) *c);
        }
        smap_replace(&ps.variables, name, node->value);
        free(name);
    }
    while (!ps.error) {
        skip_blanks(&ps, true);
        if (!*ps.p) {
            break;
        } else if (strchr(";{}|", *ps.p)) {
            next(&ps);
        } else {
            parse_statement(&ps);
        }
    }
    for (size_t i = 0; i < script->n; i++) {
        only_new = only_new && script->commands[i].rank >= 0;
    }
    if (only_new && script->n) {
        qsort(script->commands, script->n, sizeof *script->commands,
              compare_rank);
    }
    smap_destroy(&ps.variables);
    free(text);
    return ps.error;
}

void
hnv_script_destroy(struct hnv_script *script)
{
    for (size_t i = 0; i < script->n; i++) {
        for (size_t j = 0; script->commands[i].argv[j]; j++) {
            free(script->commands[i].argv[j]);
        }
        free(script->commands[i].argv);
    }
    free(script->commands);
}

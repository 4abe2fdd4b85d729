/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-script.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "hnv-ctl-cmdlets.h"
#include "hnv-ctl-parser.h"
#include "openvswitch/dynamic-string.h"
#include "svec.h"
#include "util.h"

enum {
    MAX_DEPTH = 64,             /* Of blocks. */
    MAX_LOOP = 65536,           /* Times that a "for" counts. */
};

static void parse_statement(struct hnv_parser *);

/* ------------------------------------------------------------------------ */
/* Statements.                                                              */
/* ------------------------------------------------------------------------ */

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
add_command(struct hnv_parser *ps, const struct svec *words, int line)
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
        } else if (hnv_cmdlet_is_noise(word, &skip) || (host && !of_host)) {
            skip = skip || (host && !strchr(word, ':'));
        } else if (!strncasecmp(word, "-WhatIf", 7)) {
            if (!strcasecmp(word, "-WhatIf:false")) {
                continue;
            }
            svec_destroy(&argv);
            return;
        } else if (strchr(word, HNV_PARSER_TABLE)) {
            hnv_parser_fail(ps, "a hash table is not the value of a "
                            "parameter");
        } else if (strchr(word, HNV_PARSER_UNKNOWN)) {
            const char *name = strchr(word, HNV_PARSER_UNKNOWN) + 1;

            hnv_parser_fail(ps, "%s has no value here; put it there, or give "
                            "it after the name of the file, such as "
                            "NAME=VALUE", name);
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

/* Forgets the value of a variable that has got one which is not known, unless
 * the user knows it. */
static void
forget(struct hnv_parser *ps, const char *name)
{
    const char *given = smap_get(&ps->given, name);

    if (given) {
        smap_replace(&ps->variables, name, given);
    } else {
        smap_remove(&ps->variables, name);
    }
}

/* Returns the name, in lower case, of the variable at 'start', which is "$".
 * The caller frees it. */
static char *
variable_name(const char *start)
{
    char *name = xmemdup0(start + 1, strcspn(start + 1, " \t\n=+-)"));

    for (char *c = name; *c; c++) {
        *c = tolower((unsigned char) *c);
    }
    return name;
}

/* Skips a type, such as "[string[]]". */
static void
skip_type(struct hnv_parser *ps)
{
    if (*ps->p == '[') {
        hnv_parser_skip_balanced(ps);
        hnv_parser_skip_blanks(ps, false);
    }
}

/* Returns the value that is next, or null if it is not known, as that of a
 * command.  The caller frees it. */
static char *
get_literal(struct hnv_parser *ps)
{
    skip_type(ps);

    bool command = isalpha((unsigned char) *ps->p);
    char *value = hnv_parser_word(ps);
    if (value && (command || strchr(value, HNV_PARSER_UNKNOWN)
                  || strstr(value, ".."))) {
        free(value);
        value = NULL;
    }
    return value;
}

static size_t
count_commas(const char *s)
{
    size_t n = 0;

    for (; *s; s++) {
        n += *s == ',';
    }
    return n;
}

/* Stores the value of 'text', such as "2", "$n" or "$names.Length".  Returns
 * false if it is not known. */
static bool
get_limit(const struct hnv_parser *ps, const char *text, unsigned int *limit)
{
    char *name = variable_name(text);
    size_t length = strcspn(name, ".");
    const char *property = name + length;
    const char *value = text;
    bool known;

    if (!strcmp(property, ".length") || !strcmp(property, ".count")) {
        name[length] = '\0';
        value = hnv_parser_get(ps, name);
        *limit = value && *value ? 1 + count_commas(value) : 0;
        known = value != NULL;
    } else {
        value = *text == '$' ? hnv_parser_get(ps, name) : text;
        known = value && str_to_uint(value, 10, limit);
    }
    free(name);
    return known;
}

/* "= value" after the variable 'name': remembers the value, unless it is not
 * known.  If it is what a command of ours returns, that command is next. */
static void
assign(struct hnv_parser *ps, const char *name)
{
    int line = ps->line;
    const char *start;

    hnv_parser_next(ps);
    hnv_parser_skip_blanks(ps, false);
    start = ps->p;
    forget(ps, name);
    skip_type(ps);

    char *first = xmemdup0(ps->p, strcspn(ps->p, " \t\n;|"));
    bool ours = (isalpha((unsigned char) *first)
                 && strcasestr(first, HNV_PARSER_COMMAND));
    free(first);
    if (ours) {
        return;
    }

    char *value = get_literal(ps);
    char *more = hnv_parser_word(ps);
    if (value && !more && !strchr("|{", *ps->p ? *ps->p : ' ')) {
        smap_replace(&ps->variables, name, value);
    }
    free(more);
    free(value);
    hnv_parser_skip_statement(ps, start, line);
}

/* "@name": adds the parameters in a hash table. */
static void
splat(struct hnv_parser *ps, const char *word, struct svec *words)
{
    char *name = variable_name(word);
    const char *table = hnv_parser_get(ps, name);
    const char *keys = (table && table[0] == HNV_PARSER_TABLE
                        ? smap_get(&ps->variables, table) : NULL);
    char *key;

    if (!keys) {
        hnv_parser_fail(ps, "%s is not a hash table that is known here; write "
                        "its parameters out", word);
    }
    for (int i = 0; keys && (key = hnv_parser_element(keys, i)); i++) {
        char *value = xasprintf("%s.%s", table, key);

        svec_add_nocopy(words, xasprintf("-%s", key));
        svec_add(words, smap_get(&ps->variables, value));
        free(value);
        free(key);
    }
    free(name);
}

static void
parse_command(struct hnv_parser *ps, const char *first)
{
    struct svec words = SVEC_EMPTY_INITIALIZER;
    int line = ps->line;
    char *word;

    if (!strcasestr(first, HNV_PARSER_COMMAND)) {
        ds_put_format(ps->skipped, "line %d: skipped %s\n", line, first);
        hnv_parser_skip_statement(ps, ps->p, line);
        return;
    }
    svec_add(&words, first);
    while (!ps->error && (word = hnv_parser_word(ps)) != NULL) {
        if (word[0] == '@') {
            splat(ps, word, &words);
            free(word);
        } else {
            svec_add_nocopy(&words, word);
        }
    }
    if (*ps->p == '|') {
        hnv_parser_next(ps);
        hnv_parser_skip_blanks(ps, true);
        word = hnv_parser_word(ps);
        if (!word || strcasecmp(word, "Out-Null")) {
            hnv_parser_fail(ps, "%s: a pipeline cannot be imported", first);
        }
        free(word);
        hnv_parser_skip_statement(ps, ps->p, ps->line);
    }
    if (!ps->error) {
        add_command(ps, &words, line);
    }
    svec_destroy(&words);
}

/* The variable at '*p' gets a new value, by the operator at 'after'. */
static void
parse_assignment(struct hnv_parser *ps, const char *after)
{
    char *name = variable_name(ps->p);

    if (*after == '=') {
        ps->p = after;
        assign(ps, name);
    } else {
        const char *start = ps->p;

        forget(ps, name);
        hnv_parser_skip_statement(ps, start, ps->line);
    }
    free(name);
}

/* Parses statements up to the "}" that ends them, or the script. */
static void
parse_block(struct hnv_parser *ps)
{
    if (ps->depth++ > MAX_DEPTH) {
        hnv_parser_fail(ps, "there are too many \"{\" inside each other");
    }
    while (!ps->error) {
        hnv_parser_skip_blanks(ps, true);
        if (!*ps->p || (*ps->p == '}' && ps->depth > 1)) {
            break;
        } else if (*ps->p == '{') {
            hnv_parser_next(ps);
            parse_block(ps);
        } else if (strchr(";}|", *ps->p)) {
            hnv_parser_next(ps);
        } else {
            parse_statement(ps);
        }
    }
    ps->depth--;
}

/* Returns the variable of the loop whose header is "($x in VALUES)", and its
 * values, if they are known, in '*values'.  The caller frees both. */
static char *
parse_foreach(struct hnv_parser *ps, char **values)
{
    hnv_parser_next(ps);
    hnv_parser_skip_blanks(ps, true);

    char *name = variable_name(ps->p);
    free(hnv_parser_word(ps));  /* The variable. */
    free(hnv_parser_word(ps));  /* "in". */
    hnv_parser_skip_blanks(ps, true);
    ps->in_header = true;
    *values = get_literal(ps);
    ps->in_header = false;
    return name;
}

/* Likewise for "($i = FIRST; $i -lt LAST; $i++)". */
static char *
parse_for(struct hnv_parser *ps, char **values)
{
    char names[2][64], limit[64];
    unsigned int first, last;

    if (sscanf(ps->p, "( $%63[A-Za-z0-9_] = %u ; $%63[A-Za-z0-9_] -lt "
               "%63[$A-Za-z0-9_.]", names[0], &first, names[1], limit) != 4
        || strcasecmp(names[0], names[1])) {
        return variable_name(ps->p + strcspn(ps->p, "$)"));
    }
    if (get_limit(ps, limit, &last) && last - first <= MAX_LOOP) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        for (unsigned int i = first; i < last; i++) {
            ds_put_format(&ds, "%s%u", i > first ? "," : "", i);
        }
        *values = ds_steal_cstr(&ds);
    }
    return xstrdup(names[0]);
}

/* A loop, whose header is next.  Its body counts for each value, or once if
 * they are not known, because then it is about hosts. */
static void
parse_loop(struct hnv_parser *ps, bool each)
{
    struct hnv_parser header = *ps;
    char *values = NULL;
    char *name, *value;

    hnv_parser_skip_balanced(ps);
    hnv_parser_lose_nothing(ps, header.p, header.line);
    hnv_parser_skip_blanks(ps, true);
    if (ps->error || *ps->p != '{') {
        return;
    }

    const char *body = ps->p;
    int line = ps->line;
    struct hnv_parser after = *ps;

    ps->p = header.p;
    ps->line = header.line;
    name = each ? parse_foreach(ps, &values) : parse_for(ps, &values);
    ps->p = body;
    ps->line = line;
    hnv_parser_skip_balanced(&after);
    for (int i = 0; !values || *values; i++) {
        value = values ? hnv_parser_element(values, i) : NULL;
        forget(ps, name);
        if (value) {
            smap_replace(&ps->variables, name, value);
        } else if (values || i) {
            break;
        }
        free(value);
        ps->p = body + 1;
        ps->line = line;
        parse_block(ps);
    }
    if (!ps->error) {
        ps->p = after.p;
        ps->line = after.line;
    }
    free(name);
    free(values);
}

static void
parse_statement(struct hnv_parser *ps)
{
    static const char *const refused[] = {
        "if", "while", "do", "switch", "function", "filter", "try", "param",
        "trap",
    };
    const char *start = ps->p;
    int line = ps->line;

    skip_type(ps);
    if (*ps->p == '$') {
        start = ps->p;
    } else {
        ps->p = start;
        ps->line = line;
    }

    size_t length = strcspn(start, " \t\n=;({|");
    const char *after = start + length + strspn(start + length, " \t");
    if (*start == '$' && (*after == '=' || (strchr("+-*/", *after)
                                            && after[1] == '='))) {
        parse_assignment(ps, after);
        return;
    }

    char *first = xmemdup0(start, length);
    bool each = !strcasecmp(first, "foreach");
    if ((each || !strcasecmp(first, "for")) && *after == '(') {
        ps->p = after;
        parse_loop(ps, each);
        free(first);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        if (!strcasecmp(first, refused[i])) {
            hnv_parser_fail(ps, "\"%s\" cannot be imported; run the script's "
                            "commands one by one", first);
        }
    }
    ps->p = start + length;
    if (!length || strchr("$[(&.", *start)) {
        hnv_parser_skip_statement(ps, start, line);
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
    char *text = hnv_parser_clean(text_, size);
    struct hnv_parser ps = {
        .p = text, .line = 1, .skipped = skipped, .script = script,
    };
    const struct smap_node *node;
    bool only_new = true;

    memset(script, 0, sizeof *script);
    smap_init(&ps.given);
    SMAP_FOR_EACH (node, values) {
        char *name = xstrdup(node->key);

        for (char *c = name; *c; c++) {
            *c = tolower((unsigned char) *c);
        }
        smap_replace(&ps.given, name, node->value);
        free(name);
    }
    smap_clone(&ps.variables, &ps.given);
    parse_block(&ps);
    for (size_t i = 0; i < script->n; i++) {
        only_new = only_new && script->commands[i].rank >= 0;
    }
    if (only_new && script->n) {
        qsort(script->commands, script->n, sizeof *script->commands,
              compare_rank);
    }
    smap_destroy(&ps.given);
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

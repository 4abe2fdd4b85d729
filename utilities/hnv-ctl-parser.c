/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl-parser.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

void
hnv_parser_fail(struct hnv_parser *ps, const char *format, ...)
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
/* What is skipped.                                                         */
/* ------------------------------------------------------------------------ */

/* Goes one character on. */
void
hnv_parser_next(struct hnv_parser *ps)
{
    ps->line += *ps->p == '\n';
    ps->p++;
}

/* Skips blanks, comments, and ends of line that a backtick continues; with
 * 'lines', all ends of line. */
void
hnv_parser_skip_blanks(struct hnv_parser *ps, bool lines)
{
    for (;;) {
        if (*ps->p == ' ' || *ps->p == '\t'
            || (lines && *ps->p == '\n')) {
            hnv_parser_next(ps);
        } else if (ps->p[0] == '`' && strspn(ps->p + 1, " \t") + 1
                   == strcspn(ps->p, "\n") && *ps->p) {
            ps->p += strcspn(ps->p, "\n");
            if (*ps->p) {
                hnv_parser_next(ps);
            }
        } else if (*ps->p == '#') {
            ps->p += strcspn(ps->p, "\n");
        } else if (ps->p[0] == '<' && ps->p[1] == '#') {
            const char *end = strstr(ps->p, "#>");

            if (!end) {
                hnv_parser_fail(ps, "the comment has no end");
                ps->p += strlen(ps->p);
                return;
            }
            while (ps->p < end + 2) {
                hnv_parser_next(ps);
            }
        } else {
            return;
        }
    }
}

/* Skips what is in quotes, and if '*p' is "(", "{" or "[", everything up to
 * its counterpart. */
void
hnv_parser_skip_balanced(struct hnv_parser *ps)
{
    int depth = 0;

    do {
        if (*ps->p == '\'' || *ps->p == '"') {
            char quote = *ps->p;

            do {
                hnv_parser_next(ps);
            } while (*ps->p && *ps->p != quote);
        }
        depth += *ps->p && strchr("({[", *ps->p);
        depth -= *ps->p && strchr(")}]", *ps->p);
        if (!*ps->p) {
            hnv_parser_fail(ps, "a bracket or quotes have no end");
            return;
        }
        hnv_parser_next(ps);
    } while (depth > 0);
}

/* Skips a comment, or what is in quotes, or one character. */
static void
skip_text(struct hnv_parser *ps)
{
    const char *start = ps->p;

    hnv_parser_skip_blanks(ps, false);
    if (*ps->p == '\'' || *ps->p == '"') {
        hnv_parser_skip_balanced(ps);
    } else if (ps->p == start && *ps->p) {
        hnv_parser_next(ps);
    }
}

/* Fails if what was skipped since 'start', which is in line 'line', has a
 * command that would be lost. */
void
hnv_parser_lose_nothing(struct hnv_parser *ps, const char *start, int line)
{
    struct hnv_parser skipped = *ps;

    skipped.p = start;
    skipped.line = line;
    while (skipped.p < ps->p && !ps->error) {
        size_t length = strcspn(skipped.p, " \t\n;,|()[]{}#'\"&");
        char *word = xmemdup0(skipped.p, length);

        if (strcasestr(word, HNV_PARSER_COMMAND)) {
            ps->line = skipped.line;
            hnv_parser_fail(ps, "%s cannot be imported from inside of another "
                            "command; put it on a line of its own", word);
        }
        free(word);
        skipped.p += length;
        skip_text(&skipped);
    }
}

/* Skips the rest of a statement. */
static void
skip_rest(struct hnv_parser *ps)
{
    hnv_parser_skip_blanks(ps, false);
    while (*ps->p && *ps->p != '\n' && *ps->p != ';' && *ps->p != '}') {
        if (strchr("({['\"", *ps->p)) {
            hnv_parser_skip_balanced(ps);
        } else {
            hnv_parser_next(ps);
        }
        hnv_parser_skip_blanks(ps, false);
    }
}

/* Skips the rest of the statement that began at 'start' in line 'line'. */
void
hnv_parser_skip_statement(struct hnv_parser *ps, const char *start, int line)
{
    skip_rest(ps);
    hnv_parser_lose_nothing(ps, start, line);
}

/* ------------------------------------------------------------------------ */
/* Words.                                                                   */
/* ------------------------------------------------------------------------ */

/* Returns element 'index' of the array 'values', or null if it has fewer.  The
 * caller frees it. */
char *
hnv_parser_element(const char *values, int index)
{
    while (index-- > 0 && values) {
        values = strchr(values, ',');
        values = values ? values + 1 : NULL;
    }
    return values ? xmemdup0(values, strcspn(values, ",")) : NULL;
}

/* Returns, in lower case, the name that begins with 'length' bytes at 'text'.
 * The caller frees it. */
static char *
lower(const char *text, size_t length)
{
    char *name = xmemdup0(text, length);

    for (char *c = name; *c; c++) {
        *c = tolower((unsigned char) *c);
    }
    return name;
}

/* Returns the value of the variable or property 'name', which is in lower
 * case, or null if it is not known.  A property is one of a hash table. */
const char *
hnv_parser_get(const struct hnv_parser *ps, const char *name)
{
    const char *value = smap_get(&ps->variables, name);
    const char *dot = strrchr(name, '.');

    if (!value && dot && dot != name) {
        char *object = xmemdup0(name, dot - name);
        const char *table = smap_get(&ps->variables, object);

        if (table && table[0] == HNV_PARSER_TABLE) {
            char *key = xasprintf("%s%s", table, dot);

            value = smap_get(&ps->variables, key);
            free(key);
        }
        free(object);
    }
    return value;
}

/* Returns the element of 'values' that the "[...]" at 'text' stands for, or
 * null if that is not known.  The caller frees it. */
static char *
get_indexed(const struct hnv_parser *ps, const char *values, const char *text)
{
    char *word = lower(text + 1, strcspn(text + 1, "]"));
    const char *index = *word == '$' ? hnv_parser_get(ps, word + 1) : word;
    char *element = NULL;

    if (values && index && *index && !index[strspn(index, "0123456789")]) {
        element = hnv_parser_element(values, atoi(index));
    }
    free(word);
    return element;
}

/* Appends the value of the variable at '*p', which is "$", or of the property
 * of one, which cannot be 'in_quotes'. */
static void
put_variable(struct hnv_parser *ps, struct ds *ds, bool in_quotes)
{
    const char *start = ps->p++;
    bool braces = *ps->p == '{';

    ps->p += braces;

    size_t length = strspn(ps->p, "abcdefghijklmnopqrstuvwxyz"
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:");
    if (ps->p[length] == '.' && !in_quotes) {
        length += 1 + strspn(ps->p + length + 1, "abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:");
    }
    char *name = lower(ps->p, length);
    ps->p += length;
    ps->p += braces && *ps->p == '}';

    const char *value = (!strcmp(name, "true") ? "true"
                         : !strcmp(name, "false") ? "false"
                         : !strcmp(name, "null") ? ""
                         : hnv_parser_get(ps, name));
    char *element = NULL;
    if (*ps->p == '[') {
        element = get_indexed(ps, value, ps->p);
        hnv_parser_skip_balanced(ps);
        value = element;
    }
    if (value) {
        ds_put_cstr(ds, value);
    } else {
        ds_put_format(ds, "%c%.*s", HNV_PARSER_UNKNOWN,
                      (int) (ps->p - start), start);
    }
    free(element);
    free(name);
}

/* Appends what is in the quotes at '*p'. */
static void
put_quoted(struct hnv_parser *ps, struct ds *ds)
{
    char quote = *ps->p;

    hnv_parser_next(ps);
    while (*ps->p && (*ps->p != quote || ps->p[1] == quote)) {
        if (*ps->p == quote) {
            hnv_parser_next(ps);
        } else if (quote == '"' && *ps->p == '`' && ps->p[1]) {
            hnv_parser_next(ps);
        } else if (quote == '"' && *ps->p == '$'
                   && (isalpha((unsigned char) ps->p[1])
                       || ps->p[1] == '_' || ps->p[1] == '{')) {
            put_variable(ps, ds, true);
            continue;
        } else if (quote == '"' && *ps->p == '$' && ps->p[1] == '(') {
            ds_put_format(ds, "%c$(...)", HNV_PARSER_UNKNOWN);
            ps->p++;
            hnv_parser_skip_balanced(ps);
            continue;
        }
        ds_put_char(ds, *ps->p);
        hnv_parser_next(ps);
    }
    if (*ps->p) {
        hnv_parser_next(ps);
    } else {
        hnv_parser_fail(ps, "quotes have no end");
    }
}

/* Appends what stands for the hash table at '*p', which is "@{", and keeps the
 * values in it. */
static void
put_table(struct hnv_parser *ps, struct ds *ds)
{
    char *table = xasprintf("%c%d", HNV_PARSER_TABLE, ps->n_tables++);
    struct ds keys = DS_EMPTY_INITIALIZER;

    ps->p += 2;
    for (;;) {
        hnv_parser_skip_blanks(ps, true);
        if (*ps->p == ';') {
            hnv_parser_next(ps);
            continue;
        } else if (!*ps->p || *ps->p == '}' || ps->error) {
            break;
        }

        char *key = lower(ps->p, strcspn(ps->p, " \t\n=}"));
        ps->p += strlen(key);
        hnv_parser_skip_blanks(ps, false);
        if (*ps->p == '=') {
            hnv_parser_next(ps);
            char *value = hnv_parser_word(ps);
            smap_add_nocopy(&ps->variables, xasprintf("%s.%s", table, key),
                            value ? value : xstrdup(""));
            ds_put_format(&keys, "%s%s", keys.length ? "," : "", key);
        } else {
            hnv_parser_fail(ps, "\"%s\" in a hash table has no value", key);
        }
        free(key);
    }
    if (*ps->p == '}') {
        hnv_parser_next(ps);
    } else {
        hnv_parser_fail(ps, "the hash table has no end");
    }
    smap_add_nocopy(&ps->variables, xstrdup(table), ds_steal_cstr(&keys));
    ds_put_cstr(ds, table);
    free(table);
}

/* Skips what is between two elements of an array, and appends the comma that
 * separates them, which may be the end of a line instead. */
static void
put_separator(struct hnv_parser *ps, struct ds *ds, bool array)
{
    int line = ps->line;

    if (array) {
        hnv_parser_skip_blanks(ps, true);
    } else if (*ps->p && strchr(" \t`", *ps->p)) {
        const char *after = ps->p + strspn(ps->p, " \t");

        if (*after == ',') {
            ps->p = after;
        }
    }
    if (*ps->p == ',') {
        hnv_parser_next(ps);
        ds_put_char(ds, ',');
        hnv_parser_skip_blanks(ps, true);
    } else if (ps->line != line && *ps->p != ')') {
        ds_put_char(ds, ',');
    }
}

/* Returns the next word of a statement, or null at its end.  The elements of
 * an array are one word, with commas between them.  The caller frees it. */
char *
hnv_parser_word(struct hnv_parser *ps)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    const char *start;
    bool array = false;

    hnv_parser_skip_blanks(ps, false);
    start = ps->p;
    while (!ps->error && *ps->p && !strchr(" \t\n;|{}", *ps->p)
           && (*ps->p != ')' || array || !ps->in_header)) {
        if (*ps->p == '\'' || *ps->p == '"') {
            put_quoted(ps, &ds);
        } else if (*ps->p == '$') {
            put_variable(ps, &ds, false);
        } else if (ps->p[0] == '@' && ps->p[1] == '{') {
            put_table(ps, &ds);
        } else if (ps->p[0] == '@' && ps->p[1] == '(') {
            array = true;
            ps->p += 2;
            hnv_parser_skip_blanks(ps, true);
            continue;
        } else if (*ps->p == '(') {
            ds_put_format(&ds, "%c(...)", HNV_PARSER_UNKNOWN);
            hnv_parser_skip_balanced(ps);
        } else if (*ps->p == ')' && array) {
            hnv_parser_next(ps);
            array = false;
        } else if (*ps->p == '[' && array) {
            hnv_parser_skip_balanced(ps); /* Type of an element. */
            continue;
        } else {
            ds_put_char(&ds, *ps->p);
            hnv_parser_next(ps);
        }
        put_separator(ps, &ds, array);
    }
    if (ps->p == start) {
        ds_destroy(&ds);
        return NULL;
    }
    return ds_steal_cstr(&ds);
}

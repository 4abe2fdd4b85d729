/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_CTL_PARSER_H
#define HNV_CTL_PARSER_H 1

#include <stdbool.h>
#include <stddef.h>

#include "compiler.h"
#include "smap.h"

/* Words of PowerShell
 * ===================
 *
 * What
 * ----
 *
 * What hnv-ctl-script.h reads scripts with: words, with the values of the
 * variables in them, and what has to be skipped to find them.
 *
 * What not
 * --------
 *
 * Statements.
 *
 * Thread-safety
 * -------------
 *
 * One thread per script. */

struct ds;
struct hnv_script;

/* What the commands of the module have in their names. */
#define HNV_PARSER_COMMAND "-NetVirtualization"

/* Characters that no script has, see hnv_parser_clean(). */
#define HNV_PARSER_UNKNOWN '\1' /* Before the text of what is not known. */
#define HNV_PARSER_TABLE '\2'   /* Before the number of a hash table. */

struct hnv_parser {
    const char *p;              /* What is next. */
    int line;                   /* Where that is. */
    bool in_header;             /* Whether a ")" ends it, of a loop. */
    int depth;                  /* Of loops and other blocks. */
    int n_tables;

    /* By name, in lower case.  Arrays have commas between their elements.
     * That of a hash table is HNV_PARSER_TABLE and its number; by that, there
     * are its keys, and by that, "." and a key, the values. */
    struct smap variables;
    struct smap given;          /* Likewise: if the script has no value. */

    struct ds *skipped;
    struct hnv_script *script;
    char *error;                /* The first one. */
};

char *hnv_parser_clean(const char *text, size_t size);
OVS_PRINTF_FORMAT(2, 3)
void hnv_parser_fail(struct hnv_parser *, const char *format, ...);
void hnv_parser_next(struct hnv_parser *);
void hnv_parser_skip_blanks(struct hnv_parser *, bool lines);
void hnv_parser_skip_balanced(struct hnv_parser *);
void hnv_parser_lose_nothing(struct hnv_parser *, const char *start,
                             int line);
void hnv_parser_skip_statement(struct hnv_parser *, const char *start,
                               int line);
char *hnv_parser_element(const char *values, int index);
const char *hnv_parser_get(const struct hnv_parser *, const char *name);
char *hnv_parser_word(struct hnv_parser *);

#endif /* hnv-ctl-parser.h */

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hnv-ctl-script.h"
#include "smap.h"
#include "sset.h"
#include "svec.h"
#include "util.h"

/* The file that is being imported, and the line of each command from it. */
static const char *file_name;
static int *lines;
static size_t n_lines;

/* Reads all of 'name', or of standard input if it is "-". */
static struct ds
read_file(const char *name)
{
    FILE *file = strcmp(name, "-") ? fopen(name, "rb") : stdin;
    struct ds ds = DS_EMPTY_INITIALIZER;
    char buffer[4096];
    size_t n;

    if (!file) {
        ctl_fatal("%s: %s", name, ovs_strerror(errno));
    }
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0) {
        ds_put_buffer(&ds, buffer, n);
    }
    if (ferror(file)) {
        ctl_fatal("%s: %s", name, ovs_strerror(errno));
    }
    if (file != stdin) {
        fclose(file);
    }
    return ds;
}

static void
add_line(int line)
{
    lines = xrealloc(lines, (n_lines + 1) * sizeof *lines);
    lines[n_lines++] = line;
}

/* A script knows its hosts by name only: those that have provider addresses or
 * routes are added. */
static void
add_hosts(const struct hnv_script *script, struct svec *argv)
{
    struct sset hosts = SSET_INITIALIZER(&hosts);

    for (size_t i = 0; i < script->n; i++) {
        char **words = script->commands[i].argv;

        for (size_t j = 1; words[j] && words[j + 1]; j++) {
            if (!strcmp(words[j], "-CimSession")
                && sset_add(&hosts, words[j + 1])) {
                svec_add(argv, "--may-exist");
                svec_add(argv, "host-add");
                svec_add(argv, words[j + 1]);
                svec_add(argv, "--");
                add_line(script->commands[i].line);
            }
        }
    }
    sset_destroy(&hosts);
}

static char **
expand(const struct hnv_script *script, int *argc)
{
    struct svec argv = SVEC_EMPTY_INITIALIZER;

    add_hosts(script, &argv);
    for (size_t i = 0; i < script->n; i++) {
        if (!strncasecmp(script->commands[i].argv[0], "New-", 4)) {
            svec_add(&argv, "--may-exist");
        }
        for (char **word = script->commands[i].argv; *word; word++) {
            svec_add(&argv, *word);
        }
        svec_add(&argv, "--");
        add_line(script->commands[i].line);
    }
    svec_pop_back(&argv);
    svec_terminate(&argv);
    *argc = argv.n;
    return argv.names;
}

/* If the '*argc' arguments in 'argv' are "import FILE [NAME=VALUE]...",
 * returns the commands in FILE instead, and their number in '*argc'. */
char **
hnv_ctl_import(int *argc, char *argv[])
{
    struct ds skipped = DS_EMPTY_INITIALIZER;
    struct smap values = SMAP_INITIALIZER(&values);
    struct hnv_script script;

    if (*argc < 2 || strcmp(argv[0], "import")) {
        return argv;
    }
    file_name = argv[1];
    for (int i = 2; i < *argc; i++) {
        size_t length = strcspn(argv[i], "=");

        if (!argv[i][length]) {
            ctl_fatal("import: \"%s\" is not NAME=VALUE", argv[i]);
        }
        smap_add_nocopy(&values, xmemdup0(argv[i], length),
                        xstrdup(&argv[i][length + 1]));
    }

    struct ds text = read_file(file_name);
    char *error = hnv_script_parse(ds_cstr(&text), text.length, &values,
                                   &script, &skipped);
    if (error) {
        ctl_fatal("%s, %s", file_name, error);
    }
    if (!script.n) {
        ctl_fatal("%s: there is no command of the NetVirtualization module",
                  file_name);
    }
    fputs(ds_cstr(&skipped), stderr);
    argv = expand(&script, argc);
    hnv_script_destroy(&script);
    ds_destroy(&text);
    ds_destroy(&skipped);
    smap_destroy(&values);
    return argv;
}

/* Returns where command number 'i' comes from, for errors, or "".  The caller
 * frees it. */
char *
hnv_ctl_import_origin(size_t i)
{
    return (i < n_lines ? xasprintf("%s, line %d: ", file_name, lines[i])
            : xstrdup(""));
}

/* Only reached if it was not alone. */
static void
cmd_import(struct ctl_context *ctx)
{
    ctl_error(ctx, "import: there can be no other command beside it");
}

const struct ctl_command_syntax hnv_ctl_import_commands[] = {
    { "import", 1, INT_MAX, "FILE [NAME=VALUE]...",
      NULL, cmd_import, NULL, "", RW },
    { NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO },
};

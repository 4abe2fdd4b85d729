/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnvtest.h"

#include <limits.h>
#include <stdio.h>

#include "util.h"

enum { MAX_COMMANDS = 64 };

/* One more than can be registered, because a null name ends the list. */
static struct ovs_cmdl_command commands[MAX_COMMANDS + 1];
static size_t n_commands;

void
hnvtest_register(const char *name, ovs_cmdl_handler handler)
{
    ovs_assert(n_commands < MAX_COMMANDS);
    commands[n_commands++] = (struct ovs_cmdl_command) {
        .name = name,
        .max_args = INT_MAX,
        .handler = handler,
        .mode = OVS_RO,
    };
}

static void
hnvtest_help(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    printf("usage: %s TEST [ARGUMENT]...\nwhere TEST is one of:\n",
           program_name);
    for (size_t i = 0; i < n_commands; i++) {
        if (commands[i].name[0] != '-') {
            printf("  %s\n", commands[i].name);
        }
    }
}

HNVTEST_REGISTER("--help", hnvtest_help);

int
main(int argc, char *argv[])
{
    set_program_name(argv[0]);
    if (argc < 2) {
        ovs_fatal(0, "missing the name of a test; use --help for a list");
    }

    struct ovs_cmdl_context ctx = { .argc = argc - 1, .argv = argv + 1 };
    ovs_cmdl_run_command(&ctx, commands);
    return 0;
}

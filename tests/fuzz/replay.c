/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

/* Returns the content of file 'name', in a buffer with no byte to spare. */
static uint8_t *
read_whole_file(const char *name, size_t *size)
{
    FILE *file = fopen(name, "rb");
    uint8_t *data, *exact;
    size_t max = 65536;

    if (!file) {
        ovs_fatal(errno, "%s", name);
    }
    data = xmalloc(max);
    *size = fread(data, 1, max, file);
    fclose(file);
    exact = xmemdup(data, *size);
    free(data);
    return exact;
}

/* Feeds the files that 'ctx' names to 'target', one after the other, and says
 * how many there were. */
void
fuzz_replay_files(const struct ovs_cmdl_context *ctx, fuzz_function *target)
{
    for (int i = 1; i < ctx->argc; i++) {
        size_t size;
        uint8_t *data = read_whole_file(ctx->argv[i], &size);

        target(data, size);
        free(data);
    }
    printf("%d files\n", ctx->argc - 1);
}

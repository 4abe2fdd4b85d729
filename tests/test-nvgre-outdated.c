/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-outdated.h"

#include <stdio.h>

#include "hnvtest.h"
#include "test-nvgre-util.h"
#include "svec.h"
#include "util.h"

static struct nvgre_outdated outdated;

/* "begin SEQ US" prints whether to search; "end US" prints nothing. */
static void
handle_line(struct svec *words)
{
    if (words->n == 3 && !strcmp(words->names[0], "begin")) {
        printf("%d\n", nvgre_outdated_begin(&outdated, atoi(words->names[1]),
                                            atoi(words->names[2])));
    } else if (words->n == 2 && !strcmp(words->names[0], "end")) {
        nvgre_outdated_end(&outdated, atoi(words->names[1]));
    } else {
        ovs_fatal(0, "unknown line");
    }
}

static void
test_outdated(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    test_each_line(handle_line);
}

HNVTEST_REGISTER("nvgre-outdated", test_outdated);

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-quote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hnv-values.h"
#include "hnvtest.h"
#include "svec.h"
#include "test-nvgre-util.h"
#include "util.h"

static void
parse_address(const char *s, struct in6_addr *address)
{
    char *error = hnv_address_parse(s, address);

    if (error) {
        ovs_fatal(0, "%s: %s", s, error);
    }
}

static void
print_addresses(const struct in6_addr *src, const struct in6_addr *dst)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    hnv_address_format(src, &s);
    ds_put_char(&s, '>');
    hnv_address_format(dst, &s);
    printf("%s ", ds_cstr(&s));
    ds_destroy(&s);
}

/* Rewrites what a frame quotes to be from "src=IP" and to "dst=IP", and prints
 * the addresses of the error, those quoted before, and the frame, or
 * "refused". */
static void
quote_line(struct svec *words)
{
    struct in6_addr src = in6addr_any, dst = in6addr_any;
    struct hnv_quote q;
    uint8_t *frame;
    size_t size;

    frame = test_take_hex(words, &size);
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->names[i];

        if (!strncmp(word, "src=", 4)) {
            parse_address(word + 4, &src);
        } else if (!strncmp(word, "dst=", 4)) {
            parse_address(word + 4, &dst);
        } else {
            ovs_fatal(0, "%s: unknown word", word);
        }
    }
    if (hnv_quote_parse(frame, size, &q)) {
        hnv_quote_set(frame, &q, &src, &dst);
        print_addresses(&q.src, &q.dst);
        print_addresses(&q.quoted_src, &q.quoted_dst);
        test_print_hex(frame, size);
        putchar('\n');
    } else {
        puts("refused");
    }
    free(frame);
}

static void
test_quote(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    test_each_line(quote_line);
}

HNVTEST_REGISTER("hnv-quote", test_quote);

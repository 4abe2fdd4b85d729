/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnvtest.h"
#include "nvgre.h"
#include "nvgre-ecn.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "svec.h"
#include "test-nvgre-util.h"
#include "util.h"

static enum nvgre_layout
layout_or_die(const char *s)
{
    enum nvgre_layout layout;

    if (!nvgre_layout_from_string(s, strlen(s), &layout)) {
        ovs_fatal(0, "%s: unknown layout", s);
    }
    return layout;
}

/* Parses what follows an outer IP header.  Words: "draft00", "lenient", and
 * "reserved" are the rules; "key" prints what is known of a bad packet. */
static void
parse_line(struct svec *words)
{
    struct nvgre_rules rules = { .layout = NVGRE_LAYOUT_RFC7637 };
    struct nvgre_header h;
    bool key = false;
    enum nvgre_drop why;
    uint8_t *packet;
    size_t size;

    packet = test_take_hex(words, &size);
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->names[i];

        if (!strcmp(word, "lenient")) {
            rules.lenient = true;
        } else if (!strcmp(word, "reserved")) {
            rules.reserved_vsid = true;
        } else if (!strcmp(word, "key")) {
            key = true;
        } else {
            rules.layout = layout_or_die(word);
        }
    }

    /* What nvgre_parse() fails to write must not look right by chance. */
    memset(&h, 0xcc, sizeof h);
    why = nvgre_parse(packet, size, &rules, &h);
    fputs(nvgre_drop_name(why), stdout);
    if (!why) {
        printf(" vsid=0x%06"PRIx32" flowid=0x%02"PRIx8" key=0x%08"PRIx32
               " len=%"PRIu8"%s", h.vsid, h.flowid, h.key, h.len,
               h.priority_tag ? " priority-tag" : "");
    } else if (key) {
        printf(" vsid=0x%06"PRIx32" key=0x%08"PRIx32, h.vsid, h.key);
    }
    putchar('\n');
    free(packet);
}

static void
test_parse(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    test_each_line(parse_line);
}

HNVTEST_REGISTER("nvgre-parse", test_parse);

/* Writes a header: VSID FLOWID LAYOUT. */
static void
test_put(struct ovs_cmdl_context *ctx)
{
    uint8_t header[NVGRE_HEADER_LEN + 2];

    /* The bytes around the header, which starts at an odd address, must stay
     * as they are. */
    memset(header, 0xcc, sizeof header);
    nvgre_put(header + 1, test_number(ctx->argv[1]),
              test_number(ctx->argv[2]), layout_or_die(ctx->argv[3]));
    test_print_hex(header, sizeof header);
    putchar('\n');
}

HNVTEST_REGISTER("nvgre-put", test_put);

/* Says if KEY LAYOUT would make sense in the other layout only. */
static void
test_suspicious(struct ovs_cmdl_context *ctx)
{
    puts(nvgre_key_suspicious(test_number(ctx->argv[1]),
                              layout_or_die(ctx->argv[2])) ? "yes" : "no");
}

HNVTEST_REGISTER("nvgre-suspicious", test_suspicious);

static void
test_drops(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    for (enum nvgre_drop i = NVGRE_DROP_NONE; i < N_NVGRE_DROPS; i++) {
        printf("%s: %s (%s)\n", nvgre_drop_name(i), nvgre_drop_text(i),
               nvgre_drop_clause(i));
    }
}

HNVTEST_REGISTER("nvgre-drops", test_drops);

/* Applies an outer TOS byte, "tos=N", to an inner frame. */
static void
ecn_line(struct svec *words)
{
    enum nvgre_drop why;
    uint8_t *frame;
    size_t size;

    frame = test_take_hex(words, &size);
    if (words->n != 1 || strncmp(words->names[0], "tos=", 4)) {
        ovs_fatal(0, "want one tos=N");
    }
    why = nvgre_ecn_decap(test_number(words->names[0] + 4), frame, size);
    if (why) {
        puts(nvgre_drop_name(why));
    } else {
        test_print_hex(frame, size);
        putchar('\n');
    }
    free(frame);
}

static void
test_ecn(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    test_each_line(ecn_line);
}

HNVTEST_REGISTER("nvgre-ecn", test_ecn);

/* Prints the TOS byte of the outer header: OUTER INNER. */
static void
test_ecn_encap(struct ovs_cmdl_context *ctx)
{
    printf("0x%02"PRIx8"\n", nvgre_ecn_encap(test_number(ctx->argv[1]),
                                             test_number(ctx->argv[2])));
}

HNVTEST_REGISTER("nvgre-ecn-encap", test_ecn_encap);

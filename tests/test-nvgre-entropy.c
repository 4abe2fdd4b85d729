/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnvtest.h"
#include "nvgre-entropy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dp-packet.h"
#include "flow.h"
#include "svec.h"
#include "test-nvgre-util.h"
#include "util.h"

/* Prints the entropy of a frame.  Words: "rss=N" is the hash that a device
 * computed; "unparsed" leaves the layer offsets unset. */
static void
entropy_line(struct svec *words)
{
    struct dp_packet *packet;
    uint32_t entropy;
    bool parse = true;
    struct flow flow;
    uint8_t *frame;
    size_t size;

    frame = test_take_hex(words, &size);
    packet = dp_packet_clone_data(frame, size);
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->names[i];

        if (!strncmp(word, "rss=", 4)) {
            dp_packet_set_rss_hash(packet, test_number(word + 4));
        } else if (!strcmp(word, "unparsed")) {
            parse = false;
        } else {
            ovs_fatal(0, "%s: unknown word", word);
        }
    }
    if (parse) {
        flow_extract(packet, &flow);
    }

    entropy = nvgre_entropy(packet);
    printf("0x%02"PRIx8" 0x%05"PRIx32"%s\n", nvgre_entropy_flowid(entropy),
           nvgre_entropy_label(entropy),
           dp_packet_rss_valid(packet)
           && dp_packet_get_rss_hash(packet) == entropy ? " rss" : "");
    dp_packet_delete(packet);
    free(frame);
}

static void
test_entropy(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    test_each_line(entropy_line);
}

HNVTEST_REGISTER("nvgre-entropy", test_entropy);

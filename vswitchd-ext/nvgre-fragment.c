/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-fragment.h"

#include <netinet/ip.h>
#include <string.h>

#include "csum.h"
#include "dp-packet.h"
#include "packets.h"
#include "util.h"

enum {
    MAX_OPTIONS_LEN = 40,       /* Of an IPv4 header. */
    OPTION_END = 0,
    OPTION_NOP = 1,
    OPTION_COPIED = 0x80,       /* Belongs in all fragments. */
};

/* How a packet is cut. */
struct cut {
    const struct ip_header *ip; /* The packet. */
    size_t header_len;          /* Of its header. */
    size_t payload_len;
    size_t first_len;           /* Of payload, in the first fragment. */
    size_t later_len;           /* The same for the others, but the last. */
    size_t n;                   /* Fragments. */
    size_t options_len;         /* What 'options' holds. */
    uint8_t options[MAX_OPTIONS_LEN]; /* Of fragments but the first. */
};

/* Copies to 'cut->options' those options of the 'len' bytes at 'options' that
 * belong in all fragments.  Returns false if the options are malformed. */
static bool
copy_options(struct cut *cut, const uint8_t *options, size_t len)
{
    memset(cut->options, OPTION_END, sizeof cut->options);
    cut->options_len = 0;
    while (len && *options != OPTION_END) {
        size_t option_len = (*options == OPTION_NOP ? 1
                             : len >= 2 ? options[1] : 0);

        if (option_len < (*options == OPTION_NOP ? 1 : 2)
            || option_len > len) {
            return false;
        }
        if (*options & OPTION_COPIED) {
            memcpy(cut->options + cut->options_len, options, option_len);
            cut->options_len += option_len;
        }
        options += option_len;
        len -= option_len;
    }
    cut->options_len = ROUND_UP(cut->options_len, 4);
    return true;
}

/* Plans in '*cut' how to cut the IPv4 packet at 'ip', of which 'size' bytes
 * are there, into fragments of at most 'mtu' bytes.  Returns false if that
 * cannot be done. */
static bool
plan(const struct ip_header *ip, size_t size, size_t mtu, struct cut *cut)
{
    size_t offset, tot_len;

    if (size < IP_HEADER_LEN || IP_VER(ip->ip_ihl_ver) != 4) {
        return false;
    }
    tot_len = ntohs(ip->ip_tot_len);
    cut->ip = ip;
    cut->header_len = IP_IHL(ip->ip_ihl_ver) * 4;
    if (cut->header_len < IP_HEADER_LEN || tot_len <= cut->header_len
        || tot_len > size || tot_len <= mtu || mtu < cut->header_len + 8
        || csum(ip, cut->header_len)
        || !copy_options(cut, (const uint8_t *) (ip + 1),
                         cut->header_len - IP_HEADER_LEN)) {
        return false;
    }

    cut->payload_len = tot_len - cut->header_len;
    cut->first_len = ROUND_DOWN(mtu - cut->header_len, 8);
    cut->later_len = ROUND_DOWN(mtu - IP_HEADER_LEN - cut->options_len, 8);
    cut->n = 1 + DIV_ROUND_UP(cut->payload_len - cut->first_len,
                              cut->later_len);
    offset = (ntohs(ip->ip_frag_off) & IP_FRAG_OFF_MASK) * 8;
    return (cut->n <= NVGRE_MAX_FRAGMENTS
            && offset + cut->payload_len <= UINT16_MAX);
}

/* Makes '*ip' the header, without options, of the fragment of 'len' bytes at
 * 'offset' in the payload of 'cut->ip'. */
static void
finish_header(struct ip_header *ip, const struct cut *cut, size_t offset,
              size_t len, size_t header_len)
{
    uint16_t frag_off = ntohs(cut->ip->ip_frag_off);

    if (offset + len < cut->payload_len) {
        frag_off |= IP_MF;
    }
    ip->ip_ihl_ver = IP_IHL_VER(header_len / 4, 4);
    ip->ip_tot_len = htons(header_len + len);
    ip->ip_frag_off = htons(frag_off + offset / 8);
    ip->ip_csum = 0;
    ip->ip_csum = csum(ip, header_len);
}

/* Returns a new packet, the fragment of 'packet' that has 'len' bytes of
 * payload from 'offset' on. */
static struct dp_packet *
later_fragment(const struct dp_packet *packet, const struct cut *cut,
               size_t offset, size_t len)
{
    size_t header_len = IP_HEADER_LEN + cut->options_len;
    struct dp_packet *fragment;
    struct ip_header *ip;

    fragment = dp_packet_new_with_headroom(ETH_HEADER_LEN + header_len + len,
                                           dp_packet_headroom(packet));
    dp_packet_put(fragment, dp_packet_data(packet),
                  ETH_HEADER_LEN + IP_HEADER_LEN);
    dp_packet_put(fragment, cut->options, cut->options_len);
    dp_packet_put(fragment,
                  (const char *) cut->ip + cut->header_len + offset, len);
    ip = dp_packet_at_assert(fragment, ETH_HEADER_LEN, header_len);
    finish_header(ip, cut, offset, len, header_len);

    fragment->packet_type = packet->packet_type;
    dp_packet_reset_offsets(fragment);
    fragment->l3_ofs = ETH_HEADER_LEN;
    fragment->l4_ofs = ETH_HEADER_LEN + header_len;
    if (dp_packet_rss_valid(packet)) {
        dp_packet_set_rss_hash(fragment, dp_packet_get_rss_hash(packet));
    }
    return fragment;
}

/* Cuts 'packet', an untagged Ethernet frame with complete checksums, into IPv4
 * packets of at most 'mtu' bytes each, and adds them to 'batch', which owns
 * them from then on.  Returns false, and leaves 'packet' to the caller, if it
 * is not IPv4, is damaged, fits as it is, or would give more than
 * NVGRE_MAX_FRAGMENTS.  The caller has to see to it that its sender allows
 * it. */
bool
nvgre_fragment(struct dp_packet *packet, size_t mtu,
               struct dp_packet_batch *batch)
{
    const struct eth_header *eth = dp_packet_data(packet);
    struct ip_header *ip = (struct ip_header *) (void *)
        ((char *) dp_packet_data(packet) + ETH_HEADER_LEN);
    struct ip_header saved;
    struct cut cut;
    size_t offset;

    if (dp_packet_size(packet) < ETH_HEADER_LEN
        || eth->eth_type != htons(ETH_TYPE_IP)
        || !plan(ip, dp_packet_size(packet) - ETH_HEADER_LEN, mtu, &cut)) {
        return false;
    }

    /* The packet becomes its own first fragment, when the others, which are
     * made of it, are done. */
    dp_packet_batch_add(batch, packet);
    offset = cut.first_len;
    for (size_t i = 1; i < cut.n; i++) {
        size_t len = MIN(cut.later_len, cut.payload_len - offset);

        dp_packet_batch_add(batch,
                            later_fragment(packet, &cut, offset, len));
        offset += len;
    }
    saved = *ip;
    cut.ip = &saved;
    finish_header(ip, &cut, 0, cut.first_len, cut.header_len);
    dp_packet_set_size(packet,
                       ETH_HEADER_LEN + cut.header_len + cut.first_len);
    dp_packet_set_l2_pad_size(packet, 0);
    packet->l3_ofs = ETH_HEADER_LEN;
    packet->l4_ofs = ETH_HEADER_LEN + cut.header_len;
    return true;
}

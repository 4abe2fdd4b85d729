/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_H
#define NVGRE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nvgre-drops.h"

/* NVGRE wire format
 * =================
 *
 * What
 * ----
 *
 * Everything that this project knows about the bytes of an NVGRE header
 * (RFC 7637 section 3.2).  What is sent is always these 8 bytes:
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-----------------+-----+-------------------------------+
 *     |0|0|1|0|        0        |  0  |            0x6558             |
 *     +-+-+-+-+-----------------+-----+---------------+---------------+
 *     |                     VSID                      |    FlowID     |
 *     +-----------------------------------------------+---------------+
 *
 * The second word has another layout on hosts that follow the first draft of
 * the standard (Windows Server 2012 without update KB2779768): the VSID, then
 * called TNI, is in the low 24 bits, the high 8 bits are zero, and there is no
 * FlowID.  Nothing in a packet tells the layouts apart, so the caller has to
 * know which one its peer uses (enum nvgre_layout).
 *
 *
 * What not
 * --------
 *
 * The module does not know about outer IP headers, ports, flows, or tenants.
 * It keeps no state and allocates nothing, so that the datapath, the fuzzer,
 * and the unit tests can all call it, and it can be read in one sitting.
 *
 *
 * Where we differ from the standards
 * ----------------------------------
 *
 *    - RFC 7637 tells senders to clear the checksum and sequence bits and to
 *      set the key bit, but tells receivers nothing.  nvgre_parse() drops
 *      packets whose senders disobey.  'lenient' tolerates checksums and
 *      sequence numbers, and strips an inner priority tag (VLAN ID 0), all of
 *      which early drafts allowed.
 *
 *    - RFC 7637 says 802.1Q tag.  We take the S-tag (0x88a8) and the common
 *      0x9100 for VLAN tags too: either would smuggle a VLAN into a subnet.
 *
 *    - Bits 6 to 12 of the first word are ignored on receipt, as RFC 2784
 *      section 2.3 demands, and sent as zero.
 *
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread at any time. */

enum {
    NVGRE_HEADER_LEN = 8,           /* Bytes of GRE header, key included. */
    NVGRE_VSID_MIN = 0x001000,      /* Smallest VSID a tenant may have. */
    NVGRE_VSID_MAX = 0xfffffe,      /* Largest VSID a tenant may have. */
    NVGRE_VSID_VENDOR = 0xffffff,   /* NVE to NVE, section 3.4. */
};

/* Where in the key the VSID is. */
enum nvgre_layout {
    NVGRE_LAYOUT_RFC7637,           /* High 24 bits, FlowID in the low 8. */
    NVGRE_LAYOUT_DRAFT00,           /* Low 24 bits, high 8 are zero. */
};

/* What to tolerate in packets from a peer. */
struct nvgre_rules {
    enum nvgre_layout layout;
    bool lenient;               /* Checksum, sequence number, priority tag. */
    bool reserved_vsid;         /* VSIDs that RFC 7637 3.4 reserves. */
};

/* What an NVGRE header says. */
struct nvgre_header {
    uint32_t vsid;              /* Virtual subnet, 24 bits. */
    uint32_t key;               /* The whole key, as it was on the wire. */
    uint8_t flowid;             /* Entropy for multipath, 0 if none. */
    uint8_t len;                /* Bytes from start of GRE to inner frame. */
    bool priority_tag;          /* Inner frame starts with a tag to strip. */
};

void nvgre_put(void *header, uint32_t vsid, uint8_t flowid,
               enum nvgre_layout);
enum nvgre_drop nvgre_parse(const void *packet, size_t size,
                            const struct nvgre_rules *,
                            struct nvgre_header *);

bool nvgre_vsid_is_reserved(uint32_t vsid);
bool nvgre_key_suspicious(uint32_t key, enum nvgre_layout);
uint32_t nvgre_key_vsid(uint32_t key, enum nvgre_layout);

const char *nvgre_layout_to_string(enum nvgre_layout);
bool nvgre_layout_from_string(const char *, size_t len, enum nvgre_layout *);

#endif /* nvgre.h */

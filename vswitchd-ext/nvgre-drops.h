/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_DROPS_H
#define NVGRE_DROPS_H 1

/* Why an nvgre port drops a packet
 * ================================
 *
 * What
 * ----
 *
 * The one list of reasons.  Every packet that an nvgre port does not pass on
 * is counted under exactly one of them, and each has a name that is the same
 * everywhere: "ovs-appctl nvgre/drops" prints it, Interface statistics have it
 * as "nvgre_drop_<name>" with underscores for hyphens, "ovs-appctl
 * coverage/show" likewise, and ovs-nvgre(7) and the tests are checked against
 * this list.
 *
 * For received packets the order of the list is the order in which the
 * conditions are tested, so that a packet with several faults is counted under
 * the first.  The last column is the clause that the drop obeys, or "policy".
 *
 *
 * What not
 * --------
 *
 * Nothing is counted here (see nvgre-counters.h) and nothing is decided here:
 * nvgre.h decides what can be seen in the bytes after the outer IP header,
 * nvgre-packet.h the rest. */

/*         NAME, name in statistics, hyphenated name,
 *         what is wrong, clause. */
#define NVGRE_DROPS                                                           \
    NVGRE_DROP(OUTER_IP_INVALID, outer_ip_invalid, "outer-ip-invalid",        \
               "outer IP header is truncated or its checksum is wrong",       \
               "RFC 1122 3.2.1.2")                                            \
    NVGRE_DROP(OUTER_FRAGMENT, outer_fragment, "outer-fragment",              \
               "outer packet is a fragment, and is never reassembled",        \
               "RFC 7637 4.4")                                                \
    NVGRE_DROP(PA_UNKNOWN, pa_unknown, "pa-unknown",                          \
               "no nvgre port has this pair of provider addresses",           \
               "policy")                                                      \
    NVGRE_DROP(GRE_TRUNCATED, gre_truncated, "gre-truncated",                 \
               "GRE header is cut short",                                     \
               "RFC 7637 3.2")                                                \
    NVGRE_DROP(GRE_RFC1701, gre_rfc1701, "gre-rfc1701",                       \
               "GRE routing or other RFC 1701 bits are set",                  \
               "RFC 2784 2.3")                                                \
    NVGRE_DROP(GRE_VERSION, gre_version, "gre-version",                       \
               "GRE version is not 0",                                        \
               "RFC 2784 2.3.1")                                              \
    NVGRE_DROP(GRE_CHECKSUM, gre_checksum, "gre-checksum",                    \
               "GRE checksum is present, or wrong with receive=lenient",      \
               "RFC 7637 3.2")                                                \
    NVGRE_DROP(GRE_SEQUENCE, gre_sequence, "gre-sequence",                    \
               "GRE sequence number is present",                              \
               "RFC 7637 3.2")                                                \
    NVGRE_DROP(GRE_NO_KEY, gre_no_key, "gre-no-key",                          \
               "GRE key, and with it the VSID, is absent",                    \
               "RFC 7637 3.2")                                                \
    NVGRE_DROP(GRE_PROTO, gre_proto, "gre-proto",                             \
               "GRE protocol type is not 0x6558",                             \
               "RFC 7637 3.2")                                                \
    NVGRE_DROP(KEY_LAYOUT, key_layout, "key-layout",                          \
               "key has high bits set that key_layout=draft00 leaves 0",      \
               "draft-00 3.2")                                                \
    NVGRE_DROP(VSID_RESERVED, vsid_reserved, "vsid-reserved",                 \
               "VSID is below 4096, which is reserved",                       \
               "RFC 7637 3.4")                                                \
    NVGRE_DROP(VSID_VENDOR, vsid_vendor, "vsid-vendor",                       \
               "VSID is 16777215, for vendors' own use between NVEs",         \
               "RFC 7637 3.4")                                                \
    NVGRE_DROP(INNER_SHORT, inner_short, "inner-short",                       \
               "inner frame is shorter than an Ethernet header",              \
               "IEEE 802.3")                                                  \
    NVGRE_DROP(INNER_VLAN, inner_vlan, "inner-vlan",                          \
               "inner frame has a VLAN tag",                                  \
               "RFC 7637 3.3")                                                \
    NVGRE_DROP(INNER_SRC_MAC, inner_src_mac, "inner-src-mac",                 \
               "inner source MAC is zero or a group address",                 \
               "IEEE 802.3")                                                  \
    NVGRE_DROP(ECN_CE_NOT_ECT, ecn_ce_not_ect, "ecn-ce-not-ect",              \
               "congestion was marked on an inner packet that forbids it",    \
               "RFC 6040 4.2")                                                \
    NVGRE_DROP(VSID_UNKNOWN, vsid_unknown, "vsid-unknown",                    \
               "no nvgre port has this VSID for these provider addresses",    \
               "policy")                                                      \
    NVGRE_DROP(TX_TOO_BIG, tx_too_big, "tx-too-big",                          \
               "frame to send does not fit in the MTU of the underlay",       \
               "RFC 7637 4.4")                                                \
    NVGRE_DROP(TX_TOO_BIG_NO_DF, tx_too_big_no_df, "tx-too-big-no-df",        \
               "frame does not fit, and was not fragmented though it may be", \
               "RFC 7588 3")                                                  \
    NVGRE_DROP(TX_TOO_BIG_NON_IP, tx_too_big_non_ip, "tx-too-big-non-ip",     \
               "frame does not fit, and is not IP, or damaged",               \
               "RFC 7637 4.4")                                                \
    NVGRE_DROP(TX_IPV6_MIN, tx_ipv6_min, "tx-ipv6-min",                       \
               "IPv6 packet of at most 1280 bytes does not fit",              \
               "RFC 7676 3.2")                                                \
    NVGRE_DROP(TX_VSID, tx_vsid, "tx-vsid",                                   \
               "VSID to send is reserved or needs more than 24 bits",         \
               "RFC 7637 3.4")

enum nvgre_drop {
    NVGRE_DROP_NONE,
#define NVGRE_DROP(NAME, LOWER, STRING, TEXT, CLAUSE) NVGRE_DROP_##NAME,
    NVGRE_DROPS
#undef NVGRE_DROP
    N_NVGRE_DROPS
};

const char *nvgre_drop_name(enum nvgre_drop);
const char *nvgre_drop_text(enum nvgre_drop);
const char *nvgre_drop_clause(enum nvgre_drop);

#endif /* nvgre-drops.h */

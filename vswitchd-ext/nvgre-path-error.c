/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-path-error.h"

#include <netinet/ip.h>
#include <string.h>

#include "csum.h"
#include "nvgre.h"
#include "packets.h"
#include "unaligned.h"
#include "util.h"

enum {
    ICMP_UNREACHABLE = 3,       /* RFC 792. */
    ICMP_CODE_FRAG_NEEDED = 4,
    ICMPV6_TOO_BIG = 2,         /* RFC 4443 section 3.2. */
    ERROR_HEADER_LEN = 8,       /* Of both, up to the quoted packet. */
};

/* A message without IP header: its bytes and where it came from. */
struct message {
    const uint8_t *data;
    size_t size;
    const struct in6_addr *src, *dst;
    bool ipv6;
};

static uint16_t
get_u16(const uint8_t *p)
{
    return ntohs(get_unaligned_be16((const ovs_be16 *) (const void *) p));
}

static uint32_t
get_u32(const uint8_t *p)
{
    return ntohl(get_unaligned_be32((const ovs_be32 *) (const void *) p));
}

/* Stores the IPv4 address at 'p', not aligned, in '*addr'. */
static void
get_ipv4(const uint8_t *p, struct in6_addr *addr)
{
    in6_addr_set_mapped_ipv4(addr, htonl(get_u32(p)));
}

static bool
checksum_is_bad(const struct message *m)
{
    uint32_t partial = 0;

    if (m->ipv6) {
        partial = csum_continue(partial, m->src, sizeof *m->src);
        partial = csum_continue(partial, m->dst, sizeof *m->dst);
        partial = csum_add32(partial, htonl(m->size));
        partial = csum_add32(partial, htonl(IPPROTO_ICMPV6));
    }
    return csum_finish(csum_continue(partial, m->data, m->size)) != 0;
}

/* Returns the MTU to assume if a router says none about a packet of 'size'
 * bytes (RFC 1191 section 7). */
static int
plateau_below(int size)
{
    static const uint16_t plateaus[] = {
        32000, 17914, 8166, 4352, 2002, 1492, 1006,
    };

    for (size_t i = 0; i < ARRAY_SIZE(plateaus); i++) {
        if (plateaus[i] < size) {
            return plateaus[i];
        }
    }
    return NVGRE_PATH_MIN_IPV4;
}

/* Takes the quoted IPv4 header at 'p', of which 'left' bytes are there, apart.
 * Stores the size of the packet in '*size' and of its header in
 * '*header_len'. */
static enum nvgre_path_verdict
quoted_ipv4(const uint8_t *p, size_t left, struct nvgre_path_error *e,
            int *size, size_t *header_len)
{
    if (left < IP_HEADER_LEN) {
        return NVGRE_PATH_TRUNCATED;
    }
    *header_len = IP_IHL(p[0]) * 4;
    *size = get_u16(p + 2);
    get_ipv4(p + 12, &e->local);
    get_ipv4(p + 16, &e->remote);

    /* DF is set and nothing but DF: an error about a packet that may be
     * fragmented makes no sense. */
    return (IP_VER(p[0]) == 4 && *header_len == IP_HEADER_LEN
            && get_u16(p + 6) == IP_DF && p[9] == IPPROTO_GRE
            ? NVGRE_PATH_BELIEVED : NVGRE_PATH_NOT_NVGRE);
}

/* The same for IPv6. */
static enum nvgre_path_verdict
quoted_ipv6(const uint8_t *p, size_t left, struct nvgre_path_error *e,
            int *size, size_t *header_len)
{
    if (left < IPV6_HEADER_LEN) {
        return NVGRE_PATH_TRUNCATED;
    }
    *header_len = IPV6_HEADER_LEN;
    *size = IPV6_HEADER_LEN + get_u16(p + 4);
    memcpy(&e->local, p + 8, sizeof e->local);
    memcpy(&e->remote, p + 24, sizeof e->remote);
    return (p[0] >> 4 == 6 && p[6] == IPPROTO_GRE
            ? NVGRE_PATH_BELIEVED : NVGRE_PATH_NOT_NVGRE);
}

/* Judges 'e->mtu', so far what the message says, about a packet of 'size'
 * bytes. */
static enum nvgre_path_verdict
judge_mtu(bool ipv6, int size, struct nvgre_path_error *e)
{
    if (!ipv6 && !e->mtu) {
        e->mtu = plateau_below(size);
    }
    if (e->mtu < (ipv6 ? NVGRE_PATH_MIN_IPV6 : NVGRE_PATH_MIN_IPV4)) {
        return NVGRE_PATH_MTU_TOO_LOW;
    }
    return e->mtu < size ? NVGRE_PATH_BELIEVED : NVGRE_PATH_MTU_TOO_HIGH;
}

/* Judges the part of 'm' that is quoted. */
static enum nvgre_path_verdict
judge_quoted(const struct message *m, struct nvgre_path_error *e)
{
    static const uint8_t gre[] = { 0x20, 0x00, 0x65, 0x58 };
    const uint8_t *quoted = m->data + ERROR_HEADER_LEN;
    size_t left = m->size - ERROR_HEADER_LEN;
    enum nvgre_path_verdict verdict;
    size_t header_len;
    int size;

    verdict = (m->ipv6 ? quoted_ipv6 : quoted_ipv4)(quoted, left, e, &size,
                                                    &header_len);
    if (verdict) {
        return verdict;
    }
    if (left < header_len + NVGRE_HEADER_LEN) {
        return NVGRE_PATH_TRUNCATED;
    }
    if (memcmp(quoted + header_len, gre, sizeof gre)) {
        return NVGRE_PATH_NOT_NVGRE;
    }
    e->key = get_u32(quoted + header_len + sizeof gre);
    if (memcmp(&e->local, m->dst, sizeof e->local)) {
        return NVGRE_PATH_NOT_OURS;
    }
    return judge_mtu(m->ipv6, size, e);
}

/* Judges the ICMP message, or the ICMPv6 message if 'dst' is no mapped IPv4
 * address, in the 'size' bytes at 'icmp', which 'src' sent to 'dst'.  Returns
 * NVGRE_PATH_BELIEVED if it may be believed, as far as it can be judged by
 * itself, and fills in '*e'.  Otherwise, returns why not, and fills in '*e' as
 * far as it gets; what is missing is zero.
 *
 * 'icmp' need not be aligned. */
enum nvgre_path_verdict
nvgre_path_error_parse(const void *icmp, size_t size,
                       const struct in6_addr *src, const struct in6_addr *dst,
                       struct nvgre_path_error *e)
{
    const struct message m = {
        .data = icmp,
        .size = size,
        .src = src,
        .dst = dst,
        .ipv6 = !IN6_IS_ADDR_V4MAPPED(dst),
    };
    uint32_t mtu;

    memset(e, 0, sizeof *e);
    e->router = *src;
    if (size < ERROR_HEADER_LEN) {
        return NVGRE_PATH_TRUNCATED;
    }
    if (m.ipv6) {
        if (m.data[0] != ICMPV6_TOO_BIG) {
            return NVGRE_PATH_OTHER;
        }
        mtu = get_u32(m.data + 4);
    } else {
        if (m.data[0] != ICMP_UNREACHABLE
            || m.data[1] != ICMP_CODE_FRAG_NEEDED) {
            return NVGRE_PATH_OTHER;
        }
        mtu = get_u16(m.data + 6);
    }
    if (checksum_is_bad(&m)) {
        return NVGRE_PATH_CHECKSUM;
    }
    e->mtu = MIN(mtu, UINT16_MAX);
    return judge_quoted(&m, e);
}

/* The same for a message with its IPv4 or IPv6 header, which must not have
 * extension headers, in the 'size' bytes at 'ip'. */
enum nvgre_path_verdict
nvgre_path_error_parse_ip(const void *ip, size_t size,
                          struct nvgre_path_error *e)
{
    const uint8_t *p = ip;
    struct in6_addr src, dst;
    size_t header_len;

    memset(e, 0, sizeof *e);
    if (size >= IP_HEADER_LEN && IP_VER(p[0]) == 4) {
        header_len = IP_IHL(p[0]) * 4;
        if (header_len < IP_HEADER_LEN || header_len > size) {
            return NVGRE_PATH_TRUNCATED;
        } else if (p[9] != IPPROTO_ICMP) {
            return NVGRE_PATH_OTHER;
        }
        get_ipv4(p + 12, &src);
        get_ipv4(p + 16, &dst);
    } else if (size >= IPV6_HEADER_LEN && p[0] >> 4 == 6) {
        header_len = IPV6_HEADER_LEN;
        if (p[6] != IPPROTO_ICMPV6) {
            return NVGRE_PATH_OTHER;
        }
        memcpy(&src, p + 8, sizeof src);
        memcpy(&dst, p + 24, sizeof dst);
    } else {
        return NVGRE_PATH_TRUNCATED;
    }
    return nvgre_path_error_parse(p + header_len, size - header_len, &src,
                                  &dst, e);
}

/* What NVGRE_PATH_VERDICTS says of 'verdict': its name and what it means. */
const char *
nvgre_path_verdict_name(enum nvgre_path_verdict verdict)
{
    static const char *const names[] = {
#define NVGRE_PATH_VERDICT(NAME, STRING, TEXT) STRING,
        NVGRE_PATH_VERDICTS
#undef NVGRE_PATH_VERDICT
    };

    return names[verdict];
}

const char *
nvgre_path_verdict_text(enum nvgre_path_verdict verdict)
{
    static const char *const texts[] = {
#define NVGRE_PATH_VERDICT(NAME, STRING, TEXT) TEXT,
        NVGRE_PATH_VERDICTS
#undef NVGRE_PATH_VERDICT
    };

    return texts[verdict];
}

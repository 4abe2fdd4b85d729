/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnvtest.h"
#include "nvgre-tunnels.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "byte-order.h"
#include "dp-packet.h"
#include "flow.h"
#include "nvgre-counters.h"
#include "nvgre-echo.h"
#include "nvgre-packet.h"
#include "openvswitch/shash.h"
#include "packets.h"
#include "svec.h"
#include "test-nvgre-util.h"
#include "util.h"

/* The counters of each port that ever was, by name. */
static struct shash all_counters = SHASH_INITIALIZER(&all_counters);

static struct nvgre_counters *
counters_of(const char *name)
{
    struct nvgre_counters *c = shash_find_data(&all_counters, name);

    if (!c) {
        c = xzalloc(sizeof *c);
        nvgre_counters_init(c);
        shash_add(&all_counters, name, c);
    }
    return c;
}

static struct in6_addr
address(const char *s)
{
    struct in6_addr addr = in6addr_any;
    ovs_be32 ip;

    if (ip_parse(s, &ip)) {
        in6_addr_set_mapped_ipv4(&addr, ip);
    } else if (strcmp(s, "any") && !ipv6_parse(s, &addr)) {
        ovs_fatal(0, "%s: not an address", s);
    }
    return addr;
}

/* The registry keeps the pointer, so that it must outlive the line. */
static const char *
type(const char *s)
{
    static const char *const types[] = { "nvgre", "gre", "erspan" };

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (!strcmp(s, types[i])) {
            return types[i];
        }
    }
    ovs_fatal(0, "%s: unknown type", s);
}

/* Words 1 to 5 are name, type, remote, local, and VSID; the rest is what is
 * not usual about the tunnel. */
static void
describe(const struct svec *words, struct nvgre_tunnel *t)
{
    char **argv = words->names;

    memset(t, 0, sizeof *t);
    t->name = argv[1];
    t->type = type(argv[2]);
    t->is_nvgre = !strcmp(t->type, "nvgre");
    t->remote = address(argv[3]);
    t->local = address(argv[4]);
    t->any_vsid = !strcmp(argv[5], "any");
    t->vsid = t->any_vsid ? 0 : test_number(argv[5]);
    t->counters = counters_of(argv[1]);
    t->rx_csum = true;
    for (size_t i = 6; i < words->n; i++) {
        if (!strcmp(argv[i], "draft00")) {
            t->rules.layout = NVGRE_LAYOUT_DRAFT00;
        } else if (!strcmp(argv[i], "lenient")) {
            t->rules.lenient = true;
        } else if (!strcmp(argv[i], "no-rx-csum")) {
            t->rx_csum = false;
        } else if (!strcmp(argv[i], "reserved")) {
            t->rules.reserved_vsid = true;
        } else if (!strcmp(argv[i], "exception")) {
            t->is_exception = true;
        } else if (!strncmp(argv[i], "odp=", 4)) {
            t->odp_port = u32_to_odp(test_number(argv[i] + 4));
        } else {
            ovs_fatal(0, "%s: unknown word", argv[i]);
        }
    }
}

static void
add(struct svec *words)
{
    struct nvgre_tunnel t;

    describe(words, &t);
    nvgre_tunnels_add(&t);
}

static void
conflict(struct svec *words)
{
    struct nvgre_tunnel t;
    char *why;

    describe(words, &t);
    why = nvgre_tunnels_conflict(&t);
    puts(why ? why : "no conflict");
    free(why);
}

static void
del(struct svec *words)
{
    nvgre_tunnels_remove(words->names[1]);
}

static void
print_tunnel(const struct nvgre_tunnel *t)
{
    printf("%s%s\n", t ? t->name : "none",
           t && t->is_exception ? " exception" : "");
}

static void
owner(struct svec *words)
{
    struct in6_addr remote = address(words->names[1]);
    struct in6_addr local = address(words->names[2]);

    print_tunnel(nvgre_tunnels_owner(&remote, &local));
}

static void
by_pair(struct svec *words)
{
    struct in6_addr remote = address(words->names[1]);
    struct in6_addr local = address(words->names[2]);

    print_tunnel(nvgre_tunnels_by_pair(&remote, &local));
}

static void
by_vsid(struct svec *words)
{
    struct in6_addr remote = address(words->names[1]);
    struct in6_addr local = address(words->names[2]);

    print_tunnel(nvgre_tunnels_by_vsid(&remote, &local,
                                       test_number(words->names[3])));
}

static void
blame(struct svec *words)
{
    struct in6_addr remote = address(words->names[1]);
    struct in6_addr local = address(words->names[2]);

    print_tunnel(nvgre_tunnels_to_blame(&remote, &local,
                                        test_number(words->names[3])));
}

static void
have(struct svec *words OVS_UNUSED)
{
    printf("nvgre:%s others:%s\n",
           nvgre_tunnels_have_nvgre() ? "yes" : "no",
           nvgre_tunnels_have_others() ? "yes" : "no");
}

static void
live(struct svec *words)
{
    odp_port_t port = u32_to_odp(test_number(words->names[1]));

    printf("%"PRIu32"\n", odp_to_u32(nvgre_tunnels_live_port(port)));
}

/* Prints the drops counted in 'c', in the name of 'port', and forgets them. */
static void
print_counters(const char *port, struct nvgre_counters *c)
{
    for (enum nvgre_drop i = NVGRE_DROP_NONE; i < N_NVGRE_DROPS; i++) {
        uint64_t n = nvgre_event_get(&c->drops[i]);
        struct in6_addr peer;
        long long int when;
        uint32_t key;

        if (n) {
            nvgre_event_last(&c->drops[i], &peer, &key, &when);
            printf(" %s:%s=%"PRIu64" key=0x%08"PRIx32, port,
                   nvgre_drop_name(i), n, key);
        }
    }
    if (nvgre_event_get(&c->suspicions)) {
        printf(" suspicious=%"PRIu64, nvgre_event_get(&c->suspicions));
    }
    memset(c, 0, sizeof *c);
    nvgre_counters_init(c);
}

static void
print_drops(void)
{
    struct shash_node *node;

    print_counters("no-port", &nvgre_no_port_counters);
    SHASH_FOR_EACH (node, &all_counters) {
        print_counters(node->name, node->data);
    }
}

static void
print_popped(struct dp_packet *packet)
{
    const struct flow_tnl *tnl = &packet->md.tunnel;
    struct in6_addr src = flow_tnl_src(tnl);
    struct in6_addr dst = flow_tnl_dst(tnl);
    struct ds s = DS_EMPTY_INITIALIZER;

    ipv6_format_mapped(&src, &s);
    ds_put_cstr(&s, " to ");
    ipv6_format_mapped(&dst, &s);
    printf("%s vsid=%"PRIu64" tos=%#"PRIx8" ttl=%"PRIu8"%s%s%s ",
           ds_cstr(&s), ntohll(tnl->tun_id), tnl->ip_tos, tnl->ip_ttl,
           tnl->flags & FLOW_TNL_F_DONT_FRAGMENT ? " df" : "",
           tnl->flags & FLOW_TNL_F_KEY ? " key" : "",
           tnl->flags & FLOW_TNL_F_CSUM ? " csum" : "");
    test_print_hex(dp_packet_data(packet), dp_packet_size(packet));
    ds_destroy(&s);
}

static bool
has_word(const struct svec *words, const char *word)
{
    for (size_t i = 0; i < words->n; i++) {
        if (!strcmp(words->names[i], word)) {
            return true;
        }
    }
    return false;
}

/* Decapsulates a frame.  Words: "csum-good" and "csum-bad" are what a device
 * said of the outer IPv4 checksum. */
static void
pop(struct svec *words)
{
    struct dp_packet *packet;
    struct flow flow;
    uint8_t *frame;
    size_t size;

    frame = test_take_hex(words, &size);
    packet = dp_packet_clone_data(frame, size);
    if (has_word(words, "csum-good")) {
        dp_packet_ip_checksum_set_good(packet);
    } else if (has_word(words, "csum-bad")) {
        dp_packet_ip_checksum_set_bad(packet);
    }
    flow_extract(packet, &flow);
    packet = nvgre_pop_header(packet);
    if (packet) {
        print_popped(packet);
        dp_packet_delete(packet);
    } else {
        fputs("dropped", stdout);
    }
    print_drops();
    putchar('\n');
    free(frame);
}

static void
run_line(struct svec *words)
{
    static const struct {
        const char *name;
        size_t min_words;
        test_line_handler *handler;
    } verbs[] = {
        { "add", 6, add }, { "remove", 2, del }, { "conflict", 6, conflict },
        { "owner", 3, owner }, { "by-pair", 3, by_pair },
        { "by-vsid", 4, by_vsid }, { "blame", 4, blame }, { "have", 1, have },
        { "live", 2, live }, { "pop", 2, pop },
    };

    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
        if (!strcmp(words->names[0], verbs[i].name)
            && words->n >= verbs[i].min_words) {
            verbs[i].handler(words);
            return;
        }
    }
    ovs_fatal(0, "%s: unknown verb or too few words", words->names[0]);
}

/* Runs a script from stdin about the registry of tunnels. */
static void
test_tunnels(struct ovs_cmdl_context *ctx OVS_UNUSED)
{
    nvgre_echo_init();
    test_each_line(run_line);
    shash_destroy_free_data(&all_counters);
}

HNVTEST_REGISTER("nvgre-tunnels", test_tunnels);

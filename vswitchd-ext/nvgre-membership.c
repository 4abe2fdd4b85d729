/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-membership.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hash.h"
#include "netdev-provider.h"
#include "netdev-vport.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "socket-util.h"
#include "sset.h"
#include "unixctl.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(nvgre_membership);

/* A group on a device. */
struct membership {
    struct hmap_node node;      /* In 'memberships', by 'group'. */
    struct in6_addr group;
    int ifindex;
    char device[IFNAMSIZ];
    struct sset ports;          /* Names of the ports that want it. */
    int fd;                     /* Negative if joining failed... */
    int error;                  /* ...and why, a positive errno value. */
};

/* Where a group can be joined. */
struct place {
    int ifindex;
    bool ipv4, ipv6;            /* Has it such addresses? */
};

static struct hmap memberships = HMAP_INITIALIZER(&memberships);

/* Names of the devices in bridges.  One that is no more in use stays until it
 * is looked at. */
static struct sset devices = SSET_INITIALIZER(&devices);

/* From nvgre_membership_begin() to nvgre_membership_end(): "struct place"s by
 * the names of devices, or NULL if none was asked for so far. */
static struct shash *places;

/* Groups that ports want, joined or not, for nvgre/groups. */
static struct sset wanted = SSET_INITIALIZER(&wanted);

/* Notes that 'netdev' is about to become a port of a bridge. */
void
nvgre_membership_add_device(const struct netdev *netdev)
{
    if (!netdev_vport_is_vport_class(netdev->netdev_class)) {
        sset_add(&devices, netdev_get_name(netdev));
    }
}

static bool
is_link_local(const struct in6_addr *addr)
{
    return (IN6_IS_ADDR_V4MAPPED(addr)
            ? ntohl(in6_addr_get_mapped_ipv4(addr)) >> 16 == 0xa9fe
            : IN6_IS_ADDR_LINKLOCAL(addr));
}

/* Returns what is to know about 'netdev', which the caller must free, or NULL
 * if nothing can be joined there. */
static struct place *
look_at(const struct netdev *netdev)
{
    struct in6_addr *addrs, *masks;
    struct place place = { .ifindex = netdev_get_ifindex(netdev) };
    int n;

    if (place.ifindex <= 0
        || netdev_get_addr_list(netdev, &addrs, &masks, &n)) {
        return NULL;
    }
    for (int i = 0; i < n; i++) {
        if (is_link_local(&addrs[i])) {
            continue;
        } else if (IN6_IS_ADDR_V4MAPPED(&addrs[i])) {
            place.ipv4 = true;
        } else {
            place.ipv6 = true;
        }
    }
    free(addrs);
    free(masks);
    return (place.ipv4 || place.ipv6 ? xmemdup(&place, sizeof place) : NULL);
}

static void
find_places(void)
{
    const char *name;

    places = xmalloc(sizeof *places);
    shash_init(places);
    SSET_FOR_EACH_SAFE (name, &devices) {
        struct netdev *netdev = netdev_from_name(name);
        struct place *place;

        if (!netdev) {
            sset_delete(&devices, SSET_NODE_FROM_NAME(name));
            continue;
        }
        place = look_at(netdev);
        if (place) {
            shash_add(places, name, place);
        }
        netdev_close(netdev);
    }
}

/* Joins the group of 'm', or tries it again. */
static void
join(struct membership *m)
{
    bool ipv4 = IN6_IS_ADDR_V4MAPPED(&m->group);
    struct group_req req = { .gr_interface = m->ifindex };

    if (ipv4) {
        struct sockaddr_in *sin = ALIGNED_CAST(struct sockaddr_in *,
                                               &req.gr_group);
        sin->sin_family = AF_INET;
        sin->sin_addr.s_addr = in6_addr_get_mapped_ipv4(&m->group);
    } else {
        struct sockaddr_in6 *sin6 = ALIGNED_CAST(struct sockaddr_in6 *,
                                                 &req.gr_group);
        sin6->sin6_family = AF_INET6;
        sin6->sin6_addr = m->group;
    }
    m->error = 0;
    m->fd = socket(ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (m->fd >= 0
        && !setsockopt(m->fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
                       MCAST_JOIN_GROUP, &req, sizeof req)) {
        return;
    }
    m->error = errno;
    if (m->fd >= 0) {
        close(m->fd);
        m->fd = -1;
    }
}

static void
log_membership(const struct membership *m)
{
    struct ds group = DS_EMPTY_INITIALIZER;

    ipv6_format_mapped(&m->group, &group);
    if (m->error) {
        VLOG_WARN("cannot join multicast group %s on %s (%s): switches and "
                  "routers may not deliver its packets", ds_cstr(&group),
                  m->device, ovs_strerror(m->error));
    } else {
        VLOG_INFO("joined multicast group %s on %s", ds_cstr(&group),
                  m->device);
    }
    ds_destroy(&group);
}

static void
want_at(const struct in6_addr *group, const char *port, const char *device,
        const struct place *place)
{
    uint32_t hash = hash_bytes(group, sizeof *group, 0);
    struct membership *m;

    HMAP_FOR_EACH_WITH_HASH (m, node, hash, &memberships) {
        if (ipv6_addr_equals(&m->group, group)
            && m->ifindex == place->ifindex && !strcmp(m->device, device)) {
            sset_add(&m->ports, port);
            if (m->error) {
                join(m);
            }
            return;
        }
    }
    m = xzalloc(sizeof *m);
    m->group = *group;
    m->ifindex = place->ifindex;
    ovs_strlcpy(m->device, device, sizeof m->device);
    sset_init(&m->ports);
    sset_add(&m->ports, port);
    join(m);
    log_membership(m);
    hmap_insert(&memberships, &m->node, hash);
}

/* Starts to say which groups are wanted. */
void
nvgre_membership_begin(void)
{
    struct membership *m;

    HMAP_FOR_EACH (m, node, &memberships) {
        sset_clear(&m->ports);
    }
    sset_clear(&wanted);
}

/* Says that the port named 'port' wants 'group'. */
void
nvgre_membership_want(const struct in6_addr *group, const char *port)
{
    bool ipv4 = IN6_IS_ADDR_V4MAPPED(group);
    struct ds s = DS_EMPTY_INITIALIZER;
    struct shash_node *node;

    if (!places) {
        find_places();
    }
    SHASH_FOR_EACH (node, places) {
        const struct place *place = node->data;

        if (ipv4 ? place->ipv4 : place->ipv6) {
            want_at(group, port, node->name, place);
        }
    }
    ipv6_format_mapped(group, &s);
    sset_add_and_free(&wanted, ds_steal_cstr(&s));
}

/* Leaves groups that are not wanted any more. */
void
nvgre_membership_end(void)
{
    struct membership *m;

    HMAP_FOR_EACH_SAFE (m, node, &memberships) {
        if (sset_is_empty(&m->ports)) {
            if (m->fd >= 0) {
                close(m->fd);
            }
            sset_destroy(&m->ports);
            hmap_remove(&memberships, &m->node);
            free(m);
        }
    }
    if (places) {
        shash_destroy_free_data(places);
        free(places);
        places = NULL;
    }
}

/* Appends the memberships of 'name', a group, to 'reply'. */
static void
format_group(const char *name, struct ds *reply)
{
    const struct membership *m;
    bool found = false;

    HMAP_FOR_EACH (m, node, &memberships) {
        struct ds group = DS_EMPTY_INITIALIZER;

        ipv6_format_mapped(&m->group, &group);
        if (!strcmp(ds_cstr(&group), name)) {
            char *ports = sset_join(&m->ports, ",", "");

            found = true;
            ds_put_format(reply, "%s: for %s, %s %s", name, ports,
                          m->error ? "could not be joined on" : "joined on",
                          m->device);
            if (m->error) {
                ds_put_format(reply, " (%s)", ovs_strerror(m->error));
            }
            ds_put_char(reply, '\n');
            free(ports);
        }
        ds_destroy(&group);
    }
    if (!found) {
        ds_put_format(reply, "%s: not joined, because no device in a bridge "
                      "has an address of its family\n", name);
    }
}

static void
nvgre_unixctl_groups(struct unixctl_conn *conn, int argc OVS_UNUSED,
                     const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    const char **names = sset_sort(&wanted);
    struct ds reply = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < sset_count(&wanted); i++) {
        format_group(names[i], &reply);
    }
    free(names);
    unixctl_command_reply(conn, ds_cstr(&reply));
    ds_destroy(&reply);
}

void
nvgre_membership_init(void)
{
    unixctl_command_register("nvgre/groups", "", 0, 0, nvgre_unixctl_groups,
                             NULL);
}

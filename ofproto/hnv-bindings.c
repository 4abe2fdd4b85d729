/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-bindings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hnv-values.h"
#include "openvswitch/hmap.h"
#include "util.h"
#include "uuid.h"
#include "vswitch-idl.h"

/* Begins a state that is not an error.  No error begins like this. */
#define INSTALLED '+'

void
hnv_bindings_init(struct hnv_bindings *b)
{
    smap_init(&b->states);
    b->changed = false;
}

void
hnv_bindings_destroy(struct hnv_bindings *b)
{
    smap_destroy(&b->states);
}

/* Returns a name for the binding of the Interface row 'uuid' to 'port_id', so
 * that neither a new row with the name of an old one nor an old row with a new
 * binding counts as installed before it is.  The caller must free it. */
static char *
binding_key(const struct uuid *uuid, const char *port_id)
{
    return xasprintf(UUID_FMT" %s", UUID_ARGS(uuid), port_id ? port_id : "");
}

/* Says what the switch has all flows of the port for, a number, or 0 if it has
 * not, or what is wrong with the port, unless 'error' is NULL. */
void
hnv_bindings_set(struct hnv_bindings *b, const struct uuid *iface,
                 const char *port_id, uint32_t installed, const char *error)
{
    char *key = binding_key(iface, port_id);
    const char *old = smap_get(&b->states, key);
    char *new = (error ? xstrdup(error)
                 : installed ? xasprintf("%c%08"PRIx32, INSTALLED, installed)
                 : xstrdup(""));

    if (!old || strcmp(old, new)) {
        smap_replace(&b->states, key, new);
        b->changed = true;
    }
    free(new);
    free(key);
}

/* Makes external_ids of 'iface' have 'value' for 'key', or not have 'key' if
 * that is NULL. */
static void
iface_set_key(const struct ovsrec_interface *iface, const char *key,
              const char *value)
{
    if (nullable_string_is_equal(smap_get(&iface->external_ids, key),
                                 value)) {
        return;
    } else if (value) {
        ovsrec_interface_update_external_ids_setkey(iface, key, value);
    } else {
        ovsrec_interface_update_external_ids_delkey(iface, key);
    }
}

/* Writes 'state', which may be NULL, to 'iface'. */
static void
write_state(const struct ovsrec_interface *iface, const char *state)
{
    bool installed = state && state[0] == INSTALLED;

    iface_set_key(iface, "hnv-installed", installed ? "true" : NULL);
    iface_set_key(iface, "hnv-installed-as", installed ? state + 1 : NULL);
    iface_set_key(iface, "hnv-error",
                  state && state[0] && !installed ? state : NULL);
}

/* Writes what differs from what we were told, and forgets bindings that are
 * gone. */
void
hnv_bindings_write(struct hnv_bindings *b, struct ovsdb_idl *idl)
{
    struct smap current = SMAP_INITIALIZER(&current);
    const struct ovsrec_interface *iface;

    OVSREC_INTERFACE_FOR_EACH (iface, idl) {
        char *key = binding_key(&iface->header_.uuid,
                                smap_get(&iface->external_ids,
                                         "hnv-port-id"));
        bool bound = hnv_binding_exists(iface);
        const char *state = bound ? smap_get(&b->states, key) : NULL;

        if (state || !bound) {
            write_state(iface, state);
        }
        if (state) {
            smap_add(&current, key, state);
        }
        free(key);
    }
    hmap_swap(&b->states.map, &current.map);
    smap_destroy(&current);
    b->changed = false;
}

uint32_t
hnv_bindings_read(const struct ovsrec_interface *iface)
{
    const struct smap *ids = &iface->external_ids;

    return (smap_get_bool(ids, "hnv-installed", false)
            ? strtoul(smap_get_def(ids, "hnv-installed-as", ""), NULL, 16)
            : 0);
}

bool
hnv_binding_exists(const struct ovsrec_interface *iface)
{
    const struct smap *ids = &iface->external_ids;

    return (smap_get_def(ids, "hnv-port-id", "")[0]
            || smap_get(ids, "hnv-vsid") || smap_get(ids, "hnv-uplink"));
}

/* Returns what is wrong with the keys by which 'iface' wants to be a port, or
 * NULL, which the caller frees, and stores in '*vsid' the VSID that it names
 * itself, or 0. */
char *
hnv_binding_check(const struct ovsrec_interface *iface, uint32_t *vsid)
{
    const struct smap *ids = &iface->external_ids;
    const char *own = smap_get(ids, "hnv-vsid");
    bool has_id = smap_get_def(ids, "hnv-port-id", "")[0];
    char *error = NULL;

    *vsid = 0;
    if (smap_get(ids, "hnv-uplink") && (has_id || own)) {
        return xasprintf("it has hnv-uplink, but also %s; remove one of them",
                         has_id ? "hnv-port-id" : "hnv-vsid");
    }
    if (own && !has_id) {
        char *reason = hnv_vsid_parse(own, vsid);

        if (reason) {
            error = xasprintf("external_ids:hnv-vsid: %s", reason);
            free(reason);
        }
    }
    return error;
}

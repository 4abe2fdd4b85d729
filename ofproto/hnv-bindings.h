/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_BINDINGS_H
#define HNV_BINDINGS_H 1

#include <stdbool.h>
#include <stdint.h>

#include "smap.h"

struct ovsdb_idl;
struct ovsrec_interface;
struct uuid;

/* What interfaces are told about being ports
 * ==========================================
 *
 * What
 * ----
 *
 * Writes to external_ids of the Interfaces in the Open_vSwitch database:
 *
 *    - hnv-installed, "true" while the switch has all flows of the port.
 *
 *    - hnv-installed-as, a number that says what these flows were for, by
 *      which the next hnv-agent knows whether that has changed meanwhile.
 *
 *    - hnv-error, why the interface cannot be a port.
 *
 * Also says whether an Interface wants to be one, by what keys it has.
 *
 *
 * What not
 * --------
 *
 * The module does not know what the number means: see hnv_zones_hash().
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

struct hnv_bindings {
    /* What hnv_bindings_set() said, by binding: INSTALLED and the number in
     * hexadecimal, what is wrong, or "".  A port that is not here keeps what
     * an earlier hnv-agent wrote, because we do not know better yet. */
    struct smap states;
    bool changed;
};

void hnv_bindings_init(struct hnv_bindings *);
void hnv_bindings_destroy(struct hnv_bindings *);
void hnv_bindings_set(struct hnv_bindings *, const struct uuid *iface,
                      const char *port_id, uint32_t installed,
                      const char *error);
void hnv_bindings_write(struct hnv_bindings *, struct ovsdb_idl *);

/* Returns the number that is written to the interface, or 0. */
uint32_t hnv_bindings_read(const struct ovsrec_interface *);

/* Whether the interface wants to be a port. */
bool hnv_binding_exists(const struct ovsrec_interface *);
char *hnv_binding_check(const struct ovsrec_interface *, uint32_t *vsid);

#endif /* hnv-bindings.h */

/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "nvgre-execute.h"

#include <string.h>

#include "dp-packet.h"
#include "dpif.h"
#include "flow.h"
#include "openvswitch/ofpbuf.h"
#include "sset.h"

/* Opens the datapath of 'type' that has nvgre ports and stores in '*in_port'
 * the port in whose name it receives their packets.  Returns NULL if there is
 * none. */
static struct dpif *
open_datapath_of_type(const char *type, odp_port_t *in_port)
{
    struct dpif *found = NULL;
    struct sset names;
    const char *name;

    sset_init(&names);
    dp_enumerate_names(type, &names);
    SSET_FOR_EACH (name, &names) {
        struct dpif_port port;
        struct dpif *dpif;

        if (dpif_open(name, type, &dpif)) {
            continue;
        }
        if (!dpif_port_query_by_name(dpif, "nvgre_sys", &port)) {
            *in_port = port.port_no;
            dpif_port_destroy(&port);
            found = dpif;
            break;
        }
        dpif_close(dpif);
    }
    sset_destroy(&names);
    return found;
}

/* Opens the datapath that has nvgre ports and stores in '*in_port' the port in
 * whose name it receives their packets.  Returns NULL if there is none.
 * Otherwise, the caller must close it again soon, since a datapath lives as
 * long as it is open. */
struct dpif *
nvgre_execute_open(odp_port_t *in_port)
{
    struct dpif *dpif = NULL;
    struct sset types;
    const char *type;

    sset_init(&types);
    dp_enumerate_types(&types);
    SSET_FOR_EACH (type, &types) {
        dpif = open_datapath_of_type(type, in_port);
        if (dpif) {
            break;
        }
    }
    sset_destroy(&types);
    return dpif;
}

/* Executes 'actions' on 'packet', with the metadata that it has, in 'dpif'.
 * The packet stays the caller's, and may have been changed.  Returns 0, or a
 * positive errno value. */
int
nvgre_execute(struct dpif *dpif, struct dp_packet *packet,
              const struct ofpbuf *actions)
{
    struct dpif_execute execute;
    struct flow flow;

    flow_extract(packet, &flow);
    memset(&execute, 0, sizeof execute);
    execute.actions = actions->data;
    execute.actions_len = actions->size;
    execute.flow = &flow;
    execute.packet = packet;
    return dpif_execute(dpif, &execute);
}

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_ECN_H
#define NVGRE_ECN_H 1

#include <stddef.h>
#include <stdint.h>

#include "nvgre-drops.h"

/* ECN across the tunnel
 * =====================
 *
 * What
 * ----
 *
 * RFC 6040: what becomes of the two ECN bits when a packet enters and leaves
 * a tunnel.  Entering, in normal mode (section 4.1), the outer header gets a
 * copy of the inner bits, CE included; stock Open vSwitch sends ECT(0) for CE
 * instead, as the older RFC 3168 had it.  Leaving (section 4.2, figure 4):
 *
 *                               outer
 *             inner    Not-ECT  ECT(0)   ECT(1)   CE
 *             -------  -------  -------  -------  -------
 *             Not-ECT  Not-ECT  Not-ECT  Not-ECT  drop
 *             ECT(0)   ECT(0)   ECT(0)   ECT(1)   CE
 *             ECT(1)   ECT(1)   ECT(1)   ECT(1)   CE
 *             CE       CE       CE       CE       CE
 *
 *
 * What not
 * --------
 *
 * DSCP, the other six bits of the byte, stays as the sender set it on both
 * sides (RFC 2983, pipe model), unless the port has tos=inherit.
 *
 *
 * Thread-safety
 * -------------
 *
 * Any function may be called from any thread at any time. */

uint8_t nvgre_ecn_encap(uint8_t outer_tos, uint8_t inner_tos);
enum nvgre_drop nvgre_ecn_decap(uint8_t outer_tos, void *frame, size_t size);

#endif /* nvgre-ecn.h */

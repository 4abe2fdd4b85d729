/* SPDX-License-Identifier: Apache-2.0 */

#ifndef NVGRE_UNIXCTL_H
#define NVGRE_UNIXCTL_H 1

/* ovs-appctl nvgre/...
 * ====================
 *
 * What
 * ----
 *
 * The commands with which an operator looks at nvgre ports: nvgre/show,
 * nvgre/peers, and nvgre/drops.  ovs-nvgre(7) documents them.
 *
 * What not
 * --------
 *
 * None of them changes anything.
 *
 * Thread-safety
 * -------------
 *
 * For the main thread only. */

void nvgre_unixctl_init(void);

#endif /* nvgre-unixctl.h */

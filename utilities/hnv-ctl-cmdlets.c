/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "hnv-ctl.h"
void hnv_ctl_cmdlets_fix_case(char *argv[] OVS_UNUSED) {}
const struct ctl_command_syntax hnv_ctl_cmdlets[] = {
    { NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO },
};

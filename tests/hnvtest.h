/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNVTEST_H
#define HNVTEST_H 1

/* Unit test programs
 * ==================
 *
 * What
 * ----
 *
 * All unit tests in C are commands of one program, "hnvtest", which thus needs
 * linking only once.  A source file adds its command with HNVTEST_REGISTER, at
 * file scope, and is listed in hnvtest.mk:
 *
 *     static void
 *     test_foo(struct ovs_cmdl_context *ctx)
 *     {
 *         // ctx->argv[1] and so on are what follows "hnvtest foo".
 *     }
 *
 *     HNVTEST_REGISTER("foo", test_foo);
 *
 *
 * What not
 * --------
 *
 * The program does not judge.  A command prints what it sees and the .at file
 * that runs it says what that should be.
 *
 *
 * Thread-safety
 * -------------
 *
 * Commands are registered before main() starts, from a single thread. */

#include "command-line.h"
#include "openvswitch/compiler.h"

void hnvtest_register(const char *name, ovs_cmdl_handler);

#define HNVTEST_REGISTER(NAME, HANDLER)                         \
    OVS_CONSTRUCTOR(register_##HANDLER)                         \
    {                                                           \
        hnvtest_register(NAME, HANDLER);                        \
    }                                                           \
    BUILD_ASSERT_DECL(true)

#endif /* hnvtest.h */

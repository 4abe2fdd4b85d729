/* SPDX-License-Identifier: Apache-2.0 */

#ifndef FUZZ_H
#define FUZZ_H 1

#include <stddef.h>
#include <stdint.h>

/* Fuzz targets
 * ============
 *
 * What
 * ----
 *
 * A target is a file NAME_target.c with one function that is fed arbitrary
 * bytes and asserts what must hold whatever they are:
 *
 *     static void
 *     fuzz(const uint8_t *data, size_t size)
 *     {
 *         ...
 *     }
 *
 *     FUZZ_TARGET("nvgre-parse", fuzz);
 *
 * It is compiled twice: for libFuzzer, by "make fuzz", with FUZZING defined;
 * and as a command of hnvtest, "hnvtest fuzz-nvgre-parse FILE...", by which
 * "make check" replays the corpus.
 *
 *
 * What not
 * --------
 *
 * Targets do not know what is right, only what cannot be.  The unit tests
 * know.
 *
 *
 * Thread-safety
 * -------------
 *
 * For one thread. */

typedef void fuzz_function(const uint8_t *data, size_t size);

#ifdef FUZZING

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define FUZZ_TARGET(NAME, FUNCTION)                             \
    int                                                         \
    LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)    \
    {                                                           \
        FUNCTION(data, size);                                   \
        return 0;                                               \
    }                                                           \
    BUILD_ASSERT_DECL(true)

#else

#include "../hnvtest.h"

void fuzz_replay_files(const struct ovs_cmdl_context *, fuzz_function *);

#define FUZZ_TARGET(NAME, FUNCTION)                             \
    static void                                                 \
    replay_##FUNCTION(struct ovs_cmdl_context *ctx)             \
    {                                                           \
        fuzz_replay_files(ctx, FUNCTION);                       \
    }                                                           \
    HNVTEST_REGISTER("fuzz-" NAME, replay_##FUNCTION)

#endif

#endif /* fuzz.h */

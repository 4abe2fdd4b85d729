/* SPDX-License-Identifier: Apache-2.0 */

#ifndef TEST_NVGRE_UTIL_H
#define TEST_NVGRE_UTIL_H 1

#include <stddef.h>
#include <stdint.h>

/* What the nvgre commands of hnvtest share
 * ========================================
 *
 * What
 * ----
 *
 * Commands that judge many packets read them from stdin, one case per line, so
 * that thousands of cases cost one process.  A line is words: packet bytes are
 * hexadecimal and may be spread over many words, the others say how to judge
 * them.
 *
 * What not
 * --------
 *
 * Nothing here knows any protocol.
 *
 * Thread-safety
 * -------------
 *
 * For one thread. */

struct ds;
struct svec;

/* Handles one line, which is never empty. */
typedef void test_line_handler(struct svec *words);

void test_each_line(test_line_handler *);
uint8_t *test_take_hex(struct svec *words, size_t *size);
void test_print_hex(const void *data, size_t size);
uint32_t test_number(const char *);

#endif /* test-nvgre-util.h */

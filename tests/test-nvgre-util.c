/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "test-nvgre-util.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "svec.h"
#include "util.h"

/* Calls 'handle' for each line of stdin that has words, split.  A "#" starts a
 * comment. */
void
test_each_line(test_line_handler *handle)
{
    struct ds line = DS_EMPTY_INITIALIZER;

    while (!ds_get_preprocessed_line(&line, stdin, NULL)) {
        struct svec words = SVEC_EMPTY_INITIALIZER;

        svec_parse_words(&words, ds_cstr(&line));
        handle(&words);
        svec_destroy(&words);
    }
    ds_destroy(&line);
}

static bool
is_hex(const char *s)
{
    return !s[strspn(s, "0123456789abcdef")];
}

/* Removes the words that are hexadecimal from 'words' and returns the bytes
 * that they are, a buffer that the caller must free.  It has no byte to spare,
 * so that a sanitizer sees what reads beyond it. */
uint8_t *
test_take_hex(struct svec *words, size_t *size)
{
    struct ds digits = DS_EMPTY_INITIALIZER;
    uint8_t *bytes;
    size_t kept = 0;

    for (size_t i = 0; i < words->n; i++) {
        if (is_hex(words->names[i])) {
            ds_put_cstr(&digits, words->names[i]);
            free(words->names[i]);
        } else {
            words->names[kept++] = words->names[i];
        }
    }
    words->n = kept;

    if (digits.length % 2) {
        ovs_fatal(0, "%s: odd number of digits", ds_cstr(&digits));
    }
    *size = digits.length / 2;
    bytes = xmalloc(*size);
    for (size_t i = 0; i < *size; i++) {
        bytes[i] = hexit_value(digits.string[2 * i]) << 4
                   | hexit_value(digits.string[2 * i + 1]);
    }
    ds_destroy(&digits);
    return bytes;
}

/* Prints the 'size' bytes at 'data' in hexadecimal, without a new-line. */
void
test_print_hex(const void *data, size_t size)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < size; i++) {
        printf("%02x", bytes[i]);
    }
}

/* Returns the number 's', in C notation. */
uint32_t
test_number(const char *s)
{
    char *end;
    unsigned long long int n = strtoull(s, &end, 0);

    if (!isdigit((unsigned char) *s) || *end || n > UINT32_MAX) {
        ovs_fatal(0, "%s: not a number of 32 bits", s);
    }
    return n;
}

/* SPDX-License-Identifier: Apache-2.0 */

#ifndef HNV_TLS_H
#define HNV_TLS_H 1

#include <stdbool.h>

/* How hnv-agent proves who it is
 * ==============================
 *
 * What
 * ----
 *
 * Open vSwitch's lib/stream-ssl reads the private key and the certificates
 * that the command line names, once.  Certificates expire, and are renewed by
 * programs that replace files.  This module reads the files again when that
 * has happened: the new ones count from the next connection on, and no
 * connection is interrupted.
 *
 * The certificate's file says when: a new key alone is of no use, and a key
 * that is not that of the certificate in use is refused by OpenSSL.  So a
 * program that renews both replaces the key first.  A file that was changed
 * less than a second ago may not be complete and is left alone until then.
 *
 * The module also finds words for why there is no connection, since a failed
 * handshake is an errno that says nothing.
 *
 *
 * What not
 * --------
 *
 * Files that cannot be read are lib/stream-ssl's to complain about.
 *
 *
 * Thread-safety
 * -------------
 *
 * For use from the main thread only. */

void hnv_tls_set_private_key(const char *file_name);
void hnv_tls_set_certificate(const char *file_name);
void hnv_tls_set_ca_cert(const char *file_name, bool bootstrap);

void hnv_tls_run(void);
void hnv_tls_wait(void);

char *hnv_tls_explain(const char *remote, int error);

#endif /* hnv-tls.h */

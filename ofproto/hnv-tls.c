/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "stream-ssl.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(hnv_tls);

/* How long a file must stay as it is before it is read again, in ms. */
#define HNV_TLS_SETTLE_MS 1000

static char *private_key;       /* NULL if not set. */
static char *certificate;       /* NULL if not set. */
static char *ca_cert;           /* NULL if not set. */
static bool bootstrap;          /* Trust what the first server presents? */
static struct timespec loaded;  /* Time stamp of the certificate in use. */

/* Stores the time stamp of 'certificate' in '*mtime' and returns true if it is
 * not the one in use. */
static bool
hnv_tls_has_changed(struct timespec *mtime)
{
    struct stat s;

    if (!certificate || stat(certificate, &s)) {
        return false;
    }
    *mtime = s.st_mtim;
    return (s.st_mtim.tv_sec != loaded.tv_sec
            || s.st_mtim.tv_nsec != loaded.tv_nsec);
}

/* Returns the time when a file that was changed at 'mtime' may be read, in ms
 * of time_msec(). */
static long long int
hnv_tls_due(const struct timespec *mtime)
{
    long long int age = time_wall_msec() - (mtime->tv_sec * 1000LL
                                            + mtime->tv_nsec / 1000000);

    /* A file from the future, as after a step of the clock, is as good as
     * any. */
    return (age < 0 || age >= HNV_TLS_SETTLE_MS ? 0
            : time_msec() + HNV_TLS_SETTLE_MS - age);
}

/* OpenSSL drops a key that does not fit a new certificate, but refuses a new
 * key that does not fit the old one. */
static void
hnv_tls_load(void)
{
    stream_ssl_set_certificate_file(certificate);
    stream_ssl_set_private_key_file(private_key);
}

/* Returns 'file_name' so that it names the same file after a daemon has
 * changed its directory.  "none" is no file: it says not to verify. */
static char *
absolute_name(const char *file_name)
{
    return (strcmp(file_name, "none") ? abs_file_name(NULL, file_name)
            : xstrdup(file_name));
}

/* Uses the private key in the file 'file_name'. */
void
hnv_tls_set_private_key(const char *file_name)
{
    free(private_key);
    private_key = absolute_name(file_name);
    stream_ssl_set_private_key_file(private_key);
}

/* Uses the certificate in the file 'file_name'. */
void
hnv_tls_set_certificate(const char *file_name)
{
    free(certificate);
    certificate = absolute_name(file_name);
    hnv_tls_has_changed(&loaded);
    stream_ssl_set_certificate_file(certificate);
}

/* Trusts servers that the authority signed whose certificate is in the file
 * 'file_name'.  If 'bootstrap_' is true and there is no such file, trusts the
 * first server and makes it. */
void
hnv_tls_set_ca_cert(const char *file_name, bool bootstrap_)
{
    free(ca_cert);
    ca_cert = absolute_name(file_name);
    bootstrap = bootstrap_;
    stream_ssl_set_ca_cert_file(ca_cert, bootstrap);
}

/* Reads files that have changed.  The caller must call this often, before it
 * connects to anything, and then hnv_tls_wait() before it blocks. */
void
hnv_tls_run(void)
{
    struct timespec mtime;

    if (ca_cert) {
        stream_ssl_set_ca_cert_file(ca_cert, bootstrap);
    }
    if (private_key && hnv_tls_has_changed(&mtime)
        && !hnv_tls_due(&mtime)) {
        VLOG_INFO("%s has changed, using it from now on", certificate);
        loaded = mtime;
        hnv_tls_load();
    }
}

/* Arranges for poll_block() to wake up when hnv_tls_run() has work that
 * something else woke us up for too early. */
void
hnv_tls_wait(void)
{
    struct timespec mtime;

    if (private_key && hnv_tls_has_changed(&mtime)) {
        poll_timer_wait_until(hnv_tls_due(&mtime));
    }
}

static char *
hnv_tls_explain_missing(void)
{
    return xasprintf(
        "hnv-remote asks for TLS, for which hnv-agent needs %s; start it with "
        "--private-key, --certificate, and --ca-cert",
        !private_key ? "a private key"
        : !certificate ? "a certificate"
        : !ca_cert ? "the certificate of an authority"
        : "its private key and certificates to be readable");
}

static const char *
name_or(const char *name, const char *none)
{
    return name ? name : none;
}

static char *
hnv_tls_explain_handshake(void)
{
    return xasprintf(
        "TLS failed: the server's certificate is not signed by the authority "
        "in %s (--ca-cert), or the server does not accept %s (--certificate)",
        name_or(ca_cert, "no file at all"),
        name_or(certificate, "no certificate"));
}

/* With TLS 1.3, a server refuses a certificate after the client believes to be
 * connected, and whether the client reads the reason before it writes is a
 * matter of chance. */
static char *
hnv_tls_explain_close(int error)
{
    return xasprintf(
        "the server broke the connection (%s); if it does so each time, it "
        "does not accept %s (--certificate), which must be signed by the "
        "authority that \"hnv-ctl get-ssl\" prints, and not have expired",
        ovs_retval_to_string(error), name_or(certificate, "no certificate"));
}

/* Returns why there is no connection to 'remote', on which 'error' occurred,
 * a positive errno or EOF, or NULL if that is 0.  The caller must free it. */
char *
hnv_tls_explain(const char *remote, int error)
{
    bool tls = remote && strstr(remote, "ssl:");

    if (!error) {
        return NULL;
    } else if (tls && error == ENOPROTOOPT) {
        return hnv_tls_explain_missing();
    } else if (tls && error == EPROTO) {
        return hnv_tls_explain_handshake();
    } else if (tls && (error == EIO || error == EPIPE
                       || error == ECONNRESET)) {
        return hnv_tls_explain_close(error);
    } else if (error == ECONNREFUSED || error == ENOENT) {
        return xasprintf("no server listens there; compare hnv-remote with "
                         "\"hnv-ctl get-connection\"");
    } else if (error == EAFNOSUPPORT) {
        return xstrdup("hnv-remote must be such as ssl:192.0.2.1:6640, "
                       "tcp:192.0.2.1:6640, or unix:FILE");
    }
    return xstrdup(ovs_retval_to_string(error));
}

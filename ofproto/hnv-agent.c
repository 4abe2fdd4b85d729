/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include <errno.h>
#include <getopt.h>
#if HAVE_DECL_MALLOC_TRIM
#include <malloc.h>
#endif
#include <signal.h>
#include <stdlib.h>

#include "command-line.h"
#include "coverage.h"
#include "daemon.h"
#include "dirs.h"
#include "fatal-signal.h"
#include "hnv-engine.h"
#include "hnv-tls.h"
#include "memory.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "simap.h"
#include "stream-ssl.h"
#include "stream.h"
#include "unixctl.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(hnv_agent);

COVERAGE_DEFINE(hnv_agent_wakeup);

/* --unixctl: Name of the control socket, or NULL for the default. */
static char *unixctl_path;

static char *parse_options(int argc, char *argv[]);
OVS_NO_RETURN static void usage(void);

/* ovs-appctl exit. */
static void
hnv_agent_exit(struct unixctl_conn *conn, int argc OVS_UNUSED,
               const char *argv[] OVS_UNUSED, void *exiting_)
{
    bool *exiting = exiting_;

    *exiting = true;
    unixctl_command_reply(conn, NULL);
}

/* Rows come and go by the hundred thousand, in many small pieces.  The C
 * library keeps those of up to 128 bytes apart when they are freed, and walks
 * through all of them whenever a larger piece is needed. */
static void
hnv_agent_tune_malloc(void)
{
#if HAVE_DECL_MALLOC_TRIM
    mallopt(M_MXFAST, 0);
#endif
}

static void
hnv_agent_memory(const struct hnv_engine *engine)
{
    memory_run();
    if (memory_should_report()) {
        struct simap usage = SIMAP_INITIALIZER(&usage);

        hnv_engine_get_memory_usage(engine, &usage);
        memory_report(&usage);
        simap_destroy(&usage);
    }
    memory_wait();
}

int
main(int argc, char *argv[])
{
    struct unixctl_server *unixctl;
    struct hnv_engine *engine;
    bool exiting = false;
    char *ovs_remote;
    int retval;

    hnv_agent_tune_malloc();
    ovs_cmdl_proctitle_init(argc, argv);
    ovs_set_program_name(argv[0], HNV_VERSION);
    ovs_remote = parse_options(argc, argv);
    fatal_ignore_sigpipe();

    daemonize_start(false, false);
    retval = unixctl_server_create(unixctl_path, &unixctl);
    if (retval) {
        exit(EXIT_FAILURE);
    }
    unixctl_command_register("exit", "", 0, 0, hnv_agent_exit, &exiting);
    engine = hnv_engine_create(ovs_remote);
    daemonize_complete();

    while (!exiting) {
        COVERAGE_INC(hnv_agent_wakeup);
        hnv_tls_run();
        hnv_engine_run(engine);
        unixctl_server_run(unixctl);
        hnv_agent_memory(engine);

        unixctl_server_wait(unixctl);
        hnv_tls_wait();
        hnv_engine_wait(engine);
        if (exiting) {
            poll_immediate_wake();
        }
        poll_block();
    }

    /* The switch keeps its flows, so that the next hnv-agent finds them and
     * traffic goes on until then. */
    hnv_engine_destroy(engine);
    unixctl_server_destroy(unixctl);
    free(unixctl_path);
    free(ovs_remote);
    return 0;
}

enum {
    OPT_UNIXCTL = UCHAR_MAX + 1,
    OPT_PEER_CA_CERT,
    OPT_BOOTSTRAP_CA_CERT,
    VLOG_OPTION_ENUMS,
    DAEMON_OPTION_ENUMS,
    SSL_OPTION_ENUMS,
};

static const struct option long_options[] = {
    {"unixctl", required_argument, NULL, OPT_UNIXCTL},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"peer-ca-cert", required_argument, NULL, OPT_PEER_CA_CERT},
    {"bootstrap-ca-cert", required_argument, NULL, OPT_BOOTSTRAP_CA_CERT},
    DAEMON_LONG_OPTIONS,
    VLOG_LONG_OPTIONS,
    STREAM_SSL_LONG_OPTIONS,
    {NULL, 0, NULL, 0},
};

/* Processes option 'c' if it is one about TLS, or returns false. */
static bool
parse_tls_option(int c)
{
    switch (c) {
    case OPT_PEER_CA_CERT:
        stream_ssl_set_peer_ca_cert_file(optarg);
        break;
    case OPT_BOOTSTRAP_CA_CERT:
        hnv_tls_set_ca_cert(optarg, true);
        break;
    case 'p':
        hnv_tls_set_private_key(optarg);
        break;
    case 'c':
        hnv_tls_set_certificate(optarg);
        break;
    case 'C':
        hnv_tls_set_ca_cert(optarg, false);
        break;
    case OPT_SSL_PROTOCOLS:
        stream_ssl_set_protocols(optarg);
        break;
    case OPT_SSL_CIPHERS:
        stream_ssl_set_ciphers(optarg);
        break;
    case OPT_SSL_CIPHERSUITES:
        stream_ssl_set_ciphersuites(optarg);
        break;
    case OPT_SSL_SERVER_NAME:
        stream_ssl_set_server_name(optarg);
        break;
    default:
        return false;
    }
    return true;
}

/* Parses the options and returns the name of the local database, which the
 * caller must free. */
static char *
parse_options(int argc, char *argv[])
{
    char *short_options = ovs_cmdl_long_options_to_short_options(long_options);

    for (;;) {
        int c = getopt_long(argc, argv, short_options, long_options, NULL);

        if (c == -1) {
            break;
        }
        switch (c) {
        case 'h':
            usage();
        case OPT_UNIXCTL:
            unixctl_path = xstrdup(optarg);
            break;
        case 'V':
            ovs_print_version(0, 0);
            exit(EXIT_SUCCESS);
        VLOG_OPTION_HANDLERS
        DAEMON_OPTION_HANDLERS
        default:
            if (!parse_tls_option(c)) {
                exit(EXIT_FAILURE);
            }
        }
    }
    free(short_options);

    if (argc - optind > 1) {
        VLOG_FATAL("at most one non-option argument is accepted: the local "
                   "Open_vSwitch database; use --help for help");
    }
    return (optind < argc ? xstrdup(argv[optind])
            : xasprintf("unix:%s/db.sock", ovs_rundir()));
}

static void
usage(void)
{
    printf("%s: Hyper-V Network Virtualization on this host\n"
           "usage: %s [OPTIONS] [DATABASE]\n"
           "where DATABASE is the Open_vSwitch database of this host\n"
           "(default: unix:%s/db.sock).\n"
           "The HNV database and everything else is configured there; see\n"
           "hnv-agent(8).\n",
           program_name, program_name, ovs_rundir());
    stream_usage("DATABASE", true, false, true);
    daemon_usage();
    vlog_usage();
    printf("\nOther options:\n"
           "  --unixctl=SOCKET            override default control socket "
           "name\n"
           "  -h, --help                  display this help message\n"
           "  -V, --version               display version information\n");
    exit(EXIT_SUCCESS);
}

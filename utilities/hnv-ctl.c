/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "hnv-ctl.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "command-line.h"
#include "dirs.h"
#include "fatal-signal.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovsdb-data.h"
#include "process.h"
#include "stream-ssl.h"
#include "stream.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(hnv_ctl);

/* --db, or the environment variable HNV_DB, or the default. */
static const char *db;

/* --wait=hosts. */
static bool wait_for_hosts;

/* --timeout, in seconds, 0 for none. */
static unsigned int timeout;

static bool oneline;
static bool dry_run;

/* Our lists are tables without quotes, unless --format or --data says
 * otherwise.  The generic "list" has other defaults. */
static struct table_style table_style = TABLE_STYLE_DEFAULT;
static bool format_is_set, data_is_set;

/* For hnv_ctl_exit() only. */
static struct ovsdb_idl *the_idl;
static struct ovsdb_idl_txn *the_idl_txn;

/* Exit status: a command that gives a verdict sets it. */
int hnv_ctl_status = EXIT_SUCCESS;
const char *hnv_ctl_remote;

static const struct ctl_command_syntax *const command_arrays[] = {
    hnv_ctl_admin_commands,
    hnv_ctl_show_commands,
    hnv_ctl_policy_commands,
    hnv_ctl_record_commands,
    hnv_ctl_host_commands,
    hnv_ctl_port_commands,
    hnv_ctl_network_commands,
    hnv_ctl_pool_commands,
    hnv_ctl_trace_commands,
    hnv_ctl_drops_commands,
    hnv_ctl_cmdlets,
    hnv_ctl_import_commands,
};

/* Frees everything, so that valgrind has nothing to complain about. */
OVS_NO_RETURN static void
hnv_ctl_exit(int status)
{
    if (the_idl_txn) {
        ovsdb_idl_txn_abort(the_idl_txn);
        ovsdb_idl_txn_destroy(the_idl_txn);
    }
    ovsdb_idl_destroy(the_idl);
    exit(status);
}

static char *
default_db(void)
{
    const char *env = getenv("HNV_DB");

    return env && env[0] ? xstrdup(env)
                         : xasprintf("unix:%s/hnv.sock", ovs_rundir());
}

/* Whether --format was given, for commands whose output may be no table. */
bool
hnv_ctl_format_is_set(void)
{
    return format_is_set;
}

/* Whether --format=json was given, for commands whose output is no table. */
bool
hnv_ctl_format_is_json(void)
{
    return format_is_set && table_style.format == TF_JSON;
}

/* ------------------------------------------------------------------------ */
/* Options.                                                                 */
/* ------------------------------------------------------------------------ */

OVS_NO_RETURN static void
usage(void)
{
    char *database = default_db();

    printf("%s: edit and show the HNV policy database\n"
           "usage: %s [OPTIONS] COMMAND [ARG...] [-- COMMAND [ARG...]]...\n",
           program_name, program_name);
    printf("\nCommands (hnv-ctl(8) explains them):\n");
    for (size_t i = 0; i < ARRAY_SIZE(command_arrays); i++) {
        for (const struct ctl_command_syntax *c = command_arrays[i]; c->name;
             c++) {
            printf("  %s %s\n", c->name, c->arguments);
        }
        putchar('\n');
    }
    printf("%s%s", ctl_get_db_cmd_usage(), ctl_list_db_tables_usage());
    printf("\nOptions:\n"
           "  --db=DATABASE               connect to DATABASE\n"
           "                              (default: %s)\n"
           "  --wait=hosts                wait until all hosts have applied"
           " it\n"
           "  -t, --timeout=SECS          wait at most SECS seconds\n"
           "  --dry-run                   check, but change nothing\n"
           "  --oneline                   print one line for each command\n"
           "  --commands                  print the names of all commands\n"
           "  --options                   print all options\n",
           database);
    free(database);
    table_usage();
    vlog_usage();
    printf("  --no-syslog                 same as"
           " --verbose=hnv_ctl:syslog:warn\n");
    stream_usage("database", true, true, true);
    printf("\nOther options:\n"
           "  -h, --help                  display this help message\n"
           "  -V, --version               display version information\n");
    exit(EXIT_SUCCESS);
}

enum {
    OPT_DB = UCHAR_MAX + 1,
    OPT_WAIT,
    OPT_ONELINE,
    OPT_NO_SYSLOG,
    OPT_DRY_RUN,
    OPT_COMMANDS,
    OPT_OPTIONS,
    OPT_LOCAL,
    OPT_BOOTSTRAP_CA_CERT,
    OPT_PEER_CA_CERT,
    VLOG_OPTION_ENUMS,
    TABLE_OPTION_ENUMS,
    SSL_OPTION_ENUMS,
};

static const struct option global_options[] = {
    {"db", required_argument, NULL, OPT_DB},
    {"wait", required_argument, NULL, OPT_WAIT},
    {"no-syslog", no_argument, NULL, OPT_NO_SYSLOG},
    {"dry-run", no_argument, NULL, OPT_DRY_RUN},
    {"oneline", no_argument, NULL, OPT_ONELINE},
    {"timeout", required_argument, NULL, 't'},
    {"commands", no_argument, NULL, OPT_COMMANDS},
    {"options", no_argument, NULL, OPT_OPTIONS},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    VLOG_LONG_OPTIONS,
    TABLE_LONG_OPTIONS,
    STREAM_SSL_LONG_OPTIONS,
    {"bootstrap-ca-cert", required_argument, NULL, OPT_BOOTSTRAP_CA_CERT},
    {"peer-ca-cert", required_argument, NULL, OPT_PEER_CA_CERT},
    {NULL, 0, NULL, 0},
};

static void
set_wait(const char *what)
{
    if (strcmp(what, "hosts") && strcmp(what, "none")) {
        ctl_fatal("--wait=%s: \"hosts\" and \"none\" are what there is",
                  what);
    }
    wait_for_hosts = !strcmp(what, "hosts");
}

/* The options that only say something and leave. */
static void
handle_question(int c)
{
    switch (c) {
    case OPT_COMMANDS:
        ctl_print_commands();
        break;
    case OPT_OPTIONS:
        ctl_print_options(global_options);
        break;
    case 'V':
        ovs_print_version(0, 0);
        printf("DB Schema %s\n", hnvrec_get_db_version());
        exit(EXIT_SUCCESS);
    case 'h':
        usage();
    }
}

static void
handle_option(int c)
{
    switch (c) {
    case OPT_DB:
        db = optarg;
        break;
    case OPT_WAIT:
        set_wait(optarg);
        break;
    case OPT_ONELINE:
        oneline = true;
        break;
    case OPT_NO_SYSLOG:
        vlog_set_levels(&this_module, VLF_SYSLOG, VLL_WARN);
        break;
    case OPT_DRY_RUN:
        dry_run = true;
        break;
    case 't':
        if (!str_to_uint(optarg, 10, &timeout) || !timeout) {
            ctl_fatal("value %s on -t or --timeout is invalid", optarg);
        }
        break;

    VLOG_OPTION_HANDLERS
    TABLE_OPTION_HANDLERS(&table_style)
    STREAM_SSL_OPTION_HANDLERS

    case OPT_BOOTSTRAP_CA_CERT:
        stream_ssl_set_ca_cert_file(optarg, true);
        break;
    case OPT_PEER_CA_CERT:
        stream_ssl_set_peer_ca_cert_file(optarg);
        break;
    case '?':
        exit(EXIT_FAILURE);
    default:
        handle_question(c);
    }
}

/* Parses global options, and those of the first command, which go to
 * 'local_options'. */
static void
parse_options(int argc, char *argv[], struct shash *local_options)
{
    size_t n_options = ARRAY_SIZE(global_options) - 1;
    size_t allocated = ARRAY_SIZE(global_options);
    struct option *options = xmemdup(global_options, sizeof global_options);
    char *letters = ovs_cmdl_long_options_to_short_options(global_options);
    char *short_options = xasprintf("+%s", letters);

    free(letters);
    ctl_add_cmd_options(&options, &n_options, &allocated, OPT_LOCAL);
    for (;;) {
        int idx = INT_MAX;
        int c = getopt_long(argc, argv, short_options, options, &idx);

        if (c == -1) {
            break;
        }
        if (c == OPT_LOCAL) {
            char *name = xasprintf("--%s", options[idx].name);

            if (shash_find(local_options, name)) {
                ctl_fatal("'%s' option specified multiple times", name);
            }
            shash_add_nocopy(local_options, name, nullable_xstrdup(optarg));
        } else {
            format_is_set |= c == 'f' || c == OPT_BARE;
            data_is_set |= c == 'd' || c == OPT_BARE;
            handle_option(c);
        }
    }
    free(short_options);
    for (size_t i = ARRAY_SIZE(global_options) - 1; options[i].name; i++) {
        free(CONST_CAST(char *, options[i].name));
    }
    free(options);
    if (!db) {
        db = default_db();
    }
    hnv_ctl_remote = db;
}

/* ------------------------------------------------------------------------ */
/* Commands.                                                                */
/* ------------------------------------------------------------------------ */

/* Returns our command 'name', or null if there is none. */
static const struct ctl_command_syntax *
find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(command_arrays); i++) {
        for (const struct ctl_command_syntax *c = command_arrays[i]; c->name;
             c++) {
            if (!strcmp(name, c->name)) {
                return c;
            }
        }
    }
    return NULL;
}

static void
run_prerequisites(struct ctl_command *commands, size_t n_commands,
                  struct ovsdb_idl *idl)
{
    bool everything = false;

    if (wait_for_hosts) {
        ovsdb_idl_add_table(idl, &hnvrec_table_hnv_global);
        ovsdb_idl_add_column(idl, &hnvrec_hnv_global_col_cfg);
        ovsdb_idl_add_table(idl, &hnvrec_table_host);
        ovsdb_idl_add_column(idl, &hnvrec_host_col_name);
        ovsdb_idl_add_table(idl, &hnvrec_table_host_state);
        ovsdb_idl_add_column(idl, &hnvrec_host_state_col_name);
        ovsdb_idl_add_column(idl, &hnvrec_host_state_col_cfg);
    }
    for (struct ctl_command *c = commands; c < &commands[n_commands]; c++) {
        struct ctl_context ctx;

        everything = everything || !find_command(c->syntax->name);
        if (!c->syntax->prerequisites) {
            continue;
        }
        ds_init(&c->output);
        c->table = NULL;
        ctl_context_init(&ctx, c, idl, NULL, NULL, NULL);
        c->syntax->prerequisites(&ctx);
        if (ctx.error) {
            ctl_fatal("%s", ctx.error);
        }
        ctl_context_done(&ctx, c);
    }
    hnv_ctl_set_conditions(idl, everything);
}

static void
check_symbols(const struct ovsdb_symbol_table *symtab)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &symtab->sh) {
        const struct ovsdb_symbol *symbol = node->data;

        if (!symbol->created) {
            ctl_fatal("row id \"%s\" is referenced but never created (e.g. "
                      "with \"-- --id=%s create ...\")",
                      node->name, node->name);
        }
    }
}

/* Runs all commands.  Returns false if one of them has to wait for something
 * to change in the database. */
static bool
run_commands(struct ctl_command *commands, size_t n, struct ovsdb_idl *idl,
             struct ovsdb_symbol_table *symtab)
{
    for (struct ctl_command *c = commands; c < &commands[n]; c++) {
        struct ctl_context ctx;

        ds_init(&c->output);
        c->table = NULL;
        ctl_context_init(&ctx, c, idl, the_idl_txn, symtab, NULL);
        c->syntax->run(&ctx);
        if (ctx.error) {
            ctl_fatal("%s%s", hnv_ctl_import_origin(c - commands), ctx.error);
        }

        bool try_again = ctx.try_again;
        ctl_context_done(&ctx, c);
        if (try_again) {
            for (c++; c < &commands[n]; c++) {
                ds_init(&c->output);
                c->table = NULL;
            }
            return false;
        }
    }
    check_symbols(symtab);
    return true;
}

static void
free_output(struct ctl_command *commands, size_t n)
{
    for (struct ctl_command *c = commands; c < &commands[n]; c++) {
        ds_destroy(&c->output);
        table_destroy(c->table);
        free(c->table);
    }
}

static void
print_command(const struct ctl_command *c)
{
    if (c->table) {
        struct table_style style = table_style;

        if (find_command(c->syntax->name)) {
            style.format = format_is_set ? style.format : TF_TABLE;
            style.cell_format = data_is_set ? style.cell_format : CF_BARE;
        }
        table_print(c->table, &style);
    } else if (oneline) {
        size_t n = c->output.length;

        while (n && c->output.string[n - 1] == '\n') {
            n--;
        }
        for (size_t i = 0; i < n; i++) {
            int ch = c->output.string[i];

            fputs(ch == '\n' ? "\\n" : ch == '\\' ? "\\\\"
                  : (char []) { ch, '\0' }, stdout);
        }
        putchar('\n');
    } else {
        fputs(ds_cstr_ro(&c->output), stdout);
    }
}

static void
postprocess(struct ctl_command *commands, size_t n, struct ovsdb_idl *idl,
            struct ovsdb_symbol_table *symtab)
{
    for (struct ctl_command *c = commands; c < &commands[n]; c++) {
        if (c->syntax->postprocess) {
            struct ctl_context ctx;

            ctl_context_init(&ctx, c, idl, the_idl_txn, symtab, NULL);
            c->syntax->postprocess(&ctx);
            if (ctx.error) {
                ctl_fatal("%s", ctx.error);
            }
            ctl_context_done(&ctx, c);
        }
    }
}

/* Says that the hosts have something to catch up with. */
static void
bump_cfg(struct ovsdb_idl *idl)
{
    const struct hnvrec_hnv_global *global = hnvrec_hnv_global_first(idl);

    if (!global) {
        global = hnvrec_hnv_global_insert(the_idl_txn);
    }
    ovsdb_idl_txn_increment(the_idl_txn, &global->header_,
                            &hnvrec_hnv_global_col_cfg, true);
}

/* Runs the commands in one transaction.  Returns true if that is done, with
 * the new configuration number in '*cfg', and false to try again when the
 * database has changed. */
static bool
do_commands(const char *args, struct ctl_command *commands, size_t n,
            struct ovsdb_idl *idl, int64_t *cfg)
{
    struct ovsdb_symbol_table *symtab = ovsdb_symbol_table_create();
    enum ovsdb_idl_txn_status status = TXN_TRY_AGAIN;

    the_idl_txn = ovsdb_idl_txn_create(idl);
    if (dry_run) {
        ovsdb_idl_txn_set_dry_run(the_idl_txn);
    }
    ovsdb_idl_txn_add_comment(the_idl_txn, "hnv-ctl: %s", args);
    if (wait_for_hosts) {
        bump_cfg(idl);
    }
    if (run_commands(commands, n, idl, symtab)) {
        status = ovsdb_idl_txn_commit_block(the_idl_txn);
    }

    bool done = status == TXN_SUCCESS || status == TXN_UNCHANGED;
    if (done) {
        *cfg = (wait_for_hosts && status == TXN_SUCCESS
                ? ovsdb_idl_txn_get_increment_new_value(the_idl_txn) : 0);
        postprocess(commands, n, idl, symtab);
    } else if (status != TXN_TRY_AGAIN) {
        ctl_fatal("transaction error: %s",
                  ovsdb_idl_txn_get_error(the_idl_txn));
    }
    ovsdb_idl_txn_destroy(the_idl_txn);
    the_idl_txn = NULL;
    ovsdb_symbol_table_destroy(symtab);
    if (done) {
        for (size_t i = 0; i < n; i++) {
            print_command(&commands[i]);
        }
    }
    free_output(commands, n);
    return done;
}

/* Returns when everything has been done. */
static void
main_loop(const char *args, struct ctl_command *commands, size_t n,
          struct ovsdb_idl *idl)
{
    long long int deadline
        = timeout ? time_msec() + timeout * 1000LL : LLONG_MAX;
    unsigned int seqno = ovsdb_idl_get_seqno(idl);
    int64_t cfg;

    for (;;) {
        ovsdb_idl_run(idl);
        if (!ovsdb_idl_is_alive(idl)) {
            ctl_fatal("%s: database connection failed (%s)", db,
                      ovs_retval_to_string(ovsdb_idl_get_last_error(idl)));
        }
        if (seqno != ovsdb_idl_get_seqno(idl)) {
            seqno = ovsdb_idl_get_seqno(idl);
            if (do_commands(args, commands, n, idl, &cfg)) {
                break;
            }
        }
        if (seqno == ovsdb_idl_get_seqno(idl)) {
            ovsdb_idl_wait(idl);
            poll_block();
        }
    }
    if (cfg && !dry_run) {
        fflush(stdout);
        hnv_ctl_wait_for_hosts(idl, cfg, deadline);
    }
}

/* Ends because the commands are not as they must be.  What Open vSwitch says
 * of the number of a command's arguments needs to have what these are. */
OVS_NO_RETURN static void
refuse_commands(const char *error)
{
    const struct ctl_command_syntax *c = NULL;
    char name[64];

    if (strstr(error, " arguments")
        && sscanf(error, "'%63[^']' command", name) == 1) {
        c = find_command(name);
    }
    if (c) {
        ctl_fatal("%s: \"%s %s\"", error, c->name, c->arguments);
    }
    ctl_fatal("%s", error);
}

int
main(int argc, char *argv[])
{
    struct shash local_options = SHASH_INITIALIZER(&local_options);
    struct ctl_command *commands;
    size_t n_commands;

    ovs_set_program_name(argv[0], HNV_VERSION);
    fatal_ignore_sigpipe();
    vlog_set_levels(NULL, VLF_CONSOLE, VLL_WARN);
    vlog_set_levels_from_string_assert("reconnect:warn");
    /* What the database refuses is our error message. */
    vlog_set_levels_from_string_assert("console:ovsdb_idl:err");
    ctl_init(&hnvrec_idl_class, hnvrec_table_classes, hnv_ctl_table_classes,
             NULL, hnv_ctl_exit);
    for (size_t i = 0; i < ARRAY_SIZE(command_arrays); i++) {
        ctl_register_commands(command_arrays[i]);
    }

    char *args = process_escape_args(argv);
    parse_options(argc, argv, &local_options);
    argc -= optind;
    argv = hnv_ctl_import(&argc, argv + optind);
    hnv_ctl_cmdlets_fix_case(argv);
    char *error = ctl_parse_commands(argc, argv, &local_options, &commands,
                                     &n_commands);
    if (error) {
        refuse_commands(error);
    }
    VLOG(ctl_might_write_to_db(commands, n_commands) ? VLL_INFO : VLL_DBG,
         "Called as %s", args);

    /* One second more than hnv_ctl_wait_for_hosts() needs to say which host
     * is late. */
    ctl_timeout_setup(timeout ? timeout + wait_for_hosts : 0);
    the_idl = ovsdb_idl_create(db, &hnvrec_idl_class, false, true);
    ovsdb_idl_set_leader_only(the_idl, false);
    run_prerequisites(commands, n_commands, the_idl);
    main_loop(args, commands, n_commands, the_idl);
    hnv_ctl_exit(hnv_ctl_status);
}

/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/log.h"
#include "base/version.h"

#define CONF_DEFAULT "/etc/vmta/vmta.conf"

/*
 * A mapped file of the spool that lost its end, or a disk that can't read it
 * (vmta-spool(5), CAVEATS): say so in one line instead of dying with a signal.
 */
static void
on_sigbus(int sig)
{
	static const char text[] =
	    ": a file of the spool is cut short or can't be read: "
	    "run vmta-queue list to find it\n";

	(void)sig;
	/* log_program only returns a pointer */
	/* NOLINTNEXTLINE(bugprone-signal-handler,cert-sig30-c) */
	if (write(STDERR_FILENO, log_program(), strlen(log_program())) < 0 ||
	    write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(EX_IOERR);
	_exit(EX_IOERR);
}

void
cli_init(struct cli *cli, const char *program)
{
	const char *conf = getenv("VMTA_CONF"), *spool = getenv("VMTA_SPOOL");

	log_init(program);
	*cli = (struct cli){ 0 };
	cli->conf_given = conf != NULL && conf[0] != '\0';
	cli->conf = cli->conf_given ? conf : CONF_DEFAULT;
	cli->spool = spool != NULL && spool[0] != '\0' ? spool : NULL;
	/* A reader that went away shows as EPIPE, never as a signal. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGBUS, on_sigbus);
}

enum cli_result
cli_option(struct cli *cli, int opt, const char *usage, int *status)
{
	*status = EX_OK;
	switch (opt) {
	case 'C':
		cli->conf = optarg;
		cli->conf_given = true;
		return CLI_DONE;
	case 'H':
		cli->header = true;
		return CLI_DONE;
	case 'n':
		cli->dry_run = true;
		return CLI_DONE;
	case 'q':
		cli->quiet = true;
		log_quiet(true);
		return CLI_DONE;
	case CLI_OPT_SPOOL:
		cli->spool = optarg;
		return CLI_DONE;
	case CLI_OPT_JSON:
		cli->format = TABLE_JSON;
		return CLI_DONE;
	case CLI_OPT_FORMAT:
		if (table_format_parse(optarg, &cli->format) == 0)
			return CLI_DONE;
		*status = cli_usage(usage,
		    "--format %s: it is table, tsv, csv or json", optarg);
		return CLI_EXIT;
	case 'h':
		printf("usage: %s %s\n", log_program(), usage);
		return CLI_EXIT;
	case CLI_OPT_VERSION:
		printf("%s %s\n", log_program(), VMTA_VERSION);
		return CLI_EXIT;
	case '?':
	case ':':
		/* getopt has said what is wrong */
		fprintf(stderr, "usage: %s %s\n", log_program(), usage);
		*status = EX_USAGE;
		return CLI_EXIT;
	default:
		return CLI_OTHER;
	}
}

int
cli_usage(const char *synopsis, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_warn("%s", text);
	fprintf(stderr, "usage: %s %s\n", log_program(), synopsis);
	return EX_USAGE;
}

static void
print_all(FILE *to, const struct cli_cmd *cmds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(to, "%s %s %s%s%s\n", i == 0 ? "usage:" : "      ",
		    log_program(), cmds[i].name,
		    cmds[i].synopsis[0] != '\0' ? " " : "", cmds[i].synopsis);
}

int
cli_dispatch(struct cli *cli, const struct cli_cmd *cmds, size_t n, int argc,
    char **argv)
{
	static const struct option longopts[] = { CLI_LONG, { 0 } };
	int opt, status;

	argv[0] = (char *)log_program();	/* getopt(3) prints it */
	while ((opt = getopt_long(argc, argv, "+" CLI_SHORT, longopts, NULL)) !=
	    -1) {
		if (opt == 'h') {
			print_all(stdout, cmds, n);
			return EX_OK;
		}
		if (cli_option(cli, opt, "[OPTIONS] COMMAND [ARG ...]",
			&status) != CLI_DONE)
			return status;
	}
	argc -= optind;
	argv += optind;
	if (argc == 0) {
		log_warn("which command?");
		print_all(stderr, cmds, n);
		return EX_USAGE;
	}
	for (size_t i = 0; i < n; i++)
		if (strcmp(argv[0], cmds[i].name) == 0) {
			argv[0] = (char *)log_program();
			optind = 0;	/* glibc: start over, scan anew */
			return cmds[i].run(cli, argc, argv);
		}
	log_warn("%s: no such command (-h lists them)", argv[0]);
	return EX_USAGE;
}

int
cli_end(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno == EPIPE)
		return status;
	log_warn("cannot write to standard output: %s", strerror(errno));
	return EX_IOERR;
}

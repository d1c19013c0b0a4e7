/* SPDX-License-Identifier: ISC */
/* Options that all programs take, dispatch, and the last look at stdout. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cli.h"
#include "base/version.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* What a child that runs a program wrote, and its exit status. */
struct result {
	int status;
	char out[2000], err[2000];
};

static void
drain(int fd, char *to, size_t size)
{
	size_t got = 0;
	ssize_t r;

	while ((r = read(fd, to + got, size - 1 - got)) > 0)
		got += (size_t)r;
	to[got] = '\0';
	close(fd);
}

static void
run(struct result *r, int (*program)(int argc, char **argv), int argc,
    const char *const *args)
{
	char *argv[12] = { (char *)"/somewhere/vmta-x" };
	int out[2], err[2];
	pid_t child;

	for (int i = 0; i < argc; i++)
		argv[i + 1] = strdup(args[i]);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(pipe(err), 0);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		close(out[0]);
		close(err[0]);
		unsetenv("VMTA_CONF");
		unsetenv("VMTA_SPOOL");
		_exit(program(argc + 1, argv));
	}
	close(out[1]);
	close(err[1]);
	drain(out[0], r->out, sizeof(r->out));
	drain(err[0], r->err, sizeof(r->err));
	waitpid(child, &r->status, 0);
	assert_true(WIFEXITED(r->status));
	r->status = WEXITSTATUS(r->status);
	for (int i = 0; i < argc; i++)
		free(argv[i + 1]);
}

/* A subcommand that shows what it got. */
static int
cmd_show(struct cli *cli, int argc, char **argv)
{
	static const struct option longopts[] = { CLI_LONG,
		{ "own", required_argument, NULL, CLI_OPT_OWN }, { 0 } };
	const char *own = "-";
	int opt, status;

	while ((opt = getopt_long(argc, argv, CLI_SHORT, longopts, NULL)) !=
	    -1) {
		if (opt == CLI_OPT_OWN)
			own = optarg;
		else if (cli_option(cli, opt, "show [--own WORD] [ARG ...]",
			     &status) == CLI_EXIT)
			return status;
	}
	printf("conf=%s given=%d spool=%s q=%d n=%d H=%d format=%d own=%s",
	    cli->conf, cli->conf_given, cli->spool != NULL ? cli->spool : "-",
	    cli->quiet, cli->dry_run, cli->header, (int)cli->format, own);
	for (int i = optind; i < argc; i++)
		printf(" <%s>", argv[i]);
	putchar('\n');
	return 3;
}

static int
cmd_wrong(struct cli *cli, int argc, char **argv)
{
	(void)cli;
	(void)argc;
	(void)argv;
	return cli_usage("wrong QUEUE", "which queue\n?");
}

static int
program(int argc, char **argv)
{
	static const struct cli_cmd cmds[] = {
		{ "show", cmd_show, "[--own WORD] [ARG ...]" },
		{ "wrong", cmd_wrong, "QUEUE" },
		{ "bare", cmd_show, "" },
	};
	struct cli cli;

	cli_init(&cli, "vmta-x");
	return cli_end(cli_dispatch(&cli, cmds, N(cmds), argc, argv));
}

static int
program_with_environment(int argc, char **argv)
{
	setenv("VMTA_CONF", "/env.conf", 1);
	setenv("VMTA_SPOOL", "/env", 1);
	return program(argc, argv);
}

static int
program_with_empty_environment(int argc, char **argv)
{
	setenv("VMTA_CONF", "", 1);
	setenv("VMTA_SPOOL", "", 1);
	return program(argc, argv);
}

#define ALL                                                             \
	"usage: vmta-x show [--own WORD] [ARG ...]\n"                   \
	"       vmta-x wrong QUEUE\n"                                   \
	"       vmta-x bare\n"

static void
test_dispatch(void **state)
{
	static const struct {
		const char *args[10];
		int status;
		const char *out, *err;
	} rows[] = {
		{ { "show" }, 3,
		    "conf=/etc/vmta/vmta.conf given=0 spool=- q=0 n=0 H=0 "
		    "format=0 own=-\n",
		    "" },
		{ { "-C", "/c", "--spool", "/s", "show", "-qn" }, 3,
		    "conf=/c given=1 spool=/s q=1 n=1 H=0 format=0 own=-\n",
		    "" },
		{ { "show", "a", "-H", "--own", "x", "b", "--json" }, 3,
		    "conf=/etc/vmta/vmta.conf given=0 spool=- q=0 n=0 H=1 "
		    "format=4 own=x <a> <b>\n",
		    "" },
		{ { "show", "--", "-H" }, 3,
		    "conf=/etc/vmta/vmta.conf given=0 spool=- q=0 n=0 H=0 "
		    "format=0 own=- <-H>\n",
		    "" },
		{ { "show", "--format", "csv" }, 3,
		    "conf=/etc/vmta/vmta.conf given=0 spool=- q=0 n=0 H=0 "
		    "format=3 own=-\n",
		    "" },
		{ { "-h" }, 0, ALL, "" },
		{ { "show", "-h" }, 0,
		    "usage: vmta-x show [--own WORD] [ARG ...]\n", "" },
		{ { "--version" }, 0, "vmta-x " VMTA_VERSION "\n", "" },
		{ { "show", "--version" }, 0, "vmta-x " VMTA_VERSION "\n", "" },
		{ { NULL }, 64, "", "vmta-x: which command?\n" ALL },
		{ { "shew" }, 64, "",
		    "vmta-x: shew: no such command (-h lists them)\n" },
		{ { "wrong" }, 64, "",
		    "vmta-x: which queue??\nusage: vmta-x wrong QUEUE\n" },
		{ { "show", "--format", "xml" }, 64, "",
		    "vmta-x: --format xml: it is table, tsv, csv or json\n"
		    "usage: vmta-x show [--own WORD] [ARG ...]\n" },
		{ { "show", "--nope" }, 64, "",
		    "vmta-x: unrecognized option '--nope'\n"
		    "usage: vmta-x show [--own WORD] [ARG ...]\n" },
		{ { "-Z", "show" }, 64, "",
		    "vmta-x: invalid option -- 'Z'\n"
		    "usage: vmta-x [OPTIONS] COMMAND [ARG ...]\n" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct result r;
		int n = 0;

		while (rows[i].args[n] != NULL)
			n++;
		run(&r, program, n, rows[i].args);
		assert_string_equal(r.out, rows[i].out);
		assert_string_equal(r.err, rows[i].err);
		assert_int_equal(r.status, rows[i].status);
	}
}

static void
test_environment(void **state)
{
	static const char *const plain[] = { "show" };
	static const char *const given[] = { "show", "-C", "/c", "--spool",
		"/s" };
	struct result r;

	(void)state;
	run(&r, program_with_environment, 1, plain);
	assert_string_equal(r.out, "conf=/env.conf given=1 spool=/env q=0 n=0 "
				   "H=0 format=0 own=-\n");
	run(&r, program_with_environment, 5, given);
	assert_string_equal(r.out, "conf=/c given=1 spool=/s q=0 n=0 H=0 "
				   "format=0 own=-\n");
	run(&r, program_with_empty_environment, 1, plain);
	assert_string_equal(r.out, "conf=/etc/vmta/vmta.conf given=0 spool=- "
				   "q=0 n=0 H=0 format=0 own=-\n");
}

static int
onto_full_disk(int argc, char **argv)
{
	int full = open("/dev/full", O_WRONLY);

	dup2(full, STDOUT_FILENO);
	return program(argc, argv);
}

static int
into_closed_pipe(int argc, char **argv)
{
	int p[2];

	if (pipe(p) < 0)
		return 99;
	close(p[0]);
	dup2(p[1], STDOUT_FILENO);
	return program(argc, argv);
}

static void
test_end_sees_what_was_not_written(void **state)
{
	static const char *const args[] = { "show" };
	struct result r;

	(void)state;
	run(&r, onto_full_disk, 1, args);
	assert_int_equal(r.status, 74);
	assert_string_equal(r.err, "vmta-x: cannot write to standard output: "
				   "No space left on device\n");
	run(&r, into_closed_pipe, 1, args);
	assert_int_equal(r.status, 3);
	assert_string_equal(r.err, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dispatch),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_end_sees_what_was_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* vmta-acct(1): records and reports. */
#include <fcntl.h>
#include <stddef.h>
#include <sysexits.h>
#include <unistd.h>

#include "acct.h"

enum {
	OPT_ONCE = CLI_OPT_OWN,
	OPT_STDIN,
	OPT_FIELDS,
	OPT_RECORDS,
	OPT_COLUMNS,
};

/* Do they go together?  Returns: -1 to go on, or an exit status. */
static int
check_options(const struct options *o, int argc, char **argv)
{
	if (optind < argc)
		return cli_usage(ACCT_SYNOPSIS, "%s: no such command",
		    argv[optind]);
	if (o->convert + o->once + o->columns > 1)
		return cli_usage(ACCT_SYNOPSIS,
		    "--stdin, --once and --columns exclude each other");
	if (!o->convert && (o->fields != NULL || o->records != NULL))
		return cli_usage(ACCT_SYNOPSIS, "%s is for --stdin; files have "
		    "the columns of their <acct-file>",
		    o->fields != NULL ? "--fields" : "--records");
	if (o->cli.format != TABLE_AUTO && o->cli.format != TABLE_CSV &&
	    !o->cli.dry_run && !o->columns)
		return cli_usage(ACCT_SYNOPSIS, "--format: rows are csv");
	return -1;
}

/* Returns: -1 to go on, or an exit status. */
static int
read_options(struct options *o, int argc, char **argv)
{
	static const struct option longopts[] = {
		CLI_LONG,
		{ "once", no_argument, NULL, OPT_ONCE },
		{ "stdin", no_argument, NULL, OPT_STDIN },
		{ "fields", required_argument, NULL, OPT_FIELDS },
		{ "records", required_argument, NULL, OPT_RECORDS },
		{ "columns", no_argument, NULL, OPT_COLUMNS },
		{ 0 },
	};
	int opt, status;

	cli_init(&o->cli, "vmta-acct");
	while ((opt = getopt_long(argc, argv, CLI_SHORT, longopts, NULL)) !=
	    -1) {
		switch (cli_option(&o->cli, opt, ACCT_SYNOPSIS, &status)) {
		case CLI_DONE:
			continue;
		case CLI_EXIT:
			return status;
		case CLI_OTHER:
			break;
		}
		switch (opt) {
		case OPT_ONCE:
			o->once = true;
			break;
		case OPT_STDIN:
			o->convert = true;
			break;
		case OPT_FIELDS:
			o->fields = optarg;
			break;
		case OPT_RECORDS:
			o->records = optarg;
			break;
		case OPT_COLUMNS:
			o->columns = true;
			break;
		}
	}
	return check_options(o, argc, argv);
}

int
main(int argc, char **argv)
{
	struct options o = { 0 };
	int status;

	/* a closed standard input must not become the first file opened */
	if (fcntl(STDIN_FILENO, F_GETFD) < 0 &&
	    open("/dev/null", O_RDONLY) != STDIN_FILENO)
		return EX_OSERR;
	status = read_options(&o, argc, argv);
	if (status < 0) {
		if (o.columns)
			status = acct_columns(&o);
		else if (o.convert)
			status = acct_convert(&o);
		else if (o.cli.dry_run)
			status = acct_pending(&o);
		else
			status = acct_write(&o);
	}
	return cli_end(status);
}

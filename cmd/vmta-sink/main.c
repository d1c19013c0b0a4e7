/* SPDX-License-Identifier: ISC */
/* vmta-sink(1): an SMTP server that takes, refuses or misbehaves as told. */
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "sink.h"

static int
run(const struct options *opt)
{
	struct sink k = {
		.opt = opt, .epoll = -1, .signals = -1, .lines.fd = -1
	};
	struct err err = { 0 };
	int status = EX_OK;

	k.chunk = xmalloc(CHUNK_BYTES);
	buf_init(&k.scratch, 0);
	if (listen_all(&k, &err) != 0 || lines_open(&k, &err) != 0 ||
	    count_write(&k, &err) != 0 || serve_open(&k, &err) != 0) {
		status = log_err(&err);
		goto out;
	}
	if (opt->command == NULL || !opt->quiet)
		lines_listening(&k);
	if (opt->command != NULL)
		status = command_start(&k);
	if (status != EX_OK)
		goto out;
	if (serve(&k, &err) != 0)
		status = log_err(&err);
	else if (opt->command != NULL)
		status = k.child_status;
	if (lines_close(&k, &err) != 0 || count_write(&k, &err) != 0)
		status = log_err(&err);
	count_print(&k);
out:
	serve_close(&k);
	listen_close(&k);
	buf_clear(&k.scratch);
	free(k.chunk);
	return status;
}

int
main(int argc, char **argv)
{
	struct options opt = { 0 };
	int status;

	status = options_read(&opt, argc, argv);
	if (status < 0)
		status = run(&opt);
	options_clear(&opt);
	return cli_end(status);
}

/* SPDX-License-Identifier: ISC */
/* vmta-sink [OPTIONS] -- COMMAND: the sink lives as long as the command. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "sink.h"

enum { EXIT_CANNOT = 126, EXIT_NOT_FOUND = 127, EXIT_SIGNAL = 128 };

/* VMTA_SINK_PORT, VMTA_SINK_ADDRESS; for the others _2, _3, ... */
static void
set_environment(const struct sink *k)
{
	for (size_t i = 0; i < k->listener_n; i++) {
		char name[48], port[16], number[24] = "";

		if (i > 0)
			snprintf(number, sizeof(number), "_%zu", i + 1);
		snprintf(port, sizeof(port), "%u", k->listeners[i].port);
		snprintf(name, sizeof(name), "VMTA_SINK_PORT%s", number);
		setenv(name, port, 1);
		snprintf(name, sizeof(name), "VMTA_SINK_ADDRESS%s", number);
		setenv(name, k->listeners[i].address, 1);
	}
}

int
command_start(struct sink *k)
{
	char *const *argv = k->opt->command;
	posix_spawnattr_t attr;
	sigset_t set;
	int rc;

	set_environment(k);
	posix_spawnattr_init(&attr);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attr, &set);
	sigaddset(&set, SIGPIPE);
	posix_spawnattr_setsigdefault(&attr, &set);
	posix_spawnattr_setflags(
	    &attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawnp(&k->child, argv[0], NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	if (rc == 0)
		return 0;
	k->child = 0;
	log_warn("cannot run %s: %s", argv[0], strerror(rc));
	return rc == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT;
}

void
command_reap(struct sink *k)
{
	int status;

	if (k->child == 0 || waitpid(k->child, &status, WNOHANG) != k->child)
		return;
	k->child = 0;
	k->child_status = WIFEXITED(status) ? WEXITSTATUS(status) :
					      EXIT_SIGNAL + WTERMSIG(status);
	k->stop = true;
}

/* SPDX-License-Identifier: ISC */
/*
 * cpu [-m] -o FILE COMMAND [ARG]...: run COMMAND, add a line to FILE about what
 * it took and exit with its status.  The line:
 *
 *	wall-seconds user-seconds system-seconds peak-private-KiB
 *
 * Private memory (smaps_rollup, clean and dirty) is looked at every 5 ms with
 * -m, which costs COMMAND some time, and is 0 without.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Returns: private KiB of a process, 0 when it is gone. */
static long
private_memory(pid_t pid)
{
	char path[64], line[256];
	long sum = 0, n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", (long)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "Private_Clean: %ld", &n) == 1 ||
		    sscanf(line, "Private_Dirty: %ld", &n) == 1)
			sum += n;
	fclose(f);
	return sum;
}

/* Wait for it.  Returns: its most private memory while it ran, if wanted. */
static long
watch(pid_t pid, bool memory, int *status, struct rusage *ru)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	long peak = 0;

	for (;;) {
		pid_t done = wait4(pid, status, memory ? WNOHANG : 0, ru);
		long n;

		if (done == pid)
			return peak;
		if (done < 0 && errno != EINTR)
			err(EX_OSERR, "wait");
		if (done < 0)
			continue;
		n = private_memory(pid);
		if (n > peak)
			peak = n;
		nanosleep(&pause, NULL);
	}
}

int
main(int argc, char **argv)
{
	const char *out = NULL;
	bool memory = false;
	struct rusage ru;
	int opt, status;
	double began;
	long peak;
	pid_t pid;
	FILE *f;

	while ((opt = getopt(argc, argv, "+mo:")) != -1)
		if (opt == 'm')
			memory = true;
		else if (opt == 'o')
			out = optarg;
		else
			return EX_USAGE;
	if (out == NULL || optind == argc) {
		fprintf(stderr, "usage: cpu [-m] -o FILE COMMAND [ARG]...\n");
		return EX_USAGE;
	}
	began = now();
	pid = fork();
	if (pid < 0)
		err(EX_OSERR, "fork");
	if (pid == 0) {
		execvp(argv[optind], argv + optind);
		err(127, "%s", argv[optind]);
	}
	/* the pipe is the command's alone */
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	peak = watch(pid, memory, &status, &ru);
	f = fopen(out, "ae");
	if (f == NULL)
		err(EX_CANTCREAT, "%s", out);
	fprintf(f, "%.6f %.6f %.6f %ld\n", now() - began, seconds(ru.ru_utime),
	    seconds(ru.ru_stime), peak);
	if (fclose(f) != 0)
		err(EX_IOERR, "%s", out);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

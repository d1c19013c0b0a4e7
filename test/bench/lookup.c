/* SPDX-License-Identifier: ISC */
/*
 * lookup run PROGRAM FILE: the median time of 11 checks in ms, and the peak of
 * memory in MiB.
 * lookup ask FILE: ns for one effective value of a queue after loading, over a
 * million of them in a thousand queues.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conf/conf.h"

enum { RUNS = 11, QUEUES = 1000, ROUNDS = 1000 };

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
run(const char *program, const char *file)
{
	double took[RUNS];
	struct rusage use;

	for (int i = 0; i < RUNS; i++) {
		double start = now_ns();
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

			dup2(null, 1);
			dup2(null, 2);
			execl(program, program, "-q", file, (char *)NULL);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
			exit(1);
		took[i] = (now_ns() - start) / 1e6;
	}
	qsort(took, RUNS, sizeof(took[0]), compare);
	getrusage(RUSAGE_CHILDREN, &use);
	printf("%.1f %.1f\n", took[RUNS / 2], (double)use.ru_maxrss / 1024);
}

static void
ask(const char *file)
{
	struct diags ds = DIAGS_INIT;
	struct conf *c;
	struct err err;
	char (*domain)[32] = calloc(QUEUES, sizeof(*domain));
	const struct conf_vmta *const *list;
	size_t n;
	volatile int64_t sum = 0;
	double start;

	if (domain == NULL || conf_load(file, &ds, &c, &err) < 0)
		exit(1);
	list = conf_vmtas(c, &n);
	for (size_t i = 0; i < QUEUES; i++) {
		snprintf(domain[i], sizeof(domain[i]), "d%zu.example", i);
		conf_queue(c, domain[i], list[i % n]);
	}
	start = now_ns();
	for (size_t k = 0; k < ROUNDS; k++)
		for (size_t i = 0; i < QUEUES; i++)
			sum += conf_queue(c, domain[i], list[i % n])
				   ->max_msg_per_connection;
	printf("%.0f %d\n",
	    (now_ns() - start) / ((double)QUEUES * ROUNDS), (int)(sum != 0));
	conf_free(c);
	diags_clear(&ds);
	free(domain);
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "run") == 0)
		run(argv[2], argv[3]);
	else if (argc == 3 && strcmp(argv[1], "ask") == 0)
		ask(argv[2]);
	else
		return 64;
	return 0;
}

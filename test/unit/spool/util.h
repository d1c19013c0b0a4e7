/* SPDX-License-Identifier: ISC */
/* What the spool's tests share: a spool of their own, messages, kills. */
#ifndef TEST_SPOOL_UTIL_H
#define TEST_SPOOL_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spool/claim.h"
#include "spool/inject.h"
#include "spool/internal.h"
#include "spool/spool.h"

#define TEXT "Subject: hi\r\n\r\nhello\r\n"

static inline int
util_remove(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

/* A spool of this test alone, named in *state; removed by util_teardown. */
static inline int
util_setup(void **state)
{
	char *dir = strdup("/tmp/vmta-spool-XXXXXX");

	if (dir == NULL || mkdtemp(dir) == NULL)
		return -1;
	*state = dir;
	return 0;
}

static inline int
util_teardown(void **state)
{
	nftw(*state, util_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return 0;
}

static inline struct spool *
util_open(const char *dir)
{
	struct spool *s = NULL;
	struct err err = { 0 };

	if (spool_open(dir, SPOOL_CREATE, &s, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

static inline struct spool_message
util_message(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n");

	return (struct spool_message){ .text = text, .len = strlen(text),
		.header_len = end != NULL ? (size_t)(end - text) + 4 :
					    strlen(text),
		.longest = 20 };
}

/* Add a message for n recipients rI@dom.example; returns its id in id. */
static inline int
util_single(struct spool *s, size_t n, char id[NAME_SEGMENT + 1],
    struct err *err)
{
	struct spool_message m = util_message(TEXT);
	struct inject_envelope e = { .sender = "a@b.example",
		.origin = "cli" };
	struct inject_rcpt *r = calloc(n, sizeof(*r));
	char (*text)[40] = calloc(n, sizeof(*text));
	int rc;

	for (size_t i = 0; i < n; i++) {
		snprintf(text[i], sizeof(text[i]), "r%zu@dom.example", i);
		r[i] = (struct inject_rcpt){ .rcpt = text[i],
			.domain = "dom.example", .vmta = "v1",
			.priority = 50 };
	}
	rc = inject_single(s, &m, &e, r, n, id, err);
	free(text);
	free(r);
	return rc;
}

/* Add a batch of n messages of one recipient each, domains d0 ... d(k-1). */
static inline int
util_batch(struct spool *s, const char *batch_id, size_t n, size_t domains,
    struct err *err)
{
	struct spool_message m = util_message(TEXT);
	struct inject_envelope e = { .sender = "a@b.example", .job = "j1",
		.origin = "bsmtp" };
	struct batch *b;
	int rc = batch_begin(s, batch_id, &b, err);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		char id[NAME_SEGMENT + 1], dom[40], rcpt[80];
		struct inject_rcpt r = { .rcpt = rcpt, .domain = dom,
			.vmta = "v1", .priority = 50 };

		snprintf(dom, sizeof(dom), "d%zu.example", i % domains);
		snprintf(rcpt, sizeof(rcpt), "r%zu@%s", i, dom);
		if (batch_message(b, &m, &e, id, err) < 0 ||
		    batch_rcpt(b, &r, err) < 0) {
			batch_abort(b);
			return -1;
		}
	}
	return batch_commit(b, err);
}

/* The number of files in a folder of the spool. */
static inline int
util_count(const char *dir, const char *folder)
{
	char path[512];
	const struct dirent *e;
	DIR *d;
	int n = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, folder);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* The only segment there is: its id into id. */
static inline void
util_segment(struct spool *s, char id[NAME_SEGMENT + 1])
{
	struct err err;
	char **ids;
	size_t n;

	assert_int_equal(segment_ids(s, &ids, &n, &err), 0);
	assert_int_equal(n, 1);
	memcpy(id, ids[0], NAME_SEGMENT + 1);
	free(ids[0]);
	free(ids);
}

/* Run fn in a child that then dies as by kill -9, its locks with it. */
static inline void
util_in_killed_child(void (*fn)(const char *dir, void *arg), const char *dir,
    void *arg)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		fn(dir, arg);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

#endif

/* SPDX-License-Identifier: ISC */
/* A folder for one test, with a configuration and the frame of a spool. */
#ifndef VMTA_TEST_CONF_FOLDER_H
#define VMTA_TEST_CONF_FOLDER_H

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

struct place {
	char top[64];	/* a folder of this test */
	char conf[96];
	char spool[96];
};

static inline void
write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (f == NULL)
		fail_msg("%s: %s", path, strerror(errno));
	fputs(text, f);
	fclose(f);
}

static inline int
set_up(void **state)
{
	static const char *const dirs[] = { "spool", "spool/tmp",
		"spool/control", "spool/lock", "d" };
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	snprintf(p->top, sizeof(p->top), "/tmp/vmta-conf.XXXXXX");
	assert_non_null(mkdtemp(p->top));
	snprintf(p->conf, sizeof(p->conf), "%s/vmta.conf", p->top);
	snprintf(p->spool, sizeof(p->spool), "%s/spool", p->top);
	for (size_t i = 0; i < N(dirs); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", p->top, dirs[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	*state = p;
	return 0;
}

static inline int
tear_down(void **state)
{
	struct place *p = *state;
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", p->top, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	free(p);
	return 0;
}

#define FOLDER_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif

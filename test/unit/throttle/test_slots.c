/* SPDX-License-Identifier: ISC */
/* P10: a limit holds for all processes together, and dies with its holder. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "throttle/slots.h"

static char dir[64];

static int
setup(void **state)
{
	char lock[96];

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/slots-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(lock, sizeof(lock), "%s/lock", dir);
	return mkdir(lock, 0700);
}

static int
teardown(void **state)
{
	char cmd[96];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	return system(cmd);
}

static struct slots *
open_slots(void)
{
	struct slots *s;
	struct err err;

	assert_int_equal(slots_open(dir, &s, &err), 0);
	return s;
}

static int
take(struct slots *s, const char *scope, int64_t n, struct slot *slot)
{
	struct err err;

	return slots_take(s, scope, n, slot, &err);
}

/*
 * Another process that takes up to want slots of n, tells how many it got, and
 * holds them until it is ended.
 */
struct holder {
	pid_t pid;
	int ask, answer;
};

static struct holder
holder_start(const char *scope, int64_t n, int want)
{
	int up[2], down[2];
	struct holder h;

	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(down), 0);
	h.pid = fork();
	if (h.pid == 0) {
		struct slots *s;
		struct slot slot;
		struct err err;
		char got = 0, c;

		close(up[0]);
		close(down[1]);
		if (slots_open(dir, &s, &err) < 0)
			_exit(1);
		while (got < want &&
		    slots_take(s, scope, n, &slot, &err) == 1)
			got++;
		if (write(up[1], &got, 1) != 1 || read(down[0], &c, 1) < 0)
			_exit(1);
		_exit(0);
	}
	close(up[1]);
	close(down[0]);
	h.answer = up[0];
	h.ask = down[1];
	return h;
}

static int
holder_got(const struct holder *h)
{
	char got;

	assert_int_equal(read(h->answer, &got, 1), 1);
	return got;
}

static void
holder_end(struct holder *h, int sig)
{
	int status;

	kill(h->pid, sig);
	close(h->ask);
	assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
	close(h->answer);
}

static void
test_one_process_takes_n(void **state)
{
	static const char *const scopes[] = { "queue:example.com/v1", "vmta:v1",
		"queue:$big/a b%c\xc3\xa9", "queue:../../x" };

	(void)state;
	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		struct slots *s = open_slots();
		struct slot slot[3], more;

		for (int k = 0; k < 3; k++)
			assert_int_equal(take(s, scopes[i], 3, &slot[k]), 1);
		assert_int_equal(slots_own(s, scopes[i]), 3);
		assert_int_equal(take(s, scopes[i], 3, &more), 0);
		slots_release(s, &slot[1]);
		assert_null(slot[1].limit);
		assert_int_equal(take(s, scopes[i], 3, &more), 1);
		assert_int_equal(take(s, scopes[i], 3, &slot[1]), 0);
		slots_close(s);
	}
}

static void
test_long_scopes_differ(void **state)
{
	struct slots *s = open_slots();
	char a[400], b[400];
	struct slot slot;

	(void)state;
	memset(a, '$', sizeof(a) - 1);
	a[sizeof(a) - 1] = '\0';
	memcpy(b, a, sizeof(b));
	b[sizeof(b) - 2] = 'x';
	assert_int_equal(take(s, a, 1, &slot), 1);
	assert_int_equal(take(s, b, 1, &slot), 1);
	assert_int_equal(take(s, a, 1, &slot), 0);
	slots_close(s);
}

static void
test_unlimited_holds_nothing(void **state)
{
	struct slots *s = open_slots();
	struct slot slot;
	struct err err;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(take(s, "vmta:u", INT64_MAX, &slot), 1);
	assert_null(slot.limit);
	assert_int_equal(slots_wanted(s, &slot, &err), 0);
	slots_release(s, &slot);
	assert_int_equal(slots_own(s, "vmta:u"), 0);
	assert_int_equal(take(s, "vmta:u", 0, &slot), 0);
	slots_close(s);
}

static void
test_processes_share_n(void **state)
{
	enum { PROCESSES = 6, N = 20 };
	struct holder h[PROCESSES];
	struct slots *s = open_slots();
	struct slot slot;
	int sum = 0;

	(void)state;
	for (int i = 0; i < PROCESSES; i++)
		h[i] = holder_start("queue:shared/v", N, 7);
	for (int i = 0; i < PROCESSES; i++)
		sum += holder_got(&h[i]);
	assert_int_equal(sum, N);
	assert_int_equal(take(s, "queue:shared/v", N, &slot), 0);
	for (int i = 0; i < PROCESSES; i++)
		holder_end(&h[i], i % 2 != 0 ? SIGKILL : SIGTERM);
	for (int i = 0; i < N; i++)
		assert_int_equal(take(s, "queue:shared/v", N, &slot), 1);
	slots_close(s);
}

/* After N has become smaller, slots held above it count. */
static void
test_n_shrinks(void **state)
{
	struct slots *s = open_slots();
	struct slot own[8], slot;
	struct holder h;

	(void)state;
	h = holder_start("queue:shrink/v", 10, 10);
	assert_int_equal(holder_got(&h), 10);
	assert_int_equal(take(s, "queue:shrink/v", 4, &slot), 0);
	assert_int_equal(slots_own(s, "queue:shrink/v"), 0);
	holder_end(&h, SIGTERM);

	for (int i = 0; i < 8; i++)
		assert_int_equal(take(s, "queue:shrink/v", 8, &own[i]), 1);
	h = holder_start("queue:shrink/v", 4, 1);
	assert_int_equal(holder_got(&h), 0);
	holder_end(&h, SIGTERM);
	/* whichever are left, two held leave room for two of four */
	for (int i = 0; i < 6; i++)
		slots_release(s, &own[i]);
	h = holder_start("queue:shrink/v", 4, 4);
	assert_int_equal(holder_got(&h), 2);
	holder_end(&h, SIGTERM);
	slots_close(s);
}

static void
test_wishes(void **state)
{
	struct slots *s = open_slots(), *other = open_slots();
	struct slot slot;
	struct err err;

	(void)state;
	assert_int_equal(take(s, "queue:w/v", 1, &slot), 1);
	assert_int_equal(slots_wanted(s, &slot, &err), 0);
	/* one's own wish is no other process's */
	assert_int_equal(slots_want(s, "queue:w/v", true, &err), 0);
	assert_int_equal(slots_wanted(s, &slot, &err), 0);
	assert_int_equal(slots_want(other, "queue:w/v", true, &err), 0);
	assert_int_equal(slots_want(other, "queue:w/v", true, &err), 0);
	assert_int_equal(slots_wanted(s, &slot, &err), 1);
	assert_int_equal(slots_want(other, "queue:w/v", false, &err), 0);
	assert_int_equal(slots_wanted(s, &slot, &err), 0);
	assert_int_equal(slots_want(other, "queue:w/v", true, &err), 0);
	slots_close(other);
	assert_int_equal(slots_wanted(s, &slot, &err), 0);
	slots_close(s);
}

static void
test_no_spool(void **state)
{
	struct slots *s = NULL;
	struct err err;

	(void)state;
	assert_int_equal(slots_open("/nonexistent", &s, &err), -1);
	assert_int_equal(err.cls, ERR_IO);
	assert_null(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_process_takes_n),
		cmocka_unit_test(test_long_scopes_differ),
		cmocka_unit_test(test_unlimited_holds_nothing),
		cmocka_unit_test(test_processes_share_n),
		cmocka_unit_test(test_n_shrinks),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_no_spool),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

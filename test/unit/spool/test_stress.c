/* SPDX-License-Identifier: ISC */
/*
 * Senders that are killed at random while others go on (P2, P3, P4).  A delivery
 * is one append to a file that nobody takes back: the receiver's log.  Judge: no
 * record is missing there, and there are no more duplicates than kills (one
 * message in flight each).
 */
#include "util.h"

#include <time.h>

#include "base/fd.h"
#include "spool/recover.h"

enum { RECORDS = 6000, SENDERS = 3, BATCH = 300 };

static const struct event event = {
	.f = { [EV_TIME] = "1764000000.000", [EV_TYPE] = "d", [EV_ID] = "x",
	    [EV_RCPT] = "r@dom.example" },
};

/* One attempt: the receiver has it, then the outcome is settled. */
static void
deliver(struct spool *s, struct claim *c, int wire, unsigned *seed)
{
	struct settlement o = { .letter = STATE_DELIVERED, .attempt = true,
		.vmta = UINT32_MAX, .priority = UINT32_MAX, .code = 250,
		.event = &event };
	struct err err;
	char line[16];
	unsigned number;

	if (sscanf(claim_envelope(c, &err)->rcpt, "r%u@", &number) != 1)
		_exit(1);
	if (rand_r(seed) % 5 == 0) {	/* deferred: tried again at once */
		o.letter = STATE_QUEUED;
		o.due = 1;
		o.code = 450;
	} else {
		snprintf(line, sizeof(line), "%06u\n", number);
		if (write(wire, line, 7) != 7)
			_exit(1);
	}
	if (claim_settle(c, &o, &err) < 0)
		_exit(1);
	/* the group commit: now and then, so that several wait for one sync */
	if (rand_r(seed) % 4 == 0 && claim_wait(s, &err) < 0)
		_exit(1);
}

/* Is anything not final? */
static bool
some_left(struct spool *s)
{
	struct err err;
	bool left = false;
	char **ids;
	size_t n;

	if (segment_ids(s, &ids, &n, &err) < 0)
		_exit(1);
	for (size_t k = 0; k < n; k++) {
		struct segment *g;
		struct state st;

		if (!left && segment_get(s, ids[k], &g, &err) == 0) {
			for (uint32_t i = 0; i < segment_records(g); i++)
				left |= segment_state(g, i, &st) < 0 ||
				    !state_is_final(st.letter);
			segment_put(g);
		}
		free(ids[k]);
	}
	free(ids);
	return left;
}

/* All records in an order of our own, until none is left to be sent. */
static void
sender(const char *dir, int wire, unsigned seed)
{
	struct spool *s = util_open(dir);
	struct err err;
	size_t n;
	bool any = true;

	while (any) {
		char **ids;

		/* picks are random: once more where one might have missed */
		any = some_left(s);
		if (segment_ids(s, &ids, &n, &err) < 0)
			_exit(1);
		for (size_t k = 0; k < n * BATCH; k++) {
			const char *id = ids[k % n];
			uint32_t i = (uint32_t)rand_r(&seed) % BATCH;
			char loc[NAME_LOCATOR + 1];
			struct segment *g;
			struct state st;
			struct claim *c;

			if (segment_get(s, id, &g, &err) != 0)
				continue;
			if (segment_state(g, i, &st) == 0 &&
			    !state_is_final(st.letter)) {
				snprintf(loc, sizeof(loc), "%s.%u", id, i);
				if (claim_take(s, loc, st.ver, &c, &err) ==
				    CLAIM_OK)
					deliver(s, c, wire, &seed);
			}
			segment_put(g);
		}
		if (claim_wait(s, &err) < 0)
			_exit(1);
		/* what is done goes: a fresh view of the spool removes it */
		spool_close(s);
		s = util_open(dir);
		for (size_t k = 0; k < n; k++)
			free(ids[k]);
		free(ids);
	}
	_exit(0);
}

static pid_t
start(const char *dir, int wire, unsigned seed)
{
	pid_t pid = fork();

	if (pid == 0)
		sender(dir, wire, seed);
	assert_true(pid > 0);
	return pid;
}

static void
judge(const char *path, unsigned kills)
{
	static unsigned char seen[RECORDS];
	unsigned number, lost = 0, twice = 0;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	while (fscanf(f, "%u", &number) == 1) {
		assert_true(number < RECORDS);
		seen[number]++;
	}
	fclose(f);
	for (unsigned i = 0; i < RECORDS; i++) {
		lost += seen[i] == 0;
		twice += seen[i] > 1 ? seen[i] - 1u : 0;
	}
	print_message("%u kills: lost %u, duplicates %u\n", kills, lost, twice);
	assert_int_equal(lost, 0);
	assert_true(twice <= kills);
}

static void
p2_p3_p4_kill_9_loses_nothing(void **state)
{
	struct spool *s = util_open(*state);
	char path[512];
	pid_t pid[SENDERS];
	unsigned seed = 4711, kills = 0;
	int wire, status, left = SENDERS;
	struct err err;

	for (int b = 0; b < RECORDS / BATCH; b++) {
		struct spool_message m = util_message(TEXT);
		struct inject_envelope e = { .sender = "<>" };
		struct batch *batch;
		char id[NAME_SEGMENT + 1];

		assert_int_equal(batch_begin(s, NULL, &batch, &err), 0);
		for (int i = 0; i < BATCH; i++) {
			char rcpt[40];
			struct inject_rcpt r = { .rcpt = rcpt,
				.domain = "dom.example", .vmta = "v1" };

			snprintf(rcpt, sizeof(rcpt), "r%d@dom.example",
			    b * BATCH + i);
			assert_int_equal(batch_message(batch, &m, &e, id,
					     &err), 0);
			assert_int_equal(batch_rcpt(batch, &r, &err), 0);
		}
		assert_int_equal(batch_commit(batch, &err), 0);
	}
	spool_close(s);
	snprintf(path, sizeof(path), "%s/wire", (char *)*state);
	wire = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_true(wire >= 0);
	for (int i = 0; i < SENDERS; i++)
		pid[i] = start(*state, wire, seed + (unsigned)i);
	for (int round = 0; round < 250; round++) {
		int k = rand_r(&seed) % SENDERS;

		usleep(500 + (unsigned)rand_r(&seed) % 5000);
		if (waitpid(pid[k], &status, WNOHANG) == pid[k]) {
			assert_int_equal(status, 0);
		} else {
			kill(pid[k], SIGKILL);
			waitpid(pid[k], &status, 0);
			kills++;
		}
		pid[k] = start(*state, wire, seed + (unsigned)round * 7);
	}
	while (left > 0) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
		left--;
	}
	close(wire);
	judge(path, kills);
	s = util_open(*state);
	assert_int_equal(spool_recover(s, &err), 0);
	assert_false(some_left(s));
	spool_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(p2_p3_p4_kill_9_loses_nothing,
		    util_setup, util_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

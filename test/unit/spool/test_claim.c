/* SPDX-License-Identifier: ISC */
#include "util.h"

#include "base/fd.h"
#include "spool/journal_impl.h"
#include "spool/checkpoint.h"
#include "spool/recover.h"

static const struct event delivered = {
	.f = { [EV_TIME] = "1764000000.000", [EV_TYPE] = "d", [EV_ID] = "x",
	    [EV_RCPT] = "r0@dom.example", [EV_DIAG] = "smtp;250 ok" },
};

static const struct settlement done = { .letter = STATE_DELIVERED,
	.attempt = true, .vmta = UINT32_MAX, .priority = UINT32_MAX,
	.code = 250, .event = &delivered };

/* One packed message of n recipients: the segment's id into id. */
static void
one_segment(struct spool *s, size_t n, char id[NAME_SEGMENT + 1])
{
	struct err err;
	char mid[NAME_SEGMENT + 1];

	assert_int_equal(util_single(s, n, mid, &err), 0);
	assert_int_equal(spool_pack(s, &err), 0);
	util_segment(s, id);
}

static struct state
state_of(struct spool *s, const char *id, uint32_t i)
{
	struct segment *g;
	struct state st;
	struct err err;

	assert_int_equal(segment_get(s, id, &g, &err), 0);
	assert_int_equal(segment_state(g, i, &st), 0);
	segment_put(g);
	return st;
}

static void
p2_a_claim_marks_and_release_restores(void **state)
{
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1], loc[NAME_LOCATOR + 1];
	struct claim *c, *again;
	struct err err;

	one_segment(s, 2, id);
	snprintf(loc, sizeof(loc), "%s.1", id);
	assert_int_equal(claim_take(s, loc, 0, &c, &err), CLAIM_OK);
	assert_int_equal(state_of(s, id, 1).letter, STATE_SENDING);
	assert_int_equal(state_of(s, id, 0).letter, STATE_QUEUED);
	/* our own table refuses a second claim before any lock does */
	assert_int_equal(claim_take(s, loc, 0, &again, &err), CLAIM_DROP);
	assert_int_equal(claim_release(c, &err), 0);
	assert_int_equal(state_of(s, id, 1).letter, STATE_QUEUED);
	assert_int_equal(state_of(s, id, 1).attempts, 0);
	assert_int_equal(claim_take(s, loc, 0, &c, &err), CLAIM_OK);
	assert_string_equal(claim_envelope(c, &err)->rcpt, "r1@dom.example");
	assert_int_equal(claim_release(c, &err), 0);
	/* another version is another promise */
	assert_int_equal(claim_take(s, loc, 1, &c, &err), CLAIM_DROP);
	spool_close(s);
}

static void
p2_two_processes_never_have_the_same(void **state)
{
	struct spool *s = util_open(*state), *other = util_open(*state);
	char id[NAME_SEGMENT + 1], loc[NAME_LOCATOR + 1];
	struct claim *c, *d;
	struct err err;

	/* two opens are two descriptions: as two processes for OFD locks */
	one_segment(s, 2, id);
	snprintf(loc, sizeof(loc), "%s.0", id);
	assert_int_equal(claim_take(s, loc, 0, &c, &err), CLAIM_OK);
	assert_int_equal(claim_take(other, loc, 0, &d, &err), CLAIM_DROP);
	assert_int_equal(claim_release(c, &err), 0);
	assert_int_equal(claim_take(other, loc, 0, &d, &err), CLAIM_OK);
	assert_int_equal(claim_take(s, loc, 0, &c, &err), CLAIM_DROP);
	assert_int_equal(claim_release(d, &err), 0);
	spool_close(other);
	spool_close(s);
}

struct seen {
	struct spool *s;
	char id[NAME_SEGMENT + 1];
	int calls;
	enum state_letter letter;
	bool locked;
	char line[EVENT_LINE_MAX];
};

static void
on_done(void *arg, const char *line, size_t len)
{
	struct seen *seen = arg;
	struct segment *g;
	struct state st;
	struct err err;

	assert_int_equal(segment_get(seen->s, seen->id, &g, &err), 0);
	assert_int_equal(segment_state(g, 0, &st), 0);
	seen->letter = st.letter;
	seen->calls++;
	snprintf(seen->line, sizeof(seen->line), "%.*s", (int)len, line);
	segment_put(g);
}

static void
p3_journal_then_state_then_event(void **state)
{
	struct spool *s = util_open(*state);
	struct seen seen = { .s = s };
	char loc[NAME_LOCATOR + 1];
	struct claim *c;
	struct err err;

	one_segment(s, 1, seen.id);
	snprintf(loc, sizeof(loc), "%s.0", seen.id);
	claim_on_done(s, on_done, &seen);
	assert_int_equal(claim_take(s, loc, 0, &c, &err), CLAIM_OK);
	assert_non_null(claim_envelope(c, &err));
	assert_int_equal(claim_settle(c, &done, &err), 0);
	/* nothing is told, nothing is written before the sync */
	assert_int_equal(state_of(s, seen.id, 0).letter, STATE_SENDING);
	assert_int_equal(seen.calls, 0);
	assert_int_equal(claim_wait(s, &err), 0);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(seen.letter, STATE_DELIVERED);
	assert_non_null(strstr(seen.line, "\tr0@dom.example\t"));
	assert_int_equal(seen.line[strlen(seen.line) - 1], '\n');
	assert_int_equal(claim_unsynced(s), 0);
	spool_close(s);
	/* all of the segment is done: it goes, once what it replaced is gone */
	assert_int_equal(util_count(*state, "queue"), 0);
	assert_int_equal(util_count(*state, "journal"), 1);
}

static void
take_and_die(const char *dir, void *arg)
{
	struct spool *s = util_open(dir);
	struct claim *c;
	struct err err;

	if (claim_take(s, arg, 0, &c, &err) != CLAIM_OK)
		_exit(1);
}

static void
p2_an_orphan_is_in_doubt(void **state)
{
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1], loc[NAME_LOCATOR + 1];
	struct claim *c;
	struct err err;

	one_segment(s, 1, id);
	snprintf(loc, sizeof(loc), "%s.0", id);
	util_in_killed_child(take_and_die, *state, loc);
	assert_int_equal(state_of(s, id, 0).letter, STATE_SENDING);
	assert_int_equal(claim_take(s, loc, 0, &c, &err), CLAIM_OK);
	assert_true(claim_in_doubt(c));
	assert_int_equal(claim_release(c, &err), 0);
	/* given back, it is still in doubt for the next one */
	assert_int_equal(claim_take(s, loc, 0, &c, &err), CLAIM_OK);
	assert_true(claim_in_doubt(c));
	assert_int_equal(claim_settle(c, &done, &err), 0);
	assert_int_equal(claim_wait(s, &err), 0);
	assert_int_equal(state_of(s, id, 0).letter, STATE_DELIVERED);
	spool_close(s);
}

/* The journal line is durable, the state line was never written. */
static void
settle_and_die(const char *dir, void *arg)
{
	struct spool *s = util_open(dir);
	struct claim *c;
	struct err err;

	if (claim_take(s, arg, 0, &c, &err) != CLAIM_OK ||
	    claim_envelope(c, &err) == NULL ||
	    claim_settle(c, &done, &err) < 0 ||
	    journal_write_pending(s, &err) < 0)
		_exit(1);
}

static void
p4_recovery_applies_what_the_dead_recorded(void **state)
{
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1], loc[NAME_LOCATOR + 1];
	struct claim *c;
	struct err err;

	one_segment(s, 1, id);
	snprintf(loc, sizeof(loc), "%s.0", id);
	util_in_killed_child(settle_and_die, *state, loc);
	assert_int_equal(state_of(s, id, 0).letter, STATE_SENDING);
	/* the claimer recovers first, and finds it delivered */
	assert_int_equal(claim_take(s, loc, 0, &c, &err), CLAIM_DROP);
	assert_int_equal(state_of(s, id, 0).letter, STATE_DELIVERED);
	assert_int_equal(state_of(s, id, 0).ver, 1);
	assert_int_equal(state_of(s, id, 0).attempts, 1);
	/* again changes nothing */
	assert_int_equal(spool_recover(s, &err), 0);
	assert_int_equal(state_of(s, id, 0).ver, 1);
	spool_close(s);
}

/* An orphan that turns up after this process has recovered. */
static void
p2_a_late_orphan_is_replayed_before_it_is_in_doubt(void **state)
{
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1], loc[NAME_LOCATOR + 1];
	char first[NAME_LOCATOR + 1];
	struct claim *c, *late;
	struct err err;

	one_segment(s, 2, id);
	snprintf(first, sizeof(first), "%s.1", id);
	snprintf(loc, sizeof(loc), "%s.0", id);
	assert_int_equal(claim_take(s, first, 0, &c, &err), CLAIM_OK);
	util_in_killed_child(settle_and_die, *state, loc);
	assert_int_equal(claim_take(s, loc, 0, &late, &err), CLAIM_DROP);
	assert_int_equal(state_of(s, id, 0).letter, STATE_DELIVERED);
	/* our own claim was not touched by the replay */
	assert_int_equal(state_of(s, id, 1).letter, STATE_SENDING);
	assert_int_equal(claim_take(s, loc, 0, &late, &err), CLAIM_DROP);
	assert_int_equal(claim_release(c, &err), 0);
	spool_close(s);
}

static void
p4_after_power_loss_closed_journals_are_replayed(void **state)
{
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1], loc[NAME_LOCATOR + 1], line[STATE_LINE];
	struct segment *g;
	struct state st;
	struct claim *c;
	struct err err;

	one_segment(s, 2, id);
	snprintf(loc, sizeof(loc), "%s.0", id);
	assert_int_equal(claim_take(s, loc, 0, &c, &err), CLAIM_OK);
	assert_non_null(claim_envelope(c, &err));
	assert_int_equal(claim_settle(c, &done, &err), 0);
	assert_int_equal(claim_wait(s, &err), 0);
	spool_close(s);
	/* the power went: the state line, never synced, is the old one */
	s = util_open(*state);
	assert_int_equal(segment_get(s, id, &g, &err), 0);
	st = state_of(s, id, 0);
	st.letter = STATE_QUEUED;
	st.ver = 0;
	state_format(&st, line);
	assert_int_equal(fd_pwrite_all(g->fd, line, STATE_LINE,
			     (off_t)g->states_at), 0);
	segment_put(g);
	assert_int_equal(spool_recover(s, &err), 0);
	assert_int_equal(state_of(s, id, 0).letter, STATE_QUEUED);
	spool_set_boot_id(s, "another-boot");
	assert_int_equal(spool_recover(s, &err), 0);
	assert_int_equal(state_of(s, id, 0).letter, STATE_DELIVERED);
	spool_close(s);
}

static void
p4_journals_go_when_every_reader_has_passed(void **state)
{
	static const char *const keys[] = { "k" };
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1], loc[NAME_LOCATOR + 1];
	struct checkpoint ck = { 0 };
	struct journal_reader *r;
	struct journal_line l;
	struct claim *c;
	struct err err;
	uint64_t *numbers;
	size_t n;
	off_t pos;

	one_segment(s, 2, id);
	snprintf(loc, sizeof(loc), "%s.0", id);
	assert_int_equal(claim_take(s, loc, 0, &c, &err), CLAIM_OK);
	assert_non_null(claim_envelope(c, &err));
	assert_int_equal(claim_settle(c, &done, &err), 0);
	assert_int_equal(claim_wait(s, &err), 0);
	assert_int_equal(journal_list(s, &numbers, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(journal_open(s, numbers[0], &r, &err), 0);
	pos = journal_start(r);
	assert_int_equal(journal_next(r, &pos, &l, &err), 1);
	assert_string_equal(l.locator, loc);
	assert_non_null(strstr(l.event, "smtp;250 ok"));
	assert_int_equal(journal_next(r, &pos, &l, &err), 0);
	assert_int_equal(pos, l.next);
	journal_close(r);
	/* live, then unread by a checkpoint that never was */
	assert_int_equal(journal_reap(s, keys, 1, &err), 0);
	assert_int_equal(util_count(*state, "journal"), 1);
	spool_close(s);
	s = util_open(*state);
	assert_int_equal(journal_reap(s, keys, 1, &err), 0);
	assert_int_equal(util_count(*state, "journal"), 1);
	checkpoint_set(&ck, numbers[0], pos - 1);
	assert_int_equal(checkpoint_write(s, "k", &ck, &err), 0);
	assert_int_equal(journal_reap(s, keys, 1, &err), 0);
	assert_int_equal(util_count(*state, "journal"), 1);
	checkpoint_set(&ck, numbers[0], pos);
	assert_int_equal(checkpoint_write(s, "k", &ck, &err), 0);
	assert_int_equal(journal_reap(s, keys, 1, &err), 0);
	assert_int_equal(util_count(*state, "journal"), 0);
	checkpoint_clear(&ck);
	free(numbers);
	spool_close(s);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, util_setup, util_teardown)
	const struct CMUnitTest tests[] = {
		T(p2_a_claim_marks_and_release_restores),
		T(p2_two_processes_never_have_the_same),
		T(p2_an_orphan_is_in_doubt),
		T(p2_a_late_orphan_is_replayed_before_it_is_in_doubt),
		T(p3_journal_then_state_then_event),
		T(p4_recovery_applies_what_the_dead_recorded),
		T(p4_after_power_loss_closed_journals_are_replayed),
		T(p4_journals_go_when_every_reader_has_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

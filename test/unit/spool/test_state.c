/* SPDX-License-Identifier: ISC */
#include "util.h"

#include "spool/retry.h"
#include "spool/state.h"
#include "base/num.h"

static const struct state samples[] = {
	{ .letter = STATE_QUEUED },
	{ STATE_SENDING, 1764000000, 3, 17, 50, 12, 7, 42, 451 },
	{ STATE_HELD, 9999999999, 999, 999999, 100, 60466175, 60466175,
	    78364164095, 599 },
	{ .letter = STATE_DELIVERED, .code = 250 },
	{ .letter = STATE_BOUNCED, .code = 550 },
	{ .letter = STATE_REMOVED },
};
enum { N_SAMPLES = sizeof(samples) / sizeof(samples[0]) };

static void
p1_a_line_says_what_was_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		char line[STATE_LINE];
		struct state st;

		state_format(&samples[i], line);
		assert_int_equal(line[STATE_LINE - 1], '\n');
		assert_null(memchr(line, '\n', STATE_LINE - 1));
		assert_int_equal(state_parse(line, &st), 0);
		assert_int_equal(st.letter, samples[i].letter);
		assert_int_equal(st.due, samples[i].due);
		assert_int_equal(st.attempts, samples[i].attempts);
		assert_int_equal(st.ver, samples[i].ver);
		assert_int_equal(st.priority, samples[i].priority);
		assert_int_equal(st.domain, samples[i].domain);
		assert_int_equal(st.vmta, samples[i].vmta);
		assert_int_equal(st.journal, samples[i].journal);
		assert_int_equal(st.code, samples[i].code);
	}
}

static void
p1_any_flipped_bit_is_seen(void **state)
{
	char line[STATE_LINE];
	struct state st;

	(void)state;
	state_format(&samples[1], line);
	for (size_t bit = 0; bit < STATE_LINE * 8; bit++) {
		line[bit / 8] ^= (char)(1 << bit % 8);
		assert_int_equal(state_parse(line, &st), -1);
		line[bit / 8] ^= (char)(1 << bit % 8);
	}
	assert_int_equal(state_parse(line, &st), 0);
}

static void
p1_a_line_torn_between_two_is_seen(void **state)
{
	char a[STATE_LINE], b[STATE_LINE];
	struct state st;

	(void)state;
	state_format(&samples[1], a);
	state_format(&samples[3], b);
	for (size_t cut = 1; cut < STATE_LINE - 1; cut++) {
		char torn[STATE_LINE];

		memcpy(torn, a, cut);
		memcpy(torn + cut, b + cut, STATE_LINE - cut);
		if (memcmp(torn, a, STATE_LINE) != 0 &&
		    memcmp(torn, b, STATE_LINE) != 0)
			assert_int_equal(state_parse(torn, &st), -1);
	}
}

static void
final_letters(void **state)
{
	(void)state;
	assert_true(state_is_final(STATE_DELIVERED));
	assert_true(state_is_final(STATE_BOUNCED));
	assert_true(state_is_final(STATE_REMOVED));
	assert_false(state_is_final(STATE_QUEUED));
	assert_false(state_is_final(STATE_SENDING));
	assert_false(state_is_final(STATE_HELD));
}

static void
p12_retry(void **state)
{
	static const int64_t list[] = { 60, 600, 3600 };

	(void)state;
	assert_int_equal(retry_wait(list, 3, 0), 60);
	assert_int_equal(retry_wait(list, 3, 1), 60);
	assert_int_equal(retry_wait(list, 3, 2), 600);
	assert_int_equal(retry_wait(list, 3, 3), 3600);
	assert_int_equal(retry_wait(list, 3, 400), 3600);
	assert_int_equal(retry_deadline(1000, 500, 0), 1500);
	assert_int_equal(retry_deadline(1000, 500, 1200), 1200);
	assert_int_equal(retry_deadline(1000, SPAN_NEVER, 0), INT64_MAX);
	/* a clock that stepped back: due can't be that far away */
	assert_int_equal(retry_due(5000, 1000, 600, false), 1000);
	assert_int_equal(retry_due(1600, 1000, 600, false), 1600);
	assert_int_equal(retry_due(5000, 1000, 600, true), 5000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p1_a_line_says_what_was_written),
		cmocka_unit_test(p1_any_flipped_bit_is_seen),
		cmocka_unit_test(p1_a_line_torn_between_two_is_seen),
		cmocka_unit_test(final_letters),
		cmocka_unit_test(p12_retry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

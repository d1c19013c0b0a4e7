/* SPDX-License-Identifier: ISC */
/* From job lines to grants: what passes, what waits, in which order. */
#include "rig.h"

#include "base/log.h"

static const char conf[] =
    "<virtual-mta free>\n"
    "  smtp-source-host 127.0.0.2 a.example\n"
    "</virtual-mta>\n"
    "<virtual-mta v1>\n"
    "  smtp-source-host 127.0.0.3 b.example\n"
    "  max-msg-rate 6/10s\n"
    "  <domain tight.example>\n"
    "    max-msg-rate 2/10s\n"
    "  </domain>\n"
    "</virtual-mta>\n"
    "domain-macro ms hotmail.example, outlook.example\n"
    "<domain $ms>\n"
    "  max-msg-rate 3/10s\n"
    "</domain>\n";

static void
lines(struct buf *b, const char *prefix, int n, int priority,
    const char *domain, const char *vmta)
{
	char id[32];

	for (int i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "%s%d", prefix, i);
		add_line(b, id, priority, domain, vmta, "-");
	}
}

static int
set_up(void **state)
{
	static struct rig g;

	g = (struct rig){ 0 };
	rig_open(&g, conf, false);
	log_init("test");
	*state = &g;
	return 0;
}

static int
tear_down(void **state)
{
	rig_close(*state);
	return 0;
}

static void
test_nothing_limits(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);

	rig_filter(g, (struct filter_options){ 0 });
	lines(&in, "a", 3, 50, "x.example", "free");
	rig_feed(g, in.data, 0);
	/* the list of ledger lines is empty, the rest of the line as it was */
	assert_non_null(strstr(g->out.data, "a0\tseg.0\t3\tfree;127.0.0.2;"));
	assert_non_null(strstr(g->out.data,
	    ";\t50\t0\t0\t1\tx.example/free\tx.example\tfree\t<>\tu@x.example"
	    "\t-\t-\n"));
	expect_grants(g, 5, "1 2 3");
	rig_feed(g, in.data, 0);
	expect_ids(g, "a0 a1 a2");
	assert_int_equal(filter_counts(g->filter)->granted, 6);
	buf_clear(&in);
}

static void
test_what_has_a_grant_passes_untouched(void **state)
{
	static const char text[] =
	    "a\tseg.0\t3\texpire\t50\t0\t0\t1\tq/v\tq\tgone\t<>\tu@q\t-\t-\n"
	    "b\tseg.0\t3\tv1;127.0.0.3;77;1;9;4,5\t50\t0\t0\t1\tq/v\tq\tv1\t<>"
	    "\tu@q\t-\t-\tmore\n";
	struct rig *g = *state;

	rig_filter(g, (struct filter_options){ 0 });
	rig_feed(g, text, 0);
	assert_string_equal(g->out.data, text);
	assert_int_equal(filter_counts(g->filter)->passed, 2);
}

static void
test_bad_lines_do_no_harm(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);

	rig_filter(g, (struct filter_options){ 0 });
	buf_adds(&in, "id\tlocator\tversion\tgrant\n");	/* ready -H */
	lines(&in, "a", 1, 50, "x.example", "free");
	buf_adds(&in, "rubbish\n\n");
	lines(&in, "b", 1, 50, "x.example", "nobody");
	lines(&in, "c", 1, 50, "x.example", "FREE");
	buf_adds(&in, "d\tseg.0\t3\tv1;x\t50\t0\t0\t1\tq\tq\tv1\t<>\tu\t-\t-\n");
	rig_feed(g, in.data, 0);
	expect_ids(g, "a0 c0");
	assert_int_equal(filter_counts(g->filter)->bad, 4);
	assert_int_equal(filter_counts(g->filter)->lines, 6);
	buf_clear(&in);
}

static void
test_no_more_than_the_budget(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);

	rig_filter(g, (struct filter_options){ 0 });
	lines(&in, "a", 5, 50, "tight.example", "v1");
	lines(&in, "b", 7, 50, "x.example", "v1");
	rig_feed(g, in.data, 0);
	/* two of its own budget, the rest of the virtual MTA's; in turn */
	expect_ids(g, "a0 b0 a1 b1 b2 b3");
	assert_int_equal(filter_counts(g->filter)->no_room, 6);
	rig_feed(g, in.data, 0);
	expect_ids(g, "");
	rig_time(g, g->ms + 15200);
	rig_feed(g, in.data, 0);
	expect_ids(g, "a0 b0 a1 b1 b2 b3");
	buf_clear(&in);
}

static void
test_domains_of_a_group_share(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);

	rig_filter(g, (struct filter_options){ 0 });
	lines(&in, "a", 2, 50, "hotmail.example", "free");
	lines(&in, "b", 2, 50, "outlook.example", "free");
	lines(&in, "c", 4, 50, "hotmail.example", "v1");
	rig_feed(g, in.data, 0);
	expect_ids(g, "a0 c0 a1 c1 b0 c2");
	buf_clear(&in);
}

static void
test_priority_goes_first(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);

	rig_filter(g, (struct filter_options){ 0 });
	lines(&in, "low", 4, 10, "x.example", "v1");
	lines(&in, "mid", 4, 50, "y.example", "v1");
	lines(&in, "high", 1, 100, "x.example", "v1");
	rig_feed(g, in.data, 0);
	expect_ids(g, "high0 mid0 mid1 mid2 mid3 low0");
	buf_clear(&in);
}

static void
test_an_edited_virtual_mta_counts(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);

	rig_filter(g, (struct filter_options){ 0 });
	/* the queue column still says v1; the virtual MTA is what goes */
	buf_adds(&in, "a\tseg.0\t3\t-\t50\t0\t0\t1\ttight.example/v1\t"
	    "tight.example\tfree\t<>\tu@t\t-\t-\n");
	for (int i = 0; i < 4; i++)
		rig_feed(g, in.data, 0);
	expect_grants(g, 1, "free free free free");
	buf_clear(&in);
}

/* Waiting */

static void
service_until(struct rig *g, int64_t ms)
{
	struct err err = { 0 };

	while (g->ms < ms) {
		rig_time(g, g->ms + 5);
		if (filter_due(g->filter) <= ledger_now(g->ledger) &&
		    filter_service(g->filter, &g->out, &err) < 0)
			fail_msg("%s", err.msg);
	}
}

static void
test_waits_for_room(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);
	int64_t start = g->ms;

	rig_filter(g, (struct filter_options){ .wait = true });
	assert_int_equal(filter_due(g->filter), INT64_MAX);
	lines(&in, "a", 8, 50, "x.example", "v1");
	rig_feed(g, in.data, 60000);
	expect_ids(g, "a0 a1 a2 a3 a4 a5");
	assert_int_equal(filter_counts(g->filter)->waiting, 2);
	service_until(g, start + 14000);	/* never used: they stand at +5 s */
	expect_ids(g, "");
	service_until(g, start + 16200);
	expect_ids(g, "a6 a7");
	assert_int_equal(filter_counts(g->filter)->waiting, 0);
	assert_int_equal(filter_due(g->filter), INT64_MAX);
	buf_clear(&in);
}

/* A turn a line would be a limit that nobody configured. */
static void
test_one_queue_gets_all_its_room_in_one_turn(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);
	struct err err = { 0 };

	rig_filter(g, (struct filter_options){ .wait = true });
	lines(&in, "a", 11, 50, "x.example", "v1");
	rig_feed(g, in.data, 60000);
	expect_ids(g, "a0 a1 a2 a3 a4 a5");
	rig_time(g, g->ms + 17000);
	assert_int_equal(filter_service(g->filter, &g->out, &err), 0);
	expect_ids(g, "a6 a7 a8 a9 a10");
	buf_clear(&in);
}

static void
test_paced_lines_are_spread(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);
	int64_t start = g->ms;

	ledger_set_paced(g->ledger, true);
	rig_filter(g, (struct filter_options){ .wait = true });
	lines(&in, "a", 6, 50, "x.example", "v1");
	rig_feed(g, in.data, 60000);
	expect_ids(g, "a0");
	service_until(g, start + 1200);
	expect_ids(g, "");
	service_until(g, start + 1800);
	expect_ids(g, "a1");
	service_until(g, start + 10000);
	expect_ids(g, "a2 a3 a4 a5");
	buf_clear(&in);
}

/* Queues that wait for one budget take turns, whoever has more. */
static void
test_waiting_queues_take_turns(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);
	int of[3] = { 0 };

	rig_filter(g, (struct filter_options){ .wait = true });
	lines(&in, "a", 60, 50, "x.example", "v1");
	lines(&in, "b", 30, 50, "y.example", "v1");
	lines(&in, "c", 30, 50, "z.example", "v1");
	rig_feed(g, in.data, 600000);
	service_until(g, g->ms + 100000);
	for (const char *p = g->out.data; *p != '\0'; p = strchr(p, '\n') + 1)
		of[*p - 'a']++;
	assert_in_range(of[0], 11, 15);
	assert_in_range(of[1], of[0] - 1, of[0] + 1);
	assert_in_range(of[2], of[0] - 1, of[0] + 1);
	buf_clear(&in);
}

static void
test_priority_overtakes_who_waits(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);

	rig_filter(g, (struct filter_options){ .wait = true });
	lines(&in, "a", 8, 50, "x.example", "v1");
	lines(&in, "b", 2, 50, "y.example", "v1");
	rig_feed(g, in.data, 60000);
	expect_ids(g, "a0 b0 a1 b1 a2 a3");
	buf_reset(&in);
	lines(&in, "c", 1, 90, "y.example", "v1");
	lines(&in, "d", 1, 80, "x.example", "v1");
	rig_feed(g, in.data, 60000);
	service_until(g, g->ms + 16500);
	expect_ids(g, "c0 d0 a4 a5 a6 a7");
	buf_clear(&in);
}

static bool
not_odd(void *arg, const struct job_line *l, const struct conf_queue *q)
{
	size_t n;
	const char *id = line_field(l, JOB_ID, &n);

	++*(int *)arg;
	assert_string_equal(q->name, "x.example/v1");
	return id[n - 1] % 2 == 0;
}

static void
test_what_changed_while_it_waited_is_dropped(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);
	int calls = 0;

	rig_filter(g, (struct filter_options){ .wait = true, .check = not_odd,
	    .arg = &calls });
	lines(&in, "a", 9, 50, "x.example", "v1");
	rig_feed(g, in.data, 60000);
	expect_ids(g, "a0 a1 a2 a3 a4 a5");
	assert_int_equal(calls, 0);	/* they did not wait */
	service_until(g, g->ms + 16500);
	expect_ids(g, "a6 a8");
	assert_int_equal(filter_counts(g->filter)->stale, 1);
	assert_true(calls >= 3);
	buf_clear(&in);
}

/* Some lines of a blocked queue are kept, what its limits let through in the
 * time left and a few; the rest is dropped. */
static void
test_keeps_what_can_go_in_time(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);

	rig_filter(g, (struct filter_options){ .wait = true });
	lines(&in, "a", 500, 50, "tight.example", "v1");
	rig_feed(g, in.data, 100000);
	expect_ids(g, "a0 a1");
	/* 2/10s for 100 s */
	assert_in_range(filter_counts(g->filter)->waiting, 20, 60);
	assert_int_equal(filter_counts(g->filter)->waiting +
	    filter_counts(g->filter)->no_room, 498);
	/* a higher priority finds a place all the same */
	buf_reset(&in);
	lines(&in, "b", 1, 90, "tight.example", "v1");
	rig_feed(g, in.data, 100000);
	service_until(g, g->ms + 15500);
	expect_ids(g, "b0 a2");
	filter_drop(g->filter);
	assert_int_equal(filter_counts(g->filter)->waiting, 0);
	assert_int_equal(filter_counts(g->filter)->no_room, 501 - 4);
	buf_clear(&in);
}

static void
test_keeps_no_more_than_its_total(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);
	char domain[32];

	rig_filter(g, (struct filter_options){ .wait = true,
	    .keep_lines = 20 });
	for (int i = 0; i < 100; i++) {
		snprintf(domain, sizeof(domain), "d%d.example", i);
		lines(&in, "a", 2, 50, domain, "v1");
	}
	rig_feed(g, in.data, 100000);
	assert_int_equal(filter_counts(g->filter)->waiting, 20);
	buf_clear(&in);
}

static void
test_unwritten_grants_are_given_back(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);
	struct err err;
	char *second;

	rig_filter(g, (struct filter_options){ 0 });
	lines(&in, "a", 6, 50, "x.example", "v1");
	rig_feed(g, in.data, 0);
	second = strchr(g->out.data, '\n') + 1;
	assert_int_equal(filter_unwritten(g->filter, second, g->out.len -
	    (size_t)(second - g->out.data), &err), 0);
	buf_reset(&g->out);
	rig_feed(g, in.data, 0);
	expect_ids(g, "a0 a1 a2 a3 a4");
	buf_clear(&in);
}

static void
test_a_rehearsed_grant_is_good_for_nothing(void **state)
{
	struct rig *g = *state;
	struct buf in = BUF_INIT(0);

	rig_filter(g, (struct filter_options){ .rehearse = true });
	lines(&in, "a", 2, 50, "x.example", "v1");
	rig_feed(g, in.data, 0);
	expect_grants(g, 3, "1 1");
	buf_clear(&in);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_nothing_limits),
		T(test_what_has_a_grant_passes_untouched),
		T(test_bad_lines_do_no_harm),
		T(test_no_more_than_the_budget),
		T(test_domains_of_a_group_share),
		T(test_priority_goes_first),
		T(test_an_edited_virtual_mta_counts),
		T(test_waits_for_room),
		T(test_one_queue_gets_all_its_room_in_one_turn),
		T(test_paced_lines_are_spread),
		T(test_waiting_queues_take_turns),
		T(test_priority_overtakes_who_waits),
		T(test_what_changed_while_it_waited_is_dropped),
		T(test_keeps_what_can_go_in_time),
		T(test_keeps_no_more_than_its_total),
		T(test_unwritten_grants_are_given_back),
		T(test_a_rehearsed_grant_is_good_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

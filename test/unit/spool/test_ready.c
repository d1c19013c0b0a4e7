/* SPDX-License-Identifier: ISC */
#include "util.h"

#include "record/job.h"
#include "spool/ready.h"

static const char config[] = "host-name mail.example\n"
			     "<virtual-mta v1>\n"
			     "  <domain *>\n"
			     "    bounce-after 1h\n"
			     "    retry-after 10m\n"
			     "    retry-recipients-after 10m\n"
			     "  </domain>\n"
			     "</virtual-mta>\n"
			     "domain-macro pair d1.example, d2.example\n"
			     "<domain $pair>\n"
			     "  max-smtp-out 2\n"
			     "</domain>\n";

static struct conf *
configure(void)
{
	struct diags diags = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err = { 0 };

	if (conf_load_text("test", config, sizeof(config) - 1, &diags, &c,
		&err) < 0)
		fail_msg("%s", err.msg);
	diags_clear(&diags);
	return c;
}

struct lines {
	size_t n;
	char text[64][512];
	struct job job[64];
	size_t stop;
};

static int
on_line(void *arg, const char *line, size_t len)
{
	struct lines *l = arg;

	assert_true(l->n < 64 && len < 512);
	assert_int_equal(line[len - 1], '\n');
	memcpy(l->text[l->n], line, len - 1);
	l->text[l->n][len - 1] = '\0';
	assert_int_equal(job_parse(l->text[l->n], &l->job[l->n]), 0);
	l->n++;
	return l->n == l->stop ? 7 : 0;
}

static struct lines *
ready(struct spool *s, struct conf *c, const struct ready_options *o)
{
	static struct lines l;
	struct err err = { 0 };

	memset(&l, 0, sizeof(l));
	if (ready_list(s, c, o, on_line, &l, &err) != 0)
		fail_msg("%s", err.msg);
	return &l;
}

static void
due_records_are_listed_with_all_columns(void **state)
{
	struct spool *s = util_open(*state);
	struct conf *c = configure();
	struct ready_options o = { .now = clock_wall_s(spool_clock(s)) };
	char id[NAME_SEGMENT + 1], want[40];
	const struct lines *l;
	struct err err;

	assert_int_equal(ready(s, c, &o)->n, 0);
	assert_int_equal(util_single(s, 1, id, &err), 0);
	l = ready(s, c, &o);
	assert_int_equal(l->n, 1);
	snprintf(want, sizeof(want), "%s.0", id);
	assert_string_equal(l->job[0].f[JOB_ID], want);
	assert_string_equal(l->job[0].f[JOB_VERSION], "0");
	assert_string_equal(l->job[0].f[JOB_GRANT], "-");
	assert_string_equal(l->job[0].f[JOB_PRIORITY], "50");
	assert_string_equal(l->job[0].f[JOB_ATTEMPTS], "0");
	snprintf(want, sizeof(want), "%zu", strlen(TEXT));
	assert_string_equal(l->job[0].f[JOB_SIZE], want);
	assert_string_equal(l->job[0].f[JOB_QUEUE], "dom.example/v1");
	assert_string_equal(l->job[0].f[JOB_DOMAIN], "dom.example");
	assert_string_equal(l->job[0].f[JOB_VMTA], "v1");
	assert_string_equal(l->job[0].f[JOB_SENDER], "a@b.example");
	assert_string_equal(l->job[0].f[JOB_RCPT], "r0@dom.example");
	assert_string_equal(l->job[0].f[JOB_SOURCE], "-");
	/* not due yet a second before */
	o.now--;
	assert_int_equal(ready(s, c, &o)->n, 0);
	conf_free(c);
	spool_close(s);
}

static void
add_priority(struct spool *s, const char *rcpt, const char *domain,
    uint32_t priority)
{
	struct spool_message m = util_message(TEXT);
	struct inject_envelope e = { .sender = "<>" };
	struct inject_rcpt r = { .rcpt = rcpt, .domain = domain, .vmta = "v1",
		.priority = priority };
	char id[NAME_SEGMENT + 1];
	struct err err;

	assert_int_equal(inject_single(s, &m, &e, &r, 1, id, &err), 0);
}

static void
p7_priority_first_then_each_queue_in_turn(void **state)
{
	static const char *const want[] = { "u@b.example", "1@a.example",
		"1@b.example", "2@a.example", "2@b.example", "3@a.example",
		"low@a.example" };
	struct spool *s = util_open(*state);
	struct conf *c = configure();
	struct ready_options o = { .now = clock_wall_s(spool_clock(s)) + 1 };
	const struct lines *l;

	add_priority(s, "low@a.example", "a.example", 10);
	add_priority(s, "1@a.example", "a.example", 50);
	add_priority(s, "2@a.example", "a.example", 50);
	add_priority(s, "3@a.example", "a.example", 50);
	add_priority(s, "1@b.example", "b.example", 50);
	add_priority(s, "2@b.example", "b.example", 50);
	add_priority(s, "u@b.example", "b.example", 90);
	l = ready(s, c, &o);
	assert_int_equal(l->n, 7);
	for (size_t i = 0; i < 7; i++)
		assert_string_equal(l->job[i].f[JOB_RCPT], want[i]);
	conf_free(c);
	spool_close(s);
}

static void
a_group_is_one_queue_and_patterns_select(void **state)
{
	static const char *const patterns[] = { "$pair/*", "d0.example/*" };
	struct spool *s = util_open(*state);
	struct conf *c = configure();
	struct ready_options o = { .now = clock_wall_s(spool_clock(s)) + 1 };
	const struct lines *l;
	struct err err;

	assert_int_equal(util_batch(s, NULL, 8, 4, &err), 0);
	assert_int_equal(ready(s, c, &o)->n, 8);
	o.patterns = patterns;
	o.n_patterns = 1;
	l = ready(s, c, &o);
	assert_int_equal(l->n, 4);
	for (size_t i = 0; i < l->n; i++)
		assert_string_equal(l->job[i].f[JOB_QUEUE], "$pair/v1");
	o.n_patterns = 2;
	assert_int_equal(ready(s, c, &o)->n, 6);
	o.limit = 3;
	assert_int_equal(ready(s, c, &o)->n, 3);
	o.job = "nobody";
	assert_int_equal(ready(s, c, &o)->n, 0);
	conf_free(c);
	spool_close(s);
}

static void
p14_paused_and_failed_queues_wait(void **state)
{
	struct spool *s = util_open(*state);
	struct conf *c = configure();
	int64_t now = clock_wall_s(spool_clock(s)) + 1;
	struct ready_options o = { .now = now };
	struct queue_state q = { .not_before = now + 100, .last = "-" };
	struct err err;

	assert_int_equal(util_batch(s, NULL, 4, 4, &err), 0);
	assert_int_equal(queue_state_set(s, "d0.example/v1", &q, &err), 0);
	/* a pause of a domain acts inside its group too */
	assert_int_equal(pause_add(s, "d1.example/*", 0, "-", &err), 0);
	assert_int_equal(ready(s, c, &o)->n, 2);
	o.now = now + 100;
	assert_int_equal(ready(s, c, &o)->n, 3);
	assert_int_equal(pause_remove(s, "d1.example/*", &err), 0);
	assert_int_equal(ready(s, c, &o)->n, 4);
	conf_free(c);
	spool_close(s);
}

static void
p12_what_is_too_old_gets_the_word_expire(void **state)
{
	struct spool *s = util_open(*state);
	struct conf *c = configure();
	int64_t now = clock_wall_s(spool_clock(s));
	struct ready_options o = { .now = now + 3600 + 500 };
	const struct lines *l;
	struct err err;

	assert_int_equal(util_batch(s, NULL, 1, 1, &err), 0);
	/* past the deadline, but not by a further interval */
	assert_string_equal(ready(s, c, &o)->job[0].f[JOB_GRANT], "-");
	o.now = now + 3600 + 700;
	l = ready(s, c, &o);
	assert_int_equal(l->n, 1);
	assert_string_equal(l->job[0].f[JOB_GRANT], "expire");
	assert_int_equal(pause_add(s, "*/*", 0, "-", &err), 0);
	assert_int_equal(ready(s, c, &o)->n, 0);
	conf_free(c);
	spool_close(s);
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
p2_orphans_are_listed_what_is_being_sent_is_not(void **state)
{
	struct spool *s = util_open(*state), *other = util_open(*state);
	struct conf *c = configure();
	struct ready_options o = { .now = clock_wall_s(spool_clock(s)) + 1 };
	char loc[NAME_LOCATOR + 1];
	const struct lines *l;
	struct claim *claim;
	struct err err;

	assert_int_equal(util_batch(s, NULL, 2, 1, &err), 0);
	l = ready(s, c, &o);
	assert_int_equal(l->n, 2);
	snprintf(loc, sizeof(loc), "%s", l->job[0].f[JOB_LOCATOR]);
	util_in_killed_child(take_and_die, *state, loc);
	assert_int_equal(claim_take(other, l->job[1].f[JOB_LOCATOR], 0, &claim,
			     &err), CLAIM_OK);
	l = ready(s, c, &o);
	assert_int_equal(l->n, 1);
	assert_string_equal(l->job[0].f[JOB_LOCATOR], loc);
	assert_int_equal(claim_release(claim, &err), 0);
	assert_int_equal(ready(s, c, &o)->n, 2);
	conf_free(c);
	spool_close(other);
	spool_close(s);
}

static void
the_reader_may_stop(void **state)
{
	struct spool *s = util_open(*state);
	struct conf *c = configure();
	struct ready_options o = { .now = clock_wall_s(spool_clock(s)) + 1 };
	static struct lines l;
	struct err err;

	memset(&l, 0, sizeof(l));
	l.stop = 2;
	assert_int_equal(util_batch(s, NULL, 5, 2, &err), 0);
	assert_int_equal(ready_list(s, c, &o, on_line, &l, &err), 7);
	assert_int_equal(l.n, 2);
	conf_free(c);
	spool_close(s);
}

static int
count_it(void *arg, const struct scan_record *r)
{
	int *n = arg;

	assert_false(r->damaged);
	assert_string_equal(r->vmta, "v1");
	(*n)++;
	return 0;
}

static void
a_damaged_segment_is_set_aside_whole(void **state)
{
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1], path[512];
	struct err err;
	int fd, n = 0;

	assert_int_equal(util_batch(s, NULL, 3, 1, &err), 0);
	util_segment(s, id);
	assert_int_equal(spool_scan(s, NULL, 0, count_it, &n, &err), 0);
	assert_int_equal(n, 3);
	spool_close(s);
	snprintf(path, sizeof(path), "%s/queue/%s.seg", (char *)*state, id);
	fd = open(path, O_RDWR);
	assert_int_equal(pwrite(fd, "?", 1, 100), 1);
	close(fd);
	s = util_open(*state);
	n = 0;
	assert_int_equal(spool_scan(s, NULL, 0, count_it, &n, &err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(util_count(*state, "queue"), 0);
	assert_int_equal(util_count(*state, "damaged"), 1);
	spool_close(s);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, util_setup, util_teardown)
	const struct CMUnitTest tests[] = {
		T(due_records_are_listed_with_all_columns),
		T(p7_priority_first_then_each_queue_in_turn),
		T(a_group_is_one_queue_and_patterns_select),
		T(p14_paused_and_failed_queues_wait),
		T(p12_what_is_too_old_gets_the_word_expire),
		T(p2_orphans_are_listed_what_is_being_sent_is_not),
		T(the_reader_may_stop),
		T(a_damaged_segment_is_set_aside_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* Which virtual MTA and source a line leaves through: rotation in runs, lanes,
 * retries, pools (P16). */
#include "rig.h"

static const char conf[] =
    "<virtual-mta rot>\n"
    "  smtp-source-host 127.0.0.1 a.example\n"
    "  smtp-source-host 127.0.0.2 b.example\n"
    "  smtp-source-host 127.0.0.3 c.example\n"
    "  <domain runs.example>\n"
    "    max-smtp-out 1\n"
    "    max-msg-per-connection 3\n"
    "  </domain>\n"
    "  <domain lanes.example>\n"
    "    max-smtp-out 2\n"
    "    max-msg-per-connection 4\n"
    "  </domain>\n"
    "  <domain limited.example>\n"
    "    max-smtp-out 1\n"
    "    max-msg-per-connection 4\n"
    "    source-ip-max-msg-rate 127.0.0.1 1/10s\n"
    "    source-ip-max-msg-rate 127.0.0.2 2/10s\n"
    "    source-ip-max-msg-rate 127.0.0.3 2/1d\n"
    "  </domain>\n"
    "</virtual-mta>\n"
    "<virtual-mta m1>\n"
    "  smtp-source-host 127.0.0.4 d.example\n"
    "  max-msg-rate 2/10s\n"
    "</virtual-mta>\n"
    "<virtual-mta m2>\n"
    "  smtp-source-host 127.0.0.5 e.example\n"
    "</virtual-mta>\n"
    "<virtual-mta-pool both>\n"
    "  virtual-mta m1\n"
    "  virtual-mta m2\n"
    "</virtual-mta-pool>\n"
    "<virtual-mta plain>\n"
    "  <domain *>\n"
    "    source-ip-max-msg-rate 0/0 2/10s\n"
    "  </domain>\n"
    "</virtual-mta>\n";

static int
set_up(void **state)
{
	static struct rig g;

	g = (struct rig){ 0 };
	rig_open(&g, conf, false);
	rig_filter(&g, (struct filter_options){ 0 });
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
feed(struct rig *g, int n, const char *domain, const char *vmta,
    const char *source)
{
	struct buf in = BUF_INIT(0);

	for (int i = 0; i < n; i++)
		add_line(&in, "a", 50, domain, vmta, source);
	rig_feed(g, in.data, 0);
	buf_clear(&in);
}

#define IP(n) "127.0.0." #n

static void
test_runs(void **state)
{
	struct rig *g = *state;

	feed(g, 8, "runs.example", "rot", "-");
	expect_grants(g, 2, IP(1) " " IP(1) " " IP(1) " " IP(2) " " IP(2) " "
	    IP(2) " " IP(3) " " IP(3));
	feed(g, 2, "runs.example", "rot", "-");
	expect_grants(g, 2, IP(3) " " IP(1));
}

static void
test_lanes(void **state)
{
	struct rig *g = *state;

	feed(g, 12, "lanes.example", "rot", "-");
	expect_grants(g, 2, IP(1) " " IP(2) " " IP(1) " " IP(2) " " IP(1) " "
	    IP(2) " " IP(1) " " IP(2) " " IP(3) " " IP(1) " " IP(3) " " IP(1));
}

static void
test_the_next_process_goes_on(void **state)
{
	struct rig *g = *state;
	struct diags ds = DIAGS_INIT;
	struct err err;

	feed(g, 1, "runs.example", "rot", "-");
	expect_grants(g, 2, IP(1));
	filter_free(g->filter);
	conf_free(g->conf);
	g->filter = NULL;
	assert_int_equal(conf_load_text("test.conf", conf, strlen(conf), &ds,
	    &g->conf, &err), 0);
	diags_clear(&ds);
	rig_filter(g, (struct filter_options){ 0 });
	feed(g, 1, "runs.example", "rot", "-");
	expect_grants(g, 2, IP(2));
}

static void
test_a_retry_keeps_its_source(void **state)
{
	struct rig *g = *state;

	feed(g, 2, "runs.example", "rot", IP(3));
	expect_grants(g, 2, IP(3) " " IP(3));
	/* no longer one of the virtual MTA's */
	feed(g, 1, "runs.example", "rot", "127.0.0.33");
	expect_grants(g, 2, IP(1));
	feed(g, 1, "runs.example", "rot", "127.0.0.");
	expect_grants(g, 2, IP(1));
}

static void
test_sources_have_budgets_of_their_own(void **state)
{
	struct rig *g = *state;

	feed(g, 9, "limited.example", "rot", "-");
	expect_grants(g, 2, IP(1) " " IP(2) " " IP(2) " " IP(3) " " IP(3));
	assert_int_equal(filter_counts(g->filter)->no_room, 4);
}

/* A retry comes again soon where its source has room soon; where that is hours
 * away, another one takes it. */
static void
test_a_retry_whose_source_is_full(void **state)
{
	struct rig *g = *state;

	feed(g, 2, "limited.example", "rot", IP(1));
	expect_grants(g, 2, IP(1));
	assert_int_equal(filter_counts(g->filter)->no_room, 1);
	feed(g, 3, "limited.example", "rot", IP(3));
	expect_grants(g, 2, IP(3) " " IP(3) " " IP(2));
}

static void
test_a_pool_takes_turns_among_those_with_room(void **state)
{
	struct rig *g = *state;

	feed(g, 7, "x.example", "both", "-");
	expect_grants(g, 1, "m1 m2 m1 m2 m2 m2 m2");
	feed(g, 1, "y.example", "both", IP(4));
	expect_grants(g, 1, "");	/* its source has no room now */
	feed(g, 1, "y.example", "both", IP(5));
	expect_grants(g, 2, IP(5));
}

static void
test_no_source_is_the_systems(void **state)
{
	struct rig *g = *state;

	feed(g, 3, "x.example", "plain", "-");
	expect_grants(g, 2, "- -");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_runs),
		T(test_lanes),
		T(test_the_next_process_goes_on),
		T(test_a_retry_keeps_its_source),
		T(test_sources_have_budgets_of_their_own),
		T(test_a_retry_whose_source_is_full),
		T(test_a_pool_takes_turns_among_those_with_room),
		T(test_no_source_is_the_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

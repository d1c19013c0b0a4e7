/* SPDX-License-Identifier: ISC */
/* P9, the sender's side, against a real ledger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "deliver/lease.h"

static char dir[64];
static struct clock now = CLOCK_SYSTEM;
static struct leases *leases;

/* The clock stands at a second of our own. */
static void
at(int64_t s)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "%s/clock", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%lld\n", (long long)s + 1000000);
	assert_int_equal(fclose(f), 0);
	if (now.fd < 0)
		assert_int_equal(clock_use_file(&now, path, NULL), 0);
}

static int
setup(void **state)
{
	char path[96];
	struct err err;

	(void)state;
	now.fd = -1;
	snprintf(dir, sizeof(dir), "/tmp/lease-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/throttle", dir);
	if (mkdir(path, 0700) < 0)
		return -1;
	at(0);
	return leases_open(dir, &now, &leases, &err);
}

static int
teardown(void **state)
{
	char cmd[96];

	(void)state;
	leases_close(leases);
	close(now.fd);
	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	return system(cmd);
}

static struct connect_limit
limit_of(const char *scope, int64_t n)
{
	return (struct connect_limit){ .scope = (char *)(uintptr_t)scope,
		.rate = { n, 60000 }, .line = -1 };
}

/* Ask for one more connection under a limit. */
static int
connect_one(struct connect_limit *c, struct lease *out)
{
	struct connect_limit none = { .scope = (char *)(uintptr_t)"connect:n",
		.rate = { RATE_UNLIMITED, 0 }, .line = -1 };
	struct connect_limits limits = { { c, &none }, 1 };
	struct err err = { 0 };
	int64_t when = 0;
	int rc;

	assert_int_equal(leases_begin(leases, &err), 0);
	rc = lease_connect(leases, &limits, out, &when, &err);
	leases_end(leases);
	if (rc == 1)
		assert_true(when > leases_now(leases));
	return rc;
}

static void
test_unlimited_costs_nothing(void **state)
{
	struct grant g = { .kind = GRANT_GIVEN, .expiry_ms = 1 };
	struct lease e;

	(void)state;
	lease_init(&e, &g);
	assert_false(lease_is_limited(&e));
	assert_true(lease_is_live(leases, &e));
	assert_int_equal(lease_start(leases, &e, false), 0);
	assert_int_equal(lease_again(leases, &e), 0);
	assert_int_equal(lease_left_ms(leases, &e, 77), 77);
	lease_reply(leases, &e);
	lease_credit(leases, &e);
}

/* Two a minute: one is used, one given back or not, and then a third. */
static void
test_used_and_given_back(void **state)
{
	static const struct {
		bool credit;
		int third;
	} cases[] = { { false, 1 }, { true, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct connect_limit c = limit_of(i == 0 ? "connect:a" :
		    "connect:b", 2);
		struct lease e, other;
		struct err err;
		int base = (int)i * 1000;

		at(base + 10);
		assert_int_equal(connect_one(&c, &e), 0);
		assert_true(lease_is_limited(&e));
		assert_true(e.renew_ms > 0 && e.renew_ms < 60000);
		/* used: it counts for a whole unit from its reply on */
		at(base + 20);
		assert_int_equal(leases_begin(leases, &err), 0);
		lease_reply(leases, &e);
		leases_end(leases);
		at(base + 41);
		assert_int_equal(connect_one(&c, &other), 0);
		assert_int_equal(leases_begin(leases, &err), 0);
		if (cases[i].credit)
			lease_credit(leases, &other);
		leases_end(leases);
		at(base + 75);
		assert_int_equal(connect_one(&c, &other), cases[i].third);
	}
}

static void
test_stamp_stays_ahead(void **state)
{
	struct connect_limit c = limit_of("connect:t", 1);
	struct lease e, other;
	struct err err;

	(void)state;
	at(10);
	assert_int_equal(connect_one(&c, &e), 0);
	/* renewed every H/2, it never ends, and nobody else gets room */
	for (int s = 40; s < 400; s += 30) {
		at(s);
		assert_true(lease_is_live(leases, &e));
		assert_true(e.renew_at <= leases_now(leases));
		assert_int_equal(leases_begin(leases, &err), 0);
		lease_renew(leases, &e);
		leases_end(leases);
		assert_int_equal(connect_one(&c, &other), 1);
	}
	/* not renewed, it ends */
	at(500);
	assert_false(lease_is_live(leases, &e));
	assert_true(lease_left_ms(leases, &e, 0) <= 0);
}

static void
test_expired_is_taken_anew_where_there_is_room(void **state)
{
	struct connect_limit c = limit_of("connect:t", 1);
	struct lease e, other;
	struct grant g;
	struct err err;

	(void)state;
	at(10);
	assert_int_equal(connect_one(&c, &e), 0);
	g = e.grant;
	at(200);
	lease_init(&e, &g);
	assert_int_equal(leases_begin(leases, &err), 0);
	assert_int_equal(lease_start(leases, &e, false), -1);
	assert_int_equal(lease_start(leases, &e, true), 0);
	assert_true(lease_is_live(leases, &e));
	leases_end(leases);
	/* and now there is none for another */
	at(400);
	assert_int_equal(connect_one(&c, &other), 0);
	assert_int_equal(leases_begin(leases, &err), 0);
	assert_int_equal(lease_start(leases, &e, true), -1);
	leases_end(leases);
}

static void
test_sent_again_counts_twice(void **state)
{
	struct connect_limit c = limit_of("connect:t", 2);
	struct lease e, other;
	struct err err;

	(void)state;
	at(10);
	assert_int_equal(connect_one(&c, &e), 0);
	at(50);
	assert_int_equal(leases_begin(leases, &err), 0);
	assert_int_equal(lease_again(leases, &e), 0);
	leases_end(leases);
	assert_int_equal(connect_one(&c, &other), 1);
	assert_int_equal(leases_begin(leases, &err), 0);
	assert_int_equal(lease_again(leases, &e), -1);
	leases_end(leases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unlimited_costs_nothing,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(test_used_and_given_back,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(test_stamp_stays_ahead, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_expired_is_taken_anew_where_there_is_room, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_sent_again_counts_twice,
		    setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

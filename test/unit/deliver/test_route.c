/* SPDX-License-Identifier: ISC */
/* RFC 5321 5.1, without a name server: hosts that are addresses.  By MX: see
 * test/cli/vmta-send/dns.bats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "deliver/route.h"

static const struct conf_host hosts[] = {
	{ .host = "127.0.0.1", .is_address = true, .port = 2501 },
	{ .host = "127.0.0.2", .is_address = true, .port = 2502 },
	{ .host = "127.0.0.3", .is_address = true, .preference = 1 },
	{ .host = "::1", .is_address = true, .preference = 2 },
};

static struct conf_queue
queue_of(size_t n)
{
	return (struct conf_queue){ .name = "q", .smtp_hosts = hosts,
		.n_smtp_hosts = n, .smtp_port = 25 };
}

/* The addresses of a route, joined: "127.0.0.1:25 ..." */
static void
walk(const struct route_options *o, char *to, size_t size)
{
	struct route *r = route_new(o);
	struct route_target t;
	enum route_step step;
	size_t at = 0;

	to[0] = '\0';
	while ((step = route_next(r, &t)) == ROUTE_TARGET) {
		char text[46];

		wire_print(&t.address, text);
		at += (size_t)snprintf(to + at, size - at, "%s%s:%u",
		    at != 0 ? " " : "", text, t.port);
		assert_string_equal(t.host, "-");
	}
	assert_int_equal(step, ROUTE_END);
	route_free(r);
}

static void
test_order(void **state)
{
	struct conf_queue q = queue_of(4);
	struct route_options o = { .queue = &q, .domain = "x.test" };
	int first[2] = { 0, 0 };

	(void)state;
	for (int i = 0; i < 200; i++) {
		char got[256];

		walk(&o, got, sizeof(got));
		if (strcmp(got, "127.0.0.1:2501 127.0.0.2:2502 127.0.0.3:25 "
		    "::1:25") == 0)
			first[0]++;
		else if (strcmp(got, "127.0.0.2:2502 127.0.0.1:2501 "
		    "127.0.0.3:25 ::1:25") == 0)
			first[1]++;
	}
	/* nothing but those two, and each of them */
	assert_int_equal(first[0] + first[1], 200);
	assert_true(first[0] > 20 && first[1] > 20);
}

static void
test_family_of_the_source(void **state)
{
	struct conf_queue q = queue_of(4);
	struct route_options o = { .queue = &q, .domain = "x.test",
		.family = AF_INET6 };
	char got[256];

	(void)state;
	walk(&o, got, sizeof(got));
	assert_string_equal(got, "::1:25");
	q = queue_of(1);
	walk(&o, got, sizeof(got));
	assert_string_equal(got, "");
}

static void
test_failed_ones_come_last(void **state)
{
	struct conf_queue q = queue_of(4);
	struct route_memory *m = route_memory_new();
	struct route_options o = { .queue = &q, .domain = "x.test",
		.memory = m, .now_ms = 1000 };
	struct route_target bad = { .port = 2501 };
	char got[256];

	(void)state;
	assert_int_equal(wire_literal("127.0.0.1", &bad.address), 0);
	route_memory_failed(m, &bad, 1001);
	walk(&o, got, sizeof(got));
	assert_string_equal(got,
	    "127.0.0.2:2502 127.0.0.3:25 ::1:25 127.0.0.1:2501");
	/* forgotten when its time is over */
	o.now_ms = 1001;
	walk(&o, got, sizeof(got));
	assert_non_null(strstr(got, "127.0.0.1:2501 "));
	route_memory_free(m);
}

static void
test_literal_domain(void **state)
{
	static const struct {
		const char *domain;
		bool dns;
		const char *targets;
	} cases[] = {
		{ "[127.0.0.5]", false, "127.0.0.5:25" },
		{ "[IPv6:::1]", false, "::1:25" },
		{ "x.test", true, NULL },
	};
	struct conf_queue q = queue_of(0);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route_options o = { .queue = &q,
			.domain = cases[i].domain };
		char got[256];

		assert_int_equal(route_needs_dns(&q, cases[i].domain),
		    cases[i].dns);
		if (cases[i].dns)
			continue;
		walk(&o, got, sizeof(got));
		assert_string_equal(got, cases[i].targets);
	}
	q = queue_of(4);
	assert_false(route_needs_dns(&q, "x.test"));
}

static void
test_nothing_reached(void **state)
{
	struct conf_queue q = queue_of(1);
	struct route_options o = { .queue = &q, .domain = "x.test",
		.family = AF_INET6 };
	struct route *r = route_new(&o);
	struct route_target t;
	const struct route_failure *f;

	(void)state;
	assert_int_equal(route_next(r, &t), ROUTE_END);
	f = route_failure(r);
	assert_false(f->final);
	assert_false(f->dns);
	assert_string_equal(f->reply.status, "4.4.4");
	assert_int_equal(f->reply.code, 0);
	route_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_family_of_the_source),
		cmocka_unit_test(test_failed_ones_come_last),
		cmocka_unit_test(test_literal_domain),
		cmocka_unit_test(test_nothing_reached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

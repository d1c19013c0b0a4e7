/* SPDX-License-Identifier: ISC */
/* Against a name server of our own that answers over UDP on 127.0.0.1. */
#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dns/resolve.h"

enum { A = 1, MX = 15, AAAA = 28, SERVFAIL = 2, NXDOMAIN = 3, EVERY = 255 };

/* What the zone says: records of a name, in its wire form. */
static const struct record {
	const char *name;
	int type, rcode;
	const char *data;
	size_t n;
} zone[] = {
#define DATA(s) s, sizeof(s) - 1
	{ "two.test", MX, 0, DATA("\0\024\1b\4test\0") },
	{ "two.test", MX, 0, DATA("\0\012\1a\4test\0") },
	{ "two.test", MX, 0, DATA("\0\036\1c\4test\0") },
	{ "null.test", MX, 0, DATA("\0\0\0") },
	{ "bad.test", MX, 0, DATA("\0\0\3a b\0") },
	{ "mixed.test", MX, 0, DATA("\0\0\0") },
	{ "mixed.test", MX, 0, DATA("\0\5\1a\4test\0") },
	{ "a.test", A, 0, DATA("\177\0\0\1") },
	{ "a.test", A, 0, DATA("\177\0\0\2") },
	{ "a.test", A, 0, DATA("\0\0\0\0") },
	{ "a.test", AAAA, 0, DATA("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1") },
	{ "none.test", EVERY, NXDOMAIN, NULL, 0 },
	{ "broken.test", EVERY, SERVFAIL, NULL, 0 },
	{ "multicast.test", A, 0, DATA("\340\0\0\1") },
};

static pid_t server;
static char address[32];
static struct resolver *resolver;
static const struct clock system_clock = CLOCK_SYSTEM;

/* The name of the question as text.  Returns its end in the packet. */
static size_t
question(const unsigned char *p, size_t n, char name[256])
{
	size_t at = 12, to = 0;

	while (at < n && p[at] != 0 && at + p[at] < n && to + p[at] < 250) {
		if (to != 0)
			name[to++] = '.';
		memcpy(name + to, p + at + 1, p[at]);
		to += p[at];
		at += 1 + (size_t)p[at];
	}
	name[to] = '\0';
	return at + 1;
}

/* Turn the question in p into its answer.  Returns the length. */
static size_t
reply(unsigned char *p, size_t n)
{
	char name[256];
	size_t end = question(p, n, name), at = end + 4;
	int type = p[end] << 8 | p[end + 1], count = 0;

	p[2] = 0x84 | (p[2] & 1);	/* answer, authoritative */
	p[3] = 0x80;
	memset(p + 8, 0, 4);
	for (size_t i = 0; i < sizeof(zone) / sizeof(zone[0]); i++) {
		if (strcasecmp(zone[i].name, name) != 0 ||
		    (zone[i].type != type && zone[i].type != EVERY))
			continue;
		p[3] |= (unsigned char)zone[i].rcode;
		if (zone[i].data == NULL)
			continue;
		memcpy(p + at, "\300\014\0\0\0\1\0\0\0\74\0\0", 12);
		p[at + 3] = (unsigned char)zone[i].type;
		p[at + 11] = (unsigned char)zone[i].n;
		memcpy(p + at + 12, zone[i].data, zone[i].n);
		at += 12 + zone[i].n;
		count++;
	}
	p[6] = 0;
	p[7] = (unsigned char)count;
	return at;
}

static void
serve(int fd)
{
	for (;;) {
		unsigned char p[4096];
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, p, 512, 0, (struct sockaddr *)&from,
		    &len);

		if (n < 17)
			continue;
		n = (ssize_t)reply(p, (size_t)n);
		if (sendto(fd, p, (size_t)n, 0, (struct sockaddr *)&from,
			len) < 0)
			_exit(1);
	}
}

static int
setup(void **state)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	const char *servers[] = { address };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct err err;

	(void)state;
	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) < 0)
		return -1;
	server = fork();
	if (server == 0)
		serve(fd);
	close(fd);
	snprintf(address, sizeof(address), "127.0.0.1@%d",
	    ntohs(sin.sin_port));
	return resolver_new(servers, 1, &system_clock, &resolver, &err);
}

static int
teardown(void **state)
{
	(void)state;
	resolver_free(resolver);
	kill(server, SIGKILL);
	return waitpid(server, NULL, 0) == server ? 0 : -1;
}

/* A copy of what is looked at, as answers last only for the call. */
struct got {
	bool called;
	enum dns_outcome outcome;
	unsigned n;
	struct dns_mx mx[DNS_MX_MAX];
	struct dns_address address[DNS_ADDRESS_MAX];
	char why[120];
};

static void
keep(void *arg, const struct dns_answer *a)
{
	struct got *g = arg;

	g->called = true;
	g->outcome = a->outcome;
	g->n = a->n;
	if (a->mx != NULL)
		memcpy(g->mx, a->mx, a->n * sizeof(g->mx[0]));
	if (a->address != NULL)
		memcpy(g->address, a->address, a->n * sizeof(g->address[0]));
	snprintf(g->why, sizeof(g->why), "%s", a->why);
}

static void
run_until(const struct got *g)
{
	while (!g->called) {
		struct pollfd p = { .fd = resolver_fd(resolver),
			.events = POLLIN };

		assert_true(poll(&p, 1, 20000) > 0);
		resolver_run(resolver);
	}
}

static void
ask(const char *name, enum dns_type type, struct got *g)
{
	const struct dns_answer *a;

	memset(g, 0, sizeof(*g));
	a = dns_ask(resolver, name, type, keep, g, NULL);
	if (a != NULL)
		keep(g, a);
	run_until(g);
}

static void
test_mx_ascends(void **state)
{
	struct got g;

	(void)state;
	ask("two.test", DNS_MX, &g);
	assert_int_equal(g.outcome, DNS_FOUND);
	assert_int_equal(g.n, 3);
	assert_string_equal(g.mx[0].host, "a.test");
	assert_int_equal(g.mx[0].preference, 10);
	assert_string_equal(g.mx[1].host, "b.test");
	assert_string_equal(g.mx[2].host, "c.test");
}

static void
test_outcomes(void **state)
{
	static const struct {
		const char *name;
		enum dns_type type;
		enum dns_outcome outcome;
		unsigned n;
		const char *why;
	} cases[] = {
		{ "null.test", DNS_MX, DNS_NULL_MX, 0, "" },
		/* RFC 7505 3: a null MX among others is none */
		{ "mixed.test", DNS_MX, DNS_FOUND, 1, "" },
		{ "bad.test", DNS_MX, DNS_TEMPORARY, 0,
		    "no MX record names a valid host" },
		{ "a.test", DNS_MX, DNS_NO_DATA, 0, "" },
		{ "a.test", DNS_A, DNS_FOUND, 2, "" },
		{ "a.test", DNS_AAAA, DNS_FOUND, 1, "" },
		{ "none.test", DNS_MX, DNS_NO_NAME, 0, "" },
		{ "none.test", DNS_A, DNS_NO_NAME, 0, "" },
		{ "multicast.test", DNS_A, DNS_NO_DATA, 0, "" },
		{ "broken.test", DNS_MX, DNS_TEMPORARY, 0,
		    "name server failure" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct got g;

		ask(cases[i].name, cases[i].type, &g);
		assert_int_equal(g.outcome, cases[i].outcome);
		assert_int_equal(g.n, cases[i].n);
		assert_string_equal(g.why, cases[i].why);
	}
}

static void
test_kept_and_shared(void **state)
{
	struct got one = { 0 }, two = { 0 }, gone = { 0 };
	struct dns_query *q;

	(void)state;
	/* three that wait for one question, one of which gives up */
	assert_null(dns_ask(resolver, "c.test", DNS_A, keep, &one, NULL));
	assert_null(dns_ask(resolver, "c.test", DNS_A, keep, &gone, &q));
	assert_null(dns_ask(resolver, "c.test", DNS_A, keep, &two, NULL));
	dns_cancel(q);
	run_until(&one);
	assert_true(two.called);
	assert_false(gone.called);
	assert_int_equal(one.outcome, DNS_NO_DATA);
	/* and known from then on */
	ask("two.test", DNS_MX, &one);
	assert_non_null(dns_ask(resolver, "two.test", DNS_MX, keep, &one,
	    NULL));
}

static void
test_bad_server(void **state)
{
	static const char *const bad[] = { "not an address" };
	struct resolver *r;
	struct err err;

	(void)state;
	assert_int_equal(resolver_new(bad, 1, &system_clock, &r, &err), -1);
	assert_int_equal(err.cls, ERR_CONF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mx_ascends),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_kept_and_shared),
		cmocka_unit_test(test_bad_server),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

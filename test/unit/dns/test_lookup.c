/* SPDX-License-Identifier: ISC */
/* Records as text, names in reverse, and servers that never answer. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "dns/lookup.h"
#include "dns/rdata.h"

enum { PTR = 12, TXT = 16, TLSA = 52 };

static void
test_text(void **state)
{
#define DATA(s) s, sizeof(s) - 1
	static const struct {
		int type;
		const char *data;
		size_t n;
		const char *want;	/* NULL: damaged */
	} rows[] = {
		{ TXT, DATA("\5hello"), "hello" },
		{ TXT, DATA("\3v=s\3pf1"), "v=spf1" },
		{ TXT, DATA("\0"), "" },
		{ TXT, DATA("\3a\nb"), "a?b" },
		{ TXT, DATA("\11short"), NULL },
		{ PTR, DATA("\4Mail\7example\0"), "mail.example" },
		{ PTR, DATA("\4mail"), NULL },
		{ PTR, DATA("\300\014"), NULL },
		{ TLSA, DATA("\3\1\1\0\377"), "3 1 1 00ff" },
		{ TLSA, DATA("\3\1\1"), NULL },
		{ 1, DATA("\177\0\0\1"), NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b = BUF_INIT(0);
		int rc = wire_text(rows[i].type, rows[i].data, rows[i].n, &b);

		assert_int_equal(rc, rows[i].want != NULL ? 0 : -1);
		if (rows[i].want != NULL)
			assert_string_equal(b.data, rows[i].want);
		buf_clear(&b);
	}
}

static void
test_reverse(void **state)
{
	struct dns_address a;
	char name[DNS_NAME + 1];

	(void)state;
	assert_int_equal(wire_literal("192.0.2.25", &a), 0);
	lookup_reverse(&a, NULL, name);
	assert_string_equal(name, "25.2.0.192.in-addr.arpa");
	lookup_reverse(&a, "bl.example", name);
	assert_string_equal(name, "25.2.0.192.bl.example");
	assert_int_equal(wire_literal("2001:db8::1f", &a), 0);
	lookup_reverse(&a, NULL, name);
	assert_string_equal(name,
	    "f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	    "ip6.arpa");
}

static void
test_silence(void **state)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t n = sizeof(sin);
	char server[32];
	const char *servers[] = { server };
	const struct dns_answer *a;
	struct lookup *l;
	struct err err;

	(void)state;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &n), 0);
	snprintf(server, sizeof(server), "127.0.0.1@%u", ntohs(sin.sin_port));
	assert_int_equal(lookup_new(servers, 1, 200, &l, &err), 0);
	assert_null(lookup_ask(l, "one.example", DNS_TXT));
	assert_null(lookup_ask(l, "two.example", DNS_PTR));
	assert_true(lookup_wait(l));
	a = lookup_ask(l, "one.example", DNS_TXT);
	assert_non_null(a);
	assert_int_equal(a->outcome, DNS_TEMPORARY);
	assert_non_null(strstr(a->why, "no answer"));
	assert_non_null(lookup_ask(l, "two.example", DNS_PTR));
	assert_false(lookup_wait(l));
	lookup_free(l);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_reverse),
		cmocka_unit_test(test_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "dns/wire.h"

#define TEXT(s) s, sizeof(s) - 1
#define LABEL63 "\077aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static void
test_mx(void **state)
{
	static const struct {
		const char *data;
		size_t n;
		int rc;
		unsigned preference;
		const char *host;
	} cases[] = {
		{ TEXT("\0\012\004mail\007example\3com\0"), 0, 10,
		    "mail.example.com" },
		{ TEXT("\1\2\2MX\1B\0"), 0, 258, "mx.b" },
		{ TEXT("\0\0\0"), 0, 0, "" },
		{ TEXT("\0\0\4a_-9\0"), 0, 0, "a_-9" },
		/* cut short */
		{ TEXT(""), -1, 0, NULL },
		{ TEXT("\0\0"), -1, 0, NULL },
		{ TEXT("\0\0\4mai"), -1, 0, NULL },
		{ TEXT("\0\0\4mail"), -1, 0, NULL },
		/* something after the root, compression, a label too long */
		{ TEXT("\0\0\1a\0x"), -1, 0, NULL },
		{ TEXT("\0\0\1a\300\014"), -1, 0, NULL },
		{ TEXT("\0\0\100aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeee"
			"eeeeffffffffffgggg\0"), -1, 0, NULL },
		/* bytes that no host name has */
		{ TEXT("\0\0\3a.b\0"), -1, 0, NULL },
		{ TEXT("\0\0\3a b\0"), -1, 0, NULL },
		{ TEXT("\0\0\3a\nb\0"), -1, 0, NULL },
		{ TEXT("\0\0\3a\0b\0"), -1, 0, NULL },
		{ TEXT("\0\0\2\303\251\0"), -1, 0, NULL },
		/* 4 * 64 bytes of labels are more than a name may have */
		{ TEXT("\0\0" LABEL63 LABEL63 LABEL63 LABEL63 "\0"), -1, 0,
		    NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char host[DNS_NAME + 1] = "";
		uint16_t preference = 0;
		int rc = wire_mx(cases[i].data, cases[i].n, &preference, host);

		assert_int_equal(rc, cases[i].rc);
		if (rc < 0)
			continue;
		assert_int_equal(preference, cases[i].preference);
		assert_string_equal(host, cases[i].host);
	}
}

static void
test_address(void **state)
{
	static const struct {
		int family;
		const char *data;
		size_t n;
		const char *text;	/* NULL: refused */
	} cases[] = {
		{ AF_INET, TEXT("\300\0\2\1"), "192.0.2.1" },
		{ AF_INET, TEXT("\177\0\0\3"), "127.0.0.3" },
		{ AF_INET, TEXT("\300\0\2"), NULL },
		{ AF_INET, TEXT("\300\0\2\1\1"), NULL },
		{ AF_INET, TEXT("\0\0\0\0"), NULL },
		{ AF_INET, TEXT("\340\0\0\1"), NULL },
		{ AF_INET, TEXT("\377\377\377\377"), NULL },
		{ AF_INET6, TEXT("\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"),
		    "2001:db8::1" },
		{ AF_INET6, TEXT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), "::1" },
		{ AF_INET6, TEXT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), NULL },
		{ AF_INET6, TEXT("\377\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), NULL },
		{ AF_INET6, TEXT("\300\0\2\1"), NULL },
		{ AF_UNIX, TEXT("\300\0\2\1"), NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_address a;
		char text[46];
		int rc = wire_address(cases[i].family, cases[i].data,
		    cases[i].n, &a);

		assert_int_equal(rc, cases[i].text != NULL ? 0 : -1);
		if (rc < 0)
			continue;
		wire_print(&a, text);
		assert_string_equal(text, cases[i].text);
		assert_true(wire_same(&a, &a));
	}
}

static void
test_literal(void **state)
{
	static const struct {
		const char *text, *plain;
	} cases[] = {
		{ "127.0.0.1", "127.0.0.1" },
		{ "[127.0.0.1]", "127.0.0.1" },
		{ "::1", "::1" },
		{ "[::1]", "::1" },
		{ "[IPv6:::1]", "::1" },
		{ "[ipv6:2001:DB8::1]", "2001:db8::1" },
		{ "[IPv6:127.0.0.1]", NULL },
		{ "[127.0.0.1", NULL },
		{ "127.0.0", NULL },
		{ "example.com", NULL },
		{ "[]", NULL },
		{ "", NULL },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cc",
		    NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_address a;
		char text[46];
		int rc = wire_literal(cases[i].text, &a);

		assert_int_equal(rc, cases[i].plain != NULL ? 0 : -1);
		if (rc < 0)
			continue;
		wire_print(&a, text);
		assert_string_equal(text, cases[i].plain);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mx),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_literal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

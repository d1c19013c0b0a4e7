/* SPDX-License-Identifier: ISC */
/* Addresses: what is one, what is none and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mail/address.h"

static void
test_good_ones(void **state)
{
	static const struct {
		const char *in, *text, *domain;
	} rows[] = {
		{ "a@b", "a@b", "b" },
		{ "User.Name+tag@Example.COM", "User.Name+tag@example.com",
		    "example.com" },
		{ "<a@example.com>", "a@example.com", "example.com" },
		{ "!#$%&'*+-/=?^_`{|}~@x.org", "!#$%&'*+-/=?^_`{|}~@x.org",
		    "x.org" },
		{ "\"a b\"@x.org", "\"a b\"@x.org", "x.org" },
		{ "\"a@b\"@x.org", "\"a@b\"@x.org", "x.org" },
		{ "\"a\\\"b\"@x.org", "\"a\\\"b\"@x.org", "x.org" },
		{ "\"..\"@x.org", "\"..\"@x.org", "x.org" },
		{ "a@[192.0.2.1]", "a@[192.0.2.1]", "[192.0.2.1]" },
		{ "a@[IPv6:2001:DB8::1]", "a@[ipv6:2001:db8::1]",
		    "[ipv6:2001:db8::1]" },
		{ "a@_dmarc.x-1.org", "a@_dmarc.x-1.org", "_dmarc.x-1.org" },
		{ "a@1.2.org", "a@1.2.org", "1.2.org" },
		{ "a@xn--mnchen-3ya.de", "a@xn--mnchen-3ya.de",
		    "xn--mnchen-3ya.de" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address a;
		const char *why =
		    address_parse(rows[i].in, strlen(rows[i].in), &a);

		if (why != NULL)
			print_message("%s: %s\n", rows[i].in, why);
		assert_null(why);
		assert_string_equal(a.text, rows[i].text);
		assert_string_equal(address_domain(&a), rows[i].domain);
		assert_int_equal(a.len, strlen(a.text));
	}
}

static void
test_bad_ones(void **state)
{
	static const struct {
		const char *in, *why;
	} rows[] = {
		{ "", "the address is empty" },
		{ "<>", "the address is empty" },
		{ "<a@b", "unbalanced < or > around the address" },
		{ "a@b>", "unbalanced < or > around the address" },
		{ ">", "unbalanced < or > around the address" },
		{ "a", "the address has no @domain" },
		{ "postmaster", "the address has no @domain" },
		{ "\"a@b", "the address has no @domain" },
		{ "\"a\\", "the address has no @domain" },
		{ "@b", "source routes are not supported" },
		{ "<@r:a@b>", "source routes are not supported" },
		{ "a@", "nothing after the @" },
		{ "a b@c", "character not allowed in a local part" },
		{ "a,b@c", "character not allowed in a local part" },
		{ "a\"b\"@c", "character not allowed in a local part" },
		{ "\"a\"b@c", "bad quoted local part" },
		{ "\"\"@c", "bad quoted local part" },
		{ ".a@c", "misplaced dot in the local part (quote it)" },
		{ "a.@c", "misplaced dot in the local part (quote it)" },
		{ "a..b@c", "misplaced dot in the local part (quote it)" },
		{ "a@b@c", "character not allowed in a domain" },
		{ "a@b c", "character not allowed in a domain" },
		{ "a@b/c", "character not allowed in a domain" },
		{ "a@*", "character not allowed in a domain" },
		{ "a@b..c", "empty label in the domain" },
		{ "a@.b", "empty label in the domain" },
		{ "a@b.", "empty label in the domain" },
		{ "a@-b.c", "hyphen at the edge of a label of the domain" },
		{ "a@b-.c", "hyphen at the edge of a label of the domain" },
		{ "a@192.0.2.1", "a number is no domain (write [192.0.2.1])" },
		{ "a@x.123", "a number is no domain (write [192.0.2.1])" },
		{ "a@[192.0.2.1", "address literal without a ]" },
		{ "a@[", "address literal without a ]" },
		{ "a@[]", "bad address literal" },
		{ "a@[192.0.2.256]", "bad address literal" },
		{ "a@[IPv6:]", "bad address literal" },
		{ "a@[2001:db8::1]", "bad address literal" },
		{ "a@[x:y]", "bad address literal" },
		{ "a\n@b", "control character in the address" },
		{ "a@b\r", "control character in the address" },
		{ "a\t@b", "control character in the address" },
		{ "a\x7f@b", "control character in the address" },
		{ "\"a\\\x01\"@b", "control character in the address" },
		{ "m\xc3\xbcller@b", "the address is not ASCII" },
		{ "a@b\xc3\xbc.de", "the address is not ASCII" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address a;
		const char *why =
		    address_parse(rows[i].in, strlen(rows[i].in), &a);

		if (why == NULL)
			print_message("%s was taken\n", rows[i].in);
		assert_non_null(why);
		assert_string_equal(why, rows[i].why);
	}
}

static void
test_nul_is_a_control_character(void **state)
{
	struct address a;

	(void)state;
	assert_string_equal(address_parse("a\0b@c", 5, &a),
	    "control character in the address");
}

/* local@domain with that many bytes in the local part and in all. */
static size_t
make(char *to, size_t local, size_t all)
{
	memset(to, 'l', local);
	to[local] = '@';
	for (size_t i = local + 1; i < all; i++)
		to[i] = (i - local) % 50 == 0 && i + 1 < all ? '.' : 'd';
	return all;
}

static void
test_lengths(void **state)
{
	static const struct {
		size_t local, all;
		const char *why;
	} rows[] = {
		{ 64, 254, NULL },
		{ 1, 254, NULL },
		{ 1, 255, "address longer than 254 bytes" },
		{ 65, 100, "local part longer than 64 bytes" },
		{ 64, 255, "address longer than 254 bytes" },
		{ 1, 65536, "address longer than 254 bytes" },
	};
	static char text[65536];
	struct address a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = make(text, rows[i].local, rows[i].all);
		const char *why = address_parse(text, n, &a);

		if (rows[i].why == NULL)
			assert_null(why);
		else
			assert_string_equal(why, rows[i].why);
	}
}

static void
test_label_of_63_and_64(void **state)
{
	char text[80];
	struct address a;

	(void)state;
	memset(text, 'd', sizeof(text));
	memcpy(text, "a@", 2);
	assert_null(address_parse(text, 2 + 63, &a));
	assert_string_equal(address_parse(text, 2 + 64, &a),
	    "label of the domain longer than 63 bytes");
}

static void
test_sender(void **state)
{
	struct address a;

	(void)state;
	assert_null(address_parse_sender("<>", 2, &a));
	assert_string_equal(a.text, "<>");
	assert_string_equal(address_domain(&a), "");
	assert_null(address_parse_sender("", 0, &a));
	assert_string_equal(a.text, "<>");
	assert_null(address_parse_sender("<b@C>", 5, &a));
	assert_string_equal(a.text, "b@c");
	assert_non_null(address_parse_sender("b", 1, &a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_ones),
		cmocka_unit_test(test_bad_ones),
		cmocka_unit_test(test_nul_is_a_control_character),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_label_of_63_and_64),
		cmocka_unit_test(test_sender),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

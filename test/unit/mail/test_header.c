/* SPDX-License-Identifier: ISC */
/* Header fields: found, unfolded, taken out; addresses in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mail/addrlist.h"
#include "mail/header.h"

static void
test_length(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{ "A: b\r\n\r\nbody\r\n", 8 },
		{ "A: b\r\n c\r\nD:\r\n\r\n", 16 },
		{ "A: b\r\n", 6 },
		{ "A: b\r\nno field\r\n", 6 },
		{ "\r\nbody\r\n", 0 },
		{ "no field\r\n\r\n", 0 },
		{ ": x\r\n\r\n", 0 },
		{ " A: b\r\n\r\n", 0 },
		{ "A : b\r\n\r\n", 9 },
		{ "A\xc3: b\r\n\r\n", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(header_length(rows[i].text,
				     strlen(rows[i].text)),
		    rows[i].len);
}

static void
test_walk_and_unfold(void **state)
{
	static const char text[] = "Subject: one\r\n\ttwo  \r\n"
				   "x-job :\r\n  seven \r\nEmpty:\r\n\r\nz: n";
	struct header_field f;
	struct buf b = BUF_INIT(0);
	size_t at = 0;

	(void)state;
	assert_true(header_next(text, sizeof(text) - 1, &at, &f));
	assert_true(header_is(&f, "SUBJECT"));
	assert_false(header_is(&f, "Subjec"));
	assert_false(header_is(&f, "Subject:"));
	assert_int_equal(header_unfold(&f, &b), 0);
	assert_string_equal(b.data, "one\ttwo");
	buf_reset(&b);
	assert_true(header_next(text, sizeof(text) - 1, &at, &f));
	assert_true(header_is(&f, "X-Job"));
	header_unfold(&f, &b);
	assert_string_equal(b.data, "seven");
	buf_reset(&b);
	assert_true(header_next(text, sizeof(text) - 1, &at, &f));
	header_unfold(&f, &b);
	assert_string_equal(b.data, "");
	assert_false(header_next(text, sizeof(text) - 1, &at, &f));
	buf_clear(&b);
}

static bool
pick_x(void *arg, const struct header_field *f)
{
	unsigned *n = arg;

	if (!header_is(f, "X-A") && !header_is(f, "X-B"))
		return false;
	(*n)++;
	return true;
}

static void
test_remove(void **state)
{
	static const struct {
		const char *text, *rest;
		unsigned n;
	} rows[] = {
		{ "X-A: 1\r\nB: 2\r\n\r\nX-A: 3\r\n", "B: 2\r\n\r\nX-A: 3\r\n",
		    1 },
		{ "B: 2\r\nX-A: 1\r\n\t1\r\nC: 3\r\nx-b:\r\n\r\nz",
		    "B: 2\r\nC: 3\r\n\r\nz", 2 },
		{ "X-A: 1\r\nX-B: 2\r\n", "", 2 },
		{ "B: 2\r\n\r\n", "B: 2\r\n\r\n", 0 },
		{ "body\r\nX-A: 1\r\n", "body\r\nX-A: 1\r\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[100];
		size_t cut;
		unsigned n = 0;

		snprintf(text, sizeof(text), "%s", rows[i].text);
		cut = header_remove(text, header_length(text, strlen(text)),
		    pick_x, &n);
		assert_string_equal(text + cut, rows[i].rest);
		assert_int_equal(n, rows[i].n);
	}
}

struct seen {
	char text[1000];
	size_t stop_after, n;
};

static int
see(void *arg, const struct address *a, const char *why, const char *text)
{
	struct seen *s = arg;
	size_t used = strlen(s->text);

	if (a != NULL)
		assert_null(why);
	snprintf(s->text + used, sizeof(s->text) - used, "%s%s|",
	    a != NULL ? a->text : why, a != NULL ? "" : text);
	return ++s->n == s->stop_after ? 42 : 0;
}

static void
test_address_lists(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "" },
		{ " \r\n ", "" },
		{ ",,", "" },
		{ "a@b", "a@b|" },
		{ "a@b, c@D", "a@b|c@d|" },
		{ "John Doe <a@b>", "a@b|" },
		{ "\"Doe, John\" <a@b>,\r\n\t<c@d>", "a@b|c@d|" },
		{ "a@b (John (J.) \\) Doe), c@d", "a@b|c@d|" },
		{ "undisclosed-recipients:;", "" },
		{ "My group: a@b, \"x\" <c@d>;, e@f", "a@b|c@d|e@f|" },
		{ "g:;, a@b", "a@b|" },
		{ "a . b @ c . d", "a.b@c.d|" },
		{ "\"a b\"@c", "\"a b\"@c|" },
		{ "\"a \\\" b\"@c", "\"a \\\" b\"@c|" },
		{ "a@[192.0.2.1]", "a@[192.0.2.1]|" },
		{ "a@[IPv6:::1], b@c", "a@[ipv6:::1]|b@c|" },
		{ "=?utf-8?q?J=C3=B6rg?= <a@b>", "a@b|" },
		{ "J\xc3\xb6rg <a@b>", "a@b|" },
		{ "x@y <a@b>", "a@b|" },
		{ "John Doe a@b", "blank in the addressJohnDoea@b|" },
		{ "John", "the address has no @domainJohn|" },
		{ "<>", "the address is empty|" },
		{ "<a@b", "a < that nothing closesa@b|" },
		{ "a@b>", "a > with no < before ita@b|" },
		{ "<a@b> c", "text after the addressa@bc|" },
		{ "<a@b> <c@d>", "a second < in one addressc@d|" },
		{ "\"a@b", "a quote that nothing closes\"a@b|" },
		{ "a@b (c", "a comment that nothing closesa@b|" },
		{ "(c", "a comment that nothing closes|" },
		{ "a@b; c@d", "blank in the addressa@b;c@d|" },
		{ "bad, a@b", "the address has no @domainbad|a@b|" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen s = { 0 };

		assert_int_equal(addrlist_walk(rows[i].in, strlen(rows[i].in),
				     see, &s),
		    0);
		if (strcmp(s.text, rows[i].out) != 0)
			print_message("%s\n", rows[i].in);
		assert_string_equal(s.text, rows[i].out);
	}
}

static void
test_address_list_bounds(void **state)
{
	static char deep[200], lots[5000];
	struct seen s = { 0 };

	(void)state;
	memset(deep, '(', sizeof(deep));
	addrlist_walk(deep, sizeof(deep), see, &s);
	assert_string_equal(s.text, "a comment that nothing closes|");

	memset(lots, 'x', sizeof(lots));
	s = (struct seen){ 0 };
	addrlist_walk(lots, sizeof(lots), see, &s);
	assert_memory_equal(s.text, "address longer than 254 bytesxxx", 32);
	assert_int_equal(s.n, 1);

	/* a long name before the address does no harm */
	memcpy(lots + sizeof(lots) - 5, "<a@b>", 5);
	s = (struct seen){ 0 };
	addrlist_walk(lots, sizeof(lots), see, &s);
	assert_string_equal(s.text, "a@b|");
}

static void
test_address_list_stops(void **state)
{
	struct seen s = { .stop_after = 2 };

	(void)state;
	assert_int_equal(addrlist_walk("a@b,c@d,e@f", 11, see, &s), 42);
	assert_string_equal(s.text, "a@b|c@d|");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_walk_and_unfold),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_address_lists),
		cmocka_unit_test(test_address_list_bounds),
		cmocka_unit_test(test_address_list_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

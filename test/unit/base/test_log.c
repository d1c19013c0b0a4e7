/* SPDX-License-Identifier: ISC */
/* One message, one line, whatever is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

static int capture[2] = { -1, -1 }, saved = -1;

static int
begin(void **state)
{
	(void)state;
	saved = dup(STDERR_FILENO);
	if (pipe(capture) < 0)
		return -1;
	log_init("vmta-x");
	log_quiet(false);
	return dup2(capture[1], STDERR_FILENO) < 0 ? -1 : 0;
}

static int
end(void **state)
{
	(void)state;
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(capture[0]);
	close(capture[1]);
	return 0;
}

/* What has been logged since the last call; each line is one write. */
static const char *
logged(void)
{
	static char text[4096];
	ssize_t n;

	/* so that there is always something to read */
	if (write(capture[1], "|", 1) != 1)
		return "";
	n = read(capture[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n - 1] = '\0';
	return text;
}

static void
test_shape(void **state)
{
	(void)state;
	assert_string_equal(log_program(), "vmta-x");
	log_warn("cannot open %s: %s", "/x", "why");
	assert_string_equal(logged(), "vmta-x: cannot open /x: why\n");
	log_warn("a\nb\tc\x1b[0m\x7f caf\xc3\xa9");
	assert_string_equal(logged(), "vmta-x: a?b?c?[0m? caf\xc3\xa9\n");
}

static void
test_quiet_keeps_back_notes_only(void **state)
{
	(void)state;
	log_note("seen");
	log_quiet(true);
	log_note("not seen");
	log_warn("warned");
	assert_string_equal(logged(), "vmta-x: seen\nvmta-x: warned\n");
}

static void
test_long_messages_are_cut(void **state)
{
	char text[5000];
	const char *line;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_warn("%s", text);
	line = logged();
	assert_true(strlen(line) <= 1024);
	assert_true(strlen(line) > 1000);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void
test_err_gives_the_status(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, ERR_CONF, "%s: no such directive", "x");
	assert_int_equal(log_err(&e), 78);
	assert_string_equal(logged(), "vmta-x: x: no such directive\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shape, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_quiet_keeps_back_notes_only, begin, end),
		cmocka_unit_test_setup_teardown(test_long_messages_are_cut,
		    begin, end),
		cmocka_unit_test_setup_teardown(test_err_gives_the_status,
		    begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

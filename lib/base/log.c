/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"

static const char *program = "vmta";
static bool quiet;

void
log_init(const char *name)
{
	program = name;
}

void
log_quiet(bool q)
{
	quiet = q;
}

const char *
log_program(void)
{
	return program;
}

/* One write for one line, so that lines of several programs don't mix. */
__attribute__((format(printf, 1, 0))) static void
line(const char *fmt, va_list ap)
{
	char text[1024];
	int at, n;

	at = snprintf(text, sizeof(text), "%s: ", program);
	if (at < 0 || (size_t)at > sizeof(text) / 2)
		at = 0;
	n = vsnprintf(text + at, sizeof(text) - (size_t)at - 1, fmt, ap);
	if (n < 0)
		return;
	n += at;
	if ((size_t)n > sizeof(text) - 2)
		n = (int)sizeof(text) - 2;
	for (int i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	text[n++] = '\n';
	(void)fd_write_all(STDERR_FILENO, text, (size_t)n);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(fmt, ap);
	va_end(ap);
}

void
log_note(const char *fmt, ...)
{
	va_list ap;

	if (quiet)
		return;
	va_start(ap, fmt);
	line(fmt, ap);
	va_end(ap);
}

int
log_err(const struct err *err)
{
	log_warn("%s", err->msg);
	return err_exit(err->cls);
}

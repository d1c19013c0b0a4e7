/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/xalloc.h"

_Noreturn void
xalloc_exhausted(void)
{
	static const char text[] = "out of memory\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0) {
		/* nobody left to tell */
	}
	_exit(EX_TEMPFAIL);
}

void *
xmalloc(size_t size)
{
	void *p = malloc(size != 0 ? size : 1);

	if (p == NULL)
		xalloc_exhausted();
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n != 0 ? n : 1, size != 0 ? size : 1);

	if (p == NULL)
		xalloc_exhausted();
	return p;
}

void *
xreallocarray(void *old, size_t n, size_t size)
{
	size_t total;
	void *p;

	if (__builtin_mul_overflow(n, size, &total))
		xalloc_exhausted();
	p = realloc(old, total != 0 ? total : 1);
	if (p == NULL)
		xalloc_exhausted();
	return p;
}

char *
xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *
xstrndup(const char *s, size_t n)
{
	char *p = xmalloc(n + 1);

	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/err.h"

__attribute__((format(printf, 4, 0))) static void
fill(struct err *err, enum err_class cls, int sys, const char *fmt, va_list ap)
{
	size_t used;

	err->cls = cls;
	err->sys = sys;
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	used = strlen(err->msg);
	if (sys != 0 && used < sizeof(err->msg) - 1)
		snprintf(err->msg + used, sizeof(err->msg) - used, ": %s",
		    strerror(sys));
	for (char *p = err->msg; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}

int
err_set(struct err *err, enum err_class cls, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	fill(err, cls, 0, fmt, ap);
	va_end(ap);
	return -1;
}

static enum err_class
class_of_errno(int e)
{
	switch (e) {
	case ENOSPC:
	case EDQUOT:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EAGAIN:
		return ERR_TEMP;
	case EACCES:
	case EPERM:
		return ERR_PERM;
	default:
		return ERR_IO;
	}
}

int
err_sys(struct err *err, const char *fmt, ...)
{
	int e = errno;
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	fill(err, class_of_errno(e), e, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_exit(enum err_class cls)
{
	switch (cls) {
	case ERR_NONE:
		return EX_OK;
	case ERR_NO:
		return 1;
	case ERR_USAGE:
		return EX_USAGE;
	case ERR_INPUT:
		return EX_DATAERR;
	case ERR_NOINPUT:
		return EX_NOINPUT;
	case ERR_BUG:
		return EX_SOFTWARE;
	case ERR_IO:
		return EX_IOERR;
	case ERR_TEMP:
		return EX_TEMPFAIL;
	case ERR_PROTO:
		return EX_PROTOCOL;
	case ERR_PERM:
		return EX_NOPERM;
	case ERR_CONF:
		return EX_CONFIG;
	}
	return EX_SOFTWARE;
}

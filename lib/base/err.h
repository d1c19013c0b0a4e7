/* SPDX-License-Identifier: ISC */
/*
 * Errors as values.  A library function returns 0 or -1 and fills a struct err
 * on the caller's stack; nothing in lib/ prints or exits (base/xalloc.h is the
 * one exception).  The class decides the exit status, in err_exit() alone; the
 * table of classes is printed in vmta(7), EXIT STATUS.
 */
#ifndef VMTA_BASE_ERR_H
#define VMTA_BASE_ERR_H

enum err_class {
	ERR_NONE,	/* 0: no error */
	ERR_NO,		/* 1: the answer to the question is no */
	ERR_USAGE,	/* 64: wrong arguments */
	ERR_INPUT,	/* 65: bad input or damaged data */
	ERR_NOINPUT,	/* 66: a file that was named can't be read */
	ERR_BUG,	/* 70: a broken invariant of our own */
	ERR_IO,		/* 74: the system failed us */
	ERR_TEMP,	/* 75: try the same thing later (busy, no space, no memory) */
	ERR_PROTO,	/* 76: a remote server broke the protocol */
	ERR_PERM,	/* 77: not permitted */
	ERR_CONF,	/* 78: configuration, or a spool that isn't ours */
};

struct err {
	enum err_class cls;
	int sys;		/* errno of the failing call, 0 if none */
	char msg[512];		/* "cannot VERB OBJECT" or "OBJECT: why"; one line */
};

/*
 * Fill err with a class and text; a control byte in the text becomes '?'.
 * Returns: -1 always, so that a caller can write "return err_set(...)".
 * Ownership: err is the caller's; it may be NULL.  Errors: none.
 */
int err_set(struct err *err, enum err_class cls, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * As err_set, with the text of errno added after ": ".  errno is read first, so
 * call it before any cleanup.  The class is ERR_TEMP for ENOSPC, EDQUOT, ENOMEM,
 * EMFILE, ENFILE and EAGAIN, ERR_PERM for EACCES and EPERM, else ERR_IO.
 * Returns: -1 always.  Ownership: err is the caller's; it may be NULL.
 * Errors: none.
 */
int err_sys(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Returns: the exit status of a class (sysexits(3)).  Errors: none, pure. */
int err_exit(enum err_class cls);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * A limit is the file lock/slot-SCOPE (P10), empty for ever: its bytes are only
 * places for OFD locks.
 *
 *     byte 0 .. n-1        the slots
 *     byte n .. SLOTS-1    slots of a larger n that was in force before
 *     byte WISH ...        one is locked by each process that waits for a slot
 *
 * Locks are only ever tried.  A process asks its own table first, as a second
 * lock by the same description would succeed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fd.h"
#include "base/map.h"
#include "base/xalloc.h"
#include "throttle/slots.h"

enum {
	SLOTS = 1 << 20, /* bytes that can be slots */
	WISH = 1 << 21, /* where the wishes begin */
	WISHES = 1 << 16,
	NAME_PLAIN = 160, /* a longer encoded scope ends in its digest */
};

struct slots_limit {
	int fd;
	uint8_t *own; /* own[i]: slot i is ours */
	size_t n_own_cap;
	uint32_t n_own;
	off_t wish; /* our byte among the wishes, 0: none */
};

struct slots {
	int dir; /* of lock/ */
	struct map limits; /* scope -> struct slots_limit */
};

int
slots_open(const char *spool, struct slots **out, struct err *err)
{
	struct slots *s;
	char path[4096];
	int dir;

	if ((size_t)snprintf(path, sizeof(path), "%s/lock", spool) >=
	    sizeof(path))
		return err_set(
		    err, ERR_USAGE, "%s: the path is too long", spool);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, "cannot open %s", path);
	s = xcalloc(1, sizeof(*s));
	s->dir = dir;
	*out = s;
	return 0;
}

/* Closing the description drops all of its locks. */
static void
limit_free(void *p)
{
	struct slots_limit *l = p;

	close(l->fd);
	free(l->own);
	free(l);
}

void
slots_close(struct slots *s)
{
	if (s == NULL)
		return;
	map_clear(&s->limits, limit_free);
	close(s->dir);
	free(s);
}

/* "slot-" and the scope, every byte that might trouble a file name as %XX. */
static void
file_name(const char *scope, char name[256])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t at = (size_t)snprintf(name, 256, "slot-");
	const char *p;

	for (p = scope; *p != '\0' && at < NAME_PLAIN; p++)
		if (strchr(plain, *p) != NULL)
			name[at++] = *p;
		else
			at += (size_t)snprintf(
			    name + at, 256 - at, "%%%02X", (unsigned char)*p);
	name[at] = '\0';
	if (*p != '\0') {
		struct digest *d = digest_sha256();
		char hex[65];

		digest_add(d, scope, strlen(scope));
		digest_end(d, hex);
		snprintf(name + at, 256 - at, "-%s", hex);
	}
}

/* The limit of a scope, its file opened (never removed by anyone). */
static struct slots_limit *
limit_of(struct slots *s, const char *scope, struct err *err)
{
	struct slots_limit *l = map_get(&s->limits, scope);
	char name[256];
	int fd;

	if (l != NULL)
		return l;
	file_name(scope, name);
	fd = openat(
	    s->dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (fd < 0) {
		err_sys(err, "cannot open lock/%s", name);
		return NULL;
	}
	l = xcalloc(1, sizeof(*l));
	l->fd = fd;
	*map_at(&s->limits, scope) = l;
	return l;
}

/*
 * The first lock of another description in [from, to).
 * Returns: 1 with its part of that range in *at and *end, 0 none, -1 errno.
 */
static int
next_foreign(int fd, off_t from, off_t to, off_t *at, off_t *end)
{
	struct flock f = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = from,
		.l_len = to - from };
	int rc;

	do
		rc = fcntl(fd, F_OFD_GETLK, &f);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return -1;
	if (f.l_type == F_UNLCK)
		return 0;
	*at = f.l_start > from ? f.l_start : from;
	*end = f.l_len == 0 || f.l_start + f.l_len > to ? to :
							  f.l_start + f.l_len;
	return 1;
}

static bool
is_own(const struct slots_limit *l, off_t i)
{
	return (size_t)i < l->n_own_cap && l->own[i] != 0;
}

static void
note_own(struct slots_limit *l, uint32_t i)
{
	if (i >= l->n_own_cap) {
		size_t cap = l->n_own_cap != 0 ? l->n_own_cap : 32;

		while (cap <= i)
			cap *= 2;
		l->own = xreallocarray(l->own, cap, 1);
		memset(l->own + l->n_own_cap, 0, cap - l->n_own_cap);
		l->n_own_cap = cap;
	}
	l->own[i] = 1;
	l->n_own++;
}

/* Try the free bytes of [from, to).  Returns: 1 with *got, 0 or -1. */
static int
take_in(struct slots_limit *l, off_t from, off_t to, uint32_t *got)
{
	while (from < to) {
		off_t at, end;
		int rc = next_foreign(l->fd, from, to, &at, &end);

		if (rc < 0)
			return -1;
		if (rc == 0)
			at = end = to;
		for (; from < at; from++) {
			if (is_own(l, from))
				continue;
			rc = lock_try(l->fd, from, 1);
			if (rc < 0)
				return -1;
			if (rc == 1) {
				*got = (uint32_t)from;
				return 1;
			}
		}
		from = end;
	}
	return 0;
}

/* Slots that other processes hold, or -1. */
static int64_t
count_foreign(const struct slots_limit *l)
{
	off_t from = 0, at, end;
	int64_t n = 0;
	int rc;

	while ((rc = next_foreign(l->fd, from, SLOTS, &at, &end)) == 1) {
		n += end - at;
		from = end;
		if (from >= SLOTS)
			return n;
	}
	return rc < 0 ? -1 : n;
}

/* Does anybody hold a slot at n or above?  1, 0 or -1. */
static int
held_above(const struct slots_limit *l, uint32_t n)
{
	off_t at, end;

	if (n >= SLOTS)
		return 0;
	for (size_t i = n; i < l->n_own_cap; i++)
		if (l->own[i] != 0)
			return 1;
	return next_foreign(l->fd, n, SLOTS, &at, &end);
}

/*
 * One more was locked: with slots held above n, is the sum still within n?  When
 * two processes ask at once both may be told no: that under-uses, for a moment.
 */
static int
fits(const struct slots_limit *l, uint32_t n)
{
	int rc = held_above(l, n);
	int64_t foreign;

	if (rc <= 0)
		return rc < 0 ? -1 : 1;
	foreign = count_foreign(l);
	if (foreign < 0)
		return -1;
	return foreign + (int64_t)l->n_own + 1 <= (int64_t)n;
}

int
slots_take(struct slots *s, const char *scope, int64_t n, struct slot *out,
    struct err *err)
{
	struct slots_limit *l;
	uint32_t limit, start, got = 0;
	int rc;

	*out = (struct slot){ 0 };
	if (n == INT64_MAX)
		return 1;
	limit = n > SLOTS ? SLOTS : n < 0 ? 0 : (uint32_t)n;
	l = limit_of(s, scope, err);
	if (l == NULL)
		return -1;
	if (l->n_own >= limit)
		return 0;
	start = arc4random_uniform(limit);
	rc = take_in(l, start, limit, &got);
	if (rc == 0)
		rc = take_in(l, 0, start, &got);
	if (rc == 1) {
		rc = fits(l, limit);
		if (rc != 1) {
			int e = errno;

			(void)lock_drop(l->fd, got, 1);
			errno = e;
		}
	}
	if (rc < 0)
		return err_sys(err, "cannot lock a slot of %s", scope);
	if (rc == 1) {
		note_own(l, got);
		*out = (struct slot){ .limit = l, .index = got };
	}
	return rc;
}

void
slots_release(struct slots *s, struct slot *slot)
{
	struct slots_limit *l = slot->limit;

	(void)s;
	if (l != NULL && is_own(l, slot->index)) {
		/* a byte that stays locked would only under-use */
		(void)lock_drop(l->fd, slot->index, 1);
		l->own[slot->index] = 0;
		l->n_own--;
	}
	*slot = (struct slot){ 0 };
}

int
slots_want(struct slots *s, const char *scope, bool want, struct err *err)
{
	struct slots_limit *l = limit_of(s, scope, err);
	uint32_t start;

	if (l == NULL)
		return -1;
	if (want == (l->wish != 0))
		return 0;
	if (!want) {
		if (lock_drop(l->fd, l->wish, 1) < 0)
			return err_sys(err, "cannot unlock %s", scope);
		l->wish = 0;
		return 0;
	}
	start = arc4random_uniform(WISHES);
	for (uint32_t i = 0; i < WISHES; i++) {
		off_t at = WISH + (off_t)((start + i) % WISHES);
		int rc = lock_try(l->fd, at, 1);

		if (rc < 0)
			return err_sys(err, "cannot lock %s", scope);
		if (rc == 1) {
			l->wish = at;
			return 0;
		}
	}
	return err_set(err, ERR_TEMP, "%s: too many processes wait", scope);
}

int
slots_wanted(struct slots *s, const struct slot *slot, struct err *err)
{
	off_t at, end;
	int rc;

	(void)s;
	if (slot->limit == NULL)
		return 0;
	rc = next_foreign(slot->limit->fd, WISH, WISH + WISHES, &at, &end);
	if (rc < 0)
		return err_sys(err, "cannot look at the locks of a limit");
	return rc;
}

uint32_t
slots_own(const struct slots *s, const char *scope)
{
	const struct slots_limit *l = map_get(&s->limits, scope);

	return l != NULL ? l->n_own : 0;
}

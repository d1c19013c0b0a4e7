/* SPDX-License-Identifier: ISC */
/*
 * Opening, time, lock, and budgets by scope.  What is in the file and how it
 * grows is in ledger_file.c; room and grants are in ledger_turn.c, what happens
 * to a grant afterwards in ledger_move.c.
 *
 * P8: counters change by one aligned store each, add before subtract, old slots
 * are zeroed before the head moves.  A kill at any instant leaves budgets charged
 * with too much, never with too little.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/xalloc.h"
#include "throttle/ledger_impl.h"

enum { SYNC_S = 1 };

int
ledger_open(const char *spool, const struct clock *clock, struct ledger **out,
    struct err *err)
{
	return ledger_open_flags(spool, clock, 0, NULL, out, err);
}

static int
read_boot(const struct clock *clock, const char *boot, char out[BOOT_BYTES + 1],
    struct err *err)
{
	struct buf b = BUF_INIT(0);
	size_t n;

	/* a rehearsal's clock is no boot's: its time has a base of its own */
	if (boot == NULL && clock->fd >= 0)
		boot = "rehearsal";
	if (boot == NULL) {
		static const char path[] = "/proc/sys/kernel/random/boot_id";

		if (fd_read_file(AT_FDCWD, path, 4096, &b) < 0) {
			err_sys(err, "cannot read %s", path);
			buf_clear(&b);
			return -1;
		}
		boot = b.data;
	}
	n = strcspn(boot, "\n");
	memset(out, ' ', BOOT_BYTES);
	memcpy(out, boot, n < BOOT_BYTES ? n : BOOT_BYTES);
	out[BOOT_BYTES] = '\0';
	buf_clear(&b);
	return 0;
}

int
ledger_open_flags(const char *spool, const struct clock *clock, unsigned flags,
    const char *boot, struct ledger **out, struct err *err)
{
	struct ledger *l = xcalloc(1, sizeof(*l));

	l->fd = -1;
	l->clock = *clock;
	l->paced = true;
	if (read_boot(clock, boot, l->boot, err) < 0 ||
	    ledger_attach(l, spool, flags, err) < 0) {
		ledger_close(l);
		return -1;
	}
	*out = l;
	return 0;
}

void
ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	if (l->locked)
		ledger_unlock(l);
	if (l->map != NULL)
		munmap(l->map, l->mapped);
	if (l->fd >= 0)
		close(l->fd);
	free(l->seen);
	free(l->touched);
	free(l->index);
	free(l->path);
	free(l);
}

int64_t
ledger_now(const struct ledger *l)
{
	int64_t now = clock_boot_ms(&l->clock) + l->base;
	int64_t last = word_get36(header_word(l, H_LAST)) * 1000;

	/* a rehearsal's clock may be set back: time then waits for it */
	return now > last ? now : last;
}

int
ledger_lock(struct ledger *l)
{
	if (lock_wait(l->fd, 0, 1) < 0)
		return -1;
	if ((word_get(header_word(l, H_LINES)) + 1) * LINE_BYTES >
		(int64_t)l->mapped &&
	    ledger_remap(l) < 0) {
		int e = errno;

		lock_drop(l->fd, 0, 1);
		errno = e;
		return -1;
	}
	l->locked = true;
	l->dirty = false;
	l->turn++;
	l->now = ledger_now(l);
	return 0;
}

void
ledger_unlock(struct ledger *l)
{
	ledger_end_turn(l);
	if (l->dirty) {
		int64_t high = (int64_t)(l->serial / (WORD36_MAX + 1));

		/* the high word first: what a kill leaves was never given */
		if (high != word_get36(header_word(l, H_SERIAL_HIGH)))
			word_put36(header_word(l, H_SERIAL_HIGH), high);
		word_put36(header_word(l, H_SERIAL),
		    (int64_t)(l->serial % (WORD36_MAX + 1)));
		l->dirty = false;
	}
	if (l->now / 1000 > word_get36(header_word(l, H_LAST)))
		word_put36(header_word(l, H_LAST), l->now / 1000);
	l->locked = false;
	lock_drop(l->fd, 0, 1);
}

bool
ledger_sync_due(struct ledger *l)
{
	int64_t last = word_get36(header_word(l, H_LAST));

	if (!l->must_sync &&
	    last < word_get36(header_word(l, H_SYNCED)) + SYNC_S)
		return false;
	word_put36(header_word(l, H_SYNCED), last);
	l->must_sync = false;
	l->syncs++;
	return true;
}

int
ledger_sync(struct ledger *l)
{
	return fdatasync(l->fd);
}

void
ledger_set_paced(struct ledger *l, bool paced)
{
	l->paced = paced;
}

uint32_t
ledger_epoch(const struct ledger *l)
{
	int64_t newest = word_get(header_word(l, H_NEWEST));

	/* of the newest configuration nobody else knows more */
	return newest <= l->stamp ?
	    0 : (uint32_t)word_get(header_word(l, H_EPOCH)) + 1;
}

static void
next_epoch(struct ledger *l)
{
	int64_t e = word_get(header_word(l, H_EPOCH));

	word_put(header_word(l, H_EPOCH), e >= WORD_MAX ? 0 : e + 1);
}

/* The ring of a scope that has this U, or -1. */
static int64_t
ring_of_unit(const struct ledger *l, uint32_t root, int64_t unit_ms)
{
	for (int64_t i = root; i >= 0; i = line_next(l, (uint32_t)i))
		if (line_unit(l, (uint32_t)i) == unit_ms)
			return i;
	return -1;
}

/* Let the limit of a newer configuration hold.  Returns: its ring, or -1. */
static int64_t
set_limit(struct ledger *l, uint32_t root, const struct rate *rate,
    uint32_t stamp, struct err *err)
{
	int64_t cur = line_link(l, root, W_CURRENT);
	int64_t n = rate->n < N_UNLIMITED ? rate->n : N_UNLIMITED;
	int64_t unit = n == N_UNLIMITED ? line_unit(l, (uint32_t)cur) :
					  rate->unit_ms;
	int64_t to = ring_of_unit(l, root, unit);
	char name[SCOPE_BYTES + 1];

	if (to < 0) {
		memcpy(name, line_word(l, root, W_SCOPE), SCOPE_BYTES);
		name[SCOPE_BYTES] = '\0';
		if ((to = ledger_append(l, name, unit, root, err)) < 0)
			return -1;
	}
	/* N, then the ring becomes the current one, then the stamp: a kill in
	 * between leaves the old stamp, and the next one does it again */
	if (wide_get(line_word(l, (uint32_t)to, W_N)) != n)
		wide_put(line_word(l, (uint32_t)to, W_N), n);
	word_put(line_word(l, root, W_CURRENT), to);
	word_put(line_word(l, root, W_STAMP), stamp);
	ledger_end_turn(l);
	next_epoch(l);
	if (stamp > word_get(header_word(l, H_NEWEST)))
		word_put(header_word(l, H_NEWEST), stamp);
	return to;
}

int64_t
ledger_budget(struct ledger *l, const char *scope, const struct rate *rate,
    uint32_t stamp, struct err *err)
{
	char name[SCOPE_BYTES + 1];
	int64_t n = rate->n < N_UNLIMITED ? rate->n : N_UNLIMITED;
	int64_t root, cur, has, had;

	stamp = stamp < WORD_MAX ? stamp : WORD_MAX;
	l->stamp = stamp > l->stamp ? stamp : l->stamp;
	if (ledger_reindex(l, err) < 0)
		return -1;
	ledger_scope(scope, name);
	root = ledger_find(l, name);
	if (root < 0) {
		if (n == N_UNLIMITED)
			return LEDGER_NONE;
		root = ledger_append(l, name, rate->unit_ms, -1, err);
		if (root < 0)
			return -1;
	}
	if (ledger_check_rings(l, (uint32_t)root, err) < 0)
		return -1;
	cur = line_link(l, (uint32_t)root, W_CURRENT);
	has = wide_get(line_word(l, (uint32_t)cur, W_N));
	had = word_get(line_word(l, (uint32_t)root, W_STAMP));
	if (stamp < had)
		return has == N_UNLIMITED ? LEDGER_NONE : cur;
	if (has != n ||
	    (n != N_UNLIMITED &&
		line_unit(l, (uint32_t)cur) != rate->unit_ms))
		cur = set_limit(l, (uint32_t)root, rate, stamp, err);
	else if (stamp > had)
		word_put(line_word(l, (uint32_t)root, W_STAMP), stamp);
	return cur >= 0 && n == N_UNLIMITED ? LEDGER_NONE : cur;
}

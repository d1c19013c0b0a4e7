/* SPDX-License-Identifier: ISC */
/*
 * Opening, time, lock, budgets by scope, room, and grants.  What is in the file
 * and how it grows is in ledger_file.c, what happens to a grant in ledger_move.c.
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

enum {
	FREE_MS = 60000,	/* life of a grant that nothing limits */
	SYNC_S = 1
};

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
	return (uint32_t)word_get(header_word(l, H_EPOCH));
}

static void
next_epoch(struct ledger *l)
{
	uint32_t e = ledger_epoch(l);

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
	l->turn++;
	next_epoch(l);
	return to;
}

int64_t
ledger_budget(struct ledger *l, const char *scope, const struct rate *rate,
    uint32_t stamp, struct err *err)
{
	char name[SCOPE_BYTES + 1];
	int64_t n = rate->n < N_UNLIMITED ? rate->n : N_UNLIMITED;
	int64_t root, cur, has, had;

	if (stamp > WORD_MAX)
		stamp = WORD_MAX;
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

static void
count(const struct ledger *l, uint32_t line, struct turn_budget *b)
{
	int64_t root = line_link(l, line, W_ROOT), cur = -1;

	if (root >= 0)
		cur = line_link(l, (uint32_t)root, W_CURRENT);
	*b = (struct turn_budget){ .turn = l->turn, .current = line,
		.unit_ms = 60000, .used = RING_FULL, .given = b->given,
		.syncs = b->syncs };
	if (cur < 0 || line_unit(l, (uint32_t)cur) < 0)
		return;		/* damaged: no room */
	b->current = (uint32_t)cur;
	b->n = wide_get(line_word(l, (uint32_t)cur, W_N));
	b->unit_ms = line_unit(l, (uint32_t)cur);
	b->used = 0;
	for (int64_t i = root; i >= 0 && b->used < RING_FULL;
	    i = line_next(l, (uint32_t)i)) {
		struct ring r = line_ring(l, (uint32_t)i,
		    line_unit(l, (uint32_t)i));

		b->used += ring_used(&r, l->now, b->unit_ms);
	}
}

/* What this turn knows of the budget of a line; NULL: there is no such line. */
static struct turn_budget *
look(struct ledger *l, uint32_t line)
{
	if (line < l->n_seen && l->seen[line].turn == l->turn)
		return &l->seen[line];
	if (line >= ledger_lines(l))
		return NULL;
	if (line >= l->n_seen) {
		size_t n = (size_t)ledger_lines(l) + 64;

		l->seen = xreallocarray(l->seen, n, sizeof(*l->seen));
		memset(l->seen + l->n_seen, 0,
		    (n - l->n_seen) * sizeof(*l->seen));
		l->n_seen = n;
	}
	count(l, line, &l->seen[line]);
	return &l->seen[line];
}

/* When the law may have room for one more: as soon as what is too much has left
 * the only ring, or the first has left any of several. */
static int64_t
law_retry(struct ledger *l, struct turn_budget *b)
{
	int64_t root = line_link(l, b->current, W_ROOT), excess, at = INT64_MAX;

	if (b->retry != 0)
		return b->retry;
	excess = root < 0 || line_next(l, (uint32_t)root) >= 0 ?
	    1 :
	    b->used + 1 - b->n;
	for (int64_t i = root; i >= 0; i = line_next(l, (uint32_t)i)) {
		struct ring r = line_ring(l, (uint32_t)i,
		    line_unit(l, (uint32_t)i));
		int64_t t = ring_leave(&r, l->now, b->unit_ms, excess);

		at = t < at ? t : at;
	}
	if (at == INT64_MAX || at <= l->now)	/* N is 0, or nothing can be read */
		at = l->now + b->unit_ms;
	return b->retry = at;
}

int64_t
ledger_ask(struct ledger *l, const uint32_t *lines, unsigned n,
    enum pace_mode pace)
{
	int64_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		struct turn_budget *b = look(l, lines[i]);
		struct pace p;
		int64_t t;

		if (b == NULL || b->n == N_UNLIMITED)
			continue;
		if (b->used >= b->n) {
			t = law_retry(l, b);
			at = t > at ? t : at;
		} else if (pace == PACE_EVEN) {
			p = line_pace(l, b->current);
			t = pace_next(&p, b->n, b->unit_ms, l->now);
			at = t > at ? t : at;
		}
	}
	return at;
}

/* A number never given before.  The header gets it when the lock is given back,
 * which is before anyone sees the grant. */
static uint64_t
next_serial(struct ledger *l)
{
	if (!l->dirty) {
		l->serial = (uint64_t)word_get36(
				header_word(l, H_SERIAL_HIGH)) *
			(WORD36_MAX + 1) +
		    (uint64_t)word_get36(header_word(l, H_SERIAL));
		l->dirty = true;
	}
	return ++l->serial;
}

/* Given without a pace: is it more than a reboot would charge? */
static void
note_burst(struct ledger *l, struct turn_budget *b)
{
	if (b->syncs != l->syncs) {
		b->syncs = l->syncs;
		b->given = 0;
	}
	if (++b->given * b->unit_ms > b->n * UNSYNCED_MS)
		l->must_sync = true;
}

void
ledger_give(struct ledger *l, const uint32_t *lines, unsigned n,
    enum pace_mode pace, struct grant *g)
{
	const struct turn_budget *b;
	int64_t life = FREE_MS, ms;
	unsigned k = 0;

	for (unsigned i = 0; i < n && k < GRANT_LINES; i++) {
		b = look(l, lines[i]);
		if (b == NULL || b->n == N_UNLIMITED)
			continue;
		g->line[k++] = b->current;
		ms = ring_grant_ms(b->unit_ms);
		life = ms < life ? ms : life;
	}
	g->n = k;
	g->expiry_ms = l->now + life;
	for (unsigned i = 0; i < k; i++) {
		struct turn_budget *cur = look(l, g->line[i]);
		struct ring r = line_ring(l, cur->current, cur->unit_ms);
		struct pace p = line_pace(l, cur->current);

		ring_add(&r, g->expiry_ms, 1);
		if (pace != PACE_NONE)
			pace_take(&p, cur->n, cur->unit_ms, l->now,
			    pace == PACE_EVEN);
		cur->used++;
		if (pace == PACE_BURST)
			note_burst(l, cur);
	}
	g->serial = next_serial(l);
}

int64_t
ledger_room(struct ledger *l, const uint32_t *lines, unsigned n)
{
	return ledger_ask(l, lines, n, l->paced ? PACE_EVEN : PACE_BURST);
}

void
ledger_grant(struct ledger *l, const uint32_t *lines, unsigned n,
    struct grant *g)
{
	ledger_give(l, lines, n, l->paced ? PACE_EVEN : PACE_BURST, g);
}

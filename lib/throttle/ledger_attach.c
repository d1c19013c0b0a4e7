/* SPDX-License-Identifier: ISC */
/*
 * Opening the ledger's file: made if there is none, checked, mapped, and given
 * the time of this boot.
 *
 * Ledger time is CLOCK_BOOTTIME plus a stored base, and goes on from H_LAST
 * after a reboot: H_LAST may be short by what the disk lacks (2 s) and by its own
 * second, so it starts 3 s after it.  What time passed while the machine was off
 * doesn't count: budgets are at worst used less.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/xalloc.h"
#include "throttle/ledger_impl.h"

enum {
	FIRST_MS = 1000,	/* ledger time begins here */
	AFTER_BOOT_MS = 3000,
	FIRST_LINES = 64
};

static void
header(const struct ledger *l, struct draft *d)
{
	char number[16];

	draft_zero(d, 0, LINE_WORDS);
	memcpy(d->text, LEDGER_MAGIC, sizeof(LEDGER_MAGIC) - 1);
	draft_number(d, H_VERSION, LEDGER_VERSION);
	snprintf(number, sizeof(number), "%7d", LINE_BYTES);
	draft_text(d, H_LINE, H_LINE + 1, number);
	draft_text(d, H_BOOT, H_BASE, l->boot);
	draft_wide(d, H_BASE, FIRST_MS - clock_boot_ms(&l->clock));
}

static int
write_new(const struct ledger *l, int fd)
{
	struct draft d;

	header(l, &d);
	for (int i = 0; i <= FIRST_LINES; i++) {
		if (fd_pwrite_all(fd, &d, sizeof(d), (off_t)i * LINE_BYTES) < 0)
			return -1;
		draft_blank(&d);
	}
	return 0;
}

/* Make the file whole under another name and link it: whoever comes first. */
static int
create(const struct ledger *l, const char *spool, struct err *err)
{
	struct buf dir = BUF_INIT(0), tmp = BUF_INIT(0);
	int fd = -1, rc = -1;

	buf_addf(&dir, "%s/throttle", spool);
	buf_addf(&tmp, "%s.XXXXXX", l->path);
	if (mkdir(dir.data, 02770) < 0 && errno != EEXIST) {
		err_sys(err, "cannot make %s", dir.data);
		goto out;
	}
	fd = mkostemp(tmp.data, O_CLOEXEC);
	if (fd < 0) {
		err_sys(err, "cannot make %s", tmp.data);
		goto out;
	}
	if (fchmod(fd, 0660) < 0 || write_new(l, fd) < 0 || fdatasync(fd) < 0 ||
	    (link(tmp.data, l->path) < 0 && errno != EEXIST) ||
	    fd_sync_dir(AT_FDCWD, dir.data) < 0)
		err_sys(err, "cannot make %s", l->path);
	else
		rc = 0;
	unlink(tmp.data);
out:
	if (fd >= 0)
		close(fd);
	buf_clear(&dir);
	buf_clear(&tmp);
	return rc;
}

/* A copy in memory, of the ledger or of a new one. */
static int
copy(struct ledger *l, struct err *err)
{
	int from = open(l->path, O_RDONLY | O_CLOEXEC), rc = 0;
	char block[65536];
	ssize_t n;
	off_t at = 0;

	l->fd = memfd_create("ledger", MFD_CLOEXEC);
	if (l->fd < 0 || (from < 0 && errno != ENOENT))
		rc = -1;
	else if (from < 0)
		rc = write_new(l, l->fd);
	while (rc == 0 && from >= 0 &&
	    (n = fd_pread_all(from, block, sizeof(block), at)) != 0) {
		if (n < 0 || fd_pwrite_all(l->fd, block, (size_t)n, at) < 0)
			rc = -1;
		at += n;
	}
	if (rc < 0)
		err_sys(err, "cannot read %s", l->path);
	if (from >= 0)
		close(from);
	return rc;
}

static int
open_file(struct ledger *l, const char *spool, unsigned flags, struct err *err)
{
	int mode = flags & LEDGER_READ ? O_RDONLY : O_RDWR;

	if (flags & LEDGER_REHEARSE)
		return copy(l, err);
	l->fd = open(l->path, mode | O_CLOEXEC);
	if (l->fd < 0 && errno == ENOENT) {
		if (flags & LEDGER_READ)
			return err_set(err, ERR_NOINPUT, "%s: there is none",
			    l->path);
		if (create(l, spool, err) < 0)
			return -1;
		l->fd = open(l->path, mode | O_CLOEXEC);
	}
	if (l->fd < 0)
		return err_sys(err, "cannot open %s", l->path);
	return 0;
}

static int
check(const struct ledger *l, struct err *err)
{
	static const unsigned b36[] = { H_SERIAL_HIGH, H_SERIAL, H_LAST,
		H_SYNCED };
	int64_t version = word_get(header_word(l, H_VERSION));
	int64_t lines = word_get(header_word(l, H_LINES));

	if (memcmp(l->map, LEDGER_MAGIC, sizeof(LEDGER_MAGIC) - 1) != 0)
		return ledger_damaged(l, -1, "not a ledger", err);
	if (version > LEDGER_VERSION)
		return err_set(err, ERR_INPUT,
		    "%s: of version %lld; this program knows version %d",
		    l->path, (long long)version, LEDGER_VERSION);
	if (version != LEDGER_VERSION || lines < 0 ||
	    word_get(header_word(l, H_EPOCH)) < 0 ||
	    wide_get(header_word(l, H_BASE)) == INT64_MIN)
		return ledger_damaged(l, -1, "a number can't be read", err);
	for (size_t i = 0; i < sizeof(b36) / sizeof(b36[0]); i++)
		if (word_get36(header_word(l, b36[i])) < 0)
			return ledger_damaged(l, -1, "a number can't be read",
			    err);
	if ((lines + 1) * LINE_BYTES > (int64_t)l->mapped)
		return ledger_damaged(l, lines - 1, "the file ends before it",
		    err);
	return 0;
}

/* Charge every budget with what the disk may lack of its last two seconds. */
static void
charge(struct ledger *l)
{
	for (uint32_t i = 0; i < l->indexed; i++) {
		int64_t cur, n, unit;
		struct ring r;

		if (line_link(l, i, W_ROOT) != i)
			continue;
		cur = line_link(l, i, W_CURRENT);
		n = wide_get(line_word(l, (uint32_t)cur, W_N));
		unit = line_unit(l, (uint32_t)cur);
		if (n == N_UNLIMITED || n < 0)
			continue;
		/* below 5 s a message under way may be two seconds off, too */
		if (unit > 2 * LOST_MS && n < N_UNLIMITED / LOST_MS &&
		    n > (n * LOST_MS + unit - 1) / unit + 1)
			n = (n * LOST_MS + unit - 1) / unit + 1;
		r = line_ring(l, (uint32_t)cur, unit);
		ring_add(&r, l->now, n);
	}
}

static bool
same_boot(const struct ledger *l)
{
	return memcmp(header_word(l, H_BOOT), l->boot, BOOT_BYTES) == 0;
}

/* Another boot's ledger: its time goes on from here.  The boot is written last:
 * after a kill in between it is done again. */
static void
rebase(struct ledger *l)
{
	uint64_t boot[H_BASE - H_BOOT];

	memcpy(boot, l->boot, BOOT_BYTES);
	((char *)boot)[BOOT_BYTES] = '\t';
	word_store(header_word(l, H_BOOT), UINT64_C(0x092d2d2d2d2d2d2d));
	wide_put(header_word(l, H_BASE), l->base);
	l->now = ledger_now(l);
	charge(l);
	/* serials of the last two seconds may be lost, so no more of that run */
	word_put36(header_word(l, H_SERIAL_HIGH),
	    word_get36(header_word(l, H_SERIAL_HIGH)) + 1);
	for (int i = H_BASE - H_BOOT - 1; i >= 0; i--)
		word_store(header_word(l, H_BOOT) + i, le64toh(boot[i]));
}

static int
set_time(struct ledger *l, unsigned flags, struct err *err)
{
	int64_t last;
	int rc;

	if (flags & LEDGER_READ) {
		if (ledger_reindex(l, err) < 0)
			return -1;
	} else if (ledger_lock(l) < 0)
		return err_sys(err, "cannot lock %s", l->path);
	last = word_get36(header_word(l, H_LAST)) * 1000;
	l->base = same_boot(l) ?
	    wide_get(header_word(l, H_BASE)) :
	    last + AFTER_BOOT_MS - clock_boot_ms(&l->clock);
	if (flags & LEDGER_READ)
		return 0;
	rc = ledger_reindex(l, err);
	if (rc == 0 && !same_boot(l))
		rebase(l);
	l->now = ledger_now(l);
	ledger_unlock(l);
	return rc;
}

int
ledger_attach(struct ledger *l, const char *spool, unsigned flags,
    struct err *err)
{
	struct buf path = BUF_INIT(0);
	struct stat st;
	void *map;

	buf_addf(&path, "%s/throttle/ledger", spool);
	l->path = xstrdup(path.data);
	buf_clear(&path);
	if (open_file(l, spool, flags, err) < 0)
		return -1;
	if (fstat(l->fd, &st) < 0)
		return err_sys(err, "cannot look at %s", l->path);
	if (st.st_size < LINE_BYTES)
		return ledger_damaged(l, -1, "it is cut short", err);
	map = mmap(NULL, (size_t)st.st_size,
	    flags & LEDGER_READ ? PROT_READ : PROT_READ | PROT_WRITE,
	    MAP_SHARED, l->fd, 0);
	if (map == MAP_FAILED)
		return err_sys(err, "cannot map %s", l->path);
	l->map = map;
	l->mapped = (size_t)st.st_size;
	if (check(l, err) < 0)
		return -1;
	return set_time(l, flags, err);
}

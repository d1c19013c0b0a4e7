/* SPDX-License-Identifier: ISC */
/*
 * Single messages (P6): appended to a shared intake file by any number of
 * processes, durable by one fdatasync each (vmta-spool(5), INTAKE FILES).
 *
 *	header	vmta-intake 1 ID, padded to 64 bytes
 *	entry	"entry LENGTH CRC", then LENGTH bytes: a message line, the text, an
 *		envelope line and a first state line for each recipient
 *	end	"end LENGTH RECORDS": length of the entry with both lines, records of
 *		the file so far
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/fd.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "spool/inject.h"
#include "spool/internal.h"

enum {
	FILE_BYTES = 16 * 1024 * 1024,	/* a larger file gets no more entries */
	ENTRY_RCPTS = 1000,		/* more of them make a batch */
	BUSY_TRIES = 20,
};

static void
make_header(const char *id, char header[INTAKE_HEADER])
{
	char text[INTAKE_HEADER + 1];
	int n = snprintf(text, sizeof(text), "vmta-intake 1 %s", id);

	memset(header, ' ', INTAKE_HEADER);
	memcpy(header, text, (size_t)n);
	header[INTAKE_HEADER - 1] = '\n';
}

bool
intake_header_ok(const char header[INTAKE_HEADER], const char *id)
{
	char want[INTAKE_HEADER];

	make_header(id, want);
	return memcmp(header, want, INTAKE_HEADER) == 0;
}

/* Lines of INTAKE_ENTRY_LINE bytes, newline last. */
static void
pad_line(char *line, int n)
{
	memset(line + n, ' ', (size_t)(INTAKE_ENTRY_LINE - 1 - n));
	line[INTAKE_ENTRY_LINE - 1] = '\n';
}

/* The records of a file that ends in a whole entry; -1: it does not. */
static int64_t
whole_records(int fd, off_t size)
{
	char line[INTAKE_END_LINE];
	uint64_t len, records;

	if (size == INTAKE_HEADER)
		return 0;
	if (size < INTAKE_HEADER + INTAKE_ENTRY_LINE + INTAKE_END_LINE ||
	    fd_pread_all(fd, line, sizeof(line), size - INTAKE_END_LINE) !=
		INTAKE_END_LINE ||
	    memcmp(line, "end ", 4) != 0 || line[INTAKE_END_LINE - 1] != '\n' ||
	    num_parse_n(line + 4, 10, &len) < 0 ||
	    num_parse_n(line + 15, 7, &records) < 0 ||
	    len > (uint64_t)(size - INTAKE_HEADER))
		return -1;
	return (int64_t)records;
}

/*
 * Try to have the append lock of one file.
 * Returns: its descriptor with the lock, or -1: not this one.
 */
static int
try_file(struct spool *s, const char *name, size_t n_rcpts, off_t *size,
    int64_t *records)
{
	char path[64];
	struct stat st, now;
	int fd;

	snprintf(path, sizeof(path), "intake/%.40s", name);
	fd = openat(s->fd, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	if (lock_try(fd, INTAKE_APPEND_BYTE, 1) == 1 &&
	    fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    fstatat(s->fd, path, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_ino == st.st_ino && st.st_size < FILE_BYTES) {
		*size = st.st_size;
		*records = whole_records(fd, st.st_size);
		if (*records >= 0 && (uint64_t)*records + n_rcpts <=
		    SEGMENT_RECORDS)
			return fd;
	}
	close(fd);		/* and with it the lock */
	return -1;
}

static bool
is_intake(const char *name)
{
	return strlen(name) == NAME_SEGMENT + 3 &&
	    strcmp(name + NAME_SEGMENT, ".in") == 0;
}

static int
find_file(struct spool *s, size_t n_rcpts, off_t *size, int64_t *records)
{
	int found = -1;

	for (int tries = 0; found < 0 && tries < BUSY_TRIES; tries++) {
		int copy = openat(s->fd, "intake",
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
		const struct dirent *e;
		bool any = false;

		if (d == NULL) {
			if (copy >= 0)
				close(copy);
			return -1;
		}
		while (found < 0 && (e = readdir(d)) != NULL)
			if (is_intake(e->d_name)) {
				any = true;
				found = try_file(s, e->d_name, n_rcpts, size,
				    records);
			}
		closedir(d);
		if (!any)
			break;
		/* an append takes microseconds: let its owner finish */
		sched_yield();
	}
	return found;
}

/*
 * A new file, its append lock held from before it has a name, so that nobody
 * appends to a name that isn't durable yet.
 */
static int
new_file(struct spool *s, struct err *err)
{
	char id[NAME_SEGMENT + 1], tmp[64], path[64], header[INTAKE_HEADER];
	int fd;

	spool_new_id(s, id);
	snprintf(tmp, sizeof(tmp), "tmp/%s.in", id);
	snprintf(path, sizeof(path), "intake/%s.in", id);
	fd = openat(s->fd, tmp,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (fd < 0)
		return err_sys(err, "cannot make %s/%s", s->dir, tmp);
	make_header(id, header);
	if (lock_try(fd, INTAKE_APPEND_BYTE, 1) != 1 ||
	    fd_write_all(fd, header, sizeof(header)) < 0 ||
	    fdatasync(fd) < 0 || renameat(s->fd, tmp, s->fd, path) < 0 ||
	    fd_sync_dir(s->fd, "intake") < 0) {
		err_sys(err, "cannot make %s/%s", s->dir, path);
		unlinkat(s->fd, tmp, 0);
		close(fd);
		return -1;
	}
	return fd;
}

/* Everything of an entry behind the text: envelopes and first states. */
static int
add_records(struct spool *s, struct buf *b, const char *id, size_t size,
    const struct inject_envelope *c, const struct inject_rcpt *rcpts, size_t n,
    struct err *err)
{
	int64_t now = clock_wall_s(&s->clock);

	for (size_t i = 0; i < n; i++) {
		const struct inject_rcpt *r = &rcpts[i];
		char rid[NAME_SEGMENT + 12], line[STATE_LINE];
		struct state st = { .letter = STATE_QUEUED,
			.due = r->due != 0 ? r->due : now,
			.priority = r->priority };
		struct envelope e = { .id = rid, .size = size, .queued = now,
			.sender = c->sender, .rcpt = r->rcpt,
			.orcpt = r->orcpt, .vmta = r->vmta, .job = c->job,
			.envid = c->envid, .notify = r->notify, .ret = c->ret,
			.expire = c->expire, .origin = c->origin,
			.origin_mta = c->origin_mta };

		if (vmtas_number(s, r->vmta, "-", &st.vmta, err) < 0)
			return -1;
		snprintf(rid, sizeof(rid), "%s.%zu", id, i);
		envelope_add(b, &e, (uint32_t)i);
		state_format(&st, line);
		buf_add(b, line, STATE_LINE);
		buf_adds(b, r->domain);
		buf_addc(b, '\n');
	}
	return 0;
}

/* Write the entry whole, or not at all. */
static int
append(struct spool *s, int fd, off_t size, const struct iovec *iov, int n,
    struct err *err)
{
	size_t want = 0;
	ssize_t got;

	for (int i = 0; i < n; i++)
		want += iov[i].iov_len;
	got = pwritev(fd, iov, n, size);
	if (got == (ssize_t)want)
		return 0;
	if (got >= 0)
		errno = ENOSPC;
	err_sys(err, "cannot append to the intake of %s", s->dir);
	/* P6: what was written in part is cut off before anybody else appends */
	if (ftruncate(fd, size) < 0)
		err_sys(err, "cannot cut the intake of %s", s->dir);
	return -1;
}

static int
add_entry(struct spool *s, const struct spool_message *m, const struct buf *tail,
    size_t n_rcpts, struct err *err)
{
	char entry[INTAKE_ENTRY_LINE + 1], end[INTAKE_END_LINE + 1];
	char line[SEG_MESSAGE_LINE + 1];
	size_t len = SEG_MESSAGE_LINE + m->len + tail->len;
	int64_t records;
	off_t size;
	uint32_t crc;
	int fd, rc;

	message_line(0, m, line);
	crc = crc32c(0, line, SEG_MESSAGE_LINE);
	crc = crc32c(crc, m->text, m->len);
	crc = crc32c(crc, tail->data, tail->len);
	pad_line(entry, snprintf(entry, sizeof(entry), "entry %010zu %08x", len,
			    crc));
	fd = find_file(s, n_rcpts, &size, &records);
	if (fd < 0) {
		fd = new_file(s, err);
		if (fd < 0)
			return -1;
		size = INTAKE_HEADER;
		records = 0;
	}
	pad_line(end, snprintf(end, sizeof(end), "end %010zu %07llu",
			  len + INTAKE_ENTRY_LINE + INTAKE_END_LINE,
			  (unsigned long long)records + n_rcpts));
	struct iovec iov[] = {
		{ entry, INTAKE_ENTRY_LINE },
		{ line, SEG_MESSAGE_LINE },
		{ (void *)(uintptr_t)m->text, m->len },
		{ tail->data, tail->len },
		{ end, INTAKE_END_LINE },
	};
	rc = append(s, fd, size, iov, 5, err);
	lock_drop(fd, INTAKE_APPEND_BYTE, 1);
	if (rc == 0 && fdatasync(fd) < 0)
		rc = err_sys(err, "cannot sync the intake of %s", s->dir);
	close(fd);
	return rc;
}

/* Many recipients go the way of a batch: their records fill segments. */
static int
add_as_batch(struct spool *s, const struct spool_message *m,
    const struct inject_envelope *e, const struct inject_rcpt *rcpts, size_t n,
    char id[NAME_SEGMENT + 1], struct err *err)
{
	struct batch *b;

	if (batch_begin(s, NULL, &b, err) != 0)
		return -1;
	if (batch_message(b, m, e, id, err) < 0) {
		batch_abort(b);
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (batch_rcpt(b, &rcpts[i], err) < 0) {
			batch_abort(b);
			return -1;
		}
	return batch_commit(b, err);
}

int
inject_single(struct spool *s, const struct spool_message *m,
    const struct inject_envelope *e, const struct inject_rcpt *rcpts, size_t n,
    char id[NAME_SEGMENT + 1], struct err *err)
{
	struct buf tail = BUF_INIT(0);
	int rc;

	if (n > ENTRY_RCPTS)
		return add_as_batch(s, m, e, rcpts, n, id, err);
	if (spool_check_space(s, m->len, err) < 0)
		return -1;
	spool_new_id(s, id);
	rc = add_records(s, &tail, id, m->len, e, rcpts, n, err);
	if (rc == 0)
		rc = add_entry(s, m, &tail, n, err);
	buf_clear(&tail);
	return rc;
}

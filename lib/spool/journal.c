/* SPDX-License-Identifier: ISC */
/*
 * Journals, read (vmta-spool(5), JOURNAL).
 *
 *	header	256 bytes, the "closed" field overwritten in place at the end
 *	line	LLLL CCCCCCCC payload newline: length and CRC-32C of the payload
 *	payload	locator, id, state line after it (63 characters), event fields
 *
 * Space is written ahead as newlines: an empty line is no line yet.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/fd.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "spool/internal.h"
#include "spool/journal_impl.h"

enum {
	NUMBER = 7,			/* digits of base 36 */
	FRAME = 14,			/* "LLLL CCCCCCCC " */
	READ_CHUNK = 1024 * 1024,
};

struct journal_reader {
	struct spool *spool;
	uint64_t number;
	int fd;
	bool dead;			/* nobody writes it any more */
	struct journal_header head;
	off_t stop;			/* lines from here on are another journal's; 0: none */
	uint64_t bad;
	struct buf buf;			/* what was read, from buf_at on */
	off_t buf_at;
	char line[JOURNAL_LINE_MAX + 1];
};

void
journal_path(uint64_t number, char path[64])
{
	char text[NUMBER + 1];

	num_put36(text, NUMBER, number);
	text[NUMBER] = '\0';
	snprintf(path, 64, "journal/%s.jnl", text);
}

void
journal_header_format(const struct journal_header *h, const char *boot_id,
    char text[JOURNAL_HEADER])
{
	char line[JOURNAL_HEADER], number[NUMBER + 1], from[NUMBER + 1];
	int n;

	num_put36(number, NUMBER, h->number);
	num_put36(from, NUMBER, h->continues);
	number[NUMBER] = from[NUMBER] = '\0';
	memset(text, ' ', JOURNAL_HEADER);
	n = snprintf(line, sizeof(line),
	    "vmta-journal 1 %s boot %s continues %s at %010lld", number,
	    boot_id, from, (long long)h->continues_at);
	memcpy(text, line, (size_t)n);
	text[JOURNAL_CLOSED_AT - 1] = '\n';
	text[JOURNAL_HEADER - 1] = '\n';
	if (h->closed_boot[0] != '\0') {
		n = snprintf(line, sizeof(line), "closed %s at %010lld",
		    h->closed_boot, (long long)h->end);
		memcpy(text + JOURNAL_CLOSED_AT, line, (size_t)n);
	}
}

static int
number_at(const char *text, size_t n, off_t *out)
{
	uint64_t v;

	if (num_parse_n(text, n, &v) < 0 || v > INT64_MAX)
		return -1;
	*out = (off_t)v;
	return 0;
}

int
journal_header_parse(const char text[JOURNAL_HEADER], struct journal_header *h)
{
	const char *c = text + JOURNAL_CLOSED_AT;

	memset(h, 0, sizeof(*h));
	if (memcmp(text, "vmta-journal 1 ", 15) != 0 ||
	    num_parse36_n(text + 15, NUMBER, &h->number) < 0 ||
	    memcmp(text + 22, " boot ", 6) != 0 ||
	    memcmp(text + 64, " continues ", 11) != 0 ||
	    num_parse36_n(text + 75, NUMBER, &h->continues) < 0 ||
	    number_at(text + 86, 10, &h->continues_at) < 0)
		return -1;
	/* a closing line that was cut is none: the journal is replayed again */
	if (memcmp(c, "closed ", 7) == 0 && memcmp(c + 43, " at ", 4) == 0 &&
	    number_at(c + 47, 10, &h->end) == 0)
		memcpy(h->closed_boot, c + 7, BOOT_ID);
	return 0;
}

int
journal_mark_closed(struct spool *s, int fd, off_t end)
{
	char text[JOURNAL_HEADER - JOURNAL_CLOSED_AT], line[96];
	int n = snprintf(line, sizeof(line), "closed %s at %010lld",
	    s->boot_id, (long long)end);

	memset(text, ' ', sizeof(text));
	memcpy(text, line, (size_t)n);
	text[sizeof(text) - 1] = '\n';
	return fd_pwrite_all(fd, text, sizeof(text), JOURNAL_CLOSED_AT);
}

void
journal_frame(struct buf *b, const char *payload, size_t n)
{
	char frame[FRAME + 1];

	snprintf(frame, sizeof(frame), "%04zu %08x ", n, crc32c(0, payload, n));
	buf_add(b, frame, FRAME);
	buf_add(b, payload, n);
	buf_addc(b, '\n');
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int
journal_list(struct spool *s, uint64_t **out, size_t *n, struct err *err)
{
	int copy = openat(s->fd, "journal",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *e;
	size_t cap = 0;

	*out = NULL;
	*n = 0;
	if (d == NULL) {
		err_sys(err, "cannot read %s/journal", s->dir);
		if (copy >= 0)
			close(copy);
		return -1;
	}
	while ((e = readdir(d)) != NULL) {
		uint64_t v;

		if (strlen(e->d_name) != NUMBER + 4 ||
		    strcmp(e->d_name + NUMBER, ".jnl") != 0 ||
		    num_parse36_n(e->d_name, NUMBER, &v) < 0)
			continue;
		if (*n == cap) {
			cap = cap != 0 ? cap * 2 : 16;
			*out = xreallocarray(*out, cap, sizeof(**out));
		}
		(*out)[(*n)++] = v;
	}
	closedir(d);
	if (*n > 1)
		qsort(*out, *n, sizeof(**out), compare);
	return 0;
}

static int
read_header(int fd, struct journal_header *h)
{
	char text[JOURNAL_HEADER];

	if (fd_pread_all(fd, text, sizeof(text), 0) != JOURNAL_HEADER)
		return -1;
	return journal_header_parse(text, h);
}

/* The headers of journals that came since the last look (numbers only grow). */
static int
see_new(struct spool *s, struct err *err)
{
	uint64_t *numbers;
	size_t n;

	if (journal_list(s, &numbers, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct journal_header h;
		char path[64];
		int fd;

		if (numbers[i] <= s->seen)
			continue;
		s->seen = numbers[i];
		journal_path(numbers[i], path);
		fd = openat(s->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			continue;
		if (read_header(fd, &h) == 0 && h.continues != 0) {
			s->continuations = xreallocarray(s->continuations,
			    s->n_continuations + 1, sizeof(*s->continuations));
			s->continuations[s->n_continuations++] =
			    (struct continuation){ h.continues,
				    h.continues_at };
		}
		close(fd);
	}
	free(numbers);
	return 0;
}

/* P11: does a later journal carry on from the middle of this one? */
static int
find_stop(struct journal_reader *r, struct err *err)
{
	if (see_new(r->spool, err) < 0)
		return -1;
	for (size_t i = 0; i < r->spool->n_continuations; i++)
		if (r->spool->continuations[i].of == r->number)
			r->stop = r->spool->continuations[i].at;
	return 0;
}

int
journal_open(struct spool *s, uint64_t number, struct journal_reader **out,
    struct err *err)
{
	struct journal_reader *r;
	char path[64];
	int fd;

	journal_path(number, path);
	fd = openat(s->fd, path, O_CLOEXEC | O_NOFOLLOW |
	    (s->flags & SPOOL_READONLY ? O_RDONLY : O_RDWR));
	if (fd < 0)
		return errno == ENOENT ? 1 :
				       err_sys(err, "cannot open %s/%s",
					   s->dir, path);
	r = xcalloc(1, sizeof(*r));
	r->spool = s;
	r->number = number;
	r->fd = fd;
	buf_init(&r->buf, 0);
	if (read_header(fd, &r->head) < 0 || r->head.number != number) {
		err_set(err, ERR_INPUT, "%s/%s: damaged header", s->dir, path);
		journal_close(r);
		return -1;
	}
	if (find_stop(r, err) < 0) {
		journal_close(r);
		return -1;
	}
	*out = r;
	return 0;
}

void
journal_close(struct journal_reader *r)
{
	if (r == NULL)
		return;
	close(r->fd);
	buf_clear(&r->buf);
	free(r);
}

uint64_t
journal_number(const struct journal_reader *r)
{
	return r->number;
}

off_t
journal_start(const struct journal_reader *r)
{
	(void)r;
	return JOURNAL_HEADER;
}

int
journal_fd(const struct journal_reader *r)
{
	return r->fd;
}

const struct journal_header *
journal_head(const struct journal_reader *r)
{
	return &r->head;
}

uint64_t
journal_bad(const struct journal_reader *r)
{
	return r->bad;
}

int
journal_is_live(struct journal_reader *r)
{
	if (r->dead)
		return 0;
	/* our own journal: our own lock is no conflict, but we are alive */
	if (r->spool->journal != NULL && r->spool->journal->number == r->number)
		return 1;
	return lock_held(r->fd, 0, 1);
}

int
journal_sync(struct journal_reader *r, struct err *err)
{
	if (fdatasync(r->fd) < 0)
		return err_sys(err, "cannot sync journal %llu",
		    (unsigned long long)r->number);
	return find_stop(r, err);
}

off_t
journal_stop(const struct journal_reader *r)
{
	return r->stop;
}

/* Have the bytes from pos on in the buffer.  Returns how many, or -1. */
static ssize_t
fill(struct journal_reader *r, off_t pos, size_t want, struct err *err)
{
	off_t end = r->buf_at + (off_t)r->buf.len;
	ssize_t n;

	if (pos >= r->buf_at && pos <= end && (size_t)(end - pos) >= want)
		return end - pos;
	buf_reset(&r->buf);
	r->buf_at = pos;
	n = fd_pread_all(r->fd, buf_room(&r->buf, READ_CHUNK), READ_CHUNK, pos);
	if (n < 0)
		return err_sys(err, "cannot read journal %llu",
		    (unsigned long long)r->number);
	r->buf.len = (size_t)n;
	return n;
}

/*
 * A whole line at p?  Returns its length with the newline; 0: the space that is
 * written ahead; -1: not whole, or damaged.
 */
static ssize_t
frame_at(const char *p, size_t n)
{
	uint64_t len;
	char hex[9];

	if (n == 0 || p[0] == '\n')
		return 0;
	if (n < FRAME + 1 || num_parse_n(p, 4, &len) < 0 || p[4] != ' ' ||
	    p[13] != ' ' || len > n - FRAME - 1 || p[FRAME + len] != '\n')
		return -1;
	snprintf(hex, sizeof(hex), "%08x", crc32c(0, p + FRAME, len));
	return memcmp(hex, p + 5, 8) == 0 ? (ssize_t)(FRAME + len + 1) : -1;
}

/* Cut the payload into *out.  Returns 0 or -1. */
static int
parse_payload(struct journal_reader *r, const char *p, size_t n,
    struct journal_line *out)
{
	char *f[4], *at = r->line;

	if (n > JOURNAL_LINE_MAX)
		return -1;
	memcpy(r->line, p, n);
	r->line[n] = '\0';
	if (memchr(r->line, '\0', n) != NULL)
		return -1;
	for (int i = 0; i < 4; i++) {
		f[i] = at;
		if (at == NULL)
			break;
		at = i < 3 ? strchr(at, '\t') : NULL;
		if (at != NULL)
			*at++ = '\0';
	}
	if (f[1] == NULL || f[2] == NULL || strlen(f[0]) > NAME_LOCATOR ||
	    strlen(f[1]) > NAME_ID || strlen(f[2]) != STATE_LINE - 1)
		return -1;
	snprintf(out->locator, sizeof(out->locator), "%s", f[0]);
	snprintf(out->id, sizeof(out->id), "%s", f[1]);
	memcpy(out->image, f[2], STATE_LINE - 1);
	out->image[STATE_LINE - 1] = '\n';
	out->event = f[3];
	out->event_len = f[3] != NULL ? strlen(f[3]) : 0;
	return 0;
}

/* In a dead journal: the next line that could be one, past what is damaged. */
static off_t
skip_bad(const struct journal_reader *r, off_t pos, size_t have)
{
	const char *p = r->buf.data + (pos - r->buf_at);
	const char *nl = memchr(p, '\n', have);

	return pos + (off_t)(nl != NULL ? (size_t)(nl - p) + 1 : have);
}

/* Past newlines that a crash left between lines.  Returns 1 or 0 (the end). */
static int
skip_blank(struct journal_reader *r, off_t *pos, size_t have)
{
	const char *p = r->buf.data + (*pos - r->buf_at);
	size_t n = 0;

	while (n < have && p[n] == '\n')
		n++;
	*pos += (off_t)n;
	return n > 0;
}

int
journal_next(struct journal_reader *r, off_t *pos, struct journal_line *out,
    struct err *err)
{
	off_t blank_from = -1;

	for (;;) {
		ssize_t have, len;
		const char *p;
		int live;

		if (r->stop != 0 && *pos >= r->stop)
			return 0;
		have = fill(r, *pos, JOURNAL_LINE_MAX + FRAME + 1, err);
		if (have < 0)
			return -1;
		p = r->buf.data + (*pos - r->buf_at);
		len = frame_at(p, (size_t)have);
		if (len > 0) {
			out->at = *pos;
			*pos += len;
			out->next = *pos;
			if (parse_payload(r, p + FRAME,
				(size_t)len - FRAME - 1, out) == 0)
				return 1;
			r->bad++;
			continue;
		}
		/*
		 * P4: in a live journal this is not complete yet.  It is judged
		 * only by what is read after its owner was seen to be gone.
		 */
		if (!r->dead) {
			live = journal_is_live(r);
			if (live < 0)
				return err_sys(err, "cannot look at journal "
				    "%llu", (unsigned long long)r->number);
			if (live == 1) {
				r->buf.len = 0;	/* read it anew next time */
				r->buf_at = *pos;
				return 0;
			}
			r->dead = true;
			buf_reset(&r->buf);
			continue;
		}
		if (have == 0) {
			/* the end is where the last line ended */
			if (blank_from >= 0)
				*pos = blank_from;
			return 0;
		}
		if (len == 0) {
			if (blank_from < 0)
				blank_from = *pos;
			(void)skip_blank(r, pos, (size_t)have);
		} else {
			r->bad++;
			*pos = skip_bad(r, *pos, (size_t)have);
			blank_from = -1;
		}
	}
}

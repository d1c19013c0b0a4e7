/* SPDX-License-Identifier: ISC */
/*
 * Checkpoints: control/acct/KEY is two blocks of the same size, each a text
 * that ends in newlines:
 *
 *	vmta-checkpoint 1 SIZE SERIAL LENGTH CRC
 *	journal NUMBER POSITION
 *	file INODE LENGTH SINCE PATH
 *
 * SERIAL grows by one and says which block it goes to (its lowest bit), so
 * that the block that was whole before is never touched.  All numbers of the
 * first line have a fixed width; CRC is that of the line up to it and of LENGTH
 * bytes after the line.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crc.h"
#include "base/fd.h"
#include "base/num.h"
#include "base/tsv.h"
#include "base/xalloc.h"
#include "spool/checkpoint.h"

#define MAGIC "vmta-checkpoint 1 "
#define FOLDER "control/acct"

enum {
	BLOCK_MIN = 4096,
	BLOCK_MAX = 64 * 1024 * 1024,
	KEY_MAX = 200,
	/* the first line: MAGIC, size 8, serial 16, length 8, crc 8 */
	HEAD_CRC = sizeof(MAGIC) - 1 + 9 + 17 + 9,
	HEAD = HEAD_CRC + 9,
	READ_TRIES = 5,
};

void
checkpoint_key(const char *path, char key[CHECKPOINT_KEY])
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;
	const unsigned char *p = (const unsigned char *)path;

	for (; *p != '\0' && n < KEY_MAX - 3; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') ||
		    (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
		    *p == '_' || *p == '-' || (*p == '.' && n > 0);

		if (plain) {
			key[n++] = (char)*p;
			continue;
		}
		key[n++] = '%';
		key[n++] = hex[*p >> 4];
		key[n++] = hex[*p & 15];
	}
	key[n] = '\0';
	if (*p != '\0') {
		n = KEY_MAX - 9;
		snprintf(key + n, CHECKPOINT_KEY - n, "~%08" PRIx32,
		    crc32c(0, path, strlen(path)));
	}
}

void
checkpoint_clear(struct checkpoint *c)
{
	for (size_t i = 0; i < c->n_files; i++)
		free(c->files[i].path);
	free(c->files);
	free(c->pos);
	c->files = NULL;
	c->pos = NULL;
	c->n_files = c->n_pos = 0;
	c->serial = 0;
}

/* Where journal stands, or would stand. */
static size_t
find_pos(const struct checkpoint *c, uint64_t journal)
{
	size_t lo = 0, hi = c->n_pos;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->pos[mid].journal < journal)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

off_t
checkpoint_get(const struct checkpoint *c, uint64_t journal)
{
	size_t i = find_pos(c, journal);

	if (i >= c->n_pos || c->pos[i].journal != journal)
		return -1;
	return c->pos[i].pos;
}

void
checkpoint_set(struct checkpoint *c, uint64_t journal, off_t pos)
{
	size_t i = find_pos(c, journal);

	if (i >= c->n_pos || c->pos[i].journal != journal) {
		c->pos = xreallocarray(c->pos, c->n_pos + 1,
		    sizeof(c->pos[0]));
		memmove(c->pos + i + 1, c->pos + i,
		    (c->n_pos - i) * sizeof(c->pos[0]));
		c->n_pos++;
		c->pos[i].journal = journal;
	}
	c->pos[i].pos = pos;
}

void
checkpoint_prune(struct checkpoint *c, const uint64_t *numbers, size_t n)
{
	size_t kept = 0, at = 0;

	for (size_t i = 0; i < c->n_pos; i++) {
		while (at < n && numbers[at] < c->pos[i].journal)
			at++;
		if (at < n && numbers[at] == c->pos[i].journal)
			c->pos[kept++] = c->pos[i];
	}
	c->n_pos = kept;
}

struct checkpoint_file *
checkpoint_file(const struct checkpoint *c, const char *path)
{
	for (size_t i = 0; i < c->n_files; i++)
		if (strcmp(c->files[i].path, path) == 0)
			return &c->files[i];
	return NULL;
}

struct checkpoint_file *
checkpoint_file_add(struct checkpoint *c, const char *path)
{
	struct checkpoint_file *f = checkpoint_file(c, path);

	if (f != NULL)
		return f;
	c->files = xreallocarray(c->files, c->n_files + 1,
	    sizeof(c->files[0]));
	f = &c->files[c->n_files++];
	*f = (struct checkpoint_file){ .path = xstrdup(path) };
	return f;
}

void
checkpoint_file_drop(struct checkpoint *c, size_t i)
{
	free(c->files[i].path);
	c->n_files--;
	memmove(c->files + i, c->files + i + 1,
	    (c->n_files - i) * sizeof(c->files[0]));
}

/* --- reading --- */

/* A decimal number at *p and the byte after it, which must be end. */
static int
number(const char **p, char end, uint64_t *out)
{
	size_t n = strspn(*p, "0123456789");

	if (n == 0 || num_parse_n(*p, n, out) < 0 || (*p)[n] != end)
		return -1;
	*p += n + 1;
	return 0;
}

static int
parse_file(const char *p, struct checkpoint *out)
{
	uint64_t inode, len, since;
	char *path;
	struct checkpoint_file *f;

	if (number(&p, ' ', &inode) < 0 || number(&p, ' ', &len) < 0 ||
	    number(&p, ' ', &since) < 0 || len > INT64_MAX ||
	    since > INT64_MAX)
		return -1;
	path = xstrdup(p);
	if (tsv_unescape(path) < 0) {
		free(path);
		return -1;
	}
	f = checkpoint_file_add(out, path);
	free(path);
	f->inode = (ino_t)inode;
	f->len = (off_t)len;
	f->since = (int64_t)since;
	return 0;
}

/* The lines after the first, NUL-terminated; cut in place. */
static int
parse_body(char *body, struct checkpoint *out)
{
	for (char *line = body, *next; *line != '\0'; line = next) {
		const char *p = line;
		uint64_t journal, pos;

		next = strchr(line, '\n');
		if (next == NULL)
			return -1;
		*next++ = '\0';
		if (strncmp(p, "journal ", 8) == 0) {
			p += 8;
			if (number(&p, ' ', &journal) < 0 ||
			    number(&p, '\0', &pos) < 0 || pos > INT64_MAX)
				return -1;
			checkpoint_set(out, journal, (off_t)pos);
		} else if (strncmp(p, "file ", 5) == 0) {
			if (parse_file(p + 5, out) < 0)
				return -1;
		} else {
			return -1;
		}
	}
	return 0;
}

/* Is the block whole?  Gives its serial and length of the body. */
static bool
block_ok(const char *block, size_t size, uint64_t *serial, size_t *len)
{
	const char *p = block + sizeof(MAGIC) - 1;
	uint64_t says_size, says_len;
	char crc[9];

	if (size < HEAD || memcmp(block, MAGIC, sizeof(MAGIC) - 1) != 0 ||
	    memchr(block, '\0', HEAD) != NULL || block[HEAD - 1] != '\n' ||
	    number(&p, ' ', &says_size) < 0 || number(&p, ' ', serial) < 0 ||
	    number(&p, ' ', &says_len) < 0 || says_size != size ||
	    says_len > size - HEAD)
		return false;
	*len = (size_t)says_len;
	snprintf(crc, sizeof(crc), "%08" PRIx32,
	    crc32c(crc32c(0, block, HEAD_CRC), block + HEAD, *len));
	return memcmp(block + HEAD_CRC, crc, 8) == 0;
}

/* The newest whole block of b into out.  Returns 0 or -1. */
static int
parse_newest(struct buf *b, struct checkpoint *out)
{
	size_t size = b->len / 2, len[2] = { 0 };
	uint64_t serial[2] = { 0 };
	bool ok[2];
	char *block;
	int i;

	if (size == 0 || b->len != size * 2)
		return -1;
	for (i = 0; i < 2; i++)
		ok[i] = block_ok(b->data + size * (size_t)i, size, &serial[i],
		    &len[i]);
	if (!ok[0] && !ok[1])
		return -1;
	i = ok[1] && (!ok[0] || serial[1] > serial[0]);
	block = b->data + size * (size_t)i;
	block[HEAD + len[i]] = '\0';
	out->serial = serial[i];
	return parse_body(block + HEAD, out);
}

static int
read_once(int fd, struct buf *b)
{
	struct stat st;
	char *to;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -1;
	buf_reset(b);
	to = buf_room(b, (size_t)st.st_size + 1);
	if (to == NULL) {
		errno = EFBIG;
		return -1;
	}
	n = fd_pread_all(fd, to, (size_t)st.st_size, 0);
	if (n < 0)
		return -1;
	b->len = (size_t)n;
	to[n] = '\0';
	return 0;
}

static void
key_path(const char *key, char path[CHECKPOINT_KEY + 16])
{
	snprintf(path, CHECKPOINT_KEY + 16, FOLDER "/%s", key);
}

int
checkpoint_read(struct spool *s, const char *key, struct checkpoint *out,
    struct err *err)
{
	struct buf b = BUF_INIT((size_t)BLOCK_MAX * 2 + 1);
	char path[CHECKPOINT_KEY + 16];
	int fd, rc = -1;

	*out = (struct checkpoint){ 0 };
	key_path(key, path);
	fd = openat(spool_dirfd(s), path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return err_sys(err, "cannot open %s", path);
	/* Two writes while we read can tear both: then read again. */
	for (int i = 0; rc < 0 && i < READ_TRIES; i++) {
		if (read_once(fd, &b) < 0) {
			err_sys(err, "cannot read %s", path);
			goto out;
		}
		rc = parse_newest(&b, out);
		if (rc < 0)
			checkpoint_clear(out);
	}
	if (rc < 0)
		err_set(err, ERR_INPUT, "%s/%s is damaged: how far its "
		    "accounting has come isn't known", spool_dir(s), path);
	else if (fdatasync(fd) < 0 || fd_sync_dir(spool_dirfd(s), FOLDER) < 0)
		rc = err_sys(err, "cannot sync %s", path);
out:
	close(fd);
	buf_clear(&b);
	return rc;
}

/* --- writing --- */

/* The text of a block into b, padded to a size that holds it.  0 or -1. */
static int
format_block(const struct checkpoint *c, size_t size, struct buf *b)
{
	char crc[10], head[HEAD + 1];
	size_t len;

	buf_reset(b);
	memset(buf_room(b, HEAD), ' ', HEAD);
	b->len = HEAD;
	for (size_t i = 0; i < c->n_pos; i++) {
		buf_adds(b, "journal ");
		buf_addu(b, c->pos[i].journal);
		buf_addc(b, ' ');
		buf_addu(b, (uint64_t)c->pos[i].pos);
		buf_addc(b, '\n');
	}
	for (size_t i = 0; i < c->n_files; i++) {
		buf_adds(b, "file ");
		buf_addu(b, c->files[i].inode);
		buf_addc(b, ' ');
		buf_addu(b, (uint64_t)c->files[i].len);
		buf_addc(b, ' ');
		buf_addu(b, (uint64_t)c->files[i].since);
		buf_addc(b, ' ');
		tsv_add(b, c->files[i].path);
		buf_addc(b, '\n');
	}
	len = b->len - HEAD;
	while (size < b->len)
		size *= 2;
	if (size > BLOCK_MAX) {
		errno = EFBIG;
		return -1;
	}
	snprintf(head, sizeof(head), MAGIC "%08zu %016" PRIu64 " %08zu ", size,
	    c->serial, len);
	memcpy(b->data, head, HEAD_CRC);
	snprintf(crc, sizeof(crc), "%08" PRIx32 "\n",
	    crc32c(crc32c(0, b->data, HEAD_CRC), b->data + HEAD, len));
	memcpy(b->data + HEAD_CRC, crc, 9);
	memset(buf_room(b, size - b->len), '\n', size - b->len);
	b->len = size;
	return 0;
}

/* A new file with this block in its place and an empty one beside it. */
static int
write_new(struct spool *s, const char *path, const struct checkpoint *c,
    const struct buf *block)
{
	struct buf both = BUF_INIT(0);
	size_t at = c->serial & 1 ? block->len : 0;
	int rc;

	memset(buf_room(&both, block->len * 2), '\n', block->len * 2);
	both.len = block->len * 2;
	memcpy(both.data + at, block->data, block->len);
	rc = fd_replace_file(spool_dirfd(s), "tmp", path, FOLDER, both.data,
	    both.len);
	buf_clear(&both);
	return rc;
}

int
checkpoint_write(struct spool *s, const char *key, struct checkpoint *c,
    struct err *err)
{
	struct buf b = BUF_INIT(0);
	char path[CHECKPOINT_KEY + 16];
	struct stat st = { 0 };
	size_t size = 0;
	int fd, rc = -1;

	key_path(key, path);
	c->serial++;
	fd = openat(spool_dirfd(s), path, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT) {
		err_sys(err, "cannot open %s", path);
		goto out;
	}
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size % 2 == 0)
		size = (size_t)st.st_size / 2;
	if (format_block(c, size >= BLOCK_MIN ? size : BLOCK_MIN, &b) < 0) {
		err_sys(err, "cannot write %s", path);
		goto out;
	}
	if (fd >= 0 && b.len == size)
		rc = fd_pwrite_all(fd, b.data, b.len,
			 c->serial & 1 ? (off_t)size : 0) < 0 ||
			fdatasync(fd) < 0 ? -1 : 0;
	/* No file, too small a one, or one whose sync failed, which is never
	 * trusted again. */
	if (rc < 0)
		rc = write_new(s, path, c, &b);
	if (rc < 0)
		err_sys(err, "cannot write %s", path);
out:
	if (fd >= 0)
		close(fd);
	buf_clear(&b);
	return rc;
}

int
checkpoint_lock(struct spool *s, const char *key, struct err *err)
{
	char path[CHECKPOINT_KEY + 16];
	int fd;

	snprintf(path, sizeof(path), "lock/acct-%s", key);
	fd = openat(spool_dirfd(s), path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	if (fd < 0)
		return err_sys(err, "cannot open %s", path);
	switch (lock_try(fd, 0, 1)) {
	case 1:
		return fd;
	case 0:
		close(fd);
		return -2;
	default:
		err_sys(err, "cannot lock %s", path);
		close(fd);
		return -1;
	}
}

/* SPDX-License-Identifier: ISC */
/*
 * The packer (P6): intake files become segments of the same id.
 *
 *	intake/ID.in -> intake/ID.pk (renamed under the append lock, folder synced)
 *	-> queue/ID.seg with "replaces: ID" (folder synced) -> ID.pk unlinked
 *
 * A crash anywhere leaves a state from which the next packer goes on: a .pk whose
 * segment exists has been packed, and is only unlinked.
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
#include "base/log.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "spool/inject.h"
#include "spool/internal.h"
#include "spool/segwrite.h"

enum { INTAKE_MAX = 512 * 1024 * 1024 };

struct packing {
	struct spool *spool;
	char id[NAME_SEGMENT + 1];
	struct buf text;		/* the whole file */
	struct segwriter *w;
	struct buf bad;			/* damaged parts */
};

/* What is left of an entry's payload, and where its message went. */
struct entry {
	const char *at;
	size_t n;
	uint32_t index;		/* of the next recipient */
	uint64_t message, size;
};

/* One recipient's lines: envelope, state, domain.  Returns 0, 1 damaged, -1. */
static int
pack_record(struct packing *p, struct entry *en, struct err *err)
{
	const char *at = en->at;
	size_t n = en->n;
	int rc;
	const char *nl = memchr(at, '\n', n);
	struct envelope_view v;
	struct state st;
	const char *dom, *dom_nl;
	char *line, *f[ENV_FIELDS], *domain;

	if (nl == NULL || envelope_view(at, (size_t)(nl - at), en->index, &v) < 0 ||
	    n - (size_t)(nl + 1 - at) <= STATE_LINE ||
	    state_parse(nl + 1, &st) < 0)
		return 1;
	dom = nl + 1 + STATE_LINE;
	dom_nl = memchr(dom, '\n', n - (size_t)(dom - at));
	if (dom_nl == NULL)
		return 1;
	line = xstrndup(at, (size_t)(nl - at));
	for (int i = 0; i < ENV_FIELDS; i++) {
		f[i] = line + (v.f[i] - at);
		f[i][v.len[i]] = '\0';
	}
	domain = xstrndup(dom, (size_t)(dom_nl - dom));
	struct envelope e = { .id = f[ENV_ID], .at = en->message, .size = en->size,
		.sender = f[ENV_SENDER], .rcpt = f[ENV_RCPT],
		.orcpt = f[ENV_ORCPT], .vmta = f[ENV_VMTA], .job = f[ENV_JOB],
		.envid = f[ENV_ENVID], .notify = f[ENV_NOTIFY],
		.ret = f[ENV_RET], .origin = f[ENV_ORIGIN],
		.origin_mta = f[ENV_ORIGIN_MTA], .vars = f[ENV_VARS] };
	if (num_parse(f[ENV_QUEUED], 0, INT64_MAX, &e.queued) < 0 ||
	    num_parse(f[ENV_EXPIRE], 0, INT64_MAX, &e.expire) < 0)
		e.expire = 0;
	rc = segwriter_record(p->w, &e, domain, &st, err);
	free(domain);
	free(line);
	en->n -= (size_t)(dom_nl + 1 - at);
	en->at = dom_nl + 1;
	en->index++;
	return rc;
}

/* Returns 0, 1 damaged, -1. */
static int
pack_entry(struct packing *p, const char *payload, size_t n, struct err *err)
{
	struct spool_message m;
	struct entry en = { 0 };
	uint32_t crc;
	int rc = 0;

	if (message_parse(payload, n, 0, &m, &crc) < 0)
		return 1;
	if (p->w == NULL && segwriter_begin(p->spool, p->id, NULL, p->id,
		&p->w, err) < 0)
		return -1;
	if (segwriter_message(p->w, &m, &en.message, err) < 0)
		return -1;
	en.size = m.len;
	en.at = payload + SEG_MESSAGE_LINE + m.len;
	en.n = n - SEG_MESSAGE_LINE - m.len;
	while (rc == 0 && en.n > 0)
		rc = pack_record(p, &en, err);
	return rc;
}

/* An entry at off?  Returns 0 with its payload's length, 1 no, 2 cut at the end. */
static int
find_entry(const struct buf *t, size_t off, uint64_t *len)
{
	const char *l = t->data + off, *want = l + 17;
	size_t left = t->len - off;
	char hex[9];

	if (left < INTAKE_ENTRY_LINE)
		return 2;
	if (memcmp(l, "entry ", 6) != 0 || l[INTAKE_ENTRY_LINE - 1] != '\n' ||
	    num_parse_n(l + 6, 10, len) < 0)
		return 1;
	if (*len > left - INTAKE_ENTRY_LINE ||
	    left - INTAKE_ENTRY_LINE - *len < INTAKE_END_LINE)
		return 2;
	snprintf(hex, sizeof(hex), "%08x",
	    crc32c(0, l + INTAKE_ENTRY_LINE, *len));
	return memcmp(hex, want, 8) == 0 ? 0 : 1;
}

/* The next place after off where an entry line could stand. */
static size_t
resync(const struct buf *t, size_t off)
{
	const char *p = memmem(t->data + off + 1, t->len - off - 1, "\nentry ",
	    7);

	return p != NULL ? (size_t)(p + 1 - t->data) : t->len;
}

static int
pack_entries(struct packing *p, struct err *err)
{
	size_t off = INTAKE_HEADER;

	while (off < p->text.len) {
		uint64_t len = 0;
		int rc = find_entry(&p->text, off, &len);
		size_t next;

		if (rc == 0) {
			rc = pack_entry(p, p->text.data + off +
			    INTAKE_ENTRY_LINE, len, err);
			if (rc < 0)
				return -1;
			next = off + INTAKE_ENTRY_LINE + len + INTAKE_END_LINE;
		} else {
			next = resync(&p->text, off);
			/* cut at the end: its append was never acknowledged */
			if (rc == 2 && next == p->text.len)
				break;
			rc = 1;
		}
		if (rc == 1)
			buf_add(&p->bad, p->text.data + off, next - off);
		off = next;
	}
	return 0;
}

static int
set_aside(struct packing *p, struct err *err)
{
	char path[64];

	if (p->bad.len == 0)
		return 0;
	snprintf(path, sizeof(path), "damaged/%s.in", p->id);
	if (fd_replace_file(p->spool->fd, "tmp", path, "damaged", p->bad.data,
		p->bad.len) < 0)
		return err_sys(err, "cannot write %s/%s", p->spool->dir, path);
	log_warn("%s/%s: damaged entries of an intake file, set aside; the "
	    "others are queued", p->spool->dir, path);
	return 0;
}

static int
pack_text(struct packing *p, struct err *err)
{
	int rc;

	if (p->text.len < INTAKE_HEADER ||
	    !intake_header_ok(p->text.data, p->id))
		log_warn("intake/%s: damaged header; its entries are read all "
		    "the same", p->id);
	rc = pack_entries(p, err);
	if (rc == 0)
		rc = set_aside(p, err);
	if (rc == 0 && p->w != NULL) {
		rc = segwriter_finish(p->w, err);
		if (rc == 0)
			rc = segwriter_publish(p->w, err) < 0 ? -1 : 0;
		if (rc == 0 && fd_sync_dir(p->spool->fd, "queue") < 0)
			rc = err_sys(err, "cannot sync %s/queue",
			    p->spool->dir);
	}
	segwriter_free(p->w);
	p->w = NULL;
	return rc;
}

/* Pack intake/ID.pk, whose pack lock the caller has. */
static int
pack_renamed(struct spool *s, const char *id, struct err *err)
{
	struct packing p = { .spool = s };
	char pk[64], seg[64];
	int rc = 0;

	snprintf(p.id, sizeof(p.id), "%s", id);
	snprintf(pk, sizeof(pk), "intake/%s.pk", id);
	segment_path(id, seg);
	buf_init(&p.text, (size_t)INTAKE_MAX + 65536);
	buf_init(&p.bad, 0);
	if (faccessat(s->fd, seg, F_OK, 0) < 0) {
		if (fd_read_file(s->fd, pk, INTAKE_MAX, &p.text) < 0)
			rc = err_sys(err, "cannot read %s/%s", s->dir, pk);
		else
			rc = pack_text(&p, err);
	}
	if (rc == 0 && (unlinkat(s->fd, pk, 0) < 0 ||
		fd_sync_dir(s->fd, "intake") < 0))
		rc = err_sys(err, "cannot remove %s/%s", s->dir, pk);
	buf_clear(&p.text);
	buf_clear(&p.bad);
	return rc;
}

/* Take ID.in out of the appenders' way.  Returns 0, 1 (leave it), -1. */
static int
take_away(struct spool *s, int fd, const char *id, struct err *err)
{
	char in[64], pk[64];
	struct stat st, now;
	int rc = 1;

	snprintf(in, sizeof(in), "intake/%s.in", id);
	snprintf(pk, sizeof(pk), "intake/%s.pk", id);
	/* a stopped appender keeps its file for the next run, not us */
	for (int tries = 0; rc == 1 && tries < 100; tries++) {
		rc = lock_try(fd, INTAKE_APPEND_BYTE, 1) == 1 ? 0 : 1;
		if (rc == 1)
			usleep(100);
	}
	if (rc == 1)
		return 1;
	if (fstat(fd, &st) < 0 || fstatat(s->fd, in, &now, 0) < 0 ||
	    st.st_ino != now.st_ino || st.st_size <= INTAKE_HEADER)
		return 1;
	if (renameat(s->fd, in, s->fd, pk) < 0 ||
	    fd_sync_dir(s->fd, "intake") < 0)
		return err_sys(err, "cannot rename %s/%s", s->dir, in);
	return 0;
}

static int
pack_file(struct spool *s, const char *name, struct err *err)
{
	char path[64], id[NAME_SEGMENT + 1];
	bool renamed = strcmp(name + NAME_SEGMENT, ".pk") == 0;
	struct stat st, now;
	int fd, rc;

	snprintf(path, sizeof(path), "intake/%.40s", name);
	memcpy(id, name, NAME_SEGMENT);
	id[NAME_SEGMENT] = '\0';
	fd = openat(s->fd, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 :
				       err_sys(err, "cannot open %s/%s",
					   s->dir, path);
	rc = lock_try(fd, INTAKE_PACK_BYTE, 1) == 1 ? 0 : 1;
	if (rc == 0 && renamed &&
	    (fstat(fd, &st) < 0 || fstatat(s->fd, path, &now, 0) < 0 ||
		st.st_ino != now.st_ino))
		rc = 1;		/* another packer was done with it */
	if (rc == 0 && !renamed)
		rc = take_away(s, fd, id, err);
	if (rc == 0)
		rc = pack_renamed(s, id, err);
	close(fd);
	return rc < 0 ? -1 : 0;
}

static bool
is_packable(const char *name)
{
	return strlen(name) == NAME_SEGMENT + 3 &&
	    (strcmp(name + NAME_SEGMENT, ".in") == 0 ||
		strcmp(name + NAME_SEGMENT, ".pk") == 0);
}

int
spool_pack(struct spool *s, struct err *err)
{
	struct dirent **list;
	char path[4096];
	int n, rc = 0;

	snprintf(path, sizeof(path), "%s/intake", s->dir);
	n = scandir(path, &list, NULL, alphasort);
	if (n < 0)
		return err_sys(err, "cannot read %s", path);
	for (int i = 0; i < n; i++) {
		if (rc == 0 && is_packable(list[i]->d_name))
			rc = pack_file(s, list[i]->d_name, err);
		free(list[i]);
	}
	free(list);
	return rc == 0 ? batch_clean(s, err) : rc;
}

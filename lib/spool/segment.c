/* SPDX-License-Identifier: ISC */
/*
 * Segments: opened, checked, kept open while somebody uses them.  A trailer's
 * offsets are believed only after they were checked against the file's size and
 * each other; each envelope line and each message is checked when it is read.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "spool/internal.h"

void
segment_path(const char *id, char path[64])
{
	snprintf(path, 64, "queue/%s.seg", id);
}

static bool
is_id(const char *s, size_t n)
{
	uint64_t v;

	/* two halves: twenty digits of base 36 don't fit 64 bits */
	return n == NAME_SEGMENT && s[0] != ' ' && s[10] != ' ' &&
	    num_parse36_n(s, 10, &v) == 0 && num_parse36_n(s + 10, 10, &v) == 0;
}

int
locator_parse(const char *text, char id[NAME_SEGMENT + 1], uint32_t *index)
{
	size_t n = strcspn(text, ".");
	uint64_t v;

	if (text[n] != '.' || !is_id(text, n) || strlen(text + n + 1) > 5 ||
	    num_parse_n(text + n + 1, strlen(text + n + 1), &v) < 0)
		return -1;
	memcpy(id, text, NAME_SEGMENT);
	id[NAME_SEGMENT] = '\0';
	*index = (uint32_t)v;
	return 0;
}

uint32_t
segment_check(const char *header, size_t header_len, const char *domains,
    size_t domains_len, const char *trailer)
{
	uint32_t c = crc32c(0, header, SEG_MOVED_AT);

	c = crc32c(c, header + SEG_MOVED_END, header_len - SEG_MOVED_END);
	c = crc32c(c, domains, domains_len);
	return crc32c(c, trailer, SEG_CHECK_AT);
}

/* " word NNN" at *p: moves past it. */
static int
take_number(const char **p, const char *end, const char *word, uint64_t *out)
{
	size_t w = strlen(word), n = 0;

	if ((size_t)(end - *p) < w || memcmp(*p, word, w) != 0)
		return -1;
	*p += w;
	while (*p + n < end && (*p)[n] >= '0' && (*p)[n] <= '9')
		n++;
	if (num_parse_n(*p, n, out) < 0)
		return -1;
	*p += n;
	return 0;
}

static int
parse_trailer(struct segment *g)
{
	const char *t = g->map + g->size - SEG_TRAILER, *p = t;
	const char *end = t + SEG_CHECK_AT;
	uint64_t messages, records, domains, env, dom, dom_end, states, size;

	if (take_number(&p, end, "vmta-end 1 messages ", &messages) < 0 ||
	    take_number(&p, end, " records ", &records) < 0 ||
	    take_number(&p, end, " domains ", &domains) < 0 ||
	    take_number(&p, end, " envelopes-at ", &env) < 0 ||
	    take_number(&p, end, " table-at ", &dom) < 0 ||
	    take_number(&p, end, " table-end ", &dom_end) < 0 ||
	    take_number(&p, end, " states-at ", &states) < 0 ||
	    take_number(&p, end, " size ", &size) < 0)
		return -1;
	if (size != g->size || records > SEGMENT_RECORDS_MAX ||
	    domains > records || env < g->header_len || dom < env ||
	    dom_end < dom || states < dom_end || states % STATE_ALIGN != 0 ||
	    states > size ||
	    size - states != records * STATE_LINE + SEG_TRAILER)
		return -1;
	g->n_records = (uint32_t)records;
	g->n_domains = (uint32_t)domains;
	g->env_at = env;
	g->dom_at = dom;
	g->dom_end = dom_end;
	g->states_at = states;
	return 0;
}

static int
parse_domains(struct segment *g)
{
	const char *p = g->map + g->dom_at, *end = g->map + g->dom_end;
	size_t bytes = g->dom_end - g->dom_at;
	char *text;

	g->domains = xmalloc(g->n_domains * sizeof(char *) + bytes + 1);
	text = (char *)(g->domains + g->n_domains);
	for (uint32_t i = 0; i < g->n_domains; i++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (nl == NULL || nl == p || nl - p > NAME_DOMAIN)
			return -1;
		g->domains[i] = text;
		memcpy(text, p, (size_t)(nl - p));
		text += nl - p;
		*text++ = '\0';
		p = nl + 1;
	}
	return p == end ? 0 : -1;
}

static int
parse_header(struct segment *g)
{
	const char *h = g->map;
	uint64_t len;
	size_t n;

	if (memcmp(h, "vmta-segment 1 ", 15) != 0 ||
	    num_parse_n(h + 15, 8, &len) < 0 || len < SEG_HEADER ||
	    len % SEG_HEADER != 0 || len > g->size - SEG_TRAILER)
		return -1;
	g->header_len = len;
	if (memcmp(h + 54, "id ", 3) != 0 ||
	    memcmp(h + 57, g->id, NAME_SEGMENT) != 0 ||
	    memcmp(h + 78, "batch ", 6) != 0)
		return -1;
	n = 0;
	while (n < NAME_BATCH && h[84 + n] != ' ')
		n++;
	if (n == 0)
		return -1;
	if (n != 1 || h[84] != '-') {
		memcpy(g->batch, h + 84, n);
		g->batch[n] = '\0';
	}
	return 0;
}

static int
parse(struct segment *g, struct err *err)
{
	const char *t;
	uint32_t want;
	char hex[9];

	if (g->size < SEG_HEADER + SEG_TRAILER)
		return err_set(err, ERR_INPUT,
		    "segment %s: cut short: %zu bytes", g->id, g->size);
	if (parse_header(g) < 0)
		return err_set(err, ERR_INPUT, "segment %s: damaged header",
		    g->id);
	if (parse_trailer(g) < 0)
		return err_set(err, ERR_INPUT, "segment %s: damaged trailer",
		    g->id);
	t = g->map + g->size - SEG_TRAILER;
	want = segment_check(g->map, g->header_len, g->map + g->dom_at,
	    g->dom_end - g->dom_at, t);
	snprintf(hex, sizeof(hex), "%08x", want);
	if (memcmp(hex, t + SEG_CHECK_AT, 8) != 0)
		return err_set(err, ERR_INPUT, "segment %s: checksum differs",
		    g->id);
	if (parse_domains(g) < 0)
		return err_set(err, ERR_INPUT,
		    "segment %s: damaged table of domains", g->id);
	return 0;
}

static void
segment_free(struct segment *g)
{
	if (g->map != NULL)
		munmap((void *)(uintptr_t)g->map, g->size);
	if (g->fd >= 0)
		close(g->fd);
	free(g->domains);
	free(g->env_off);
	free(g->claimed);
	free(g);
}

/* Returns 0, 1 (gone), -1. */
static int
open_file(struct segment *g, struct err *err)
{
	struct spool *s = g->spool;
	struct stat st;
	char path[64];

	segment_path(g->id, path);
	g->fd = openat(s->fd, path, O_CLOEXEC | O_NOFOLLOW |
	    (s->flags & SPOOL_READONLY ? O_RDONLY : O_RDWR));
	if (g->fd < 0) {
		if (errno == ENOENT)
			return 1;
		return err_sys(err, "cannot open segment %s", g->id);
	}
	if (fstat(g->fd, &st) < 0)
		return err_sys(err, "cannot look at segment %s", g->id);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "segment %s: not a plain file",
		    g->id);
	g->size = (size_t)st.st_size;
	if (g->size == 0)
		return err_set(err, ERR_INPUT, "segment %s: empty", g->id);
	g->map = mmap(NULL, g->size, PROT_READ, MAP_SHARED, g->fd, 0);
	if (g->map == MAP_FAILED) {
		g->map = NULL;
		return err_sys(err, "cannot map segment %s", g->id);
	}
	return parse(g, err);
}

/* Take an idle segment off its list. */
static void
unlist(struct segment *g)
{
	struct spool *s = g->spool;

	if (g->listed == WARM) {
		TAILQ_REMOVE(&s->warm, g, link);
		s->n_warm--;
	} else if (g->listed == COLD) {
		TAILQ_REMOVE(&s->cold, g, link);
		s->n_cold--;
	}
	g->listed = IN_USE;
}

/*
 * Bound what idle segments cost: few keep their pages mapped in (the page cache
 * has them all the same), more keep a descriptor, the rest are closed.
 */
static void
trim_cache(struct spool *s)
{
	struct segment *g;

	while (s->n_warm > SEGMENT_WARM) {
		g = TAILQ_FIRST(&s->warm);
		unlist(g);
		(void)madvise((void *)(uintptr_t)g->map, g->size,
		    MADV_DONTNEED);
		g->listed = COLD;
		TAILQ_INSERT_TAIL(&s->cold, g, link);
		s->n_cold++;
	}
	while (s->n_cold > SEGMENT_CACHE) {
		g = TAILQ_FIRST(&s->cold);
		unlist(g);
		map_del(&s->segments, g->id);
		segment_free(g);
	}
}

int
segment_get(struct spool *s, const char *id, struct segment **out,
    struct err *err)
{
	struct segment *g = map_get(&s->segments, id);
	int rc;

	if (g != NULL) {
		unlist(g);
		g->refs++;
		*out = g;
		return 0;
	}
	if (!is_id(id, strlen(id)))
		return err_set(err, ERR_INPUT, "%s: not the id of a segment",
		    id);
	g = xcalloc(1, sizeof(*g));
	g->spool = s;
	memcpy(g->id, id, NAME_SEGMENT);
	g->fd = -1;
	rc = open_file(g, err);
	if (rc == 0 && segment_is_dead(g))
		rc = 1;
	if (rc == 0 && g->batch[0] != '\0') {
		rc = batch_visible(s, g->batch, id, err);
		rc = rc < 0 ? -1 : !rc;
	}
	if (rc != 0) {
		segment_free(g);
		return rc;
	}
	g->refs = 1;
	*map_at(&s->segments, id) = g;
	*out = g;
	return 0;
}

void
segment_put(struct segment *g)
{
	struct spool *s;

	if (g == NULL || --g->refs > 0)
		return;
	s = g->spool;
	/* P2: a segment with a claim is never closed; a claim holds a reference */
	TAILQ_INSERT_TAIL(&s->warm, g, link);
	g->listed = WARM;
	s->n_warm++;
	trim_cache(s);
}

/* Everything in it done by now?  A final state never changes: no lock needed. */
static bool
is_done(const struct segment *g)
{
	struct state st;

	for (uint32_t i = 0; i < g->n_records; i++)
		if (segment_state(g, i, &st) < 0 || !state_is_final(st.letter))
			return false;
	return true;
}

void
segment_close_all(struct spool *s)
{
	const struct map_slot *slot;
	struct err err;
	size_t at = 0;

	while ((slot = map_next(&s->segments, &at)) != NULL) {
		struct segment *g = slot->value;

		if (g->touched && is_done(g) && segment_finish(g, &err) < 0)
			log_warn("%s", err.msg);
		segment_free(g);
	}
	map_clear(&s->segments, NULL);
	TAILQ_INIT(&s->warm);
	TAILQ_INIT(&s->cold);
	s->n_warm = s->n_cold = 0;
}

bool
segment_is_dead(struct segment *g)
{
	char id[NAME_SEGMENT + 1], path[64];

	memcpy(id, g->map + SEG_MOVED_AT, NAME_SEGMENT);
	id[NAME_SEGMENT] = '\0';
	if (id[0] == ' ')
		return false;
	if (!is_id(id, NAME_SEGMENT))
		return false;	/* a mark that was cut: the old one is valid */
	segment_path(id, path);
	return faccessat(g->spool->fd, path, F_OK, 0) == 0;
}

const char *
segment_id(const struct segment *g)
{
	return g->id;
}

uint32_t
segment_records(const struct segment *g)
{
	return g->n_records;
}

uint32_t
segment_domains(const struct segment *g)
{
	return g->n_domains;
}

const char *
segment_domain(const struct segment *g, uint32_t i)
{
	return i < g->n_domains ? g->domains[i] : NULL;
}

static int64_t
header_time(const struct segment *g, size_t at)
{
	uint64_t v;

	return num_parse_n(g->map + at, 10, &v) == 0 ? (int64_t)v : 0;
}

int64_t
segment_first(const struct segment *g)
{
	return header_time(g, 171);
}

int64_t
segment_last(const struct segment *g)
{
	return header_time(g, 187);
}

int
segment_state(const struct segment *g, uint32_t i, struct state *st)
{
	char line[STATE_LINE];

	if (i >= g->n_records)
		return -1;
	/* a writer may be in the middle: a torn line is whole a moment later */
	for (int tries = 0; tries < 100; tries++) {
		memcpy(line, g->map + g->states_at + (size_t)i * STATE_LINE,
		    STATE_LINE);
		if (state_parse(line, st) == 0)
			return st->domain < g->n_domains ? 0 : -1;
	}
	return -1;
}

int
segment_ids(struct spool *s, char ***out, size_t *n, struct err *err)
{
	struct dirent **list;
	int count;
	char path[4096];

	snprintf(path, sizeof(path), "%s/queue", s->dir);
	count = scandir(path, &list, NULL, alphasort);
	if (count < 0)
		return err_sys(err, "cannot read %s", path);
	*out = xcalloc((size_t)count, sizeof(char *));
	*n = 0;
	for (int i = 0; i < count; i++) {
		const char *name = list[i]->d_name;
		size_t len = strlen(name);

		if (len == NAME_SEGMENT + 4 &&
		    strcmp(name + NAME_SEGMENT, ".seg") == 0 &&
		    is_id(name, NAME_SEGMENT))
			(*out)[(*n)++] = xstrndup(name, NAME_SEGMENT);
		free(list[i]);
	}
	free(list);
	return 0;
}

/* Is something of that id left in intake/, or in queue/ beside g itself? */
static bool
source_is_there(const struct segment *g, const char *id)
{
	char in[64], pk[64], seg[64];
	int fd = g->spool->fd;

	snprintf(in, sizeof(in), "intake/%s.in", id);
	snprintf(pk, sizeof(pk), "intake/%s.pk", id);
	segment_path(id, seg);
	return faccessat(fd, in, F_OK, 0) == 0 ||
	    faccessat(fd, pk, F_OK, 0) == 0 ||
	    (strcmp(id, g->id) != 0 && faccessat(fd, seg, F_OK, 0) == 0);
}

int
segment_finish(struct segment *g, struct err *err)
{
	const char *p = g->map + 198 + strlen("replaces ");
	const char *end = g->map + g->header_len - 1;
	bool any = false;
	char path[64];

	/* P5: while what it replaces could come back, its name must stay */
	while (p < end && *p != ' ' && *p != '-') {
		char id[NAME_SEGMENT + 1];

		if (end - p < NAME_SEGMENT || !is_id(p, NAME_SEGMENT))
			break;
		memcpy(id, p, NAME_SEGMENT);
		id[NAME_SEGMENT] = '\0';
		any = true;
		if (source_is_there(g, id))
			return 0;
		p += NAME_SEGMENT;
		while (p < end && *p == ' ')
			p++;
	}
	if (any && (fd_sync_dir(g->spool->fd, "intake") < 0 ||
		fd_sync_dir(g->spool->fd, "queue") < 0))
		return err_sys(err, "cannot sync the folders of %s",
		    g->spool->dir);
	segment_path(g->id, path);
	if (unlinkat(g->spool->fd, path, 0) < 0 && errno != ENOENT)
		return err_sys(err, "cannot remove segment %s", g->id);
	return 0;
}

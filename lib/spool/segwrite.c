/* SPDX-License-Identifier: ISC */
/*
 * Writing a segment: in tmp/ under its id, complete and durable before it gets
 * its name in queue/ by one rename that never replaces (vmta-spool(5), SEGMENT).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/fd.h"
#include "base/xalloc.h"
#include "spool/internal.h"
#include "spool/segwrite.h"

enum {
	OUT_BUFFER = 1024 * 1024,
	WRITEBACK_STEP = 8 * 1024 * 1024,
};

struct segwriter {
	struct spool *spool;
	char id[NAME_SEGMENT + 1];
	char tmp[64];
	char *header;
	size_t header_len;
	int fd;
	bool published;
	struct buf out;			/* not yet written */
	uint64_t at;			/* offset of what comes next */
	uint64_t kicked;		/* writeback was started up to here */
	uint64_t n_messages;
	uint32_t n_records, n_domains;
	struct buf envelopes, states, domains;
	struct map domain_index;	/* domain -> index + 1 */
	int64_t first, last;
};

static void
make_header(struct segwriter *w, const char *batch, const char *replaces)
{
	struct buf h = BUF_INIT(0);

	w->header_len = SEG_HEADER;
	while (w->header_len < 210 + strlen(replaces))
		w->header_len += SEG_HEADER;
	buf_addf(&h, "vmta-segment 1 %08zu\n", w->header_len);
	buf_addf(&h, "moved-to %*s\n", NAME_SEGMENT, "");
	buf_addf(&h, "id %s\n", w->id);
	buf_addf(&h, "batch %-*s\n", NAME_BATCH, batch);
	buf_addf(&h, "made %010lld\n",
	    (long long)clock_wall_s(&w->spool->clock));
	buf_addf(&h, "first %010d\n", 0);
	buf_addf(&h, "last %010d\n", 0);
	buf_addf(&h, "replaces %s", replaces);
	w->header = xmalloc(w->header_len);
	memset(w->header, ' ', w->header_len);
	memcpy(w->header, h.data, h.len);
	w->header[w->header_len - 1] = '\n';
	buf_clear(&h);
}

int
segwriter_begin(struct spool *s, const char *id, const char *batch,
    const char *replaces, struct segwriter **out, struct err *err)
{
	struct segwriter *w = xcalloc(1, sizeof(*w));

	w->spool = s;
	w->fd = -1;
	buf_init(&w->out, 0);
	buf_init(&w->envelopes, 0);
	buf_init(&w->states, 0);
	buf_init(&w->domains, 0);
	if (id != NULL)
		memcpy(w->id, id, NAME_SEGMENT);
	else
		spool_new_id(s, w->id);
	make_header(w, batch != NULL ? batch : "-",
	    replaces != NULL ? replaces : "-");
	snprintf(w->tmp, sizeof(w->tmp), "tmp/%s.seg", w->id);
	/* what a packer that died left under this name is worth nothing */
	w->fd = openat(s->fd, w->tmp,
	    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (w->fd < 0) {
		err_sys(err, "cannot make %s/%s", s->dir, w->tmp);
		segwriter_free(w);
		return -1;
	}
	w->first = INT64_MAX;
	buf_add(&w->out, w->header, w->header_len);
	w->at = w->header_len;
	*out = w;
	return 0;
}

static int
write_out(struct segwriter *w, const void *data, size_t n, struct err *err)
{
	if (fd_write_all(w->fd, data, n) < 0)
		return err_sys(err, "cannot write segment %s", w->id);
	return 0;
}

static int
flush(struct segwriter *w, struct err *err)
{
	int rc = write_out(w, w->out.data, w->out.len, err);

	buf_reset(&w->out);
	if (rc == 0 && w->at - w->kicked > WRITEBACK_STEP) {
		/* begin now, so that the sync at the end waits less; a hint */
		(void)sync_file_range(w->fd, (off_t)w->kicked,
		    (off_t)(w->at - w->kicked), SYNC_FILE_RANGE_WRITE);
		w->kicked = w->at;
	}
	return rc;
}

int
segwriter_message(struct segwriter *w, const struct spool_message *m,
    uint64_t *at, struct err *err)
{
	char line[SEG_MESSAGE_LINE + 1];

	message_line(w->n_messages++, m, line);
	*at = w->at;
	buf_add(&w->out, line, SEG_MESSAGE_LINE);
	w->at += SEG_MESSAGE_LINE + m->len;
	if (m->len < OUT_BUFFER / 4) {
		buf_add(&w->out, m->text, m->len);
		return w->out.len >= OUT_BUFFER ? flush(w, err) : 0;
	}
	if (flush(w, err) < 0)
		return -1;
	return write_out(w, m->text, m->len, err);
}

static uint32_t
domain_index(struct segwriter *w, const char *domain)
{
	void **slot = map_at(&w->domain_index, domain);

	if (*slot == NULL) {
		buf_adds(&w->domains, domain);
		buf_addc(&w->domains, '\n');
		*slot = (void *)(uintptr_t)++w->n_domains;
	}
	return (uint32_t)(uintptr_t)*slot - 1;
}

int
segwriter_record(struct segwriter *w, const struct envelope *e,
    const char *domain, struct state *st, struct err *err)
{
	char line[STATE_LINE];

	if (w->n_records >= SEGMENT_RECORDS_MAX)
		return err_set(err, ERR_BUG, "segment %s: too many records",
		    w->id);
	st->domain = domain_index(w, domain);
	state_format(st, line);
	buf_add(&w->states, line, STATE_LINE);
	envelope_add(&w->envelopes, e, w->n_records);
	if (e->queued < w->first)
		w->first = e->queued;
	if (e->queued > w->last)
		w->last = e->queued;
	w->n_records++;
	return 0;
}

uint32_t
segwriter_records(const struct segwriter *w)
{
	return w->n_records;
}

bool
segwriter_full(const struct segwriter *w)
{
	return w->n_records >= SEGMENT_RECORDS || w->at >= SEGMENT_BYTES;
}

const char *
segwriter_id(const struct segwriter *w)
{
	return w->id;
}

/* Everything behind the messages: envelopes, domains, states, trailer. */
static void
add_tables(struct segwriter *w)
{
	uint64_t env = w->at, dom = env + w->envelopes.len;
	uint64_t dom_end = dom + w->domains.len;
	uint64_t states = (dom_end + STATE_ALIGN - 1) / STATE_ALIGN *
	    STATE_ALIGN;
	uint64_t size = states + w->states.len + SEG_TRAILER;
	char trailer[SEG_TRAILER + 1], hex[10];
	int n;

	buf_add(&w->out, w->envelopes.data, w->envelopes.len);
	buf_add(&w->out, w->domains.data, w->domains.len);
	if (states > dom_end) {
		char *pad = buf_room(&w->out, states - dom_end);

		memset(pad, ' ', states - dom_end);
		pad[states - dom_end - 1] = '\n';
		w->out.len += states - dom_end;
	}
	buf_add(&w->out, w->states.data, w->states.len);
	n = snprintf(trailer, sizeof(trailer),
	    "vmta-end 1 messages %llu records %u domains %u envelopes-at %llu "
	    "table-at %llu table-end %llu states-at %llu size %llu ",
	    (unsigned long long)w->n_messages, w->n_records, w->n_domains,
	    (unsigned long long)env, (unsigned long long)dom,
	    (unsigned long long)dom_end, (unsigned long long)states,
	    (unsigned long long)size);
	memset(trailer + n, ' ', (size_t)(SEG_TRAILER - n));
	snprintf(hex, sizeof(hex), "%08x\n",
	    segment_check(w->header, w->header_len, w->domains.data,
		w->domains.len, trailer));
	memcpy(trailer + SEG_CHECK_AT, hex, 9);
	buf_add(&w->out, trailer, SEG_TRAILER);
}

int
segwriter_finish(struct segwriter *w, struct err *err)
{
	char number[11];

	snprintf(number, sizeof(number), "%010lld",
	    (long long)(w->n_records > 0 ? w->first : 0));
	memcpy(w->header + 171, number, 10);
	snprintf(number, sizeof(number), "%010lld", (long long)w->last);
	memcpy(w->header + 187, number, 10);
	add_tables(w);
	if (flush(w, err) < 0)
		return -1;
	if (fd_pwrite_all(w->fd, w->header, w->header_len, 0) < 0 ||
	    fdatasync(w->fd) < 0)
		return err_sys(err, "cannot write segment %s", w->id);
	return 0;
}

int
segwriter_publish(struct segwriter *w, struct err *err)
{
	char path[64];

	segment_path(w->id, path);
	if (renameat2(w->spool->fd, w->tmp, w->spool->fd, path,
		RENAME_NOREPLACE) < 0) {
		if (errno == EEXIST)
			return 1;
		return err_sys(err, "cannot publish segment %s", w->id);
	}
	w->published = true;
	return 0;
}

void
segwriter_free(struct segwriter *w)
{
	if (w == NULL)
		return;
	if (w->fd >= 0) {
		if (!w->published)
			unlinkat(w->spool->fd, w->tmp, 0);
		close(w->fd);
	}
	free(w->header);
	buf_clear(&w->out);
	buf_clear(&w->envelopes);
	buf_clear(&w->states);
	buf_clear(&w->domains);
	map_clear(&w->domain_index, NULL);
	free(w);
}

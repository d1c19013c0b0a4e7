/* SPDX-License-Identifier: ISC */
/*
 * The immutable parts of a segment that are read one by one: messages and
 * envelope lines (vmta-spool(5), MESSAGE and ENVELOPE).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "spool/internal.h"

static void
add_text(struct buf *b, const char *v)
{
	buf_adds(b, v != NULL && v[0] != '\0' ? v : "-");
	buf_addc(b, '\t');
}

/*
 * The check of an envelope line covers its record's number too: a newline that
 * appears or disappears must not make one record's line pass for another's.
 */
static uint32_t
line_check(const char *line, size_t n, uint32_t index)
{
	char number[10];

	num_put10(number, sizeof(number), index);
	return crc32c(crc32c(0, number, sizeof(number)), line, n);
}

int
envelope_add(struct buf *b, const struct envelope *e, uint32_t index)
{
	size_t start = b->len;
	char hex[10];

	add_text(b, e->id);
	buf_addu(b, e->at);
	buf_addc(b, '\t');
	buf_addu(b, e->size);
	buf_addc(b, '\t');
	buf_addu(b, (uint64_t)e->queued);
	buf_addc(b, '\t');
	add_text(b, e->sender);
	add_text(b, e->rcpt);
	add_text(b, e->orcpt);
	add_text(b, e->vmta);
	add_text(b, e->job);
	add_text(b, e->envid);
	add_text(b, e->notify);
	add_text(b, e->ret);
	if (e->expire != 0)
		buf_addu(b, (uint64_t)e->expire);
	else
		buf_addc(b, '-');
	buf_addc(b, '\t');
	add_text(b, e->origin);
	add_text(b, e->origin_mta);
	add_text(b, e->vars);
	snprintf(hex, sizeof(hex), "%08x\n",
	    line_check(b->data + start, b->len - start, index));
	return buf_add(b, hex, 9);
}

int
envelope_view(const char *line, size_t n, uint32_t index,
    struct envelope_view *v)
{
	const char *p = line, *end = line + n;
	char hex[9];

	for (int i = 0; i < ENV_FIELDS; i++) {
		const char *tab = memchr(p, '\t', (size_t)(end - p));

		if (i == ENV_CHECK ? tab != NULL : tab == NULL)
			return -1;
		v->f[i] = p;
		v->len[i] = (size_t)((tab != NULL ? tab : end) - p);
		if (v->len[i] == 0)
			return -1;
		p = tab != NULL ? tab + 1 : end;
	}
	snprintf(hex, sizeof(hex), "%08x",
	    line_check(line, (size_t)(v->f[ENV_CHECK] - line), index));
	return v->len[ENV_CHECK] == 8 &&
		    memcmp(hex, v->f[ENV_CHECK], 8) == 0 ? 0 : -1;
}

/* Where each envelope line begins: found once, when the first one is read. */
static int
index_envelopes(struct segment *g, struct err *err)
{
	const char *base = g->map + g->env_at, *p = base;
	const char *end = g->map + g->dom_at;
	uint32_t *off;

	if ((size_t)(end - base) > UINT32_MAX)
		return err_set(err, ERR_INPUT, "segment %s: damaged envelopes",
		    g->id);
	off = xcalloc((size_t)g->n_records + 1, sizeof(*off));
	for (uint32_t i = 0; i < g->n_records; i++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (nl == NULL) {
			/* the lines from here on are lost, those before are not */
			for (; i <= g->n_records; i++)
				off[i] = (uint32_t)(end - base);
			g->env_off = off;
			return 0;
		}
		off[i] = (uint32_t)(p - base);
		p = nl + 1;
	}
	off[g->n_records] = (uint32_t)(p - base);
	g->env_off = off;
	return 0;
}

/* Where damage has shifted the lines: the one whose check says that it is i's. */
static int
search_view(const struct segment *g, uint32_t i, struct envelope_view *v)
{
	const char *p = g->map + g->env_at, *end = g->map + g->dom_at, *nl;

	for (; (nl = memchr(p, '\n', (size_t)(end - p))) != NULL; p = nl + 1)
		if (envelope_view(p, (size_t)(nl - p), i, v) == 0)
			return 0;
	return -1;
}

int
segment_view(struct segment *g, uint32_t i, struct envelope_view *v,
    struct err *err)
{
	const char *line;
	size_t n;

	if (g->env_off == NULL && index_envelopes(g, err) < 0)
		return -1;
	if (i >= g->n_records)
		return err_set(err, ERR_INPUT, "segment %s: no record %u", g->id,
		    i);
	line = g->map + g->env_at + g->env_off[i];
	n = g->env_off[i + 1] - g->env_off[i];
	if ((n == 0 || envelope_view(line, n - 1, i, v) < 0) &&
	    search_view(g, i, v) < 0)
		return err_set(err, ERR_INPUT,
		    "segment %s: damaged envelope of record %u", g->id, i);
	return 0;
}

static int64_t
number(const char *p, size_t n)
{
	uint64_t v;

	if (num_parse_n(p, n, &v) < 0 || v > INT64_MAX)
		return 0;
	return (int64_t)v;
}

int
segment_envelope(struct segment *g, uint32_t i, struct envelope *out,
    struct err *err)
{
	struct envelope_view v;
	const char *line;
	char *f[ENV_FIELDS];

	if (segment_view(g, i, &v, err) < 0)
		return -1;
	line = v.f[0];
	*out = (struct envelope){ 0 };
	out->line = xstrndup(line, (size_t)(v.f[ENV_CHECK] - line));
	for (int k = 0; k < ENV_FIELDS - 1; k++) {
		f[k] = out->line + (v.f[k] - line);
		f[k][v.len[k]] = '\0';
	}
	out->id = f[ENV_ID];
	out->at = (uint64_t)number(v.f[ENV_AT], v.len[ENV_AT]);
	out->size = (uint64_t)number(v.f[ENV_SIZE], v.len[ENV_SIZE]);
	out->queued = number(v.f[ENV_QUEUED], v.len[ENV_QUEUED]);
	out->sender = f[ENV_SENDER];
	out->rcpt = f[ENV_RCPT];
	out->orcpt = f[ENV_ORCPT];
	out->vmta = f[ENV_VMTA];
	out->job = f[ENV_JOB];
	out->envid = f[ENV_ENVID];
	out->notify = f[ENV_NOTIFY];
	out->ret = f[ENV_RET];
	out->expire = number(v.f[ENV_EXPIRE], v.len[ENV_EXPIRE]);
	out->origin = f[ENV_ORIGIN];
	out->origin_mta = f[ENV_ORIGIN_MTA];
	out->vars = f[ENV_VARS];
	return 0;
}

void
message_line(uint64_t number_, const struct spool_message *m,
    char line[SEG_MESSAGE_LINE + 1])
{
	int n = snprintf(line, SEG_MESSAGE_LINE + 1,
	    "message %05llu %010zu %010zu %07zu %c%c %08x",
	    (unsigned long long)(number_ % 100000), m->len, m->header_len,
	    m->longest > 9999999 ? (size_t)9999999 : m->longest,
	    m->flags & MESSAGE_DOTS ? 'd' : '-',
	    m->flags & MESSAGE_8BIT ? '8' : '-', crc32c(0, m->text, m->len));

	if (n < 0)
		n = 0;
	memset(line + n, ' ', (size_t)(SEG_MESSAGE_LINE - 1 - n));
	line[SEG_MESSAGE_LINE - 1] = '\n';
	line[SEG_MESSAGE_LINE] = '\0';
}

int
message_parse(const char *base, size_t size, uint64_t at,
    struct spool_message *m, uint32_t *crc)
{
	const char *l = base + at;
	uint64_t len, head, longest, check = 0;

	if (at > size || size - at < SEG_MESSAGE_LINE ||
	    memcmp(l, "message ", 8) != 0 ||
	    l[SEG_MESSAGE_LINE - 1] != '\n' ||
	    num_parse_n(l + 14, 10, &len) < 0 ||
	    num_parse_n(l + 25, 10, &head) < 0 ||
	    num_parse_n(l + 36, 7, &longest) < 0)
		return -1;
	if (len > size - at - SEG_MESSAGE_LINE || head > len)
		return -1;
	for (int i = 47; i < 55; i++) {
		const char *hex = "0123456789abcdef";
		const char *d = l[i] != '\0' ? strchr(hex, l[i]) : NULL;

		if (d == NULL)
			return -1;
		check = check << 4 | (uint64_t)(d - hex);
	}
	*m = (struct spool_message){
		.text = l + SEG_MESSAGE_LINE,
		.len = len,
		.header_len = head,
		.longest = longest,
		.flags = (l[44] == 'd' ? MESSAGE_DOTS : 0u) |
		    (l[45] == '8' ? MESSAGE_8BIT : 0u),
	};
	*crc = (uint32_t)check;
	return 0;
}

int
segment_message(struct segment *g, uint64_t at, struct spool_message *out,
    struct err *err)
{
	uint32_t crc;

	if (at < g->header_len ||
	    message_parse(g->map, g->env_at, at, out, &crc) < 0)
		return err_set(err, ERR_INPUT,
		    "segment %s: damaged message at %llu", g->id,
		    (unsigned long long)at);
	if (crc32c(0, out->text, out->len) != crc)
		return err_set(err, ERR_INPUT,
		    "segment %s: message at %llu: checksum differs", g->id,
		    (unsigned long long)at);
	return 0;
}

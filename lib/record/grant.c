/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/num.h"
#include "record/grant.h"

/* Copy up to the next ';' into to; returns what follows it, or NULL. */
static const char *
part(const char *p, char *to, size_t size)
{
	size_t n = strcspn(p, ";");

	if (p[n] != ';' || n == 0 || n >= size)
		return NULL;
	memcpy(to, p, n);
	to[n] = '\0';
	return p + n + 1;
}

static const char *
number(const char *p, uint64_t max, uint64_t *out)
{
	char text[24];

	p = part(p, text, sizeof(text));
	if (p == NULL || num_parse_n(text, strlen(text), out) < 0 || *out > max)
		return NULL;
	return p;
}

static int
lines(const char *p, struct grant *g)
{
	uint64_t v;

	while (*p != '\0') {
		size_t n = strcspn(p, ",");

		if (g->n == GRANT_LINES || num_parse_n(p, n, &v) < 0 ||
		    v > UINT32_MAX)
			return -1;
		g->line[g->n++] = (uint32_t)v;
		p += n;
		if (*p == ',' && *++p == '\0')
			return -1;
	}
	return 0;
}

int
grant_parse(const char *text, struct grant *out)
{
	struct grant g = { .kind = GRANT_GIVEN };
	uint64_t v;

	if (strcmp(text, "-") == 0) {
		*out = (struct grant){ .kind = GRANT_NONE };
		return 0;
	}
	if (strcmp(text, "expire") == 0) {
		*out = (struct grant){ .kind = GRANT_EXPIRE };
		return 0;
	}
	text = part(text, g.vmta, sizeof(g.vmta));
	if (text == NULL ||
	    (text = part(text, g.source, sizeof(g.source))) == NULL ||
	    (text = number(text, INT64_MAX, &v)) == NULL)
		return -1;
	g.expiry_ms = (int64_t)v;
	if ((text = number(text, UINT32_MAX, &v)) == NULL)
		return -1;
	g.conf_serial = (uint32_t)v;
	if ((text = number(text, UINT64_MAX, &g.serial)) == NULL ||
	    lines(text, &g) < 0)
		return -1;
	*out = g;
	return 0;
}

int
grant_add(struct buf *b, const struct grant *g)
{
	switch (g->kind) {
	case GRANT_NONE:
		return buf_addc(b, '-');
	case GRANT_EXPIRE:
		return buf_adds(b, "expire");
	case GRANT_GIVEN:
		break;
	}
	buf_adds(b, g->vmta);
	buf_addc(b, ';');
	buf_adds(b, g->source);
	buf_addc(b, ';');
	buf_addu(b, (uint64_t)g->expiry_ms);
	buf_addc(b, ';');
	buf_addu(b, g->conf_serial);
	buf_addc(b, ';');
	buf_addu(b, g->serial);
	buf_addc(b, ';');
	for (unsigned i = 0; i < g->n; i++) {
		if (i > 0)
			buf_addc(b, ',');
		buf_addu(b, g->line[i]);
	}
	return b->over ? -1 : 0;
}

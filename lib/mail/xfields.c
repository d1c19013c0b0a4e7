/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "mail/header.h"
#include "mail/xfields.h"

enum { N_FIELDS = 3 };

struct take {
	struct xfields *out;
	const char *why;
};

bool
xfields_is_value(const char *s, size_t max)
{
	size_t n = strlen(s);

	if (n == 0 || n > max || s[0] == ' ' || s[n - 1] == ' ')
		return false;
	for (; *s != '\0'; s++)
		if (*s < 32 || *s > 126)
			return false;
	return true;
}

/* Keep the value of a field in to[max + 1].  Returns false when it can't be. */
static bool
keep(const struct header_field *f, char *to, size_t max)
{
	struct buf b = BUF_INIT(1024);
	bool ok = header_unfold(f, &b) == 0;

	if (ok && b.len > 0) {
		ok = memchr(b.data, '\0', b.len) == NULL &&
		    xfields_is_value(b.data, max);
		if (ok)
			memcpy(to, b.data, b.len + 1);
	}
	buf_clear(&b);
	return ok;
}

static bool
pick(void *arg, const struct header_field *f)
{
	struct take *t = arg;
	const struct {
		const char *name;
		char *to;
		size_t max;
		const char *bad;
	} fields[N_FIELDS] = {
		{ "X-Virtual-MTA", t->out->vmta, XFIELDS_VMTA,
		    "bad value of X-Virtual-MTA" },
		{ "X-Job", t->out->job, XFIELDS_JOB, "bad value of X-Job" },
		{ "X-Envid", t->out->envid, XFIELDS_ENVID,
		    "bad value of X-Envid" },
	};

	/* most fields of a message are none of these */
	if (f->start[0] != 'X' && f->start[0] != 'x')
		return false;
	for (size_t i = 0; i < N_FIELDS; i++) {
		if (!header_is(f, fields[i].name))
			continue;
		if (fields[i].to[0] == '\0' &&
		    !keep(f, fields[i].to, fields[i].max))
			t->why = fields[i].bad;
		return true;
	}
	return false;
}

const char *
xfields_take(struct message *m, struct xfields *out)
{
	struct take t = { .out = out };

	out->vmta[0] = out->job[0] = out->envid[0] = '\0';
	message_advance(m, header_remove(m->text, m->header_len, pick, &t));
	return t.why;
}

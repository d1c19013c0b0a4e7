/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/tsv.h"
#include "record/event.h"

const char *const event_names[EVENT_FIELDS] = {
	[EV_TIME] = "time",
	[EV_TYPE] = "type",
	[EV_ID] = "id",
	[EV_QUEUE] = "queue",
	[EV_DOMAIN] = "domain",
	[EV_VMTA] = "vmta",
	[EV_POOL] = "pool",
	[EV_GROUP] = "group",
	[EV_SOURCE] = "source",
	[EV_SENDER] = "sender",
	[EV_RCPT] = "rcpt",
	[EV_ORCPT] = "orcpt",
	[EV_JOB] = "job",
	[EV_ENVID] = "envid",
	[EV_QUEUED] = "queued",
	[EV_FIRST] = "first",
	[EV_ATTEMPTS] = "attempts",
	[EV_ACTION] = "action",
	[EV_STATUS] = "status",
	[EV_CODE] = "code",
	[EV_DIAG] = "diag",
	[EV_MTA] = "mta",
	[EV_DEST] = "dest",
	[EV_CATEGORY] = "category",
	[EV_CLASS] = "class",
	[EV_ESMTP] = "esmtp",
	[EV_TLS] = "tls",
	[EV_CIPHER] = "cipher",
	[EV_SIZE] = "size",
	[EV_LATENCY] = "latency",
	[EV_ORIGIN] = "origin",
	[EV_ORIGIN_MTA] = "origin-mta",
	[EV_NEXT] = "next",
	[EV_NOTE] = "note",
};

static void
add_all(struct buf *b, const struct event *e, size_t diag)
{
	for (size_t i = 0; i < EVENT_FIELDS; i++) {
		const char *v = e->f[i] != NULL ? e->f[i] : "";

		if (i > 0)
			buf_addc(b, '\t');
		tsv_add_n(b, v,
		    i == EV_DIAG ? strnlen(v, diag) : strlen(v));
	}
}

int
event_append(struct buf *b, const struct event *e, size_t max)
{
	size_t start = b->len, diag = EVENT_DIAG_MAX;
	bool over = b->over;

	/* An escape makes a byte four: halve the text until the line fits. */
	for (;;) {
		b->over = false;
		add_all(b, e, diag);
		if (!b->over && b->len - start < max) {
			b->over = over;
			return 0;
		}
		b->len = start;
		if (b->cap != 0)
			b->data[start] = '\0';
		if (diag == 0) {
			b->over = true;
			return -1;
		}
		diag /= 2;
	}
}

int
event_parse(char *line, struct event *e)
{
	char *f[EVENT_FIELDS];
	size_t n = tsv_split(line, f, EVENT_FIELDS);

	if (n <= EV_RCPT)
		return -1;
	for (size_t i = 0; i < EVENT_FIELDS; i++) {
		if (i >= n) {
			e->f[i] = "-";
			continue;
		}
		if (f[i][0] == '\0' || tsv_unescape(f[i]) < 0)
			return -1;
		e->f[i] = f[i];
	}
	return 0;
}

int
event_field(const char *name)
{
	for (int i = 0; i < EVENT_FIELDS; i++)
		if (strcmp(name, event_names[i]) == 0)
			return i;
	return -1;
}

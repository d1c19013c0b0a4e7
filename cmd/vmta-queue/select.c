/* SPDX-License-Identifier: ISC */
/* Which records a command is about, and how they are shown. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "queue.h"
#include "spool/control.h"

int
patterns_parse(char **argv, int n, char ***out)
{
	char **p = xcalloc((size_t)n + 1, sizeof(*p)), text[512];
	struct err err = { 0 };

	for (int i = 0; i < n; i++) {
		if (queue_pattern_parse(argv[i], text, sizeof(text), &err) != 0) {
			patterns_free(p, i);
			return log_err(&err);
		}
		p[i] = xstrdup(text);
	}
	*out = p;
	return 0;
}

void
patterns_free(char **patterns, int n)
{
	for (int i = 0; i < n; i++)
		free(patterns[i]);
	free(patterns);
}

static bool
is_like(const char *pattern, const char *text)
{
	return pattern == NULL || fnmatch(pattern, text, FNM_CASEFOLD) == 0;
}

static const char *const words[] = { "damaged", "queued", "deferred",
	"sending", "held", "delivered", "bounced", "removed" };

bool
state_is_word(const char *word)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

const char *
state_word(const struct scan_record *r)
{
	if (r->damaged)
		return "damaged";
	switch (r->state.letter) {
	case STATE_SENDING:
		if (!r->orphan)
			return "sending";
		/* FALLTHROUGH */
	case STATE_QUEUED:
		return r->state.attempts > 0 ? "deferred" : "queued";
	case STATE_HELD:
		return "held";
	case STATE_DELIVERED:
		return "delivered";
	case STATE_BOUNCED:
		return "bounced";
	case STATE_REMOVED:
		return "removed";
	}
	return "damaged";
}

bool
selector_scan(const struct selector *sel, const struct scan_record *r)
{
	bool any = sel->n == 0;

	if (sel->state != NULL && strcmp(sel->state, state_word(r)) != 0)
		return false;
	if (r->damaged)
		return any && sel->domain == NULL && sel->vmta == NULL;
	for (int i = 0; i < sel->n && !any; i++)
		any = queue_pattern_match(sel->patterns[i], r->domain, r->group,
		    r->vmta);
	return any && is_like(sel->domain, r->domain) &&
	    is_like(sel->vmta, r->vmta);
}

bool
selector_envelope(const struct selector *sel, const struct envelope *e)
{
	return (sel->job == NULL || strcmp(sel->job, e->job) == 0) &&
	    is_like(sel->sender, e->sender) && is_like(sel->rcpt, e->rcpt);
}

const char *
put_number(number to, uint64_t v)
{
	snprintf(to, sizeof(number), "%llu", (unsigned long long)v);
	return to;
}

const char *
put_time(char to[32], int64_t wall_s, const struct cli *cli)
{
	bool people = cli->format == TABLE_TEXT ||
	    (cli->format == TABLE_AUTO && isatty(STDOUT_FILENO));

	if (wall_s == 0)
		return "-";
	if (people)
		clock_format_iso(wall_s, to);
	else
		snprintf(to, 32, "%lld", (long long)wall_s);
	return to;
}

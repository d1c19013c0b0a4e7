/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "conf/lint_impl.h"

/* The last setting of each directive in the section that is looked at. */
struct seen {
	const struct setting *last[CONF_DIRECTIVES];
	size_t section[CONF_DIRECTIVES];
	size_t now;
};

static void
repeated(const struct lint *l, struct seen *seen, const struct setting *s)
{
	enum conf_dir id = s->row->id;
	const struct setting *before =
	    seen->section[id] == seen->now ? seen->last[id] : NULL;

	seen->section[id] = seen->now;
	seen->last[id] = s;
	if (before == NULL || conf_repeatable(s->row))
		return;
	if (strcmp(before->text, s->text) == 0)
		LINT_WARN(l, s, "repeated-directive",
		    "\"%s\" stands in this section already, at %s:%u",
		    s->row->name, before->file, before->line);
	else
		LINT_WARN(l, s, "repeated-directive",
		    "\"%s\" stands in this section already, at %s:%u; this one "
		    "counts",
		    s->row->name, before->file, before->line);
}

/* Rates so high that they limit nothing are a habit, and hide mistakes. */
static void
absurd_rate(const struct lint *l, const struct setting *s,
    const struct rate *r)
{
	enum { PER_SECOND = 2000 };
	double n;

	if (r->n == RATE_UNLIMITED || r->unit_ms <= 0)
		return;
	n = (double)r->n * 1000.0 / (double)r->unit_ms;
	if (n > PER_SECOND)
		LINT_WARN(l, s, "absurd-value",
		    "%s %s is %.0f a second, more than any queue can send; "
		    "write unlimited",
		    s->row->name, s->text, n);
}

static void
absurd_span(const struct lint *l, const struct setting *s, int64_t value,
    int64_t least, int64_t most)
{
	char text[32];

	if (value == SPAN_NEVER || (value >= least && value <= most))
		return;
	span_format(value < least ? least : most, text);
	LINT_WARN(l, s, "absurd-value", "%s %s is %s than %s", s->row->name,
	    s->text, value < least ? "less" : "more", text);
}

static void
absurd_spans(const struct lint *l, const struct setting *s)
{
	const int64_t *list = s->v.list.items;

	for (size_t i = 0; i < s->v.list.n; i++)
		if (list[i] < 30 || list[i] > 7 * 86400) {
			absurd_span(l, s, list[i], 30, 7 * 86400);
			return;
		}
}

static void
absurd(const struct lint *l, const struct setting *s)
{
	switch ((unsigned)s->row->id) {
	case CONF_DIR_BOUNCE_AFTER:
		absurd_span(l, s, s->v.num, 60, 31 * 86400);
		return;
	case CONF_DIR_RETRY_RECIPIENTS_AFTER:
		absurd_span(l, s, s->v.num, 30, 7 * 86400);
		return;
	case CONF_DIR_MAX_SMTP_OUT:
	case CONF_DIR_VMTA_MAX_SMTP_OUT:
		if (s->v.num > 10000 && s->v.num != INT64_MAX)
			LINT_WARN(l, s, "absurd-value",
			    "%s %s: no destination takes so many connections",
			    s->row->name, s->text);
		return;
	default:
		break;
	}
	if (s->row->type == CONF_T_RATE || s->row->type == CONF_T_PER_HOUR)
		absurd_rate(l, s, &s->v.rate);
	else if (s->row->type == CONF_T_NET_RATE ||
	    s->row->type == CONF_T_NET_PER_HOUR)
		absurd_rate(l, s, &s->v.net->rate);
	else if (s->row->type == CONF_T_SPANS)
		absurd_spans(l, s);
}

/* PowerMTA's units are d, day, h, hr, m, min, s, sec. */
static void
rate_unit(const struct lint *l, const struct setting *s)
{
	static const char *const longer[] = { "hour", "minute", "second" };
	const char *slash;

	if ((s->row->type != CONF_T_RATE && s->row->type != CONF_T_NET_RATE) ||
	    (slash = strchr(s->text, '/')) == NULL)
		return;
	if (s->row->type == CONF_T_NET_RATE) {
		/* the first slash may be the network's */
		const char *last = strrchr(s->text, '/');

		slash = last;
	}
	for (slash++; isdigit((unsigned char)*slash);)
		slash++;
	for (size_t i = 0; i < sizeof(longer) / sizeof(longer[0]); i++)
		if (strncasecmp(slash, longer[i], strlen(longer[i])) == 0)
			LINT_NOTE(l, s, "rate-unit",
			    "PowerMTA has no unit \"%s\"; \"%c\" is understood "
			    "by both",
			    longer[i], *longer[i]);
}

/* RFC 5321 4.5.3.2: the least that a client should wait. */
static void
short_timeout(const struct lint *l, const struct setting *s)
{
	static const struct {
		enum conf_dir id;
		int64_t least_s;
	} rows[] = {
		{ CONF_DIR_SMTP_GREETING_TIMEOUT, 300 },
		{ CONF_DIR_SMTP_MAIL_TIMEOUT, 300 },
		{ CONF_DIR_SMTP_RCPT_TIMEOUT, 300 },
		{ CONF_DIR_SMTP_DATA_INIT_TIMEOUT, 120 },
		{ CONF_DIR_DATA_SEND_TIMEOUT, 180 },
		{ CONF_DIR_SMTP_DATA_TERMINATION_TIMEOUT, 600 },
	};
	char least[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].id == s->row->id && s->v.num < rows[i].least_s) {
			span_format(rows[i].least_s, least);
			LINT_NOTE(l, s, "short-timeout",
			    "RFC 5321 asks for at least %s here", least);
		}
}

/* Why other hosts will not like a name in HELO; NULL when they may. */
static const char *
helo_trouble(const char *name)
{
	static const char *const inside[] = { "local", "localdomain", "lan",
		"internal", "home", "arpa", "invalid", "test" };
	const char *dot = strrchr(name, '.');

	if (dot == NULL)
		return "it has no domain";
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
		if (strcasecmp(dot + 1, inside[i]) == 0)
			return "nobody outside can look it up";
	if (dot[1] == '\0')
		return "it ends in a dot";
	if (strspn(dot + 1, "0123456789") == strlen(dot + 1))
		return "its last part is a number";
	if (strchr(name, '_') != NULL)
		return "a host name has no underscore";
	if (*name == '-' || *name == '.' || strstr(name, ".-") != NULL ||
	    strstr(name, "-.") != NULL || strstr(name, "..") != NULL)
		return "no part of a host name begins or ends with a hyphen";
	return NULL;
}

static void
helo(const struct lint *l, const struct setting *s)
{
	const char *name = NULL, *why;

	if (s->row->id == CONF_DIR_SMTP_SOURCE_HOST && s->v.list.n > 0)
		name = ((const struct conf_source *)s->v.list.items)[0]
			   .host_name;
	else if (s->row->id == CONF_DIR_HELO_DOMAIN ||
	    s->row->id == CONF_DIR_HOST_NAME)
		name = s->v.text;
	if (name != NULL && (why = helo_trouble(name)) != NULL)
		LINT_WARN(l, s, "helo-name",
		    "\"%s\" is said in HELO: %s", name, why);
}

static void
walk(const struct lint *l, struct seen *seen, const struct node *n)
{
	seen->now++;
	for (const struct setting *s = n->settings; s != NULL; s = s->next) {
		repeated(l, seen, s);
		absurd(l, s);
		rate_unit(l, s);
		short_timeout(l, s);
		helo(l, s);
	}
	for (const struct node *in = n->first; in != NULL; in = in->next)
		walk(l, seen, in);
}

void
lint_values(const struct lint *l)
{
	struct seen seen = { .now = 0 };

	walk(l, &seen, l->c->root);
}

/* SPDX-License-Identifier: ISC */
/*
 * Patterns that can be read and still do not do what their writer meant.  Lists
 * copied from web pages have often lost their backslashes.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/lint_impl.h"
#include "conf/patterns.h"

static const char *const categories[] = { "bad-configuration",
	"bad-connection", "bad-domain", "bad-mailbox", "content-related",
	"inactive-mailbox", "invalid-sender", "message-expired",
	"no-answer-from-host", "other", "policy-related", "protocol-errors",
	"quota-issues", "relaying-issues", "routing-errors", "spam-related",
	"success", "virus-related" };

static const char *const actions[] = { "mode=normal", "mode=backoff",
	"skip-mx", "bounce-queue", "bounce-rcpt", "disable-source-ip",
	"defer-queue" };

#define N(a) (sizeof(a) / sizeof((a)[0]))

static void say(const struct lint *l, const struct conf_pattern *p,
    const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void
say(const struct lint *l, const struct conf_pattern *p, const char *code,
    const char *fmt, ...)
{
	struct diag at = { .level = DIAG_WARNING, .line = p->where.line,
		.column = p->column, .code = code,
		.file = (char *)(uintptr_t)p->where.file };
	va_list ap;

	va_start(ap, fmt);
	diags_addv(l->ds, &at, fmt, ap);
	va_end(ap);
}

/* "d+", "S+@": a class that has lost its backslash. */
static const char *
lost_backslash(const char *s)
{
	for (const char *p = s; *p != '\0'; p++) {
		char before = p > s ? p[-1] : '\0';

		if (*p == '\\' && p[1] != '\0') {
			p++;
			continue;
		}
		if (strchr("dswDSW", *p) != NULL &&
		    (p[1] == '+' || p[1] == '*' || p[1] == '{') &&
		    !isalnum((unsigned char)before) && before != '\'' &&
		    before != '\\')
			return p;
	}
	return NULL;
}

/* "\\d", "\\.": a backslash that stands for itself. */
static const char *
doubled_backslash(const char *s)
{
	for (const char *p = s; *p != '\0'; p++)
		if (*p == '\\') {
			if (p[1] == '\\' && p[2] != '\0' &&
			    strchr("dswbDSWB.[]()+*?", p[2]) != NULL)
				return p;
			p += p[1] != '\0';
		}
	return NULL;
}

/* Step over a class in brackets.  Returns: its last byte. */
static const char *
class_end(const char *p)
{
	const char *s = p + 1;

	if (*s == '^')
		s++;
	if (*s == ']')
		s++;
	while (*s != '\0' && *s != ']')
		s += s[0] == '\\' && s[1] != '\0' ? 2 : 1;
	return *s == ']' ? s : p;
}

/* "user* unknown": a star as in file names, behind one letter of a word. */
static const char *
glob_star(const char *s)
{
	for (const char *p = s; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '[')
			p = class_end(p);
		else if (*p == '*' && p >= s + 2 &&
		    isalpha((unsigned char)p[-1]) &&
		    isalpha((unsigned char)p[-2]) &&
		    (p == s + 2 || p[-3] != '\\'))
			return p;
	}
	return NULL;
}

/* "[TS01]" is one letter of four; the reply has the brackets too. */
static const char *
bracketed_word(const char *s)
{
	for (const char *p = s; *p != '\0'; p++) {
		const char *end;
		size_t upper = 0, digits = 0;

		if (*p == '\\' && p[1] != '\0') {
			p++;
			continue;
		}
		if (*p != '[')
			continue;
		end = class_end(p);
		for (const char *q = p + 1; q < end; q++) {
			upper += isupper((unsigned char)*q) != 0;
			digits += isdigit((unsigned char)*q) != 0;
		}
		if (upper >= 2 && digits >= 1 &&
		    upper + digits == (size_t)(end - p) - 1)
			return p;
		p = end;
	}
	return NULL;
}

/* '^' anywhere but at the beginning of an alternative, '$' before more. */
static const char *
misplaced_anchor(const char *s)
{
	for (const char *p = s; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '[')
			p = class_end(p);
		else if (*p == '^' && p > s && p[-1] != '(' && p[-1] != '|' &&
		    p[-1] != ':' && p[-1] != ')')
			return p;
		else if (*p == '$' && p[1] != '\0' && p[1] != ')' &&
		    p[1] != '|')
			return p;
	}
	return NULL;
}

/*
 * "^User unknown": a reply begins with its code.  True when the pattern fires on
 * no reply, and would without its '^'.
 */
static bool
anchored_past_status(const struct conf_pattern *p)
{
	struct conf_pattern bare = *p;
	struct pattern_error e;
	size_t n;
	const struct conf_reply *r = conf_replies(&n);
	bool bare_fires = false, fires = false;

	if (*p->regex != '^')
		return false;
	bare.compiled = pattern_new(p->regex + 1, strlen(p->regex) - 1, &e);
	for (size_t i = 0; i < n && !fires; i++) {
		fires = conf_pattern_fires(p, r[i].text);
		bare_fires = bare_fires ||
		    conf_pattern_fires(&bare, r[i].text);
	}
	pattern_free(bare.compiled);
	return bare_fires && !fires;
}

static void
form(const struct lint *l, const struct conf_pattern *p)
{
	const char *at;

	if ((at = lost_backslash(p->regex)) != NULL)
		say(l, p, "lost-backslash",
		    "\"%.2s\" is the letter %c; the class of characters is "
		    "\"\\%.2s\"",
		    at, *at, at);
	if ((at = doubled_backslash(p->regex)) != NULL)
		say(l, p, "doubled-backslash",
		    "\"%.3s\" asks for a backslash in the reply; write "
		    "\"%.2s\"",
		    at, at + 1);
	if ((at = glob_star(p->regex)) != NULL)
		say(l, p, "glob-star",
		    "\"%c*\" is any number of the letter %c; anything is "
		    "\".*\"",
		    at[-1], at[-1]);
	if ((at = bracketed_word(p->regex)) != NULL)
		say(l, p, "character-class",
		    "\"%.*s\" is one of these characters; for the word in "
		    "brackets write \"\\%.*s\\]\"",
		    (int)(class_end(at) - at + 1), at,
		    (int)(class_end(at) - at), at);
	if ((at = misplaced_anchor(p->regex)) != NULL)
		say(l, p, "misplaced-anchor",
		    "this can't match: \"%c\" is the %s of the reply", *at,
		    *at == '^' ? "beginning" : "end");
	else if (p->compiled != NULL && anchored_past_status(p))
		say(l, p, "misplaced-anchor",
		    "a reply begins with its %s: without \"^\" this matches "
		    "replies, with it none",
		    p->category ? "status" : "code");
}

static bool
has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = text; (s = strcasestr(s, word)) != NULL; s += n)
		if ((s == text || s[-1] == ',' || s[-1] == ' ') &&
		    (s[n] == '\0' || s[n] == ',' || s[n] == ' '))
			return true;
	return false;
}

static void
one_action(const struct lint *l, const struct conf_pattern *p, const char *s,
    size_t n)
{
	const char *near = NULL;
	size_t best = n / 3 + 1;
	char word[64];

	snprintf(word, sizeof(word), "%.*s", (int)n, s);
	if (strncasecmp(word, "reenable-after=", 15) == 0 ||
	    strncasecmp(word, "backoff-to-normal-after=", 24) == 0)
		return;
	for (size_t i = 0; i < N(actions); i++) {
		size_t d = conf_distance(word, actions[i], best);

		if (d == 0)
			return;
		if (d < best) {
			best = d;
			near = actions[i];
		}
	}
	say(l, p, "unknown-action", "there is no action \"%s\"%s%s%s", word,
	    near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
	    near != NULL ? "\"?" : "");
}

static void
check_actions(const struct lint *l, const struct conf_pattern *p)
{
	const char *s = p->action;

	if (*s == '\0')
		say(l, p, "unknown-action", "the pattern has no action");
	while (*s != '\0') {
		size_t n = strcspn(s, ", ");

		if (n > 0)
			one_action(l, p, s, n);
		s += n;
		s += strspn(s, ", ");
	}
	if (has_word(p->action, "mode=backoff") &&
	    has_word(p->action, "mode=normal"))
		say(l, p, "unknown-action",
		    "mode=backoff and mode=normal exclude each other");
	if (has_word(p->action, "skip-mx") &&
	    has_word(p->action, "bounce-queue"))
		say(l, p, "unknown-action",
		    "skip-mx and bounce-queue exclude each other");
}

static void
check_category(const struct lint *l, const struct conf_pattern *p)
{
	const char *near = NULL;
	size_t best = strlen(p->action) / 4 + 1;

	for (size_t i = 0; i < N(categories); i++) {
		size_t d = conf_distance(p->action, categories[i], best);

		if (d == 0)
			return;
		if (d < best) {
			best = d;
			near = categories[i];
		}
	}
	if (*p->action == '\0')
		say(l, p, "unknown-category", "the pattern has no category");
	else if (near != NULL)
		say(l, p, "unknown-category",
		    "nobody knows the category \"%s\"; did you mean \"%s\"?",
		    p->action, near);
}

/* A bad address says nothing about the speed that a provider wants. */
static void
user_unknown(const struct lint *l, const struct conf_pattern *p)
{
	size_t n;
	const struct conf_reply *r = conf_replies(&n);

	/* what fires on everything is meant to */
	if (*p->regex == '\0' || (!has_word(p->action, "mode=backoff") &&
	    !has_word(p->action, "disable-source-ip")))
		return;
	for (size_t i = 0; i < n; i++)
		if (strcmp(r[i].category, "bad-mailbox") == 0 &&
		    conf_pattern_fires(p, r[i].text)) {
			say(l, p, "backoff-user-unknown",
			    "this slows the queue down for a bad address: it "
			    "fires on \"%.60s\"",
			    r[i].text);
			return;
		}
}

static bool
is_catch_all(const struct conf_pattern *p)
{
	return p->compiled != NULL &&
	    (*p->regex == '\0' || strcmp(p->regex, ".*") == 0 ||
		strcmp(p->regex, ".") == 0 || strcmp(p->regex, "^") == 0);
}

void
lint_patterns(const struct lint *l)
{
	struct map seen = MAP_INIT;
	struct conf_patterns ps;
	const struct conf_pattern *all = NULL;

	conf_patterns_of(l->c, &ps);
	for (size_t i = 0; i < ps.n; i++) {
		const struct conf_pattern *p = &ps.p[i], *before;
		void **at;

		if (i > 0 && strcmp(ps.p[i - 1].list, p->list) != 0) {
			map_clear(&seen, NULL);
			all = NULL;
		}
		if (p->wrong != NULL) {
			say(l, p, "pattern-format", "%s", p->wrong);
			continue;
		}
		if (p->compiled == NULL)
			say(l, p, "pattern-format", "/%.60s/: %s", p->regex,
			    p->error.why);
		form(l, p);
		if (p->category)
			check_category(l, p);
		else
			check_actions(l, p);
		user_unknown(l, p);
		at = map_at(&seen, p->regex);
		before = all != NULL ? all : *at;
		if (before != NULL)
			say(l, p, "hidden-pattern",
			    "never reached: %s at %s:%u comes first",
			    all != NULL ? "the pattern for everything" :
					  "the same pattern",
			    before->where.file, before->where.line);
		*at = (void *)(uintptr_t)p;
		if (is_catch_all(p))
			all = p;
	}
	map_clear(&seen, NULL);
	conf_patterns_free(&ps);
}

/* SPDX-License-Identifier: ISC */
/* Queue patterns and pauses: control/pauses (vmta-spool(5), CONTROL). */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/num.h"
#include "base/tsv.h"
#include "base/xalloc.h"
#include "spool/internal.h"

enum { CONTROL_FILE_MAX = 16 * 1024 * 1024 };

int
queue_pattern_parse(const char *pattern, char *out, size_t size, struct err *err)
{
	const char *slash = strrchr(pattern, '/');
	size_t dom = slash != NULL ? (size_t)(slash - pattern) :
				     strlen(pattern);
	const char *vmta = slash != NULL ? slash + 1 : "*";
	const char *prefix = "";

	if (dom == 0)
		return err_set(err, ERR_USAGE,
		    "queue pattern \"%s\" has no domain: did the shell take "
		    "$name away? (quote it, or write group:name/*)", pattern);
	if (strncasecmp(pattern, "group:", 6) == 0) {
		pattern += 6;
		dom -= 6;
		prefix = "$";
	}
	if (dom == 0 || vmta[0] == '\0' || tsv_has_control(pattern) ||
	    strpbrk(pattern, " [\\") != NULL)
		return err_set(err, ERR_USAGE,
		    "\"%s\" is no queue pattern: domain/vmta, with * for any",
		    pattern);
	if ((size_t)snprintf(out, size, "%s%.*s/%s", prefix, (int)dom, pattern,
		vmta) >= size)
		return err_set(err, ERR_USAGE, "queue pattern is too long");
	for (char *p = out; *p != '\0' && *p != '/'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return 0;
}

bool
queue_pattern_match(const char *pattern, const char *domain, const char *group,
    const char *vmta)
{
	const char *slash = strrchr(pattern, '/');
	char dom[NAME_QUEUE + 1];
	size_t n;

	if (slash == NULL)
		return false;
	n = (size_t)(slash - pattern);
	if (n >= sizeof(dom))
		return false;
	if (strcmp(slash + 1, "*") != 0 &&
	    fnmatch(slash + 1, vmta, FNM_CASEFOLD | FNM_NOESCAPE) != 0)
		return false;
	if (n == 1 && pattern[0] == '*')
		return true;
	memcpy(dom, pattern, n);
	dom[n] = '\0';
	if (dom[0] == '$')
		return group != NULL &&
		    fnmatch(dom, group, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
	return fnmatch(dom, domain, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}

static void
pauses_forget(struct control_state *c)
{
	for (size_t i = 0; i < c->n_pauses; i++) {
		free(c->pauses[i].pattern);
		free(c->pauses[i].reason);
	}
	c->n_pauses = 0;
}

static int
pause_row(struct control_state *c, char *line)
{
	char *f[4];
	int64_t since, until;

	if (tsv_split(line, f, 4) < 4 || num_parse(f[1], 0, INT64_MAX, &since) < 0 ||
	    num_parse(f[2], 0, INT64_MAX, &until) < 0 ||
	    tsv_unescape(f[3]) < 0 || strchr(f[0], '/') == NULL)
		return -1;
	c->pauses = xreallocarray(c->pauses, c->n_pauses + 1,
	    sizeof(c->pauses[0]));
	c->pauses[c->n_pauses++] = (struct pause){ xstrdup(f[0]), since, until,
		xstrdup(f[3]) };
	return 0;
}

static int
pauses_read(struct spool *s, struct err *err)
{
	struct control_state *c = &s->control;
	struct buf text = BUF_INIT((size_t)CONTROL_FILE_MAX);
	uint64_t generation = control_generation(s);
	char *line, *rest;
	int rc = 0;

	pauses_forget(c);
	if (fd_read_file(s->fd, "control/pauses", CONTROL_FILE_MAX, &text) <
		0 && errno != ENOENT)
		rc = err_sys(err, "cannot read %s/control/pauses", s->dir);
	rest = text.data;
	while (rc == 0 && (line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0' && pause_row(c, line) < 0)
			rc = err_set(err, ERR_INPUT,
			    "%s/control/pauses: a damaged line: nothing is "
			    "sent until it is mended", s->dir);
	buf_clear(&text);
	c->pauses_cache = (struct control_cache){ generation, rc == 0 };
	return rc;
}

const struct pause *
pauses(struct spool *s, size_t *n, struct err *err)
{
	struct control_state *c = &s->control;

	if ((!c->pauses_cache.valid ||
		c->pauses_cache.generation != control_generation(s)) &&
	    pauses_read(s, err) < 0)
		return NULL;
	*n = c->n_pauses;
	/* none is no error: anything but NULL */
	return c->pauses != NULL ? c->pauses : (const struct pause *)(void *)c;
}

static int
pauses_write(struct spool *s, struct err *err)
{
	struct control_state *c = &s->control;
	struct buf text = BUF_INIT(0);
	int rc = 0;

	for (size_t i = 0; i < c->n_pauses; i++) {
		const struct pause *p = &c->pauses[i];

		buf_addf(&text, "%s\t%lld\t%lld\t", p->pattern,
		    (long long)p->since, (long long)p->until);
		tsv_add(&text, p->reason);
		buf_addc(&text, '\n');
	}
	if (fd_replace_file(s->fd, "tmp", "control/pauses", "control",
		text.data, text.len) < 0)
		rc = err_sys(err, "cannot write %s/control/pauses", s->dir);
	buf_clear(&text);
	control_bump(s);
	return rc;
}

/* Remove pattern's entry from memory.  Returns: was there one? */
static bool
drop(struct control_state *c, const char *pattern)
{
	for (size_t i = 0; i < c->n_pauses; i++)
		if (strcmp(c->pauses[i].pattern, pattern) == 0) {
			free(c->pauses[i].pattern);
			free(c->pauses[i].reason);
			c->pauses[i] = c->pauses[--c->n_pauses];
			return true;
		}
	return false;
}

int
pause_add(struct spool *s, const char *pattern, int64_t until,
    const char *reason, struct err *err)
{
	struct control_state *c = &s->control;
	int lock = spool_lock(s, "control", true, err), rc;

	if (lock < 0)
		return -1;
	rc = pauses_read(s, err);
	if (rc == 0) {
		(void)drop(c, pattern);
		c->pauses = xreallocarray(c->pauses, c->n_pauses + 1,
		    sizeof(c->pauses[0]));
		c->pauses[c->n_pauses++] = (struct pause){ xstrdup(pattern),
			clock_wall_s(&s->clock), until,
			xstrdup(reason != NULL ? reason : "-") };
		rc = pauses_write(s, err);
	}
	close(lock);
	return rc;
}

int
pause_remove(struct spool *s, const char *pattern, struct err *err)
{
	int lock = spool_lock(s, "control", true, err), rc;

	if (lock < 0)
		return -1;
	rc = pauses_read(s, err);
	if (rc == 0)
		rc = drop(&s->control, pattern) ? pauses_write(s, err) : 1;
	close(lock);
	return rc;
}

const struct pause *
pause_match(struct spool *s, const char *domain, const char *group,
    const char *vmta, int64_t now)
{
	/* what can't be read holds everything: never guess that it may be sent */
	static const struct pause unreadable = { .pattern = (char *)"*/*",
		.reason = (char *)"control/pauses can't be read" };
	struct err err;
	size_t n;
	const struct pause *p = pauses(s, &n, &err);

	if (p == NULL) {
		log_warn("%s", err.msg);
		return &unreadable;
	}
	for (size_t i = 0; i < n; i++)
		if ((p[i].until == 0 || p[i].until > now) &&
		    queue_pattern_match(p[i].pattern, domain, group, vmta))
			return &p[i];
	return NULL;
}

/* SPDX-License-Identifier: ISC */
/* What the tests of lib/conf share. */
#ifndef VMTA_TEST_CONF_UTIL_H
#define VMTA_TEST_CONF_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "conf/conf.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* All diagnostics as "line:column:code" in a row, of the level given or worse. */
static inline void
diags_text(const struct diags *ds, enum diag_level level, char *to, size_t size)
{
	size_t at = 0;

	*to = '\0';
	for (size_t i = 0; i < ds->n && at < size; i++)
		if (ds->d[i].level >= level)
			at += (size_t)snprintf(to + at, size - at, "%s%u:%u:%s",
			    at > 0 ? " " : "", ds->d[i].line, ds->d[i].column,
			    ds->d[i].code);
}

/* A configuration that must be right. */
static inline struct conf *
load_ok(const char *text)
{
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err = { 0 };

	if (conf_load_text("t.conf", text, strlen(text), &ds, &c, &err) < 0)
		fail_msg("%s: line %u: %s", err.msg,
		    ds.n > 0 ? ds.d[0].line : 0, ds.n > 0 ? ds.d[0].text : "");
	diags_clear(&ds);
	return c;
}

/* The queue of a domain by the name of its virtual MTA, as programs ask. */
static inline struct conf_queue *
queue_of(struct conf *c, const char *domain, const char *vmta)
{
	const struct conf_vmta *v = conf_vmta(c, vmta);
	const char *group = conf_group(c, domain);

	assert_non_null(v);
	return conf_queue(c, group != NULL ? group : domain, v);
}

static inline void
assert_rate(struct rate r, const char *want)
{
	char got[48];

	rate_format(&r, got);
	assert_string_equal(got, want);
}

#endif

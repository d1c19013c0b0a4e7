/* SPDX-License-Identifier: ISC */
/* A configuration from text, a ledger and a clock set by hand, for the tests of
 * the filter and its parts. */
#ifndef VMTA_TEST_THROTTLE_RIG_H
#define VMTA_TEST_THROTTLE_RIG_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "throttle/filter.h"

struct rig {
	char dir[64];
	struct clock clock;
	int64_t ms;
	struct conf *conf;
	struct ledger *ledger;
	struct filter *filter;
	struct buf out;
};

static inline void
rig_time(struct rig *g, int64_t ms)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%010lld.%03lld\n",
	    (long long)(ms / 1000), (long long)(ms % 1000));

	assert_int_equal(pwrite(g->clock.fd, text, (size_t)n, 0), n);
	g->ms = ms;
}

static inline void
rig_open(struct rig *g, const char *conf, bool paced)
{
	struct diags ds = DIAGS_INIT;
	struct err err = { 0 };

	snprintf(g->dir, sizeof(g->dir), "/tmp/test_throttle.XXXXXX");
	assert_non_null(mkdtemp(g->dir));
	g->clock.fd = memfd_create("clock", MFD_CLOEXEC);
	rig_time(g, 1700000000000);
	if (conf_load_text("test.conf", conf, strlen(conf), &ds, &g->conf,
		&err) < 0)
		fail_msg("%s: %s", err.msg, ds.n > 0 ? ds.d[0].text : "");
	diags_clear(&ds);
	if (ledger_open(g->dir, &g->clock, &g->ledger, &err) < 0)
		fail_msg("%s", err.msg);
	ledger_set_paced(g->ledger, paced);
	g->filter = NULL;
	buf_init(&g->out, 0);
}

static inline void
rig_filter(struct rig *g, struct filter_options o)
{
	/* what an earlier filter hung into the configuration's queues is gone */
	assert_null(g->filter);
	o.conf = g->conf;
	o.ledger = g->ledger;
	g->filter = filter_new(&o);
}

static inline void
rig_close(struct rig *g)
{
	char path[128];

	filter_free(g->filter);
	ledger_close(g->ledger);
	conf_free(g->conf);
	buf_clear(&g->out);
	close(g->clock.fd);
	snprintf(path, sizeof(path), "%s/throttle/ledger", g->dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/throttle", g->dir);
	rmdir(path);
	rmdir(g->dir);
}

/* A job line: id, priority, domain, virtual MTA, last source. */
static inline void
add_line(struct buf *b, const char *id, int priority, const char *domain,
    const char *vmta, const char *source)
{
	buf_addf(b, "%s\tseg.0\t3\t-\t%d\t0\t0\t1\t%s/%s\t%s\t%s\t<>\tu@%s\t-"
	    "\t%s\n", id, priority, domain, vmta, domain, vmta, domain, source);
}

static inline void
rig_feed(struct rig *g, const char *text, int64_t left_ms)
{
	struct err err = { 0 };

	if (filter_lines(g->filter, text, strlen(text), left_ms, &g->out,
		&err) < 0)
		fail_msg("%s", err.msg);
}

/* The ids that came out, in order: "a b c". */
static inline void
rig_ids(struct rig *g, char *to, size_t size)
{
	char *line = g->out.data, *end;

	*to = '\0';
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		size_t n = strlen(to);

		snprintf(to + n, size - n, "%s%.*s", n > 0 ? " " : "",
		    (int)strcspn(line, "\t"), line);
	}
	buf_reset(&g->out);
}

#define expect_ids(g, want)                                 \
	do {                                                \
		char ids_[4096];                            \
		rig_ids((g), ids_, sizeof(ids_));           \
		assert_string_equal(ids_, (want));          \
	} while (0)

/* Field n (from 1) of each grant that came out. */
static inline void
rig_grants(struct rig *g, int n, char *to, size_t size)
{
	char *line = g->out.data, *end;

	*to = '\0';
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		size_t at = strlen(to);

		for (int tab = 0; tab < 3; tab++)
			line = strchr(line, '\t') + 1;
		for (int i = 1; i < n; i++)
			line = strchr(line, ';') + 1;
		snprintf(to + at, size - at, "%s%.*s", at > 0 ? " " : "",
		    (int)strcspn(line, ";\t"), line);
	}
	buf_reset(&g->out);
}

#define expect_grants(g, n, want)                           \
	do {                                                \
		char got_[8192];                            \
		rig_grants((g), (n), got_, sizeof(got_));   \
		assert_string_equal(got_, (want));          \
	} while (0)

#endif

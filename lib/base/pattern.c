/* SPDX-License-Identifier: ISC */
#define PCRE2_CODE_UNIT_WIDTH 8

#include <stdlib.h>

#include <pcre2.h>

#include "base/pattern.h"
#include "base/xalloc.h"

enum { STEPS = 200000, DEEPEST = 2000 };	/* of one match */

struct pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

struct pattern *
pattern_new(const char *regex, size_t n, struct pattern_error *e)
{
	struct pattern *p;
	PCRE2_SIZE off = 0;
	int rc = 0;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)regex, n, PCRE2_CASELESS,
	    &rc, &off, NULL);

	if (code == NULL) {
		e->off = off;
		if (pcre2_get_error_message(rc, (PCRE2_UCHAR *)e->why,
			sizeof(e->why)) < 0)
			e->why[0] = '\0';
		return NULL;
	}
	p = xmalloc(sizeof(*p));
	p->code = code;
	p->data = pcre2_match_data_create_from_pattern(code, NULL);
	p->limits = pcre2_match_context_create(NULL);
	if (p->data == NULL || p->limits == NULL)
		xalloc_exhausted();
	pcre2_set_match_limit(p->limits, STEPS);
	pcre2_set_depth_limit(p->limits, DEEPEST);
	return p;
}

void
pattern_free(struct pattern *p)
{
	if (p == NULL)
		return;
	pcre2_match_context_free(p->limits);
	pcre2_match_data_free(p->data);
	pcre2_code_free(p->code);
	free(p);
}

bool
pattern_match(const struct pattern *p, const char *text, size_t n,
    struct pattern_hit *hit)
{
	const PCRE2_SIZE *at;

	if (pcre2_match(p->code, (PCRE2_SPTR)text, n, 0, 0, p->data,
		p->limits) < 0)
		return false;
	at = pcre2_get_ovector_pointer(p->data);
	if (hit != NULL)
		*hit = (struct pattern_hit){ at[0], at[1] };
	return true;
}

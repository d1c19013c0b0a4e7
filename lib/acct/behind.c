/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "acct/behind.h"
#include "base/xalloc.h"
#include "spool/checkpoint.h"
#include "spool/journal.h"

void
acct_behind_clear(struct acct_behind *b)
{
	free(b->file);
	*b = (struct acct_behind){ 0 };
}

/* Outcomes of one journal past pos (-1: from its start).  Returns 0 or -1. */
static int
count(struct spool *s, uint64_t number, off_t pos, uint64_t *n,
    struct err *err)
{
	struct journal_reader *r;
	struct journal_line line;
	int rc = journal_open(s, number, &r, err);

	if (rc != 0)
		return rc > 0 ? 0 : -1;
	if (pos < 0)
		pos = journal_start(r);
	while ((rc = journal_next(r, &pos, &line, err)) == 1)
		if (line.event != NULL)
			(*n)++;
	journal_close(r);
	return rc;
}

int
acct_behind(struct spool *s, const char *key, struct acct_behind *out,
    struct err *err)
{
	struct checkpoint c;
	uint64_t *journals = NULL;
	size_t n = 0;
	int rc;

	*out = (struct acct_behind){ 0 };
	rc = checkpoint_read(s, key, &c, err);
	if (rc >= 0)
		rc = journal_list(s, &journals, &n, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = count(s, journals[i], checkpoint_get(&c, journals[i]),
		    &out->waiting, err);
	if (rc == 0 && c.n_files > 0)
		out->file = xstrdup(c.files[c.n_files - 1].path);
	checkpoint_clear(&c);
	free(journals);
	return rc;
}

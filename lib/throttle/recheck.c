/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/num.h"
#include "spool/control.h"
#include "spool/segment.h"
#include "throttle/recheck.h"

/* A column as a string; one that is too long can't name anything we know. */
static bool
copy(const struct job_line *l, enum job_field i, char *to, size_t size)
{
	size_t n;
	const char *s = line_field(l, i, &n);

	if (n >= size)
		return false;
	memcpy(to, s, n);
	to[n] = '\0';
	return true;
}

/* Queued, and of the version that the line was made from.  An S may be an
 * orphan's, which ready lists as well: the sender tells (P2). */
static bool
same_state(struct spool *s, const struct job_line *l)
{
	char locator[NAME_LOCATOR + 1], id[NAME_SEGMENT + 1];
	struct segment *g;
	struct state st;
	uint64_t version;
	uint32_t index;
	const char *v;
	size_t n;
	bool same;
	int rc;

	v = line_field(l, JOB_VERSION, &n);
	if (num_parse_n(v, n, &version) < 0 ||
	    !copy(l, JOB_LOCATOR, locator, sizeof(locator)) ||
	    locator_parse(locator, id, &index) < 0)
		return false;
	rc = segment_get(s, id, &g, NULL);
	if (rc != 0)
		return rc < 0;
	same = index < segment_records(g) &&
	    (segment_state(g, index, &st) < 0 ||
		((st.letter == STATE_QUEUED || st.letter == STATE_SENDING) &&
		    st.ver == version));
	segment_put(g);
	return same;
}

bool
recheck_line(void *arg, const struct job_line *line,
    const struct conf_queue *queue)
{
	const struct recheck *r = arg;
	char domain[NAME_DOMAIN + 1], vmta[NAME_VMTA + 1];
	int64_t now = clock_wall_s(spool_clock(r->spool));
	const struct queue_state *qs;

	if (!copy(line, JOB_DOMAIN, domain, sizeof(domain)) ||
	    !copy(line, JOB_VMTA, vmta, sizeof(vmta)) ||
	    !same_state(r->spool, line))
		return false;
	if (pause_match(r->spool, domain, conf_group(r->conf, domain), vmta,
		now) != NULL)
		return false;
	qs = queue_state_get(r->spool, queue->name);
	return qs == NULL || qs->not_before <= now;
}

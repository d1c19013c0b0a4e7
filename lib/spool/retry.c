/* SPDX-License-Identifier: ISC */
#include "base/num.h"
#include "spool/retry.h"

int64_t
retry_wait(const int64_t *list, size_t n, uint32_t failures)
{
	size_t i = failures > 0 ? failures - 1 : 0;
	int64_t s;

	if (n == 0)
		return 1;
	s = list[i < n ? i : n - 1];
	return s > 0 ? s : 1;
}

int64_t
retry_deadline(int64_t queued, int64_t bounce_after_s, int64_t expire)
{
	if (expire != 0)
		return expire;
	if (bounce_after_s == SPAN_NEVER ||
	    bounce_after_s > INT64_MAX - queued)
		return INT64_MAX;
	return queued + bounce_after_s;
}

int64_t
retry_due(int64_t due, int64_t now, int64_t longest_s, bool scheduled)
{
	if (!scheduled && due - now > longest_s)
		return now;
	return due;
}

/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"

int
num_parse_n(const char *s, size_t n, uint64_t *out)
{
	uint64_t v = 0;

	if (n == 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		unsigned d = (unsigned)(unsigned char)s[i] - '0';

		if (d > 9 || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, d, &v))
			return -1;
	}
	*out = v;
	return 0;
}

int
num_parse(const char *s, int64_t min, int64_t max, int64_t *out)
{
	bool minus = *s == '-';
	uint64_t v;
	int64_t n;

	if (num_parse_n(s + minus, strlen(s + minus), &v) < 0 || v > INT64_MAX)
		return -1;
	n = minus ? -(int64_t)v : (int64_t)v;
	if (n < min || n > max)
		return -1;
	*out = n;
	return 0;
}

int
num_parse36_n(const char *s, size_t n, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0;

	while (i < n && s[i] == ' ')
		i++;
	if (i == n)
		return -1;
	for (; i < n; i++) {
		unsigned d;

		if (s[i] >= '0' && s[i] <= '9')
			d = (unsigned)(s[i] - '0');
		else if (s[i] >= 'a' && s[i] <= 'z')
			d = (unsigned)(s[i] - 'a') + 10;
		else
			return -1;
		if (__builtin_mul_overflow(v, 36, &v) ||
		    __builtin_add_overflow(v, d, &v))
			return -1;
	}
	*out = v;
	return 0;
}

void
num_put36(char *to, size_t n, uint64_t v)
{
	while (n-- > 0) {
		to[n] = "0123456789abcdefghijklmnopqrstuvwxyz"[v % 36];
		v /= 36;
	}
}

void
num_put10(char *to, size_t n, uint64_t v)
{
	while (n-- > 0) {
		to[n] = (char)('0' + v % 10);
		v /= 10;
	}
}

/* The digits at *s; moves *s past them. */
static int
digits(const char **s, int64_t *out)
{
	size_t n = strspn(*s, "0123456789");
	uint64_t v;

	if (num_parse_n(*s, n, &v) < 0 || v > INT64_MAX)
		return -1;
	*s += n;
	*out = (int64_t)v;
	return 0;
}

int
span_parse(const char *s, int64_t *out_s)
{
	int64_t total = 0, n, unit;
	bool first = true;

	if (strcasecmp(s, "never") == 0) {
		*out_s = SPAN_NEVER;
		return 0;
	}
	do {
		if (digits(&s, &n) < 0)
			return -1;
		switch (tolower((unsigned char)*s)) {
		case 'w':
			unit = 7 * 86400;
			break;
		case 'd':
			unit = 86400;
			break;
		case 'h':
			unit = 3600;
			break;
		case 'm':
			unit = 60;
			break;
		case 's':
			unit = 1;
			break;
		case '\0':
			if (!first || n == SPAN_NEVER)
				return -1;
			*out_s = n;
			return 0;
		default:
			return -1;
		}
		s++;
		first = false;
		if (__builtin_mul_overflow(n, unit, &n) ||
		    __builtin_add_overflow(total, n, &total) ||
		    total == SPAN_NEVER)
			return -1;
	} while (*s != '\0');
	*out_s = total;
	return 0;
}

void
span_format(int64_t s, char to[32])
{
	static const struct {
		int64_t s;
		char c;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t at = 0;

	if (s == SPAN_NEVER) {
		memcpy(to, "never", sizeof("never"));
		return;
	}
	to[0] = '\0';
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (s / units[i].s == 0 && !(units[i].s == 1 && at == 0))
			continue;
		at += (size_t)snprintf(to + at, 32 - at, "%lld%c",
		    (long long)(s / units[i].s), units[i].c);
		s %= units[i].s;
	}
}

int
size_parse(const char *s, int64_t *out_bytes)
{
	static const char suffix[] = "bkmgt";
	const char *p;
	int64_t n;

	if (strcasecmp(s, "unlimited") == 0) {
		*out_bytes = INT64_MAX;
		return 0;
	}
	if (digits(&s, &n) < 0)
		return -1;
	if (*s != '\0') {
		p = strchr(suffix, tolower((unsigned char)*s));
		if (p == NULL || s[1] != '\0')
			return -1;
		for (; p > suffix; p--)
			if (__builtin_mul_overflow(n, 1024, &n))
				return -1;
	}
	*out_bytes = n;
	return 0;
}

static int
rate_unit(const char *s, int64_t *ms)
{
	static const struct {
		const char *word;
		int64_t ms;
	} units[] = {
		{ "d", 86400000 }, { "day", 86400000 }, { "h", 3600000 },
		{ "hr", 3600000 }, { "hour", 3600000 }, { "m", 60000 },
		{ "min", 60000 }, { "minute", 60000 }, { "s", 1000 },
		{ "sec", 1000 }, { "second", 1000 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcasecmp(s, units[i].word) == 0) {
			*ms = units[i].ms;
			return 0;
		}
	return -1;
}

int
rate_parse(const char *s, struct rate *out)
{
	int64_t n, m = 1, unit;

	if (strcasecmp(s, "unlimited") == 0 || strcmp(s, "0") == 0) {
		*out = (struct rate){ RATE_UNLIMITED, 0 };
		return 0;
	}
	if (digits(&s, &n) < 0 || n < 1 || *s++ != '/')
		return -1;
	if (*s >= '0' && *s <= '9' && (digits(&s, &m) < 0 || m < 1))
		return -1;
	if (rate_unit(s, &unit) < 0 || __builtin_mul_overflow(m, unit, &unit))
		return -1;
	*out = (struct rate){ n, unit };
	return 0;
}

void
rate_format(const struct rate *r, char to[48])
{
	static const struct {
		int64_t ms;
		char c;
	} units[] = { { 86400000, 'd' }, { 3600000, 'h' }, { 60000, 'm' },
		{ 1000, 's' } };

	if (r->n == RATE_UNLIMITED) {
		memcpy(to, "unlimited", sizeof("unlimited"));
		return;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t m = r->unit_ms / units[i].ms;

		if (m == 0 || r->unit_ms % units[i].ms != 0)
			continue;
		if (m == 1)
			snprintf(to, 48, "%lld/%c", (long long)r->n, units[i].c);
		else
			snprintf(to, 48, "%lld/%lld%c", (long long)r->n,
			    (long long)m, units[i].c);
		return;
	}
	snprintf(to, 48, "%lld/%lldms", (long long)r->n, (long long)r->unit_ms);
}

/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/num.h"
#include "base/when.h"

/* The latest moment that is taken: the end of the year 9999. */
#define LATEST INT64_C(253402300799)

/* Midnight days and months from today, local time. */
static int
midnight(int64_t now, int days, bool month, int months, int64_t *out)
{
	time_t t = (time_t)now;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL)
		return -1;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	tm.tm_mday = month ? 1 : tm.tm_mday + days;
	tm.tm_mon += months;
	t = mktime(&tm);
	if (t == (time_t)-1)
		return -1;
	*out = t;
	return 0;
}

static int
parse_word(const char *s, int64_t now, int64_t *out)
{
	static const struct {
		const char *word;
		int days;
		bool month;
		int months;
	} words[] = {
		{ "today", 0, false, 0 },
		{ "yesterday", -1, false, 0 },
		{ "tomorrow", 1, false, 0 },
		{ "this-month", 0, true, 0 },
		{ "last-month", 0, true, -1 },
	};

	if (strcmp(s, "now") == 0) {
		*out = now;
		return 0;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(s, words[i].word) == 0)
			return midnight(now, words[i].days, words[i].month,
			    words[i].months, out);
	return -1;
}

/* Read n digits and step over them.  Returns false when they aren't there. */
static bool
digits(const char **s, size_t n, int min, int max, int *out)
{
	uint64_t v;

	if (strnlen(*s, n) < n || num_parse_n(*s, n, &v) != 0 ||
	    v < (uint64_t)min || v > (uint64_t)max)
		return false;
	*s += n;
	*out = (int)v;
	return true;
}

static bool
byte(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

/* HH:MM[:SS[.fraction]]; a fraction is read over. */
static bool
parse_clock(const char **s, struct tm *tm)
{
	if (!digits(s, 2, 0, 23, &tm->tm_hour) || !byte(s, ':') ||
	    !digits(s, 2, 0, 59, &tm->tm_min))
		return false;
	if (!byte(s, ':'))
		return true;
	if (!digits(s, 2, 0, 60, &tm->tm_sec))
		return false;
	if (byte(s, '.')) {
		size_t n = strspn(*s, "0123456789");

		*s += n;
		return n > 0;
	}
	return true;
}

/* Z or an offset; *zone tells whether one stood there. */
static bool
parse_zone(const char **s, bool *zone, int *offset_s)
{
	int hours, minutes = 0, sign = **s == '-' ? -1 : 1;

	*zone = **s != '\0';
	*offset_s = 0;
	if (!*zone || byte(s, 'Z') || byte(s, 'z'))
		return true;
	if (!byte(s, '+') && !byte(s, '-'))
		return false;
	if (!digits(s, 2, 0, 23, &hours))
		return false;
	if (**s != '\0') {
		(void)byte(s, ':');
		if (!digits(s, 2, 0, 59, &minutes))
			return false;
	}
	*offset_s = sign * (hours * 3600 + minutes * 60);
	return true;
}

static int
parse_iso(const char *s, int64_t *out)
{
	struct tm tm = { .tm_isdst = -1 }, check;
	bool zone = false;
	int offset = 0, year, month, day;
	time_t t;

	if (!digits(&s, 4, 1970, 9999, &year) || !byte(&s, '-') ||
	    !digits(&s, 2, 1, 12, &month) || !byte(&s, '-') ||
	    !digits(&s, 2, 1, 31, &day))
		return -1;
	if (byte(&s, 'T') || byte(&s, 't') || byte(&s, ' ')) {
		if (!parse_clock(&s, &tm) || !parse_zone(&s, &zone, &offset))
			return -1;
	}
	if (*s != '\0')
		return -1;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	/* 31 February is no day, but 23:59:60 is one second later */
	check = (struct tm){ .tm_year = tm.tm_year, .tm_mon = tm.tm_mon,
		.tm_mday = day };
	if (timegm(&check) == (time_t)-1 || check.tm_mday != day)
		return -1;
	t = zone ? timegm(&tm) : mktime(&tm);
	*out = (int64_t)t - offset;
	return 0;
}

int
when_parse(const char *text, int64_t now, int64_t *out)
{
	int64_t span;
	bool ahead = text[0] == '+';

	if (text[0] == '@')
		return num_parse(text + 1, 0, LATEST, out);
	if (parse_word(text, now, out) == 0 || parse_iso(text, out) == 0)
		return 0;
	/* a bare number could be anything: a span needs its unit */
	text += ahead;
	if (text[strspn(text, "0123456789")] == '\0' ||
	    span_parse(text, &span) != 0 || span == SPAN_NEVER ||
	    span > LATEST - now || (!ahead && span > now))
		return -1;
	*out = ahead ? now + span : now - span;
	return 0;
}

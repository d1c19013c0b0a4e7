/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <time.h>

#include "acct/daytime.h"
#include "base/num.h"

/* Times that a date of four digits can tell: up to 9999-12-31. */
#define LATEST INT64_C(253402214400)

static struct daytime_slot *
look_up(struct daytime *d, int64_t s)
{
	int64_t minute = s / 60;
	struct daytime_slot *slot = &d->slots[minute % DAYTIME_SLOTS];
	struct tm tm = { 0 };
	time_t t = (time_t)(minute * 60);

	if (slot->minute == minute + 1)
		return slot;
	slot->minute = minute + 1;
	if (localtime_r(&t, &tm) == NULL ||
	    strftime(slot->text, sizeof(slot->text), "%Y-%m-%d %H:%M:00%z",
		&tm) != DAYTIME_ISO)
		memcpy(slot->text, "1970-01-01 00:00:00+0000",
		    sizeof(slot->text));
	slot->offset = tm.tm_gmtoff;
	return slot;
}

static int64_t
clamp(int64_t s)
{
	return s < 0 ? 0 : s > LATEST ? LATEST : s;
}

void
daytime_iso(struct daytime *d, int64_t s, char to[DAYTIME_ISO + 1])
{
	s = clamp(s);
	memcpy(to, look_up(d, s)->text, DAYTIME_ISO + 1);
	num_put10(to + 17, 2, (uint64_t)(s % 60));
}

void
daytime_day(struct daytime *d, int64_t s, char to[DAYTIME_DAY + 1])
{
	memcpy(to, look_up(d, clamp(s))->text, DAYTIME_DAY);
	to[DAYTIME_DAY] = '\0';
}

int64_t
daytime_offset(struct daytime *d, int64_t s)
{
	return look_up(d, clamp(s))->offset;
}

int64_t
daytime_parse_ms(const char *text)
{
	size_t n = strspn(text, "0123456789");
	uint64_t s, frac = 0;

	if (n == 0 || num_parse_n(text, n, &s) < 0 || s > (uint64_t)LATEST)
		return -1;
	if (text[n] == '.') {
		char digits[4] = "000";
		size_t len = strspn(text + n + 1, "0123456789");

		if (len == 0 || text[n + 1 + len] != '\0')
			return -1;
		memcpy(digits, text + n + 1, len < 3 ? len : 3);
		if (num_parse_n(digits, 3, &frac) < 0)
			return -1;
	} else if (text[n] != '\0') {
		return -1;
	}
	return (int64_t)(s * 1000 + frac);
}

/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/crc.h"
#include "base/num.h"
#include "spool/state.h"

/*
 * Where the fields stand (P1):
 *
 *	0 letter  2 due  13 attempts  17 ver  24 priority  28 domain  34 vmta
 *	40 journal  48 code  51 room left  59 check  63 newline
 *
 * Domain, virtual MTA and journal are in base 36, the rest in decimal; a blank
 * stands between fields.
 */
enum {
	AT_DUE = 2, AT_ATTEMPTS = 13, AT_VER = 17, AT_PRIORITY = 24,
	AT_DOMAIN = 28, AT_VMTA = 34, AT_JOURNAL = 40, AT_CODE = 48,
	AT_ROOM = 51, AT_CHECK = 59, AT_NEWLINE = 63,
};

/* 24 bits of CRC-32C in four characters (P16). */
static void
put_check(const char *line, char to[4])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t c = crc32c(0, line, AT_CHECK);

	for (int i = 0; i < 4; i++)
		to[i] = digits[c >> (6 * i) & 63];
}

void
state_format(const struct state *st, char line[STATE_LINE])
{
	memset(line, ' ', STATE_LINE);
	line[0] = (char)st->letter;
	num_put10(line + AT_DUE, 10, (uint64_t)st->due);
	num_put10(line + AT_ATTEMPTS, 3, st->attempts);
	num_put10(line + AT_VER, 6, st->ver);
	num_put10(line + AT_PRIORITY, 3, st->priority);
	num_put36(line + AT_DOMAIN, 5, st->domain);
	num_put36(line + AT_VMTA, 5, st->vmta);
	num_put36(line + AT_JOURNAL, 7, st->journal);
	num_put10(line + AT_CODE, 3, st->code);
	put_check(line, line + AT_CHECK);
	line[AT_NEWLINE] = '\n';
}

static bool
get10(const char *p, int n, uint64_t *out)
{
	uint64_t v = 0;

	for (int i = 0; i < n; i++) {
		unsigned d = (unsigned)(unsigned char)p[i] - '0';

		if (d > 9)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return true;
}

static bool
is_letter(char c)
{
	return c == STATE_QUEUED || c == STATE_SENDING || c == STATE_HELD ||
	    state_is_final((enum state_letter)c);
}

int
state_parse(const char line[STATE_LINE], struct state *st)
{
	uint64_t due, attempts, ver, priority, domain, vmta, journal, code;
	char check[4];

	put_check(line, check);
	if (memcmp(check, line + AT_CHECK, 4) != 0 ||
	    line[AT_NEWLINE] != '\n' || !is_letter(line[0]))
		return -1;
	if (!get10(line + AT_DUE, 10, &due) ||
	    !get10(line + AT_ATTEMPTS, 3, &attempts) ||
	    !get10(line + AT_VER, 6, &ver) ||
	    !get10(line + AT_PRIORITY, 3, &priority) ||
	    !get10(line + AT_CODE, 3, &code) ||
	    num_parse36_n(line + AT_DOMAIN, 5, &domain) < 0 ||
	    num_parse36_n(line + AT_VMTA, 5, &vmta) < 0 ||
	    num_parse36_n(line + AT_JOURNAL, 7, &journal) < 0)
		return -1;
	*st = (struct state){
		.letter = (enum state_letter)line[0],
		.due = (int64_t)due,
		.attempts = (uint32_t)attempts,
		.ver = (uint32_t)ver,
		.priority = (uint32_t)priority,
		.domain = (uint32_t)domain,
		.vmta = (uint32_t)vmta,
		.journal = journal,
		.code = (uint32_t)code,
	};
	return 0;
}

bool
state_is_final(enum state_letter letter)
{
	switch (letter) {
	case STATE_DELIVERED:
	case STATE_BOUNCED:
	case STATE_REMOVED:
		return true;
	case STATE_QUEUED:
	case STATE_SENDING:
	case STATE_HELD:
		break;
	}
	return false;
}

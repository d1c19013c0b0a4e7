/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "deliver/policy.h"

enum { MESSAGES_A_CONNECTION = 4 };

bool
policy_may_hold(size_t held, size_t lane)
{
	size_t left;

	if (held >= POLICY_HELD_MAX)
		return false;
	left = POLICY_HELD_MAX - held;
	return lane < POLICY_LANE_LEAST || lane < left;
}

size_t
policy_open(const struct policy_site *s)
{
	size_t want = (s->waiting + MESSAGES_A_CONNECTION - 1) /
	    MESSAGES_A_CONNECTION;

	if (s->waiting == 0)
		return 0;
	if (!s->proven)
		want = 1;
	return want > s->opening ? want - s->opening : 0;
}

bool
policy_blocks_us(const struct reply *r)
{
	static const char *const words[] = { "block", "list", "reputation",
		"spam", "denied", "deny", "policy", "abuse", "reject",
		"authenti", "not allowed", "banned" };

	/* RFC 7504: this host never takes mail, from anybody */
	if (r->code == 521 || r->code == 556)
		return false;
	if (strncmp(r->status, "5.7.", 4) == 0)
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(r->text, words[i]) != NULL)
			return true;
	return false;
}

/* SPDX-License-Identifier: ISC */
/*
 * The meaning of replies, as tables.  A row is added where a reply was seen
 * that the rows above it judge wrong; the first row that fits decides.
 */
#include <string.h>

#include "base/num.h"
#include "reply/classify.h"

/* PowerMTA's stock categories. */
#define BAD_CONFIGURATION "bad-configuration"
#define BAD_CONNECTION "bad-connection"
#define BAD_DOMAIN "bad-domain"
#define BAD_MAILBOX "bad-mailbox"
#define CONTENT "content-related"
#define EXPIRED "message-expired"
#define INACTIVE "inactive-mailbox"
#define INVALID_SENDER "invalid-sender"
#define NO_ANSWER "no-answer-from-host"
#define OTHER "other"
#define POLICY "policy-related"
#define PROTOCOL "protocol-errors"
#define QUOTA "quota-issues"
#define RELAYING "relaying-issues"
#define ROUTING "routing-errors"
#define SPAM "spam-related"
#define VIRUS "virus-related"

enum { NONE = REPLY_BLAME_NONE, THEM = REPLY_BLAME_RECIPIENT,
	WE = REPLY_BLAME_INFRASTRUCTURE, TEXT = REPLY_BLAME_CONTENT };

/* Enhanced codes: class (0 any), subject, range of details. */
struct code_row {
	unsigned class, subject, from, to;
	const char *category;
	int blame;
};

/* Codes that say all there is to say; words don't change them. */
static const struct code_row precise[] = {
	{ 0, 1, 1, 1, BAD_MAILBOX, THEM },
	{ 0, 1, 2, 2, BAD_DOMAIN, THEM },
	{ 0, 1, 3, 3, BAD_MAILBOX, THEM },
	{ 0, 1, 6, 6, BAD_MAILBOX, THEM },
	{ 0, 1, 7, 8, INVALID_SENDER, WE },
	{ 0, 1, 10, 10, BAD_DOMAIN, THEM },	/* null MX, RFC 7505 */
	{ 5, 2, 1, 1, INACTIVE, THEM },
	{ 0, 2, 2, 2, QUOTA, THEM },
	{ 0, 2, 3, 3, CONTENT, TEXT },
	{ 0, 3, 4, 4, CONTENT, TEXT },
	{ 0, 4, 7, 7, EXPIRED, NONE },
	{ 0, 7, 13, 13, INACTIVE, THEM },	/* RFC 5248 */
	{ 0, 7, 17, 18, BAD_MAILBOX, THEM },	/* RFC 7293 */
	{ 0, 7, 20, 40, POLICY, WE },		/* SPF, DKIM, PTR, rate */
	{ 0, 7, 500, 699, POLICY, WE },		/* Microsoft's */
	{ 0, 7, 850, 899, POLICY, WE },
};

/* Codes that leave the reason to the words, for when none was known. */
static const struct code_row general[] = {
	{ 0, 1, 0, 999, BAD_MAILBOX, THEM },
	{ 4, 2, 1, 1, INACTIVE, THEM },
	{ 0, 2, 0, 999, OTHER, THEM },
	{ 0, 3, 5, 5, BAD_CONFIGURATION, NONE },
	{ 0, 3, 0, 999, OTHER, NONE },
	{ 0, 4, 1, 1, NO_ANSWER, NONE },
	{ 0, 4, 2, 2, BAD_CONNECTION, NONE },
	{ 0, 4, 5, 5, BAD_CONNECTION, WE },
	{ 0, 4, 3, 6, ROUTING, NONE },
	{ 0, 4, 0, 999, BAD_CONNECTION, NONE },
	{ 0, 5, 3, 3, POLICY, WE },
	{ 0, 5, 0, 999, PROTOCOL, NONE },
	{ 0, 6, 0, 999, CONTENT, TEXT },
	{ 0, 7, 7, 7, CONTENT, TEXT },
	{ 0, 7, 0, 999, POLICY, WE },
};

static const struct {
	int from, to;		/* reply codes */
	const char *category;
	int blame;
} codes[] = {
	{ 421, 421, BAD_CONNECTION, WE },
	{ 452, 452, QUOTA, NONE },
	{ 454, 454, POLICY, NONE },
	{ 400, 499, OTHER, NONE },
	{ 500, 504, PROTOCOL, NONE },
	{ 521, 521, BAD_DOMAIN, THEM },		/* RFC 7504 */
	{ 530, 538, POLICY, WE },
	/* 550 and 554 are said of anything: not enough to blame anyone. */
	{ 551, 551, BAD_MAILBOX, THEM },
	{ 552, 552, QUOTA, THEM },
	{ 553, 553, BAD_MAILBOX, THEM },
	{ 556, 556, BAD_DOMAIN, THEM },		/* RFC 7504 */
};

/* Parts of the text, in small letters.  More telling ones first. */
static const struct {
	const char *word;
	const char *category;
	int blame;
} words[] = {
	/* links and domains in the message */
	{ "uribl", SPAM, TEXT },
	{ "surbl", SPAM, TEXT },
	{ "spamhaus dbl", SPAM, TEXT },
	{ "dbl.spamhaus", SPAM, TEXT },
	/* our address is listed, or thought little of */
	{ "spamhaus", SPAM, WE },
	{ "spamcop", SPAM, WE },
	{ "sorbs", SPAM, WE },
	{ "barracudacentral", SPAM, WE },
	{ "cloudmark", SPAM, WE },
	{ "proofpoint", SPAM, WE },
	{ "dnsbl", SPAM, WE },
	{ "blocked using", SPAM, WE },
	{ "block list", SPAM, WE },
	{ "blocklist", SPAM, WE },
	{ "blacklist", SPAM, WE },
	{ "banned send", SPAM, WE },
	{ "reputation", SPAM, WE },
	{ "[bl2", SPAM, WE },
	{ "bl000", SPAM, WE },
	{ "s3140", SPAM, WE },
	{ "s3150", SPAM, WE },
	{ "block listed", SPAM, WE },
	{ "access denied, please try", POLICY, WE },
	/* one mailbox gets too much */
	{ "receiving mail too quickly", QUOTA, THEM },
	{ "receiving mail at a rate", QUOTA, THEM },
	{ "mailbox unavailable or access denied", QUOTA, THEM },
	/* we send too much */
	{ "too many connections", POLICY, WE },
	{ "trop de connexions", POLICY, WE },
	{ "too many sessions", POLICY, WE },
	{ "too many messages", POLICY, WE },
	{ "concurrent connections", POLICY, WE },
	{ "number of connections", POLICY, WE },
	{ "messages per connection", POLICY, WE },
	{ "message per connection", POLICY, WE },
	{ "rate limit", POLICY, WE },
	{ "unusual rate", POLICY, WE },
	{ "frequency limited", POLICY, WE },
	{ "excessive volume", POLICY, WE },
	{ "unexpected volume", POLICY, WE },
	{ "permitted limits", POLICY, WE },
	{ "permanently deferred", POLICY, WE },
	{ "temporarily deferred", POLICY, WE },
	{ "throttl", POLICY, WE },
	{ "server busy", POLICY, WE },
	{ "rp-00", POLICY, WE },
	{ "sc-00", POLICY, WE },
	{ "dy-00", POLICY, WE },
	{ "ou-00", POLICY, WE },
	{ "rl0000", POLICY, WE },
	{ "hl:itc", POLICY, WE },
	{ "rp:orq", POLICY, WE },
	/* who we say we are */
	{ "dmarc", POLICY, WE },
	{ "dkim", POLICY, WE },
	{ "spf", POLICY, WE },
	{ "unauthenticated", POLICY, WE },
	{ "authentication", POLICY, WE },
	{ "not aligned", POLICY, WE },
	{ "tls required", POLICY, WE },
	{ "starttls", POLICY, WE },
	{ "ptr record", POLICY, WE },
	{ "reverse dns", POLICY, WE },
	{ "rdns", POLICY, WE },
	{ "dialup", POLICY, WE },
	{ "sender address", INVALID_SENDER, WE },
	{ "sender rejected", INVALID_SENDER, WE },
	{ "from domain", INVALID_SENDER, WE },
	{ "greylist", POLICY, NONE },
	{ "graylist", POLICY, NONE },
	/* the mailbox */
	{ "user unknown", BAD_MAILBOX, THEM },
	{ "unknown user", BAD_MAILBOX, THEM },
	{ "no such", BAD_MAILBOX, THEM },
	{ "not exist", BAD_MAILBOX, THEM },
	{ "n't exist", BAD_MAILBOX, THEM },
	{ "mailbox not found", BAD_MAILBOX, THEM },
	{ "mailbox unavailable", BAD_MAILBOX, THEM },
	{ "recipient not found", BAD_MAILBOX, THEM },
	{ "recipient unknown", BAD_MAILBOX, THEM },
	{ "unknown recipient", BAD_MAILBOX, THEM },
	{ "invalid recipient", BAD_MAILBOX, THEM },
	{ "unknown address", BAD_MAILBOX, THEM },
	{ "no mailbox", BAD_MAILBOX, THEM },
	{ "no account", BAD_MAILBOX, THEM },
	{ "ofr_416", BAD_MAILBOX, THEM },
	{ "no longer valid", INACTIVE, THEM },
	{ "disabled", INACTIVE, THEM },
	{ "inactive", INACTIVE, THEM },
	{ "suspended", INACTIVE, THEM },
	{ "quota", QUOTA, THEM },
	{ "mailbox full", QUOTA, THEM },
	{ "mailbox is full", QUOTA, THEM },
	{ "out of storage", QUOTA, THEM },
	{ "ofr_417", QUOTA, THEM },
	/* the message */
	{ "virus", VIRUS, TEXT },
	{ "malware", VIRUS, TEXT },
	{ "infected", VIRUS, TEXT },
	{ "attachment", CONTENT, TEXT },
	{ "rfc compliant", CONTENT, TEXT },
	{ "message size", CONTENT, TEXT },
	{ "too large", CONTENT, TEXT },
	{ "too big", CONTENT, TEXT },
	{ "content denied", SPAM, TEXT },
	{ "unsolicited", SPAM, TEXT },
	{ "spam", SPAM, TEXT },
	{ "dt:spm", SPAM, TEXT },
	{ "ofr_506", SPAM, TEXT },
	/* the way */
	{ "relay", RELAYING, NONE },
	{ "too many hops", ROUTING, NONE },
	{ "mail loop", ROUTING, NONE },
	{ "policy", POLICY, WE },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct reply_meaning
meaning(const char *category, int blame)
{
	return (struct reply_meaning){ category, (enum reply_blame)blame };
}

/* Cut "5.1.1" into numbers.  Returns: is it one? */
static bool
cut_status(const char *s, unsigned part[3])
{
	uint64_t v;
	size_t n;

	for (int i = 0; i < 3; i++) {
		n = strcspn(s, ".");
		if (num_parse_n(s, n, &v) != 0 || v > 999)
			return false;
		part[i] = (unsigned)v;
		s += n + (s[n] == '.');
	}
	return *s == '\0';
}

static const struct code_row *
find_code(const struct code_row *rows, size_t n, const unsigned part[3])
{
	for (size_t i = 0; i < n; i++)
		if ((rows[i].class == 0 || rows[i].class == part[0]) &&
		    rows[i].subject == part[1] && rows[i].from <= part[2] &&
		    part[2] <= rows[i].to)
			return &rows[i];
	return NULL;
}

/* The text in small letters, without the words that are addresses: a mailbox
 * may be called anything. */
static void
lower_text(const char *s, char to[REPLY_TEXT_MAX + 1])
{
	size_t start = 0;
	size_t i;
	bool address = false;

	for (i = 0; s[i] != '\0'; i++) {
		char c = s[i];

		to[i] = c;
		if (c >= 'A' && c <= 'Z')
			to[i] = (char)(c + ('a' - 'A'));
		if (c == '@')
			address = true;
		if (c == ' ') {
			start = i + 1;
			address = false;
		}
		if (address)
			memset(to + start, ' ', i + 1 - start);
	}
	to[i] = '\0';
}

static bool
by_words(const struct reply *r, struct reply_meaning *m)
{
	char text[REPLY_TEXT_MAX + 1];

	lower_text(r->text, text);
	for (size_t i = 0; i < COUNT(words); i++) {
		if (strstr(text, words[i].word) == NULL)
			continue;
		*m = meaning(words[i].category, words[i].blame);
		return true;
	}
	return false;
}

struct reply_meaning
reply_meaning(const struct reply *r)
{
	unsigned part[3];
	bool status = r->status[0] != '\0' && cut_status(r->status, part);
	const struct code_row *row = NULL;
	struct reply_meaning m;

	if (reply_verdict(r) == REPLY_SUCCESS)
		return meaning("success", NONE);
	if (status)
		row = find_code(precise, COUNT(precise), part);
	if (row != NULL)
		return meaning(row->category, row->blame);
	if (r->code != 0 && by_words(r, &m))
		return m;
	/* X.0.0 says no more than the code. */
	if (status)
		row = find_code(general, COUNT(general), part);
	if (row != NULL)
		return meaning(row->category, row->blame);
	for (size_t i = 0; i < COUNT(codes); i++)
		if (codes[i].from <= r->code && r->code <= codes[i].to)
			return meaning(codes[i].category, codes[i].blame);
	return meaning(OTHER, NONE);
}

const char *
reply_blame_name(enum reply_blame blame)
{
	switch (blame) {
	case REPLY_BLAME_RECIPIENT:
		return "recipient";
	case REPLY_BLAME_INFRASTRUCTURE:
		return "infrastructure";
	case REPLY_BLAME_CONTENT:
		return "content";
	case REPLY_BLAME_NONE:
		break;
	}
	return "-";
}

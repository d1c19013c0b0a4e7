/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "acct/columns.h"
#include "acct/csv.h"
#include "acct/daytime.h"
#include "acct/status.h"
#include "base/xalloc.h"

struct column;

typedef void column_put(struct columns *c, const struct event *e,
    const struct column *col, struct buf *b);

struct column {
	const char *name;	/* as the header prints it */
	column_put *put;
	enum event_field field;
	const char *meaning;
};

struct chosen {
	char *name;
	const struct column *col;	/* NULL: unknown, stays empty */
};

struct columns {
	struct chosen *chosen;
	size_t n;
	bool unix_times;
	struct daytime days;
};

/* --- how a column is made --- */

static bool
is_none(const char *v)
{
	return v[0] == '-' && v[1] == '\0';
}

static void
put_text(struct columns *c, const struct event *e, const struct column *col,
    struct buf *b)
{
	const char *v = e->f[col->field];

	(void)c;
	if (!is_none(v))
		csv_add(b, v, strlen(v));
}

static void
put_time(struct columns *c, const struct event *e, const struct column *col,
    struct buf *b)
{
	int64_t ms = daytime_parse_ms(e->f[col->field]);
	char text[DAYTIME_ISO + 1];

	if (ms < 0)
		return;
	if (c->unix_times) {
		buf_addu(b, (uint64_t)(ms / 1000));
		return;
	}
	daytime_iso(&c->days, ms / 1000, text);
	buf_add(b, text, DAYTIME_ISO);
}

/* MAIL FROM:<x> gives x, so the null sender gives nothing. */
static void
put_sender(struct columns *c, const struct event *e, const struct column *col,
    struct buf *b)
{
	if (strcmp(e->f[col->field], "<>") != 0)
		put_text(c, e, col, b);
}

/* The type as a word. */
static void
put_outcome(struct columns *c, const struct event *e, const struct column *col,
    struct buf *b)
{
	(void)c;
	switch (record_type(e->f[col->field])) {
	case RECORD_DELIVERY:
		buf_adds(b, "delivered");
		break;
	case RECORD_BOUNCE:
	case RECORD_REMOTE_BOUNCE:
		buf_adds(b, "bounced");
		break;
	case RECORD_TRANSIENT:
	case RECORD_TRANSIENT_QUEUE:
		buf_adds(b, "deferred");
		break;
	case RECORD_RECEIPT:
		buf_adds(b, "received");
		break;
	case RECORD_FEEDBACK:
		buf_adds(b, "complained");
		break;
	}
}

/* "a (b)" */
static void
add_pair(struct buf *b, const char *first, const char *second)
{
	char whole[512];
	size_t n = strlen(first), m = strlen(second);

	if (n + m + 3 > sizeof(whole)) {
		csv_add(b, first, n);
		return;
	}
	memcpy(whole, first, n);
	memcpy(whole + n, " (", 2);
	memcpy(whole + n + 2, second, m);
	whole[n + 2 + m] = ')';
	csv_add(b, whole, n + m + 3);
}

/* 5.1.1 (bad destination mailbox address) */
static void
put_status(struct columns *c, const struct event *e, const struct column *col,
    struct buf *b)
{
	const char *text = status_text(e->f[col->field]);

	if (text == NULL)
		put_text(c, e, col, b);
	else
		add_pair(b, e->f[col->field], text);
}

/* mx.example.com (192.0.2.1) */
static void
put_server(struct columns *c, const struct event *e, const struct column *col,
    struct buf *b)
{
	if (is_none(e->f[EV_MTA]) || is_none(e->f[EV_DEST]))
		put_text(c, e, col, b);
	else
		add_pair(b, e->f[EV_MTA], e->f[EV_DEST]);
}

/* PowerMTA leaves dlvSize empty in what wasn't delivered. */
static void
put_delivered_size(struct columns *c, const struct event *e,
    const struct column *col, struct buf *b)
{
	if (record_type(e->f[EV_TYPE]) == RECORD_DELIVERY)
		put_text(c, e, col, b);
}

static void
put_smtp(struct columns *c, const struct event *e, const struct column *col,
    struct buf *b)
{
	(void)c;
	(void)e;
	(void)col;
	buf_adds(b, "smtp");
}

static void
put_seconds_queued(struct columns *c, const struct event *e,
    const struct column *col, struct buf *b)
{
	int64_t end = daytime_parse_ms(e->f[EV_TIME]);
	int64_t start = daytime_parse_ms(e->f[col->field]);

	(void)c;
	if (start >= 0 && end >= start)
		buf_addu(b, (uint64_t)((end - start) / 1000));
}

/* --- the table --- */

/* PowerMTA's names, then those of the tutorials, then the event's own. */
static const struct column table[] = {
	{ "type", put_text, EV_TYPE, "record type: d b t tq" },
	{ "timeLogged", put_time, EV_TIME, "when it happened" },
	{ "timeQueued", put_time, EV_QUEUED, "when the message was injected" },
	{ "timeFirstAttempt", put_time, EV_FIRST,
	    "when it was first attempted" },
	{ "totalSecondsQueued", put_seconds_queued, EV_QUEUED,
	    "seconds from injection to this record" },
	{ "orig", put_sender, EV_SENDER,
	    "envelope sender, empty for the null sender" },
	{ "rcpt", put_text, EV_RCPT, "recipient" },
	{ "orcpt", put_text, EV_ORCPT, "original recipient (RFC 3461)" },
	{ "dsnAction", put_text, EV_ACTION, "relayed, failed or delayed" },
	{ "dsnStatus", put_status, EV_STATUS,
	    "enhanced status code, its meaning in parentheses" },
	{ "dsnDiag", put_text, EV_DIAG, "the reply: smtp;550 5.1.1 ..." },
	{ "dsnMta", put_server, EV_MTA, "server that replied: name (address)" },
	{ "bounceCat", put_text, EV_CATEGORY, "bounce category" },
	{ "srcType", put_text, EV_ORIGIN,
	    "how it was injected: cli, bsmtp, smtp" },
	{ "srcMta", put_text, EV_ORIGIN_MTA, "who injected it" },
	{ "dlvType", put_smtp, EV_TYPE, "the word smtp" },
	{ "dlvSourceIp", put_text, EV_SOURCE, "local address" },
	{ "dlvDestinationIp", put_text, EV_DEST, "address of the server" },
	{ "dlvEsmtpAvailable", put_text, EV_ESMTP,
	    "extensions that the server offered" },
	{ "dlvSize", put_delivered_size, EV_SIZE,
	    "bytes of the message; only in d" },
	{ "vmta", put_text, EV_VMTA, "virtual MTA" },
	{ "jobId", put_text, EV_JOB, "job (X-Job)" },
	{ "envId", put_text, EV_ENVID, "envelope id (X-Envid, RFC 3461)" },
	{ "queue", put_text, EV_QUEUE, "queue: domain/vmta or $group/vmta" },
	{ "vmtaPool", put_text, EV_POOL, "pool that was asked for" },
	{ "dlvTlsProtocol", put_text, EV_TLS, "TLS protocol" },
	{ "dlvTlsCipher", put_text, EV_CIPHER, "TLS cipher" },
	{ "time", put_time, EV_TIME, "as timeLogged" },
	{ "status", put_outcome, EV_TYPE,
	    "delivered, bounced or deferred: the type as a word" },
	{ "dsn-status", put_text, EV_STATUS,
	    "enhanced status code alone: 5.1.1" },
	{ "size", put_text, EV_SIZE, "bytes of the message, in every type" },
	{ "sender", put_sender, EV_SENDER, "as orig" },
	{ "id", put_text, EV_ID, "id of the record" },
	{ "domain", put_text, EV_DOMAIN, "domain of the recipient" },
	{ "pool", put_text, EV_POOL, "as vmtaPool" },
	{ "group", put_text, EV_GROUP, "domain group" },
	{ "source", put_text, EV_SOURCE, "as dlvSourceIp" },
	{ "job", put_text, EV_JOB, "as jobId" },
	{ "queued", put_time, EV_QUEUED, "as timeQueued" },
	{ "first", put_time, EV_FIRST, "as timeFirstAttempt" },
	{ "attempts", put_text, EV_ATTEMPTS, "attempts, this one included" },
	{ "action", put_text, EV_ACTION, "as dsnAction" },
	{ "code", put_text, EV_CODE, "SMTP reply code, 000 for none" },
	{ "diag", put_text, EV_DIAG, "as dsnDiag" },
	{ "mta", put_text, EV_MTA, "name of the server" },
	{ "dest", put_text, EV_DEST, "as dlvDestinationIp" },
	{ "category", put_text, EV_CATEGORY, "as bounceCat" },
	{ "class", put_text, EV_CLASS,
	    "whose fault: recipient, infrastructure, content" },
	{ "esmtp", put_text, EV_ESMTP, "as dlvEsmtpAvailable" },
	{ "tls", put_text, EV_TLS, "as dlvTlsProtocol" },
	{ "cipher", put_text, EV_CIPHER, "as dlvTlsCipher" },
	{ "latency", put_text, EV_LATENCY, "milliseconds from MAIL to reply" },
	{ "origin", put_text, EV_ORIGIN, "as srcType" },
	{ "origin-mta", put_text, EV_ORIGIN_MTA, "as srcMta" },
	{ "next", put_time, EV_NEXT, "when it is tried again" },
	{ "note", put_text, EV_NOTE, "doubt: it may have been sent twice" },
};

enum { N_TABLE = sizeof(table) / sizeof(table[0]) };

bool
columns_describe(size_t i, const char **name, const char **meaning)
{
	if (i >= N_TABLE)
		return false;
	*name = table[i].name;
	*meaning = table[i].meaning;
	return true;
}

static bool
same_but_hyphens(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a == '-' || *a == '_')
			a++;
		while (*b == '-' || *b == '_')
			b++;
		if (strncasecmp(a, b, 1) != 0)
			return false;
		if (*a == '\0')
			return true;
	}
}

/* In any case; then also bounce-cat for bounceCat. */
static const struct column *
find_column(const char *name)
{
	for (size_t i = 0; i < N_TABLE; i++)
		if (strcasecmp(name, table[i].name) == 0)
			return &table[i];
	for (size_t i = 0; i < N_TABLE; i++)
		if (same_but_hyphens(name, table[i].name))
			return &table[i];
	return NULL;
}

/* --- record types --- */

static const char *const attempt_columns[] = {
	"type", "timeLogged", "timeQueued", "orig", "rcpt", "orcpt",
	"dsnAction", "dsnStatus", "dsnDiag", "dsnMta", "bounceCat", "srcType",
	"srcMta", "dlvType", "dlvSourceIp", "dlvDestinationIp",
	"dlvEsmtpAvailable", "dlvSize", "vmta", "jobId", "envId", "queue",
	"vmtaPool", NULL,
};
static const char *const queue_columns[] = {
	"type", "timeLogged", "dsnStatus", "dsnDiag", "dsnMta", "dlvType",
	"dlvSourceIp", "dlvDestinationIp", "vmta", "queue", NULL,
};

static const struct {
	const char *name, *longer, *other;
	unsigned bit;
	const char *const *columns;	/* by default, in PowerMTA's order */
} types[] = {
	{ "d", "delivery", "delivered", RECORD_DELIVERY, attempt_columns },
	{ "b", "bounce", "bounced", RECORD_BOUNCE, attempt_columns },
	{ "t", "transient", "deferred", RECORD_TRANSIENT, attempt_columns },
	{ "tq", "transient-queue", "tq", RECORD_TRANSIENT_QUEUE,
	    queue_columns },
	{ "r", "receipt", "r", RECORD_RECEIPT, attempt_columns },
	{ "rb", "remote-bounce", "rb", RECORD_REMOTE_BOUNCE, attempt_columns },
	{ "rs", "remote-status", "rs", RECORD_REMOTE_STATUS, attempt_columns },
	{ "f", "feedback-loop", "fbl", RECORD_FEEDBACK, attempt_columns },
};

enum { N_TYPES = sizeof(types) / sizeof(types[0]) };

unsigned
record_type(const char *name)
{
	/* the one in nearly every event first */
	if (name[1] == '\0' && name[0] == 'd')
		return RECORD_DELIVERY;
	for (size_t i = 0; i < N_TYPES; i++)
		if (strcasecmp(name, types[i].name) == 0 ||
		    strcasecmp(name, types[i].longer) == 0 ||
		    strcasecmp(name, types[i].other) == 0)
			return types[i].bit;
	return 0;
}

unsigned
records_parse(const char *list, struct err *err)
{
	unsigned all = 0;

	for (const char *p = list; *p != '\0';) {
		size_t n = strcspn(p, ", \t");
		char word[32];
		unsigned bit;

		if (n == 0) {
			p++;
			continue;
		}
		memcpy(word, p, n < sizeof(word) ? n : sizeof(word) - 1);
		word[n < sizeof(word) ? n : sizeof(word) - 1] = '\0';
		bit = record_type(word);
		if (bit == 0) {
			err_set(err, ERR_CONF, "records: %s is no record type "
			    "(d, b, t, tq, r, rb, rs, f)", word);
			return 0;
		}
		all |= bit;
		p += n;
	}
	if (all == 0)
		err_set(err, ERR_CONF, "records: no record type is named");
	return all;
}

/* --- the columns of a file --- */

static bool
is_chosen(const struct columns *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcasecmp(c->chosen[i].name, name) == 0)
			return true;
	return false;
}

static void
choose(struct columns *c, const char *name)
{
	const struct column *col = find_column(name);

	/* the table's letter case, as readers by name expect it */
	if (col != NULL && strcasecmp(col->name, name) == 0)
		name = col->name;
	c->chosen = xreallocarray(c->chosen, c->n + 1, sizeof(c->chosen[0]));
	c->chosen[c->n++] = (struct chosen){ xstrdup(name), col };
}

struct columns *
columns_new(const char *const *fields, size_t n, unsigned records,
    bool unix_times)
{
	struct columns *c = xcalloc(1, sizeof(*c));

	c->unix_times = unix_times;
	for (size_t i = 0; fields != NULL && i < n; i++)
		choose(c, fields[i]);
	for (size_t i = 0; fields == NULL && i < N_TYPES; i++) {
		if (!(records & types[i].bit))
			continue;
		for (const char *const *f = types[i].columns; *f != NULL; f++)
			if (!is_chosen(c, *f))
				choose(c, *f);
	}
	return c;
}

void
columns_free(struct columns *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		free(c->chosen[i].name);
	free(c->chosen);
	free(c);
}

const char *
columns_unknown(const struct columns *c, size_t i)
{
	for (size_t at = 0; at < c->n; at++)
		if (c->chosen[at].col == NULL && i-- == 0)
			return c->chosen[at].name;
	return NULL;
}

int
columns_header(const struct columns *c, struct buf *b)
{
	for (size_t i = 0; i < c->n; i++) {
		if (i > 0)
			buf_addc(b, ',');
		csv_add(b, c->chosen[i].name, strlen(c->chosen[i].name));
	}
	return buf_addc(b, '\n');
}

int
columns_row(struct columns *c, const struct event *e, struct buf *b)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct column *col = c->chosen[i].col;

		if (i > 0)
			buf_addc(b, ',');
		if (col != NULL)
			col->put(c, e, col, b);
	}
	buf_addc(b, '\n');
	return b->over ? -1 : 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * Conversations as text, for the tests of the dialogue.  A script is lines of a
 * letter, a colon, a blank and the rest:
 *
 *   S: 250 ok      the server sends this and CRLF
 *   B: 250 ok\n    the server sends these bytes: \r \n \t \\ \xHH and \z (nothing)
 *   C: DATA        the client writes this line
 *   O: .\r         the client writes these bytes
 *   M: b@x Hi\r\n  a message to b@x is handed in; without a text it is "Hi\r\n"
 *   N: b@x Hi\r\n  the same with the null sender
 *   W: yes         a message is wanted
 *   R: b@x delivered dot 250 ok +counted          the next result
 *   Q:  T:  L: why the owner says quit; its timer ran out; the connection is lost
 *   K: 7           the connection takes 7 bytes more and then no more
 *   P: idle        the phase
 *   F: text        why it failed; - for not
 *   E: list        the extensions
 *   D:             the dialogue is done
 *
 * At S, B, T, L, P, F, D and the end everything the client has to write is
 * taken and must have been named by C lines: so a script also says what is
 * not written.
 */
#ifndef VMTA_TEST_SMTP_TALK_H
#define VMTA_TEST_SMTP_TALK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "smtp/dialogue.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

/* How the bytes are cut. */
struct cut {
	long at;	/* the server's bytes once more at this position; -1: no */
	bool in_bytes;	/* the server's bytes come one at a time */
	bool out_bytes;	/* the connection takes one byte at a time */
};

struct talk {
	const char *name;
	const char *script;
	bool no_pipelining;	/* options */
	bool no_8bit;
	bool lmtp;
};

struct run {
	const struct talk *talk;
	struct cut cut;
	struct dialogue *d;
	struct buf pending;	/* written by the client, not yet named */
	struct buf server;	/* bytes to be sent to the client */
	struct buf texts[8];	/* of the messages handed in */
	char users[8][64];
	unsigned messages;
	long room;		/* bytes the connection takes, -1: any */
	size_t fed;		/* bytes the server has sent */
	unsigned line;
};

#define TALK_FAIL(r, ...)                                                     \
	do {                                                                  \
		fprintf(stderr, "%s, line %u (cut %ld, in %d, out %d): ",     \
		    (r)->talk->name, (r)->line, (r)->cut.at,                  \
		    (r)->cut.in_bytes, (r)->cut.out_bytes);                   \
		fprintf(stderr, __VA_ARGS__);                                 \
		fprintf(stderr, "\n");                                        \
		fail();                                                       \
	} while (0)

static inline void
talk_unescape(struct buf *b, const char *s, size_t n)
{
	unsigned v;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '\\' || i + 1 == n) {
			buf_addc(b, s[i]);
			continue;
		}
		switch (s[++i]) {
		case 'r':
			buf_addc(b, '\r');
			break;
		case 'n':
			buf_addc(b, '\n');
			break;
		case 't':
			buf_addc(b, '\t');
			break;
		case 'x':
			sscanf(s + i + 1, "%2x", &v);
			buf_addc(b, (char)v);
			i += 2;
			break;
		case 'z':
			break;
		default:
			buf_addc(b, s[i]);
		}
	}
}

/* Take everything the client has to write, as far as the connection goes. */
static inline void
talk_pull(struct run *r)
{
	struct iovec iov[4];
	size_t n, total;

	while (r->room != 0 && (n = dialogue_output(r->d, iov, 4)) > 0) {
		total = 0;
		for (size_t i = 0; i < n; i++) {
			size_t len = iov[i].iov_len;

			if (len == 0)
				TALK_FAIL(r, "an empty piece of output");
			if (r->room >= 0 && total + len > (size_t)r->room)
				len = (size_t)r->room - total;
			if (r->cut.out_bytes && total + len > 1)
				len = 1 - total;
			buf_add(&r->pending, iov[i].iov_base, len);
			total += len;
		}
		dialogue_sent(r->d, total);
		if (r->room > 0)
			r->room -= (long)total;
	}
}

static inline void
talk_feed(struct run *r)
{
	struct buf *b = &r->server;
	size_t at;

	if (r->cut.in_bytes) {
		for (size_t i = 0; i < b->len; i++)
			dialogue_input(r->d, b->data + i, 1);
	} else if (r->cut.at >= (long)r->fed &&
	    r->cut.at < (long)(r->fed + b->len)) {
		at = (size_t)r->cut.at - r->fed;
		dialogue_input(r->d, b->data, at);
		dialogue_input(r->d, b->data + at, b->len - at);
	} else if (b->len > 0) {
		dialogue_input(r->d, b->data, b->len);
	}
	r->fed += b->len;
	buf_reset(b);
}

/* Nothing unnamed may have been written. */
static inline void
talk_settle(struct run *r)
{
	talk_pull(r);
	if (r->pending.len > 0)
		TALK_FAIL(r, "the client also wrote \"%s\"", r->pending.data);
}

static inline void
talk_expect(struct run *r, const char *s, size_t n)
{
	talk_pull(r);
	if (r->pending.len < n + 2 || memcmp(r->pending.data, s, n) != 0 ||
	    memcmp(r->pending.data + n, "\r\n", 2) != 0)
		TALK_FAIL(r, "the client wrote \"%s\", not \"%.*s\"",
		    r->pending.data, (int)n, s);
	buf_cut(&r->pending, n + 2);
}

static inline void
talk_expect_bytes(struct run *r, const char *s, size_t n)
{
	struct buf b = BUF_INIT(0);

	talk_unescape(&b, s, n);
	talk_pull(r);
	if (r->pending.len < b.len ||
	    memcmp(r->pending.data, b.data, b.len) != 0)
		TALK_FAIL(r, "the client wrote \"%s\", not \"%.*s\"",
		    r->pending.data, (int)n, s);
	buf_cut(&r->pending, b.len);
	buf_clear(&b);
}

static inline void
talk_message(struct run *r, const char *sender, const char *s, size_t n)
{
	const char *blank = memchr(s, ' ', n);
	size_t rcpt = blank != NULL ? (size_t)(blank - s) : n;
	struct buf *text = &r->texts[r->messages];
	struct buf user = BUF_INIT(0);
	struct dialogue_message m = { .sender = sender };

	talk_unescape(&user, s, rcpt);
	snprintf(r->users[r->messages], 64, "%s", user.data);
	buf_clear(&user);
	if (blank == NULL)
		buf_adds(text, "Hi\r\n");
	else
		talk_unescape(text, blank + 1, n - rcpt - 1);
	m.user = r->users[r->messages];
	m.rcpt = r->users[r->messages];
	m.text = text->data;
	m.text_len = text->len;
	m.has_dots = text->data[0] == '.' ||
	    memmem(text->data, text->len, "\r\n.", 3) != NULL;
	for (size_t i = 0; i < text->len; i++)
		m.has_8bit |= (unsigned char)text->data[i] >= 0x80;
	r->messages++;
	if (!dialogue_wants_message(r->d))
		TALK_FAIL(r, "no message is wanted");
	dialogue_message(r->d, &m);
}

static inline void
talk_result(struct run *r, const char *s, size_t n)
{
	static const char *const outcomes[] = { "delivered", "rcpt-failed",
		"queue-failed", "not-started" };
	struct dialogue_result x;
	char diag[REPLY_TEXT_MAX + 64];
	char got[REPLY_TEXT_MAX + 256];

	if (!dialogue_result(r->d, &x))
		TALK_FAIL(r, "no result, but \"%.*s\" expected", (int)n, s);
	reply_format(&x.reply, diag, sizeof(diag));
	snprintf(got, sizeof(got), "%s %s %s %s%s%s%s%s%s%s", (char *)x.user,
	    outcomes[x.outcome], dialogue_phase_name(x.at),
	    x.local ? x.reply.status : "", x.local ? " " : "", diag,
	    x.local ? " +local" : "", x.doubt ? " +doubt" : "",
	    x.counted ? " +counted" : "",
	    x.eightbit_unoffered ? " +8bit" : "");
	if (strlen(got) != n || memcmp(got, s, n) != 0)
		TALK_FAIL(r, "result \"%s\",\n  not \"%.*s\"", got, (int)n, s);
}

static inline void
talk_failure(struct run *r, const char *s, size_t n)
{
	const struct dialogue_failure *f = dialogue_failure(r->d);
	char got[REPLY_TEXT_MAX + 64] = "-";
	char diag[REPLY_TEXT_MAX + 32];

	if (f != NULL) {
		reply_format(&f->reply, diag, sizeof(diag));
		snprintf(got, sizeof(got), "%s %s", dialogue_phase_name(f->at),
		    diag);
	}
	if (strlen(got) != n || memcmp(got, s, n) != 0)
		TALK_FAIL(r, "failure \"%s\", not \"%.*s\"", got, (int)n, s);
}

static inline void
talk_same(struct run *r, const char *what, const char *got, const char *s,
    size_t n)
{
	if (strlen(got) != n || memcmp(got, s, n) != 0)
		TALK_FAIL(r, "%s is %s, not %.*s", what, got, (int)n, s);
}

static inline void
talk_owner(struct run *r, char key, const char *s, size_t n)
{
	char why[128];

	switch (key) {
	case 'Q':
		dialogue_quit(r->d);
		break;
	case 'T':
		talk_settle(r);
		dialogue_timeout(r->d);
		break;
	case 'L':
		talk_settle(r);
		snprintf(why, sizeof(why), "%.*s", (int)n, s);
		dialogue_lost(r->d, why);
		break;
	case 'K':
		r->room = strtol(s, NULL, 10);
		break;
	default:
		TALK_FAIL(r, "no such letter: %c", key);
	}
}

static inline void
talk_check(struct run *r, char key, const char *s, size_t n)
{
	switch (key) {
	case 'W':
		talk_same(r, "wants a message",
		    dialogue_wants_message(r->d) ? "yes" : "no", s, n);
		break;
	case 'P':
		talk_settle(r);
		talk_same(r, "phase",
		    dialogue_phase_name(dialogue_phase(r->d)), s, n);
		break;
	case 'F':
		talk_settle(r);
		talk_failure(r, s, n);
		break;
	case 'E':
		talk_same(r, "esmtp", dialogue_esmtp(r->d), s, n);
		break;
	case 'D':
		talk_settle(r);
		if (!dialogue_done(r->d))
			TALK_FAIL(r, "not done");
		break;
	default:
		talk_owner(r, key, s, n);
	}
}

static inline void
talk_line(struct run *r, const char *line, size_t len)
{
	char key = line[0];
	const char *s = len > 3 ? line + 3 : "";
	size_t n = len > 3 ? len - 3 : 0;

	if (key == 'S' || key == 'B') {
		if (r->server.len == 0)
			talk_settle(r);
		talk_unescape(&r->server, s, n);
		if (key == 'S')
			buf_add(&r->server, "\r\n", 2);
		return;
	}
	talk_feed(r);
	switch (key) {
	case 'C':
		talk_expect(r, s, n);
		break;
	case 'O':
		talk_expect_bytes(r, s, n);
		break;
	case 'M':
		talk_message(r, "s@a.example", s, n);
		break;
	case 'N':
		talk_message(r, "<>", s, n);
		break;
	case 'R':
		talk_result(r, s, n);
		break;
	default:
		talk_check(r, key, s, n);
	}
}

/* Returns: how many bytes the server sent. */
static inline size_t
talk_once(const struct talk *t, struct cut cut)
{
	struct dialogue_options o = {
		.helo = "me.example",
		.pipelining = !t->no_pipelining,
		.eightbit_mime = !t->no_8bit,
		.lmtp = t->lmtp,
	};
	struct dialogue_result x;
	struct run r = { .talk = t, .cut = cut, .room = -1 };
	const char *nl;

	buf_init(&r.pending, 0);
	buf_init(&r.server, 0);
	for (size_t i = 0; i < 8; i++)
		buf_init(&r.texts[i], 0);
	r.d = dialogue_new(&o);
	for (const char *p = t->script; *p != '\0'; p = nl + 1) {
		nl = strchr(p, '\n');
		r.line++;
		talk_line(&r, p, (size_t)(nl - p));
	}
	talk_feed(&r);
	talk_settle(&r);
	if (dialogue_result(r.d, &x))
		TALK_FAIL(&r, "a result is left for %s", (char *)x.user);
	dialogue_free(r.d);
	buf_clear(&r.pending);
	buf_clear(&r.server);
	for (size_t i = 0; i < 8; i++)
		buf_clear(&r.texts[i]);
	return r.fed;
}

/* Play a script with its bytes cut in every way. */
static inline void
talk_play(const struct talk *t)
{
	struct cut cut = { .at = -1 };
	size_t n = talk_once(t, cut);

	cut.out_bytes = true;
	talk_once(t, cut);
	cut.in_bytes = true;
	talk_once(t, cut);
	cut.out_bytes = false;
	talk_once(t, cut);
	cut.in_bytes = false;
	for (cut.at = 1; cut.at < (long)n; cut.at++)
		talk_once(t, cut);
}

static inline void
talk_play_all(const struct talk *talks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		talk_play(&talks[i]);
}

/* The server's first words, and what we say. */
#define TALK_HELLO                                                            \
	"S: 220 mx.example ESMTP\n"                                           \
	"C: EHLO me.example\n"
#define TALK_FULL                                                             \
	TALK_HELLO                                                            \
	"S: 250-mx.example\n"                                                 \
	"S: 250-PIPELINING\n"                                                 \
	"S: 250-SIZE 1000\n"                                                  \
	"S: 250 8BITMIME\n"
#define TALK_PLAIN                                                            \
	TALK_HELLO                                                            \
	"S: 250 mx.example\n"
/* The commands of a message, as the two servers get them. */
#define TALK_GROUP(rcpt)                                                      \
	"C: MAIL FROM:<s@a.example> SIZE=4\n"                                 \
	"C: RCPT TO:<" rcpt ">\n"                                             \
	"C: DATA\n"
#define TALK_YES                                                              \
	"S: 250 2.1.0 sender ok\n"                                            \
	"S: 250 2.1.5 recipient ok\n"                                         \
	"S: 354 go ahead\n"
#define TALK_MAIL "C: MAIL FROM:<s@a.example>\n"
#define TALK_QUIT                                                             \
	"Q:\n"                                                                \
	"C: QUIT\n"                                                           \
	"S: 221 bye\n"                                                        \
	"D:\n"                                                                \
	"F: -\n"

#endif

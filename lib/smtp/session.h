/* SPDX-License-Identifier: ISC */
/*
 * One SMTP conversation as a server, with no sockets in it: bytes go in, events
 * and the bytes of replies come out (RFC 5321, 1870, 2034, 2920, 6152).
 *
 *     owner                                      session
 *     session_init(conf)
 *     session_feed(bytes) ------------------->
 *     while session_next(&event):
 *         SESSION_TEXT: a run of the message
 *         else: session_reply(), _accept() or _raw()  -> replies in out
 *     session_rest(): what was not used
 *
 * The owner decides each reply, at once or later: while an event has not been
 * answered session_next gives nothing more, so a delayed reply holds up its own
 * connection only.  However the input is cut, events and replies are the same.
 */
#ifndef VMTA_SMTP_SESSION_H
#define VMTA_SMTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "smtp/server_text.h"

enum session_stage {
	SESSION_CONNECT, /* first of all: the greeting is due */
	SESSION_HELO, /* EHLO or HELO; arg: the name */
	SESSION_MAIL, /* arg: the sender, <> for none */
	SESSION_RCPT, /* arg: the recipient */
	SESSION_DATA,
	SESSION_TEXT, /* a run of the message; nothing to answer */
	SESSION_DOT, /* the message is complete */
	SESSION_QUIT,
	SESSION_OTHER, /* RSET, NOOP, VRFY, HELP, and what is unknown */
	SESSION_STAGES
};

/* The names of the stages as rules have them: CONNECT, HELO, ... */
extern const char *const session_stage_names[SESSION_STAGES];

/* Extensions that are offered. */
enum session_flags {
	SESSION_EHLO = 1 << 0, /* without it EHLO is unknown */
	SESSION_PIPELINING = 1 << 1,
	SESSION_SIZE = 1 << 2,
	SESSION_8BITMIME = 1 << 3,
	SESSION_ENHANCED = 1 << 4, /* enhanced codes in our own replies */
};

struct session_conf {
	unsigned flags;
	const char *name; /* of this host, in greetings */
	const char *banner; /* text of the 220 greeting, NULL for our own */
	uint64_t max_bytes; /* of a message, 0: no limit */
	size_t max_rcpts; /* of a transaction, 0: no limit */
	size_t ehlo_lines; /* lines of no meaning in the reply to EHLO */
};

enum session_phase {
	SESSION_START,
	SESSION_COMMAND,
	SESSION_REFUSED, /* the greeting was not 2xx: QUIT is all there is */
	SESSION_IN_TEXT,
};

struct session {
	const struct session_conf *conf;
	enum session_phase phase;
	bool waiting; /* an event has not been answered */
	bool esmtp; /* greeted by EHLO */
	bool greeted;
	bool in_mail; /* MAIL was accepted */
	bool closing; /* 221 or 421 was said: send out, then close */
	bool too_long; /* the command line under way */
	struct server_text text;
	struct session_reply {
		int code;
		const char *status; /* enhanced, or NULL */
		const char *text;
	} reply; /* what we would answer to the event */
	enum session_stage stage;
	const char *in; /* input that was fed and not used */
	size_t in_len;
	struct buf line; /* an unfinished command line */
	struct buf arg; /* of the event */
	struct buf helo;
	struct buf sender;
	struct buf rcpts; /* accepted, each with a NUL after it */
	size_t rcpt_count;
	uint64_t bytes; /* of the message, stuffed dots taken away */
	struct buf out; /* replies; the owner takes them away */
};

struct session_event {
	enum session_stage stage;
	bool judge; /* in order and well formed: a policy may decide */
	const char *data; /* arg (with a NUL after it), or the run of text */
	size_t len;
};

/*
 * Begin a conversation.  Ownership: conf is borrowed as long as s lives; s is
 * freed with session_clear.  Errors: none.
 */
void session_init(struct session *s, const struct session_conf *conf);
/* Free what it holds.  Errors: none. */
void session_clear(struct session *s);

/*
 * Give n bytes of input, when what was fed before is used up (session_rest).
 * Ownership: data is borrowed until then.  Errors: none.
 */
void session_feed(struct session *s, const void *data, size_t n);

/*
 * The next event.
 * Returns: false when all input is used, an event waits for its answer, or the
 * conversation is over.
 * Ownership: ev->data is valid until the next call of any function for s.
 * Errors: none; what a client does wrong is an event with an answer of ours.
 */
bool session_next(struct session *s, struct session_event *ev);

/* Returns: input that was not used, its length in *n.  Errors: none, pure. */
const char *session_rest(const struct session *s, size_t *n);

/* Returns: the code of the answer that session_accept would give.  Pure. */
int session_default_code(const struct session *s);

/* Answer the event as we would.  Errors: none. */
void session_accept(struct session *s);

/*
 * Answer the event.  status is an enhanced code or NULL; a newline in text makes
 * a reply of several lines.  421 ends the conversation.  Errors: none.
 */
void session_reply(
    struct session *s, int code, const char *status, const char *text);

/*
 * Answer with bytes as they are, that count as a reply of that code (0: as none,
 * the state stays what it was).  Errors: none.
 */
void session_raw(struct session *s, int code, const void *data, size_t n);

#endif

/* SPDX-License-Identifier: ISC */
/* What the files of vmta-sink share. */
#ifndef VMTA_SINK_SINK_H
#define VMTA_SINK_SINK_H

#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "smtp/server_header.h"
#include "smtp/server_rule.h"
#include "smtp/server_timer.h"
#include "smtp/session.h"

struct options {
	struct session_conf session;
	struct server_rules *rules;
	const char **listen; /* as given with -l */
	size_t listen_n;
	const char *output; /* -o, or NULL: stdout */
	const char *count_file;
	const char *header; /* field to print, or NULL */
	bool any_address, quiet, head_line, events, sha256;
	int64_t max_conn; /* of a listener, 0: no limit */
	int64_t max_msg; /* of a connection, 0: no limit */
	int64_t drip_ms; /* between two bytes, 0: whole replies */
	char **command; /* NULL: none */
};

/* What the summary line counts. */
struct stats {
	uint64_t connections, messages, recipients, bytes, refused;
	uint64_t open, max_open, max_per_connection;
	int64_t first_ms, last_ms; /* dots that were answered 2xx */
};

/* What an epoll event belongs to. */
enum kind { KIND_LISTENER, KIND_SIGNAL, KIND_CONN };

struct listener {
	enum kind kind;
	int fd;
	uint64_t open; /* connections within --max-conn */
	struct server_timer timer; /* out of descriptors: accept later */
	char address[INET6_ADDRSTRLEN];
	char local[INET6_ADDRSTRLEN + 8]; /* address:port */
	unsigned port;
};

/* Why a connection does not read on. */
enum hold {
	HOLD_NONE,
	HOLD_DELAY, /* a reply is due later */
	HOLD_HANG, /* no reply will ever come */
	HOLD_LINGER, /* 421 is on its way: wait for the client's end */
};

struct conn {
	enum kind kind;
	int fd;
	uint32_t interest; /* events asked of epoll */
	bool watched; /* epoll knows of it */
	enum hold hold;
	bool closing; /* when all is written, close */
	bool eof;
	bool over_limit; /* of --max-conn: is told 421 */
	bool head_done; /* the blank line was seen */
	enum session_stage stage; /* that waits for its answer */
	const struct server_rule *rule; /* that decides it, or NULL */
	struct session session;
	size_t sent; /* bytes of session.out that are written */
	struct server_timer timer;
	int64_t answer_ms; /* with HOLD_DELAY: when the answer is due */
	struct buf in; /* input that waits while on hold */
	struct buf head; /* of the message, for --header */
	struct digest *digest;
	uint64_t number, messages;
	struct listener *from;
	struct conn *prev, *next;
	char source[INET6_ADDRSTRLEN];
};

struct lines {
	int fd; /* -1: no lines */
	bool whole; /* a regular file: any write is taken at once */
	int error; /* errno of the write that failed, 0: none */
	struct buf waiting;
	int64_t flushed_ms;
};

struct sink {
	const struct options *opt;
	int epoll, signals;
	enum kind signal_kind; /* what epoll tells of signals */
	struct listener *listeners;
	size_t listener_n;
	struct conn *conns;
	struct server_timers timers;
	struct lines lines;
	struct stats stats;
	struct buf scratch; /* arguments put together for rules */
	int64_t now_ms; /* monotonic, of this turn of the loop */
	int64_t wall_ms; /* of the event under way */
	int64_t count_ms; /* when the count file was looked at */
	struct stats counted; /* what it says */
	pid_t child; /* 0: none */
	int child_status;
	unsigned stop_signals;
	bool stop;
	char *chunk; /* what one read(2) brings */
};

enum { CHUNK_BYTES = 128 * 1024 };

/* main.c, options.c */
extern const char sink_synopsis[];
/* Returns: -1 to go on, else the exit status. */
int options_read(struct options *opt, int argc, char **argv);
void options_clear(struct options *opt);

/* listen.c: open what -l asks for.  Returns 0 or -1. */
int listen_all(struct sink *k, struct err *err);
void listen_close(struct sink *k);
/* The address of a peer as text, without a port. */
void listen_name(const struct sockaddr_storage *a, char to[INET6_ADDRSTRLEN]);

/* serve.c: serve until TERM, INT or the end of the command.  Return 0 or -1. */
int serve_open(struct sink *k, struct err *err);
int serve(struct sink *k, struct err *err);
void serve_close(struct sink *k);

/* conn.c: one client. */
void conn_open(struct sink *k, struct listener *from, int fd,
    const struct sockaddr_storage *peer);
void conn_event(struct sink *k, struct conn *c, uint32_t events);
void conn_due(struct sink *k, struct conn *c);
void conn_close(struct sink *k, struct conn *c);

/* answer.c: what the rules say to an event. */
void
answer_event(struct sink *k, struct conn *c, const struct session_event *ev);
void answer_now(struct sink *k, struct conn *c);

/* lines.c: the output. */
int lines_open(struct sink *k, struct err *err);
void lines_listening(struct sink *k);
void lines_message(struct sink *k, struct conn *c, int code);
void lines_refused(struct sink *k, struct conn *c, int code);
void lines_event(struct sink *k, const struct conn *c, const char *event);
void lines_flush(struct sink *k, bool wait);
int lines_close(struct sink *k, struct err *err);

/* count.c: the summary.  count_write returns 0 or -1. */
void count_print(const struct sink *k);
int count_write(struct sink *k, struct err *err);

/* command.c: vmta-sink -- COMMAND.  Returns 0, or the exit status. */
int command_start(struct sink *k);
void command_reap(struct sink *k);

#endif

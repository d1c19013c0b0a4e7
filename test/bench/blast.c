/* SPDX-License-Identifier: ISC */
/*
 * blast [-c CONNECTIONS] [-n MESSAGES] [-r PER_CONNECTION] [-s BYTES] PORT:
 * send the same message over and over to 127.0.0.1:PORT.  No queue, no names, no
 * checks but of the class of each reply: what SMTP on this machine costs at least,
 * and so the measure for a sender that does have a queue.
 *
 * One round trip a message: the end of each message, and MAIL, RCPT and DATA of
 * the next one, leave in one write (RFC 2920 3.1).  All that a connection ever
 * writes is prepared, as a list of texts; for each it waits for so many replies.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define EHLO "EHLO blast.test\r\n"
#define ENVELOPE                                                     \
	"MAIL FROM:<news@sender.test>\r\n"                           \
	"RCPT TO:<reader@example.com>\r\n"                           \
	"DATA\r\n"
#define HEADER                                                       \
	"From: <news@sender.test>\r\nTo: <reader@example.com>\r\n"   \
	"Subject: blast\r\nMessage-ID: <1@sender.test>\r\n\r\n"
#define END ".\r\n"
#define QUIT "QUIT\r\n"

/* What is written, and how many replies come before the next text. */
struct text {
	const char *bytes;
	size_t len;
	unsigned replies;
};

enum { LINE = 77, EVENTS = 256 };

struct conn {
	int fd;
	long left;		/* messages that it may still begin */
	const struct text *now;	/* under way */
	size_t written;
	unsigned replies;	/* of it, so far */
	unsigned column;	/* in the line of the reply */
	bool last_line;
	bool watches_out;
};

static struct text t_greeting, t_ehlo, t_first, t_more, t_last, t_quit;

struct blast {
	struct sockaddr_in to;
	long messages, begun, done, per_conn;
	int ep, open;
};

static void
prepare(size_t size)
{
	size_t head = strlen(HEADER), n = head;
	char *p = malloc(size + LINE + sizeof(END ENVELOPE));

	if (p == NULL)
		err(EX_OSERR, "malloc");
	memcpy(p, HEADER, head);
	while (n < size) {
		size_t line = size - n < LINE ? size - n : LINE;

		if (line < 2)
			line = 2;
		memset(p + n, 'x', line - 2);
		memcpy(p + n + line - 2, "\r\n", 2);
		n += line;
	}
	memcpy(p + n, END ENVELOPE, sizeof(END ENVELOPE) - 1);
	n += strlen(END);
	t_greeting = (struct text){ "", 0, 1 };
	t_ehlo = (struct text){ EHLO, strlen(EHLO), 1 };
	t_first = (struct text){ ENVELOPE, strlen(ENVELOPE), 3 };
	t_more = (struct text){ p, n + strlen(ENVELOPE), 4 };
	t_last = (struct text){ p, n, 1 };
	t_quit = (struct text){ QUIT, strlen(QUIT), 1 };
}

static void
watch(struct blast *b, struct conn *c, int op, bool out)
{
	struct epoll_event e = { .events = EPOLLIN | (out ? EPOLLOUT : 0),
		.data.ptr = c };

	if (epoll_ctl(b->ep, op, c->fd, &e) != 0)
		err(EX_OSERR, "epoll_ctl");
	c->watches_out = out;
}

static void
push(struct blast *b, struct conn *c)
{
	while (c->written < c->now->len) {
		ssize_t n = send(c->fd, c->now->bytes + c->written,
		    c->now->len - c->written, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			if (!c->watches_out)
				watch(b, c, EPOLL_CTL_MOD, true);
			return;
		}
		if (n < 0)
			err(EX_IOERR, "send");
		c->written += (size_t)n;
	}
	if (c->watches_out)
		watch(b, c, EPOLL_CTL_MOD, false);
}

static void
begin(struct blast *b, struct conn *c, const struct text *t)
{
	c->now = t;
	c->written = 0;
	c->replies = 0;
	push(b, c);
}

static void
start(struct blast *b, struct conn *c)
{
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 ||
	    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0)
		err(EX_OSERR, "socket");
	if (connect(c->fd, (struct sockaddr *)&b->to, sizeof(b->to)) != 0)
		err(EX_UNAVAILABLE, "connect");
	c->left = b->per_conn;
	c->column = 0;
	b->open++;
	watch(b, c, EPOLL_CTL_ADD, false);
	begin(b, c, &t_greeting);
}

static bool
may_begin(struct blast *b, struct conn *c)
{
	if (c->left == 0 || b->begun == b->messages)
		return false;
	c->left--;
	b->begun++;
	return true;
}

/* All replies to a text are in: what is next? */
static void
next(struct blast *b, struct conn *c)
{
	if (c->now == &t_greeting) {
		begin(b, c, &t_ehlo);
	} else if (c->now == &t_ehlo) {
		begin(b, c, may_begin(b, c) ? &t_first : &t_quit);
	} else if (c->now == &t_first || c->now == &t_more) {
		begin(b, c, may_begin(b, c) ? &t_more : &t_last);
	} else if (c->now == &t_last) {
		begin(b, c, &t_quit);
	}
}

/* 250 of a text, 250 250 354 of an envelope: 2xx and 3xx are all we know. */
static void
take(struct blast *b, struct conn *c, const char *in, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (c->column == 0 && in[i] != '2' && in[i] != '3')
			errx(EX_PROTOCOL, "a reply that begins with %c", in[i]);
		if (c->column == 3)
			c->last_line = in[i] != '-';
		c->column++;
		if (in[i] != '\n')
			continue;
		c->column = 0;
		if (!c->last_line)
			continue;
		/* the first of them is the message's own */
		if (c->replies++ == 0 && (c->now == &t_more ||
		    c->now == &t_last))
			b->done++;
		if (c->replies == c->now->replies)
			next(b, c);
	}
}

static void
pull(struct blast *b, struct conn *c)
{
	char in[4096];
	ssize_t n = recv(c->fd, in, sizeof(in), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0) {
		take(b, c, in, (size_t)n);
		return;
	}
	if (n < 0 || c->now != &t_quit)
		errx(EX_PROTOCOL, "a connection was lost");
	close(c->fd);
	b->open--;
	if (b->begun < b->messages)
		start(b, c);
}

static void
run(struct blast *b)
{
	struct epoll_event ev[EVENTS];

	while (b->open > 0) {
		int n = epoll_wait(b->ep, ev, EVENTS, -1);

		if (n < 0 && errno != EINTR)
			err(EX_OSERR, "epoll_wait");
		for (int i = 0; i < n; i++) {
			struct conn *c = ev[i].data.ptr;

			if ((ev[i].events & EPOLLOUT) != 0)
				push(b, c);
			if ((ev[i].events & ~(uint32_t)EPOLLOUT) != 0)
				pull(b, c);
		}
	}
}

static long
number(const char *s)
{
	char *end;
	long n = strtol(s, &end, 10);

	if (end == s || *end != '\0' || n < 1)
		errx(EX_USAGE, "%s: not a number above 0", s);
	return n;
}

int
main(int argc, char **argv)
{
	struct blast b = { .messages = 100000, .per_conn = 1000,
		.to = { .sin_family = AF_INET } };
	long conns = 10, size = 4096;
	struct timespec t0, t1;
	struct conn *c;
	double took;
	int opt;

	while ((opt = getopt(argc, argv, "c:n:r:s:")) != -1)
		switch (opt) {
		case 'c': conns = number(optarg); break;
		case 'n': b.messages = number(optarg); break;
		case 'r': b.per_conn = number(optarg); break;
		case 's': size = number(optarg); break;
		default: return EX_USAGE;
		}
	if (optind != argc - 1) {
		fprintf(stderr, "usage: blast [-c CONNECTIONS] [-n MESSAGES] "
		    "[-r PER_CONNECTION] [-s BYTES] PORT\n");
		return EX_USAGE;
	}
	b.to.sin_port = htons((uint16_t)number(argv[optind]));
	b.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	prepare((size_t)size);
	b.ep = epoll_create1(EPOLL_CLOEXEC);
	c = calloc((size_t)conns, sizeof(*c));
	if (b.ep < 0 || c == NULL)
		err(EX_OSERR, "epoll");
	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (long i = 0; i < conns; i++)
		start(&b, &c[i]);
	run(&b);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	took = (double)(t1.tv_sec - t0.tv_sec) +
	    (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
	printf("%ld messages, %.3f s, %.0f a second\n", b.done, took,
	    (double)b.done / took);
	free(c);
	return b.done == b.messages ? EX_OK : EX_PROTOCOL;
}

/* SPDX-License-Identifier: ISC */
/*
 * The sender's event loop and its TCP sockets: the one file that knows libevent.
 * Nothing here blocks.  Names and messages are other files' business.
 */
#ifndef VMTA_SMTP_IO_H
#define VMTA_SMTP_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/err.h"
#include "dns/wire.h"

struct io;

/* Returns: 0 or -1 (ERR_TEMP).  Ownership: the caller ends it with io_free, after
 * all watches and connections. */
int io_new(struct io **out, struct err *err);
void io_free(struct io *io);
/* One turn: call what is ready, waiting at most wait_ms for the first.
 * Returns: 0 or -1 (ERR_IO). */
int io_turn(struct io *io, int64_t wait_ms, struct err *err);

typedef void io_fn(void *arg);

/*
 * Call fn at each turn in which fd is readable (or writable) and the watch is on.
 * It begins off.  A descriptor that can't be waited for (a regular file) is always
 * ready.  Ownership: the watch is ended with io_watch_free, fd stays the caller's.
 */
struct io_watch;
struct io_watch *
io_watch_new(struct io *io, int fd, bool write, io_fn *fn, void *arg);
void io_watch_free(struct io_watch *w);
/* Switch it on or off.  Errors: none. */
void io_watch_set(struct io_watch *w, bool on);
/* Call fn when a signal has come (not in a handler).  Ends with io_free. */
void io_signal(struct io *io, int signo, io_fn *fn, void *arg);

struct io_conn;

enum io_event {
	IO_READ = 1 << 0, /* or the end, or an error: io_read tells */
	IO_WRITE = 1 << 1, /* connected, or room to write on */
};

enum io_connect_result {
	IO_OK,
	IO_NO_SOURCE, /* the source address can't be bound: err */
	IO_FAILED, /* this target can't be reached: err */
	IO_LATER, /* no descriptor or memory left: err */
};

typedef void io_conn_fn(void *arg, unsigned events);

/*
 * Begin to connect, from source if it is not NULL and from no other address.  fn
 * gets IO_WRITE when that has succeeded or failed (io_connected tells which).
 * Ownership: *out is ended with io_close.
 */
enum io_connect_result io_connect(struct io *io,
    const struct dns_address *source, const struct dns_address *to,
    uint16_t port, struct io_conn **out, struct err *err);
/* Whom to call.  Errors: none. */
void io_conn_set(struct io_conn *c, io_conn_fn *fn, void *arg);
/* After the first IO_WRITE.  Returns: 0, or errno.  Switches reading on. */
int io_connected(struct io_conn *c);
/* The local address of a connection.  Returns: 0, or -1 with errno. */
int io_local(const struct io_conn *c, struct dns_address *out);
/* Returns: bytes read, 0 at the end, -1 with errno (EAGAIN: nothing now). */
ssize_t io_read(struct io_conn *c, void *to, size_t n);
/*
 * Write what fits now; if it is not all, fn gets IO_WRITE when there is room.
 * Returns: bytes written, or -1 with errno (EAGAIN: nothing now).
 */
ssize_t io_write(struct io_conn *c, const struct iovec *iov, size_t n);
/* How long bytes may stay unacknowledged before the kernel gives up, also after
 * this process has died (TCP_USER_TIMEOUT).  Errors: none. */
void io_user_timeout(struct io_conn *c, int64_t ms);
/* Close.  c may be NULL.  Errors: none. */
void io_close(struct io_conn *c);

#endif

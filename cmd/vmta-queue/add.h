/* SPDX-License-Identifier: ISC */
/* What the two forms of add share: one message, and a stream of them. */
#ifndef VMTA_CMD_QUEUE_ADD_H
#define VMTA_CMD_QUEUE_ADD_H

#include "mail/address.h"
#include "mail/message.h"
#include "mail/xfields.h"
#include "queue.h"
#include "spool/inject.h"

struct add_options {
	const char *sender, *vmta, *job, *envid, *batch_id;	/* or NULL */
	int64_t priority;
	bool rcpts_from_fields;		/* -t */
	bool stream, all_or_nothing;	/* --bsmtp */
	char **rcpts;			/* operands */
	int n_rcpts;
};

/* A command under way. */
struct add {
	const struct cli *cli;
	const struct add_options *o;
	struct session s;
	const char *vmta;	/* by option or configuration */
	uint64_t max;		/* bytes of a message */
};

/*
 * A message as the spool takes it.  The strings are those of the options and of
 * x, so it stays in its place until the message is stored.
 */
struct add_message {
	struct xfields x;
	struct spool_message m;
	struct inject_envelope e;
	const char *vmta;
};

/*
 * Take the header fields that are for us out of m, decide between them and the
 * options, and fill *out, but for the sender.  envid: from the stream, or NULL.
 * Returns: NULL, or why the message can't be added.
 */
const char *add_fill(const struct add *a, struct message *m, const char *envid,
    struct add_message *out);

/* Read bytes from standard input: a bsmtp_read_fn. */
ssize_t add_read(void *arg, char *to, size_t n);

/* Each returns an exit status. */
int add_one(struct add *a);
int add_stream(struct add *a);

#endif

/* SPDX-License-Identifier: ISC */
/* The grammar and order of SMTP commands, for lib/smtp/session.c. */
#ifndef VMTA_SMTP_SERVER_COMMAND_H
#define VMTA_SMTP_SERVER_COMMAND_H

#include <stddef.h>

#include "smtp/session.h"

/*
 * Read a command line: sets s->stage, s->arg, s->esmtp, and s->reply where the
 * answer is settled.
 * Returns: 0 when the answer is left to the caller, -1 when s->reply has it (all
 * errors; RSET and NOOP too).  Ownership: line is borrowed for the call.
 * Errors: a reply.  Source: RFC 5321 4.1.1, 4.1.4.
 */
int server_command(struct session *s, const char *line, size_t len);

#endif

/* SPDX-License-Identifier: ISC */
/* An open spool, its configuration, and what accounting writes to. */
#ifndef VMTA_CMD_ACCT_SESSION_H
#define VMTA_CMD_ACCT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acct.h"
#include "acct/sweep.h"
#include "base/err.h"
#include "conf/conf.h"
#include "spool/spool.h"

struct session {
	struct spool *spool;
	struct conf *conf;
	struct target **targets;	/* the acct-files, then the counters */
	const struct conf_acct **accts;	/* of each target, NULL: the counters */
	size_t n;
	struct sweep sweep;
	int64_t last_reap_ms;
	int status;			/* of an acct-file that can't be used */
	char told[512];			/* the last failure that was told */
};

/* Returns: 0, or an exit status; what is wrong has been said. */
int session_open(struct session *s, const struct options *o);
void session_close(struct session *s);

/* Tell an error, unless it was the last one told. */
void session_tell(struct session *s, const struct err *err);
/* Tell the errors of targets that have failed. */
void session_tell_failures(struct session *s);
/* Tell how many records went where. */
void session_tell_written(const struct session *s);
/* Does another process write one of the targets? */
bool session_is_waiting(const struct session *s);
/* The exit status by what has failed in the end. */
int session_status(const struct session *s);

#endif

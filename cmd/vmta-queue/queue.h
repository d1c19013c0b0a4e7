/* SPDX-License-Identifier: ISC */
/* What the subcommands of vmta-queue share. */
#ifndef VMTA_CMD_QUEUE_H
#define VMTA_CMD_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cli.h"
#include "base/err.h"
#include "conf/conf.h"
#include "spool/ready.h"
#include "spool/spool.h"

/* An open spool and what its configuration says. */
struct session {
	struct spool *spool;
	struct conf *conf;	/* NULL: none that could be read (OPEN_LOOK) */
	bool read_only;
	bool newer;		/* the file is newer than what runs */
	int64_t now;		/* by the spool's clock, seconds */
};

enum open_how {
	OPEN_LOOK,	/* show what is there, as far as it can be read */
	OPEN_CHANGE,	/* pauses and the like: the spool must exist */
	OPEN_FEED,	/* made if it isn't there; a configuration is needed */
	OPEN_DRY,	/* only a configuration; spool NULL where there is none */
};

/* Returns: 0, or an exit status; what is wrong has been said. */
int session_open(struct session *s, const struct cli *cli, enum open_how how);
void session_close(struct session *s);
/* Bring single messages that wait in the intake to where they are seen. */
void session_pack(struct session *s);

/*
 * Queue patterns from operands, canonical, for queue_pattern_match and ready_options.
 * Returns: 0, or 64 after saying which one is wrong.  Ownership: *out is the
 * caller's, one piece for free(3) each and the array.
 */
int patterns_parse(char **argv, int n, char ***out);
void patterns_free(char **patterns, int n);

/* Which records: every condition that is given has to hold. */
struct selector {
	char **patterns;	/* any of them; n 0: all */
	int n;
	const char *domain, *vmta, *state;	/* or NULL */
	const char *job, *sender, *rcpt;	/* or NULL: need the envelope */
};

/* Does all that the scan knows hold?  Pure. */
bool selector_scan(const struct selector *sel, const struct scan_record *r);
/* Does all that the envelope knows hold?  Pure. */
bool selector_envelope(const struct selector *sel, const struct envelope *e);
/* The word for where a record stands: queued, deferred, sending ...  Pure. */
const char *state_word(const struct scan_record *r);
bool state_is_word(const char *word);

/* Numbers in rows, each in a buffer of its own. */
typedef char number[24];
const char *put_number(number to, uint64_t v);
/* A moment in a row: seconds since 1970, or as a date for people. */
const char *put_time(char to[32], int64_t wall_s, const struct cli *cli);

int cmd_accept_clock(struct cli *cli, int argc, char **argv);
int cmd_add(struct cli *cli, int argc, char **argv);
int cmd_cat(struct cli *cli, int argc, char **argv);
int cmd_list(struct cli *cli, int argc, char **argv);
int cmd_pause(struct cli *cli, int argc, char **argv);
int cmd_ready(struct cli *cli, int argc, char **argv);
int cmd_resume(struct cli *cli, int argc, char **argv);
int cmd_show(struct cli *cli, int argc, char **argv);

/* The tables of show; each returns an exit status. */
int show_pauses(struct session *s, struct cli *cli);
int show_queues(struct session *s, struct cli *cli, char **patterns, int n);
int show_status(struct session *s, struct cli *cli);
int show_vmtas(struct session *s, struct cli *cli);

#endif

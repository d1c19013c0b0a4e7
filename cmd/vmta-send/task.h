/* SPDX-License-Identifier: ISC */
/* A line and what becomes of it: held, claimed, under way, settled or handed back. */
#ifndef VMTA_SEND_TASK_H
#define VMTA_SEND_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "deliver/lease.h"
#include "deliver/settle.h"
#include "spool/claim.h"

struct conn;
struct lane;
struct send;

TAILQ_HEAD(task_list, task);

struct task {
	TAILQ_ENTRY(task)
	link; /* of a lane, the ledger's lists, or the free ones */
	struct lane *lane;
	struct conn *conn; /* that it was given to */
	struct lease lease;
	uint32_t ver;
	uint16_t tries;
	bool used; /* the receiver may have counted it (P9) */
	char locator[NAME_LOCATOR + 1];
	struct claim *claim;
	const struct envelope *env; /* of the claim */
	struct spool_message message;
	int64_t held_at; /* loop time */
	int64_t began_ms; /* loop time */
	int64_t began_s; /* wall time */
};

/* task.c */
struct task *task_new(struct send *s);
void task_free(struct send *s, struct task *t);
enum task_claim { TASK_READY, TASK_GONE, TASK_LATER, TASK_STOP };
/* Claim it and read what is sent.  TASK_GONE: it has been given back or dropped. */
enum task_claim task_claim(struct send *s, struct task *t);
/* Never used: claim and grant go back. */
void task_back(struct send *s, struct task *t);
/* As task_back for a line that was stale. */
void task_stale(struct send *s, struct task *t);
/* To the head of its lane, as if no connection had been tried. */
void task_unclaim(struct send *s, struct task *t);
/* To its lane once more, claim and all, after a connection that was lost. */
void task_again(struct send *s, struct task *t, bool counted);
/* What happened to it, as far as its caller knows; the rest is filled in. */
void task_settle(struct send *s, struct task *t, struct settle_facts *f);
/* A line whose grant is "expire". */
void task_expire(struct send *s, struct task *t, struct conf_queue *q);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Rules by which a server refuses or misbehaves (vmta-sink(1), RULES): at a
 * stage, for the arguments that a regular expression matches, so often.  Rules
 * are asked in the order in which they were added; the first that applies
 * decides, and delays are added up beside it.
 */
#ifndef VMTA_SMTP_SERVER_RULE_H
#define VMTA_SMTP_SERVER_RULE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "smtp/session.h"

enum server_action {
	SERVER_REPLY, /* STAGE [/RE/] CODE [ENHANCED] TEXT */
	SERVER_RAW, /* STAGE [/RE/] BYTES, with the escapes below */
	SERVER_CLOSE, /* STAGE [/RE/]: close the connection unanswered */
	SERVER_HANG, /* STAGE [/RE/]: never answer */
	SERVER_DELAY, /* STAGE[=]MS or STAGE [/RE/] MS: answer later */
	SERVER_ACTIONS
};

/* How often a rule applies to what it matches; 0 is always, or once. */
struct server_limit {
	int64_t first; /* to its first N matches */
	int64_t every; /* to each Nth match */
	int64_t share; /* to so many of 10,000 arguments, by their hash */
	int64_t repeat; /* raw bytes are sent so many times over */
};

struct server_rule {
	enum server_action action;
	int code; /* of the reply; of raw bytes, 0 when they have none */
	char status[12]; /* enhanced code, "" for none */
	struct buf text; /* of the reply, or the raw bytes */
	int64_t delay_ms;
};

struct server_rules;

/* No rules.  Ownership: the caller's, server_rules_free.  Errors: exits 75. */
struct server_rules *server_rules_new(void);
/* Free them.  Errors: none. */
void server_rules_free(struct server_rules *r);

/*
 * Add a rule at the end.  spec is what the action's comment above shows.
 * Returns: 0, or -1 (ERR_USAGE).  Ownership: spec and limit are copied.
 */
int server_rules_add(struct server_rules *r, enum server_action action,
    const char *spec, const struct server_limit *limit, struct err *err);

/*
 * Which rule decides at a stage for an argument (matched in any case).  Counts
 * the matches of --first and --every.
 * Returns: NULL to go on as without rules, or the rule; the sum of delays that
 * apply in *delay_ms.  Ownership: the rule stays r's.  Errors: none.
 */
const struct server_rule *server_rules_ask(struct server_rules *r,
    enum session_stage stage, const char *arg, int64_t *delay_ms);

/* Does any rule ask for a stage?  Errors: none, pure. */
bool server_rules_has(const struct server_rules *r, enum session_stage stage);

/*
 * Undo the escapes \r \n \t \0 \\, \xHH (a byte) and \{N}C (N times the byte C).
 * Returns: 0, or -1 (ERR_USAGE) for any other, and where to's maximum is passed.
 * Ownership: to is the caller's.
 */
int server_unescape(const char *s, struct buf *to, struct err *err);

#endif

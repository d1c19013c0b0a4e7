/* SPDX-License-Identifier: ISC */
/*
 * The columns of accounting files: one table of their names, PowerMTA's, the
 * tutorials' and our own, and how each is made from an event (vmta-acct(5),
 * COLUMNS); record types and their default columns.
 */
#ifndef VMTA_ACCT_COLUMNS_H
#define VMTA_ACCT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "record/event.h"

/* Record types, PowerMTA's: a bit each. */
enum record_types {
	RECORD_DELIVERY = 1 << 0,		/* d */
	RECORD_BOUNCE = 1 << 1,			/* b */
	RECORD_TRANSIENT = 1 << 2,		/* t */
	RECORD_TRANSIENT_QUEUE = 1 << 3,	/* tq */
	RECORD_RECEIPT = 1 << 4,		/* r */
	RECORD_REMOTE_BOUNCE = 1 << 5,		/* rb */
	RECORD_REMOTE_STATUS = 1 << 6,		/* rs */
	RECORD_FEEDBACK = 1 << 7,		/* f */
};

/*
 * Read a list of types, "d,b" or "delivery, bounce".
 * Returns: bits of enum record_types, or 0 with err (ERR_CONF) naming the word.
 */
unsigned records_parse(const char *list, struct err *err);

/* Returns: the bit of one type by letters or long name, 0 for none.  Pure. */
unsigned record_type(const char *name);

/* The columns of one file, with what formatting them needs. */
struct columns;

/*
 * fields: n column names; NULL for the default ones of the types in records, in
 * PowerMTA's order.  unix_times: seconds in the time columns, not ISO 8601.
 * Returns: never NULL.  Ownership: the caller's, columns_free.
 */
struct columns *columns_new(const char *const *fields, size_t n,
    unsigned records, bool unix_times);
void columns_free(struct columns *c);

/* Returns: name i of those that nothing is known of (they stay empty), NULL
 * after the last.  Ownership: c's. */
const char *columns_unknown(const struct columns *c, size_t i);

/* Append the header row.  Returns as buf_add.  Errors: over. */
int columns_header(const struct columns *c, struct buf *b);
/* Append the row of an event.  Returns as buf_add.  Errors: over. */
int columns_row(struct columns *c, const struct event *e, struct buf *b);

/*
 * Walk the table: name and meaning of column i, for listings.
 * Returns: false after the last.  Ownership: constants.  Pure.
 */
bool columns_describe(size_t i, const char **name, const char **meaning);

#endif

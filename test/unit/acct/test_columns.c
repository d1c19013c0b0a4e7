/* SPDX-License-Identifier: ISC */
/* Columns: names, order, and how each is made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "acct/columns.h"

/* What readers that go by position count on. */
#define POWERMTA_HEADER                                                     \
	"type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,"   \
	"dsnDiag,dsnMta,bounceCat,srcType,srcMta,dlvType,dlvSourceIp,"      \
	"dlvDestinationIp,dlvEsmtpAvailable,dlvSize,vmta,jobId,envId,queue," \
	"vmtaPool\n"

static struct event
example(const char *type)
{
	struct event e;

	for (int i = 0; i < EVENT_FIELDS; i++)
		e.f[i] = "-";
	e.f[EV_TIME] = "1795435207.250";
	e.f[EV_TYPE] = type;
	e.f[EV_ID] = "0mig3xdbt6abcd000001.0";
	e.f[EV_QUEUE] = "example.com/fast";
	e.f[EV_DOMAIN] = "example.com";
	e.f[EV_VMTA] = "fast";
	e.f[EV_SOURCE] = "192.0.2.1";
	e.f[EV_SENDER] = "news@example.org";
	e.f[EV_RCPT] = "user@example.com";
	e.f[EV_JOB] = "j1";
	e.f[EV_ENVID] = "e1";
	e.f[EV_QUEUED] = "1795435200";
	e.f[EV_ATTEMPTS] = "2";
	e.f[EV_ACTION] = "relayed";
	e.f[EV_STATUS] = "2.0.0";
	e.f[EV_CODE] = "250";
	e.f[EV_DIAG] = "smtp;250 2.0.0 OK";
	e.f[EV_MTA] = "mx.example.com";
	e.f[EV_DEST] = "192.0.2.25";
	e.f[EV_ESMTP] = "PIPELINING,SIZE";
	e.f[EV_SIZE] = "4096";
	e.f[EV_ORIGIN] = "bsmtp";
	return e;
}

static void
assert_row(struct columns *c, const struct event *e, const char *row)
{
	struct buf b = BUF_INIT(0);

	assert_int_equal(columns_row(c, e, &b), 0);
	assert_string_equal(b.data, row);
	buf_clear(&b);
}

static void
assert_header(const struct columns *c, const char *row)
{
	struct buf b = BUF_INIT(0);

	assert_int_equal(columns_header(c, &b), 0);
	assert_string_equal(b.data, row);
	buf_clear(&b);
}

static void
test_defaults(void **state)
{
	static const char *const lists[] = { "d,b", "d", "b,d", "d,b,t,tq",
		"delivery, bounce" };
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct columns *c = columns_new(NULL, 0,
		    records_parse(lists[i], &err), false);

		assert_header(c, POWERMTA_HEADER);
		columns_free(c);
	}
}

static void
test_default_row(void **state)
{
	struct columns *c = columns_new(NULL, 0, RECORD_DELIVERY, false);
	struct event e = example("d");

	(void)state;
	assert_row(c, &e, "d,2026-11-23 12:00:07+0000,2026-11-23 "
	    "12:00:00+0000,news@example.org,user@example.com,,relayed,2.0.0 "
	    "(success),smtp;250 2.0.0 OK,mx.example.com (192.0.2.25),,bsmtp,,"
	    "smtp,192.0.2.1,192.0.2.25,\"PIPELINING,SIZE\",4096,fast,j1,e1,"
	    "example.com/fast,\n");
	columns_free(c);
}

static void
test_transient_queue_alone(void **state)
{
	struct columns *c = columns_new(NULL, 0, RECORD_TRANSIENT_QUEUE, false);

	(void)state;
	assert_header(c, "type,timeLogged,dsnStatus,dsnDiag,dsnMta,dlvType,"
	    "dlvSourceIp,dlvDestinationIp,vmta,queue\n");
	columns_free(c);
}

/* The columns of the tutorials. */
static void
test_tutorial(void **state)
{
	static const char *const fields[] = { "time", "type", "vmta", "domain",
		"rcpt", "status", "dsn-status", "size" };
	static const struct {
		const char *type, *status, *row;
	} rows[] = {
		{ "d", "2.0.0", "d,fast,example.com,user@example.com,"
		    "delivered,2.0.0,4096\n" },
		{ "b", "5.1.1", "b,fast,example.com,user@example.com,"
		    "bounced,5.1.1,4096\n" },
		{ "t", "4.2.0", "t,fast,example.com,user@example.com,"
		    "deferred,4.2.0,4096\n" },
		{ "tq", "4.4.1", "tq,fast,example.com,user@example.com,"
		    "deferred,4.4.1,4096\n" },
	};
	struct columns *c = columns_new(fields, 8, RECORD_DELIVERY, false);

	(void)state;
	assert_header(c, "time,type,vmta,domain,rcpt,status,dsn-status,size\n");
	assert_null(columns_unknown(c, 0));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct event e = example(rows[i].type);
		char row[200] = "2026-11-23 12:00:07+0000,";

		e.f[EV_STATUS] = rows[i].status;
		strncat(row, rows[i].row, sizeof(row) - strlen(row) - 1);
		assert_row(c, &e, row);
	}
	columns_free(c);
}

/* One column, one field of the event changed. */
static void
test_single(void **state)
{
	static const struct {
		const char *type, *column;
		int field;
		const char *value, *row;
	} rows[] = {
		{ "d", "orig", EV_SENDER, "<>", "\n" },
		{ "d", "sender", EV_SENDER, "<>", "\n" },
		{ "d", "orcpt", EV_ORCPT, "rfc822;a,b",
		    "\"rfc822;a,b\"\n" },
		{ "b", "dsnStatus", EV_STATUS, "5.1.1",
		    "5.1.1 (bad destination mailbox address)\n" },
		{ "b", "dsnStatus", EV_STATUS, "5.7.1", "\"5.7.1 (delivery not "
		    "authorized, message refused)\"\n" },
		{ "b", "dsnStatus", EV_STATUS, "5.7.99",
		    "5.7.99 (other or undefined security status)\n" },
		{ "b", "dsnStatus", EV_STATUS, "5.9.1", "5.9.1\n" },
		{ "b", "dsnStatus", EV_STATUS, "-", "\n" },
		{ "b", "dsnStatus", EV_STATUS, "5.", "5.\n" },
		{ "d", "dsnStatus", EV_STATUS, "2.6.0", "2.6.0 (success)\n" },
		{ "b", "dsn-status", EV_STATUS, "5.1.1", "5.1.1\n" },
		{ "b", "dsnDiag", EV_DIAG, "smtp;550 \"no\"\nsuch user",
		    "\"smtp;550 \"\"no\"\" such user\"\n" },
		{ "d", "dsnMta", EV_DEST, "-", "mx.example.com\n" },
		{ "d", "dsnMta", EV_MTA, "-", "\n" },
		{ "b", "dlvSize", EV_SIZE, "10", "\n" },
		{ "d", "dlvSize", EV_SIZE, "10", "10\n" },
		{ "b", "size", EV_SIZE, "10", "10\n" },
		{ "d", "timeFirstAttempt", EV_FIRST, "-", "\n" },
		{ "d", "timeFirstAttempt", EV_FIRST, "1795435201",
		    "2026-11-23 12:00:01+0000\n" },
		{ "d", "timeQueued", EV_QUEUED, "nonsense", "\n" },
		{ "d", "totalSecondsQueued", EV_QUEUED, "1795435200", "7\n" },
		{ "d", "totalSecondsQueued", EV_QUEUED, "1795435300", "\n" },
		{ "d", "status", EV_TYPE, "zz", "\n" },
		{ "d", "status", EV_TYPE, "f", "complained\n" },
		{ "d", "TIMELOGGED", EV_TIME, "1795435207",
		    "2026-11-23 12:00:07+0000\n" },
		{ "b", "bounce-cat", EV_CATEGORY, "bad-mailbox",
		    "bad-mailbox\n" },
		{ "d", "note", EV_NOTE, "doubt", "doubt\n" },
		{ "d", "next", EV_NEXT, "1795435207",
		    "2026-11-23 12:00:07+0000\n" },
		{ "d", "header_X-Mailer", EV_NOTE, "doubt", "\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct columns *c = columns_new(&rows[i].column, 1, 0, false);
		struct event e = example(rows[i].type);

		e.f[rows[i].field] = rows[i].value;
		assert_row(c, &e, rows[i].row);
		columns_free(c);
	}
}

static void
test_header_names(void **state)
{
	static const char *const fields[] = { "timelogged", "bounce-cat",
		"Header_X-Odd, Name", "DSN-STATUS", "nothing" };
	struct columns *c = columns_new(fields, 5, 0, false);

	(void)state;
	/* the table's letter case; else as the user wrote it */
	assert_header(c, "timeLogged,bounce-cat,\"Header_X-Odd, Name\","
	    "dsn-status,nothing\n");
	assert_string_equal(columns_unknown(c, 0), "Header_X-Odd, Name");
	assert_string_equal(columns_unknown(c, 1), "nothing");
	assert_null(columns_unknown(c, 2));
	columns_free(c);
}

static void
test_unix_times(void **state)
{
	static const char *const fields[] = { "timeLogged", "timeQueued" };
	struct columns *c = columns_new(fields, 2, 0, true);
	struct event e = example("d");

	(void)state;
	assert_row(c, &e, "1795435207,1795435200\n");
	columns_free(c);
}

/* Every event field can be had, and no name stands twice. */
static void
test_table(void **state)
{
	const char *name, *meaning, *other;

	(void)state;
	for (int i = 0; i < EVENT_FIELDS; i++) {
		const char *field = event_names[i];
		struct columns *c = columns_new(&field, 1, 0, false);

		if (columns_unknown(c, 0) != NULL)
			fail_msg("%s", event_names[i]);
		columns_free(c);
	}
	for (size_t i = 0; columns_describe(i, &name, &meaning); i++) {
		assert_true(meaning[0] != '\0');
		for (size_t k = 0; columns_describe(k, &other, &meaning); k++)
			if (k != i && strcasecmp(name, other) == 0)
				fail_msg("%s", name);
	}
}

static void
test_records(void **state)
{
	static const struct {
		const char *list;
		unsigned bits;
	} rows[] = {
		{ "d", RECORD_DELIVERY },
		{ "D,B", RECORD_DELIVERY | RECORD_BOUNCE },
		{ "d b\tt", RECORD_DELIVERY | RECORD_BOUNCE |
		    RECORD_TRANSIENT },
		{ "transient-queue", RECORD_TRANSIENT_QUEUE },
		{ "feedback-loop,fbl,f", RECORD_FEEDBACK },
		{ "rb,rs,r", RECORD_REMOTE_BOUNCE | RECORD_REMOTE_STATUS |
		    RECORD_RECEIPT },
		{ "", 0 }, { " , ", 0 }, { "d,x", 0 },
		{ "deliveryyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { 0 };

		assert_int_equal(records_parse(rows[i].list, &err),
		    rows[i].bits);
		assert_int_equal(err.cls, rows[i].bits == 0 ? ERR_CONF :
							      ERR_NONE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_default_row),
		cmocka_unit_test(test_transient_queue_alone),
		cmocka_unit_test(test_tutorial),
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_header_names),
		cmocka_unit_test(test_unix_times),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_records),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

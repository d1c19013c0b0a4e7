/* SPDX-License-Identifier: ISC */
/* Precedence, defaults, and what virtual MTAs and queues come to. */
#include "util.h"

#include "conf/explain.h"

/* The whole dialect of tutorials, written for this test. */
static const char tutorial[] =
    "<virtual-mta slow-start>\n"
    "  smtp-source-host 198.51.100.25 198.51.100.26\n"
    "  helo-domain \"slow.sender.example\"\n"
    "  max-smtp-out 5\n"
    "  max-connect-rate 2/m\n"
    "  max-msg-per-connection 50\n"
    "  max-msg-rate 200/h\n"
    "  max-cold-virtual-mta-msg 200/day\n"
    "  bounce-after 4d12h\n"
    "  retry-after 15m\n"
    "</virtual-mta>\n"
    "domain-macro redmond hotmail.example, outlook.example,\n"
    "  live.example\n"
    "<domain $redmond>\n"
    "  max-msg-rate 2/m   # to begin with\n"
    "  max-conn-rate 1/m\n"
    "</domain>\n"
    "<acct-file \"/var/log/vmta/acct.csv\">\n"
    "  format-text \"csv\"\n"
    "  rotate 1d\n"
    "  fields \"time,type,vmta,domain,rcpt,status,dsn-status,size\"\n"
    "</acct-file>\n";

static void
test_tutorial_vmta(void **state)
{
	struct conf *c = load_ok(tutorial);
	const struct conf_vmta *v = conf_vmta(c, "SLOW-start");

	(void)state;
	assert_non_null(v);
	assert_string_equal(v->name, "slow-start");
	assert_int_equal(v->n_sources, 2);
	assert_string_equal(v->sources[0].address, "198.51.100.25");
	assert_string_equal(v->sources[1].address, "198.51.100.26");
	assert_string_equal(v->sources[1].host_name, "slow.sender.example");
	assert_int_equal(v->max_smtp_out, 5);
	assert_rate(v->max_msg_rate, "200/h");
	assert_rate(v->max_connect_rate, "2/m");
	assert_rate(v->max_msg_per_hour, "unlimited");
	conf_free(c);
}

/* A network as source: all but its ends, and not 127.0.0.1. */
static void
test_source_networks(void **state)
{
	static const struct {
		const char *net;
		size_t n;
		const char *first, *last;
	} rows[] = {
		{ "192.0.2.8/29", 6, "192.0.2.9", "192.0.2.14" },
		{ "192.0.2.9/29", 6, "192.0.2.9", "192.0.2.14" },
		{ "192.0.2.0/24", 254, "192.0.2.1", "192.0.2.254" },
		{ "192.0.2.4/31", 2, "192.0.2.4", "192.0.2.5" },
		{ "192.0.2.4/32", 1, "192.0.2.4", "192.0.2.4" },
		{ "127.0.0.0/30", 1, "127.0.0.2", "127.0.0.2" },
		{ "2001:db8::4/126", 4, "2001:db8::4", "2001:db8::7" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		char text[128];
		struct conf *c;
		const struct conf_vmta *v;

		snprintf(text, sizeof(text),
		    "<virtual-mta v>\nsmtp-source-host %s m.example\n"
		    "</virtual-mta>\n",
		    rows[i].net);
		c = load_ok(text);
		v = conf_vmta(c, "v");
		assert_int_equal(v->n_sources, rows[i].n);
		assert_string_equal(v->sources[0].address, rows[i].first);
		assert_string_equal(v->sources[rows[i].n - 1].address,
		    rows[i].last);
		assert_string_equal(v->sources[0].host_name, "m.example");
		conf_free(c);
	}
}

static void
test_tutorial_queues(void **state)
{
	struct conf *c = load_ok(tutorial);
	struct conf_queue *q = queue_of(c, "live.example", "slow-start");
	struct conf_queue *d;

	(void)state;
	assert_string_equal(q->name, "$redmond/slow-start");
	assert_string_equal(q->group, "$redmond");
	assert_rate(q->max_msg_rate, "2/m");
	assert_rate(q->max_connect_rate, "1/m");
	assert_ptr_equal(q, queue_of(c, "outlook.example", "slow-start"));
	/* by the domain itself, too */
	assert_ptr_equal(q,
	    conf_queue(c, "hotmail.example", conf_vmta(c, "slow-start")));
	/* what stands directly in the virtual MTA, but not its limits */
	assert_int_equal(q->max_msg_per_connection, 50);
	assert_int_equal(q->bounce_after_s, 4 * 86400 + 12 * 3600);
	assert_int_equal(q->n_retry_after, 1);
	assert_int_equal(q->retry_after_s[0], 900);
	assert_int_equal(q->max_smtp_out, 20);
	d = queue_of(c, "other.example", "slow-start");
	assert_string_equal(d->name, "other.example/slow-start");
	assert_null(d->group);
	assert_rate(d->max_msg_rate, "unlimited");
	assert_rate(d->max_connect_rate, "unlimited");
	conf_free(c);
}

static void
test_tutorial_acct(void **state)
{
	struct conf *c = load_ok(tutorial);
	size_t n;
	const struct conf_acct *a = conf_accts(c, &n);

	(void)state;
	assert_int_equal(n, 1);
	assert_string_equal(a->path, "/var/log/vmta/acct.csv");
	assert_string_equal(a->format, "csv");
	assert_string_equal(a->records, "d,b");
	assert_int_equal(a->rotate_s, 86400);
	assert_int_equal(a->n_fields, 8);
	assert_string_equal(a->fields[0], "time");
	assert_string_equal(a->fields[7], "size");
	assert_int_equal(a->max_size, 250 << 20);
	assert_int_equal(a->delete_after_s, 8 * 86400);
	assert_true(a->iso_times);
	assert_false(a->world_readable);
	assert_null(a->move_to);
	assert_int_equal(a->line, 18);
	conf_free(c);
}

static void
test_acct_of_powermta(void **state)
{
	struct conf *c = load_ok("<acct-file /a/d.csv>\nmove-to /b\n"
				 "move-interval 5m\nmax-size unlimited\n"
				 "delete-after never\nrecords d, b, t\n"
				 "record-fields d *, !dsnMta\n"
				 "record-fields delivery rcpt\n"
				 "iso-times no\nworld-readable yes\n"
				 "</acct-file>\n<acct-file /a/e.csv>\n"
				 "move-interval 5m\n</acct-file>\n");
	size_t n;
	const struct conf_acct *a = conf_accts(c, &n);

	(void)state;
	assert_int_equal(n, 2);
	assert_int_equal(a[0].rotate_s, 300);
	assert_int_equal(a[0].max_size, INT64_MAX);
	assert_int_equal(a[0].delete_after_s, SPAN_NEVER);
	assert_string_equal(a[0].records, "d, b, t");
	assert_int_equal(a[0].n_record_fields, 2);
	assert_string_equal(a[0].record_fields[0].columns[1], "!dsnMta");
	assert_string_equal(a[0].record_fields[1].type, "delivery");
	assert_false(a[0].iso_times);
	assert_true(a[0].world_readable);
	/* no folder to move to, no interval */
	assert_int_equal(a[1].rotate_s, 0);
	assert_null(a[1].fields);
	conf_free(c);
}

static void
test_defaults(void **state)
{
	struct conf *c = load_ok("");
	struct conf_queue *q = queue_of(c, "x.example", "{default}");
	const struct conf_global *g = conf_global(c);

	(void)state;
	assert_int_equal(q->max_smtp_out, 20);
	assert_int_equal(q->max_msg_per_connection, 20);
	assert_int_equal(q->max_rcpt_per_message, 1000);
	assert_int_equal(q->retry_after_s[0], 600);
	assert_int_equal(q->retry_recipients_after_s, 600);
	assert_int_equal(q->retry_after_dns_error_s, 60);
	assert_int_equal(q->bounce_after_s, 388800);
	assert_int_equal(q->smtp_port, 25);
	assert_int_equal(q->connect_timeout_s, 120);
	assert_int_equal(q->greeting_timeout_s, 300);
	assert_int_equal(q->command_timeout_s, 300);
	assert_int_equal(q->mail_timeout_s, 300);
	assert_int_equal(q->rcpt_timeout_s, 300);
	assert_int_equal(q->data_init_timeout_s, 120);
	assert_int_equal(q->data_send_timeout_s, 180);
	assert_int_equal(q->data_termination_timeout_s, 600);
	assert_true(q->pipelining);
	assert_true(q->eightbit_mime);
	assert_true(q->bounce_upon_5xx_greeting);
	assert_false(q->bounce_upon_no_mx);
	assert_int_equal(q->n_smtp_hosts, 0);
	assert_null(q->user);
	assert_rate(q->source_max_msg_rate, "unlimited");
	assert_string_equal(g->default_vmta, "{default}");
	assert_non_null(g->host_name);
	assert_int_equal(g->min_free_bytes, 128 << 20);
	assert_int_equal(g->batch_id_memory_s, 30 * 86400);
	assert_int_equal(g->max_message_size, 50 << 20);
	assert_null(g->spool);
	assert_int_equal(conf_serial(c), 0);
	conf_free(c);
}

static void
test_global(void **state)
{
	struct conf *c = load_ok(
	    "host-name a.example\nhost-name b.example\n"
	    "name-server 127.0.0.1:5353\nname-server ::1\n"
	    "name-server [::1]:54\ndefault-virtual-mta v\n"
	    "<spool /s>\nmin-free-space 1G\n</spool>\n"
	    "max-message-size 10M\nbatch-id-memory 2d\n"
	    "time-zone Europe/Berlin\nsmtp-source-host 10.0.0.9 g.example\n"
	    "<virtual-mta v>\n</virtual-mta>\n"
	    "<virtual-mta w>\nhost-name w.example\n"
	    "smtp-source-host 10.0.0.1 w1.example\nsmtp-source-ip 10.0.0.2\n"
	    "</virtual-mta>\n"
	    "<virtual-mta z>\nsmtp-source-host 0/0 z.example\n"
	    "</virtual-mta>\n");
	const struct conf_global *g = conf_global(c);
	const struct conf_vmta *v = conf_vmta(c, "v"), *w = conf_vmta(c, "w");

	(void)state;
	assert_string_equal(g->host_name, "a.example");
	assert_int_equal(g->n_name_servers, 3);
	assert_string_equal(g->name_servers[0], "127.0.0.1@5353");
	assert_string_equal(g->name_servers[1], "::1");
	assert_string_equal(g->name_servers[2], "::1@54");
	assert_string_equal(g->spool, "/s");
	assert_int_equal(g->min_free_bytes, 1 << 30);
	assert_int_equal(g->max_message_size, 10 << 20);
	assert_int_equal(g->batch_id_memory_s, 172800);
	assert_string_equal(g->time_zone, "Europe/Berlin");
	assert_string_equal(g->default_vmta, "v");
	/* a virtual MTA without sources has those of the top level */
	assert_int_equal(v->n_sources, 1);
	assert_string_equal(v->sources[0].address, "10.0.0.9");
	assert_string_equal(v->sources[0].host_name, "g.example");
	assert_string_equal(v->helo, "a.example");
	assert_int_equal(w->n_sources, 2);
	assert_string_equal(w->sources[0].host_name, "w1.example");
	assert_string_equal(w->sources[1].host_name, "w.example");
	assert_string_equal(conf_vmta(c, "z")->helo, "z.example");
	conf_free(c);
}

/* Which max-msg-rate a queue has, in all scopes and with all patterns. */
static const char precedence[] =
    "domain-macro one e1.x, e2.x\n"
    "domain-macro tld com, net\n"
    "<domain *>\nmax-msg-rate 1/d\nbounce-after 1d\nmax-smtp-out 1\n"
    "</domain>\n"
    "<domain [*.]x>\nmax-msg-rate 2/d\nretry-after 1m\n</domain>\n"
    "<domain *.x>\nmax-msg-rate 3/d\n</domain>\n"
    "<domain *.b.x>\nmax-msg-rate 4/d\n</domain>\n"
    "<domain a.b.x>\nmax-msg-rate 5/d\n</domain>\n"
    "<domain A.b.x>\nretry-recipients-after 7m\n</domain>\n"
    "<domain $one>\nmax-msg-rate 6/d\nmacro-expands yes\n</domain>\n"
    "<domain e1.x>\nmax-smtp-out 9\n</domain>\n"
    "<domain yahoo.$tld>\nmax-msg-rate 10/d\n</domain>\n"
    "<domain [192.0.2.0/24]>\nmax-msg-rate 11/d\n</domain>\n"
    "<domain [0/0]>\nmax-msg-rate 12/d\n</domain>\n"
    "<virtual-mta plain>\n</virtual-mta>\n"
    "<virtual-mta in>\nretry-after 3m\n"
    "<domain *>\nmax-msg-rate 20/d\n</domain>\n"
    "<domain c.y>\nmax-msg-rate 21/d\n</domain>\n</virtual-mta>\n"
    "<virtual-mta-pool pool>\nvirtual-mta pooled\nretry-after 4m\n"
    "max-smtp-out 33\nmax-msg-rate 330/h\n"
    "<domain *>\nmax-msg-rate 30/d\nbounce-after 3d\n</domain>\n"
    "<domain c.y>\nmax-msg-rate 31/d\n</domain>\n</virtual-mta-pool>\n"
    "<virtual-mta pooled>\nmax-msg-rate 340/h\n"
    "<domain [*.]y>\nmax-msg-rate 40/d\n</domain>\n</virtual-mta>\n";

static void
test_precedence(void **state)
{
	static const struct {
		const char *domain, *vmta, *rate;
		int64_t bounce_days, retry_s, smtp_out;
	} rows[] = {
		{ "q.z", "plain", "1/d", 1, 600, 1 },
		{ "x", "plain", "2/d", 1, 60, 1 },
		{ "q.x", "plain", "3/d", 1, 60, 1 },
		{ "q.b.x", "plain", "4/d", 1, 60, 1 },
		{ "b.x", "plain", "3/d", 1, 60, 1 },
		{ "a.b.x", "plain", "5/d", 1, 60, 1 },
		{ "e2.x", "plain", "6/d", 1, 60, 1 },
		/* written out, and the macro fills the gap */
		{ "e1.x", "plain", "6/d", 1, 60, 9 },
		{ "yahoo.net", "plain", "10/d", 1, 600, 1 },
		{ "[192.0.2.7]", "plain", "11/d", 1, 600, 1 },
		{ "[ipv6:2001:db8::1]", "plain", "12/d", 1, 600, 1 },
		/* the inner scope wins even where it is more general */
		{ "a.b.x", "in", "20/d", 1, 180, 1 },
		{ "c.y", "in", "21/d", 1, 180, 1 },
		{ "q.z", "pooled", "30/d", 3, 240, 1 },
		{ "c.y", "pooled", "40/d", 3, 240, 1 },
		{ "c.y", "pool", "31/d", 3, 240, 1 },
		{ "q.z", "{default}", "1/d", 1, 600, 1 },
	};
	struct conf *c = load_ok(precedence);

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct conf_queue *q =
		    queue_of(c, rows[i].domain, rows[i].vmta);
		char rate[48];

		rate_format(&q->max_msg_rate, rate);
		if (strcmp(rate, rows[i].rate) != 0 ||
		    q->bounce_after_s != rows[i].bounce_days * 86400 ||
		    q->retry_after_s[0] != rows[i].retry_s ||
		    q->max_smtp_out != rows[i].smtp_out)
			fail_msg("%s: %s, %lld s, %lld s, %lld", q->name, rate,
			    (long long)q->bounce_after_s,
			    (long long)q->retry_after_s[0],
			    (long long)q->max_smtp_out);
		/* asked again: the same object */
		assert_ptr_equal(q,
		    queue_of(c, rows[i].domain, rows[i].vmta));
	}
	assert_int_equal(
	    queue_of(c, "a.b.x", "plain")->retry_recipients_after_s, 420);
	conf_free(c);
}

static void
test_pools(void **state)
{
	struct conf *c = load_ok(precedence);
	const struct conf_vmta *pool = conf_vmta(c, "pool");
	const struct conf_vmta *m = conf_vmta(c, "pooled");
	const struct conf_vmta *const *all;
	size_t n;

	(void)state;
	assert_true(pool->is_pool);
	assert_false(m->is_pool);
	assert_int_equal(pool->n_members, 1);
	assert_ptr_equal(pool->members[0], m);
	/* what a pool limits, each member has for itself */
	assert_int_equal(m->max_smtp_out, 33);
	assert_rate(m->max_msg_rate, "340/h");
	all = conf_vmtas(c, &n);
	assert_int_equal(n, 5);
	assert_string_equal(all[0]->name, "{default}");
	assert_string_equal(all[4]->name, "pooled");
	assert_null(conf_vmta(c, "none"));
	conf_free(c);
}

static void
test_hosts(void **state)
{
	struct conf *c = load_ok(
	    "<domain *>\nsmtp-hosts [127.0.0.1]:2525, mx.example:26;"
	    "[IPv6:2001:DB8::1], lookup-mx:other.example; last.example\n"
	    "bounce-upon-no-mx yes\n</domain>\n"
	    "<domain direct.example>\nsmtp-hosts \"\"\n"
	    "bounce-upon-no-mx 1h\n</domain>\n");
	struct conf_queue *q = queue_of(c, "x", "{default}");
	const struct conf_host *h = q->smtp_hosts;

	(void)state;
	assert_int_equal(q->n_smtp_hosts, 5);
	assert_string_equal(h[0].host, "127.0.0.1");
	assert_true(h[0].is_address);
	assert_int_equal(h[0].port, 2525);
	assert_int_equal(h[1].port, 26);
	assert_int_equal(h[1].preference, 0);
	assert_string_equal(h[2].host, "2001:db8::1");
	assert_int_equal(h[2].port, 0);
	assert_int_equal(h[2].preference, 1);
	assert_true(h[3].lookup_mx);
	assert_string_equal(h[3].host, "other.example");
	assert_int_equal(h[4].preference, 2);
	assert_true(q->bounce_upon_no_mx);
	q = queue_of(c, "direct.example", "{default}");
	assert_int_equal(q->n_smtp_hosts, 0);
	assert_false(q->bounce_upon_no_mx);
	assert_int_equal(q->bounce_upon_no_mx_after_s, 3600);
	conf_free(c);
}

static void
test_source_rates(void **state)
{
	struct conf *c = load_ok(
	    "<domain *>\nsource-ip-max-msg-rate 0/0 10/h\n"
	    "source-ip-max-msg-rate 10/8 20/h\n"
	    "source-ip-max-msg-rate 10.1.0.0/16 30/h\n"
	    "source-ip-max-msg-per-hour 2001:db8::/32 7\n</domain>\n"
	    "<virtual-mta v>\nsource-ip-max-msg-rate 10.1.1.1 5/h\n"
	    "</virtual-mta>\n");
	static const struct {
		const char *vmta, *address, *rate;
	} rows[] = {
		{ "{default}", "192.0.2.1", "10/h" },
		{ "{default}", "10.9.9.9", "20/h" },
		{ "{default}", "10.1.9.9", "30/h" },
		{ "{default}", "2001:db8::1", "10/h" },
		{ "v", "10.1.1.1", "5/h" },
		{ "v", "10.1.1.2", "30/h" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		assert_rate(
		    conf_source_rate(c, queue_of(c, "x", rows[i].vmta),
			CONF_DIR_SOURCE_IP_MAX_MSG_RATE, rows[i].address),
		    rows[i].rate);
	assert_rate(queue_of(c, "x", "v")->source_max_msg_rate, "10/h");
	assert_rate(conf_source_rate(c, queue_of(c, "x", "v"),
			CONF_DIR_SOURCE_IP_MAX_MSG_PER_HOUR, "2001:db8:1::"),
	    "7/h");
	assert_rate(conf_source_rate(c, queue_of(c, "x", "v"),
			CONF_DIR_SOURCE_IP_MAX_MSG_PER_HOUR, "10.1.1.1"),
	    "unlimited");
	conf_free(c);
}

/* The fact about a directive as "value place". */
static void
fact_of(struct conf *c, const char *queue, const char *scope,
    const char *name, char *to, size_t size)
{
	struct err err = { 0 };
	struct conf_queue *q = conf_queue_named(c, queue, &err);
	struct conf_fact *f;
	size_t n;

	*to = '\0';
	assert_non_null(q);
	n = conf_explain(c, q, &f);
	for (size_t i = 0; i < n; i++)
		if (strcmp(f[i].name, name) == 0 &&
		    strcmp(f[i].scope, scope) == 0)
			snprintf(to, size, "%s %s:%u", f[i].value,
			    f[i].where.file != NULL ? f[i].where.file : "-",
			    f[i].where.line);
	free(f);
}

static void
test_explain(void **state)
{
	static const char text[] = "<virtual-mta v>\nmax-smtp-out 4\n"
				   "auth-password hunter2\n</virtual-mta>\n"
				   "<domain X.example>\nmax-msg-rate 3/15m\n"
				   "</domain>\n";
	static const struct {
		const char *scope, *name, *want;
	} rows[] = {
		{ "queue", "max-msg-rate", "3/15m t.conf:6" },
		{ "queue", "max-smtp-out", "20 -:0" },
		{ "virtual-mta", "max-smtp-out", "4 t.conf:2" },
		{ "queue", "auth-password", "**** t.conf:3" },
		/* not set and without effect: not shown */
		{ "queue", "dkim-sign", "" },
	};
	struct conf *c = load_ok(text);
	struct err err = { 0 };
	char got[256];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		fact_of(c, "x.Example/v", rows[i].scope, rows[i].name, got,
		    sizeof(got));
		assert_string_equal(got, rows[i].want);
	}
	assert_null(conf_queue_named(c, "x.example/none", &err));
	assert_int_equal(err.cls, ERR_USAGE);
	assert_null(conf_queue_named(c, "/v", &err));
	assert_string_equal(conf_queue_named(c, "x.example", &err)->name,
	    "x.example/{default}");
	conf_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tutorial_vmta),
		cmocka_unit_test(test_source_networks),
		cmocka_unit_test(test_tutorial_queues),
		cmocka_unit_test(test_tutorial_acct),
		cmocka_unit_test(test_acct_of_powermta),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_global),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_pools),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_source_rates),
		cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

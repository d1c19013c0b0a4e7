/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "throttle/outlet.h"

enum {
	RUN_UNLIMITED = 20,	/* run length where a connection takes any number */
	LANES_MAX = 64,
	STICKY_MS = 600000,	/* how long a retry waits for its source */
	KEY_MAX = NAME_DOMAIN + 1 + NAME_VMTA
};

struct outlet_key {
	uint64_t hash;
	char *text;		/* "domain\tvmta", as it stands in lines */
	uint32_t len;
	struct outlet *outlet;
};

struct outlets {
	struct conf *conf;
	struct ledger *ledger;
	uint32_t serial;
	struct outlet_key *keys;
	size_t cap, n;
	struct outlet **all;
	size_t n_all, cap_all;
};

struct outlets *
outlets_new(struct conf *conf, struct ledger *ledger)
{
	struct outlets *os = xcalloc(1, sizeof(*os));

	os->conf = conf;
	os->ledger = ledger;
	os->serial = conf_serial(conf);
	return os;
}

void
outlets_free(struct outlets *os)
{
	if (os == NULL)
		return;
	for (size_t i = 0; i < os->cap; i++)
		free(os->keys[i].text);
	for (size_t i = 0; i < os->n_all; i++) {
		keep_clear(&os->all[i]->keep);
		free(os->all[i]->sources);
		free(os->all[i]->lanes);
		free(os->all[i]->members);
		free(os->all[i]);
	}
	free(os->keys);
	free(os->all);
	free(os);
}

/* Budgets */

/* The line of one budget, if anything limits; also what it lets through. */
static int
add_budget(struct outlets *os, const char *scope, const struct rate *rate,
    struct outlet_source *s, struct err *err)
{
	int64_t line = ledger_budget(os->ledger, scope, rate, os->serial, err);

	if (line < 0)
		return -1;
	if (line != LEDGER_NONE)
		s->line[s->n++] = (uint32_t)line;
	return 0;
}

static double
least(double rate, const struct rate *r)
{
	double v = r->n == RATE_UNLIMITED ? 1e9 :
					    (double)r->n / (double)r->unit_ms;

	return v < rate ? v : rate;
}

static struct rate
source_rate(struct outlets *os, const struct outlet *o, enum conf_dir kind,
    const char *address)
{
	if (strcmp(address, "-") != 0)
		return conf_source_rate(os->conf, o->queue, kind, address);
	return kind == CONF_DIR_SOURCE_IP_MAX_MSG_RATE ?
	    o->queue->source_max_msg_rate :
	    o->queue->source_max_msg_per_hour;
}

/* What applies to all sources, then to each. */
static int
find_budgets(struct outlets *os, struct outlet *o, struct err *err)
{
	const struct conf_queue *q = o->queue;
	struct outlet_source common = { .n = 0 };
	double rate = 1e9, by_source = 0;
	char scope[512];

	o->epoch = ledger_epoch(os->ledger);
	snprintf(scope, sizeof(scope), "queue:%s", q->name);
	if (add_budget(os, scope, &q->max_msg_rate, &common, err) < 0)
		return -1;
	snprintf(scope, sizeof(scope), "queue-hour:%s", q->name);
	if (add_budget(os, scope, &q->max_msg_per_hour, &common, err) < 0)
		return -1;
	snprintf(scope, sizeof(scope), "vmta:%s", o->vmta->name);
	if (add_budget(os, scope, &o->vmta->max_msg_rate, &common, err) < 0)
		return -1;
	snprintf(scope, sizeof(scope), "vmta-hour:%s", o->vmta->name);
	if (add_budget(os, scope, &o->vmta->max_msg_per_hour, &common, err) < 0)
		return -1;
	rate = least(least(rate, &q->max_msg_rate), &q->max_msg_per_hour);
	rate = least(least(rate, &o->vmta->max_msg_rate),
	    &o->vmta->max_msg_per_hour);
	o->limited = false;
	for (uint32_t i = 0; i < o->n_sources; i++) {
		struct outlet_source *s = &o->sources[i];
		struct rate r = source_rate(os, o,
		    CONF_DIR_SOURCE_IP_MAX_MSG_RATE, s->address);
		struct rate h = source_rate(os, o,
		    CONF_DIR_SOURCE_IP_MAX_MSG_PER_HOUR, s->address);

		memcpy(s->line, common.line, sizeof(s->line));
		s->n = common.n;
		snprintf(scope, sizeof(scope), "source:%s:%s", s->address,
		    q->name);
		if (add_budget(os, scope, &r, s, err) < 0)
			return -1;
		snprintf(scope, sizeof(scope), "source-hour:%s:%s", s->address,
		    q->name);
		if (add_budget(os, scope, &h, s, err) < 0)
			return -1;
		by_source += least(least(1e9, &r), &h);
		o->limited = o->limited || s->n > 0;
	}
	o->rate = rate < by_source ? rate : by_source;
	return 0;
}

/* Making outlets */

static struct outlet *
new_outlet(struct outlets *os, const struct conf_queue *q,
    const struct conf_vmta *v)
{
	struct outlet *o = xcalloc(1, sizeof(*o));

	o->queue = q;
	o->vmta = v;
	if (os->n_all == os->cap_all) {
		os->cap_all = os->cap_all * 2 + 64;
		os->all = xreallocarray(os->all, os->cap_all,
		    sizeof(*os->all));
	}
	os->all[os->n_all++] = o;
	return o;
}

static void
set_rotation(struct outlets *os, struct outlet *o)
{
	const struct conf_vmta *v = o->vmta;
	int64_t lanes = o->queue->max_smtp_out;

	o->n_sources = v->n_sources > 0 ? (uint32_t)v->n_sources : 1;
	o->sources = xcalloc(o->n_sources, sizeof(*o->sources));
	for (uint32_t i = 0; i < o->n_sources; i++)
		o->sources[i].address = v->n_sources > 0 ?
		    v->sources[i].address :
		    "-";
	o->run = o->queue->max_msg_per_connection;
	if (o->run < 1 || o->run == INT64_MAX)
		o->run = RUN_UNLIMITED;
	if (o->n_sources == 1)
		return;
	lanes = lanes < LANES_MAX ? lanes : LANES_MAX;
	lanes = lanes < o->n_sources ? lanes : o->n_sources;
	o->n_lanes = lanes > 0 ? (uint32_t)lanes : 1;
	o->lanes = xcalloc(o->n_lanes, sizeof(*o->lanes));
	o->next_source = ledger_runs(os->ledger, o->queue->name) % o->n_sources;
}

/* The outlet of a domain through a virtual MTA or pool. */
static int
make_outlet(struct outlets *os, const char *domain, const struct conf_vmta *v,
    struct outlet **out, struct err *err)
{
	struct conf_queue *q = conf_queue(os->conf, domain, v);
	struct outlet *o = q->user;

	if (o == NULL) {
		o = new_outlet(os, q, v);
		q->user = o;
		if (v->is_pool) {
			o->members = xcalloc(v->n_members + 1,
			    sizeof(*o->members));
			for (size_t i = 0; i < v->n_members; i++) {
				if (make_outlet(os, domain, v->members[i],
					&o->members[i], err) < 0)
					return -1;
				o->n_members++;
				o->rate += o->members[i]->rate;
			}
		} else {
			set_rotation(os, o);
			if (find_budgets(os, o, err) < 0)
				return -1;
		}
	}
	*out = o;
	return 0;
}

/* Finding them */

static uint64_t
hash_of(const char *s, size_t n)
{
	uint64_t h = n, x;

	for (; n >= 8; s += 8, n -= 8) {
		memcpy(&x, s, 8);
		h = (h ^ x) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	x = 0;
	memcpy(&x, s, n);
	h = (h ^ x) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

static struct outlet_key *
key_slot(struct outlet_key *keys, size_t cap, uint64_t hash, const char *text,
    size_t len)
{
	size_t i = hash & (cap - 1);

	while (keys[i].text != NULL &&
	    (keys[i].hash != hash || keys[i].len != len ||
		memcmp(keys[i].text, text, len) != 0))
		i = (i + 1) & (cap - 1);
	return &keys[i];
}

static void
grow(struct outlets *os)
{
	size_t cap = os->cap > 0 ? os->cap * 2 : 256;
	struct outlet_key *keys = xcalloc(cap, sizeof(*keys));

	for (size_t i = 0; i < os->cap; i++) {
		const struct outlet_key *k = &os->keys[i];

		if (k->text != NULL)
			*key_slot(keys, cap, k->hash, k->text, k->len) = *k;
	}
	free(os->keys);
	os->keys = keys;
	os->cap = cap;
}

/* The first line of its domain and virtual MTA. */
static int
learn(struct outlets *os, const char *text, size_t domain_len, size_t len,
    struct outlet **out, struct err *err)
{
	const struct conf_global *g = conf_global(os->conf);
	char name[KEY_MAX + 1];
	const struct conf_vmta *v;

	if (len > KEY_MAX)
		return 0;
	memcpy(name, text, len);
	name[domain_len] = '\0';
	name[len] = '\0';
	v = conf_vmta(os->conf, strcmp(name + domain_len + 1, "-") == 0 ?
		g->default_vmta :
		name + domain_len + 1);
	if (v == NULL)
		return 0;
	return make_outlet(os, name, v, out, err) < 0 ? -1 : 1;
}

/* Limits of a newer configuration hold for this process, too. */
static int
refresh(struct outlets *os, struct outlet *o, struct err *err)
{
	if (o->queue != NULL && o->sources != NULL &&
	    o->epoch != ledger_epoch(os->ledger))
		return find_budgets(os, o, err);
	for (size_t i = 0; i < o->n_members; i++)
		if (refresh(os, o->members[i], err) < 0)
			return -1;
	return 0;
}

int
outlets_find(struct outlets *os, const struct job_line *line,
    struct outlet **out, struct err *err)
{
	size_t domain_len, vmta_len, len;
	const char *text = line_field(line, JOB_DOMAIN, &domain_len);
	struct outlet_key *k;
	uint64_t hash;
	int rc;

	line_field(line, JOB_VMTA, &vmta_len);
	len = domain_len + 1 + vmta_len;
	hash = hash_of(text, len);
	if (os->n * 2 >= os->cap)
		grow(os);
	k = key_slot(os->keys, os->cap, hash, text, len);
	if (k->text == NULL) {
		rc = learn(os, text, domain_len, len, out, err);
		if (rc <= 0)
			return rc;
		*k = (struct outlet_key){ hash, xstrndup(text, len),
			(uint32_t)len, *out };
		os->n++;
		return 1;
	}
	*out = k->outlet;
	return refresh(os, *out, err) < 0 ? -1 : 1;
}

/* Choosing */

/* Room for one through source i?  0, or when; the budget that is waited for the
 * least stays in out. */
static int64_t
try_source(struct outlets *os, const struct outlet *o, uint32_t i,
    int64_t *soonest, struct outlet_choice *out)
{
	const struct outlet_source *s = &o->sources[i];
	uint32_t which = 0;
	int64_t at = s->n == 0 ?
	    0 :
	    ledger_room_which(os->ledger, s->line, s->n, &which);

	if (at == 0) {
		out->outlet = o;
		out->source = s;
	} else if (at < *soonest) {
		*soonest = at;
		out->wait_line = which;
	}
	return at;
}

static int64_t
choose_source(struct outlets *os, struct outlet *o, struct outlet_choice *out)
{
	int64_t soonest = INT64_MAX;
	struct outlet_lane *lane;
	uint32_t first;

	if (o->n_lanes == 0)
		return try_source(os, o, 0, &soonest, out) == 0 ? 0 : soonest;
	lane = &o->lanes[o->lane];
	first = lane->left > 0 ? lane->source : o->next_source;
	for (uint32_t k = 0; k < o->n_sources; k++) {
		uint32_t i = (first + k) % o->n_sources;

		if (try_source(os, o, i, &soonest, out) != 0)
			continue;
		if (lane->left == 0) {
			lane->source = i;
			lane->left = o->run;
			o->next_source = (i + 1) % o->n_sources;
			ledger_runs_add(os->ledger, o->queue->name, k + 1);
		}
		/* another source than the lane's only helps out */
		if (lane->source == i)
			lane->left--;
		o->lane = (o->lane + 1) % o->n_lanes;
		return 0;
	}
	return soonest;
}

/* The record's last source, where it is one of this outlet's. */
static int64_t
choose_last(struct outlets *os, struct outlet *o, const char *last, size_t len,
    struct outlet_choice *out)
{
	int64_t soonest = INT64_MAX;

	for (uint32_t i = 0; i < o->n_sources; i++)
		if (strncmp(o->sources[i].address, last, len) == 0 &&
		    o->sources[i].address[len] == '\0')
			return try_source(os, o, i, &soonest, out) == 0 ?
			    0 :
			    soonest;
	for (size_t i = 0; i < o->n_members; i++) {
		int64_t at = choose_last(os, o->members[i], last, len, out);

		if (at >= 0)
			return at;
	}
	return -1;
}

int64_t
outlet_choose(struct outlets *os, struct outlet *o, const char *last,
    size_t last_len, struct outlet_choice *out)
{
	int64_t at = -1, soonest = INT64_MAX;
	uint32_t line = 0;

	out->sticky = false;
	if (last_len != 1 || *last != '-')
		at = choose_last(os, o, last, last_len, out);
	if (at > 0 && at < ledger_now(os->ledger) + STICKY_MS) {
		out->sticky = true;
		return at;
	}
	if (at == 0)
		return 0;
	if (o->members == NULL)
		return choose_source(os, o, out);
	for (size_t k = 0; k < o->n_members; k++) {
		size_t i = (o->next_member + k) % o->n_members;

		at = choose_source(os, o->members[i], out);
		if (at == 0) {
			o->next_member = (i + 1) % o->n_members;
			return 0;
		}
		if (at < soonest) {
			soonest = at;
			line = out->wait_line;
		}
	}
	out->wait_line = line;
	return soonest;
}

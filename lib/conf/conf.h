/* SPDX-License-Identifier: ISC */
/*
 * A configuration as the programs use it: loaded once, immutable, asked by name.
 * The language itself is in lex.c and parse.c, its directives in the one table of
 * directives.def; precedence and merging are in effective.c (vmta.conf(5)).
 */
#ifndef VMTA_CONF_CONF_H
#define VMTA_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/num.h"
#include "conf/diag.h"

struct conf;

/* enum conf_dir: one CONF_DIR_x a row of directives.def */
enum conf_dir {
#define CONF_DIRECTIVE(id, ...) CONF_DIR_##id,
#include "conf/directives.def"
#undef CONF_DIRECTIVE
	CONF_DIRECTIVES
};

/* A local address of a virtual MTA and the name it says in HELO. */
struct conf_source {
	const char *address;	/* as inet_ntop(3) writes it */
	const char *host_name;	/* HELO name */
};

/* A virtual MTA or a pool of them. */
struct conf_vmta {
	const char *name;
	bool is_pool;
	const struct conf_source *sources;	/* none: the system chooses */
	size_t n_sources;
	const char *helo;	/* HELO name where a source has none of its own */
	const struct conf_vmta *const *members;	/* of a pool */
	size_t n_members;
	/* limits of the virtual MTA as a whole: what stands directly in its section */
	struct rate max_msg_rate, max_msg_per_hour;
	int64_t max_smtp_out;	/* INT64_MAX: unlimited */
	struct rate max_connect_rate;
	/* settings of the section itself that domains inherit: by conf_queue_* */
};

/* A host of an smtp-hosts list, in its order. */
struct conf_host {
	const char *host;	/* name, or address without brackets */
	bool is_address;
	bool lookup_mx;		/* lookup-mx:host */
	uint16_t port;		/* 0: default-smtp-port */
	uint16_t preference;	/* 0 for those before the first ';', 1 ... */
};

/*
 * The effective settings of one queue, domain/vmta or $group/vmta.  One object
 * a queue, made at the first question and kept: compare pointers.
 */
struct conf_queue {
	const char *name;	/* "gmail.com/fast", "$microsoft/warmup-pool" */
	const char *domain;	/* "gmail.com" or "$microsoft" */
	const char *group;	/* "$microsoft" or NULL */
	const struct conf_vmta *vmta;
	/* the often used ones; the others by conf_queue_value() */
	struct rate max_msg_rate, max_msg_per_hour;	/* of the queue */
	struct rate source_max_msg_rate, source_max_msg_per_hour;
	    /* source-ip-max-*: use conf_source_rate() where addresses differ */
	struct rate max_connect_rate;
	int64_t max_smtp_out;
	int64_t max_msg_per_connection;		/* INT64_MAX: unlimited */
	int64_t max_rcpt_per_message;
	int64_t retry_recipients_after_s, retry_after_dns_error_s;
	const int64_t *retry_after_s;		/* list; the last one repeats */
	size_t n_retry_after;
	int64_t bounce_after_s;			/* SPAN_NEVER */
	const struct conf_host *smtp_hosts;	/* none: MX */
	size_t n_smtp_hosts;
	uint16_t smtp_port;
	/* timeouts, RFC 5321 4.5.3.2; seconds */
	int64_t connect_timeout_s, greeting_timeout_s, command_timeout_s,
	    mail_timeout_s, rcpt_timeout_s, data_init_timeout_s,
	    data_send_timeout_s, data_termination_timeout_s, idle_timeout_s;
	bool pipelining, eightbit_mime;		/* used where offered */
	bool bounce_upon_5xx_greeting;
	bool bounce_upon_no_mx;			/* at once */
	int64_t bounce_upon_no_mx_after_s;	/* 0: at once; SPAN_NEVER */
	void *user;		/* for the program that asked; NULL at first */
};

/* record-fields TYPE COLUMN,... */
struct conf_record_fields {
	const char *type;	/* as written: "d", "delivery" */
	const char *const *columns;
	size_t n_columns;
};

/* One <acct-file>. */
struct conf_acct {
	const char *path;	/* as written: "/var/log/vmta/acct.csv" */
	const char *records;	/* record types, "d,b" by default */
	const char *const *fields;	/* NULL: the default columns of PowerMTA */
	size_t n_fields;
	const char *format;	/* "csv" */
	int64_t rotate_s;	/* 0: no rotation by time but at midnight */
	int64_t move_interval_s; /* taken for rotate_s where move_to is set */
	int64_t max_size;	/* bytes; INT64_MAX: unlimited */
	int64_t delete_after_s;	/* SPAN_NEVER */
	const char *move_to;	/* or NULL */
	const struct conf_record_fields *record_fields;
	size_t n_record_fields;
	bool iso_times;
	bool world_readable;
	const char *file;	/* where it is configured */
	unsigned line;
};

/* Settings that belong to no queue. */
struct conf_global {
	const char *spool;		/* folder, or NULL */
	int64_t min_free_bytes;		/* of <spool>; default see vmta.conf(5) */
	const char *host_name;		/* of this host: HELO of last resort */
	const char *const *name_servers; /* ADDRESS[@PORT] as libunbound takes it */
	size_t n_name_servers;
	const char *default_vmta;	/* default-virtual-mta, else "{default}" */
	const char *postmaster;		/* or NULL */
	const char *log_file;		/* or NULL */
	const char *time_zone;		/* of days and CSV times, or NULL: TZ */
	int64_t batch_id_memory_s;
	int64_t max_message_size;
};

/*
 * Read and check a configuration file with all that it includes.
 * Returns: 0 with *out (also when there were only warnings), or -1 with err
 * (ERR_CONF: errors are in diags; ERR_NOINPUT: the file can't be read).
 * Ownership: the caller frees *out with conf_free, diags with diags_clear.
 */
int conf_load(const char *path, struct diags *diags, struct conf **out,
    struct err *err);

/* As conf_load for a text in memory, named name in diagnostics. */
int conf_load_text(const char *name, const char *text, size_t n,
    struct diags *diags, struct conf **out, struct err *err);

/* Free all of it, and what was asked of it.  NULL is allowed.  Errors: none. */
void conf_free(struct conf *c);

/*
 * The folder of the spool: given (--spool, $VMTA_SPOOL) if not NULL, else the
 * "spool" line of the file, which is found even where the rest of the file is
 * wrong (P15).  Returns: 0 with the path in out[size], or -1: ERR_CONF when
 * neither names one, ERR_NOINPUT.
 */
int conf_find_spool(const char *given, const char *path, char *out, size_t size,
    struct err *err);

/*
 * The running configuration of a spool (P15): control/conf there.  Where there
 * is none yet, path is checked and activated first.  Where path is newer than
 * what runs, *newer is set (a note for the user, no error).
 * Returns: as conf_load; diagnostics of a first activation are in diags.
 */
int conf_running(const char *spool, const char *path, struct diags *diags,
    struct conf **out, bool *newer, struct err *err);

/*
 * Check path, flatten it and publish it as the running configuration with the
 * next serial number; *changed is false when it says the same as the one that
 * runs and nothing was written.  Takes lock/activate.  Returns: as conf_load.
 */
int conf_activate(const char *spool, const char *path, struct diags *diags,
    uint32_t *serial, bool *changed, struct err *err);

/* The serial number of a running configuration; 0 for a file just loaded. */
uint32_t conf_serial(const struct conf *c);

/* Settings of the top level.  Ownership: the configuration's.  Errors: none. */
const struct conf_global *conf_global(const struct conf *c);

/* A virtual MTA or pool by name (case doesn't matter), NULL if there is none.
 * "{default}" always exists. */
const struct conf_vmta *conf_vmta(const struct conf *c, const char *name);
/* All of them in the file's order, {default} first. */
const struct conf_vmta *const *conf_vmtas(const struct conf *c, size_t *n);

/*
 * The group of a domain: "$name" where a <domain $name> is collective and the
 * domain isn't written out itself, else NULL.  Lower case.  Costs a look-up.
 */
const char *conf_group(const struct conf *c, const char *domain);

/*
 * The queue of a domain (or "$group") through a virtual MTA, with its effective
 * settings; of a domain that is in a group, the group's queue.  domain in lower
 * case.  Returns: never NULL.
 * Ownership: the configuration's; made at the first call and kept.
 */
struct conf_queue *conf_queue(struct conf *c, const char *domain,
    const struct conf_vmta *vmta);

/* The rates of one source address in a queue: source-ip-max-* by the most
 * specific CIDR.  kind: CONF_DIR_SOURCE_IP_MAX_MSG_RATE ... */
struct rate conf_source_rate(struct conf *c, const struct conf_queue *q,
    enum conf_dir kind, const char *address);

/* Where a value is configured; file is NULL for a default. */
struct conf_place {
	const char *file;
	unsigned line;
};

/*
 * The value of any directive of <domain> in a queue, as it is written.
 * Returns: NULL where it is neither set nor has a default.  Ownership: the
 * configuration's.  Errors: none.
 */
const char *conf_queue_value(struct conf *c, const struct conf_queue *q,
    enum conf_dir dir, struct conf_place *where);

/* As conf_queue_value for what counts for a virtual MTA as a whole. */
const char *conf_vmta_value(struct conf *c, const struct conf_vmta *vmta,
    enum conf_dir dir, struct conf_place *where);

/* As conf_queue_value for a directive of the top level. */
const char *conf_global_value(struct conf *c, enum conf_dir dir,
    struct conf_place *where);

/* The accounting files in the file's order.  Errors: none. */
const struct conf_acct *conf_accts(const struct conf *c, size_t *n);

#endif

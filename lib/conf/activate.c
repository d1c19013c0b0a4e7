/* SPDX-License-Identifier: ISC */
/*
 * The running configuration of a spool (PROTOCOL P15, vmta-spool(5)):
 *
 *	control/conf	one line "#vmta-conf 1 SERIAL SHA256 PATH", then the
 *			flattened text; SHA256 is that text's
 *	lock/activate	locked while activating; holds the last serial given,
 *			so that none is given twice even if control/conf is lost
 *
 * Invariants: 1. control/conf is only ever replaced by rename, so a reader sees
 * one whole version.  2. A serial is on disk in lock/activate before it shows in
 * control/conf.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/fd.h"
#include "conf/load.h"

#define FORMAT "#vmta-conf 1 "
enum { DIGEST = 64, RUNNING_MAX = 512 << 20, SERIAL_DIGITS = 10 };

/* control/conf as read; text points into data. */
struct running {
	struct buf data;
	uint32_t serial;
	char digest[DIGEST + 1];
	const char *text;
	size_t n;
};

static void
digest_of(const char *text, size_t n, char hex[DIGEST + 1])
{
	struct digest *d = digest_sha256();

	digest_add(d, text, n);
	digest_end(d, hex);
}

/* Cut the first line of control/conf.  Returns: 0, or -1 for a damaged one. */
static int
read_header(struct running *r)
{
	const char *s = r->data.data, *nl, *blank;
	const size_t f = sizeof(FORMAT) - 1;
	char hex[DIGEST + 1];
	uint64_t serial;

	nl = r->data.len > 0 ? memchr(s, '\n', r->data.len) : NULL;
	if (nl == NULL || (size_t)(nl - s) < f || memcmp(s, FORMAT, f) != 0)
		return -1;
	s += f;
	blank = memchr(s, ' ', (size_t)(nl - s));
	if (blank == NULL ||
	    num_parse_n(s, (size_t)(blank - s), &serial) < 0 ||
	    serial == 0 || serial > UINT32_MAX ||
	    nl - blank < DIGEST + 2 || blank[1 + DIGEST] != ' ')
		return -1;
	r->serial = (uint32_t)serial;
	memcpy(r->digest, blank + 1, DIGEST);
	r->digest[DIGEST] = '\0';
	r->text = nl + 1;
	r->n = r->data.len - (size_t)(r->text - r->data.data);
	digest_of(r->text, r->n, hex);
	return strcmp(hex, r->digest) == 0 ? 0 : -1;
}

/*
 * Read what runs.  Returns: 1, 0 when there is none, or -1 with err.
 * Ownership: the caller clears r->data.
 */
static int
read_running(int root, const char *spool, struct running *r, struct err *err)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->data, (size_t)RUNNING_MAX + 65536);
	if (fd_read_file(root, "control/conf", RUNNING_MAX, &r->data) < 0) {
		if (errno == ENOENT)
			return 0;
		return err_sys(err, "cannot read %s/control/conf", spool);
	}
	if (read_header(r) < 0)
		return err_set(err, ERR_CONF,
		    "%s/control/conf is damaged; vmta-conf-check --activate "
		    "writes it anew",
		    spool);
	return 1;
}

static int
open_spool(const char *spool, struct err *err)
{
	int fd = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(err, ERR_NOINPUT, "%s: there is no spool here",
		    spool);
	if (fd < 0)
		return err_sys(err, "cannot open the spool %s", spool);
	if (faccessat(fd, "control", F_OK, 0) < 0 ||
	    faccessat(fd, "tmp", F_OK, 0) < 0 ||
	    faccessat(fd, "lock", F_OK, 0) < 0) {
		close(fd);
		return err_set(err, ERR_CONF, "%s is no spool", spool);
	}
	return fd;
}

static int
lock_activate(int root, const char *spool, struct err *err)
{
	int fd = openat(root, "lock/activate",
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);

	if (fd < 0)
		return err_sys(err, "cannot open %s/lock/activate", spool);
	if (lock_wait(fd, 0, 1) < 0) {
		err_sys(err, "cannot lock %s/lock/activate", spool);
		close(fd);
		return -1;
	}
	return fd;
}

/* The next serial: above the one that runs and above any ever given. */
static int
next_serial(int lock, uint32_t running, uint32_t *out, struct err *err)
{
	char line[SERIAL_DIGITS + 1] = "";
	uint64_t last = 0;

	if (fd_pread_all(lock, line, SERIAL_DIGITS, 0) == SERIAL_DIGITS)
		num_parse_n(line, SERIAL_DIGITS, &last);
	if (last < running)
		last = running;
	if (last >= UINT32_MAX)
		return err_set(err, ERR_CONF, "no serial numbers are left");
	*out = (uint32_t)last + 1;
	num_put10(line, SERIAL_DIGITS, *out);
	line[SERIAL_DIGITS] = '\n';
	if (fd_pwrite_all(lock, line, SERIAL_DIGITS + 1, 0) < 0 ||
	    fdatasync(lock) < 0)
		return err_sys(err, "cannot write lock/activate");
	return 0;
}

static int
publish(int root, uint32_t serial, const char *path, const struct buf *flat,
    struct err *err)
{
	struct buf b = BUF_INIT(0);
	char hex[DIGEST + 1];
	int rc = 0;

	digest_of(flat->data, flat->len, hex);
	buf_addf(&b, FORMAT "%u %s %s\n", serial, hex, path);
	buf_add(&b, flat->data, flat->len);
	if (fd_replace_file(root, "tmp", "control/conf", "control", b.data,
		b.len) < 0)
		rc = err_sys(err, "cannot write control/conf");
	buf_clear(&b);
	return rc;
}

/* An activation under way; the lock is held. */
struct activation {
	int root, lock;
	const char *spool, *path;
	bool changed;
	struct conf *conf;	/* what runs at its end */
};

/* Take over a text that was checked, if it isn't what runs. */
static int
take_over(struct activation *a, const struct buf *flat, struct err *err)
{
	struct running old;
	struct err damaged;	/* a damaged one is replaced */
	uint32_t serial;
	int rc = 0;

	a->changed = read_running(a->root, a->spool, &old, &damaged) != 1 ||
	    old.n != flat->len || memcmp(old.text, flat->data, flat->len) != 0;
	serial = old.serial;
	if (a->changed)
		rc = next_serial(a->lock, old.serial, &serial, err);
	if (a->changed && rc == 0)
		rc = publish(a->root, serial, a->path, flat, err);
	conf_set_serial(a->conf, serial);
	buf_clear(&old.data);
	return rc;
}

/*
 * Check, flatten, check the flattened text as well, publish.  Returns: 0 with
 * a->conf and a->changed, or -1.
 */
static int
activate_locked(struct activation *a, struct diags *diags, struct err *err)
{
	struct buf flat = BUF_INIT(0);
	struct diags again = DIAGS_INIT;
	struct conf *c = NULL;
	int rc = conf_load_flat(a->path, diags, &flat, &c, err);

	conf_free(c);
	if (rc == 0)
		rc = conf_load_running(a->path,
		    &(struct conf_flat){ flat.data, flat.len, 0 }, &again,
		    &a->conf, err);
	if (rc == 0)
		rc = take_over(a, &flat, err);
	if (rc < 0) {
		conf_free(a->conf);
		a->conf = NULL;
	}
	diags_clear(&again);
	buf_clear(&flat);
	return rc;
}

int
conf_activate(const char *spool, const char *path, struct diags *diags,
    uint32_t *serial, bool *changed, struct err *err)
{
	struct activation a = { .spool = spool, .path = path };
	int rc;

	a.root = open_spool(spool, err);
	if (a.root < 0)
		return -1;
	a.lock = lock_activate(a.root, spool, err);
	if (a.lock < 0) {
		close(a.root);
		return -1;
	}
	rc = activate_locked(&a, diags, err);
	if (rc == 0) {
		*serial = conf_serial(a.conf);
		*changed = a.changed;
	}
	conf_free(a.conf);
	close(a.lock);
	close(a.root);
	return rc;
}

/* Does the file say something else than what runs?  Unreadable: no. */
static bool
is_newer(const char *path, const struct running *r)
{
	struct buf flat = BUF_INIT(0);
	struct diags diags = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err;
	bool newer;

	if (conf_load_flat(path, &diags, &flat, &c, &err) < 0 &&
	    err.cls != ERR_CONF)
		newer = false;
	else
		newer = flat.len != r->n ||
		    memcmp(flat.data, r->text, r->n) != 0;
	conf_free(c);
	diags_clear(&diags);
	buf_clear(&flat);
	return newer;
}

/*
 * Nothing runs yet: be the first, unless somebody else was meanwhile.
 * Returns: 0 with *out, 1 when r has what runs now, or -1.
 */
static int
first_run(struct activation *a, struct running *r, struct diags *diags,
    struct conf **out, struct err *err)
{
	int rc;

	if (a->path == NULL)
		return err_set(err, ERR_NOINPUT,
		    "%s has no running configuration", a->spool);
	a->lock = lock_activate(a->root, a->spool, err);
	if (a->lock < 0)
		return -1;
	rc = read_running(a->root, a->spool, r, err);
	if (rc == 0)
		rc = activate_locked(a, diags, err);
	*out = a->conf;
	close(a->lock);
	return rc;
}

int
conf_running(const char *spool, const char *path, struct diags *diags,
    struct conf **out, bool *newer, struct err *err)
{
	struct activation a = { .spool = spool, .path = path };
	struct running r;
	int rc;

	*out = NULL;
	*newer = false;
	a.root = open_spool(spool, err);
	if (a.root < 0)
		return -1;
	rc = read_running(a.root, spool, &r, err);
	if (rc == 0) {
		buf_clear(&r.data);
		rc = first_run(&a, &r, diags, out, err);
	}
	if (rc == 1) {
		rc = conf_load_running(path != NULL ? path : "control/conf",
		    &(struct conf_flat){ r.text, r.n, r.serial }, diags, out,
		    err);
		*newer = rc == 0 && path != NULL && is_newer(path, &r);
	}
	buf_clear(&r.data);
	close(a.root);
	return rc;
}

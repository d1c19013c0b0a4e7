/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/fd.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "spool/internal.h"
#include "spool/journal_impl.h"

#define MAGIC "vmta-spool "
#define FORMAT 1
#define BATCH_MEMORY_S ((int64_t)30 * 86400)

/* Every folder of a spool (vmta-spool(5), FILES). */
static const char *const folders[] = {
	"tmp", "intake", "queue", "journal", "control", "control/batches",
	"control/acct", "throttle", "mx", "stats", "lock", "damaged",
};
enum { N_FOLDERS = sizeof(folders) / sizeof(folders[0]) };

static bool
is_ours(const char *name)
{
	for (size_t i = 0; i < N_FOLDERS; i++)
		if (strcmp(name, folders[i]) == 0)
			return true;
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strcmp(name, "lost+found") == 0;
}

/*
 * A folder with no VERSION is taken only when it is empty, or holds nothing but
 * folders of ours: what a creation that was interrupted leaves.
 */
static int
check_empty(int fd, const char *dir, struct err *err)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *e;
	int rc = 0;

	if (d == NULL) {
		err_sys(err, "cannot read %s", dir);
		if (copy >= 0)
			close(copy);
		return -1;
	}
	while (rc == 0 && (e = readdir(d)) != NULL)
		if (!is_ours(e->d_name))
			rc = err_set(err, ERR_CONF,
			    "%s: not a vmta spool, and not empty (there is a "
			    "\"%s\"): not touched", dir, e->d_name);
	closedir(d);
	return rc;
}

static int
make_folders(int fd, const char *dir, struct err *err)
{
	for (size_t i = 0; i < N_FOLDERS; i++) {
		if (mkdirat(fd, folders[i], 0770) < 0) {
			if (errno == EEXIST)
				continue;
			return err_sys(err, "cannot make %s/%s", dir,
			    folders[i]);
		}
		/* the group stays that of the spool (vmta-spool(5), USERS) */
		if (fchmodat(fd, folders[i], 02770, 0) < 0)
			return err_sys(err, "cannot change the mode of %s/%s",
			    dir, folders[i]);
	}
	return 0;
}

static int
create(int fd, const char *dir, struct err *err)
{
	static const char version[] = MAGIC "1\n";

	if (check_empty(fd, dir, err) < 0 || make_folders(fd, dir, err) < 0)
		return -1;
	if (fd_replace_file(fd, "tmp", "VERSION", ".", version,
		sizeof(version) - 1) < 0)
		return err_sys(err, "cannot write %s/VERSION", dir);
	return 0;
}

/* Returns 0, 1 when there is no VERSION, or -1. */
static int
check_version(int fd, const char *dir, struct err *err)
{
	struct buf text = BUF_INIT(4096);
	size_t n = strlen(MAGIC);
	uint64_t v;
	int rc = 0;

	if (fd_read_file(fd, "VERSION", 256, &text) < 0) {
		if (errno == ENOENT)
			rc = 1;
		else
			rc = err_sys(err, "cannot read %s/VERSION", dir);
	} else if (strncmp(text.data, MAGIC, n) != 0 ||
	    num_parse_n(text.data + n, strcspn(text.data + n, "\n"), &v) < 0) {
		rc = err_set(err, ERR_CONF,
		    "%s: not a vmta spool (VERSION is not ours): not touched",
		    dir);
	} else if (v != FORMAT) {
		rc = err_set(err, ERR_CONF,
		    "%s: a spool of format %llu; this program knows format %d",
		    dir, (unsigned long long)v, FORMAT);
	}
	buf_clear(&text);
	return rc;
}

/* File systems whose locks are not those of this machine alone, or don't work. */
static const struct {
	unsigned long magic;
	const char *name;
} refused[] = {
	{ 0x6969, "NFS" }, { 0x517b, "SMB" }, { 0xff534d42, "CIFS" },
	{ 0xfe534d42, "SMB2" }, { 0x01021997, "9p" }, { 0x5346414f, "AFS" },
	{ 0x00c36400, "Ceph" },
};

/* Two descriptors of one file must conflict: claims are made of that (P2). */
static int
check_locks(struct spool *s, struct err *err)
{
	struct statfs fs;
	int a, b, rc = -1;

	if (fstatfs(s->fd, &fs) == 0)
		for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
			if ((unsigned long)fs.f_type == refused[i].magic)
				return err_set(err, ERR_CONF,
				    "%s: on %s, whose locks do not keep two "
				    "senders apart; a spool needs a local disk",
				    s->dir, refused[i].name);
	a = openat(s->fd, "lock/probe", O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	if (a < 0)
		return err_sys(err, "cannot open %s/lock/probe", s->dir);
	b = openat(s->fd, "lock/probe", O_RDWR | O_CLOEXEC);
	if (b < 0) {
		err_sys(err, "cannot open %s/lock/probe", s->dir);
	} else {
		/* a byte of this process alone, so that probes don't meet */
		off_t at = (off_t)getpid();
		int one = lock_try(a, at, 1), two = lock_try(b, at, 1);

		if (one == 1 && two == 0)
			rc = 0;
		else
			err_set(err, ERR_CONF,
			    "%s: the file system has no working open file "
			    "description locks", s->dir);
		close(b);
	}
	close(a);
	return rc;
}

static void
read_boot_id(struct spool *s)
{
	struct buf text = BUF_INIT(4096);

	memset(s->boot_id, '0', BOOT_ID);
	if (fd_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 256,
		&text) == 0 && text.len >= BOOT_ID)
		memcpy(s->boot_id, text.data, BOOT_ID);
	s->boot_id[BOOT_ID] = '\0';
	buf_clear(&text);
}

void
spool_set_boot_id(struct spool *s, const char *id)
{
	size_t n = strnlen(id, BOOT_ID);

	memset(s->boot_id, '0', BOOT_ID);
	memcpy(s->boot_id, id, n);
}

static void
host_part(struct spool *s)
{
	char name[256] = "";

	if (gethostname(name, sizeof(name) - 1) < 0)
		name[0] = '\0';
	num_put36(s->host, 4, crc32c(0, name, strlen(name)));
	s->host[4] = '\0';
}

static int
open_folder(struct spool *s, struct err *err)
{
	int rc;

	s->fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fd < 0 && errno == ENOENT && (s->flags & SPOOL_CREATE)) {
		if ((mkdir(s->dir, 0770) < 0 && errno != EEXIST) ||
		    chmod(s->dir, 02770) < 0)
			return err_sys(err, "cannot make %s", s->dir);
		s->fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (s->fd < 0) {
		int e = errno;

		err_sys(err, "cannot open spool %s", s->dir);
		if (err != NULL && (e == ENOENT || e == ENOTDIR))
			err->cls = ERR_NOINPUT;
		return -1;
	}
	rc = check_version(s->fd, s->dir, err);
	if (rc == 1 && (s->flags & SPOOL_CREATE))
		rc = create(s->fd, s->dir, err);
	else if (rc == 1)
		rc = err_set(err, ERR_CONF, "%s: not a vmta spool (no VERSION)",
		    s->dir);
	return rc;
}

int
spool_open(const char *dir, unsigned flags, struct spool **out, struct err *err)
{
	struct spool *s = xcalloc(1, sizeof(*s));
	const char *clock_file = getenv("VMTA_CLOCK");

	s->dir = xstrdup(dir);
	s->fd = -1;
	s->sync_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->flags = flags;
	s->clock.fd = -1;
	s->control.vmtas_fd = -1;
	s->batch_memory_s = BATCH_MEMORY_S;
	TAILQ_INIT(&s->warm);
	TAILQ_INIT(&s->cold);
	STAILQ_INIT(&s->settled);
	if (open_folder(s, err) < 0)
		goto fail;
	if (!(flags & SPOOL_READONLY) &&
	    (make_folders(s->fd, dir, err) < 0 || check_locks(s, err) < 0))
		goto fail;
	s->test = faccessat(s->fd, "control/test", F_OK, 0) == 0;
	if (s->test && clock_file != NULL && clock_file[0] != '\0' &&
	    clock_use_file(&s->clock, clock_file, err) < 0)
		goto fail;
	read_boot_id(s);
	host_part(s);
	control_init(s);
	*out = s;
	return 0;
fail:
	spool_close(s);
	return -1;
}

void
spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	if (s->journal != NULL)
		journal_end(s);
	/* settled and never durable: recovery's, as after a crash */
	while (!STAILQ_EMPTY(&s->settled)) {
		struct claim *c = STAILQ_FIRST(&s->settled);

		STAILQ_REMOVE_HEAD(&s->settled, link);
		claim_end(c);
	}
	segment_close_all(s);
	map_clear(&s->commits, free);
	control_free(s);
	if (s->clock.fd >= 0)
		close(s->clock.fd);
	if (s->sync_fd >= 0)
		close(s->sync_fd);
	free(s->continuations);
	if (s->fd >= 0)
		close(s->fd);
	while (s->free_claims != NULL) {
		struct claim *next = s->free_claims->next_free;

		free(s->free_claims->line);
		free(s->free_claims);
		s->free_claims = next;
	}
	free(s->dir);
	free(s);
}

const char *
spool_dir(const struct spool *s)
{
	return s->dir;
}

int
spool_dirfd(const struct spool *s)
{
	return s->fd;
}

const struct clock *
spool_clock(const struct spool *s)
{
	return &s->clock;
}

bool
spool_is_test(const struct spool *s)
{
	return s->test;
}

void
spool_set_min_free(struct spool *s, int64_t bytes)
{
	s->min_free = bytes;
}

void
spool_set_batch_memory(struct spool *s, int64_t seconds)
{
	s->batch_memory_s = seconds;
}

int
spool_check_space(const struct spool *s, uint64_t n, struct err *err)
{
	struct statvfs v;
	uint64_t have, want;

	if (fstatvfs(s->fd, &v) < 0)
		return err_sys(err, "cannot look at the disk of %s", s->dir);
	have = (uint64_t)v.f_bavail * v.f_frsize;
	want = (uint64_t)s->min_free + n;
	if (have >= want)
		return 0;
	return err_set(err, ERR_TEMP,
	    "%s: %llu MiB are free on its disk, %llu are needed "
	    "(min-free-space): nothing queued", s->dir,
	    (unsigned long long)(have >> 20), (unsigned long long)(want >> 20));
}

void
spool_new_id(struct spool *s, char id[NAME_SEGMENT + 1])
{
	int64_t us;

	if (s->clock.fd >= 0) {
		us = clock_wall_ms(&s->clock) * 1000;
	} else {
		struct timespec t;

		clock_gettime(CLOCK_REALTIME, &t);
		us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
	}
	/* the clock may stand still (a rehearsal) or step back */
	if (us <= s->last_us)
		us = s->last_us + 1;
	s->last_us = us;
	num_put36(id, 10, (uint64_t)us);
	memcpy(id + 10, s->host, 4);
	num_put36(id + 14, 6, arc4random());
	id[NAME_SEGMENT] = '\0';
}

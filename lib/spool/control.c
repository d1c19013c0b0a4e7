/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/num.h"
#include "base/tsv.h"
#include "base/xalloc.h"
#include "spool/internal.h"

enum { VMTAS_MAX = 64 * 1024 * 1024 };

int
spool_lock(struct spool *s, const char *name, bool wait, struct err *err)
{
	char path[160];
	struct stat st, now;
	int fd, rc;

	snprintf(path, sizeof(path), "lock/%s", name);
	for (;;) {
		fd = openat(s->fd, path,
		    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
		if (fd < 0)
			return err_sys(err, "cannot open %s/%s", s->dir, path);
		rc = wait ? lock_wait(fd, 0, 1) + 1 : lock_try(fd, 0, 1);
		if (rc == 0 && !wait) {
			close(fd);
			return -2;
		}
		if (rc != 1) {
			err_sys(err, "cannot lock %s/%s", s->dir, path);
			close(fd);
			return -1;
		}
		/* a lock file that lost its name meanwhile locks nobody out */
		if (fstat(fd, &st) == 0 &&
		    fstatat(s->fd, path, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_ino == now.st_ino)
			return fd;
		close(fd);
	}
}

/* The generation: eight bytes of a mapped file, shared by all (P16). */
static void
map_generation(struct spool *s)
{
	int ro = s->flags & SPOOL_READONLY;
	int fd = openat(s->fd, "control/generation",
	    (ro ? O_RDONLY : O_RDWR | O_CREAT) | O_CLOEXEC, 0660);
	struct stat st;
	void *p;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size < 8 && !ro &&
	    ftruncate(fd, 8) == 0)
		st.st_size = 8;
	if (st.st_size >= 8) {
		p = mmap(NULL, 8, ro ? PROT_READ : PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
		if (p != MAP_FAILED)
			s->control.generation = p;
	}
	close(fd);
}

void
control_init(struct spool *s)
{
	s->control.clock_sane = -1;
	map_generation(s);
}

uint64_t
control_generation(struct spool *s)
{
	return s->control.generation == NULL ? 0 :
	    __atomic_load_n(s->control.generation, __ATOMIC_ACQUIRE);
}

void
control_bump(struct spool *s)
{
	if (s->control.generation != NULL && !(s->flags & SPOOL_READONLY))
		__atomic_add_fetch(s->control.generation, 1, __ATOMIC_ACQ_REL);
}

/* Read what was appended to control/vmtas since the last look. */
static int
vmtas_read(struct spool *s, struct err *err)
{
	struct control_state *c = &s->control;
	struct buf text = BUF_INIT((size_t)VMTAS_MAX);
	char *line, *rest;

	if (fd_read_file(s->fd, "control/vmtas", VMTAS_MAX, &text) < 0) {
		int missing = errno == ENOENT;

		if (!missing)
			err_sys(err, "cannot read %s/control/vmtas", s->dir);
		buf_clear(&text);
		return missing ? 0 : -1;
	}
	rest = text.data + c->vmtas_read;
	while ((off_t)text.len > c->vmtas_read &&
	    (line = rest, rest = strchr(line, '\n')) != NULL) {
		char *f[2], *key;

		*rest++ = '\0';
		c->vmtas_read = rest - text.data;
		key = xstrdup(line);
		if (tsv_split(line, f, 2) != 2) {
			free(key);
			buf_clear(&text);
			return err_set(err, ERR_INPUT,
			    "%s/control/vmtas: row %zu is damaged", s->dir,
			    c->n_rows);
		}
		c->rows = xreallocarray(c->rows, c->n_rows + 1,
		    sizeof(c->rows[0]));
		c->rows[c->n_rows++] = (struct vmta_row){ xstrdup(f[0]),
			xstrdup(f[1]) };
		*map_at(&c->numbers, key) = (void *)(uintptr_t)c->n_rows;
		free(key);
	}
	buf_clear(&text);
	return 0;
}

/* Under lock/vmtas: a row that nobody has, durable before it is used (P1). */
static int
vmtas_append(struct spool *s, const char *key, struct err *err)
{
	char line[NAME_VMTA + NAME_SOURCE + 4];
	int fd, rc = 0, n;

	n = snprintf(line, sizeof(line), "%s\n", key);
	fd = openat(s->fd, "control/vmtas",
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (fd < 0)
		return err_sys(err, "cannot open %s/control/vmtas", s->dir);
	/* a row that a crash cut has no newline and was never used: overwritten */
	if (ftruncate(fd, s->control.vmtas_read) < 0 ||
	    fd_pwrite_all(fd, line, (size_t)n, s->control.vmtas_read) < 0 ||
	    fdatasync(fd) < 0 || fd_sync_dir(s->fd, "control") < 0)
		rc = err_sys(err, "cannot write %s/control/vmtas", s->dir);
	close(fd);
	return rc;
}

int
vmtas_number(struct spool *s, const char *vmta, const char *source,
    uint32_t *out, struct err *err)
{
	char key[NAME_VMTA + NAME_SOURCE + 3];
	uintptr_t n;
	int lock, rc;

	if (strlen(vmta) > NAME_VMTA || strlen(source) > NAME_SOURCE ||
	    vmta[0] == '\0' || tsv_has_control(vmta) || tsv_has_control(source))
		return err_set(err, ERR_INPUT,
		    "virtual MTA \"%s\": not a name that the spool can hold",
		    vmta);
	snprintf(key, sizeof(key), "%s\t%s", vmta, source);
	n = (uintptr_t)map_get(&s->control.numbers, key);
	if (n == 0) {
		lock = spool_lock(s, "vmtas", true, err);
		if (lock < 0)
			return -1;
		rc = vmtas_read(s, err);
		n = (uintptr_t)map_get(&s->control.numbers, key);
		if (rc == 0 && n == 0) {
			rc = vmtas_append(s, key, err);
			if (rc == 0)
				rc = vmtas_read(s, err);
			n = (uintptr_t)map_get(&s->control.numbers, key);
		}
		close(lock);
		if (rc < 0)
			return -1;
		if (n == 0)
			return err_set(err, ERR_BUG,
			    "control/vmtas: the row just written is not there");
	}
	*out = (uint32_t)(n - 1);
	return 0;
}

const struct vmta_row *
vmtas_row(struct spool *s, uint32_t number)
{
	struct err err;

	if (number >= s->control.n_rows && vmtas_read(s, &err) < 0)
		log_warn("%s", err.msg);
	return number < s->control.n_rows ? &s->control.rows[number] : NULL;
}

void
control_free(struct spool *s)
{
	struct control_state *c = &s->control;

	for (size_t i = 0; i < c->n_rows; i++) {
		free((char *)(uintptr_t)c->rows[i].vmta);
		free((char *)(uintptr_t)c->rows[i].source);
	}
	free(c->rows);
	map_clear(&c->numbers, NULL);
	for (size_t i = 0; i < c->n_pauses; i++) {
		free(c->pauses[i].pattern);
		free(c->pauses[i].reason);
	}
	free(c->pauses);
	map_clear(&c->queues, free);
	if (c->generation != NULL)
		munmap(c->generation, 8);
}

/* --- the clock pair (P12): wall seconds, boot milliseconds, boot id --- */

enum {
	JUMP_S = 3600,			/* against the boot clock */
	JUMP_BOOT_S = 7 * 86400,	/* where the boot is another one */
};

static int
clock_write(struct spool *s, struct err *err)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "%lld %lld %s\n",
	    (long long)clock_wall_s(&s->clock),
	    (long long)clock_boot_ms(&s->clock), s->boot_id);

	if (fd_replace_file(s->fd, "tmp", "control/clock", "control", text,
		(size_t)n) < 0)
		return err_sys(err, "cannot write %s/control/clock", s->dir);
	return 0;
}

/* Returns: 1 sane, 0 jumped, -1 nothing known. */
static int
clock_compare(struct spool *s, long long *jump)
{
	struct buf text = BUF_INIT(65536);
	long long wall, boot;
	char id[BOOT_ID + 1];
	int rc = -1;

	if (fd_read_file(s->fd, "control/clock", 256, &text) == 0 &&
	    sscanf(text.data, "%lld %lld %36s", &wall, &boot, id) == 3) {
		bool same = strcmp(id, s->boot_id) == 0;
		long long passed = same ?
		    (clock_boot_ms(&s->clock) - boot) / 1000 : 0;

		*jump = clock_wall_s(&s->clock) - wall - passed;
		if (same)
			rc = *jump <= JUMP_S && *jump >= -JUMP_S;
		else
			rc = *jump <= JUMP_BOOT_S && *jump >= -JUMP_S;
	}
	buf_clear(&text);
	return rc;
}

bool
clock_is_sane(struct spool *s)
{
	long long jump = 0;
	struct err err;
	int rc;

	if (s->control.clock_sane >= 0)
		return s->control.clock_sane;
	rc = clock_compare(s, &jump);
	if (rc != 0 && !(s->flags & SPOOL_READONLY) && clock_write(s, &err) < 0)
		log_warn("%s", err.msg);
	if (rc == 0)
		log_warn("the clock has jumped by %lld seconds since the spool "
		    "was last used: nothing expires until \"vmta-queue "
		    "accept-clock\"", jump);
	s->control.clock_sane = rc != 0;
	return rc != 0;
}

int
clock_accept(struct spool *s, struct err *err)
{
	s->control.clock_sane = -1;
	return clock_write(s, err);
}

/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <unistd.h>

#include "acct/target.h"
#include "base/clock.h"

static int64_t
boot_ms(void)
{
	static const struct clock system_clock = CLOCK_SYSTEM;

	return clock_boot_ms(&system_clock);
}

void
target_init(struct target *t, const struct target_ops *ops, struct spool *s,
    const char *key)
{
	t->ops = ops;
	t->spool = s;
	strlcpy(t->key, key, sizeof(t->key));
	t->state = TARGET_WAITING;
	t->lock = -1;
	t->committed_ms = boot_ms();
}

/* Back to what is on disk, with no lock. */
static void
drop(struct target *t)
{
	t->ops->reset(t);
	checkpoint_clear(&t->cp);
	checkpoint_clear(&t->ahead);
	t->taken = 0;
	t->crowded = false;
	if (t->lock >= 0)
		close(t->lock);
	t->lock = -1;
}

void
target_free(struct target *t)
{
	if (t == NULL)
		return;
	drop(t);
	t->ops->free(t);
}

void
target_fail(struct target *t, const struct err *why)
{
	t->err = *why;
	drop(t);
	t->state = TARGET_FAILED;
	t->failed_ms = boot_ms();
}

enum target_state
target_open(struct target *t)
{
	struct err err = { 0 };
	int fd;

	if (t->state == TARGET_READY)
		return t->state;
	fd = checkpoint_lock(t->spool, t->key, &err);
	if (fd == -2) {
		t->state = TARGET_WAITING;
		return t->state;
	}
	t->lock = fd;
	if (fd < 0 || checkpoint_read(t->spool, t->key, &t->cp, &err) < 0 ||
	    t->ops->restore(t, &err) < 0) {
		target_fail(t, &err);
		return t->state;
	}
	t->state = TARGET_READY;
	return t->state;
}

off_t
target_position(const struct target *t, uint64_t journal)
{
	off_t pos = checkpoint_get(&t->ahead, journal);

	return pos >= 0 ? pos : checkpoint_get(&t->cp, journal);
}

void
target_advance(struct target *t, uint64_t journal, off_t pos)
{
	if (pos > target_position(t, journal))
		checkpoint_set(&t->ahead, journal, pos);
}

int
target_commit(struct target *t)
{
	struct err err = { 0 };

	if (t->ops->write(t, &err) < 0) {
		target_fail(t, &err);
		return -1;
	}
	t->committed_ms = boot_ms();
	if (t->ahead.n_pos > 0) {
		for (size_t i = 0; i < t->ahead.n_pos; i++)
			checkpoint_set(&t->cp, t->ahead.pos[i].journal,
			    t->ahead.pos[i].pos);
		if (checkpoint_write(t->spool, t->key, &t->cp, &err) < 0) {
			target_fail(t, &err);
			return -1;
		}
		checkpoint_clear(&t->ahead);
	}
	t->written += t->taken;
	t->taken = 0;
	t->crowded = false;
	return 0;
}

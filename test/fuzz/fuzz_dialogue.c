/* SPDX-License-Identifier: ISC */
/*
 * Any server, any owner: the input is a list of steps.  A step is a byte
 * that says what happens and, for bytes of the server, how many of the next
 * ones it takes. The invariants of lib/smtp/dialogue_step.c are checked
 * from outside.
 *
 *     clang -D_GNU_SOURCE -Ilib -g -O1 -fsanitize=fuzzer,address,undefined \
 *         test/fuzz/fuzz_dialogue.c lib/smtp/dialogue*.c lib/smtp/ehlo.c \
 *         lib/reply/[a-z]*.c lib/base/num.c lib/base/xalloc.c
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/dialogue.h"

enum { MESSAGES = 32, BOUND = 100000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
	struct dialogue *d;
	unsigned given;
	unsigned results[MESSAGES];	/* results of each message */
	unsigned in_doubt, queue_failed;
	int ids[MESSAGES];
	char last[3];		/* the last bytes written */
};

/* What the server may answer, for those who can't spell. */
static const char *const replies[] = {
	"220 hi\r\n", "250-mx\r\n250-PIPELINING\r\n250 SIZE 50\r\n",
	"250 ok\r\n", "354 go\r\n", "450 4.2.1 later\r\n",
	"550 5.1.1 no\r\n", "421 bye\r\n", "250-a\r\n",
};

static void
give(struct fuzz *f, unsigned kind)
{
	static const char *const texts[] = { "a\r\n", ".\r\n.\r\n..\r\n", "",
		"no end", "x\r\n.\r\nMAIL FROM:<>\r\n", "\xff\xff\r\n",
		"123456789012345678901234567890123456789012345678901\r\n" };
	struct dialogue_message m = { .sender = kind & 8 ? "" : "s@a",
		.rcpt = kind & 16 ? "b@x>\r\nDATA" : "b@x", .has_dots = true,
		.has_8bit = (kind & 32) != 0 };

	if (!dialogue_wants_message(f->d) || f->given == MESSAGES)
		return;
	m.text = texts[(kind & 7) % 7];
	m.text_len = strlen(m.text);
	f->ids[f->given] = (int)f->given;
	m.user = &f->ids[f->given++];
	dialogue_message(f->d, &m);
}

static void
take_results(struct fuzz *f)
{
	struct dialogue_result r;

	while (dialogue_result(f->d, &r)) {
		assert(f->results[*(int *)r.user]++ == 0);	/* I4 */
		assert(strlen(r.reply.text) <= REPLY_TEXT_MAX);
		assert(r.outcome != DIALOGUE_DELIVERED || (!r.local &&
		    r.at == DIALOGUE_DOT && r.reply.code / 100 == 2 &&
		    r.counted));				/* I5 */
		assert(!r.doubt || (r.outcome == DIALOGUE_QUEUE_FAILED &&
		    r.at == DIALOGUE_DOT));			/* I6 */
		assert(r.local == (r.reply.code == 0));
		f->in_doubt += r.doubt;
		f->queue_failed += r.outcome == DIALOGUE_QUEUE_FAILED;
	}
	assert(f->in_doubt <= 1 && f->queue_failed <= 1);
}

static void
take_output(struct fuzz *f, size_t max)
{
	struct iovec iov[2];
	size_t total = 0;
	size_t n = dialogue_output(f->d, iov, 2);

	assert(n == 0 || !dialogue_done(f->d));			/* I9 */
	for (size_t i = 0; i < n; i++) {
		const char *s = iov[i].iov_base;

		assert(iov[i].iov_len > 0);
		for (size_t k = 0; k < iov[i].iov_len && total < max; k++) {
			memmove(f->last, f->last + 1, 2);
			f->last[2] = s[k];
			total++;
		}
	}
	if (total > 0)
		dialogue_sent(f->d, total);
	/* After the commands an answer is awaited, after text too. */
	if (dialogue_phase(f->d) == DIALOGUE_DOT)
		assert(f->last[2] == '\n' || dialogue_output(f->d, iov, 2) > 0);
}

static size_t
step(struct fuzz *f, const uint8_t *data, size_t size)
{
	unsigned arg = data[0] >> 3;
	size_t n = 0;

	switch (data[0] & 7) {
	case 0:
		n = arg < size - 1 ? arg : size - 1;
		dialogue_input(f->d, data + 1, n);
		break;
	case 1:
	case 2:
		n = strlen(replies[arg & 7]);
		dialogue_input(f->d, replies[arg & 7], n);
		n = 0;
		break;
	case 3:
		take_output(f, arg == 31 ? BOUND : arg);
		break;
	case 4:
		take_output(f, BOUND);
		break;
	case 5:
		n = size > 1;
		give(f, n ? data[1] : 0);
		break;
	case 6:
		take_results(f);
		break;
	default:
		if (arg == 0)
			dialogue_timeout(f->d);
		else if (arg == 1)
			dialogue_lost(f->d, "lost");
		else if (arg == 2)
			dialogue_quit(f->d);
	}
	return n + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dialogue_options o = { .helo = "me", .eightbit_mime = true };
	struct fuzz f = { .given = 0 };

	if (size == 0)
		return 0;
	o.pipelining = data[0] & 1;
	o.lmtp = data[0] & 2;
	f.d = dialogue_new(&o);
	for (size_t at = 1; at < size;) {
		at += step(&f, data + at, size - at);
		assert(dialogue_phase(f.d) < DIALOGUE_PHASES);
		assert(dialogue_under_way(f.d) <= 2);
		assert(!dialogue_done(f.d) || !dialogue_wants_message(f.d));
	}
	dialogue_lost(f.d, "the end");
	assert(dialogue_done(f.d));
	take_results(&f);
	for (unsigned i = 0; i < f.given; i++)
		assert(f.results[i] == 1);			/* I4 */
	assert(dialogue_under_way(f.d) == 0);
	dialogue_free(f.d);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * Any bytes as a configuration: reading and all the rules of the checker must
 * end, and what is printed of a right one must be right, and print the same.
 *
 *     clang -D_GNU_SOURCE -Ilib -g -O1 -fsanitize=fuzzer,address,undefined \
 *         test/fuzz/fuzz_conf.c lib/conf/[a-z]*.c lib/base/[a-z]*.c \
 *         -lcrypto -lpcre2-8 -ljansson -lbsd
 *     ./a.out -dict=test/fuzz/conf.dict -max_len=4096 CORPUS test/fuzz/conf
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/lint.h"
#include "conf/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Print, read that, print again: both times the same. */
static void
print_twice(struct conf *c)
{
	struct buf once = BUF_INIT(0), twice = BUF_INIT(0);
	struct diags ds = DIAGS_INIT;
	struct conf *again = NULL;
	struct err err;

	conf_print(c, &once);
	assert(conf_load_text("again", once.data, once.len, &ds, &again,
		   &err) == 0);
	conf_print(again, &twice);
	assert(once.len == twice.len &&
	    memcmp(once.data, twice.data, once.len) == 0);
	conf_free(again);
	diags_clear(&ds);
	buf_clear(&once);
	buf_clear(&twice);
}

static void
ask(struct conf *c)
{
	static const char *const domains[] = { "gmail.com", "a.b.example",
		"$m", "[192.0.2.1]", "*" };
	size_t n;
	const struct conf_vmta *const *list = conf_vmtas(c, &n);

	for (size_t i = 0; i < n && i < 8; i++)
		for (size_t k = 0; k < 5; k++) {
			struct conf_queue *q =
			    conf_queue(c, domains[k], list[i]);
			struct conf_fact *facts = NULL;

			assert(q != NULL && q->n_retry_after > 0);
			conf_explain(c, q, &facts);
			free(facts);
		}
}

/* As programs read it, NUL bytes and all. */
static void
load(const char *text, size_t size)
{
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err;
	int rc = conf_load_text("fuzz", text, size, &ds, &c, &err);

	assert((rc == 0) == (ds.errors == 0) && (rc == 0) == (c != NULL));
	if (c != NULL)
		print_twice(c);
	conf_free(c);
	diags_clear(&ds);
}

/* With all that the checker looks for. */
static void
check(const char *text)
{
	const struct conf_options o = { .root = NULL };
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err;
	int rc = conf_check_text("fuzz", text, &o, &ds, &c, &err);

	assert((rc == 0) == (ds.errors == 0) && (rc == 0) == (c != NULL));
	if (c != NULL)
		ask(c);
	conf_free(c);
	diags_clear(&ds);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (text == NULL)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	/* files of this machine are none of its business */
	if (strcasestr(text, "include") == NULL) {
		if (size % 2 == 0)
			load(text, size);
		else
			check(text);
	}
	free(text);
	return 0;
}

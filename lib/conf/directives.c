/* SPDX-License-Identifier: ISC */
/* The tables themselves, from sections.def and directives.def, and look-ups. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/directives.h"

/* Sets of sections, as the two .def files name them. */
#define BIT(id) (1u << CONF_SEC_##id)
#define IN_NOWHERE 0u
#define IN_ANYWHERE (~0u)
#define IN_GLOBAL BIT(GLOBAL)
#define IN_VMTA BIT(VMTA)
#define IN_POOL BIT(POOL)
#define IN_VMTAS (BIT(VMTA) | BIT(POOL))
#define IN_GLOBAL_VMTA (BIT(GLOBAL) | BIT(VMTA))
#define IN_GLOBAL_VMTAS (BIT(GLOBAL) | BIT(VMTA) | BIT(POOL))
#define IN_KEY_PLACES (IN_GLOBAL_VMTAS | BIT(KEYS))
#define IN_DOMAIN BIT(DOMAIN)
#define IN_QUEUE (BIT(DOMAIN) | BIT(VMTA) | BIT(POOL))
#define IN_DOMAIN_PARENTS (BIT(GLOBAL) | BIT(VMTA) | BIT(POOL))
#define IN_ACCT BIT(ACCT)
#define IN_SPOOL BIT(SPOOL)
#define IN_WARMUP BIT(WARMUP)
#define IN_WARMUPS (BIT(WARMUP) | BIT(WARMUP_DOMAIN))
#define IN_REPLIES BIT(REPLIES)
#define IN_CATEGORIES BIT(CATEGORIES)
#define IN_ROLLUP BIT(ROLLUP)
#define IN_SOURCE BIT(SOURCE)
#define IN_SOURCE_GLOBAL (BIT(SOURCE) | BIT(GLOBAL))
#define IN_SOURCE_VMTAS (BIT(SOURCE) | BIT(VMTA) | BIT(POOL))
#define IN_USER BIT(USER)
#define IN_LISTENER BIT(LISTENER)
#define IN_LISTENERS (BIT(LISTENER) | BIT(API_LISTENER))
#define IN_USER_LISTENER (BIT(USER) | BIT(LISTENER))
#define IN_PATTERNS BIT(PATTERNS)
#define IN_PATTERN_PARENTS (BIT(GLOBAL) | BIT(PATTERNS))
#define IN_REWRITE BIT(REWRITE)
#define IN_GLOBAL_ALIASES (BIT(GLOBAL) | BIT(ALIASES))
#define IN_PROCESSORS (BIT(BOUNCES) | BIT(COMPLAINTS))
#define IN_ADDRESSES BIT(ADDRESSES)
#define IN_ADDRESS_PARENTS (BIT(GLOBAL) | BIT(BOUNCES) | BIT(COMPLAINTS))
#define IN_EMAILS BIT(EMAILS)
#define IN_SOURCE_GROUP BIT(SOURCE_GROUP)
#define IN_DNS BIT(DNS)
#define IN_API BIT(API)
#define IN_API_LISTENER BIT(API_LISTENER)
#define IN_PROXY BIT(PROXY)
#define IN_VAULT BIT(VAULT)
#define IN_SIGNALS BIT(SIGNALS)
#define IN_SIGNALS_FILTER BIT(SIGNALS_FILTER)
#define IN_LOGGED (BIT(SOURCE) | BIT(DOMAIN) | BIT(API))

static const struct conf_section_row sections[CONF_SECTIONS] = {
#define CONF_LINES_PLAIN false
#define CONF_LINES_PATTERNS true
#define CONF_SECTION(id, tag_, parents_, argument_, lines_, effect_, doc_)     \
	[CONF_SEC_##id] = { .tag = tag_, .parents = IN_##parents_,             \
	    .argument = CONF_ARG_##argument_,                                  \
	    .patterns = CONF_LINES_##lines_, .effect = CONF_##effect_,         \
	    .doc = doc_ },
#include "conf/sections.def"
#undef CONF_SECTION
};

#define FILLS(what, type, member)                                              \
	CONF_FILL_##what, offsetof(struct type, member),                       \
	    sizeof(((struct type *)0)->member)
#define FIELD_NONE CONF_FILL_NONE, 0, 0
#define FIELD_Q(member) FILLS(QUEUE, conf_queue, member)
#define FIELD_G(member) FILLS(GLOBAL, conf_global, member)
#define FIELD_V(member) FILLS(VMTA, conf_vmta, member)
#define FIELD_A(member) FILLS(ACCT, conf_acct, member)

static const struct conf_directive directives[CONF_DIRECTIVES] = {
#define CONF_DIRECTIVE(id_, name_, aliases_, sections_, type_, range_, dflt_,  \
    effect_, field_, doc_)                                                     \
	[CONF_DIR_##id_] = { CONF_DIR_##id_, name_, aliases_, IN_##sections_,  \
	    CONF_T_##type_, range_, dflt_, CONF_##effect_, FIELD_##field_,     \
	    doc_ },
#include "conf/directives.def"
#undef CONF_DIRECTIVE
};

const struct conf_directive *
conf_directive(enum conf_dir id)
{
	return &directives[id];
}

const struct conf_section_row *
conf_section(enum conf_section id)
{
	return &sections[id];
}

enum conf_section
conf_section_find(const char *tag, enum conf_section parent, bool *any)
{
	enum conf_section found = CONF_SECTIONS;

	*any = false;
	for (unsigned i = 1; i < CONF_SECTIONS; i++) {
		if (strcasecmp(sections[i].tag, tag) != 0)
			continue;
		*any = true;
		if ((sections[i].parents >> parent & 1) != 0)
			found = (enum conf_section)i;
	}
	return found;
}

/* Does a row answer to a name (lower case)? */
static bool
is_called(const struct conf_directive *row, const char *name)
{
	size_t n = strlen(name);

	if (strcmp(row->name, name) == 0)
		return true;
	for (const char *s = row->aliases; *s != '\0';) {
		size_t len = strcspn(s, ",");

		if (len == n && memcmp(s, name, n) == 0)
			return true;
		s += len + (s[len] == ',');
	}
	return false;
}

void
conf_index_init(struct conf_index *ix)
{
	*ix = (struct conf_index){ .names = MAP_INIT };
	for (size_t i = 0; i < CONF_DIRECTIVES; i++) {
		void **at = map_at(&ix->names, directives[i].name);

		ix->next[i] = *at;
		*at = (void *)(uintptr_t)&directives[i];
	}
	/* An alias leads to all the rows of the name that it stands for. */
	for (size_t i = 0; i < CONF_DIRECTIVES; i++)
		for (const char *s = directives[i].aliases; *s != '\0';) {
			char key[64];
			size_t n = strcspn(s, ",");

			snprintf(key, sizeof(key), "%.*s", (int)n, s);
			*map_at(&ix->names, key) =
			    map_get(&ix->names, directives[i].name);
			s += n + (s[n] == ',');
		}
}

void
conf_index_clear(struct conf_index *ix)
{
	map_clear(&ix->names, NULL);
}

const struct conf_directive *
conf_index_find(const struct conf_index *ix, const char *name,
    enum conf_section in, const struct conf_directive **elsewhere)
{
	char key[64];
	const struct conf_directive *row;
	size_t n = strlcpy(key, name, sizeof(key));

	*elsewhere = NULL;
	if (n >= sizeof(key))
		return NULL;
	for (char *s = key; *s != '\0'; s++)
		*s = (char)tolower((unsigned char)*s);
	for (row = map_get(&ix->names, key); row != NULL;
	    row = ix->next[row->id]) {
		if (!is_called(row, key))
			continue;
		if ((row->sections >> in & 1) != 0)
			return row;
		if (*elsewhere == NULL)
			*elsewhere = row;
	}
	return NULL;
}

size_t
conf_distance(const char *a, const char *b, size_t max)
{
	enum { LONGEST = 63 };
	size_t la = strlen(a), lb = strlen(b);
	size_t row[3][LONGEST + 1];

	if (la > LONGEST || lb > LONGEST || la > lb + max || lb > la + max)
		return max + 1;
	for (size_t j = 0; j <= lb; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *now = row[i % 3], *one = row[(i + 2) % 3];
		size_t *two = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			int x = tolower((unsigned char)a[i - 1]);
			int y = tolower((unsigned char)b[j - 1]);
			size_t d = one[j - 1] + (x != y);

			if (one[j] + 1 < d)
				d = one[j] + 1;
			if (now[j - 1] + 1 < d)
				d = now[j - 1] + 1;
			/* two neighbours changed places */
			if (i > 1 && j > 1 && two[j - 2] + 1 < d &&
			    x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]))
				d = two[j - 2] + 1;
			now[j] = d;
		}
	}
	return row[la % 3][lb] <= max ? row[la % 3][lb] : max + 1;
}

/* How far a name may be off and still be meant: a third of it, at most 4. */
static size_t
tolerance(const char *name)
{
	size_t n = strlen(name) / 3;

	return n > 4 ? 4 : n;
}

const char *
conf_suggest(const char *name, enum conf_section in)
{
	size_t best = tolerance(name) + 1;
	const char *found = NULL;

	for (int here = 1; here >= 0 && found == NULL; here--)
		for (size_t i = 0; i < CONF_DIRECTIVES; i++) {
			const struct conf_directive *d = &directives[i];
			size_t n;

			if ((d->sections >> in & 1) != (unsigned)here ||
			    strchr(d->name, '/') != NULL)
				continue;
			n = conf_distance(name, d->name, best - 1);
			if (n < best) {
				best = n;
				found = d->name;
			}
		}
	return found;
}

const char *
conf_suggest_tag(const char *tag)
{
	size_t best = tolerance(tag) + 1;
	const char *found = NULL;

	for (unsigned i = 1; i < CONF_SECTIONS; i++) {
		size_t n = conf_distance(tag, sections[i].tag, best - 1);

		if (n < best) {
			best = n;
			found = sections[i].tag;
		}
	}
	return found;
}

void
conf_sections_text(uint32_t set, char *to, size_t size)
{
	*to = '\0';
	if (set == IN_ANYWHERE) {
		strlcat(to, "any section", size);
		return;
	}
	for (unsigned i = 0; i < CONF_SECTIONS; i++) {
		if ((set >> i & 1) == 0 || i == CONF_SEC_WARMUP_DOMAIN)
			continue;
		if (*to != '\0')
			strlcat(to, ", ", size);
		if (i == CONF_SEC_GLOBAL) {
			strlcat(to, "top level", size);
			continue;
		}
		strlcat(to, "<", size);
		strlcat(to, sections[i].tag, size);
		strlcat(to, ">", size);
	}
}

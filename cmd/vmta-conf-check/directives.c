/* SPDX-License-Identifier: ISC */
/* --directives [SECTION]: the language, from its table. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "base/table.h"
#include "cmds.h"
#include "conf/directives.h"
#include "conf/value.h"

/* The sections of a tag ("domain", "<domain>", "global"), as bits; 0: none. */
static uint32_t
sections_of(const char *tag)
{
	uint32_t set = 0;
	size_t n;

	if (strcasecmp(tag, "global") == 0)
		return 1u << CONF_SEC_GLOBAL;
	tag += *tag == '<';
	n = strcspn(tag, ">");
	for (unsigned i = 1; i < CONF_SECTIONS; i++) {
		const char *name = conf_section((enum conf_section)i)->tag;

		if (strlen(name) == n && strncasecmp(name, tag, n) == 0)
			set |= 1u << i;
	}
	return set;
}

int
cmd_directives(const struct options *o, const char *section)
{
	static const char *const cols[] = { "directive", "aliases", "sections",
		"value", "range", "default", "effect", "meaning", "instead" };
	static const char *const effects[] = { "acts", "later", "never" };
	uint32_t set = section != NULL ? sections_of(section) : ~0u;
	struct table *t;

	if (set == 0)
		return cli_usage(SYNOPSIS, "%s: no such section", section);
	t = table_new(stdout, cols, 9, o->cli.format, o->cli.header);
	for (int i = 0; i < CONF_DIRECTIVES; i++) {
		const struct conf_directive *d =
		    conf_directive((enum conf_dir)i);
		char where[512];

		if ((d->sections & set) == 0)
			continue;
		conf_sections_text(d->sections, where, sizeof(where));
		table_row(t, (const char *const[]){ d->name, d->aliases, where,
		    value_syntax(d), d->range, d->dflt, effects[d->effect],
		    d->doc, conf_instead(d->id) });
	}
	table_end(t);
	return EX_OK;
}

/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "smtp/ehlo.h"

static const struct {
	const char *name;
	enum ehlo_extension bit;
} extensions[] = {
	{ "8BITMIME", EHLO_8BITMIME },
	{ "AUTH", EHLO_AUTH },
	{ "BINARYMIME", EHLO_BINARYMIME },
	{ "CHUNKING", EHLO_CHUNKING },
	{ "DELIVERBY", EHLO_DELIVERBY },
	{ "DSN", EHLO_DSN },
	{ "ENHANCEDSTATUSCODES", EHLO_ENHANCEDSTATUSCODES },
	{ "LIMITS", EHLO_LIMITS },
	{ "PIPELINING", EHLO_PIPELINING },
	{ "REQUIRETLS", EHLO_REQUIRETLS },
	{ "SIZE", EHLO_SIZE },
	{ "SMTPUTF8", EHLO_SMTPUTF8 },
	{ "STARTTLS", EHLO_STARTTLS },
};

enum { N_EXTENSIONS = sizeof(extensions) / sizeof(extensions[0]) };

/* The length of the word at the start of s. */
static size_t
word_length(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (unsigned char)s[i] > ' ')
		i++;
	return i;
}

void
ehlo_line(struct ehlo *e, const char *line, size_t n)
{
	size_t word = word_length(line, n);
	uint64_t size;

	for (size_t i = 0; i < N_EXTENSIONS; i++) {
		if (strlen(extensions[i].name) != word ||
		    strncasecmp(extensions[i].name, line, word) != 0)
			continue;
		e->offered |= extensions[i].bit;
		if (extensions[i].bit != EHLO_SIZE)
			return;
		while (word < n && line[word] == ' ')
			word++;
		line += word;
		n -= word;
		if (num_parse_n(line, word_length(line, n), &size) != 0)
			size = 0;
		e->size = size;
		return;
	}
}

void
ehlo_list(const struct ehlo *e, char to[EHLO_LIST_SIZE])
{
	size_t len = 0;
	size_t n;

	for (size_t i = 0; i < N_EXTENSIONS; i++) {
		if ((e->offered & extensions[i].bit) == 0)
			continue;
		if (len > 0)
			to[len++] = ',';
		n = strlen(extensions[i].name);
		memcpy(to + len, extensions[i].name, n);
		len += n;
	}
	if (len == 0)
		to[len++] = '-';
	to[len] = '\0';
}

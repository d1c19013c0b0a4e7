/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <string.h>

#include "mail/address.h"

/* Bytes of an atom (RFC 5322 3.2.3); nothing of the locale gets in here. */
static int
is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

static int
is_atext(unsigned char c)
{
	return is_alnum(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static const char *
check_bytes(const char *s, size_t n)
{
	if (n == 0)
		return "the address is empty";
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 32 || c == 127)
			return "control character in the address";
		if (c > 127)
			return "the address is not ASCII";
	}
	return NULL;
}

/* Quoted-string (RFC 5321 4.1.2); n is the length with both quotes. */
static const char *
check_quoted(const char *s, size_t n)
{
	size_t i = 1;

	while (i < n && s[i] != '"')
		i += s[i] == '\\' ? 2 : 1;
	if (n < 3 || i != n - 1)
		return "bad quoted local part";
	return NULL;
}

static const char *
check_local(const char *s, size_t n)
{
	if (n == 0)
		return "nothing before the @";
	if (n > ADDRESS_LOCAL)
		return "local part longer than 64 bytes";
	if (s[0] == '"')
		return check_quoted(s, n);
	for (size_t i = 0; i < n; i++) {
		if (is_atext((unsigned char)s[i]))
			continue;
		if (s[i] != '.')
			return "character not allowed in a local part";
		if (i == 0 || i == n - 1 || s[i - 1] == '.')
			return "misplaced dot in the local part (quote it)";
	}
	return NULL;
}

/* [192.0.2.1] or [IPv6:2001:db8::1] */
static const char *
check_literal(const char *s, size_t n)
{
	static const char v6[] = "IPv6:";
	unsigned char to[sizeof(struct in6_addr)];
	char text[INET6_ADDRSTRLEN];
	int family = AF_INET;

	if (s[n - 1] != ']')
		return "address literal without a ]";
	s++;
	n -= 2;
	if (n >= sizeof(v6) - 1 && strncasecmp(s, v6, sizeof(v6) - 1) == 0) {
		family = AF_INET6;
		s += sizeof(v6) - 1;
		n -= sizeof(v6) - 1;
	}
	if (n == 0 || n >= sizeof(text))
		return "bad address literal";
	memcpy(text, s, n);
	text[n] = '\0';
	return inet_pton(family, text, to) == 1 ? NULL : "bad address literal";
}

static const char *
check_label(const char *s, size_t n)
{
	if (n == 0)
		return "empty label in the domain";
	if (n > 63)
		return "label of the domain longer than 63 bytes";
	if (s[0] == '-' || s[n - 1] == '-')
		return "hyphen at the edge of a label of the domain";
	for (size_t i = 0; i < n; i++)
		if (!is_alnum((unsigned char)s[i]) && s[i] != '-' &&
		    s[i] != '_')
			return "character not allowed in a domain";
	return NULL;
}

static const char *
check_domain(const char *s, size_t n)
{
	const char *end = s + n, *dot, *why;

	if (n == 0)
		return "nothing after the @";
	if (n > ADDRESS_DOMAIN)
		return "domain longer than 253 bytes";
	if (s[0] == '[')
		return check_literal(s, n);
	for (;;) {
		dot = memchr(s, '.', (size_t)(end - s));
		if ((why = check_label(s, (size_t)((dot != NULL ? dot : end) -
			 s))) != NULL)
			return why;
		if (dot == NULL)
			break;
		s = dot + 1;
	}
	/* no top-level domain is a number (RFC 3696 2): this is an address */
	while (s < end && *s >= '0' && *s <= '9')
		s++;
	return s < end ? NULL : "a number is no domain (write [192.0.2.1])";
}

/* The @ between the parts: the first one outside quotes. */
static const char *
find_at(const char *s, size_t n, size_t *at)
{
	size_t i = 0;

	if (s[0] == '@')
		return "source routes are not supported";
	if (s[0] == '"')
		for (i = 1; i < n && s[i] != '"'; i++)
			if (s[i] == '\\')
				i++;
	while (i < n && s[i] != '@')
		i++;
	if (i >= n)
		return "the address has no @domain";
	*at = i;
	return NULL;
}

const char *
address_parse(const char *s, size_t n, struct address *out)
{
	const char *why;
	size_t at = 0;

	if (n > 0 && (s[0] == '<' || s[n - 1] == '>')) {
		if (n < 2 || s[0] != '<' || s[n - 1] != '>')
			return "unbalanced < or > around the address";
		s++;
		n -= 2;
	}
	if (n > ADDRESS_MAX)
		return "address longer than 254 bytes";
	if ((why = check_bytes(s, n)) != NULL ||
	    (why = find_at(s, n, &at)) != NULL ||
	    (why = check_local(s, at)) != NULL ||
	    (why = check_domain(s + at + 1, n - at - 1)) != NULL)
		return why;
	memcpy(out->text, s, n);
	out->text[n] = '\0';
	out->len = n;
	out->domain = at + 1;
	for (size_t i = at + 1; i < n; i++)
		if (out->text[i] >= 'A' && out->text[i] <= 'Z')
			out->text[i] = (char)(out->text[i] + ('a' - 'A'));
	return NULL;
}

const char *
address_parse_sender(const char *s, size_t n, struct address *out)
{
	if (n != 0 && (n != 2 || s[0] != '<' || s[1] != '>'))
		return address_parse(s, n, out);
	memcpy(out->text, "<>", 3);
	out->len = 2;
	out->domain = 2;
	return NULL;
}

const char *
address_domain(const struct address *a)
{
	return a->text + a->domain;
}

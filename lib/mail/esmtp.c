/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "mail/esmtp.h"
#include "mail/xtext.h"

/* A run of bytes in the command line. */
struct piece {
	const char *s;
	size_t n;
};

static bool
is_word(struct piece p, const char *word)
{
	return p.n == strlen(word) && strncasecmp(p.s, word, p.n) == 0;
}

static void
skip_blanks(struct piece *p)
{
	while (p->n > 0 && (p->s[0] == ' ' || p->s[0] == '\t')) {
		p->s++;
		p->n--;
	}
}

/*
 * Cut the path off: up to the > that closes it, or the next blank where there is
 * no <.  What stands in quotes ends neither.
 */
static struct piece
take_path(struct piece *rest)
{
	struct piece path;
	bool angle, quoted = false;
	size_t i = 0;

	skip_blanks(rest);
	angle = rest->n > 0 && rest->s[0] == '<';
	for (; i < rest->n; i++) {
		char c = rest->s[i];

		if (quoted && c == '\\') {
			i++;
		} else if (c == '"') {
			quoted = !quoted;
		} else if (!quoted && (angle ? c == '>' : c == ' ')) {
			i += angle;
			break;
		}
	}
	if (i > rest->n)
		i = rest->n;
	path = (struct piece){ rest->s, i };
	rest->s += i;
	rest->n -= i;
	return path;
}

/* Cut the next KEYWORD or KEYWORD=VALUE off.  Returns false at the end. */
static bool
take_param(struct piece *rest, struct piece *key, struct piece *value)
{
	size_t n = 0;
	const char *eq;

	skip_blanks(rest);
	if (rest->n == 0)
		return false;
	while (n < rest->n && rest->s[n] != ' ' && rest->s[n] != '\t')
		n++;
	eq = memchr(rest->s, '=', n);
	*key = (struct piece){ rest->s,
		eq != NULL ? (size_t)(eq - rest->s) : n };
	*value = (struct piece){ NULL, 0 };
	if (eq != NULL)
		*value = (struct piece){ eq + 1, n - key->n - 1 };
	rest->s += n;
	rest->n -= n;
	return true;
}

static const char *
mail_param(struct piece key, struct piece value, struct esmtp_mail *out)
{
	if (is_word(key, "SIZE")) {
		if (value.n == 0 || value.n > 18 ||
		    num_parse_n(value.s, value.n, &out->size) != 0)
			return "bad SIZE parameter";
	} else if (is_word(key, "BODY")) {
		if (!is_word(value, "7BIT") && !is_word(value, "8BITMIME"))
			return "bad BODY parameter (7BIT or 8BITMIME)";
	} else if (is_word(key, "RET")) {
		if (!is_word(value, "FULL") && !is_word(value, "HDRS"))
			return "bad RET parameter (FULL or HDRS)";
		memcpy(out->ret, is_word(value, "FULL") ? "FULL" : "HDRS", 5);
	} else if (is_word(key, "ENVID")) {
		if (value.n == 0 ||
		    xtext_decode(value.s, value.n, out->envid,
			sizeof(out->envid)) != 0)
			return "bad ENVID parameter";
	} else if (!is_word(key, "AUTH")) {
		/* AUTH= says nothing to us (RFC 4954 5) */
		return "unknown parameter of MAIL";
	}
	return NULL;
}

const char *
esmtp_mail(const char *s, size_t n, struct esmtp_mail *out)
{
	struct piece rest = { s, n }, path, key, value;
	const char *why;

	*out = (struct esmtp_mail){ 0 };
	path = take_path(&rest);
	if (path.n == 0)
		return "the sender is missing (<> is the null sender)";
	if ((why = address_parse_sender(path.s, path.n, &out->sender)) != NULL)
		return why;
	if (rest.n > 0 && rest.s[0] != ' ' && rest.s[0] != '\t')
		return "something is written right after the sender";
	while (take_param(&rest, &key, &value))
		if ((why = mail_param(key, value, out)) != NULL)
			return why;
	return NULL;
}

/* NEVER alone, or any of the others (RFC 3461 4.1), in one spelling. */
static const char *
notify_param(struct piece v, struct esmtp_rcpt *out)
{
	static const char *const words[] = { "SUCCESS", "FAILURE", "DELAY" };
	static const char bad[] = "bad NOTIFY parameter";
	bool have[3] = { false };
	size_t len = 0;

	if (is_word(v, "NEVER")) {
		memcpy(out->notify, "NEVER", 6);
		return NULL;
	}
	for (;;) {
		const char *comma = v.n > 0 ? memchr(v.s, ',', v.n) : NULL;
		struct piece w = { v.s,
			comma != NULL ? (size_t)(comma - v.s) : v.n };
		size_t i = 0;

		while (i < 3 && !is_word(w, words[i]))
			i++;
		if (i == 3)
			return bad;
		have[i] = true;
		if (comma == NULL)
			break;
		v.s += w.n + 1;
		v.n -= w.n + 1;
	}
	for (size_t i = 0; i < 3; i++)
		if (have[i])
			len += (size_t)snprintf(out->notify + len,
			    sizeof(out->notify) - len, "%s%s",
			    len > 0 ? "," : "", words[i]);
	return NULL;
}

/* addr-type ";" xtext (RFC 3461 4.2); the type is an atom. */
static const char *
orcpt_param(struct piece v, struct esmtp_rcpt *out)
{
	static const char bad[] = "bad ORCPT parameter";
	const char *semi = v.n > 0 ? memchr(v.s, ';', v.n) : NULL;
	size_t type = semi != NULL ? (size_t)(semi - v.s) : 0;

	if (type == 0 || type > 64)
		return bad;
	for (size_t i = 0; i < type; i++) {
		char c = v.s[i];

		if (!((c >= '0' && c <= '9') || c == '-' ||
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
			return bad;
	}
	memcpy(out->orcpt, v.s, type + 1);
	if (xtext_decode(semi + 1, v.n - type - 1, out->orcpt + type + 1,
		sizeof(out->orcpt) - type - 1) != 0)
		return bad;
	return NULL;
}

const char *
esmtp_rcpt(const char *s, size_t n, struct esmtp_rcpt *out)
{
	struct piece rest = { s, n }, path, key, value;
	const char *why;

	out->notify[0] = out->orcpt[0] = '\0';
	path = take_path(&rest);
	if ((why = address_parse(path.s, path.n, &out->rcpt)) != NULL)
		return why;
	if (rest.n > 0 && rest.s[0] != ' ' && rest.s[0] != '\t')
		return "something is written right after the recipient";
	while (take_param(&rest, &key, &value)) {
		if (is_word(key, "NOTIFY"))
			why = notify_param(value, out);
		else if (is_word(key, "ORCPT"))
			why = orcpt_param(value, out);
		else
			why = "unknown parameter of RCPT";
		if (why != NULL)
			return why;
	}
	return NULL;
}

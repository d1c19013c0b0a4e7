/* SPDX-License-Identifier: ISC */
/* Addresses, networks, host names and lists of hosts. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
#include "conf/value.h"

const char *
value_address(struct arena *arena, const char *word)
{
	unsigned char bin[16];
	char text[INET6_ADDRSTRLEN];
	int family = strchr(word, ':') != NULL ? AF_INET6 : AF_INET;

	if (inet_pton(family, word, bin) != 1 ||
	    inet_ntop(family, bin, text, sizeof(text)) == NULL)
		return NULL;
	return arena_strdup(arena, text);
}

/* "173.194" is 173.194.0.0: the bytes that are left out are 0. */
static bool
short_v4(const char *s, unsigned char *to)
{
	for (int i = 0; i < 4; i++) {
		size_t n = strspn(s, "0123456789");
		uint64_t v;

		if (n > 3 || num_parse_n(s, n, &v) < 0 || v > 255)
			return false;
		to[i] = (unsigned char)v;
		s += n;
		if (*s == '\0')
			return true;
		if (*s++ != '.')
			return false;
	}
	return false;
}

int
conf_net_parse(const char *word, struct conf_net *out)
{
	char addr[64];
	const char *slash = strchr(word, '/');
	size_t n = slash != NULL ? (size_t)(slash - word) : strlen(word);
	struct conf_net net = { .family = AF_INET };
	int64_t bits;

	if (n >= sizeof(addr))
		return -1;
	memcpy(addr, word, n);
	addr[n] = '\0';
	if (strchr(addr, ':') != NULL) {
		net.family = AF_INET6;
		if (inet_pton(AF_INET6, addr, net.addr) != 1)
			return -1;
	} else if (slash == NULL ? inet_pton(AF_INET, addr, net.addr) != 1 :
				   !short_v4(addr, net.addr))
		return -1;
	net.bits = net.family == AF_INET ? 32 : 128;
	if (slash != NULL) {
		if (num_parse(slash + 1, 0, net.bits, &bits) < 0)
			return -1;
		net.bits = (unsigned)bits;
	}
	*out = net;
	return 0;
}

bool
conf_net_has(const struct conf_net *net, const char *address)
{
	unsigned char bin[16];
	int family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (inet_pton(family, address, bin) != 1)
		return false;
	/* 0/0 is every address, of either kind. */
	if (net->bits == 0)
		return true;
	if (family != net->family || memcmp(bin, net->addr, whole) != 0)
		return false;
	return rest == 0 || ((bin[whole] ^ net->addr[whole]) >> (8 - rest)) == 0;
}

static bool
host_name_ok(const char *s)
{
	size_t n = strlen(s), label = 0;

	if (n == 0 || n > 253)
		return false;
	for (; *s != '\0'; s++) {
		if (*s == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!isalnum((unsigned char)*s) && *s != '-' && *s != '_')
			return false;
		if (++label > 63)
			return false;
	}
	return true;
}

static bool
is_address(const char *s)
{
	unsigned char bin[16];

	return inet_pton(AF_INET, s, bin) == 1 ||
	    inet_pton(AF_INET6, s, bin) == 1;
}

int
value_host_name(struct cursor *c, union conf_value *out)
{
	size_t off;
	const char *w = cursor_word(c, &off);

	if (w == NULL)
		return -1;
	if (!host_name_ok(w) || is_address(w))
		return cursor_bad(c, off, "host-name",
		    "\"%s\" is no host name", w);
	out->text = w;
	return 0;
}

/*
 * Cut "host", "host:port", "[address]", "[address]:port" in place.
 * Returns: 0, or -1 for anything else.  *port is 0 where none is written.
 */
static int
cut_port(char *w, char **host, uint16_t *port)
{
	char *colon, *close;
	int64_t v;

	*port = 0;
	*host = w;
	if (*w == '[') {
		close = strchr(w, ']');
		if (close == NULL)
			return -1;
		*close = '\0';
		*host = w + 1;
		if (strncasecmp(*host, "IPv6:", 5) == 0)
			*host += 5;
		if (!is_address(*host) ||
		    (close[1] != '\0' && close[1] != ':'))
			return -1;
		colon = close[1] == ':' ? close + 1 : NULL;
	} else {
		colon = strchr(w, ':');
		if (colon != NULL && is_address(w))
			colon = NULL;
	}
	if (colon == NULL)
		return 0;
	*colon = '\0';
	if (num_parse(colon + 1, 1, 65535, &v) < 0)
		return -1;
	*port = (uint16_t)v;
	return 0;
}

int
value_server(struct cursor *c, union conf_value *out)
{
	size_t off;
	char *w = cursor_word(c, &off), *copy, *host;
	const char *addr;
	uint16_t port;
	size_t n;
	char *to;

	if (w == NULL)
		return -1;
	copy = arena_strdup(c->arena, w);
	if (cut_port(copy, &host, &port) < 0 ||
	    (addr = value_address(c->arena, host)) == NULL)
		return cursor_bad(c, off, "address-format",
		    "\"%s\" is no ADDRESS[:PORT]", w);
	n = strlen(addr) + 8;
	to = arena_alloc(c->arena, n);
	if (port == 0)
		snprintf(to, n, "%s", addr);
	else
		snprintf(to, n, "%s@%u", addr, port);
	out->text = to;
	return 0;
}

/* Read on when the second word of a source line is an address as well. */
static int
source_list(struct cursor *c, const char *first, size_t off,
    union conf_value *out)
{
	struct conf_source *list = NULL;
	const char *w = first;
	size_t n = 0;

	do {
		const char *addr = value_address(c->arena, w);

		if (addr == NULL) {
			free(list);
			return cursor_bad(c, off, "address-format",
			    "\"%s\" is no address", w);
		}
		list = xreallocarray(list, n + 1, sizeof(*list));
		list[n++] = (struct conf_source){ addr, NULL };
	} while ((w = cursor_word(c, &off)) != NULL);
	out->list = (struct conf_list){ memcpy(arena_alloc(c->arena,
	    n * sizeof(*list)), list, n * sizeof(*list)), n };
	free(list);
	return 0;
}

/* The address that is i after the first of a network, as text. */
static const char *
nth_address(struct arena *arena, const struct conf_net *net, unsigned i)
{
	unsigned char bin[16];
	char text[INET6_ADDRSTRLEN];
	size_t last = net->family == AF_INET ? 3 : 15;

	memcpy(bin, net->addr, sizeof(bin));
	bin[last] = (unsigned char)(bin[last] + i);
	if (inet_ntop(net->family, bin, text, sizeof(text)) == NULL)
		return NULL;
	return arena_strdup(arena, text);
}

/*
 * All addresses of a small network but its ends, and not 127.0.0.1, as PowerMTA
 * has it.  Returns: 0, or -1 for one that is too large (reported).
 */
static int
source_net(struct cursor *c, size_t off, struct conf_net net,
    const char *host_name, union conf_value *out)
{
	unsigned free_bits = (net.family == AF_INET ? 32 : 128) - net.bits;
	unsigned ends = net.family == AF_INET && free_bits >= 2, n = 0;
	struct conf_source *list;

	if (free_bits > 8)
		return cursor_bad(c, off, "source-range",
		    "a network as source has 256 addresses at most");
	net.addr[net.family == AF_INET ? 3 : 15] &=
	    (unsigned char)(0xff << free_bits);
	list = arena_alloc(c->arena, ((size_t)1 << free_bits) * sizeof(*list));
	for (unsigned i = ends; i + ends < 1u << free_bits; i++) {
		const char *a = nth_address(c->arena, &net, i);

		if (a != NULL && strcmp(a, "127.0.0.1") != 0)
			list[n++] = (struct conf_source){ a, host_name };
	}
	if (n == 0)
		return cursor_bad(c, off, "source-range",
		    "127.0.0.1 is never taken of a network");
	out->list = (struct conf_list){ list, n };
	return 0;
}

int
value_sources(struct cursor *c, union conf_value *out)
{
	size_t off, off2;
	const char *w = cursor_word(c, &off), *second;
	struct conf_source *one;
	struct cursor ahead;
	struct conf_net net;

	if (w == NULL)
		return -1;
	ahead = *c;
	second = cursor_word(&ahead, &off2);
	if (second == NULL || is_address(second))
		return source_list(c, w, off, out);
	*c = ahead;
	if (conf_net_parse(w, &net) < 0)
		return cursor_bad(c, off, "address-format",
		    "\"%s\" is no address", w);
	if (!host_name_ok(second))
		return cursor_bad(c, off2, "host-name",
		    "\"%s\" is no host name", second);
	if (net.bits != 0 && strchr(w, '/') != NULL)
		return source_net(c, off, net, second, out);
	one = arena_alloc(c->arena, sizeof(*one));
	one->host_name = second;
	/* 0/0: whatever address the system takes, with this name */
	if (net.bits != 0)
		one->address = value_address(c->arena, w);
	out->list = (struct conf_list){ one, 1 };
	return 0;
}

/* One host of the list, w as written. */
static int
one_host(const struct cursor *c, char *w, size_t off, struct conf_host *h)
{
	static const char mx[] = "lookup-mx:";
	char *host;

	if (strncasecmp(w, mx, sizeof(mx) - 1) == 0) {
		h->lookup_mx = true;
		w += sizeof(mx) - 1;
	}
	if (cut_port(w, &host, &h->port) < 0)
		return cursor_bad(c, off, "host-format",
		    "no host: write name, name:port, [address] or "
		    "[address]:port");
	h->is_address = is_address(host);
	h->host = h->is_address ? value_address(c->arena, host) : host;
	if ((!h->is_address && !host_name_ok(host)) ||
	    (h->is_address && h->lookup_mx))
		return cursor_bad(c, off, "host-format",
		    "\"%s\" is no host", host);
	return 0;
}

int
value_hosts(struct cursor *c, union conf_value *out)
{
	struct conf_host *list = NULL;
	size_t n = 0, base;
	uint16_t preference = 0;
	int rc = 0;
	const char *s;
	char *rest = cursor_rest(c, &base);

	if (rest == NULL)
		return -1;
	for (s = rest; *s != '\0';) {
		size_t len = strcspn(s, ",;"), lead = 0, end;
		char *w;

		while (lead < len && isspace((unsigned char)s[lead]))
			lead++;
		for (end = len; end > lead && isspace((unsigned char)s[end - 1]);)
			end--;
		list = xreallocarray(list, n + 1, sizeof(*list));
		list[n] = (struct conf_host){ .preference = preference };
		w = arena_strndup(c->arena, s + lead, end - lead);
		if (one_host(c, w, base + (size_t)(s - rest) + lead,
			&list[n]) < 0)
			rc = -1;
		n++;
		preference += s[len] == ';';
		s += len + (s[len] != '\0');
	}
	if (n > 0)
		out->list = (struct conf_list){ memcpy(arena_alloc(c->arena,
		    n * sizeof(*list)), list, n * sizeof(*list)), n };
	free(list);
	return rc;
}

/* The network of NETWORK VALUE; the value follows at *off. */
static const char *
net_and(struct cursor *c, struct conf_net_limit **limit, size_t *off)
{
	size_t at;
	const char *w = cursor_word(c, &at);

	*limit = arena_alloc(c->arena, sizeof(**limit));
	if (w == NULL)
		return NULL;
	if (conf_net_parse(w, &(*limit)->net) < 0) {
		cursor_bad(c, at, "network-format",
		    "\"%s\" is no network; write it as 10.1.0.0/16 or 0/0", w);
		return NULL;
	}
	w = cursor_word(c, off);
	if (w == NULL)
		cursor_bad(c, c->end, "missing-argument",
		    "\"%s\" needs two values: %s", c->row->name,
		    value_syntax(c->row));
	return w;
}

int
value_net_rate(struct cursor *c, union conf_value *out)
{
	struct conf_net_limit *l;
	size_t off = 0;
	const char *w = net_and(c, &l, &off);

	out->net = l;
	return w == NULL ? -1 : value_read_rate(c, w, off, &l->rate);
}

int
value_net_limit(struct cursor *c, union conf_value *out)
{
	struct conf_net_limit *l;
	size_t off = 0;
	const char *w = net_and(c, &l, &off);

	out->net = l;
	return w == NULL ? -1 : value_read_limit(c, w, off, &l->rate.n);
}

int
value_net_per_hour(struct cursor *c, union conf_value *out)
{
	struct conf_net_limit *l;
	size_t off = 0;
	const char *w = net_and(c, &l, &off);

	out->net = l;
	if (w == NULL || value_read_limit(c, w, off, &l->rate.n) < 0)
		return -1;
	l->rate.unit_ms = l->rate.n == RATE_UNLIMITED ? 0 : 3600000;
	return 0;
}

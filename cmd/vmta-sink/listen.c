/* SPDX-License-Identifier: ISC */
/* Listening sockets: -l ADDRESS:PORT, numeric, loopback unless allowed. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/xalloc.h"
#include "sink.h"

#define LISTEN_DEFAULT "127.0.0.1:2525"

enum { BACKLOG = 4096, PORT_MAX = 65535 };

/* Cut "ADDRESS:PORT", "[ADDRESS]:PORT" or "PORT" in place. */
static int
split(char *spec, const char **address, const char **port)
{
	char *colon = strrchr(spec, ':');

	*address = "127.0.0.1";
	*port = spec;
	if (colon == NULL)
		return 0;
	*port = colon + 1;
	*colon = '\0';
	*address = spec;
	if (spec[0] == '[') {
		if (colon - spec < 2 || colon[-1] != ']')
			return -1;
		colon[-1] = '\0';
		*address = spec + 1;
	} else if (strchr(spec, ':') != NULL) {
		return -1;
	}
	return **address == '\0' ? -1 : 0;
}

static bool
is_loopback(const struct sockaddr *a)
{
	const struct sockaddr_in *in4 = (const void *)a;
	const struct sockaddr_in6 *in6 = (const void *)a;
	const uint8_t *b;

	if (a->sa_family == AF_INET)
		return ntohl(in4->sin_addr.s_addr) >> 24 == 127;
	b = in6->sin6_addr.s6_addr;
	return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ||
	    (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) && b[12] == 127);
}

void
listen_name(const struct sockaddr_storage *a, char to[INET6_ADDRSTRLEN])
{
	const struct sockaddr_in *in4 = (const void *)a;
	const struct sockaddr_in6 *in6 = (const void *)a;
	const void *from = a->ss_family == AF_INET ?
	    (const void *)&in4->sin_addr :
	    (const void *)&in6->sin6_addr;

	if (inet_ntop(a->ss_family, from, to, INET6_ADDRSTRLEN) == NULL)
		memcpy(to, "-", 2);
}

/* What the kernel bound: the port may have been its choice. */
static int
name_socket(struct listener *l)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	char port[8];
	int64_t number;

	memset(&a, 0, sizeof(a));
	if (getsockname(l->fd, (struct sockaddr *)&a, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&a, len, NULL, 0, port, sizeof(port),
		NI_NUMERICSERV) != 0 ||
	    num_parse(port, 0, PORT_MAX, &number) != 0)
		return -1;
	l->port = (unsigned)number;
	listen_name(&a, l->address);
	snprintf(l->local, sizeof(l->local),
	    a.ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u", l->address, l->port);
	return 0;
}

static int
open_socket(struct listener *l, const struct addrinfo *ai)
{
	int one = 1;

	l->fd = socket(
	    ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return -1;
	if (setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0)
		return -1;
	if (ai->ai_family == AF_INET6 &&
	    setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) !=
		0)
		return -1;
	if (bind(l->fd, ai->ai_addr, ai->ai_addrlen) != 0)
		return -1;
	return listen(l->fd, BACKLOG) != 0 ? -1 : name_socket(l);
}

static int
listen_one(const struct options *opt, struct listener *l, const char *spec,
    struct err *err)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *ai = NULL;
	const char *address, *port;
	int64_t number;
	char *copy = xstrdup(spec);
	int rc = -1;

	/* getaddrinfo(3) would take 70000 for 4464 */
	if (split(copy, &address, &port) != 0 ||
	    num_parse(port, 0, PORT_MAX, &number) != 0 ||
	    getaddrinfo(address, port, &hints, &ai) != 0) {
		err_set(err, ERR_USAGE,
		    "%s: it is ADDRESS:PORT or "
		    "[ADDRESS]:PORT, both numeric",
		    spec);
	} else if (!opt->any_address && !is_loopback(ai->ai_addr)) {
		err_set(err, ERR_USAGE,
		    "%s: not a loopback address "
		    "(--any-address allows it)",
		    spec);
	} else if (open_socket(l, ai) != 0) {
		err_sys(err, "cannot listen on %s", spec);
		/* somebody has it now, and may not later */
		if (err->sys == EADDRINUSE)
			err->cls = ERR_TEMP;
	} else {
		rc = 0;
	}
	if (ai != NULL)
		freeaddrinfo(ai);
	free(copy);
	return rc;
}

int
listen_all(struct sink *k, struct err *err)
{
	const struct options *opt = k->opt;
	size_t n = opt->listen_n > 0 ? opt->listen_n : 1;

	k->listeners = xcalloc(n, sizeof(*k->listeners));
	for (size_t i = 0; i < n; i++) {
		struct listener *l = &k->listeners[k->listener_n++];

		*l = (struct listener){ .kind = KIND_LISTENER, .fd = -1 };
		if (listen_one(opt, l,
			opt->listen_n > 0 ? opt->listen[i] : LISTEN_DEFAULT,
			err) != 0)
			return -1;
	}
	return 0;
}

void
listen_close(struct sink *k)
{
	for (size_t i = 0; i < k->listener_n; i++)
		if (k->listeners[i].fd >= 0)
			close(k->listeners[i].fd);
	free(k->listeners);
	k->listeners = NULL;
	k->listener_n = 0;
}

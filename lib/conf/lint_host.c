/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "conf/key.h"
#include "conf/lint_impl.h"

/* A path as it is here: below --root for the files of another machine. */
static const char *
here(const struct lint *l, const char *path, char to[PATH_MAX])
{
	snprintf(to, PATH_MAX, "%s%s", l->o->root != NULL ? l->o->root : "",
	    path);
	return to;
}

static void
addresses(struct map *have)
{
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
		char text[INET6_ADDRSTRLEN];
		const void *bytes;

		if (i->ifa_addr == NULL)
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			bytes = &((const struct sockaddr_in *)(const void *)
				      i->ifa_addr)->sin_addr;
		else if (i->ifa_addr->sa_family == AF_INET6)
			bytes = &((const struct sockaddr_in6 *)(const void *)
				      i->ifa_addr)->sin6_addr;
		else
			continue;
		if (inet_ntop(i->ifa_addr->sa_family, bytes, text,
			sizeof(text)) != NULL)
			*map_at(have, text) = (void *)(uintptr_t)1;
	}
	freeifaddrs(all);
}

static void
source(const struct lint *l, const struct map *have, const struct setting *s)
{
	const struct conf_source *list = s->v.list.items;

	for (size_t i = 0; i < s->v.list.n; i++) {
		const char *a = list[i].address;

		/* all of 127/8 can be bound */
		if (a == NULL || strncmp(a, "127.", 4) == 0 ||
		    map_get(have, a) != NULL)
			continue;
		LINT_WARN(l, s, "source-not-here",
		    "no interface of this host has %s: nothing can be sent "
		    "from it",
		    a);
	}
}

static void
file(const struct lint *l, const struct setting *s, const char *path)
{
	char full[PATH_MAX];

	if (path == NULL || *path != '/')
		return;
	if (access(here(l, path, full), R_OK) < 0)
		LINT_WARN(l, s, "missing-file", "cannot read %s: %s", full,
		    strerror(errno));
}

/* The folder that path stands in must exist. */
static void
folder_of(const struct lint *l, const struct node *n, const struct setting *s,
    const char *path)
{
	char full[PATH_MAX];
	struct stat st;
	char *slash;
	const char *why = NULL;

	if (path == NULL || *path != '/')
		return;
	here(l, path, full);
	slash = strrchr(full, '/');
	slash[slash == full] = '\0';
	if (stat(full, &st) < 0)
		why = strerror(errno);
	else if (!S_ISDIR(st.st_mode))
		why = "it is no folder";
	if (why == NULL)
		return;
	if (s != NULL)
		LINT_WARN(l, s, "missing-folder", "%s: %s", full, why);
	else
		conf_diag_node(l->ds, n, DIAG_WARNING, "missing-folder",
		    "%s: %s", full, why);
}

static void
key(const struct lint *l, const struct setting *s, const char *path)
{
	enum { GOOD = 2048, LEAST = 1024 };
	char full[PATH_MAX];
	struct key_facts f;
	struct err err = { 0 };
	int rc;

	if (path == NULL || *path != '/')
		return;
	rc = key_read(here(l, path, full), &f, NULL, &err);
	if (f.mode & S_IROTH)
		LINT_WARN(l, s, "key-world-readable",
		    "%s can be read by everybody on this host; chmod 640 %s",
		    full, full);
	if (rc < 0) {
		LINT_WARN(l, s,
		    err.cls == ERR_INPUT ? "key-invalid" : "key-unreadable",
		    "%s", err.msg);
		return;
	}
	if (strcmp(f.kind, "rsa") == 0 && f.bits < GOOD)
		LINT_WARN(l, s, "key-short",
		    "%s has %d bits; %s%d is the usual length", full, f.bits,
		    f.bits < LEAST ? "it is not accepted any more, " : "",
		    GOOD);
}

/* The first word of a text: "FILE [PASSWORD]". */
static void
certificate(const struct lint *l, const struct setting *s)
{
	char path[PATH_MAX];
	const char *text = s->text;

	if (*text == '"')
		text++;
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(text, "\" \t"), text);
	file(l, s, path);
	key(l, s, path);
}

static void
setting(const struct lint *l, const struct map *have, const struct setting *s)
{
	switch ((unsigned)s->row->id) {
	case CONF_DIR_SMTP_SOURCE_HOST:
		if (l->o->root == NULL)
			source(l, have, s);
		break;
	case CONF_DIR_DOMAIN_KEY:
		if (s->v.list.n == 3)
			key(l, s, ((const char *const *)s->v.list.items)[2]);
		break;
	case CONF_DIR_SMTP_CLIENT_CERTIFICATE:
		certificate(l, s);
		break;
	case CONF_DIR_SMTP_TLS_CA_FILE:
		file(l, s, s->v.text);
		break;
	case CONF_DIR_LOG_FILE:
	case CONF_DIR_SPOOL:
		folder_of(l, NULL, s, s->v.text);
		break;
	case CONF_DIR_MOVE_TO: {
		char in[PATH_MAX];

		if (s->v.text == NULL)
			break;
		snprintf(in, sizeof(in), "%s/", s->v.text);
		folder_of(l, NULL, s, in);
		break;
	}
	default:
		break;
	}
}

static void
walk(const struct lint *l, const struct map *have, const struct node *n)
{
	if (n->kind == CONF_SEC_ACCT || n->kind == CONF_SEC_SPOOL)
		folder_of(l, n, NULL, n->arg);
	for (const struct setting *s = n->settings; s != NULL; s = s->next)
		setting(l, have, s);
	for (const struct node *in = n->first; in != NULL; in = in->next)
		walk(l, have, in);
}

void
lint_host(const struct lint *l)
{
	struct map have = MAP_INIT;

	addresses(&have);
	walk(l, &have, l->c->root);
	map_clear(&have, NULL);
}

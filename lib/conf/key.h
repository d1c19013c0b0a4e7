/* SPDX-License-Identifier: ISC */
/* Private keys in files: what a checker wants to know of them. */
#ifndef VMTA_CONF_KEY_H
#define VMTA_CONF_KEY_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "conf/conf.h"

struct key_facts {
	const char *kind;	/* "rsa", "ed25519", or "" for another */
	int bits;
	mode_t mode;		/* of the file */
};

/*
 * Read a private key in PEM.  public, if not NULL, gets the public key as a DKIM
 * record has it: base64 of SubjectPublicKeyInfo (RFC 6376 3.6.1), for Ed25519
 * of the 32 bytes (RFC 8463 4).
 * Returns: 0, or -1: ERR_NOINPUT, ERR_PERM (with f->mode 0) or ERR_INPUT (it is
 * no key).
 */
int key_read(const char *path, struct key_facts *f, struct buf *public,
    struct err *err);

/* One domain-key line. */
struct conf_domain_key {
	const char *selector, *domain, *path;
	struct conf_place where;
};

/*
 * Call fn for each domain-key of the configuration, wherever it stands.
 * Ownership: the strings are the configuration's.  Errors: none.
 */
void conf_domain_keys(const struct conf *c,
    void (*fn)(void *arg, const struct conf_domain_key *k), void *arg);

#endif

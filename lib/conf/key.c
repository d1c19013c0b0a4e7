/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/xalloc.h"
#include "conf/key.h"
#include "conf/model.h"

/* A key with a passphrase can't be asked for one here. */
static int
no_passphrase(char *to, int size, int writing, void *arg)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static void
add_base64(struct buf *to, const unsigned char *bytes, size_t n)
{
	unsigned char *text = xmalloc(n / 3 * 4 + 8);
	int len = EVP_EncodeBlock(text, bytes, (int)n);

	buf_add(to, text, (size_t)len);
	free(text);
}

static int
add_public(EVP_PKEY *key, struct buf *to)
{
	unsigned char raw[64], *der = NULL;
	size_t n = sizeof(raw);
	int len;

	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) {
		if (EVP_PKEY_get_raw_public_key(key, raw, &n) != 1)
			return -1;
		add_base64(to, raw, n);
		return 0;
	}
	len = i2d_PUBKEY(key, &der);
	if (len <= 0)
		return -1;
	add_base64(to, der, (size_t)len);
	OPENSSL_free(der);
	return 0;
}

static EVP_PKEY *
open_key(const char *path, struct key_facts *f, struct err *err)
{
	EVP_PKEY *key;
	struct stat st;
	FILE *file = fopen(path, "re");

	if (file == NULL) {
		err_set(err, errno == EACCES ? ERR_PERM : ERR_NOINPUT,
		    "cannot read %s: %s", path, strerror(errno));
		return NULL;
	}
	/* a pipe or a folder would never end or make no sense */
	if (fstat(fileno(file), &st) < 0 || !S_ISREG(st.st_mode)) {
		fclose(file);
		err_set(err, ERR_NOINPUT, "%s is no regular file", path);
		return NULL;
	}
	f->mode = st.st_mode;
	key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
	fclose(file);
	if (key == NULL)
		err_set(err, ERR_INPUT, "%s is no private key in PEM", path);
	return key;
}

int
key_read(const char *path, struct key_facts *f, struct buf *public,
    struct err *err)
{
	EVP_PKEY *key;
	int rc = 0;

	*f = (struct key_facts){ .kind = "" };
	key = open_key(path, f, err);
	if (key == NULL)
		return -1;
	f->bits = EVP_PKEY_get_bits(key);
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		f->kind = "rsa";
	else if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
		f->kind = "ed25519";
	if (public != NULL && add_public(key, public) < 0)
		rc = err_set(err, ERR_INPUT, "%s has no public key", path);
	EVP_PKEY_free(key);
	return rc;
}

static void
keys_of(const struct node *n,
    void (*fn)(void *arg, const struct conf_domain_key *k), void *arg)
{
	for (const struct setting *s = n->settings; s != NULL; s = s->next) {
		const char *const *w = s->v.list.items;

		if (s->row->type == CONF_T_KEY && s->v.list.n == 3)
			fn(arg, &(struct conf_domain_key){ w[0], w[1], w[2],
			    { s->file, s->line } });
	}
	for (const struct node *in = n->first; in != NULL; in = in->next)
		keys_of(in, fn, arg);
}

void
conf_domain_keys(const struct conf *c,
    void (*fn)(void *arg, const struct conf_domain_key *k), void *arg)
{
	keys_of(c->root, fn, arg);
}

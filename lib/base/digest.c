/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/digest.h"
#include "base/xalloc.h"

struct digest {
	EVP_MD_CTX *ctx;
};

struct digest *
digest_sha256(void)
{
	struct digest *d = xmalloc(sizeof(*d));

	d->ctx = EVP_MD_CTX_new();
	if (d->ctx == NULL || EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) != 1)
		xalloc_exhausted();
	return d;
}

void
digest_add(struct digest *d, const void *data, size_t n)
{
	EVP_DigestUpdate(d->ctx, data, n);
}

void
digest_end(struct digest *d, char hex[65])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	EVP_DigestFinal_ex(d->ctx, raw, &len);
	EVP_MD_CTX_free(d->ctx);
	for (unsigned i = 0; i < 32; i++) {
		hex[2 * i] = "0123456789abcdef"[raw[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[raw[i] & 15];
	}
	hex[64] = '\0';
	free(d);
}

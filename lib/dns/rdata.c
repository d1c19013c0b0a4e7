/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "dns/rdata.h"
#include "dns/wire.h"

enum { TYPE_PTR = 12, TYPE_TXT = 16, TYPE_TLSA = 52 };

static int
txt(const unsigned char *p, size_t n, struct buf *out)
{
	while (n > 0) {
		size_t len = *p++;

		n--;
		if (len > n)
			return -1;
		for (size_t i = 0; i < len; i++)
			buf_addc(out, p[i] < 32 || p[i] == 127 ? '?' :
							     (char)p[i]);
		p += len;
		n -= len;
	}
	return 0;
}

/* A name as in MX, where a preference stands before it. */
static int
ptr(const unsigned char *p, size_t n, struct buf *out)
{
	unsigned char mx[DNS_NAME + 8] = { 0, 0 };
	char name[DNS_NAME + 1];
	uint16_t preference;

	if (n > sizeof(mx) - 2)
		return -1;
	memcpy(mx + 2, p, n);
	if (wire_mx(mx, n + 2, &preference, name) < 0)
		return -1;
	return buf_adds(out, name);
}

static int
tlsa(const unsigned char *p, size_t n, struct buf *out)
{
	if (n < 4)
		return -1;
	buf_addf(out, "%u %u %u ", (unsigned)p[0], (unsigned)p[1],
	    (unsigned)p[2]);
	for (size_t i = 3; i < n; i++)
		buf_addf(out, "%02x", (unsigned)p[i]);
	return 0;
}

int
wire_text(int type, const void *rdata, size_t n, struct buf *out)
{
	switch (type) {
	case TYPE_TXT:
		return txt(rdata, n, out);
	case TYPE_PTR:
		return ptr(rdata, n, out);
	case TYPE_TLSA:
		return tlsa(rdata, n, out);
	default:
		return -1;
	}
}

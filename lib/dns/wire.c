/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "dns/wire.h"

static bool
is_host_byte(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_';
}

/* Labels up to the root, uncompressed as libraries hand them out. */
static int
read_name(const unsigned char *p, size_t n, char host[DNS_NAME + 1])
{
	size_t at = 0, len;

	for (;;) {
		if (n == 0)
			return -1;
		len = *p++;
		n--;
		if (len == 0)
			break;
		if (len > 63 || len > n || at + len + 1 > DNS_NAME + 1)
			return -1;
		for (size_t i = 0; i < len; i++) {
			unsigned char c = p[i];

			if (c >= 'A' && c <= 'Z')
				c = (unsigned char)(c - 'A' + 'a');
			if (!is_host_byte(c))
				return -1;
			host[at++] = (char)c;
		}
		host[at++] = '.';
		p += len;
		n -= len;
	}
	host[at != 0 ? at - 1 : 0] = '\0';
	return n == 0 ? 0 : -1;
}

int
wire_mx(
    const void *rdata, size_t n, uint16_t *preference, char host[DNS_NAME + 1])
{
	const unsigned char *p = rdata;

	if (n < 3)
		return -1;
	*preference = (uint16_t)(p[0] << 8 | p[1]);
	return read_name(p + 2, n - 2, host);
}

int
wire_address(int family, const void *rdata, size_t n, struct dns_address *out)
{
	static const unsigned char zero[16];
	const unsigned char *p = rdata;

	if (family == AF_INET) {
		/* RFC 1122 3.2.1.3; 240/4 was never given out */
		if (n != 4 || p[0] == 0 || p[0] >= 224)
			return -1;
	} else if (family != AF_INET6 || n != 16 || p[0] == 0xff ||
	    memcmp(p, zero, 16) == 0)
		return -1;
	*out = (struct dns_address){ .family = family };
	memcpy(out->bytes, p, n);
	return 0;
}

int
wire_literal(const char *text, struct dns_address *out)
{
	char addr[INET6_ADDRSTRLEN + 8];
	size_t n = strlen(text);

	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (n >= sizeof(addr))
		return -1;
	memcpy(addr, text, n);
	addr[n] = '\0';
	text = strncasecmp(addr, "IPv6:", 5) == 0 ? addr + 5 : addr;
	*out = (struct dns_address){ .family = AF_INET };
	if (text == addr && inet_pton(AF_INET, text, out->bytes) == 1)
		return 0;
	out->family = AF_INET6;
	return inet_pton(AF_INET6, text, out->bytes) == 1 ? 0 : -1;
}

void
wire_print(const struct dns_address *a, char to[46])
{
	if (inet_ntop(a->family, a->bytes, to, 46) == NULL)
		to[0] = '\0';
}

bool
wire_same(const struct dns_address *a, const struct dns_address *b)
{
	return a->family == b->family &&
	    memcmp(a->bytes, b->bytes, a->family == AF_INET ? 4 : 16) == 0;
}

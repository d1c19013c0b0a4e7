/* SPDX-License-Identifier: ISC */
/*
 * Resource records as they come from the network (RFC 1035 3.3), read with
 * suspicion: an answer may say anything.
 */
#ifndef VMTA_DNS_WIRE_H
#define VMTA_DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNS_NAME = 253 }; /* bytes of the longest name as text */

/* An Internet address without a port. */
struct dns_address {
	int family; /* AF_INET or AF_INET6 */
	unsigned char bytes[16]; /* network order; 4 of them for AF_INET */
};

/*
 * Read the data of an MX record.  The root as host (RFC 7505) gives "".
 * Returns: 0 with the host in lower case without a final dot, or -1: cut short,
 * over length, or a label that no host name has (RFC 952, 1123, and "_").  Pure.
 */
int wire_mx(
    const void *rdata, size_t n, uint16_t *preference, char host[DNS_NAME + 1]);

/*
 * Read the data of an A or AAAA record.
 * Returns: 0, or -1: wrong length, or an address that no server has (this
 * network, multicast, broadcast, unspecified).  Pure.
 */
int
wire_address(int family, const void *rdata, size_t n, struct dns_address *out);

/*
 * Read an address as text, in brackets ("[192.0.2.1]", "[IPv6:2001:db8::1]") or
 * without.  Returns: 0 or -1 (it isn't one).  Pure.
 */
int wire_literal(const char *text, struct dns_address *out);

/* Write an address as inet_ntop(3) does into to[46].  Errors: none, pure. */
void wire_print(const struct dns_address *a, char to[46]);

/* The same address?  Pure. */
bool wire_same(const struct dns_address *a, const struct dns_address *b);

#endif

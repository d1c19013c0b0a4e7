/* SPDX-License-Identifier: ISC */
/* CRC-32C (Castagnoli), as RFC 3720 appendix B.4 has it. */
#ifndef VMTA_BASE_CRC_H
#define VMTA_BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/*
 * Extend a checksum.  crc is 0 at the start, or the value so far.
 * Returns: the checksum of all bytes up to here.  Errors: none, pure.
 */
uint32_t crc32c(uint32_t crc, const void *data, size_t n);

#endif

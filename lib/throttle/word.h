/* SPDX-License-Identifier: ISC */
/*
 * Words: numbers as text in a mapped file, 8 aligned bytes each, seven digits and
 * an end byte (a tab, or the newline of a line's last word).  Every change is one
 * atomic 8-byte store, so that a process killed at any instant leaves the old or
 * the new number and a reader sees one of the two (PROTOCOL P8).
 */
#ifndef VMTA_THROTTLE_WORD_H
#define VMTA_THROTTLE_WORD_H

#include <endian.h>
#include <stdint.h>

/* What seven digits hold: in decimal, and in base 36. */
#define WORD_MAX 9999999
#define WORD36_MAX INT64_C(78364164095)

/* The bytes of a word, its first one lowest.  Errors: none. */
static inline uint64_t
word_load(const uint64_t *p)
{
	return le64toh(__atomic_load_n(p, __ATOMIC_ACQUIRE));
}

/* Put the bytes.  Stores stay in the order of the program.  Errors: none. */
static inline void
word_store(uint64_t *p, uint64_t bytes)
{
	__atomic_store_n(p, htole64(bytes), __ATOMIC_RELEASE);
}

/* Returns: the decimal number, or -1: not seven digits (damaged).  Pure. */
static inline int64_t
word_get(const uint64_t *p)
{
	/* eight digits: a zero in front takes the place of the end byte */
	uint64_t x = word_load(p) << 8 | '0';

	if ((x & UINT64_C(0xf0f0f0f0f0f0f0f0)) !=
		UINT64_C(0x3030303030303030) ||
	    ((x + UINT64_C(0x0606060606060606)) &
		UINT64_C(0xf0f0f0f0f0f0f0f0)) != UINT64_C(0x3030303030303030))
		return -1;
	x = (x & UINT64_C(0x0f0f0f0f0f0f0f0f)) * 2561 >> 8;
	x = (x & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
	return (int64_t)((x & UINT64_C(0x0000ffff0000ffff)) *
		    UINT64_C(42949672960001) >>
	    32);
}

/* Put a decimal number of 0..WORD_MAX; the end byte stays.  Errors: none. */
void word_put(uint64_t *p, int64_t v);

/*
 * Add to a counter.  One that has come to WORD_MAX stays there for good: it
 * means "too many to count", and whoever reads it must take it so.
 * Errors: none (a damaged word is left alone).
 */
void word_add(uint64_t *p, int64_t n);
/* Subtract, not below 0; WORD_MAX stays.  Errors: none. */
void word_sub(uint64_t *p, int64_t n);

/* The same in base 36 (0-9 a-z).  word_get36 returns -1 for a damaged word. */
int64_t word_get36(const uint64_t *p);
void word_put36(uint64_t *p, int64_t v);

#endif

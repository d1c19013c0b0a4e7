/* SPDX-License-Identifier: ISC */
/* Sizes of the names that travel in lines and stand in the spool. */
#ifndef VMTA_RECORD_NAMES_H
#define VMTA_RECORD_NAMES_H

/* Longest forms, without the NUL.  Everything longer is refused at the door. */
enum {
	NAME_SEGMENT = 20,	/* id of a segment or intake file */
	NAME_LOCATOR = 26,	/* SEGMENT.INDEX, INDEX below 100,000 */
	NAME_ID = 26,		/* id of a record: MESSAGE.N */
	NAME_ADDRESS = 254,	/* RFC 5321 4.5.3.1.3 less the <> */
	NAME_DOMAIN = 253,
	NAME_VMTA = 64,		/* a virtual MTA or pool */
	NAME_SOURCE = 45,	/* an address as inet_ntop(3) writes it */
	NAME_JOB = 64,
	NAME_ENVID = 100,	/* RFC 3461 4.4 */
	NAME_BATCH = 64,
	NAME_QUEUE = NAME_DOMAIN + 1 + NAME_VMTA,
};

#endif

/* SPDX-License-Identifier: ISC */
/* The ways to read a configuration that only activate.c needs. */
#ifndef VMTA_CONF_LOAD_H
#define VMTA_CONF_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "conf/conf.h"

/*
 * As conf_load, and with flat not NULL append the text with all includes in
 * their places and "#line N FILE" where the place changes.
 */
int conf_load_flat(const char *path, struct diags *diags, struct buf *flat,
    struct conf **out, struct err *err);

/* Such a text, and the serial number that it was given. */
struct conf_flat {
	const char *text;
	size_t n;
	uint32_t serial;
};

/* As conf_load_text for such a text.  Ownership and errors as there. */
int conf_load_running(const char *name, const struct conf_flat *flat,
    struct diags *diags, struct conf **out, struct err *err);

/* Give it a serial number.  Errors: none. */
void conf_set_serial(struct conf *c, uint32_t serial);

#endif

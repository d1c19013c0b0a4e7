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

/* As conf_load_text for such a text, with its serial number. */
int conf_load_running(const char *name, const char *text, size_t n,
    uint32_t serial, struct diags *diags, struct conf **out, struct err *err);

#endif

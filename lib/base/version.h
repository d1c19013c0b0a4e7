/* SPDX-License-Identifier: ISC */
#ifndef VMTA_BASE_VERSION_H
#define VMTA_BASE_VERSION_H

/* The release, as --version prints it and make install names it. */
#define VMTA_VERSION "0.1.0"

#endif

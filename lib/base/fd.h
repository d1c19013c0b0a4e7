/* SPDX-License-Identifier: ISC */
/*
 * Descriptors: whole reads and writes, durable publishing, OFD locks.
 * Every descriptor that the library opens is close-on-exec.
 */
#ifndef VMTA_BASE_FD_H
#define VMTA_BASE_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/* Write all n bytes.  Returns 0, or -1 with errno.  Errors: as write(2). */
int fd_write_all(int fd, const void *data, size_t n);

/* Write all n bytes at off.  Returns 0, or -1 with errno.  Errors: pwrite(2). */
int fd_pwrite_all(int fd, const void *data, size_t n, off_t off);

/*
 * Read up to n bytes at off, going on after short reads.
 * Returns: the bytes read (less than n only at the end of the file), or -1.
 * Errors: errno of pread(2).
 */
ssize_t fd_pread_all(int fd, void *to, size_t n, off_t off);

/*
 * Read a whole file of at most max bytes into b (appended).
 * Returns: 0, or -1 with errno (EFBIG when it is larger than max or than b may
 * grow); b then holds what was read so far.
 */
int fd_read_file(int dir, const char *path, size_t max, struct buf *b);

/* fsync a folder by descriptor or path.  Returns 0 or -1.  Errors: errno. */
int fd_sync_dir(int dir, const char *path);

/*
 * Write a small file durably: a temporary file in tmp (a folder on the same file
 * system), fdatasync, rename to path, fsync of path's folder dir_of_path.
 * Readers see the old or the new content, after a crash too.
 * Returns: 0 or -1.  Errors: errno; nothing is left behind but on a crash.
 */
int fd_replace_file(int root, const char *tmp, const char *path,
    const char *dir_of_path, const void *data, size_t n);

/*
 * Open file description locks (fcntl(2)), exclusive, on len bytes at off.
 * lock_try returns 1 when taken, 0 when somebody else has it, -1 on errors.
 * lock_wait blocks (EINTR is waited through); lock_drop gives it back: 0 or -1.
 * lock_held tells whether another description has a byte of it: 1, 0 or -1.
 * A second lock by the same description succeeds and its drop drops both: the
 * caller keeps its own table of what it has.
 */
int lock_try(int fd, off_t off, off_t len);
int lock_wait(int fd, off_t off, off_t len);
int lock_drop(int fd, off_t off, off_t len);
int lock_held(int fd, off_t off, off_t len);

#endif

/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

int
fd_write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

int
fd_pwrite_all(int fd, const void *data, size_t n, off_t off)
{
	const char *p = data;

	while (n > 0) {
		ssize_t w = pwrite(fd, p, n, off);

		if (w < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		p += w;
		off += w;
		n -= (size_t)w;
	}
	return 0;
}

ssize_t
fd_pread_all(int fd, void *to, size_t n, off_t off)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = pread(fd, (char *)to + got, n - got,
		    off + (off_t)got);

		if (r < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

int
fd_read_file(int dir, const char *path, size_t max, struct buf *b)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	int rc = -1;
	size_t start = b->len;

	if (fd < 0)
		return -1;
	for (;;) {
		size_t left = max - (b->len - start);
		char past = 0, *to;
		ssize_t r;

		if (b->max != 0 && b->max - b->len < left)
			left = b->max - b->len;
		if (left > 16384)
			left = 16384;
		/* full: one more byte, if there is one, is too many */
		to = left > 0 ? buf_room(b, left) : &past;
		r = read(fd, to, left > 0 ? left : 1);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			break;
		if (r == 0) {
			rc = 0;
			break;
		}
		if (left == 0) {
			errno = EFBIG;
			break;
		}
		b->len += (size_t)r;
		b->data[b->len] = '\0';
	}
	if (rc < 0) {
		int e = errno;

		close(fd);
		errno = e;
		return -1;
	}
	close(fd);
	return 0;
}

int
fd_sync_dir(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc, e;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	e = errno;
	close(fd);
	errno = e;
	return rc;
}

int
fd_replace_file(int root, const char *tmp, const char *path,
    const char *dir_of_path, const void *data, size_t n)
{
	char name[256];
	int fd = -1, e;

	for (int i = 0; fd < 0; i++) {
		snprintf(name, sizeof(name), "%s/r%ld.%d", tmp, (long)getpid(),
		    i);
		fd = openat(root, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0660);
		if (fd < 0 && (errno != EEXIST || i == 100))
			return -1;
	}
	if (fd_write_all(fd, data, n) < 0 || fdatasync(fd) < 0 ||
	    renameat(root, name, root, path) < 0) {
		e = errno;
		close(fd);
		unlinkat(root, name, 0);
		errno = e;
		return -1;
	}
	close(fd);
	return fd_sync_dir(root, dir_of_path);
}

static int
lock(int fd, int cmd, short type, off_t off, off_t len, struct flock *f)
{
	int rc;

	*f = (struct flock){ .l_type = type, .l_whence = SEEK_SET,
		.l_start = off, .l_len = len };
	do
		rc = fcntl(fd, cmd, f);
	while (rc < 0 && errno == EINTR);
	return rc;
}

int
lock_try(int fd, off_t off, off_t len)
{
	struct flock f;

	if (lock(fd, F_OFD_SETLK, F_WRLCK, off, len, &f) == 0)
		return 1;
	return errno == EAGAIN || errno == EACCES ? 0 : -1;
}

int
lock_wait(int fd, off_t off, off_t len)
{
	struct flock f;

	return lock(fd, F_OFD_SETLKW, F_WRLCK, off, len, &f);
}

int
lock_drop(int fd, off_t off, off_t len)
{
	struct flock f;

	return lock(fd, F_OFD_SETLK, F_UNLCK, off, len, &f);
}

int
lock_held(int fd, off_t off, off_t len)
{
	struct flock f;

	if (lock(fd, F_OFD_GETLK, F_WRLCK, off, len, &f) < 0)
		return -1;
	return f.l_type != F_UNLCK;
}

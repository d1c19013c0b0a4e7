/* SPDX-License-Identifier: ISC */
/*
 * append FILE OUT: copy FILE to the end of OUT in writes of 1 MiB, then one
 * fdatasync.  The least that making these bytes durable can cost.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

enum { BLOCK = 1024 * 1024 };

static void
write_all(int fd, const char *from, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, from, n);

		if (done < 0)
			err(EX_IOERR, "write");
		from += done;
		n -= (size_t)done;
	}
}

/* Fill a block, but for the last one.  Returns: its length, 0 at the end. */
static size_t
read_block(int fd, char *to)
{
	size_t n = 0;
	ssize_t got = 1;

	while (n < BLOCK && got > 0) {
		got = read(fd, to + n, BLOCK - n);
		if (got < 0)
			err(EX_IOERR, "read");
		n += (size_t)got;
	}
	return n;
}

int
main(int argc, char **argv)
{
	int in, out;
	char *block;
	size_t n;

	if (argc != 3) {
		fprintf(stderr, "usage: append FILE OUT\n");
		return EX_USAGE;
	}
	in = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (in < 0)
		err(EX_NOINPUT, "%s", argv[1]);
	out = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (out < 0)
		err(EX_CANTCREAT, "%s", argv[2]);
	block = malloc(BLOCK);
	if (block == NULL)
		err(EX_OSERR, "malloc");
	while ((n = read_block(in, block)) > 0)
		write_all(out, block, n);
	if (fdatasync(out) != 0)
		err(EX_IOERR, "fdatasync");
	if (close(out) != 0)
		err(EX_IOERR, "close");
	free(block);
	return EX_OK;
}

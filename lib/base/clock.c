/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"

/* "1764000000" or "1764000000.123", then a newline or the end. */
static int64_t
file_ms(int fd)
{
	char text[64];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	uint64_t s, ms = 0;
	size_t whole;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	text[strcspn(text, " \r\n")] = '\0';
	whole = strcspn(text, ".");
	if (num_parse_n(text, whole, &s) < 0 || s > INT64_MAX / 2000)
		return 0;
	if (text[whole] == '.') {
		char frac[4] = "000";

		memcpy(frac, text + whole + 1,
		    strnlen(text + whole + 1, sizeof(frac) - 1));
		if (num_parse_n(frac, 3, &ms) < 0)
			return 0;
	}
	return (int64_t)(s * 1000 + ms);
}

int
clock_use_file(struct clock *c, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		err_sys(err, "cannot open the clock file %s", path);
		if (err != NULL)
			err->cls = ERR_NOINPUT;
		return -1;
	}
	if (file_ms(fd) == 0) {
		close(fd);
		return err_set(err, ERR_INPUT,
		    "%s: the clock file must hold seconds since 1970", path);
	}
	c->fd = fd;
	return 0;
}

static int64_t
system_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
clock_wall_ms(const struct clock *c)
{
	return c->fd >= 0 ? file_ms(c->fd) : system_ms(CLOCK_REALTIME);
}

int64_t
clock_wall_s(const struct clock *c)
{
	return clock_wall_ms(c) / 1000;
}

int64_t
clock_boot_ms(const struct clock *c)
{
	return c->fd >= 0 ? file_ms(c->fd) : system_ms(CLOCK_BOOTTIME);
}

void
clock_format_iso(int64_t wall_s, char to[32])
{
	time_t t = (time_t)wall_s;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL ||
	    strftime(to, 32, "%Y-%m-%d %H:%M:%S%z", &tm) == 0)
		to[0] = '\0';
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Files that are there as a whole, or not at all
 *
 * Whoever reads one sees what was there before, or all that is new.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"
#include "write_file.h"

static int finish(FILE *out, int err)
{
	if (ferror(out))
		err = -EIO;
	if (fclose(out))
		err = -EIO;
	return err;
}

static int replace(const char *path, int (*write)(FILE *out, const void *data), const void *data)
{
	char temp[PATH_MAX];
	FILE *out;
	int err;

	if (snprintf(temp, sizeof(temp), "%s.%d", path, getpid()) >= (int)sizeof(temp))
		return -ENAMETOOLONG;
	out = fopen(temp, "we");
	if (!out)
		return -errno;
	err = finish(out, write(out, data));
	if (!err && rename(temp, path))
		err = -errno;
	if (err)
		unlink(temp);
	return err;
}

/**
 * write_file() - write a file
 * @path: it, or "-" for standard output
 * @write: writes; returns 0 or a negative errno
 * @data: for @write
 */
int write_file(const char *path, int (*write)(FILE *out, const void *data), const void *data)
{
	struct stat st;
	FILE *out;
	int err;

	if (!strcmp(path, "-")) {
		err = write(stdout, data);
		return fflush(stdout) || ferror(stdout) ? -EIO : err;
	}
	/* A pipe or a device cannot be replaced. */
	if (stat(path, &st) || S_ISREG(st.st_mode))
		return replace(path, write, data);
	out = fopen(path, "we");
	return out ? finish(out, write(out, data)) : -errno;
}

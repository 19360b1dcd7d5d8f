// SPDX-License-Identifier: GPL-2.0
/*
 * Texts and files by their names
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"

/* Cut to what fits. */
void copy(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	if (len >= size)
		len = size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

char *path_of(const char *format, ...)
{
	char *path = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&path, format, ap) < 0) {
		perror("table");
		exit(2);
	}
	va_end(ap);
	return path;
}

/* NULL when it is not there. */
FILE *open_in(const char *dir, const char *name)
{
	char *path = path_of("%s/%s", dir, name);
	FILE *f = fopen(path, "re");

	free(path);
	return f;
}

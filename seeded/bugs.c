// SPDX-License-Identifier: GPL-2.0
/*
 * The patches that put bugs into kernels, and what their headers say
 *
 * A bug is a fix that is taken back, or was thought up. The "Basis:" of the header
 * decides: it is a fix if that has the word "revert" (as in "reverted", "revert in
 * effect of") or "without its fix".
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bugs.h"
#include "files.h"

#define CONTROL		"control-"

bool is_control(const char *name)
{
	return !strncmp(name, CONTROL, strlen(CONTROL));
}

/* One field of a patch's header, as "Bug: ", which may go on in indented lines. */
void read_header(const char *patches, const char *name, const char *field,
		 char *text, size_t size)
{
	char *file = path_of("%s.patch", name), line[256];
	FILE *f = open_in(patches, file);
	bool on = false;
	const char *more;
	size_t len;

	free(file);
	text[0] = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, field, strlen(field)))
			more = line + strlen(field);
		else if (on && line[0] == ' ')
			more = line + 1;
		else
			more = NULL;
		on = more;
		len = strlen(text);
		if (more)
			copy(text + len, size - len, more);
	}
	if (f)
		fclose(f);
}

bool is_fix(const char *patches, const char *name)
{
	char basis[1024];

	read_header(patches, name, "Basis: ", basis, sizeof(basis));
	return !is_control(name) && (strstr(basis, "revert") || strstr(basis, "without its fix"));
}

unsigned int list_bugs(const char *patches, char (*names)[128])
{
	struct dirent **entry;
	unsigned int n = 0;
	int i, nr = scandir(patches, &entry, NULL, versionsort);
	char *dot;

	for (i = 0; i < nr; i++) {
		dot = strstr(entry[i]->d_name, ".patch");
		if (dot && !dot[6] && n < MAX_BUGS) {
			*dot = '\0';
			copy(names[n++], sizeof(names[0]), entry[i]->d_name);
		}
		free(entry[i]);
	}
	if (nr >= 0)
		free(entry);
	return n;
}

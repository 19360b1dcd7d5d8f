/* SPDX-License-Identifier: GPL-2.0 */
/* The patches that put bugs into kernels, and what their headers say */
#ifndef SEEDED_BUGS_H
#define SEEDED_BUGS_H

#include <stdbool.h>
#include <stddef.h>

#define MAX_BUGS	256

bool is_control(const char *name);
bool is_fix(const char *patches, const char *name);
unsigned int list_bugs(const char *patches, char (*names)[128]);
void read_header(const char *patches, const char *name, const char *field,
		 char *text, size_t size);

#endif /* SEEDED_BUGS_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Texts and files by their names */
#ifndef SEEDED_FILES_H
#define SEEDED_FILES_H

#include <stddef.h>
#include <stdio.h>

void copy(char *to, size_t size, const char *from);
char *path_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
FILE *open_in(const char *dir, const char *name);

#endif /* SEEDED_FILES_H */

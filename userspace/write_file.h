/* SPDX-License-Identifier: GPL-2.0 */
/* Files that are there as a whole, or not at all */
#ifndef THPRACE_WRITE_FILE_H
#define THPRACE_WRITE_FILE_H

#include <stdio.h>

int write_file(const char *path, int (*write)(FILE *out, const void *data), const void *data);

#endif /* THPRACE_WRITE_FILE_H */

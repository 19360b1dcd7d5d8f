/* SPDX-License-Identifier: GPL-2.0 */
/* One check of another process */
#ifndef THPRACE_CHECK_H
#define THPRACE_CHECK_H

#include "util.h"

int check_process(pid_t pid, const char *map);
int check_memory(int fd, pid_t pid, const char *inject);

#endif /* THPRACE_CHECK_H */

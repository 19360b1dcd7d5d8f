/* SPDX-License-Identifier: GPL-2.0 */
/* What main does beside two lanes */
#ifndef THPRACE_ASIDE_H
#define THPRACE_ASIDE_H

#include <sys/types.h>

struct run;

void aside_migrate(struct run *run, unsigned int thp, pid_t pid);

#endif /* THPRACE_ASIDE_H */

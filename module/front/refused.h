/* SPDX-License-Identifier: GPL-2.0 */
/* refused.h - where the reason of a refused line is to be found */
#ifndef THPRACE_REFUSED_H
#define THPRACE_REFUSED_H

#include "state/session.h"

struct seq_file;

void thprace_refused(struct thprace_session *s, const char *verb, struct thprace_refusal *no,
		     int err);
void thprace_refused_keep(struct thprace_session *s, const char *verb, const char *line,
			  size_t len, int err);
void thprace_refused_show(struct seq_file *m);
void thprace_refused_exit(void);

#endif /* THPRACE_REFUSED_H */

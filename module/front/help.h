/* SPDX-License-Identifier: GPL-2.0 */
/* help.h - the grammar as text */
#ifndef THPRACE_HELP_H
#define THPRACE_HELP_H

struct seq_file;

void thprace_help_show(struct seq_file *m);

#endif /* THPRACE_HELP_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* debugfs.h - for main.c only */
#ifndef THPRACE_DEBUGFS_H
#define THPRACE_DEBUGFS_H

int thprace_debugfs_init(void);
void thprace_debugfs_exit(void);

#endif /* THPRACE_DEBUGFS_H */

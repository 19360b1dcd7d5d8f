/* SPDX-License-Identifier: GPL-2.0 */
/* userfaultfd: opened, given memory, and how it moves pages between VMAs */
#ifndef THPRACE_UFFD_H
#define THPRACE_UFFD_H

#include "util.h"

int uffd_open(u64 features);
int uffd_register(int fd, void *at, size_t len, u64 mode);
int uffd_unregister(int fd, void *at, size_t len);
int uffd_open_to_move(void);
const char *uffd_move_why_not(void);
ssize_t uffd_move(int fd, void *to, void *from, size_t len);

#endif /* THPRACE_UFFD_H */

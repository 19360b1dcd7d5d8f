/* SPDX-License-Identifier: GPL-2.0 */
/* Marks by which writes are tracked: soft-dirty, userfaultfd's write protection */
#ifndef THPRACE_TRACK_H
#define THPRACE_TRACK_H

#include "util.h"

#define PM_SOFT_DIRTY	BIT_ULL(55)
#define PM_UFFD_WP	BIT_ULL(57)
#define PM_THERE	(BIT_ULL(63) | BIT_ULL(62))

int track_clear(void);
const char *track_softdirty_why_not(void);
int track_open_uffd(u64 features);
int track_register(int fd, void *at, size_t len);
int track_protect(int fd, void *at, size_t len, bool on);
const char *track_uffd_why_not(void);
bool track_shows_uffd(void);
int track_scan_protect(int pagemap, void *at, size_t len);
bool track_is_no_swap(u64 entry);
int track_entries(int pagemap, const void *at, u64 *entry, unsigned int nr);

#endif /* THPRACE_TRACK_H */

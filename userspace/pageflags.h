/* SPDX-License-Identifier: GPL-2.0 */
/* The flags of /proc/kpageflags, and the fields of pagemap, by name */
#ifndef THPRACE_PAGEFLAGS_H
#define THPRACE_PAGEFLAGS_H

#include "util.h"

#define PAGEFLAGS_TEXT	200
#define PAGEMAP_TEXT	120

void pageflags_text(char *buf, size_t size, u64 flags);
void pagemap_text(char *buf, size_t size, u64 entry);

#endif /* THPRACE_PAGEFLAGS_H */

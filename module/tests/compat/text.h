/* SPDX-License-Identifier: GPL-2.0 */
/* text.h - in the place of module/compat/text.h: what the kernel would print */
#ifndef THPRACE_TEXT_H
#define THPRACE_TEXT_H

#include <stdio.h>

extern const char *page_flag_text;

static inline void thprace_page_flag_text(char *buf, size_t size, unsigned long flags)
{
	snprintf(buf, size, "%s", page_flag_text);
}

static inline void thprace_vma_flag_text(char *buf, size_t size, unsigned long flags)
{
	snprintf(buf, size, "read|write|mayread");
}

static inline void thprace_symbol_text(char *buf, size_t size, unsigned long addr)
{
	snprintf(buf, size, addr ? "func%lu+0x10/0x20 [thprace]" : "0x%lx", addr);
}

static inline void thprace_errno_text(char *buf, size_t size, unsigned int err)
{
	snprintf(buf, size, err == 12 ? "ENOMEM" : "%u", err);
}

#endif /* THPRACE_TEXT_H */

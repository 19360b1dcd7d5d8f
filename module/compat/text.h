/* SPDX-License-Identifier: GPL-2.0 */
/*
 * text.h - flags, addresses and errnos as the kernel itself prints them
 *
 * The unit tests have a file of this name in its place.
 */
#ifndef THPRACE_TEXT_H
#define THPRACE_TEXT_H

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/string.h>

/* "uptodate|lru", later kernels "0x14(uptodate|lru|node=0|zone=1)". */
static inline void thprace_page_flag_text(char *buf, size_t size, unsigned long flags)
{
	snprintf(buf, size, "%pGp", &flags);
}

static inline void thprace_vma_flag_text(char *buf, size_t size, unsigned long flags)
{
	snprintf(buf, size, "%pGv", &flags);
}

/* "func+0x12/0x34 [module]" */
static inline void thprace_symbol_text(char *buf, size_t size, unsigned long addr)
{
	snprintf(buf, size, "%pS", (void *)addr);
}

/* "ENOMEM", or "12" where the kernel has no names of errnos. */
static inline void thprace_errno_text(char *buf, size_t size, unsigned int err)
{
	char text[24];

	snprintf(text, sizeof(text), "%pe", ERR_PTR(-(long)err));
	snprintf(buf, size, "%s", text + (text[0] == '-'));
}

#endif /* THPRACE_TEXT_H */

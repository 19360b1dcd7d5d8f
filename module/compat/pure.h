/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pure.h - what files that are also built on the host need from their surroundings
 *
 * The parser, the names and the rules read no kernel state, so the unit tests
 * in module/tests build them as they are.
 */
#ifndef THPRACE_PURE_H
#define THPRACE_PURE_H

#ifdef __KERNEL__
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/pgtable.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <assert.h>
#include <errno.h>
#include <linux/types.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

#define __printf(a, b)	__attribute((format(printf, a, b)))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT_ULL(n)	(1ULL << (n))
#define U64_MAX		UINT64_MAX
#define U32_MAX		UINT32_MAX
#define PAGE_SHIFT	12
#define PMD_SHIFT	21
#endif

#include "../../include/thprace_abi.h"

#define THPRACE_PAGE_SIZE	BIT_ULL(PAGE_SHIFT)
#define THPRACE_PMD_SIZE	BIT_ULL(PMD_SHIFT)
/* Subpages of the largest folio that is looked at, which a PMD maps: 512 of 4 KiB pages. */
#define THPRACE_HPAGE_NR	(1 << (PMD_SHIFT - PAGE_SHIFT))

#endif /* THPRACE_PURE_H */

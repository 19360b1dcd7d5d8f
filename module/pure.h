/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pure.h - what the pure parts (trigger, judge) need from their surroundings
 *
 * Lets trigger.c and judge.c build both into the module and into the host's
 * unit tests.  Not here: anything that reads kernel state.
 */
#ifndef THPRACE_PURE_H
#define THPRACE_PURE_H

#ifdef __KERNEL__
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT_ULL(n)	(1ULL << (n))
#define U64_MAX		UINT64_MAX
#define U32_MAX		UINT32_MAX
#define static_assert	_Static_assert
#endif

#include "../include/thprace_abi.h"

#endif /* THPRACE_PURE_H */

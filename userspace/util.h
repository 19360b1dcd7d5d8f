/* SPDX-License-Identifier: GPL-2.0 */
/* Time, strict numbers, small files, the last error */
#ifndef THPRACE_UTIL_H
#define THPRACE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include <linux/types.h>

#include "thprace_abi.h"

typedef __u64 u64;
typedef __u32 u32;
typedef __u16 u16;
typedef __u8 u8;

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BIT_ULL(n)		(1ULL << (n))
#define NSEC_PER_USEC		1000ULL
#define NSEC_PER_MSEC		1000000ULL
#define NSEC_PER_SEC		1000000000ULL

u64 now_ns(void);
int parse_u64(const char *s, u64 min, u64 max, u64 *val);
ssize_t read_text(const char *path, char *buf, size_t size);
int write_text(const char *path, const char *text);
void write_text_only(bool (*may)(const char *path));
void set_error(const char *fmt, ...) __printf(1, 2);
const char *last_error(void);
const char *errno_name(int err);
void *map_shared(size_t size);
bool injected(const char *what);
void copy_word(char *dst, size_t size, const char *src);

#endif /* THPRACE_UTIL_H */

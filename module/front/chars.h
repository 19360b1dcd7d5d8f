/* SPDX-License-Identifier: GPL-2.0 */
/* chars.h - what a line consists of: characters, numbers, names; none is terminated */
#ifndef THPRACE_CHARS_H
#define THPRACE_CHARS_H

#include "state/spec.h"

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || c == '-';
}

/* Phases may be named after kernel symbols. */
static inline bool is_phase_char(char c)
{
	return is_label_char(c) || (c >= 'A' && c <= 'Z') || c == '.';
}

static inline bool is_word(const char *s, size_t len, const char *name)
{
	return strlen(name) == len && !memcmp(s, name, len);
}

static inline int digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/*
 * Decimal, or hexadecimal after 0x; no sign, nothing around it.  What is not
 * a number is -EINVAL even when it is also too long.
 */
static inline int parse_u64(const char *s, size_t len, u64 *val)
{
	unsigned int base = 10, digit;
	bool overflow = false;
	u64 n = 0;
	size_t i;

	if (len > 2 && s[0] == '0' && s[1] == 'x') {
		base = 16;
		s += 2;
		len -= 2;
	}
	if (!len)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		digit = digit_value(s[i]);
		if (digit >= base)
			return -EINVAL;
		/* No 64-bit division: some 32-bit kernels lack it. */
		if (base == 16)
			overflow |= n >> 60;
		else
			overflow |= n > 1844674407370955161ULL ||
				    (n == 1844674407370955161ULL && digit > 5);
		n = n * base + digit;
	}
	if (overflow)
		return -ERANGE;
	*val = n;
	return 0;
}

static inline int parse_limited(const char *s, size_t len, u64 min, u64 max, u64 *val)
{
	u64 n;
	int err;

	err = parse_u64(s, len, &n);
	if (err)
		return err;
	*val = n;
	return n < min || n > max ? -ERANGE : 0;
}

static inline int parse_limited_u32(const char *s, size_t len, u32 min, u32 max, u32 *val)
{
	u64 n;
	int err;

	err = parse_limited(s, len, min, max, &n);
	if (!err)
		*val = n;
	return err;
}

/* Copies a name of allowed characters, 1..THPRACE_NAME_LEN-1 of them. */
static inline int parse_label(const char *s, size_t len, bool (*allowed)(char c), char *dst)
{
	size_t i;

	if (!len || len >= THPRACE_NAME_LEN)
		return -EINVAL;
	for (i = 0; i < len; i++)
		if (!allowed(s[i]))
			return -EINVAL;
	memcpy(dst, s, len);
	dst[len] = '\0';
	return 0;
}

/* Offset of @c in @s, or @len. */
static inline size_t find_char(const char *s, size_t len, char c)
{
	const char *at = len ? memchr(s, c, len) : NULL;

	return at ? (size_t)(at - s) : len;
}

/* Offset of the first blank in @s, or @len. */
static inline size_t find_blank(const char *s, size_t len)
{
	size_t at = 0;

	while (at < len && !is_blank(s[at]))
		at++;
	return at;
}

#endif /* THPRACE_CHARS_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Times that people write, from a millisecond to a year
 */
#include <errno.h>
#include <string.h>

#include "duration.h"
#include "util.h"

#define DIGITS		"0123456789"
#define MAX_FRACTION	9		/* digits that count */

static u64 unit_ms(const char *unit)
{
	static const struct {
		char name;
		u64 ms;
	} units[] = {
		{ 's', 1000 },
		{ 'm', 60 * 1000 },
		{ 'h', 3600 * 1000 },
		{ 'd', 24 * 3600 * 1000 },
		{ 'w', 7 * 24 * 3600 * 1000 },
	};
	unsigned int i;

	if (!*unit)
		return 1000;
	for (i = 0; i < ARRAY_SIZE(units) && !unit[1]; i++) {
		if (units[i].name == *unit)
			return units[i].ms;
	}
	return 0;
}

/**
 * parse_duration() - a time: seconds, or a number with one of the units s, m, h, d, w
 * @s: text, such as 90, 1.5, 15m or 2w
 * @ms: result, in milliseconds; not touched on failure
 *
 * Decimal digits, perhaps a point and more digits; no sign or blank.  Returns 0,
 * -EINVAL, or -ERANGE below a millisecond and above MAX_DURATION_MS.
 */
int parse_duration(const char *s, u64 *ms)
{
	size_t len = strspn(s, DIGITS), i;
	u64 whole = 0, part = 0, unit, scale = 1;
	const char *point = s + len;
	size_t nr_part = 0;

	if (*point == '.')
		nr_part = strspn(point + 1, DIGITS);
	if (!len || (*point == '.' && !nr_part))
		return -EINVAL;
	unit = unit_ms(*point == '.' ? point + 1 + nr_part : point);
	if (!unit)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		whole = whole * 10 + (s[i] - '0');
		if (whole > MAX_DURATION_MS / unit)
			return -ERANGE;
	}
	for (i = 0; i < nr_part && i < MAX_FRACTION; i++) {
		part = part * 10 + (point[1 + i] - '0');
		scale *= 10;
	}
	whole = whole * unit + part * unit / scale;
	if (!whole || whole > MAX_DURATION_MS)
		return -ERANGE;
	*ms = whole;
	return 0;
}

/**
 * duration_text() - a time in seconds, as parse_duration() takes it
 * @buf: result, DURATION_TEXT bytes
 * @ms: milliseconds
 */
char *duration_text(char *buf, u64 ms)
{
	int len = snprintf(buf, DURATION_TEXT, "%llu.%03llu", ms / 1000, ms % 1000);

	while (buf[len - 1] == '0')
		len--;
	if (buf[len - 1] == '.')
		len--;
	buf[len] = '\0';
	return buf;
}

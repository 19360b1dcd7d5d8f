// SPDX-License-Identifier: GPL-2.0
/*
 * Values of the JSON report that JSON itself does not have
 */
#include <stdint.h>

#include "json_value.h"
#include "util.h"

/**
 * u64_json() - a number; one that JSON integers here cannot hold is a string of its digits
 * @val: it
 */
json_t *u64_json(u64 val)
{
	return val <= INT64_MAX ? json_integer((json_int_t)val) : json_sprintf("%llu", val);
}

json_t *hex_json(u64 val)
{
	return json_sprintf("0x%llx", val);
}

/**
 * plain_json() - a string, which must be UTF-8 in JSON
 * @text: from a kernel, so it may be anything
 */
json_t *plain_json(const char *text)
{
	char buf[1024], *at;

	copy_word(buf, sizeof(buf), text);
	for (at = buf; *at; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
	return json_string(buf);
}

json_t *text_or_null(const char *text)
{
	return text && text[0] ? plain_json(text) : json_null();
}

/**
 * count_value() - what u64_json() made; 0 of anything else
 * @json: it
 */
u64 count_value(const json_t *json)
{
	u64 val = 0;

	if (json_is_string(json))
		return parse_u64(json_string_value(json), 0, ~0ULL, &val) ? 0 : val;
	return json_integer_value(json) > 0 ? (u64)json_integer_value(json) : 0;
}

/**
 * count_sum() - the highest number, where there is no room for more
 * @a: one
 * @b: other
 */
u64 count_sum(u64 a, u64 b)
{
	return a > ~0ULL - b ? ~0ULL : a + b;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Values of the JSON report that JSON itself does not have */
#ifndef THPRACE_JSON_VALUE_H
#define THPRACE_JSON_VALUE_H

#include <jansson.h>

#include "util.h"

json_t *u64_json(u64 val);
json_t *hex_json(u64 val);
json_t *plain_json(const char *text);
json_t *text_or_null(const char *text);
u64 count_value(const json_t *json);
u64 count_sum(u64 a, u64 b);

#endif /* THPRACE_JSON_VALUE_H */

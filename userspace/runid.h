/* SPDX-License-Identifier: GPL-2.0 */
/* What tells runs apart, and when they began */
#ifndef THPRACE_RUNID_H
#define THPRACE_RUNID_H

#include <jansson.h>

#include "util.h"

u64 text_hash(const char *text, u64 hash);
json_t *runid_of_content(const json_t *root);
void runid_json(json_t *root, u64 start_ns);

#endif /* THPRACE_RUNID_H */

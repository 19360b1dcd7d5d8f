/* SPDX-License-Identifier: GPL-2.0 */
/* Times that people write, from a millisecond to a year */
#ifndef THPRACE_DURATION_H
#define THPRACE_DURATION_H

#include "util.h"

#define MAX_DURATION_MS		(52 * 7 * 24 * 3600 * 1000ULL)
#define DURATION_TEXT		32

int parse_duration(const char *s, u64 *ms);
char *duration_text(char *buf, u64 ms);

#endif /* THPRACE_DURATION_H */

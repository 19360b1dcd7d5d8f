/* SPDX-License-Identifier: GPL-2.0 */
/* What the scenario that runs has left in shared memory, as a result */
#ifndef THPRACE_COLLECT_H
#define THPRACE_COLLECT_H

#include "report.h"

void collect(const struct report *rep, struct result *out);
void collect_missed(const struct report *rep, struct result *out, const char *known);
void collect_known(const struct report *rep, char *buf, size_t size);

#endif /* THPRACE_COLLECT_H */

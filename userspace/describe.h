/* SPDX-License-Identifier: GPL-2.0 */
/* What is in a huge page with wrong content: as the process sees it that has it */
#ifndef THPRACE_DESCRIBE_H
#define THPRACE_DESCRIBE_H

#include "run.h"

void describe_content(struct run *run, struct lane *lane, u32 number, const void *page);

#endif /* THPRACE_DESCRIBE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Who else has something to do with KSM */
#ifndef THPRACE_KSM_H
#define THPRACE_KSM_H

#include <stdbool.h>
#include <stddef.h>

#define KSM_SYSFS	"/sys/kernel/mm/ksm"

bool ksm_mergeable(const char *pid);
const char *ksm_others(void);
void ksm_text(char *text, size_t size);

#endif /* THPRACE_KSM_H */

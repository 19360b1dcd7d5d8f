/* SPDX-License-Identifier: GPL-2.0 */
/* available.h - which quiesced checks this kernel can have */
#ifndef THPRACE_AVAILABLE_H
#define THPRACE_AVAILABLE_H

#include <linux/types.h>

const char *thprace_quiesced_lacks(unsigned int check);
void thprace_quiesced_off(unsigned int check, const char *why);
const char *thprace_quiesced_why_not(unsigned int check);
u64 thprace_checks_quiesced(void);

#endif /* THPRACE_AVAILABLE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* tested.h - the series of kernels that the rules were derived from and tested on */
#ifndef THPRACE_TESTED_H
#define THPRACE_TESTED_H

#include "compat/pure.h"

bool thprace_series_tested(const char *release, unsigned int page_shift);

#endif /* THPRACE_TESTED_H */

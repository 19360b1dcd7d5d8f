/* SPDX-License-Identifier: GPL-2.0 */
/* Colour of verdicts, on a terminal */
#ifndef THPRACE_COLOR_H
#define THPRACE_COLOR_H

#include <stdio.h>

#include "thprace_abi.h"

void color_verdict(enum thprace_verdict verdict, int width, FILE *out);

#endif /* THPRACE_COLOR_H */

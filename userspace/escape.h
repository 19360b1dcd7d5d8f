/* SPDX-License-Identifier: GPL-2.0 */
/* Text in XML and HTML */
#ifndef THPRACE_ESCAPE_H
#define THPRACE_ESCAPE_H

#include <stdio.h>

void escape_put(FILE *out, const char *text);

#endif /* THPRACE_ESCAPE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* How pages look */
#ifndef THPRACE_HTML_STYLE_H
#define THPRACE_HTML_STYLE_H

#include <stdio.h>

void html_style(FILE *out, const char *title);

#endif /* THPRACE_HTML_STYLE_H */

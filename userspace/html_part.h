/* SPDX-License-Identifier: GPL-2.0 */
/* Parts of the page of a merged report */
#ifndef THPRACE_HTML_PART_H
#define THPRACE_HTML_PART_H

#include "merge.h"

#define HTML_COLOURS	6		/* of lines, see html_style.c */

void html_grids(FILE *out, const json_t *kernels);
void html_charts(FILE *out, const json_t *kernels);

#endif /* THPRACE_HTML_PART_H */

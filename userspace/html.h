/* SPDX-License-Identifier: GPL-2.0 */
/* A merged report as a page */
#ifndef THPRACE_HTML_H
#define THPRACE_HTML_H

#include "merge.h"

int merge_html(const struct merge *m, const char *path);

#endif /* THPRACE_HTML_H */

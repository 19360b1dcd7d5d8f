/* SPDX-License-Identifier: GPL-2.0 */
/* What other tests found, as Markdown: alone, and under "thprace observe" */
#ifndef SEEDED_OTHERS_H
#define SEEDED_OTHERS_H

#include "guest.h"

#define MAX_TOOLS	16
#define TOGETHER	"all"		/* a tool: all others side by side */

void print_by(const struct row *row);
int others(const char *patches, const char *results, char **tools, int nr_tools);
int observed(const char *patches, const char *results, char **tools, int nr_tools);

#endif /* SEEDED_OTHERS_H */

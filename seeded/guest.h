/* SPDX-License-Identifier: GPL-2.0 */
/* What guests left behind: was the bug found, by what, how soon */
#ifndef SEEDED_GUEST_H
#define SEEDED_GUEST_H

#include <stdbool.h>

#define MAX_SEEDS	16
#define OURS		"thprace"	/* a tool */
#define OBSERVED	".observed"	/* behind the name of another: under thprace observe */

enum found {
	FOUND_NOTHING, FOUND_CHECK, FOUND_SPLAT, FOUND_HANG, FOUND_FAILURE, FOUND_ERROR, NR_FOUND
};

struct guest {
	enum found found;
	double seconds;			/* INFINITY: not found, or not known when */
	char by[160];
	char scenario[64], cell[128], kernel[64], date[16];
	enum found itself;		/* of a test that was observed: without our checks */
	char itself_by[160];
};

struct row {
	struct guest guest[MAX_SEEDS];
	unsigned int nr, nr_found;
};

bool is_found(const struct guest *g);
void read_row(const char *results, const char *name, const char *tool, struct row *row);
int compare_double(const void *a, const void *b);
double median(const struct row *row);

#endif /* SEEDED_GUEST_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* A report of three scenarios that passed, to be spoiled */
#ifndef THPRACE_FIXTURE_H
#define THPRACE_FIXTURE_H

#include "report.h"

struct fixture {
	struct options opt;
	struct report *rep;
};

extern struct fixture fix;

int fixture_fill(void);
int fixture_setup(void **state);
int fixture_teardown(void **state);
void fixture_violate(struct result *res, const char *check);

#endif /* THPRACE_FIXTURE_H */

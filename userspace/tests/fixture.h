/* SPDX-License-Identifier: GPL-2.0 */
/* A report of three scenarios that passed, to be spoiled */
#ifndef THPRACE_FIXTURE_H
#define THPRACE_FIXTURE_H

#include "report.h"

struct fixture {
	struct options opt;
	struct report *rep;
};

int fixture_setup(struct fixture *f);
int fixture_fill(struct fixture *f);
void fixture_teardown(struct fixture *f);
void fixture_violate(struct result *res, const char *check);

#endif /* THPRACE_FIXTURE_H */

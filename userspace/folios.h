/* SPDX-License-Identifier: GPL-2.0 */
/* Folios of one size in the place of a huge page */
#ifndef THPRACE_FOLIOS_H
#define THPRACE_FOLIOS_H

#include "util.h"

struct run;

void folios_draw(struct run *run);
int folios_prepare(struct run *run);
void folios_fault(const struct run *run, unsigned int thp);
unsigned int folios_prove(struct run *run);
int folios_hold(struct run *run);
void folios_raced(struct run *run, unsigned int thp);

#endif /* THPRACE_FOLIOS_H */

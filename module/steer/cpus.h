/* SPDX-License-Identifier: GPL-2.0 */
/* cpus.h - how many CPUs a schedule needs, and which lanes may use */
#ifndef THPRACE_CPUS_H
#define THPRACE_CPUS_H

#include "state/refusal.h"
#include "state/spec.h"

struct task_struct;

int thprace_cpus_suffice(const struct thprace_step *step, unsigned int nr,
			 struct thprace_refusal *no);
void thprace_cpus_place(struct task_struct *task, const struct thprace_spec *spec,
			unsigned int lane);

#endif /* THPRACE_CPUS_H */

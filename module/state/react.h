/* SPDX-License-Identifier: GPL-2.0 */
/* react.h - what a violation does to the machine */
#ifndef THPRACE_REACT_H
#define THPRACE_REACT_H

#include "state/finding.h"

void thprace_react(unsigned int check, const struct thprace_finding *f, u64 cause);

#endif /* THPRACE_REACT_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* conclude.h - what the lanes of a round did goes into the blocks of its causes */
#ifndef THPRACE_CONCLUDE_H
#define THPRACE_CONCLUDE_H

struct thprace_session;

void thprace_conclude(struct thprace_session *s);

#endif /* THPRACE_CONCLUDE_H */

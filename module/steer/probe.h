/* SPDX-License-Identifier: GPL-2.0 */
/* probe.h - probes at the points of the table */
#ifndef THPRACE_PROBE_H
#define THPRACE_PROBE_H

#include <linux/types.h>

int thprace_phase_init(void);
void thprace_phase_exit(void);
const char *thprace_phase_why_not(unsigned int phase);
const char *thprace_phase_args_why_not(unsigned int phase);
int thprace_phase_switch(bool off);
int thprace_phase_get_racing(void);
void thprace_phase_put_racing(void);
int thprace_phase_get_all(void);
void thprace_phase_put_all(void);
bool thprace_phase_has_returns(void);
int thprace_phase_get_return(unsigned int phase);
void thprace_phase_put_return(unsigned int phase);
u64 thprace_phase_missed(void);
bool thprace_phase_probed(const char *name);

#endif /* THPRACE_PROBE_H */

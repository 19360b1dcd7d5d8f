/* SPDX-License-Identifier: GPL-2.0 */
/* What a run changes on the machine, and puts back: settings, swap, processes */
#ifndef THPRACE_UNDO_H
#define THPRACE_UNDO_H

#include "util.h"

/* knobs.c */
int knobs_init(void);
int knob_set(const char *path, const char *value);
pid_t knob_kthread(const char *name);
void knobs_restore(void);

/* swap.c */
int swap_init(void);
void swap_start(void);
void swap_stop(void);

/* keeper.c */
int keeper_start(void (*last_words)(void));
pid_t keeper_pid(void);
void keeper_stop(void);

/* signals.c */
int signals_setup(void);
void signals_scenario(pid_t pid);
void signals_in_scenario(void);
bool signals_stop(void);
int signals_child(pid_t pid);
void signals_child_gone(pid_t pid);

#endif /* THPRACE_UNDO_H */

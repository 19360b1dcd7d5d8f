/* SPDX-License-Identifier: GPL-2.0 */
/* What a run changes on the machine, and puts back: settings, swap, processes */
#ifndef THPRACE_UNDO_H
#define THPRACE_UNDO_H

#include "touch.h"
#include "util.h"

/* undo.c */
int undo_init(void);
void undo_hold_as(unsigned int job);
void undo_hold_all(void);
u64 undo_holder(void);
void undo_lock(void);
void undo_unlock(void);
void undo_failed(const char *fmt, ...) __printf(1, 2);
void undo_left(const char *fmt, ...) __printf(1, 2);
unsigned int undo_nr_failed(void);
const char *undo_note(unsigned int i);
void undo_print(FILE *out);

/* bounded.c */
int do_within(int (*fn)(void), u64 limit_ns);

/* knobs.c */
int knobs_init(void);
bool knob_is(const char *path, const char *value);
int knob_set(const char *path, const char *value, const char *undo_by);
pid_t knob_kthread(const char *name);
void knobs_restore(void);

/* swap.c */
extern const struct touch swap_touches[];
int swap_init(void);
void swap_start(void);
void swap_stop(void);
void swap_end(void);
void swap_load(void);

/* device.c */
#define ZRAM_BLOCK	"/sys/block/zram"	/* then the number */
#define DEVICE_PAGES	256
extern const struct touch device_touches[];
int device_init(void);
void device_start(u64 bytes);
int device_open(void);
void device_stop(void);

/* keeper.c */
int keeper_start(void (*last_words)(void));
pid_t keeper_pid(void);
void keeper_stop(void);

/* lock.c */
extern const struct touch lock_touches[];
int lock_take(const char *path);
int lock_fd(void);
void lock_leave(void);

/* signals.c */
int signals_setup(void);
void signals_scenario(pid_t pid);
void signals_in_scenario(void);
void signals_in_job(unsigned int number);
void signals_job_gone(unsigned int number);
bool signals_stop(void);
int signals_child(pid_t pid);
void signals_child_gone(pid_t pid);

#endif /* THPRACE_UNDO_H */

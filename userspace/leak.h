/* SPDX-License-Identifier: GPL-2.0 */
/* What is left when the processes of a scenario are gone */
#ifndef THPRACE_LEAK_H
#define THPRACE_LEAK_H

#include "result.h"
#include "touch.h"

struct leak;

extern const struct touch leak_touches[];
void leak_forbid(const char *why);
const char *leak_why_not(void);
struct leak *leak_begin(unsigned int index);
const char *leak_enter(const struct leak *leak);
void leak_entered(struct leak *leak, bool entered);
void leak_look(struct leak *leak, struct result *res, u64 start_ns, bool last);
void leak_dismiss(struct leak *leak);
bool leak_pending(const struct leak *leak);
bool leak_overdue(const struct leak *leak, u64 patience_ns);
void leak_nudge(bool hard);
void leak_give_up(void);
void leak_beside(void);
struct leak *leak_begin_whole(void);
void leak_remove(void);
void leak_remove_all(pid_t run);
void leak_stop(void);
void leak_sweep(pid_t run);

#endif /* THPRACE_LEAK_H */

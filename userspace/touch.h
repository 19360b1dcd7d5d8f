/* SPDX-License-Identifier: GPL-2.0 */
/* What a run touches beside its own memory: said by who does it, in rows */
#ifndef THPRACE_TOUCH_H
#define THPRACE_TOUCH_H

#include "util.h"

#define LOCK_PATH	"/run/thprace.lock"

enum touch_kind {
	TOUCH_END,			/* of a table */
	TOUCH_SETTING,			/* a file that is set, and set back */
	TOUCH_ACTION,			/* a file that is written, nothing is left to set back */
	TOUCH_THREAD,			/* a kernel thread is moved to one CPU, and back */
	TOUCH_DEVICE,			/* a block device of our own is made, and removed */
	TOUCH_SWAP,			/* swap is made and taken down, where there is none */
	TOUCH_CGROUP,			/* directories whose path begins so, and are removed */
	TOUCH_MODULE,			/* of the kernel */
	TOUCH_FILE,
};

struct touch {
	enum touch_kind kind;
	const char *what;
	const char *value;		/* of a setting */
	const char *undo_by;		/* of a setting: written before the old value is, or NULL */
	bool optional;			/* the scenario goes on without */
	const char *others;		/* what others notice of it, or NULL */
};

#define TOUCH_SET(file, to, ...) \
	{ .kind = TOUCH_SETTING, .what = (file), .value = (to), __VA_ARGS__ }

extern const char *const touch_kinds[];

struct run;
struct scenario;

bool touch_changes(const struct touch *t);
int touch_begin(struct run *run);
bool touch_conflict(const struct scenario *a, const struct scenario *b);
const char *touch_not_gentle(const struct scenario *sc);

#endif /* THPRACE_TOUCH_H */

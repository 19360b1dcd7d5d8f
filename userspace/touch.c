// SPDX-License-Identifier: GPL-2.0
/*
 * What a scenario touches beside its own memory
 *
 * Rows, by which it is set up, and by which it is skipped with --gentle.
 */
#include <errno.h>
#include <string.h>

#include "env.h"
#include "options.h"
#include "orders.h"
#include "result.h"
#include "run.h"
#include "scenario.h"
#include "touch.h"
#include "undo.h"
#include "util.h"

const char *const touch_kinds[] = {
	[TOUCH_SETTING] = "setting",
	[TOUCH_ACTION] = "action",
	[TOUCH_THREAD] = "thread",
	[TOUCH_DEVICE] = "device",
	[TOUCH_SWAP] = "swap",
	[TOUCH_CGROUP] = "cgroup",
	[TOUCH_MODULE] = "module",
	[TOUCH_FILE] = "file",
};

/**
 * touch_changes() - is there anything to change, as the machine is now?
 * @t: row
 */
bool touch_changes(const struct touch *t)
{
	switch (t->kind) {
	case TOUCH_SETTING:
		return !knob_is(t->what, t->value);
	case TOUCH_SWAP:
		return !env.have_swap;
	default:
		return true;
	}
}

static int begin_one(struct run *run, const struct touch *t)
{
	int err;

	if (t->optional && run->opt->gentle && touch_changes(t))
		return 0;
	switch (t->kind) {
	case TOUCH_SETTING:
		err = knob_set(t->what, t->value, t->undo_by);
		if (!err || t->optional)
			return 0;
		set_error("cannot set %s to %s: %s", t->what, t->value, strerror(-err));
		return err;
	case TOUCH_THREAD:
		run->kthread = knob_kthread(t->what);
		return 0;
	case TOUCH_SWAP:
		swap_start();
		if (env.have_swap || t->optional)
			return 0;
		run->res->skipped = "no swap here, and no zram to make some";
		return -EOPNOTSUPP;
	case TOUCH_DEVICE:
		device_start(DEVICE_PAGES * env.page_size);
		return 0;
	case TOUCH_CGROUP:
		if (run->cgroup || t->optional)
			return 0;
		run->res->skipped = "no memory cgroup of its own could be made";
		return -EOPNOTSUPP;
	default:
		return 0;
	}
}

/**
 * touch_begin() - set up what the scenario's rows say, and what its orders need
 * @run: the run
 *
 * Undone by knobs_restore(), swap_stop() and device_stop().  Returns 0, -EOPNOTSUPP with
 * res->skipped set, or another negative errno with set_error().
 */
int touch_begin(struct run *run)
{
	u32 orders = orders_of(run->opt, run->sc);
	const struct touch *t;
	unsigned int i;
	int err = 0;

	for (t = run->sc->touches; t && t->kind && !err; t++)
		err = begin_one(run, t);
	for (i = 0; i < NR_ORDERS && !err; i++) {
		t = orders & 1U << i ? orders_touch(i) : NULL;
		err = t ? begin_one(run, t) : 0;
	}
	return err;
}

static bool excludes(const struct touch *a, const struct touch *b)
{
	if (a->kind != b->kind || strcmp(a->what, b->what))
		return false;
	switch (a->kind) {
	case TOUCH_SETTING:
		return strcmp(a->value, b->value);
	case TOUCH_THREAD:
	case TOUCH_DEVICE:
	case TOUCH_ACTION:
		return true;
	default:
		return false;
	}
}

/**
 * touch_conflict() - can two scenarios not run side by side?
 * @a: scenario
 * @b: another one
 *
 * Both may need the same setting, or swap: the last one puts it back.  Not two values of
 * it, nor the same kernel thread, nor the one device; and what both have the
 * kernel do to all of the machine is counted there, for nobody in particular.
 */
bool touch_conflict(const struct scenario *a, const struct scenario *b)
{
	const struct touch *ta, *tb;

	for (ta = a->touches; ta && ta->kind; ta++) {
		for (tb = b->touches; tb && tb->kind; tb++) {
			if (excludes(ta, tb))
				return true;
		}
	}
	return false;
}

/**
 * touch_not_gentle() - why the scenario cannot leave the machine alone, or NULL
 * @sc: scenario
 */
const char *touch_not_gentle(const struct scenario *sc)
{
	static struct {
		const struct scenario *sc;
		char why[160];
	} said[MAX_SCENARIOS];
	const struct touch *t;
	unsigned int i;

	for (t = sc->touches; t && t->kind; t++) {
		if (!t->optional && touch_changes(t))
			break;
	}
	if (!t || !t->kind)
		return NULL;
	for (i = 0; said[i].sc && said[i].sc != sc; i++)
		;
	said[i].sc = sc;
	snprintf(said[i].why, sizeof(said[i].why), "--gentle: it needs %s %s",
		 touch_kinds[t->kind], t->what);
	return said[i].why;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The list of what a run touches beside its own memory
 *
 * Made of the rows by which scenarios are set up and of those of the files that
 * do the rest.  --dry-run prints it, and write_text() refuses a file of the
 * kernel that is not on it: so the list cannot miss what is done.
 */
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "client.h"
#include "env.h"
#include "leak.h"
#include "options.h"
#include "orders.h"
#include "scenario.h"
#include "touch_list.h"
#include "undo.h"
#include "util.h"

#define MAX_LISTED	64
#define PROC_SYS	"/proc/sys/"
#define SYSFS		"/sys/"

static struct listed {
	const struct touch *touch;
	char by[600];			/* scenarios, or "every run" */
} list[MAX_LISTED];
static unsigned int nr_listed;

static void add(const struct touch *t, const char *by)
{
	struct listed *l = list;
	size_t len;

	for (; l < list + nr_listed; l++) {
		if (l->touch->kind == t->kind && !strcmp(l->touch->what, t->what) &&
		    !strcmp(l->touch->value ?: "", t->value ?: ""))
			break;
	}
	if (l == list + MAX_LISTED) {
		/* Never silent: the guard would refuse it. */
		fprintf(stderr, "thprace: no room to list %s\n", t->what);
		return;
	}
	if (l == list + nr_listed) {
		nr_listed++;
		l->touch = t;
		l->by[0] = '\0';
	}
	len = strlen(l->by);
	snprintf(l->by + len, sizeof(l->by) - len, "%s%s", len ? " " : "", by);
}

static void add_all(const struct touch *t, const char *by)
{
	for (; t && t->kind; t++)
		add(t, by);
}

static void add_scenario(const struct scenario *sc, const struct options *opt)
{
	const struct touch *t;

	for (t = sc->touches; t && t->kind; t++) {
		if (opt->gentle && t->optional && touch_changes(t))
			continue;
		/* Not on this kernel. */
		if (t->kind == TOUCH_SETTING && access(t->what, F_OK))
			continue;
		if (t->kind == TOUCH_SWAP && !touch_changes(t))
			continue;
		/* Its own rows say which. */
		if (t->kind == TOUCH_CGROUP)
			continue;
		if (t->kind == TOUCH_SWAP)
			add_all(swap_touches, sc->name);
		else if (t->kind == TOUCH_DEVICE)
			add_all(device_touches, sc->name);
		else
			add(t, sc->name);
	}
}

static void add_orders(const struct scenario *sc, const struct options *opt)
{
	u32 orders = orders_of(opt, sc);
	const struct touch *t;
	unsigned int i;

	for (i = 0; i < NR_ORDERS; i++) {
		t = orders & 1U << i ? orders_touch(i) : NULL;
		if (t && !(opt->gentle && touch_changes(t)))
			add(t, sc->name);
	}
}

static void add_reports(const struct options *opt)
{
	static struct touch files[3];
	const char *const names[] = { opt->json, opt->ktap, opt->grid_html };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!names[i] || !strcmp(names[i], "-"))
			continue;
		files[i] = (struct touch){ .kind = TOUCH_FILE, .what = names[i] };
		add(&files[i], "report");
	}
}

/**
 * touch_collect() - make the list for this run
 * @opt: options of the run
 *
 * To be called after cgroup_init().
 */
void touch_collect(const struct options *opt)
{
	static const char every[] = "every run";
	unsigned int i;

	nr_listed = 0;
	if (!geteuid())
		add_all(lock_touches, every);
	add_reports(opt);
	add_all(opt->no_module ? env_touches : session_touches, every);
	if (!leak_why_not()) {
		add_all(cgroup_touches(), every);
		add_all(leak_touches, every);
	}
	for (i = 0; i < opt->nr_scenarios; i++) {
		if (!scenario_why_not(opt->scenarios[i], opt))
			add_scenario(opt->scenarios[i], opt);
	}
	for (i = 0; i < opt->nr_scenarios; i++) {
		if (!scenario_why_not(opt->scenarios[i], opt))
			add_orders(opt->scenarios[i], opt);
	}
}

static bool of_kernel(const char *path)
{
	return !strncmp(path, SYSFS, strlen(SYSFS)) || !strncmp(path, PROC_SYS, strlen(PROC_SYS));
}

/* Files of a device whose number is not known yet. */
static bool of_device(const char *number)
{
	size_t digits = strspn(number, "0123456789");

	return digits && number[digits] == '/' && (digits == 1 || number[0] != '0');
}

/* A swap device has files, a cgroup's path goes on. */
static bool covers(const struct touch *t, const char *path)
{
	size_t len = strlen(t->what);

	if (t->kind == TOUCH_DEVICE)
		return !strncmp(path, t->what, len) && of_device(path + len);
	if (t->kind != TOUCH_SWAP && t->kind != TOUCH_CGROUP)
		return !strcmp(t->what, path);
	return !strncmp(path, t->what, len) && (t->kind == TOUCH_CGROUP || path[len] == '/');
}

/**
 * touch_listed() - is this file on the list, or none of the kernel's?
 * @path: file
 */
bool touch_listed(const char *path)
{
	unsigned int i;

	for (i = 0; i < nr_listed; i++) {
		if (covers(list[i].touch, path))
			return true;
	}
	return !of_kernel(path);
}

static void print_one(const struct listed *l, FILE *out)
{
	const struct touch *t = l->touch;

	fprintf(out, "%-8s %s", touch_kinds[t->kind], t->what);
	if (t->kind == TOUCH_SETTING)
		fprintf(out, " = %s%s", t->value,
			touch_changes(t) ? ", then set back" : ", as it is");
	fprintf(out, "  [%s]\n", l->by);
	if (t->others)
		fprintf(out, "%-8s   for others: %s\n", "", t->others);
}

/**
 * touch_print() - what a run would touch, and what it would skip
 * @opt: options of the run
 * @out: where to
 */
void touch_print(const struct options *opt, FILE *out)
{
	const char *why;
	unsigned int i;

	touch_collect(opt);
	for (i = 0; i < nr_listed; i++)
		print_one(&list[i], out);
	for (i = 0; i < opt->nr_scenarios; i++) {
		why = scenario_why_not(opt->scenarios[i], opt);
		if (why)
			fprintf(out, "skipped  %s: %s\n", opt->scenarios[i]->name, why);
	}
}

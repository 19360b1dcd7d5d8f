// SPDX-License-Identifier: GPL-2.0
/*
 * react.c - the module parameter on_violation: what a violation does to the machine
 *
 * Called by record.c for each finding that it has recorded, injected or not: a
 * control goes the way of a finding to its end, so that the way can be tried.
 */
#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "state/names.h"
#include "state/react.h"

enum reaction {
	REACTION_LOG,
	REACTION_WARN,
	REACTION_PANIC,
	NR_REACTIONS
};

static const char * const reaction_names[] = { "log", "warn", "panic" };

static_assert(ARRAY_SIZE(reaction_names) == NR_REACTIONS);

static unsigned int reaction = REACTION_LOG;
static atomic_t warned;		/* since the parameter was set */

static int set_reaction(const char *val, const struct kernel_param *kp)
{
	int i = sysfs_match_string(reaction_names, val);

	if (i < 0)
		return i;
	atomic_set(&warned, 0);
	WRITE_ONCE(reaction, i);
	return 0;
}

static int get_reaction(char *buf, const struct kernel_param *kp)
{
	return scnprintf(buf, PAGE_SIZE, "%s\n", reaction_names[READ_ONCE(reaction)]);
}

static const struct kernel_param_ops reaction_ops = {
	.set = set_reaction,
	.get = get_reaction,
};

module_param_cb(on_violation, &reaction_ops, NULL, 0644);
MODULE_PARM_DESC(on_violation,
		 "log (default); warn: the first one also warns and taints; panic: for a dump");

/**
 * thprace_react() - do what on_violation asks for
 * @check: an enum thprace_check
 * @f: a violation that was recorded, and logged
 * @cause: its number
 *
 * Context: any but NMI; also a probe handler, and with interrupts off.
 */
void thprace_react(unsigned int check, const struct thprace_finding *f, u64 cause)
{
	const char *injected = f->control ? "injected " : "";
	const char *reason = f->reason ? f->reason : "-";

	switch (READ_ONCE(reaction)) {
	case REACTION_WARN:
		WARN(!atomic_xchg(&warned, 1), "thprace: %sviolation check=%s cause=%llu: %s\n",
		     injected, thprace_check_name(check), cause, reason);
		break;
	case REACTION_PANIC:
		panic("thprace: %sviolation check=%s cause=%llu addr=0x%llx pfn=0x%llx: %s",
		      injected, thprace_check_name(check), cause, f->addr, f->pfn, reason);
	}
}

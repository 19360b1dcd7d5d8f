// SPDX-License-Identifier: GPL-2.0
/*
 * off.c - the module parameter off: all that sessions do to the kernel ends at once
 *
 * Parked lanes go on, the steps of all schedules are over, and the probes are
 * removed.  Commands ask now and then, and end (state/stop.c); new ones are
 * refused.  What has begun before and is not over is not taken up again: a
 * schedule is dead for the rest of its round, and what probes were to tell of the
 * time in between counts as missed.
 */
#include <linux/kernel.h>
#include <linux/moduleparam.h>

#include "state/off.h"
#include "steer/lockcheck.h"
#include "steer/probe.h"

/* Calls are serialised by the lock of the module's parameters. */
static int set_off(const char *val, const struct kernel_param *kp)
{
	bool off;
	int ret = kstrtobool(val, &off);

	if (ret || off == thprace_is_off())
		return ret;
	/* tasks that were between two probes when these went have passed the second one */
	if (!off)
		thprace_lockcheck_forget();
	ret = thprace_phase_switch(off);
	if (!ret)
		pr_info("thprace: switched %s\n", off ? "off" : "on");
	return ret;
}

static int get_off(char *buf, const struct kernel_param *kp)
{
	return scnprintf(buf, PAGE_SIZE, "%c\n", thprace_is_off() ? 'Y' : 'N');
}

static const struct kernel_param_ops off_ops = {
	.set = set_off,
	.get = get_off,
};

module_param_cb(off, &off_ops, NULL, 0644);
MODULE_PARM_DESC(off, "Y: no lane is parked, nothing is checked, no probe is placed");

// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - load and unload
 *
 * Resolves symbols, places the probes that racing checks need, calibrates the
 * quiesced ones, makes the debugfs files; undoes it in reverse.  Nothing else.
 */
#include <linux/module.h>

#include "compat/sym.h"
#include "front/debugfs.h"
#include "mm/mmset.h"
#include "oracle/calibrate.h"
#include "oracle/calibration.h"
#include "state/spec.h"
#include "steer/grid.h"
#include "steer/lockcheck.h"
#include "steer/probe.h"

static int __init thprace_init(void)
{
	int ret;

	BUILD_BUG_ON(THPRACE_HPAGE_NR != HPAGE_PMD_NR);
	ret = thprace_sym_init();
	if (ret)
		return ret;
	ret = thprace_calibration_init();
	if (ret)
		return ret;
	ret = thprace_phase_init();
	if (ret)
		return ret;
	thprace_lockcheck_init();
	thprace_calibrate();
	ret = thprace_debugfs_init();
	if (ret)
		goto out_phase;
	pr_info("thprace %s loaded\n", THPRACE_VERSION);
	return 0;

out_phase:
	thprace_phase_exit();
	return ret;
}

static void __exit thprace_exit(void)
{
	thprace_debugfs_exit();
	thprace_grid_exit();
	thprace_phase_exit();
}

module_init(thprace_init);
module_exit(thprace_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Races THP splits against VMA splits and checks mapcount invariants");
MODULE_VERSION(THPRACE_VERSION);

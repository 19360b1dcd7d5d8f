// SPDX-License-Identifier: GPL-2.0
/*
 * The table of scenarios
 *
 * One row each: what it maps, who its lanes are, what they do, what must hold
 * after.  Not here: the acts (scenario_*.c) and the rounds (engine.c).
 */
#include <string.h>

#include "scenario.h"

const struct scenario scenarios[] = {
	{
		.name = "split-munmap",
		.summary = "threads of one mm: split a huge page while a part of it is unmapped",
		.op = "munmap",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.plan = piece_plan,
		.act = munmap_act,
	}, {
		.name = "fork-munmap",
		.summary =
			"processes that share huge pages by fork each unmap a page of the same one at once",
		.op = "munmap",
		.shape = SHAPE_PROCS,
		.by_default = true,
		.scalable = true,
		.workers = 4,
		.thps = 32,
		.act = fork_munmap_act,
		.after = fork_write_own,
	}, {
		.name = "fork-zap",
		.summary =
			"the same with MADV_DONTNEED: discarded pages read as zero, in that process only",
		.op = "zap",
		.shape = SHAPE_PROCS,
		.by_default = true,
		.scalable = true,
		.workers = 4,
		.thps = 32,
		.act = fork_zap_act,
		.after = fork_write_own,
	}, {
		.name = "zap",
		.summary =
			"threads of one mm: a part of the huge page is discarded with MADV_DONTNEED",
		.op = "zap",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.plan = piece_plan,
		.act = zap_act,
	}, {
		.name = "mremap",
		.summary = "the huge page or a part of it moves away, back, or onto itself",
		.op = "mremap",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.setup = mremap_setup,
		.cleanup = mremap_cleanup,
		.plan = mremap_plan,
		.act = mremap_act,
		.after = mremap_after,
	}, {
		.name = "fork",
		.summary = "the process forks; the child writes and sees its own pages only",
		.op = "fork",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.setup = child_setup,
		.cleanup = child_cleanup,
		.plan = fork_plan,
		.act = fork_act,
		.after = fork_after,
	}, {
		.name = "exit",
		.summary = "a process that shares the huge page by fork ends",
		.op = "exit",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.setup = child_setup,
		.cleanup = child_cleanup,
		.plan = exit_plan,
		.act = exit_act,
	}, {
		.name = "cow",
		.summary = "processes that share the huge page by fork write to it",
		.op = "cow",
		.shape = SHAPE_PROCS,
		.by_default = true,
		.scalable = true,
		.workers = 2,
		.thps = 8,
		.act = cow_act,
	}, {
		.name = "mprotect",
		.summary = "VMAs split and merge over the huge page: mprotect",
		.op = "mprotect",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.plan = piece_plan,
		.act = mprotect_act,
	}, {
		.name = "mlock",
		.summary = "VMAs split and merge over the huge page: mlock",
		.op = "mlock",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.plan = piece_plan,
		.act = mlock_act,
	}, {
		.name = "madvise",
		.summary =
			"VMAs split and merge over the huge page: MADV_DONTFORK, MADV_NOHUGEPAGE...",
		.op = "madvise",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.plan = piece_plan,
		.act = madvise_act,
	}, {
		.name = "pageout",
		.summary =
			"pages are given up lazily, written again, reclaimed: MADV_FREE, MADV_PAGEOUT",
		.op = "pageout",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.why_not = pageout_why_not,
		.setup = pageout_setup,
		.cleanup = pageout_cleanup,
		.plan = piece_plan,
		.act = pageout_act,
	}, {
		.name = "collapse",
		.summary = "what the split takes apart, MADV_COLLAPSE puts together",
		.op = "collapse",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.why_not = collapse_why_not,
		.plan = piece_plan,
		.act = collapse_act,
	}, {
		.name = "gup",
		.summary = "a pipe holds references on pages of the huge page (vmsplice)",
		.op = "gup",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.refs_held = true,
		.workers = 1,
		.thps = 8,
		.plan = piece_plan,
		.act = gup_act,
	}, {
		.name = "migrate",
		.summary = "pages of the huge page migrate to the other node",
		.op = "migrate",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.why_not = migrate_why_not,
		.plan = piece_plan,
		.act = migrate_act,
	}, {
		.name = "ksm",
		.summary = "zero pages of the huge page merge and unmerge",
		.op = "ksm",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.refs_held = true,
		.workers = 1,
		.thps = 8,
		.why_not = ksm_why_not,
		.setup = ksm_setup,
		.plan = piece_plan,
		.act = ksm_act,
	}, {
		.name = "softdirty",
		.summary = "soft-dirty bits are cleared",
		.op = "softdirty",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.why_not = softdirty_why_not,
		.act = softdirty_act,
	}, {
		.name = "shmem-punch",
		.summary = "shared memory: a hole is punched",
		.op = "punch",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.why_not = shmem_why_not,
		.setup = file_setup,
		.cleanup = file_cleanup,
		.map = file_map,
		.plan = piece_plan,
		.act = punch_act,
	}, {
		.name = "shmem-truncate",
		.summary = "shared memory: the file is cut and grown",
		.op = "truncate",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.why_not = shmem_why_not,
		.setup = file_setup,
		.cleanup = file_cleanup,
		.map = file_map,
		.plan = piece_plan,
		.act = truncate_act,
	}, {
		.name = "shmem-munmap",
		.summary = "shared memory: a part is unmapped",
		.op = "munmap",
		.shape = SHAPE_THREADS,
		.by_default = true,
		.needs_split = true,
		.workers = 1,
		.thps = 8,
		.why_not = shmem_why_not,
		.setup = file_setup,
		.cleanup = file_cleanup,
		.map = file_map,
		.plan = piece_plan,
		.act = munmap_act,
	},
};

const unsigned int nr_scenarios = ARRAY_SIZE(scenarios);

const struct scenario *scenario_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_scenarios; i++) {
		if (!strcmp(scenarios[i].name, name))
			return &scenarios[i];
	}
	return NULL;
}

/**
 * scenario_why_not() - why it cannot run here, or NULL
 * @sc: scenario
 * @no_module: run without the module
 */
const char *scenario_why_not(const struct scenario *sc, bool no_module)
{
	if (env.no_thp[0])
		return env.no_thp;
	if (!no_module && !env.have_module)
		return env.no_module;
	if (no_module && sc->needs_split && !env.have_split_file)
		return "nothing splits here without the module (split_huge_pages takes no pid)";
	return sc->why_not ? sc->why_not() : NULL;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * points.h - named points in the code of splits, unmaps and other ops
 *
 * One table.  A row is a kernel function whose entry (or return) a lane can be
 * steered to, or at which a lock check looks.
 */
#ifndef THPRACE_POINTS_H
#define THPRACE_POINTS_H

#include <linux/types.h>

#include "compat/ftrace.h"

struct mm_struct;

#define THPRACE_SIDE_SPLIT	1
#define THPRACE_SIDE_UNMAP	2
#define THPRACE_SIDE_OTHER	4

/* Is the anon_vma rwsem held for write at this entry? */
enum thprace_section_kind {
	THPRACE_SECTION_NONE,		/* as at the phase before */
	THPRACE_SECTION_OUTSIDE,	/* not held */
	THPRACE_SECTION_BEFORE,		/* not held, about to be taken */
	THPRACE_SECTION_UNMAP,		/* held by a split, which begins to unmap */
	THPRACE_SECTION_REMAP,		/* a split remaps; not followed any further */
	THPRACE_SECTION_REMOVE,		/* held; a VMA leaves the tree */
	THPRACE_SECTION_INSERT,		/* held; a VMA joins the tree */
	THPRACE_SECTION_COMPLETE,	/* held, about to be released */
	THPRACE_SECTION_COLLAPSE,	/* held if the VMA is anonymous */
};

/* The first arguments of functions that kernel threads run for any process. */
enum thprace_about {
	THPRACE_ABOUT_UNKNOWN,
	THPRACE_ABOUT_MM_ADDR,
	THPRACE_ABOUT_MM_VMA_ADDR,
	THPRACE_ABOUT_VMA_ADDR,
	THPRACE_ABOUT_VMA,
};

/**
 * struct thprace_phase - one row
 * @name:	in schedules and reports
 * @sides:	which ops pass it: THPRACE_SIDE_*
 * @symbol:	names of the kernel function, newest first
 * @what:	what happens here, and which locks the kernel holds
 * @racing:	lock check, made at each entry of any task, or NULL; reads arguments
 * @section:	for section.c; those of a VMA or a link read arguments as well
 * @about:	what its arguments are; without it no kernel thread is steered here
 * @ptl:	the page table lock is held
 * @takes_ptl:	the page table lock is about to be taken
 * @kthread:	only kernel threads are steered here, others pass it too often
 *
 * probe.c lets nobody read the arguments of a function whose parameters may be
 * others on this kernel.
 */
struct thprace_phase {
	const char *name;
	unsigned int sides;
	const char *symbol[4];
	const char *what;
	void (*racing)(struct ftrace_regs *fregs);
	enum thprace_section_kind section;
	enum thprace_about about;
	bool kthread;
	bool ptl, takes_ptl;
};

#define THPRACE_MAX_PHASES	64	/* they are bits of a word */

extern const struct thprace_phase thprace_phases[];
extern const unsigned int thprace_nr_phases;

int thprace_phase_find(const char *name);
const char *thprace_phase_side(unsigned int phase);
bool thprace_phase_is_about(unsigned int phase, struct ftrace_regs *fregs,
			    struct mm_struct *mm, unsigned long addr);

#endif /* THPRACE_POINTS_H */

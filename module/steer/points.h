/* SPDX-License-Identifier: GPL-2.0 */
/*
 * points.h - named points on the way of a split, an unmap and others
 *
 * One table.  A row is a kernel function whose entry (or return) a lane can be
 * steered to, or at which a lock check looks.
 */
#ifndef THPRACE_POINTS_H
#define THPRACE_POINTS_H

#include <linux/types.h>

struct mm_struct;
struct pt_regs;

#define THPRACE_SIDE_SPLIT	1
#define THPRACE_SIDE_UNMAP	2
#define THPRACE_SIDE_OTHER	4

/* Where the entry lies with respect to the anon_vma rwsem, held for write. */
enum thprace_section_kind {
	THPRACE_SECTION_NONE,		/* wherever the last one left the lane */
	THPRACE_SECTION_OUTSIDE,		/* surely outside */
	THPRACE_SECTION_BEFORE,		/* outside, the rwsem is about to be taken */
	THPRACE_SECTION_UNMAP,		/* a split's section begins */
	THPRACE_SECTION_REMAP,		/* and ends, as far as this is followed */
	THPRACE_SECTION_REMOVE,		/* inside; a VMA's links go */
	THPRACE_SECTION_INSERT,		/* inside; they come (back) */
	THPRACE_SECTION_COMPLETE,	/* inside, about to release it */
	THPRACE_SECTION_COLLAPSE,	/* inside, of an anonymous VMA */
};

/* First arguments, for functions that kernel threads run for any process. */
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
 * @sides:	on whose way it lies
 * @symbol:	kernel functions, the first that exists is it
 * @what:	what happens here, and which locks the kernel holds
 * @racing:	check made at each entry, by whatever task, or NULL
 * @section:	for the grid's oracle (section.c)
 * @about:	what its arguments are; without, no kernel thread is steered to it
 * @ptl:		the page table lock is held
 * @takes_ptl:	it is about to be taken
 * @kthread:	only kernel threads are: others pass it on many ways
 */
struct thprace_phase {
	const char *name;
	unsigned int sides;
	const char *symbol[4];
	const char *what;
	void (*racing)(struct pt_regs *regs);
	enum thprace_section_kind section;
	enum thprace_about about;
	bool kthread;
	bool ptl, takes_ptl;
};

#define THPRACE_MAX_PHASES	64
#define THPRACE_PHASE_SPLIT	0	/* row: the split function's own entry */

extern const struct thprace_phase thprace_phases[];
extern const unsigned int thprace_nr_phases;

int thprace_phase_find(const char *name);
const char *thprace_phase_side(unsigned int phase);
bool thprace_phase_is_about(unsigned int phase, struct pt_regs *regs,
			    struct mm_struct *mm, unsigned long addr);

#endif /* THPRACE_POINTS_H */

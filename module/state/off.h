/* SPDX-License-Identifier: GPL-2.0 */
/* off.h - is thprace switched off? */
#ifndef THPRACE_OFF_H
#define THPRACE_OFF_H

#include <linux/compiler.h>
#include <linux/types.h>

/* Goes up with each change; odd: off.  Written by probe.c. */
extern unsigned int thprace_off_epoch;

/* What commands are refused with meanwhile. */
#define THPRACE_OFF_TEXT "thprace is switched off: its module parameter off is Y"

static __always_inline bool thprace_is_off(void)
{
	return READ_ONCE(thprace_off_epoch) & 1;
}

/* Was it off at some time since @epoch was read?  What was seen since has a gap then. */
static __always_inline bool thprace_off_since(unsigned int epoch)
{
	return (epoch & 1) || READ_ONCE(thprace_off_epoch) != epoch;
}

#endif /* THPRACE_OFF_H */

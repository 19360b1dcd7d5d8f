/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ftrace.h - what a callback of ftrace is given, and what it asks for
 *
 * As compat.h: the newest kernel's names.
 */
#ifndef THPRACE_FTRACE_H
#define THPRACE_FTRACE_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/ptrace.h>

/* Up to 5.10 a callback is given all registers, or NULL (d19ad0775dcd). */
#ifndef THPRACE_HAVE_FTRACE_REGS
#define ftrace_regs	pt_regs
#endif

#if !defined(THPRACE_HAVE_FTRACE_ARGUMENT) || !defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS)
static inline struct pt_regs *thprace_pt_regs(struct ftrace_regs *fregs)
{
#ifdef THPRACE_HAVE_FTRACE_REGS
	return &fregs->regs;
#else
	return fregs;
#endif
}
#endif

#ifndef THPRACE_HAVE_FTRACE_ARGUMENT
static inline unsigned long ftrace_regs_get_argument(struct ftrace_regs *fregs, unsigned int n)
{
	return regs_get_kernel_argument(thprace_pt_regs(fregs), n);
}

static inline unsigned long ftrace_regs_get_stack_pointer(struct ftrace_regs *fregs)
{
	return kernel_stack_pointer(thprace_pt_regs(fregs));
}
#endif

#ifndef THPRACE_HAVE_FTRACE_RETURN_ADDRESS
/* The function has no frame yet. */
static inline unsigned long ftrace_regs_get_return_address(struct ftrace_regs *fregs)
{
#ifdef CONFIG_X86
	return *(unsigned long *)ftrace_regs_get_stack_pointer(fregs);
#elif defined(arch_ftrace_regs)
	return arch_ftrace_regs(fregs)->lr;
#elif defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS)
	return fregs->lr;
#else
	return procedure_link_pointer(thprace_pt_regs(fregs));
#endif
}
#endif

#ifndef FTRACE_OPS_FL_SAVE_ARGS
#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS
#define FTRACE_OPS_FL_SAVE_ARGS		0
#else
#define FTRACE_OPS_FL_SAVE_ARGS		FTRACE_OPS_FL_SAVE_REGS
#endif
#endif

/*
 * Said of a callback that guards itself against recursion: ftrace's trampoline
 * then calls it without anything in between.  Up to 5.10 that takes a flag, later
 * on the others have one (a25d036d939a).
 */
#ifdef THPRACE_HAVE_RECURSION_SAFE
#define THPRACE_FTRACE_FL_GUARDED	FTRACE_OPS_FL_RECURSION_SAFE
#else
#define THPRACE_FTRACE_FL_GUARDED	0
#endif

/*
 * Can a return handler wait?  Before rethook (and get_kretprobe()) it ran with
 * a raw lock of kprobes held.  Where kretprobes do without rethook still, it may
 * run in a breakpoint's exception, with interrupts off (arm64).
 */
#if defined(THPRACE_HAVE_RETHOOK) && defined(CONFIG_KRETPROBE_ON_RETHOOK)
#define THPRACE_RETURNS_CAN_WAIT	1
static inline struct kretprobe *thprace_kretprobe_of(struct kretprobe_instance *ri)
{
	return get_kretprobe(ri);
}
#else
#define THPRACE_RETURNS_CAN_WAIT	0
static inline struct kretprobe *thprace_kretprobe_of(struct kretprobe_instance *ri)
{
	return NULL;
}
#endif

#endif /* THPRACE_FTRACE_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * lockseen.c - who does what under a lock, for the block of a cause
 *
 * Called by lock checks that have found something, in probe handlers: no memory
 * is allocated, and nothing sleeps.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/stacktrace.h>

#include "compat/peek.h"
#include "compat/sym.h"
#include "steer/lockseen.h"

/* Entries of a handler itself, at the most. */
#define OWN_ENTRIES	12

/**
 * thprace_lockseen_start() - nothing is known of a lock yet
 * @l: filled
 * @name: static
 * @lock: identity only
 *
 * Context: any.
 */
void thprace_lockseen_start(struct thprace_seen_lock *l, const char *name, const void *lock)
{
	memset(l, 0, sizeof(*l));
	l->name = name;
	l->id = (unsigned long)lock;
}

NOKPROBE_SYMBOL(thprace_lockseen_start);

/**
 * thprace_lockseen_stack() - the stack of current, from where it was probed
 * @stack: out
 * @size: entries
 *
 * Context: any. Return: how many entries.
 */
unsigned int thprace_lockseen_stack(unsigned long *stack, unsigned int size)
{
	unsigned long all[OWN_ENTRIES + THPRACE_BLOCK_STACK];
	unsigned int nr = stack_trace_save(all, ARRAY_SIZE(all), 0), own = 0;

	/* a kernel thread of a race has entries of the module at its end, too */
	while (own < nr && own < OWN_ENTRIES && within_module(all[own], THIS_MODULE))
		own++;
	nr = min(nr - own, size);
	memcpy(stack, all + own, nr * sizeof(*stack));
	return nr;
}

NOKPROBE_SYMBOL(thprace_lockseen_stack);

/**
 * thprace_lockseen_current() - the stack of current
 * @l: gets it, if there is room
 *
 * Context: any.
 */
void thprace_lockseen_current(struct thprace_seen_lock *l)
{
	struct thprace_seen_stack *stack;

	if (l->nr_stacks == THPRACE_BLOCK_STACKS)
		return;
	stack = &l->stack[l->nr_stacks++];
	stack->pid = current->pid;
	strscpy(stack->comm, current->comm, sizeof(stack->comm));
	stack->nr = thprace_lockseen_stack(stack->entry, ARRAY_SIZE(stack->entry));
}

NOKPROBE_SYMBOL(thprace_lockseen_current);

/*
 * A task that is in the list of tasks is there: RCU keeps it.  The pointer is
 * only compared, its task may be gone.
 */
static void name_task(struct thprace_seen_lock *l, struct task_struct *owner)
{
	struct thprace_seen_stack *stack = &l->stack[l->nr_stacks];
	struct task_struct *g, *t;

	for_each_process_thread(g, t) {
		if (t != owner)
			continue;
		l->owner_pid = t->pid;
		strscpy(l->owner_comm, t->comm, sizeof(l->owner_comm));
		/* of a task that runs there is no stack to be had */
		if (t == current || thprace_task_on_cpu(t) ||
		    l->nr_stacks == THPRACE_BLOCK_STACKS)
			return;
		stack->nr = thprace_stack_of(t, stack->entry, ARRAY_SIZE(stack->entry));
		if (!stack->nr)
			return;
		stack->pid = t->pid;
		strscpy(stack->comm, t->comm, sizeof(stack->comm));
		l->nr_stacks++;
		return;
	}
}

NOKPROBE_SYMBOL(name_task);

/**
 * thprace_lockseen_owner() - who has the lock, or is where only one may be
 * @l: gets its name, and its stack if it sleeps
 * @owner: identity only, or NULL
 *
 * Looks at all tasks, so only for what is going to be recorded.
 *
 * Context: any.
 */
void thprace_lockseen_owner(struct thprace_seen_lock *l, struct task_struct *owner)
{
	if (!owner)
		return;
	rcu_read_lock();
	name_task(l, owner);
	rcu_read_unlock();
}

NOKPROBE_SYMBOL(thprace_lockseen_owner);

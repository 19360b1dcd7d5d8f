// SPDX-License-Identifier: GPL-2.0
/*
 * refused.c - the reason of a refused line, where one looks for it
 *
 * In the report of its session, in the kernel log, and, of a trigger, in the
 * debugfs file error.
 */
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/seq_file.h>

#include "front/refused.h"

/* What is said where nobody knew more than the errno. */
static const struct {
	int err;
	const char *why;
} causes[] = {
	{ -E2BIG, "a line has at most 1024 bytes" },
	{ -EFAULT, "the line cannot be read" },
	{ -EINTR, "ended by a signal" },
	{ -ENOMEM, "the kernel has no memory for it" },
	{ -ESRCH, "a process that it names has ended" },
	{ -EBUSY, "the probes cannot be placed: kernel.ftrace_enabled must be 1" },
	{ -EOPNOTSUPP, "not on this kernel: see ops, checks and phases" },
	{ -ERANGE, "a number is out of its limits: see help" },
	{ -EINVAL, "not of the grammar: see help" },
};

static_assert(THPRACE_MAX_LINE == 1024);

/* The last trigger line that was refused. */
static DEFINE_MUTEX(kept_lock);
static char *kept_line;				/* kept_lock; kvmalloc'ed or NULL */
static int kept_err;				/* kept_lock */
static const char *kept_verb;			/* kept_lock */
static char kept_why[THPRACE_REFUSED_TEXT];	/* kept_lock */

/**
 * thprace_refused() - tell why a line of a session was refused
 * @s: the session
 * @verb: of the line
 * @no: what is known of it
 * @err: the errno
 *
 * Context: process context; takes s->lock.
 */
void thprace_refused(struct thprace_session *s, const char *verb, struct thprace_refusal *no,
		     int err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(causes) && !no->why[0]; i++)
		if (causes[i].err == err)
			thprace_refuse(no, err, "%s", causes[i].why);
	spin_lock(&s->lock);
	scnprintf(s->refused, sizeof(s->refused), "%s: %s%s%s", verb, no->word,
		  no->word[0] ? ": " : "", no->why);
	spin_unlock(&s->lock);
	if (err != -EINTR)
		pr_info_ratelimited("thprace: refused (%d): %s: %s%s%s\n", err, verb, no->word,
				    no->word[0] ? ": " : "", no->why);
}

/**
 * thprace_refused_keep() - show a trigger's refused line in the file error
 * @s: its session, which has the reason
 * @verb: the trigger
 * @line: as it was written; or NULL: there is none
 * @len: its bytes
 * @err: the errno
 *
 * Context: process context.
 */
void thprace_refused_keep(struct thprace_session *s, const char *verb, const char *line,
			  size_t len, int err)
{
	char *copy = line ? kvmalloc(len + 1, GFP_KERNEL) : NULL;
	size_t i;

	for (i = 0; copy && i < len; i++)
		copy[i] = line[i] >= ' ' && line[i] <= '~' ? line[i] : i + 1 < len ? '?' : '\0';
	if (copy)
		copy[len] = '\0';
	mutex_lock(&kept_lock);
	swap(copy, kept_line);
	kept_err = err;
	kept_verb = verb;
	spin_lock(&s->lock);
	memcpy(kept_why, s->refused, sizeof(kept_why));
	spin_unlock(&s->lock);
	mutex_unlock(&kept_lock);
	kvfree(copy);
}

/**
 * thprace_refused_show() - the last trigger line that was refused, and why
 * @m: nothing is printed if there was none
 *
 * Context: process context.
 */
void thprace_refused_show(struct seq_file *m)
{
	mutex_lock(&kept_lock);
	if (kept_verb)
		seq_printf(m, "line: echo '%s' >%s\nerror: %d\nerror_text: %s\nhelp: the file help has the grammar\n",
			   kept_line ?: "", kept_verb, kept_err, kept_why);
	mutex_unlock(&kept_lock);
}

/**
 * thprace_refused_exit() - forget it
 *
 * Context: module unload, after the files are gone.
 */
void thprace_refused_exit(void)
{
	kvfree(kept_line);
}

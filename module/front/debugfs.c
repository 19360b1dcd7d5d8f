// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs.c - bytes in and out of /sys/kernel/debug/thprace/
 *
 * Copies a line from user space and hands it to command.c, prints tables and
 * reports.  debugfs's own guard (not _unsafe) keeps files from outliving the
 * module.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "front/command.h"
#include "front/debugfs.h"
#include "front/help.h"
#include "front/refused.h"
#include "front/report.h"
#include "oracle/calibrate.h"
#include "race/ops.h"
#include "state/names.h"
#include "state/record.h"
#include "state/stats.h"
#include "steer/checks.h"
#include "steer/grid.h"
#include "steer/points.h"
#include "steer/probe.h"

static struct dentry *root;

static DEFINE_MUTEX(last_lock);
static char *last_report;		/* last_lock; kvmalloc'ed or NULL */
static size_t last_len;			/* last_lock */

static int may_open(void)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return security_locked_down(LOCKDOWN_DEBUGFS);
}

/* A whole line from user space, or an errno; the caller frees it. */
static char *copy_line(const char __user *buf, size_t len)
{
	if (len > THPRACE_MAX_LINE)
		return ERR_PTR(-E2BIG);
	if (!len)
		return ERR_PTR(-EINVAL);
	return memdup_user_nul(buf, len);
}

/* ---- the four triggers ---- */

static int trigger_open(struct inode *inode, struct file *file)
{
	int ret = may_open();

	file->private_data = inode->i_private;
	/* if there was no memory for it at load */
	if (!ret)
		thprace_calibrate();
	return ret;
}

/* The report of a trigger takes the place of the one before, whatever became of it. */
static void keep_report(char *text, size_t len)
{
	mutex_lock(&last_lock);
	swap(text, last_report);
	last_len = len;
	mutex_unlock(&last_lock);
	kvfree(text);
}

static int keep_session(struct thprace_session *s)
{
	size_t len = 0;
	char *text = thprace_report_session(s, &len);

	keep_report(text, len);
	thprace_grid_keep(s);
	return text ? 0 : -ENOMEM;
}

static ssize_t trigger_write(struct file *file, const char __user *buf, size_t len,
			     loff_t *pos)
{
	enum thprace_trigger_kind kind = (unsigned long)file->private_data;
	struct thprace_session *s = thprace_session_create();
	char *line;
	int ret;

	if (!s) {
		keep_report(NULL, 0);
		return -ENOMEM;
	}
	line = copy_line(buf, len);
	ret = IS_ERR(line) ? PTR_ERR(line) : 0;
	ret = thprace_command_trigger(s, kind, ret ? NULL : line, len, ret);
	if (!IS_ERR(line))
		kfree(line);
	if (keep_session(s) && !ret)
		ret = -ENOMEM;
	thprace_command_end(s);
	return ret ? ret : len;
}

static const struct file_operations trigger_fops = {
	.owner = THIS_MODULE,
	.open = trigger_open,
	.write = trigger_write,
	.llseek = noop_llseek,
};

/* ---- session ---- */

static int session_open(struct inode *inode, struct file *file)
{
	int ret = may_open();

	if (ret)
		return ret;
	thprace_calibrate();
	file->private_data = thprace_session_create();
	if (!file->private_data)
		return -ENOMEM;
	/*
	 * Lanes share the file and must not wait for each other at its position,
	 * which only reads use.
	 */
	file->f_mode &= ~FMODE_ATOMIC_POS;
	return 0;
}

static int session_release(struct inode *inode, struct file *file)
{
	thprace_grid_keep(file->private_data);
	thprace_command_end(file->private_data);
	return 0;
}

static ssize_t session_write(struct file *file, const char __user *buf, size_t len,
			     loff_t *pos)
{
	char *line = copy_line(buf, len);
	int ret = IS_ERR(line) ? PTR_ERR(line) : 0;

	ret = thprace_command(file->private_data, ret ? NULL : line, len, ret);
	if (!IS_ERR(line))
		kfree(line);
	*pos = 0;
	/* where a write fails nobody sets it, and the next read begins with the reason */
	if (ret)
		file->f_pos = 0;
	return ret ? ret : len;
}

/*
 * The report is made anew by each read; a reader that wants all of one report
 * uses one large read from offset 0.
 */
static ssize_t session_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	size_t text_len;
	char *text = thprace_report_session(file->private_data, &text_len);
	ssize_t ret;

	if (!text)
		return -ENOMEM;
	ret = simple_read_from_buffer(buf, len, pos, text, text_len);
	kvfree(text);
	return ret;
}

static const struct file_operations session_fops = {
	.owner = THIS_MODULE,
	.open = session_open,
	.release = session_release,
	.read = session_read,
	.write = session_write,
	.llseek = default_llseek,
};

/* ---- texts ---- */

static int abi_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\n", THPRACE_ABI_VERSION);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(abi);

static void show_row(struct seq_file *m, const char *name, const char *kind, const char *why)
{
	if (why)
		seq_printf(m, "%s %s no %s\n", name, kind, why);
	else
		seq_printf(m, "%s %s yes\n", name, kind);
}

static int ops_show(struct seq_file *m, void *v)
{
	unsigned int i;

	for (i = 0; i < THPRACE_NR_OPS; i++)
		show_row(m, thprace_op_name(i),
			 thprace_ops[i].kind == THPRACE_OP_KIND_KERNEL ? "kernel" : "user",
			 thprace_op_why_not(i));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ops);

static int checks_show(struct seq_file *m, void *v)
{
	unsigned int i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		show_row(m, thprace_check_name(i), thprace_check_kind_name(i),
			 thprace_check_why_not(i));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(checks);

static int phases_show(struct seq_file *m, void *v)
{
	unsigned int i;

	for (i = 0; i < thprace_nr_phases; i++)
		if (thprace_phase_why_not(i))
			show_row(m, thprace_phases[i].name, thprace_phase_side(i),
				 thprace_phase_why_not(i));
		else
			seq_printf(m, "%s %s yes %s\n", thprace_phases[i].name,
				   thprace_phase_side(i), thprace_phases[i].what);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(phases);

/* The lines that clear a file; nothing else does, as it may have been meant for another one. */
static const char * const clears[] = { "", "0", "clear" };

/* 0, or why a line does not clear anything. */
static int parse_clear(const char __user *buf, size_t len)
{
	char *line = copy_line(buf, len);
	unsigned int i;

	if (IS_ERR(line))
		return PTR_ERR(line);
	/* a byte 0 ends no line */
	for (i = strlen(line) == len ? 0 : ARRAY_SIZE(clears); i < ARRAY_SIZE(clears); i++)
		if (sysfs_streq(line, clears[i]))
			break;
	kfree(line);
	return i < ARRAY_SIZE(clears) ? 0 : -EINVAL;
}

/* A text as by DEFINE_SHOW_ATTRIBUTE(); a line of clears[] clears what it shows. */
#define DEFINE_CLEAR_ATTRIBUTE(name, clear)					\
static int name##_open(struct inode *inode, struct file *file)			\
{										\
	int ret = file->f_mode & FMODE_WRITE ? may_open() : 0;			\
										\
	return ret ? ret : single_open(file, name##_show, inode->i_private);	\
}										\
										\
static ssize_t name##_write(struct file *file, const char __user *buf,		\
			    size_t len, loff_t *pos)				\
{										\
	int ret = parse_clear(buf, len);					\
										\
	if (ret)								\
		return ret;							\
	clear();								\
	return len;								\
}										\
										\
static const struct file_operations name##_fops = {				\
	.owner = THIS_MODULE,							\
	.open = name##_open,							\
	.read = seq_read,							\
	.write = name##_write,							\
	.llseek = seq_lseek,							\
	.release = single_release,						\
}

static int stats_show(struct seq_file *m, void *v)
{
	unsigned int i;

	for (i = 0; i < THPRACE_NR_STATS; i++)
		seq_printf(m, "%s %lld\n", thprace_stat_name(i), thprace_stat_read(i));
	return 0;
}
DEFINE_CLEAR_ATTRIBUTE(stats, thprace_stat_clear);

static int grid_show(struct seq_file *m, void *v)
{
	thprace_grid_show_last(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(grid);

static int violations_show(struct seq_file *m, void *v)
{
	size_t len;
	char *text = thprace_report_violations(&len);

	if (!text)
		return -ENOMEM;
	seq_write(m, text, len);
	kvfree(text);
	return 0;
}
DEFINE_CLEAR_ATTRIBUTE(violations, thprace_record_clear);

static int last_show(struct seq_file *m, void *v)
{
	mutex_lock(&last_lock);
	if (last_report)
		seq_write(m, last_report, last_len);
	mutex_unlock(&last_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(last);

static int error_show(struct seq_file *m, void *v)
{
	thprace_refused_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(error);

static int help_show(struct seq_file *m, void *v)
{
	thprace_help_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(help);

static const struct {
	const char *name;
	umode_t mode;
	unsigned long data;
	const struct file_operations *fops;
} files[] = {
	{ "abi", 0444, 0, &abi_fops },
	{ "help", 0444, 0, &help_fops },
	{ "ops", 0444, 0, &ops_fops },
	{ "checks", 0444, 0, &checks_fops },
	{ "phases", 0444, 0, &phases_fops },
	{ "split", 0200, THPRACE_TRIGGER_SPLIT, &trigger_fops },
	{ "munmap", 0200, THPRACE_TRIGGER_MUNMAP, &trigger_fops },
	{ "race", 0200, THPRACE_TRIGGER_RACE, &trigger_fops },
	{ "check", 0200, THPRACE_TRIGGER_CHECK, &trigger_fops },
	{ "session", 0600, 0, &session_fops },
	{ "last", 0400, 0, &last_fops },
	{ "error", 0400, 0, &error_fops },
	{ "violations", 0600, 0, &violations_fops },
	{ "stats", 0600, 0, &stats_fops },
	{ "grid", 0400, 0, &grid_fops },
};

/**
 * thprace_debugfs_init() - make the files
 *
 * Context: module load. Return: 0 or an errno (no debugfs).
 */
int thprace_debugfs_init(void)
{
	unsigned int i;

	root = debugfs_create_dir("thprace", NULL);
	if (IS_ERR(root))
		return PTR_ERR(root);
	for (i = 0; i < ARRAY_SIZE(files); i++)
		debugfs_create_file(files[i].name, files[i].mode, root,
				    (void *)files[i].data, files[i].fops);
	return 0;
}

/**
 * thprace_debugfs_exit() - remove them
 *
 * Context: module unload; no file is open for a session (it pins the module).
 */
void thprace_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
	thprace_refused_exit();
	kvfree(last_report);
}

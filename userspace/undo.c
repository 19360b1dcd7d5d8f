// SPDX-License-Identifier: GPL-2.0
/*
 * What could not be put back, and who still needs what was set up
 *
 * Notes are made by whoever tries (main, a scenario's process, the keeper), and read
 * by the reports.  Scenarios that run side by side may need the same setting or swap:
 * it is put back when the last of them has ended.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

#include "mutex.h"
#include "undo.h"
#include "util.h"

#define MAX_NOTES	16

/* Shared with the scenario's process and the keeper. */
static struct notes {
	pthread_mutex_t lock;		/* of all that is set up and put back */
	u32 nr, nr_failed;
	char text[MAX_NOTES][200];
} *notes;

/**
 * undo_init() - before anything is changed
 */
int undo_init(void)
{
	notes = mmap(NULL, sizeof(*notes), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (notes == MAP_FAILED) {
		notes = NULL;
		set_error("cannot map shared memory");
		return -ENOMEM;
	}
	memset(notes, 0, sizeof(*notes));
	mutex_init_shared(&notes->lock);
	return 0;
}

static u64 holder = 1;			/* a bit of each job that the caller acts for */

/**
 * undo_hold_as() - what the caller and its children set up is for one job
 * @job: its number, below 64; the first one is 0
 */
void undo_hold_as(unsigned int job)
{
	holder = 1ULL << job;
}

/**
 * undo_hold_all() - the caller puts back what any job has set up
 *
 * When none of them runs any more.
 */
void undo_hold_all(void)
{
	holder = ~0ULL;
}

/**
 * undo_holder() - a bit of each job that the caller acts for
 */
u64 undo_holder(void)
{
	return holder;
}

/**
 * undo_lock() - nobody else sets anything up, or puts it back
 *
 * Not in handlers of signals.  A holder that is killed leaves it to the next one.
 */
void undo_lock(void)
{
	if (notes)
		mutex_lock_shared(&notes->lock);
}

/**
 * undo_unlock() - they may again
 */
void undo_unlock(void)
{
	if (notes)
		pthread_mutex_unlock(&notes->lock);
}

static void note(const char *fmt, va_list ap)
{
	if (notes->nr == MAX_NOTES)
		return;
	vsnprintf(notes->text[notes->nr], sizeof(notes->text[0]), fmt, ap);
	notes->nr++;
}

/**
 * undo_failed() - something is not as it was before the run
 * @fmt: printf format of what it is
 */
void undo_failed(const char *fmt, ...)
{
	va_list ap;

	if (!notes)
		return;
	notes->nr_failed++;
	va_start(ap, fmt);
	note(fmt, ap);
	va_end(ap);
}

/**
 * undo_left() - something was left alone, as somebody else has changed it, too
 * @fmt: printf format of what it is
 */
void undo_left(const char *fmt, ...)
{
	va_list ap;

	if (!notes)
		return;
	va_start(ap, fmt);
	note(fmt, ap);
	va_end(ap);
}

/**
 * undo_nr_failed() - how many things are not as they were
 */
unsigned int undo_nr_failed(void)
{
	return notes ? notes->nr_failed : 0;
}

/**
 * undo_note() - the @i-th line about what was not put back, or NULL
 * @i: from 0 on
 */
const char *undo_note(unsigned int i)
{
	return notes && i < notes->nr ? notes->text[i] : NULL;
}

/**
 * undo_print() - all that was not put back
 * @out: where to
 */
void undo_print(FILE *out)
{
	unsigned int i;

	for (i = 0; undo_note(i); i++)
		fprintf(out, "thprace: not put back: %s\n", undo_note(i));
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What could not be put back
 *
 * Noted by whoever tries (main, a scenario's process, the keeper), read by the
 * reports.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

#include "undo.h"
#include "util.h"

#define MAX_NOTES	16

/* Shared with the scenario's process and the keeper. */
static struct notes {
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
	return 0;
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

// SPDX-License-Identifier: GPL-2.0
/*
 * A huge page of which a few pages are left
 *
 * What it is by now is told by the frames behind those pages: the same ones, and
 * still parts of a large folio, or not.  Used by the scenarios of what the kernel
 * owes such memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "env.h"
#include "part.h"
#include "region.h"
#include "undo.h"
#include "util.h"

#define KPF_COMPOUND_HEAD	15
#define KPF_COMPOUND_TAIL	16
#define KPF_COMPOUND		(BIT_ULL(KPF_COMPOUND_HEAD) | BIT_ULL(KPF_COMPOUND_TAIL))
#define PM_PFRAME_MASK		(BIT_ULL(55) - 1)
#define LOOKS			8
#define PM_PRESENT		BIT_ULL(63)

/**
 * part_begin() - what is at an address now
 * @part: result; keep and nr_keep are the caller's
 * @at: address of a huge page
 * @thp: which of the run, or -1
 *
 * Returns 0, or -EAGAIN if there is none, or its frames cannot be seen.
 */
int part_begin(struct part *part, char *at, int thp)
{
	memset(part, 0, sizeof(*part));
	part->at = at;
	part->seen_at = at;
	part->thp = thp;
	part->head = page_frame(at);
	return part->head && thp_is_huge(at) > 0 ? 0 : -EAGAIN;
}

static int entry_of(pid_t pid, const char *addr, u64 *entry)
{
	char path[40];
	int fd, err;

	if (!pid)
		return page_entry(addr, entry);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = pread(fd, entry, sizeof(*entry),
		    (unsigned long)addr / env.page_size * sizeof(*entry)) == sizeof(*entry) ?
	      0 : -EIO;
	close(fd);
	return err;
}

static enum part_state look_at(const struct part *part, unsigned int page)
{
	u64 entry, flags;

	if (entry_of(part->owner, part->seen_at + page * env.page_size, &entry) ||
	    !(entry & PM_PRESENT) || (entry & PM_PFRAME_MASK) != part->head + page ||
	    page_entry_flags(entry, &flags))
		return PART_UNKNOWN;
	return flags & KPF_COMPOUND ? PART_LARGE : PART_SPLIT;
}

/**
 * part_look() - what became of the folio
 * @part: the huge page
 *
 * The pages that stay, or some of many, must say the same.
 */
enum part_state part_look(const struct part *part)
{
	enum part_state state = look_at(part, part->keep);
	unsigned int nr = part->nr_keep, i;

	for (i = 1; i < LOOKS && i < nr; i++) {
		if (look_at(part, part->keep + (nr - 1) * i / (LOOKS - 1)) != state)
			return PART_UNKNOWN;
	}
	return state;
}

static void child_main(const struct part *part, void (*child)(const struct part *part),
		       pid_t parent, int ready)
{
	child_begin(parent);
	if (child) {
		child(part);
		if (write(ready, "", 1) != 1)
			_exit(THPRACE_EXIT_ERROR);
	}
	for (;;)
		pause();
}

/**
 * part_fork() - another process that shares the huge page
 * @part: the huge page; gets its pid
 * @child: what that process does before this returns, or NULL
 *
 * It stays until part_end_child().
 */
int part_fork(struct part *part, void (*child)(const struct part *part))
{
	int fd[2] = { -1, -1 }, err = 0;
	pid_t parent = getpid(), pid;
	char ready;

	if (child && pipe2(fd, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		child_main(part, child, parent, fd[1]);
	if (child)
		close(fd[1]);
	if (pid < 0) {
		err = -EAGAIN;
	} else {
		part->child = pid;
		/* Its end is seen as well: then there is nothing to be read. */
		if (signals_child(pid) || (child && read(fd[0], &ready, 1) != 1)) {
			part_end_child(part);
			err = -EAGAIN;
		}
	}
	if (child)
		close(fd[0]);
	return err;
}

/**
 * part_end_child() - end the process that shares it, if there is one
 * @part: the huge page
 *
 * Returns 0: it is gone, with all that it had mapped.
 */
int part_end_child(struct part *part)
{
	child_kill(&part->child);
	return 0;
}

static int drop_range(struct run *run, const struct part *part, unsigned int first,
		      unsigned int nr, bool unmap)
{
	char *from = part->at + first * env.page_size;
	size_t len = nr * env.page_size;

	if (!nr)
		return 0;
	if (unmap ? munmap(from, len) : madvise(from, len, MADV_DONTNEED))
		return -errno;
	if (run && part->thp >= 0)
		memset(run_state(run, part->thp) + first, unmap ? PG_HOLE : PG_ZERO, nr);
	return 0;
}

/**
 * part_drop() - all pages go but those that stay
 * @run: the run, to note in what becomes of them; NULL in a child
 * @part: the huge page
 * @unmap: by munmap; else by MADV_DONTNEED
 */
int part_drop(struct run *run, const struct part *part, bool unmap)
{
	unsigned int end = part->keep + part->nr_keep;
	int err = drop_range(run, part, 0, part->keep, unmap);

	return err ? err : drop_range(run, part, end, env.nr_subpages - end, unmap);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What a task does to pages of a huge page, by a system call or a few
 *
 * The table of what storm's programs and pairs are made of.  An act does its
 * work and says whether it did; what is in the pages then follows from its row.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "content.h"
#include "crash.h"
#include "env.h"
#include "phases.h"
#include "region.h"
#include "rng.h"
#include "scenario_pages.h"
#include "uffd.h"
#include "uop.h"
#include "util.h"
#include "verify.h"

#ifndef FALLOC_FL_KEEP_SIZE
#define FALLOC_FL_KEEP_SIZE	1
#define FALLOC_FL_PUNCH_HOLE	2
#endif
#ifndef MADV_FREE
#define MADV_FREE 8
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#define CHILD_PAGES	48		/* that a child looks at */
#define MAX_TRIES	4

static enum act_result done_or_busy(int err)
{
	return err ? ACT_BUSY : ACT_OK;
}

/* Something is done to each run of pages; -1 if that fails for any. */
static int each_run(const struct target *t, int (*fn)(void *addr, size_t len, int arg), int arg)
{
	unsigned int i;
	int err = 0;

	if (t->piece.stride == 1)
		return fn(target_page(t, 0), t->piece.nr * env.page_size, arg);
	for (i = 0; i < t->piece.nr; i++)
		err |= fn(target_page(t, i), env.page_size, arg);
	return err;
}

/* The same page by page: what a hole would keep the rest from. */
static void each_page(const struct target *t, int (*fn)(void *addr, size_t len, int arg), int arg)
{
	unsigned int i;

	for (i = 0; i < t->piece.nr; i++)
		fn(target_page(t, i), env.page_size, arg);
}

static int call_munmap(void *addr, size_t len, int arg)
{
	(void)arg;
	return munmap(addr, len);
}

static int call_lock(void *addr, size_t len, int lock)
{
	return lock ? mlock(addr, len) : munlock(addr, len);
}

static enum act_result act_munmap(struct target *t)
{
	return each_run(t, call_munmap, 0) ? ACT_ERROR : ACT_OK;
}

static int call_fill(void *addr, size_t len, int arg)
{
	(void)arg;
	return mmap(addr, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		    -1, 0) == addr ? 0 : -1;
}

static enum act_result act_fill(struct target *t)
{
	if (each_run(t, call_fill, 0))
		return ACT_ERROR;
	return done_or_busy(each_run(t, madvise, MADV_HUGEPAGE));
}

/* Holes make it ENOMEM, but the rest is discarded.  What is locked is not. */
static enum act_result act_zap(struct target *t)
{
	if (!each_run(t, madvise, MADV_DONTNEED) || errno == ENOMEM)
		return ACT_OK;
	return errno == EINVAL && t->other_flags & UOP_LOCKS ? ACT_BUSY : ACT_ERROR;
}

static enum act_result act_protect(struct target *t)
{
	int err = each_run(t, mprotect, PROT_READ);

	/* Nothing may stay unwritable. */
	if (each_run(t, mprotect, PROT_READ | PROT_WRITE))
		each_page(t, mprotect, PROT_READ | PROT_WRITE);
	return done_or_busy(err);
}

static enum act_result act_lock(struct target *t)
{
	int err = each_run(t, call_lock, 1);

	if (each_run(t, call_lock, 0))
		each_page(t, call_lock, 0);
	return done_or_busy(err);
}

static enum act_result act_advise(struct target *t)
{
	int err = each_run(t, madvise, MADV_DONTFORK);

	if (each_run(t, madvise, MADV_DOFORK))
		each_page(t, madvise, MADV_DOFORK);
	return done_or_busy(err);
}

/**
 * uop_effect() - what becomes of the pages that an op is about
 * @op: row
 * @shared: memory
 */
enum uop_effect uop_effect(const struct uop *op, bool shared)
{
	return shared ? op->shared : op->effect;
}

/**
 * uop_hits() - is a page among those that an op changes?
 * @op: row
 * @p: the piece that it is about
 * @page: subpage
 */
bool uop_hits(const struct uop *op, const struct piece *p, unsigned int page)
{
	unsigned int i = page - p->first;

	if (page < p->first || i % p->stride || i / p->stride >= p->nr)
		return false;
	return op->shared != UOP_WRITES || !(i / p->stride % UOP_WRITE_STEP(p));
}

static bool write_page(struct target *t, char *page, u64 gen)
{
	sigjmp_buf out;

	if (!t->may_fault) {
		page_fill(page, gen);
		return true;
	}
	if (sigsetjmp(out, 1)) {
		crash_expect(NULL);
		return false;
	}
	target_expect_fault(t, &out);
	page_fill(page, gen);
	crash_expect(NULL);
	return true;
}

/* Again and again where another op is beside it, so that some of it is in its middle. */
static enum act_result act_write(struct target *t)
{
	unsigned int step = UOP_WRITE_STEP(&t->piece), passes = t->content ? CONTENT_PASSES : 1;
	const u8 *state = run_state(t->run, t->thp_index);
	unsigned int pass, i;
	bool wrote = false;

	for (pass = 0; pass < passes; pass++) {
		u64 gen = t->content ? t->content->pass[t->writer][pass] : t->run->gen;

		for (i = 0; i < t->piece.nr; i += step) {
			if (!t->content && state[target_subpage(t, target_page(t, i))] == PG_HOLE)
				continue;
			if (write_page(t, target_page(t, i), gen))
				wrote = true;
			else
				t->faulted = true;
		}
	}
	return wrote || !t->content ? ACT_OK : ACT_BUSY;
}

static enum act_result act_free(struct target *t)
{
	int err = each_run(t, madvise, MADV_FREE);

	/* In every other one it is discarded at once, if nobody writes. */
	if (!err && t->content && t->variant % 2)
		each_run(t, madvise, MADV_PAGEOUT);
	return done_or_busy(err);
}

static enum act_result act_pageout(struct target *t)
{
	const struct piece *p = &t->piece;

	if (each_run(t, madvise, MADV_PAGEOUT))
		return ACT_BUSY;
	return pages_out(t->thp, p->first, p->nr, p->stride) ? ACT_OK : ACT_BUSY;
}

static enum act_result act_collapse(struct target *t)
{
	return thp_collapse(t->thp) > 0 ? ACT_OK : ACT_BUSY;
}

static const char *collapse_why_not(void)
{
	return env_has_madvise(MADV_COLLAPSE) ? frames_why_not() :
						"this kernel has no MADV_COLLAPSE";
}

static bool move(char *from, char *to, size_t len, int flags)
{
	return mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED | flags, to) == to;
}

/*
 * Away and back.  A part may have gone before it met a hole: then EFAULT, and what
 * is known of it is void.
 */
static enum act_result act_move(struct target *t)
{
	size_t offset = t->piece.first * env.page_size, len = t->piece.nr * env.page_size;
	char *from = t->thp + offset, *to = t->away + offset;
	enum act_result result = ACT_OK;
	bool moved = false;
	int err = 0;

	if (t->content && t->variant % 2)
		moved = move(from, to, len, MREMAP_DONTUNMAP);
	if (!moved && !move(from, to, len, 0)) {
		err = errno;
		result = err == EFAULT || err == EINVAL ? ACT_BUSY : ACT_ERROR;
	} else if (!move(to, from, len, 0)) {
		err = errno;
		result = ACT_ERROR;
	}
	/* Nobody else may come to live there; before 6.17 it is free after an error, too. */
	mmap(to, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	errno = err;
	return result;
}

/* One that belongs to the calling process. */
static int mover_fd(void)
{
	static pid_t owner;
	static int fd = -1;

	if (owner == getpid())
		return fd;
	if (fd >= 0)
		close(fd);
	fd = uffd_open_to_move();
	owner = getpid();
	return fd;
}

/* Page by page, or as a whole, out of the VMA; back with it by mremap. */
static enum act_result act_uffd_move(struct target *t)
{
	size_t offset = t->piece.first * env.page_size, len = t->piece.nr * env.page_size;
	char *from = t->thp + offset, *to = t->away + offset;
	enum act_result result = ACT_BUSY;
	ssize_t moved;

	if (call_fill(to, len, 0))
		return ACT_ERROR;
	madvise(to, len, MADV_HUGEPAGE);
	moved = uffd_move(mover_fd(), to, from, len);
	if (moved < 0)
		result = ACT_FAILED;
	else if (moved)
		result = move(to, from, moved, 0) ? ACT_OK : ACT_ERROR;
	/* Nobody else may come to live there. */
	mmap(to, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	return result;
}

static enum act_result act_migrate(struct target *t)
{
	enum act_result result = ACT_BUSY;
	unsigned int i;

	for (i = 0; i < MAX_TRIES && result == ACT_BUSY; i++)
		result = migrate_act(t->run, t->lane, t->thp_index);
	return result;
}

static void child_main(struct target *t, pid_t parent)
{
	unsigned int i, step = UOP_WRITE_STEP(&t->piece);

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(THPRACE_EXIT_ERROR);
	for (i = 0; i < t->piece.nr; i += step)
		uop_child_look(t, target_subpage(t, target_page(t, i)));
	for (i = 0; i < CHILD_PAGES; i++)
		uop_child_look(t, rng_below(&t->lane->rng, env.nr_subpages));
	/* Nobody else may see that. */
	if (!t->fd)
		page_copy(t->thp + rng_below(&t->lane->rng, env.nr_subpages) * env.page_size,
			  t->thp);
	_exit(0);
}

static enum act_result act_fork(struct target *t)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid && t->content)
		child_main(t, parent);
	if (!pid)
		_exit(0);
	if (pid < 0)
		return ACT_BUSY;
	if (t->content)
		t->child = pid;
	else
		waitpid(pid, NULL, 0);
	return ACT_OK;
}

static enum act_result act_exit(struct target *t)
{
	int status;

	if (t->child <= 0 || kill(t->child, SIGKILL) || waitpid(t->child, &status, 0) != t->child)
		return ACT_FAILED;
	t->child = 0;
	return ACT_OK;
}

/* Pages of the file, whether they are mapped or not. */
static enum act_result act_punch(struct target *t)
{
	const struct piece *p = &t->piece;
	unsigned int i, nr = p->stride == 1 ? p->nr : 1;

	for (i = 0; i < p->nr; i += nr) {
		if (fallocate(t->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      (off_t)(p->first + i * p->stride) * env.page_size,
			      (off_t)nr * env.page_size))
			return ACT_ERROR;
	}
	return ACT_OK;
}

/* Cut and grown again. */
static enum act_result act_truncate(struct target *t)
{
	return ftruncate(t->fd, (off_t)t->piece.first * env.page_size) ||
	       ftruncate(t->fd, env.hpage_size) ? ACT_ERROR : ACT_OK;
}

static enum act_result act_pwrite(struct target *t)
{
	static __thread u64 page[MAX_PAGE_WORDS];
	unsigned int step = UOP_WRITE_STEP(&t->piece), pass, i;
	enum act_result result = ACT_BUSY;

	for (pass = 0; pass < CONTENT_PASSES; pass++) {
		for (i = 0; i < t->piece.nr; i += step) {
			page_fill_as(page, target_page(t, i), t->content->pass[t->writer][pass]);
			if (pwrite(t->fd, page, env.page_size, target_page(t, i) - t->thp) ==
			    (ssize_t)env.page_size)
				result = ACT_OK;
			else
				return ACT_ERROR;
		}
	}
	return result;
}

static enum act_result act_softdirty(struct target *t)
{
	(void)t;
	return done_or_busy(write_text("/proc/self/clear_refs", "4"));
}

#define PHASES_PROTECT	PHASES_VMA " change_huge_pmd"
#define PHASES_FREE	"madvise_free_huge_pmd split_huge_pmd shrink_folio_list"
#define PHASES_FAULT \
	"do_huge_pmd_anonymous_page do_huge_pmd_wp_page do_wp_page"
#define PHASES_UFFD_MOVE "move_pages_huge_pmd split_huge_page"
#define PHASES_FORK	"anon_vma_fork anon_vma_clone copy_page_range copy_huge_pmd"
#define PHASES_EXIT \
	"exit_mmap unmap_vmas unmap_page_range zap_huge_pmd remove_rmap_pmd free_pgtables"
#define PHASES_COLLAPSE	"khugepaged_scan_pmd collapse_huge_page pmdp_collapse_flush"
#define PHASES_OUT \
	"shrink_folio_list try_to_unmap split_huge_page split_huge_pmd page_vma_mapped_walk"
#define PHASES_MOVE_PAGES \
	"migrate_pages try_to_migrate try_to_migrate_one remove_migration_ptes " \
	"remove_migration_pte"

const struct uop uops[] = {
	{ "munmap", "munmap", UOP_UNMAPS, UOP_UNMAPS, UOP_CUTS, PHASES_MUNMAP, INNER_MUNMAP,
	  true, true, NULL, act_munmap },
	{ "fill", "munmap", UOP_MAPS, UOP_CANNOT, UOP_CUTS, PHASES_MUNMAP, INNER_MUNMAP,
	  true, true, NULL, act_fill },
	{ "zap", "zap", UOP_ZEROES, UOP_KEEPS, 0, PHASES_ZAP, INNER_ZAP,
	  true, true, NULL, act_zap },
	{ "mprotect", "mprotect", UOP_KEEPS, UOP_KEEPS, UOP_PROTECTS | UOP_CUTS, PHASES_PROTECT,
	  "change_huge_pmd", true, true, NULL, act_protect },
	{ "mlock", "mlock", UOP_KEEPS, UOP_KEEPS, UOP_LOCKS | UOP_CUTS, PHASES_VMA, "vma_complete",
	  true, true, NULL, act_lock },
	{ "madvise", "madvise", UOP_KEEPS, UOP_KEEPS, UOP_HIDES | UOP_CUTS, PHASES_VMA,
	  "vma_complete",
	  true, true, NULL, act_advise },
	{ "write", "fault", UOP_WRITES, UOP_WRITES, 0, PHASES_FAULT, PHASES_FAULT,
	  true, true, NULL, act_write },
	{ "read", "fault", UOP_KEEPS, UOP_KEEPS, 0, PHASES_FAULT, PHASES_FAULT,
	  false, true, NULL, uop_read },
	{ "free", "pageout", UOP_FREES, UOP_CANNOT, 0, PHASES_FREE, "madvise_free_huge_pmd",
	  true, true, NULL, act_free },
	{ "pageout", "pageout", UOP_KEEPS, UOP_KEEPS, UOP_SWAPS, PHASES_OUT,
	  "shrink_folio_list try_to_unmap",
	  true, true, pageout_why_not, act_pageout },
	{ "collapse", "collapse", UOP_KEEPS, UOP_KEEPS, 0, PHASES_COLLAPSE, PHASES_COLLAPSE,
	  true, true, collapse_why_not, act_collapse },
	{ "mremap", "mremap", UOP_KEEPS, UOP_KEEPS, UOP_MOVES, PHASES_MREMAP, INNER_MREMAP,
	  true, true, NULL, act_move },
	{ "uffd-move", "uffd", UOP_KEEPS, UOP_CANNOT, UOP_MOVES, PHASES_UFFD_MOVE, PHASES_UFFD_MOVE,
	  false, true, uffd_move_why_not, act_uffd_move },
	{ "migrate", "migrate", UOP_KEEPS, UOP_KEEPS, 0, PHASES_MOVE_PAGES, PHASES_MOVE_PAGES,
	  false, true, migrate_why_not, act_migrate },
	{ "fork", "fork", UOP_KEEPS, UOP_KEEPS, 0, PHASES_FORK, "copy_page_range copy_huge_pmd",
	  true, true, NULL, act_fork },
	{ "exit", "exit", UOP_KEEPS, UOP_KEEPS, UOP_ENDS, PHASES_EXIT,
	  "unmap_page_range zap_huge_pmd",
	  false, true, NULL, act_exit },
	{ "punch", "punch", UOP_CANNOT, UOP_ZEROES, UOP_BY_FILE, PHASES_SHMEM, "shmem_undo_range",
	  false, true, NULL, act_punch },
	{ "truncate", "truncate", UOP_CANNOT, UOP_ZEROES, UOP_TRUNCATES | UOP_BY_FILE,
	  PHASES_SHMEM, "shmem_undo_range", false, true, NULL, act_truncate },
	{ "pread", "fault", UOP_CANNOT, UOP_KEEPS, UOP_BY_FILE, PHASES_FAULT, PHASES_FAULT,
	  false, true, NULL, uop_read },
	{ "pwrite", "fault", UOP_CANNOT, UOP_WRITES, UOP_BY_FILE, PHASES_FAULT, PHASES_FAULT,
	  false, true, NULL, act_pwrite },
	{ "softdirty", "softdirty", UOP_KEEPS, UOP_KEEPS, 0, "flush_tlb_mm_range",
	  "flush_tlb_mm_range",
	  true, true, NULL, act_softdirty },
};

const unsigned int nr_uops = ARRAY_SIZE(uops);

int uop_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_uops; i++) {
		if (!strcmp(uops[i].name, name))
			return i;
	}
	return -1;
}

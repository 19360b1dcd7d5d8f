// SPDX-License-Identifier: GPL-2.0
/*
 * lockcheck.c - checks at probe points, of the locks that must be held there
 *
 * Called by the probe handlers of any task while a session is open.  Whether
 * current holds a lock cannot change under it.
 */
#include <linux/kallsyms.h>
#include <linux/string.h>

#include "mm/pgwalk.h"
#include "oracle/intact.h"
#include "state/off.h"
#include "state/record.h"
#include "steer/lockcheck.h"
#include "steer/lockcount.h"
#include "steer/lockseen.h"
#include "steer/points.h"
#include "steer/probe.h"

/*
 * Tasks between unmap and remap of a split.  @owned: the task had the anon_vma
 * rwsem locked for write.  Then no other can be there, so an older entry that
 * owned it as well was left behind.
 */
#define NR_SPLITTING	32
static struct splitting {
	struct anon_vma *root;
	struct task_struct *task;	/* identity only */
	bool owned;
} splitting[NR_SPLITTING];		/* split_lock */

static DEFINE_RAW_SPINLOCK(split_lock);

/**
 * struct condition - what must be true at a probe point
 * @check: enum thprace_check
 * @holds: is it? @got: out, what is there instead
 * @folio: that is to be locked, or
 * @root: whose rwsem is to be owned
 * @others: who is there instead? Identity only, or NULL
 * @addr: for the report
 * @pfn: for the report
 * @want: for the report
 * @broken: for the report, if it is not
 */
struct condition {
	unsigned int check;
	bool (*holds)(const struct condition *c, s64 *got);
	struct folio *folio;
	struct anon_vma *root;
	struct task_struct *(*others)(const struct condition *c);
	u64 addr, pfn;
	s64 want;
	const char *broken;
};

static bool folio_is_locked(const struct condition *c, s64 *got)
{
	*got = folio_test_locked(c->folio);
	return *got;
}

NOKPROBE_SYMBOL(folio_is_locked);

static bool root_is_owned(const struct condition *c, s64 *got)
{
	*got = atomic_long_read(&c->root->rwsem.owner) & S64_MAX;
	return thprace_rwsem_write_owned(&c->root->rwsem, current);
}

NOKPROBE_SYMBOL(root_is_owned);

/* Who has the rwsem for write, if it is not current? */
static struct task_struct *owner_of_root(const struct condition *c)
{
	unsigned long owner = atomic_long_read(&c->root->rwsem.owner) & ~THPRACE_RWSEM_FLAGS;

	return thprace_rwsem_write_owned(&c->root->rwsem, (struct task_struct *)owner) ?
	       (struct task_struct *)owner : NULL;
}

NOKPROBE_SYMBOL(owner_of_root);

/* Record what is broken, with what can be seen of the lock. */
static noinline void tell(const struct condition *c, struct thprace_finding *f,
			  const struct thprace_lane_ref *ref)
{
	bool wants = ref && thprace_record_wants(ref->s, f);
	struct thprace_seen_lock seen;

	if (wants || !ref) {
		thprace_lockseen_start(&seen, c->root ? "anon_vma" : "folio", c->root);
		thprace_lockseen_current(&seen);
		if (wants && c->others)
			thprace_lockseen_owner(&seen, c->others(c));
		f->seen_lock = &seen;
	}
	if (ref)
		thprace_record(ref->s, c->check, f);
	else
		thprace_lockcount_tell(c->check, f);
}

NOKPROBE_SYMBOL(tell);

/*
 * The one place in which a lock check decides.  What is broken is looked at
 * twice, as is what a control says to be broken.
 */
static void judge(const struct condition *c)
{
	struct thprace_finding f = {
		.outcome = THPRACE_VIOLATED, .addr = c->addr, .pfn = c->pfn,
		.want = c->want, .reason = c->broken,
		.by_lock = true, .lock = (unsigned long)c->root,
	};
	struct thprace_lane_ref ref;
	bool ours = thprace_lockcount_find(&ref);
	bool control = ours && (ref.inject & BIT_ULL(c->check));
	bool holds, held_once = false;

	for (; f.looks < 2; f.looks++) {
		holds = c->holds(c, &f.got);
		if (holds && !control)
			break;
		held_once |= holds;
	}
	f.control = control && held_once;
	if (f.looks)
		tell(c, &f, ours ? &ref : NULL);
	else
		thprace_lockcount_add(ours ? &ref : NULL, c->check);
}

NOKPROBE_SYMBOL(judge);

/* Current changes at @addr what a walk under @anon_vma relies on. */
static void check_rmap_lock(struct anon_vma *anon_vma, unsigned long addr,
			    const char *broken)
{
	struct condition c = {
		.check = THPRACE_CHECK_RMAP_LOCK, .holds = root_is_owned,
		.others = owner_of_root, .root = READ_ONCE(anon_vma->root), .addr = addr,
		.want = (unsigned long)current & S64_MAX, .broken = broken,
	};

	judge(&c);
}

NOKPROBE_SYMBOL(check_rmap_lock);

/* Another task that is between unmap and remap under the root, identity only, or NULL. */
static struct task_struct *other_split(const struct condition *c)
{
	struct task_struct *other = NULL;
	unsigned long flags;
	int i;

	raw_spin_lock_irqsave(&split_lock, flags);
	for (i = 0; i < NR_SPLITTING; i++)
		if (splitting[i].task && splitting[i].task != current &&
		    splitting[i].root == c->root)
			other = splitting[i].task;
	raw_spin_unlock_irqrestore(&split_lock, flags);
	return other;
}

NOKPROBE_SYMBOL(other_split);

static bool splits_alone(const struct condition *c, s64 *got)
{
	*got = other_split(c) ? 2 : 1;
	return *got == 1;
}

NOKPROBE_SYMBOL(splits_alone);

/* Current is between unmap and remap of a split under @root from now on. */
static void enter_split(struct anon_vma *root, bool owned)
{
	unsigned long flags;
	int i, slot = -1;

	raw_spin_lock_irqsave(&split_lock, flags);
	for (i = 0; i < NR_SPLITTING; i++) {
		if (splitting[i].task == current ||
		    (splitting[i].root == root && owned && splitting[i].owned))
			splitting[i].task = NULL;
		if (!splitting[i].task)
			slot = i;
	}
	if (slot >= 0) {
		splitting[slot].root = root;
		splitting[slot].task = current;
		splitting[slot].owned = owned;
	}
	raw_spin_unlock_irqrestore(&split_lock, flags);
}

NOKPROBE_SYMBOL(enter_split);

/**
 * thprace_lockcheck_unmap() - a split begins to unmap its folio
 * @fregs: of try_to_migrate(folio, flags), or try_to_unmap(page, flags) on 5.10
 *
 * TTU_RMAP_LOCKED for an anonymous folio comes from unmap_folio()/unmap_page()
 * of a split alone.  Its callers hold the folio lock and the anon_vma rwsem
 * for write (062f1af2170a, "mm: thp: acquire the anon_vma rwsem for write
 * during split"). Current itself holds them or not: nothing can change that
 * while we look.
 *
 * Context: probe handler, preemption off.
 */
void thprace_lockcheck_unmap(struct ftrace_regs *fregs)
{
	struct folio *folio = (struct folio *)ftrace_regs_get_argument(fregs, 0);
	unsigned long ttu = ftrace_regs_get_argument(fregs, 1);
	struct condition c = { .folio = folio, .pfn = folio_pfn(folio) };
	struct anon_vma *anon_vma;

	thprace_intact_end(folio);
	if (!(ttu & TTU_RMAP_LOCKED) || !folio_test_anon(folio) || folio_test_ksm(folio))
		return;
	anon_vma = thprace_folio_anon_vma(folio);
	if (!anon_vma)
		return;
	c.check = THPRACE_CHECK_SPLIT_FOLIO_LOCK;
	c.holds = folio_is_locked;
	c.want = 1;
	c.broken = "a split unmaps a folio that is not locked";
	judge(&c);

	c.root = READ_ONCE(anon_vma->root);
	c.check = THPRACE_CHECK_SPLIT_LOCK;
	c.holds = root_is_owned;
	c.others = owner_of_root;
	c.want = (unsigned long)current & S64_MAX;
	c.broken = "a split unmaps without the anon_vma rwsem held for write";
	judge(&c);

	enter_split(c.root, thprace_rwsem_write_owned(&c.root->rwsem, current));
	c.check = THPRACE_CHECK_SPLIT_SERIAL;
	c.holds = splits_alone;
	c.others = other_split;
	c.want = 1;
	c.broken = "two tasks are between unmap and remap under one anon_vma root";
	judge(&c);
}

NOKPROBE_SYMBOL(thprace_lockcheck_unmap);

/**
 * thprace_lockcheck_remap() - a split (or a migration) begins to remap
 * @fregs: of remove_migration_ptes(src, dst, flags), pages on 5.10
 *
 * Its callers have @dst locked, and unlock it when no entry is left.  Whoever
 * finds one relies on that (see migration_entry in docs/CHECKS.md).
 *
 * Context: probe handler, preemption off.
 */
void thprace_lockcheck_remap(struct ftrace_regs *fregs)
{
	struct page *dst = (struct page *)ftrace_regs_get_argument(fregs, 1);
	struct condition c = {
		.check = THPRACE_CHECK_SPLIT_FOLIO_LOCK, .holds = folio_is_locked,
		.folio = page_folio(dst), .pfn = page_to_pfn(dst), .want = 1,
		.broken = "migration entries are mapped again to a folio that is not locked",
	};
	unsigned long flags;
	int i;

	thprace_intact_end((struct folio *)ftrace_regs_get_argument(fregs, 0));
	thprace_intact_end((struct folio *)dst);
	judge(&c);
	for (i = 0; i < NR_SPLITTING; i++)
		if (READ_ONCE(splitting[i].task) == current)
			break;
	if (i == NR_SPLITTING)
		return;
	raw_spin_lock_irqsave(&split_lock, flags);
	if (splitting[i].task == current)
		splitting[i].task = NULL;
	raw_spin_unlock_irqrestore(&split_lock, flags);
}

NOKPROBE_SYMBOL(thprace_lockcheck_remap);

/**
 * thprace_lockcheck_tree() - a VMA joins or leaves the tree of an anon_vma
 * @fregs: of anon_rmap_tree_insert() or _remove(), whose first argument
 *	is the link between the two
 *
 * All callers hold the rwsem of the root for write, and have set the link's
 * anon_vma and that one's root before; see docs/CHECKS.md.
 *
 * Context: probe handler, preemption off; hot: every fork and munmap.
 */
void thprace_lockcheck_tree(struct ftrace_regs *fregs)
{
	struct anon_vma_chain *avc = (void *)ftrace_regs_get_argument(fregs, 0);

	check_rmap_lock(avc->anon_vma, avc->vma->vm_start,
			"an anon_vma's tree changes without its rwsem held for write");
}

NOKPROBE_SYMBOL(thprace_lockcheck_tree);

/**
 * thprace_lockcheck_move() - mremap moves a huge PMD
 * @fregs: of move_huge_pmd(vma, old_addr, new_addr, ...), vma being the source
 *
 * A walk visits VMAs by rising page offset.  If the destination comes first, a
 * PMD that moves in the middle of the walk is met nowhere; so the rmap locks
 * are taken just then (38a76013ad80, dd18dbc2d42a).  At equal offsets the
 * order in the tree decides, which is not looked at here.
 *
 * Context: probe handler, preemption off; the mmap_lock is held for write.
 */
void thprace_lockcheck_move(struct ftrace_regs *fregs)
{
	struct vm_area_struct *vma = (void *)ftrace_regs_get_argument(fregs, 0);
	unsigned long new_addr = ftrace_regs_get_argument(fregs, 2);
	struct vm_area_struct *new;

	if (!vma->anon_vma)
		return;
	new = find_vma(vma->vm_mm, new_addr);
	if (!new || new->vm_start > new_addr ||
	    thprace_vma_pgoff(new, true) >= thprace_vma_pgoff(vma, true))
		return;
	check_rmap_lock(vma->anon_vma, new_addr,
			"a huge PMD moves to the left in the walk without the rmap locks");
}

NOKPROBE_SYMBOL(thprace_lockcheck_move);

/**
 * thprace_lockcheck_collapse() - a collapse takes a page table out
 * @fregs: of pmdp_collapse_flush(vma, addr, pmdp)
 *
 * Only the collapse of anonymous memory: of a file's the VMA has no anon_vma,
 * or it is none of ours.
 *
 * Context: probe handler, preemption off; the mmap_lock is held for write.
 */
void thprace_lockcheck_collapse(struct ftrace_regs *fregs)
{
	struct vm_area_struct *vma = (void *)ftrace_regs_get_argument(fregs, 0);

	if (vma_is_anonymous(vma) && vma->anon_vma)
		check_rmap_lock(vma->anon_vma, ftrace_regs_get_argument(fregs, 1),
				"a page table is collapsed without the anon_vma rwsem held for write");
}

NOKPROBE_SYMBOL(thprace_lockcheck_collapse);

/* Was a function called by mremap's walk?  What it inlines, and how, differs. */
static bool called_by_move(struct ftrace_regs *fregs)
{
	static const char * const walks[] = {
		"move_page_tables", "move_pgt_entry", "move_normal_pmd",
	};
	char name[KSYM_SYMBOL_LEN];
	unsigned int i;

	sprint_symbol_no_offset(name, ftrace_regs_get_return_address(fregs));
	for (i = 0; i < ARRAY_SIZE(walks); i++)
		if (str_has_prefix(name, walks[i]))
			return true;
	return false;
}

NOKPROBE_SYMBOL(called_by_move);

/**
 * thprace_lockcheck_flush() - the TLB is flushed; perhaps since mremap moved a page table
 * @fregs: of flush_tlb_mm_range(mm, start, end, stride_shift, freed_tables)
 *
 * move_normal_pmd() puts the table below the new PMD and flushes the old 2 MiB,
 * all of it under the rmap locks (97113eb39fa7).  The old PMD is none then, as
 * it is not when move_ptes() or a PMD split flush those 2 MiB.
 *
 * Context: probe handler, preemption off; hot.  Where it judges, current holds
 * the mmap_lock for write.
 */
void thprace_lockcheck_flush(struct ftrace_regs *fregs)
{
	struct mm_struct *mm = (void *)ftrace_regs_get_argument(fregs, 0);
	unsigned long start = ftrace_regs_get_argument(fregs, 1);
	unsigned long end = ftrace_regs_get_argument(fregs, 2);
	struct vm_area_struct *vma;
	pmd_t *pmd;

	if (end - start != PMD_SIZE || !IS_ALIGNED(start, PMD_SIZE) || mm != current->mm ||
	    !thprace_rwsem_write_owned(&mm->mmap_lock, current))
		return;
	pmd = thprace_find_pmd(mm, start);
	if (!pmd || !pmd_none(READ_ONCE(*pmd)) || !called_by_move(fregs))
		return;
	vma = find_vma(mm, start);
	if (vma && vma->vm_start <= start && vma->anon_vma)
		check_rmap_lock(vma->anon_vma, start,
				"a page table moves without the rmap locks");
}

NOKPROBE_SYMBOL(thprace_lockcheck_flush);

/**
 * thprace_lockcheck_root() - is current between unmap and remap of a split?
 *
 * Context: probe handler, preemption off.
 * Return: the root of its folio's anon_vma, or NULL.
 */
struct anon_vma *thprace_lockcheck_root(void)
{
	int i;

	for (i = 0; i < NR_SPLITTING; i++)
		if (READ_ONCE(splitting[i].task) == current)
			return READ_ONCE(splitting[i].root);
	return NULL;
}

NOKPROBE_SYMBOL(thprace_lockcheck_root);

/**
 * thprace_lockcheck_swap() - a folio is unmapped, perhaps to swap entries
 * @fregs: of try_to_unmap(folio, flags)
 *
 * Context: probe handler, preemption off.
 */
void thprace_lockcheck_swap(struct ftrace_regs *fregs)
{
	thprace_intact_end((struct folio *)ftrace_regs_get_argument(fregs, 0));
}

NOKPROBE_SYMBOL(thprace_lockcheck_swap);

/**
 * thprace_lockcheck_forget() - forget who is between unmap and remap of a split
 *
 * Their remaps may not have been seen.
 *
 * Context: any.
 */
void thprace_lockcheck_forget(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&split_lock, flags);
	memset(splitting, 0, sizeof(splitting));
	raw_spin_unlock_irqrestore(&split_lock, flags);
}

/*
 * Does no folio get entries without our notice?  Migration entries go through
 * try_to_migrate() (5.10: try_to_unmap()) or, those of a driver, at least back
 * through remove_migration_ptes(); who comes into the swap cache while mapped
 * is unmapped by try_to_unmap() next.
 */
static bool sees_entries(void)
{
	return !thprace_is_off() && thprace_phase_probed("try_to_migrate") &&
	       thprace_phase_probed("remove_migration_ptes") &&
	       thprace_phase_probed("try_to_unmap");
}

static const struct thprace_intact_source intact_source = {
	.sees_entries = sees_entries,
	.missed = thprace_phase_missed,
};

/**
 * thprace_lockcheck_init() - tell the layers below what the probes see
 *
 * Context: module load.
 */
void thprace_lockcheck_init(void)
{
	thprace_intact_init(&intact_source);
}

/* Rows of the table of points that a check needs. */
static const struct {
	const char *phase[5];
	bool any;		/* one of them is enough */
} needs[THPRACE_NR_CHECKS] = {
	[THPRACE_CHECK_SPLIT_LOCK] = { { "try_to_migrate" } },
	[THPRACE_CHECK_SPLIT_FOLIO_LOCK] = { { "try_to_migrate" } },
	[THPRACE_CHECK_SPLIT_SERIAL] = { { "try_to_migrate", "remove_migration_ptes" } },
	[THPRACE_CHECK_RMAP_LOCK] = {
		{ "anon_vma_tree_insert", "anon_vma_tree_remove", "move_huge_pmd",
		  "pmdp_collapse_flush", "flush_tlb_mm_range" }, .any = true },
};

/**
 * thprace_lockcheck_why_not() - why a racing check can't be made on this kernel
 * @check: which
 *
 * Return: NULL if it can, else a text that stays.
 */
const char *thprace_lockcheck_why_not(unsigned int check)
{
	const char *first = NULL, *why;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(needs[check].phase) && needs[check].phase[i]; i++) {
		why = thprace_phase_args_why_not(thprace_phase_find(needs[check].phase[i]));
		if (!why && needs[check].any)
			return NULL;
		if (!first)
			first = why;
	}
	return first;
}

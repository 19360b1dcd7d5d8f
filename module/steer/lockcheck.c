// SPDX-License-Identifier: GPL-2.0
/*
 * lockcheck.c - checks made at probe points, while others race
 *
 * Looks only at what the locks held at that point keep stable: is the lock
 * held, by current?  Run by whatever task splits while a session is active.
 * Not here: placing the probes (points.c).
 */
#include <linux/kallsyms.h>
#include <linux/percpu.h>
#include <linux/string.h>

#include "mm/pgwalk.h"
#include "oracle/whole.h"
#include "state/record.h"
#include "steer/lockcheck.h"
#include "steer/points.h"
#include "steer/probe.h"

/* Held and skipped counts of racing checks; a session reports the difference. */
static DEFINE_PER_CPU(u64 [THPRACE_NR_CHECKS], held_count);

static DEFINE_RAW_SPINLOCK(active_lock);
static LIST_HEAD(active);		/* active_lock: sessions */
static u64 inject_checks;		/* of all sessions; written under active_lock */

/*
 * Tasks between unmap and remap of a split.  @owned: the anon_vma rwsem was
 * write-locked by the task.  Then no other can be inside, so what such an
 * entry finds of older entries that owned it as well is stale.
 */
#define NR_INSIDE	32
static struct inside {
	struct anon_vma *root;
	struct task_struct *task;	/* identity only */
	bool owned;
} inside[NR_INSIDE];			/* active_lock */

/* @wrong: it is; else it is a control, of those sessions that asked for it. */
static void violation_at(unsigned int check, bool wrong, u64 addr, u64 pfn, s64 want,
			 s64 got, const char *reason)
{
	struct thprace_finding f = {
		.outcome = THPRACE_VIOLATED, .addr = addr, .pfn = pfn, .want = want,
		.got = got, .reason = reason, .looks = 2,
	};
	struct thprace_session *s;
	unsigned long flags;

	raw_spin_lock_irqsave(&active_lock, flags);
	list_for_each_entry(s, &active, node) {
		f.control = !wrong;
		if (wrong || (s->inject & BIT_ULL(check)))
			thprace_record(s, check, &f);
	}
	raw_spin_unlock_irqrestore(&active_lock, flags);
}

/* What current is at was looked at: it is right, or wrong, or said to be (a control). */
static void looked(unsigned int check, bool right, u64 addr, u64 pfn, s64 want, s64 got,
		   const char *reason)
{
	if (right)
		__this_cpu_inc(held_count[check]);
	if (!right || (READ_ONCE(inject_checks) & BIT_ULL(check)))
		violation_at(check, !right, addr, pfn, want, got, reason);
}

NOKPROBE_SYMBOL(looked);

/* Current changes at @addr what a walk under @anon_vma relies on. */
static void check_rmap_lock(struct anon_vma *anon_vma, unsigned long addr,
			    const char *reason)
{
	struct anon_vma *root = READ_ONCE(anon_vma->root);

	if (!THPRACE_RWSEM_READABLE)
		return;
	looked(THPRACE_CHECK_RMAP_LOCK, thprace_rwsem_write_owned(&root->rwsem, current),
	       addr, 0, (unsigned long)current & S64_MAX,
	       atomic_long_read(&root->rwsem.owner) & S64_MAX, reason);
}

NOKPROBE_SYMBOL(check_rmap_lock);

/* Remember that current is inside a split under @root; who else is? */
static bool enter_inside(struct anon_vma *root, bool owned)
{
	bool other = false;
	unsigned long flags;
	int i, slot = -1;

	raw_spin_lock_irqsave(&active_lock, flags);
	for (i = 0; i < NR_INSIDE; i++) {
		if (inside[i].task == current || (inside[i].root == root && owned &&
						  inside[i].owned))
			inside[i].task = NULL;
		if (!inside[i].task) {
			slot = i;
			continue;
		}
		if (inside[i].root == root)
			other = true;
	}
	if (slot >= 0) {
		inside[slot].root = root;
		inside[slot].task = current;
		inside[slot].owned = owned;
	}
	raw_spin_unlock_irqrestore(&active_lock, flags);
	return other;
}

/**
 * thprace_lockcheck_unmap() - a split begins to unmap its folio
 * @regs: of try_to_migrate(folio, flags), or try_to_unmap(page, flags) on 5.10
 *
 * TTU_RMAP_LOCKED for an anonymous folio comes from unmap_folio()/unmap_page()
 * of a split alone.  Its callers hold the folio lock and the anon_vma rwsem
 * for write (062f1af2170a, "mm: thp: acquire the anon_vma rwsem for write
 * during split"). Current itself holds them or not: nothing can change that
 * while we look.
 *
 * Context: probe handler, preemption off.
 */
void thprace_lockcheck_unmap(struct pt_regs *regs)
{
	struct folio *folio = (struct folio *)regs_get_kernel_argument(regs, 0);
	unsigned long ttu = regs_get_kernel_argument(regs, 1);
	struct anon_vma *anon_vma, *root;
	u64 pfn = folio_pfn(folio);
	bool owned;

	thprace_whole_end(folio);
	if (!(ttu & TTU_RMAP_LOCKED) || !folio_test_anon(folio) || folio_test_ksm(folio))
		return;
	anon_vma = thprace_folio_anon_vma(folio);
	if (!anon_vma)
		return;
	root = READ_ONCE(anon_vma->root);

	looked(THPRACE_CHECK_SPLIT_FOLIO_LOCK, folio_test_locked(folio), 0, pfn, 1, 0,
	       "a split unmaps a folio that is not locked");
	if (!THPRACE_RWSEM_READABLE)
		return;

	owned = thprace_rwsem_write_owned(&root->rwsem, current);
	looked(THPRACE_CHECK_SPLIT_LOCK, owned, 0, pfn, (unsigned long)current & S64_MAX,
	       atomic_long_read(&root->rwsem.owner) & S64_MAX,
	       "a split unmaps without the anon_vma rwsem held for write");
	looked(THPRACE_CHECK_SPLIT_SERIAL, !enter_inside(root, owned), 0, pfn, 1, 2,
	       "two tasks are between unmap and remap under one anon_vma root");
}

NOKPROBE_SYMBOL(thprace_lockcheck_unmap);

/**
 * thprace_lockcheck_remap() - a split (or a migration) begins to remap
 * @regs: of remove_migration_ptes(src, dst, flags), pages on 5.10
 *
 * Its callers have @dst locked, and unlock it when no entry is left: who meets
 * one relies on that (see migration_entry in docs/CHECKS.md).
 *
 * Context: probe handler, preemption off.
 */
void thprace_lockcheck_remap(struct pt_regs *regs)
{
	struct page *dst = (struct page *)regs_get_kernel_argument(regs, 1);
	unsigned long flags;
	int i;

	thprace_whole_end((struct folio *)regs_get_kernel_argument(regs, 0));
	thprace_whole_end((struct folio *)dst);
	looked(THPRACE_CHECK_SPLIT_FOLIO_LOCK, folio_test_locked(page_folio(dst)), 0,
	       page_to_pfn(dst), 1, 0,
	       "migration entries are replaced by mappings of a folio that is not locked");
	for (i = 0; i < NR_INSIDE; i++)
		if (READ_ONCE(inside[i].task) == current)
			break;
	if (i == NR_INSIDE)
		return;
	raw_spin_lock_irqsave(&active_lock, flags);
	if (inside[i].task == current)
		inside[i].task = NULL;
	raw_spin_unlock_irqrestore(&active_lock, flags);
}

NOKPROBE_SYMBOL(thprace_lockcheck_remap);

/**
 * thprace_lockcheck_tree() - a VMA joins or leaves the tree of an anon_vma
 * @regs: of anon_vma_interval_tree_insert() or _remove(), whose first argument
 *	is the link between the two
 *
 * All callers hold the rwsem of the root for write, and have set the link's
 * anon_vma and that one's root before; see docs/CHECKS.md.
 *
 * Context: probe handler, preemption off; hot: every fork and munmap.
 */
void thprace_lockcheck_tree(struct pt_regs *regs)
{
	struct anon_vma_chain *avc = (void *)regs_get_kernel_argument(regs, 0);

	check_rmap_lock(avc->anon_vma, avc->vma->vm_start,
			"an anon_vma's tree changes without its rwsem held for write");
}

NOKPROBE_SYMBOL(thprace_lockcheck_tree);

/**
 * thprace_lockcheck_move() - mremap moves a huge PMD
 * @regs: of move_huge_pmd(vma, old_addr, new_addr, ...), vma being the source
 *
 * A walk visits VMAs by rising vm_pgoff.  If the destination comes first, a
 * PMD that moves in the middle of the walk is met nowhere; so the rmap locks
 * are taken just then (38a76013ad80, dd18dbc2d42a).  At equal vm_pgoff the
 * order in the tree decides, which is not looked at here.
 *
 * Context: probe handler, preemption off; the mmap_lock is held for write.
 */
void thprace_lockcheck_move(struct pt_regs *regs)
{
	struct vm_area_struct *vma = (void *)regs_get_kernel_argument(regs, 0);
	unsigned long new_addr = regs_get_kernel_argument(regs, 2);
	struct vm_area_struct *new;

	if (!vma->anon_vma)
		return;
	new = find_vma(vma->vm_mm, new_addr);
	if (!new || new->vm_start > new_addr || new->vm_pgoff >= vma->vm_pgoff)
		return;
	check_rmap_lock(vma->anon_vma, new_addr,
			"a huge PMD moves to the left in the walk without the rmap locks");
}

NOKPROBE_SYMBOL(thprace_lockcheck_move);

/**
 * thprace_lockcheck_collapse() - a collapse takes a page table out
 * @regs: of pmdp_collapse_flush(vma, addr, pmdp)
 *
 * Only the collapse of anonymous memory: of a file's the VMA has no anon_vma,
 * or it is none of ours.
 *
 * Context: probe handler, preemption off; the mmap_lock is held for write.
 */
void thprace_lockcheck_collapse(struct pt_regs *regs)
{
	struct vm_area_struct *vma = (void *)regs_get_kernel_argument(regs, 0);

	if (vma_is_anonymous(vma) && vma->anon_vma)
		check_rmap_lock(vma->anon_vma, regs_get_kernel_argument(regs, 1),
				"a page table is collapsed without the anon_vma rwsem held for write");
}

NOKPROBE_SYMBOL(thprace_lockcheck_collapse);

/* Was a function called by mremap's walk?  What it inlines, and how, differs. */
static bool called_by_move(struct pt_regs *regs)
{
	static const char * const walks[] = {
		"move_page_tables", "move_pgt_entry", "move_normal_pmd",
	};
	char name[KSYM_SYMBOL_LEN];
	unsigned int i;

	sprint_symbol_no_offset(name, thprace_caller(regs));
	for (i = 0; i < ARRAY_SIZE(walks); i++)
		if (str_has_prefix(name, walks[i]))
			return true;
	return false;
}

NOKPROBE_SYMBOL(called_by_move);

/**
 * thprace_lockcheck_flush() - the TLB is flushed; perhaps since mremap moved a page table
 * @regs: of flush_tlb_mm_range(mm, start, end, stride_shift, freed_tables)
 *
 * move_normal_pmd() puts the table below the new PMD and flushes the old 2 MiB,
 * all of it under the rmap locks (97113eb39fa7).  The old PMD is none then, as
 * it is not when move_ptes() or a PMD split flush those 2 MiB.
 *
 * Context: probe handler, preemption off; hot.  Where it judges, current holds
 * the mmap_lock for write.
 */
void thprace_lockcheck_flush(struct pt_regs *regs)
{
	struct mm_struct *mm = (void *)regs_get_kernel_argument(regs, 0);
	unsigned long start = regs_get_kernel_argument(regs, 1);
	unsigned long end = regs_get_kernel_argument(regs, 2);
	struct vm_area_struct *vma;
	pmd_t *pmd;

	if (!THPRACE_RWSEM_READABLE || end - start != PMD_SIZE ||
	    !IS_ALIGNED(start, PMD_SIZE) || mm != current->mm ||
	    !thprace_rwsem_write_owned(&mm->mmap_lock, current))
		return;
	pmd = thprace_find_pmd(mm, start);
	if (!pmd || !pmd_none(READ_ONCE(*pmd)) || !called_by_move(regs))
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

	for (i = 0; i < NR_INSIDE; i++)
		if (READ_ONCE(inside[i].task) == current)
			return READ_ONCE(inside[i].root);
	return NULL;
}

NOKPROBE_SYMBOL(thprace_lockcheck_root);

/**
 * thprace_lockcheck_swap() - a folio is unmapped, perhaps to swap entries
 * @regs: of try_to_unmap(folio, flags)
 *
 * Context: probe handler, preemption off.
 */
void thprace_lockcheck_swap(struct pt_regs *regs)
{
	thprace_whole_end((struct folio *)regs_get_kernel_argument(regs, 0));
}

NOKPROBE_SYMBOL(thprace_lockcheck_swap);

/*
 * Does no folio get entries without our notice?  Migration entries go through
 * try_to_migrate() (5.10: try_to_unmap()) or, those of a driver, at least back
 * through remove_migration_ptes(); who comes into the swap cache while mapped
 * is unmapped by try_to_unmap() next.
 */
static bool sees_entries(void)
{
	return thprace_phase_probed("try_to_migrate") &&
	       thprace_phase_probed("remove_migration_ptes") &&
	       thprace_phase_probed("try_to_unmap");
}

static const struct thprace_whole_source whole_source = {
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
	thprace_whole_init(&whole_source);
}

/**
 * thprace_lockcheck_held() - how often a racing check held, since load
 * @check: which
 */
u64 thprace_lockcheck_held(unsigned int check)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(held_count, cpu)[check];
	return sum;
}

/**
 * thprace_lockcheck_why_not() - why a racing check can't be made on this kernel
 * @check: which
 *
 * Return: NULL if it can, else a static text.
 */
const char *thprace_lockcheck_why_not(unsigned int check)
{
	static const char * const rmap_points[] = {
		"anon_vma_tree_insert", "anon_vma_tree_remove", "move_huge_pmd",
		"pmdp_collapse_flush", "flush_tlb_mm_range",
	};
	const char *why = thprace_phase_why_not(thprace_phase_find("try_to_migrate"));
	unsigned int i;

	if (check == THPRACE_CHECK_RMAP_LOCK) {
		/* one point is enough */
		why = thprace_phase_why_not(thprace_phase_find(rmap_points[0]));
		for (i = 1; i < ARRAY_SIZE(rmap_points) && why; i++)
			if (!thprace_phase_why_not(thprace_phase_find(rmap_points[i])))
				why = NULL;
	}
	if (!why && check == THPRACE_CHECK_SPLIT_SERIAL)
		why = thprace_phase_why_not(thprace_phase_find("remove_migration_ptes"));
	if (!why && check != THPRACE_CHECK_SPLIT_FOLIO_LOCK && !THPRACE_RWSEM_READABLE)
		why = "rwsems of PREEMPT_RT do not show their owner";
	return why;
}

/* active_lock held */
static void sum_injected(void)
{
	struct thprace_session *s;
	u64 sum = 0;

	list_for_each_entry(s, &active, node)
		sum |= s->inject;
	WRITE_ONCE(inject_checks, sum);
}

/**
 * thprace_lockcheck_inject() - perturb what the racing checks see (controls)
 * @s: the session that is to see it
 * @checks: bitmap; 0 ends it
 *
 * Context: any.
 */
void thprace_lockcheck_inject(struct thprace_session *s, u64 checks)
{
	unsigned long flags;

	if (READ_ONCE(s->inject) == checks)
		return;
	raw_spin_lock_irqsave(&active_lock, flags);
	WRITE_ONCE(s->inject, checks);
	sum_injected();
	raw_spin_unlock_irqrestore(&active_lock, flags);
}

/**
 * thprace_lockcheck_get() - make a session see the racing checks
 * @s: the session; once is enough
 *
 * Context: process context. Return: 0.
 */
int thprace_lockcheck_get(struct thprace_session *s)
{
	static DEFINE_MUTEX(get_lock);
	unsigned long flags;
	bool first;

	mutex_lock(&get_lock);
	if (list_empty(&s->node)) {
		thprace_phase_get_racing();
		raw_spin_lock_irqsave(&active_lock, flags);
		first = list_empty(&active);
		raw_spin_unlock_irqrestore(&active_lock, flags);
		if (first)	/* perhaps no probe was placed until now */
			thprace_whole_clear();
		thprace_lockcheck_rebase(s);
		raw_spin_lock_irqsave(&active_lock, flags);
		list_add(&s->node, &active);
		raw_spin_unlock_irqrestore(&active_lock, flags);
	}
	mutex_unlock(&get_lock);
	return 0;
}

/**
 * thprace_lockcheck_put() - undo it, if it was done
 * @s: the session
 *
 * Context: process context; no command of the session runs.
 */
void thprace_lockcheck_put(struct thprace_session *s)
{
	unsigned long flags;

	if (list_empty(&s->node))
		return;
	raw_spin_lock_irqsave(&active_lock, flags);
	list_del_init(&s->node);
	sum_injected();
	raw_spin_unlock_irqrestore(&active_lock, flags);
	thprace_phase_put_racing();
}

/**
 * thprace_lockcheck_rebase() - count what held from now on
 * @s: the session
 *
 * Context: process context.
 */
void thprace_lockcheck_rebase(struct thprace_session *s)
{
	unsigned int i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		s->racing_base[i] = thprace_lockcheck_held(i);
}

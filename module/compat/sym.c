// SPDX-License-Identifier: GPL-2.0
/*
 * sym.c - finds kernel functions that are not exported, and calls them
 *
 * A missing function is no error: the tables say what cannot be done without it.
 */
#include <linux/kallsyms.h>

#include "args.h"
#include "sym.h"

static unsigned long no_lookup(const char *name)
{
	return 0;
}

DEFINE_STATIC_CALL(thprace_sc_lookup, no_lookup);

/*
 * The split function of this kernel: split_huge_page_to_list() up to 6.6,
 * then _to_order() (c010d47f107f), then __split_huge_page_to_list_to_order().
 */
#ifdef THPRACE_HAVE_SPLIT_TO_ORDER
static int no_split(struct page *page, struct list_head *list, unsigned int order)
{
	return -EOPNOTSUPP;
}
#else
static int no_split(struct page *page, struct list_head *list)
{
	return -EOPNOTSUPP;
}
#endif
DEFINE_STATIC_CALL(thprace_sc_split, no_split);

/* Whose tree: since 7.3 what owns it is passed, before that its root. */
#ifdef THPRACE_HAVE_DECL_ANON_RMAP_TREE
#define anon_owner	anon_vma
#define anon_tree(anon_vma)	(anon_vma)
#else
#define anon_owner	rb_root_cached
#define anon_tree(anon_vma)	(&(anon_vma)->rb_root)
#endif
#ifdef THPRACE_HAVE_DECL_MAPPING_RMAP_TREE
#define file_owner	address_space
#define file_tree(mapping)	(mapping)
#else
#define file_owner	rb_root_cached
#define file_tree(mapping)	(&(mapping)->i_mmap)
#endif

static struct anon_vma_chain *no_anon_first(struct anon_owner *tree, pgoff_t first, pgoff_t last)
{
	return NULL;
}

DEFINE_STATIC_CALL(thprace_sc_anon_first, no_anon_first);

static struct anon_vma_chain *no_anon_next(struct anon_vma_chain *avc, pgoff_t first,
					   pgoff_t last)
{
	return NULL;
}

DEFINE_STATIC_CALL(thprace_sc_anon_next, no_anon_next);

static struct vm_area_struct *no_file_first(struct file_owner *tree, pgoff_t first, pgoff_t last)
{
	return NULL;
}

DEFINE_STATIC_CALL(thprace_sc_file_first, no_file_first);

static struct vm_area_struct *no_file_next(struct vm_area_struct *vma, pgoff_t first,
					   pgoff_t last)
{
	return NULL;
}

DEFINE_STATIC_CALL(thprace_sc_file_next, no_file_next);

static void no_drain(void)
{
}

DEFINE_STATIC_CALL(thprace_sc_drain, no_drain);

static int no_madvise(struct mm_struct *mm, unsigned long start, size_t len, int advice)
{
	return -EOPNOTSUPP;
}

DEFINE_STATIC_CALL(thprace_sc_madvise, no_madvise);

static unsigned int no_stack(struct task_struct *task, unsigned long *store,
			     unsigned int size, unsigned int skip)
{
	return 0;
}

DEFINE_STATIC_CALL(thprace_sc_stack, no_stack);

static unsigned long no_location(unsigned long ip)
{
	return 0;
}

DEFINE_STATIC_CALL(thprace_sc_location, no_location);

static ino_t no_cgroup_ino(struct page *page)
{
	return 0;
}

DEFINE_STATIC_CALL(thprace_sc_cgroup_ino, no_cgroup_ino);

static const struct {
	const char *name[3];	/* first that exists; newest first */
	const char *reason;
} sym_table[THPRACE_NR_SYMS] = {
	[THPRACE_SYM_SPLIT] = {
#if defined(THPRACE_HAVE_SPLIT_TO_ORDER_UU)
		{ "__split_huge_page_to_list_to_order" },
#elif defined(THPRACE_HAVE_SPLIT_TO_ORDER)
		{ "split_huge_page_to_list_to_order" },
#else
		{ "split_huge_page_to_list" },
#endif
		"no split_huge_page_to_list symbol" },
#ifdef THPRACE_HAVE_DECL_ANON_RMAP_TREE
	[THPRACE_SYM_ANON_IT_FIRST] = { { "anon_rmap_tree_iter_first" },
		"no anon_rmap_tree_iter_first symbol" },
	[THPRACE_SYM_ANON_IT_NEXT] = { { "anon_rmap_tree_iter_next" },
		"no anon_rmap_tree_iter_next symbol" },
#else
	[THPRACE_SYM_ANON_IT_FIRST] = { { "anon_vma_interval_tree_iter_first" },
		"no anon_vma_interval_tree_iter_first symbol" },
	[THPRACE_SYM_ANON_IT_NEXT] = { { "anon_vma_interval_tree_iter_next" },
		"no anon_vma_interval_tree_iter_next symbol" },
#endif
#ifdef THPRACE_HAVE_DECL_MAPPING_RMAP_TREE
	[THPRACE_SYM_FILE_IT_FIRST] = { { "mapping_rmap_tree_iter_first" },
		"no mapping_rmap_tree_iter_first symbol" },
	[THPRACE_SYM_FILE_IT_NEXT] = { { "mapping_rmap_tree_iter_next" },
		"no mapping_rmap_tree_iter_next symbol" },
#else
	[THPRACE_SYM_FILE_IT_FIRST] = { { "vma_interval_tree_iter_first" },
		"no vma_interval_tree_iter_first symbol" },
	[THPRACE_SYM_FILE_IT_NEXT] = { { "vma_interval_tree_iter_next" },
		"no vma_interval_tree_iter_next symbol" },
#endif
	[THPRACE_SYM_LRU_DRAIN] = { { "lru_add_drain_all" },
		"no lru_add_drain_all symbol" },
	[THPRACE_SYM_MADVISE] = { { "do_madvise" }, "no do_madvise symbol" },
	[THPRACE_SYM_STACK] = { { "stack_trace_save_tsk" }, "no stack_trace_save_tsk symbol" },
	[THPRACE_SYM_FTRACE_LOCATION] = { { "ftrace_location" }, "no ftrace_location symbol" },
	[THPRACE_SYM_CGROUP_INO] = { { "page_cgroup_ino" }, "no page_cgroup_ino symbol" },
};

static unsigned long sym_addr[THPRACE_NR_SYMS];
static const char *sym_args[THPRACE_NR_SYMS];	/* why it is not called, though it is there */

/*
 * kallsyms_lookup_name() is itself found by a kprobe.  Where functions begin
 * with an ENDBR the probe sits behind it; its offset in the symbol is what
 * sprint_symbol() prints.
 */
static unsigned long find_kallsyms_lookup_name(void)
{
	struct kprobe kp = { .symbol_name = "kallsyms_lookup_name" };
	char buf[KSYM_SYMBOL_LEN];
	unsigned long addr, offset = 0;
	char *plus;

	if (register_kprobe(&kp))
		return 0;
	addr = (unsigned long)kp.addr;
	unregister_kprobe(&kp);
	sprint_symbol(buf, addr);
	plus = strchr(buf, '+');
	if (!plus || sscanf(plus, "+0x%lx", &offset) != 1)
		return 0;
	return addr - offset;
}

/**
 * thprace_sym_exact() - address of a kernel function by its full name
 * @name: symbol
 *
 * Context: process context.
 * Return: the address of its first instruction, or 0.
 */
unsigned long thprace_sym_exact(const char *name)
{
	return static_call(thprace_sc_lookup)(name);
}

/**
 * thprace_sym_clone() - address of a copy of a kernel function that gcc has made
 * @name: symbol of the function; a copy has a suffix, and may have other parameters
 *
 * Context: process context.
 * Return: the address of its first instruction, or 0.
 */
unsigned long thprace_sym_clone(const char *name)
{
	static const char * const suffix[] = { ".part.0", ".isra.0", ".constprop.0" };
	char buf[KSYM_NAME_LEN];
	unsigned long addr;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(suffix); i++) {
		if (snprintf(buf, sizeof(buf), "%s%s", name, suffix[i]) >= sizeof(buf))
			continue;
		addr = static_call(thprace_sc_lookup)(buf);
		if (addr)
			return addr;
	}
	return 0;
}

static void find(enum thprace_sym sym, const char *name)
{
	unsigned long addr = static_call(thprace_sc_lookup)(name);

	if (!addr)
		return;
	sym_args[sym] = thprace_args_why_not(name);
	if (!sym_args[sym])
		sym_addr[sym] = addr;
	else
		pr_info("thprace: %s is not called: %s\n", name, sym_args[sym]);
}

/**
 * thprace_sym_init() - resolve all symbols of the table
 *
 * A missing function is no error: thprace_sym_missing() tells.
 *
 * Context: module load.
 * Return: 0, or -ENOENT if not even kallsyms_lookup_name() could be found.
 */
int thprace_sym_init(void)
{
	unsigned long addr = find_kallsyms_lookup_name();
	int i, j;

	if (!addr)
		return -ENOENT;
	static_call_update(thprace_sc_lookup, (typeof(no_lookup) *)addr);

	for (i = 0; i < THPRACE_NR_SYMS; i++)
		for (j = 0; j < ARRAY_SIZE(sym_table[i].name); j++)
			if (sym_table[i].name[j] && !sym_addr[i] && !sym_args[i])
				find(i, sym_table[i].name[j]);

	addr = sym_addr[THPRACE_SYM_SPLIT];
	if (addr)
		static_call_update(thprace_sc_split, (typeof(no_split) *)addr);
	addr = sym_addr[THPRACE_SYM_ANON_IT_FIRST];
	if (addr)
		static_call_update(thprace_sc_anon_first, (typeof(no_anon_first) *)addr);
	addr = sym_addr[THPRACE_SYM_ANON_IT_NEXT];
	if (addr)
		static_call_update(thprace_sc_anon_next, (typeof(no_anon_next) *)addr);
	addr = sym_addr[THPRACE_SYM_FILE_IT_FIRST];
	if (addr)
		static_call_update(thprace_sc_file_first, (typeof(no_file_first) *)addr);
	addr = sym_addr[THPRACE_SYM_FILE_IT_NEXT];
	if (addr)
		static_call_update(thprace_sc_file_next, (typeof(no_file_next) *)addr);
	addr = sym_addr[THPRACE_SYM_LRU_DRAIN];
	if (addr)
		static_call_update(thprace_sc_drain, (typeof(no_drain) *)addr);
	addr = sym_addr[THPRACE_SYM_MADVISE];
	if (addr)
		static_call_update(thprace_sc_madvise, (typeof(no_madvise) *)addr);
	addr = sym_addr[THPRACE_SYM_STACK];
	if (addr)
		static_call_update(thprace_sc_stack, (typeof(no_stack) *)addr);
	addr = sym_addr[THPRACE_SYM_FTRACE_LOCATION];
	if (addr)
		static_call_update(thprace_sc_location, (typeof(no_location) *)addr);
	addr = sym_addr[THPRACE_SYM_CGROUP_INO];
	if (addr)
		static_call_update(thprace_sc_cgroup_ino, (typeof(no_cgroup_ino) *)addr);
	return 0;
}

/**
 * thprace_sym_missing() - why a function can't be called
 * @sym: which
 *
 * Return: NULL if it can, else a static text.
 */
const char *thprace_sym_missing(enum thprace_sym sym)
{
	if (sym_addr[sym])
		return NULL;
	return sym_args[sym] ? "a function that it calls is declared with another prototype here" :
			       sym_table[sym].reason;
}

/**
 * thprace_split_page() - split a huge page, as the kernel itself does
 * @page: subpage that stays locked and referenced; its folio is locked and
 *	  holds the caller's one reference
 * @order: order of the folios that are left, 0 unless thprace_split_has_order()
 *
 * Context: process context, folio lock held, no mmap_lock needed.
 * Return: 0, or -EBUSY/-EAGAIN (references, races), -EINVAL (order).
 */
int thprace_split_page(struct page *page, unsigned int order)
{
#ifdef THPRACE_HAVE_SPLIT_TO_ORDER
	return static_call(thprace_sc_split)(page, NULL, order);
#else
	return order ? -EOPNOTSUPP : static_call(thprace_sc_split)(page, NULL);
#endif
}

/**
 * thprace_split_has_order() - can a split leave folios larger than a page?
 */
bool thprace_split_has_order(void)
{
	return IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) &&
#ifdef THPRACE_HAVE_SPLIT_TO_ORDER
	       true;
#else
	       false;
#endif
}

/**
 * thprace_anon_it_first() - first VMA of an anon_vma that covers a range
 * @anon_vma: whose tree
 * @first: first page offset
 * @last: last page offset
 *
 * Context: anon_vma root rwsem held. Return: its chain link, or NULL.
 */
struct anon_vma_chain *thprace_anon_it_first(struct anon_vma *anon_vma,
					     pgoff_t first, pgoff_t last)
{
	return static_call(thprace_sc_anon_first)(anon_tree(anon_vma), first, last);
}

/**
 * thprace_anon_it_next() - the next one
 * @avc: the link before
 * @first: first page offset
 * @last: last page offset
 *
 * Context: anon_vma root rwsem held. Return: the link, or NULL.
 */
struct anon_vma_chain *thprace_anon_it_next(struct anon_vma_chain *avc,
					    pgoff_t first, pgoff_t last)
{
	return static_call(thprace_sc_anon_next)(avc, first, last);
}

/**
 * thprace_file_it_first() - first VMA of a file's mapping that covers a range
 * @mapping: whose tree
 * @first: first page offset
 * @last: last page offset
 *
 * Context: i_mmap_rwsem held. Return: the VMA, or NULL.
 */
struct vm_area_struct *thprace_file_it_first(struct address_space *mapping,
					     pgoff_t first, pgoff_t last)
{
	return static_call(thprace_sc_file_first)(file_tree(mapping), first, last);
}

/**
 * thprace_file_it_next() - the next one
 * @vma: the VMA before
 * @first: first page offset
 * @last: last page offset
 *
 * Context: i_mmap_rwsem held. Return: the VMA, or NULL.
 */
struct vm_area_struct *thprace_file_it_next(struct vm_area_struct *vma,
					    pgoff_t first, pgoff_t last)
{
	return static_call(thprace_sc_file_next)(vma, first, last);
}

/**
 * thprace_lru_drain() - flush the per-CPU LRU batches, which hold references
 *
 * Context: process context, may sleep, no spinlock.
 */
void thprace_lru_drain(void)
{
	static_call_cond(thprace_sc_drain)();
}

/**
 * thprace_madvise() - do_madvise() on an mm
 * @mm: referenced by the caller (mm_users)
 * @start: page-aligned
 * @len: bytes
 * @advice: MADV_*
 *
 * Context: process context, mmap_lock not held. Return: as madvise(2).
 */
int thprace_madvise(struct mm_struct *mm, unsigned long start, size_t len, int advice)
{
	return static_call(thprace_sc_madvise)(mm, start, len, advice);
}

/**
 * thprace_ftrace_location() - where ftrace patches a function
 * @addr: of its first instruction; where functions begin with an ENDBR it is behind that
 *
 * Context: process context.
 * Return: the address that a callback is given, or 0: ftrace does not trace it.
 */
unsigned long thprace_ftrace_location(unsigned long addr)
{
	return static_call(thprace_sc_location)(addr);
}

/**
 * thprace_stack_of() - the stack of another task, which had better not run
 * @task: kept alive by the caller
 * @stack: out
 * @size: entries
 *
 * Context: any. Return: how many entries, 0 if it can't be told.
 */
unsigned int thprace_stack_of(struct task_struct *task, unsigned long *stack, unsigned int size)
{
	return static_call(thprace_sc_stack)(task, stack, size, 0);
}

NOKPROBE_SYMBOL(thprace_stack_of);

/**
 * thprace_sleeps_in_folio_lock() - is that what a sleeping task waits for?
 * @task: referenced; another than current
 *
 * Told by its stack. Waits for the end of a migration, which are for the lock of
 * a folio as well, included; for the end of writeback not.
 *
 * Context: any. Return: false also if it can't be told.
 */
bool thprace_sleeps_in_folio_lock(struct task_struct *task)
{
	/* those that only wait for a folio lock often jump to the common one */
	static const char * const waits[] = {
		"folio_wait_bit_common", "wait_on_page_bit_common",
		"migration_entry_wait_on_locked", "softleaf_entry_wait_on_locked",
	};
	unsigned long stack[16];
	char buf[KSYM_SYMBOL_LEN];
	bool found = false;
	unsigned int nr, i, j;

	nr = static_call(thprace_sc_stack)(task, stack, ARRAY_SIZE(stack), 0);
	for (i = 0; i < nr; i++) {
		sprint_symbol(buf, stack[i]);
		buf[strcspn(buf, "+.")] = '\0';
		if (strstr(buf, "writeback"))
			return false;
		for (j = 0; j < ARRAY_SIZE(waits); j++)
			found |= !strcmp(buf, waits[j]);
	}
	return found;
}

NOKPROBE_SYMBOL(thprace_sleeps_in_folio_lock);

/**
 * thprace_cgroup_ino() - the memory cgroup that a page is charged to
 * @page: referenced
 *
 * As /proc/kpagecgroup says it.
 *
 * Context: any that may take rcu_read_lock().
 * Return: inode number of the cgroup's directory; 0: none, or it is not known.
 */
u64 thprace_cgroup_ino(struct page *page)
{
	return static_call(thprace_sc_cgroup_ino)(page);
}
